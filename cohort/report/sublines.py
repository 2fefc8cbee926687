"""Which sub-lines pay for the same children: what is paid on top of a place, and what is paid for one that is vacant.

A state special place is place funding and top-up, and for some children exceptional pupil need: three sub-lines, but
each child once. The *home* of a sub-line is the one that counts its children.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cohort.pack import Pack
from cohort.published import rows


@dataclass(frozen=True)
class SubLines:
    """The sub-lines of a pack that belong together."""

    home: Mapping[str, str]
    """sub-line on top of another, or of vacant places -> the one that counts the children there; others are missing"""
    vacant: frozenset[str]
    """of these, those that pay for places without a child"""

    @classmethod
    def of(cls, pack: Pack) -> SubLines:
        """From the pack's prices and, if there is any, its place funding."""
        prices = list(rows(pack, "estimate_prices"))
        main = {(_line(r), str(r["placement"])): str(r["line"]) for r in prices if _of_all(r)}
        home = {
            str(r["line"]): main[_line(r), str(r["placement"])]
            for r in prices
            if r["support"] == "plan" and not _of_all(r) and (_line(r), str(r["placement"])) in main
        }
        lines = {str(r["charge"]): str(r["line"]) for r in prices}
        funding = list(rows(pack, "place_funding"))
        for r in funding:
            home |= {str(r[name]): lines[str(r["charge"])] for name in ("line", "vacant_line")}
        own = {line: counts for line, counts in home.items() if line != counts}
        return cls(own, frozenset(str(r["vacant_line"]) for r in funding))

    def counts(self, line: str) -> bool:
        """Whether a sub-line counts children who are in no other."""
        return line not in self.home

    def of_child(self, line: str) -> str:
        """The sub-line that counts the children for whom this one pays; itself for what pays for none."""
        return line if line in self.vacant else self.home.get(line, line)


def _line(row: Mapping[str, object]) -> str:
    return str(row["line"]).partition(".")[0]


def _of_all(row: Mapping[str, object]) -> bool:
    """Whether a price is for every plan holder of its placement, whatever the severity."""
    return row["support"] == "plan" and row["severity"] == "any"
