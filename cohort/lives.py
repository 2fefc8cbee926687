"""Where each child with a plan was in each month: the event log of a run, played again.

Only plans are told apart: of a child without one the log does not always keep the placement.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.record import FIRST_POST_16
from cohort.states import STAGES, Support

if TYPE_CHECKING:
    from cohort.world import World

Ints = NDArray[np.int64]
NO_PLAN = -1


def plans(world: World) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """Each month that was stepped, and [child] placement of the plan that the month was paid for, ``NO_PLAN`` without.

    The first is the month before the run with its opening state.
    """
    placements = len(world.setting.book.vocabulary.placements)
    first_plan = 2 * len(STAGES) + 2 * placements
    start, tape = world.setting.start, world.setting.tape
    here = tape.arrival[: tape.with_needs] < world.setting.scenario.first
    state = np.where(here & (start.support == Support.PLAN), start.placement.astype(np.int16), np.int16(NO_PLAN))
    yield world.setting.scenario.first - 1, state.copy()
    for month, log in enumerate(world.record.logs, world.setting.scenario.first):
        to = log.to.astype(np.int16) - first_plan
        state[log.row] = np.where((to >= 0) & (to < placements), to, NO_PLAN)
        yield month, state.copy()


def ncy_index(world: World, rows: NDArray[np.int64], month: int) -> Ints:
    """School year of rows in a month, from the lowest (0)."""
    found: Ints = calendar.academic_year(month) - world.columns.cohort[rows].astype(np.int64)
    return found


def cost(world: World, rows: NDArray[np.int64], placement: NDArray[np.int16], month: int) -> Ints:
    """Pence of a month for plan holders (rows) in their placements: all charges of each."""
    phase = (ncy_index(world, rows, month) >= FIRST_POST_16).astype(np.int64)
    price = world.setting.price(month)[Support.PLAN]
    found: Ints = price[placement, world.columns.severity[rows], phase]
    return found
