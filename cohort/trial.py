"""A rule tried on one run of Kent, with and without it, in a second or two: for tests of rules.

    without, with_rule = trial.pair(policy, until="2028-01")
    trial.differ(without, with_rule)          # which children are not as they would have been

Both worlds have the same children with the same luck, so whoever differs differs because of the rule. There is a place
for everybody unless ``binding``: a scarce place that a rule frees goes to somebody else, who may live anywhere. One run
says what a rule touches, not how sure its size is: that is what a study is for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from cohort import setting
from cohort.policy import NOTHING, Policy
from cohort.processes import event_names
from cohort.scenario import PlacesSection, Scenario
from cohort.states import AREAS, closest
from cohort.world import World


def pair(policy: Policy, until: str = "2028-04", draw: int = 0, seed: int = 1,
         binding: bool = False) -> tuple[World, World]:  # fmt: skip
    """The world without a policy and the world with it, both run from January 2024 to the start of a month."""
    scenario = Scenario(name="trial", until=until, places=PlacesSection(binding=binding))
    without, with_it = (
        World.start(setting.build(scenario, draw, policy=p), seed=seed).run() for p in (NOTHING, policy)
    )
    return without, with_it


def differ(one: World, other: World) -> NDArray[np.bool_]:
    """[child] whether anything about the child is not the same in both worlds."""
    found = np.zeros(len(one.columns.key), np.bool_)
    for name, column in one.columns._asdict().items():
        found |= column != getattr(other.columns, name)
    return found


def happened(world: World, *events: str, area: str = "") -> int:
    """How often events happened to children of an area, or of all. Raises ValueError with the closest match."""
    for given, allowed in [*((e, event_names()) for e in events), *([(area, AREAS)] if area else [])]:
        if given not in allowed:
            raise ValueError(f"{given!r} is neither an event nor an area; {closest(given, allowed)}")
    numbers = [event_names().index(e) for e in events]
    rows = np.concatenate([log.row[np.isin(log.event, numbers)] for log in world.record.logs])
    return int((world.columns.area[rows] == AREAS.index(area)).sum()) if area else len(rows)


__all__ = ["differ", "happened", "pair"]
