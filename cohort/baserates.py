"""Rates as the pack gives them and a parameter draw tunes them, before any policy: tables, seasons, dated factors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, multipliers
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.processes import DIMS, PROCESSES, Process
from cohort.states import AREAS, NEEDS, SEVERITIES, SINCE_MOST, Vocabulary, closest

Floats = NDArray[np.float64]


def sizes(vocabulary: Vocabulary) -> dict[str, int]:
    """How long each dimension is."""
    return {"since": SINCE_MOST + 1, "ncy": len(NCYS), "area": len(AREAS), "need": len(NEEDS),
            "severity": SEVERITIES, "placement": len(vocabulary.placements)}  # fmt: skip


@dataclass(frozen=True)
class BaseRate:
    """A rate before policy: a table over ``by`` (in the order of DIMS), its seasons by month of the year, its dated
    factors."""

    name: str
    by: tuple[str, ...]
    table: Floats
    season: Floats
    dated: Mapping[int, Floats] = field(default_factory=dict)
    """month -> factor by months since the stage began"""
    steps: tuple[multipliers.Step, ...] = ()
    """what a draw's dated parameters multiply, over DIMS"""

    def factor(self, month: int) -> Floats:
        """Season x dated factor x the draw's steps, over DIMS; before the first dated month the first holds, after the
        last the last."""
        return self.factors([month])[0]

    def factors(self, months: Sequence[int]) -> Floats:
        """[month, DIMS] the same of several months."""
        factor = self.season[np.array(months) % 12].reshape(-1, *[1] * len(DIMS))
        if self.dated:
            dated = np.stack([self.dated[self._dated_month(m)] for m in months])
            factor = factor * dated.reshape(len(months), -1, *[1] * (len(DIMS) - 1))
        for step in self.steps:
            acts = np.reshape([step.first <= m <= step.last for m in months], (-1, *[1] * len(DIMS)))
            if acts.any():
                factor = factor * np.where(acts, step.factor, 1.0)
        return factor

    @cached_property
    def seasonal(self) -> bool:
        """Whether it changes with the month of the year."""
        return float(np.ptp(self.season)) > 0

    @cached_property
    def _dates(self) -> tuple[int, int]:
        return min(self.dated), max(self.dated)

    def moments(self, months: Sequence[int]) -> list[Sequence[int]]:
        """What its factors go by, each in every month: the month of the year, the dated month that holds, whether a
        step acts. Months in which all are equal have equal factors."""
        found: list[Sequence[int]] = [[step.first <= m <= step.last for m in months] for step in self.steps]
        if self.seasonal:
            found.append([m % 12 for m in months])
        return [*found, [self._dated_month(m) for m in months]] if self.dated else found

    def _dated_month(self, month: int) -> int:
        first, last = self._dates
        return min(max(month, first), last)


def base_rates(pack: Pack, vocabulary: Vocabulary, processes: tuple[Process, ...] = PROCESSES) -> dict[str, BaseRate]:
    """Every rate that the processes read, from the pack's rate tables, before any parameter.

    Raises ValueError naming the rate if no table holds it.
    """
    found = {}
    for p in processes:
        for name, by in ((p.rate_name, p.by), (p.share, p.share_by)):
            if name and name not in found:
                found[name] = _base_rate(pack, vocabulary, name, by)
    return found


def _base_rate(pack: Pack, vocabulary: Vocabulary, name: str, by: tuple[str, ...]) -> BaseRate:
    size = sizes(vocabulary)
    by = tuple(d for d in DIMS if d in by)
    grid = np.zeros([size[d] if d in by else 1 for d in DIMS])
    rows = 0
    for r in pack.table("rates").where(rate=name).rows():
        grid[_cell(r, by, vocabulary, name)] = r["value"]
        rows += 1
    if not rows:
        raise ValueError(f"no base rate for {name!r} in the pack's table rates.csv")
    if "area" in by:
        by_area = {str(r["area"]): float(r["factor"]) for r in pack.table("rate_areas").where(rate=name).rows()}
        grid = grid * np.array([by_area.get(a, 1.0) for a in AREAS]).reshape([-1 if d == "area" else 1 for d in DIMS])
    season = np.ones(12)
    for r in pack.table("rate_seasons").where(rate=name).rows():
        season[int(r["month_of_year"]) - 1] = r["factor"]
    dated: dict[int, Floats] = {}
    for r in pack.table("rate_dates").where(rate=name).rows():
        factors = dated.setdefault(calendar.month(str(r["month"])), np.ones(SINCE_MOST + 1 if "since" in by else 1))
        factors[int(r["from_since"]) :] = r["factor"]
    return BaseRate(name, by, grid, season, dated)


def _cell(r: Mapping[str, object], by: tuple[str, ...], vocabulary: Vocabulary, name: str) -> tuple[slice, ...]:
    """Where a row of rates.csv goes: a blank (-99, "any") dimension means all of it."""
    cell = []
    for d in DIMS:
        given = r.get(d)
        blank = given in (None, "", "any", -99)
        if not blank and d not in by:
            raise ValueError(f"rates.csv: {name!r} does not depend on {d}; it depends on {', '.join(by) or 'nothing'}")
        if blank:
            cell.append(slice(None))
        else:
            at = position(d, given, vocabulary)
            cell.append(slice(at, at + 1))
    return tuple(cell)


def position(dim: str, value: Any, vocabulary: Vocabulary) -> int:
    """Where a value lies along a dimension: ``position("ncy", 0, ...)`` is 5. Raises ValueError for what is not one."""
    if dim not in DIMS:
        raise ValueError(f"{dim!r} is not a dimension of a rate; {closest(dim, DIMS)}")
    if dim in ("area", "need", "placement"):
        words = {"area": AREAS, "need": NEEDS, "placement": vocabulary.labels}[dim]
        if value not in words:
            raise ValueError(f"{value!r} is not a value of {dim}; {closest(str(value), words)}")
        return words.index(value)
    at, most = int(value) - (NCY_LOWEST if dim == "ncy" else 0), sizes(vocabulary)[dim]
    if not 0 <= at < most:
        low = NCY_LOWEST if dim == "ncy" else 0
        raise ValueError(f"{dim} {value} given; allowed: {low} to {low + most - 1}")
    return at


def tuned(rate: BaseRate, rows: Iterable[multipliers.Multiplier], params: Parameters) -> BaseRate:
    """A rate under a draw's parameters: its own scale, then the multipliers that act on it."""
    mine, values = [m for m in rows if m.on == rate.name], params.values
    table = rate.table * params.get(f"scale.{rate.name}", 1.0)
    table = multipliers.tuned(table, rate.by, mine, values)
    return replace(rate, table=table, steps=multipliers.steps(rate.by, mine, values))
