"""The same pounds by DfE's DSG management plan: blocks and kinds of provider instead of the council's five lines.

Which line goes where is a table (``ledger_lines``), each row with its reason. Every pound of the council's view is in
this one once, so all of it sums to what the deficit rose by in the year.
"""

from __future__ import annotations

from typing import Any

from cohort import published
from cohort.ledger import BLOCKS, Year
from cohort.pack import Pack

Line = tuple[str, str]
"""DfE's block and line"""


def mapping(pack: Pack) -> dict[str, Line]:
    """Line or sub-line of the council's view -> DfE's block and line, in the table's order; none without the table."""
    return {str(r["line"]): _of(r) for r in published.rows(pack, "ledger_lines") if r["block"] != "policy"}


def pots(pack: Pack) -> dict[str, Line]:
    """Line of the council's view -> where DfE's plan puts what a policy adds on it under a sub-line of its own."""
    return {str(r["line"]): _of(r) for r in published.rows(pack, "ledger_lines") if r["block"] == "policy"}


def _of(row: dict[str, Any]) -> Line:
    return str(row["dfe_block"]), str(row["dfe_line"])


def view(y: Year, where: dict[str, Line]) -> dict[Line, int]:
    """A year by DfE's blocks and lines: pence, costs positive. Every line of the table is in it, if only at nought.

    Raises ValueError for a line of the account that the table does not place.
    """
    out = dict.fromkeys(where.values(), 0)
    for line, pence in flows(y).items():
        if line not in where:
            raise ValueError(f"ledger_lines.csv has no row for {line!r}; add the line of DfE's plan that it belongs to")
        out[where[line]] += pence
    return out


def flows(y: Year) -> dict[str, int]:
    """All that came in or went out in a year, by the council's sub-lines: they sum to closing less opening."""
    income = {f.__name__: f(y) for block in ("income", "contributions") for f in BLOCKS[block]}
    return {**y.lines, **income}
