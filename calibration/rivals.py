"""Naive forecasts to beat: no change, last year's growth, a straight line, and a Markov chain fitted as witan.send's.

Each says a sample for every group of placements and the total, [draw, horizon], from what was known at the origin.
Those that say a number are given a range by their own one-year errors at earlier origins, growing with the root of the
horizon; with few of them an assumed 4% counts as two more.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from calibration.history import FIRST, GROUPS, TOTAL, History
from calibration.sbc import normals
from cohort import draws
from cohort.draws import Purpose

Floats = NDArray[np.float64]
DRAWS = 400
ASSUMED, COUNTS = 0.04, 2.0
HORIZONS = (1, 2, 3)


def flat(past: Floats, h: int) -> float:
    """No change."""
    return float(past[-1])


def last_growth(past: Floats, h: int) -> float:
    """Last year's growth goes on; none is known with one January."""
    return float(past[-1] * (past[-1] / past[-2]) ** h) if len(past) > 1 else float(past[-1])


def trend(past: Floats, h: int) -> float:
    """The least-squares line through every January known."""
    if len(past) < 3:
        return last_growth(past, h)
    slope, level = np.polyfit(np.arange(len(past)), past, 1)
    return float(level + slope * (len(past) - 1 + h))


SAID: dict[str, Callable[[Floats, int], float]] = {"flat": flat, "last growth": last_growth, "linear trend": trend}


def spread(said: Callable[[Floats, int], float], past: Floats) -> float:
    """Relative standard error of a one-year forecast, by its own errors so far."""
    errors = [(said(past[:k], 1) - past[k]) / past[k] for k in range(2, len(past))]
    return float(np.sqrt((np.sum(np.square(errors)) + COUNTS * ASSUMED**2) / (len(errors) + COUNTS)))


def samples(history: History, origin: int) -> dict[str, dict[str, Floats]]:
    """Rival -> group -> [draw, horizon] plans. Uses nothing that was not known in January of ``origin``."""
    history = history.known(origin)
    luck = normals(DRAWS, len(HORIZONS), 11)
    out: dict[str, dict[str, Floats]] = {}
    for name, said in SAID.items():
        out[name] = {}
        for group in (TOTAL, *GROUPS):
            past = history.series(group, origin)
            sd = spread(said, past)
            middle = np.array([said(past, h) for h in HORIZONS])
            out[name][group] = np.maximum(middle * (1 + sd * np.sqrt(HORIZONS) * luck), 0.0)
    out["markov"] = markov(history, origin)
    return out


def markov(history: History, origin: int) -> dict[str, Floats]:
    """Joiners to each group and the chance of leaving it, drawn anew each year from what earlier years show.

    In witan.send's manner: joiners gamma, leavers beta, both with the years' counts behind them, redrawn every year;
    moves between groups are in the leavers and joiners, for no transitions are published.
    """
    years = range(FIRST, origin)
    sample = {g: np.zeros((DRAWS, len(HORIZONS))) for g in GROUPS}
    for k, group in enumerate(GROUPS):
        stock = history.series(group, origin)
        new = np.array([history.new.get((y, group), np.nan) for y in years])
        left = np.clip(stock[:-1] + new - stock[1:], 0, None)
        joined = np.maximum(new, stock[1:] - stock[:-1])
        known = np.isfinite(left)
        left, joined, at_risk = left[known], joined[known], stock[:-1][known]
        now = np.full(DRAWS, stock[-1])
        for h in range(len(HORIZONS)):
            u, v = _units(2 * (k * len(HORIZONS) + h))
            arrivals = _gamma(joined.sum() + 0.5, len(joined), u)
            chance = _beta(left.sum() + 0.5, at_risk.sum() - left.sum() + 0.5, v)
            now = now * (1 - chance) + arrivals
            sample[group][:, h] = now
    sample[TOTAL] = np.sum([sample[g] for g in GROUPS], axis=0)
    return sample


def _units(salt: int) -> tuple[Floats, Floats]:
    keys = draws.mix_many(np.arange(DRAWS, dtype=np.uint64))
    u, v = ((draws.draw_many(keys, draws.salt(1000 + salt + k, Purpose.PARAMETER)) + 0.5) / draws.WHOLE for k in (0, 1))
    return np.asarray(u), np.asarray(v)


def _gamma(events: float, years: int, u: Floats) -> Floats:
    from scipy.special import gammaincinv

    return np.asarray(gammaincinv(events, u) / max(years, 1))


def _beta(yes: float, no: float, u: Floats) -> Floats:
    from scipy.special import betaincinv

    return np.asarray(betaincinv(yes, max(no, 0.5), u))
