"""What the lab works out at once: the central run of a choice, beside its base.

    run = central(base, mine)        # draw 0 of both worlds
    run.figures                      # headline, ledger and places: a ``Live`` study
    run.whole                        # every table of ``cohort run``

Runs are those of ``cohort run``, bit by bit: the same worlds, the same tables. They are made here, one at a time, since
visitors share the settings; further draws are made by processes that share nothing (``lab.workers``).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TypeVar

import pyarrow as pa

from cohort.fork import Pairs
from cohort.lab.live import Live, Tables
from cohort.lab.repriced import found, same_children
from cohort.lab.trunk import Trunk, leaves
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.task import setting_of
from cohort.world import World

SEED = 1
AT_ONCE = ("headline", "ledger", "places")
"""The tables that key figures and charts are made of; the others are made when somebody asks for them."""
RUNS, TRUNKS = 8, 4
"""Central runs and base worlds that are kept: some 30 MB each."""
_alone = threading.RLock()
T = TypeVar("T")


@contextmanager
def alone() -> Iterator[None]:
    """Inside, nobody else of this process runs a world: settings are shared and refreshed in place."""
    with _alone:
        yield


@dataclass(eq=False)
class Made:
    """A world at its end, and those of its tables that somebody has asked for."""

    world: World
    tables: dict[str, pa.Table] = field(default_factory=dict)

    def some(self, names: Sequence[str]) -> Tables:
        """Tables by name."""
        from cohort.tables import TABLES

        for name in names:
            if name not in self.tables:
                self.tables[name] = TABLES[name](self.world)
        return {name: self.tables[name] for name in names}


@dataclass(eq=False)
class Run:
    """The point estimate of two worlds with the same luck."""

    base: Scenario
    mine: Scenario
    both: tuple[Made, Made]
    together: Pairs
    seed: int

    @cached_property
    def figures(self) -> Live:
        """A study of the tables of ``AT_ONCE``."""
        with alone():
            return Live.of([self.base, self.mine], [[made.some(AT_ONCE) for made in self.both]], self.seed)

    @cached_property
    def whole(self) -> Live:
        """A study of every table that ``cohort run`` writes."""
        from cohort.tables import PAIRS, TABLES, pairs

        with alone():
            base, mine = (dict(made.some(list(TABLES))) for made in self.both)
            mine[PAIRS] = pairs(self.both[1].world, self.together, self.base.name)
            return Live.of([self.base, self.mine], [[base, mine]], self.seed)


def central(base: Scenario, mine: Scenario, seed: int = SEED) -> Run:
    """Both worlds' point estimate, kept for who asks again. Raises ScenarioError or ValueError for what cannot be
    run."""
    with alone():
        settings = setting_of(base, 0), setting_of(mine, 0, base)
        key = (*settings, mine.name, seed)
        if key not in _runs:
            trunk, made = _trunk(*settings, seed)
            world, together = _branched(trunk, settings[1], seed)
            _keep(_runs, key, Run(base, mine, (made, Made(world)), together, seed), RUNS)
        _runs.move_to_end(key)
        return _runs[key]


def _branched(trunk: Trunk, mine: Setting, seed: int) -> tuple[World, Pairs]:
    """The world that branches off, with its pairs: one already run, if only its prices are others."""
    for run in reversed(_runs.values()):
        alike = run.seed == seed and same_children(run.both[0].world.setting, trunk.setting)
        if alike and (world := found([run.both[1].world], mine)) is not None:
            return world, run.together
    return trunk.branch(mine)


_runs: OrderedDict[tuple[object, ...], Run] = OrderedDict()
_trunks: OrderedDict[tuple[object, ...], tuple[Trunk, Made]] = OrderedDict()


def _trunk(base: Setting, mine: Setting, seed: int) -> tuple[Trunk, Made]:
    """The base world's central run and its tables, kept for all that are compared with it."""
    if (base, seed) not in _trunks:
        known = [t for t, _ in _trunks.values() if t.end.seed == seed and same_children(t.setting, base)]
        trunk = known[-1].priced(base) if known else Trunk.grown(base, seed, keep=leaves(base, mine))
        _keep(_trunks, (base, seed), (trunk, Made(trunk.end)), TRUNKS)
    return _trunks[base, seed]


def _keep(among: OrderedDict[tuple[object, ...], T], key: tuple[object, ...], what: T, most: int) -> None:
    among[key] = what
    while len(among) > most:
        among.popitem(last=False)


def warm() -> None:
    """Compile what is not, and lay out the baseline, so that the first visitor does not wait for it."""
    base = Scenario.load("baseline")
    _ = central(base, base.model_copy(update={"name": "again", "rules": ("early_years",)})).figures


__all__ = ["AT_ONCE", "SEED", "Run", "alone", "central", "warm"]
