"""What a run cost: child-months x whole pence, by charge, line and month. The parts sum to what children were charged.

The same child-months can be priced again with every price at its lowest or highest estimate: that is the range of a
line that is due to prices alone. Services follow no child and are whole pence a month.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.calendar import AGE_GROUPS
from cohort.parameters import estimates
from cohort.prices import LINES, Charge, Prices, Service
from cohort.record import AGE_GROUP_OF_NCY, FIRST_POST_16
from cohort.states import AREAS

if TYPE_CHECKING:
    from cohort.setting import Setting
    from cohort.world import World

Ints = NDArray[np.int64]
End = Literal["low", "high"]
_EDGES = np.flatnonzero(np.diff(AGE_GROUP_OF_NCY, prepend=-1))
"""Where each age group begins among school years."""


@dataclass(frozen=True, eq=False)
class Bill:
    """A run's child-months by charge, each [month, age group, area, placement], with the months that they are of."""

    months: tuple[int, ...]
    charged: tuple[Ints, ...]

    def pence(self, item: Charge | Service) -> Ints:
        """[month] whole pence that one child-month of a charge, or a month of a service, costs."""
        if item.policies or getattr(item, "when", None):
            return np.array([item.pence_in(m) for m in self.months], np.int64)
        years, at = self._years
        return np.array([item.pence_a_month(year) for year in years], np.int64)[at]  # as no policy acts within a year

    @cached_property
    def _years(self) -> tuple[list[int], Ints]:
        """The financial years in order, and [month] which of them each month is in."""
        starts = [calendar.financial_year_start(m) for m in self.months]
        years = list(dict.fromkeys(starts))
        return years, np.array([years.index(y) for y in starts], np.int64)

    def by_line(self, prices: Prices) -> Ints:
        """[month, line] pence on each of the council's five lines (``prices.LINES``)."""
        out = np.zeros((len(self.months), len(LINES)), np.int64)
        for charge, counts in zip(prices.charges, self.charged, strict=True):
            out[:, of_line(charge)] += counts.sum((1, 2, 3)) * self.pence(charge)
        for service in prices.services:
            out[:, of_line(service)] += self.pence(service)
        return out


def of_line(item: Charge | Service) -> int:
    """Which of the five lines a charge or service belongs to."""
    return LINES.index(item.line.split(".")[0])


def bill(world: World) -> Bill:
    """The child-months that each charge of a world's prices was paid for; kept, as several tables ask for it."""
    kept = _KEPT.get(world)
    if kept is None or kept[0] != world.month:
        kept = _KEPT[world] = (world.month, _bill(world))
    return kept[1]


_KEPT: WeakKeyDictionary[World, tuple[int, Bill]] = WeakKeyDictionary()


def _bill(world: World) -> Bill:
    cells, charges = world.record.cells, world.setting.prices.charges
    months = sorted(cells)[1:]
    if not months:
        return Bill((), tuple(np.zeros((0, len(AGE_GROUPS), len(AREAS), c.mask.shape[1]), np.int64) for c in charges))
    paid = np.stack([cells[m] for m in months])
    return Bill(tuple(m - 1 for m in months), tuple(_child_months(paid, charge.mask) for charge in charges))


def _child_months(paid: NDArray[np.int32], mask: NDArray[np.bool_]) -> Ints:
    """[month, age group, area, placement] of [month, ncy, area, support, placement, severity], within a mask."""
    phase = (np.arange(paid.shape[1]) >= FIRST_POST_16).astype(int)
    out = np.zeros((len(paid), len(AGE_GROUPS), len(AREAS), paid.shape[4]), np.int64)
    for support, placement in zip(*np.nonzero(mask.any((2, 3))), strict=True):
        there = mask[support, placement].T[phase]
        counts = np.einsum("mnas,ns->mna", paid[:, :, :, support, placement], there.astype(np.int32))
        out[..., placement] += np.add.reduceat(counts, _EDGES, axis=1)
    return out


def at(setting: Setting, end: End) -> Prices:
    """The setting's prices with every one at the low or the high end of its estimate; what a scenario fixes and a
    policy funds stays."""
    known, fixed = estimates(setting.pack), setting.params.fixed

    def pounds(name: str, now: float) -> float:
        return now if name in fixed or name not in known else float(getattr(known[name], end))

    prices = setting.prices
    charges = tuple(replace(c, pounds=pounds(f"price.{c.name}", c.pounds)) for c in prices.charges)
    services = tuple(replace(s, pounds=pounds(f"service.{s.name}", s.pounds)) for s in prices.services)
    return replace(prices, charges=charges, services=services)
