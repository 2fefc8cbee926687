"""To whom something may happen this month: the hot loop, which is a month's longest part and looks almost nothing up.

It is one keyed draw and one comparison a child against a bound that no policy moves (design section 4). Kept apart and
bare, it compiles to vector code. Of those it finds, ``sift`` drops the three in four to whom nothing can happen at
their school year; ``month`` decides about the rest.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from cohort.draws import quick

NOWHERE = np.uint32(2**32 - 1)
"""In no stretch, so far in that no chance reaches it: the draw of a child to whom nothing can happen."""


class Room(NamedTuple):
    """Where a month's candidates are found, some thousands of rows at a time."""

    marked: NDArray[np.bool_]
    """a whole number of eights"""
    rows: NDArray[np.int32]
    """eight more than ``marked``"""
    event: NDArray[np.int64]
    """for each row kept the event whose stretch its draw falls into"""
    into: NDArray[np.uint32]
    """how far"""
    which: NDArray[np.uint8]
    """[eight marks as bits, k] the place of the k-th of them"""
    many: NDArray[np.uint8]
    """[eight marks as bits] their number"""


def make_room(together: int = 8192) -> Room:
    """Room for so many rows at a time."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    which = np.argsort(1 - bits, axis=1, kind="stable").astype(np.uint8)
    return Room(
        np.zeros(together, np.bool_), np.empty(together + 8, np.int32), np.empty(together, np.int64),
        np.empty(together, np.uint32), which, bits.sum(1).astype(np.uint8),
    )  # fmt: skip


@nb.njit(cache=True, error_model="numpy")
def find_candidates(key, bound, anniversary, salt, review, candidate):  # type: ignore[no-untyped-def]
    """Mark children whose draw of the month falls in any stretch, or whose plan's anniversary it is."""
    for i in range(candidate.size):
        candidate[i] = (quick(key[i], salt) < bound[i]) | (anniversary[i] == review)


@nb.njit(cache=True, error_model="numpy")
def gather(eights, which, many, low, rows):  # type: ignore[no-untyped-def]
    """The numbers of the rows that are marked, in order, eight at a time: without a branch, since one in ten is.

    ``which`` [eight marks as bits, k] is the place of the k-th of them, ``many`` their number. Writes up to eight
    numbers beyond the last. Returns how many there are.
    """
    n = 0
    for k in range(eights.size):
        bits = (eights[k] * np.uint64(0x0102040810204080)) >> np.uint64(56)
        first = np.int32(low + 8 * k)
        for place in range(8):
            rows[n + place] = np.int32(first + np.int32(which[bits, place]))
        n += many[bits]
    return n


@nb.njit(cache=True, error_model="numpy")
def sift(key, status, cohort, anniversary, salt, review, academic_year, edges, owner, most, room, found):  # type: ignore[no-untyped-def]
    """Keep of the rows found those to whom something may happen, with the event whose stretch the draw falls into and
    how far into it. Returns how many.

    ``most`` [event, ncy] is each event's largest chance of the month. Three in four draws are beyond it and are dropped
    here, without a branch and before anything else is looked up.
    """
    kept = 0
    for j in range(found):
        i = np.uint64(room.rows[j])
        s, u = np.uint64(status[i]), quick(key[i], salt)
        k = np.uint64(0)
        for later in range(1, edges.shape[1]):
            k += np.uint64(u >= edges[s, np.uint64(later)])
        into, event = np.uint32(u - edges[s, k]) if u >= edges[s, k] else NOWHERE, owner[s, k]
        room.rows[kept], room.event[kept], room.into[kept] = i, event, into
        kept += (into < most[event, academic_year - cohort[i]]) | (anniversary[i] == review)
    return kept
