"""The same month in expectation: children as masses in cells, exact for the kernel's rules, differentiable in the
rates.

``step`` is pure: a state and a month's table in, a state and the month's flows out, nothing written in place, so that
it runs on numpy or on JAX (``xp``). It reads the same process table, choices and tape as the kernel and its twin.
Since at most one event happens to a child in a month and every chance depends only on the child's cell, the
expectation is exact: given the start's cells and the tape's counts, means over populations and replicates converge to
it.

``Coarse`` says what is lumped: primary needs, areas, or the month of the plan's anniversary. The gap between the
lumped, the exact and the children is measured (``docs/expected.md``). What it leaves out: rates that differ by
severity (refused; see ``diverted`` for redirects), and which of the children that the tape takes away hold plans: they
are taken in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, diverted, hatch, tariff
from cohort.book import MONTH_DAYS, ON_TIME_DAYS
from cohort.cells import EXACT, LUMPED, Array, Coarse, Flows, Month, N, State, T, if_so
from cohort.landing import Landing
from cohort.processes import CHOICES, Effect, Process
from cohort.record import FIRST_POST_16, UNDER_16
from cohort.setting import Setting
from cohort.states import (
    AREAS,
    NEEDS,
    NONE_YET,
    REVIEWED,
    SEVERITIES,
    STAGES,
    Stage,
    Support,
    luck_status,
)


@dataclass(frozen=True, eq=False)
class Expectation:
    """The expectation of a setting, exact or lumped: its start, its months and its step."""

    setting: Setting
    coarse: Coarse = EXACT
    counts_entries: ClassVar[bool] = False
    """whether a month notes who comes to each placement; see ``crowded``"""

    def __post_init__(self) -> None:
        shapes = self.setting.book.rates.shape
        wide = [name for name in self.setting.book.rates.base if shapes[name][4] > 1]
        if wide:
            raise ValueError(
                f"the expectation has no severity, on which {', '.join(wide)} depends here; run children instead"
            )
        if hatches := hatch.within(self.setting.policy):
            raise ValueError(f"the expectation cannot follow a hatch, as {hatches[0].owner} has; run children instead")
        timed = [p.name for p in self.processes if p.statuses == (self._contested,) and "since" in p.by]
        if timed:
            raise ValueError(
                f"{', '.join(timed)}: appeals over plans are not counted by months since in the expectation"
            )

    # what it is made of

    @cached_property
    def processes(self) -> tuple[Process, ...]:
        return self.setting.book.processes

    @cached_property
    def without_plan(self) -> list[int]:
        """Codes of the placements that a child without a plan can be in."""
        return [k for k, p in enumerate(self.setting.book.vocabulary.placements) if p.without_plan]

    @property
    def sizes(self) -> tuple[int, int, int, int]:
        """How many areas, needs, placements and months of review are told apart."""
        c = self.coarse
        placements = len(self.setting.book.vocabulary.placements)
        return (1 if c.areas else len(AREAS)), (1 if c.needs else len(NEEDS)), placements, (1 if c.reviews else 12)

    @property
    def _contested(self) -> int:
        return luck_status(Support.PLAN, Stage.APPEALING, 0)

    @cached_property
    def masks(self) -> list[dict[str, NDArray[np.float64]]]:
        """For each process, where in each part of the state its statuses are: still [s, q], queue [k, s], plans [p],
        contested, review."""
        out = []
        placements = self.sizes[2]
        for p in self.processes:
            still = [[luck_status(s, 0, q) in p.statuses for q in self.without_plan] for s in range(2)]
            queue = [[luck_status(s, k, 0) in p.statuses for s in range(2)] for k in range(1, len(STAGES))]
            plans = [luck_status(2, 0, q) in p.statuses for q in range(placements)]
            part = {
                "still": still,
                "queue": queue,
                "plans": plans,
                "contested": self._contested in p.statuses,
                "review": REVIEWED in p.statuses,
            }
            out.append({name: np.array(where, float) for name, where in part.items() if np.asarray(where).any()})
        return out

    @cached_property
    def moves(self) -> dict[str, NDArray[np.float64]]:
        """Each choice as [n, d or 1, p or 1, to]; whom the pack gives no choice stays, as an identity."""
        out = {}
        for name in CHOICES:
            w = self.setting.book.weights[name][0, :, 0, :, 0]
            if w.shape[1] > 1 and self.coarse.needs:
                w = np.einsum("nd,ndpq->npq", self.setting.book.needs["first"], w)[:, None]
            if w.shape[2] > 1:
                w = np.where(w.sum(-1, keepdims=True) > 0, w, np.eye(w.shape[-1]))
            out[name] = w
        return out

    @cached_property
    def depths(self) -> tuple[int, ...]:
        """For each stage how many months since it began are told apart: beyond the last at which a rate changes, none
        need be."""
        months = range(self.setting.scenario.first, self.setting.scenario.last)
        out = []
        for k in range(1, len(STAGES)):
            here = {luck_status(s, k, 0) for s in range(2)}
            at = [p for p in self.processes if here & set(p.statuses)]
            names = {n for p in at for n in (p.rate_name, p.share) if n and self.setting.book.rates.shape[n][0] > 1}
            depth = 7 if any(p.yes.effect & Effect.TIMED for p in at) else 2
            for name in names:
                for rate in {
                    self.setting.book.rates.rate(name, m).reshape(T, -1).tobytes(): m for m in months
                }.values():
                    r = self.setting.book.rates.rate(name, rate).reshape(T, -1)
                    changes = np.flatnonzero((r != r[-1]).any(1))
                    depth = max(depth, int(changes[-1]) + 2 if len(changes) else 2)
            out.append(min(depth, T))
        return tuple(out)

    @property
    def queue_placements(self) -> int:
        """How many placements without a plan are told apart while a request is open."""
        return 1 if self.coarse.arranged else len(self.without_plan)

    @cached_property
    def on_time(self) -> NDArray[np.float64]:
        """[t] chance that a plan issued so many months after the request is within 20 weeks, both days being uniform
        in their months."""
        x = ON_TIME_DAYS / MONTH_DAYS - np.arange(T)
        return np.where(x >= 1, 1, np.where(x >= 0, 1 - (1 - x) ** 2 / 2, np.where(x > -1, (1 + x) ** 2 / 2, 0)))

    # the start and the months

    def start(self) -> State:
        """The start's children, counted by cell."""
        s, tape = self.setting.start, self.setting.tape
        a, d, placements, h = self.sizes
        here = tape.arrival[: tape.with_needs] < tape.start
        ncy = calendar.academic_year(tape.start - 1) - tape.cohort[: tape.with_needs].astype(int)
        area = tape.area[: tape.with_needs] * (a > 1)
        need, phase = s.need * (d > 1), np.where(s.anniversary == 255, 0, s.anniversary) * (h > 1)
        without = np.full(placements, -1)
        without[self.without_plan] = np.arange(len(self.without_plan))
        q = without[s.placement]
        since = tape.start - s.clock.astype(int)
        still = np.zeros((N, a, d, 2, len(self.without_plan)))
        queue = tuple(np.zeros((depth, N, a, d, 2, self.queue_placements)) for depth in self.depths)
        plans, contested = np.zeros((N, a, d, placements, h)), np.zeros((N, a, d, placements, h))
        free = here & (s.support < Support.PLAN)
        parts: list[tuple[Any, Any, tuple[Any, ...]]] = [
            (still, free & (s.stage == 0), (ncy, area, need, s.support, q)),
            (plans, here & (s.support == 2) & (s.stage == 0), (ncy, area, need, s.placement, phase)),
            (contested, here & (s.support == 2) & (s.stage > 0), (ncy, area, need, s.placement, phase)),
        ]
        in_queue = q * (self.queue_placements > 1)
        for k, stage in enumerate(queue):
            months = np.clip(since, 0, stage.shape[0] - 1)
            parts.append((stage, free & (s.stage == k + 1), (months, ncy, area, need, s.support, in_queue)))
        for part, rows, index in parts:
            np.add.at(part, tuple(np.asarray(x)[rows] for x in index), 1)
        return State(still, queue, plans, contested)

    def month(self, month: int) -> Month:
        """A month's table, as numpy arrays."""
        events, at, book = self.setting.events, month - self.setting.scenario.first, self.setting.book
        year = calendar.academic_year(month)
        here = events.by_ncy(events.here, at, year).astype(float)
        count = {"births": np.zeros_like(here), "movers": np.zeros_like(here), "leave": np.zeros_like(here)}
        tape = self.setting.tape
        for rows, which in ((events.arriving[at], None), (events.leaving[at], "leave")):
            ncy = np.minimum(year - tape.cohort[rows].astype(int), N - 1)
            names = np.where(events.births[at], "births", "movers") if which is None else np.full(len(rows), which)
            for name in np.unique(names):
                np.add.at(count[name], (ncy[names == name], tape.area[rows][names == name]), 1)
        if self.coarse.areas:
            here, count = here.sum(1, keepdims=True), {k: v.sum(1, keepdims=True) for k, v in count.items()}
        leave = np.divide(count["leave"], here, out=np.ones_like(here), where=here > 0)
        h = self.sizes[3]
        at_h = (lambda m: np.eye(12)[m % 12]) if h > 1 else (lambda m: np.ones(1))
        phase = at_h(month) if h > 1 else np.full(1, 1 / 12)
        rates = {name: self._coarsen(book.rates.rate(name, month)) for name in book.rates.base}
        september = np.float64(calendar.is_september(month))
        moves = {c: diverted.weights(book, c, month) for c in diverted.moving(book)}
        contests = {c: moves[c][1] for c in diverted.redirected(book)}
        return Month(
            np.minimum(leave, 1.0),
            count["births"],
            count["movers"],
            september,
            phase,
            at_h(month),
            at_h(month + 11),
            rates,
            {c: self._coarsen_choice(c, w) for c, (w, _) in moves.items()},
            {c: self._coarsen_choice(c, w) for c, w in contests.items()},
            book.in_month(month).arrivals,
        )

    def _coarsen_choice(self, choice: str, w: NDArray[np.float64]) -> NDArray[np.float64]:
        """Redirected weights with lumped axes averaged: areas by their children, needs by those who seek."""
        if self.coarse.areas and w.shape[1] > 1:
            w = (w * self._area_weights[:, None, None, None]).sum(1, keepdims=True)
        if self.coarse.needs and w.shape[2] > 1:
            needs = self.setting.book.needs["first" if choice == "first_place" else "change"]
            w = (w * needs[:, None, :, None, None]).sum(2, keepdims=True)
        return w

    def _coarsen(self, rate: NDArray[np.float64]) -> NDArray[np.float64]:
        """A rate over DIMS with lumped axes averaged: areas by their children, needs by plan holders'."""
        if self.coarse.areas and rate.shape[2] > 1:
            rate = (rate * self._area_weights[:, None, None, None]).sum(2, keepdims=True)
        if self.coarse.needs and rate.shape[3] > 1:
            weights = self.setting.book.needs["change"].mean(0)
            rate = (rate * weights[:, None, None]).sum(3, keepdims=True)
        return rate

    @cached_property
    def _area_weights(self) -> NDArray[np.float64]:
        here = self.setting.events.here[0].sum(0)
        return np.asarray(here / here.sum())

    # the step

    def step(self, state: State, m: Month, xp: Any = np) -> tuple[State, Flows]:
        """One month: from the state at the start of M to the state at the start of M + 1, with the month's flows. All
        get the place they choose; see ``crowded`` for places that are scarce."""
        state, flows, _ = self.land(state, m, xp)
        return state, flows

    def land(self, state: State, m: Month, xp: Any = np) -> tuple[State, Flows, Landing]:
        """``step``, with where each mass of the month went."""
        state, left = self._turn_and_leave(state, m, xp)
        state, fresh, arrived = self._arrive(state, m, xp)
        landing = Landing(self, state, m, xp)
        events, timely = self._happen(landing)
        state = landing.settle(fresh)
        if landing.redirected:
            here = np.array([[p.name == "contest", False] for p in self.processes], float)
            events = events + here[..., None] * landing.redirected_appeals
        return state, Flows(events, timely, arrived, left), landing

    def _turn_and_leave(self, state: State, m: Month, xp: Any) -> tuple[State, Array]:
        """NCY turns in September; then the tape's leavers go, in proportion."""
        stay = 1 - m.leave[:, :, None, None, None]
        turned = if_so(m.september, lambda s: _a_year_up(s, xp), state, xp)
        still, plans, contested = (x * stay for x in (turned.still, turned.plans, turned.contested))
        gone = state.plans.sum() + state.contested.sum()
        kept = State(still, tuple(x * stay for x in turned.queue), plans, contested)
        return kept, gone - kept.plans.sum() - kept.contested.sum()

    def _arrive(self, state: State, m: Month, xp: Any) -> tuple[State, Array, Array]:
        """Births, and movers with the support that the pack gives them; returns also the plans that are placed on
        arrival."""
        book = self.setting.book
        d = self.sizes[1]
        plan, sen = m.movers * m.arriving[:, :1], m.movers * m.arriving[:, 1:]
        named = book.needs["first"] if d > 1 else np.ones((N, 1))
        unnamed = np.eye(len(NEEDS))[NONE_YET] if d > 1 else np.ones(1)
        none = (m.births + m.movers - plan - sen)[:, :, None] * unnamed
        first = np.eye(len(self.without_plan))[0]
        pair = xp.stack([none, sen[:, :, None] * named[:, None]], -1)
        still = state.still + pair[..., None] * first
        where = m.moves.get("arrive_place", self.moves["arrive_place"][:, None])
        placed = (plan[:, :, None] * named[:, None])[..., None] * where[:, :, 0:1, 0]
        return state._replace(still=still), placed[..., None] * m.arrives, plan.sum()

    def _happen(self, landing: Landing) -> tuple[Array, Array]:
        """Every process from every part of the state; then reviews of the plans to which nothing happened."""
        events: list[Any] = [0.0] * len(self.processes)
        timely = 0.0
        for review in (False, True):
            landing.eventless = landing.state.plans - landing.taken["plans"]
            for number, (p, masks) in enumerate(zip(self.processes, self.masks, strict=True)):
                for part, mask in masks.items():
                    if (part == "review") == review:
                        both, on_time = landing.happen(p, part, mask)
                        events[number], timely = events[number] + both, timely + on_time
        return landing.xp.stack(events), timely

    # the whole run

    def run(self, until: int | None = None) -> tuple[list[State], list[Flows]]:
        """States at the start of every month, the end's included, and the flows of each month, on numpy."""
        first, last = self.setting.scenario.first, until or self.setting.scenario.last
        states, flows = [self.start()], []
        for month in range(first, last):
            state, flow = self.step(states[-1], self.month(month))
            states.append(state)
            flows.append(flow)
        return states, flows

    def stock(self, state: State) -> NDArray[np.float64]:
        """[ncy, area, support, placement] expected children with needs."""
        a, _, placements, _ = self.sizes
        out = np.zeros((N, a, 3, placements))
        asked = sum(part.sum(0) for part in state.queue)
        if self.coarse.arranged:
            asked = asked * np.eye(len(self.without_plan))[0]
        out[:, :, :2, self.without_plan] = (state.still + asked).sum(2)
        out[:, :, 2] = (state.plans + state.contested).sum((2, 4))
        return out

    def spend(self, state: State, month: int) -> dict[str, float]:
        """Sub-line -> expected pence in a month, from the state at its end; severity bands are equally likely, no
        scarce place is another authority's, and of independent places as many are outside or residential as the
        chances of an age in January 2024 say."""
        stock = self.stock(state)[:, :, : Support.PLAN].sum(1)
        others = np.stack([stock[:FIRST_POST_16].sum(0), stock[FIRST_POST_16:].sum(0)])
        plans, entered = self._by_need(state), self._entered_since(month)
        out: dict[str, float] = {}
        for c in self.setting.prices.charges:
            each = c.cells * c.by_cell(month)
            for p in c.placements:
                pence = each.mean(0)[:, 0, 0, 0] @ others[:, c.support, p] if c.support < Support.PLAN else (
                    (plans[:, :, p, None] * self._mean(each, p) * entered[p]).sum())  # fmt: skip
                out[c.line] = out.get(c.line, 0.0) + float(pence)
        for s in self.setting.prices.services:
            out[s.line] = out.get(s.line, 0.0) + s.pence_in(month)
        return out

    def _mean(self, each: NDArray[np.int64], placement: int) -> NDArray[np.float64]:
        """[phase, need, terms] of [severity, phase, need, where, terms] pence, by the chances of each."""
        lodging = self.setting.prices.lodging
        if placement not in lodging.placements:
            return np.asarray(each.mean(0)[:, :, 0])
        chances = lodging.by_phase(placement, UNDER_16)
        return np.asarray(np.einsum("spdwt,psdw->pdt", each, chances) / SEVERITIES)

    def _by_need(self, state: State) -> NDArray[np.float64]:
        """[phase, need, placement] expected plans; needs that are lumped are as in January 2024 in each placement."""
        mass = np.asarray(state.plans + state.contested).sum((1, 4))
        plans = np.stack([mass[:FIRST_POST_16].sum(0), mass[FIRST_POST_16:].sum(0)])
        if self.coarse.needs:
            plans = plans * tariff.shares(self.setting.pack, self.setting.book.vocabulary).T
        return plans

    def _entered_since(self, month: int) -> NDArray[np.float64]:
        """[placement, terms] share of the plans there that came after so many of the dates from which newcomers pay
        otherwise: each month ``turnover`` of those there are new, whoever they are."""
        later = [np.ones(self.sizes[2])]
        for since in self.setting.prices.since:
            stays = np.array([1 - self.turnover[m % 12] for m in range(since, month + 1)]).reshape(-1, self.sizes[2])
            later.append(1 - stays.prod(0))
        edges = np.stack([*later, np.zeros_like(later[0])], 1)
        return np.asarray(edges[:, :-1] - edges[:, 1:])

    @cached_property
    def turnover(self) -> NDArray[np.float64]:
        """[month of the year, placement] share of its plans that came in the month, in expectation over the run's first
        year, lumped and with a place for everybody; most come in September."""
        e, first = Expectation(self.setting, LUMPED), self.setting.scenario.first
        object.__setattr__(e, "counts_entries", True)
        state, out = e.start(), np.zeros((12, self.sizes[2]))
        for month in range(first, min(first + 12, self.setting.scenario.last)):
            state, _, landing = e.land(state, e.month(month))
            came, there = (np.asarray(x).sum((0, 1, 2, 4)) for x in (landing.entered, state.plans + state.contested))
            out[month % 12] = np.divide(came, there, out=np.zeros_like(came), where=there > 0)
        return out


def _a_year_up(state: State, xp: Any) -> State:
    """Everybody one school year up; whoever was in the last has outgrown the model."""
    still, plans, contested = (
        xp.concatenate([xp.zeros_like(x[:1]), x[:-1]]) for x in (state.still, state.plans, state.contested)
    )
    queue = tuple(xp.concatenate([xp.zeros_like(x[:, :1]), x[:, :-1]], axis=1) for x in state.queue)
    return State(still, queue, plans, contested)


__all__ = ["EXACT", "LUMPED", "Coarse", "Expectation", "Flows", "Month", "State"]
