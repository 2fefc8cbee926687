"""What the children of a draw lived through, kept small: plans by month, and all that a price goes by.

    lived = Lived.of(world)
    lived.rows(Terms.of(scenario, policy, draw))    # at other prices, to the penny those of the world run anew

A price bears on no child (``repriced``): where nothing but money is moved, in the choice or in both worlds alike, a
draw is priced anew from this, instead of being lived again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from cohort import account, calendar, income, ledger, parameters, prices, spending, tally
from cohort.calendar import AGE_GROUPS
from cohort.lab.repriced import Lives, lives
from cohort.lab.shown import CLOSING, PLANS, SPEND, Row, Rows
from cohort.pack import Pack, listing
from cohort.policy import Policy
from cohort.prices import Prices
from cohort.record import UNDER_16
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.spending import Bill, Plans
from cohort.states import AREAS, Support, Vocabulary
from cohort.world import World


@dataclass(frozen=True, eq=False)
class Terms:
    """What a scenario and draw cost by and live by, with nothing laid out or compiled."""

    scenario: Scenario
    pack: Pack
    params: parameters.Parameters
    policy: Policy
    """settled"""

    @classmethod
    def of(cls, scenario: Scenario, policy: Policy, draw: int) -> Terms:
        """Of a scenario and what its rules make."""
        pack = _pack(scenario.authority, listing(scenario.authority).stat().st_mtime_ns)
        params = parameters.draw(pack, draw, scenario.parameters)
        return cls(scenario, pack, params, policy.settled(params.size))

    @classmethod
    def within(cls, setting: Setting) -> Terms:
        """Those of a setting."""
        terms = cls(setting.scenario, setting.pack, setting.params, setting.book.rates.policy)
        terms.__dict__["prices"] = setting.prices
        return terms

    @cached_property
    def lives(self) -> Lives:
        """Equal where the same children live the same lives, given the same luck."""
        return lives(self.scenario, self.pack, self.params, self.policy)

    @cached_property
    def prices(self) -> Prices:
        """What everything costs, checked for every month."""
        made = prices.prices(self.pack, self.params, Vocabulary(), self.policy)
        made.check(range(self.scenario.first, self.scenario.last))
        return made


@dataclass(frozen=True, eq=False)
class Lived:
    """Of a world that was run to its end: under a megabyte, as only the cells are kept in which somebody is."""

    plans: tuple[Row, ...]
    bill: Bill
    """without its children"""
    held: Plans
    """[month, phase, 1, slot] plans, all areas and ages of a phase together"""
    shape: tuple[int, ...]
    at: NDArray[np.int32]
    """where in [month, ncy, 1, support, placement, severity] there are children without a plan, all areas together"""
    others: NDArray[np.int32]
    """how many"""

    @classmethod
    def of(cls, world: World) -> Lived:
        """Nothing that is shown here is told by area or age: these are put together."""
        record, bare = world.record, spending.childless(world)
        plans = tuple(
            (PLANS, calendar.label(m), float(record.stages[m][Support.PLAN].sum())) for m in sorted(record.cells)
        )
        held = [_by_phase(record.held[m + 1]) for m in bare.months]
        others = np.stack([_without_plan(record.cells[m + 1]) for m in bare.months])
        at = np.flatnonzero(others).astype(np.int32)
        return cls(plans, bare, Plans.of(held, held[0].shape), others.shape, at,
                   others.ravel()[at])  # fmt: skip

    def rows(self, terms: Terms) -> Rows:
        """Plans by month, spend by whole financial year, the deficit at its end."""
        others = np.zeros(self.shape, np.int32)
        others.ravel()[self.at] = self.others
        lines = account.by_year(
            replace(self.bill, cells=tuple(others), plans=self._by_age_and_area(), _spent={}, _priced_at={}),
            terms.prices,
        )
        gates = income.withheld(terms.policy, ledger.financial_years(terms.pack))
        spend = [(SPEND, year, float(sum(of.values()))) for year, of in lines.items()]
        years = ledger.of_model(terms.pack, lines, gates)
        return (*self.plans, *spend, *((CLOSING, y.financial_year, float(y.closing)) for y in years))

    def _by_age_and_area(self) -> Plans:
        """The plans as a bill has them: all of a phase with its first age group, in the first area."""
        months, _, _, slots = self.held.there.shape
        there = np.zeros((months, len(AGE_GROUPS), len(AREAS), slots), np.int64)
        listed = np.zeros_like(there)
        for k, of in enumerate(PHASES):
            there[:, of.start, 0] = self.held.there[:, k, 0]
            listed[:, of.start, 0] = np.diff(self.held.first).reshape(self.held.there.shape)[:, k, 0]
        return replace(self.held, there=there, first=np.append(0, np.cumsum(listed)))


@lru_cache(maxsize=4)
def _pack(authority: str, sealed: int) -> Pack:
    """Its tables are read once, while its list of them is not written anew."""
    return Pack.load(authority)


PHASES = (slice(0, UNDER_16), slice(UNDER_16, None))
"""The age groups of each phase that prices tell apart."""


def _by_phase(held: NDArray[np.integer]) -> NDArray[np.integer]:
    """[phase, 1, slot, severity, need, terms] of [age group, area, slot, severity, need, terms] plans."""
    out = np.zeros((len(PHASES), 1, *held.shape[2:]), np.int32)
    for of, total in zip(PHASES, out, strict=True):
        tally.add_up(held[of].reshape(1, -1, total.size), total.reshape(1, -1))
    return out.astype(np.uint16) if out.max(initial=0) < 2**16 else out  # as a record holds them


def _without_plan(cells: NDArray[np.int32]) -> NDArray[np.int32]:
    """[ncy, 1, support, placement, severity] of [ncy, area, support, placement, severity] children, of those without a
    plan."""
    out = np.zeros((len(cells), 1, int(Support.PLAN), *cells.shape[3:]), np.int32)
    tally.add_up(cells.reshape(*cells.shape[:2], -1), out.reshape(len(cells), -1))
    return out


__all__ = ["Lived", "Terms"]
