"""Who gets a scarce place, fast: the numba kernels behind ``World.place``. ``mini_admission.py`` is the same, plainly.

Every month those who seek a place and those who wait for one are ranked together, kind by kind, and take in turn the
first vacancy that fits: a school of their own area, then of the others. So one place more changes one chain of
children and nobody else. Whoever is refused is admitted above the roll by chance, or stays where it is, or goes down
its list; and waits. Only seekers, the waiting list and vacancies are looked at.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from cohort.draws import draw, mix

NOBODY = 255
"""No provider, or waiting for nothing."""
LISTED, CLOSED = -2, -3
"""Log entries still to be written: of a child admitted from the waiting list, of one whose provider has closed."""
CLOSURE = 6
"""Numbered after the choices of ``processes.CHOICES``."""
FIRST_PLACE, ARRIVE_PLACE = 0, 5
HERE, PLAN, MAINSTREAM, NMISS, AWAITING = 1, 2, 0, 4, 13
SCHOOL_FIRST, SCHOOL_LAST = 5, 16
"""School years, from the lowest, in which a child waits and may have sought more than it has: Years R to 11."""
SECONDARY_FIRST = 12
"""Year 7, from the lowest school year."""
MONTHS_MOST = 24
"""Months waited count for priority up to this many."""
NOT, BESIDES, CHOICE, MOVES_ON, INSTEAD = 0, 1, 2, 3, 4
"""How a kind is wanted: not; besides the choice, or by one who waits; as the choice; as the choice of one whose own
place of the kind ends; only because a kind before it was refused."""
P_CHOICE, P_MOVES_ON, P_OUT, P_SEVERITY, P_MONTH = range(5)
L_RANK, L_LATENT, L_CROWDED, L_CROWDED_AGAIN, L_OVER, L_LAPSE, L_ACCEPT = range(7)


class Pools(NamedTuple):
    """Providers and rules of admission. ``k`` counts the kinds of scarce place in the order in which they are dealt
    with."""

    kind: NDArray[np.uint8]
    """[provider] the placement that its places are of"""
    from_ncy: NDArray[np.int64]
    to_ncy: NDArray[np.int64]
    """[provider] school years served, counted from the lowest"""
    needs: NDArray[np.int64]
    """[provider] a bit for each primary need admitted"""
    prefer: NDArray[np.int64]
    """[k, area, n] providers in the order in which a child of the area takes them; -1 after the last"""
    ring: NDArray[np.int64]
    """[k, area, n] 0 for the child's own area, then 1, 2, ...; -1 after the last"""
    kinds: NDArray[np.int64]
    """[k] placement"""
    order: NDArray[np.int64]
    """[placement] k, or -1 for an elastic placement"""
    stays: NDArray[np.bool_]
    """[placement, ncy] whether a refused child who is placed there stays"""
    latent: NDArray[np.uint64]
    """[placement chosen, k, 2] the stretch of the draw in which a child had also sought a place of the kind"""
    crowded: NDArray[np.uint64]
    """[k, ncy, placement] cumulative: where a refused child goes"""
    points: NDArray[np.int64]
    need_points: NDArray[np.int64]
    over_roll: NDArray[np.uint64]
    """[choice, closure included] chance that a refused choice is admitted above the roll"""
    lapse: NDArray[np.uint64]
    """[1] chance a month that a child waiting in a school seeks no longer"""
    accepts: NDArray[np.uint64]
    """[1] share of children settled in an independent school who would take a place offered"""


@nb.njit(cache=True, error_model="numpy")
def make_room(c, p, log, left, entries, places, opened, filled, over, seekers, month, academic_year, luck, granted):  # type: ignore[no-untyped-def]
    """Leavers' places fall free (log entries to ``left``); then those who moved in seek one. Returns how many."""
    _release(c, log, 0, left, filled)
    n = 0
    for e in range(left, entries):
        i = log.row[e]
        if c.support[i] == PLAN and p.order[c.placement[i]] >= 0:
            seekers.row[n], seekers.choice[n], seekers.entry[n] = i, ARRIVE_PLACE, e
            seekers.sought[n] = c.placement[i]
            n += 1
    _admit(c, p, places, opened, filled, over, seekers, n, month, academic_year, luck, granted)
    return n


