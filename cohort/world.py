"""A world: every child in Kent at the start of a month, and the verbs that take it to the next. Knows no Mesa.

    world = World.start(Scenario.load("baseline"), draw=0, replicate=0, seed=1)
    world.step()                      # one month
    world.run()                       # to the scenario's end
    other = world.copy()              # same luck from here on

A world is a function of (setting, seed, replicate, month): copied, saved or resumed anywhere it goes on to the same
bytes. Children are conserved, pounds charged to children equal pounds in the counts, and no provider has more children
than places and admissions above them, every month: a world that breaks this stops.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws, hatched, lodging, month, paying, setting, states
from cohort.book import ON_TIME
from cohort.calendar import AGE_GROUPS, NCYS
from cohort.candidates import Room, make_room
from cohort.columns import Columns, Seekers, Slate, Tariff
from cohort.draws import Purpose
from cohort.policy import Policy
from cohort.record import Record
from cohort.rolls import Rolls
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.states import AREAS, NEEDS, SEVERITIES, STAGES, SUPPORTS, Presence, Support

PURPOSES = 14
SAVED = (
    "bound", "status", "cell", "presence", "support", "stage", "placement", "need", "anniversary", "clock", "placed",
    "entered", "cost", "provider", "waiting_for", "waiting_since", "named",
)  # fmt: skip


class Broken(RuntimeError):  # noqa: N818
    """Children were lost, or money or places did not reconcile: a fault in the model, never in the data."""


@dataclass(eq=False)
class World:
    """The state of one run. Start one with ``World.start``; the constructor takes what ``copy`` and ``load`` know."""

    setting: Setting
    seed: int
    replicate: int
    month: int
    columns: Columns
    record: Record
    stages: NDArray[np.int64]
    """[support, stage] children with needs now"""
    rolls: Rolls
    charged: int = 0
    """pence charged to children since the start"""
    room: Room = field(default_factory=make_room, repr=False)

    @classmethod
    def start(
        cls,
        scenario: Scenario | Setting,
        draw: int = 0,
        replicate: int = 0,
        seed: int = 1,
        policy: Policy | None = None,
    ) -> World:
        """The world at the start of the scenario's first month."""
        s = scenario if isinstance(scenario, Setting) else setting.build(scenario, draw, policy)
        run = draws.run_key(seed, replicate)
        n = s.tape.with_needs
        columns = Columns(
            key=draws.child_keys(s.tape.identity[:n], run),
            cohort=s.tape.cohort[:n], area=s.tape.area[:n], severity=s.tape.severity[:n],
            lodging=np.zeros(n, np.uint32), bound=np.zeros(n, np.uint32), status=np.zeros(n, np.uint8),
            presence=np.where(s.tape.arrival[:n] < s.scenario.first, Presence.HERE, Presence.NOT_YET).astype(np.uint8),
            support=s.start.support.copy(), stage=s.start.stage.copy(), placement=s.start.placement.copy(),
            need=s.start.need.copy(), anniversary=s.start.anniversary.copy(), clock=s.start.clock.copy(),
            placed=np.zeros(n, np.int16), entered=np.zeros(n, np.int16), cost=np.zeros(n, np.int64),
            cell=np.zeros(n, np.uint16),
            provider=s.settled.provider.copy(), waiting_for=s.settled.waiting_for.copy(),
            waiting_since=s.settled.waiting_since.copy(), named=np.zeros(n, np.uint8),
        )  # fmt: skip
        here = columns.presence == Presence.HERE
        at = columns.support.astype(np.intp) * len(STAGES) + columns.stage
        stages = np.bincount(at[here], minlength=len(SUPPORTS) * len(STAGES)).reshape(len(SUPPORTS), -1)
        rolls = Rolls.start(s.places, columns)
        world = cls(s, seed, replicate, s.scenario.first, columns, Record(), stages, rolls)
        world._set_bounds()
        world._lodge()
        world.record.close(s.scenario.first, world.count(), world.stages)
        world._observe_places(s.scenario.first)
        world.record.census(world.count_census(), s.scenario.first)
        return world

    def _set_bounds(self) -> None:
        """The hot loop's bound and status and the count's cell of each child there at the start."""
        c, arrays = self.columns, self.setting.book.arrays
        here = c.presence == Presence.HERE
        every = np.ndindex(len(SUPPORTS), len(STAGES), self._placements)
        status = np.array([states.luck_status(*state) for state in every], np.uint8)
        c.status[:] = status.reshape(len(SUPPORTS), len(STAGES), -1)[c.support, c.stage, c.placement]
        c.bound[:] = np.where(here, arrays.reserved[c.status], 0)
        c.cell[:] = self._cells_of_all()

    def _lodge(self) -> None:
        """Each child's lodging, by its luck; of those who are in independent schools already, as the start has it."""
        c, told = self.columns, self.setting.prices.lodging.placements
        held = (c.presence == Presence.HERE) & (c.support == Support.PLAN) & np.isin(c.placement, told)
        c.lodging[:] = np.where(held, self.setting.start.lodging, lodging.drawn(c.key))

    def _cells_of_all(self) -> NDArray[np.int64]:
        """[child] the count's cell of where it is, by its columns."""
        c, area = self.columns, self.columns.area.astype(np.int64)
        cell = ((area * len(SUPPORTS) + c.support) * self._placements + c.placement) * SEVERITIES + c.severity
        return np.where(c.presence == Presence.HERE, cell, self._away)

    # the month

    def step(self) -> None:
        """The month M: from the state at the start of M to the state at the start of M + 1."""
        if self.month >= self.setting.scenario.last:
            raise ValueError(f"the scenario ends at {self.setting.scenario.until}; give it a later 'until' to go on")
        self._find_astray()
        self._salts = salts(self.month)
        self._log = self._slate.log
        self._entries = 0
        self.arrive_and_leave()
        self.happen()
        self._sent = hatched.ask(self)
        self.place()
        self.pay()
        self.observe()
        self.month += 1

    def run(self, until: int | None = None) -> World:
        """Step to a month, or to the scenario's end. Returns itself."""
        for _ in range((self.setting.scenario.last if until is None else until) - self.month):
            self.step()
        return self

    def arrive_and_leave(self) -> None:
        """The tape: leavers first (in September those who have outgrown the model), then births and moves in."""
        events, at = self.setting.events, self.month - self.setting.scenario.first
        c, b, placements = self.columns, self.setting.book.arrays_in(self.month), self._placements
        self._entries = month.leave(c, self._log, self._entries, events.leaving[at], events.leaving_as[at],
                                    len(b.offset) + 3, placements, self.stages)  # fmt: skip
        left = self._entries
        self._entries = month.arrive(c, b, self._log, self._entries, events.arriving[at], events.births[at], self.month,
                                     self._academic_year, self._salts, placements, self.stages)  # fmt: skip
        if self.setting.places.binding:
            self._settle(*self.rolls.make_room(c, self._log, left, self._entries, self.month, self._academic_year))
        self._arrived = self._entries

    def happen(self) -> None:
        """Identified, requested, decided, issued, reviewed, appealed, ceased: at most one a child."""
        book = self.setting.book
        self._seekers = self._slate.seekers
        chance = book.rates.compile(self.month)
        self._entries, self._seeking = month.happen(
            self.columns, book.arrays, chance, book.rates.most, self._log, self._entries, self._seekers, self._span,
            self.room, self.month, self._academic_year, self._salts, self._placements, self.stages,
        )  # fmt: skip

    def place(self) -> None:
        """First placements, September transfers and moves seek places, those who wait still do; who gets one is for
        ``admission``."""
        c, b, seekers, n = self.columns, self.setting.book.arrays_in(self.month), self._seekers, self._seeking
        if calendar.is_september(self.month):
            n = month.transfers(c, seekers, n, self.setting.enters, self._slate.rows, self.month, self._academic_year)
        month.seek(c, b.choice_offset, b.choice_stride, b.choices, seekers, n, self._academic_year, self._salts,
                   self._placements)  # fmt: skip
        contests = self._redirect(n)
        at, into = self._sent
        seekers.sought[at], seekers.diverted[at] = into, True
        granted = seekers.sought
        if self.setting.places.binding:
            seekers, n, granted = self.rolls.compete(
                c, self._log, self._arrived, self._entries, seekers, n, self.month, self._academic_year
            )
        self._settle(seekers, n, granted)
        if contests is not None:
            contests[at] = False
            self._entries = month.contest(c, b, self._log, self._entries, seekers, len(contests), contests,
                                          self.setting.book.events.index("contest"), self.month, self._placements,
                                          self.stages)  # fmt: skip

    def _redirect(self, n: int) -> NDArray[np.bool_] | None:
        """Policies send seekers elsewhere than their choice; who contests that. None if no policy redirects."""
        book = self.setting.book
        if not len(book.arrays.redirects):
            return None
        contests = np.zeros(n, np.bool_)
        month.redirect(self.columns, book.arrays, book.rates.chance, self._seekers, n, self._academic_year,
                       redirect_salts(self.month, self._placements), contests)  # fmt: skip
        return contests

    def _settle(self, seekers: Seekers, n: int, granted: NDArray[np.int16]) -> None:
        b = self.setting.book.arrays
        if n:
            self._entries = month.settle(
                self.columns, b.reserved, self._log, self._entries, seekers, n, granted, len(b.offset), self.month,
                self._placements,
            )  # fmt: skip

    def pay(self) -> None:
        """Each child's month is priced and charged to the child; the counts that it is priced from are kept for
        ``observe``."""
        by_cohort, self._held, charged, before = self._count(self.setting.tariff(self.month))
        if before != self.charged:
            raise Broken(
                f"{calendar.label(self.month)}: {before} pence spent on children, {self.charged} charged to them"
            )
        self._cells = self._by_ncy(by_cohort, self._academic_year)
        counted = self.setting.cost(self._cells, self._held, self.month)
        if charged != counted:
            raise Broken(f"{calendar.label(self.month)}: {charged} pence charged to children, {counted} counted")
        self.charged += charged

    def _count(self, tariff: Tariff) -> tuple[NDArray[np.int32], NDArray[np.int32], int, int]:
        """[cohort, cell] children, [age group, area, slot, severity, need, terms] plans, the pence charged to them at a
        tariff, and the pence that all children had cost before."""
        c, events, slate = self.columns, self.setting.events, self._slate
        span = self._span if self.month < self.setting.scenario.last else (0, len(c.key))
        slate.counts.fill(0)
        slate.held.fill(0)
        charged, before, astray, plans = paying.pay_and_count(
            c, tariff, events.runs, span, events.first_cohort, np.uint16(self._placements), np.uint16(self._away),
            slate.counts, slate.held, slate.rows,
        )  # fmt: skip
        if astray:
            self._find_astray()
        self._plans = slate.rows[:plans]
        return slate.counts, slate.held.reshape(self._held_shape), charged, before

    @cached_property
    def _slate(self) -> Slate:
        """What the month is worked out on."""
        groups, areas, slots, severities, *rest = self._held_shape
        counts, held = (len(self.setting.events.cohorts), self._away + 1), (groups, areas * slots * severities, *rest)
        return Slate.of(len(self.columns.key), counts, held)

    @property
    def _held_shape(self) -> tuple[int, ...]:
        """[age group, area, slot, severity, need, terms]"""
        shape = self.setting.prices.shape
        return len(AGE_GROUPS), len(AREAS), self.setting.prices.slots.many, shape[2], shape[4], shape[6]

    def _by_ncy(self, by_cohort: NDArray[np.int32], academic_year: int) -> NDArray[np.int32]:
        """[ncy, area, support, placement, severity] from [cohort, cell]; whoever is there is of a school year the
        model knows."""
        youngest = academic_year - self.setting.events.first_cohort  # the row of those of the lowest NCY
        rows = slice(max(youngest - len(NCYS) + 1, 0), min(youngest + 1, len(by_cohort)))
        cells = np.zeros((len(NCYS), self._away), np.int32)
        cells[youngest + 1 - rows.stop : youngest + 1 - rows.start] = by_cohort[rows, :-1][::-1]
        return cells.reshape(len(NCYS), len(AREAS), len(SUPPORTS), self._placements, SEVERITIES)

    def observe(self) -> None:
        """Check that no child is lost, then record stocks, spend and events."""
        there, placed = np.empty((len(NCYS), len(AREAS)), np.int64), np.zeros(self._placements, np.int64)
        paying.stand(self._cells.reshape(*there.shape, -1), self._cells[0, 0, : Support.PLAN].size, SEVERITIES, there,
                    placed)  # fmt: skip
        if (there != self.setting.events.stay[self.month - self.setting.scenario.first]).any():
            raise Broken(f"{calendar.label(self.month)}: children by school year and area are not those of the tape")
        self.record.close_log(self._log, self._entries, self.columns)
        self.record.close(self.month + 1, self._cells, self.stages)
        self.record.hold(self.month + 1, self._held)
        found = self.rolls.count(self.columns, self._plans)
        if not self.record.brief:
            self.record.outside.append(found.outside)
        if self.setting.places.binding:
            placed = placed[self.setting.places.pools.kinds]
            if fault := self.rolls.fault(self.columns, found, placed, self.month):
                raise Broken(f"{calendar.label(self.month)}: {fault}")
        self._observe_places(self.month + 1)
        if calendar.is_january(self.month + 1) and not self.record.brief:
            self.record.census(self.count_census(), self.month + 1)
            self.record.roll(self.columns, self.month + 1)

    def _observe_places(self, at: int) -> None:
        """Keep what is filled and who waits at the start of month ``at``."""
        if self.setting.places.binding:
            self.record.places[at] = self.rolls.stock(self.month)
            if not self.record.brief:
                self.record.lists[at] = self.rolls.waiting(self.columns, calendar.academic_year(at - 1))

    def check(self) -> None:
        """Raises Broken if children are not where they are counted, or cost other pence than were charged to them: as
        every month does."""
        self._find_astray()
        if (pence := int(self.columns.cost.sum())) != self.charged:
            raise Broken(
                f"{calendar.label(self.month)}: {pence} pence spent on children, {self.charged} charged to them"
            )

    def _find_astray(self) -> None:
        """Raises Broken if a child is not where it is counted."""
        c = self.columns
        if paying.astray(c.presence, c.area, c.support, c.placement, c.severity, c.cell, np.uint16(self._placements),
                        np.uint16(self._away)):  # fmt: skip
            wrong = np.flatnonzero(c.cell != self._cells_of_all())
            who = f"child {wrong[0]}" if len(wrong) == 1 else f"{len(wrong)} children, child {wrong[0]} the first,"
            raise Broken(f"{calendar.label(self.month)}: {who} not in the cell where counted")

    # what can be asked of it

    def count(self) -> NDArray[np.int32]:
        """[ncy, area, support, placement, severity] children with needs now."""
        return self._by_ncy(self._count(self.setting.uncharged)[0], calendar.academic_year(self.month - 1))

    def count_census(self) -> NDArray[np.int32]:
        """[ncy, area, need, support, placement] children with needs at the end of the last month stepped."""
        year = calendar.academic_year(self.month - 1)
        cells = np.zeros((len(NCYS), len(AREAS), len(NEEDS), len(SUPPORTS), self._placements), np.int32)
        paying.count_census(self.columns, year, cells)
        return cells

    @property
    def _placements(self) -> int:
        return len(self.setting.book.vocabulary.placements)

    @property
    def _away(self) -> int:
        """The cell of children who are not there: one past the last."""
        return len(AREAS) * len(SUPPORTS) * self._placements * SEVERITIES

    @property
    def _span(self) -> tuple[int, int]:
        """The rows that this month can touch."""
        return self.setting.events.span[self.month - self.setting.scenario.first]

    @property
    def _academic_year(self) -> int:
        return calendar.academic_year(self.month)

    # copied, saved, resumed

    def copy(self) -> World:
        """A world that goes on alone from here with the same luck; what never changes is shared."""
        columns = self.columns._replace(**{k: getattr(self.columns, k).copy() for k in SAVED})
        return World(
            self.setting, self.seed, self.replicate, self.month, columns, self.record.copy(), self.stages.copy(),
            self.rolls.copy(), self.charged,
        )  # fmt: skip

    def under(self, other: Setting) -> World:
        """A copy that goes on in another setting: of the same children, and alike until this month (see ``fork``)."""
        if other.tape is not self.setting.tape:
            raise ValueError("a world goes on only among its own children: the other setting has another tape")
        world = self.copy()
        world.setting = other
        world.rolls = self.rolls.under(other.places)
        world.record.widen(len(other.places.providers), len(other.prices.since) + 1)
        return world

    def save(self, path: str | Path) -> Path:
        """Write the world to a file, whole or not at all; ``World.load`` resumes it."""
        from cohort import saved

        return saved.write(self, Path(path))

    @classmethod
    def load(cls, path: str | Path, within: Setting | None = None) -> World:
        """Resume a saved world. Raises ValueError if the data, the population, the vocabulary or the process table are
        not those that it was saved with. ``within`` reuses a setting already built."""
        from cohort import saved

        return saved.read(Path(path), within)


@cache
def salts(month: int) -> NDArray[np.uint64]:
    """The salts of a month's purposes by number, a gap, and 20 weeks: what the kernels draw with."""
    return np.array([draws.salt(month, Purpose(k)) for k in range(PURPOSES)] + [0, ON_TIME], np.uint64)


@cache
def redirect_salts(month: int, placements: int) -> NDArray[np.uint64]:
    """A month's salts of appeals against redirects, then of redirects into each placement."""
    into = [Purpose.REDIRECT + code for code in range(placements)]
    return np.array([draws.salt(month, purpose) for purpose in (Purpose.REDIRECT_APPEAL, *into)], np.uint64)
