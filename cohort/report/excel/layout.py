"""Where each table of a report stands in the workbook, decided before anything is written: any cell can be named.

A sheet holds lines of text (title, finding, how to read it, units, source), one table, and its notes. A table is a row
of headings, with the label in the first column and a unit column if the rows have more than one unit.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from xlsxwriter.utility import xl_rowcol_to_cell

from cohort.report import display
from cohort.report.csvs import SHORTHAND
from cohort.report.display import Place, equations
from cohort.report.table import Cell, Report, Row, Table

Parts = list[tuple[Place, int]]

THOUSAND = display.Scale(1e5, words="GBP thousand")
POUNDS = display.Scale(100, words="GBP")
SHARE = display.Scale(1, words="percent")
PLAIN = display.Scale(1)
CAPITALS = {"dsg": "DSG", "nmiss": "NMISS", "sen": "SEN", "ehcp": "EHCP", "dfe": "DfE", "srp": "SRP", "rag": "RAG"}
FULL = 1.2
"""Characters of text that fit in the width of a digit each, on average."""
LEAST_LINE = 100
"""Characters that a line of text above a table has at the least."""
LONGEST_LABEL, LONGEST_TEXT, LEAST_TEXT = 48, 44, 16
"""Characters at which labels, and cells of text, are wrapped, and how narrow a column of text may get."""
WIDEST = 170
"""Characters of a sheet above which its columns of text are made narrower, so that it can be read when printed."""


@dataclass(frozen=True)
class Layout:
    """One table on its sheet. Rows and columns are counted from 0, of the table or of the sheet as each says."""

    table: Table
    number: int
    internal: bool
    first_note: int
    """the number of the table's first note in the workbook"""

    @cached_property
    def name(self) -> str:
        """The sheet's name: the table's number and key, at most 31 characters."""
        words = " ".join(CAPITALS.get(word, word) for word in self.table.key.split("_") if word)
        return f"{self.number} {words[:1].upper()}{words[1:]}"[:31].strip()

    @cached_property
    def scales(self) -> list[display.Scale | None]:
        """In what a row's numbers are written, None for headings, text and dates."""
        return [self._scale(row, scale) for row, scale in zip(self.table.rows, display.scales(self.table), strict=True)]

    def _scale(self, row: Row, scale: display.Scale | None) -> display.Scale | None:
        if scale in {display.MILLION, display.POUNDS}:
            return THOUSAND if scale == display.MILLION else POUNDS
        return None if scale is None else SHARE if self.table.unit_of(row) in {"share", "chance"} else PLAIN

    def unit_words(self, at: int) -> str:
        """The unit of a row, as the unit column has it; "" for a heading, text and dates."""
        scale = self.scales[at]
        return "" if scale is None else scale.words or self.table.unit_of(self.table.rows[at])

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The units that the table has, in order."""
        return tuple(dict.fromkeys(filter(None, map(self.unit_words, range(len(self.table.rows))))))

    @property
    def left(self) -> int:
        """The sheet's column in which the table's first column stands."""
        return 2 if len(self.units) > 1 else 1

    @cached_property
    def widths(self) -> list[float]:
        """Characters of each column of the sheet."""
        table = self.table
        label = max([len(table.stub), *(len(row.label) for row in table.rows)], default=10)
        first = [min(max(label, 24), LONGEST_LABEL) + 1, *([14] if self.left == 2 else [])]
        widths = [*first, *map(self._width, range(len(table.columns)))]
        texts = [k for k in self.left_aligned if k != 1 or self.left == 1]
        for most in range(LONGEST_TEXT, LEAST_TEXT - 1, -1):
            if sum(widths) > WIDEST:
                widths = [min(width, most) if k in texts else width for k, width in enumerate(widths)]
        return widths

    def _width(self, column: int) -> float:
        words = max(map(len, re.split(r"[\s-]", self.table.columns[column])), default=0)
        longest = max(words + 3, 11, -(-len(self.table.columns[column]) // 3))
        for at, row in enumerate(self.table.rows):
            cell = row.cells[column] if row.cells else None
            scale = self.scales[at]
            if isinstance(cell, str):
                written = display.in_words(cell) if self.table.unit_of(row) == "date" else cell
                longest = max(longest, min(len(written) + 1, LONGEST_TEXT))
            elif cell is not None and scale is not None:
                longest = max(longest, len(f"{cell / scale.step:,.0f}") + 3)
        return longest

    @cached_property
    def left_aligned(self) -> set[int]:
        """The sheet's columns that hold text, headed on the left as they are."""
        found = set(range(self.left))
        for k in range(len(self.table.columns)):
            filled = [row.cells[k] for row in self.table.rows if row.cells and row.cells[k] is not None]
            if 2 * sum(isinstance(cell, str) and cell not in SHORTHAND for cell in filled) > len(filled):
                found.add(self.left + k)
        return found

    @cached_property
    def lines(self) -> list[tuple[str, str]]:
        """(style, text) of each row above the table: title, finding, how to read it, units, shorthand, source."""
        table, room = self.table, self.room
        told = [("title", f"Table {self.number}: {table.title}"), *self._wrapped("finding", table.finding, room)]
        told.append(("internal" if self.internal else "plain", status(self.internal)))
        told += self._wrapped("plain", " ".join(self._reading()), room)
        used = [f"{mark} {words}" for mark, words in SHORTHAND.items() if mark in set(self._shorthand())]
        if used:
            told += self._wrapped("plain", f"Shorthand: {'; '.join(used)}.", room)
        return told + list(self._wrapped("plain", f"Source: {table.source}", room))

    @cached_property
    def notes(self) -> list[tuple[str, str]]:
        """(style, text) of each row below the table: its notes, numbered as on the sheet of notes."""
        told = (f"[note {n}] {note}" for n, note in enumerate(self.table.notes, self.first_note))
        return [line for text in told for line in self._wrapped("plain", text, self.room)]

    @property
    def room(self) -> int:
        """Characters that a line of text may have."""
        return max(int(sum(self.widths) * FULL), LEAST_LINE)

    @staticmethod
    def _wrapped(style: str, text: str, room: int) -> Iterator[tuple[str, str]]:
        yield from ((style, line) for line in textwrap.wrap(text, room, break_long_words=False))

    def _reading(self) -> Iterator[str]:
        units = " ".join(self.units) if len(self.units) == 1 else "the units that the second column names"
        yield "This worksheet contains one table."
        if self.units:
            yield f"Figures are in {units}."
        if self.table.notes:
            yield "Its notes are below it, and on the sheet Notes."

    def _shorthand(self) -> Iterator[str]:
        for row in self.table.rows:
            yield from ("[x]" if cell is None else str(cell) for cell in row.cells)

    @property
    def top(self) -> int:
        """The sheet's row of headings."""
        return len(self.lines) + 2

    @cached_property
    def sums(self) -> dict[Place, Parts]:
        """The cells that are formulas, with the cells whose sum they are."""
        return formulas(self.table)

    def value(self, place: Place) -> float:
        """A number as the sheet has it: thousands or pounds of money."""
        cell, scale = at(self.table, place), self.scales[place[0]]
        assert isinstance(cell, int | float)
        assert scale is not None
        return cell / scale.step

    def now(self, place: Place) -> float:
        """What a cell comes to: its formula, if it has one, over the cells that have none."""
        parts = self.sums.get(place)
        return self.value(place) if parts is None else sum(sign * self.now(part) for part, sign in parts)

    def place(self, row: int, column: int) -> tuple[int, int]:
        """The sheet's row and column of a cell of the table."""
        return self.top + 1 + row, self.left + column

    def cell(self, row: int, column: int) -> str:
        """A cell of the table as "C12"."""
        return xl_rowcol_to_cell(*self.place(row, column))

    def named(self, row: int, column: int) -> str:
        """A cell of the table as "'3 Spend'!C12", from another sheet."""
        return f"'{self.name}'!{self.cell(row, column)}"


