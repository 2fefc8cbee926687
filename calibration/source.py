"""The published tables by school year, as the first rates are worked out from them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, demography
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.pack import Pack
from cohort.start import plans_by_ncy
from cohort.states import Vocabulary

Floats = NDArray[np.float64]
ANY = "any"


def at(ncy: int) -> int:
    """The place of a school year in arrays by NCY."""
    return ncy - NCY_LOWEST


def monthly(yearly: Floats | float) -> Floats:
    """The constant monthly chance that gives a yearly one."""
    return np.asarray(1 - (1 - np.asarray(yearly)) ** (1 / 12))


@dataclass(frozen=True)
class Source:
    """The published tables, by NCY."""

    pack: Pack

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary()

    @cached_property
    def plans(self) -> NDArray[np.int64]:
        """[ncy, placement] January 2024."""
        return plans_by_ncy(self.pack, self.vocabulary, 2024)

    @cached_property
    def with_needs(self) -> Floats:
        """[ncy, area] children with needs in January 2024, by the tape's shares."""
        first = calendar.month("2024-01")
        return demography.build(self.pack, first, first + 12).population_with_needs(first).astype(float)

    @cached_property
    def children(self) -> Floats:
        first = calendar.month("2024-01")
        return demography.build(self.pack, first, first + 12).population(first).astype(float)

    @cached_property
    def supported(self) -> Floats:
        out = np.zeros(len(NCYS))
        for r in self.pack.table("estimate_sen_support").rows():
            out[int(r["ncy"]) - NCY_LOWEST] = r["mode"]
        return out

    def by_age(self, table: str, column: str, top: int = 20, **where: object) -> Floats:
        """[ncy] a table by academic age, "20 and over" spread over the plans of those ages."""
        t = self.pack.table(table).where(**where)
        out = np.zeros(len(NCYS))
        for r in t.rows():
            out[int(r["age"]) - 4 - NCY_LOWEST] += r[column]
        return out
