"""What a run cost: child-months x whole pence, by charge, line and month. The parts sum to what children were charged.

The same child-months can be priced again with every price at its lowest or highest estimate: that is the range of a
line that is due to prices alone. Services follow no child and are whole pence a month; neither do vacant places, which
are funded by the month that they are vacant in.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from cohort import tally
from cohort.calendar import AGE_GROUPS
from cohort.charges import Charge, Item
from cohort.pack import Pack
from cohort.parameters import estimates
from cohort.places import KIND_ORDER, OUTSIDE
from cohort.prices import LINES, Prices
from cohort.record import AGE_GROUP_OF_NCY, UNDER_16
from cohort.slots import Slots
from cohort.states import AREAS, Support
from cohort.when import Uncertain

if TYPE_CHECKING:
    from cohort.setting import Setting
    from cohort.world import World

Ints = NDArray[np.int64]
End = Literal["low", "high"]
_PHASE_OF_GROUP = (np.arange(len(AGE_GROUPS)) >= UNDER_16).astype(np.int64)
"""[age group] 1 from Year 12 on."""
_PHASE_OF_ROW = np.repeat(_PHASE_OF_GROUP, len(AREAS))
"""[age group x area] the same."""


@dataclass(frozen=True, eq=False)
class Plans:
    """The plans of some months by all that a price goes by, listed without the cells in which there are none."""

    there: Ints
    """[month, age group, area, slot] plans"""
    told: tuple[int, ...]
    """how many severities, needs and terms there are"""
    first: Ints
    """[month x age group x area x slot] where its cells begin in the list, and the list's end"""
    cell: NDArray[np.uint16]
    """[listed] (severity x needs + need) x terms + which terms"""
    many: NDArray[np.integer]

    @cached_property
    def band(self) -> Ints:
        """[cell] severity x needs + need."""
        return np.arange(math.prod(self.told)) // self.told[2]

    @classmethod
    def none(cls, shape: tuple[int, ...]) -> Plans:
        """No plan in no month, of [age group, area, slot, severity, need, terms]."""
        nothing = np.empty(0, np.uint16)
        return cls(np.zeros((0, *shape[:3]), np.int64), shape[3:], np.zeros(1, np.int64), nothing, nothing)

    @classmethod
    def of(cls, held: Sequence[NDArray[np.integer]], shape: tuple[int, ...]) -> Plans:
        """Of each month's [age group, area, slot, severity, need, terms], listed a month at a time: all at once would
        take more memory than a core keeps at hand."""
        blocks, cells = math.prod(shape[:3]), math.prod(shape[3:])
        there, first = np.zeros((len(held), *shape[:3]), np.int64), np.zeros(len(held) * blocks + 1, np.int64)
        cell, many = np.empty(blocks * cells, np.uint16), np.empty(blocks * cells, np.int32)
        listed, n = [(cell[:0], many[:0])], 0
        for k, month in enumerate(held):
            begins = first[k * blocks : (k + 1) * blocks + 1]
            tally.fill(month.reshape(blocks, cells), begins, cell, many, there[k].reshape(-1))
            last = begins[-1]
            listed.append((cell[:last].copy(), many[:last].copy()))
            begins += n
            n += int(last)
        return cls(there, shape[3:], first, *(np.concatenate(part) for part in zip(*listed, strict=True)))


class Spent(NamedTuple):
    """What a charge costs in a placement: child-months and whole pence, both [month, age group, area, where]."""

    charge: Charge
    placement: int
    children: Ints
    pence: Ints


