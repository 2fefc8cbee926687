"""The register of targets refuses what cannot be used, by name, and sets errors by its rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration import targets
from calibration.targets import Rule, TargetError, months_of
from cohort.calendar import month
from cohort.pack import Pack

KENT = Pack.load("kent")
RULES = {"flow": Rule(0.01, 0.015, True), "census": Rule(0.001, 0.003, False)}
GOOD = {"id": "requests_2024", "series": "requests", "period": "2024", "breakdown": "all", "value": 3991.0,
        "unit": "requests", "as_of": "2025-03", "source": "paper", "rounding": 1, "error": "flow", "use": "fitted",
        "reason": "calendar year"}  # fmt: skip


@pytest.fixture(scope="module")
def register():
    return targets.load(KENT)


def test_every_row_was_known_by_the_cut_off_and_is_fitted_checked_or_held_out(register):
    last = month(targets.KNOWN_BY)
    assert len(register) > 100
    assert all(month(t.as_of) <= last and t.months[-1] <= last for t in register)
    assert {t.use for t in register} == set(targets.USES)


def test_no_figure_is_fitted_twice(register):
    fitted = [(t.series, t.period, tuple(t.part.items())) for t in register if t.use == "fitted"]
    assert len(set(fitted)) == len(fitted)


def test_what_the_council_printed_is_in_the_register_as_printed(register):
    by = {t.id: t for t in register}
    assert (by["plans_2025"].value, by["plans_2025"].use) == (20665, "fitted")
    printed = {(r["measure"], r["january_or_year"]): r["value"] for r in KENT.table("headline_counts").rows()}
    assert by["sen_support_2025"].value == printed["sen_support_school_age", 2025]
    assert by["requests_2024"].value == printed["requests_for_statutory_assessment", 2024]
    for r in KENT.table("spend_by_line").rows():
        if r["line"] != "total_as_printed":
            assert by[f"spend_{r['financial_year'].replace('-', '_')}_{r['line']}"].value == r["gbp_million"]
    months = [t.value for t in register if t.series == "requests" and t.period < "2025" and len(t.period) == 7]
    assert by["requests_2024_jan_feb"].value + sum(months) == by["requests_2024"].value


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"series": "request"}, "requests_2024: series: did you mean 'requests'"),
        ({"error": "flows"}, "requests_2024: error: did you mean 'flow'"),
        ({"use": "fit"}, "requests_2024: use: "),
        ({"period": "2024-13"}, "requests_2024: period '2024-13'; allowed: a month such as 2025-01"),
        ({"breakdown": "line=special"}, "requests_2024: breakdown 'line=special': "),
        ({"breakdown": "ncy=4..2"}, "requests_2024: ncy=4..2 given; allowed"),
        ({"value": -1.0}, "requests_2024: value -1.0 given; allowed: 0 or more"),
        ({"value": float("nan")}, "requests_2024: value nan given"),
        ({"as_of": "2025-04"}, "requests_2024: as_of 2025-04 given; allowed: 2025-03 or before"),
        ({"period": "2025"}, "requests_2024: period 2025 given; allowed: 2025-03 or before"),
        ({"series": "spend", "period": "2024-26"}, "allowed for spend: a financial year such as 2024-25"),
        ({"series": "plans", "period": "2025-01", "breakdown": "placement=nmis"}, "'nmis' is not a placement"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_its_name(change, said):
    assert targets.row(GOOD, RULES).value == 3991
    with pytest.raises(TargetError) as refused:
        targets.row(GOOD | change, RULES)
    assert said in str(refused.value)


@given(st.floats(1, 1e5), st.floats(0, 100))
def test_an_error_grows_with_the_value_its_rounding_and_its_own_chance(value, rounding):
    plain, counted = Rule(0.02, 0.03, False), Rule(0.02, 0.03, True)
    assert plain.sd(value, rounding) >= plain.sd(value, 0) >= 0.0359 * value
    assert counted.sd(value, rounding) ** 2 == pytest.approx(plain.sd(value, rounding) ** 2 + value)
    assert plain.sd(2 * value, 2 * rounding) == pytest.approx(2 * plain.sd(value, rounding))


def test_periods_are_the_months_that_they_name():
    assert months_of("2024", "flow") == range(month("2024-01"), month("2025-01"))
    assert months_of("2024-25", "spend") == range(month("2024-04"), month("2025-04"))
    assert months_of("2024-03..2025-02", "flow") == range(month("2024-03"), month("2025-03"))
    assert months_of("2025-01", "stock") == range(month("2025-01"), month("2025-02"))
