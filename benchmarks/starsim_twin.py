"""Job S in starsim 3 with its common random numbers: one hashed draw a child-month, whole arrays, candidates only.

As lean as starsim allows: no networks, and leavers are reset in place rather than removed and born.
Needs the optional extra ``bench``; importing this module without it raises ImportError.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import starsim as ss
from numpy.typing import NDArray

from benchmarks import job
from benchmarks.job import LIFE, NEEDS, OVERFLOW, PLACEMENTS, SPECIAL, STATUSES, Job, Result

CELLS = STATUSES * PLACEMENTS
VERSION: str = ss.__version__


class Children(ss.Module):  # type: ignore[misc]
    """The job as a starsim module: states of its own, one stream of luck a purpose."""

    def __init__(self, of: Job) -> None:
        super().__init__(name="children")
        self.job, self.month = of, 0
        bound = job.bounds().astype(np.float32)
        self.low, self.reserved = bound[:, 0].copy(), bound.sum(1, dtype=np.float32)
        self.chance = job.rates().astype(np.float32).ravel()
        self.edges_of_choice = np.cumsum(job.weights(), axis=2)[:, :, :-1]
        self.define_states(ss.IntArr("status"), ss.IntArr("placement"), ss.IntArr("need"), ss.FloatArr("bound"))
        self.luck, self.choosing, self.priority, self.newborn = (
            ss.random(name=name) for name in ("happen", "choose", "priority", "newborn")
        )
        self.stock: list[NDArray[np.int64]] = []

    def init_post(self) -> None:
        """The children at the start."""
        super().init_post()
        begin, n = job.start(self.job), self.job.children
        everyone = ss.uids(np.arange(n))
        self.status[everyone], self.placement[everyone], self.need[everyone] = begin.status, begin.placement, begin.need
        self.bound[everyone] = self.reserved[begin.status]
        self.birth = (begin.born + LIFE).astype(np.int16)
        self.edges = np.searchsorted(self.birth, np.arange(LIFE + 1))
        self.count = np.bincount(self.cell(everyone), minlength=CELLS)
        self.everyone = everyone

    def cell(self, rows: Any) -> NDArray[np.int64]:
        """Where some children are counted."""
        return np.asarray(self.status[rows] * PLACEMENTS + self.placement[rows], np.int64)

    def move(self, rows: Any, before: NDArray[np.int64]) -> None:
        """Count some children anew."""
        self.count = self.count + np.bincount(self.cell(rows), minlength=CELLS) - np.bincount(before, minlength=CELLS)

    def step(self) -> None:
        """One month: leavers and newborns, what happens, and in September the choices."""
        month = self.month
        self.renew(ss.uids(np.arange(self.edges[month % LIFE], self.edges[month % LIFE + 1])))
        u = self.luck.rvs(self.everyone)
        rows = ss.uids(np.flatnonzero(u < self.bound.raw[: self.job.children]))
        self.happen(rows, u[rows], month)
        if month % 12 == job.SEPTEMBER:
            self.september(month)
        self.stock.append(self.count.reshape(STATUSES, PLACEMENTS))
        self.month += 1

    def renew(self, rows: Any) -> None:
        """Leavers give their rows to newborns."""
        before = self.cell(rows)
        self.status[rows], self.placement[rows], self.bound[rows] = 0, job.MAINSTREAM, self.reserved[0]
        self.need[rows] = (self.newborn.rvs(rows) * NEEDS).astype(int)
        self.move(rows, before)

    def happen(self, rows: Any, u: NDArray[np.float32], month: int) -> None:
        """Every candidate's month."""
        status = self.status[rows]
        second = u >= self.low[status]
        age = (month - self.birth[rows]) % LIFE // 12
        at = ((status * 2 + second) * job.AGES + age) * PLACEMENTS + self.placement[rows]
        happens = u - np.where(second, self.low[status], 0) < self.chance[at * NEEDS + self.need[rows]]
        movers = rows[happens]
        before = self.cell(movers)
        new = job.BECOMES[status[happens], second[happens].astype(np.intp)]
        self.status[movers], self.bound[movers] = new, self.reserved[new]
        self.move(movers, before)

    def september(self, month: int) -> None:
        """Children of 4, 11 and 16 choose; special places go by priority, and who gets none overflows."""
        age = (month - self.birth) % LIFE // 12
        rows = ss.uids(np.flatnonzero(np.isin(age, job.CHOOSING_AGES)))
        before = self.cell(rows)
        edges = self.edges_of_choice[self.status[rows], self.need[rows]]
        sought = (np.asarray(self.choosing.rvs(rows))[:, None] >= edges).sum(1)
        seekers = np.flatnonzero(sought == SPECIAL)
        elsewhere = self.count[SPECIAL::PLACEMENTS].sum() - (self.placement[rows] == SPECIAL).sum()
        free = max(self.job.places - int(elsewhere), 0)
        sought[seekers[np.argsort(self.priority.rvs(rows[seekers]))[free:]]] = OVERFLOW
        self.placement[rows] = sought
        self.move(rows, before)


def start(of: Job) -> ss.Sim:
    """The simulation before its first month."""
    sim = ss.Sim(n_agents=of.children, start="2024-01-01", dur=ss.months(of.months - 1), dt=ss.month,
                 rand_seed=of.seed, modules=[Children(of)], verbose=0, copy_inputs=False)  # fmt: skip
    return sim.init()


def finish(sim: ss.Sim) -> Result:
    """All months."""
    sim.run()
    stock = np.array(sim.custom.children.stock)
    return Result(stock, (stock * job.prices()).sum((1, 2)))


def run(of: Job) -> Result:
    """The job from start to end."""
    return finish(start(of))
