"""The account of High Needs spend: income, the year's balance and the accumulated deficit, in whole pence.

Each line is one small function whose docstring is its formula, in the accountants' words. A cost is positive and income
negative, as the council prints them. The chain starts from one opening balance and is never re-anchored to a printed
one; printed figures stay apart (``published``, ``reconcile``). Savings that the council has still to find are a target
beside the account of a run, never a part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from cohort import published
from cohort.income import AS_AGREED, Gates, Income, estimated, exposure, interest
from cohort.pack import Pack
from cohort.prices import LINES
from cohort.published import COUNCIL, MILLION, SAVINGS, financial_years, opening_balance

__all__ = ["BLOCKS", "COUNCIL", "MILLION", "Income", "Year", "chain", "financial_years", "of_model", "of_paper"]


@dataclass(frozen=True)
class Year:
    """A financial year of the account, in pence."""

    financial_year: str
    lines: Mapping[str, int]
    """spend by the council's lines or their sub-lines (``special.top_up``), and any savings counted in it"""
    income: Income
    opening: int
    """deficit on 1 April"""
    target: int = 0
    """savings that the council has still to attribute: negative, and not in the spend"""

    @property
    def spend(self) -> int:
        """Sum of the lines."""
        return sum(self.lines.values())

    @property
    def in_year(self) -> int:
        """Net DSG: spend + grant + transfer from the schools block + variances on other blocks (a deficit is
        positive)."""
        return self.spend + all_income(self)

    @property
    def closing(self) -> int:
        """Deficit on 31 March: opening + net DSG + DfE contributions + council contributions."""
        return self.opening + self.in_year + contributions(self)

    def line(self, name: str) -> int:
        """A line: what is on it and the sum of its sub-lines."""
        return sum(pence for line, pence in self.lines.items() if line.split(".", maxsplit=1)[0] == name)


# each line, by its formula


def special(y: Year) -> int:
    """Maintained special schools: place funding of every place, filled or not + top-up of each plan there + exceptional
    pupil need."""
    return y.line("special")


def independent(y: Year) -> int:
    """Independent schools: fees of plans in independent and non-maintained special + in independent mainstream."""
    return y.line("independent")


def mainstream_srp(y: Year) -> int:
    """Mainstream: top-up of plans + place funding of SRP and unit places, filled or not, and their top-up + exceptional
    pupil need + SEN Support top-up without a plan."""
    return y.line("mainstream_srp")


def post16(y: Year) -> int:
    """Post-16 institutions: top-up of plans in FE colleges and specialist institutions, net of DfE's place
    deductions."""
    return y.line("post16")


def other(y: Year) -> int:
    """Other SEN support: tuition and EOTAS, alternative provision, early years + services that follow no child."""
    return y.line("other")


def high_needs_grant(y: Year) -> int:
    """The grant that the council estimates + adjustments for pupils, cross-border moves and free schools."""
    return y.income.high_needs_grant


def transfer_from_schools_block(y: Year) -> int:
    """What the Schools Forum agrees to move from the schools block; nothing if it is refused."""
    return y.income.transfer


def variances_on_other_blocks(y: Year) -> int:
    """Under- and overspends of the early years, schools and central blocks that the council prints."""
    return y.income.variances


def dfe(y: Year) -> int:
    """DfE's Safety Valve contribution; nothing if it is withheld."""
    return y.income.dfe


def council(y: Year) -> int:
    """The council's own contribution; nothing if it is not paid."""
    return y.income.council


def opening(y: Year) -> int:
    """The deficit on 1 April: what the year before closed with."""
    return y.opening


def spend(y: Year) -> int:
    """Sum of the five lines (and of any savings that are counted as found)."""
    return y.spend


def all_income(y: Year) -> int:
    """Grant + transfer from the schools block + variances on other blocks."""
    return high_needs_grant(y) + transfer_from_schools_block(y) + variances_on_other_blocks(y)


def in_year(y: Year) -> int:
    """Spend + income: the year's overspend."""
    return y.in_year


