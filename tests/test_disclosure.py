"""What is published tells no small count: by exact elimination over every sum that a reader can know."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort.report import disclosure
from cohort.report.csvs import text
from cohort.report.display import equations
from cohort.report.retold import retold
from cohort.report.suppression import kept_back, told
from cohort.report.table import Chart, Report, Row, Table
from tests import reports

Equation = dict[tuple[int, int, int], int]


def cross(key: str, cells: list[list[float]], down: list[str], across: list[str], **more: object) -> Table:
    """A table with totals down and across."""
    full = [[*row, sum(row)] for row in cells]
    rows = [Row(name, tuple(row)) for name, row in zip(down, full, strict=True)]
    total = tuple(sum(column) for column in zip(*full, strict=True))
    rows.append(Row("All plans", total, "total", sums=tuple((i, 1) for i in range(len(rows)))))
    return Table(
        key, key, "It is so.", (*across, "All"), tuple(rows), "children", "", whole="All", suppress=True, **more
    )


def recovered(before: Report, after: Report, extra: list[Equation] | None = None) -> set[tuple[int, int, int]]:
    """The kept-back cells that follow exactly from those shown: Gauss's elimination in fractions."""
    hidden = [
        (t, i, k)
        for t, table in enumerate(after.tables)
        for i, row in enumerate(table.rows)
        for k, cell in enumerate(row.cells)
        if cell == "[c]"
    ]
    at = {spot: n for n, spot in enumerate(hidden)}
    rows = [
        [Fraction(one.get(spot, 0)) for spot in hidden]
        for one in (*_equations(before), *(extra or []))
        if set(one) & set(at)
    ]
    pivots = 0
    for column in range(len(hidden)):
        found = next((r for r in range(pivots, len(rows)) if rows[r][column]), None)
        if found is None:
            continue
        rows[pivots], rows[found] = rows[found], rows[pivots]
        rows[pivots] = [x / rows[pivots][column] for x in rows[pivots]]
        for r in range(len(rows)):
            if r != pivots and rows[r][column]:
                factor = rows[r][column]
                rows[r] = [x - factor * y for x, y in zip(rows[r], rows[pivots], strict=True)]
        pivots += 1
    return {hidden[next(c for c, x in enumerate(row) if x)] for row in rows if sum(1 for x in row if x) == 1}


def _equations(report: Report) -> Iterator[Equation]:
    for t, table in enumerate(report.tables):
        for (i, k), parts in equations(table):
            yield {(t, i, k): -1} | {(t, r, c): sign for (r, c), sign in parts}


def marks(report: Report) -> int:
    """How many cells are kept back."""
    return sum(row.cells.count("[c]") for table in report.tables for row in table.rows)


NAMES = ["Mainstream", "Special", "Independent", "Tuition", "College"]
COUNTS = st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=5)


@settings(max_examples=40)
@given(COUNTS)
def test_no_small_count_of_a_table_is_shown_or_can_be_worked_out(cells: list[list[int]]) -> None:
    before = reports.report(cross("t", cells, NAMES[: len(cells)], ["a", "b", "c"]))
    after = disclosure.published(before)
    for was, now in zip(before.tables[0].rows, after.tables[0].rows, strict=True):
        for one, other in zip(was.cells, now.cells, strict=True):
            assert (other == "[c]") or not 0 < one < 6
            assert other == "[c]" or other % 5 == 0
            assert other == "[c]" or abs(other - one) < 5
    assert not recovered(before, after)
    assert not list(after.tables[0].broken())


@settings(max_examples=20)
@given(st.lists(st.lists(st.integers(0, 20), min_size=6, max_size=6), min_size=2, max_size=4))
def test_nor_from_tables_that_share_totals(cells: list[list[int]]) -> None:
    """Placement by age and need; placement by age; need by age: every margin is shown, none tells a cell."""
    places, ages, needs = NAMES[: len(cells)], ["5-10", "11-15"], ["autism", "speech", "sight"]
    cube = {
        (p, n, a): cells[i][3 * k + j] for (i, p), (k, a), (j, n) in product(*map(enumerate, (places, ages, needs)))
    }
    fine = cross("fine", [[cube[p, n, a] for a in ages] for p in places for n in needs],
                 [f"{p}: {n}" for p in places for n in needs], ages)  # fmt: skip
    by_place = cross("by_place", [[sum(cube[p, n, a] for n in needs) for a in ages] for p in places], places, ages)
    by_need = cross("by_need", [[sum(cube[p, n, a] for p in places) for a in ages] for n in needs], needs, ages)
    before = reports.report(fine, by_need, replace(by_place))
    after = disclosure.published(before)
    extra: list[Equation] = []
    for k in range(3):
        for i, p in enumerate(places):
            del p
            extra.append({(2, i, k): -1} | {(0, len(needs) * i + j, k): 1 for j in range(len(needs))})
        extra += [
            {(1, j, k): -1} | {(0, len(needs) * i + j, k): 1 for i in range(len(places))} for j in range(len(needs))
        ]
        extra += [
            {(t, len(before.tables[t].rows) - 1, k): 1, (0, len(before.tables[0].rows) - 1, k): -1} for t in (1, 2)
        ]
    assert not recovered(before, after, extra)


