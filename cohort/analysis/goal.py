"""What a goal says: a figure of the account, a financial year, at most so many pounds."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cohort import ledger
from cohort.pack import Pack
from cohort.states import closest

FIGURES = {
    "in_year": "spend less grant, transfer and variances: the year's balance, a deficit positive",
    "deficit": "accumulated position on 31 March, a deficit positive",
    "spend": "spend of the financial year",
}
_SAID = re.compile(r"\s*(\w+)\s+(\d{4}-\d{2})\s*<=\s*(-?[0-9.]+(?:[eE][+-]?\d+)?)\s*")


@dataclass(frozen=True)
class Goal:
    """``figure`` of ``financial_year`` is to be at most ``pounds``."""

    figure: str
    financial_year: str
    pounds: float

    @classmethod
    def parse(cls, text: str) -> Goal:
        """From "in_year 2027-28 <= 0" or "deficit 2027-28 <= 30e6". Raises ValueError saying what is allowed."""
        found = _SAID.fullmatch(text)
        if not found:
            raise ValueError(f'goal: {text!r} given; write it like "in_year 2027-28 <= 0"')
        name, year, pounds = found.groups()
        if name not in FIGURES:
            raise ValueError(f"goal: {name!r} is not a figure of the account; {closest(name, FIGURES)}")
        return cls(name, year, float(pounds))

    def value(self, pack: Pack, spend: Mapping[str, Mapping[str, int]]) -> float:
        """The figure in pounds, of a run's spend by financial year and line. Raises ValueError for a year that the
        account does not reach."""
        if self.figure == "spend":
            if self.financial_year not in spend:
                raise ValueError(self._beyond(list(spend)))
            return sum(spend[self.financial_year].values()) / 100
        account = {y.financial_year: y for y in ledger.of_model(pack, spend)}
        if self.financial_year not in account:
            raise ValueError(self._beyond(list(account)))
        year = account[self.financial_year]
        return (year.in_year if self.figure == "in_year" else year.closing) / 100

    def _beyond(self, there: Sequence[str]) -> str:
        return f"goal: {self.financial_year} given; allowed: {', '.join(there) or 'no year, the scenario covers none'}"

    def __str__(self) -> str:
        return f"{self.figure} {self.financial_year} <= {self.pounds:,.0f}"
