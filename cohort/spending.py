"""What a run cost: child-months x whole pence, by charge, line and month. The parts sum to what children were charged.

The same child-months can be priced again with every price at its lowest or highest estimate: that is the range of a
line that is due to prices alone. Services follow no child and are whole pence a month; neither do vacant places, which
are funded by the month that they are vacant in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.calendar import AGE_GROUPS
from cohort.parameters import estimates
from cohort.places import KIND_ORDER, OUTSIDE
from cohort.policy import Price
from cohort.prices import LINES, Charge, Item, Prices
from cohort.record import AGE_GROUP_OF_NCY, UNDER_16
from cohort.slots import Slots
from cohort.states import AREAS, Support

if TYPE_CHECKING:
    from cohort.setting import Setting
    from cohort.world import World

Ints = NDArray[np.int64]
End = Literal["low", "high"]
_EDGES = np.flatnonzero(np.diff(AGE_GROUP_OF_NCY, prepend=-1))
"""Where each age group begins among school years."""


@dataclass(frozen=True, eq=False)
class Bill:
    """A run's children by all that a price goes by, with the months that they are of."""

    months: tuple[int, ...]
    others: Ints
    """[month, age group, area, support, placement, severity] children without a plan"""
    held: NDArray[np.integer]
    """[month, age group, area, slot, severity, need, terms] plans"""
    slots: Slots
    vacant: Mapping[str, Ints] = field(default_factory=dict)
    """kind of place -> [month] places without a child, of the council's own schools; none while places do not bind"""
    _kept: dict[tuple[Price, ...], tuple[Ints, list[int]]] = field(default_factory=dict, repr=False)
    _priced_at: dict[Prices, dict[str, Ints]] = field(default_factory=dict, repr=False)

    def pence(self, item: Item) -> Ints:
        """[month] whole pence that one child-month of a charge (of the mean child), a month of a service or of a vacant
        place costs."""
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
        for charge in prices.charges:
            counts, pence = (np.zeros((*self.others.shape[:3], self.others.shape[4]), np.int64) for _ in range(2))
            for p in charge.placements:
                there = self._under(charge, p, self.others, self.held if charge.told_apart else self._together)
                cells = _told_apart(charge, there.shape[3])[_PHASE_OF_GROUP]
                price = self._priced(charge, there.shape[3])[:, _PHASE_OF_GROUP]
                counts[..., p] = np.einsum("mgawsdt,gwsdt->mga", there, cells, dtype=np.int64)
                pence[..., p] = np.einsum("mgawsdt,mgwsdt->mga", there, price, dtype=np.int64)
            yield charge, counts, pence

    def total(self, charge: Charge) -> Ints:
        """[month] pence of a charge."""
        out, by_width = np.zeros(len(self.months), np.int64), dict[int, NDArray[np.integer]]()
        for p in charge.placements:
            there = self._under(charge, p, *self._by_phase[charge.told_apart])[:, :, 0]
            by_width[there.shape[2]] = by_width.get(there.shape[2], 0) + there
        for wide, there in by_width.items():
            out += np.einsum("mgwsdt,mgwsdt->m", there, self._priced(charge, wide))
        return out

    def _under(self, charge: Charge, placement: int, others: Ints, held: NDArray[np.integer]) -> NDArray[np.integer]:
        """[month, group, area, where, severity, need, terms] children of a charge's support in a placement; without a
        plan, or where ``held`` has them together (by placement, not slot), all but severity are one."""
        if charge.support != Support.PLAN:
            return others[:, :, :, charge.support, placement, None, :, None, None]
        if not charge.told_apart:
            return held[:, :, :, placement, None, :, None, None]
        return held[:, :, :, self.slots.of_placement(placement)]

    @cached_property
    def _together(self) -> Ints:
        """[month, age group, area, placement, severity] plans, all needs and terms together."""
        return np.asarray(np.add.reduceat(self.held.sum((5, 6), dtype=np.int64), self.slots.first[:-1], axis=3))

    def _priced(self, charge: Charge, wide: int) -> Ints:
        """[month, phase, where, severity, need, terms] whole pence of a charge, nought in the cells that it is not for;
        the first so many of where."""
        moment, firsts = self._moments(charge)
        each = charge.by_cells(firsts)[..., :wide, :].transpose(0, 2, 4, 1, 3, 5)
        return np.ascontiguousarray(each * _told_apart(charge, wide))[moment]

    def _moments(self, charge: Charge) -> tuple[Ints, list[int]]:
        """[month] which of the charge's prices holds, and for each price a month in which it does: kept, as charges
        that the same policies act on change in the same months."""
        if charge.policies not in self._kept:
            keys = [charge.key(m) for m in self.months]
            moments = list(dict.fromkeys(keys))
            at = np.array([moments.index(key) for key in keys], np.int64)
            self._kept[charge.policies] = at, [self.months[keys.index(key)] for key in moments]
        return self._kept[charge.policies]

    @cached_property
    def _by_phase(self) -> tuple[tuple[Ints, Ints], tuple[Ints, Ints]]:
        """``others`` and ``held`` of all areas together, with the phase for the age group: first with all needs and
        terms together, then told apart."""
        parts = (slice(UNDER_16), slice(UNDER_16, None))
        others = np.stack([self.others[:, part].sum((1, 2)) for part in parts], 1)[:, :, None]
        held = np.stack([self.held[:, part].sum((1, 2), dtype=np.int64) for part in parts], 1)[:, :, None]
        together = np.asarray(np.add.reduceat(held.sum((5, 6)), self.slots.first[:-1], axis=3))
        return (others, together), (others, held)

    def unattached(self, prices: Prices) -> Iterator[tuple[str, Ints]]:
        """Sub-line and [month] pence of each thing that follows no child: services, and places while they are
        vacant."""
        for service in prices.services:
            yield service.line, self.pence(service)
        for vacancy in prices.vacancies:
            if vacancy.kind in self.vacant:
                yield vacancy.line, self.vacant[vacancy.kind] * self.pence(vacancy)

    def by_sub_line(self, prices: Prices) -> dict[str, Ints]:
        """Sub-line -> [month] pence, children's first: kept for each prices, as several tables ask for it."""
        if prices not in self._priced_at:
            out: dict[str, Ints] = {}
            for charge in prices.charges:
                out[charge.line] = out.get(charge.line, 0) + self.total(charge)
            for line, by_month in self.unattached(prices):
                out[line] = out.get(line, 0) + by_month
            self._priced_at[prices] = out
        return dict(self._priced_at[prices])

    def by_line(self, prices: Prices) -> Ints:
        """[month, line] pence on each of the council's five lines (``prices.LINES``)."""
        out = np.zeros((len(self.months), len(LINES)), np.int64)
        for line, pence in self.by_sub_line(prices).items():
            out[:, LINES.index(line.split(".")[0])] += pence
        return out


