"""Job S with Mesa as its tutorials have it: an object a child, ``AgentSet.do``, a ``DataCollector``.

It is timed on fewer children and scaled up, which flatters it: hundreds of thousands of objects fit in no cache.
"""

from __future__ import annotations

from collections import Counter
from itertools import accumulate

import mesa
import numpy as np

from benchmarks import job
from benchmarks.job import LIFE, NEEDS, OVERFLOW, PLACEMENTS, SPECIAL, STATUSES, Job, Result


class Child(mesa.Agent):
    """A child: when born, in which status, where, with what need."""

    def __init__(self, model: Model, born: int, status: int, placement: int, need: int) -> None:
        super().__init__(model)
        self.born, self.status, self.placement, self.need = born, status, placement, need

    def live(self) -> None:
        """A month: at most one event."""
        model, status = self.model, self.status
        u = model.random.random()
        if u < model.reserved[status]:
            low = model.low[status]
            second = u >= low
            age = (model.month - self.born) // 12
            chance = model.chance[status][second][age][self.placement][self.need]
            if u - (low if second else 0.0) < chance:
                self.status = model.becomes[status][second]

    def choose(self) -> int:
        """What the child would have in September."""
        u, edges = self.model.random.random(), self.model.choices[self.status][self.need]
        return next(k for k, edge in enumerate(edges) if u < edge)


class Model(mesa.Model):
    """All children, and the tables as lists, which Python reads fastest."""

    def __init__(self, of: Job, shuffled: bool = False) -> None:
        super().__init__(rng=of.seed)
        bound, begin = job.bounds(), job.start(of)
        self.job, self.month, self.shuffled = of, 0, shuffled
        self.low, self.reserved = bound[:, 0].tolist(), bound.sum(1).tolist()
        self.chance, self.becomes = job.rates().tolist(), job.BECOMES.tolist()
        self.choices = [[[*accumulate(row[:-1]), 1.0] for row in of_status] for of_status in job.weights().tolist()]
        self.price = job.prices().tolist()
        columns = (begin.born, begin.status, begin.placement, begin.need)
        self.by_birth: list[list[Child]] = [[] for _ in range(LIFE)]
        for born, status, placement, need in zip(*(c.tolist() for c in columns), strict=True):
            self.by_birth[born % LIFE].append(Child(self, born, status, placement, need))
        self.datacollector = mesa.DataCollector({"stock": stock, "cost": cost})

    def step(self) -> None:
        """One month: leavers and newborns, what happens, and in September the choices."""
        self.renew()
        if self.shuffled:
            self.agents.shuffle_do("live")
        else:
            self.agents.do("live")
        if self.month % 12 == job.SEPTEMBER:
            self.september()
        self.datacollector.collect(self)
        self.month += 1

    def renew(self) -> None:
        """Leavers go, and as many are born."""
        leavers = self.by_birth[self.month % LIFE]
        for child in leavers:
            child.remove()
        needs = (self.random.randrange(NEEDS) for _ in leavers)
        self.by_birth[self.month % LIFE] = [Child(self, self.month, 0, job.MAINSTREAM, need) for need in needs]

    def september(self) -> None:
        """Children of 4, 11 and 16 choose; special places go by priority, and who gets none overflows."""
        choosing = self.agents.select(lambda child: (self.month - child.born) // 12 in job.CHOOSING_AGES)
        held = sum(child.placement == SPECIAL for child in self.agents)
        free = max(self.job.places - held + sum(child.placement == SPECIAL for child in choosing), 0)
        seekers = []
        for child in choosing:
            child.placement = child.choose()
            if child.placement == SPECIAL:
                seekers.append((self.random.random(), child.unique_id, child))
        for _, _, child in sorted(seekers)[free:]:
            child.placement = OVERFLOW


def stock(model: Model) -> Counter[tuple[int, int]]:
    """Children by status and placement."""
    return Counter((child.status, child.placement) for child in model.agents)


def cost(model: Model) -> int:
    """The month's cost in pence."""
    return sum(model.price[child.status][child.placement] for child in model.agents)


def start(of: Job, shuffled: bool = False) -> Model:
    """The model before its first month."""
    return Model(of, shuffled)


def finish(model: Model) -> Result:
    """All months."""
    for _ in range(model.job.months):
        model.step()
    kept = model.datacollector.model_vars
    counts = np.zeros((model.job.months, STATUSES, PLACEMENTS), np.int64)
    for month, counted in enumerate(kept["stock"]):
        for (status, placement), children in counted.items():
            counts[month, status, placement] = children
    return Result(counts, np.array(kept["cost"]))


def run(of: Job) -> Result:
    """The job from start to end."""
    return finish(start(of))