@nb.njit(cache=True, error_model="numpy")
def compete(c, p, log, arrived, places, opened, filled, over, seekers, n, listed, month, academic_year, luck, granted):  # type: ignore[no-untyped-def]
    """Places of plans that ended (log entries from ``arrived[0]`` to ``arrived[1]``) fall free; then the month's ``n``
    seekers, children whose provider has closed and those who wait compete. Returns how many they are; ``granted`` says
    where each is placed."""
    _release(c, log, arrived[0], arrived[1], filled)
    for j in range(n):
        c.placed[seekers.row[j]] = month
    n = _evict(c, opened, filled, seekers, n, month)
    n = _enlist(c, p, seekers, n, listed, month, academic_year, luck)
    _admit(c, p, places, opened, filled, over, seekers, n, month, academic_year, luck, granted)
    return n


@nb.njit(cache=True, error_model="numpy")
def _release(c, log, start, end, filled):  # type: ignore[no-untyped-def]
    """Whoever left Kent or whose plan ended, by the month's log, leaves its provider and the waiting list."""
    row, presence, support, provider, waiting_for = log.row, c.presence, c.support, c.provider, c.waiting_for
    for e in range(start, end):
        i = row[e]
        if presence[i] != HERE or support[i] != PLAN:
            if provider[i] != NOBODY:
                filled[provider[i]] -= 1
                provider[i] = NOBODY
            if waiting_for[i] != NOBODY:
                waiting_for[i], c.waiting_since[i], c.named[i] = NOBODY, 0, 0


@nb.njit(cache=True, error_model="numpy")
def _evict(c, opened, filled, seekers, n, month):  # type: ignore[no-untyped-def]
    """Children of a provider that has closed, and who do not seek anyhow, seek a place of its kind. Returns how many
    seek now."""
    if not ((filled > 0) & ~opened).any():
        return n
    for i in range(c.provider.size):
        if c.provider[i] != NOBODY and not opened[c.provider[i]] and c.placed[i] != month:
            c.placed[i] = month
            seekers.row[n], seekers.choice[n], seekers.entry[n] = i, CLOSURE, CLOSED
            seekers.sought[n] = c.placement[i]
            n += 1
    return n


@nb.njit(cache=True, error_model="numpy")
def _enlist(c, p, seekers, n, listed, month, academic_year, luck):  # type: ignore[no-untyped-def]
    """Those who wait seek too, if nothing was decided about them this month. Takes off the list who has outgrown school
    and, by chance, who has settled. Returns how many seek now."""
    for i in listed:
        if c.waiting_for[i] == NOBODY:
            continue
        settles = c.placement[i] != AWAITING and np.uint64(draw(c.key[i], luck[L_LAPSE])) < p.lapse[0]
        if settles or academic_year - c.cohort[i] > SCHOOL_LAST:
            c.waiting_for[i], c.waiting_since[i], c.named[i] = NOBODY, 0, 0
        elif c.placed[i] != month:
            seekers.row[n], seekers.choice[n], seekers.entry[n] = i, -1, LISTED
            seekers.sought[n] = c.placement[i]
            n += 1
    return n


@nb.njit(cache=True, error_model="numpy")
def _admit(c, p, places, opened, filled, over, seekers, n, month, academic_year, luck, granted):  # type: ignore[no-untyped-def]
    """Deal out the places of the month to ``n`` seekers: their providers and the waiting list are set, and ``granted``
    says where each is placed."""
    for x in range(over.size):
        over[x] = min(over[x], max(filled[x] - places[x], 0))
    if n == 0:
        return
    kinds = p.kinds.size
    want = np.zeros((kinds, n), np.int8)
    _ask(c, p, opened, filled, seekers, n, academic_year, luck, want, granted)
    turn, key = np.empty(n, np.int64), np.empty(n, np.uint64)
    for k in range(kinds):
        m = _rank(c, p, seekers, n, k, month, luck, want, turn, key)
        order = turn[np.argsort(key[:m], kind="mergesort")]
        _deal_out(c, p, places, opened, filled, over, seekers, order, k, month, academic_year, luck, want, granted)