@dataclass(frozen=True, eq=False)
class Bill:
    """A run's children by all that a price goes by, with the months that they are of."""

    months: tuple[int, ...]
    cells: tuple[NDArray[np.int32], ...]
    """of each month [ncy, area, support, placement, severity] children"""
    plans: Plans
    slots: Slots
    vacant: Mapping[str, Ints] = field(default_factory=dict)
    """kind of place -> [month] places without a child, of the council's own schools; none while places do not bind"""
    _spent: dict[Prices, tuple[Spent, ...]] = field(default_factory=dict, repr=False)
    _priced_at: dict[Prices, dict[str, Ints]] = field(default_factory=dict, repr=False)

    def pence(self, item: Item) -> Ints:
        """[month] whole pence that one child-month of a charge (of the mean child), a month of a service or of a vacant
        place costs."""
        return item.pence_of(self.months)

    def price(self, several: Sequence[Prices]) -> None:
        """Price everything at several prices in one go, which differ in pounds alone; ``spent`` keeps what is found."""
        found: list[list[Spent]] = [[] for _ in several]
        for same in zip(*(prices.charges for prices in several), strict=True):
            for each in self._priced(same):
                for of, one in zip(found, each, strict=True):
                    of.append(one)
        self._spent.update(zip(several, map(tuple, found), strict=True))

    def spent(self, prices: Prices) -> tuple[Spent, ...]:
        """What each charge costs in each of its placements: kept for each prices, as several tables ask for it."""
        if prices not in self._spent:
            self.price([prices])
        return self._spent[prices]

    def total(self, charge: Charge) -> Ints:
        """[month] pence of a charge."""
        return np.sum([_monthly(one.pence) for (one,) in self._priced([charge])], 0, dtype=np.int64)

    def _priced(self, same: Sequence[Charge]) -> Iterator[list[Spent]]:
        """For each placement of a charge what it costs there, at each of its prices."""
        charge, mean = same[0], np.stack([self.pence(c) for c in same], 1)
        for p in charge.placements:
            plan = charge.support == Support.PLAN
            children, pence = self._of_plans(charge, mean, p) if plan else (self._of_others(charge, p), None)
            each = children[..., None] * mean[:, None, None, None] if pence is None else pence
            yield [Spent(c, p, children, each[..., k]) for k, c in enumerate(same)]

    def _of_others(self, charge: Charge, placement: int) -> Ints:
        """[month, age group, area, 1] children without a plan in a placement whom a charge is for."""
        if not self.cells:
            return np.zeros((*self.plans.there.shape[:3], 1), np.int64)
        within = charge.cells[:, _PHASE_OF_GROUP, 0, 0, 0].T[:, None]
        found: Ints = (self._unplanned[:, :, :, charge.support, placement] * within).sum(-1, keepdims=True)
        return found

    @cached_property
    def _unplanned(self) -> Ints:
        """[month, age group, area, support, placement, severity] children without a plan."""
        ncys, areas, _, placements, severities = self.cells[0].shape
        out = np.zeros((len(self.cells), len(AGE_GROUPS), areas, Support.PLAN * placements, severities), np.int64)
        for cells, found in zip(self.cells, out, strict=True):
            tally.by_group(cells.reshape(ncys, areas, -1, severities), AGE_GROUP_OF_NCY, found)
        return out.reshape(*out.shape[:3], Support.PLAN, placements, severities)

    def _of_plans(self, charge: Charge, mean: Ints, placement: int) -> tuple[Ints, Ints | None]:
        """[month, age group, area, where] plans in a placement that a charge is for, and the pence of each of its
        prices last; without these where all cost as the mean child does."""
        plans, slots = self.plans, self.slots.of_placement(placement)
        if plans.told != (charge.cells.shape[0], charge.cells.shape[2], charge.cells.shape[4]):
            raise ValueError(f"{charge.name}: its price goes by other terms than the plans were counted by")
        wide, rows = slots.stop - slots.start, len(_PHASE_OF_ROW)
        within = charge.cells[:, :, :, :wide].transpose(1, 3, 0, 2, 4).reshape(2, wide, -1)
        anew = np.ones(len(mean), np.bool_)
        anew[1:] = (mean[1:] != mean[:-1]).any(1)
        moment, price = np.cumsum(anew) - 1, charge.by_band(mean[anew], wide)
        children = np.empty((len(mean), rows, wide), np.int64)
        pence = np.zeros((*children.shape, price.shape[3]), np.int64)
        tally.charge(plans.first, plans.cell, plans.many, self.slots.many, slots.start, _PHASE_OF_ROW,
                     np.ascontiguousarray(within), plans.band, price, moment, children, pence)  # fmt: skip
        shape = (*plans.there.shape[:3], wide)
        return children.reshape(shape), None if charge.relative is None else pence.reshape(*shape, mean.shape[1])

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
            for one in self.spent(prices):
                out[one.charge.line] = out.get(one.charge.line, 0) + _monthly(one.pence)
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


