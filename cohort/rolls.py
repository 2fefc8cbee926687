"""The rolls of all providers in one world: how many children are at each, and the month's verbs that change it.

A child's own provider and waiting list are columns (``columns.Columns``). Here is what is counted from them, kept up to
date and checked every month: no provider has more children than places and admissions above them, none has any before
it opens or after it closes, every child in a scarce placement has a provider of that kind and nobody else has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cohort import admission, draws, rollcall
from cohort.admission import NOBODY
from cohort.columns import Columns, Log, Seekers
from cohort.draws import Purpose
from cohort.places import Places
from cohort.states import AREAS, NEEDS

LUCK = (Purpose.ADMIT, Purpose.LATENT, Purpose.CROWDED, Purpose.CROWDED_AGAIN, Purpose.OVER_ROLL, Purpose.LAPSE)
"""The luck of a month's admission, in the order of ``admission.L_RANK`` to ``L_LAPSE``."""


class Counted(NamedTuple):
    """Children by provider, counted anew from the columns."""

    at: NDArray[np.int32]
    """[provider, nobody the last]"""
    outside: NDArray[np.int32]
    """rows of the children who have a place of another authority"""
    stray: int
    """the row of a child who has a provider and is not placed where its places are; -1 if there is none"""


@dataclass(eq=False)
class Rolls:
    """Children of Kent at each provider now, and of these how many above its places."""

    places: Places
    filled: NDArray[np.int32]
    over: NDArray[np.int32]
    """children admitted though all places were taken, since it was their choice; and those who were there already when
    the run began, or when places were taken away"""

    @classmethod
    def start(cls, places: Places, columns: Columns) -> Rolls:
        """As the columns have it at the first month."""
        filled = np.bincount(columns.provider, minlength=NOBODY + 1)[: len(places.providers)].astype(np.int32)
        return cls(places, filled, np.maximum(filled - places.by_month[0], 0))

    def copy(self) -> Rolls:
        """Rolls that go on alone from here."""
        return Rolls(self.places, self.filled.copy(), self.over.copy())

    def under(self, places: Places) -> Rolls:
        """The same children at the providers of other places, which may have more of them at the end."""
        new = len(places.providers) - len(self.filled)
        return Rolls(places, *(np.pad(column, (0, new)) for column in (self.filled, self.over)))

    # the month's verbs

    def make_room(self, columns: Columns, log: Log, left: int, entries: int, month: int,
                  academic_year: int) -> tuple[Seekers, int, NDArray[np.int16]]:  # fmt: skip
        """Leavers go and who has just moved in, from entry ``left`` of the log, is given what there is. Returns these
        seekers, how many they are, and where each is placed."""
        seekers, granted = Seekers.up_to(entries - left), np.empty(entries - left, np.int16)
        places, opened = self._in(month)
        self._withdraw(places, opened, month)
        n = admission.make_room(
            columns, self.places.pools, log, left, entries, places, opened, self.filled, self.over, seekers, month,
            academic_year, _luck(month), granted,
        )  # fmt: skip
        return seekers, n, granted

    def compete(self, columns: Columns, log: Log, arrived: int, entries: int, seekers: Seekers, n: int, month: int,
                academic_year: int) -> tuple[Seekers, int, NDArray[np.int16]]:  # fmt: skip
        """The month's ``n`` seekers, children whose provider has closed and those who wait are ranked together. Returns
        all of them, how many they are, and where each is placed."""
        places, opened = self._in(month)
        listed = rows_with(columns.waiting_for)
        most = n + len(listed) + int(self.filled[~opened].sum())
        together, granted = Seekers.up_to(most), np.empty(most, np.int16)
        for name in Seekers._fields:
            getattr(together, name)[:n] = getattr(seekers, name)[:n]
        n = admission.compete(
            columns, self.places.pools, log, (arrived, entries), places, opened, self.filled, self.over, together, n,
            listed, month, academic_year, _luck(month), granted,
        )  # fmt: skip
        return together, n, granted

    def _withdraw(self, places: NDArray[np.int32], opened: NDArray[np.bool_], month: int) -> None:
        """Where a provider has fewer places than the month before, the children who are there stay, above its roll."""
        fewer = opened & (places < self.places.by_month[max(month - 1 - self.places.first, 0)])
        if fewer.any():
            self.over = np.where(fewer, np.maximum(self.over, self.filled - places), self.over).astype(np.int32)

    # what is counted and checked

    def count(self, columns: Columns, plans: NDArray[np.int32]) -> Counted:
        """Count anew the children at each provider: of those with a plan, whose rows ``plans`` are."""
        at, outside = np.zeros(NOBODY + 1, np.int32), np.empty(len(plans) + 1, np.int32)
        n, stray = rollcall.count(columns.provider, columns.placement, plans, self.places.kind, self.places.outside,
                                  at, outside)  # fmt: skip
        if stray < 0 and rollcall.many(columns.provider) != at[:NOBODY].sum():
            stray = int(np.setdiff1d(rows_with(columns.provider), plans)[0])
        return Counted(at, outside[:n].copy(), stray)

    def fault(self, columns: Columns, found: Counted, placed: NDArray[np.int64], month: int) -> str:
        """What is wrong at the end of a month, "" if nothing is; ``placed`` is [kind] children in scarce placements."""
        pools, (places, opened) = self.places.pools, self._in(month)
        if (stray := found.stray) >= 0:
            return f"{self.places.names[columns.provider[stray]]}: child {stray} has a place but is not placed there"
        misplaced, at = rollcall.wrong(found.at, self.filled, self.over, places, opened, pools.kind, pools.order,
                                       placed)  # fmt: skip
        if misplaced:
            by_kind = np.bincount(pools.order[pools.kind], found.at[: len(self.filled)], len(pools.kinds)).astype(int)
            return f"{placed.tolist()} children in scarce placements, but {by_kind.tolist()} have a provider"
        if at >= 0:
            had = f"{found.at[at]} children ({self.filled[at]} noted), {places[at]} places, {self.over[at]} above them"
            return f"{self.places.names[at]}: {had}"
        return ""

    def stock(self, month: int) -> NDArray[np.int32]:
        """[provider, 3] places of a month, children there now, of these above the roll."""
        out = np.empty((len(self.filled), 3), np.int32)
        out[:, 0], out[:, 1], out[:, 2] = self._in(month)[0], self.filled, self.over
        return out

    def waiting(self, columns: Columns, academic_year: int) -> NDArray[np.int32]:
        """[kind, area, primary or secondary, need, 2] children who wait, and of these those whose choice it is."""
        out = np.zeros((len(self.places.pools.kinds), len(AREAS), 2, len(NEEDS), 2), np.int32)
        rollcall.count_lists(columns.cohort, columns.area, columns.need, columns.waiting_for, columns.named,
                             self.places.pools.order, rows_with(columns.waiting_for), academic_year, out)  # fmt: skip
        return out

    def _in(self, month: int) -> tuple[NDArray[np.int32], NDArray[np.bool_]]:
        at = month - self.places.first
        return self.places.by_month[at], self.places.opened[at]


@cache
def _luck(month: int) -> NDArray[np.uint64]:
    """The salts of a month's admission; whether a child would leave an independent school is a trait of its own."""
    salts = [draws.salt(month, purpose) for purpose in LUCK]
    return np.array([*salts, draws.salt(0, Purpose.TRAIT_ACCEPTS)], np.uint64)


def rows_with(column: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The rows of a column of providers or of lists in which there is one."""
    rows = np.empty(len(column), np.int64)
    return rows[: rollcall.find(column, column[: len(column) // 8 * 8].view(np.uint64), rows)]