@nb.njit(cache=True, error_model="numpy")
def _ask(c, p, opened, filled, seekers, n, academic_year, luck, want, granted):  # type: ignore[no-untyped-def]
    """What each seeker wants of each kind. Whoever goes to an elastic placement, or whose own place ends, leaves it.

    Arrays are named first: reading them out of a tuple inside the loop counts references, which costs more than the
    work.
    """
    row, choice, sought, diverted = seekers.row, seekers.choice, seekers.sought, seekers.diverted
    key, cohort, placement, provider, waiting_for = c.key, c.cohort, c.placement, c.provider, c.waiting_for
    order, kinds, to_ncy, latent = p.order, p.kinds, p.to_ncy, p.latent
    for j in range(n):
        i, chosen = row[j], sought[j]
        granted[j] = chosen
        here, own, ncy, k = placement[i], provider[i], academic_year - cohort[i], order[chosen]
        if choice[j] >= 0:
            kept = k >= 0 and own != NOBODY and here == chosen and opened[own] and ncy <= to_ncy[own]
            if k >= 0 and not kept:
                want[k, j] = MOVES_ON if own != NOBODY and here == chosen else CHOICE
            if own != NOBODY and not kept and (k < 0 or here == chosen):
                filled[own] -= 1
                provider[i] = NOBODY
        if waiting_for[i] != NOBODY:
            k = order[waiting_for[i]]
            if want[k, j] == NOT:
                want[k, j] = BESIDES
        elif (
            choice[j] >= 0
            and SCHOOL_FIRST <= ncy <= SCHOOL_LAST
            and (chosen != here or chosen == MAINSTREAM)
            and not diverted[j]  # who is sent elsewhere by a policy is not sought for besides
        ):
            u = np.uint64(draw(key[i], luck[L_LATENT]))
            for k in range(kinds.size):
                if latent[chosen, k, 0] <= u < latent[chosen, k, 1] and here != kinds[k]:
                    want[k, j] = BESIDES


@nb.njit(cache=True, error_model="numpy")
def _rank(c, p, seekers, n, k, month, luck, want, turn, rank):  # type: ignore[no-untyped-def]
    """Who wants a place of the kind, and the rank of each: points in the upper 8 bits, turned round, then 56 bits of
    luck. Whoever has one already of an earlier kind no longer wants. Returns how many."""
    row, key, need, severity, placement, support = seekers.row, c.key, c.need, c.severity, c.placement, c.support
    waiting_for, waiting_since, named = c.waiting_for, c.waiting_since, c.named
    points, need_points = p.points, p.need_points
    m = 0
    for j in range(n):
        how = want[k, j]
        if how != NOT:
            i = row[j]
            waits = waiting_for[i] == p.kinds[k]
            sum_ = need_points[need[i]] + points[P_SEVERITY] * severity[i]
            if how in (CHOICE, MOVES_ON) or (waits and named[i] == 1):
                sum_ += points[P_CHOICE]
            if how == MOVES_ON:
                sum_ += points[P_MOVES_ON]
            if placement[i] == AWAITING and support[i] == PLAN:
                sum_ += points[P_OUT]
            if waits:
                sum_ += points[P_MONTH] * min(month - waiting_since[i], MONTHS_MOST)
            turn[m] = j
            rank[m] = (np.uint64(255 - sum_) << np.uint64(56)) | (mix(key[i] + luck[L_RANK]) >> np.uint64(8))
            m += 1
    return m


