"""Some children of a world, lived again in plain loops beside it, each step with its reasons.

    life = Watched.beside(World.start(setting), rows)
    life.step()                       # the world's month, then the same month of the children watched
    life.happened, life.why       # what happened to them in this month, and by which draws and chances

Everything that happens to a child is a function of its own state, its luck and the month's rates, but for scarce
places: for these the month's whole queue is played again (``queued``). After each month the children and the events are
held to the world's; where they differ one of the two is wrong, and ``Disagreement`` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cohort import calendar, draws, hatched, mini, states
from cohort.draws import Purpose
from cohort.mini import Child, Happened, MiniWorld, Seeker
from cohort.mini_places import MiniRolls
from cohort.processes import REASONS, Process
from cohort.queued import Noting, Queue, Turn
from cohort.setting import Setting
from cohort.world import World


class Disagreement(RuntimeError):  # noqa: N818
    """The plain loops give a child another life than the world has: a fault in the model."""


class Compared(NamedTuple):
    """A draw held against a chance: it happens if low <= draw < low + chance. All in units of 2**-32."""

    what: str
    """the event or the share that the draw decided about"""
    rate: str
    """the name of the rate, as in ``rates``"""
    purpose: str
    draw: int
    low: int
    """where the event's own stretch of the unit interval begins"""
    width: int
    """and how wide it is: the bound that no policy moves"""
    chance: int
    traits: tuple[int, ...]
    """what the rate depends on, in the order of ``processes.DIMS``"""

    @property
    def happens(self) -> bool:
        """Whether the draw is within the chance."""
        return self.low <= self.draw < self.low + self.chance


class Chosen(NamedTuple):
    """A placement drawn by the weights of a choice: its share of the unit interval is [low, high)."""

    choice: str
    purpose: str
    draw: int
    low: int
    high: int
    placement: str


Reason = Compared | Chosen | Turn


class Answered(MiniRolls):
    """The rolls as far as they concern the children watched: each answer is the whole queue's."""

    def __init__(self, setting: Setting, children: list[Child], life: Watched) -> None:
        super().__init__(setting, children)
        self.life = life

    def withdraw(self, month: int) -> None:
        """Nothing here: the queue does, for all."""

    def deal_out(self, seekers: Sequence[Seeker], sought: Sequence[int], month: int) -> list[int]:
        """Where each is placed. Who only waits, and is still there after the world's month, waits on."""
        if all(not s.choice and self.life.waits_on(s.child) for s in seekers):
            return [s.child.placement for s in seekers]
        phase = "arrive" if seekers[0].choice == "arrive_place" else "compete"
        queue = Queue.of(self.setting, self.life.noting.asked[phase], [child.row for child in self.children])
        for s, into in zip(seekers, sought, strict=True):
            if queue.sought.get(s.child.row) != (s.choice, into, s.diverted):
                raise Disagreement(f"child {s.child.row}: seeks {into} by {s.choice!r}, in the world otherwise")
            there = queue.by_row[s.child.row]
            for name in ("provider", "waiting_for", "waiting_since", "named"):
                setattr(s.child, name, getattr(there, name))
        for row, turns in queue.turns.items():
            self.life.note_reasons(row, turns)
        return [queue.granted[s.child.row] for s in seekers]