def test_a_total_given_in_another_table_does_not_tell() -> None:
    """One cell of a table is small; its row stands in another table too, so two cells there are kept back as well."""
    one = cross("one", [[3, 40, 50], [60, 70, 80], [90, 95, 99]], NAMES[:3], ["a", "b", "c"])
    rows = (Row("Mainstream", (93.0,)), Row("Special", (210.0,)), Row("Independent", (284.0,)))
    after = disclosure.published(reports.report(one, Table("two", "", "", ("x",), rows, "children", "")))
    assert marks(after) == 4
    assert [row.cells[3] for row in after.tables[0].rows] == [row.cells[0] for row in after.tables[1].rows] + [
        after.tables[0].rows[3].cells[3]
    ]


def test_groups_that_are_sums_of_another_table_s_rows_do_not_tell() -> None:
    columns, parts = ("Jan 2025", "Jan 2026", "Jan 2027"), [(4, 3, 5), (812, 790, 777), (91, 95, 99), (301, 310, 322)]
    table = Table("by_placement", "", "", columns, (
        *(Row(name, cells) for name, cells in zip(NAMES, parts, strict=False)),
        Row("All", tuple(map(sum, zip(*parts, strict=True))), "total", sums=tuple((i, 1) for i in range(4))),
    ), "children", "")  # fmt: skip
    groups = [tuple(map(sum, zip(*some, strict=True))) for some in (parts[:2], parts[2:])]
    grouped = Table(
        "by_group", "", "", columns, (Row("In school", groups[0]), Row("Elsewhere", groups[1])), "children", ""
    )
    before = reports.report(grouped, table)
    after = disclosure.published(before)
    extra = [{(0, g, k): -1, (1, 2 * g, k): 1, (1, 2 * g + 1, k): 1} for g in range(2) for k in range(3)]
    assert all(row.cells[0] == "[c]" for row in after.tables[1].rows[:1])
    assert not recovered(before, after, extra)


def test_money_shares_and_ranges_of_small_counts_are_kept_back_with_them() -> None:
    after = disclosure.published(reports.report(reports.plans()))
    rows = {row.label: row.cells for row in after.tables[0].rows}
    assert rows["Tuition"] == ("[c]", 0, "[c]")
    assert rows["Tuition, share"] == ("[c]", 0.0, "[c]")
    assert rows["Tuition, spend"] == ("[c]", 0, "[c]")
    assert rows["Independent"][2] == "[c]"
    assert rows["All plans"] == (9605, 9800, 8205)

    lines = (
        Row("Tuition", (), "heading"),
        Row("Children (full-year)", (3.5, 20.0), unit="children"),
        Row("Average cost, £ a year", (21_000.0, 20_500.0), unit="number"),
        Row("Spend", (7_350_000, 41_000_000)),
        Row("  5%", (1_000_000, 40_000_000), "range"),
        Row("Colleges", (), "heading"),
        Row("Children (full-year)", (300.0, 310.0), unit="children"),
        Row("Spend", (735_000_000, 741_000_000)),
        Row("Services", (), "heading"),
        Row("Spend", (135_000_000, 141_000_000)),
    )
    total = Row("Total", tuple(lines[3].cells[k] + lines[7].cells[k] + lines[9].cells[k] for k in range(2)), "total",
                sums=((3, 1), (7, 1), (9, 1)))  # fmt: skip
    before = reports.report(Table("volumes", "", "", ("2024-25", "2025-26"), (*lines, total), "pence", ""))
    after = disclosure.published(before)
    cells = [row.cells[0] for row in after.tables[0].rows if row.cells]
    assert cells[:4] == ["[c]", "[c]", "[c]", "[c]"]
    assert after.tables[0].rows[10].cells == total.cells
    assert not recovered(before, after)
    assert "[c]" not in [row.cells[1] for row in after.tables[0].rows if row.cells]


def test_published_figures_stay_and_differences_from_them_do_not_tell() -> None:
    rows = (
        Row("Tuition", (4.0, 42.0)),
        Row("  published", (9.0, 41.0), "published"),
        Row("  difference", (-5.0, 1.0), "difference", sums=((0, 1), (1, -1))),
    )
    after = disclosure.published(reports.report(Table("t", "", "", ("a", "b"), rows, "children", "")))
    assert [row.cells for row in after.tables[0].rows] == [("[c]", 40), (9.0, 41.0), ("[c]", -1.0)]
    assert not list(after.tables[0].broken())


