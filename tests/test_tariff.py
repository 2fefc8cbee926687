"""Prices by need and severity, and prices that newcomers alone pay: whom they are for, and what they come to."""

import numpy as np
import pytest

from cohort import lives, parameters, prices, spending, tariff
from cohort.calendar import month
from cohort.expected import LUMPED, Expectation
from cohort.fork import run_together
from cohort.policy import NOTHING, Policy, Price, When
from cohort.states import NEEDS, SEVERITIES, Support, Vocabulary
from cohort.variance import of_worlds
from cohort.world import World
from tests.small import KENT, elastic, full_setting, small_setting, under
from tests.small import flat as without_tariff
from tests.test_mini import live_together

WORDS = Vocabulary()
PARAMS = parameters.draw(KENT)
PRICES = prices.prices(KENT, PARAMS, WORDS)
APRIL = month("2024-04")
SINCE = "2025-01"
NEWCOMERS = Policy("p", (Price(charge="nmiss", by=0.5, new_placements=True, when=When(SINCE)),))
BY_NEED = Policy("p", (
    Price(charge="mainstream", by=0.6, needs=("slcn", "mld"), severity=(0, 2), when=When("2024-06", full="2024-12")),
    Price(charge="nmiss", by=0.7, new_placements=True, when=When("2024-09", full="2025-02")),
    Price(charge="nmiss", by=1.2, needs=("semh",), new_placements=True, when=When("2024-05")),
    Price(charge="state_special", growth=0.03, when=When("2024-04")),
))  # fmt: skip


def pence(label, need, severity, where=0, terms=0, of=PRICES, at=APRIL, phase=0):
    return int(of.monthly(at)[Support.PLAN, WORDS.code(label), severity, phase, NEEDS.index(need), where, terms])


def test_a_special_place_by_hand():
    # profound needs 1.6, the severest band 1 + 0.2, over the mean of the needs of January 2024 in special schools
    shares = dict(zip(NEEDS, tariff.shares(KENT, WORDS)[WORDS.code("state_special")], strict=True))
    mean = sum(share * PARAMS.get(f"tariff.need.{need}", 1.0) for need, share in shares.items())
    whole, exceptional = (round(PARAMS[f"price.{c}"] * 100 / 12) for c in ("state_special", "special_exceptional"))
    top_up, place = whole - 83_333, 83_333
    assert pence("state_special", "pmld", 4) == place + round(top_up * 1.6 * 1.2 / mean) + exceptional
    assert pence("state_special", "mld", 0) == place + round(top_up * 0.75 * 0.8 / mean)
    assert 0.9 < mean < 1.1


@pytest.mark.parametrize("number", [0, 5])
@pytest.mark.parametrize("charge", ["state_special", "nmiss", "mainstream", "srp", "fe", "spi"])
def test_the_plans_of_january_2024_cost_the_price_on_average(charge, number):
    of = prices.prices(KENT, parameters.draw(KENT, number), WORDS)
    (found,) = [c for c in of.charges if c.name == charge]
    each, code = found.by_cell(APRIL)[:, 0, :, :, 0], WORDS.code(charge)
    if code in of.lodging.placements:  # of every age and need, as many are outside the county and board as is likely
        plans = of.lodging.plans[of.lodging.placements.index(code)][:, :, None, None]
        likely = plans * of.lodging.shares(code) / SEVERITIES
        mean = (likely * each.transpose(1, 0, 2)).sum() / plans.sum()
    else:
        mean = each[:, :, 0].mean(0) @ tariff.shares(KENT, WORDS)[code]
    assert mean == pytest.approx(found.pence_in(APRIL), abs=1)


def test_the_children_of_january_2024_cost_what_they_did_before_there_was_a_tariff():
    world = World.start(full_setting()).run(full_setting().scenario.first + 1)
    held = world.record.held[world.month]
    flat = spending.bill(world).by_sub_line(without_tariff(world.setting).prices)
    now = spending.bill(world).by_sub_line(world.setting.prices)
    assert held.sum() > 19_000
    for line in ("special.top_up", "mainstream_srp.top_up", "post16.fe"):
        assert now[line][0] == pytest.approx(flat[line][0], rel=0.01), line
    assert now["independent.nmiss"][0] == pytest.approx(flat["independent.nmiss"][0], rel=0.015)