class Watched(MiniWorld):
    """The children watched. Make one with ``Watched.beside``; ``step`` also steps the world."""

    world: World
    noting: Noting
    happened: list[Happened]
    why: dict[int, list[Reason]]
    """row -> the month's reasons, in the order in which they came"""

    @classmethod
    def beside(cls, world: World, rows: Sequence[int]) -> Watched:
        """Some of a world's children (by row), from the month that the world has reached."""
        life = cls(world.setting, world.month, mini.children_of(world, rows))
        life.world, life.happened, life.why = world, [], {}
        life.noting = world.rolls = Noting.of(world.rolls)
        life.rolls = Answered(world.setting, life.children, life)
        return life

    def step(self) -> None:
        """The world's month, then the same of the children watched. Raises Disagreement where they differ."""
        self.why = {}
        self.world.step()
        super().step()
        self.happened = self.log
        self._agree()

    def ask_hatches(self) -> dict[int, int]:
        """Whom a research hatch moved: it sees all children at once, so the world's answer is taken."""
        if not hatched.acting(self.setting, self.month):
            return {}
        at, into = self.world._sent
        moved = dict(zip(self.world._seekers.row[at].tolist(), into.tolist(), strict=True))
        return hatched.enlist(self, {child.row: moved[child.row] for child in self.here() if child.row in moved})

    def waits_on(self, child: Child) -> bool:
        """Whether nothing has become of a child's waiting in the world's month."""
        names = ("provider", "placement", "waiting_for", "waiting_since", "named")
        return all(getattr(self.world.columns, name)[child.row] == getattr(child, name) for name in names)

    def note_reasons(self, row: int, reasons: Sequence[Reason]) -> None:
        """Keep why something happened, or did not, to a child."""
        self.why.setdefault(row, []).extend(reasons)

    # each decision, with its reason

    def falls(self, child: Child, status: int, purpose: Purpose) -> Process | None:
        luck = self.luck(child, purpose)
        for event, stretch in self.stretches[status]:
            if luck in stretch:
                self._compare(child, event.name, event.rate_name, purpose, stretch.start, len(stretch))
        return super().falls(child, status, purpose)

    def take(self, child: Child, event: Process, which_way: Purpose, which_reason: Purpose) -> None:
        if event.share:
            self._compare(child, event.yes.reason or "sen_support", event.share, which_way)
        super().take(child, event, which_way, which_reason)

    def choose(self, child: Child, choice: str, purpose: Purpose) -> int:
        chosen = super().choose(child, choice, purpose)
        weights = mini.at(self.weights[choice], self.traits(child)).tolist()
        if weights[-1]:
            low = weights[chosen - 1] if chosen else 0
            label = self.setting.book.vocabulary.labels[chosen]
            drawn = Chosen(choice, Purpose(purpose).name, self.luck(child, purpose), low, weights[chosen], label)
            self.note_reasons(child.row, [drawn])
        return chosen

    def redirect(self, child: Child, choice: str, chosen: int) -> tuple[int, bool]:
        words = self.setting.book.vocabulary
        for key in self.setting.book.rates.redirects:
            of, frm, into = key.split(".")
            if (of, words.code(frm)) == (choice, chosen):
                purpose = Purpose.REDIRECT + words.code(into)
                if self._compare(child, f"{frm} to {into}", f"redirect.{key}", purpose).happens:
                    self._compare(child, "contest", f"appeal.{key}", Purpose.REDIRECT_APPEAL)
                    break
        return super().redirect(child, choice, chosen)

    def _compare(self, child: Child, what: str, rate: str, purpose: int, low: int = 0,
                 width: int = draws.WHOLE) -> Compared:  # fmt: skip
        name = Purpose(purpose).name if purpose < Purpose.REDIRECT else Purpose.REDIRECT.name
        made = Compared(what, rate, name, self.luck(child, purpose), low, width, self.chance(child, rate),
                        self.traits(child))  # fmt: skip
        self.note_reasons(child.row, [made])
        return made

    # held to the world

    def _agree(self) -> None:
        """Every trait of each child, and every event, as the world has them."""
        columns = self.world.columns
        for child in self.children:
            for name in COMPARED:
                mine, its = getattr(child, name), int(getattr(columns, name)[child.row])
                if mine != its:
                    raise self._differs(child.row, f"{name} is {mine}, in the world {its}")
        its_log = logged(self.world, [child.row for child in self.children])
        if sorted(self.log) != sorted(its_log):
            other = sorted(set(self.log) ^ set(its_log))
            raise self._differs(other[0].row if other else -1, f"{other} happened in one of the two")

    def _differs(self, row: int, what: str) -> Disagreement:
        return Disagreement(f"{calendar.label(self.month - 1)}: child {row}: {what}")


COMPARED = tuple(name for name in Child.__slots__ if name != "row")


def logged(world: World, rows: Sequence[int]) -> list[Happened]:
    """What the world's log of its last month says happened to some children, in words."""
    log, wanted = world.record.logs[-1], set(rows)
    named = ("row", "event", "reason", "frm", "to", "clock")
    book = world.setting.book
    labels = states.state_labels(book.vocabulary)
    return [
        Happened(row, book.events[event], REASONS[reason], labels[frm], labels[to], clock)
        for row, event, reason, frm, to, clock in zip(*(getattr(log, name).tolist() for name in named), strict=True)
        if row in wanted
    ]


__all__ = ["Chosen", "Compared", "Disagreement", "Reason", "Watched", "logged"]
