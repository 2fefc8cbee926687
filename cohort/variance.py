"""Why spend changed between two years or two worlds: volume, mix and price, to the penny.

    variance.of_worlds(base, policy, "2027-28")["independent"]
    variance.of_years(world, "2024-25", "2027-28")["special"].price

An *item* is what has one price: a month's children of one support, placement, severity band and phase, or its vacant
places; a month of the one year is set against the same month of the other. Each effect is the mean of its
two sequential readings (old prices, then new; new, then old), so that two worlds compared the other way round give the
same effects with the other sign. Price and volume are rounded to whole pence toward nought; what is left of the change,
the rounding with it, is mix. Services that follow no child are price alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, spending
from cohort.prices import LINES, Prices
from cohort.record import FIRST_POST_16

if TYPE_CHECKING:
    from cohort.world import World

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Variance:
    """What changed spend, in pence: the three sum to ``change``."""

    before: int
    after: int
    volume: int
    """more or fewer child-months, of the old make-up"""
    mix: int
    """dearer or cheaper cells among them, and the rounding of the other two"""
    price: int
    """other prices for the same child-months, and services that follow no child"""

    @property
    def change(self) -> int:
        """After less before."""
        return self.after - self.before


def variance(months: tuple[Sequence[int], Sequence[int]], prices: tuple[Sequence[int], Sequence[int]]) -> Variance:
    """The variance of items: child-months (before, after) and whole pence a child-month (before, after), item by item.

    price = sum of (new price - old) x mean child-months; volume = more child-months x mean average price of the two
    sides; mix = what is left of the change. Raises ValueError for lists of different lengths.
    """
    if len({len(part) for part in (*months, *prices)}) != 1:
        raise ValueError(f"items: {[len(part) for part in (*months, *prices)]} given; allowed: lists of one length")
    (q0, q1), (p0, p1) = months, prices
    before, after = _cost(q0, p0), _cost(q1, p1)
    price = _whole(Fraction(sum((new - old) * (a + b) for a, b, old, new in zip(q0, q1, p0, p1, strict=True)), 2))
    averages = [Fraction(cost, sum(q)) for cost, q in ((before, q0), (after, q1)) if sum(q)]
    more = sum(q1) - sum(q0)
    volume = _whole(more * sum(averages, Fraction(0)) / len(averages)) if averages else 0
    return Variance(before, after, volume, after - before - price - volume, price)


def _cost(months: Sequence[int], prices: Sequence[int]) -> int:
    return sum(q * p for q, p in zip(months, prices, strict=True))


def _whole(exact: Fraction) -> int:
    """Whole pence, toward nought: the same size whichever way round two worlds are compared."""
    return int(exact)


def of_years(world: World, before: str, after: str) -> dict[str, Variance]:
    """Line -> variance of a run's spend between two whole financial years."""
    return _between((world, before), (world, after))


def of_worlds(base: World, policy: World, financial_year: str) -> dict[str, Variance]:
    """Line -> variance of a whole financial year's spend between two worlds."""
    return _between((base, financial_year), (policy, financial_year))


def _between(before: tuple[World, str], after: tuple[World, str]) -> dict[str, Variance]:
    """Each line's variance; raises ValueError for a year that a run does not cover whole."""
    sides = [(world, months_of(world, year)) for world, year in (before, after)]
    counts = [[child_months(world, m) for m in months] for world, months in sides]
    out = {}
    for line in LINES:
        there = np.logical_or(*(priced(world.setting.prices, line) for world, _ in sides))
        items = []
        for (world, months), count in zip(sides, counts, strict=True):
            prices = world.setting.prices
            children = [(c[there], prices.monthly(m, line)[there]) for c, m in zip(count, months, strict=True)]
            items.append([np.concatenate(x) for x in zip(*children, *_vacant(world, months, line), strict=True)])
        (q0, p0), (q1, p1) = (tuple(x.tolist() for x in side) for side in items)
        found = variance((q0, q1), (p0, p1))
        old, new = (services(world, months, line) for world, months in sides)
        out[line] = Variance(found.before + old, found.after + new, found.volume, found.mix, found.price + new - old)
    return out


def months_of(world: World, financial_year: str) -> list[int]:
    """The months of a whole financial year."""
    months = [m - 1 for m in sorted(world.record.cells)[1:] if calendar.financial_year(m - 1) == financial_year]
    if len(months) != 12:
        raise ValueError(f"{financial_year}: the run covers {len(months)} months of it; allowed: whole years")
    return months


def child_months(world: World, month: int) -> Ints:
    """[support, placement, severity, phase] children whom a month was paid for."""
    cells = world.record.cells[month + 1].sum(1, dtype=np.int64)
    return np.stack([cells[:FIRST_POST_16].sum(0), cells[FIRST_POST_16:].sum(0)], -1)


def priced(prices: Prices, line: str) -> NDArray[np.bool_]:
    """[support, placement, severity, phase] whether a charge of the line is for such children."""
    masks = [c.mask for c in prices.charges if c.line.split(".")[0] == line]
    return np.logical_or.reduce([np.zeros(prices.charges[0].mask.shape, np.bool_), *masks])


def _vacant(world: World, months: Sequence[int], line: str) -> list[tuple[Ints, Ints]]:
    """Vacant places and the pence of each, by month, one pair a kind of place of the line."""
    bill = spending.bill(world)
    at, none = [bill.months.index(m) for m in months], np.zeros(len(bill.months), np.int64)
    of = [v for v in world.setting.prices.vacancies if v.line.split(".")[0] == line]
    return [(bill.vacant.get(v.kind, none)[at], bill.pence(v)[at]) for v in of]


def services(world: World, months: Sequence[int], line: str) -> int:
    """Pence of a line's services that follow no child, in some months."""
    of = [s for s in world.setting.prices.services if s.line.split(".")[0] == line]
    return sum(s.pence_in(m) for s in of for m in months)
