"""The expectation of scarce places: an approximation that conserves children, is exact with room, and is near them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import calendar
from cohort.crowded import Crowded, admitted
from cohort.expected import LUMPED, Expectation
from cohort.world import World
from tests.small import full_setting, small_setting, until_month
from tests.test_places import unlimited


@given(st.floats(0, 500), st.floats(-50, 500), st.floats(0, 400))
def test_the_closure_admits_no_more_than_come_or_than_there_are_places(demand, places, variance):
    found = admitted(demand, places, variance)
    assert 0 <= found <= demand
    assert found <= max(places, 0) + 1e-9 or variance > 0
    assert admitted(demand, places + 10, variance) >= found - 1e-9


@pytest.mark.parametrize("n", [20, 220])
def test_the_closure_is_what_normal_demand_gets_on_average(n):
    demand = np.random.default_rng(1).normal(n, np.sqrt(n), 200_000)
    assert admitted(n, n, n) == pytest.approx(np.minimum(demand, n).mean(), rel=0.005)


def test_with_places_for_all_it_is_the_exact_expectation():
    s = unlimited(small_setting(every=20, until="2025-10"))
    crowded, exact = Crowded(s, LUMPED), Expectation(s, LUMPED)
    for a, b in zip(crowded.run()[0], exact.run()[0], strict=True):
        assert crowded.stock(a) == pytest.approx(exact.stock(b), abs=1e-6)


def test_it_holds_as_many_children_as_the_tape_and_none_is_negative():
    s = small_setting(every=20, until="2026-02")
    crowded = Crowded(s, LUMPED)
    for k, state in enumerate(crowded.run()[0]):
        assert crowded.stock(state).sum() == pytest.approx(s.events.here[k].sum(), abs=0.5)
        assert state.plans.min() > -1e-9


@pytest.mark.slow
def test_special_schools_are_as_full_as_the_childrens_and_the_list_is_of_its_order():
    s = until_month(full_setting(), "2026-02")
    crowded = Crowded(s, LUMPED)
    states, _, lists = crowded.run_with_lists()
    worlds = [World.start(s, replicate=k).run() for k in range(3)]
    labels = s.book.vocabulary.labels
    for month, near in (("2024-09", 0.01), ("2025-01", 0.01), ("2026-01", 0.01)):
        m = calendar.month(month)
        ours = crowded.stock(states[m - s.scenario.first])[:, :, 2].sum((0, 1))
        theirs = np.mean([w.record.stocks[m][:, :, 2].sum((0, 1)) for w in worlds], 0)
        at = {x: labels.index(x) for x in ("state_special", "srp", "nmiss", "mainstream")}
        assert ours[at["state_special"]] == pytest.approx(theirs[at["state_special"]], rel=near)
        assert ours[at["srp"]] == pytest.approx(theirs[at["srp"]], rel=0.04)
        assert ours[at["nmiss"]] == pytest.approx(theirs[at["nmiss"]], rel=0.05)
        assert ours[at["mainstream"]] == pytest.approx(theirs[at["mainstream"]], rel=0.03)
    waiting = np.mean([w.record.lists[calendar.month("2024-09")][0, ..., 0].sum() for w in worlds])
    assert 0.5 < lists[8][0] / waiting < 2
