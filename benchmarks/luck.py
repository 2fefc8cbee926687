"""What common random numbers gain: the spread of a policy's effect, and whether anybody else is touched.

The policy cuts requests for supported children in Year R to 6 by a fifth from September 2024. Places are elastic here:
children who compete for one place do touch each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from cohort import calendar, setting
from cohort.policy import Policy, Scale, When, where
from cohort.scenario import PlacesSection, Scenario
from cohort.setting import Setting
from cohort.states import Support
from cohort.world import World

RATE, AGES, FROM = "request_supported", (0, 6), "2024-09"
POLICY = Policy("a fifth fewer", (Scale(RATE, by=0.8, where=where(ncy=AGES), when=When(FROM)),))
CENSUSES = ("2026-01", "2028-01")
WHO = ["row", "order"]


def measure(seeds: int, compared: int) -> dict[str, Any]:
    """Variance of the effect on plans with independent seeds over with common seeds, by census; and of ``compared``
    pairs how many children differ, and how many of them whom the policy had not touched."""
    scenario = Scenario.load("baseline").model_copy(update={"places": PlacesSection(binding=False)})
    settings = (setting.build(scenario), setting.build(scenario, policy=POLICY))
    plans = np.zeros((seeds, 2, len(CENSUSES)))
    differ, unaffected = [], []
    for seed in range(seeds):
        pair = [World.start(s, seed=seed).run() for s in settings]
        plans[seed] = [[held(world, at) for at in CENSUSES] for world in pair]
        if seed < compared:
            changed, untouched = differing(*pair)
            differ.append(changed)
            unaffected.append(untouched)
    effect = plans[:, 1] - plans[:, 0]
    apart = plans.var(0, ddof=1).sum(0)
    ratio = apart / effect.var(0, ddof=1)
    return {
        "policy": f"{RATE} x 0.8, NCY {AGES[0]} to {AGES[1]}, from {FROM}", "seeds": seeds, "pairs": compared,
        "censuses": {
            at: {"effect": effect[:, k].mean(), "sd_common": effect[:, k].std(ddof=1), "sd_apart": apart[k] ** 0.5,
                 "ratio": ratio[k]}
            for k, at in enumerate(CENSUSES)
        },
        "differ": float(np.mean(differ)), "unaffected": int(sum(unaffected)),
    }  # fmt: skip


def held(world: World, at: str) -> int:
    """Plans at the start of a month."""
    return int(world.record.cells[calendar.month(at)][:, :, Support.PLAN].sum())


def differing(base: World, other: World) -> tuple[int, int]:
    """Children whose events differ between two worlds, and those whose first difference is not a request that the
    policy took away from a child whom it is for."""
    both = _log(base).merge(_log(other), how="outer", on=WHO, suffixes=("", "_other"), indicator=True)
    same = both["_merge"] == "both"
    for name in ("month", "event", "reason", "frm", "to", "clock"):
        same &= both[name] == both[f"{name}_other"]
    first = both[~same].sort_values(WHO).drop_duplicates("row")
    return len(first), int((~_caused(first, base.setting)).sum())


def _log(world: World) -> pd.DataFrame:
    """A world's events in the order in which each child met them."""
    months = [np.full(len(log.row), at) for at, log in enumerate(world.record.logs, world.setting.scenario.first)]
    frame = pd.DataFrame({n: np.concatenate(c) for n, c in _columns(world).items()} | {"month": np.concatenate(months)})
    frame["order"] = frame.groupby("row").cumcount()
    return frame


def _columns(world: World) -> dict[str, list[Any]]:
    logs = world.record.logs
    return {name: [getattr(log, name) for log in logs] for name in logs[0]._fields}


def _caused(first: pd.DataFrame, of: Setting) -> pd.Series[bool]:
    """Whether a child's first difference is that the base world alone has a request of the policy's kind."""
    academic_year = (first["month"] - (calendar.SEPTEMBER - 1)) // 12
    ncy = academic_year - 5 - of.tape.cohort[first["row"]]
    asked = first["event"] == of.book.events.index(RATE)
    return asked & (first["month"] >= calendar.month(FROM)) & ncy.between(*AGES)
