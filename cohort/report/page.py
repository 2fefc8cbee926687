"""The report as a page, and a brief of one page: self-contained HTML that asks nothing of the net and prints to A4."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cohort.report.build import GROUPS
from cohort.report.building import pounds
from cohort.report.csvs import SHORTHAND
from cohort.report.display import Steps, agreed, notes, scale_words, shown
from cohort.report.made import stamp
from cohort.report.reading import called
from cohort.report.svg import drawn
from cohort.report.table import Cell, Chart, Report, Row, Table

if TYPE_CHECKING:
    from jinja2 import Environment

MANY = 7
"""Columns from which on a table is set smaller on paper."""
FEW, SHORT = 16, 20
"""Rows up to which a table, and a part of one under a heading, is kept on one page."""
TALL = 420
"""Pixels from which on a chart may take most of a page."""
BRIEF_CHART = "deficit_fan"
MARKS = {
    True: "Internal: holds small numbers of children. Do not publish.",
    False: "For publication: small numbers of children are hidden, the others rounded to 5.",
}


@dataclass(frozen=True)
class Line:
    """A row as the page shows it."""

    label: str
    kind: str
    indent: bool
    cells: tuple[tuple[str, bool], ...]
    """text, and whether it is words rather than a number"""


@dataclass(frozen=True)
class Block:
    """Rows under one heading, which may be none."""

    heading: str
    lines: tuple[Line, ...]

    @property
    def short(self) -> bool:
        """Whether it is kept on one page."""
        return len(self.lines) <= SHORT


def page(report: Report) -> str:
    """The whole report as HTML. What a chart's title says is not said again by its table."""
    steps = agreed(report.tables)
    parts = [
        {
            "key": group,
            "title": title,
            "words": (told := _told(report, group)),
            "charts": [_chart(c) for c in report.charts if c.group == group],
            "tables": [_table(t, steps[t.key], " ".join((*told, *(c.title for c in report.charts))))
                       for t in report.tables if t.group == group],
        }
        for group, title in GROUPS.items()
    ]  # fmt: skip
    shown_ = [part for part in parts if part["tables"] or part["charts"] or part["words"]]
    return _environment().get_template("report.html.j2").render(**_common(report), parts=shown_)


def _told(report: Report, group: str) -> list[str]:
    """The words of a part, without what a chart or a table of that part says over itself."""
    below = [c.title for c in report.charts if c.group == group] + [
        t.finding for t in report.tables if t.group == group
    ]
    return [words for words in report.words.get(group, ()) if not any(words.rstrip(".") in told for told in below)]


def brief(report: Report) -> str:
    """One A4 page for a councillor: the finding in figures and words, one chart, what is not in it."""
    chart = next((c for c in report.charts if c.key == BRIEF_CHART), None)
    return (
        _environment()
        .get_template("brief.html.j2")
        .render(**_common(report), chart=_chart(chart) if chart else None, figures=_figures(report))
    )


def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("cohort.report", "templates")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def _common(report: Report) -> dict[str, Any]:
    """What every page has."""
    made = {name: text for name, text in report.made.items() if name != "Commands"}
    return {
        "title": report.title,
        "mark": MARKS[report.internal],
        "summary": report.words["summary"],
        "not_in": report.words["not_in"],
        "made": made,
        "commands": report.made["Commands"].splitlines(),
        "stamp": stamp(report.made),
        "digest": report.made["Study"].removeprefix("sha256:")[:12],
    }


def _table(table: Table, steps: Steps, said: str = "") -> dict[str, Any]:
    """A table for the template; its finding only if nothing has ``said`` it."""
    unit = scale_words(table)
    finding = "" if table.finding.rstrip(".") in said else table.finding
    return {
        "key": table.key, "title": table.title, "finding": finding, "unit": unit, "stub": table.stub or "Row",
        "columns": _columns(table), "blocks": _blocks(table, steps), "notes": notes(table), "source": table.source,
        "long": table.long, "small": len(table.columns) >= MANY, "few": len(table.rows) <= FEW,
        "text": any(isinstance(c, str) and len(c) > 30 for row in table.rows for c in row.cells),
    }  # fmt: skip


def _blocks(table: Table, steps: Steps) -> list[Block]:
    """The rows cut at their headings."""
    out: list[tuple[str, list[Line]]] = []
    for row, cells in zip(table.rows, shown(table, steps), strict=True):
        if row.kind == "heading":
            out.append((row.label, []))
        else:
            if not out:
                out.append(("", []))
            out[-1][1].append(_line(row, cells))
    return [Block(heading, tuple(lines)) for heading, lines in out]


def _line(row: Row, cells: list[str]) -> Line:
    words = tuple((text, _is_words(cell)) for text, cell in zip(cells, row.cells, strict=True))
    return Line(row.label.strip(), row.kind, row.label.startswith(" "), words)


def _is_words(cell: Cell) -> bool:
    """Whether a cell is read rather than compared: "yes", but not "+0.4%" or "[c]"."""
    return isinstance(cell, str) and cell not in SHORTHAND and any(letter.isalpha() for letter in cell)


def _columns(table: Table) -> list[tuple[str, bool]]:
    """Each heading, and whether it stands over words."""
    cells = [row.cells for row in table.rows if row.kind != "heading"]
    return [(name, any(_is_words(row[k]) for row in cells)) for k, name in enumerate(table.columns)]


def _chart(chart: Chart) -> dict[str, Any]:
    """A chart for the template, drawn twice: for wide and for narrow pages."""
    from markupsafe import Markup

    wide, narrow = (Markup(drawn(chart, which)) for which in (False, True))
    return {"key": chart.key, "title": chart.title, "alternative": chart.alternative, "wide": wide, "narrow": narrow,
            "table": chart.table, "source": chart.source, "tall": int(str(chart.spec["height"])) > TALL}  # fmt: skip


def _short(pence: float) -> str:
    """An amount for a headline: "£455m"."""
    return pounds(pence).replace(" million", "m")


def _figures(report: Report) -> list[tuple[str, str, str]]:
    """Three figures for the head of the brief: what, how much, beside what."""
    tables: Mapping[str, Table] = {table.key: table for table in report.tables}
    year = tables["safety_valve"].columns[-1]
    other, _, base = report.made["Reported on"].partition(", beside ")
    wanted = (
        ("spend", f"{other}.spend", "published.spend", f"Spend in {year}"),
        ("safety_valve", f"{other}.closing", "published.closing", f"Deficit, 31 March 20{year[-2:]}"),
        ("savings", "part_year", "", f"Saved in {year}"),
    )
    found = []
    for key, row, beside, label in wanted:
        table = tables.get(key)
        value = table.number(row, year) if table else None
        told = table.number(beside, year) if table and beside else None
        if value is not None:
            below = f"council's plan {_short(told)}" if told is not None else f"against {called(base)}"
            found.append((label, _short(value), below))
    return found
