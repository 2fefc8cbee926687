"""The CSVs of a report: exact there and back, inert in a spreadsheet, and only what the report has."""

import csv
import json
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort.report import csvs
from cohort.report.table import Row, Table
from tests import reports


def back(table: Table, content: str) -> list[list[object]]:
    """The cells of a table as read from its file."""
    rows = list(csv.reader(content.splitlines(keepends=True)))
    skip = len(rows[0]) - len(table.columns)
    numbers = [table.unit_of(row) not in {"text", "date"} for _, row in csvs.lines(table)]
    return [
        [None if cell == "" else float(cell) if number else cell for cell in row[skip:]]
        for row, number in zip(rows[1:], numbers, strict=True)
    ]


@pytest.mark.parametrize("table", [reports.spend(), reports.plans(), reports.deficit()], ids=lambda t: t.key)
def test_every_value_comes_back_exactly(table: Table) -> None:
    assert back(table, csvs.text(table)) == [list(row.cells) for _, row in csvs.lines(table)]


@given(
    st.lists(st.one_of(st.integers(-(10**14), 10**14), st.floats(allow_nan=False, allow_infinity=False)), min_size=1)
)
def test_any_number_comes_back_exactly(values: list[float]) -> None:
    table = Table("one", "One", "", tuple(map(str, range(len(values)))), (Row("x", tuple(values)),), "number", "")
    assert back(table, csvs.text(table)) == [values]


def test_pandas_reads_a_file_with_no_argument_and_finds_pence(tmp_path: Path) -> None:
    csvs.write(reports.report(), tmp_path)
    frame = pd.read_csv(tmp_path / "spend.csv")
    assert list(frame.columns) == ["section", "Line", "kind", "unit", *reports.YEARS]
    total = frame[frame.Line == "All spend"].iloc[0]
    assert total["2024-25"] == 20_545_345_687
    assert total.section == "High Needs lines"
    assert (tmp_path / "spend.csv").read_bytes().startswith(b"\xef\xbb\xbfsection,")


def test_the_package_says_what_each_file_is_and_its_sums_hold(tmp_path: Path) -> None:
    csvs.write(reports.report(), tmp_path)
    package = json.loads((tmp_path / "datapackage.json").read_text(encoding="utf-8"))
    assert package["made"]["seed"] == "1"
    one = package["resources"][0]
    assert (tmp_path / one["path"]).stat().st_size == one["bytes"]
    frame = pd.read_csv(tmp_path / one["path"])
    assert list(frame.columns) == [f["name"] for f in one["schema"]["fields"]]
    assert len(one["sums"]) == 1
    for told in one["sums"]:
        parts = sum(frame.loc[p["row"], "2025-26"] * p["times"] for p in told["is"])
        assert parts == frame.loc[told["row"], "2025-26"]


def test_no_cell_of_text_begins_like_a_formula(tmp_path: Path) -> None:
    csvs.write(reports.report(), tmp_path)
    rows = list(csv.reader((tmp_path / "assumptions.csv").open(encoding="utf-8-sig", newline="")))
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'=cmd") for cell in cells)
    assert not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]
    assert 'a "b", c' in cells


def test_a_negative_number_stays_a_number() -> None:
    table = Table("one", "One", "", ("a",), (Row("x", (-5,)),), "pence", "")
    assert csvs.text(table).splitlines()[1] == "x,line,pence,-5"


def test_columns_of_one_name_are_told_apart() -> None:
    assert csvs.distinct(["a", "A", "b", "a", "a (2)"]) == ["a", "A (2)", "b", "a (3)", "a (2) (2)"]


def test_tables_that_are_no_longer_made_go_and_nothing_else(tmp_path: Path) -> None:
    csvs.write(reports.report(), tmp_path)
    (tmp_path / "mine.csv").write_text("1\n")
    csvs.write(reports.report(reports.plans()), tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["datapackage.json", "mine.csv", "plans_by_group.csv"]
