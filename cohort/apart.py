"""One rate taken apart: its base, the season, the dated factor and each policy's part, in the order in which they act.

    apart(rates, "request", month, lambda grid: float(grid.mean()))

Uses the very steps by which ``rates`` builds the rate, so that what is told is what acted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from cohort.baserates import Floats
from cohort.changes import Change
from cohort.describe import row
from cohort.policy import Redirect
from cohort.rates import Rates
from cohort.when import known

Take = Callable[[Floats], float]
"""Takes the figure of the children concerned from a grid over ``processes.DIMS``."""


@dataclass(frozen=True)
class Part:
    """What one change of a policy does to a rate in a month."""

    policy: str
    change: str
    size: str
    """how much it does in full, in words"""
    factor: float | None
    """by which it multiplies the rate in this month; None if the rate was nought, and of a redirect"""
    value: float
    """what the rate is with it and all before it; of a redirect, the share that it sends"""
    because: str


@dataclass(frozen=True)
class Apart:
    """A rate of one month and cell, a month; of a redirect, the share of those who choose the placement."""

    rate: str
    base: float
    """before any policy, in this draw of the estimates: ``level`` x ``season`` x ``dated``"""
    level: float
    season: float
    dated: float
    parts: tuple[Part, ...]
    value: float
    """what it comes to"""
    held: bool = False
    """whether that is less than its parts make, since a draw is held at what ``bounds.csv`` reserves"""


def apart(rates: Rates, name: str, month: int, take: Take) -> Apart:
    """A rate of a month with its parts. Raises KeyError for what is not a rate of these policies."""
    kind, _, key = name.partition(".")
    if key:
        shares = [(c, take(_share(rates, name, cells, share, c, kind))) for c, cells, share in rates.shares(key, month)]
        sent = tuple([_part(c, None, share) for c, share in shares if share])
        return Apart(name, 0.0, 0.0, 1.0, 1.0, sent, take(rates.rate(name, month)))
    base = rates.base[name]
    level, season = take(base.table), float(base.season[month % 12])
    parts: list[Part] = []
    before = start = 0.0
    for change, grid in rates.built(name, month):
        value = take(grid)
        if change is None:
            start = value
        elif value != before:
            parts.append(_part(change, value / before if before else None, value))
        before = value
    dated = start / (level * season) if level * season else 1.0
    value = take(rates.rate(name, month))
    return Apart(name, start, level, season, dated, tuple(parts), value, value < before)


def _share(rates: Rates, name: str, cells: tuple[Any, ...], share: float, change: Redirect, kind: str) -> Floats:
    """A redirect's own share, or of an appeal its appeal share, where it acts and nothing elsewhere."""
    grid = np.zeros(rates.shape[name])
    grid[cells] = share if kind == "redirect" else known(change.appeal_share)
    return grid


def _part(change: Change, factor: float | None, value: float) -> Part:
    return Part(change.owner, change.label, row(change)[7], factor, value, change.because)


__all__ = ["Apart", "Part", "apart"]
