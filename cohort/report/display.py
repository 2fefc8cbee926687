"""A table as the page prints it: GBP million with one decimal, whole children, percent, dates; sums still hold.

The value of every cell is exact; what is shown is each value rounded up or down so that the parts shown sum to the
total shown, and one figure that stands twice in a table (a year's closing and the next year's opening deficit) is shown
the same twice. Where no rounding can do both, sums go first; where none can do that, the cells are rounded to the
nearest and a note says which. ``agreed`` rounds the money of all tables of a report at once, so that one amount is
printed the same wherever it stands. Figures that were published in whole millions are printed in whole millions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from cohort.report.table import Cell, Row, Table
from cohort.rounding import Sum, together

FEW_PENCE = 25_000_000
"""Money that stays below this (GBP 250,000) in a row and those it adds up with is shown in pounds, with its sign."""
NOT_A_SUM = "Because of rounding these rows may differ by one in the last digit from the sum of their parts: {}."
ATTACHED = ("range", "published", "difference")
"""Kinds of row that are shown on the scale of the row above them."""


@dataclass(frozen=True)
class Scale:
    """How a row is shown: a value in units of ``step``, rounded, is printed with so many decimals."""

    step: float
    decimals: int = 0
    before: str = ""
    after: str = ""
    words: str = ""

    def print(self, steps: int, signed: bool = False) -> str:
        """A number of steps as text, with its sign if it is a difference."""
        size = f"{abs(steps) / 10**self.decimals:,.{self.decimals}f}"
        sign = "-" if steps < 0 else "+" if signed and steps else ""
        return f"{sign}{self.before}{size}{self.after}"


MILLION = Scale(1e7, 1, words="GBP million")
POUNDS = Scale(100, before="£", words="pounds (marked £)")
CHILDREN = Scale(1, words="children")
PLACES = Scale(1, words="places")
PERCENT = Scale(0.001, 1, after="%", words="percent")
CHANCE = Scale(0.01, 0, after="%", words="percent")
WHOLE = Scale(1, words="number")
NUMBER = Scale(0.01, 2, words="number")
PLAIN = {"children": CHILDREN, "places": PLACES, "share": PERCENT, "chance": CHANCE}


Place = tuple[int, int]
"""(row, column) of a table."""
Steps = dict[Place, int]
"""Cell -> its rounded value, in steps of its scale."""
HEAVY = 20.0
"""How much less a total is moved than another cell, where something must be: totals are what people compare."""


def shown(table: Table, steps: Steps | None = None) -> list[list[str]]:
    """The strings of a page: for each row of the table a list with a string for each column after the stub.

    Headings give empty strings; a cell that is text (``[c]``) is shown as it is, a cell without a value as "". With
    ``steps`` (of ``agreed``) these are what is shown.
    """
    steps = _rounded(table)[0] if steps is None else steps
    by_row = scales(table)
    return [
        [_text(table, row, i, k, steps, by_row[i]) for k in range(len(table.columns))]
        for i, row in enumerate(table.rows)
    ]


def agreed(tables: Iterable[Table]) -> dict[str, Steps]:
    """Key of each table -> its rounded cells, the same amount of money rounded the same in all of them.

    A table for which that cannot be, since its own sums would not hold, is rounded by itself.
    """
    of = list(tables)
    own = {table.key: _rounded(table) for table in of}
    cells = [(table, i, k) for table in of for i, k in _millions(table)]
    number = {(table.key, i, k): n for n, (table, i, k) in enumerate(cells)}
    exact = np.array([float(table.rows[i].cells[k] or 0) / MILLION.step for table, i, k in cells])
    sums, first = list[Sum](), dict[float, int]()
    for table in of:
        mine = {place: number[table.key, *place] for place in _millions(table)}
        sums += _sums(table, mine, scales(table))
    for n, value in enumerate(exact):
        if abs(value - round(value)) > 1e-6 and first.setdefault(key := round(value, 7), n) != n:
            sums.append((n, ((first[key], 1),)))
    weight = np.array(
        [HEAVY if table.rows[i].sums or table.columns[k] == table.whole else 1.0 for table, i, k in cells]
    )
    steps, failed = together(exact, sums, weight)
    alone = {cells[n][0].key for n in np.flatnonzero(failed)}
    found = {table.key: dict(own[table.key][0]) for table in of}
    for (key, i, k), n in number.items():
        if key not in alone:
            found[key][i, k] = int(steps[n])
    return found


def _millions(table: Table) -> list[Place]:
    """The cells of a table that are shown in GBP million."""
    by_row = scales(table)
    return [place for place in _numbers(table, by_row) if by_row[place[0]] == MILLION]


def notes(table: Table) -> tuple[str, ...]:
    """The notes to print below a table: its own, and which rows could not be rounded so that they add up, if any."""
    _, failed = _rounded(table)
    names = dict.fromkeys(table.rows[i].label.strip() for (i, k), _ in equations(table) if (i, k) in failed)
    return (*table.notes, *([NOT_A_SUM.format("; ".join(names))] if names else ()))


def scale_words(table: Table) -> str:
    """What the figures of a table are in, for its caption: "GBP million", "children; percent (marked %)"."""
    words = dict.fromkeys(s.words for s in scales(table) if s is not None and s.words != "number")
    if len(words) > 1:
        words = dict.fromkeys(f"{w} (marked %)" if w == PERCENT.words else w for w in words)
    return "; ".join(words)


def scales(table: Table) -> list[Scale | None]:
    """The scale of each row, None for headings, text and dates.

    Rows that add up share a scale, and percentiles, published figures and differences have that of the row above.
    """
    block = list(range(len(table.rows)))
    for i, row in enumerate(table.rows):
        if row.kind in ATTACHED and i and table.unit_of(row) == table.unit_of(table.rows[i - 1]):
            _join(block, i, i - 1)
        for other, _ in row.sums:
            _join(block, i, other)
    most: dict[int, float] = {}
    fraction: dict[int, bool] = {}
    for i, row in enumerate(table.rows):
        values = [float(c) for c in row.cells if isinstance(c, int | float)]
        most[block[i]] = max([most.get(block[i], 0.0), *map(abs, values)])
        fraction[block[i]] = fraction.get(block[i], False) or any(v != round(v) for v in values)
    biggest = max((most[block[i]] for i, row in enumerate(table.rows) if table.unit_of(row) == "pence"), default=0.0)
    return [_scale(table, row, most[block[i]], biggest, fraction[block[i]]) for i, row in enumerate(table.rows)]


def _join(block: list[int], one: int, other: int) -> None:
    """Give two rows, and all that are with either, one block."""
    old, new = block[one], block[other]
    block[:] = [new if b == old else b for b in block]


def _scale(table: Table, row: Row, most: float, biggest: float, fraction: bool) -> Scale | None:
    unit = table.unit_of(row)
    if row.kind == "heading" or unit in {"text", "date"}:
        return None
    if unit == "pence":
        return MILLION if most >= FEW_PENCE or (most == 0 and biggest >= FEW_PENCE) else POUNDS
    return PLAIN.get(unit) or (NUMBER if fraction else WHOLE)


def _rounded(table: Table) -> tuple[Steps, set[Place]]:
    """(row, column) -> steps of its scale, and the cells that stand in a sum that could not be kept."""
    by_row = scales(table)
    at = list(_numbers(table, by_row))
    exact = np.array([_exact(table.rows[i].cells[k], by_row[i]) for i, k in at])
    number = {cell: n for n, cell in enumerate(at)}
    sums = list(_sums(table, number, by_row))
    twice = [(n, ((number[one], 1),)) for one, n in _twice(table, at, number)]
    steps, failed = together(exact, [*sums, *twice])
    if failed.any():  # better that sums hold than that a figure that stands twice is the same
        steps, failed = together(exact, sums)
    return {cell: int(steps[n]) for cell, n in number.items()}, {at[n] for n in np.flatnonzero(failed)}


def equations(table: Table) -> Iterator[tuple[Place, list[tuple[Place, int]]]]:
    """The sums that a table says it has: a cell, and the cells with their signs whose sum it is."""
    for i, row in enumerate(table.rows):
        for k in range(len(table.columns) if row.sums else 0):
            yield (i, k), [((other, k), sign) for other, sign in row.sums]
        if table.whole and row.kind != "heading":
            at = table.columns.index(table.whole)
            yield (i, at), [((i, k), 1) for k in range(len(table.columns)) if k != at]


def section(table: Table, at: int) -> str:
    """The heading under which a row stands, "" if there is none."""
    return next((row.label for row in reversed(table.rows[:at]) if row.kind == "heading"), "")


def _numbers(table: Table, by_row: Sequence[Scale | None]) -> Iterator[tuple[int, int]]:
    for i, row in enumerate(table.rows):
        if by_row[i] is not None:
            yield from ((i, k) for k, cell in enumerate(row.cells) if isinstance(cell, int | float))


def _exact(cell: Cell, scale: Scale | None) -> float:
    assert isinstance(cell, int | float)
    assert scale is not None
    return float(cell) / scale.step


def _sums(table: Table, number: dict[tuple[int, int], int], by_row: Sequence[Scale | None]) -> Iterator[Sum]:
    """The sums of a table, cell by cell, of which every part is a number on the same scale."""
    for total, parts in equations(table):
        if all(cell in number and by_row[cell[0]] == by_row[total[0]] for cell in (total, *(p for p, _ in parts))):
            yield number[total], tuple((number[part], sign) for part, sign in parts)


def _twice(
    table: Table, at: Sequence[tuple[int, int]], number: dict[tuple[int, int], int]
) -> Iterator[tuple[tuple[int, int], int]]:
    """Amounts of money that are the same to the penny as an earlier one of the table: (the earlier, its number)."""
    first: dict[float, tuple[int, int]] = {}
    for cell in at:
        value = table.rows[cell[0]].cells[cell[1]]
        if table.unit_of(table.rows[cell[0]]) == "pence" and isinstance(value, int | float) and value:
            same = round(float(value), 1)  # means over runs, added up in another order, differ in their last bits
            if same in first:
                yield first[same], number[cell]
            else:
                first[same] = cell


def _text(table: Table, row: Row, i: int, k: int, steps: Mapping[Place, int], scale: Scale | None) -> str:
    if row.kind == "heading":
        return ""
    cell = row.cells[k]
    if cell is None:
        return ""
    if scale == MILLION and isinstance(cell, int | float) and _as_printed(table, row, k):
        return f"{cell / 1e8:,.0f}"
    if scale is not None and (i, k) in steps:
        return scale.print(steps[i, k], signed=row.kind == "difference")
    return in_words(cell) if table.unit_of(row) == "date" else str(cell)


def _as_printed(table: Table, row: Row, column: int) -> bool:
    """Whether a cell belongs to figures published in whole millions: a published row, or a column that is."""
    if row.kind == "published":
        cells: Sequence[Cell] = row.cells
    elif table.columns[column] in table.printed:
        same = (r for r in table.rows if r.cells and table.unit_of(r) == "pence")
        cells = [r.cells[column] for r in same]
    else:
        return False
    return all(float(c) % 1e8 == 0 for c in cells if isinstance(c, int | float))


def in_words(cell: Cell) -> str:
    """A date "2026-04-01" as "1 April 2026", a month "2026-04" as "April 2026"; any other text as it is."""
    text = str(cell)
    try:
        day = date.fromisoformat(text if len(text) != 7 else f"{text}-01")
    except ValueError:
        return text
    return f"{day:%B %Y}" if len(text) == 7 else f"{day.day} {day:%B %Y}"
