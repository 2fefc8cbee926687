"""The workbook of a report: recalculated it agrees, a broken total turns a check red, nothing in it can be run."""

import re
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from cohort.report import workbook
from cohort.report.excel import checksheet, natives
from cohort.report.excel.layout import Layout, layouts
from cohort.report.table import Report, Row, Same, Table
from tests import reports

OURS = re.compile(r"=[-+*,()<>=&:!.' $\w\"]*")
"""Sums, checks and references: no pipe, no brackets of other files."""
ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry"><item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item></oor:items>"""


def whole_table() -> Table:
    """A table that sums down and across."""
    rows = [Row(f"need {i}", (10.5 + i, 2.25, 12.75 + i)) for i in range(3)]
    total = tuple(sum(row.cells[k] for row in rows) for k in range(3))
    rows.append(Row("All", total, "total", sums=((0, 1), (1, 1), (2, 1))))
    return Table("by_need", "By need", "Up.", ("5-10", "11-15", "All"), tuple(rows), "children", "", whole="All")


@pytest.fixture(scope="module")
def report() -> Report:
    """Tables of every kind, with a figure that the report says stands twice."""
    same = Same("All spend in both", ("spend", 3, 0), ("safety_valve", 1, 0))
    return replace(reports.report(), tables=(*reports.report().tables, whole_table()), same=(same,))


