"""The sheet of checks: one a row, worked out again whenever a figure changes, green or red, all together above."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cohort.report.excel.book import Book
from cohort.report.excel.checks import TOLERANCE, Check

SHEET = "Checks"
TOP = 6
WIDTHS = (9, 84, 28, 12, 9)
ALL_OK = "All checks are OK"


def together(made: Iterable[Check]) -> str:
    """What checks come to, in words."""
    bad = [check.bad for check in made]
    return f"NOT OK: {sum(bad)} of {len(bad)} checks" if any(bad) else ALL_OK


def write(book: Book) -> None:
    """The sheet of checks."""
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
    book.put(sheet, row, 1, check.what, "wrapped", indent=1)
    book.link(sheet, row, 2, check.sheet, check.sheet)
    shape = book.look(num_format="#,##0.00;-#,##0.00", align="right")
    sheet.write_formula(row, 3, f"={check.formula}", shape, check.off)
    out = f"D{row + 1}"
    result = f'=IF(ISNUMBER({out}),IF({out}<{TOLERANCE:.5f},"OK","CHECK"),"CHECK")'
    sheet.write_formula(row, 4, result, book.look(align="right"), "CHECK" if check.bad else "OK")
