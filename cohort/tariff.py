"""What a child of a need and severity costs against the mean child of its placement: an estimate, scaled to mean 1.

A price with a ``tariff.severity.<charge>`` among the estimates has a tariff: the product of what the need costs
relatively (``tariff.need.<need>``, the same in every placement) and of the severity band, which runs evenly from the
mildest, 1 - spread, to the severest, 1 + spread. It is scaled so that the plans of January 2024 in the placement cost
the price on average, bands being equally many (decision 2): the published lines stay where they were.
``tariff.outside.<charge>`` is what a place in another authority's school costs relatively.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.states import NEEDS, SEVERITIES, Vocabulary

Floats = NDArray[np.float64]


def relative(pack: Pack, params: Parameters, vocabulary: Vocabulary, charge: str, placement: str) -> Floats | None:
    """[severity, need, inside or outside] relative cost of the charge's children, or None if all cost the same."""
    spread = params.get(f"tariff.severity.{charge}", -1.0)
    if spread < 0:
        return None
    bands = 1 + spread * np.linspace(-1, 1, SEVERITIES)
    needs = np.array([params.get(f"tariff.need.{need}", 1.0) for need in NEEDS])
    needs /= needs @ shares(pack, vocabulary)[vocabulary.code(placement)]
    inside = bands[:, None] * needs
    return np.stack([inside, inside * params.get(f"tariff.outside.{charge}", 1.0)], -1)


def shares(pack: Pack, vocabulary: Vocabulary) -> Floats:
    """[placement, need] of the plans of January 2024 in each placement; where there are none, of all plans."""
    return _shares(pack.digest(), str(pack.folder), vocabulary)


@lru_cache(maxsize=8)
def _shares(digest: str, folder: str, vocabulary: Vocabulary) -> Floats:
    from cohort import start

    pack = Pack.load(folder)
    plans = start.plans_by_ncy(pack, vocabulary, start.PUBLISHED_JANUARY)
    counted, _ = start.needs_of_plans(pack, vocabulary, plans)
    held = np.zeros((len(vocabulary.placements), len(NEEDS)))
    held[:, : counted.shape[2]] = counted.sum(0)
    held[held.sum(1) == 0] = held.sum(0)
    return held / held.sum(1, keepdims=True)
