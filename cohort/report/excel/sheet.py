"""A table on its sheet: exact values in thousands or pounds, and a live formula for every sum."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from cohort.report.display import Place
from cohort.report.excel.book import Book
from cohort.report.excel.layout import POUNDS, SHARE, Layout, Parts, at, is_number
from cohort.report.table import Row

KINDS: dict[str, dict[str, Any]] = {
    "total": {"bold": True, "top": 1},
    "range": {"italic": True, "font_color": "#505050"},
    "published": {"font_color": "#12436D"},
    "difference": {"italic": True},
    "heading": {"bold": True, "bg_color": "#E8EDF2"},
}


def formula(layout: Layout, parts: Parts) -> str:
    """A sum as a spreadsheet has it: SUM of a block of rows, else plus and minus."""
    rows = [row for (row, _), _ in parts]
    columns = {column for (_, column), _ in parts}
    if all(sign == 1 for _, sign in parts) and len(columns) == 1 and rows == list(range(rows[0], rows[0] + len(rows))):
        return f"=SUM({layout.cell(*parts[0][0])}:{layout.cell(*parts[-1][0])})"
    return "=" + "".join(f"{'+' if sign > 0 else '-'}{layout.cell(*place)}" for place, sign in parts).removeprefix("+")


def write(book: Book, layout: Layout) -> None:
    """The sheet of a table."""
    table = layout.table
    sheet = book.sheet(layout.name, layout.widths)
    below = layout.place(len(table.rows), 0)[0] + 1
    for start, lines in ((0, layout.lines), (below, layout.notes)):
        for n, (style, text) in enumerate(lines, start):
            book.put(sheet, n, 0, text, style)
    book.link(sheet, len(layout.lines), 0, "Contents", "Back to the contents")
    headers = [table.stub or "Row", *(["Unit"] if layout.left == 2 else []), *table.columns]
    book.table(sheet, layout.top, headers, len(table.rows), f"table_{table.key}", layout.left_aligned)
    sheet.freeze_panes(layout.top + 1, 1)
    for i, row in enumerate(table.rows):
        _label(book, sheet, layout, i)
        for k in range(len(table.columns)):
            _cell(book, sheet, layout, (i, k), row, layout.sums.get((i, k)))


def _label(book: Book, sheet: Any, layout: Layout, at_row: int) -> None:
    row = layout.table.rows[at_row]
    look = KINDS.get(row.kind, {}) | {"text_wrap": row.kind != "heading"}
    indent = min((len(row.label) - len(row.label.lstrip())) // 2 + (row.kind == "range"), 3)
    top, _ = layout.place(at_row, 0)
    book.put(sheet, top, 0, row.label.strip(), **look, indent=indent)
    if layout.left == 2:
        book.put(sheet, top, 1, layout.unit_words(at_row), **look, indent=1)


def _cell(book: Book, sheet: Any, layout: Layout, place: Place, row: Row, parts: Parts | None) -> None:
    """One cell: a formula, a number, a date, shorthand or text."""
    where, cell = layout.place(*place), at(layout.table, place)
    look = dict(KINDS.get(row.kind, {}))
    if row.kind == "heading":
        sheet.write_blank(*where, None, book.look(**look))
    elif parts is not None:
        sheet.write_formula(*where, formula(layout, parts), _number_look(book, layout, place, look), layout.now(place))
    elif is_number(cell) and layout.scales[place[0]] is not None:
        sheet.write_number(*where, layout.value(place), _number_look(book, layout, place, look))
    elif cell is None or (isinstance(cell, str) and cell.startswith("[") and len(cell) == 3):
        book.put(sheet, *where, cell or "[x]", **look | {"align": "right", "font_color": "#505050"})
    elif layout.table.unit_of(row) == "date" and (day := _day(str(cell))):
        shape = "mmmm yyyy" if len(str(cell)) == 7 else "d mmmm yyyy"
        sheet.write_datetime(*where, day, book.look(**look, num_format=shape, align="left", indent=1))
    else:
        book.put(sheet, *where, str(cell), **look | {"text_wrap": True, "align": "left", "indent": 1})


def _number_look(book: Book, layout: Layout, place: Place, look: dict[str, Any]) -> Any:
    scale, row = layout.scales[place[0]], layout.table.rows[place[0]]
    unit = layout.table.unit_of(row)
    plain = "0%" if unit == "chance" else "0.0%" if scale == SHARE else "£#,##0" if scale == POUNDS else "#,##0"
    if unit == "number" and any(isinstance(c, float) and c != round(c) for c in row.cells):
        plain = "#,##0.00"
    shape = f"+{plain};-{plain};{plain}" if row.kind == "difference" else f"{plain};-{plain}"
    return book.look(**look | {"num_format": shape, "align": "right"})


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text if len(text) != 7 else f"{text}-01"), datetime.min.time())
    except ValueError:
        return None
