"""Months, three kinds of year, and the school year a child is in: the only place that subtracts years."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import calendar
from cohort.calendar import AGE_GROUPS, NCY_HIGHEST, NCY_LOWEST, NCYS, label, month

MONTHS = st.integers(month("1990-01"), month("2060-12"))
BIRTHS = st.integers(month("1995-01"), month("2035-12"))


def test_a_label_names_a_month_and_back():
    assert label(month("2024-01")) == "2024-01"
    assert month("2024-02") - month("2024-01") == 1
    assert month("2025-01") - month("2024-01") == 12
    assert (calendar.year(month("2024-12")), calendar.month_of_year(month("2024-12"))) == (2024, 12)


@given(MONTHS)
def test_every_month_has_one_label_and_labels_sort_as_months_do(m):
    assert month(label(m)) == m
    assert label(m) < label(m + 1)


@pytest.mark.parametrize(
    "wrong", ["2024", "2024-1", "2024-00", "2024-13", "24-01", "2024-01-01", "January", "", " 2024-01"]
)
def test_what_is_no_month_is_refused_with_an_example(wrong):
    with pytest.raises(ValueError, match="write it like '2024-01'"):
        month(wrong)


@given(MONTHS)
def test_a_financial_year_runs_from_april_to_march(m):
    starts = calendar.financial_year_start(m)
    assert month(f"{starts}-04") <= m <= month(f"{starts + 1}-03")
    assert calendar.financial_year(m) == f"{starts}-{str(starts + 1)[2:]}"


@given(MONTHS)
def test_an_academic_year_runs_from_september_to_august(m):
    starts = calendar.academic_year(m)
    assert month(f"{starts}-09") <= m <= month(f"{starts + 1}-08")


def test_the_years_of_a_few_months_worked_by_hand():
    assert [calendar.financial_year(month(m)) for m in ("2025-03", "2025-04", "2026-03", "1999-12")] == [
        "2024-25", "2025-26", "2025-26", "1999-00",
    ]  # fmt: skip
    assert [calendar.academic_year(month(m)) for m in ("2024-08", "2024-09", "2025-08")] == [2023, 2024, 2024]


@given(MONTHS)
def test_one_month_in_twelve_is_a_census_and_one_a_september(m):
    twelve = range(m, m + 12)
    assert [label(x)[5:] for x in twelve if calendar.is_january(x)] == ["01"]
    assert [label(x)[5:] for x in twelve if calendar.is_september(x)] == ["09"]
    assert calendar.january(calendar.year(m)) in range(m - 11, m + 1)


@given(BIRTHS, MONTHS)
def test_the_school_year_turns_in_september_and_only_then(born, m):
    turned = calendar.ncy(born, m) - calendar.ncy(born, m - 1)
    assert turned == (1 if calendar.is_september(m) else 0)


@given(BIRTHS, MONTHS)
def test_septembers_own_stock_is_not_yet_turned(born, m):
    assert calendar.stock_ncy(born, m) == calendar.ncy(born, m - 1)
    assert calendar.stock_ncy(born, m) == calendar.ncy(born, m) - calendar.is_september(m)


@given(BIRTHS, MONTHS)
def test_the_school_year_is_age_at_31_august_less_4(born, m):
    eve = calendar.academic_year(m) * 12 + 7  # the August before the academic year
    age_at_its_end = (eve - born) // 12  # born in August: the birthday has been by the 31st
    assert calendar.ncy(born, m) == age_at_its_end - 4


def test_school_years_worked_by_hand():
    # Born 31 August 2019 is in Year R in September 2023, a day later a year after.
    assert calendar.ncy(month("2019-08"), month("2023-09")) == 0
    assert calendar.ncy(month("2019-09"), month("2023-09")) == -1
    assert calendar.ncy(month("2019-09"), month("2024-09")) == 0
    assert calendar.ncy(month("2019-09"), month("2024-08")) == -1
    # 16 at the end of Year 11, 25 at the end of NCY 20, and newborn at -5 (or -4 for the August-born, from September).
    assert calendar.ncy(month("2008-03"), month("2024-06")) == 11
    assert calendar.ncy(month("1998-12"), month("2024-08")) == 20
    assert calendar.ncy(month("2024-10"), month("2024-10")) == -5
    assert calendar.ncy(month("2024-08"), month("2024-08")) == -5
    assert calendar.ncy(month("2024-08"), month("2024-09")) == -4


@given(BIRTHS)
def test_a_cohort_is_the_academic_year_of_birth(born):
    cohort = calendar.cohort_of(born)
    assert month(f"{cohort}-09") <= born <= month(f"{cohort + 1}-08")
    assert calendar.ncy_in(cohort, cohort) == NCY_LOWEST


@given(BIRTHS)
def test_a_child_leaves_in_the_september_after_the_academic_year_in_which_it_turns_25(born):
    leaves = calendar.leaving_month(calendar.cohort_of(born))
    turns_25 = born + 25 * 12
    assert calendar.is_september(leaves)
    assert calendar.academic_year(turns_25) == calendar.academic_year(leaves) - 1
    assert calendar.ncy(born, leaves - 1) == 20
    assert calendar.ncy(born, leaves) == NCY_HIGHEST


@given(BIRTHS, st.integers(0, 26 * 12))
def test_every_child_of_the_model_is_in_a_school_year_that_the_tables_hold(born, later):
    m = born + later
    if m < calendar.leaving_month(calendar.cohort_of(born)):
        assert calendar.ncy(born, m) in NCYS


def test_age_groups_change_at_5_11_16_and_20_at_31_august():
    groups = {ncy: calendar.age_group(ncy) for ncy in NCYS}
    assert [groups[n] for n in (-5, 0, 1, 6, 7, 11, 12, 15, 16, 21)] == [
        "under_5", "under_5", "5_10", "5_10", "11_15", "11_15", "16_19", "16_19", "20_25", "20_25",
    ]  # fmt: skip
    assert tuple(dict.fromkeys(groups.values())) == AGE_GROUPS
