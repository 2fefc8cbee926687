"""Why spend changed between two years or two worlds: volume, mix and price, to the penny.

    variance.of_worlds(base, policy, "2027-28")["independent"]
    variance.of_years(world, "2024-25", "2027-28")["special"].price

An *item* is what has one price: a month's children of one support, placement, severity band, phase and need, or its
vacant places; a month of the one year is set against the same month of the other. Each effect is the mean of its
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
from cohort.prices import LINES
from cohort.record import by_phase
from cohort.states import Support

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


def variance(
    months: tuple[Sequence[int], Sequence[int]], prices: tuple[Sequence[int | Fraction], Sequence[int | Fraction]]
) -> Variance:
    """The variance of items: child-months (before, after) and pence a child-month (before, after), item by item; an
    item's child-months cost whole pence together.

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


def _cost(months: Sequence[int], prices: Sequence[int | Fraction]) -> int:
    return int(sum(q * p for q, p in zip(months, prices, strict=True)))


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
    counts = [np.stack([child_months(world, m) for m in months]) for world, months in sides]
    out = {}
    for line in LINES:
        there = (counts[0].sum(-1) > 0) | (counts[1].sum(-1) > 0)
        for_them = [np.logical_or.reduce(world.setting.prices.priced(line), -1) for world, _ in sides]
        there &= np.logical_or(*for_them)
        items = []
        for (world, months), count in zip(sides, counts, strict=True):
            prices = np.stack([world.setting.prices.monthly(m, line) for m in months])
            children, each = _of_all_terms(count[there], prices[there])
            vacant, of_vacant = _vacant(world, months, line)
            items.append((children + vacant.tolist(), each + of_vacant.tolist()))
        (q0, p0), (q1, p1) = items
        found = variance((q0, q1), (p0, p1))
        old, new = (services(world, months, line) for world, months in sides)
        out[line] = Variance(found.before + old, found.after + new, found.volume, found.mix, found.price + new - old)
    return out


def _of_all_terms(children: Ints, pence: Ints) -> tuple[list[int], list[int | Fraction]]:
    """Children of whatever terms together, with what each costs on average: what two worlds tell apart can differ."""
    many, cost = children.sum(-1).tolist(), (children * pence).sum(-1).tolist()
    if pence.shape[-1] == 1:
        return many, pence[:, 0].tolist()
    return many, [Fraction(c, n) if n else p for c, n, p in zip(cost, many, pence[:, 0].tolist(), strict=True)]


def months_of(world: World, financial_year: str) -> list[int]:
    """The months of a whole financial year."""
    months = [m - 1 for m in sorted(world.record.cells)[1:] if calendar.financial_year(m - 1) == financial_year]
    if len(months) != 12:
        raise ValueError(f"{financial_year}: the run covers {len(months)} months of it; allowed: whole years")
    return months


def child_months(world: World, month: int) -> Ints:
    """[support, placement, severity, phase, need, where, terms] children whom a month was paid for; those without a
    plan, whose price goes by none of the last three, stand at the first of each."""
    record, slots = world.record, world.setting.prices.slots
    others, plans = by_phase(record.cells[month + 1], record.held[month + 1], slots)
    out = np.zeros(world.setting.prices.shape, np.int64)
    out[: Support.PLAN, ..., 0, 0, 0], out[Support.PLAN] = others, plans
    return out


def _vacant(world: World, months: Sequence[int], line: str) -> tuple[Ints, Ints]:
    """Vacant places and the pence of each, month by month, of each kind of place of the line."""
    bill = spending.bill(world)
    at, none = [bill.months.index(m) for m in months], np.zeros(len(bill.months), np.int64)
    of = [v for v in world.setting.prices.vacancies if v.line.split(".")[0] == line]
    nothing = np.zeros(0, np.int64)
    return (
        np.concatenate([nothing, *(bill.vacant.get(v.kind, none)[at] for v in of)]),
        np.concatenate([nothing, *(bill.pence(v)[at] for v in of)]),
    )


def services(world: World, months: Sequence[int], line: str) -> int:
    """Pence of a line's services that follow no child, in some months."""
    of = [s for s in world.setting.prices.services if s.line.split(".")[0] == line]
    return sum(s.pence_in(m) for s in of for m in months)
