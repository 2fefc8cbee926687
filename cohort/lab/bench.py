"""What the lab works out: the central run at once, then the same of further draws as they arrive.

    study = central(base, mine)                       # draw 0 of both worlds: a ``Live`` study
    for done in ranges(base, mine, draws=200, stop=lambda: False): ...

Runs are those of ``cohort run``, bit by bit: the same worlds, the same tables. The central run is made here, one at a
time whoever asks, since visitors share the settings; draws are made by processes that share nothing.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, lru_cache
from multiprocessing import get_context, parent_process

from cohort import pool, provenance
from cohort.fork import run_together
from cohort.lab.live import Live, Tables, plain
from cohort.lab.trunk import Trunk
from cohort.scenario import Scenario
from cohort.task import setting_of

SEED = 1
IN_RANGES = ("headline", "ledger")
"""The tables of which further draws are kept."""
AT_ONCE = 2
"""Draws that a worker is given ahead: so few that one who stops, stops."""
_alone = threading.Lock()


@contextmanager
def alone() -> Iterator[None]:
    """Inside, nobody else of this process runs a world: settings are shared and refreshed in place."""
    with _alone:
        yield


def central(base: Scenario, mine: Scenario, seed: int = SEED) -> Live:
    """Both worlds' point estimate, with every table. Raises ScenarioError or ValueError for what cannot be run."""
    from cohort.tables import PAIRS, TABLES, pairs

    with alone():
        trunk, tables = _trunk(base.model_dump_json(), seed)
        setting = setting_of(mine, 0, base)
        if setting.tape is not trunk.setting.tape:
            _trunk.cache_clear()
            trunk, tables = _trunk(base.model_dump_json(), seed)
        world, together = trunk.branch(setting)
        own = {name: table(world) for name, table in TABLES.items()} | {PAIRS: pairs(world, together, base.name)}
        return Live.of([base, mine], [[tables, own]], seed)


@lru_cache(maxsize=4)
def _trunk(base: str, seed: int) -> tuple[Trunk, Tables]:
    """The base world's central run and its tables, kept for all that are compared with it."""
    from cohort.tables import TABLES

    scenario = Scenario.model_validate_json(base)
    trunk = Trunk.grown(setting_of(scenario, 0), seed)
    return trunk, {name: table(trunk.end) for name, table in TABLES.items()}


def warm() -> None:
    """Compile what is not, and lay out the baseline, so that the first visitor does not wait for it."""
    base = Scenario.load("baseline")
    central(base, base.model_copy(update={"name": "again", "rules": ("early_years",)}))


# further draws


@dataclass
class Workers:
    """Processes that make draws: each draw always by the same one, which so knows its settings and its base world."""

    pools: list[Executor]
    """of one process each"""
    bases: OrderedDict[tuple[str, int, int], Tables] = field(default_factory=OrderedDict)
    """(base scenario, draw, seed) -> its tables, which no policy changes"""

    @classmethod
    def start(cls, many: int) -> Workers:
        """So many processes, started when first needed."""
        spawn = get_context("spawn")
        return cls([ProcessPoolExecutor(1, mp_context=spawn, initializer=_join) for _ in range(many)])

    def submit(self, base: Scenario, mine: Scenario, draw: int, seed: int) -> Future[list[Tables]]:
        """One draw of both worlds, of the base only if it is not known."""
        known = (provenance.scenario(base) + base.authority, draw, seed) in self.bases
        return self.pools[draw % len(self.pools)].submit(drawn, base, mine, draw, seed, known)

    def finished(self, base: Scenario, draw: int, seed: int, made: list[Tables]) -> list[Tables]:
        """The tables of both, the base's as known."""
        made = [{name: plain(table) for name, table in tables.items()} for tables in made]
        key = (provenance.scenario(base) + base.authority, draw, seed)
        if len(made) == 2:
            self.bases[key] = made[0]
            while len(self.bases) > KEPT:
                self.bases.popitem(last=False)
        return [self.bases[key], made[-1]]


KEPT = 2_000
"""Base worlds' tables kept: some 50 KB each."""


def _join() -> None:
    """A worker begins: it leaves Ctrl-C to the process that started it, and ends when that has ended, however it
    did."""
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def drawn(base: Scenario, mine: Scenario, draw: int, seed: int, base_known: bool) -> list[Tables]:
    """One draw with luck of its own (``task.runs``), in a worker: the tables of ``IN_RANGES`` of both worlds, or of the
    second only."""
    from cohort.tables import TABLES
    from cohort.world import World

    settings = [setting_of(s, draw, base) for s in (base, mine)]
    if base_known:
        worlds = [World.start(settings[1], replicate=draw, seed=seed).run()]
    else:
        worlds = [world for world, _ in run_together(settings, seed, draw)]
    return [{name: TABLES[name](world) for name in IN_RANGES} for world in worlds]


@cache
def workers(many: int = 0) -> Workers:
    """The workers of this process, one a core; all visitors share them."""
    return Workers.start(many or pool.cores())


def ranges(base: Scenario, mine: Scenario, draws: int, stop: Callable[[], bool], by: Workers | None = None,
           seed: int = SEED) -> Iterator[list[list[Tables]]]:  # fmt: skip
    """Draws 0, 1, 2 and so on as they arrive, in order: each time all that are there so far, until ``draws`` are there
    or ``stop`` says so.

    Few are given out ahead, so that whoever leaves or moves on leaves little behind, and visitors take turns.
    """
    by = by or workers()
    ahead: list[Future[list[Tables]]] = []
    done: list[list[Tables]] = []
    given = 0
    try:
        while len(done) < draws and not stop():
            while given < draws and len(ahead) < AT_ONCE * len(by.pools):
                ahead.append(by.submit(base, mine, given, seed))
                given += 1
            try:
                made = ahead[0].result(timeout=0.2)
            except TimeoutError:
                continue
            ahead.pop(0)
            done.append(by.finished(base, len(done), seed, made))
            yield done
    finally:
        for future in ahead:
            future.cancel()


def study_of(base: Scenario, mine: Scenario, runs: Sequence[Sequence[Tables]], seed: int = SEED) -> Live:
    """The draws so far as a study."""
    return Live.of([base, mine], runs, seed)


__all__ = ["IN_RANGES", "Workers", "alone", "central", "drawn", "ranges", "study_of", "warm", "workers"]