def _monthly(counts: Ints) -> Ints:
    """[month] the sum of all that is counted in it."""
    found: Ints = counts.sum((1, 2, 3))
    return found


def bill(world: World) -> Bill:
    """The children that a world's months were paid for; kept, as several tables ask for it."""
    kept = _KEPT.get(world)
    if kept is None or kept[0] != world.month:
        kept = _KEPT[world] = (world.month, _bill(world))
    return kept[1]


_KEPT: WeakKeyDictionary[World, tuple[int, Bill]] = WeakKeyDictionary()


def _bill(world: World) -> Bill:
    record, bare = world.record, childless(world)
    months = [m + 1 for m in bare.months]
    plans = Plans.of([record.held[m] for m in months], _shape(world))
    return replace(bare, cells=tuple(record.cells[m] for m in months), plans=plans)


def childless(world: World) -> Bill:
    """A world's bill without its children: its months, and what follows no child."""
    months = sorted(world.record.cells)[1:]
    vacant = {kind: _vacant(world, months, kind) for kind in KIND_ORDER}
    return Bill(tuple(m - 1 for m in months), (), Plans.none(_shape(world)), world.setting.prices.slots, vacant)


def _shape(world: World) -> tuple[int, ...]:
    """[age group, area, slot, severity, need, terms]"""
    severities, _, needs, _, terms = world.setting.prices.shape[2:]
    return len(AGE_GROUPS), len(AREAS), world.setting.prices.slots.many, severities, needs, terms


def _vacant(world: World, months: Sequence[int], kind: str) -> Ints:
    """[month] places of a kind without a child at the start of each month, at the schools that the council funds: not
    those of other authorities, who fund theirs."""
    ours = [n for n, p in enumerate(world.setting.places.providers) if p.kind == kind and p.area != OUTSIDE]
    out = np.zeros(len(months), np.int64)
    for k, m in enumerate(months):
        if m in world.record.places:
            places, filled, _ = world.record.places[m][ours].T
            out[k] = np.maximum(places - filled, 0).sum()
    return out


def month_of(world: World) -> int:
    """Pence of all that follows no child in the month last lived: services and vacant places."""
    month, prices = world.month - 1, world.setting.prices
    vacant = sum(int(_vacant(world, [world.month], v.kind)[0]) * v.pence_in(month) for v in prices.vacancies)
    return vacant + sum(s.pence_in(month) for s in prices.services)


def at(setting: Setting, end: End) -> Prices:
    """The setting's prices with every one at the low or the high end of its estimate; what a scenario fixes and a
    policy funds stays."""
    known, fixed = _estimates(setting.pack), setting.params.fixed

    def pounds(name: str, now: float) -> float:
        return now if name in fixed or name not in known else float(getattr(known[name], end))

    prices = setting.prices
    charges = tuple(replace(c, pounds=pounds(f"price.{c.name}", c.pounds)) for c in prices.charges)
    services = tuple(replace(s, pounds=pounds(f"service.{s.name}", s.pounds)) for s in prices.services)
    return replace(prices, charges=charges, services=services)


@lru_cache(maxsize=4)
def _estimates(pack: Pack) -> dict[str, Uncertain]:
    """The estimates of a pack, read once."""
    return estimates(pack)
