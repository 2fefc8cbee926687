"""What happened to children, counted: the event log, and of the tape all births and moves of children without needs.

A month's row of the flow table is eight bytes that read as one number, so that a month's events are counted by one
sort. Of the months that two worlds share (see ``fork``) the second takes the first's rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import takewhile
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, flowrows
from cohort.calendar import NCYS
from cohort.columns import Log
from cohort.demography import Tape
from cohort.flowrows import KEY, ROW, Words
from cohort.places import KIND_ORDER
from cohort.processes import REASONS, Effect
from cohort.setting import Setting
from cohort.states import AREAS, KIND_OF_LEAVING, Presence, Stage, state_labels

if TYPE_CHECKING:
    from cohort.world import World

Keys = NDArray[np.uint64]
Ints = NDArray[np.int64]
Counted = tuple[Keys, Ints]
"""Each row of a month once, in order, and how many children it is of."""

BIRTH = "birth"
"""An event beside those of the process table; births change nothing, so no log has them."""
ASKED_BEFORE = 120
"""Requests and assessments open at the start began at most this many months before it."""
WANTS = ("", *(f"{kind}:{how}" for kind in KIND_ORDER for how in ("besides", "choice")))
"""For want of which place a child came to a placement: it waits for one of the kind, which was its choice and refused,
or which it had sought besides."""


def count(world: World) -> dict[str, NDArray[Any]]:
    """The rows of the flow table in order: codes by column, in 16 bits, and "children".

    ``month`` counts from the first; ``ncy`` from the lowest; ``asked`` is 0 for none, else from ``ASKED_BEFORE`` months
    before the first; ``want`` is a code of ``WANTS``, of entries to a placement alone.
    """
    months = _by_month(world)
    lengths = [len(keys) for keys, _ in months]
    rows = np.concatenate([np.zeros(0, KEY), *(keys for keys, _ in months)], dtype=KEY).view(ROW)
    ncy, area = np.divmod(rows["who"], np.uint8(len(AREAS)))
    codes = {"month": np.repeat(np.arange(len(months), dtype=np.int16), lengths), "ncy": ncy, "area": area}
    codes |= {name: rows[name] for name in ("event", "reason", "asked", "frm", "to", "want")}
    children = np.concatenate([np.zeros(0, np.int64), *(children for _, children in months)])
    return {name: code.astype(np.int16) for name, code in codes.items()} | {"children": children}


def _by_month(world: World) -> list[Counted]:
    """[month] its rows. Kept, of the first world of a run, with the logs that they are of: a log is never changed."""
    kept, key, logs = world.setting.kept, ("flow of logs",), list(world.record.logs)
    of, found = kept.get(key, ([], []))
    shared = sum(1 for _ in takewhile(lambda both: both[0] is both[1], zip(logs, of, strict=False)))
    reader, others, first = _reader(world.setting), _unlogged(world.setting), world.setting.scenario.first
    new = range(shared, len(logs))
    rows = found[:shared] + [_counted(reader.keys(logs[k], first + k), others[k]) for k in new]
    if shared in (0, len(of)):
        kept[key] = logs, rows
    return rows


def _counted(keys: Keys, others: Counted) -> Counted:
    """A month's events, counted together with others that are counted already."""
    keys.sort()
    most = len(keys) + len(others[0]) + 1
    rows, children = np.empty(most, np.uint64), np.zeros(most, np.int64)
    n = flowrows.merge(keys, *others, rows, children)
    return rows[1 : n + 1].copy(), children[1 : n + 1].copy()


