"""Further draws for the ranges: made by processes that share nothing, few ahead, so that who leaves leaves little.

    for done in ranges(base, mine, draws=200, stop=lambda: False): ...

Each draw is always made by the same process, which keeps its base world at the month in which policies begin (as far
as memory allows): a size that is moved costs only the months after it, and a price none (``lived``). What a draw shows
is kept (``shown.Kept``). Base worlds are begun as soon as the lab is, before anybody asks, and again whenever nobody
does, unless the last who did left before there was an answer. The processes are nicer than the page, so that the page
stays quick while they work.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from math import inf
from multiprocessing import get_context, parent_process
from typing import NamedTuple

from cohort import pool, setting
from cohort.lab import shown
from cohort.lab.bench import SEED
from cohort.lab.live import Live
from cohort.lab.lived import Lived, Terms
from cohort.lab.repriced import Lives, bears
from cohort.lab.shown import Kept, Rows
from cohort.lab.trunk import leaves
from cohort.policy import Policy
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.task import setting_of
from cohort.world import World

AT_ONCE = 6
"""Draws that a worker is given ahead, so that none waits while the page draws; whoever stops leaves two of them, which
cannot be taken back."""
LOOK = 0.2
"""Seconds between looks at whether who asked is still there."""
QUIET = 4.0
"""Seconds after somebody opened a page until base worlds are begun again: so long the page has the processor alone."""
NICER = 10
"""By how much the workers give way to the page."""
ONE_STEM = 27_000_000
"""Bytes of a base world that is kept, with its setting and the last choice's; measured for Kent."""
MOST_STEMS, SHARE = 200, 0.25
"""Base worlds kept by a worker at most, and the share of the free memory that all workers' may take."""
LIVED = 4
"""Of what a draw lived through, for each base world that there is room for, so many are kept: an eighth more memory."""


@dataclass
class Workers:
    """Processes that make draws, and what the draws show."""

    pools: list[Executor]
    """of one process each"""
    kept: Kept = field(default_factory=Kept)
    ended: threading.Event = field(default_factory=threading.Event)
    """set once no more are made"""
    _askers: list[object] = field(default_factory=list)
    _left: bool = False
    _visited: float = -inf
    """when somebody last opened a page"""

    @classmethod
    def start(cls, many: int) -> Workers:
        """So many processes, started when first needed."""
        spawn, stems = get_context("spawn"), _stems(many)
        pools: list[Executor] = [
            ProcessPoolExecutor(1, mp_context=spawn, initializer=_join, initargs=(stems,)) for _ in range(many)
        ]
        return cls(pools, Kept(shown.folder()))

    def each(
        self, base: Scenario, scenario: Scenario, draws: int, stop: Callable[[], bool], seed: int
    ) -> Iterator[Rows]:
        """The rows of a scenario's draws 0, 1, 2 and so on, as they arrive, in order, until ``stop``; each is kept."""
        known, given = self.kept.of(scenario, seed), 0

        def over() -> bool:
            return stop() or self.ended.is_set()

        ahead: deque[Future[Rows] | None] = deque()
        try:
            for draw in range(draws):
                while given < draws and len(ahead) < AT_ONCE * len(self.pools) and not over():
                    ahead.append(None if given in known else self._at(given).submit(drawn, base, scenario, given, seed))
                    given += 1
                while ahead and ahead[0] is not None and draw not in known and not over():
                    with suppress(TimeoutError):
                        self.kept.add(scenario, seed, draw, ahead[0].result(timeout=LOOK))
                if over():
                    return
                ahead.popleft()
                yield known[draw]
        finally:
            for future in ahead:
                if future is not None:
                    future.cancel()

    def _at(self, draw: int) -> Executor:
        """Always the same process for a draw: it keeps what it made of it."""
        return self.pools[draw % len(self.pools)]

    def close(self) -> None:
        """Make no more draws: those that are being made are waited for, so that every process ends in order."""
        self.ended.set()
        for one in self.pools:
            one.shutdown(cancel_futures=True)

    @contextmanager
    def asked(self, stop: Callable[[], bool]) -> Iterator[None]:
        """While somebody's draws are made; who closes the page before they are (``stop``) leaves everything still."""
        me = object()
        self._askers.append(me)
        try:
            yield
        finally:
            self._askers.remove(me)
            self._left = stop()

    def visit(self) -> None:
        """Somebody opens a page."""
        self._visited = time.monotonic()

    def busy(self) -> bool:
        """Whether somebody waits for something, the last who did has left, or no more draws are made."""
        opening = time.monotonic() - self._visited < QUIET
        return bool(self._askers) or self._left or opening or self.ended.is_set()

    def begin(self, base: Scenario, month: int, draws: int, seed: int = SEED) -> None:
        """Begin the base's draws, in a thread, while nobody asks for draws: their worlds to the month at which policies
        begin, then what they show."""

        def work() -> None:
            ahead: deque[Future[None]] = deque()
            for draw in range(draws):
                if not self._rested():
                    return
                if len(ahead) == 2 * len(self.pools):
                    ahead.popleft().result()
                ahead.append(self._at(draw).submit(begun, base, draw, seed, month))
            while self._rested() and len(self.kept.of(base, seed)) < draws:
                for _ in self.each(base, base, draws, self.busy, seed):
                    pass

        def until_ended() -> None:
            try:
                work()
            except (CancelledError, RuntimeError):
                if not self.ended.is_set():
                    raise

        threading.Thread(target=until_ended, daemon=True).start()

    def _rested(self) -> bool:
        """Wait until nobody asks for anything: False if no more draws are made."""
        while self.busy() and not self.ended.wait(LOOK):
            pass
        return not self.ended.is_set()


