"""Job S in good numpy: one generator (SFC64, the fastest), whole arrays, and only candidates looked up.

It has the same bounds, stretches and order of births as ``job_s``; only the luck is another: drawn in sequence.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks import job
from benchmarks.job import LIFE, NEEDS, OVERFLOW, PLACEMENTS, SPECIAL, STATUSES, Job, Result

CELLS = STATUSES * PLACEMENTS


class Engine:
    """A run of the job: ``Engine(job).run()``."""

    def __init__(self, of: Job) -> None:
        self.job, begin = of, job.start(of)
        self.rng = np.random.Generator(np.random.SFC64(of.seed))
        bound = job.bounds().astype(np.float32)
        self.low, self.reserved = bound[:, 0].copy(), bound.sum(1, dtype=np.float32)
        self.chance = job.rates().astype(np.float32).ravel()
        self.edges_of_choice = np.cumsum(job.weights(), axis=2)[:, :, :-1]
        self.status, self.placement, self.need = begin.status, begin.placement, begin.need
        self.bound = self.reserved[self.status]
        self.birth = (begin.born + LIFE).astype(np.int16)
        self.edges = np.searchsorted(self.birth, np.arange(LIFE + 1))
        self.draws = np.empty(of.children, np.float32)
        self.count = np.bincount(self.cell(np.arange(of.children)), minlength=CELLS)

    def cell(self, rows: NDArray[np.intp]) -> NDArray[np.int64]:
        """Where some children are counted."""
        return self.status[rows].astype(np.int64) * PLACEMENTS + self.placement[rows]

    def move(self, rows: NDArray[np.intp], before: NDArray[np.int64]) -> None:
        """Count some children anew."""
        self.count += np.bincount(self.cell(rows), minlength=CELLS) - np.bincount(before, minlength=CELLS)

    def run(self) -> Result:
        """All months."""
        stock, price = [], job.prices()
        for month in range(self.job.months):
            self.step(month)
            stock.append(self.count.reshape(STATUSES, PLACEMENTS).copy())
        kept = np.array(stock)
        return Result(kept, (kept * price).sum((1, 2)))

    def step(self, month: int) -> None:
        """One month: leavers and newborns, what happens, and in September the choices."""
        self.renew(slice(self.edges[month % LIFE], self.edges[month % LIFE + 1]))
        u = self.rng.random(out=self.draws, dtype=np.float32)
        rows = np.flatnonzero(u < self.bound)
        self.happen(rows, u[rows], month)
        if month % 12 == job.SEPTEMBER:
            self.september(month)

    def renew(self, leavers: slice) -> None:
        """Leavers give their rows to newborns."""
        rows = np.arange(leavers.start, leavers.stop)
        before = self.cell(rows)
        self.status[leavers], self.placement[leavers], self.bound[leavers] = 0, job.MAINSTREAM, self.reserved[0]
        self.need[leavers] = self.rng.integers(0, NEEDS, len(rows), dtype=np.uint8)
        self.move(rows, before)

    def happen(self, rows: NDArray[np.intp], u: NDArray[np.float32], month: int) -> None:
        """Every candidate's month."""
        status = self.status[rows]
        second = u >= self.low[status]
        age = (month - self.birth[rows]) % LIFE // 12
        at = ((status.astype(np.int64) * 2 + second) * job.AGES + age) * PLACEMENTS + self.placement[rows]
        happens = u - np.where(second, self.low[status], 0) < self.chance[at * NEEDS + self.need[rows]]
        movers = rows[happens]
        before = self.cell(movers)
        new = job.BECOMES[status[happens], second[happens].astype(np.intp)]
        self.status[movers], self.bound[movers] = new, self.reserved[new]
        self.move(movers, before)

    def september(self, month: int) -> None:
        """Children of 4, 11 and 16 choose; special places go by priority, and who gets none overflows."""
        age = (month - self.birth) % LIFE // 12
        rows = np.flatnonzero(np.isin(age, job.CHOOSING_AGES))
        before = self.cell(rows)
        edges = self.edges_of_choice[self.status[rows], self.need[rows]]
        sought = (self.rng.random(len(rows))[:, None] >= edges).sum(1)
        seekers = np.flatnonzero(sought == SPECIAL)
        elsewhere = self.count[SPECIAL::PLACEMENTS].sum() - (self.placement[rows] == SPECIAL).sum()
        free = max(self.job.places - int(elsewhere), 0)
        sought[seekers[np.argsort(self.rng.random(len(seekers)))[free:]]] = OVERFLOW
        self.placement[rows] = sought
        self.move(rows, before)


def start(of: Job) -> Engine:
    """The children before the first month."""
    return Engine(of)


def finish(engine: Engine) -> Result:
    """All months."""
    return engine.run()


def run(of: Job) -> Result:
    """The job from start to end."""
    return Engine(of).run()
