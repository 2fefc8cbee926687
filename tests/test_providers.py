"""Providers as Mesa agents: what they say is what the world has, and they cannot be changed."""

import pickle

import pytest

from cohort.model import SendModel
from cohort.places import OUTSIDE
from tests.small import elastic, small_setting


def model(months=5):
    m = SendModel(small_setting(every=100, until="2025-12"))
    for _ in range(months):
        m.step()
    return m


def test_providers_are_an_agent_set_that_can_be_selected_and_added_up():
    m = model()
    special = m.providers.select(lambda p: p.kind == "state_special")
    assert special.agg("filled", sum) == len(m.agents.select(support="plan", placement="state_special"))
    assert {p.area for p in m.providers} == {"North", "East", "South", "West", OUTSIDE}
    for p in m.providers:
        assert p.filled <= p.places + p.over_roll
        assert p.vacancies == max(p.places - p.filled, 0)
        assert p.filled == len(m.agents.select(provider=p.name))
    assert [p.name for p in m.providers if not p.is_open] == ["Swanley", "Whitstable", "Sheppey"]


def test_a_provider_goes_with_the_months_and_a_copy_has_its_own():
    m = model(0)
    first = next(iter(m.providers))
    before = first.filled
    other = m.copy()
    for _ in range(9):
        m.step()
    assert next(iter(other.providers)).filled == before
    assert first is next(iter(m.providers))
    assert sum(p.filled for p in m.providers) == m.world.rolls.filled.sum()
    again = pickle.loads(pickle.dumps(m))
    assert [p.filled for p in again.providers] == [p.filled for p in m.providers]


def test_a_provider_is_read_only_and_says_what_changes_it():
    p = next(iter(model(0).providers))
    with pytest.raises(AttributeError, match="changed by a scenario only"):
        p.places = 7
    with pytest.raises(TypeError, match="changed by a scenario only"):
        p.remove()
    assert "North special 1: state_special, North" in repr(p)


def test_where_places_do_not_bind_nobody_is_at_a_provider():
    m = SendModel(elastic(small_setting(every=200, until="2024-04")))
    assert m.providers.agg("filled", sum) == 0
    assert m.agents.select(support="plan").groupby("provider").count().keys() == {"none"}
