"""What a child of a need and severity costs against the mean child of its placement: an estimate, scaled to mean 1.

A price with a ``tariff.severity.<charge>`` among the estimates has a tariff: the product of what the need costs
relatively (``tariff.need.<need>``, the same in every placement) and of the severity band, which runs evenly from the
mildest, 1 - spread, to the severest, 1 + spread. It is scaled so that the plans of January 2024 in the placement cost
the price on average, bands being equally many (decision 2): the published lines stay where they were.
``tariff.outside.<charge>`` is what a place in another authority's school costs relatively. An independent place outside
the county, or a residential one, costs more by the factors of ``lodging``, scaled in the same way: over the plans of
January 2024 and the chances that each is such a place.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohort.calendar import AGE_GROUPS
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.states import NEEDS, SEVERITIES, Vocabulary

if TYPE_CHECKING:
    from cohort.lodging import Lodging

Floats = NDArray[np.float64]


def relative(pack: Pack, params: Parameters, vocabulary: Vocabulary, charge: str, placement: str,
             lodging: Lodging) -> Floats | None:  # fmt: skip
    """[severity, need, where] relative cost of the charge's children, or None if all cost the same."""
    spread = params.get(f"tariff.severity.{charge}", -1.0)
    if spread < 0:
        return None
    code = vocabulary.code(placement)
    bands = 1 + spread * np.linspace(-1, 1, SEVERITIES)
    needs = np.array([params.get(f"tariff.need.{need}", 1.0) for need in NEEDS])
    needs /= needs @ shares(pack, vocabulary)[code]
    inside = bands[:, None] * needs
    if code in lodging.placements:
        cost = inside[:, :, None] * lodging.factor[lodging.placements.index(code)]
        return np.asarray(cost / lodging.mean(code, cost))
    outside = inside * params.get(f"tariff.outside.{charge}", 1.0)
    return np.stack([inside, outside, inside, outside], -1)


def shares(pack: Pack, vocabulary: Vocabulary) -> Floats:
    """[placement, need] of the plans of January 2024 in each placement; where there are none, of all plans."""
    held = stock(pack, vocabulary).sum(1)
    return np.asarray(held / held.sum(1, keepdims=True))


def stock(pack: Pack, vocabulary: Vocabulary) -> Floats:
    """[placement, age group, need] plans of January 2024; where a placement has none, all plans."""
    return _stock(pack.digest(), str(pack.folder), vocabulary)


@lru_cache(maxsize=8)
def _stock(digest: str, folder: str, vocabulary: Vocabulary) -> Floats:
    from cohort import start
    from cohort.record import AGE_GROUP_OF_NCY

    pack = Pack.load(folder)
    plans = start.plans_by_ncy(pack, vocabulary, start.PUBLISHED_JANUARY)
    counted, _ = start.needs_of_plans(pack, vocabulary, plans)
    held = np.zeros((len(vocabulary.placements), len(AGE_GROUPS), len(NEEDS)))
    for group in range(len(AGE_GROUPS)):
        held[:, group, : counted.shape[2]] = counted[group == AGE_GROUP_OF_NCY].sum(0)
    held[held.sum((1, 2)) == 0] = held.sum(0)
    held.flags.writeable = False
    return held
