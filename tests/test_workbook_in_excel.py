"""What can be said of a workbook without Excel: its parts are whole, and nothing in it is refused or repaired.

Excel opens a damaged file with "We found a problem with some content": a table whose heading is not its column's name,
a name that is no name, a reference to a sheet that is not there. Each is looked for in the file itself.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree as ET

import openpyxl
import pytest
from openpyxl.utils import range_boundaries

from cohort.report import workbook
from tests import reports, small_report

EXCEL_2016 = {"ABS", "AND", "COUNTIF", "IF", "ISNUMBER", "ROUND", "SUM", "SUMPRODUCT"}
"""Functions that formulas may use: each is older than 2016, and known to Excel, LibreOffice and Google by this name."""
NAME = re.compile(r"[A-Za-z_\\][A-Za-z0-9_.\\]{0,254}")
CELL = re.compile(r"\$?[A-Za-z]{1,3}\$?[0-9]{1,7}|[Rr][0-9]*[Cc][0-9]*")
"""What no name may look like."""
FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
ERRORS = {"#REF!", "#NAME?", "#VALUE!", "#DIV/0!", "#N/A", "#NUM!", "#NULL!"}


@pytest.fixture(scope="module", params=["every kind of row", "a whole study"])
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook of small tables with nasty names, and one of a study with every table."""
    report = reports.report() if request.param == "every kind of row" else small_report.report()
    return workbook.write(report, tmp_path_factory.mktemp("excel") / "workbook.xlsx")


def parts(path: Path) -> dict[str, ET.Element]:
    """Every XML part of a workbook, parsed."""
    with zipfile.ZipFile(path) as file:
        assert file.testzip() is None
        return {n: ET.fromstring(file.read(n)) for n in file.namelist() if n.endswith((".xml", ".rels"))}


def formulas(path: Path) -> Iterator[tuple[str, str, str, str | None]]:
    """(part, cell, formula, value beside it) of every formula."""
    for name, root in parts(path).items():
        for cell in root.iter(f"{MAIN}c"):
            if (formula := cell.find(f"{MAIN}f")) is not None:
                yield name, cell.get("r", ""), formula.text or "", cell.findtext(f"{MAIN}v")


def test_every_part_is_xml_that_is_listed_and_every_relation_leads_to_a_part(written: Path) -> None:
    found = parts(written)
    types = found["[Content_Types].xml"]
    listed = {str(e.get("PartName")).lstrip("/") for e in types if e.get("PartName")}
    assert listed <= set(found)
    for name, root in found.items():
        if name.endswith(".rels"):
            home = PurePosixPath(name).parent.parent
            for relation in root.iter(RELATION):
                if relation.get("TargetMode") != "External":
                    target = str(relation.get("Target"))
                    steps = list(home.parts) if not target.startswith("/") else []
                    for step in PurePosixPath(target.lstrip("/")).parts:
                        steps = steps[:-1] if step == ".." else [*steps, step]
                    assert "/".join(steps) in found, (name, target)
                else:
                    pytest.fail(f"{name}: {relation.get('Target')} is outside the file")


def test_every_formula_has_its_value_beside_it_so_that_a_viewer_shows_it(written: Path) -> None:
    found = list(formulas(written))
    assert len(found) > 20
    for part, cell, formula, value in found:
        assert value not in {None, ""}, (part, cell, formula)
        assert value not in ERRORS, (part, cell, formula)


def test_formulas_use_functions_and_references_that_excel_2016_knows(written: Path) -> None:
    sheets = {name.casefold() for name in openpyxl.load_workbook(written, read_only=True).sheetnames}
    for part, cell, formula, _ in formulas(written):
        bare = re.sub(r'"[^"]*"', '""', formula)
        named = re.findall(r"'((?:[^']|'')*)'!", bare) + re.findall(r"(?<![A-Za-z0-9_'])([A-Za-z]\w*)!", bare)
        assert {n.replace("''", "'").casefold() for n in named} <= sheets, (part, cell, formula)
        bare = re.sub(r"'(?:[^']|'')*'!", "", bare)
        assert set(re.findall(r"([A-Za-z_.][\w.]*)\(", bare)) <= EXCEL_2016, (part, cell, formula)
        assert not re.search(r"[;{}\[\]@#]|_xl|\.\$?[A-Z]+\$?\d|\$?[A-Z]+\$?\d+\.", bare), (part, cell, formula)
        assert len(formula) <= 8192
        assert bare.count("(") == bare.count(")")


def test_names_of_sheets_and_ranges_are_lawful_and_lead_somewhere(written: Path) -> None:
    book = openpyxl.load_workbook(written)
    names = book.sheetnames
    assert len({n.casefold() for n in names}) == len(names)
    for name in names:
        assert 0 < len(name) <= 31
        assert not FORBIDDEN.search(name)
        assert not name.startswith("'")
        assert not name.endswith("'")
    defined = {**book.defined_names, **{f"{s.title}!{n}": d for s in book for n, d in s.defined_names.items()}}
    for key, one in defined.items():
        name = key.rpartition("!")[2].removeprefix("_xlnm.")
        assert NAME.fullmatch(name), key
        assert not CELL.fullmatch(name), key
        for sheet, _ in one.destinations:
            assert sheet in names, key


def test_each_table_has_a_name_of_its_own_and_its_headings_are_its_columns(written: Path) -> None:
    """Excel repairs, and then drops, a table whose columns are not called what the cells over them say."""
    book, seen = openpyxl.load_workbook(written), set[str]()
    for sheet in book:
        assert not sheet.merged_cells.ranges
        ranges = []
        for table in sheet.tables.values():
            assert NAME.fullmatch(table.displayName)
            assert not CELL.fullmatch(table.displayName)
            assert table.displayName.casefold() not in seen
            seen.add(table.displayName.casefold())
            left, top, right, bottom = range_boundaries(table.ref)
            assert bottom > top, "a table has a row at least"
            heads = [sheet.cell(top, k).value for k in range(left, right + 1)]
            assert heads == [column.name for column in table.tableColumns]
            assert all(isinstance(head, str) and 0 < len(head) <= 255 for head in heads)
            assert len({head.casefold() for head in heads}) == len(heads)
            ranges.append((left, top, right, bottom))
        assert len(ranges) <= 1, "one table a sheet"


def test_links_lead_to_sheets_that_are_there_and_texts_fit_a_cell(written: Path) -> None:
    book = openpyxl.load_workbook(written)
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    assert len(cell.value) <= 32_767
                    assert not re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", cell.value)
                if cell.hyperlink is not None:
                    target = str(cell.hyperlink.location).rpartition("!")[0].strip("'")
                    assert target in book.sheetnames, (sheet.title, cell.coordinate, target)
        assert sheet.page_setup.paperSize == 9, "A4"
        assert sheet.page_setup.fitToWidth in {None, 1}
        assert sheet.sheet_properties.pageSetUpPr.fitToPage
        assert sheet.oddFooter.left.text
        assert sheet.oddFooter.right.text, "where it comes from"
