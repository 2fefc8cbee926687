"""Independent places outside the county and residential ones: who has them, what they cost, which rules name them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import lives, lodging, nmiss, parameters, prices
from cohort.calendar import month
from cohort.policy import NOTHING, Policy, Price, When
from cohort.states import NEEDS, WHERE, Presence, Support, Vocabulary
from cohort.world import World
from tests.small import KENT, full_setting, small_setting, under
from tests.test_mini import live_together

WORDS = Vocabulary()
NMISS = WORDS.code("nmiss")
OF = "lodging.nmiss."
BY_HAND = {
    **{name: 1.0 for name in parameters.estimates(KENT) if name.startswith(("tariff.need.", OF))},
    "price.nmiss": 48_000.0, "tariff.severity.nmiss": 0.0,
    f"{OF}residential.share": 0.02, f"{OF}residential.spread": 0.0, f"{OF}residential.price": 3.0,
    f"{OF}outside.day": 0.25, f"{OF}outside.spread": 0.0, f"{OF}outside.residential": 0.5, f"{OF}outside.price": 1.2,
}  # fmt: skip
"""Figures that can be worked out on paper: no tariff by need or band, and the same chances for every child."""
PAPER = tuple(BY_HAND.items())
MANY_BOARD = BY_HAND | {f"{OF}residential.share": 0.4, f"{OF}residential.under_11": 0.1, f"{OF}outside.sensory": 2.0}
TERMS = Policy("p", (
    Price(charge="nmiss", by=0.9, county="outside", stay="day", when=When("2024-05")),
    Price(charge="nmiss", by=0.8, stay="residential", needs=("asd",), when=When("2024-03", full="2024-07")),
    Price(charge="nmiss", by=0.7, county="outside", new_placements=True, when=When("2024-04")),
    Price(charge="state_special", by=1.1, county="outside", when=When("2024-04")),
))  # fmt: skip


@cache
def fixed(values=PAPER, every=8, until="2025-04", policy=NOTHING):
    """A small setting in which some estimates are fixed."""
    base = small_setting(every, until)
    scenario = base.scenario.model_copy(update={"parameters": dict(values)})
    return under(replace(base, scenario=scenario), policy)


@cache
def lived(every=8):
    """A world with figures to be worked out on paper, at the end of 2024-25, and what each child had cost a year
    before."""
    world = World.start(fixed(every=every)).run(month("2024-04"))
    before = world.columns.cost.copy()
    return world.run(), before


# By hand


def test_an_out_of_county_place_by_hand():
    # 48,000 pounds a year are 400,000 pence a month, what the mean child costs. A place outside the county is 1.2 of a
    # day place within, a residential one 3, one of both 3.6. Of 100 children 98 do not board, a quarter of these are
    # outside: 98 x (0.75 x 1 + 0.25 x 1.2) = 102.9; two board, one of them outside: 3 + 3.6 = 6.6. Together 109.5, so
    # that a day place in the county is 400,000 / 1.095 = 365,296.8 pence a month, one outside 480,000 / 1.095.
    assert monthly_prices() == [365_297, 438_356, 1_095_890, 1_315_068]
    world, before = lived()
    rows = stayed(world, "outside")
    assert len(rows) > 20
    # twelve months at 438,356 pence: 52,602.72 pounds
    assert set((world.columns.cost - before)[rows].tolist()) == {5_260_272}


def test_a_residential_place_by_hand():
    world, before = lived(2)
    inside, outside = (stayed(world, f"{county}_residential") for county in ("inside", "outside"))
    assert len(inside) > 2
    assert len(outside) > 2
    # twelve months at 1,095,890 pence, 131,506.80 pounds; outside the county at 1,315,068: 157,808.16
    assert set((world.columns.cost - before)[inside].tolist()) == {13_150_680}
    assert set((world.columns.cost - before)[outside].tolist()) == {15_780_816}


def monthly_prices():
    """Pence in April 2024 by ``states.WHERE``, the same for every need, band and age."""
    price = fixed().price(month("2024-04"))[Support.PLAN, NMISS]
    assert (price == price[:1, :1, :1]).all()
    return price[0, 0, 0, :, 0].tolist()


def stayed(world, where):
    """Rows of the children who had such a place in every month of 2024-25."""
    there = np.ones(len(world.columns.cost), np.bool_)
    for found in lives.lived(world):
        if found.month >= month("2024-04"):
            rows = np.flatnonzero(found.placement == NMISS)
            at = rows[lives.where_of(world, rows, found) == WHERE.index(where)]
            there &= np.isin(np.arange(len(there)), at)
    return np.flatnonzero(there)


# Who has such places


def at_start(setting, seed=1, replicate=0):
    """[where] of those who are in independent special schools when a run begins, and their rows."""
    world = World.start(setting, seed=seed, replicate=replicate)
    rows = np.flatnonzero((world.columns.placement == NMISS) & (world.columns.support == Support.PLAN)
                          & (world.columns.presence == Presence.HERE))  # fmt: skip
    first = next(iter(lives.lived(world)))
    return lives.where_of(world, rows, first), rows


def test_as_many_board_in_january_2024_as_are_published_and_the_same_in_every_run():
    boarding = KENT.table("residential").where(january=2024, breakdown_topic="placement", breakdown="nmiss")
    runs = [at_start(full_setting(), *luck) for luck in ((1, 0), (7, 3))]
    where, rows = runs[0]
    assert len(rows) == 1647
    assert (where >= 2).sum() == boarding["plans"].sum() == 32
    np.testing.assert_array_equal(where, runs[1][0])
    day, outside = (where < 2).sum(), (where == 1).sum()
    assert outside == pytest.approx(0.25 * day, abs=12)
    assert (where == 3).sum() == pytest.approx(0.7 * 32, abs=2)


def test_a_policy_makes_nobody_else_residential_and_who_grows_older_stays_so():
    base, policy = (World.start(s).run() for s in (fixed(), fixed(policy=TERMS)))
    np.testing.assert_array_equal(base.columns.lodging, policy.columns.lodging)
    of = full_setting().prices.lodging
    boards = of.chance[0, :, :, :, lodging.BOARDS]
    assert (np.diff(boards, axis=0) >= 0).all(), "chances rise with age, so the same number stays below its bound"


def test_the_kernel_and_the_twin_agree_on_where_places_are_and_what_they_cost():
    setting = fixed(tuple(MANY_BOARD.items()), every=60, until="2025-02", policy=TERMS)
    world = live_together(setting, seed=5)
    slots = setting.prices.slots.of_placement(NMISS)
    assert world.record.held[world.month][:, :, slots].sum((0, 1, 3, 4, 5)).all(), "all four kinds of place are there"


@given(st.integers(0, 60))
def test_in_any_draw_the_chances_are_chances_and_the_plans_of_january_2024_cost_the_price(number):
    of = prices.prices(KENT, parameters.draw(KENT, number), WORDS)
    (charge,) = [c for c in of.charges if c.name == "nmiss"]
    shares = of.lodging.shares(NMISS)
    assert (shares >= 0).all()
    np.testing.assert_allclose(shares.sum(-1), 1)
    assert of.lodging.mean(NMISS, charge.relative) == pytest.approx(1)
    cost = charge.relative[2, NEEDS.index("asd")]
    assert cost[0] <= cost[1] < cost[2] <= cost[3]


# What can be said of them


def test_the_kinds_of_place_sum_to_the_roll_and_its_pounds():
    world = World.start(small_setting(4, "2026-04")).run()
    found = nmiss.by_terms(world)
    for of in nmiss.movements(world):
        own = [t for t in found if t.year == of.year]
        assert [t.where for t in own] == list(WHERE)
        for name in ("closing", "child_months", "pence"):
            assert sum(getattr(t, name) for t in own) == getattr(of, name)
    boards, by_day = (
        [t for t in found if t.year == "2024-25" and t.where.endswith("residential") == stays]
        for stays in (True, False)
    )
    mean, of_day = (sum(t.pence for t in ts) / sum(t.child_months for t in ts) for ts in (boards, by_day))
    assert mean > 1.5 * of_day
    assert [t.where for t in nmiss.by_terms(world, "state_special")][:2] == ["inside", "outside"]
    assert {t.where for t in nmiss.by_terms(world, "fe")} == {"inside"}


def test_a_price_for_places_outside_the_county_touches_no_other():
    change = Price(charge="nmiss", by=0.5, county="outside", stay="day", when=When("2024-04"))
    now = prices.prices(KENT, parameters.draw(KENT), WORDS, Policy("p", (change,))).monthly(month("2024-04"))
    was = prices.prices(KENT, parameters.draw(KENT), WORDS).monthly(month("2024-04"))
    apart = np.argwhere((now != was).any((2, 3, 4, 6)))
    assert apart.tolist() == [[Support.PLAN, NMISS, WHERE.index("outside")]]


@pytest.mark.parametrize(("given_", "says"), [
    ({"county": "out"}, "'out' is not a county; did you mean 'outside'?"),
    ({"stay": "weekly"}, "'weekly' is not a stay; allowed: day, residential"),
])  # fmt: skip
def test_a_county_or_stay_that_there_is_not_is_refused_with_the_closest(given_, says):
    with pytest.raises(ValueError, match=says.replace("?", r"\?")):
        Price(charge="nmiss", by=0.9, when=When("2025-04"), **given_)


@pytest.mark.parametrize(("change", "says"), [
    (Price(charge="fe", by=0.9, county="outside", when=When("2025-04")),
     "p: 'fe' is paid for places that do not tell inside from outside; allowed: srp, state_special, nmiss"),
    (Price(charge="state_special", by=0.9, stay="residential", when=When("2025-04")),
     "p: 'state_special' is paid for places that do not tell day from residential; allowed: nmiss"),
    (Price(charge="support_services", by=0.9, county="inside", when=When("2025-04")),
     "p: 'support_services' is a service, which no child has; allowed: by and growth"),
])  # fmt: skip
def test_a_price_that_names_what_its_places_do_not_tell_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        prices.prices(KENT, parameters.draw(KENT), WORDS, Policy("p", (change,)))


def test_a_change_without_county_and_stay_is_known_by_what_it_was_known_by():
    plain, outside = (Price(charge="nmiss", by=0.9, when=When("2025-04"), county=c) for c in ("", "outside"))
    assert "county" not in repr(plain)
    assert "county='outside'" in repr(outside)
    assert plain.key != outside.key