@pytest.fixture(scope="module")
def written(report: Report, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workbook of the report."""
    return workbook.write(report, tmp_path_factory.mktemp("book") / "workbook.xlsx")


def spoilt(written: Path, at: str, key: str, report: Report, value: float) -> Path:
    """The workbook with one cell written over, saved as a spreadsheet would that keeps no values of formulas."""
    book = openpyxl.load_workbook(written)
    book[layouts(report)[key].name][at] = value
    path = written.with_name(f"{key}-{at}.xlsx")
    book.save(path)
    return path


@pytest.fixture(scope="module")
def recalculated(written: Path, report: Report, soffice: str) -> dict[str, Path]:
    """The workbook and two spoilt ones, every formula worked out anew by LibreOffice; and one spoilt as HTML."""
    found = layouts(report)
    spend = found["spend"]
    files = [
        written,
        spoilt(written, spend.cell(3, 1), "spend", report, 1.0),
        spoilt(written, spend.cell(1, 0), "spend", report, 1.0),
    ]
    profile = written.parent / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS, encoding="utf-8")
    out = written.parent / "out"
    office = [soffice, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to"]
    for kind, given in (("xlsx", files), ("html", files[1:2])):
        command = [*office, kind, "--outdir", str(out), *map(str, given)]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
    names = ("right", "total", "part")
    return {n: out / f.name for n, f in zip(names, files, strict=True)} | {"html": out / f"{files[1].stem}.html"}


def values(path: Path) -> Any:
    """A workbook as it shows its values."""
    return openpyxl.load_workbook(path, data_only=True)


def results(path: Path) -> dict[str, str]:
    """What each check of a workbook says."""
    sheet = values(path)[checksheet.SHEET]
    return {
        f"{sheet.cell(r, 3).value}: {sheet.cell(r, 2).value}": sheet.cell(r, 5).value
        for r in range(8, sheet.max_row + 1)
    }


def numbers(layout: Layout) -> Iterator[tuple[str, float]]:
    """(cell, value as the sheet has it) of every number of a table."""
    for i, row in enumerate(layout.table.rows):
        for k, cell in enumerate(row.cells):
            scale = layout.scales[i]
            if isinstance(cell, int | float) and scale is not None:
                yield layout.cell(i, k), cell / scale.step


@pytest.mark.office
def test_recalculated_every_number_is_the_tables_and_every_check_is_ok(
    recalculated: dict[str, Path], report: Report
) -> None:
    book = values(recalculated["right"])
    for layout in layouts(report).values():
        for at, number in numbers(layout):
            assert book[layout.name][at].value == pytest.approx(number, abs=1e-6), (layout.name, at)
    found = results(recalculated["right"])
    assert len(found) > 8
    assert set(found.values()) == {"OK"}
    assert book[checksheet.SHEET]["B5"].value == checksheet.ALL_OK
    assert checksheet.ALL_OK in [cell.value for (cell,) in book["Cover"].iter_rows(max_col=1)]


@pytest.mark.office
def test_a_total_written_over_turns_its_checks_red(recalculated: dict[str, Path]) -> None:
    found = results(recalculated["total"])
    bad = {name for name, result in found.items() if result != "OK"}
    assert "1 Spend: All spend (High Needs lines): the sum of its parts is the model's own figure" in bad
    assert any("Table 1: its figures" in name for name in bad)
    assert any("the same in tables 1 and 3" in name for name in bad)
    assert values(recalculated["total"])[checksheet.SHEET]["B5"].value.startswith("NOT OK: ")
    html = recalculated["html"].read_text(encoding="utf-8", errors="replace")
    assert re.search(r'bgcolor="#B00020"[^>]*>(<[^>]*>|\s)*CHECK', html)


@pytest.mark.office
def test_a_part_written_over_turns_the_total_s_check_red(recalculated: dict[str, Path]) -> None:
    found = results(recalculated["part"])
    assert found["1 Spend: All spend (High Needs lines): the sum of its parts is the model's own figure"] == "CHECK"
    assert found["5 By need: All: the sum of its parts is the model's own figure"] == "OK"


def test_a_report_that_does_not_add_up_says_so_before_anyone_recalculates(tmp_path: Path) -> None:
    table = Table("t", "T", "", ("a",), (Row("x", (1,)), Row("all", (3,), "total", sums=((0, 1),))), "children", "")
    path = workbook.write(reports.report(table), tmp_path / "w.xlsx")
    assert values(path)[checksheet.SHEET]["B5"].value == "NOT OK: 2 of 2 checks"
    assert list(results(path).values()) == ["CHECK", "CHECK"]


def test_every_sum_is_a_formula_and_every_other_cell_is_not(written: Path, report: Report) -> None:
    book = openpyxl.load_workbook(written)
    for layout in layouts(report).values():
        live = {layout.cell(*place) for place in layout.sums}
        for at, _ in numbers(layout):
            assert (book[layout.name][at].data_type == "f") == (at in live)
    spend = layouts(report)["spend"]
    assert book[spend.name][spend.cell(3, 0)].value == f"=SUM({spend.cell(1, 0)}:{spend.cell(2, 0)})"


def test_nothing_that_is_injected_can_run(written: Path) -> None:
    book = openpyxl.load_workbook(written)
    texts = 0
    for sheet in book:
        for cell in (cell for row in sheet.iter_rows() for cell in row if cell.value is not None):
            if cell.data_type == "f":
                assert OURS.fullmatch(cell.value), cell.value
            elif isinstance(cell.value, str) and cell.value.lstrip().startswith(("=", "+", "-", "@")):
                texts += 1
                assert cell.quotePrefix, cell.value
            if cell.hyperlink:
                assert cell.hyperlink.location in {f"'{s.title}'!A1" for s in book}
                assert cell.hyperlink.target is None
    assert texts > 20
    with zipfile.ZipFile(written) as parts:
        assert not [name for name in parts.namelist() if "external" in name.lower() or "vba" in name.lower()]
        assert not [name for name in parts.namelist() if b"<script" in parts.read(name)]


def test_sheets_keep_the_conventions_and_print_on_pages_as_wide_as_one(written: Path, report: Report) -> None:
    book = openpyxl.load_workbook(written)
    assert book.sheetnames[:3] == ["Cover", "Contents", "Charts"]
    assert book.sheetnames[-3:] == ["Notes", "How this was made", "Checks"]
    for sheet in book:
        assert not sheet.merged_cells.ranges
        cover = sheet.title == "Cover"
        assert (sheet.page_setup.orientation, sheet.page_setup.paperSize) == ("landscape", 9)
        high = 1 if cover else 0  # the cover on one page, others as long as they are
        assert (sheet.page_setup.fitToWidth or 1, 1 if (h := sheet.page_setup.fitToHeight) is None else h) == (1, high)
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert "INTERNAL" in sheet.oddFooter.left.text
        assert "baseline, programme, 2026-11-26" in sheet.oddFooter.right.text
    for layout in layouts(report).values():
        sheet = book[layout.name]
        assert list(sheet.tables) == [f"table_{layout.table.key}"]
        assert sheet.print_title_rows == f"${layout.top + 1}:${layout.top + 1}"
        assert sheet.freeze_panes == f"B{layout.top + 2}"
        assert sheet["A3"].value.startswith("INTERNAL")
        last = layout.top + 1 + len(layout.table.rows)
        assert [n.split("]")[0] for _, n in layout.notes] == [
            str(sheet.cell(last + 2 + n, 1).value).split("]")[0] for n in range(len(layout.notes))
        ]
        for row in sheet.iter_rows(min_row=layout.top + 2, max_row=last, min_col=2):
            for cell in row:
                assert (
                    cell.value is not None
                    or layout.table.rows[cell.row - layout.top - 2].kind == "heading"
                    or cell.column == 2
                )
    assert book.properties.title == report.title
    assert "seed: 1" in book.properties.description


def test_the_footer_takes_no_code_from_a_title(tmp_path: Path) -> None:
    """An ampersand starts a code in a footer, and a digit behind a size would be part of it."""
    path = workbook.write(
        replace(reports.report(reports.plans()), title="2026 R&D &P" + "x" * 300), tmp_path / "w.xlsx"
    )
    with zipfile.ZipFile(path) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    footer = re.search("<oddFooter>(.*?)</oddFooter>", sheet)
    assert footer is not None
    assert footer[1].startswith("&amp;L&amp;8 2026 R&amp;&amp;D &amp;&amp;Px")
    assert len(footer[1].replace("&amp;", "&")) <= 255


def test_a_published_report_says_so_everywhere(tmp_path: Path) -> None:
    path = workbook.write(replace(reports.report(), internal=False), tmp_path / "w.xlsx")
    for sheet in openpyxl.load_workbook(path):
        assert "INTERNAL" not in str(sheet.oddFooter.left.text)
        assert not [c.value for row in sheet.iter_rows() for c in row if "INTERNAL" in str(c.value)]


def test_charts_are_drawn_from_the_cells(written: Path, report: Report) -> None:
    drawn = list(natives.drawable(layouts(report)))
    assert [one.wanted.table for one in drawn] == ["spend", "safety_valve", "plans_by_group"]
    with zipfile.ZipFile(written) as parts:
        first = parts.read("xl/charts/chart1.xml").decode()
        assert "<c:f>'1 Spend'!$C$" in first
        assert 'descr="Stacked columns: High Needs spend' in parts.read("xl/drawings/drawing1.xml").decode()


def test_the_same_report_gives_the_same_bytes(written: Path, report: Report, tmp_path: Path) -> None:
    assert workbook.write(report, tmp_path / "again.xlsx").read_bytes() == written.read_bytes()


def test_a_figure_that_is_not_finite_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="table t: row 'x': nan given"):
        Table("t", "T", "", ("a",), (Row("x", (float("nan"),)),), "children", "")
    with pytest.raises(ValueError, match="two tables have the key 'spend'"):
        workbook.write(reports.report(reports.spend(), reports.spend()), tmp_path / "w.xlsx")
    assert not list(tmp_path.iterdir())


def test_sheet_names_are_short_and_each_its_own() -> None:
    tables = [replace(reports.spend(), key=f"dsg_management_plan_of_the_council_{n}") for n in range(12)]
    names = [layout.name for layout in layouts(reports.report(*tables)).values()]
    assert names[0] == "1 DSG management plan of the co"
    assert len(set(names)) == 12
    assert max(map(len, names)) <= 31
