"""A month's rows of the flow table as whole numbers, fast: the kernels behind ``flow``.

A row is eight bytes, which as a number sort as rows do. (On where kernels are, see ``month``.)
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

ROW = np.dtype(
    [("want", "u1"), ("to", "u1"), ("frm", "u1"), ("asked", "<u2"), ("reason", "u1"), ("event", "u1"), ("who", "u1")]
)
"""A month's row but for its children, the lowest byte first; ``who`` is school year and area."""
KEY = np.dtype("<u8")
"""A row as a number."""
TO, FRM, ASKED, REASON, EVENT, WHO = (np.uint64(bits) for bits in (8, 16, 24, 40, 48, 56))
"""Where in the number each part begins."""
NO_ROW = np.uint64(2**64 - 1)
"""Higher than any row."""


class Words(NamedTuple):
    """What a log's codes mean for a row."""

    waiting: NDArray[np.bool_]
    """[state] whether a request or assessment is open: the log then says from which month it counts"""
    begins: NDArray[np.bool_]
    """[event, reason] whether one begins to count: asked, asked again, or granted on appeal"""
    placed: NDArray[np.bool_]
    """[state] whether it is a placement with a plan"""
    wants: NDArray[np.uint8]
    """[what a child waits for, as a log has it] code of ``flow.WANTS``"""


@nb.njit(cache=True, error_model="numpy")
def lay_out(log, words, who, asked_now, before, keys):  # type: ignore[no-untyped-def]
    """The row of each event of a log into ``keys``: ``who`` is [child] of the month; months of request count from
    ``before``, and this one is ``asked_now``. Without a branch, which no processor would foresee."""
    waiting, begins, placed, wants = words.waiting, words.begins, words.placed, words.wants
    for j in range(keys.size):
        event, reason, frm, to = np.uint64(log.event[j]), np.uint64(log.reason[j]), log.frm[j], log.to[j]
        waits = np.int64(waiting[frm])
        asked = waits * (log.clock[j] - before) + (1 - waits) * begins[event, reason] * asked_now
        want = wants[log.waits[j]] * np.uint8(placed[to] & (frm != to))
        keys[j] = (
            np.uint64(who[np.uint64(log.row[j])]) << WHO | event << EVENT | reason << REASON
            | np.uint64(asked) << ASKED | np.uint64(frm) << FRM | np.uint64(to) << TO | np.uint64(want)
        )  # fmt: skip


@nb.njit(cache=True, error_model="numpy")
def merge(keys, others, of_others, rows, children):  # type: ignore[no-untyped-def]
    """Count sorted ``keys``, and merge them with other rows that are sorted and counted already; returns how many rows
    there are. ``rows`` and ``children`` have room for all and one more, and ``children`` are 0."""
    i, n, last, many = np.uint64(0), np.uint64(0), NO_ROW, np.uint64(keys.size)
    for j in range(others.size + 1):
        other = others[j] if j < others.size else NO_ROW
        while i < many and keys[i] <= other:
            n += np.uint64(keys[i] != last)
            rows[n] = last = keys[i]
            children[n] += 1
            i += np.uint64(1)
        if j < others.size:
            n += np.uint64(other != last)
            rows[n] = last = other
            children[n] += of_others[j]
    return n
