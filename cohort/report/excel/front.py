"""What comes before the tables: cover, contents, notes, and how the workbook was made."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from cohort.report.csvs import SHORTHAND
from cohort.report.excel import checksheet
from cohort.report.excel.book import Book
from cohort.report.excel.layout import status
from cohort.report.table import Report

COVER_WIDTH = 108
NOT_IN = "What is not in it, and what the model cannot say"
USE = (
    "Each table has a sheet of its own, to which the contents link. Totals are live formulas.",
    "Money is in GBP thousand unless a sheet, or its unit column, says otherwise.",
    "Cells hold exact values, so a total may differ by one from the sum of what is displayed.",
    "The CSV files beside this workbook hold the same figures, money in pence.",
)


def cover(book: Book) -> None:
    """The cover: title, status, what the report says, how to use the workbook, shorthand, and whether checks are OK."""
    report = book.report
    sheet = book.sheet("Cover", (COVER_WIDTH,))
    lines = [("title", report.title), ("internal" if report.internal else "finding", status(report.internal))]
    lines += [("subtitle", "What it says"), *(("plain", text) for text in summary(report))] if summary(report) else []
    left_out = report.words.get("not_in", ())
    lines += [("subtitle", NOT_IN), *(("plain", text) for text in left_out)] if left_out else []
    lines += [("subtitle", "How to use this workbook"), *(("plain", text) for text in USE)]
    lines += [("subtitle", "Shorthand"), *(("plain", f"{mark} {words}") for mark, words in SHORTHAND.items())]
    lines.append(("subtitle", "Checks"))
    for row, (style, text) in enumerate(lines):
        book.put(sheet, row, 0, text, style, text_wrap=True)
    row = len(lines)
    sheet.write_formula(row, 0, f"={checksheet.SHEET}!B5", book.look("finding"), checksheet.together(book.checks))
    book.traffic(sheet, (row, 0, row, 0), checksheet.ALL_OK)
    sheet.fit_to_pages(1, 1)
    for n, name in enumerate(("Contents", checksheet.SHEET, "How this was made"), 1):
        book.link(sheet, row + n, 0, name, name)


def summary(report: Report) -> Sequence[str]:
    """The paragraphs of the report's summary, or of its first group."""
    return report.words.get("summary") or next(iter(report.words.values()), ())


def contents(book: Book, charts: bool) -> None:
    """The contents: a row for each table, with a link to its sheet and what it says."""
    rows = [(str(x.number), x.name, x.table.title, x.table.finding) for x in book.layouts.values()]
    rows += [("", "Charts", "Charts", "Drawn from the cells of the tables.")] if charts else []
    rows += [("", name, name, told) for name, told in OTHERS.items() if name != "Notes" or notes_of(book)]
    _listing(book, "Contents", ("Number", "Sheet", "Title", "What it says"), rows, (9, 28, 44, 52), link=1)


OTHERS = {
    "Notes": "Every note of every table.",
    "How this was made": "Study, scenarios, seeds, code, data and commands.",
    checksheet.SHEET: "Totals and figures that stand twice, worked out again.",
}


def notes_of(book: Book) -> list[tuple[str, str, str]]:
    """(number, sheet, note) of each note of the tables."""
    return [
        (f"[note {n}]", x.name, note)
        for x in book.layouts.values()
        for n, note in enumerate(x.table.notes, x.first_note)
    ]


def notes(book: Book) -> None:
    """The notes of all tables, numbered as on their sheets."""
    _listing(book, "Notes", ("Note", "Sheet", "What it says"), notes_of(book), (11, 28, 84), link=1)


def made(book: Book) -> None:
    """How the workbook was made, name by name."""
    rows = [(name.replace("_", " ").capitalize(), text) for name, text in book.report.made.items()]
    _listing(book, "How this was made", ("What", "Value"), rows, (24, 92))


def _listing(
    book: Book,
    name: str,
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    widths: Sequence[float],
    link: int = -1,
) -> None:
    """A sheet with a table of text, of which one column links to the sheet it names."""
    sheet = book.sheet(name, widths)
    book.put(sheet, 0, 0, name, "title")
    book.put(sheet, 1, 0, "This worksheet contains one table.")
    table_name = f"table_of_{'_'.join(name.lower().split())}"
    book.table(sheet, 3, headers, len(rows), table_name, range(len(headers)))
    sheet.freeze_panes(4, 0)
    for row, column in chain.from_iterable(((r, c) for c in range(len(headers))) for r in range(len(rows))):
        text = rows[row][column]
        if column == link:
            book.link(sheet, row + 4, column, text, text)
        else:
            book.put(sheet, row + 4, column, text, "wrapped", indent=int(column > 0))
