"""Where each child with a plan was in each month: the event log of a run, played again.

Only plans are told apart: of a child without one the log does not always keep the placement.
"""

from __future__ import annotations

from collections.abc import Iterator
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
    """the rows of children with a place of another authority"""


def lived(world: World) -> Iterator[Lived]:
    """Each month that was stepped; first the month before the run with its opening state. The arrays are those of the
    next month too, changed: copy what is to be kept."""
    placements = len(world.setting.book.vocabulary.placements)
    first_plan = 2 * len(STAGES) + 2 * placements
    start, tape = world.setting.start, world.setting.tape
    here = tape.arrival[: tape.with_needs] < world.setting.scenario.first
    state = np.where(here & (start.support == Support.PLAN), start.placement.astype(np.int16), np.int16(NO_PLAN))
    need, entered = start.need.copy(), np.zeros(len(state), np.int16)
    yield Lived(world.setting.scenario.first - 1, state, need, entered, np.zeros(0, np.int32))
    record = world.record
    for month, (log, outside) in enumerate(zip(record.logs, record.outside, strict=True), world.setting.scenario.first):
        tally.play(log.row, log.frm, log.to, log.need, month, first_plan, placements, state, need, entered)
        yield Lived(month, state, need, entered, outside)


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
    group = AGE_GROUP_OF_NCY[ncy_index(world, rows, of.month)]
    c, placement = world.columns, of.placement[rows].astype(np.int64)
    need, severity = of.need[rows].astype(np.int64), c.severity[rows].astype(np.int64)
    return world.setting.prices.lodging.where(c.lodging[rows], placement, group, need, severity)


def cost(world: World, rows: NDArray[np.int64], of: Lived) -> Ints:
    """Pence of a month for plan holders (rows): all charges of each."""
    c, lodging = world.columns, world.setting.prices.lodging
    outside = np.zeros(len(of.placement), np.uint8)
    outside[of.outside] = 1
    pence = np.empty(len(rows), np.int64)
    tally.pence_of(
        rows, ncy_index(world, rows, of.month), FIRST_POST_16, AGE_GROUP_OF_NCY, of.placement, c.severity, of.need,
        of.entered, outside, c.lodging, lodging.told, lodging.bound(), np.array(world.setting.prices.since, np.int16),
        world.setting.price(of.month)[Support.PLAN], pence,
    )  # fmt: skip
    return pence
