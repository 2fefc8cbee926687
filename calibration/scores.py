"""How good forecasts were: error, bias, coverage with the number of cases it rests on, and CRPS.

A forecast is a sample, [draw] values. CRPS is in the forecast's own unit (plans), the mean distance of the sample from
the truth less half its own spread: the absolute error of a forecast that says one number, lower is better.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Case:
    """One forecast and what came: ``group`` names what was forecast together (an origin)."""

    group: str
    sample: Floats
    actual: float


@dataclass(frozen=True)
class Score:
    """Of several cases."""

    cases: int
    error: float
    """mean absolute error of the median, as a share of the truth"""
    bias: float
    """mean of (median - truth) as a share of the truth"""
    within_80: float
    within_95: float
    effective: float
    """how many independent cases the coverage rests on"""
    crps: float


def crps(sample: Floats, actual: float) -> float:
    """E|X - y| - E|X - X'| / 2 of a sample, in O(n log n), with the fair divisor n (n - 1)."""
    x = np.sort(sample)
    n = len(x)
    if n == 1:
        return float(abs(x[0] - actual))
    spread = float(((2 * np.arange(n) - n + 1) * x).sum()) / (n * (n - 1))
    return float(np.abs(x - actual).mean()) - spread


def covered(sample: Floats, actual: float, share: float) -> bool:
    """Whether the central range holds the truth."""
    low, high = np.quantile(sample, [(1 - share) / 2, (1 + share) / 2])
    return bool(low <= actual <= high)


def effective(groups: Sequence[str], values: Floats) -> float:
    """How many independent cases there are: n / (1 + (m - 1) r), r the correlation within groups (analysis of variance,
    between 0 and 1) and m the mean number in a group."""
    n, names = len(values), sorted(set(groups))
    if len(names) in (1, n):
        return float(len(names))
    by = [np.array([v for g, v in zip(groups, values, strict=True) if g == name]) for name in names]
    m = n / len(names)
    between = sum(len(v) * (v.mean() - values.mean()) ** 2 for v in by) / (len(names) - 1)
    within = sum(((v - v.mean()) ** 2).sum() for v in by) / max(n - len(names), 1)
    together = between + (m - 1) * within
    r = min(max((between - within) / together, 0.0), 1.0) if together > 0 else 1.0
    return float(n / (1 + (m - 1) * r))


def score(cases: Sequence[Case]) -> Score:
    """All cases together. Raises ValueError if there is none."""
    if not cases:
        raise ValueError("there is no case to score; allowed: one or more")
    miss = np.array([(np.median(c.sample) - c.actual) / c.actual for c in cases])
    within = [np.mean([covered(c.sample, c.actual, share) for c in cases]) for share in (0.8, 0.95)]
    n = effective([c.group for c in cases], miss)
    points = float(np.mean([crps(c.sample, c.actual) for c in cases]))
    return Score(
        len(cases), float(np.abs(miss).mean()), float(miss.mean()), float(within[0]), float(within[1]), n, points
    )
