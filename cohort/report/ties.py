"""What ties the numbers of a report to each other: sums, figures that stand twice, and what tells of the same children.

Sums are those that tables say they have, those that labels show ("Tuition: autism" is a part of "Autism"), and those
that hold to the last digit in every column (groups of placements are sums of placements). A figure that stands in two
tables is one figure. Where in doubt two figures are tied: that hides too much rather than too little.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise, permutations

import numpy as np

from cohort.report.display import equations, section
from cohort.report.table import Report, Row, Table
from cohort.rounding import Sum

Spot = tuple[int, int, int]
"""(table, row, column) of a report, counted from 0."""
COINCIDENCE = 50
"""Counts that are equal to the last digit are one figure from here on; smaller ones only if their labels agree."""
NEAR = 1e-7
MOST_PARTS = 40
"""Rows among which parts of another table's row are looked for."""


@dataclass
class Ties:
    """The numbers of a report: each spot has a number, the same for one figure that stands twice."""

    report: Report
    number: dict[Spot, int] = field(default_factory=dict)
    value: list[float] = field(default_factory=list)
    sums: list[Sum] = field(default_factory=list)
    follows: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, report: Report) -> Ties:
        """The ties of a report."""
        made = cls(report)
        made._count()
        made.sums = [(total, tuple(parts)) for total, parts in dict.fromkeys(made._told())]
        made._follow()
        return made

    def spots(self) -> Iterator[tuple[Spot, Row, float]]:
        """Every number of the report with its row."""
        for t, table in enumerate(self.report.tables):
            for i, row in enumerate(table.rows):
                for k, cell in enumerate(row.cells):
                    if isinstance(cell, int | float) and table.unit_of(row) not in {"text", "date"}:
                        yield (t, i, k), row, float(cell)

    def unit(self, spot: Spot) -> str:
        """The unit of a cell."""
        table = self.report.tables[spot[0]]
        return table.unit_of(table.rows[spot[1]])

    def _count(self) -> None:
        """Number the figures; those of one value, unit and kind that are one get one number."""
        seen: dict[tuple[object, ...], Spot] = {}
        for spot, row, value in self.spots():
            alike = (self.unit(spot), row.kind == "published", round(value, 6))
            same = next(
                (seen[key] for key in self._seen_as(spot, alike) if key in seen and seen[key][0] != spot[0]), None
            )
            if same is None:
                self.number[spot] = len(self.value)
                self.value.append(value)
            else:
                self.number[spot] = self.number[same]
            for key in self._seen_by(spot, alike):
                seen.setdefault(key, spot)

    def _seen_by(self, spot: Spot, alike: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
        """How a figure is found again: by its label, by its heading, and by its value alone."""
        table = self.report.tables[spot[0]]
        yield (*alike, "label", table.rows[spot[1]].label.strip().casefold())
        yield (*alike, "heading", table.columns[spot[2]].strip().casefold())
        yield alike

    def _seen_as(self, spot: Spot, alike: tuple[object, ...]) -> Iterator[tuple[object, ...]]:
        """How one figure with this one would have been seen: their labels agree, or the value is no coincidence."""
        unit, _, value = alike
        if unit in {"share", "chance", "number"}:
            return
        (*_, label), (*_, heading), _ = self._seen_by(spot, alike)
        yield from ((*alike, "label", label), (*alike, "heading", label), (*alike, "label", heading))
        if abs(float(str(value))) >= (COINCIDENCE if unit in {"children", "places"} else 1e8):
            yield alike

    def _told(self) -> Iterator[Sum]:
        """Sums by the numbers of their figures."""
        for t, table in enumerate(self.report.tables):
            for (i, k), parts in equations(table):
                yield from self._sum((t, i, k), [((t, r, c), sign) for (r, c), sign in parts])
        there: dict[int, set[int]] = defaultdict(set)
        for spot, number in self.number.items():
            there[spot[0]].add(number)
        named = [_parts(table) for table in self.report.tables]
        for one, other in permutations(range(len(self.report.tables)), 2):
            yield from self._between(one, other, named[other], there[other])

    def _sum(self, total: Spot, parts: list[tuple[Spot, int]]) -> Iterator[Sum]:
        """A sum, if all of its cells are numbers and it holds."""
        if any(spot not in self.number for spot in (total, *(p for p, _ in parts))):
            return
        numbered = tuple((self.number[p], sign) for p, sign in parts)
        value = self.value[self.number[total]]
        if abs(sum(self.value[p] * sign for p, sign in numbered) - value) <= NEAR * max(1.0, abs(value)):
            yield self.number[total], numbered

    def _between(self, whole: int, part: int, parts: dict[str, list[int]], there: set[int]) -> Iterator[Sum]:
        """Rows of one table that are sums of rows of another, by their labels or to the last digit. ``parts`` are the
        other's rows by what their labels say, ``there`` its figures."""
        tables = self.report.tables
        for i, row in enumerate(tables[whole].rows):
            if row.kind not in {"line", "total"} or self.unit((whole, i, 0)) != "children":
                continue
            named = parts.get(row.label.strip().casefold(), [])
            if not named and self.number.get((whole, i, 0)) not in there:
                named = _rows_that_make(tables[whole], i, tables[part])
            for k, column in enumerate(tables[whole].columns if len(named) > 1 else ()):
                if column in tables[part].columns:
                    c = tables[part].columns.index(column)
                    yield from self._sum((whole, i, k), [((part, j, c), 1) for j in named])

    def _follow(self) -> None:
        """What is hidden whenever a cell is: its range, its difference, the money and the shares of its children."""
        for t, table in enumerate(self.report.tables):
            for i, ahead in enumerate(table.rows):
                for j in _behind(table, i):
                    for k in range(len(table.columns)):
                        pair = (t, i, k), (t, j, k)
                        if ahead.cells and all(spot in self.number for spot in pair):
                            self.follows[self.number[pair[0]]].add(self.number[pair[1]])
        for alike in _by_label(self).values():
            for one, other in combinations(sorted(alike), 2):
                self.follows[one].add(other)
                self.follows[other].add(one)


def _parts(table: Table) -> dict[str, list[int]]:
    """Label -> the lines that are its parts by theirs: "Tuition: autism" is a part of "tuition" and of "autism"."""
    found: dict[str, list[int]] = defaultdict(list)
    for j, row in enumerate(table.rows):
        names = [name.strip().casefold() for name in row.label.split(": ")]
        for name in names if len(names) > 1 and row.kind == "line" else ():
            found[name].append(j)
    return found


def _rows_that_make(whole: Table, at: int, part: Table) -> list[int]:
    """The rows of a table, under the same heading, that add up to a row of another in every column; [] if there are
    none, or fewer than three columns, in which it could be a coincidence."""
    from scipy.optimize import Bounds, LinearConstraint, milp

    row, under = whole.rows[at], section(whole, at)
    if whole.columns != part.columns or len(whole.columns) < 3 or not _numbers(row):
        return []
    parts = [
        j for j, other in enumerate(part.rows)
        if other.kind == "line" and _numbers(other) and part.unit_of(other) == "children" and section(part, j) == under
    ]  # fmt: skip
    if not 2 <= len(parts) <= MOST_PARTS:
        return []
    values, wanted = np.array([part.rows[j].cells for j in parts], float).T, np.array(row.cells, float)
    slack = NEAR * np.maximum(1.0, np.abs(wanted))
    found = milp(
        np.zeros(len(parts)),
        integrality=1,
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(values, wanted - slack, wanted + slack),
    )
    return [] if found.x is None else [j for j, x in zip(parts, found.x, strict=True) if x > 0.5]


def _numbers(row: Row) -> bool:
    return bool(row.cells) and all(isinstance(cell, int | float) for cell in row.cells)


def _behind(table: Table, at: int) -> Iterator[int]:
    """The rows that are hidden where this one is: percentiles and differences below it, and, of a row that counts
    children, the money and shares that name it or stand alone with it under one heading; and the other way about."""
    row = table.rows[at]
    if row.kind in {"line", "total"}:
        for j in range(at + 1, len(table.rows)):
            other = table.rows[j]
            if other.kind not in {"range", "difference", "published"}:
                break
            if other.kind == "range" or (other.kind == "difference" and not other.sums):
                yield j
    for j, other in enumerate(table.rows):
        if row.counts == j or other.counts == at or (row.counts is not None and row.counts == other.counts and j != at):
            yield j
    block = _block(table, at)
    if block and at in block and sum(table.unit_of(table.rows[j]) == "children" for j in block) == 1 < len(block):
        yield from (j for j in block if j != at)


def _block(table: Table, at: int) -> list[int]:
    """The lines under the heading of a row; [] where there is no heading."""
    edges = [-1, *(i for i, row in enumerate(table.rows) if row.kind == "heading"), len(table.rows)]
    first, last = next((a, b) for a, b in pairwise(edges) if a < at < b) if at not in edges else (at, at)
    return [j for j in range(first + 1, last) if table.rows[j].kind == "line"] if first >= 0 else []


def _by_label(ties: Ties) -> dict[tuple[str, str], set[int]]:
    """Counts of children, money and shares of one label and one financial year, where they are in different units."""
    found: dict[tuple[str, str], dict[int, str]] = defaultdict(dict)
    for spot, row, _ in ties.spots():
        table = ties.report.tables[spot[0]]
        if row.kind == "line":
            stem = re.split(r"[,(]| - ", row.label.strip().casefold())[0].strip()
            found[stem, period(table.columns[spot[2]])][ties.number[spot]] = ties.unit(spot)
    return {
        key: set(units) for key, units in found.items() if "children" in units.values() and len({*units.values()}) > 1
    }


def period(heading: str) -> str:
    """The financial year that a column's heading names, as "2024-25", that of a January too; else the heading."""
    if year := re.search(r"\b(20\d\d-\d\d)\b", heading):
        return year[1]
    if january := re.search(r"\bJan(?:uary)? (20\d\d)\b", heading):
        return f"{int(january[1]) - 1}-{january[1][2:]}"
    return heading.strip().casefold()
