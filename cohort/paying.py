"""Each child's month charged, and children counted, fast: the numba kernels behind ``World.pay`` and ``World.observe``.

They pass over every child every month, so what they read decides what they take: cohort by cohort, so that it is read
once; and without branches where luck decides who is meant.
"""

from __future__ import annotations

import numba as nb
import numpy as np

HERE, SEVERITIES = 1, 5
SLOT = np.uint64(SEVERITIES)
"""From a cell of a placement's first slot to that of the next (see ``slots``)."""


@nb.njit(cache=True, error_model="numpy")
def pay_and_count(c, t, runs, span, first_cohort, placements, away, counts, held, rows):  # type: ignore[no-untyped-def]
    """Charge each child's month to the child, count children by [cohort, cell] and plans by [age group, slot's cell of
    a plan, need, terms]. ``t`` is a ``columns.Tariff``; children away are in the last cell, at no price.

    Cohort by cohort (``runs`` says at which rows another begins): what prices go by is then the same for all, and what
    one pass has read is still in the cache for the next. Only rows within ``span`` can be there. Returns the pence
    charged, those that all children had cost before, the bits of ``astray``, and how many have a plan: their rows come
    first in ``rows``.
    """
    charged, before, bits, plans = np.int64(0), np.int64(0), np.uint16(0), np.uint64(0)
    for k in range(runs.size - 1):
        start, end = runs[k], runs[k + 1]
        before += _sum(c.cost[start:end])
        strays = astray(c.presence[start:end], c.area[start:end], c.support[start:end], c.placement[start:end],
                        c.severity[start:end], c.cell[start:end], placements, away)  # fmt: skip
        bits = np.uint16(bits | strays)
        low, high = max(start, span[0]), min(end, span[1])
        if low < high:
            row = np.uint64(c.cohort[low] - first_cohort)
            priced = _count_and_find(c.cell[low:high], low, t.priced, counts[row], rows[plans:])
            pence, found = _charge(c.cost, c.cell, t.price[t.phase[row]], t.plan, rows[plans : plans + priced])
            charged += pence + _charge_plans(c, t, row, held[t.group[row]], rows[plans : plans + found])
            plans += found
    return charged, before, bits, plans


@nb.njit(cache=True, error_model="numpy")
def _sum(cost):  # type: ignore[no-untyped-def]
    """Pence that children have cost: alone, since then it is vector code."""
    pence = np.int64(0)
    for i in range(cost.size):
        pence += cost[i]
    return pence


@nb.njit(cache=True, error_model="numpy")
def _count_and_find(cell, low, priced, counts, rows):  # type: ignore[no-untyped-def]
    """Count children by cell, and find who may cost anything, from row ``low`` on: without a branch, for one child in
    six does, which no processor foresees. Returns how many."""
    n = np.uint64(0)
    for i in range(cell.size):
        k = np.uint64(cell[i])
        counts[k] += np.int32(1)
        rows[n] = low + i
        n += np.uint64(priced[k])
    return n


@nb.njit(cache=True, error_model="numpy")
def _charge(cost, cell, price, plan, rows):  # type: ignore[no-untyped-def]
    """Charge children at the price of their cells, which is nothing for those with a plan, and leave the rows of these
    only. Returns the pence and how many they are."""
    charged, n = np.int64(0), np.uint64(0)
    for j in range(rows.size):
        at = np.uint64(rows[j])
        k = cell[at]
        cost[at] += price[k]
        charged += price[k]
        rows[n] = rows[j]
        n += np.uint64(plan[k] >= 0)
    return charged, n


@nb.njit(cache=True, error_model="numpy")
def _charge_plans(c, t, row, held, rows):  # type: ignore[no-untyped-def]
    """Charge and count the plans of a cohort. Returns the pence."""
    cost, cell, need, entered, provider, lodging = c.cost, c.cell, c.need, c.entered, c.provider, c.lodging
    plan, plan_price, of_cell, outside, since = t.plan, t.plan_price[t.phase[row]], t.of_cell, t.outside, t.since
    lodged, bound = t.lodged, t.lodging[:, t.group[row]]
    charged = np.int64(0)
    for j in range(rows.size):
        at = np.uint64(rows[j])
        k, d, where, terms = cell[at], np.uint64(need[at]), np.uint64(outside[provider[at]]), np.uint64(0)
        if lodged[k] >= 0:
            told, severity, u = np.uint64(lodged[k]), k % np.uint64(SEVERITIES), lodging[at]
            boards = np.uint64((u & np.uint32(0xFFFF)) < bound[told, d, severity, 0])
            leaves = bound[told, d, severity, np.uint64(1) + boards]
            where = np.uint64(2) * boards + np.uint64((u >> np.uint32(16)) < leaves)
        for q in range(since.size):
            terms += np.uint64(entered[at] >= since[q])
        held[np.uint64(plan[k]) + SLOT * where, d, terms] += np.int32(1)
        pence = plan_price[np.uint64(of_cell[k]) + SLOT * where, d, terms]
        cost[at] += pence
        charged += pence
    return charged


@nb.njit(cache=True, error_model="numpy")
def astray(presence, area, support, placement, severity, cell, placements, away):  # type: ignore[no-untyped-def]
    """Bits in which the cell of any child differs from that of where it is: 0 if all are counted where they are.

    In 16 bits throughout, also the result, which as a plain ``|=`` would be in 64: a vector holds four times as many.
    """
    three, bands, bits = np.uint16(3), np.uint16(SEVERITIES), np.uint16(0)
    for i in range(cell.size):
        there = np.uint16(np.uint16(area[i] * three + support[i]) * placements + placement[i]) * bands + severity[i]
        where = np.uint16(there) if presence[i] == HERE else away
        bits = np.uint16(bits | np.uint16(where ^ cell[i]))
    return bits


@nb.njit(cache=True, error_model="numpy")
def priced(counts, price):  # type: ignore[no-untyped-def]
    """Pence of [age, area, cell] children or plans at [cell] pence each."""
    pence = np.int64(0)
    for age in range(counts.shape[0]):
        for area in range(counts.shape[1]):
            there = counts[age, area]
            for k in range(price.size):
                pence += np.int64(there[k]) * price[k]
    return pence


@nb.njit(cache=True, error_model="numpy")
def stand(cells, plan, bands, there, placed):  # type: ignore[no-untyped-def]
    """Children of [ncy, area, cell] by [ncy, area] (``there``), and plans, whose cells are from ``plan`` on, by
    [placement] (``placed``)."""
    for ncy in range(cells.shape[0]):
        for area in range(cells.shape[1]):
            row, some = cells[ncy, area], np.int64(0)
            for k in range(row.size):
                some += row[k]
            there[ncy, area] = some
            for p in range(placed.size):
                for k in range(plan + bands * p, plan + bands * (p + 1)):
                    placed[p] += row[k]


@nb.njit(cache=True, error_model="numpy")
def note(row, need, waiting_for, named, needs, waits):  # type: ignore[no-untyped-def]
    """What the children of a log's entries have for a need, and wait for, now."""
    for j in range(row.size):
        i = np.uint64(row[j])
        needs[j] = need[i]
        waits[j] = (waiting_for[i] << np.uint8(1)) | named[i]


@nb.njit(cache=True, error_model="numpy")
def count_census(c, academic_year, cells):  # type: ignore[no-untyped-def]
    """Count children by [ncy, area, need, support, placement]."""
    for i in range(c.support.size):
        if c.presence[i] == HERE:
            cells[academic_year - c.cohort[i], c.area[i], c.need[i], c.support[i], c.placement[i]] += 1
