"""Job S, the work that every engine is timed on: its tables, its children at the start, and what a run leaves.

Every child draws every month against rates by age (26), status (4) and placement (10) with a multiplier by need. In
September children of 4, 11 and 16 draw a placement anew; ``special`` has a fixed number of places, given by a drawn
priority, and who gets none goes to the overflow. A child who turns 26 is replaced by a newborn. Counts by status and
placement and the cost are kept each month. The rates are made up: what counts is that all engines do the same.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort import draws

AGES, STATUSES, PLACEMENTS, NEEDS = 26, 4, 10, 10
LIFE = AGES * 12
NONE, SUPPORT, ASSESSED, PLAN = range(STATUSES)
MAINSTREAM, SRP, NURSERY, SPECIAL, OVERFLOW, TUITION, HOME, FE, SPI, AWAY = range(PLACEMENTS)
BECOMES = np.array([[SUPPORT, ASSESSED], [NONE, ASSESSED], [PLAN, SUPPORT], [SUPPORT, SUPPORT]])
"""[status, event] the status that each of two events leads to."""
RATE = np.array([[0.003, 0.0006], [0.010, 0.008], [0.20, 0.10], [0.003, 0.0]])
"""[status, event] a month, before age, placement and need."""
CHOOSING_AGES = (4, 11, 16)
SEPTEMBER = 8
"""Months count from a January, 0."""
START_SHARES = (0.80, 0.145, 0.005, 0.05)
PRICE = np.array([0, 90, 40, 2600, 4900, 700, 0, 1500, 3900, 5200]) * 100
"""[placement] pence a month with a plan."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Result:
    """What a run leaves: [month, status, placement] children at each month's end, and each month's cost in pence."""

    stock: Ints
    cost: Ints


@dataclass(frozen=True)
class Job:
    """How much of it: children, months, and the seed of the run."""

    children: int = 500_000
    months: int = 60
    seed: int = 1

    @property
    def child_months(self) -> int:
        """Draws that the hot loop makes."""
        return self.children * self.months

    @property
    def places(self) -> int:
        """Special school places: too few."""
        return self.children * 9 // 1000


def rates() -> NDArray[np.float64]:
    """[status, event, age, placement, need] probability a month."""
    age = 0.3 + 1.2 * np.exp(-(((np.arange(AGES) - 5) / 5) ** 2))
    placement = np.linspace(0.8, 1.2, PLACEMENTS)
    need = np.linspace(0.7, 1.3, NEEDS)
    shape = age[:, None, None] * placement[:, None] * need
    return RATE[:, :, None, None, None] * shape


def bounds() -> NDArray[np.float64]:
    """[status, event] the stretch reserved for each: a third more than its largest rate."""
    return rates().max((2, 3, 4)) * 4 / 3


def weights() -> NDArray[np.float64]:
    """[status, need, placement] chances of a choice in September."""
    out = np.zeros((STATUSES, NEEDS, PLACEMENTS))
    out[:PLAN, :, MAINSTREAM], out[:PLAN, :, HOME], out[:PLAN, :, TUITION] = 0.975, 0.02, 0.005
    special = np.linspace(0.15, 0.5, NEEDS)
    rest = np.array([0.62, 0.12, 0.02, 0, 0.05, 0.03, 0.02, 0.08, 0.04, 0.02])
    out[PLAN] = (1 - special[:, None]) * rest
    out[PLAN, :, SPECIAL] = special
    return out


def prices() -> Ints:
    """[status, placement] pence a child-month."""
    out = np.zeros((STATUSES, PLACEMENTS), np.int64)
    out[SUPPORT], out[PLAN] = 2_500, PRICE
    return out


@dataclass(frozen=True)
class Start:
    """Children in order of birth, at the start of month 0; the same for every seed."""

    born: Ints
    """month of birth, -312 to -1"""
    status: NDArray[np.uint8]
    placement: NDArray[np.uint8]
    need: NDArray[np.uint8]
    identity: NDArray[np.uint64]


def start(job: Job) -> Start:
    """As many children of each month of birth as possible are alike in number."""
    n = job.children
    identity = np.arange(n, dtype=np.uint64)
    keys = draws.mix_many(identity + np.uint64(1))
    born = np.arange(n) * LIFE // n - LIFE
    unit = [draws.draw_many(keys, draws.mix_int(k)) / draws.WHOLE for k in range(3)]
    status = np.searchsorted(np.cumsum(START_SHARES)[:-1], unit[0], "right").astype(np.uint8)
    need = (unit[1] * NEEDS).astype(np.uint8)
    edges = np.cumsum(weights(), axis=2)
    placement = np.zeros(n, np.uint8)
    for k in range(PLACEMENTS - 1):
        placement += unit[2] >= edges[status, need, k]
    seeks = np.flatnonzero(placement == SPECIAL)
    placement[seeks[job.places :]] = OVERFLOW
    return Start(born, status, placement, need, identity)