def test_the_mildest_in_independent_schools_cost_less_than_the_average():
    by_band = [pence("nmiss", "asd", band) for band in range(5)]
    assert by_band == sorted(by_band)
    assert by_band[0] < 0.75 * by_band[2]
    assert pence("nmiss", "mld", 2) < pence("nmiss", "semh", 2) < pence("nmiss", "pmld", 2)


def test_a_place_in_another_authoritys_school_has_the_top_up_that_the_estimate_says():
    of = prices.prices(KENT, parameters.draw(KENT, 0, {"tariff.outside.state_special": 1.25}), WORDS)
    inside, outside = (pence("state_special", "asd", 2, where, of=of) - 83_333 for where in (0, 1))
    assert outside == round(inside * 1.25) or abs(outside - inside * 1.25) <= 1
    assert pence("nmiss", "asd", 2, 0, of=of) == pence("nmiss", "asd", 2, 0), (
        "independent places have factors of their own"
    )


def test_a_price_for_a_need_and_a_band_touches_no_other():
    change = Price(charge="nmiss", by=0.5, needs=("semh", "asd"), severity=(3, 4), when=When("2024-04"))
    now = prices.prices(KENT, PARAMS, WORDS, Policy("p", (change,))).monthly(APRIL)
    was, nmiss = PRICES.monthly(APRIL), WORDS.code("nmiss")
    apart = np.argwhere((now != was).any((3, 5, 6)))
    assert {tuple(x) for x in apart.tolist()} == {
        (2, nmiss, severity, NEEDS.index(need)) for severity in (3, 4) for need in ("semh", "asd")
    }


@pytest.mark.parametrize(("change", "says"), [
    (Price(charge="sen_support_top_up", by=0.9, needs=("asd",), when=When("2025-04")),
     "p: 'sen_support_top_up' is paid without a plan, where neither need nor entry is priced; allowed: severity"),
    (Price(charge="support_services", by=0.9, new_placements=True, when=When("2025-04")),
     "p: 'support_services' is a service, which no child has; allowed: by and growth"),
])  # fmt: skip
def test_a_price_for_children_who_are_not_told_apart_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        prices.prices(KENT, PARAMS, WORDS, Policy("p", (change,)))


def test_a_need_that_there_is_not_is_refused_with_the_closest():
    with pytest.raises(ValueError, match="'slc' is not a need; did you mean 'slcn'"):
        Price(charge="nmiss", by=0.9, needs=("slc",), when=When("2025-04"))


# Children


def test_the_kernel_and_the_twin_charge_the_same_by_need_band_and_entry():
    setting = small_setting(every=60, until="2025-06", policy=BY_NEED)
    assert setting.prices.since == (month("2024-05"), month("2024-09"))
    world = live_together(setting, seed=3)
    assert world.record.held[world.month].sum((0, 1, 2, 3, 4)).all(), "some came before, between and after"


def test_only_who_comes_to_a_placement_from_the_date_on_pays_the_new_price():
    base, policy = (World.start(small_setting(20, "2026-01", p)).run() for p in (NOTHING, NEWCOMERS))
    nmiss, since = WORDS.code("nmiss"), month(SINCE)
    saved, before = np.zeros(len(base.columns.cost), np.int64), {}
    for one, two in zip(lives.lived(base), lives.lived(policy), strict=True):
        np.testing.assert_array_equal(one.placement, two.placement)
        there = np.flatnonzero(one.placement == nmiss)
        if one.month == since - 1:
            before = set(there.tolist())
        if one.month >= base.setting.scenario.first:
            saved[there] += lives.cost(base, there, one) - lives.cost(policy, there, two)
    np.testing.assert_array_equal(saved, base.columns.cost - policy.columns.cost)
    stayed = [row for row in before if base.columns.entered[row] < since and base.columns.placement[row] == nmiss]
    came = np.flatnonzero((base.columns.entered >= since) & (base.columns.placement == nmiss)
                          & (base.columns.support == Support.PLAN))  # fmt: skip
    assert len(stayed) > 10
    assert len(came) > 3
    assert not saved[stayed].any()
    assert (saved[came] > 0).all()


