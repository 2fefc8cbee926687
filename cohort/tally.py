"""Counts added up and logs played again, fast: the compiled loops behind ``spending`` and ``lives``.

Plans are counted by more than anybody's price goes by, so most cells are empty: seven in eight of Kent's. What is there
is listed once and priced from the list.
"""

from __future__ import annotations

import numpy as np

from cohort import cache

cache.use()
import numba as nb  # noqa: E402 - numba reads where its cache is when it is imported

HERE, PLAN, NONE, ABSENT, SEVERITIES = 1, 2, 0, 255, 5
"""A presence, a support and a stage; the code of where a child is who is not there (see ``fork``); bands."""


@nb.njit(cache=True, error_model="numpy")
def fill(held, first, cell, many, there):  # type: ignore[no-untyped-def]
    """List the cells of [block, cell] plans that hold any, block by block: where each block's begin, which they are and
    how many plans; and how many plans the block has in all."""
    n = 0
    for b in range(held.shape[0]):
        first[b] = n
        row, total = held[b], np.int64(0)
        for k in range(row.size):  # apart from the next loop, for alone it is vector code
            total += row[k]
        there[b], k = total, 0
        while total:
            cell[n], many[n] = k, row[k]  # the next is written over it if there is none
            n += row[k] != 0
            total -= row[k]
            k += 1
    first[held.shape[0]] = n


@nb.njit(cache=True, error_model="numpy")
def by_age(cells, out):  # type: ignore[no-untyped-def]
    """Add [ncy, area, state, severity] children up to [ncy, state]."""
    for ncy in range(cells.shape[0]):
        for area in range(cells.shape[1]):
            for k in range(cells.shape[2]):
                for severity in range(SEVERITIES):
                    out[ncy, k] += cells[ncy, area, k, severity]


@nb.njit(cache=True, error_model="numpy")
def add_up(counts, out):  # type: ignore[no-untyped-def]
    """Add the rows of each block of [block, row, cell] counts to [block, cell], which may have the first cells only."""
    for b in range(out.shape[0]):
        total = out[b]
        for r in range(counts.shape[1]):
            row = counts[b, r]
            for k in range(total.size):
                total[k] += row[k]


@nb.njit(cache=True, error_model="numpy")
def charge(first, cell, many, slots, lowest, phase, within, band, price, moment, children, pence):  # type: ignore[no-untyped-def]
    """Count and price the plans of some slots, from ``lowest`` on, in the cells that a charge is for.

    first, cell, many: as ``fill`` lists them, of blocks by [month, row, slot]
    phase, band: [row] and [cell]
    within, price: [phase, where, cell] whether the charge is for them; [moment, where, band, prices] pence
    children, pence: [month, row, where] and [month, row, where, prices], the latter added to
    """
    for m in range(children.shape[0]):
        for r in range(children.shape[1]):
            for w in range(children.shape[2]):
                block = (m * children.shape[1] + r) * slots + lowest + w
                inside, each, out, total = within[phase[r], w], price[moment[m], w], pence[m, r, w], np.int64(0)
                for e in range(first[block], first[block + 1]):
                    if inside[cell[e]]:
                        n = np.int64(many[e])
                        total += n
                        for s in range(out.size):
                            out[s] += n * each[band[cell[e]], s]
                children[m, r, w] = total


@nb.njit(cache=True, error_model="numpy")
def by_group(cells, group, out):  # type: ignore[no-untyped-def]
    """Add [ncy, area, state, severity] children up to [age group, area, state, severity], of the first states only if
    there is room for no more."""
    for ncy in range(cells.shape[0]):
        for area in range(cells.shape[1]):
            for k in range(out.shape[2]):
                for severity in range(SEVERITIES):
                    out[group[ncy], area, k, severity] += cells[ncy, area, k, severity]


@nb.njit(cache=True, error_model="numpy")
def happened(event, reason, frm, first_plan, placements, cells):  # type: ignore[no-untyped-def]
    """Count a month's log by [whether the child had held a plan, event, reason], added to ``cells``."""
    for k in range(event.size):
        held = (frm[k] >= first_plan) & (frm[k] < first_plan + placements)
        cells[np.uint64(held), np.uint64(event[k]), np.uint64(reason[k])] += 1


@nb.njit(cache=True, error_model="numpy")
def play(at, row, frm, to, needs, month, first_plan, placements, placement, need, entered):  # type: ignore[no-untyped-def]
    """A month's log on the columns of ``lives.Lived``: where each child of it then is, its need, and since when. ``at``
    is the entry of each row of the tape, -1 for children who are not looked at."""
    for k in range(row.size):
        i, p = at[row[k]], np.int64(to[k]) - first_plan
        if i < 0:
            continue
        placement[i] = p if 0 <= p < placements else -1
        need[i] = needs[k]
        if frm[k] != to[k]:
            entered[i] = month


@nb.njit(cache=True, error_model="numpy")
def pence_of(  # type: ignore[no-untyped-def]
    entries, ncy, first_post_16, group, placement, severity, need, entered, outside, lodging, told, bound, since, slots,
    price, pence,
):  # fmt: skip
    """Pence of a month of each plan holder (entries, with the school year of each) at [phase, slot's cell of a plan,
    need, terms]; ``slots`` is the first of each placement, ``told`` the placement's row in ``bound`` (see ``lodging``),
    -1 where it tells no places apart."""
    for j in range(entries.size):
        i, p = entries[j], np.int64(placement[entries[j]])
        where, k = np.int64(outside[i]), told[p]
        if k >= 0:
            b = bound[k, group[ncy[j]], need[i], severity[i]]
            boards = (lodging[i] & np.uint32(0xFFFF)) < b[0]
            where += 2 * boards + ((lodging[i] >> np.uint32(16)) < b[1 + boards])
        after = 0
        while after < since.size and since[after] <= entered[i]:
            after += 1
        slot = slots[p] + where % (slots[p + 1] - slots[p])  # kinds of place that are not told apart cost the same
        pence[j] = price[np.int64(ncy[j] >= first_post_16), SEVERITIES * slot + severity[i], need[i], after]


@nb.njit(cache=True, error_model="numpy")
def where(presence, support, stage, placement, out):  # type: ignore[no-untyped-def]
    """[child] where it is, as ``fork.labels`` has it: its support, 2 in a stage without a plan, placements after that
    with one."""
    for i in range(out.size):
        plan, asking = np.uint8(support[i] == PLAN), np.uint8(stage[i] != NONE)
        without = max(support[i], np.uint8(asking + asking))  # a plan is 2 either way
        there = np.uint8(without + np.uint8(plan * np.uint8(placement[i] + np.uint8(1))))
        out[i] = there if presence[i] == HERE else np.uint8(ABSENT)


@nb.njit(cache=True, error_model="numpy")
def pair(base, other, many, out):  # type: ignore[no-untyped-def]
    """Count children by [where in one world, where in another], those who are there in both: added to ``out``.

    ``many`` is [4, code, code] nothing yet: counted in turn in four, since most are in the same cell, where the next
    one would wait for the last.
    """
    for four in range(0, base.size - 3, 4):
        for k in range(4):
            i = np.uint64(four + k)
            many[k, base[i], other[i]] += np.int32(1)
    for last in range(base.size // 4 * 4, base.size):
        many[0, base[last], other[last]] += np.int32(1)
    for frm in range(out.shape[0]):
        for to in range(out.shape[1]):
            for k in range(4):
                out[frm, to] += many[k, frm, to]
