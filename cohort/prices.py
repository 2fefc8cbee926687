"""What a child's month costs: whole pence by support, placement, severity and age, dated by financial year.

A *charge* is one row of ``estimate_prices``: a sub-line of the ledger, whom it is for, and pounds a year in 2024-25
(low, mode, high: unpublished, so estimates with reasons). A child may bear several (a special school place and
exceptional pupil need). A plan in a placement that no charge mentions is an error, never nought; a price of nought
(EHE, NEET) is stated. Services that follow no child are yearly sums in ``estimate_services``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.states import SEVERITIES, SUPPORTS, Support, Vocabulary, closest

BASE_YEAR = 2024
"""Prices are of the financial year that starts in this one."""
PHASES = ("under_16", "post_16")
FIRST_NCY_POST_16 = 12
LINES = ("special", "independent", "mainstream_srp", "post16", "other")
"""The council's five lines of High Needs spend; sub-lines follow after a full stop."""


@dataclass(frozen=True)
class Charge:
    """A price: pounds a year in the base year for children within the mask [support, placement, severity, phase]."""

    name: str
    line: str
    pounds: float
    growth: float
    mask: NDArray[np.bool_]

    def pence_a_month(self, year: int) -> int:
        """round(pounds x 100 / 12 x (1 + growth) ** (year - 2024)), once per price and year."""
        return round(self.pounds * 100 / 12 * (1 + self.growth) ** (year - BASE_YEAR))


@dataclass(frozen=True)
class Service:
    """A service that follows no child: pounds a year in the base year."""

    name: str
    line: str
    pounds: float
    growth: float

    def pence_a_month(self, year: int) -> int:
        """round(pounds x 100 / 12 x (1 + growth) ** (year - 2024))."""
        return round(self.pounds * 100 / 12 * (1 + self.growth) ** (year - BASE_YEAR))


@dataclass(frozen=True)
class Prices:
    """All charges and services of a parameter draw."""

    charges: tuple[Charge, ...]
    services: tuple[Service, ...]
    placements: int

    def monthly(self, year: int) -> NDArray[np.int64]:
        """[support, placement, severity, phase] whole pence a child-month in a financial year."""
        out = np.zeros((len(SUPPORTS), self.placements, SEVERITIES, len(PHASES)), np.int64)
        for charge in self.charges:
            out += charge.mask * charge.pence_a_month(year)
        return out


def prices(pack: Pack, params: Parameters, vocabulary: Vocabulary) -> Prices:
    """The prices of a parameter draw. Raises ValueError for a line, label or placement that does not fit, or a plan
    unpriced."""
    charges = []
    for r in pack.table("estimate_prices").rows():
        name = str(r["charge"])
        growth = params[f"growth.{r['growth']}"]
        try:
            line, mask = _line(str(r["line"])), _mask(r, vocabulary)
        except ValueError as error:
            raise ValueError(f"estimate_prices.csv: {name}: {error}") from None
        charges.append(Charge(name, line, params[f"price.{name}"], growth, mask))
    priced = np.logical_or.reduce([c.mask for c in charges])[Support.PLAN]
    for code, p in enumerate(vocabulary.placements):
        if p.with_plan and not priced[code].all():
            raise ValueError(
                f"estimate_prices.csv prices no plan in {p.label!r} at every severity and age; state a price, if only 0"
            )
    services = tuple(
        Service(
            str(r["service"]), _line(str(r["line"])), params[f"service.{r['service']}"], params[f"growth.{r['growth']}"]
        )
        for r in pack.table("estimate_services").rows()
    )
    return Prices(tuple(charges), services, len(vocabulary.placements))


def _line(line: str) -> str:
    if line.split(".", maxsplit=1)[0] not in LINES:
        raise ValueError(f"{line!r} is not a line of the ledger; {closest(line.split('.', maxsplit=1)[0], LINES)}")
    return line


def _mask(r: dict[str, object], vocabulary: Vocabulary) -> NDArray[np.bool_]:
    """Which [support, placement, severity, phase] a row of the price table is for; "any" is all."""
    mask = np.zeros((len(SUPPORTS), len(vocabulary.placements), SEVERITIES, len(PHASES)), np.bool_)
    support = SUPPORTS.index(str(r["support"]))
    placement = slice(None) if r["placement"] == "any" else vocabulary.code(str(r["placement"]))
    severity = slice(None) if r["severity"] == "any" else int(str(r["severity"]))
    phase = slice(None) if r["phase"] == "any" else PHASES.index(str(r["phase"]))
    mask[support, placement, severity, phase] = True
    return mask
