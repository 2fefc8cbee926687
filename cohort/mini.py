"""One month in plain loops over children: read this first. ``month.py`` does the same fast, and must agree to the bit.

    world = MiniWorld.of(World.start(setting))
    world.step()

A child is an object, an event a row of ``processes.PROCESSES``, luck one call of ``draws.draw_int`` (of ``quick_int``
for what happens). Nothing here is copied from the kernel: where the two differ, one of them is wrong. For reading and
for tests; hundreds of times slower.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws, hatched, states
from cohort.book import ON_TIME, cumulative
from cohort.draws import Purpose
from cohort.mini_places import MiniRolls, where_is
from cohort.prices import FIRST_NCY_POST_16
from cohort.processes import REASONS, Effect, Outcome, Process
from cohort.setting import Setting
from cohort.states import MAINSTREAM, Presence, Stage, Support
from cohort.world import World

NO_PLAN = 255
"""The anniversary of a child without a plan."""

CHOICE_PURPOSE = {"first_place": Purpose.FIRST_PLACE, "transfer": Purpose.TRANSFER}
"""A choice of placement has luck of its own; all by which a placed child seeks another share one: never two at once."""


@dataclass(slots=True)
class Child:
    """A child with additional needs. Words are stored as their positions in the vocabulary (see ``states``)."""

    row: int  # in the tape, which says when the child comes and goes
    key: int  # its luck in this run
    cohort: int  # the academic year it was born in
    area: int
    severity: int
    lodging: int  # which independent places it would have: two numbers below 65,536 (see ``lodging``)
    presence: int
    support: int
    stage: int
    placement: int
    need: int
    anniversary: int  # the month of the year (0 to 11) of the plan's annual review
    clock: int  # the month in which the present stage began to count: from request to plan, that of the request
    placed: int  # the month of the last decision on placement
    entered: int  # the month in which it came to its placement, or its plan there began; 0 before the run
    cost: int  # pence so far
    provider: int  # who provides the scarce place it has, by number; NOBODY in every other placement
    waiting_for: int  # the placement on whose waiting list it is, NOBODY if on none
    waiting_since: int  # the month since which it waits
    named: int  # 1 if what it waits for is its choice, 0 if it had only sought it besides


class Happened(NamedTuple):
    """An entry of the log, in words; ``clock`` is that of the stage left, 0 outside the pipeline."""

    row: int
    event: str
    reason: str
    frm: str
    to: str
    clock: int


class Seeker(NamedTuple):
    """A child who seeks a placement this month, by which choice, and the log entry that waits for the answer, or else
    the event to be noted if the child moves. Who is on a waiting list and nothing else seeks by no choice."""

    child: Child
    choice: str
    entry: int | None
    event: str = "transfer"
    diverted: bool = False  # a policy sent it elsewhere than its choice


class MiniWorld:
    """The same world as ``World``, to be stepped beside it. Make one with ``MiniWorld.of``."""

    def __init__(self, setting: Setting, month: int, children: list[Child]) -> None:
        self.setting, self.month, self.children = setting, month, children
        self.log: list[Happened] = []
        """of the last month stepped"""
        self.seekers: list[Seeker] = []
        self.rolls = MiniRolls(setting, children)
        book, arrays, rates = setting.book, setting.book.arrays, setting.book.rates
        self.labels = states.state_labels(book.vocabulary)
        self.chances = {}
        for name, start in rates.offset.items():  # a window of each rate on ``chance``, which is refreshed in place
            self.chances[name] = rates.chance[start:][: np.prod(rates.shape[name])].reshape(rates.shape[name])
        self.weights = self.weights_now()
        self.reasons = {table: cumulative(shares) for table, shares in book.reason_shares.items()}
        self.stretches: list[list[tuple[Process, range]]] = []
        for status, end in enumerate(arrays.reserved.tolist()):
            events = slice(arrays.first[status], arrays.first[status + 1])
            lows = [*arrays.low[events].tolist(), end]  # each event's stretch ends where the next one's begins
            owners = [book.processes[event] for event in arrays.event[events]]
            self.stretches.append([(owner, range(*edges)) for owner, edges in zip(owners, pairwise(lows), strict=True)])

    @classmethod
    def of(cls, world: World) -> MiniWorld:
        """The twin of a world at the month that it has reached; the world itself is left alone."""
        twin = cls(world.setting, world.month, children_of(world, range(world.setting.tape.with_needs)))
        twin.rolls.over = world.rolls.over.tolist()
        return twin

    def step(self) -> None:
        """The month M: from the state at the start of M to the state at the start of M + 1."""
        self.log, self.weights = [], self.weights_now()
        self.arrive_and_leave()
        self.happen()
        self.sent = self.ask_hatches()
        self.place()
        self.pay()
        self.month += 1

    def weights_now(self) -> dict[str, NDArray[np.uint64]]:
        """Each choice's weights as they are this month, added up to thresholds."""
        return {choice: cumulative(shares) for choice, shares in self.setting.book.in_month(self.month).weights.items()}

    # the verbs of a month

    def arrive_and_leave(self) -> None:
        """The tape says who: leavers first, then births and moves in. What those who move in come with is luck."""
        tape = self.setting.tape
        for child in self.children:
            if tape.leaving[child.row] == self.month:
                child.presence = int(tape.leaving_as[child.row])
                child.anniversary = NO_PLAN
                how = states.KIND_OF_LEAVING[Presence(child.presence)]
                self.note(child, "leave", how, self.state(child), "left", child.clock if child.stage else 0)
        arrived: list[Seeker] = []
        for child in self.children:
            if tape.arrival[child.row] == self.month:
                child.presence = Presence.HERE
                if not tape.born[child.row]:
                    self.move_in(child)
                    entry = len(self.log) - 1
                    if child.support == Support.PLAN and self.rolls.is_scarce(child.placement):
                        arrived.append(Seeker(child, "arrive_place", entry))
        if self.setting.places.binding:
            self.rolls.withdraw(self.month)
            self.rolls.release_leavers()
            sought = [seeker.child.placement for seeker in arrived]
            self.settle(arrived, self.rolls.deal_out(arrived, sought, self.month))

    def move_in(self, child: Child) -> None:
        """A child with needs comes from elsewhere with a plan, with SEN Support, or with neither."""
        plan, plan_or_support = self.setting.book.arrays_in(self.month).arrive[self.year_of(child)]
        luck = self.luck(child, Purpose.ARRIVE)
        if luck < plan:
            child.support = Support.PLAN
            child.anniversary = (self.month - 1) % 12  # the first review here is eleven months away
            child.placement = self.choose(child, "arrive_place", Purpose.ARRIVE_PLACE)
            child.placed = child.entered = self.month
        elif luck < plan_or_support:
            child.support = Support.SEN_SUPPORT
        if child.support:
            self.name_need(child)
        came_with = {Support.PLAN: "plan", Support.SEN_SUPPORT: "sen_support"}.get(Support(child.support), "none")
        self.note(child, "arrive", came_with, "elsewhere", self.state(child))

    def happen(self) -> None:
        """At most one event a child; a plan to which none happens is reviewed on its anniversary.

        The kernel first sets aside all whose draw is beyond their status's last stretch. Here everybody is looked at.
        """
        self.setting.book.rates.compile(self.month)
        self.seekers = []
        for child in self.here():
            if event := self.falls(
                child, states.luck_status(child.support, child.stage, child.placement), Purpose.HAPPEN
            ):
                self.take(child, event, Purpose.OUTCOME, Purpose.REASON)
            elif self.is_reviewed(child):
                if event := self.falls(child, states.REVIEWED, Purpose.REVIEW):
                    self.take(child, event, Purpose.REVIEW_OUTCOME, Purpose.REVIEW_REASON)
                else:
                    self.note(child, "review_maintain", "", self.state(child), self.state(child))

    def ask_hatches(self) -> dict[int, int]:
        """Whom functions that move columns send elsewhere: child (its row) -> placement."""
        return hatched.ask_twin(self)

    def place(self) -> None:
        """In September all who enter a transfer year seek a placement; who gets a scarce one is for ``MiniRolls``."""
        if calendar.is_september(self.month):
            asking = {seeker.child.row for seeker in self.seekers}
            for child in self.here():
                decided = child.row in asking or child.placed == self.month  # no placement is decided twice in a month
                enters = self.setting.enters[self.year_of(child), child.placement]
                if child.support == Support.PLAN and enters and not decided:
                    self.seekers.append(Seeker(child, "transfer", None))
        chosen = [self.choose(s.child, s.choice, CHOICE_PURPOSE.get(s.choice, Purpose.MOVE)) for s in self.seekers]
        sent = [self.redirect(s.child, s.choice, choice) for s, choice in zip(self.seekers, chosen, strict=True)]
        contesting = [s.child for s, (_, contests) in zip(self.seekers, sent, strict=True) if contests]
        sought = [into for into, _ in sent]
        self.seekers = [
            s._replace(diverted=into != choice) for s, into, choice in zip(self.seekers, sought, chosen, strict=True)
        ]
        for k, seeker in enumerate(self.seekers):
            if seeker.child.row in self.sent:  # by a function that moves columns, whatever it had chosen
                sought[k], self.seekers[k] = self.sent[seeker.child.row], seeker._replace(diverted=True)
        contesting = [child for child in contesting if child.row not in self.sent]
        granted = sought
        if self.setting.places.binding:
            self.rolls.release_leavers()
            others = self.rolls.others_who_seek({s.child.row for s in self.seekers}, self.month)
            self.seekers += [Seeker(child, choice, None, event) for child, choice, event in others]
            sought += [child.placement for child, _, _ in others]
            granted = self.rolls.deal_out(self.seekers, sought, self.month)
        self.settle(self.seekers, granted)
        for child in contesting:
            self.note(child, "contest", "", self.state(child), self.state(child))
            child.stage, child.clock = Stage.APPEALING, self.month

    def settle(self, seekers: list[Seeker], granted: list[int]) -> None:
        """Each goes where it was granted a place; who waits and was offered none stays as it was."""
        for (child, _, entry, event, _), placement in zip(seekers, granted, strict=True):
            before, moved = self.state(child), placement != child.placement
            if event == "admitted" and not moved:
                continue
            child.placement, child.placed = placement, self.month
            if moved:
                child.entered = self.month
            if entry is not None:
                self.log[entry] = self.log[entry]._replace(to=self.state(child))
            elif moved or event == "closure":
                self.note(child, event, "", before, self.state(child))

    def pay(self) -> None:
        """A month at the price of the child's support, placement, severity and phase in this financial year; a plan's
        goes by need too, by where the place is, and by how many of the dates from which newcomers pay otherwise the
        child came after."""
        price, since = self.setting.prices.monthly(self.month), self.setting.prices.since
        for child in self.here():
            if child.support or child.placement != MAINSTREAM:  # all others cost the High Needs Block nothing
                post_16 = self.year_of(child) + calendar.NCY_LOWEST >= FIRST_NCY_POST_16
                pence = price[child.support, child.placement, child.severity, int(post_16)]
                if child.support == Support.PLAN:
                    terms = sum(child.entered >= date for date in since)
                    pence = pence[child.need, where_is(self.setting, child, self.year_of(child)), terms]
                else:
                    pence = pence[0, 0, 0]
                child.cost += int(pence)

    # what happens to one child

    def falls(self, child: Child, status: int, purpose: Purpose) -> Process | None:
        """The event into whose stretch the draw falls, if this month's chance fills the stretch that far.

        Stretches never move and are wider than any chance, so a policy that cuts one event's chance moves no other.
        """
        luck = self.luck(child, purpose)
        for event, stretch in self.stretches[status]:
            if luck in stretch:
                return event if luck - stretch.start < self.chance(child, event.rate_name) else None
        return None

    def is_reviewed(self, child: Child) -> bool:
        """A plan is reviewed in the month of its anniversary, unless it is under appeal."""
        return child.support == Support.PLAN and child.stage == Stage.NONE and child.anniversary == self.month % 12

    def take(self, child: Child, event: Process, which_way: Purpose, which_reason: Purpose) -> None:
        """The event happens to the child, one way or the other, and is noted with its reason."""
        falls_to_no = event.share and self.luck(child, which_way) >= self.chance(child, event.share)
        outcome = event.no if falls_to_no and event.no else event.yes
        reason = outcome.reason
        if event.reasons:
            reason = REASONS[pick(self.luck(child, which_reason), self.reasons[event.reasons][self.year_of(child)])]
        if outcome.effect & Effect.TIMED:
            reason = "on_time" if self.is_on_time(child) else "late"
        before, clock = self.state(child), child.clock if child.stage else 0
        self.change(child, outcome)
        if outcome.effect & Effect.MOVE:
            self.seekers.append(Seeker(child, outcome.choice, len(self.log)))
        self.note(child, event.name, reason, before, self.state(child), clock)

    def change(self, child: Child, outcome: Outcome) -> None:
        """All that an outcome does to a child at once; a placement that it has to seek is found in ``place``."""
        if outcome.support is not None:
            child.support = outcome.support
        if outcome.stage is not None:
            child.stage = outcome.stage
        if outcome.effect & Effect.START_CLOCK:
            child.clock = self.month
        if outcome.effect & Effect.NAME_NEED and child.need == states.NONE_YET:
            self.name_need(child)
        if outcome.effect & Effect.CHANGE_NEED:
            needs = self.setting.book.arrays.new_need[self.year_of(child)]
            child.need = pick(self.luck(child, Purpose.NEED_CHANGE), needs)
        if outcome.effect & Effect.BEGIN_PLAN:
            child.anniversary, child.entered = self.month % 12, self.month
        if outcome.effect & Effect.END_PLAN:
            child.anniversary, child.placement, child.entered = NO_PLAN, MAINSTREAM, self.month
        if outcome.effect & Effect.GO:
            child.placement, child.entered = self.setting.book.vocabulary.code(outcome.placement), self.month

    def name_need(self, child: Child) -> None:
        """A primary need is recorded, by England's shares at this age."""
        child.need = pick(self.luck(child, Purpose.NEED), self.setting.book.arrays.first_need[self.year_of(child)])

    def is_on_time(self, child: Child) -> bool:
        """Whether a plan issued this month is within 20 weeks of its request; each has a drawn day in its month."""
        asked = draws.draw_int(child.key, draws.salt(child.clock, Purpose.DAY))
        issued = self.luck(child, Purpose.DAY)
        return (self.month - child.clock) * draws.WHOLE + issued - asked <= ON_TIME

    def choose(self, child: Child, choice: str, purpose: Purpose) -> int:
        """A placement by the choice's weights for this child; where the data give none, the child stays."""
        weights = at(self.weights[choice], self.traits(child))
        return pick(self.luck(child, purpose), weights) if weights[-1] else child.placement

    def redirect(self, child: Child, choice: str, chosen: int) -> tuple[int, bool]:
        """Where policies send a child who would go to the placement chosen, and whether that is contested.

        Each redirect acts on the choice as first drawn and has a draw of its own, so their order does not matter, but
        for two into different placements: then the first in the vocabulary's order.
        """
        words = self.setting.book.vocabulary
        for key in self.setting.book.rates.redirects:
            of, frm, into = key.split(".")
            if (of, words.code(frm)) == (choice, chosen) and self.luck(
                child, Purpose.REDIRECT + words.code(into)
            ) < self.chance(child, f"redirect.{key}"):
                contests = self.luck(child, Purpose.REDIRECT_APPEAL) < self.chance(child, f"appeal.{key}")
                return words.code(into), contests and child.stage == Stage.NONE
        return chosen, False

    # how it is looked up

    def enlist(self, child: Child, choice: str, entry: int) -> None:
        """The child seeks a placement this month."""
        self.seekers.append(Seeker(child, choice, entry))

    def here(self) -> Iterator[Child]:
        """Everyone who lives in Kent now, in the order of the tape."""
        return (child for child in self.children if child.presence == Presence.HERE)

    def year_of(self, child: Child) -> int:
        """The child's national curriculum year, counted from the lowest, as tables by NCY are."""
        return calendar.ncy_in(child.cohort, calendar.academic_year(self.month)) - calendar.NCY_LOWEST

    def traits(self, child: Child) -> tuple[int, ...]:
        """All that a rate or choice can depend on, in the order of ``processes.DIMS``."""
        since = min(self.month - child.clock, states.SINCE_MOST) if child.stage else 0
        return since, self.year_of(child), child.area, child.need, child.severity, child.placement

    def luck(self, child: Child, purpose: int) -> int:
        """The child's draw of this month for one purpose, in [0, 2**32); nothing else in the world affects it."""
        draw = draws.quick_int if purpose == Purpose.HAPPEN else draws.draw_int
        return draw(child.key, draws.salt(self.month, purpose))

    def chance(self, child: Child, rate: str) -> int:
        """This month's chance of a rate for this child, in units of 2**-32."""
        return int(at(self.chances[rate], self.traits(child)))

    def state(self, child: Child) -> str:
        """The child's state in the words of the flow table."""
        placements = len(self.setting.book.vocabulary.placements)
        return self.labels[states.state_code(child.support, child.stage, child.placement, placements)]

    def note(self, child: Child, event: str, reason: str, frm: str, to: str, clock: int = 0) -> None:
        """Write down what happened."""
        self.log.append(Happened(child.row, event, reason, frm, to, clock))

    def columns(self) -> dict[str, NDArray[Any]]:
        """The children as arrays, to compare with the kernel's."""
        return {name: np.array([getattr(child, name) for child in self.children]) for name in Child.__slots__}


def children_of(world: World, rows: Sequence[int]) -> list[Child]:
    """Some of a world's children (by row) as objects, as they are now."""
    run, at = draws.run_key(world.seed, world.replicate), np.asarray(rows, np.int64)
    traits = [name for name in Child.__slots__ if name not in {"row", "key"}]
    held = [getattr(world.columns, name)[at].tolist() for name in traits]
    keys = [draws.mix_int(draws.mix_int(one) ^ run) for one in world.setting.tape.identity[at].tolist()]
    return [Child(row, key, *values) for row, key, *values in zip(at.tolist(), keys, *held, strict=True)]


def at(table: NDArray[Any], traits: tuple[int, ...]) -> Any:
    """The entry for a child, where a dimension of length 1 means that the table does not depend on it."""
    return table[tuple(trait if length > 1 else 0 for trait, length in zip(traits, table.shape, strict=False))]


def pick(luck: int, thresholds: NDArray[np.uint64]) -> int:
    """The first that the draw is below: thresholds are cumulative, and the last is 2**32."""
    return next(k for k, threshold in enumerate(thresholds.tolist()) if luck < threshold)
