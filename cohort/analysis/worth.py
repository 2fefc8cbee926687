"""What a policy is worth in a year, taken apart: gross and reinvestment, cashable and avoided, part-year and full-year.

Everything is worked out on spend by month and sub-line of two worlds, in whole pence, so that parts sum to the whole:

    net = gross - reinvestment            gross = cashable + avoided

Gross is what sub-lines that cost less save; reinvestment what sub-lines that cost more cost. A gross saving is
*cashable* as far as it takes a sub-line below today's yearly rate of spend (money that is being spent now and no
longer will be), and *avoided* as far as it lies above it (growth that does not happen). Today is the month before any
policy acts; its rate is twelve times that month's spend, in cash, so with inflation most of a late saving is avoided.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass

import numpy as np
from numpy.typing import NDArray

from cohort import calendar

Spend = Mapping[str, NDArray[np.float64]]
"""sub-line -> [month] pence"""


@dataclass(frozen=True)
class Worth:
    """Of one financial year, in whole pence; a saving is positive."""

    cashable: int = 0
    avoided: int = 0
    reinvestment: int = 0
    """what other sub-lines cost more: positive"""
    full_year: int = 0
    """net: twelve times the saving of the year's last month"""

    @property
    def gross(self) -> int:
        """Cashable + avoided."""
        return self.cashable + self.avoided

    @property
    def net(self) -> int:
        """Gross - reinvestment: what the financial year's account shows (part-year)."""
        return self.gross - self.reinvestment

    def __add__(self, other: Worth) -> Worth:
        return Worth(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def __sub__(self, other: Worth) -> Worth:
        return Worth(*(a - b for a, b in zip(astuple(self), astuple(other), strict=True)))

    def plain(self) -> dict[str, int]:
        """By name, gross and net among them."""
        names = ("net", "gross", "cashable", "avoided", "reinvestment", "full_year")
        return {name: getattr(self, name) for name in names}


PARTS = ("cashable", "avoided", "reinvestment", "full_year")


def years(months: Sequence[int]) -> dict[str, list[int]]:
    """Financial year -> the places of its months, of the years that are there whole."""
    found: dict[str, list[int]] = {}
    for k, m in enumerate(months):
        found.setdefault(calendar.financial_year(m), []).append(k)
    return {year: at for year, at in found.items() if len(at) == 12}


def worth(base: Spend, other: Spend, months: Sequence[int], today: int) -> dict[str, Worth]:
    """Financial year -> what the other world is worth against the base. ``today`` is the month that says what is spent
    now: the one before any policy acts (or the first there is)."""
    lines = sorted({*base, *other})
    none = np.zeros(len(months))
    now = months.index(today) if today in months else 0
    out = {}
    for year, at in years(months).items():
        total = Worth()
        for line in lines:
            b, p = base.get(line, none), other.get(line, none)
            level = _pence(12 * b[now])
            total += _line(_pence(b[at].sum()), _pence(p[at].sum()), level, _pence(12 * (b[at[-1]] - p[at[-1]])))
        out[year] = total
    return out


def _line(base: int, other: int, today: int, full_year: int) -> Worth:
    """One sub-line of one year."""
    if other > base:
        return Worth(reinvestment=other - base, full_year=full_year)
    cashable = min(base, today) - min(other, today)
    return Worth(cashable=cashable, avoided=base - other - cashable, full_year=full_year)


def _pence(value: float) -> int:
    return round(float(value))
