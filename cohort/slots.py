"""The kinds of place that are counted and priced apart: each placement by county and boarding, where these are told.

Most placements have one. Counting plans by these alone, instead of by every placement x ``states.WHERE``, leaves out
what cannot be, and is a third less to add up each month.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort.changes import SCARCE
from cohort.lodging import Lodging
from cohort.states import COUNTIES, STAYS, WHERE, Vocabulary

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Slots:
    """Each kind of place that there is, [placement, where] without those that cannot be: plans are counted so."""

    first: Ints
    """[placement] its first slot, and one past the last: of each placement the codes of ``WHERE`` from 0 on"""
    labels: tuple[str, ...]
    """placements by code"""

    @classmethod
    def of(cls, vocabulary: Vocabulary, lodging: Lodging) -> Slots:
        """Four for a placement that tells county and boarding apart, two for a scarce one, one for any other."""
        scarce = {vocabulary.code(kind) for kind in SCARCE}
        wide = [
            len(WHERE) if p in lodging.placements else len(COUNTIES) if p in scarce else 1
            for p in range(len(vocabulary.placements))
        ]
        return cls(np.cumsum([0, *wide]), vocabulary.labels)

    @property
    def many(self) -> int:
        """How many there are."""
        return int(self.first[-1])

    def of_placement(self, placement: int) -> slice:
        """The slots of a placement."""
        return slice(int(self.first[placement]), int(self.first[placement + 1]))

    def untold(self, placements: tuple[int, ...], county: str, stay: str) -> str:
        """What a price that names a county or a stay would go by and these placements do not tell, "" if nothing."""
        wide = np.diff(self.first)
        for given, words, least in ((county, COUNTIES, len(COUNTIES)), (stay, STAYS, len(WHERE))):
            if given and (wide[list(placements)] < least).any():
                told = [label for label, n in zip(self.labels, wide, strict=True) if n >= least]
                return f"{' from '.join(words)}; allowed: {', '.join(told) or 'none'}"
        return ""

    @cached_property
    def at(self) -> tuple[Ints, Ints]:
        """[slot] its placement and where."""
        placement = np.repeat(np.arange(len(self.first) - 1), np.diff(self.first))
        return placement, np.arange(self.many) - self.first[placement]

    def gather(self, cells: NDArray[Any]) -> NDArray[Any]:
        """[slot, ...] of [placement, ..., where, terms], the axes between as they are."""
        placement, where = self.at
        return np.moveaxis(cells, -2, 1)[placement, where]

    def spread(self, counts: NDArray[Any]) -> NDArray[Any]:
        """[placement, ..., where, terms] of [slot, ..., terms]: what cannot be is 0."""
        placement, where = self.at
        out = np.zeros((len(self.first) - 1, len(WHERE), *counts.shape[1:]), counts.dtype)
        out[placement, where] = counts
        return np.moveaxis(out, 1, -2)
