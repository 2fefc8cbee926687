"""The checks of the workbook: each total against the model's own, each figure that stands twice, each table as a whole.

A total's cell is a formula over its parts, so it is compared with the figure that the model has for it, which stands in
the check itself: whoever changes a part, or writes over a total, turns the check red.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from cohort.report.display import Place
from cohort.report.excel.book import Book, Check
from cohort.report.excel.layout import THOUSAND, Layout
from cohort.report.excel.sheet import at, formulas, is_number, recalculated, value
from cohort.report.table import Report

SHEET = "Checks"
TOLERANCE = 0.00001
"""One penny in GBP thousand; so much too for children, shares and pounds."""
TOP = 6
LARGE, ROUND = 100_000_000, 100_000
"""Amounts that are equal to the penny are one figure if they are GBP 1m or more and no whole number of GBP 1,000."""
WIDTHS = (9, 72, 28, 12, 9)
ALL_OK = "All checks are OK"


def checks(report: Report, found: dict[str, Layout]) -> list[Check]:
    """Every check of a report: sums, then figures that stand twice, then each table's figures together."""
    made = [check for layout in found.values() for check in (*_sums(layout), *_across(layout))]
    made += _same(report, found)
    return made + [check for layout in found.values() for check in _whole(layout)]


def _sums(layout: Layout) -> Iterator[Check]:
    """One check a row of formulas: each cell is what the model has."""
    table, by_row = layout.table, dict[int, list[tuple[Place, float]]]()
    for place, parts in formulas(table).items():
        by_row.setdefault(place[0], []).append((place, recalculated(layout, parts)))
    for row, cells in sorted(by_row.items()):
        apart = [f"ABS({layout.named(*place)}-{_number(value(layout, place))})" for place, _ in cells]
        off = sum(abs(came - value(layout, place)) for place, came in cells)
        what = f"{table.rows[row].label.strip()}: the sum of its parts is the model's own figure"
        yield Check(what, layout.name, "+".join(apart), off)


def _across(layout: Layout) -> Iterator[Check]:
    """Where rows and columns both sum: the corner is the same both ways."""
    table = layout.table
    if not table.whole:
        return
    whole = table.columns.index(table.whole)
    others = [k for k in range(len(table.columns)) if k != whole]
    for row, _ in enumerate(table.rows):
        if table.rows[row].sums and all(is_number(at(table, (row, k))) for k in (whole, *others)):
            added = "-".join(layout.named(row, k) for k in others)
            off = abs(value(layout, (row, whole)) - sum(value(layout, (row, k)) for k in others))
            what = f"{table.rows[row].label.strip()}: down and across come to the same"
            yield Check(what, layout.name, f"ABS({layout.named(row, whole)}-{added})", off)


def _same(report: Report, found: dict[str, Layout]) -> Iterator[Check]:
    """Figures that stand twice: those that the report names, and amounts that are equal to the penny."""
    for told in report.same:
        pair = [(found[key], (row, column)) for key, row, column in (told.one, told.other)]
        yield _pair(told.what, [(pair[0], pair[1])])
    pairs: dict[tuple[str, int, str, int], list[tuple[Spot, Spot]]] = {}
    first: dict[int, Spot] = {}
    for layout, place, pence in _amounts(found.values()):
        one = first.setdefault(pence, (layout, place))
        if (one[0].name, one[1][0]) != (layout.name, place[0]):
            key = (one[0].table.key, one[1][0], layout.table.key, place[0])
            pairs.setdefault(key, []).append((one, (layout, place)))
    for spots in pairs.values():
        first_sheet, second = spots[0][0][0], spots[0][1][0]
        names = [layout.table.rows[place[0]].label.strip() for layout, place in spots[0]]
        told_as = names[0] if names[0] == names[1] else f"{names[0]} and {names[1]}"
        where = "in one year and the next"
        if first_sheet is not second:
            where = f"in tables {first_sheet.number} and {second.number}"
        yield _pair(f"{told_as}: the same {where}", spots)


Spot = tuple[Layout, Place]


