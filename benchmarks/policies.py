"""What policies cost: seconds to compile the rates and prices of twenty policies for every month, beside a run.

A study takes one run of each parameter draw, so that a draw's rates are compiled once a run. A run is all that a draw
takes without policies: its setting on the tape that is kept, the start, every month, the tables.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.kent import _write
from benchmarks.timing import median, rounds
from cohort import book, parameters, prices, rulebook, setting
from cohort.admission import NOBODY
from cohort.pack import Pack
from cohort.policy import NOTHING, Policy, combine
from cohort.scenario import Scenario
from cohort.states import Vocabulary
from cohort.tariffs import Tariffs
from cohort.world import World

MANY = 20
COHORTS = 31
"""School years that are counted: Kent's."""


def twenty() -> Policy:
    """The programme and what it is compared with, up to twenty rules, as one policy."""
    programme = Scenario.load("programme").rules
    more = [name for name in rulebook.shipped() if name not in programme]
    return combine([rulebook.load(name) for name in (*programme, *more)[:MANY]])


def compiled(policy: Policy, draw: int) -> None:
    """A draw's book and prices under a policy, every month of them, as a run lays them out."""
    scenario, pack = Scenario.load("baseline"), Pack.load("kent")
    params = parameters.draw(pack, draw)
    settled = policy.settled(params.size)
    months = range(scenario.first, scenario.last)
    book.build(pack, params, settled).rates.check(months)
    priced = prices.prices(pack, params, Vocabulary(), settled)
    tariffs = Tariffs(priced, np.arange(COHORTS), np.zeros(NOBODY + 1, np.uint8), months)
    for month in months:
        tariffs.of(month)


def one_run(draw: int) -> None:
    """A run of the baseline from nothing but its kept tape: setting, start, months, tables."""
    _write(World.start(setting.build(Scenario.load("baseline"), draw)).run())


def measure(times: int) -> dict[str, Any]:
    """Seconds to compile nothing and twenty policies, seconds of a run, and the policies' part of it: medians."""
    policy, draws = twenty(), iter(range(1, 10**6))
    one_run(0)
    taken = rounds(
        {
            "none": (lambda: next(draws), lambda d: compiled(NOTHING, d)),
            "twenty": (lambda: next(draws), lambda d: compiled(policy, d)),
            "run": (lambda: next(draws), one_run),
        },
        times,
    )
    found = {name: median(values) for name, values in taken.items()}
    return {"rules": len(policy.parts), **found, "share": (found["twenty"] - found["none"]) / found["run"]}


if __name__ == "__main__":
    print(measure(7))
