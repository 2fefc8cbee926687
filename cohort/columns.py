"""What a month works on, as columns: the children, the log of what happens to them, and who seeks a placement."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Columns(NamedTuple):
    """What can happen to children with needs, one entry a child. The first five never change in a run."""

    key: NDArray[np.uint64]
    cohort: NDArray[np.int16]
    area: NDArray[np.uint8]
    severity: NDArray[np.uint8]
    lodging: NDArray[np.uint32]
    """whether a place that the child has in an independent school is outside the county, and whether it boards there
    (see ``lodging``)"""
    bound: NDArray[np.uint32]
    status: NDArray[np.uint8]
    """for luck: whose stretches the child's draw falls into (``states.luck_status``)"""
    presence: NDArray[np.uint8]
    support: NDArray[np.uint8]
    stage: NDArray[np.uint8]
    placement: NDArray[np.uint8]
    need: NDArray[np.uint8]
    anniversary: NDArray[np.uint8]
    """month of the year (0-11) of the annual review; 255 without a plan"""
    clock: NDArray[np.int16]
    """the month in which the present stage began to count"""
    placed: NDArray[np.int16]
    """the month of the last decision on placement"""
    entered: NDArray[np.int16]
    """the month in which the child came to its placement, or its plan there began; 0 before the run"""
    cost: NDArray[np.int64]
    """pence spent on the child since the start"""
    cell: NDArray[np.uint16]
    """((area x 3 + support) x placements + placement) x 5 + severity: where the child is counted; one past the last
    if away"""
    provider: NDArray[np.uint8]
    """who provides the child's scarce place (see ``places``); 255 in all other placements"""
    waiting_for: NDArray[np.uint8]
    """the placement whose waiting list the child is on; 255 on none"""
    waiting_since: NDArray[np.int16]
    """the month since which it waits; 0 on no list"""
    named: NDArray[np.uint8]
    """1 if what it waits for is its choice, 0 if it had only sought it besides"""


class Tariff(NamedTuple):
    """A month's prices laid out for the kernel, whole pence a child-month; ``row`` is a cohort from the first on."""

    price: NDArray[np.int64]
    """[phase, cell] of children without a plan; nothing for children away"""
    plan: NDArray[np.int32]
    """[cell] where plans of the cell are counted: (area x slots + the placement's first slot) x 5 + severity, its other
    slots (see ``slots``) follow, by where the place is; -1 without a plan"""
    priced: NDArray[np.uint8]
    """[cell] 1 where anybody may be charged anything, plans and others"""
    of_cell: NDArray[np.int32]
    """[cell] where their price is: the placement's first slot x 5 + severity"""
    plan_price: NDArray[np.int64]
    """[phase, slot x 5 + severity, need, terms]"""
    group: NDArray[np.int64]
    """[row] age group"""
    phase: NDArray[np.int64]
    """[row] 1 from Year 12 on"""
    outside: NDArray[np.uint8]
    """[provider] 1 if it is another authority's"""
    lodged: NDArray[np.int32]
    """[cell] the placement's place in ``bound``; -1 where county and boarding are not told apart"""
    lodging: NDArray[np.uint32]
    """[placement, age group, need, severity, 3] bounds of ``Columns.lodging``"""
    since: NDArray[np.int16]
    """months from which some price is for those only who come to their placement later"""


class Log(NamedTuple):
    """Events in the order they happened; ``frm`` and ``to`` are state codes (see ``states.state_code``)."""

    row: NDArray[np.int32]
    event: NDArray[np.uint8]
    reason: NDArray[np.uint8]
    frm: NDArray[np.uint8]
    to: NDArray[np.uint8]
    clock: NDArray[np.int16]
    """for events of the pipeline the month that the stage left had counted from (a request's month); else 0"""
    need: NDArray[np.uint8]
    """the child's primary need at the end of the month"""
    waits: NDArray[np.uint8]
    """for what the child waits at the end of the month: 2 x placement, and 1 if that is its choice; 254 for nothing"""


class Seekers(NamedTuple):
    """Children who seek a placement this month: row, which choice, the log entry to complete (-1: one to be
    written if they move; see also ``admission``), what they seek, whether a policy sent them there."""

    row: NDArray[np.int32]
    choice: NDArray[np.int8]
    entry: NDArray[np.int32]
    sought: NDArray[np.int16]
    diverted: NDArray[np.bool_]

    @classmethod
    def up_to(cls, n: int) -> Seekers:
        """Room for so many."""
        return cls(
            np.empty(n, np.int32), np.empty(n, np.int8), np.empty(n, np.int32), np.empty(n, np.int16),
            np.zeros(n, np.bool_),
        )  # fmt: skip


class Slate(NamedTuple):
    """What a month is worked out on, and the next one writes over: made once a world, since new memory costs more than
    what is done in it."""

    log: Log
    seekers: Seekers
    rows: NDArray[np.int32]
    counts: NDArray[np.int32]
    """[cohort, cell]"""
    held: NDArray[np.int32]
    """[age group, slot's cell of a plan, need, terms]"""

    @classmethod
    def of(cls, children: int, counts: tuple[int, ...], held: tuple[int, ...]) -> Slate:
        """Room for a month of so many children: of events one each at the most, two in September; a place sought by
        each."""
        n = 2 * children
        event, reason, frm, to = (np.empty(n, np.uint8) for _ in range(4))
        later = np.empty(0, np.uint8), np.empty(0, np.uint8)
        log = Log(np.empty(n, np.int32), event, reason, frm, to, np.empty(n, np.int16), *later)
        rows = np.empty(children + 1, np.int32)
        return cls(log, Seekers.up_to(children), rows, np.empty(counts, np.int32), np.empty(held, np.int32))
