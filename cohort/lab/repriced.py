"""The same children at other prices: what a world that was run costs where nothing but money is another.

A price bears on no child: who asks, is placed or waits does not look at it. So a world run under one price list is
priced anew under another, instead of being lived again; its tables are to the byte those of the world run anew. What
each child has cost so far is not priced anew: ask that of a world that was run.
"""

from __future__ import annotations

from collections.abc import Iterable

from cohort.changes import Change
from cohort.setting import Setting
from cohort.world import World

MONEY = ("price.", "service.", "growth.", "income.", "tariff.")
"""How the names begin of the estimates that only prices and the account read."""
PAYS = ("price", "fund", "withhold")
"""The kinds of change that only they read."""


def same_children(one: Setting, other: Setting) -> bool:
    """Whether worlds of two settings have the same children with the same lives, given the same luck."""
    a, b = one.scenario, other.scenario
    return (
        one.tape is other.tape
        and (a.first, a.last) == (b.first, b.last)
        and one.pack.digest() == other.pack.digest()
        and one.book.processes == other.book.processes
        and one.prices.since == other.prices.since
        and _lived(one) == _lived(other)
        and one.places.first_difference(other.places) >= a.last
    )


def _lived(setting: Setting) -> tuple[dict[str, float], set[Change]]:
    """What of a draw and a policy bears on children."""
    values = {k: v for k, v in setting.params.values.items() if not k.startswith(MONEY)}
    return values, {c for c in setting.book.rates.policy.changes if c.kind not in PAYS}


def found(among: Iterable[World], setting: Setting) -> World | None:
    """A world of these that was run to its end with the same children, priced anew; None if there is none."""
    for world in among:
        if same_children(world.setting, setting) and world.month == setting.scenario.last:
            return world.under(setting)
    return None


__all__ = ["found", "same_children"]