def _told_apart(charge: Charge, wide: int) -> NDArray[np.bool_]:
    """[phase, where, severity, need, terms] the cells of a charge, the first so many of where, with one need and terms
    for all where they do not matter."""
    plan = charge.support == Support.PLAN
    return _laid_out(charge.cells if plan and charge.told_apart else charge.cells[:, :, :1, :1, :1], wide)


def _laid_out(cells: NDArray[Any], wide: int) -> NDArray[Any]:
    """[phase, where, severity, need, terms] of [severity, phase, need, where, terms], the first so many of where: in
    the order in which plans are held, so that they are added up in one go."""
    return np.ascontiguousarray(cells[:, :, :, :wide].transpose(1, 3, 0, 2, 4))


_PHASE_OF_GROUP = (np.arange(len(AGE_GROUPS)) >= UNDER_16).astype(int)


def bill(world: World) -> Bill:
    """The children that a world's months were paid for; kept, as several tables ask for it."""
    kept = _KEPT.get(world)
    if kept is None or kept[0] != world.month:
        kept = _KEPT[world] = (world.month, _bill(world))
    return kept[1]


_KEPT: WeakKeyDictionary[World, tuple[int, Bill]] = WeakKeyDictionary()


def _bill(world: World) -> Bill:
    record, shape, slots = world.record, world.setting.prices.shape, world.setting.prices.slots
    months = sorted(record.cells)[1:]
    if not months:
        groups = (0, len(AGE_GROUPS), len(AREAS))
        return Bill(
            (), np.zeros((*groups, 2, *shape[1:3]), np.int64),
            np.zeros((*groups, slots.many, shape[2], shape[4], shape[6]), int), slots,
        )  # fmt: skip
    unplanned = np.stack([record.cells[m][:, :, : Support.PLAN] for m in months])
    vacant = {kind: np.array([_vacant(world, m, kind) for m in months], np.int64) for kind in KIND_ORDER}
    return Bill(
        tuple(m - 1 for m in months), np.add.reduceat(unplanned, _EDGES, axis=1, dtype=np.int64),
        np.stack([record.held[m] for m in months]), slots, vacant,
    )  # fmt: skip


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
