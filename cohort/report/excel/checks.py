"""The checks of the workbook: each total against the model's own, each figure that stands twice, each table as a whole.

A total's cell is a formula over its parts, so it is compared with the figure that the model has for it, which stands in
the check itself: whoever changes a part, or writes over a total, turns the check red.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cohort.report.display import Place, section
from cohort.report.excel.layout import THOUSAND, Layout, at, is_number
from cohort.report.table import Report, Table

TOLERANCE = 0.00001
"""One penny in GBP thousand; so much too for children, shares and pounds."""
LARGE, ROUND = 100_000_000, 100_000
"""Amounts that are equal to the penny are one figure if they are GBP 1m or more and no whole number of GBP 1,000."""
LONGEST = 7000
"""Characters of a formula, of the 8,192 that a spreadsheet takes."""
Spot = tuple[Layout, Place]


@dataclass(frozen=True)
class Check:
    """What is checked, on which sheet, the formula of how far it is out (0 if right), and what that comes to."""

    what: str
    sheet: str
    formula: str
    off: float

    @property
    def bad(self) -> bool:
        """Whether it is out by a penny or more."""
        return self.off >= TOLERANCE


Term = tuple[str, float]
"""A part of a check's formula, and what it comes to."""


def checks(report: Report, found: dict[str, Layout]) -> list[Check]:
    """Every check of a report: sums, then figures that stand twice, then each table's figures together."""
    made = [check for layout in found.values() for check in (*_sums(layout), *_corners(layout))]
    made += _same(report, found)
    return made + [check for layout in found.values() for check in _whole(layout)]


def _sums(layout: Layout) -> Iterator[Check]:
    """One check a row of sums, and one for all sums over columns: each cell is what the model has."""
    table, by_row, across = layout.table, dict[int, list[Term]](), list[Term]()
    for place, parts in layout.sums.items():
        term = f"ABS({layout.named(*place)}-{_number(layout.value(place))})"
        off = abs(layout.now(place) - layout.value(place))
        over_columns = {row for (row, _), _ in parts} == {place[0]}
        (across if over_columns else by_row.setdefault(place[0], [])).append((term, off))
    for row, terms in sorted(by_row.items()):
        yield from _split(f"{named(table, row)}: the sum of its parts is the model's own figure", layout.name, terms)
    yield from _split(f"{table.whole}: each is the sum of its row, the model's own figure", layout.name, across)


def _corners(layout: Layout) -> Iterator[Check]:
    """Where rows and columns both sum: each corner is the same both ways."""
    table = layout.table
    if not table.whole:
        return
    whole = table.columns.index(table.whole)
    others = [k for k in range(len(table.columns)) if k != whole]
    for row, _ in enumerate(table.rows):
        if table.rows[row].sums and all(is_number(at(table, (row, k))) for k in (whole, *others)):
            added = "-".join(layout.named(row, k) for k in others)
            off = abs(layout.now((row, whole)) - sum(layout.now((row, k)) for k in others))
            what = f"{named(table, row)}: down and across come to the same"
            yield Check(what, layout.name, f"ABS({layout.named(row, whole)}-{added})", off)


def _same(report: Report, found: dict[str, Layout]) -> Iterator[Check]:
    """Figures that stand twice: those that the report names, and amounts that are equal to the penny."""
    for told in report.same:
        one, other = ((found[key], (row, column)) for key, row, column in (told.one, told.other))
        yield from _split(told.what, one[0].name, [_pair(one, other)])
    pairs: dict[tuple[str, int, str, int], list[tuple[Spot, Spot]]] = {}
    first: dict[int, Spot] = {}
    for layout, place, pence in _amounts(found.values()):
        one = first.setdefault(pence, (layout, place))
        if (one[0].name, one[1][0]) != (layout.name, place[0]):
            key = (one[0].table.key, one[1][0], layout.table.key, place[0])
            pairs.setdefault(key, []).append((one, (layout, place)))
    for spots in pairs.values():
        yield from _split(_twice(*spots[0]), spots[0][1][0].name, [_pair(*pair) for pair in spots])


def _amounts(found: Iterable[Layout]) -> Iterator[tuple[Layout, Place, int]]:
    """The large amounts of money in a report that are not round."""
    for layout in found:
        for i, row in enumerate(layout.table.rows):
            counted = layout.scales[i] == THOUSAND and row.kind in {"line", "total"}
            for k, cell in enumerate(row.cells if counted else ()):
                if isinstance(cell, int | float) and abs(cell) >= LARGE and round(cell) % ROUND:
                    yield layout, (i, k), round(cell)


def _twice(one: Spot, other: Spot) -> str:
    """What is checked of a figure that stands twice."""
    names = [named(layout.table, place[0]) for layout, place in (one, other)]
    where = "on this sheet"
    if one[0] is not other[0]:
        where = f"in tables {one[0].number} and {other[0].number}"
    elif one[1][1] != other[1][1]:
        where = "in one column and the next"
    return f"{names[0] if names[0] == names[1] else ' and '.join(names)}: the same {where}"


def _pair(one: Spot, other: Spot) -> Term:
    """How far two figures are apart, in the first's unit."""
    steps = [s.step for layout, place in (one, other) if (s := layout.scales[place[0]]) is not None]
    times = steps[1] / steps[0]
    here, there = (layout.named(*place) for layout, place in (one, other))
    off = abs(one[0].now(one[1]) - other[0].now(other[1]) * times)
    return f"ABS({here}-{there}{'' if times == 1 else f'*{_number(times)}'})", off


def _whole(layout: Layout) -> Iterator[Check]:
    """All numbers of a table, added up whatever they are: finds a figure that was written over."""
    table = layout.table
    if any(table.unit_of(row) == "date" for row in table.rows):
        return  # a date is a number to a spreadsheet
    places = [(i, k) for i, row in enumerate(table.rows) for k, c in enumerate(row.cells)
              if is_number(c) and layout.scales[i]]  # fmt: skip
    if places:
        total = sum(map(layout.value, places))
        ends = f"{layout.named(0, 0)}:{layout.cell(len(table.rows) - 1, len(table.columns) - 1)}"
        off = abs(sum(map(layout.now, places)) - total)
        what = f"Table {layout.number}: its figures, added up, are as they were written"
        yield Check(what, layout.name, f"ABS(SUM({ends})-{_number(total)})", off)


def _split(what: str, sheet: str, terms: list[Term]) -> Iterator[Check]:
    """A check of many terms, as several if its formula would be too long; none of none."""
    some: list[Term] = []
    for term in terms:
        if some and sum(len(text) + 1 for text, _ in (*some, term)) > LONGEST:
            yield _check(what, sheet, some)
            some = []
        some.append(term)
    if some:
        yield _check(what, sheet, some)


def _check(what: str, sheet: str, terms: list[Term]) -> Check:
    return Check(what, sheet, "+".join(text for text, _ in terms), sum(off for _, off in terms))


def named(table: Table, row: int) -> str:
    """A row by its label, with the heading it stands under."""
    under = section(table, row)
    return f"{table.rows[row].label.strip()}{f' ({under})' if under else ''}"


def _number(number: float) -> str:
    """A number in a formula, with all its digits."""
    text = repr(float(number)).upper()
    return f"({text})" if number < 0 else text
