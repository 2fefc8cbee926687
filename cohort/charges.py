"""What is paid for, one by one: a charge for children, a place while nobody has it, a service; and its price by month.

A price is pounds a year in the base year (2024-25), grows by the financial year, and is changed by policies from a
month on (``Price``). It is whole pence a month, rounded once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.policy import Price
from cohort.states import NEEDS, SEVERITIES
from cohort.when import When, known

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
BASE_YEAR = 2024
"""Prices are of the financial year that starts in this one."""


@dataclass(frozen=True, eq=False)
class Item:
    """Something that is paid for: pounds a year in the base year, its growth, and what policies do to its price."""

    name: str
    line: str
    pounds: float
    growth: float
    policies: tuple[Price, ...] = field(default=(), kw_only=True)

    def pence_a_month(self, year: int) -> int:
        """round(pounds x 100 / 12 x (1 + growth) ** (year - 2024)), once per price and year: before any policy."""
        return round(self.pounds * 100 / 12 * (1 + self.growth) ** (year - BASE_YEAR))

    def pence_in(self, month: int) -> int:
        """Whole pence of a month: the year's price times what each policy makes of it, rounded once."""
        year, factor = calendar.financial_year_start(month), 1.0
        for p in self.policies:
            factor *= 1 + (known(p.by) - 1) * p.when.strength(month)
            factor *= ((1 + self.growth + known(p.growth)) / (1 + self.growth)) ** upratings(p.when, month)
        return round(self.pounds * 100 / 12 * (1 + self.growth) ** (year - BASE_YEAR) * factor)

    def pence_of(self, months: tuple[int, ...]) -> Ints:
        """[month] the same of several months."""
        grown, factor = _course(self.growth, self.policies, months)
        return np.rint(self.pounds * 100 / 12 * grown * factor).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Charge(Item):
    """A price for children of one support, in some placements, within the cells [severity, phase, need, where, terms].

    Of children without a plan only severity and phase are told apart.
    """

    support: int
    placements: tuple[int, ...]
    cells: NDArray[np.bool_]
    place: Item | None = None
    """place funding, which is a part of the price and charged apart: what is charged here is the rest, top-up"""
    relative: Floats | None = None
    """[severity, need, where] what a child costs against the mean child, whom the price is of"""

    @cached_property
    def told_apart(self) -> bool:
        """Whether needs, or terms, pay other prices or only some of them pay this."""
        some = self.cells.any((2, 3, 4), keepdims=True) != self.cells
        return self.relative is not None or bool(some.any())

    def pence_a_month(self, year: int) -> int:
        """The mean child's pence less those of place funding."""
        return super().pence_a_month(year) - (self.place.pence_a_month(year) if self.place else 0)

    def pence_in(self, month: int) -> int:
        """The mean child's pence, as policies make them, less those of place funding."""
        return super().pence_in(month) - (self.place.pence_in(month) if self.place else 0)

    def pence_of(self, months: tuple[int, ...]) -> Ints:
        """[month] the same of several months."""
        return super().pence_of(months) - (self.place.pence_of(months) if self.place else 0)

    def by_cell(self, month: int) -> Ints:
        """[severity, 1, need, where, 1] whole pence: the mean child's x what the cell costs relatively, rounded once a
        cell."""
        found: Ints = self.by_cells((month,))[0]
        return found

    def by_cells(self, months: tuple[int, ...]) -> Ints:
        """[month, severity, 1, need, where, 1] the same of several months."""
        mean = self.pence_of(months).reshape(-1, 1, 1, 1, 1, 1)
        return mean if self.relative is None else _rounded(mean, self.relative[:, None, :, :, None])

    def by_band(self, mean: Ints, wide: int) -> Ints:
        """[..., where, severity x need, price] the same of many [..., price] pence of the mean child at once, for the
        first so many of where; no price where all cost as the mean child does."""
        bands = SEVERITIES * len(NEEDS)
        if self.relative is None:
            return np.zeros((*mean.shape[:-1], wide, bands, 0), np.int64)
        return _rounded(mean[..., None, None, :], self.relative[:, :, :wide].transpose(2, 0, 1).reshape(wide, bands, 1))


def _rounded(mean: Ints, relative: Floats) -> Ints:
    """Whole pence: the mean child's x what a child costs relatively, rounded once."""
    found: Ints = np.rint(mean * relative).astype(np.int64)
    return found


@dataclass(frozen=True, eq=False)
class Vacancy(Item):
    """A place of a kind (``states`` calls it a placement) that nobody has: pounds a year for each."""

    kind: str


@dataclass(frozen=True, eq=False)
class Service(Item):
    """A service that follows no child. With ``when`` it is a policy's: paid from its start, in full by its full."""

    when: When | None = None

    def pence_in(self, month: int) -> int:
        """round(pounds x 100 / 12 x (1 + growth) ** (year - 2024)) x how far it is phased in."""
        pence = super().pence_in(month)
        return pence if self.when is None else round(pence * self.when.strength(month))

    def pence_of(self, months: tuple[int, ...]) -> Ints:
        """[month] the same of several months."""
        pence = super().pence_of(months)
        return pence if self.when is None else np.rint(pence * _acting(self.when, months)[0]).astype(np.int64)


def upratings(when: When, month: int) -> int:
    """How many Aprils a change of growth has acted on by a month, its own start among them."""
    last = min(month, calendar.month(when.end) - 1) if when.end else month
    start = calendar.month(when.start)
    return max(0, calendar.financial_year_start(last) - calendar.financial_year_start(start - 1))


@lru_cache(maxsize=256)
def _acting(when: When, months: tuple[int, ...]) -> tuple[Floats, Ints]:
    """[month] how far a change acts, and how many Aprils it has."""
    return np.array([when.strength(m) for m in months], float), np.array([upratings(when, m) for m in months], int)


@lru_cache(maxsize=256)
def _course(growth: float, policies: tuple[Price, ...], months: tuple[int, ...]) -> tuple[Floats, Floats]:
    """[month] what a price has grown by since the base year, and what policies make of that: of all prices of a growth
    and policies, whatever their pounds. Powers are Python's, as numpy's differ by machine in the last bit."""
    years = [calendar.financial_year_start(m) for m in months]
    powers = {year: (1 + growth) ** (year - BASE_YEAR) for year in set(years)}
    factor = np.ones(len(months))
    for p in policies:
        strength, upratings = _acting(p.when, months)
        ratio = (1 + growth + known(p.growth)) / (1 + growth)
        factor = factor * (1 + (known(p.by) - 1) * strength)
        factor = factor * np.array([ratio**n for n in range(max(upratings, default=0) + 1)])[upratings]
    return np.array([powers[year] for year in years], float), factor
