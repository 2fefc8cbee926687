"""What pays for High Needs spend: each line of income a small function, in whole pence, negative as the council prints.

The council's grant estimate is taken as it is printed. It already holds some number of pupils, which is not published,
so pupils move it only by their *difference* between two worlds: a run by itself, the baseline among them, leaves the
printed grant as it is, and a policy that moves pupils is compared with the world without it (``against``). DfE counts
late: a year's grant follows the pupils of the autumn and January before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from cohort import calendar, published
from cohort.pack import Pack
from cohort.policy import Policy, Withhold
from cohort.when import known

PARAMETERS = (
    "income.basic_entitlement",
    "income.independent_counted",
    "income.import_export",
    "income.free_school_place",
    "income.interest",
)
"""The estimates (``estimate_income``) that this module reads."""


@dataclass(frozen=True)
class Income:
    """What pays for a year, in pence, negative: the grant and what moves it, the schools block, variances, DfE, the
    council."""

    grant: int
    transfer: int
    variances: int
    dfe: int
    council: int
    basic_entitlement: int = 0
    import_export: int = 0
    free_schools: int = 0

    @property
    def high_needs_grant(self) -> int:
        """The grant that the council estimates + what more or fewer pupils, cross-border moves and new free schools
        change."""
        return self.grant + self.basic_entitlement + self.import_export + self.free_schools


@dataclass(frozen=True)
class Gates:
    """What share of money that is conditional comes in a year; as agreed, all of it does (True), or none (False)."""

    transfer_agreed: float = True
    """the Schools Forum, or the Secretary of State, lets schools block money be moved"""
    dfe_paid: float = True
    """DfE is content with progress and pays its Safety Valve contribution"""
    council_paid: float = True
    """the council pays its own contribution"""

    def on(self, income: Income) -> Income:
        """A year's income as these gates let it through."""
        return replace(
            income,
            transfer=round(income.transfer * self.transfer_agreed),
            dfe=round(income.dfe * self.dfe_paid),
            council=round(income.council * self.council_paid),
        )


AS_AGREED = Gates()
_GATE = {
    "schools_block_transfer": "transfer_agreed",
    "dfe_contribution": "dfe_paid",
    "council_contribution": "council_paid",
}


def withheld(policy: Policy, financial_years: Iterable[str]) -> dict[str, Gates]:
    """The gates of each year under a settled policy: what several changes withhold is of what the others leave, and a
    change that begins or grows within a year counts by its months."""
    out = {}
    for year in financial_years:
        april, left = calendar.month(f"{year[:4]}-04"), dict.fromkeys(_GATE.values(), 1.0)
        for c in (c for c in policy.changes if isinstance(c, Withhold)):
            strength = sum(c.when.strength(april + k) for k in range(12)) / 12
            left[_GATE[c.income]] *= 1 - known(c.share) * strength
        out[year] = Gates(**left)
    return out


@dataclass(frozen=True)
class Pupils:
    """What a year's grant counts, in children: those whom DfE had counted before the year began."""

    special: int
    """in state special schools in the autumn before"""
    independent: int
    """in independent and non-maintained special schools in the autumn before"""
    net_imports: int = 0
    """other authorities' children in Kent's places less Kent's elsewhere, in the January before"""
    free_school_places: int = 0
    """places that special free schools still growing add in the year"""


def estimated(pack: Pack, financial_year: str) -> Income:
    """The council's estimate of a year's income, with the register's corrections."""
    p = published.printed(pack, financial_year)
    return Income(p["estimated_high_needs_grant"], p["transfer_from_schools_block"], p["variances_on_other_blocks"],
                  p["dfe_contributions"], p["council_contributions"])  # fmt: skip


def basic_entitlement(now: Pupils, then: Pupils, pounds: float, share: float) -> int:
    """-(special pupils more than the other world's + share counted x independent pupils more) x the formula's sum a
    pupil."""
    more = (now.special - then.special) + share * (now.independent - then.independent)
    return -round(more * pounds * 100)


def import_export(now: Pupils, then: Pupils, pounds: float) -> int:
    """-(net imports more than the other world's) x the formula's sum a pupil who crosses the border."""
    return -round((now.net_imports - then.net_imports) * pounds * 100)


def free_schools(now: Pupils, then: Pupils, pounds: float) -> int:
    """-(growing free schools' places more than the other world's) x what DfE adds a place until the formula counts
    it."""
    return -round((now.free_school_places - then.free_school_places) * pounds * 100)


def against(income: Income, now: Pupils, then: Pupils, params: Mapping[str, float]) -> Income:
    """The income with the grant moved by what the pupils of one world (``now``) differ from another's (``then``)."""
    return replace(
        income,
        basic_entitlement=basic_entitlement(
            now, then, params["income.basic_entitlement"], params["income.independent_counted"]
        ),
        import_export=import_export(now, then, params["income.import_export"]),
        free_schools=free_schools(now, then, params["income.free_school_place"]),
    )


def interest(opening: int, closing: int, rate: float) -> int:
    """Mean of the deficits on 1 April and 31 March x the rate: what carrying it costs the council's own account (memo:
    not charged to the grant). A surplus earns nothing here."""
    return round(max(opening + closing, 0) / 2 * rate)


def exposure(closing: int, override: bool) -> int:
    """The deficit that falls on the council's reserves on 1 April: none under the statutory override, all of it
    without."""
    return 0 if override else max(closing, 0)
