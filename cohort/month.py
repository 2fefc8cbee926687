"""One month, fast: the numba kernel behind ``World.step``. ``mini.py`` is the same month in plain loops.

``candidates`` finds those to whom something may happen; only they look anything up here. Kernels are in this module,
``candidates``, ``admission``, ``paying`` and ``draws``: numba's disk cache does not see edits in imported modules, so
``cache`` keys it by their source.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from cohort.admission import CLOSED, LISTED
from cohort.candidates import find_candidates, gather, reaches, sift
from cohort.draws import draw, mix

MAINSTREAM, AWAITING, NO_PLAN = 0, 13, 255
SEN, PLAN = 1, 2
REFUSED, APPEALING = 3, 4
HERE = 1
START_CLOCK, NAME_NEED, BEGIN_PLAN, END_PLAN, CHANGE_NEED, MOVE, GO, TIMED = 1, 2, 4, 8, 16, 32, 64, 128
NONE_YET = 13
R_ON_TIME, R_LATE = 3, 4
ARRANGED, WAITING, REVIEWED = 15, 17, 18
STAGES, SINCE_MOST, SEVERITIES, NCYS = 5, 24, 5, 27


@nb.njit(cache=True, forceinline=True, error_model="numpy")
def _state(support, stage, placement, placements):  # type: ignore[no-untyped-def]
    if support == PLAN:
        return 2 * STAGES + 2 * placements + placement
    if placement != MAINSTREAM and stage == 0:
        return 2 * STAGES + support * placements + placement
    return support * STAGES + stage


@nb.njit(cache=True, forceinline=True, error_model="numpy")
def _luck_status(support, stage, placement):  # type: ignore[no-untyped-def]
    if stage == 0:
        if support == PLAN:
            return WAITING if placement == AWAITING else PLAN * STAGES
        if placement != MAINSTREAM:
            return ARRANGED + support
    return support * STAGES + stage


@nb.njit(cache=True, forceinline=True, error_model="numpy")
def _index(offset, stride, e, since, ncy, area, need, severity, placement):  # type: ignore[no-untyped-def]
    return (offset[e] + since * stride[e, 0] + ncy * stride[e, 1] + area * stride[e, 2]
            + need * stride[e, 3] + severity * stride[e, 4] + placement * stride[e, 5])  # fmt: skip


@nb.njit(cache=True, forceinline=True, error_model="numpy")
def _pick(u, cumulative, at, width):  # type: ignore[no-untyped-def]
    """The first k with u below its threshold; -1 where the row is empty. Thresholds never fall, so it is how many u has
    passed: counted without a branch, since luck is what no processor foresees."""
    passed = 0
    for k in range(width):
        passed += np.uint64(u) >= cumulative[np.uint64(at + k)]
    return passed if passed < width else -1


@nb.njit(cache=True, forceinline=True, error_model="numpy")
def _pick_row(u, cumulative, row):  # type: ignore[no-untyped-def]
    """``_pick`` in a row of a table."""
    for k in range(cumulative.shape[1]):
        if np.uint64(u) < cumulative[row, k]:
            return k
    return -1


@nb.njit(cache=True, forceinline=True, error_model="numpy")
def _renew(c, reserved, i, placements):  # type: ignore[no-untyped-def]
    """After any change of state: the bound of the hot loop and the cell of the count."""
    c.status[i] = _luck_status(c.support[i], c.stage[i], c.placement[i])
    c.bound[i] = reserved[c.status[i]]
    c.cell[i] = ((c.area[i] * 3 + c.support[i]) * placements + c.placement[i]) * SEVERITIES + c.severity[i]


@nb.njit(cache=True, error_model="numpy")
def arrive(c, b, log, n, rows, births, month, academic_year, salts, placements, stages):  # type: ignore[no-untyped-def]
    """Children with needs who are born or move in: movers may come with a plan or SEN Support. Returns the log's
    length."""
    for j in range(rows.size):
        i = rows[j]
        c.presence[i] = HERE
        if not births[j]:
            ncy = academic_year - c.cohort[i]
            u = draw(c.key[i], salts[10])
            reason = 19
            if np.uint64(u) < b.arrive[ncy, 0]:
                c.support[i], reason = PLAN, 17
                c.anniversary[i] = (month + 11) % 12
                at = _index(b.choice_offset, b.choice_stride, 5, 0, ncy, 0, 0, 0, 0)
                c.placement[i] = _pick(draw(c.key[i], salts[11]), b.choices, at, placements)
                c.placed[i], c.entered[i] = month, month
            elif np.uint64(u) < b.arrive[ncy, 1]:
                c.support[i], reason = SEN, 18
            if c.support[i] > 0:
                c.need[i] = _pick_row(draw(c.key[i], salts[8]), b.first_need, ncy)
            log.row[n], log.event[n], log.reason[n] = i, b.offset.size + 2, reason
            log.frm[n], log.to[n] = 2 * STAGES + 3 * placements, _state(c.support[i], 0, c.placement[i], placements)
            log.clock[n] = 0
            n += 1
        stages[c.support[i], 0] += 1
        _renew(c, b.reserved, i, placements)
    return n


@nb.njit(cache=True, error_model="numpy")
def leave(c, log, n, rows, how, event, placements, stages):  # type: ignore[no-untyped-def]
    """Children with needs who move away, die or outgrow the model: ``event`` by number. Returns the log's length."""
    for j in range(rows.size):
        i = rows[j]
        log.row[n], log.event[n], log.reason[n] = i, event, 12 + how[j]
        log.frm[n], log.to[n] = (
            _state(c.support[i], c.stage[i], c.placement[i], placements),
            2 * STAGES + 3 * placements + 1,
        )
        log.clock[n] = c.clock[i] if c.stage[i] > 0 else 0
        stages[c.support[i], c.stage[i]] -= 1
        c.presence[i] = how[j]
        c.bound[i] = 0
        c.cell[i] = 4 * 3 * placements * SEVERITIES
        c.anniversary[i] = NO_PLAN
        n += 1
    return n