def test_a_child_is_new_to_its_placement_when_it_moves_or_its_plan_begins_and_not_when_it_stays():
    world = World.start(small_setting(20, "2025-10")).run()
    c, events = world.columns, world.setting.book.events
    moved = np.zeros(len(c.entered), np.int64)
    for at, log in enumerate(world.record.logs, world.setting.scenario.first):
        moved[log.row[(log.frm != log.to)]] = at
    held = (c.support == Support.PLAN) & (c.presence == 1)
    np.testing.assert_array_equal(c.entered[held], moved[held])
    reviewed = np.concatenate([log.row[log.event == events.index("review_maintain")] for log in world.record.logs])
    assert (c.entered[reviewed[held[reviewed]]] == 0).any()


def test_a_world_that_forks_to_a_price_for_newcomers_is_the_world_that_always_had_it():
    base = small_setting(40, "2025-06")
    policy = under(base, Policy("p", (Price(charge="nmiss", by=0.5, new_placements=True, when=When("2024-08")),)))
    (_, _), (forked, _) = run_together([base, policy], seed=1, replicate=0)
    alone = World.start(policy).run()
    np.testing.assert_array_equal(forked.columns.cost, alone.columns.cost)
    for m, held in alone.record.held.items():
        np.testing.assert_array_equal(forked.record.held[m], held)
    back, _ = list(run_together([policy, base], seed=1, replicate=0))[1]
    np.testing.assert_array_equal(back.columns.cost, World.start(base).run().columns.cost)
    change = of_worlds(World.start(base).run(), alone, "2024-25")["independent"]
    assert (change.volume, change.mix) == (0, 0)
    assert change.price == change.change < 0


def test_a_saved_world_keeps_who_came_when_and_who_is_at_another_authoritys_school(tmp_path):
    setting = small_setting(100, "2025-06", NEWCOMERS)
    world = World.start(setting).run(month("2025-03"))
    resumed = World.load(world.save(tmp_path / "world.npz"), within=setting)
    for one, two in zip(world.record.outside, resumed.record.outside, strict=True):
        np.testing.assert_array_equal(one, two)
    np.testing.assert_array_equal(resumed.run().columns.cost, world.run().columns.cost)
    assert sum(map(len, world.record.outside)) > 0


# The expectation


def test_the_expectation_of_newcomers_is_near_the_children_and_its_gap_is_known():
    base, policy = (elastic(small_setting(1, "2026-04", p)) for p in (NOTHING, NEWCOMERS))
    worlds = [World.start(s, replicate=r).run() for s in (base, policy) for r in range(2)]
    by_run = [spending.bill(w).by_sub_line(w.setting.prices)["independent.nmiss"].sum() for w in worlds]
    lines = [(by_run[0] + by_run[1]) / 2, (by_run[2] + by_run[3]) / 2]
    expected = []
    for s in (base, policy):
        e = Expectation(s, LUMPED)
        states, _ = e.run()
        months = range(s.scenario.first, s.scenario.last)
        expected.append(sum(e.spend(states[k + 1], m)["independent.nmiss"] for k, m in enumerate(months)))
    saved, hoped = lines[0] - lines[1], expected[0] - expected[1]
    assert saved > 0
    assert hoped == pytest.approx(saved, rel=0.15)


def test_needs_that_are_lumped_cost_what_the_plans_of_january_2024_do():
    s = elastic(full_setting())
    e = Expectation(s, LUMPED)
    state = e.start()
    spent, flat = e.spend(state, s.scenario.first), {}
    for c in s.prices.charges:
        mass = e.stock(state)[:, :, c.support][..., list(c.placements)].sum()
        flat[c.line] = flat.get(c.line, 0.0) + mass * c.pence_in(s.scenario.first)
    for line in ("special.top_up", "mainstream_srp.top_up"):
        assert spent[line] == pytest.approx(flat[line], rel=1e-4)
    # of independent places more board at some ages, which have other needs than the placement as a whole
    assert spent["independent.nmiss"] == pytest.approx(flat["independent.nmiss"], rel=2e-4)
