"""What a run cost: child-months x whole pence, by charge, line and month. The parts sum to what children were charged.

The same child-months can be priced again with every price at its lowest or highest estimate: that is the range of a
line that is due to prices alone. Services follow no child and are whole pence a month; neither do vacant places, which
are funded by the month that they are vacant in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.calendar import AGE_GROUPS
from cohort.parameters import estimates
from cohort.places import KIND_ORDER, OUTSIDE
from cohort.prices import LINES, Charge, Item, Prices
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
    vacant: Mapping[str, Ints] = field(default_factory=dict)
    """kind of place -> [month] places without a child, of the council's own schools; none while places do not bind"""

    def pence(self, item: Item) -> Ints:
        """[month] whole pence that one child-month of a charge, a month of a service or of a vacant place costs."""
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

    def spent(self, prices: Prices) -> Iterator[tuple[Charge, Ints, Ints]]:
        """Each charge with its child-months and its pence, both [month, age group, area, placement]."""
        for charge, counts in zip(prices.charges, self.charged, strict=True):
            yield charge, counts, counts * self.pence(charge)[:, None, None, None]

    def unattached(self, prices: Prices) -> Iterator[tuple[str, Ints]]:
        """Sub-line and [month] pence of each thing that follows no child: services, and places while they are
        vacant."""
        for service in prices.services:
            yield service.line, self.pence(service)
        for vacancy in prices.vacancies:
            if vacancy.kind in self.vacant:
                yield vacancy.line, self.vacant[vacancy.kind] * self.pence(vacancy)

    def by_sub_line(self, prices: Prices) -> dict[str, Ints]:
        """Sub-line -> [month] pence, children's first."""
        out: dict[str, Ints] = {}
        for charge, counts in zip(prices.charges, self.charged, strict=True):
            pence = counts.sum((1, 2, 3)) * self.pence(charge)
            out[charge.line] = out.get(charge.line, 0) + pence
        for line, pence in self.unattached(prices):
            out[line] = out.get(line, 0) + pence
        return out

    def by_line(self, prices: Prices) -> Ints:
        """[month, line] pence on each of the council's five lines (``prices.LINES``)."""
        out = np.zeros((len(self.months), len(LINES)), np.int64)
        for line, pence in self.by_sub_line(prices).items():
            out[:, LINES.index(line.split(".")[0])] += pence
        return out


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
    vacant = {kind: np.array([_vacant(world, m, kind) for m in months], np.int64) for kind in KIND_ORDER}
    return Bill(tuple(m - 1 for m in months), tuple(_child_months(paid, charge.mask) for charge in charges), vacant)


def _vacant(world: World, month: int, kind: str) -> int:
    """Places of a kind without a child at the start of a month, at the schools that the council funds: not those of
    other authorities, who fund theirs."""
    held = world.record.places.get(month)
    if held is None:
        return 0
    ours = [n for n, p in enumerate(world.setting.places.providers) if p.kind == kind and p.area != OUTSIDE]
    places, filled = held[ours, 0], held[ours, 1]
    return int(np.maximum(places - filled, 0).sum())


def month_of(world: World) -> int:
    """Pence of all that follows no child in the month last lived: services and vacant places."""
    month, prices = world.month - 1, world.setting.prices
    vacant = sum(_vacant(world, world.month, v.kind) * v.pence_in(month) for v in prices.vacancies)
    return vacant + sum(s.pence_in(month) for s in prices.services)


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