def layouts(report: Report) -> dict[str, Layout]:
    """Key of each table -> where it stands, in the report's order. Raises ValueError where two tables have one key."""
    found: dict[str, Layout] = {}
    note = 1
    for number, table in enumerate(report.tables, 1):
        if table.key in found:
            raise ValueError(f"report: two tables have the key {table.key!r}; each must have its own")
        found[table.key] = Layout(table, number, report.internal, note)
        note += len(table.notes)
    return found


def status(internal: bool) -> str:
    """Whether this may be published, as every sheet says."""
    if internal:
        return "INTERNAL: not for publication. Small counts are not suppressed."
    return "For publication: counts under 6 are suppressed, other counts are rounded to 5."


def formulas(table: Table) -> dict[Place, Parts]:
    """Cell -> the cells whose sum it is, for sums all of whose cells are numbers; a sum over rows goes before one over
    columns."""
    found: dict[Place, Parts] = {}
    for total, parts in equations(table):
        if total not in found and all(is_number(at(table, place)) for place in (total, *(p for p, _ in parts))):
            found[total] = parts
    return found


def at(table: Table, place: Place) -> Cell:
    """A cell of a table; None in a heading."""
    cells = table.rows[place[0]].cells
    return cells[place[1]] if cells else None


def is_number(cell: Cell) -> bool:
    """Whether a cell holds a number."""
    return isinstance(cell, int | float)