@nb.njit(cache=True, error_model="numpy")
def happen(c, b, chance, most, log, n, seekers, span, room, month, academic_year, salts, placements, stages):  # type: ignore[no-untyped-def]
    """The month of all rows of a span: at most one event from a child's status's stretches, else its review.

    Some thousands of rows at a time, so that what is looked up is still in the cache; ``room`` has as many.
    ``stages`` is [support, stage] counts, kept up to date. Returns the lengths of the log and of the seekers.
    """
    k_seek, review = 0, np.uint8(month % 12)
    begins, reach = reaches(b.edges, b.owner, b.reserved, most)
    for low in range(span[0], span[1], room.marked.size):
        high = min(low + room.marked.size, span[1])
        marked, room.marked[high - low :] = room.marked[: high - low], False
        find_candidates(c.key[low:high], c.bound[low:high], c.anniversary[low:high], salts[0], review, room.draw,
                        marked)  # fmt: skip
        found = gather(room.marked.view(np.uint64)[: (high - low + 7) // 8], room.which, room.many, low, room.rows,
                       (c.key, c.bound, c.anniversary))  # fmt: skip
        kept = sift(room.draw, low, c.status, c.cohort, c.anniversary, review, academic_year, begins, reach, room.rows,
                    found)  # fmt: skip
        kept = _decide(c, b, chance, room, low, kept, month, academic_year)
        n, k_seek = _befall(c, b, chance, log, n, seekers, k_seek, room, kept, month, academic_year, salts, placements,
                            stages)  # fmt: skip
    return n, k_seek


@nb.njit(cache=True, error_model="numpy")
def _decide(c, b, chance, room, low, kept, month, academic_year):  # type: ignore[no-untyped-def]
    """Of the rows kept, looked at from row ``low`` on, leave those to whom an event happens, with its number, and those
    whose review is due. Returns how many.

    Without a branch: so the processor need not wait for one child's columns before it asks for the next one's, and what
    follows finds them in the cache.
    """
    status, cohort, clock, anniversary, drawn = c.status, c.cohort, c.clock, c.anniversary, room.draw
    support, stage, placement, need, area, severity = c.support, c.stage, c.placement, c.need, c.area, c.severity
    edges, owner, offset, stride, rows, events = b.edges, b.owner, b.offset, b.stride, room.rows, room.event
    n, review = np.uint64(0), month % 12
    for j in range(kept):
        i = np.uint64(rows[j])
        s, u, k = np.uint64(status[i]), drawn[np.uint64(rows[j] - low)], np.uint64(0)
        for later in range(1, edges.shape[1]):
            k += np.uint64(u >= edges[s, np.uint64(later)])
        event, edge = np.uint64(owner[s, k]), edges[s, k]
        since = min(month - clock[i], SINCE_MOST) * (stage[i] > 0)
        at = _index(
            offset, stride, event, since, academic_year - cohort[i], area[i], need[i], severity[i], placement[i]
        )
        happens = (u >= edge) & (np.uint32(u - edge) < chance[np.uint64(at)])
        due = (anniversary[i] == review) & (support[i] == PLAN) & (stage[i] == 0)
        rows[n], events[n] = rows[j], np.int64(event) if happens else -1
        n += np.uint64(happens | due)
    return n


@nb.njit(cache=True, error_model="numpy")
def _befall(c, b, chance, log, n, seekers, k_seek, room, kept, month, academic_year, salts, placements, stages):  # type: ignore[no-untyped-def]
    """The month of the rows left: what happens, or else the review. Arrays are named first, as in ``admission``."""
    key, cohort, area, severity, need, clock = c.key, c.cohort, c.area, c.severity, c.need, c.clock
    support, stage, placement, anniversary, entered = c.support, c.stage, c.placement, c.anniversary, c.entered
    edges, owner, offset, stride, share_offset, share_stride = (
        b.edges, b.owner, b.offset, b.stride, b.share_offset, b.share_stride
    )  # fmt: skip
    effects, way_reason, reasons, reason_table = b.effect, b.reason, b.reasons, b.reason_table
    first_need, new_need = b.first_need, b.new_need
    to_support, to_stage, go, choice = b.support, b.stage, b.go, b.choice
    row, log_event, log_reason, log_clock, frm, to = log.row, log.event, log.reason, log.clock, log.frm, log.to
    rows, events, review = room.rows, room.event, month % 12
    for j in range(kept):
        i, event = np.uint64(rows[j]), events[j]
        s, t, p, d = support[i], stage[i], placement[i], need[i]
        ncy, since = academic_year - cohort[i], min(month - clock[i], SINCE_MOST) if t > 0 else 0
        reviewed = event < 0
        if reviewed:
            u, k = draw(key[i], salts[3]), np.uint64(0)
            for later in range(1, edges.shape[1]):
                k += np.uint64(u >= edges[REVIEWED, np.uint64(later)])
            of_review, edge = owner[REVIEWED, k], edges[REVIEWED, k]
            rate = chance[_index(offset, stride, of_review, 0, ncy, area[i], d, severity[i], p)]
            if u >= edge and u - edge < rate:
                event = of_review
        row[n], frm[n] = i, _state(s, t, p, placements)
        if event < 0:
            log_event[n], log_reason[n], log_clock[n], to[n] = offset.size, 0, 0, frm[n]
            n += 1
            continue

        way = 0
        if share_offset[event] >= 0:
            share = chance[_index(share_offset, share_stride, event, since, ncy, area[i], d, severity[i], p)]
            way = 0 if draw(key[i], salts[4] if reviewed else salts[1]) < share else 1
        effect, reason = effects[event, way], way_reason[event, way]
        if reasons[event] >= 0:
            u = draw(key[i], salts[13] if reviewed else salts[2])
            reason = _pick_row(u, reason_table, reasons[event] * NCYS + ncy)
        if effect & TIMED:
            asked = np.int64(
                draw(key[i], mix(np.uint64(0x9E3779B97F4A7C15) ^ np.uint64(np.int64(clock[i]) * 256 + 12)))
            )
            issued = np.int64(draw(key[i], salts[12]))
            elapsed = (np.int64(month - clock[i]) << 32) + issued - asked
            reason = R_ON_TIME if elapsed <= np.int64(salts[15]) else R_LATE
        log_event[n], log_reason[n], log_clock[n] = event, reason, clock[i] if t > 0 else 0

        if to_support[event, way] >= 0:
            support[i] = to_support[event, way]
        if to_stage[event, way] >= 0:
            stage[i] = to_stage[event, way]
        if effect & START_CLOCK:
            clock[i] = month
        if effect & NAME_NEED and d == NONE_YET:
            need[i] = _pick_row(draw(key[i], salts[8]), first_need, ncy)
        if effect & CHANGE_NEED:
            need[i] = _pick_row(draw(key[i], salts[9]), new_need, ncy)
        if effect & BEGIN_PLAN:
            anniversary[i], entered[i] = review, month
        if effect & END_PLAN:
            anniversary[i], placement[i], entered[i] = NO_PLAN, MAINSTREAM, month
        if effect & GO:
            placement[i], entered[i] = go[event, way], month
        if effect & MOVE:
            seekers.row[k_seek], seekers.choice[k_seek], seekers.entry[k_seek] = i, choice[event, way], n
            seekers.diverted[k_seek] = False
            k_seek += 1
        to[n] = _state(support[i], stage[i], placement[i], placements)
        stages[s, t] -= 1
        stages[support[i], stage[i]] += 1
        _renew(c, b.reserved, i, placements)
        n += 1
    return n, k_seek


@nb.njit(cache=True, error_model="numpy")
def transfers(c, seekers, k_seek, enters, rows, month, academic_year):  # type: ignore[no-untyped-def]
    """September: every holder of a plan who enters a transfer year, and whose placement is not already in question,
    seeks one."""
    for j in range(k_seek):
        c.placed[seekers.row[j]] = month
    presence, support, holders = c.presence, c.support, np.uint64(0)
    for i in range(support.size):  # without a branch: one in nine has a plan
        rows[holders] = i
        holders += np.uint64((presence[i] == HERE) & (support[i] == PLAN))
    for j in range(holders):
        i = rows[j]
        if c.placed[i] != month and enters[academic_year - c.cohort[i], c.placement[i]]:
            seekers.row[k_seek], seekers.choice[k_seek], seekers.entry[k_seek] = i, 1, -1
            seekers.diverted[k_seek] = False
            k_seek += 1
    return k_seek


@nb.njit(cache=True, error_model="numpy")
def seek(c, offset, stride, choices, seekers, k_seek, academic_year, salts, placements):  # type: ignore[no-untyped-def]
    """What each seeker would have by the original weights (``choices``, see ``book.Arrays``): first place, transfer or
    move, each with its own draw."""
    row, choice, sought, key, cohort = seekers.row, seekers.choice, seekers.sought, c.key, c.cohort
    area, need, severity, placement = c.area, c.need, c.severity, c.placement
    for j in range(k_seek):
        i, kind = row[j], choice[j]
        purpose, ncy = 5 if kind == 0 else (6 if kind == 1 else 7), academic_year - cohort[i]
        at = _index(offset, stride, kind, 0, ncy, area[i], need[i], severity[i], placement[i])
        chosen = _pick(draw(key[i], salts[purpose]), choices, at, placements)
        sought[j] = chosen if chosen >= 0 else placement[i]


@nb.njit(cache=True, error_model="numpy")
def redirect(c, b, chance, seekers, k_seek, academic_year, salts, contests):  # type: ignore[no-untyped-def]
    """Send seekers elsewhere than their choice, as redirects say: each acts on the choice as first drawn, the first
    that holds, in the order of the placements entered, with a draw of its own. ``contests`` says who appeals."""
    row, choice, sought, diverted, key, cohort = (
        seekers.row, seekers.choice, seekers.sought, seekers.diverted, c.key, c.cohort
    )  # fmt: skip
    area, need, severity, stage, placement = c.area, c.need, c.severity, c.stage, c.placement
    redirects, offset, stride = b.redirects, b.redirect_offset, b.redirect_stride
    to_share, of_share, to_appeals, of_appeals = offset[:, 0], stride[:, 0], offset[:, 1], stride[:, 1]
    for j in range(k_seek):
        i, kind, chosen = row[j], choice[j], sought[j]
        contests[j] = False
        for r in range(redirects.shape[0]):
            if redirects[r, 0] != kind or redirects[r, 1] != chosen:
                continue
            into, ncy, p = redirects[r, 2], academic_year - cohort[i], placement[i]
            share = chance[_index(to_share, of_share, r, 0, ncy, area[i], need[i], severity[i], p)]
            if draw(key[i], salts[1 + into]) < share:
                sought[j], diverted[j] = into, True
                appeals = chance[_index(to_appeals, of_appeals, r, 0, ncy, area[i], need[i], severity[i], p)]
                contests[j] = draw(key[i], salts[0]) < appeals and stage[i] == 0
                break


@nb.njit(cache=True, error_model="numpy")
def contest(c, b, log, n, seekers, k_seek, contests, event, month, placements, stages):  # type: ignore[no-untyped-def]
    """Those who contest a redirected placement appeal, from where they were placed. Returns the log's length."""
    for j in range(k_seek):
        if contests[j]:
            i = seekers.row[j]
            log.row[n], log.event[n], log.reason[n], log.clock[n] = i, event, 0, 0
            log.frm[n] = _state(c.support[i], c.stage[i], c.placement[i], placements)
            stages[c.support[i], c.stage[i]] -= 1
            c.stage[i], c.clock[i] = APPEALING, month
            stages[c.support[i], c.stage[i]] += 1
            log.to[n] = _state(c.support[i], c.stage[i], c.placement[i], placements)
            _renew(c, b.reserved, i, placements)
            n += 1
    return n


@nb.njit(cache=True, error_model="numpy")
def settle(c, reserved, log, n, seekers, k_seek, granted, first_choice, month, placements):  # type: ignore[no-untyped-def]
    """Put each seeker where it was granted a place, and complete or write its log entry: a transfer, an offer taken
    from a waiting list, a closure (events numbered from ``first_choice`` on). Returns the log's length."""
    for j in range(k_seek):
        i, entry = seekers.row[j], seekers.entry[j]
        before = _state(c.support[i], c.stage[i], c.placement[i], placements)
        moved = c.placement[i] != granted[j]
        if entry == LISTED and not moved:
            continue
        c.placement[i], c.placed[i] = granted[j], month
        if moved:
            c.entered[i] = month
        after = _state(c.support[i], c.stage[i], c.placement[i], placements)
        if entry >= 0:
            log.to[entry] = after
        elif moved or entry == CLOSED:
            event = 1 if entry == -1 else (4 if entry == LISTED else 5)
            log.row[n], log.event[n], log.reason[n], log.clock[n] = i, first_choice + event, 0, 0
            log.frm[n], log.to[n] = before, after
            n += 1
        _renew(c, reserved, i, placements)
    return n
