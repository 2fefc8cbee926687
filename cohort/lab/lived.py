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

from cohort import account, calendar, income, ledger, parameters, prices, spending
from cohort.calendar import AGE_GROUPS
from cohort.lab.repriced import Lives, lives
from cohort.lab.shown import CLOSING, PLANS, SPEND, Row, Rows
from cohort.pack import Pack, listing
from cohort.policy import Policy
from cohort.prices import Prices
from cohort.record import UNDER_16
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.spending import Bill
from cohort.states import Support, Vocabulary
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
    """Of a world that was run to its end: half a megabyte, as of plans only the cells are kept in which somebody is."""

    plans: tuple[Row, ...]
    bill: Bill
    """without its plans, all areas together"""
    shape: tuple[int, ...]
    at: NDArray[np.int32]
    """where in [month, phase, slot, severity, need, terms] there are plans, all areas and ages of a phase together"""
    held: NDArray[np.int32]
    """how many"""

    @classmethod
    def of(cls, world: World) -> Lived:
        """Nothing that is shown here is told by area or age: these are put together."""
        cells, full = world.record.cells, spending.bill(world)
        plans = tuple((PLANS, calendar.label(m), float(cells[m][:, :, Support.PLAN].sum())) for m in sorted(cells))
        held = np.stack([_added(full.held[:, of]) for of in PHASES], 1)
        at = np.flatnonzero(held).astype(np.int32)
        bill = replace(full, others=full.others.sum(2, keepdims=True), held=full.held[:0], _kept={}, _priced_at={})
        return cls(plans, bill, held.shape, at, held.ravel()[at])

    def rows(self, terms: Terms) -> Rows:
        """Plans by month, spend by whole financial year, the deficit at its end."""
        by_phase = np.zeros(self.shape, np.int32)
        by_phase.ravel()[self.at] = self.held
        held = np.zeros((self.shape[0], len(AGE_GROUPS), 1, *self.shape[2:]), np.int32)
        held[:, [of.start or 0 for of in PHASES], 0] = by_phase
        lines = account.by_year(replace(self.bill, held=held, _kept={}, _priced_at={}), terms.prices)
        gates = income.withheld(terms.policy, ledger.financial_years(terms.pack))
        spend = [(SPEND, year, float(sum(of.values()))) for year, of in lines.items()]
        years = ledger.of_model(terms.pack, lines, gates)
        return (*self.plans, *spend, *((CLOSING, y.financial_year, float(y.closing)) for y in years))


@lru_cache(maxsize=4)
def _pack(authority: str, sealed: int) -> Pack:
    """Its tables are read once, while its list of them is not written anew."""
    return Pack.load(authority)


PHASES = (slice(UNDER_16), slice(UNDER_16, None))
"""The age groups of each phase that prices tell apart."""


def _added(held: NDArray[np.integer]) -> NDArray[np.int32]:
    """[month, slot, severity, need, terms] of [month, age group, area, slot, severity, need, terms]; by hand, since
    numpy's sum of small whole numbers took ten times as long."""
    out = np.zeros((held.shape[0], *held.shape[3:]), np.int32)
    for group, area in np.ndindex(held.shape[1:3]):
        out += held[:, group, area]
    return out


__all__ = ["Lived", "Terms"]
