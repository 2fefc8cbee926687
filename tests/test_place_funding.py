"""Places are funded whether a child has them or not, and what follows a child is the rest of the price."""

from dataclasses import replace

import numpy as np
import pytest

from cohort import account, calendar, parameters, prices, setting, spending
from cohort.crowded import Crowded
from cohort.expected import LUMPED
from cohort.policy import Policy, Price, When
from cohort.states import Support, Vocabulary
from cohort.world import World
from tests import small_pack
from tests.small import KENT, elastic, small_setting

PLACE, OCCUPIED = 83_333, 50_000
"""Pence a month, by hand: 10,000 and 6,000 pounds a year x 100 / 12, to the whole penny."""
PARAMS = parameters.draw(KENT)
PRICES = prices.prices(KENT, PARAMS, Vocabulary())
THREE_TENTHS = f"{0.3 * PARAMS['price.state_special'] / 12 * 1.035**2:.2f}"
"""GBP a month of a special school place in 2026-27 at three tenths of its price"""
APRIL = calendar.month("2024-04")


def held(**providers):
    """A world of one April in which the providers named have (places, children), and no others any."""
    world = World.start(small_setting(every=400, until="2024-05")).run()
    names = world.setting.places.names
    now = np.zeros_like(world.record.places[APRIL + 1])
    for name, (places, children) in providers.items():
        now[names.index(name.replace("_", " "))] = places, children, max(children - places, 0)
    world.record.places[APRIL + 1] = now
    return world


def vacant(world):
    """Pence of vacant places in the April, by line."""
    bill = spending.bill(world)
    found = {line: pence[bill.months.index(APRIL)] for line, pence in bill.unattached(world.setting.prices)}
    return found["special.vacant_places"], found["mainstream_srp.srp_vacant_places"]


def test_a_vacant_place_by_hand():
    # a special school of 100 places with 97 children, and 12 places of resourced provision with 10
    assert vacant(held(East_special_1=(100, 97), East_SRP_primary=(12, 10))) == (3 * PLACE, 2 * PLACE)
    assert 3 * PLACE == 249_999, "2,499.99 pounds a month, 29,999.88 a year"


def test_a_child_above_the_roll_fills_no_other_schools_vacancy_and_leaves_none_in_its_own():
    assert vacant(held(East_special_1=(100, 102), East_special_2=(50, 49))) == (PLACE, 0)


def test_a_vacant_place_in_another_authoritys_school_is_not_the_councils():
    assert vacant(held(Outside_Kent_special=(150, 120))) == (0, 0)


def test_every_place_is_funded_once_filled_or_not_and_a_child_above_the_roll_besides():
    world = small_pack.finished()
    bill, providers = spending.bill(world), world.setting.places.providers
    lines = bill.by_sub_line(world.setting.prices)
    ours = np.array([p.kind == "state_special" and p.area != "outside" for p in providers])
    others = np.array([p.kind == "state_special" and p.area == "outside" for p in providers])
    for at, month in enumerate(bill.months):
        now = world.record.places[month + 1]
        funded = np.maximum(now[ours, 0], now[ours, 1]).sum() + now[others, 1].sum()
        assert lines["special.place_funding"][at] + lines["special.vacant_places"][at] == funded * PLACE


def test_the_price_of_a_filled_place_is_its_place_funding_and_its_top_up():
    parts = {c.name: c for c in PRICES.charges}
    for name, place, growth in (("state_special", PLACE, 0.035), ("srp", OCCUPIED, 0.03)):
        total = PARAMS[f"price.{name}"]
        for year in (2024, 2027):
            assert parts[f"{name}.place"].pence_a_month(year) == place
            both = place + parts[name].pence_a_month(year)
            assert both == round(total * 100 / 12 * (1 + growth) ** (year - 2024))


def test_the_price_of_an_independent_place_has_no_place_funding():
    assert {c.line for c in PRICES.charges if c.name.startswith("nmiss")} == {"independent.nmiss"}
    assert {v.kind for v in PRICES.vacancies} == {"state_special", "srp"}


def test_where_there_is_a_place_for_everybody_none_is_vacant():
    world = World.start(elastic(small_setting(every=400, until="2024-06"))).run()
    assert not spending.bill(world).by_sub_line(world.setting.prices)["special.vacant_places"].any()
    assert spending.month_of(world) == sum(s.pence_in(world.month - 1) for s in world.setting.prices.services)


def test_more_places_than_children_cost_the_places_in_the_account_and_nothing_in_any_child():
    base = small_setting(every=100, until="2025-04")
    more = base.places.by_month + 50 * np.array([p.area != "outside" for p in base.places.providers])
    worlds = [World.start(replace(base, places=base.places.with_places(n))).run() for n in (more, more + 1)]
    lines = [account.sub_lines(w)["2024-25"] for w in worlds]
    apart = {line for line in lines[0] if lines[0][line] != lines[1][line]}
    assert apart == {"special.vacant_places", "mainstream_srp.srp_vacant_places"}
    np.testing.assert_array_equal(worlds[0].columns.cost, worlds[1].columns.cost)
    ours = sum(p.kind == "state_special" and p.area != "outside" for p in base.places.providers)
    assert lines[1]["special.vacant_places"] - lines[0]["special.vacant_places"] == ours * 12 * PLACE


def test_the_crowded_expectation_pays_for_the_places_that_its_masses_leave():
    base = small_setting(every=100, until="2024-06")
    roomy = replace(base, places=base.places.with_places(base.places.by_month + 100))
    e = Crowded(roomy, LUMPED)
    states, _ = e.run()
    month, special = base.scenario.first, e.setting.book.vocabulary.code("state_special")
    of_kind = [p.kind == "state_special" for p in base.places.providers]
    masses = e.stock(states[1])[:, :, Support.PLAN, special].sum()
    vacant_places = roomy.places.by_month[0][of_kind].sum() - masses
    assert e.spend(states[1], month)["special.vacant_places"] == pytest.approx(vacant_places * PLACE)


@pytest.mark.parametrize(("change", "says"), [
    (Price(charge="state_special", by=0.3, when=When("2026-09")),
     f"p: Price on .state_special.: {THREE_TENTHS} pounds a month in 2026-09; allowed: the place funding of 833.33"),
    (Price(charge="srp.place", by=0.9, when=When("2026-09")), "p: 'srp.place' is not a price; allowed: "),
])  # fmt: skip
def test_a_policy_cannot_change_place_funding_nor_go_below_it(change, says):
    with pytest.raises(ValueError, match=says):
        setting.build(small_pack.scenario(), 0, Policy("p", (change,)), like=small_pack.whole_setting())