def _amounts(found: Iterable[Layout]) -> Iterator[tuple[Layout, Place, int]]:
    """The large amounts of money in a report that are not round."""
    for layout in found:
        for i, row in enumerate(layout.table.rows):
            for k, cell in enumerate(row.cells if layout.scales[i] == THOUSAND else ()):
                if isinstance(cell, int | float) and abs(cell) >= LARGE and round(cell) % ROUND:
                    yield layout, (i, k), round(cell)


def _pair(what: str, spots: list[tuple[Spot, Spot]]) -> Check:
    terms, off = [], 0.0
    for (one, here), (other, there) in spots:
        steps = [s.step for s in (one.scales[here[0]], other.scales[there[0]]) if s is not None]
        times = steps[1] / steps[0]
        terms.append(f"ABS({one.named(*here)}-{other.named(*there)}{'' if times == 1 else f'*{_number(times)}'})")
        off += abs(value(one, here) - value(other, there) * times)
    return Check(what, spots[0][1][0].name, "+".join(terms), off)


def _whole(layout: Layout) -> Iterator[Check]:
    """All numbers of a table, added up whatever they are: finds a figure that was written over."""
    table, made = layout.table, formulas(layout.table)
    if any(table.unit_of(row) == "date" for row in table.rows):
        return  # a date is a number to a spreadsheet
    places = [
        (i, k) for i, row in enumerate(table.rows) for k, c in enumerate(row.cells) if is_number(c) and layout.scales[i]
    ]
    if places:
        total = sum(recalculated(layout, made[p]) if p in made else value(layout, p) for p in places)
        ends = f"{layout.named(0, 0)}:{layout.cell(len(table.rows) - 1, len(table.columns) - 1)}"
        what = f"Table {layout.number}: its figures, added up, are as they were written"
        yield Check(what, layout.name, f"ABS(SUM({ends})-{_number(total)})", 0.0)


def _number(number: float) -> str:
    """A number in a formula, with all its digits."""
    text = repr(float(number)).upper()
    return f"({text})" if number < 0 else text


def together(made: list[Check]) -> str:
    """What the checks come to, in words."""
    bad = sum(check.off >= TOLERANCE for check in made)
    return f"NOT OK: {bad} of {len(made)} checks" if bad else ALL_OK


def write(book: Book) -> None:
    """The sheet of checks: one a row, all together above."""
    made = book.checks
    sheet = book.sheet(SHEET, WIDTHS)
    book.put(sheet, 0, 0, "Checks", "title")
    book.put(
        sheet, 1, 0, "Each check is worked out again whenever a figure changes; a difference of a penny is not OK."
    )
    book.link(sheet, 2, 0, "Contents", "Back to the contents")
    count, results = len(made), f"E{TOP + 2}:E{TOP + 1 + max(len(made), 1)}"
    good = f'COUNTIF({results},"OK")'
    text = f'=IF({good}={count},"{ALL_OK}","NOT OK: "&({count}-{good})&" of {count} checks")'
    book.put(sheet, 4, 0, "Together", "finding")
    sheet.write_formula(4, 1, text, book.look("finding"), together(made))
    book.traffic(sheet, (4, 1, 4, 1), ALL_OK)
    book.table(sheet, TOP, ("Number", "Check", "Sheet", "Difference", "Result"), count, "table_of_checks", range(3))
    sheet.freeze_panes(TOP + 1, 0)
    for n, check in enumerate(made):
        _row(book, sheet, n, check)
    if made:
        book.traffic(sheet, (TOP + 1, 4, TOP + count, 4), "OK")


def _row(book: Book, sheet: Any, n: int, check: Check) -> None:
    row = TOP + 1 + n
    sheet.write_number(row, 0, n + 1, book.look(align="left"))
    book.put(sheet, row, 1, check.what, "wrapped")
    book.link(sheet, row, 2, check.sheet, check.sheet)
    shape = book.look(num_format="#,##0.00;-#,##0.00", align="right")
    sheet.write_formula(row, 3, f"={check.formula}", shape, check.off)
    out = f"D{row + 1}"
    result = f'=IF(ISNUMBER({out}),IF({out}<{TOLERANCE:.5f},"OK","CHECK"),"CHECK")'
    sheet.write_formula(row, 4, result, book.look(align="right"), "OK" if check.off < TOLERANCE else "CHECK")
