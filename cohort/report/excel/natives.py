"""Charts that the spreadsheet draws itself, from the cells of the tables: whoever changes a figure sees it move."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cohort.report.display import section
from cohort.report.excel.book import Book
from cohort.report.excel.layout import THOUSAND, Layout, is_number
from cohort.report.table import Table

PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
"""The Analysis Function's, in its order."""
DASHES = ("solid", "dash", "round_dot", "long_dash", "dash_dot", "square_dot")
SIZE = {"width": 1000, "height": 560}
ROWS_EACH = 34
FONT = {"name": "Arial", "size": 11}


@dataclass(frozen=True)
class Wanted:
    """A chart of a table: its parts stacked to their total, or some of its totals as lines."""

    table: str
    stacked: bool
    rows: str = ""
    """the end of the keys of the rows that are drawn; "" for the parts of the table's last total"""


WANTED = (Wanted("spend", True), Wanted("safety_valve", False, ".closing"), Wanted("plans_by_group", True))


@dataclass(frozen=True)
class Drawn:
    """A chart that can be drawn: which rows of the table, and which run of columns."""

    layout: Layout
    wanted: Wanted
    rows: tuple[int, ...]
    columns: tuple[int, int]


def drawable(layouts: dict[str, Layout]) -> Iterator[Drawn]:
    """The wanted charts whose rows have numbers in at least two columns running."""
    for wanted in WANTED:
        if wanted.table in layouts:
            layout = layouts[wanted.table]
            rows = _rows(layout.table, wanted)[: len(PALETTE)]
            columns = _run(layout.table, rows)
            if rows and columns[1] - columns[0] >= 1:
                yield Drawn(layout, wanted, rows, columns)


def _rows(table: Table, wanted: Wanted) -> tuple[int, ...]:
    if wanted.rows:
        return tuple(i for i, row in enumerate(table.rows) if row.key.endswith(wanted.rows))
    totals = [row for row in table.rows if row.kind == "total" and row.sums]
    return tuple(other for other, _ in totals[-1].sums) if totals else ()


def _run(table: Table, rows: tuple[int, ...]) -> tuple[int, int]:
    """First and last of the longest run of columns in which every row has a number; (0, -1) if there is none."""
    best, start = (0, -1), 0
    for k in range(len(table.columns) + 1):
        if k == len(table.columns) or not all(is_number(table.rows[i].cells[k]) for i in rows):
            best = max(best, (start, k - 1), key=lambda run: run[1] - run[0])
            start = k + 1
    return best


def write(book: Book, drawn: list[Drawn]) -> None:
    """The sheet of charts, each with its finding above and its source below, one a printed page."""
    sheet = book.sheet("Charts", (118,))
    book.put(sheet, 0, 0, "Charts", "title")
    book.link(sheet, 1, 0, "Contents", "Back to the contents")
    breaks, row = [], 3
    for one in drawn:
        table = one.layout.table
        book.put(sheet, row, 0, table.finding, "finding", text_wrap=True)
        alternative = f"{'Stacked columns' if one.wanted.stacked else 'Lines'}: {table.title}. {table.finding}"
        sheet.insert_chart(row + 1, 0, _chart(book, one), {"description": alternative, "x_offset": 4, "y_offset": 4})
        below = row + ROWS_EACH - 4
        book.put(sheet, below, 0, f"Table {one.layout.number}: {table.title}. Source: {table.source}", "wrapped")
        row += ROWS_EACH
        breaks.append(row)
    sheet.set_h_pagebreaks(breaks[:-1])


def _chart(book: Book, one: Drawn) -> Any:
    """A native chart over the cells of a sheet."""
    layout, (first, last) = one.layout, one.columns
    kind = {"type": "column", "subtype": "stacked"} if one.wanted.stacked else {"type": "line"}
    chart = book.file.add_chart(kind)
    for n, row in enumerate(one.rows):
        start, end = layout.place(row, first), layout.place(row, last)
        line = {"color": PALETTE[n], "width": 2.75, "dash_type": DASHES[n]}
        look = (
            {"fill": {"color": PALETTE[n]}, "border": {"color": "#FFFFFF"}, "gap": 60}
            if one.wanted.stacked
            else {"line": line}
        )
        name = _name(layout, row) if not one.wanted.stacked else [layout.name, *layout.place(row, -layout.left)]
        chart.add_series({
            "name": name,
            "categories": [layout.name, layout.top, start[1], layout.top, end[1]],
            "values": [layout.name, *start, *end],
        } | look)  # fmt: skip
    money = layout.scales[one.rows[0]] == THOUSAND
    axis = {
        "num_format": "#,##0,;-#,##0," if money else "#,##0",
        "num_font": FONT,
        "major_gridlines": {"visible": True, "line": {"color": "#D0D0D0"}},
    }
    chart.set_y_axis(
        axis | {"name": "GBP million" if money else layout.table.unit, "name_font": FONT, "line": {"none": True}}
    )
    chart.set_x_axis({"num_font": FONT, "label_position": "low"})
    chart.set_title({"name": layout.table.title, "name_font": {"name": "Arial", "size": 14}, "overlay": False})
    chart.set_legend({"position": "right", "font": FONT})
    chart.set_size(SIZE)
    return chart


def _name(layout: Layout, row: int) -> str:
    """Whose line it is: the heading it stands under, or else its label."""
    return section(layout.table, row) or layout.table.rows[row].label.strip()
