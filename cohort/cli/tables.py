"""Small tables on the terminal: labels left, numbers right, nothing for what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from cohort.analysis.ranges import Chance


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table as rich draws it."""
    from cohort.cli.show import PLAIN

    made = Table(box=PLAIN, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for k, head in enumerate(heads):
        made.add_column(Text(head), justify="right" if k else "left", no_wrap=True)
    for row in rows:
        made.add_row(*(Text(cell) for cell in row))
    return made


def million(value: float) -> str:
    """GBP million to two places, "-" if not known."""
    return f"{value + 0.0:,.2f}".replace("-0.00", "0.00") if isfinite(value) else "-"


def count(value: float) -> str:
    """A whole number of children, with a place where it is small."""
    return "-" if not isfinite(value) else f"{value:,.1f}" if abs(value) < 10 else f"{value:,.0f}"


def percent(of: Chance) -> str:
    """A probability with its Monte Carlo error: 95% +-2."""
    return f"{of.p:.0%} +-{100 * of.error:.0f}"