@cache
def workers(many: int = 0) -> Workers:
    """The workers of this process, one a core; all visitors share them."""
    return Workers.start(many or pool.cores())


def _stems(many: int) -> int:
    """How many base worlds each of so many workers may keep: as many as a share of the free memory holds."""
    return min(MOST_STEMS, int(SHARE * pool.free_memory() / ONE_STEM / max(many, 1)))


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


Key = tuple[Lives, int, int]
"""What bears on children, draw and seed."""


class Stem(NamedTuple):
    """A base world at the month in which policies begin."""

    of: str
    """its scenario"""
    world: World


_most = [1]
"""How many base worlds this worker may keep, last."""
_stem_of: dict[Key, Stem] = {}
_last: dict[Key, Setting] = {}
"""Of a base world that is kept, what the last choice was set in: the next often differs in one rule's size."""
_lived: OrderedDict[Key, Lived] = OrderedDict()
"""What draws lived through, the last used last."""


def drawn(base: Scenario, mine: Scenario, draw: int, seed: int) -> Rows:
    """What a draw with luck of its own (``task.runs``) shows of a choice, or of the base itself."""
    terms = Terms.of(mine, _ruled(mine.model_dump_json()), draw)
    key = (terms.lives, draw, seed)
    if key not in _lived:
        world = _run(base, mine, terms.policy, draw, seed)
        _lived[key] = Lived.of(world)
        if world.setting.scenario == mine:
            terms = Terms.within(world.setting)  # its prices are laid out already
        while len(_lived) > LIVED * max(_most[-1], 1):
            _lived.popitem(last=False)
    _lived.move_to_end(key)
    return _lived[key].rows(terms)


def begun(base: Scenario, draw: int, seed: int, month: int) -> None:
    """Keep a draw's base world at a month, for choices to branch off from."""
    told = base.model_dump_json()
    key = _key(told, draw, seed)
    if key not in _stem_of and len(_stem_of) < _most[-1]:
        _keep(key, told, _started(setting_of(base, draw), draw, seed).run(month))


def _run(base: Scenario, mine: Scenario, policy: Policy, draw: int, seed: int) -> World:
    """The world of a choice, of which ``policy`` is what its rules make in the draw, at its end: branched off from the
    base world, which is kept, of the same children at whatever prices."""
    told = base.model_dump_json()
    key = _key(told, draw, seed)
    stem = _stem_of[key].world if key in _stem_of else None
    of_base = stem.setting if stem else setting_of(base, draw)
    if mine == base:
        return (stem.copy() if stem else _started(of_base, draw, seed)).run()
    of_mine = setting.build(mine, draw, policy, like=_last.get(key, of_base))
    if key in _stem_of:
        _last[key] = of_mine
    apart = leaves(of_base, replace(of_mine, params=of_base.params) if _alike(of_base, of_mine) else of_mine)
    if stem is None or stem.month > apart:
        stem = _started(of_base, draw, seed).run(apart)
        _keep(key, told, stem)
    return stem.under(of_mine).run()


def _started(of: Setting, draw: int, seed: int) -> World:
    """A draw's base world at its start, of which only what is shown will be kept."""
    world = World.start(of, replicate=draw, seed=seed)
    world.record.brief = True
    return world


def _alike(one: Setting, other: Setting) -> bool:
    """Whether only money differs between the estimates of two settings."""
    return bears(one.params) == bears(other.params)


@lru_cache(maxsize=2_000)
def _key(scenario: str, draw: int, seed: int) -> Key:
    return Terms.of(Scenario.model_validate_json(scenario), _ruled(scenario), draw).lives, draw, seed


@lru_cache(maxsize=64)
def _ruled(scenario: str) -> Policy:
    """What a scenario's rules make, the same in every draw."""
    return setting.ruled(Scenario.model_validate_json(scenario))


def _keep(key: Key, told: str, world: World) -> None:
    """Keep a base world, without what its months were worked out on. Where there is no room one of another base makes
    room, the oldest first; of the same base the first draws stay, for visitors ask for all of them in order, and the
    one thrown out would be the next asked for."""
    if key not in _stem_of and len(_stem_of) >= max(_most[-1], 1):
        other = next((k for k, kept in _stem_of.items() if kept.of != told), None)
        if other is None:
            return
        del _stem_of[other]
        _last.pop(other, None)
    _stem_of[key] = Stem(told, world.copy())


# the draws, in order


@dataclass(frozen=True)
class Drawn:
    """What draws 0, 1, 2 and so on show so far: of the choice, and, once the choice has all, of the base."""

    mine: list[Rows]
    base: list[Rows]


def ranges(base: Scenario, mine: Scenario, draws: int, stop: Callable[[], bool], by: Workers | None = None,
           seed: int = SEED) -> Iterator[Drawn]:  # fmt: skip
    """The draws as they arrive, in order: each time all that are there so far, until ``draws`` are there of both worlds
    or ``stop`` says so. The choice comes first, since the ranges are its own.

    Few are given out ahead, so that whoever leaves or moves on leaves little behind, and visitors take turns.
    """
    by = by or workers()
    done = Drawn([], [])
    with by.asked(stop):
        for scenario, found in ((mine, done.mine), (base, done.base)):
            for rows in by.each(base, scenario, draws, stop, seed):
                found.append(rows)
                yield done


def study_of(base: Scenario, mine: Scenario, done: Drawn, seed: int = SEED) -> Live:
    """The draws so far as a study of what they show; nothing of the base until all its draws are there."""
    whole = done.base if len(done.base) == len(done.mine) else []
    both = [shown.tables(rows) for rows in (whole, done.mine)]
    return Live.of([base, mine], [both], seed, draws=len(done.mine))


__all__ = ["Drawn", "Workers", "begun", "drawn", "ranges", "study_of", "workers"]