def test_words_findings_and_charts_do_not_tell_either() -> None:
    rows = (
        Row("Tuition", (4.0,)),
        Row("Special", (1212.0,)),
        Row("All plans", (1216.0,), "total", sums=((0, 1), (1, 1))),
        Row("in words", ("1,216",), unit="text"),
        Row("as published", ("1,216",), "published", "text"),
    )
    said = "Tuition has 4 children of 1,216, up 4% since 2024; £1,216 each, in 2024-25 and 1,216 million."
    table = Table("t", "T", said, ("a",), rows, "children", "", notes=("Special holds 1,212 plans.",), suppress=True)
    chart = Chart("c", "1,216", "", {}, "t", "")
    other = Chart("d", "1,216", "1,212", {}, "other", "")
    before = replace(reports.report(table), words={"summary": (said,)}, charts=(chart, other))
    after = disclosure.published(before)
    clean = "Tuition has under 6 children of 1,215, up 4% since 2024; £1,216 each, in 2024-25 and 1,216 million."
    assert after.tables[0].finding == clean
    assert [row.cells[0] for row in after.tables[0].rows[2:]] == [1215, "1,215", "1,216"]
    assert after.words == {"summary": (clean,)}
    assert after.tables[0].notes[0] == "Special holds a number that is kept back plans."
    assert [c.title for c in after.charts] == ["1,215"]


def test_a_number_of_something_else_is_left_in_a_sentence() -> None:
    every, here = {"250": "a number that is kept back", "1,212": "1,210", "4": "under 6"}, {"238": "240"}
    text = "250 places of 1,212, 238 waiting; 4 terms, 4 more children; 238%, 2,250.5, 1-4 of 250 plans."
    assert retold(text, every, here) == (
        "250 places of 1,210, 240 waiting; 4 terms, under 6 more children; 238%, 2,250.5, 1-4 of "
        "a number that is kept back plans."
    )


def test_a_number_that_is_not_rounded_elsewhere_is_not_rounded_in_a_sentence() -> None:
    """6,784 are places in one row and children in another: a sentence keeps it, but a small count goes all the same."""
    rows = (Row("Places", (6784,), unit="places"), Row("spare", (4,), unit="places"), Row("Children", (6784,)),
            Row("few", (4,)), Row("Waiting", (1238,)), Row("cited", ("SEN2 plans 1,238",), unit="text"))  # fmt: skip
    said = "6,784 children in 6,784 places, 4 children over, 1,238 waiting; SEN4 plans."
    after = disclosure.published(reports.report(Table("t", "T", said, ("a",), rows, "children", "")))
    assert (
        after.tables[0].finding == "6,784 children in 6,784 places, under 6 children over, 1,240 waiting; SEN4 plans."
    )
    assert [row.cells[0] for row in after.tables[0].rows] == [6784, 4, 6785, "[c]", 1240, "SEN2 plans 1,238"]


def test_it_is_marked_published_and_done_once() -> None:
    after = disclosure.published(reports.report())
    assert not after.internal
    assert after.made["Disclosure"] == disclosure.KEPT
    assert disclosure.published(after) is after
    assert "[c]" in text(after.tables[1])
    assert after.tables[0].rows[1:] == reports.spend().rows[1:]


def test_shares_and_counts_still_add_up_or_say_that_they_do_not() -> None:
    after = disclosure.published(reports.report(reports.plans(), reports.spend(), reports.deficit()))
    assert [line for table in after.tables for line in table.broken()] == []


@pytest.mark.parametrize(("hidden", "found"), [({0}, {0}), ({0, 1}, set()), ({0, 3}, {0, 3})])
def test_told_is_what_follows_from_the_sums(hidden: set[int], found: set[int]) -> None:
    """3 is the sum of 0, 1 and 2, and 4 of 3 and 2."""
    sums = [(3, ((0, 1), (1, 1), (2, 1))), (4, ((3, 1), (2, 1)))]
    assert told(sums, hidden) == found


def test_the_cheapest_cells_are_kept_back() -> None:
    import numpy as np

    sums = [(3, ((0, 1), (1, 1), (2, 1)))]
    assert kept_back({0}, sums, np.array([1.0, 9.0, 2.0, 20.0])) == {0, 2}
    assert kept_back({0}, sums, np.array([1.0, 9.0, 2.0, 20.0]), shown={2, 3}) == {0, 1}
    assert kept_back({0}, sums, np.array([1.0, 9.0, 2.0, 20.0]), shown={1, 2, 3}) == {0}
    assert kept_back({0}, sums, np.array([1.0, 9.0, 2.0, 20.0]), follows={2: {1}}) == {0, 1, 2}
