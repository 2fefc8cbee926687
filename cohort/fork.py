"""Worlds of one run under several scenarios: stepped together until they differ, then compared child by child.

Until the first month in which two scenarios' policies differ their worlds are the same world, so it is stepped once
and copied: the second world costs only the months that follow. The same child is then looked up in both.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, tally
from cohort.calendar import APRIL
from cohort.setting import Setting
from cohort.world import World

PAIRED = ("from", "to")


def first_difference(one: Setting, other: Setting) -> int:
    """The first month in which a world of one setting may differ from one of the other, given the same luck.

    The last month of the shorter scenario if none differs.
    """
    first, last = one.scenario.first, min(one.scenario.last, other.scenario.last)
    same = (
        one.tape is other.tape
        and one.pack.digest() == other.pack.digest()
        and one.params.values == other.params.values
        and one.book.processes == other.book.processes
        and other.scenario.first == first
    )
    if not same:
        return first
    apart = set(one.book.rates.policy.changes) ^ set(other.book.rates.policy.changes)
    return min([calendar.month(c.timing.start) for c in apart] + [last, one.places.first_difference(other.places)])


def labels(setting: Setting) -> tuple[str, ...]:
    """The words of a ``pairs`` row: support and stage without a plan, the placement with one."""
    return ("none", "sen_support", "asking", *setting.book.vocabulary.labels)


def where_each_is(world: World) -> NDArray[np.uint8]:
    """[child] code into ``labels``; ``ABSENT`` for children who are not there."""
    c = world.columns
    out = np.empty(len(c.key), np.uint8)
    tally.where(c.presence, c.support, c.stage, c.placement, out)
    return out


ABSENT = tally.ABSENT


@dataclass(frozen=True, eq=False)
class Pairs:
    """How many children are where in two worlds at the start of some months; counted when first asked for."""

    months: tuple[int, ...]
    width: int
    """how many places there are"""
    where: tuple[dict[int, NDArray[np.uint8]], dict[int, NDArray[np.uint8]]] = field(repr=False)
    """of the base and of the policy: month -> [child] code into ``labels``"""

    @classmethod
    def of(cls, setting: Setting, base: dict[int, NDArray[np.uint8]], other: dict[int, NDArray[np.uint8]]) -> Pairs:
        """The pairs of the months that both worlds were seen in."""
        return cls(tuple(sorted(base.keys() & other.keys())), len(labels(setting)), (base, other))

    @cached_property
    def children(self) -> NDArray[np.int64]:
        """[month, place in base, place in policy] children who are there in both."""
        out = np.zeros((len(self.months), self.width, self.width), np.int64)
        for k, m in enumerate(self.months):
            tally.pair(self.where[0][m], self.where[1][m], np.zeros((4, 256, 256), np.int32), out[k])
        return out


def compared_in(month: int) -> bool:
    """Whether worlds are compared at the start of a month: census Januaries and the ends of financial years."""
    return calendar.is_january(month) or calendar.month_of_year(month) == APRIL


def run_together(
    settings: Sequence[Setting], seed: int, replicate: int, roll: bool = False
) -> Iterator[tuple[World, Pairs]]:
    """Each setting's world at its end, in order, with its pairs against the first's: for the first, against itself.

    ``roll`` keeps every child of each January.
    """
    base = _started(settings[0], seed, replicate, roll)
    forks = [min(first_difference(settings[0], s), s.scenario.last) for s in settings]
    kept: dict[int, World] = {}
    seen: dict[int, NDArray[np.uint8]] = {}
    for month in range(base.month, settings[0].scenario.last + 1):
        for k in (k for k, fork in enumerate(forks) if k and fork == month and settings[k].tape is settings[0].tape):
            kept[k] = base.under(settings[k])
        if compared_in(month):
            seen[month] = where_each_is(base)
        if month < settings[0].scenario.last:
            base.step()
    yield base, Pairs.of(settings[0], seen, seen)
    for k, s in enumerate(settings[1:], 1):
        world = kept.pop(k, None) or _started(s, seed, replicate, roll)
        yield followed(world, seen if s.tape is settings[0].tape else {})


def _started(setting: Setting, seed: int, replicate: int, roll: bool) -> World:
    world = World.start(setting, replicate=replicate, seed=seed)
    if roll:
        world.record.rolls = {}
        world.record.roll(world.columns, world.month)
    return world


def followed(world: World, base: dict[int, NDArray[np.uint8]]) -> tuple[World, Pairs]:
    """A world run from where it left the base, with its pairs; without a base of the same children it has none."""
    found = {m: where for m, where in base.items() if m <= world.month}
    while world.month < world.setting.scenario.last:
        world.step()
        if compared_in(world.month):
            found[world.month] = where_each_is(world)
    return world, Pairs.of(world.setting, base, found)
