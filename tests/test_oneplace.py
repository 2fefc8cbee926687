"""One more place: who takes it, where that child would have been, and what all that follows costs."""

from dataclasses import replace

import numpy as np
import pytest

from cohort import calendar, spending
from cohort.analysis import oneplace
from cohort.analysis.oneplace import Filled
from cohort.policy import NOTHING, Expand, Policy, When
from cohort.world import World
from tests.small import small_setting, under

FROM = "2025-01"


def more(places):
    """A tenth of Kent with more special places, shared among its schools."""
    return under(base(), Policy("p", (Expand(provider_kind="state_special", places=places, when=When(FROM)),)))


def base():
    return small_setting(10, "2026-04")


def at_the_start():
    return World.start(base()).run(calendar.month(FROM))


def test_all_that_changes_is_in_the_value_and_the_children_who_gain_a_place_are_those_who_fill_it():
    world = at_the_start()
    found = oneplace.one_more(world, more(200))
    one, two = world.copy().run(), world.under(more(200)).run()
    bills = [spending.bill(w).by_line(w.setting.prices) for w in (one, two)]
    months = spending.bill(one).months
    special = one.setting.book.vocabulary.code("state_special")
    for year, f in found.items():
        at = [k for k, m in enumerate(months) if calendar.financial_year(m) == year]
        assert f.pence == int((bills[1] - bills[0])[at].sum()) or year == "2024-25"
        held = [w.record.stocks[months[k] + 1][:, :, 2, special].sum() for k in at[-3:] for w in (one, two)]
        assert sum(held[1::2]) >= sum(held[::2])
    there = [[int(w.record.stocks[m + 1][:, :, 2, special].sum()) for m in months] for w in (one, two)]
    filled = sum(there[1]) - sum(there[0])
    assert sum(sum(f.gained.values()) - f.lost for f in found.values()) == filled > 0
    assert world.month == calendar.month(FROM), "the world itself is left alone"


def test_one_place_more_changes_one_chain_of_children_which_is_counted():
    places = base().places
    by_month = places.by_month.copy()
    by_month[calendar.month(FROM) - places.first :, places.names.index("South special 1")] += 1
    found = oneplace.one_more(at_the_start(), replace(base(), places=places.with_places(by_month)))
    last = found["2025-26"]
    assert last.place_months == 12
    assert 1 <= last.children <= 12
    assert sum(last.gained.values()) - last.lost <= 12
    counted = [f.children for f in found.values()]
    assert counted == sorted(counted)


def test_no_place_more_changes_nothing_and_has_no_value():
    found = oneplace.one_more(at_the_start(), more(0))["2025-26"]
    assert (found.place_months, found.pence, found.children, sum(found.gained.values())) == (0, 0, 0, 0)
    assert np.isnan([found.pounds, found.share("nmiss"), found.break_even]).all()


def test_the_share_at_which_a_place_breaks_even_by_hand():
    # ten child-years from NMISS that save 24,000 each, thirty from mainstream that cost 18,000 each
    f = Filled(480, 0, {"nmiss": 120, "mainstream": 360, "other": 0}, 0,
               {"nmiss": -10 * 24_000_00, "mainstream": 30 * 18_000_00, "other": 0})  # fmt: skip
    assert (f.each("nmiss"), f.each("mainstream")) == (-24_000, 18_000)
    assert f.share("nmiss") == 0.25
    assert f.break_even == pytest.approx(18 / 42)
    assert under(base(), NOTHING).policy is NOTHING
