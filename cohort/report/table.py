"""A table of a report: values with their units, once, from which the page, the workbook and the CSV are all made.

Values are exact: money in pence, children as counted or averaged over runs, shares as fractions. Rounding is the
reader's: GBP million on the page, GBP thousand in the workbook, pence in the CSV.
A row that is a sum says of which rows, so that the workbook holds a formula and the CSV can be checked.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Literal, get_args

Unit = Literal["children", "places", "pence", "share", "chance", "number", "text", "date"]
"""Of a cell: ``share`` is a fraction of 1 (printed as percent), ``chance`` a fraction of the runs (printed in whole
percent), ``pence`` is GBP cash in pence."""
Kind = Literal["line", "total", "range", "published", "difference", "heading"]
"""Of a row: a figure; a sum; a percentile of the row above; published; model less published; a title."""
Cell = int | float | str | None
"""None is a cell that has no value there: blank on the page, ``[x]`` in the workbook, empty in the CSV."""


@dataclass(frozen=True)
class Row:
    """One row: a label, and a cell for each column after the first."""

    label: str
    cells: tuple[Cell, ...]
    kind: Kind = "line"
    unit: Unit | None = None
    """of this row, if it differs from the table's"""
    sums: tuple[tuple[int, int], ...] = ()
    """(row, +1 or -1): this row is the sum of these rows of the table, cell by cell, exactly"""
    key: str = ""
    """by which words and charts find it; unlike the label it is never shown"""
    counts: int | None = None
    """the row of the table that counts the children behind this row's money or share: kept back where that is"""


@dataclass(frozen=True)
class Table:
    """A table of a report. Raises ValueError where a row has not a cell for each column, a cell that is
    no finite number, or a sum of a row that is not."""

    key: str
    """in lower case with underscores: the CSV's name, the page's anchor and (shortened) the sheet's name"""
    title: str
    """what it is, with the unit's scale left out: "High Needs spend by financial year" """
    finding: str
    """what it says, in one plain sentence made from its numbers"""
    columns: tuple[str, ...]
    """headings of the cells; the first column, the label's, is ``stub``"""
    rows: tuple[Row, ...]
    unit: Unit
    source: str
    """where the figures come from: the study's table, the published table of the pack with its publisher"""
    stub: str = ""
    notes: tuple[str, ...] = ()
    suppress: bool = False
    """whether cells count children in cells small enough to need disclosure control when published"""
    group: str = "more"
    """the part of the report to which it belongs"""
    long: bool = False
    """whether the page folds it away: for looking up, not for reading through"""
    whole: str = ""
    """the column that is, in every row of numbers, the sum of all the other columns; "" where there is none"""
    printed: tuple[str, ...] = ()
    """the columns of published figures, shown without decimals where they were printed without"""

    def __post_init__(self) -> None:
        if not self.key.replace("_", "").isalnum() or self.key != self.key.lower():
            raise ValueError(f"table {self.key!r}: allowed: lower case letters, digits and underscores")
        for at, row in enumerate(self.rows):
            if row.kind not in get_args(Kind):
                raise ValueError(f"table {self.key}: row {row.label!r}: {row.kind!r} given; allowed: {get_args(Kind)}")
            if row.kind != "heading" and len(row.cells) != len(self.columns):
                raise ValueError(
                    f"table {self.key}: row {row.label!r} has {len(row.cells)} cells, not {len(self.columns)}"
                )
            if wrong := [cell for cell in row.cells if isinstance(cell, float) and not isfinite(cell)]:
                raise ValueError(
                    f"table {self.key}: row {row.label!r}: {wrong[0]} given; allowed: a finite number or none"
                )
            if any(other == at or not 0 <= other < len(self.rows) for other, _ in row.sums):
                raise ValueError(f"table {self.key}: row {row.label!r} is the sum of rows that are not there")
            if row.counts is not None and not 0 <= row.counts < len(self.rows):
                raise ValueError(f"table {self.key}: the children of row {row.label!r} are in no row")
        if self.whole and self.whole not in self.columns:
            raise ValueError(f"table {self.key}: whole: {self.whole!r} given; allowed: {', '.join(self.columns)}")

    def unit_of(self, row: Row) -> Unit:
        """The unit of a row's cells."""
        return row.unit or self.unit

    def row(self, key: str) -> Row | None:
        """The row of a key, if there is one."""
        return next((row for row in self.rows if row.key == key), None)

    def number(self, key: str, column: str) -> float | None:
        """A cell of a row of a key; None where there is no such row or column, or no number in it."""
        row = self.row(key)
        if row is None or column not in self.columns:
            return None
        cell = row.cells[self.columns.index(column)]
        return None if cell is None or isinstance(cell, str) else float(cell)

    def broken(self) -> Iterator[str]:
        """Rows that are not the sum of the rows they name, and wholes that are not the sum of the columns: nothing in
        a report that may be handed in."""
        yield from self._across() if self.whole else ()
        for row in self.rows:
            for at, cell in enumerate(row.cells if row.sums else ()):
                parts = [(self.rows[other].cells[at], sign) for other, sign in row.sums]
                if not isinstance(cell, int | float) or any(not isinstance(p, int | float) for p, _ in parts):
                    continue
                total = sum(float(p) * sign for p, sign in parts if isinstance(p, int | float))
                if _apart(total, cell):
                    yield f"{self.key}: {row.label}, {self.columns[at]}: {cell} is not the sum of its rows, {total}"

    def _across(self) -> Iterator[str]:
        """Rows whose whole is not the sum of their other cells."""
        at = self.columns.index(self.whole)
        for row in (row for row in self.rows if row.kind != "heading"):
            numbers = [float(cell) for cell in row.cells if isinstance(cell, int | float)]
            if len(numbers) == len(row.cells) and _apart(total := sum(numbers) - numbers[at], numbers[at]):
                yield f"{self.key}: {row.label}, {self.whole}: {numbers[at]} is not the sum of its columns, {total}"


def _apart(one: float, two: float) -> bool:
    """Whether two figures differ by more than floating point does."""
    return abs(one - two) > 1e-6 * max(1.0, abs(two))


@dataclass(frozen=True)
class Chart:
    """A chart of a report: a Vega-Lite specification with its data inside, drawn to SVG where it is shown."""

    key: str
    title: str
    """says the finding, from the numbers"""
    alternative: str
    """what it shows, for who cannot see it"""
    spec: dict[str, object]
    table: str
    """the key of the table that holds its numbers"""
    source: str
    group: str = "more"


@dataclass(frozen=True)
class Same:
    """One figure that stands in two places of a report, each (table, row, column); the workbook checks that it does."""

    what: str
    one: tuple[str, int, int]
    other: tuple[str, int, int]


@dataclass(frozen=True)
class Report:
    """All that a study has to say: what the page, the workbook, the CSVs and the one-page brief are made of."""

    title: str
    made: dict[str, str]
    """provenance by name: study, scenarios, seeds, runs, code, data, date, commands"""
    words: dict[str, tuple[str, ...]]
    """group -> paragraphs, made from the numbers"""
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()
    internal: bool = True
    """False once counts are suppressed and rounded for publication"""
    same: tuple[Same, ...] = ()
    """figures that must be equal in two tables, besides amounts equal to the penny, which are found"""
