"""To whom something may happen this month: the hot loop, which is a month's longest part and looks almost nothing up.

It is one keyed draw and one comparison a child against a bound that no policy moves (design section 4). Kept apart and
bare, it compiles to vector code. Of those it finds, ``sift`` drops the three in four to whom nothing can happen at
their school year; ``month`` decides about the rest.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba as nb
import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import intrinsic
from numpy.typing import NDArray

from cohort.draws import quick


class Room(NamedTuple):
    """Where a month's candidates are found, some thousands of rows at a time."""

    marked: NDArray[np.bool_]
    """a whole number of eights"""
    rows: NDArray[np.int32]
    """eight more than ``marked``"""
    draw: NDArray[np.uint32]
    """of each row looked at, its draw of the month"""
    event: NDArray[np.int64]
    """for each row kept what happens, by number; -1 if nothing does but its review"""
    which: NDArray[np.uint8]
    """[eight marks as bits, k] the place of the k-th of them"""
    many: NDArray[np.uint8]
    """[eight marks as bits] their number"""


def make_room(together: int = 8192) -> Room:
    """Room for so many rows at a time."""
    bits = np.arange(256)[:, None] >> np.arange(8) & 1
    which = np.argsort(1 - bits, axis=1, kind="stable").astype(np.uint8)
    return Room(
        np.zeros(together, np.bool_), np.empty(together + 8, np.int32), np.empty(together, np.uint32),
        np.empty(together + 1, np.int64), which, bits.sum(1).astype(np.uint8),
    )  # fmt: skip


@nb.njit(cache=True, error_model="numpy")
def find_candidates(key, bound, anniversary, salt, review, drawn, candidate):  # type: ignore[no-untyped-def]
    """Draw each child's luck of the month, and mark those for whom it falls in any stretch, or whose plan's anniversary
    it is."""
    for i in range(candidate.size):
        u = quick(key[i], salt)
        drawn[i] = u
        candidate[i] = (u < bound[i]) | (anniversary[i] == review)


def _ask_ahead(typingctx: Any, column: Any, row: Any) -> Any:
    """Have the processor fetch a row of a column that will be read soon, for which numba has no word. A row past the
    end is no matter."""

    def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
        of, at = given
        start = context.make_array(signature.args[0])(context, builder, of).data
        place = builder.bitcast(builder.gep(start, [at]), cgutils.voidptr_t)
        whole = cgutils.int32_t
        kind = ir.FunctionType(ir.VoidType(), [place.type, whole, whole, whole])
        fetch = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")  # type: ignore[no-untyped-call]
        builder.call(fetch, [place, whole(0), whole(2), whole(1)])  # to read, into the second cache, data
        return context.get_dummy_value()

    return nb.void(column, nb.intp), generate


ask_ahead: Any = intrinsic(_ask_ahead)


@nb.njit(cache=True, error_model="numpy")
def gather(eights, which, many, low, rows, ahead):  # type: ignore[no-untyped-def]
    """The numbers of the rows that are marked, in order, eight at a time: without a branch, since one in ten is.

    ``which`` [eight marks as bits, k] is the place of the k-th of them, ``many`` their number. ``ahead`` are the
    key, the bound and the anniversary: of these as many rows again are asked for, which come next. That takes a quarter
    off where there are more children than a cache holds (Job S), and nothing on in Kent. Writes up to eight numbers
    beyond the last. Returns how many there are.
    """
    n, key, bound, anniversary, then = 0, ahead[0], ahead[1], ahead[2], low + 8 * eights.size
    for k in range(eights.size):
        ask_ahead(key, then + 8 * k)
        if k % 2 == 0:
            ask_ahead(bound, then + 8 * k)
        if k % 8 == 0:
            ask_ahead(anniversary, then + 8 * k)
        bits = (eights[k] * np.uint64(0x0102040810204080)) >> np.uint64(56)
        first = np.int32(low + 8 * k)
        for place in range(8):
            rows[n + place] = np.int32(first + np.int32(which[bits, place]))
        n += many[bits]
    return n


@nb.njit(cache=True, error_model="numpy")
def reaches(edges, owner, reserved, most):  # type: ignore[no-untyped-def]
    """[luck status, k] where its k-th stretch begins, and [ncy, luck status, k] how far in the month's chances reach at
    most, of which ``most`` [event, ncy] is the largest: 0 past the last stretch, and k a whole number of fours."""
    statuses, ncys, wide = edges.shape[0], most.shape[1], (edges.shape[1] + 3) // 4 * 4
    begins, reach = np.zeros((statuses, wide), np.uint32), np.zeros((ncys, statuses, wide), np.uint32)
    for s in range(statuses):
        for k in range(edges.shape[1]):
            if edges[s, k] < reserved[s]:
                begins[s, k] = edges[s, k]
                for ncy in range(ncys):
                    reach[ncy, s, k] = most[owner[s, k], ncy]
    return begins, reach


@nb.njit(cache=True, error_model="numpy")
def sift(drawn, low, status, cohort, anniversary, review, academic_year, begins, reach, rows, found):  # type: ignore[no-untyped-def]
    """Keep of the rows found those whose draw (``drawn``, from row ``low`` on) some event of their status may reach at
    their school year (``reaches``), or whose plan's anniversary it is. Returns how many.

    Three in four draws are beyond that and are dropped here, without a branch and before anything else is looked up;
    four stretches at a time, which is what a vector holds.
    """
    kept = np.uint64(0)
    for j in range(found):
        i = np.uint64(rows[j])
        s, u, ncy = np.uint64(status[i]), drawn[np.uint64(rows[j] - low)], np.uint64(academic_year - cohort[i])
        near = anniversary[i] == review
        for four in range(0, begins.shape[1], 4):
            for k in range(4):
                at = np.uint64(four + k)
                near |= np.uint32(u - begins[s, at]) < reach[ncy, s, at]
        rows[kept] = rows[j]
        kept += np.uint64(near)
    return kept
