"""What is printed about money: the history of spend, the council's projection, and what in them does not add up.

Published figures stay apart from the ledger. Each carries its unit, its year, its source and how far rounding can put
it; the register of exceptions says which figure is not taken at its word and what is used instead.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cohort.pack import Pack

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
SAVINGS = "savings_to_be_attributed_from_further_actions"
HISTORY, PROJECTION = "spend_by_line", "safety_valve_projection"
TOTALS = {
    "spend": ("total_spend_as_printed", 6),
    "in_year": ("net_dsg_total_as_printed", 4),
    "closing": ("accumulated_position_at_31_march_as_printed", 4),
}
"""A total of the account -> its printed name, and how many printed parts it is the sum of."""


@dataclass(frozen=True)
class Figure:
    """A published figure: what of, when, how much, and where it is printed."""

    item: str
    period: str
    value: float
    unit: str
    kind: str
    """history, projection, forecast or count"""
    source: str
    step: float = 1.0
    """the last printed digit, in the unit"""

    def tolerance(self, parts: int = 0) -> float:
        """How far rounding can put it from an exact figure, or from a sum of printed parts: (parts + 1) / 2 steps."""
        return (parts + 1) / 2 * self.step


def tables(pack: Pack) -> list[Figure]:
    """Spend by line as printed: the history 2020-21 to 2024-25, then the council's projection from 2024-25."""
    names = {printed: line for line, printed in COUNCIL.items()} | {name: k for k, (name, _) in TOTALS.items()}
    names |= {"total_as_printed": "spend", SAVINGS: "savings_to_be_attributed"}
    out = []
    for table, kind in ((HISTORY, "history"), (PROJECTION, "projection")):
        for r in rows(pack, table):
            item = names.get(str(r["line"]), str(r["line"]))
            source = pack.describe(table)["source"]
            out.append(Figure(item, r["financial_year"], float(r["gbp_million"]), "GBP million", kind, source))
    return out


def rows(pack: Pack, table: str) -> Iterator[dict[str, Any]]:
    """The rows of a table; none if the pack has no such table."""
    if table in pack.names():
        yield from pack.table(table).rows()


def financial_years(pack: Pack) -> list[str]:
    """The financial years of the council's projection, in order; none if the pack has no projection."""
    return sorted({str(r["financial_year"]) for r in rows(pack, PROJECTION)})


def printed(pack: Pack, financial_year: str) -> dict[str, int]:
    """A year's printed lines in pence, a blank as 0, corrected where the register says so."""
    return dict(_printed(pack, financial_year))


@lru_cache(maxsize=32)
def _printed(pack: Pack, financial_year: str) -> dict[str, int]:
    """The same, kept: every run's account asks for it again."""
    found = {str(r["line"]): r["gbp_million"] for r in rows(pack, PROJECTION) if r["financial_year"] == financial_year}
    millions = {line: 0.0 if math.isnan(value) else value for line, value in found.items()}
    for (item, year), used in corrections(pack).items():
        if year == financial_year and item in millions:
            millions[item] = used
    return {SAVINGS: 0} | {line: round(value * MILLION) for line, value in millions.items()}


def corrections(pack: Pack) -> dict[tuple[str, str], float]:
    """(item, financial year) -> GBP million that the register uses instead of what is printed."""
    register = rows(pack, "exceptions")
    return {(str(r["item"]), str(r["financial_year"])): float(r["used"]) for r in register if not math.isnan(r["used"])}


def opening_balance(pack: Pack) -> int:
    """The deficit on 1 April 2024 that the printed chain implies: not printed itself."""
    return round(corrections(pack)["opening_balance", "2023-24"] * MILLION)


def override_ends(pack: Pack) -> str:
    """The financial year with whose last day the statutory override ends, "" if the pack does not say."""
    for r in rows(pack, "finance_context"):
        if r["measure"] == "statutory_override_end":
            ends = int(str(r["month"])[:4])
            return f"{ends - 1}-{ends % 100:02d}"
    return ""
