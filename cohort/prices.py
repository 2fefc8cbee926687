"""What a child's month costs: whole pence by support, placement, severity and age, dated by financial year.

A *charge* is one row of ``estimate_prices``: a sub-line of the ledger, whom it is for, and pounds a year in 2024-25
(low, mode, high: unpublished, so estimates with reasons). A child may bear several (a special school place and
exceptional pupil need). A plan in a placement that no charge mentions is an error, never nought; a price of nought
(EHE, NEET) is stated. Services that follow no child are yearly sums in ``estimate_services``. Policies change prices
from a month on (``Price``), and add services or pots (``Fund``).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.policy import NOTHING, Fund, Policy, Price
from cohort.states import SEVERITIES, SUPPORTS, Support, Vocabulary, closest
from cohort.when import When, known

BASE_YEAR = 2024
"""Prices are of the financial year that starts in this one."""
PHASES = ("under_16", "post_16")
FIRST_NCY_POST_16 = 12
LINES = ("special", "independent", "mainstream_srp", "post16", "other")
"""The council's five lines of High Needs spend; sub-lines follow after a full stop."""


@dataclass(frozen=True)
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
            factor *= ((1 + self.growth + known(p.growth)) / (1 + self.growth)) ** _upratings(p.when, month)
        return round(self.pounds * 100 / 12 * (1 + self.growth) ** (year - BASE_YEAR) * factor)


@dataclass(frozen=True)
class Charge(Item):
    """A price for children within the mask [support, placement, severity, phase]."""

    mask: NDArray[np.bool_]


@dataclass(frozen=True)
class Service(Item):
    """A service that follows no child. With ``when`` it is a policy's: paid from its start, in full by its full."""

    when: When | None = None

    def pence_in(self, month: int) -> int:
        """round(pounds x 100 / 12 x (1 + growth) ** (year - 2024)) x how far it is phased in."""
        pence = super().pence_in(month)
        return pence if self.when is None else round(pence * self.when.strength(month))


def _upratings(when: When, month: int) -> int:
    """How many Aprils a change of growth has acted on by a month, its own start among them."""
    last = min(month, calendar.month(when.end) - 1) if when.end else month
    start = calendar.month(when.start)
    return max(0, calendar.financial_year_start(last) - calendar.financial_year_start(start - 1))


@dataclass(frozen=True)
class Prices:
    """All charges and services of a parameter draw."""

    charges: tuple[Charge, ...]
    services: tuple[Service, ...]
    placements: int

    def monthly(self, month: int) -> NDArray[np.int64]:
        """[support, placement, severity, phase] whole pence a child-month in a month."""
        out = np.zeros((len(SUPPORTS), self.placements, SEVERITIES, len(PHASES)), np.int64)
        for charge in self.charges:
            out += charge.mask * charge.pence_in(month)
        return out

    def key(self, month: int) -> tuple[object, ...]:
        """Equal for months whose prices are equal: the financial year, and how far each policy acts."""
        acting = [p for c in self.charges for p in c.policies]
        return (
            calendar.financial_year_start(month),
            *((p.when.strength(month), _upratings(p.when, month)) for p in acting),
        )


def prices(pack: Pack, params: Parameters, vocabulary: Vocabulary, policy: Policy = NOTHING) -> Prices:
    """The prices of a parameter draw under a policy. Raises ValueError for a line, label or placement that does not
    fit, a plan unpriced, or a policy on a price that there is not."""
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
    return repriced(Prices(tuple(charges), services, len(vocabulary.placements)), policy.settled(params.size))


def repriced(prices: Prices, policy: Policy) -> Prices:
    """Prices under a settled policy: its Prices on the charges and services that they name, its Funds as services."""
    charges, services = list(prices.charges), list(prices.services)
    for change in policy.changes:
        if isinstance(change, Price):
            names = list(dict.fromkeys(x.name for x in (*charges, *services)))
            if change.charge not in names:
                raise ValueError(f"{change.owner}: {change.charge!r} is not a price; {closest(change.charge, names)}")
            charges = [part for c in charges for part in _split(c, change)]
            services = [replace(s, policies=(*s.policies, change)) if s.name == change.charge else s for s in services]
        elif isinstance(change, Fund):
            line = _line(change.line)
            services.append(
                Service(f"{change.owner}.{change.label}", line, known(change.pounds), known(change.growth), change.when)
            )
    return replace(prices, charges=tuple(charges), services=tuple(services))


def _split(charge: Charge, change: Price) -> list[Charge]:
    """A charge under a price policy: in two, if the policy is for some severities only."""
    if charge.name != change.charge:
        return [charge]
    low, high = change.severity
    within = np.zeros_like(charge.mask)
    within[:, :, low : high + 1] = charge.mask[:, :, low : high + 1]
    rest = charge.mask & ~within
    changed = replace(charge, mask=within, policies=(*charge.policies, change))
    return [x for x in (changed, replace(charge, mask=rest)) if x.mask.any()]


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
