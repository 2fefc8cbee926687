"""A report that may be published: small counts kept back so that nothing tells them, other counts rounded to 5.

Kept back ([c]) is every count of children above 0 and under 6, in whatever table; its percentiles; the money, the
shares and the average cost of the same children; and as many other cells as it takes that no kept-back cell can be
worked out from those that are shown, by any sum within a table or between tables (``suppression``, ``ties``). That is
reckoned on the exact values; the rounding comes on top. A count of exactly 0 is shown: it is the model's, and mostly a
placement that an age cannot have. Figures that were published before are left as they are.

ACRO checks what microdata are tabulated into, one table at a time, and offers no secondary suppression over tables that
share totals, so this is our own; `tests/test_disclosure.py` proves it by exact elimination.
"""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np

from cohort.report.display import equations
from cohort.report.retold import UNDER, retold, retold_table, spoken, uncounted, without
from cohort.report.suppression import kept_back
from cohort.report.table import Cell, Report, Row, Table
from cohort.report.ties import Spot, Ties
from cohort.rounding import Sum, nearest, together

STEP = 5
"""Other counts are rounded to this."""
SHARE_STEP = 0.001
"""Shares are rounded to this, a tenth of a percent: with all their digits they would tell the count."""
MARK = "[c]"
KEPT = "Counts of children under 6 and what would tell them are kept back ([c]); other counts are rounded to 5."
NOT_A_SUM = "Because counts are rounded to 5, some rows may not add up to their totals."
TOTAL_COST, NOUGHT_COST = 20.0, 50.0
"""How much dearer it is to keep back a total, and a count of 0, which tells little and is easily guessed."""


def published(report: Report) -> Report:
    """The report with small counts kept back, counts rounded, and ``internal`` false.

    Charts of tables in which anything was kept back are left out; those who make charts and words make them anew from
    the tables of what is returned. In findings, notes and words a count is replaced by its rounded value, and a small
    one by "under 6".
    """
    if not report.internal:
        return report
    ties = Ties.of(report)
    hidden = _hidden(ties)
    rounded: dict[int, float] = {}
    tables = tuple(_table(ties, t, hidden, rounded) for t in range(len(report.tables)))
    others = {number for table in report.tables for number in uncounted(table)}
    told = [without(spoken(old, new), others) for old, new in zip(report.tables, tables, strict=True)]
    every = {number: instead for one in reversed(told) for number, instead in one.items()}
    clean = tuple(retold_table(table, every, one) for table, one in zip(tables, told, strict=True))
    dark = {t.key for t in clean if any(MARK in row.cells for row in t.rows)}
    words = {group: tuple(retold(p, every) for p in paragraphs) for group, paragraphs in report.words.items()}
    charts = tuple(
        replace(chart, title=retold(chart.title, every), alternative=retold(chart.alternative, every))
        for chart in report.charts
        if chart.table not in dark
    )
    return replace(
        report, tables=clean, charts=charts, words=words, internal=False, made=report.made | {"Disclosure": KEPT}
    )


def _hidden(ties: Ties) -> set[int]:
    """The numbers of the figures that are kept back."""
    secret, shown = set[int](), set[int]()
    cost = np.ones(len(ties.value))
    for spot, row, value in ties.spots():
        n = ties.number[spot]
        if row.kind == "published":
            shown.add(n)
        elif ties.unit(spot) == "children" and row.kind != "difference" and 0 < value < UNDER:
            secret.add(n)
        dear = TOTAL_COST if row.sums or _whole(ties, spot) else NOUGHT_COST if value == 0 else 1.0
        cost[n] = max(cost[n], dear * (1 + log(1 + abs(value))))
    return kept_back(secret - shown, ties.sums, cost, shown, ties.follows)


def _whole(ties: Ties, spot: Spot) -> bool:
    table = ties.report.tables[spot[0]]
    return bool(table.whole) and table.columns[spot[2]] == table.whole


