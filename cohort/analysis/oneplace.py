"""What one more special school place is worth, by year and by where its child would have been without it.

    filled = oneplace.one_more(world, setting)      # a world at some month, and its setting with more places
    filled["2026-27"].pounds, filled["2026-27"].break_even

Two worlds with the same luck go on from the month, one with more places, and each child's month is compared: a child in
a special school only where there are more places has *gained* one, and came from where it is in the other world. All
the rest that changed goes into the value too: the places that such children leave, who takes them (one place more
changes one chain of children), and place funding of places that stay vacant.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, spending
from cohort.setting import Setting
from cohort.states import Presence, Support
from cohort.world import World

ORIGINS = ("nmiss", "mainstream", "other")
"""Where a child would have been: an independent special school, mainstream, or elsewhere (no plan among it)."""
KIND = "state_special"


@dataclass
class Filled:
    """A financial year of the places that were added, so far as the worlds lived it. Costs are positive."""

    place_months: int = 0
    """months of places added"""
    pence: int = 0
    """spent more in all"""
    gained: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORIGINS, 0))
    """origin -> child-months in a special school which the child would not have had"""
    lost: int = 0
    """child-months in a special school that a child had without the places and has not with them"""
    gained_pence: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ORIGINS, 0))
    """origin -> what those children cost more in those months"""
    new: int = 0
    """of the child-months gained, those of children whose plan began after the places were there"""
    children: int = 0
    """who lived another life by the end of the year, from the first month on: the lengths of all chains"""

    @property
    def pounds(self) -> float:
        """GBP more a place and year; not a number without places."""
        return self.pence / 100 * 12 / self.place_months if self.place_months else float("nan")

    @property
    def share_new(self) -> float:
        """Of the child-months gained, the share of new plans."""
        months = sum(self.gained.values())
        return self.new / months if months else float("nan")

    def share(self, origin: str) -> float:
        """Of the child-months gained, the share from an origin."""
        months = sum(self.gained.values())
        return self.gained[origin] / months if months else float("nan")

    def each(self, *origins: str) -> float:
        """GBP more a year that a child who came from there costs in a special school."""
        months = sum(self.gained[o] for o in origins)
        return sum(self.gained_pence[o] for o in origins) / 100 * 12 / months if months else float("nan")

    @property
    def break_even(self) -> float:
        """The share from independent schools at which the children who gain a place cost as much as without it: at this
        year's prices of those who came, cost from elsewhere / (cost from elsewhere + saving from independent schools).
        """
        saved, spent = -self.each("nmiss"), self.each("mainstream", "other")
        return spent / (spent + saved) if saved > 0 and spent > 0 else float("nan")


def one_more(world: World, more: Setting) -> dict[str, Filled]:
    """Financial year -> what the places that ``more`` has besides the world's setting did, from the world's month to
    its end. The world is left alone."""
    one, two = world.copy(), world.under(more)
    had_plan = one.columns.support == Support.PLAN
    apart, out = np.zeros(len(had_plan), np.bool_), dict[str, Filled]()
    while one.month < one.setting.scenario.last:
        before = one.columns.cost.copy(), two.columns.cost.copy()
        one.step()
        two.step()
        year = out.setdefault(calendar.financial_year(one.month - 1), Filled())
        cost = (two.columns.cost - before[1]) - (one.columns.cost - before[0])
        _note(year, one, two, cost, had_plan)
        apart |= _placed(one) != _placed(two)
        year.children = int(apart.sum())
        one.record.forget()
        two.record.forget()
    return out


def _note(year: Filled, one: World, two: World, cost: NDArray[np.int64], had_plan: NDArray[np.bool_]) -> None:
    """Add the month last lived to its year."""
    words, at = one.setting.book.vocabulary, one.month - 1
    special, where = words.code(KIND), _placed(one)
    theirs = _placed(two) == special
    gained, lost = theirs & (where != special), ~theirs & (where == special)
    year.place_months += _places(two, at) - _places(one, at)
    year.pence += int(cost.sum()) + spending.month_of(two) - spending.month_of(one)
    year.lost += int(lost.sum())
    year.new += int((gained & ~had_plan).sum())
    from_here = {origin: gained & (where == words.code(origin)) for origin in ORIGINS[:2]}
    from_here[ORIGINS[2]] = gained & ~from_here["nmiss"] & ~from_here["mainstream"]
    for origin, rows in from_here.items():
        year.gained[origin] += int(rows.sum())
        year.gained_pence[origin] += int(cost[rows].sum())


def _placed(world: World) -> NDArray[np.int16]:
    """[child] placement with a plan; -1 without one, or away."""
    c = world.columns
    held = (c.presence == Presence.HERE) & (c.support == Support.PLAN)
    return np.where(held, c.placement.astype(np.int16), np.int16(-1))


def _places(world: World, month: int) -> int:
    """Places of the kind in a month."""
    p = world.setting.places
    return int(sum(n for n, q in zip(p.by_month[month - p.first].tolist(), p.providers, strict=True) if q.kind == KIND))
