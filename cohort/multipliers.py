"""What calibrated parameters do: each multiplies some cells of a rate, some weights of a choice, or plans that move in.

A row of ``multipliers.csv`` names a parameter and what it acts on: a rate, within school years, months since and
calendar months; a choice, the weights of going ``into`` some placements from others; or ``arrivals``, the chance that a
child who moves in holds a plan; ``power`` -1 divides. The children, the expectation and the fit read the same rows, so
a parameter means the same in all three. A parameter of 1 changes nothing, to the bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.calendar import NCYS
from cohort.pack import Pack
from cohort.processes import CHOICES, DIMS
from cohort.states import SINCE_MOST, Vocabulary, closest

Floats = NDArray[np.float64]
TABLE = "multipliers"
ARRIVALS = "arrivals"
CHOICE = "choice."
ANY = "any"


@dataclass(frozen=True)
class Multiplier:
    """One row: which cells of what a parameter multiplies."""

    parameter: str
    on: str
    """a rate, ``choice.<name>`` or ``arrivals``"""
    ncy: tuple[int, int]
    since: tuple[int, int]
    months: tuple[int, int] | None
    """first and last calendar month; None: at all times"""
    into: tuple[str, ...]
    power: int = 1
    """1 multiplies by the parameter, -1 divides by it: what makes plans come makes them go"""

    def factor(self, values: Mapping[str, Any]) -> Any:
        """What it multiplies by."""
        value = values.get(self.parameter, 1.0)
        return value if self.power == 1 else 1 / value

    def by_ncy(self) -> NDArray[np.bool_]:
        """[ncy] the school years acted on."""
        years = np.array(list(NCYS))
        return (self.ncy[0] <= years) & (years <= self.ncy[1])

    def by_since(self) -> NDArray[np.bool_]:
        """[since] the months since the stage began that are acted on."""
        since = np.arange(SINCE_MOST + 1)
        return (self.since[0] <= since) & (since <= self.since[1])

    def cells(self, by: Iterable[str]) -> NDArray[np.bool_]:
        """Over DIMS, the cells of a rate acted on; length 1 where the rate does not depend. Raises ValueError where the
        row tells apart what the rate does not."""
        out = np.ones([1] * len(DIMS), np.bool_)
        for dim, mask in (("ncy", self.by_ncy()), ("since", self.by_since())):
            if dim in by:
                out = out & mask.reshape([-1 if d == dim else 1 for d in DIMS])
            elif not mask.all():
                raise ValueError(f"{TABLE}.csv: {self.parameter}: {self.on} does not depend on {dim}")
        return out

    def acts(self, month: int) -> bool:
        """Whether it acts in a month."""
        return self.months is None or self.months[0] <= month <= self.months[1]

    def weights(self, vocabulary: Vocabulary, shape: tuple[int, ...]) -> NDArray[np.bool_]:
        """Over a choice's shape (DIMS, placement entered), the weights acted on: from other placements into these."""
        return self._weights(vocabulary.labels, shape)

    def _weights(self, labels: tuple[str, ...], shape: tuple[int, ...]) -> NDArray[np.bool_]:
        to = np.isin(np.array(labels), self.into)
        out = self.by_ncy().reshape(1, -1, 1, 1, 1, 1, 1) & to
        return np.broadcast_to(out, shape) & ~(np.eye(len(to), dtype=bool) if shape[5] > 1 else np.zeros(1, bool))


def load(pack: Pack, vocabulary: Vocabulary) -> tuple[Multiplier, ...]:
    """The pack's multipliers in the table's order; none if it has no such table. Raises ValueError naming the row."""
    if TABLE not in pack.names():
        return ()
    return tuple(_row(r, vocabulary) for r in pack.table(TABLE).rows())


