"""Why spend changed between two years or two worlds: volume, mix and price, to the penny.

    variance.of_worlds(base, policy, "2027-28")["independent"]
    variance.of_years(world, "2024-25", "2027-28")["special"].price

An *item* is what has one price: a cell of support, placement, severity band and phase. Each effect is the mean of its
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

from cohort import calendar
from cohort.prices import LINES, Prices

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
    months = [child_months(*side) for side in (before, after)]
    prices = [(world.setting.prices, int(year[:4])) for world, year in (before, after)]
    out = {}
    for line in LINES:
        cells = [price_of(of, line, year) for of, year in prices]
        there = np.logical_or(*(priced(of, line) for of, _ in prices))
        found = variance(
            (months[0][there].tolist(), months[1][there].tolist()), (cells[0][there].tolist(), cells[1][there].tolist())
        )
        old, new = (services(of, line, year) for of, year in prices)
        out[line] = Variance(found.before + old, found.after + new, found.volume, found.mix, found.price + new - old)
    return out


def child_months(world: World, financial_year: str) -> Ints:
    """[support, placement, severity, phase] child-months of a whole financial year."""
    paid = world.record.paid
    months = [m for m in paid if calendar.financial_year(m) == financial_year]
    if len(months) != 12:
        raise ValueError(f"{financial_year}: the run covers {len(months)} months of it; allowed: whole years")
    total: Ints = np.sum([paid[m].sum((0, 1), dtype=np.int64) for m in months], axis=0)
    return total


def price_of(prices: Prices, line: str, year: int) -> Ints:
    """[support, placement, severity, phase] pence a child-month that go to a line, in a financial year."""
    out = np.zeros(prices.charges[0].mask.shape, np.int64)
    for charge in prices.charges:
        if charge.line.split(".")[0] == line:
            out += charge.mask * charge.pence_a_month(year)
    return out


def priced(prices: Prices, line: str) -> NDArray[np.bool_]:
    """[support, placement, severity, phase] whether a charge of the line is for such children."""
    masks = [c.mask for c in prices.charges if c.line.split(".")[0] == line]
    return np.logical_or.reduce([np.zeros(prices.charges[0].mask.shape, np.bool_), *masks])


def services(prices: Prices, line: str, year: int) -> int:
    """Pence a financial year of a line's services that follow no child."""
    return 12 * sum(s.pence_a_month(year) for s in prices.services if s.line.split(".")[0] == line)
