"""The workbook of a report: cover, contents, charts, a sheet for each table, notes, how it was made, checks.

It keeps the Analysis Function's conventions, those of gptables (a cover, a contents sheet, notes, one named table a
sheet, no merged cells, shorthand for what is not there), and adds live formulas for every sum, native charts, and
checks that recalculate. Money is in GBP thousand, exact to the penny. Decision 0013 says why not by gptables.
"""

from __future__ import annotations

from pathlib import Path

from cohort.draft import draft
from cohort.report.excel import checks, checksheet, front, natives, sheet
from cohort.report.excel.book import Book
from cohort.report.excel.layout import layouts
from cohort.report.table import Report

TEXT_IS_TEXT = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}


def write(report: Report, path: Path) -> Path:
    """The workbook of a report at a path, whole or not at all; the same report gives the same bytes.

    Raises ValueError where two tables have one key.
    """
    from xlsxwriter import Workbook

    plan = layouts(report)
    with draft(path) as made:
        file = Workbook(str(made), TEXT_IS_TEXT)
        book = Book(file, report, plan, checks.checks(report, plan))
        book.describe()
        drawn = list(natives.drawable(plan))
        front.cover(book)
        front.contents(book, bool(drawn))
        if drawn:
            natives.write(book, drawn)
        for layout in plan.values():
            sheet.write(book, layout)
        if front.notes_of(book):
            front.notes(book)
        front.made(book)
        checksheet.write(book)
        file.close()
    return path
