"""The figures behind the printed tables: a scenario's series over its runs, and what is published beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cohort.pack import Pack

if TYPE_CHECKING:
    from cohort.scenario import Scenario
    from cohort.study import Study

Value = float | tuple[float, float] | str | None
"""A number (an int where it is published whole), a range, a word, or nothing."""
PRICED = "2024-25"
"""The financial year in whose prices the estimates are, and for which the paper gives spend by line."""


@dataclass(frozen=True)
class Spread:
    """Mean, and 5th and 95th percentile over runs."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Results:
    """The headline series of one scenario over its runs, and 2024-25's mean pence by sub-line and placement."""

    scenario: Scenario
    series: Mapping[str, Mapping[str, Spread]]
    spent: Mapping[tuple[str, str], float]
    runs: int
    account: Mapping[str, Mapping[str, Spread]]
    """line of the ledger's position, or memo -> financial year -> pence"""

    @classmethod
    def of(cls, study: Study) -> list[Results]:
        """One a scenario, in the study's order."""
        runs = study.manifest["draws"] * study.manifest["replicates"]
        return [
            cls(s, _series(study, s.name), _spent(study, s.name, runs), runs, _account(study, s.name))
            for s in study.scenarios
        ]

    def means(self, series: str, periods: Sequence[str], scale: float = 1) -> tuple[float | None, ...]:
        """Means, one a period; None where there is none."""
        found = self.series.get(series, {})
        return tuple(found[p].mean / scale if p in found else None for p in periods)

    def ranges(self, series: str, periods: Sequence[str], scale: float = 1) -> tuple[Value, ...]:
        """5th and 95th percentile, one pair a period; None where there is none."""
        found = self.series.get(series, {})
        return tuple((found[p].low / scale, found[p].high / scale) if p in found else None for p in periods)

    def periods(self, series: str, length: int) -> tuple[str, ...]:
        """The periods of a series of one kind: "2025" is 4 long, "2025-01" and "2025-26" are 7."""
        return tuple(p for p in self.series.get(series, {}) if len(p) == length)

    def januaries(self) -> tuple[str, ...]:
        """The months whose stock a census counts."""
        return tuple(p for p in self.periods("plans", 7) if p.endswith("-01"))


def _series(study: Study, scenario: str) -> dict[str, dict[str, Spread]]:
    """Series -> period -> spread, periods in order."""
    return _spreads(study, f"series, period, value from headline where scenario = '{scenario}'")


def _account(study: Study, scenario: str) -> dict[str, dict[str, Spread]]:
    """Line of the account -> financial year -> spread; none of a study made before there was a ledger."""
    if not study.files("ledger"):
        return {}
    where = f"scenario = '{scenario}' and view = 'council' and block in ('position', 'memo')"
    return _spreads(study, f"line as series, financial_year as period, pence as value from ledger where {where}")


def _spreads(study: Study, what: str) -> dict[str, dict[str, Spread]]:
    """Series -> period -> spread over runs, of the rows (series, period, value) that a query's words select."""
    rows = study.query(
        "select series, period, avg(value), quantile_cont(value, 0.05), quantile_cont(value, 0.95) "
        f"from (select {what}) group by all order by all"
    ).fetchall()
    found: dict[str, dict[str, Spread]] = {}
    for series, period, mean, low, high in rows:
        found.setdefault(series, {})[period] = Spread(mean, low, high)
    return found


def _spent(study: Study, scenario: str, runs: int) -> dict[tuple[str, str], float]:
    """(line, placement) -> mean pence of the financial year of the prices; none where spend was not kept."""
    if not study.files("spend"):
        return {}
    rows = study.query(
        f"select line, placement, sum(pence) from spend where scenario = '{scenario}' "
        f"and month between '{PRICED[:4]}-04' and '20{PRICED[5:]}-03' group by all order by all"
    ).fetchall()
    return {(line, placement): float(pence) / runs for line, placement, pence in rows}


@dataclass(frozen=True)
class Published:
    """Published figures of an authority's pack; a table that the pack lacks gives none."""

    counts: Mapping[tuple[str, int], float]
    """(measure, January or calendar year)"""
    paper: Mapping[tuple[str, str], float]
    """(line, financial year), GBP million"""
    forecast: Mapping[tuple[str, str], float]
    """the same, of the council's projection"""
    prices: Sequence[Mapping[str, Any]] = ()
    """rows of the estimates of prices and services"""

    @classmethod
    def of(cls, pack: Pack) -> Published:
        """From a pack."""
        counts = {(r["measure"], r["january_or_year"]): _whole(r["value"]) for r in _rows(pack, "headline_counts")}
        spend, projection = (
            {(r["line"], r["financial_year"]): _whole(r["gbp_million"]) for r in _rows(pack, table)}
            for table in ("spend_by_line", "safety_valve_projection")
        )
        return cls(counts, spend, projection, (*_rows(pack, "estimate_prices"), *_rows(pack, "estimate_services")))


def _rows(pack: Pack, table: str) -> list[dict[str, Any]]:
    return list(pack.table(table).rows()) if table in pack.names() else []


def _whole(value: float) -> float:
    return int(value) if value == int(value) else value