def _table(ties: Ties, t: int, hidden: set[int], rounded: dict[int, float]) -> Table:
    """A table with its cells kept back or rounded; figures rounded in an earlier table are the same here."""
    table = ties.report.tables[t]
    known = dict(rounded)
    cells, failed = _rounded(ties, t, hidden, known)
    if failed:
        cells, failed = _rounded(ties, t, hidden, {})
    rounded |= {ties.number[t, i, k]: value for (i, k), value in cells.items() if ties.number[t, i, k] not in rounded}

    def cell(i: int, k: int, given: Cell) -> Cell:
        if (t, i, k) in ties.number and ties.number[t, i, k] in hidden and table.rows[i].kind != "published":
            return MARK
        return cells.get((i, k), given)

    rows = [
        replace(row, cells=tuple(cell(i, k, c) for k, c in enumerate(row.cells))) for i, row in enumerate(table.rows)
    ]
    rows = [replace(row, cells=_again(table, rows, i)) for i, row in enumerate(rows)]
    changed = any(a.cells != b.cells for a, b in zip(rows, table.rows, strict=True))
    notes = (*table.notes, *([KEPT] if changed else ()), *([NOT_A_SUM] if failed else ()))
    if failed:
        rows = [replace(row, sums=()) if table.unit_of(row) in {"children", "share"} else row for row in rows]
    return replace(table, rows=tuple(rows), notes=notes, whole="" if failed else table.whole)


def _step(ties: Ties, spot: Spot) -> float:
    """What a cell is rounded to, 0 for not at all."""
    row = ties.report.tables[spot[0]].rows[spot[1]]
    if row.kind == "published":
        return 0.0
    return {"children": float(STEP), "share": SHARE_STEP}.get(ties.unit(spot), 0.0)


def _rounded(
    ties: Ties, t: int, hidden: set[int], known: dict[int, float]
) -> tuple[dict[tuple[int, int], float], bool]:
    """(row, column) -> rounded value of the counts and shares of a table, and whether some sum could not be kept."""
    table = ties.report.tables[t]
    spots = [s for s, _, _ in ties.spots() if s[0] == t and _step(ties, s) and ties.number[s] not in hidden]
    at = {(i, k): n for n, (_, i, k) in enumerate(spots)}
    exact = np.array([
        known.get(ties.number[s], ties.value[ties.number[s]]) / _step(ties, s) for s in spots
    ])  # fmt: skip
    sums: list[Sum] = [
        (at[total], tuple((at[p], sign) for p, sign in parts))
        for total, parts in equations(table)
        if all(cell in at for cell in (total, *(p for p, _ in parts)))
        and len({_step(ties, spots[at[cell]]) for cell in (total, *(p for p, _ in parts))}) == 1
    ]
    steps, failed = together(exact, sums) if len(exact) else (nearest(exact), np.zeros(0, bool))
    values = {cell: _clean(steps[n] * _step(ties, spots[n]), _step(ties, spots[n])) for cell, n in at.items()}
    return values, bool(failed.any())


def _clean(value: float, step: float) -> float:
    return int(value) if step >= 1 else round(float(value), 3)


def _again(table: Table, rows: list[Row], at: int) -> tuple[Cell, ...]:
    """The cells of a row: worked out again where it is the sum of rows of which one is published and so not rounded."""
    row = rows[at]
    if not row.sums or all(table.rows[other].kind != "published" for other, _ in row.sums):
        return row.cells
    if table.unit_of(row) not in {"children", "share"}:
        return row.cells
    made: list[Cell] = []
    for k, cell in enumerate(row.cells):
        parts = [(rows[other].cells[k], sign) for other, sign in row.sums]
        numbers = [p * sign for p, sign in parts if isinstance(p, int | float)]
        made.append(sum(numbers) if isinstance(cell, int | float) and len(numbers) == len(parts) else cell)
    return tuple(made)
