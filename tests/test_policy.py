"""A policy is a value: checked when it is written, the same in any order, and refused by name if it passes a bound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import calendar, parameters
from cohort.calendar import NCY_HIGHEST, NCY_LOWEST, month
from cohort.policy import EVERYWHERE, NOTHING, SCALABLE, Policy, Scale, Uncertain, When, Where, combine, where
from cohort.processes import DIMS, PROCESSES
from cohort.rates import Rates
from cohort.states import AREAS, NEEDS, PLACEMENTS, SEVERITIES
from cohort.world import World
from tests.small import KENT, elastic, full_setting, small_setting, under

SOON = When("2025-04")


def rates_under(policy, draw=0):
    return Rates(KENT, parameters.draw(KENT, draw), policy)


def ratio(policy, name, at):
    """What a policy multiplies a rate by in a month, over all dimensions; nan where the rate is 0."""
    with np.errstate(invalid="ignore"):
        return rates_under(policy).rate(name, at) / rates_under(NOTHING).rate(name, at)


# Checked when it is written


@pytest.mark.parametrize(("write", "says"), [
    (lambda: Scale("requst", 0.9, SOON), "'requst' is not a rate that can be scaled; did you mean 'request'"),
    (lambda: Scale("first_place", 0.9, SOON), "is not a rate that can be scaled"),
    (lambda: Scale("request", -0.1, SOON), "cannot be scaled by -0.1; the factor is 0 or more"),
    (lambda: where(areas=["Eastt"]), "'Eastt' is not an area; did you mean 'East'"),
    (lambda: where(areas=["Essex County"]), "allowed: North, East, South, West"),
    (lambda: where(needs=["asdd"]), "'asdd' is not a need; did you mean 'asd'"),
    (lambda: where(placements=["nmis"]), "'nmis' is not a placement; did you mean 'nmiss'"),
    (lambda: where(ncy=(5, 3)), "lowest first"),
    (lambda: where(ncy=(-6, 3)), "-5 to 21"),
    (lambda: where(ncy=(0, 22)), "-5 to 21"),
    (lambda: where(severity=(3, 1)), "lowest first"),
    (lambda: where(severity=(0, 5)), "0 to 4"),
    (lambda: where(since=(3, 25)), "0 to 24 months"),
    (lambda: Scale("request", 0.9, SOON, where(since=(0, 4))), "'request' does not go by months since; allowed: dec"),
    (lambda: When("2025-4"), "'2025-4' is not a month; write it like '2024-01'"),
    (lambda: When("2025-04", full="2025-03"), "in full in 2025-03, before the start in 2025-04"),
    (lambda: When("2025-04", end="2025-04"), "ends in 2025-04, not after the start"),
    (lambda: When("2025-04", full="never"), "'never' is not a month"),
    (lambda: Uncertain(0.3, 0.2, 0.4), "low <= mode <= high, not 0.3, 0.2, 0.4"),
    (lambda: Uncertain(0.3, 0.5, 0.4), "low <= mode <= high"),
])  # fmt: skip
def test_what_is_not_in_the_vocabulary_is_refused_at_once_with_what_is(write, says):
    with pytest.raises(ValueError) as refused:
        write()
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_every_rate_and_share_of_every_process_can_be_scaled():
    assert {p.rate_name for p in PROCESSES} | {p.share for p in PROCESSES if p.share} == set(SCALABLE)


def test_where_says_which_dimensions_it_restricts():
    assert EVERYWHERE.dims() == ()
    assert where(ncy=(NCY_LOWEST, NCY_HIGHEST), severity=(0, SEVERITIES - 1)).dims() == ()
    every = where(ncy=(0, 1), areas=["East"], needs=["asd"], placements=["srp"], severity=(4, 4), since=(0, 3))
    assert every.dims() == DIMS


# Composed in any order

WHERES = st.builds(
    Where,
    ncy=st.tuples(st.integers(NCY_LOWEST, NCY_HIGHEST), st.integers(NCY_LOWEST, NCY_HIGHEST)).map(
        lambda r: tuple(sorted(r))
    ),
    areas=st.lists(st.sampled_from(AREAS), max_size=2, unique=True).map(tuple),
    needs=st.lists(st.sampled_from(NEEDS), max_size=2, unique=True).map(tuple),
)
WHENS = st.builds(When, st.integers(month("2024-02"), month("2027-01")).map(calendar.label))
SCALES = st.builds(Scale, st.sampled_from(["request", "identify", "cease", "assess"]), st.floats(0, 1), WHENS, WHERES)
POLICIES = st.builds(Policy, st.sampled_from("abcdefg"), st.lists(SCALES, max_size=3).map(tuple),
                     because=st.sampled_from(["", "paper 5.2", "an assumption"]))  # fmt: skip


@given(POLICIES, POLICIES)
def test_the_order_of_policies_does_not_matter(a, b):
    assert a | b == b | a


@given(POLICIES, POLICIES, POLICIES)
def test_nor_does_the_order_of_putting_them_together(a, b, c):
    assert (a | b) | c == a | (b | c)
    assert combine([a, b, c]) == combine([c, a, b])


@given(POLICIES, POLICIES)
def test_a_policy_put_together_with_itself_is_itself(a, b):
    assert set((a | a).changes) == set(a.changes)
    assert (a | a).name == a.name
    assert (a | a).because == a.because
    both = a | b
    assert both | both == both | a == both


@given(POLICIES)
def test_with_nothing_a_policy_changes_what_it_changed(a):
    assert set((a | NOTHING).changes) == set(a.changes)
    assert combine([]) is NOTHING
    assert combine([a]) is a


@settings(max_examples=20)
@given(POLICIES, POLICIES, st.integers(month("2024-01"), month("2027-12")))
def test_both_orders_compile_to_the_same_thresholds(a, b, at):
    one, other = rates_under(a | b), rates_under(b | a)
    np.testing.assert_array_equal(one.compile(at), other.compile(at))
    for name in {c.rate for c in (*a.changes, *b.changes)} - {c.rate for c in b.changes}:
        np.testing.assert_array_equal(one.rate(name, at), rates_under(Policy("alone", (a | a).changes)).rate(name, at))


def test_a_policy_knows_its_parts_and_its_first_month():
    a, b = (Policy(n, (Scale("request", 0.5, When(m)),)) for n, m in (("a", "2025-04"), ("b", "2024-09")))
    assert (a | b).name == "a + b"
    assert (a | b).parts == ("a", "b")
    assert (a | b).first_month() == month("2024-09")
    assert NOTHING.first_month() is None


# What it does to a rate


def test_a_change_acts_on_the_children_named_and_on_no_others():
    policy = Policy("some", (Scale("request", 0.5, SOON, where(ncy=(1, 3), areas=["East", "West"])),))
    by = ratio(policy, "request", month("2025-05"))
    inside = np.zeros(by.shape, bool)
    inside[:, 6:9, [1, 3]] = True
    np.testing.assert_allclose(by[inside], 0.5)
    outside = by[~inside]
    assert (outside[~np.isnan(outside)] == 1).all()
    assert (ratio(policy, "request", month("2025-03"))[inside] == 1).all()


def test_where_may_name_a_dimension_that_the_rate_does_not_depend_on():
    assert "severity" not in next(p for p in PROCESSES if p.name == "request").by
    policy = Policy("the severest", (Scale("request", 0.25, SOON, where(severity=(4, 4), needs=["asd"])),))
    by = ratio(policy, "request", month("2025-04"))
    assert by.shape[DIMS.index("severity")] == SEVERITIES
    assert by.shape[DIMS.index("need")] == len(NEEDS)
    by = by[0, 8, 0, :, :, 0]
    assert by[NEEDS.index("asd"), 4] == pytest.approx(0.25)
    assert (np.delete(by, NEEDS.index("asd"), axis=0) == 1).all()
    assert (by[:, :4] == 1).all()


def test_a_change_for_the_severest_changes_only_them_in_a_run():
    policy = Policy("the severest", (Scale("identify", 0, When("2024-02"), where(severity=(4, 4))),))
    plain, changed = (World.start(elastic(small_setting(60, "2026-01", p))).run() for p in (NOTHING, policy))
    differ = np.zeros(len(plain.columns.key), bool)
    for name in plain.columns._fields:
        differ |= getattr(plain.columns, name) != getattr(changed.columns, name)
    assert differ.any()
    assert set(plain.columns.severity[differ]) == {4}


def test_two_changes_of_a_rate_multiply():
    two = Policy("two", (Scale("request", 0.5, SOON), Scale("request", 0.6, SOON, where(areas=["East"]))))
    by = ratio(two, "request", month("2025-04"))[0, 8, :, 0, 0, 0]
    np.testing.assert_allclose(by, [0.5, 0.3, 0.5, 0.5])


def test_a_placement_or_two_can_be_named():
    moves = next(p.rate_name for p in PROCESSES if "placement" in p.by and p.yes.choice == "move")
    policy = Policy("placed", (Scale(moves, 0.5, SOON, where(placements=["srp", "nmiss"])),))
    by = ratio(policy, moves, month("2025-04"))
    changed = {PLACEMENTS[i].label for i in np.argwhere(by < 1)[:, DIMS.index("placement")]}
    assert changed == {"srp", "nmiss"}


def test_the_months_since_a_request_can_be_named():
    policy = Policy("late ones", (Scale("conclude", 0.5, SOON, where(since=(5, 24))),))
    by = ratio(policy, "conclude", month("2025-04")).reshape(-1)
    np.testing.assert_allclose(by[2:5], 1)
    np.testing.assert_allclose(by[5:], 0.5)


# When


def test_a_phase_in_takes_equal_steps_and_has_its_first_at_once():
    when = When("2025-04", full="2025-07", end="2026-04")
    strengths = [when.strength(month("2025-03") + k) for k in range(6)]
    assert strengths == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert when.strength(month("2026-03")) == 1.0
    assert when.strength(month("2026-04")) == 0.0
    policy = Policy("in steps", (Scale("request", 0.2, when),))
    by = [np.nanmin(ratio(policy, "request", month("2025-03") + k)) for k in range(6)]
    np.testing.assert_allclose(by, [1, 0.8, 0.6, 0.4, 0.2, 0.2])


@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 60))
def test_strength_only_grows_until_the_end(starts, length, lasts):
    start = month("2024-01") + starts
    full = start + length
    when = When(calendar.label(start), full=calendar.label(full), end=calendar.label(full + lasts + 1))
    strengths = [when.strength(m) for m in range(start - 3, full + lasts + 4)]
    assert strengths[:3] == [0.0, 0.0, 0.0]
    assert strengths[-3:] == [0.0, 0.0, 0.0]
    acting = strengths[3:-3]
    assert acting == sorted(acting)
    assert acting[0] == pytest.approx(1 / (length + 1))
    assert acting[-1] == 1.0


# Bounds and sizes


def test_a_policy_that_passes_a_bound_is_refused_by_name_before_anything_runs():
    policy = Policy("ten times the requests", (Scale("request", 10, When("2026-01")),))
    with pytest.raises(ValueError) as refused:
        under(full_setting(), policy)
    said = str(refused.value)
    assert "policy 'ten times the requests'" in said
    assert said.startswith("request reaches 0.")
    assert " in 2026-01, " in said
    assert "bounds.csv" in said


def test_a_share_may_not_pass_one():
    with pytest.raises(ValueError, match=r"issue reaches .* more than the 1\.0000 .*policy 'all plans'"):
        under(full_setting(), Policy("all plans", (Scale("issue", 1.2, SOON),)))


def test_an_uncertain_size_is_its_mode_in_draw_0_and_within_its_range_in_others():
    scale = Scale("step_down", Uncertain(0.2, 0.5, 0.6), SOON)
    policy = Policy("unsure", (scale,))
    sizes = [rates_under(policy, draw).policy.changes[0].by for draw in range(40)]
    assert sizes[0] == 0.5
    assert all(0.2 <= size <= 0.6 for size in sizes)
    assert len(set(sizes)) == 40
    assert sizes == [rates_under(policy | NOTHING, draw).policy.changes[0].by for draw in range(40)]
