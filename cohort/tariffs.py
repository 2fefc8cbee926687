"""A world's prices laid out for the kernel, month by month: all months of a scenario at once.

Only the prices that policies act on are worked out for each month in which they differ; all others by financial year.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.calendar import NCYS
from cohort.charges import Charge
from cohort.columns import Tariff
from cohort.prices import PHASES, Prices
from cohort.record import AGE_GROUP_OF_NCY, FIRST_POST_16
from cohort.states import AREAS, NEEDS, SEVERITIES, SUPPORTS, WHERE, Support

Ints = NDArray[np.int64]


class Tariffs:
    """The tariffs of some prices: months in which they are the same share one.

    ``cohorts`` are those that are counted, in order; ``outside`` says of each provider whether it is another
    authority's.
    """

    def __init__(self, prices: Prices, cohorts: Ints, outside: NDArray[np.uint8], months: range) -> None:
        self.prices, self.cohorts, self._outside = prices, cohorts, outside
        self._at: dict[int, int] = {}
        """month -> which of ``_priced`` holds"""
        self._which: dict[tuple[object, ...], int] = {}
        self._priced: list[tuple[Ints, Ints]] = []
        """of children without a plan and of plans: see ``add``"""
        self._laid_out: dict[tuple[int, int], Tariff] = {}
        """which prices and academic year -> what holds"""
        self._by_cell: dict[int, Tariff] = {}
        self._spread: dict[int, Ints] = {}
        self._plan_cells = self._cells()
        self.uncharged = self._uncharged()
        """a tariff at which nobody is charged and no plan counted"""
        self.add(months)

    def of(self, month: int) -> Tariff:
        """The tariff of a month, the last cell (children away) at nothing."""
        key = (self._price(month), calendar.academic_year(month))
        if key not in self._laid_out:
            which, ncy = key[0], key[1] - self.cohorts
            if which not in self._by_cell:
                self._by_cell[which] = self._of_cells(*self._priced[which])
            self._laid_out[key] = self._by_cell[which]._replace(
                group=AGE_GROUP_OF_NCY[np.maximum(np.minimum(ncy, len(NCYS) - 1), 0)],
                phase=(ncy >= FIRST_POST_16).astype(np.int64),
            )
        return self._laid_out[key]

    def _of_cells(self, others: Ints, plans: Ints) -> Tariff:
        """A tariff that lacks the cohorts' age groups and phases."""
        each = np.zeros((len(AREAS), len(SUPPORTS), *others.shape[1:]), np.int64)
        each[:, : Support.PLAN] = others  # plans are priced apart
        price = np.zeros((2, len(self._plan_cells[0])), np.int64)
        price[:, :-1] = each.reshape(-1, 2).T
        priced = (self._plan_cells[0] >= 0) | (price[0] != 0) | (price[1] != 0)
        plan_price = plans.reshape(2, -1, *plans.shape[3:])
        return self.uncharged._replace(price=price, priced=priced.view(np.uint8), plan_price=plan_price)

    def cells(self, month: int) -> Ints:
        """[support, placement, severity, phase, need, where, terms] pence a child-month: as ``Prices.monthly``, but
        kinds of place that are not told apart cost what the first does."""
        which = self._price(month)
        if which not in self._spread:
            others, plans = self._priced[which]
            first = self.prices.slots.first
            slot = first[:-1, None] + np.arange(len(WHERE)) % np.diff(first)[:, None]
            out = np.empty(self.prices.shape, np.int64)
            out[: Support.PLAN] = others[..., None, None, None]
            np.moveaxis(out[Support.PLAN], -2, 1)[:] = plans.transpose(1, 2, 0, 3, 4)[slot]
            self._spread = {which: out}  # the last is kept: months are gone through in order, and it is large
        return self._spread[which]

    def others(self, month: int) -> Ints:
        """[support, placement, severity, phase] pence a child-month without a plan."""
        return self._priced[self._price(month)][0]

    def _price(self, month: int) -> int:
        if month not in self._at:
            self.add([month])
        return self._at[month]

    def add(self, months: Sequence[int]) -> None:
        """Work out the prices of some months: [support, placement, severity, phase] without a plan, [phase, slot,
        severity, need, terms] of plans, whole pence a child-month."""
        keys = self.prices.keys(tuple(months))
        anew = {key: m for m, key in reversed(list(zip(months, keys, strict=True))) if key not in self._which}
        years = {calendar.financial_year_start(m): m for m in anew.values()}
        steady = self._sums(list(years.values()), [c for c in self.prices.charges if not c.policies])
        at = [list(years).index(calendar.financial_year_start(m)) for m in anew.values()]
        acted_on = self._sums(list(anew.values()), [c for c in self.prices.charges if c.policies])
        others, plans = (acted_on[k] + steady[k][at] for k in range(2))
        self._which.update(zip(anew, range(len(self._priced), len(self._priced) + len(anew)), strict=True))
        self._priced.extend(zip(others, plans, strict=True))
        self._at.update({m: self._which[key] for m, key in zip(months, keys, strict=True)})

    def _sums(self, months: list[int], charges: list[Charge]) -> tuple[Ints, Ints]:
        """The pence of some charges, by month: see ``add``. The months lie innermost while they are added up, since
        numpy is quick along a long last axis only."""
        placements, terms, slots = self.prices.placements, self.prices.shape[-1], self.prices.slots
        others = np.zeros((Support.PLAN, placements, SEVERITIES, len(PHASES), len(months)), np.int64)
        plans = np.zeros((slots.many, len(PHASES), SEVERITIES, len(NEEDS), terms, len(months)), np.int64)
        for charge in charges:
            by_month = charge.by_cells(tuple(months))
            pence, cells = np.ascontiguousarray(np.moveaxis(by_month, 0, -1)), charge.cells[..., None]
            if charge.support < Support.PLAN:
                others[charge.support, list(charge.placements)] += pence[:, :, 0, 0, 0] * cells[:, :, 0, 0, 0]
                continue
            for there in map(slots.of_placement, charge.placements):
                for where, slot in enumerate(range(there.start, there.stop)):
                    few = min(where, pence.shape[3] - 1)  # one, where it does not matter
                    plans[slot] += pence[:, :, :, few].swapaxes(0, 1) * cells[:, :, :, where].swapaxes(0, 1)
        of_plans = np.moveaxis(plans, -1, 0).swapaxes(1, 2)
        return np.ascontiguousarray(np.moveaxis(others, -1, 0)), np.ascontiguousarray(of_plans)

    def _uncharged(self) -> Tariff:
        rows, cells = len(self.cohorts), len(self._plan_cells[0])
        since = np.array(self.prices.since, np.int16)
        nothing, shape, slots = np.zeros(rows, np.int64), self.prices.shape, self.prices.slots
        return Tariff(
            np.zeros((2, cells), np.int64), self._plan_cells[0], np.zeros(cells, np.uint8), self._plan_cells[1],
            np.zeros((2, slots.many * shape[2], shape[4], shape[6]), np.int64), nothing, nothing, self._outside,
            self._plan_cells[2], self.prices.lodging.bound(), since,
        )  # fmt: skip

    def _cells(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        """``plan``, ``of_cell`` and ``lodged`` of a tariff."""
        _, placements, severities = self.prices.shape[:3]
        slots, told = self.prices.slots, self.prices.lodging.placements
        plan, lodged = np.full((2, len(AREAS), len(SUPPORTS), placements, severities), -1, np.int32)
        first = slots.first[:-1, None] * severities + np.arange(severities)
        plan[:, Support.PLAN] = np.arange(len(AREAS))[:, None, None] * slots.many * severities + first
        lodged[:, Support.PLAN, list(told)] = np.arange(len(told))[:, None]
        of_cell = np.tile(first.ravel().astype(np.int32), len(AREAS) * len(SUPPORTS))
        none = np.int32(-1)
        return np.append(plan.ravel(), none), np.append(of_cell, np.int32(0)), np.append(lodged.ravel(), none)
