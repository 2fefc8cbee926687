"""The account of High Needs spend: income, the year's balance and the accumulated deficit, in whole pence.

Each line is one small function whose docstring is its formula, in the accountants' words. A cost is positive and income
negative, as the council prints them. The chain starts from one opening balance and is never re-anchored to a printed
one; printed figures stay apart, with the tolerance that their rounding allows, and what does not add up in them is
listed (``exceptions``) rather than hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cohort.pack import Pack
from cohort.prices import LINES

MILLION = 100_000_000
"""Pence in a million pounds."""
COUNCIL = {
    "special": "maintained_special_schools",
    "independent": "independent_special_schools",
    "mainstream_srp": "mainstream_school_support_incl_srps_and_communities",
    "post16": "post_16",
    "other": "other_sen_support_and_alternative_provision_services",
}
"""The council's five lines as its Safety Valve table names them."""
SAVINGS, TABLE = "savings_to_be_attributed_from_further_actions", "safety_valve_projection"


@dataclass(frozen=True)
class Income:
    """What pays for a year, in pence, negative: the grant, the schools block's transfer, variances, DfE, the
    council."""

    grant: int
    transfer: int
    variances: int
    dfe: int
    council: int


@dataclass(frozen=True)
class Year:
    """A financial year of the account, in pence."""

    financial_year: str
    lines: Mapping[str, int]
    """spend by the council's five lines and any savings still to be attributed (negative)"""
    income: Income
    opening: int
    """deficit on 1 April"""

    @property
    def spend(self) -> int:
        """Sum of the lines, savings still to be attributed among them."""
        return sum(self.lines.values())

    @property
    def in_year(self) -> int:
        """Net DSG: spend + grant + transfer from the schools block + variances on other blocks (a deficit is
        positive)."""
        return self.spend + self.income.grant + self.income.transfer + self.income.variances

    @property
    def closing(self) -> int:
        """Deficit on 31 March: opening + net DSG + DfE contributions + council contributions."""
        return self.opening + self.in_year + self.income.dfe + self.income.council


def chain(opening: int, years: Sequence[tuple[str, Mapping[str, int], Income]]) -> list[Year]:
    """The account of successive years from one opening balance, each opening with what the last closed with."""
    account: list[Year] = []
    for financial_year, lines, income in years:
        account.append(Year(financial_year, lines, income, account[-1].closing if account else opening))
    return account


def of_paper(pack: Pack) -> list[Year]:
    """The council's own lines through the ledger: 97, 96, 81 and 32 million, printed as 97, 95, 79 and 30: rounding."""
    years = []
    for financial_year in financial_years(pack):
        printed = _printed(pack, financial_year)
        lines = {line: printed[name] for line, name in COUNCIL.items()} | {"savings": printed[SAVINGS]}
        years.append((financial_year, lines, income(pack, financial_year)))
    return chain(opening_balance(pack), years)


def of_model(pack: Pack, spend: Mapping[str, Mapping[str, int]]) -> list[Year]:
    """A run's spend (financial year -> line -> pence) with the income that the council estimates.

    Only years that both have are in it, from the first on without a gap. Raises ValueError if a line is missing.
    """
    years = []
    for financial_year in financial_years(pack):
        if financial_year not in spend:
            break
        missing = [line for line in LINES if line not in spend[financial_year]]
        if missing:
            raise ValueError(
                f"{financial_year}: no spend is given for {', '.join(missing)}; give all of {', '.join(LINES)}"
            )
        years.append((financial_year, {k: spend[financial_year][k] for k in LINES}, income(pack, financial_year)))
    return chain(opening_balance(pack), years)


def financial_years(pack: Pack) -> list[str]:
    """The financial years of the council's projection, in order."""
    return sorted({str(y) for y in pack.table(TABLE)["financial_year"]})


def income(pack: Pack, financial_year: str) -> Income:
    """The council's estimate of a year's income, with the register's corrections."""
    p = _printed(pack, financial_year)
    return Income(p["estimated_high_needs_grant"], p["transfer_from_schools_block"], p["variances_on_other_blocks"],
                  p["dfe_contributions"], p["council_contributions"])  # fmt: skip


def opening_balance(pack: Pack) -> int:
    """The deficit on 1 April 2024 that the printed chain implies: not printed itself."""
    return round(corrections(pack)["opening_balance", "2023-24"] * MILLION)


def corrections(pack: Pack) -> dict[tuple[str, str], float]:
    """(item, financial year) -> GBP million that the register uses instead of what is printed."""
    rows = pack.table("exceptions").rows()
    return {(str(r["item"]), str(r["financial_year"])): float(r["used"]) for r in rows if r["used"] == r["used"]}


def _printed(pack: Pack, financial_year: str) -> dict[str, int]:
    """A year's printed lines in pence, a blank as 0, corrected where the register says so."""
    rows = pack.table(TABLE).where(financial_year=financial_year).rows()
    millions = {str(r["line"]): float(r["gbp_million"]) if r["gbp_million"] == r["gbp_million"] else 0.0 for r in rows}
    for (item, year), used in corrections(pack).items():
        if year == financial_year and item in millions:
            millions[item] = used
    return {SAVINGS: 0} | {line: round(value * MILLION) for line, value in millions.items()}


@dataclass(frozen=True)
class Comparison:
    """A figure of the account beside the printed one, in GBP million."""

    financial_year: str
    line: str
    account: float
    printed: float
    tolerance: float
    """how far rounding of the figure and its parts can put the printed one: (parts + 1) / 2"""

    @property
    def difference(self) -> float:
        """Account less printed."""
        return self.account - self.printed

    @property
    def explained(self) -> bool:
        """Whether rounding explains the difference."""
        return abs(self.difference) < self.tolerance + 1e-9


def reconcile(pack: Pack, account: Sequence[Year]) -> list[Comparison]:
    """Every printed total of the Safety Valve table beside the account's, with what rounding can explain."""
    out = []
    for year in account:
        printed = {k: v / MILLION for k, v in _printed(pack, year.financial_year).items()}
        y = year.financial_year
        out += [Comparison(y, k, year.lines[k] / MILLION, printed[COUNCIL[k]], 0.5) for k in LINES]
        for line, value, name, parts in (
            ("spend", year.spend, "total_spend_as_printed", 6),
            ("in_year", year.in_year, "net_dsg_total_as_printed", 4),
            ("closing", year.closing, "accumulated_position_at_31_march_as_printed", 4),
        ):
            out.append(Comparison(y, line, value / MILLION, printed[name], (parts + 1) / 2))
    return out
