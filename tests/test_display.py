"""Tables as the page prints them: rounded as councils print, and what adds up still does."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cohort.report import display
from cohort.report.table import Row, Table
from cohort.rounding import adding_up, nearest, together

PENCE = st.integers(-(10**12), 10**12)


def table(rows: list[Row], columns: int = 1, unit: str = "pence") -> Table:
    """A table of nothing but its rows."""
    heads = tuple(f"20{k + 20}-{k + 21}" for k in range(columns))
    return Table("spend", "Spend", "It rises.", heads, tuple(rows), unit, "the study's table spend")


def steps(text: str) -> int:
    """What a printed amount is in its last digits."""
    return int(text.replace(",", "").replace(".", "").replace("£", "").replace("%", "").replace("+", "") or 0)


def test_rounded_parts_sum_to_the_rounded_whole() -> None:
    assert adding_up([1.4, 1.4, 1.4]) == [2, 1, 1]
    assert adding_up([0.05, 0.05, 0.9], 1) == [0.1, 0.0, 0.9]
    assert adding_up([]) == []
    assert sum(adding_up([162.96, 83.04, 75.33, 24.18, 47.77], 1)) == pytest.approx(393.3)


def test_money_is_printed_in_millions_with_one_decimal_and_few_pounds_in_pounds() -> None:
    rows = [Row("High Needs spend", (39_327_000_000,)), Row("a place", (6_123_450,)), Row("left", (-16_000_000_000,))]
    assert display.shown(table(rows)) == [["393.3"], ["£61,235"], ["-160.0"]]
    assert display.scale_words(table(rows)) == "GBP million; pounds (marked £)"


def test_every_unit_is_printed_as_people_write_it() -> None:
    rows = [
        Row("Plans", (19407.4,), unit="children"),
        Row("  change", (12.0,), kind="difference", unit="children"),
        Row("within 20 weeks", (0.6349,), unit="share"),
        Row("Title", (), kind="heading"),
        Row("decided", ("2026-04-01",), unit="date"),
        Row("opens", ("2026-09",), unit="date"),
        Row("kind", ("agreed",), unit="text"),
        Row("not known", (None,)),
        Row("kept back", ("[c]",)),
        Row("ratio", (1.257,), unit="number"),
    ]
    assert [r[0] for r in display.shown(table(rows))] == [
        "19,407", "+12", "63.5%", "", "1 April 2026", "September 2026", "agreed", "", "[c]", "1.26",
    ]  # fmt: skip


def test_a_percentile_is_on_the_scale_of_its_row() -> None:
    rows = [Row("saved", (90_000_000,)), Row("  5%", (9_000_000,), kind="range")]
    assert display.shown(table(rows)) == [["0.9"], ["0.1"]]


def test_a_figure_that_stands_twice_is_shown_the_same_twice() -> None:
    """Opening 0.04, in-year 0.04, closing 0.08; next year opening 0.08, in-year 0.08, closing 0.16: in millions."""
    million = 100_000_000
    rows = [
        Row("opening", (million * 104 // 100, million * 108 // 100)),
        Row("in year", (million * 4 // 100, million * 8 // 100)),
        Row("closing", (million * 108 // 100, million * 116 // 100), "total", sums=((0, 1), (1, 1))),
    ]
    printed = display.shown(table(rows, 2))
    assert printed[2][0] == printed[0][1]
    for k in range(2):
        assert steps(printed[0][k]) + steps(printed[1][k]) == steps(printed[2][k])


@st.composite
def nested(draw: st.DrawFn) -> Table:
    """A table whose rows are a tree of sums and differences, every inner row the sum of its parts, in any order."""
    columns = draw(st.integers(1, 3))
    rows: list[Row] = []
    loose: list[int] = []
    for _ in range(draw(st.integers(1, 10))):
        rows.append(Row(f"line {len(rows)}", tuple(draw(PENCE) for _ in range(columns))))
        loose.append(len(rows) - 1)
        if len(loose) > 1 and draw(st.booleans()):
            taken = loose[-draw(st.integers(2, len(loose))) :]
            loose = loose[: -len(taken)]
            sums = tuple((i, draw(st.sampled_from((1, 1, -1)))) for i in taken)
            cells = tuple(sum(sign * rows[i].cells[k] for i, sign in sums) for k in range(columns))
            rows.append(Row(f"sum {len(rows)}", cells, "total", sums=sums))
            loose.append(len(rows) - 1)
    return table(rows, columns)


@given(nested())
def test_what_is_shown_adds_up_and_is_within_one_step_of_the_value(made: Table) -> None:
    printed = display.shown(made)
    assert display.notes(made) == ()
    for i, (row, scale) in enumerate(zip(made.rows, display.scales(made), strict=True)):
        assert scale is not None
        for k, cell in enumerate(row.cells):
            assert abs(steps(printed[i][k]) - cell / scale.step) < 1 + 1e-6
            if row.sums:
                assert steps(printed[i][k]) == sum(sign * steps(printed[p][k]) for p, sign in row.sums)


@given(st.lists(st.lists(st.floats(0, 1e4), min_size=3, max_size=3), min_size=1, max_size=6))
def test_a_table_that_sums_both_ways_is_shown_so(cells: list[list[float]]) -> None:
    cells = [[*row, sum(row)] for row in cells]
    rows = [Row(f"line {i}", tuple(row)) for i, row in enumerate(cells)]
    total = tuple(map(sum, zip(*cells, strict=True)))
    rows.append(Row("all", total, "total", sums=tuple((i, 1) for i in range(len(cells)))))
    made = Table("two", "Two", "", ("a", "b", "c", "every"), tuple(rows), "children", "", whole="every")
    printed = [[steps(text) for text in row] for row in display.shown(made)]
    assert display.notes(made) == ()
    assert all(sum(row[:3]) == row[3] for row in printed)
    assert all(sum(column[:-1]) == column[-1] for column in zip(*printed, strict=True))


@example([1.125, 1.125, 1.125, 1.15625])
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=8))
def test_the_total_itself_is_rounded_to_the_nearest(values: list[float]) -> None:
    exact = np.array([*values, sum(values)])
    rounded, failed = together(exact, [(len(values), tuple((i, 1) for i in range(len(values))))])
    assert not failed.any()
    assert rounded[-1] == sum(rounded[:-1])
    assert abs(rounded[-1] - exact[-1]) <= 0.5 + 1e-6


def test_sums_that_no_rounding_keeps_are_said() -> None:
    """Of three halves every two sum to one: whichever way they are rounded, one pair does not."""
    half = 5_000_000
    rows = [Row(name, (half,)) for name in "abc"]
    pairs = [(0, 1), (1, 2), (0, 2)]
    rows += [Row(f"sum of {x} and {y}", (2 * half,), "total", sums=((x, 1), (y, 1))) for x, y in pairs]
    rows.append(Row("apart", (5_000_000_000,)))
    big = [Row(r.label, (r.cells[0] * 7,), r.kind, sums=r.sums) for r in rows]
    assert "sum of 0 and 1" in display.notes(table(big))[0]
    assert display.shown(table(big))[0] == ["0.4"]


@pytest.mark.parametrize(("value", "near"), [(0.5, 1), (-0.5, -1), (1.5, 2), (2.5, 3), (-0.2, 0), (0.4999999999999, 1)])
def test_halves_go_away_from_nought(value: float, near: int) -> None:
    assert nearest(np.array([value]))[0] == near


def test_what_was_published_in_whole_millions_is_printed_so_and_the_models_figures_are_not() -> None:
    million = 100_000_000
    rows = [
        Row("the council", (106 * million, -7 * million), "published"),
        Row("the model", (106 * million, 12_345_678_901)),
        Row("another publication", (10_650_000_000, 107 * million), "published"),
    ]
    assert display.shown(table(rows, 2)) == [["106", "-7"], ["106.0", "123.5"], ["106.5", "107.0"]]


def test_a_column_of_published_figures_is_printed_as_it_was() -> None:
    rows = [Row("spend", (39_300_000_000, 39_205_000_000)), Row("change", (200_000_000, 2_905_000_000))]
    one = Table("bridge", "B", "B.", ("Council", "Model"), tuple(rows), "pence", "", printed=("Council",))
    assert [r[0] for r in display.shown(one)] == ["393", "2"]
    assert [r[1] for r in display.shown(one)] == ["392.1", "29.1"]


def keyed(key: str, rows: list[Row]) -> Table:
    """A table of one column with a key of its own."""
    return Table(key, key, "", ("2027-28",), tuple(rows), "pence", "")


def test_one_amount_is_printed_the_same_in_every_table_of_a_report() -> None:
    """Alone the second would be shown as 0.2, since 0.1 + 0.1 is; in the first it is 0.1 + 0.2."""
    step = 10_000_000
    one = keyed("one", [Row("a", (1.24 * step,)), Row("b", (1.3 * step,)),
                        Row("total", (2.54 * step,), "total", sums=((0, 1), (1, 1)))])  # fmt: skip
    two = keyed("two", [Row("spend", (2.54 * step,)), Row("grant", (-1.2 * step,)),
                        Row("left", (1.34 * step,), "total", sums=((0, 1), (1, 1)))])  # fmt: skip
    big = keyed("big", [Row("all", (1000 * step,))])
    found = display.agreed([one, two, big])
    assert found["one"][2, 0] == found["two"][0, 0]
    for t in (one, two):
        total = t.rows[2]
        assert found[t.key][2, 0] == sum(sign * found[t.key][other, 0] for other, sign in total.sums)


@given(nested(), nested())
def test_tables_that_are_rounded_together_still_add_up(one: Table, two: Table) -> None:
    tables = [replace(one, key="one"), replace(two, key="two")]
    found = display.agreed(tables)
    for t in tables:
        by_row = display.scales(t)
        for (i, k), parts in display.equations(t):
            if all(by_row[i] == by_row[p] for (p, _), _ in parts):
                assert found[t.key][i, k] == sum(sign * found[t.key][cell] for cell, sign in parts)
