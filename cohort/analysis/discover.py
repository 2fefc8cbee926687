"""Under which circumstances a goal is met: a box of parameters, found in the draws that a study holds.

    discover(Study.open("studies/mine"), Goal.parse("in_year 2027-28 <= 0"))

Scenario discovery by PRIM (Friedman and Fisher 1999; Bryant and Lempert 2010), as the EMA workbench has it (an optional
extra): a box is peeled and pasted, a twentieth of the draws at a time, towards those that meet the goal. Each box is
told by its coverage (of the draws that meet the goal, how many are in it), its density (of the draws in it, how many
meet the goal), its mass, and the limits that are unlikely to be there by chance (quasi-p). Nothing is run.
It needs draws on both sides: a goal that nothing or everything meets has no circumstances to tell.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cohort.analysis import perrun, sensitivity
from cohort.analysis.goal import Goal
from cohort.analysis.ranges import Floats
from cohort.pack import Pack
from cohort.results import Study, StudyError
from cohort.states import closest

if TYPE_CHECKING:
    import pandas as pd

LEAST = 40
"""Draws from which on a box is looked for, and of them that meet the goal or not, a tenth."""
CHANCE = 0.05
"""Limits whose quasi-p-value times the number of parameters is above this may be there by chance and are left out."""


@dataclass(frozen=True)
class Limit:
    """A parameter's values within a box, and the chance that as good a limit would be found where none is."""

    parameter: str
    low: float
    high: float
    quasi_p: float
    whole: tuple[float, float]
    """lowest and highest of all draws"""


@dataclass(frozen=True)
class Box:
    """Circumstances: the draws within every limit."""

    limits: tuple[Limit, ...]
    coverage: float
    density: float
    mass: float


@dataclass(frozen=True)
class Discovery:
    """In which draws a goal is met, and the boxes that tell them apart: one on the way from all draws to the purest,
    with at least half of those that meet the goal, and the purest."""

    scenario: str
    goal: str
    draws: int
    met: int
    boxes: tuple[Box, ...]


def discover(study: Study, goal: Goal, scenario: str = "") -> Discovery:
    """Look for the box. Raises StudyError for a study of too few draws, or a goal that all or hardly any draw meets."""
    scenarios = {s.name: s for s in study.scenarios}
    scenario = scenario or list(scenarios)[-1]
    if scenario not in scenarios:
        raise StudyError(f"{scenario!r} is not a scenario of this study; {closest(scenario, scenarios)}")
    values = _values(study, scenario, goal, Pack.load(scenarios[scenario].authority))
    met = [v <= goal.pounds for v in values.values()]
    if len(met) < LEAST:
        raise StudyError(f"{study.folder}: {len(met)} draws; allowed: {LEAST} or more, as in cohort run --draws 200")
    if not 0.1 <= sum(met) / len(met) <= 0.9:
        middle = sorted(values.values())[len(met) // 2]
        raise StudyError(
            f"goal {goal}: {sum(met)} of {len(met)} draws meet it; allowed: between a tenth and nine tenths "
            f"(the median is GBP {middle:,.0f})"
        )
    names, table = sensitivity.table(scenarios[scenario], list(values))
    return Discovery(scenario, str(goal), len(met), sum(met), _boxes(names, table, met))


def _values(study: Study, scenario: str, goal: Goal, pack: Pack) -> dict[int, float]:
    """Draw -> the goal's figure in GBP, the mean of its replicates."""
    wide = perrun.per_run(study, "spend", scenario, ["financial_year", "line"])
    found: dict[int, list[float]] = {}
    for run in wide.columns:
        spend: dict[str, dict[str, int]] = {}
        for (year, line), pence in zip(wide.index.to_list(), wide[run].to_numpy(float), strict=True):
            spend.setdefault(str(year), {})[str(line)] = round(float(pence))
        found.setdefault(int(run[0]), []).append(goal.value(pack, spend))
    return {draw: sum(v) / len(v) for draw, v in found.items()}


def _boxes(names: tuple[str, ...], table: Floats, met: list[bool]) -> tuple[Box, ...]:
    import numpy as np
    import pandas as pd

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says which of its other engines are not installed
            from ema_workbench.analysis import prim
    except ImportError:
        raise StudyError("the EMA workbench is not installed: pip install 'kent-cohort[explore]'") from None
    x = pd.DataFrame(table, columns=list(names))
    search = prim.Prim(x, np.array(met, int), threshold=0.5)
    box = search.find_box()
    if box is None:
        return ()
    path: pd.DataFrame = box.peeling_trajectory
    density, coverage = path["density"].to_numpy(), path["coverage"].to_numpy()
    chosen = dict.fromkeys([int(np.where(coverage >= 0.5, density, -1).argmax()), int(density.argmax())])
    return tuple(_box(box, path, at, x) for at in chosen)


def _box(box: object, path: pd.DataFrame, at: int, x: pd.DataFrame) -> Box:
    limits = box.box_lims[at]  # type: ignore[attr-defined]
    quasi = box.qp[at]  # type: ignore[attr-defined]
    told = []
    for name, both in quasi.items():
        p = min([float(v) for v in both if v >= 0] or [1.0])
        if p * x.shape[1] < CHANCE:
            low, high = (float(v) for v in limits[name])
            told.append(Limit(str(name), low, high, p, (float(x[name].min()), float(x[name].max()))))
    told.sort(key=lambda limit: (limit.quasi_p, limit.parameter))
    return Box(tuple(told), *(float(path[name].to_numpy()[at]) for name in ("coverage", "density", "mass")))