def _row(r: Mapping[str, Any], vocabulary: Vocabulary) -> Multiplier:
    name, on, where = str(r["parameter"]), str(r["acts_on"]), f"{TABLE}.csv: {r['parameter']}"
    into = () if r["into"] == ANY else tuple(str(r["into"]).split("+"))
    kind, _, choice = on.partition(".")
    if kind == "choice" and choice not in CHOICES:
        raise ValueError(f"{where}: {closest(choice, CHOICES)}")
    if (kind == "choice") != bool(into):
        raise ValueError(f"{where}: into {r['into']!r} given; allowed: placements for a choice, any for all else")
    for label in into:
        if label not in vocabulary.labels:
            raise ValueError(f"{where}: into: {closest(label, vocabulary.labels)}")
    given = (str(r["from_month"]), str(r["to_month"]))
    months = None
    if given != (ANY, ANY):
        first, last = (default if m == ANY else calendar.month(m) for m, default in zip(given, EVER, strict=True))
        months = (first, last)
    ncy, since = (int(r["from_ncy"]), int(r["to_ncy"])), (int(r["from_since"]), int(r["to_since"]))
    for what, (low, high), lowest, highest in (("ncy", ncy, NCYS[0], NCYS[-1]), ("since", since, 0, SINCE_MOST)):
        if not lowest <= low <= high <= highest:
            raise ValueError(f"{where}: {what} {low} to {high} given; allowed: {lowest} to {highest}, in order")
    if int(r["power"]) not in (1, -1):
        raise ValueError(f"{where}: power {r['power']} given; allowed: 1 or -1")
    return Multiplier(name, on, ncy, since, months, into, int(r["power"]))


EVER = (calendar.month("1900-01"), calendar.month("2200-01"))
"""Months before and after all others, where a row leaves its first or last one open."""


def tuned(table: Floats, by: Iterable[str], rows: Iterable[Multiplier], values: Mapping[str, float]) -> Floats:
    """A rate's table over DIMS under the undated rows that act on it, in their order."""
    for m in rows:
        if m.months is None and (value := m.factor(values)) != 1.0:
            table = np.where(_cells(m, tuple(by)), table * value, table)
    return table


def steps(by: Iterable[str], rows: Iterable[Multiplier], values: Mapping[str, float]) -> tuple[Step, ...]:
    """What dated rows do to a rate; those with a parameter of 1 are left out."""
    acting = [(m, m.months, m.factor(values)) for m in rows]
    return tuple(
        Step(*months, np.where(_cells(m, tuple(by)), v, 1.0)) for m, months, v in acting if months and v != 1.0
    )


@dataclass(frozen=True)
class Step:
    """A factor over DIMS from one month through another."""

    first: int
    last: int
    factor: Floats


def chosen(weights: Floats, rows: Iterable[Multiplier], values: Mapping[str, float], vocabulary: Vocabulary) -> Floats:
    """A choice's probabilities under some rows, whenever they act, made to sum to one again."""
    acting = [m for m in rows if m.factor(values) != 1.0]
    if not acting:
        return weights
    weights = weights.copy()
    for m in acting:
        weights.reshape(-1)[_reached(m, vocabulary.labels, weights.shape)] *= m.factor(values)
    total = weights.sum(-1, keepdims=True)
    return np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)


@lru_cache(maxsize=512)
def _reached(m: Multiplier, labels: tuple[str, ...], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Where in a choice, laid out in a row, the weights are that a multiplier acts on: the same in every draw."""
    return np.flatnonzero(m._weights(labels, shape))


@lru_cache(maxsize=512)
def _cells(m: Multiplier, by: tuple[str, ...]) -> NDArray[np.bool_]:
    """``Multiplier.cells``, the same in every draw."""
    return m.cells(by)


def dated(rows: Iterable[Multiplier], values: Mapping[str, float]) -> tuple[Multiplier, ...]:
    """Of the rows of choices and arrivals those that act in some months only and change something in this draw."""
    on = (m for m in rows if m.months and (m.on == ARRIVALS or m.on.startswith(CHOICE)))
    return tuple(m for m in on if m.factor(values) != 1.0)


def arriving(arrivals: Floats, rows: Iterable[Multiplier], values: Mapping[str, float]) -> Floats:
    """[ncy, 2] the chance that a child who moves in holds a plan, has SEN Support; the two stay below one."""
    out = arrivals.copy()
    for m in rows:
        if (value := m.factor(values)) != 1.0:
            out[:, 0] = np.where(m.by_ncy(), out[:, 0] * value, out[:, 0])
    out[:, 0] = np.minimum(out[:, 0], 1 - out[:, 1])
    return out
