"""What a draw is laid out from beforehand is what it would be if each month, child and draw were laid out alone."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import calendar, draws, parameters, placing, setting
from cohort.policy import NOTHING, Policy, Redirect, Scale, Set, When, combine
from cohort.races import Lane, first_home
from cohort.rates import Rates
from cohort.rulebook import load
from cohort.scenario import Scenario
from cohort.states import Support
from cohort.when import SHAPES, strengths
from tests.small import KENT, full_setting

MONTHS = range(calendar.month("2024-01"), calendar.month("2028-04") + 1)
PROGRAMME = combine([load(name) for name in Scenario.load("programme").rules])


def programme(draw, like=None):
    return setting.build(Scenario.load("programme"), draw, like=like or full_setting())


# Rates


@pytest.mark.parametrize("draw", [0, 3])
@pytest.mark.parametrize("policy", [NOTHING, PROGRAMME], ids=["nothing", "programme"])
def test_a_month_compiled_among_all_is_the_month_compiled_alone(policy, draw):
    at = parameters.draw(KENT, draw)
    together = Rates(KENT, at, policy)
    together.check(MONTHS)
    alone = Rates(KENT, at, policy, like=Rates(KENT, parameters.draw(KENT, draw + 1), policy))
    for month in (MONTHS[0], *MONTHS[8::5], *MONTHS[5:30:12]):  # there and back again
        np.testing.assert_array_equal(together.compile(month), alone.compile(month))
        np.testing.assert_array_equal(together.most, alone.most)


def test_a_policy_compiles_anew_only_what_it_bears_on():
    base = Rates(KENT, parameters.draw(KENT, 2))
    base.check(MONTHS)
    policy = Policy("p", (Scale("request", by=0.5, when=When("2026-01"), because="."),))
    mine = Rates(KENT, base.params, policy, like=base)
    mine.check(MONTHS)
    for name in base.acting:
        shared = mine._compiled[name] is base._compiled[name]
        assert shared == (name != "request")


def refused(rates, name, month):
    try:
        rates.rate(name, month)
    except ValueError as error:
        return str(error)
    return ""


def test_what_passes_its_bound_is_named_with_its_first_month_however_many_are_compiled():
    policy = Policy("p", (Set("conclude", to=1.0, when=When("2025-06", full="2026-06"), because="."),))
    rates = Rates(KENT, parameters.draw(KENT), policy)
    said = [refused(rates, "conclude", month) for month in MONTHS]
    assert not said[12]
    with pytest.raises(ValueError, match="reserved for it") as together:
        rates.check(MONTHS)
    assert str(together.value) == next(filter(None, said))
    rates.check(range(MONTHS[0], MONTHS[12]))
    with pytest.raises(ValueError, match="reserved for it"):
        rates.compile(MONTHS[-1])


def test_draws_share_the_layout_of_a_policy_and_no_other():
    one, other = programme(1), programme(2)
    assert one.book.rates.layout is other.book.rates.layout
    assert one.book.rates.layout is not full_setting().book.rates.layout
    assert one.book.arrays.redirect_offset is other.book.arrays.redirect_offset
    redirected = Redirect(
        choice="move", frm="nmiss", into="mainstream", share=0.1, appeal_share=0, when=When("2025-01")
    )
    assert Rates(KENT, one.params, Policy("p", (redirected,)), like=one.book.rates).layout is not one.book.rates.layout


@given(
    st.sampled_from(SHAPES), st.integers(0, 40), st.integers(0, 30), st.integers(1, 60),
    st.lists(st.sampled_from(MONTHS), max_size=20),
)  # fmt: skip
def test_how_far_a_change_acts_in_several_months_is_how_far_in_each(shape, start, ramp, lasts, months):
    first = MONTHS[0] + start
    when = When(calendar.label(first), calendar.label(first + ramp), calendar.label(first + lasts), shape)
    assert strengths(when, tuple(months)) == tuple(when.strength(m) for m in months)


# Prices


@pytest.mark.parametrize("draw", [0, 4])
def test_the_kernel_is_charged_the_prices_that_are_added_up_charge_by_charge(draw):
    of = programme(draw)
    slots, shape = of.prices.slots, of.prices.shape
    assert len({of.prices.key(m) for m in MONTHS}) > 20
    for month in MONTHS:
        plainly, tariff = of.prices.monthly(month), of.tariff(month)
        others = np.broadcast_to(of.tariffs.others(month)[..., None, None, None], (Support.PLAN, *shape[1:]))
        np.testing.assert_array_equal(others, plainly[: Support.PLAN])
        plans = np.moveaxis(slots.gather(plainly[Support.PLAN]), 2, 0)
        np.testing.assert_array_equal(tariff.plan_price, plans.reshape(tariff.plan_price.shape))
        np.testing.assert_array_equal(slots.gather(of.price(month)[Support.PLAN]), slots.gather(plainly[Support.PLAN]))
        np.testing.assert_array_equal(of.price(month) > 0, plainly > 0, "nothing that is priced is free")


def test_months_of_the_same_prices_and_school_year_share_a_tariff():
    of = full_setting()
    assert of.tariff(MONTHS[4]) is of.tariff(MONTHS[5])
    august, september = of.tariff(MONTHS[7]), of.tariff(MONTHS[8])
    assert (august.phase != september.phase).any(), "in September a cohort is of the next school year"
    assert august.price is september.price, "at the same prices"
    assert len({id(of.tariff(m)) for m in MONTHS}) < 12


def test_prices_under_a_policy_are_the_same_beside_another_scenario_and_alone():
    base = setting.build(Scenario.load("baseline"), 3, like=full_setting())
    beside, alone = programme(3, like=base), programme(3)
    assert beside.prices.before is base.prices.before
    for month in MONTHS[::9]:
        np.testing.assert_array_equal(beside.prices.monthly(month), alone.prices.monthly(month))


# A choice laid out from the one before it


MOVED = {
    "a rate": {"overrides": {"early_years.requests": {"by": 0.9}}},
    "a redirect's share": {"overrides": {"srp_review.moves": {"share": 0.05}}},
    "a redirect's appeals": {"overrides": {"srp_review.moves": {"appeal_share": 0.4}}},
    "a date": {"overrides": {"early_years.requests": {"start": "2026-09", "full": "2027-09"}}},
    "a price": {"overrides": {"joint_funding.nmiss": {"by": 0.9}}},
    "a price that newcomers pay": {"overrides": {"nmiss_procurement.new_places": {"start": "2026-01"}}},
    "places": {"overrides": {"srp_review.places": {"places": 400}}},
    "a school's date": {"places": {"opening": {"Swanley": "2027-09"}}},
    "whether places bind": {"places": {"binding": False}},
    "an estimate": {"parameters": {"price.nmiss": 60_000.0}},
    "a rule less": {"rules": [name for name in Scenario.load("programme").rules if name != "srp_review"]},
    "a month less": {"until": "2028-03"},
}


def next_choice(what):
    return Scenario.model_validate(Scenario.load("programme").model_dump() | MOVED[what])


@pytest.mark.parametrize("what", MOVED)
def test_a_choice_laid_out_from_the_one_before_is_as_laid_out_alone(what):
    before, mine = programme(3), next_choice(what)
    before.tariffs  # noqa: B018 - what a run has worked out is there to be taken over
    beside, alone = setting.build(mine, 3, like=before), setting.build(mine, 3, like=full_setting())
    for month in range(mine.first, mine.last, 4):
        np.testing.assert_array_equal(beside.book.rates.compile(month), alone.book.rates.compile(month))
        np.testing.assert_array_equal(beside.book.rates.most, alone.book.rates.most)
        np.testing.assert_array_equal(beside.price(month), alone.price(month))
        for one, other in zip(beside.tariff(month), alone.tariff(month), strict=True):
            np.testing.assert_array_equal(one, other)
    for name in ("by_month", "opened"):
        np.testing.assert_array_equal(getattr(beside.places, name), getattr(alone.places, name))
    assert beside.places.providers == alone.places.providers
    assert beside.places.binding == alone.places.binding


def test_a_choice_takes_over_from_the_one_before_what_it_does_not_bear_on():
    before = programme(3)
    before.tariffs  # noqa: B018
    made = {what: setting.build(next_choice(what), 3, like=before) for what in ("a rate", "a price", "places")}
    assert [x.prices is before.prices for x in made.values()] == [True, False, True]
    assert [x.places is before.places for x in made.values()] == [True, True, False]
    assert [x.tariffs is before.tariffs for x in made.values()] == [True, False, False]
    anew = {n for n, of in made["a rate"].book.rates._compiled.items() if of is not before.book.rates._compiled[n]}
    assert anew == {"request"}


# The start


TIMES = st.lists(st.integers(1, 6), min_size=1, max_size=60)


@given(TIMES, st.integers(0, 60), st.randoms(use_true_random=False))
def test_the_first_home_are_the_quickest_and_of_equals_those_of_lower_identity(times, size, random):
    identity = np.array(random.sample(range(1000), len(times)), np.uint64)
    found = first_home(np.array(times, float), identity, size)
    assert found.tolist() == sorted(range(len(times)), key=lambda k: (times[k], int(identity[k])))[:size]


@given(st.data(), TIMES)
def test_a_race_among_the_quickest_first_ends_as_one_among_all(data, times):
    n, time = len(times), np.sort(np.array(times, float))
    like = np.array(data.draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    weights = np.array(data.draw(st.lists(st.sampled_from([0.0, 0.001, 0.5, 1.0, 7.0]), min_size=4, max_size=4)))
    besides = np.array(data.draw(st.lists(st.booleans(), min_size=n, max_size=n)))
    lane = Lane(np.arange(n), time, like, np.arange(n, dtype=np.uint64))
    runs = [k for k in range(n) if weights[like[k]] > 0 and not besides[k]]
    order = sorted(runs, key=lambda k: (time[k] / weights[like[k]], k))
    size = data.draw(st.integers(0, len(order) + 2))
    if size > len(order):
        with pytest.raises(ValueError, match=f"but only {len(order)} can be"):
            lane.first(weights, size, besides)
    else:
        assert lane.first(weights, size, besides).tolist() == order[:size]


def test_who_is_at_which_provider_at_the_start_is_dealt_anew_when_the_places_are_others():
    s = full_setting()
    luck = placing.Luck.of(s.tape)
    fewer = s.places.with_places(s.places.by_month * 9 // 10)
    found = [placing.settle(p, s.start, s.tape, luck) for p in (s.places, fewer, s.places)]
    alone = [placing.settle(p, s.start, s.tape) for p in (s.places, fewer)]
    for one, other in zip(found, (*alone, alone[0]), strict=True):
        np.testing.assert_array_equal(one.provider, other.provider)
    assert (found[0].provider != found[1].provider).any()
    swapped = replace(s.start, need=np.where(s.start.need == 0, 1, s.start.need).astype(np.uint8))
    np.testing.assert_array_equal(
        placing.settle(s.places, swapped, s.tape, luck).provider, placing.settle(s.places, swapped, s.tape).provider
    )


@given(st.lists(st.integers(0, 2**64 - 1), max_size=20), st.integers(0, 2**64 - 1))
def test_many_keys_are_mixed_as_each_is(keys, salt):
    many = np.array(keys, np.uint64)
    assert draws.mix_many(many).tolist() == [draws.mix_int(k) for k in keys]
    assert draws.draw_many(many, salt).tolist() == [draws.draw_int(k, salt) for k in keys]
