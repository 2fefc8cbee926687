"""Children at a fit: what they say of every target, and by how much the lumped expectation is off.

Places bind, districts and needs are told apart, reviews fall on anniversaries: the mean of some replicates against the
expectation at the same parameters is each target's offset.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from calibration import series
from calibration.fit import SEGMENTS
from calibration.forward import FITTED_JANUARY, joined
from calibration.priors import split
from calibration.series import Reading, Series
from calibration.targets import Target
from cohort import setting
from cohort.pack import Pack
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

Floats = NDArray[np.float64]
REPLICATES, SEED = 16, 1


def settings(pack: Pack, values: Mapping[str, float], segments: Sequence[tuple[str, str]] = SEGMENTS) -> list[Setting]:
    """The baseline's settings at some parameters, with an earlier January's own pipeline."""
    plain, years = split(values)
    out = []
    for start, until in segments:
        mine = plain if start[:4] == FITTED_JANUARY else plain | years.get(start[:4], {})
        scenario = Scenario(name="fit", start=start, until=until, authority=str(pack.folder), parameters=mine)
        out.append(setting.build(scenario, 0, pack=pack))
    return out


def replicates(of: Sequence[Setting], number: int, done: Callable[[int], None] = lambda _: None) -> list[Series]:
    """Every replicate's months, the settings' one after another."""
    out = []
    for k in range(number):
        parts = []
        for s in of:
            world = World.start(s, replicate=k, seed=SEED)
            world.run()
            parts.append(series.of_world(world))
        out.append(joined(parts))
        done(k + 1)
    return out


def means(reading: Reading, wanted: Sequence[Target], of: Sequence[Series]) -> tuple[Floats, Floats]:
    """([target] means over replicates, [target] their standard errors)."""
    each = np.array([[float(reading.read(t, s)) for t in wanted] for s in of])
    return each.mean(0), each.std(0, ddof=1) / np.sqrt(len(of))


def offsets(children: Floats, expected: Floats) -> Floats:
    """[target] children over expectation; 1 where the expectation says nothing."""
    known = np.isfinite(expected) & (expected != 0)
    return np.divide(children, expected, out=np.ones_like(expected), where=known)