def _who(tape: Tape, rows: Any, month: Any) -> NDArray[np.uint8]:
    """School year and area of rows of the tape, as ``ROW`` has them; who has outgrown the model is in its last year."""
    ncy = np.minimum((month - (calendar.SEPTEMBER - 1)) // 12 - tape.cohort[rows], len(NCYS) - 1)
    return (ncy * len(AREAS) + tape.area[rows]).astype(np.uint8)


def _reader(setting: Setting) -> _Reader:
    """Kept: settings that share a tape share it."""
    if ("flow reader",) not in setting.kept:
        setting.kept["flow reader",] = _Reader(setting.tape, setting.scenario.first, _words(setting))
    found: _Reader = setting.kept["flow reader",]
    return found


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads the logs of worlds of a tape that begin in a month."""

    tape: Tape
    first: int
    words: Words
    who: dict[int, NDArray[np.uint8]] = field(default_factory=dict)
    """academic year -> [child with needs] school year and area"""

    def keys(self, log: Log, month: int) -> Keys:
        """A month's events, in the order of the log."""
        year, before = calendar.academic_year(month), self.first - ASKED_BEFORE - 1
        if year not in self.who:
            self.who[year] = _who(self.tape, slice(self.tape.with_needs), month)
        keys = np.empty(len(log.row), np.uint64)
        flowrows.lay_out(log, self.words, self.who[year], month - before, before, keys)
        return keys


def _words(setting: Setting) -> Words:
    """Of a setting's vocabulary and process table."""
    vocabulary = setting.book.vocabulary
    states, wants = state_labels(vocabulary), np.zeros(256, np.uint8)
    for k, kind in enumerate(KIND_ORDER):
        at = 2 * vocabulary.code(kind)
        wants[at : at + 2] = 1 + 2 * k, 2 + 2 * k
    waiting = np.array([label.endswith(("+requested", "+assessing")) for label in states])
    return Words(waiting, _begins(setting), np.array([label in vocabulary.labels for label in states]), wants)


def _begins(setting: Setting) -> NDArray[np.bool_]:
    """[event, reason] of ``Words.begins``."""
    book = setting.book
    out = np.zeros((len(book.events), len(REASONS)), np.bool_)
    for k, process in enumerate(book.processes):
        for outcome in (process.yes, process.no or process.yes):
            if outcome.stage in {Stage.REQUESTED, Stage.ASSESSING} and outcome.effect & Effect.START_CLOCK:
                out[k, REASONS.index(outcome.reason)] = True
    return out


def _unlogged(setting: Setting) -> list[Counted]:
    """[month] births, and the arrivals and departures of children without needs: kept, as runs share a tape."""
    kept, key = setting.kept, ("flow of the tape",)
    if key not in kept:
        when, rows = (np.concatenate(parts) for parts in zip(*_of_tape(setting), strict=True))
        keys = rows.view(KEY)
        months = range(setting.scenario.first, setting.tape.until)
        kept[key] = [np.unique(keys[when == month], return_counts=True) for month in months]
    found: list[Counted] = kept[key]
    return found


def _of_tape(setting: Setting) -> list[tuple[NDArray[np.int16], NDArray[np.void]]]:
    """Month and row of each birth, and of the arrivals and departures of children without needs."""
    tape, first, last = setting.tape, setting.scenario.first, setting.tape.until
    events, states = setting.book.events, state_labels(setting.book.vocabulary)
    elsewhere, left, none = states.index("elsewhere"), states.index("left"), states.index("none")
    came = np.flatnonzero((tape.arrival >= first) & (tape.arrival < last))
    born, moved_in = came[tape.born[came]], came[~tape.born[came] & (came >= tape.with_needs)]
    leaving = tape.leaving[tape.with_needs :]
    gone = tape.with_needs + np.flatnonzero((leaving >= first) & (leaving < last))
    how = np.array([REASONS.index(KIND_OF_LEAVING.get(k, "")) for k in Presence])[tape.leaving_as[gone]]
    arrive, leave = events.index("arrive"), events.index("leave")

    def rows(children: Ints, month: NDArray[np.int16], event: int, frm: int, to: int, reason: Any = 0) -> Any:
        row = np.zeros(len(children), ROW)
        row["who"] = _who(tape, children, month)
        row["event"], row["reason"], row["frm"], row["to"] = event, reason, frm, to
        return month, row

    return [
        rows(born, tape.arrival[born], len(events), elsewhere, none),
        rows(moved_in, tape.arrival[moved_in], arrive, elsewhere, none, REASONS.index("none")),
        rows(gone, tape.leaving[gone], leave, none, left, how),
    ]
