"""A redirect moves whom it says, commutes with others, and is the same in the kernel, its twin and the expectation."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import calendar
from cohort.expected import EXACT, LUMPED, Expectation
from cohort.policy import NOTHING, Policy, Redirect, Uncertain, When, where
from cohort.states import Stage, Support, Vocabulary
from cohort.world import World
from tests.small import elastic, full_setting, small_setting, under, until_month
from tests.test_mini import live_together

NOW = When("2024-01")


def redirect(
    choice="first_place", frm="state_special", into="mainstream", share=0.5, appeal_share=0.0, when=NOW, **over
):
    return Redirect(choice=choice, frm=frm, into=into, share=share, appeal_share=appeal_share, when=when, **over)


SEVERAL = Policy("several", (
    redirect(share=0.4, appeal_share=0.5, where=where(ncy=(-1, 6))),
    redirect(into="srp", share=0.6, where=where(severity=(0, 2))),
    redirect("transfer", "nmiss", "state_special", 0.7, 0.3, where=where(ncy=(7, 12), areas=["East", "North"])),
    redirect("move", "nmiss", "srp", 0.5, 0.1, When("2024-06", full="2025-06"), where=where(needs=["asd", "semh"])),
    redirect("transfer", share=0.3, appeal_share=0.2, where=where(placements=["state_special"], ncy=(7, 7))),
))  # fmt: skip


@pytest.mark.parametrize(("write", "says"), [
    (lambda: redirect("place"), "'place' is not a choice to redirect; "),
    (lambda: redirect("arrive_place"), "is not a choice to redirect"),
    (lambda: redirect(frm="special"), "'special' is not a placement; did you mean 'state_special'"),
    (lambda: redirect(into="state_special"), "to itself changes nothing"),
    (lambda: redirect(into="fe", where=where(ncy=(0, 6))), "into 'fe' at NCY 0 to 6 is not lawful; allowed: NCY 12"),
    (lambda: redirect(into="tuition"), "is not lawful; allowed: placements for plans"),
    (lambda: redirect(share=1.2), "a redirected share cannot be 1.2; allowed: 0 to 1"),
    (lambda: redirect(share=Uncertain(-0.1, 0.2, 0.3)), "a redirected share cannot be -0.1"),
    (lambda: redirect(appeal_share=-1), "an appeal share cannot be -1"),
])  # fmt: skip
def test_a_redirect_that_cannot_be_is_refused_when_it_is_written(write, says):
    with pytest.raises(ValueError) as refused:
        write()
    assert says in str(refused.value)


def test_a_redirect_against_a_preference_must_state_what_share_appeals():
    with pytest.raises(TypeError, match="appeal_share"):
        Redirect(choice="first_place", frm="nmiss", into="srp", share=0.5, when=NOW)


def test_the_kernel_and_its_twin_redirect_and_contest_alike():
    world = live_together(small_setting(policy=SEVERAL, until="2025-11"))
    contest = world.setting.book.events.index("contest")
    assert sum((log.event == contest).sum() for log in world.record.logs) > 0


def placements(policy, until="2025-02", every=8, seed=1):
    world = World.start(elastic(small_setting(every=every, policy=policy, until=until)), seed=seed).run()
    return world, world.columns


def test_only_those_whose_choice_is_redirected_are_elsewhere_and_all_plans_are_kept():
    """A single redirect without appeals: whoever differs went to mainstream instead of special."""
    policy = Policy("early", (redirect(share=0.5, when=When("2025-01")),))
    words = Vocabulary()
    (_, base), (_, other) = placements(NOTHING), placements(policy)
    differ = np.flatnonzero(base.placement != other.placement)
    assert len(differ) > 0
    assert set(base.placement[differ]) == {words.code("state_special")}
    assert set(other.placement[differ]) == {words.code("mainstream")}
    for name in ("support", "stage", "need", "anniversary", "clock", "presence"):
        np.testing.assert_array_equal(getattr(base, name), getattr(other, name))


def test_a_whole_redirect_leaves_nobody_and_a_null_one_changes_nothing():
    words = Vocabulary()
    whole = Policy("all", tuple(redirect(c, "nmiss", "srp", 1.0, where=where(ncy=(0, 14)))
                                for c in ("first_place", "move", "tribunal", "transfer", "offer")))  # fmt: skip
    world, _ = placements(whole, every=20)
    nmiss = words.code("nmiss")
    first = world.setting.scenario.first
    young = np.arange(27) - 5 <= 14
    entered = [
        np.flatnonzero((log.to == 10 + 2 * len(words.labels) + nmiss) & (log.frm != log.to))
        for log in world.record.logs
    ]
    for k, (rows, log) in enumerate(zip(entered, world.record.logs, strict=True)):
        ncy = calendar.academic_year(first + k) - world.columns.cohort[log.row[rows]]
        arrived = log.event[rows] == world.setting.book.events.index("arrive")
        assert not young[ncy[~arrived]].any()
    null = Policy("null", (redirect(share=0.0, appeal_share=1.0),))
    (_, base), (_, other) = placements(NOTHING, every=20), placements(null, every=20)
    for name, column in base._asdict().items():
        np.testing.assert_array_equal(column, getattr(other, name))


SHARES = st.floats(0, 1)
PAIRS = st.lists(
    st.builds(
        redirect, st.sampled_from(["first_place", "transfer", "move"]), st.sampled_from(["state_special", "nmiss"]),
        st.sampled_from(["mainstream", "srp"]), SHARES, SHARES, st.sampled_from([NOW, When("2024-06")]),
        where=st.sampled_from([where(ncy=(0, 6)), where(areas=["East"]), where(severity=(0, 1)), where()]),
    ), min_size=2, max_size=4)  # fmt: skip


@settings(max_examples=8)
@given(PAIRS)
def test_redirects_commute(changes):
    a, b = Policy("a", tuple(changes[:1])), Policy("b", tuple(changes[1:]))
    (_, one), (_, other) = placements(a | b, every=40), placements(b | a, every=40)
    for name, column in one._asdict().items():
        np.testing.assert_array_equal(column, getattr(other, name))


def test_a_redirect_in_one_area_leaves_the_others_as_they_were():
    policy = Policy("east", (redirect(share=0.8, appeal_share=0.5, where=where(areas=["East"])),))
    (_, base), (_, other) = placements(NOTHING), placements(policy)
    elsewhere = base.area != 1
    for name, column in base._asdict().items():
        np.testing.assert_array_equal(column[elsewhere], getattr(other, name)[elsewhere])
    assert (base.placement != other.placement).any()


def test_the_expectation_keeps_its_children_under_redirects():
    s = small_setting(every=20, policy=SEVERAL)
    for coarse in (EXACT, LUMPED):
        e = Expectation(s, coarse)
        states, _ = e.run()
        for k, state in enumerate(states):
            assert e.stock(state).sum() == pytest.approx(s.events.here[k].sum(), abs=0.5)
            assert min(part.min() for part in (state.still, state.plans, state.contested)) > -1e-9


@cache
def gaps(until="2025-02", runs=12):
    """Children less expectation in what a policy changes, run by run: plans by placement and under appeal."""
    whole = elastic(until_month(full_setting(), until))
    no_severity = Policy("some", tuple(c for c in SEVERAL.changes if c.where.severity == (0, 4)))
    with_it, without = under(whole, no_severity), whole
    found = []
    for replicate in range(runs):
        pair = [World.start(s, replicate=replicate).run() for s in (with_it, without)]
        held = [w.columns.support == Support.PLAN for w in pair]
        counts = [
            np.append(np.bincount(w.columns.placement[h], minlength=17), (w.columns.stage[h] == Stage.APPEALING).sum())
            for w, h in zip(pair, held, strict=True)
        ]
        found.append(counts[0] - counts[1])
    masses = []
    for s in (with_it, without):
        e = Expectation(s)
        state = e.run()[0][-1]
        masses.append(np.append(e.stock(state)[:, :, 2].sum((0, 1)), state.contested.sum()))
    return np.array(found), masses[0] - masses[1]


@pytest.mark.slow
def test_the_mean_effect_of_redirects_is_the_expectations():
    found, expected = gaps()
    words = Vocabulary()
    main = [*(words.code(x) for x in ("mainstream", "srp", "state_special", "nmiss")), 17]
    error = found.std(0, ddof=1) / np.sqrt(len(found))
    assert np.sort(np.abs(expected[main]))[1:].min() > 50, "the effect is large enough to tell"
    assert (np.abs(found.mean(0) - expected)[main] < 4 * error[main] + 0.02 * np.abs(expected[main])).all()
