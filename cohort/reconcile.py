"""Model, published, difference, and whether rounding explains it: the council's own lines, then a study's.

A sum of printed parts can differ from a printed total by (parts + 1) / 2 of the last digit; a figure of the model,
which is not rounded, from a printed one by half of it. Nothing is moved to fit: a difference beyond rounding is shown,
and what the paper itself does not add up is in the register of exceptions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cohort import ledger, published
from cohort.ledger import Year
from cohort.pack import Pack
from cohort.prices import LINES
from cohort.published import MILLION, TOTALS, Figure

if TYPE_CHECKING:
    from cohort.results import Study

MODELLED = ("special", "independent", "mainstream_srp", "post16", "other", "spend", "in_year", "closing")
"""Lines of the ledger that the council prints too."""
FORECASTS = {
    "exceptional_pupil_need_spend": "exceptional_pupil_need",
    "mainstream_top_up_for_sen_support": "sen_support_top_up",
    "mainstream_funding_without_ehcp": "sen_support_top_up",
}
"""A measure of ``other_figures`` -> the sub-line, of whichever line, that it is a forecast of."""
COUNTS = {
    "ehcp_0_25": "plans",
    "ehcp_statutory_school_age": "plans_school_age",
    "sen_support_school_age": "sen_support_school_age",
    "requests_for_statutory_assessment": "requests",
    "ehcp_issued_within_20_weeks": "within_20_weeks",
}
"""A measure of ``headline_counts`` -> the series of the headline table."""


@dataclass(frozen=True)
class Spread:
    """Median, and 5th and 95th percentile, over runs."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Comparison:
    """A figure of the account or the model beside the published one, in the published unit."""

    figure: Figure
    ours: Spread
    tolerance: float
    """how far rounding alone can put the published figure from ours"""

    @property
    def difference(self) -> float:
        """Ours (the median) less published."""
        return self.ours.median - self.figure.value

    @property
    def explained(self) -> bool:
        """Whether rounding explains the difference."""
        return abs(self.difference) <= self.tolerance + 1e-9

    def as_dict(self) -> dict[str, Any]:
        """Everything by name, for a machine."""
        return {**vars(self.figure), **vars(self.ours), "tolerance": self.tolerance, "difference": self.difference,
                "explained_by_rounding": self.explained}  # fmt: skip


def paper(pack: Pack, account: Sequence[Year] | None = None) -> list[Comparison]:
    """Every printed line and total of the Safety Valve table beside the same lines through the ledger."""
    out = []
    figures = {(f.item, f.period): f for f in published.tables(pack) if f.kind == "projection"}
    for y in ledger.of_paper(pack) if account is None else account:
        for name in MODELLED:
            value = (y.line(name) if name in LINES else getattr(y, name)) / MILLION
            figure = figures[name, y.financial_year]
            parts = TOTALS[name][1] if name in TOTALS else 0
            out.append(Comparison(figure, Spread(value, value, value), figure.tolerance(parts)))
    return out


def study(made: Study, scenario: str, pack: Pack) -> list[Comparison]:
    """A scenario of a study beside all that is published of the same: the account's lines, forecasts, counts.

    Raises StudyError if the study was made before there was a ledger.
    """
    lines = _lines(made, scenario)
    pairs = [(f, lines.get((f.item, f.period))) for f in published.tables(pack)]
    pairs += [(f, lines.get((FORECASTS[f.item], f.period))) for f in _forecasts(pack)]
    counts = _counts(made, scenario)
    pairs += [(f, counts.get((COUNTS[f.item], f.period))) for f in _published_counts(pack)]
    return [Comparison(figure, ours, figure.tolerance()) for figure, ours in pairs if ours is not None]


def _forecasts(pack: Pack) -> Iterator[Figure]:
    """The paper's forecasts of a sub-line."""
    for r in published.rows(pack, "other_figures"):
        year = str(r["period"]).removesuffix(" forecast")
        if r["measure"] in FORECASTS:
            source = f"council paper of 18 March 2025, {r['paragraph']}"
            yield Figure(r["measure"], year, float(r["value"]), r["unit"], "forecast", source, _step(r["value"]))


def _published_counts(pack: Pack) -> Iterator[Figure]:
    """The paper's counts that the model has too: of a January "2025-01", of a calendar year "2024"."""
    for r in published.rows(pack, "headline_counts"):
        if r["measure"] in COUNTS:
            period = f"{r['january_or_year']}-01" if r["as_of"] == "january" else str(r["january_or_year"])
            source = pack.describe("headline_counts")["source"]
            step = 0.1 if r["unit"] == "percent" else 1.0
            yield Figure(r["measure"], period, float(r["value"]), r["unit"], "count", source, step)


def _step(value: float) -> float:
    return 1.0 if value == int(value) else 0.1


_SPREAD = "quantile_cont(value, 0.5), quantile_cont(value, 0.05), quantile_cont(value, 0.95)"
_LINES = """
with named as (
    select *, case when block = 'spend' then split_part(line, '.', 2) else line end as item from ledger
    where scenario = $name and view = 'council' and block in ('spend', 'lines', 'position')
), runs as (
    select item, financial_year, draw, replicate, sum(pence) / 1e8 as value from named where item <> '' group by all
)
select item, financial_year, {spread} from runs group by all order by all
"""


def _lines(made: Study, scenario: str) -> dict[tuple[str, str], Spread]:
    """(line, total or sub-line of whichever line, financial year) -> GBP million over runs."""
    from cohort.results import StudyError

    if not made.files("ledger"):
        raise StudyError(f"{made.folder}: has no table 'ledger'; it was made by an earlier version: run it again")
    found = made.query(_LINES.replace("$name", f"'{scenario}'").format(spread=_SPREAD)).fetchall()
    return {(item, year): Spread(*spread) for item, year, *spread in found}


def _counts(made: Study, scenario: str) -> dict[tuple[str, str], Spread]:
    """(series, period) -> children or percent over runs."""
    names = ", ".join(f"'{name}'" for name in COUNTS.values())
    rows = made.query(
        f"select series, period, {_SPREAD} from headline "
        f"where scenario = '{scenario}' and series in ({names}) group by all order by all"
    ).fetchall()
    return {(series, period): Spread(*spread) for series, period, *spread in rows}


def register(pack: Pack) -> list[Mapping[str, Any]]:
    """What does not add up in the paper, and what is used instead (None: nothing is changed)."""
    found = published.rows(pack, "exceptions")
    return [r | {"used": None if math.isnan(r["used"]) else r["used"]} for r in found]


def gaps(pack: Pack) -> list[Mapping[str, Any]]:
    """What the ledger does not hold, and why."""
    return list(published.rows(pack, "ledger_gaps"))
