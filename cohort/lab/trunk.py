"""A base world's run, kept so that other worlds branch off it at once: the second costs only its own months.

As ``fork.run_together``, but the base is run once for all that are compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cohort import fork
from cohort.fork import Pairs
from cohort.setting import Setting
from cohort.world import World

COPIES = 4
"""Months at which the base is kept, besides its start: some 8 MB each."""


@dataclass(eq=False)
class Trunk:
    """The base world at its end, where each child was, and copies to branch off from."""

    setting: Setting
    end: World
    seen: dict[int, NDArray[np.uint8]]
    start: World
    copies: dict[int, World] = field(default_factory=dict)
    """month -> the base world at its start; the last used come last"""

    @classmethod
    def grown(cls, setting: Setting, seed: int, replicate: int = 0, keep: int = 0) -> Trunk:
        """The base world, run to its end; ``keep`` is the month at which another is about to branch off."""
        start = World.start(setting, replicate=replicate, seed=seed)
        world, seen, copies = start.copy(), {}, {}
        while True:
            if fork.compared_in(world.month):
                seen[world.month] = fork.where_each_is(world)
            if world.month == keep:
                copies[keep] = world.copy()
            if world.month >= setting.scenario.last:
                return cls(setting, world, seen, start, copies)
            world.step()

    def priced(self, setting: Setting) -> Trunk:
        """The same children's world in a setting in which only prices are others (see ``repriced``)."""
        copies = {month: world.under(setting) for month, world in self.copies.items()}
        return Trunk(setting, self.end.under(setting), self.seen, self.start.under(setting), copies)

    def branch(self, other: Setting) -> tuple[World, Pairs]:
        """The world of another setting of the same children at its end, paired with the base's."""
        if other.tape is not self.setting.tape:
            raise ValueError("a world branches off only among its own children: the other setting has another tape")
        return fork.followed(self._at(leaves(self.setting, other)).under(other), self.seen)

    def _at(self, month: int) -> World:
        """The base world at the start of a month, kept for the next that branches off there."""
        if month not in self.copies:
            near = max((m for m in self.copies if m <= month), default=0)
            world = self.copies[near].copy() if near else self.start.copy()
            self.copies[month] = world.run(month)
        self.copies[month] = self.copies.pop(month)
        while len(self.copies) > COPIES:
            self.copies.pop(next(iter(self.copies)))
        return self.copies[month]


def leaves(base: Setting, other: Setting) -> int:
    """The month in which a world leaves its base: the last if it never does."""
    return min(fork.first_difference(base, other), other.scenario.last)


__all__ = ["Trunk", "leaves"]
