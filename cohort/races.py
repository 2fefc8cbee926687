"""Keyed orders among the children of the start, and races in which the first home are taken.

Each child's place in an order, and its time in a race, is its own: so a larger number taken contains a smaller one, and
no draw of the parameters changes more than how fast who runs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws
from cohort.calendar import NCYS
from cohort.demography import Tape
from cohort.draws import Purpose

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Order:
    """Children with needs who are there at the start, and keyed orders among them."""

    def __init__(self, tape: Tape, month: int) -> None:
        n = tape.with_needs
        self.here = (tape.arrival[:n] < month) & (tape.leaving[:n] >= month)
        self.ncy = np.clip(calendar.academic_year(month - 1) - tape.cohort[:n].astype(int), 0, len(NCYS) - 1)
        self.sex, self.district, self.area = (
            tape.sex[:n].astype(int),
            tape.district[:n].astype(int),
            tape.area[:n].astype(int),
        )
        self.keys = draws.mix_many(tape.identity[:n])
        self.month, self.tape = month, tape
        self._drawn: dict[Purpose, NDArray[np.uint32]] = {}
        self._units: dict[Purpose, Floats] = {}
        self._times: dict[Purpose, Floats] = {}

    def draw(self, purpose: Purpose) -> NDArray[np.uint32]:
        """Each row's draw for a purpose of the start; made once."""
        if purpose not in self._drawn:
            self._drawn[purpose] = draws.draw_many(self.keys, draws.salt(0, purpose))
        return self._drawn[purpose]

    def unit(self, purpose: Purpose) -> Floats:
        """The same as a number in (0, 1)."""
        if purpose not in self._units:
            self._units[purpose] = (self.draw(purpose) + 0.5) / draws.WHOLE
        return self._units[purpose]

    def time(self, purpose: Purpose) -> Floats:
        """The same as the time that each row takes in a race at rate 1."""
        if purpose not in self._times:
            self._times[purpose] = -np.log(self.unit(purpose))
        return self._times[purpose]

    def by(self, purpose: Purpose, among: NDArray[np.bool_]) -> Ints:
        """Rows among those, in keyed order; ties by identity, so that the layout of rows does not matter."""
        rows = np.nonzero(among)[0]
        return rows[np.lexsort((self.tape.identity[rows], self.draw(purpose)[rows]))]


@dataclass(frozen=True, eq=False)
class Lane:
    """Whom a race is among, the quickest at rate 1 first: the same in every draw, which changes their rates only."""

    rows: Ints
    time: Floats
    """how long each takes at rate 1"""
    like: Ints
    """which of the race's weights each runs at"""
    identity: draws.U64

    @classmethod
    def of(cls, among: NDArray[np.bool_], who: Order, purpose: Purpose, like: Ints) -> Lane:
        """Of the rows where ``among`` is true, with the draws of a purpose; ``like`` is of all rows."""
        rows = np.flatnonzero(among)
        rows = rows[np.argsort(who.time(purpose)[rows], kind="stable")]
        return cls(rows, who.time(purpose)[rows], like[rows], who.tape.identity[rows])

    def first(self, weights: Floats, size: int, besides: NDArray[np.bool_] | None = None) -> Ints:
        """The first ``size`` home in a race of exponential times at rates ``weights``; a larger size only adds
        runners. Who is in ``besides``, of all rows, does not run. Raises ValueError if too few do.

        The quickest few are looked at first: whoever is slower at the highest rate than the last home never gets there.
        """
        if not size:
            return self.rows[:0]
        top, few = weights.max(), 8 * size
        while True:
            runs = np.flatnonzero(weights[self.like[:few]] > 0)
            if besides is not None:
                runs = runs[~besides[self.rows[runs]]]
            time = self.time[runs] / weights[self.like[runs]]
            home = first_home(time, self.identity[runs], size)
            if few >= len(self.rows) or (len(home) == size and time[home[-1]] < self.time[few] / top):
                break
            few *= 2
        if len(home) < size:
            raise ValueError(
                f"{size} children are to be in a stage of the pipeline at the start, but only {len(runs)} can be"
            )
        return self.rows[runs[home]]


def first_home(time: Floats, identity: draws.U64, size: int) -> Ints:
    """Who of those who take so long are the first ``size``, in order; of equals, by identity, so that the layout of
    rows does not matter."""
    at = np.arange(len(time))
    if size < len(time):
        at = np.flatnonzero(time <= np.partition(time, size - 1)[size - 1]) if size else at[:0]
    return at[np.lexsort((identity[at], time[at]))[:size]]
