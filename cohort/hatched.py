"""A world's hatches asked: the children shown to them as columns, and whoever they move made a seeker.

Nothing here decides who may move (``hatch`` does) or who gets a place (that is for the month). The kernel's world and
its plain twin each show their own children and enlist their own seekers.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, hatch
from cohort.calendar import NCY_LOWEST
from cohort.columns import Seekers
from cohort.hatch import Children
from cohort.processes import CHOICES
from cohort.setting import Setting
from cohort.states import AREAS, NEEDS, SUPPORTS, Presence, Stage, Support, state_code

if TYPE_CHECKING:
    from cohort.mini import MiniWorld
    from cohort.world import World

Array = NDArray[Any]
MOVE = tuple(CHOICES).index("move")
TURNED = ("review_maintain", "review_amend")
"""Outcomes of a review that a hatch's move takes the place of: a child has one review a year, and one entry for it."""
Sent = tuple[NDArray[np.int64], NDArray[np.int16]]
"""Positions among the month's seekers, and the placements they are sent to."""


def ask(world: World) -> Sent:
    """Ask the hatches of a world; whoever they move joins its seekers, in the order of the tape."""
    hatches = acting(world.setting, world.month)
    if not hatches:
        return np.zeros(0, np.int64), np.zeros(0, np.int16)
    c, n, setting = world.columns, world._seeking, world.setting
    rows = np.flatnonzero((c.presence == Presence.HERE) & (c.support == Support.PLAN))
    held: dict[str, Array] = {name: getattr(c, name)[rows] for name in HELD}
    held["seeks"] = np.isin(rows, world._seekers.row[:n])
    shown = _show(setting, world.month, held, c.key[rows])
    moves = hatch.answers(hatches, shown, world.month, setting.book.vocabulary, setting.scenario.acknowledge_unlawful)
    moved = rows[list(moves)]
    world._seekers = Seekers(*(np.concatenate([x[:n], np.zeros(len(x) + len(moved) - n, x.dtype)])
                               for x in world._seekers))  # fmt: skip
    joined = slice(n, n + len(moved))
    world._seekers.row[joined], world._seekers.choice[joined] = moved, MOVE
    world._seekers.entry[joined] = _entries(world, moved)
    world._seeking = n + len(moved)
    return np.arange(n, n + len(moved)), np.array(list(moves.values()), np.int16)


def ask_twin(twin: MiniWorld) -> dict[int, int]:
    """The same in the plain twin. Returns child (its row) -> the placement it is sent to."""
    setting = twin.setting
    hatches = acting(setting, twin.month)
    if not hatches:
        return {}
    children = [child for child in twin.here() if child.support == Support.PLAN]
    held = {name: np.array([getattr(child, name) for child in children], np.int64) for name in HELD}
    asking = {seeker.child.row for seeker in twin.seekers}
    held["seeks"] = np.array([child.row in asking for child in children], np.bool_)
    shown = _show(setting, twin.month, held, np.array([child.key for child in children], np.uint64))
    moves = hatch.answers(hatches, shown, twin.month, setting.book.vocabulary, setting.scenario.acknowledge_unlawful)
    return enlist(twin, {children[at].row: code for at, code in moves.items()})


def enlist(twin: MiniWorld, moves: dict[int, int]) -> dict[int, int]:
    """Children of a twin (by row) who are moved, and where to, join its seekers."""
    for child in (child for child in twin.here() if child.row in moves):
        entry = next((k for k, e in enumerate(twin.log) if e.row == child.row and e.event in TURNED), None)
        if entry is None:
            entry = len(twin.log)
            twin.note(child, "review_move", "", twin.state(child), twin.state(child))
        twin.log[entry] = twin.log[entry]._replace(event="review_move", reason="")
        twin.enlist(child, "move", entry)
    return moves


HELD = ("support", "placement", "need", "area", "severity", "cohort", "anniversary", "stage", "placed")
"""What is shown of a child, as it is held."""


def acting(setting: Setting, month: int) -> tuple[hatch.Columns, ...]:
    """The functions that act in a month."""
    return tuple(h for h in setting.hatches if h.when.strength(month))


def _show(setting: Setting, month: int, held: Mapping[str, Array], keys: NDArray[np.uint64]) -> Children:
    """Children as a hatch sees them, from what is held of them in codes."""
    ncy = calendar.academic_year(month) - held["cohort"].astype(np.int64)
    reviewed = (held["anniversary"] == month % 12) & (held["stage"] == Stage.NONE)
    transfers = setting.enters[ncy, held["placement"]] if calendar.is_september(month) else np.zeros(len(ncy), np.bool_)
    free = ~held["seeks"] & (held["placed"] != month)
    words = {"support": SUPPORTS, "placement": setting.book.vocabulary.labels, "need": NEEDS, "area": AREAS}
    columns = {name: np.array(labels)[held[name]] for name, labels in words.items()}
    columns |= {
        "severity": held["severity"].astype(np.int64),
        "ncy": ncy + NCY_LOWEST,
        "anniversary": held["anniversary"].astype(np.int64) + 1,
        "months_placed": np.where(held["placed"] > 0, month - held["placed"].astype(np.int64), -1),
        "free": free,
        "may_move": free & (reviewed | transfers),
    }
    return Children(columns, keys, month)


def _entries(world: World, rows: NDArray[np.int64]) -> list[int]:
    """The log entry of each child who is moved: its uneventful review's, turned into a move, or else a new one."""
    log, c, events = world._log, world.columns, world.setting.book.events
    turned = np.isin(log.event[: world._entries], [events.index(e) for e in TURNED])
    at = {int(log.row[k]): int(k) for k in np.flatnonzero(turned & np.isin(log.row[: world._entries], rows))}
    placements = len(world.setting.book.vocabulary.placements)
    for row in rows.tolist():
        if row not in at:
            k = at[row] = world._entries
            log.row[k], log.clock[k] = row, 0
            log.frm[k] = log.to[k] = state_code(c.support[row], c.stage[row], c.placement[row], placements)
            world._entries += 1
        log.event[at[row]], log.reason[at[row]] = events.index("review_move"), 0
    return [at[row] for row in rows.tolist()]


__all__ = ["Sent", "acting", "ask", "ask_twin", "enlist"]
