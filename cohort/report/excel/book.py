"""The workbook being written: its looks, its sheets with their print set-up, and text that no spreadsheet can run."""

from __future__ import annotations

import textwrap
from collections.abc import Container, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from cohort.report.csvs import FORMULA, distinct
from cohort.report.excel.checks import Check
from cohort.report.excel.layout import FULL, Layout, status
from cohort.report.table import Report

FONT = {"font_name": "Arial", "font_size": 12, "valign": "top"}
STYLES: dict[str, dict[str, object]] = {
    "title": {"bold": True, "font_size": 16},
    "subtitle": {"bold": True, "font_size": 14, "valign": "bottom"},
    "finding": {"bold": True},
    "internal": {"bold": True, "font_color": "#A00000"},
    "plain": {},
    "wrapped": {"text_wrap": True},
    "heading": {"bold": True, "text_wrap": True, "bottom": 1, "valign": "bottom"},
    "link": {"font_color": "#0000EE", "underline": 1},
}
HEIGHTS = {"title": 24.0, "subtitle": 26.0}
LINE = 15.75
"""Points of a row, and of a line in a row of several: not every spreadsheet finds the height of wrapped text itself."""
A4 = 9
WIDER = 1.2
"""Widths are of the narrower font that a new workbook has."""
LONGEST_FOOTER = 240
GOOD, BAD = (
    {"bg_color": "#D5EBD5", "font_color": "#1B4D1B"},
    {"bg_color": "#B00020", "font_color": "#FFFFFF", "bold": True},
)


@dataclass
class Book:
    """A workbook of xlsxwriter with what is written into it."""

    file: Any
    report: Report
    layouts: dict[str, Layout]
    checks: list[Check]
    looks: dict[tuple[tuple[str, object], ...], Any] = field(default_factory=dict)
    widths: dict[str, Sequence[float]] = field(default_factory=dict)
    heights: dict[tuple[str, int], float] = field(default_factory=dict)

    def look(self, style: str = "plain", **more: Any) -> Any:
        """A format; the same one for the same properties."""
        properties = FONT | STYLES[style] | more
        key = tuple(sorted(properties.items()))
        if key not in self.looks:
            self.looks[key] = self.file.add_format(properties)
        return self.looks[key]

    def put(self, sheet: Any, row: int, column: int, text: str, style: str = "plain", **more: Any) -> None:
        """Text as text, marked so that it stays text when somebody edits the cell."""
        if text.lstrip().startswith(FORMULA) or text.startswith(FORMULA):
            more["quote_prefix"] = True
        sheet.write_string(row, column, text, self.look(style, **more))
        wrapped = more.get("text_wrap") or STYLES[style].get("text_wrap")
        self._tall(sheet, row, HEIGHTS.get(style, LINE * (self._lines(sheet, column, text) if wrapped else 1)))

    def _lines(self, sheet: Any, column: int, text: str) -> int:
        """How many lines a text takes in its column."""
        room = max(int(self.widths[sheet.get_name()][column] * FULL), 1)
        return sum(max(len(textwrap.wrap(part, room)), 1) for part in text.split("\n"))

    def _tall(self, sheet: Any, row: int, points: float) -> None:
        """Make a row at least so high."""
        at = sheet.get_name(), row
        if points > self.heights.get(at, LINE):
            self.heights[at] = points
            sheet.set_row(row, points)

    def link(self, sheet: Any, row: int, column: int, name: str, text: str) -> None:
        """A link to the top of another sheet."""
        sheet.write_url(row, column, f"internal:'{name}'!A1", self.look("link"), text)

    def sheet(self, name: str, widths: Sequence[float]) -> Any:
        """A new sheet of A4 pages on their side, as wide as one, with provenance at the foot of each."""
        sheet = self.file.add_worksheet(name)
        self.widths[name] = widths
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width * WIDER)
        sheet.hide_gridlines(2)
        sheet.set_paper(A4)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.set_margins(left=0.5, right=0.5, top=0.6, bottom=0.8)
        sheet.set_footer(self.footer())
        return sheet

    def footer(self) -> str:
        """What stands below each page: title and status, page, study with date."""
        told = (self.report.title, "" if not self.report.internal else " - INTERNAL")
        made = ", ".join(filter(None, (self.made("reported on", "scenarios"), self.day, self.made("code")[:19])))
        room = (LONGEST_FOOTER - 40) // 2
        left, right = (_escaped(text, room) for text in ("".join(told), made))
        return f"&L&8 {left}&C&8 Page &P of &N&R&8 {right}"

    def made(self, *names: str) -> str:
        """What the report says of how it was made under the first of these names that it has, "" under none."""
        told = {name.casefold(): text for name, text in self.report.made.items()}
        return next((told[name] for name in names if name in told), "")

    @property
    def day(self) -> str:
        """When it was made, as "2026-11-26"."""
        return self.made("simulated", "date")[:10]

    def table(self, sheet: Any, top: int, headers: Sequence[str], rows: int, name: str, left: Container[int]) -> None:
        """Headings and the range below them as a named table; the caller writes cells. ``left``: columns of text."""
        columns = []
        for k, header in enumerate(distinct(h or "Row" for h in headers)):
            more: dict[str, Any] = {"align": "left", "indent": int(k > 0)} if k in left else {"align": "right"}
            if header.startswith(FORMULA):
                more["quote_prefix"] = True
            self._tall(sheet, top, LINE * self._lines(sheet, k, header))
            columns.append({"header": header, "header_format": self.look("heading", **more)})
        options = {"name": name, "style": None, "autofilter": False, "columns": columns}
        sheet.add_table(top, 0, top + max(rows, 1), len(columns) - 1, options)
        sheet.repeat_rows(top)

    def traffic(self, sheet: Any, cells: tuple[int, int, int, int], good: str) -> None:
        """Cells that are green where their text begins so, and red where it does not."""
        for criteria, look in (("begins with", GOOD), ("not containing", BAD)):
            sheet.conditional_format(
                *cells, {"type": "text", "criteria": criteria, "value": good, "format": self.file.add_format(look)}
            )

    def describe(self) -> None:
        """The document's properties."""
        made = self.report.made
        told = {
            "title": self.report.title,
            "subject": status(self.report.internal),
            "author": "cohort",
            "keywords": "SEND, EHC plans, High Needs, DSG",
            "comments": "; ".join(f"{k}: {v}" for k, v in made.items())[:1000],
        }
        created = _day(self.day)
        self.file.set_properties(told | ({"created": created} if created else {}))


def _escaped(text: str, room: int) -> str:
    """Text in which the header's codes mean nothing, cut to its room."""
    return (text if len(text) <= room else f"{text[: room - 3]}...").replace("&", "&&")


def _day(text: str) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time())
    except ValueError:
        return None
