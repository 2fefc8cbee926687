"""The same children at other prices: what a world that was run costs where nothing but money is another.

A price bears on no child: who asks, is placed or waits does not look at it. So a world run under one price list is
priced anew under another, instead of being lived again; its tables are to the byte those of the world run anew. What
each child has cost so far is not priced anew: ask that of a world that was run.
"""

from __future__ import annotations

from collections.abc import Iterable

from cohort import calendar
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.policy import Policy, Price
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

MONEY = ("price.", "service.", "growth.", "income.", "tariff.")
"""How the names begin of the estimates that only prices and the account read."""
PAYS = ("price", "fund", "withhold")
"""The kinds of change that only they read."""
Lives = tuple[object, ...]


def lives(scenario: Scenario, pack: Pack, params: Parameters, policy: Policy) -> Lives:
    """All that bears on children, of a scenario, a draw of estimates and a settled policy: equal where the same
    children live the same lives, given the same luck."""
    acts = frozenset(c for c in policy.changes if c.kind not in PAYS)
    told = {calendar.month(c.when.start) for c in policy.changes if isinstance(c, Price) and c.new_placements}
    months = scenario.first, scenario.last
    return pack.digest(), months, scenario.places.model_dump_json(), bears(params), acts, frozenset(told)


def bears(params: Parameters) -> frozenset[tuple[str, float]]:
    """The estimates of a draw that bear on children."""
    return frozenset((k, v) for k, v in params.values.items() if not k.startswith(MONEY))


def _of(setting: Setting) -> Lives:
    return lives(setting.scenario, setting.pack, setting.params, setting.book.rates.policy)


def same_children(one: Setting, other: Setting) -> bool:
    """Whether worlds of two settings have the same children with the same lives, given the same luck."""
    return one.tape is other.tape and one.book.processes == other.book.processes and _of(one) == _of(other)


def found(among: Iterable[World], setting: Setting) -> World | None:
    """A world of these that was run to its end with the same children, priced anew; None if there is none."""
    for world in among:
        if same_children(world.setting, setting) and world.month == setting.scenario.last:
            return world.under(setting)
    return None


__all__ = ["Lives", "bears", "found", "lives", "same_children"]
