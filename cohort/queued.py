"""A month's queue for scarce places, played again in plain loops for the children one wants to know about.

    world.rolls = Noting.of(world.rolls)      # from now on each month's admission is noted
    world.step()
    queue = Queue.of(world.setting, world.rolls.asked["compete"], watched)
    queue.granted[row], queue.turns[row]      # where the child is placed, and each of its turns: rank, places, answer

The kernel decides (``admission``); here the plain twin (``mini_places``) decides again about the same seekers, so that
each answer has its reasons. Who asks holds the two to each other (``watch``).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cohort.admission import NOBODY
from cohort.columns import Columns, Log, Seekers
from cohort.mini import Child, Seeker
from cohort.mini_places import Case, MiniRolls, Want
from cohort.processes import CHOICES
from cohort.rolls import Rolls, rows_with
from cohort.setting import Setting
from cohort.states import Support

Ints = NDArray[np.int64]
TRAITS = tuple(name for name in Child.__slots__ if name != "row")


class Asked(NamedTuple):
    """What a month's admission was asked for: the children it may concern as they then were, and who sought what."""

    phase: str
    """arrive or compete"""
    month: int
    children: dict[int, Child]
    filled: list[int]
    over: list[int]
    seekers: Seekers
    """empty of those who have just moved in: they seek the placement in which they are"""
    arrived: tuple[int, ...]
    """rows of children who have just moved in with a plan"""


@dataclass(eq=False)
class Noting(Rolls):
    """Rolls that note what each month's admission is asked for, as "arrive" and "compete"."""

    asked: dict[str, Asked] = field(default_factory=dict)

    @classmethod
    def of(cls, rolls: Rolls) -> Noting:
        """The same rolls, noting from now on."""
        return cls(rolls.places, rolls.filled, rolls.over)

    def make_room(self, columns: Columns, log: Log, left: int, entries: int, month: int,
                  academic_year: int) -> tuple[Seekers, int, NDArray[np.int16]]:  # fmt: skip
        new = log.row[left:entries].astype(np.int64)
        new = new[columns.support[new] == Support.PLAN]
        self._note("arrive", columns, log.row[:entries], month, Seekers.up_to(0), new)
        return super().make_room(columns, log, left, entries, month, academic_year)

    def compete(self, columns: Columns, log: Log, arrived: int, entries: int, seekers: Seekers, n: int, month: int,
                academic_year: int) -> tuple[Seekers, int, NDArray[np.int16]]:  # fmt: skip
        sought = Seekers._make(column[:n].copy() for column in seekers)
        closed = ~self._in(month)[1]
        out = rows_with(columns.provider)
        concerned = (
            sought.row,
            rows_with(columns.waiting_for),
            log.row[arrived:entries],
            out[closed[columns.provider[out]]],
        )
        self._note("compete", columns, np.concatenate(concerned), month, sought, np.zeros(0, np.int64))
        return super().compete(columns, log, arrived, entries, seekers, n, month, academic_year)

    def _note(self, phase: str, columns: Columns, rows: NDArray[np.integer], month: int, seekers: Seekers,
              arrived: Ints) -> None:  # fmt: skip
        at = np.unique(rows).astype(np.int64)
        held = zip(at.tolist(), *(getattr(columns, name)[at].tolist() for name in TRAITS), strict=True)
        children = {row: Child(row, *values) for row, *values in held}
        filled, over = self.filled.tolist(), self.over.tolist()
        self.asked[phase] = Asked(phase, month, children, filled, over, seekers, tuple(arrived.tolist()))


class Turn(NamedTuple):
    """A child's turn for one kind of place."""

    kind: str
    want: str
    """how the place is wanted: choice, moves_on (its own place of the kind ends), besides (its choice, or while it
    waits), instead (since a kind before it was refused)"""
    rank: int
    """1 is first"""
    of: int
    points: int
    places: int
    """at the providers that admit the child's age and need"""
    taken: int
    """of these, when the turn came"""
    answer: str
    """placed, above_roll, refused, waits or declined (settled in an independent school, it takes no state place)"""
    provider: str = ""