def contributions(y: Year) -> int:
    """DfE's contribution + the council's."""
    return dfe(y) + council(y)


def closing(y: Year) -> int:
    """Opening + in-year + contributions: the deficit on 31 March."""
    return y.closing


def savings_to_be_attributed(y: Year) -> int:
    """What the council has still to find in the year: a target, in nobody's spend."""
    return y.target


BLOCKS: dict[str, tuple[Callable[[Year], int], ...]] = {
    "lines": (special, independent, mainstream_srp, post16, other),
    "income": (high_needs_grant, transfer_from_schools_block, variances_on_other_blocks),
    "contributions": (dfe, council),
    "position": (opening, spend, all_income, in_year, contributions, closing),
    "target": (savings_to_be_attributed,),
}
"""The council's view: block -> its lines. ``position`` holds balances and totals; the others are summed to them."""


def memo(y: Year, targets_so_far: int, rate: float, override_ends: str) -> dict[str, int]:
    """What is not in the account: the deficit if all targets were met, interest, and what falls on reserves when the
    statutory override ends, with it prolonged and without."""
    found = {
        "closing_if_savings_are_found": y.closing + targets_so_far,
        "interest": interest(y.opening, y.closing, rate),
    }
    if y.financial_year == override_ends:
        found["exposure_with_override"] = exposure(y.closing, override=True)
        found["exposure_without_override"] = exposure(y.closing, override=False)
    return found


# chains of years


def chain(
    opening: int,
    years: Sequence[tuple[str, Mapping[str, int], Income]],
    gates: Mapping[str, Gates] | None = None,
    targets: Mapping[str, int] | None = None,
) -> list[Year]:
    """The account of successive years from one opening balance, each opening with what the last closed with.

    ``gates`` and ``targets`` are by financial year; a year without gates has all its money as agreed.
    """
    account: list[Year] = []
    for year, lines, income in years:
        let_through = (gates or {}).get(year, AS_AGREED).on(income)
        begins = account[-1].closing if account else opening
        account.append(Year(year, lines, let_through, begins, (targets or {}).get(year, 0)))
    return account


def of_paper(pack: Pack, gates: Mapping[str, Gates] | None = None) -> list[Year]:
    """The council's own lines through the ledger: 97, 96, 81 and 32 million, printed as 97, 95, 79 and 30: rounding.

    The savings it has still to find count as found, as they do in its table.
    """
    years = []
    for year in financial_years(pack):
        printed = published.printed(pack, year)
        lines = {line: printed[name] for line, name in COUNCIL.items()} | {"savings": printed[SAVINGS]}
        years.append((year, lines, estimated(pack, year)))
    return chain(opening_balance(pack), years, gates)


def of_model(
    pack: Pack,
    spend: Mapping[str, Mapping[str, int]],
    gates: Mapping[str, Gates] | None = None,
    income: Callable[[str], Income] | None = None,
) -> list[Year]:
    """A run's spend (financial year -> line or sub-line -> pence) with the income that the council estimates.

    Only years that both have are in it, from the first on without a gap. ``income`` stands in for the council's
    estimate. Raises ValueError if a line is missing.
    """
    years: list[tuple[str, Mapping[str, int], Income]] = []
    for year in financial_years(pack):
        if year not in spend:
            break
        there = {line.split(".", maxsplit=1)[0] for line in spend[year]}
        if missing := [line for line in LINES if line not in there]:
            raise ValueError(f"{year}: no spend is given for {', '.join(missing)}; give all of {', '.join(LINES)}")
        if unknown := sorted(there - set(LINES)):
            raise ValueError(f"{year}: {', '.join(unknown)} given; allowed: {', '.join(LINES)}")
        years.append((year, dict(spend[year]), income(year) if income else estimated(pack, year)))
    targets = {year: published.printed(pack, year)[SAVINGS] for year, _, _ in years}
    return chain(opening_balance(pack), years, gates, targets) if years else []