@nb.njit(cache=True, error_model="numpy")
def _deal_out(c, p, places, opened, filled, over, seekers, order, k, month, academic_year, luck, want, granted):  # type: ignore[no-untyped-def]
    """Each in turn takes the first vacancy that fits, is admitted above the roll, or waits and goes down its list."""
    row, choice, sought = seekers.row, seekers.choice, seekers.sought
    key, cohort, area, need, placement = c.key, c.cohort, c.area, c.need, c.placement
    provider, waiting_for, waiting_since, named = c.provider, c.waiting_for, c.waiting_since, c.named
    from_ncy, to_ncy, needs, prefer, ring, over_roll = p.from_ncy, p.to_ncy, p.needs, p.prefer, p.ring, p.over_roll
    kind, place_order, stays, crowded = p.kinds[k], p.order, p.stays, p.crowded
    for j in order:
        i, how = row[j], want[k, j]
        ncy, here, own = academic_year - cohort[i], placement[i], provider[i]
        at = -1
        for q in range(prefer.shape[2]):
            x = prefer[k, area[i], q]
            if x < 0:
                break
            if filled[x] < places[x] and opened[x] and from_ncy[x] <= ncy <= to_ncy[x] and (needs[x] >> need[i]) & 1:
                at = x
                break
        settled = how == BESIDES and here == NMISS and sought[j] == NMISS
        if at >= 0 and settled and np.uint64(draw(key[i], luck[L_ACCEPT])) >= p.accepts[0]:
            waiting_for[i], waiting_since[i], named[i] = NOBODY, 0, 0
            continue
        named_school = at < 0 and how in (CHOICE, MOVES_ON)
        if named_school and np.uint64(draw(key[i], luck[L_OVER])) < over_roll[choice[j]]:
            nearest = prefer[k, area[i]], ring[k, area[i]]
            at = _squeeze(nearest, from_ncy, to_ncy, needs, places, opened, filled, need[i], ncy)
            if at >= 0:
                over[at] += 1
        if at >= 0:
            if own != NOBODY:
                filled[own] -= 1
            provider[i] = at
            filled[at] += 1
            granted[j] = kind
            want[k:, j] = NOT
            if waiting_for[i] != NOBODY and place_order[waiting_for[i]] >= k:
                waiting_for[i], waiting_since[i], named[i] = NOBODY, 0, 0
            continue
        if how != INSTEAD and SCHOOL_FIRST <= ncy <= SCHOOL_LAST:
            if waiting_for[i] == NOBODY or place_order[waiting_for[i]] > k:
                waiting_for[i], waiting_since[i], named[i] = kind, month, 0
            if how != BESIDES and waiting_for[i] == kind:
                named[i] = 1
        if how == BESIDES:
            continue
        placed = choice[j] != FIRST_PLACE and choice[j] != ARRIVE_PLACE and how != INSTEAD and here != kind
        if placed and stays[here, ncy] and (own == NOBODY or (opened[own] and ncy <= to_ncy[own])):
            granted[j] = here
            continue
        u = np.uint64(draw(key[i], luck[L_CROWDED] if how != INSTEAD else luck[L_CROWDED_AGAIN]))
        to = 0
        while u >= crowded[k, ncy, to]:
            to += 1
        granted[j] = to
        if place_order[to] >= 0:
            want[place_order[to], j] = INSTEAD
        elif own != NOBODY:
            filled[own] -= 1
            provider[i] = NOBODY


@nb.njit(cache=True, error_model="numpy")
def _squeeze(nearest, from_ncy, to_ncy, needs, places, opened, filled, need, ncy):  # type: ignore[no-untyped-def]
    """Of the nearest providers that fit, the one least filled for its size; -1 if none fits."""
    prefer, ring = nearest
    best, near = -1, -1
    for q in range(prefer.size):
        at = prefer[q]
        if at < 0 or (best >= 0 and ring[q] != near):
            break
        if not (opened[at] and places[at] > 0 and from_ncy[at] <= ncy <= to_ncy[at] and (needs[at] >> need) & 1):
            continue
        if best < 0 or np.int64(filled[at]) * places[best] < np.int64(filled[best]) * places[at]:
            best, near = at, ring[q]
    return best


@nb.njit(cache=True, error_model="numpy")
def deal(p, k, rows, area, need, ncy, most, strict, filled, provider):  # type: ignore[no-untyped-def]
    """Give the ``rows`` without a provider, in turn, the first of their area's with fewer children than ``most``.

    ``strict``: 2 if need and school year must fit, 1 if the school year must, 0 if nothing must.
    """
    for i in rows:
        if provider[i] != NOBODY:
            continue
        for q in range(p.prefer.shape[2]):
            at = p.prefer[k, area[i], q]
            if at < 0:
                break
            in_years = p.from_ncy[at] <= ncy[i] <= p.to_ncy[at]
            in_needs = (p.needs[at] >> need[i]) & 1 == 1
            if filled[at] < most[at] and (strict < 1 or in_years) and (strict < 2 or in_needs):
                provider[i] = at
                filled[at] += 1
                break
