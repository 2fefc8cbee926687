"""Where each child with a plan was in each month: the event log of a run, played again.

Only plans are told apart: of a child without one the log does not always keep the placement.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, tally
from cohort.record import AGE_GROUP_OF_NCY, FIRST_POST_16
from cohort.states import STAGES, Support

if TYPE_CHECKING:
    from cohort.world import World

Ints = NDArray[np.int64]
NO_PLAN = -1


class Lived(NamedTuple):
    """The children of a month that was stepped, as the month was paid for; one entry a row of the tape."""

    month: int
    placement: NDArray[np.int16]
    """of the plan; ``NO_PLAN`` without"""
    need: NDArray[np.uint8]
    entered: NDArray[np.int16]
    """the month in which the child came to its placement with a plan; 0 before the run"""
    outside: NDArray[np.int32]
    """the entries of children with a place of another authority"""
    cohort: NDArray[np.int16]
    severity: NDArray[np.uint8]
    lodging: NDArray[np.uint32]

    def some(self, entries: Ints) -> Lived:
        """Some of its children alone, one entry each, in arrays of their own."""
        at = _entries(len(self.placement), entries)[self.outside]
        columns = {name: getattr(self, name)[entries] for name in self._fields if name not in {"month", "outside"}}
        return self._replace(outside=at[at >= 0], **columns)


def _entries(rows: int, some: Ints) -> NDArray[np.int32]:
    """[row] which of some it is; -1 for others."""
    at = np.full(rows, -1, np.int32)
    at[some] = np.arange(len(some))
    return at


def lived(world: World) -> Iterator[Lived]:
    """Each month that was stepped; first the month before the run with its opening state. The arrays are those of the
    next month too, changed: copy what is to be kept."""
    start, tape, c = world.setting.start, world.setting.tape, world.columns
    here = tape.arrival[: tape.with_needs] < world.setting.scenario.first
    state = np.where(here & (start.support == Support.PLAN), start.placement.astype(np.int16), np.int16(NO_PLAN))
    opening = Lived(world.setting.scenario.first - 1, state, start.need.copy(), np.zeros(len(state), np.int16),
                    np.zeros(0, np.int32), c.cohort, c.severity, c.lodging)  # fmt: skip
    yield opening
    yield from _played(world, opening, np.arange(len(state), dtype=np.int32))


def followed(world: World, of: Lived, rows: Ints) -> Iterator[Lived]:
    """Some children of a month that ``lived`` gave in each month after it, one entry each in the order given."""
    return _played(world, of.some(rows), _entries(len(of.placement), rows))


def _played(world: World, of: Lived, at: NDArray[np.int32]) -> Iterator[Lived]:
    """Each month after one; ``at`` is the entry of each row of the tape, -1 without."""
    placements, first = len(world.setting.book.vocabulary.placements), world.setting.scenario.first
    first_plan, record = 2 * len(STAGES) + 2 * placements, world.record
    kept = zip(record.logs, record.outside, strict=True)
    for month, (log, outside) in islice(enumerate(kept, first), of.month + 1 - first, None):
        tally.play(at, log.row, log.frm, log.to, log.need, month, first_plan, placements, of.placement, of.need,
                   of.entered)  # fmt: skip
        there = at[outside]
        yield of._replace(month=month, outside=there[there >= 0])


def plans(world: World) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """Each month that was stepped, and [child] placement of the plan that the month was paid for, ``NO_PLAN`` without.

    The first is the month before the run with its opening state.
    """
    return ((found.month, found.placement.copy()) for found in lived(world))


def ncy_index(world: World, rows: NDArray[np.int64], month: int) -> Ints:
    """School year of rows in a month, from the lowest (0)."""
    found: Ints = calendar.academic_year(month) - world.columns.cohort[rows].astype(np.int64)
    return found


def where_of(world: World, rows: NDArray[np.int64], of: Lived) -> Ints:
    """The code of ``states.WHERE`` of plan holders' independent places; 0 of all others."""
    group = AGE_GROUP_OF_NCY[_ncy(rows, of)]
    placement, need, severity = (x[rows].astype(np.int64) for x in (of.placement, of.need, of.severity))
    return world.setting.prices.lodging.where(of.lodging[rows], placement, group, need, severity)


def _ncy(entries: Ints, of: Lived) -> Ints:
    """School year of a month's children, from the lowest (0)."""
    found: Ints = calendar.academic_year(of.month) - of.cohort[entries].astype(np.int64)
    return found


def cost(world: World, rows: NDArray[np.int64], of: Lived) -> Ints:
    """Pence of a month for plan holders (entries of the month): all charges of each."""
    lodging, pence = world.setting.prices.lodging, np.empty(len(rows), np.int64)
    outside = np.zeros(len(of.placement), np.uint8)
    outside[of.outside] = 1
    tally.pence_of(
        rows, _ncy(rows, of), FIRST_POST_16, AGE_GROUP_OF_NCY, of.placement, of.severity, of.need, of.entered, outside,
        of.lodging, lodging.told, lodging.bound(), np.array(world.setting.prices.since, np.int16),
        world.setting.prices.slots.first, world.setting.tariff(of.month).plan_price, pence,
    )  # fmt: skip
    return pence
