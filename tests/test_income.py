"""Income: the printed grant stays as it is unless pupils differ, and conditional money comes or does not, by year."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import income, ledger
from cohort.income import AS_AGREED, Gates, Income, Pupils
from cohort.ledger import MILLION
from cohort.parameters import draw
from tests.small import KENT

AT_MODE = draw(KENT).values
PENCE = st.integers(-(10**11), 10**11)
PUPILS = st.builds(Pupils, *[st.integers(0, 20_000)] * 4)
INCOME = st.builds(Income, PENCE, PENCE, PENCE, PENCE, PENCE)
AGREED = income.estimated(KENT, "2025-26")


def test_the_parameters_of_income_are_those_of_the_table() -> None:
    assert set(income.PARAMETERS) == {str(r["name"]) for r in KENT.table("estimate_income").rows()}


@given(INCOME, PUPILS)
def test_the_same_pupils_leave_the_printed_grant_to_the_penny(printed: Income, pupils: Pupils) -> None:
    assert income.against(printed, pupils, pupils, AT_MODE) == printed


def test_ten_pupils_more_in_special_schools_bring_ten_times_the_basic_entitlement_by_hand() -> None:
    moved = income.against(AGREED, Pupils(6_010, 1_600), Pupils(6_000, 1_600), AT_MODE)
    assert moved.basic_entitlement == -10 * 4_800_00
    assert moved.high_needs_grant == -351 * MILLION - 48_000_00


def test_a_pupil_who_leaves_an_independent_school_for_a_special_one_brings_only_the_share_not_counted_before() -> None:
    moved = income.against(AGREED, Pupils(6_001, 1_599), Pupils(6_000, 1_600), AT_MODE)
    assert moved.basic_entitlement == -960_00  # 4,800 x (1 - 0.8)


def test_a_child_who_crosses_the_border_costs_six_thousand_and_a_growing_free_school_brings_its_places() -> None:
    moved = income.against(AGREED, Pupils(0, 0, -5, 120), Pupils(0, 0, 0, 0), AT_MODE)
    assert moved.import_export == 5 * 6_000_00
    assert moved.free_schools == -120 * 6_000_00


@given(INCOME, PUPILS, PUPILS)
def test_two_worlds_compared_the_other_way_round_move_the_grant_by_as_much(
    printed: Income, a: Pupils, b: Pupils
) -> None:
    there, back = income.against(printed, a, b, AT_MODE), income.against(printed, b, a, AT_MODE)
    assert there.high_needs_grant - printed.grant == -(back.high_needs_grant - printed.grant)


@given(INCOME, st.booleans(), st.booleans(), st.booleans())
def test_a_gate_takes_away_its_own_money_and_nothing_else(printed: Income, a: bool, b: bool, c: bool) -> None:
    after = Gates(a, b, c).on(printed)
    assert (after.transfer, after.dfe, after.council) == (
        printed.transfer * a, printed.dfe * b, printed.council * c,
    )  # fmt: skip
    assert (after.high_needs_grant, after.variances) == (printed.high_needs_grant, printed.variances)
    assert AS_AGREED.on(printed) == printed


def test_without_any_contribution_the_papers_own_plan_would_end_116_million_deeper() -> None:
    shut = Gates(dfe_paid=False, council_paid=False)
    years = ledger.financial_years(KENT)
    apart = ledger.of_paper(KENT, dict.fromkeys(years, shut))[-1].closing - ledger.of_paper(KENT)[-1].closing
    assert apart == (9 + 14 + 14 + 28 + 15 + 15 + 11 + 10) * MILLION


@pytest.mark.parametrize(("opening", "closing", "due"), [(100_00, 100_00, 5_00), (0, 100_00, 2_50), (-50_00, 20_00, 0)])
def test_interest_is_the_rate_on_the_mean_of_the_years_two_ends_and_nothing_on_a_surplus(
    opening: int, closing: int, due: int
) -> None:
    assert income.interest(opening, closing, 0.05) == due


@given(PENCE)
def test_the_override_keeps_a_deficit_off_the_reserves_and_a_surplus_is_no_exposure(closing: int) -> None:
    assert income.exposure(closing, override=True) == 0
    assert income.exposure(closing, override=False) == max(closing, 0)
