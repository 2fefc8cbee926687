"""Scarce places in expectation: an approximation, beside the exact ``expected``, whose gap to the children is measured.

    crowded = Crowded(setting, LUMPED)
    states, flows = crowded.run()

After each month's exact step the masses that came to a scarce kind are compared with its places, pool by pool (special;
SRP primary and secondary): of a demand D for V places the normal closure admits E[min(D, V)]. Choices come first, then
who waits or seeks besides. The refused go down the table's list and wait. What it leaves out: areas, needs and schools
within a pool, and so the places that are vacant in one school while another is full; priority by severity and months;
moves of those who wait to other elastic placements. Numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import erf, exp, pi, sqrt
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.admission import SCHOOL_FIRST, SCHOOL_LAST, SECONDARY_FIRST
from cohort.cells import Array, Flows, N, State
from cohort.expected import Expectation
from cohort.landing import Landing

Floats = NDArray[np.float64]


def admitted(demand: float, places: float, variance: float) -> float:
    """E[min(D, V)] for D - V normal with the mean of ``demand`` less ``places`` and a variance; between 0 and D."""
    if demand <= 0:
        return 0.0
    mean, sd = demand - places, sqrt(max(variance, 1e-9))
    z = mean / sd
    excess = mean * (1 + erf(z / sqrt(2))) / 2 + sd * exp(-z * z / 2) / sqrt(2 * pi)
    return min(max(demand - excess, 0.0), demand)


@dataclass
class Lists:
    """Masses that wait: for each kind [n, placement], of those whose choice it is and of the others."""

    named: list[Floats]
    besides: list[Floats]

    def total(self, k: int) -> float:
        """Everybody who waits for a kind."""
        return float(self.named[k].sum() + self.besides[k].sum())


@dataclass(frozen=True, eq=False)
class Crowded(Expectation):
    """The expectation of a setting whose places bind."""

    counts_entries: ClassVar[bool] = True

    def run(self, until: int | None = None) -> tuple[list[State], list[Flows]]:
        """States at the start of every month, the end's included, and the flows of each month."""
        states, flows, _ = self.run_with_lists(until)
        return states, flows

    def run_with_lists(self, until: int | None = None) -> tuple[list[State], list[Flows], list[tuple[float, ...]]]:
        """``run`` with the masses that wait for each kind at the start of every month."""
        first, last = self.setting.scenario.first, until or self.setting.scenario.last
        states, flows, lists = [self.start()], [], self.lists_at_start()
        waiting = [tuple(lists.total(k) for k in range(len(lists.named)))]
        for month in range(first, last):
            before = states[-1]
            state, flow, landing = self.land(before, self.month(month))
            states.append(self.crowd(before, state, landing, lists, month))
            flows.append(flow)
            waiting.append(tuple(lists.total(k) for k in range(len(lists.named))))
        return states, flows, waiting

    def lists_at_start(self) -> Lists:
        """Who waits at the start, as in the children's world."""
        s, tape = self.setting, self.setting.tape
        ncy = calendar.academic_year(tape.start - 1) - tape.cohort[: tape.with_needs].astype(int)
        besides = []
        for kind in s.places.pools.kinds:
            grid, rows = np.zeros((N, self.sizes[2])), s.settled.waiting_for == kind
            np.add.at(grid, (ncy[rows], s.start.placement[rows]), 1)
            besides.append(grid)
        return Lists([np.zeros_like(x) for x in besides], besides)

    def crowd(self, before: State, state: State, landing: Landing, lists: Lists, month: int) -> State:
        """Take from scarce kinds whoever finds no place, and give it whom the list brings."""
        plans = np.array(state.plans)
        self._age(lists, before, plans, month)
        entered, remained = np.asarray(landing.entered), np.asarray(landing.remained)
        for k, kind in enumerate(self.setting.places.pools.kinds):
            chose = (entered[:, :, :, :, :] + remained * _only(self.sizes[2], 0)).sum((1, 2, 4))
            there = np.asarray(landing.state.plans + landing.state.contested).sum((1, 2, 4))
            chosen = np.divide(
                np.asarray(landing.origins)[:, :, kind], there, out=np.zeros_like(there), where=there > 0
            )
            for grids in (lists.named, lists.besides):
                grids[k] = grids[k] * np.maximum(1 - chosen, 0)  # who waits and chooses again is among those who come
            for years, places in self._pools(k, month):
                appealing = float(np.asarray(state.contested)[years, :, :, kind].sum())
                stayers = np.asarray(landing.origins)[years, :, kind] * self.setting.places.pools.stays.T[years]
                self._fill(plans, entered, chose, stayers, lists, k, int(kind), years, places - appealing)
        return state._replace(plans=plans)

    def spend(self, state: State, month: int) -> dict[str, float]:
        """Sub-line -> expected pence in a month, with the places that the masses leave vacant; what is vacant in one
        school while another of the pool is full is left out."""
        out, prices = super().spend(state, month), self.setting.prices
        held = np.asarray(state.plans + state.contested).sum((1, 2, 4))
        for vacancy in prices.vacancies:
            kind = self.setting.book.vocabulary.code(vacancy.kind)
            (k,) = np.flatnonzero(self.setting.places.pools.kinds == kind).tolist()
            vacant = sum(max(places - held[years, kind].sum(), 0.0) for years, places in self._pools(k, month))
            out[vacancy.line] = out.get(vacancy.line, 0.0) + vacant * vacancy.pence_in(month)
        return out

    def _pools(self, k: int, month: int) -> list[tuple[slice, float]]:
        """(school years, places) of each pool of a kind: its providers' of all phases, or by phase if all have one."""
        p = self.setting.places
        now = p.by_month[month - p.first]
        of = [(x.phase, float(n)) for x, n, kind in zip(p.providers, now, p.pools.kind, strict=True)
              if kind == p.pools.kinds[k]]  # fmt: skip
        if any(phase == "all" for phase, _ in of):
            return [(slice(0, N), sum(n for _, n in of))]
        primary = sum(n for phase, n in of if phase == "primary")
        return [(slice(0, SECONDARY_FIRST), primary), (slice(SECONDARY_FIRST, N), sum(n for _, n in of) - primary)]

    def _fill(self, plans: Array, entered: Array, chose: Floats, stayers: Floats, lists: Lists, k: int, kind: int,
              years: slice, places: float) -> None:  # fmt: skip
        """One pool: admit choices, then who waits and who seeks besides; ``stayers`` [n, p] stay there if refused."""
        pools = self.setting.places.pools
        came = entered[years, :, :, kind]
        named, besides = lists.named[k][years], lists.besides[k][years]
        stretch = pools.latent[:, k].astype(float) / 2.0**32
        hidden = chose[years] * (stretch[:, 1] - stretch[:, 0]) * _of_school(years)[:, None]
        accepts = np.ones(self.sizes[2])
        accepts[self.setting.book.vocabulary.code("nmiss")] = pools.accepts[0] / 2.0**32
        free = places - float(plans[years, :, :, kind].sum() - came.sum())
        first, later = float(came.sum() + named.sum()), float(hidden.sum() + (besides * accepts).sum())
        variance = first + max(free, 0.0)
        choices = admitted(first, free, variance)
        others = admitted(first + later, free, variance + later) - choices
        f, g = choices / max(first, 1e-9), max(others, 0.0) / max(later, 1e-9)
        refused = came * (1 - f) * (1 - pools.over_roll[0] / 2.0**32)
        plans[years, :, :, kind] -= refused
        shares = np.diff(pools.crowded[k, years].astype(float) / 2.0**32, axis=1, prepend=0)
        of = came.sum((1, 2, 3))[:, None]
        stay = np.divide(stayers, of, out=np.zeros_like(stayers), where=of > 1e-12)
        fall = shares * np.maximum(1 - stay.sum(1, keepdims=True), 0)
        if k == 0:
            entered[years] += refused[:, :, :, None] * fall[:, None, None, :, None]
        shares = fall + stay / np.maximum(stay.sum(1, keepdims=True), 1.0)
        plans[years] += refused[:, :, :, None] * shares[:, None, None, :, None]
        self._move(plans[years], kind, f * named + g * accepts * besides + g * hidden)
        waits = refused.sum((1, 2, 3))[:, None] * shares * _of_school(years)[:, None]
        lists.named[k][years] = named * (1 - f) + waits
        lists.besides[k][years] = besides * (1 - g) + hidden * (1 - g)

    def _move(self, plans: Array, kind: int, mass: Floats) -> None:
        """[n, p] from other placements to the kind, alike in area, need and month of review to who is there."""
        there = plans.sum((1, 2, 4))
        share = np.minimum(np.divide(mass, there, out=np.zeros_like(mass), where=there > 0), 1.0)
        share[:, kind] = 0
        going = plans * share[:, None, None, :, None]
        plans -= going
        plans[:, :, :, kind] += going.sum(3)

    def _age(self, lists: Lists, before: State, plans: Array, month: int) -> None:
        """A month later: who waited is a year older in September, some have left or settled, none has left school."""
        had, has = before.plans.sum((1, 2, 4)), plans.sum((1, 2, 4))
        stays = np.ones(self.sizes[2])
        stays -= self.setting.places.pools.lapse[0] / 2.0**32
        stays[self.setting.book.vocabulary.code("awaiting")] = 1.0
        ended = 1 - min(max(1 - has.sum() / max(had.sum(), 1.0), 0.0) + LEAVING, 1.0)
        for grids in (lists.named, lists.besides):
            for k, grid in enumerate(grids):
                if calendar.is_september(month):
                    grid = np.concatenate([np.zeros_like(grid[:1]), grid[:-1]])
                grids[k] = grid * stays * ended * _of_school(slice(0, N))[:, None]


LEAVING = 0.004
"""Assumption: share of plans of school age that end, or leave Kent, in a month."""


def _of_school(years: slice) -> Floats:
    """[n] 1 for Years R to 11."""
    n = np.arange(N)[years]
    return ((n >= SCHOOL_FIRST) & (n <= SCHOOL_LAST)).astype(float)


def _only(size: int, at: int) -> Floats:
    """[p, 1] 1 for one placement."""
    return np.eye(size)[at][:, None]
