"""Further draws for the ranges: made by processes that share nothing, few ahead, so that who leaves leaves little.

    for done in ranges(base, mine, draws=200, stop=lambda: False): ...

Each draw is always made by the same process, which keeps its base world at the month in which the first policy acts
(as far as memory allows): a size that is moved again costs only the months after it. What a draw shows is kept
(``shown.Kept``). The processes are nicer than the page, so that the page stays quick while they work.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context, parent_process

from cohort import pool, setting
from cohort.lab import shown
from cohort.lab.bench import SEED
from cohort.lab.live import Live
from cohort.lab.shown import Kept, Rows
from cohort.lab.trunk import leaves
from cohort.scenario import Scenario
from cohort.task import setting_of
from cohort.world import World

AT_ONCE = 2
"""Draws that a worker is given ahead: so few that one who stops, stops."""
NICER = 5
"""By how much the workers give way to the page."""
ONE_STEM = 24_000_000
"""Bytes of a base world that is kept, with its setting; measured for Kent."""
MOST_STEMS, SHARE = 200, 0.25
"""Base worlds kept by a worker at most, and the share of the free memory that all workers' may take."""
Both = tuple[Rows, Rows]
"""What a draw shows of the base and of the choice."""


@dataclass
class Workers:
    """Processes that make draws, and what the draws show."""

    pools: list[Executor]
    """of one process each"""
    kept: Kept = field(default_factory=Kept)

    @classmethod
    def start(cls, many: int) -> Workers:
        """So many processes, started when first needed."""
        spawn, stems = get_context("spawn"), _stems(many)
        pools: list[Executor] = [
            ProcessPoolExecutor(1, mp_context=spawn, initializer=_join, initargs=(stems,)) for _ in range(many)
        ]
        return cls(pools, Kept(shown.folder()))

    def submit(self, base: Scenario, mine: Scenario, draw: int, seed: int) -> Future[tuple[Rows | None, Rows | None]]:
        """What is not known of a draw of both worlds."""
        needs = tuple(draw not in self.kept.of(scenario, seed) for scenario in (base, mine))
        if not any(needs):
            known: Future[tuple[Rows | None, Rows | None]] = Future()
            known.set_result((None, None))
            return known
        return self.pools[draw % len(self.pools)].submit(drawn, base, mine, draw, seed, needs)

    def finished(self, base: Scenario, mine: Scenario, draw: int, seed: int,
                 made: tuple[Rows | None, Rows | None]) -> Both:  # fmt: skip
        """What a draw shows of both, kept."""
        for scenario, rows in zip((base, mine), made, strict=True):
            if rows is not None:
                self.kept.add(scenario, seed, draw, rows)
        first, second = (self.kept.of(scenario, seed)[draw] for scenario in (base, mine))
        return first, second


@cache
def workers(many: int = 0) -> Workers:
    """The workers of this process, one a core; all visitors share them."""
    return Workers.start(many or pool.cores())


def _stems(many: int) -> int:
    """How many base worlds each of so many workers may keep: as many as a share of the free memory holds."""
    try:
        free = os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        free = 1_000_000_000
    return min(MOST_STEMS, int(SHARE * free / ONE_STEM / max(many, 1)))


# in a worker


def _join(stems: int) -> None:
    """A worker begins: it gives way to the page, leaves Ctrl-C to the process that started it, and ends when that has
    ended, however it did."""
    import signal

    _most.append(stems)
    if hasattr(os, "nice"):
        os.nice(NICER)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


_most = [1]
"""How many base worlds this worker may keep, last."""
_stem_of: OrderedDict[tuple[str, int, int], World] = OrderedDict()


def drawn(
    base: Scenario, mine: Scenario, draw: int, seed: int, needs: Sequence[bool]
) -> tuple[Rows | None, Rows | None]:
    """One draw with luck of its own (``task.runs``): what it shows of the base and of the choice, each if needed."""
    key = (base.model_dump_json(), draw, seed)
    stem = _stem_of.pop(key, None)
    of_base = stem.setting if stem else setting_of(base, draw)
    of_mine = setting.build(mine, draw, like=of_base)
    apart = leaves(of_base, of_mine)
    if stem is None or stem.month > apart:
        stem = World.start(of_base, replicate=draw, seed=seed).run(apart)
    _keep(key, stem)
    first = shown.of_world(stem.copy().run()) if needs[0] else None
    second = shown.of_world(stem.under(of_mine).run()) if needs[1] else None
    return first, second


def _keep(key: tuple[str, int, int], stem: World) -> None:
    _stem_of[key] = stem
    while len(_stem_of) > max(_most[-1], 1):
        _stem_of.popitem(last=False)


# the draws, in order


def ranges(base: Scenario, mine: Scenario, draws: int, stop: Callable[[], bool], by: Workers | None = None,
           seed: int = SEED) -> Iterator[list[Both]]:  # fmt: skip
    """Draws 0, 1, 2 and so on as they arrive, in order: each time all that are there so far, until ``draws`` are there
    or ``stop`` says so.

    Few are given out ahead, so that whoever leaves or moves on leaves little behind, and visitors take turns.
    """
    by = by or workers()
    ahead: list[Future[tuple[Rows | None, Rows | None]]] = []
    done: list[Both] = []
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
            done.append(by.finished(base, mine, len(done), seed, made))
            yield done
    finally:
        for future in ahead:
            future.cancel()


def study_of(base: Scenario, mine: Scenario, done: Sequence[Both], seed: int = SEED) -> Live:
    """The draws so far as a study of what they show."""
    both = [shown.tables([draw[k] for draw in done]) for k in (0, 1)]
    return Live.of([base, mine], [both], seed, draws=len(done))


__all__ = ["Both", "Workers", "drawn", "ranges", "study_of", "workers"]
