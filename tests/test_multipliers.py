"""What calibrated parameters multiply, in rates, choices and arrivals."""

import dataclasses
import shutil

import numpy as np
import pytest

from cohort import calendar, multipliers, parameters
from cohort.calendar import NCY_LOWEST
from cohort.pack import Pack, seal
from cohort.parameters import Parameters
from cohort.processes import CHOICES
from cohort.rates import Rates
from cohort.states import Vocabulary
from tests.small_pack import KENT as FOLDER
from tests.small_pack import edit

KENT, VOCABULARY = Pack.load("kent"), Vocabulary()
ROWS = multipliers.load(KENT, VOCABULARY)


def rates(**changed: float) -> Rates:
    values = {name: 1.0 if name in {m.parameter for m in ROWS} else of.mode
              for name, of in parameters.estimates(KENT).items()}  # fmt: skip
    return Rates(KENT, Parameters(0, values | {k.replace("__", "."): v for k, v in changed.items()}))


def test_every_row_names_an_estimate_and_every_rate_and_choice_exists():
    known = parameters.estimates(KENT)
    assert {m.parameter for m in ROWS} <= set(known)
    names = {*Rates(KENT, parameters.draw(KENT)).base, *(f"choice.{c}" for c in CHOICES), multipliers.ARRIVALS}
    assert {m.on for m in ROWS} <= names


def test_parameters_of_one_change_no_rate_to_the_bit():
    plain = rates()
    for name, base in plain.base.items():
        assert np.array_equal(base.table, plain.plain[name].table * plain.params.get(f"scale.{name}", 1.0))
        assert base.steps == ()


def test_a_multiplier_acts_on_its_school_years_and_no_others():
    month = calendar.month("2024-05")
    one, other = rates(), rates(request__5_10=1.1)
    ratio = other.rate("request", month) / np.where(one.rate("request", month) > 0, one.rate("request", month), 1)
    years = ratio[0, :, 0, 0, 0, 0]
    inside = slice(1 - NCY_LOWEST, 7 - NCY_LOWEST)
    assert np.allclose(years[inside], 1.1)
    outside = np.delete(years, np.r_[inside])
    assert set(outside[outside > 0].tolist()) == {1.0}


def test_a_dated_multiplier_acts_in_its_months_and_no_others():
    one, other = rates(), rates(walk__request__2026=1.2)
    for label, factor in (("2025-12", 1.0), ("2026-01", 1.2), ("2028-03", 1.2)):
        month = calendar.month(label)
        assert np.allclose(other.rate("request", month), one.rate("request", month) * factor)
        assert np.array_equal(other.compile(month)[other.offset["identify"] :][:10],
                              one.compile(month)[one.offset["identify"] :][:10])  # fmt: skip


def test_a_multiplier_by_months_since_acts_on_those():
    month = calendar.month("2024-09")
    one, other = rates(), rates(pace__late__2024=0.5)
    before, after = (r.rate("conclude", month)[:, 0, 0, 0, 0, 0] for r in (one, other))
    assert np.array_equal(before[:5], after[:5])
    assert np.allclose(after[5:], before[5:] * 0.5)


def test_what_is_unforeseen_makes_more_plans_come_and_fewer_go():
    one, other = rates(), rates(year__unforeseen__2026=1.25)
    for label, inside in (("2025-12", False), ("2026-01", True), ("2026-12", True), ("2027-01", False)):
        month = calendar.month(label)
        for name, factor in (("request", 1.25), ("request_supported", 1.25), ("assess", 1.25), ("cease", 0.8),
                             ("identify", 1.0)):  # fmt: skip
            assert np.allclose(other.rate(name, month), one.rate(name, month) * (factor if inside else 1)), name


def test_a_power_other_than_one_or_minus_one_is_refused(tmp_path):
    bad = tmp_path / "kent"
    shutil.copytree(FOLDER, bad)
    edit(bad, "multipliers", lambda r: {**r, "power": "2"} if r["parameter"] == "cease.16_19" else r)
    assert seal(bad) == []
    with pytest.raises(ValueError, match=r"multipliers.csv: cease.16_19: power 2 given; allowed: 1 or -1"):
        multipliers.load(Pack.load(bad), VOCABULARY)


def test_a_choice_is_shifted_towards_a_placement_and_still_sums_to_one():
    from cohort import book

    given = book._given(KENT, VOCABULARY)
    rows = [m for m in ROWS if m.on == "choice.transfer"]
    before = given.weights["transfer"]
    after = multipliers.chosen(before, rows, {"into.nmiss": 1.5}, VOCABULARY)
    assert multipliers.chosen(before, rows, {"into.nmiss": 1.0}, VOCABULARY) is before
    total = after.sum(-1)
    assert np.all((np.abs(total - 1) < 1e-12) | (total == 0))
    code, frm, year = VOCABULARY.code("nmiss"), VOCABULARY.code("mainstream"), 7 - NCY_LOWEST
    odds = [w[0, year, 0, 0, 0, frm, code] / w[0, year, 0, 0, 0, frm, frm] for w in (before, after)]
    assert odds[1] == pytest.approx(1.5 * odds[0])
    stay = [w[0, year, 0, 0, 0, code] for w in (before, after)]
    assert np.array_equal(*stay), "who is there already stays as likely"


def test_arriving_plans_never_pass_what_is_left():
    given = np.array([[0.2, 0.5], [0.4, 0.5]])
    (row,) = [m for m in ROWS if m.on == multipliers.ARRIVALS]
    two = dataclasses.replace(row, ncy=(NCY_LOWEST, 21))
    many = np.tile(given, (14, 1))[:27]
    out = multipliers.arriving(many, [two], {"arriving_plans": 1.5})
    assert np.allclose(out[0], [0.3, 0.5])
    assert np.allclose(out[1], [0.5, 0.5])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"acts_on": "choice.frst_place", "into": "srp"}, "did you mean 'first_place'"),
        ({"acts_on": "choice.move", "into": "srpp"}, "did you mean 'srp'"),
        ({"into": "srp"}, "allowed: placements for a choice, any for all else"),
        ({"from_ncy": 9, "to_ncy": 3}, "ncy 9 to 3 given; allowed: -5 to 21, in order"),
        ({"from_month": "2024-13"}, "2024-13"),
    ],
)
def test_a_row_that_cannot_be_is_refused_by_name(change, said):
    row = {"parameter": "p", "acts_on": "request", "from_ncy": 0, "to_ncy": 3, "from_since": 0, "to_since": 24,
           "from_month": "any", "to_month": "any", "into": "any"}  # fmt: skip
    with pytest.raises(ValueError, match=said):
        multipliers._row(row | change, VOCABULARY)


def test_a_row_that_tells_apart_what_a_rate_does_not_is_refused():
    (row,) = [m for m in ROWS if m.parameter == "pace.late.2024"]
    with pytest.raises(ValueError, match="request does not depend on since"):
        dataclasses.replace(row, on="request").cells(("ncy", "area"))
