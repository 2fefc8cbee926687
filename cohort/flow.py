"""What happened to children, counted: the event log, and of the tape all births and moves of children without needs.

A row of the flow table is one whole number of 58 bits, so that 600,000 events are counted by one sort.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.calendar import NCYS
from cohort.places import KIND_ORDER
from cohort.processes import REASONS, Effect
from cohort.states import KIND_OF_LEAVING, Presence, Stage, state_labels

if TYPE_CHECKING:
    from cohort.world import World

Ints = NDArray[np.int64]

BIRTH = "birth"
"""An event beside those of the process table; births change nothing, so no log has them."""
ASKED_BEFORE = 120
"""Requests and assessments open at the start began at most this many months before it."""
BITS = {"month": 8, "ncy": 5, "area": 3, "event": 8, "reason": 6, "asked": 9, "frm": 8, "to": 8, "want": 3}
"""How many bits of a key each part has, the highest first, so that keys sort as rows do."""
WANTS = ("", *(f"{kind}:{how}" for kind in KIND_ORDER for how in ("besides", "choice")))
"""For want of which place a child came to a placement: it waits for one of the kind, which was its choice and refused,
or which it had sought besides."""
_SHIFT = {name: sum(list(BITS.values())[k + 1 :]) for k, name in enumerate(BITS)}


def count(world: World) -> dict[str, Ints]:
    """The rows of the flow table in order: codes by part of the key (see ``BITS``), and "children".

    ``month`` counts from the first; ``ncy`` from the lowest; ``asked`` is 0 for none, else from ``ASKED_BEFORE`` months
    before the first; ``want`` is a code of ``WANTS``, of entries to a placement alone.
    """
    (logged, events), (unlogged, others) = _counted(_logged(world)), _unlogged(world)
    keys, children = np.concatenate([logged, unlogged]), np.concatenate([events, others])
    order = np.argsort(keys, kind="stable")
    keys, children = keys[order], children[order]
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    rows = {name: keys[starts] >> _SHIFT[name] & (1 << bits) - 1 for name, bits in BITS.items()}
    return rows | {"children": np.add.reduceat(children, starts) if len(starts) else children}


def _counted(keys: Ints) -> tuple[Ints, Ints]:
    """Each key once, in order, and how often it is there."""
    keys.sort()
    starts = np.flatnonzero(np.diff(keys, prepend=-1))
    return keys[starts], np.diff(starts, append=len(keys))


def _what(event: int, frm: int, to: int, reason: int = 0) -> int:
    """What happened, in a key."""
    return (event << _SHIFT["event"]) + (reason << _SHIFT["reason"]) + (frm << _SHIFT["frm"]) + (to << _SHIFT["to"])


def _who(world: World, rows: NDArray[Any], month: Any) -> Ints:
    """Month, school year and area of rows of the tape, in a key; who has outgrown the model is in its last year."""
    month = month.astype(np.int64)
    academic_year = (month - (calendar.SEPTEMBER - 1)) // 12
    ncy = np.minimum(academic_year - world.setting.tape.cohort[rows], len(NCYS) - 1)
    area = world.setting.tape.area[rows].astype(np.int64)
    key: Ints = (month - world.setting.scenario.first << _SHIFT["month"]) + (ncy << _SHIFT["ncy"])
    return key + (area << _SHIFT["area"])


def _logged(world: World) -> Ints:
    """The event log, one key an event."""
    first = world.setting.scenario.first
    waiting, begins, before = _waiting(world), _begins(world), first - ASKED_BEFORE - 1
    wants, placed = _wants(world), _placed(world)
    keys = [np.zeros(0, np.int64)]
    for month, log in enumerate(world.record.logs, first):
        asked = np.where(waiting[log.frm], log.clock, np.where(begins[log.event, log.reason], month, before)) - before
        want = np.where((log.frm != log.to) & placed[log.to], wants[log.waits], 0)
        parts = {"event": log.event, "reason": log.reason, "asked": asked, "frm": log.frm, "to": log.to, "want": want}
        key = _who(world, log.row, np.int64(month))
        for name, part in parts.items():
            key += part.astype(np.int64) << _SHIFT[name]
        keys.append(key)
    return np.concatenate(keys)


def _wants(world: World) -> NDArray[np.int64]:
    """[what a child waits for, as a log has it] code of ``WANTS``."""
    out = np.zeros(256, np.int64)
    for k, kind in enumerate(KIND_ORDER):
        at = 2 * world.setting.book.vocabulary.code(kind)
        out[at : at + 2] = 1 + 2 * k, 2 + 2 * k
    return out


def _placed(world: World) -> NDArray[np.bool_]:
    """[state] whether it is a placement with a plan."""
    vocabulary = world.setting.book.vocabulary
    return np.array([label in vocabulary.labels for label in state_labels(vocabulary)])


def _waiting(world: World) -> NDArray[np.bool_]:
    """[state] whether a request or assessment is open: the log then says from which month it counts."""
    labels = state_labels(world.setting.book.vocabulary)
    return np.array([label.endswith(("+requested", "+assessing")) for label in labels])


def _begins(world: World) -> NDArray[np.bool_]:
    """[event, reason] whether a request or assessment begins to count: asked, asked again, or granted on appeal."""
    book = world.setting.book
    out = np.zeros((len(book.events), len(REASONS)), np.bool_)
    for k, process in enumerate(book.processes):
        for outcome in (process.yes, process.no or process.yes):
            if outcome.stage in {Stage.REQUESTED, Stage.ASSESSING} and outcome.effect & Effect.START_CLOCK:
                out[k, REASONS.index(outcome.reason)] = True
    return out


def _unlogged(world: World) -> tuple[Ints, Ints]:
    """Births, and the arrivals and departures of children without needs, counted: kept, as runs share a tape."""
    kept, key = world.setting.kept, ("flow", world.month)
    if key not in kept:
        kept[key] = _counted(np.concatenate(_of_tape(world)))
    found: tuple[Ints, Ints] = kept[key]
    return found


def _of_tape(world: World) -> list[Ints]:
    """Births; arrivals and departures of children without needs."""
    tape, first, now = world.setting.tape, world.setting.scenario.first, world.month
    events, states = world.setting.book.events, state_labels(world.setting.book.vocabulary)
    elsewhere, left, none = states.index("elsewhere"), states.index("left"), states.index("none")
    came = np.flatnonzero((tape.arrival >= first) & (tape.arrival < now))
    born, moved_in = came[tape.born[came]], came[~tape.born[came] & (came >= tape.with_needs)]
    leaving = tape.leaving[tape.with_needs :]
    gone = tape.with_needs + np.flatnonzero((leaving >= first) & (leaving < now))
    how = np.array([REASONS.index(KIND_OF_LEAVING.get(k, "")) for k in Presence])[tape.leaving_as[gone]]
    birth = _what(len(events), elsewhere, none)
    arrive = _what(events.index("arrive"), elsewhere, none, REASONS.index("none"))
    leave = _what(events.index("leave"), none, left)
    return [
        _who(world, born, tape.arrival[born]) + birth,
        _who(world, moved_in, tape.arrival[moved_in]) + arrive,
        _who(world, gone, tape.leaving[gone]) + leave + (how << _SHIFT["reason"]),
    ]
