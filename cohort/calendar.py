"""Months and years: the only place where a year is worked out from a month.

A month is an integer, ``year * 12 + (month of the year - 1)``, so that months subtract. A stock labelled M is the state
at the start of M; a flow or a pound of M happens in it. Three years share the months: the calendar year, the financial
year (April to March, "2025-26") and the academic year (September to August, named by the year it starts in).
"""

from __future__ import annotations

import re
from functools import lru_cache

NCY_LOWEST, NCY_HIGHEST = -5, 21
NCYS = range(NCY_LOWEST, NCY_HIGHEST + 1)
"""National curriculum years a child can be in: age at 31 August less 4; a plan may run to the end of NCY 20."""

SEPTEMBER, APRIL, JANUARY = 9, 4, 1
AGE_GROUPS = ("under_5", "5_10", "11_15", "16_19", "20_25")
"""DfE's age groups, by age at 31 August."""

_LABEL = re.compile(r"(\d{4})-(\d{2})")


@lru_cache(maxsize=1024)
def month(label: str) -> int:
    """The month that a label such as "2024-01" names. Raises ValueError with what is allowed."""
    found = _LABEL.fullmatch(label)
    if not found or not 1 <= int(found[2]) <= 12:
        raise ValueError(f"{label!r} is not a month; write it like '2024-01'")
    return int(found[1]) * 12 + int(found[2]) - 1


def label(month: int) -> str:
    """ "2024-01" for a month."""
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


def year(month: int) -> int:
    """The calendar year."""
    return month // 12


def month_of_year(month: int) -> int:
    """1 for January to 12 for December."""
    return month % 12 + 1


def january(year: int) -> int:
    """January of a year: the month of the SEN2 and school censuses."""
    return year * 12


def is_january(month: int) -> bool:
    """Whether the month is a census month."""
    return month % 12 == 0


def is_september(month: int) -> bool:
    """Whether the month is the first of an academic year: NCY turns in it, then transfers happen."""
    return month_of_year(month) == SEPTEMBER


def financial_year(month: int) -> str:
    """ "2025-26" for any month from April 2025 to March 2026."""
    starts = financial_year_start(month)
    return f"{starts}-{(starts + 1) % 100:02d}"


def financial_year_start(month: int) -> int:
    """2025 for any month from April 2025 to March 2026."""
    return (month - (APRIL - 1)) // 12


def academic_year(month: int) -> int:
    """2024 for any month from September 2024 to August 2025."""
    return (month - (SEPTEMBER - 1)) // 12


def september(academic_year: int) -> int:
    """The month in which an academic year begins: September 2024 for 2024."""
    return academic_year * 12 + SEPTEMBER - 1


def cohort_of(birth_month: int) -> int:
    """The academic year a child was born in: all born from September 2018 to August 2019 are cohort 2018."""
    return academic_year(birth_month)


def ncy_in(cohort: int, academic_year: int) -> int:
    """National curriculum year of a birth cohort in an academic year: cohort 2018 is in Year R (0) in 2023."""
    return academic_year - 5 - cohort


def ncy(birth_month: int, month: int) -> int:
    """National curriculum year of a child in the flows of a month, after September's turn."""
    return ncy_in(cohort_of(birth_month), academic_year(month))


def stock_ncy(birth_month: int, month: int) -> int:
    """National curriculum year in the stock labelled by a month: September's own stock is not yet turned."""
    return ncy(birth_month, month - 1)


def leaving_month(cohort: int) -> int:
    """The September in which the cohort has outgrown the model: the academic year in which it turned 25 has ended."""
    return (cohort + 26) * 12 + SEPTEMBER - 1


def age_group(ncy: int) -> str:
    """DfE's age group for a national curriculum year, by age at 31 August."""
    age = ncy + 4
    for edge, name in zip((5, 11, 16, 20), AGE_GROUPS, strict=False):
        if age < edge:
            return name
    return AGE_GROUPS[-1]
