"""Lines of spend whose range is wide as prices are not published, each with the reasons that the estimates give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cohort.cli.figures import PRICED, Published, Results
from cohort.prices import LINES

LIMIT = 0.15
"""A range is wide if either end is further than this from the middle, as a share of it."""
TOLD = 0.8
"""Reasons are given until so much of a line's width is told."""


@dataclass(frozen=True)
class Wide:
    """A line, how far its ends are from the middle as shares of it, and a reason for each price that matters."""

    line: str
    low: float
    high: float
    reasons: tuple[str, ...]


def wide(results: Results, published: Published) -> list[Wide]:
    """The wide lines of 2024-25."""
    found = []
    for line in LINES if PRICED in results.periods("spend.total", 7) else ():
        names = (f"spend_low.{line}", f"spend.{line}", f"spend_high.{line}")
        low, middle, high = (results.series[name][PRICED].mean for name in names)
        if middle and max(high - middle, middle - low) / middle > LIMIT:
            reasons = tuple(_reasons(results, published, line))
            found.append(Wide(line, low / middle - 1, high / middle - 1, reasons))
    return found


def _reasons(results: Results, published: Published, line: str) -> Iterator[str]:
    """The prices of a line, those that make most of its width first."""
    widths = [(width, price) for price, width in _widths(results, published) if price["line"].split(".")[0] == line]
    widths.sort(key=lambda found: (-found[0], found[1]["line"]))
    told, seen = 0.0, set[str]()
    for width, price in widths:
        if told >= TOLD * sum(w for w, _ in widths):
            return
        told += width
        if price["reason"] not in seen:
            name = str(price.get("charge", price.get("service"))).replace("_", " ")
            yield f"{name}, GBP {price['low']:,.0f} to {price['high']:,.0f} a year: {price['reason']}"
        seen.add(price["reason"])


def _widths(results: Results, published: Published) -> Iterator[tuple[Mapping[str, Any], float]]:
    """Each price with the pence between its ends; prices of one sub-line and placement share its spend evenly."""
    keys = [(p["line"], p.get("placement", "services")) for p in published.prices]
    for price, (line, place) in zip(published.prices, keys, strict=True):
        spent = sum(pence for (of, at), pence in results.spent.items() if of == line and place in {at, "any"})
        if price["mode"] > 0:
            yield price, spent * (price["high"] - price["low"]) / price["mode"] / keys.count((line, place))
