"""The rolls counted and checked, fast: the numba kernels behind what ``Rolls`` counts and checks each month."""

from __future__ import annotations

import numba as nb
import numpy as np

from cohort.admission import NOBODY, SECONDARY_FIRST


@nb.njit(cache=True, error_model="numpy")
def find(column, words, rows):  # type: ignore[no-untyped-def]
    """The rows whose entry is not ``NOBODY``, in order; ``words`` is the column eight at a time. Returns how many.

    Sixty-four are passed over at once where there is nobody, for few wait.
    """
    n, all_nobody = np.uint64(0), np.uint64(0xFFFFFFFFFFFFFFFF)
    for eight in range(words.size // 8):
        both = all_nobody
        for k in range(8):
            both &= words[np.uint64(8 * eight + k)]
        if both != all_nobody:
            for w in range(8 * eight, 8 * eight + 8):
                if words[np.uint64(w)] != all_nobody:
                    for i in range(8 * w, 8 * w + 8):
                        rows[n] = i
                        n += np.uint64(column[np.uint64(i)] != NOBODY)
    for i in range(words.size // 8 * 64, column.size):
        rows[n] = i
        n += np.uint64(column[np.uint64(i)] != NOBODY)
    return n


@nb.njit(cache=True, error_model="numpy")
def count(provider, placement, plans, kind, outside, filled, away):  # type: ignore[no-untyped-def]
    """Of the children with a plan (``plans``, by row) count those at each provider anew, the last being nobody, and
    note in ``away`` the rows of those who have a place of another authority. ``kind`` and ``outside`` are [provider].
    Returns how many these are, and the row of one who has a provider and is not placed where its places are, or -1.
    """
    stray, n = -1, np.uint64(0)
    for i in plans:
        at = provider[i]
        if placement[i] != kind[at] and at != NOBODY:
            stray = i
        filled[at] += np.int32(1)
        away[n] = i
        n += np.uint64(outside[at])
    return n, stray


@nb.njit(cache=True, error_model="numpy")
def wrong(at, filled, over, places, opened, kind, order, placed):  # type: ignore[no-untyped-def]
    """Whether the children counted at all providers (``at``) are not those ``placed`` [k], and the first provider, or
    -1, with others than noted (``filled``), more than its places and those above them (``over``), or any while it is
    closed. If nothing is wrong ``over`` falls where places are free again."""
    by_kind, first = np.zeros(placed.size, np.int64), -1
    for n in range(filled.size):
        by_kind[order[kind[n]]] += at[n]
        if first < 0 and (at[n] != filled[n] or at[n] > places[n] + over[n] or (at[n] > 0 and not opened[n])):
            first = n
    misplaced = (by_kind != placed).any()
    if first < 0 and not misplaced:
        for n in range(filled.size):
            over[n] = min(over[n], max(filled[n] - places[n], 0))
    return misplaced, first


@nb.njit(cache=True, error_model="numpy")
def many(column):  # type: ignore[no-untyped-def]
    """How many entries of a column are not ``NOBODY``: counted in eight bits, 128 at a time, as a vector holds most."""
    n = np.int64(0)
    whole = column.size // 128
    for block in range(whole):
        some = np.uint8(0)
        for i in range(128):
            some = np.uint8(some + (column[np.uint64(128 * block + i)] != NOBODY))
        n += np.int64(some)
    for i in range(128 * whole, column.size):
        n += column[i] != NOBODY
    return n


@nb.njit(cache=True, error_model="numpy")
def count_lists(cohort, area, need, waiting_for, named, order, rows, academic_year, lists):  # type: ignore[no-untyped-def]
    """[k, area, primary or secondary, need, 2] children who wait, and of these those whose choice it is."""
    for i in rows:
        secondary = np.int64(academic_year - cohort[i] >= SECONDARY_FIRST)
        lists[order[waiting_for[i]], area[i], secondary, need[i], 0] += 1
        lists[order[waiting_for[i]], area[i], secondary, need[i], 1] += named[i]
