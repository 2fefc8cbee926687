"""Ranges over runs: mean and 5, 25, 50, 75, 95 percentiles of outcomes, each with its Monte Carlo error beside it.

A range is of what may happen, never of the mean. The Monte Carlo error says how far a figure would move, in standard
errors, if as many runs were made anew; it shrinks with the square root of their number, and the range does not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil, isfinite, nan, sqrt

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


@dataclass(frozen=True)
class Figure:
    """One figure over runs, in its own unit. An ``error`` is nan where there are too few runs to know it."""

    runs: int
    mean: float
    mean_error: float
    sd: float
    p5: float
    p5_error: float
    p25: float
    p25_error: float
    p50: float
    p50_error: float
    p75: float
    p75_error: float
    p95: float
    p95_error: float

    def scaled(self, unit: float) -> Figure:
        """The same in another unit: 1e8 turns pence into GBP million."""
        return Figure(self.runs, *(value / unit for name, value in asdict(self).items() if name != "runs"))

    def plain(self) -> dict[str, float | None]:
        """By name, None for what is not known: what JSON can write."""
        return {name: value if isfinite(value) else None for name, value in asdict(self).items()}


NAMES = tuple(Figure.__dataclass_fields__)


@dataclass(frozen=True)
class Chance:
    """A probability over runs with its Monte Carlo error."""

    p: float
    error: float


def figure(values: Sequence[float] | Floats, draws: Sequence[int] | None = None) -> Figure:
    """One value a run, summarised. ``draws`` says which parameter draw each run is of."""
    runs, *rest = (float(column[0]) for column in _columns(np.asarray(values, float)[None], draws))
    return Figure(int(runs), *rest)


def figures(values: Floats, draws: Sequence[int] | None = None) -> dict[str, Floats]:
    """[group, run] values summarised over runs: the fields of ``Figure`` by name, each [group]."""
    return dict(zip(NAMES, _columns(values, draws), strict=True))


def _columns(values: Floats, draws: Sequence[int] | None) -> list[Floats]:
    groups, runs = values.shape
    if not runs:
        raise ValueError("no runs to summarise; allowed: one or more")
    n = independent(runs, draws)
    clusters = _by_draw(values, draws) if n < runs else values
    spread = values.std(1, ddof=1) if runs > 1 else np.full(groups, nan)
    error = clusters.std(1, ddof=1) / sqrt(n) if n > 1 else np.full(groups, nan)
    out = [np.full(groups, runs), values.mean(1), error, spread]
    ordered = np.sort(values, axis=1)
    for q in QUANTILES:
        out += [at(ordered, q), quantile_error(ordered, q, n)]
    return out


def independent(runs: int, draws: Sequence[int] | None) -> int:
    """How many runs there are that owe each other nothing: replicates of one draw share its parameters, so several
    draws count once each."""
    apart = len(set(draws)) if draws is not None else runs
    return apart if apart > 1 else runs


def _by_draw(values: Floats, draws: Sequence[int] | None) -> Floats:
    """[group, draw] means over the replicates of each draw."""
    given = np.asarray(draws)
    return np.stack([values[:, given == d].mean(1) for d in np.unique(given)], axis=1)


def at(ordered: Floats, q: float) -> Floats:
    """[group] quantile of [group, run] sorted values, between neighbours by straight line (as numpy and DuckDB)."""
    place = q * (ordered.shape[1] - 1)
    low, rest = int(place), place - int(place)
    high = min(low + 1, ordered.shape[1] - 1)
    return np.asarray(ordered[:, low] * (1 - rest) + ordered[:, high] * rest)


def quantile_error(ordered: Floats, q: float, n: int) -> Floats:
    """[group] standard error of a quantile by order statistics: of n runs, q n lie below it, give or take
    sqrt(n q (1 - q)); half the distance between the values so many ranks either side. nan where either side would be
    beyond the lowest or highest run."""
    away = sqrt(q * (1 - q) / n)
    low, high = q - away, q + away
    if n < 2 or low < 0.5 / n - 1e-12 or high > 1 - 0.5 / n + 1e-12:
        return np.full(len(ordered), nan)
    return (at(ordered, high) - at(ordered, low)) / 2


def chance(met: int, runs: int) -> Chance:
    """The share of runs that met something, with Wilson's standard error, which is not nought at 0 or 1."""
    p = met / runs
    return Chance(p, sqrt(p * (1 - p) / runs + 1 / (4 * runs * runs)) / (1 + 1 / runs))


def runs_needed(sd: float, precision: float) -> int:
    """Runs until the Monte Carlo error of a mean is ``precision``: (sd / precision) squared; at least 1."""
    if precision <= 0:
        raise ValueError(f"precision: {precision} given; allowed: more than 0")
    return max(1, ceil((sd / precision) ** 2 - 1e-9)) if isfinite(sd) else 0