class Queue(MiniRolls):
    """A month's admission in plain loops, with the turns of the children who are watched."""

    def __init__(self, setting: Setting, asked: Asked, watched: Collection[int]) -> None:
        super().__init__(setting, list(asked.children.values()))
        self.filled, self.over = list(asked.filled), list(asked.over)
        self.watched, self.month, self.by_row = set(watched), asked.month, asked.children
        self.turn: dict[int, int] = dict.fromkeys(self.kinds, 0)
        self.told: list[tuple[int, int, Turn]] = []
        self.sought: dict[int, tuple[str, int, bool]] = {}
        """row -> the choice ("" while it waits), the placement sought, whether a policy sent it there"""
        self.granted: dict[int, int] = {}

    @classmethod
    def of(cls, setting: Setting, asked: Asked, watched: Collection[int]) -> Queue:
        """The queue, played to its end."""
        queue = cls(setting, asked, watched)
        seekers, sought = queue._arrived(asked) if asked.phase == "arrive" else queue._competing(asked)
        for s, placement in zip(seekers, sought, strict=True):
            queue.sought[s.child.row] = s.choice, placement, s.diverted
        granted = queue.deal_out(seekers, sought, asked.month)
        queue.granted = {s.child.row: placement for s, placement in zip(seekers, granted, strict=True)}
        return queue

    def _arrived(self, asked: Asked) -> tuple[list[Seeker], list[int]]:
        self.withdraw(asked.month)
        self.release_leavers()
        new = [asked.children[row] for row in asked.arrived]
        new = [child for child in new if self.is_scarce(child.placement)]
        return [Seeker(child, "arrive_place", None) for child in new], [child.placement for child in new]

    def _competing(self, asked: Asked) -> tuple[list[Seeker], list[int]]:
        self.release_leavers()
        choices, columns = tuple(CHOICES), (asked.seekers.row, asked.seekers.choice, asked.seekers.diverted)
        by_choice = zip(*(column.tolist() for column in columns), strict=True)
        seekers = [Seeker(asked.children[r], choices[k], None, diverted=sent) for r, k, sent in by_choice]
        others = self.others_who_seek({s.child.row for s in seekers}, asked.month)
        sought = asked.seekers.sought.tolist() + [child.placement for child, _, _ in others]
        return seekers + [Seeker(child, choice, None, event) for child, choice, event in others], sought

    @property
    def turns(self) -> dict[int, list[Turn]]:
        """Row -> its turns, for the children watched."""
        found: dict[int, list[Turn]] = {}
        for row, kind, turn in self.told:
            found.setdefault(row, []).append(turn._replace(of=self.turn[kind]))
        return found

    def decide(self, case: Case, kind: int, how: Want, month: int) -> None:
        """As the twin decides, noted for a child who is watched."""
        self.turn[kind] += 1
        child = case.seeker.child
        if child.row not in self.watched:
            super().decide(case, kind, how, month)
            return
        fit = [n for _, n in self.in_order(child, kind) if self.fits(n, child, month)]
        places, taken = sum(self.places(n, month) for n in fit), sum(self.filled[n] for n in fit)
        points, above, waited = -self.rank(child, kind, how, month)[0], sum(self.over), child.waiting_for
        super().decide(case, kind, how, month)
        placed = case.placement == kind and not case.wants and child.provider != NOBODY
        answer = "refused" if how != Want.BESIDES else "waits"
        if placed:
            answer = "above_roll" if sum(self.over) > above else "placed"
        elif how == Want.BESIDES and child.waiting_for == NOBODY and waited == kind:
            answer = "declined"
        name = self.provider(child.provider).name if placed else ""
        label = self.setting.book.vocabulary.labels[kind]
        turn = Turn(label, how.name.lower(), self.turn[kind], 0, points, places, taken, answer, name)
        self.told.append((child.row, kind, turn))


__all__ = ["Asked", "Noting", "Queue", "Turn"]
