"""The compiled loops behind money: the same as the sums that they stand for, added up plainly."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cohort import headline, lives, spending
from cohort.calendar import AGE_GROUPS, month
from cohort.policy import Fund, Policy, Price, When
from cohort.processes import REASONS
from cohort.record import AGE_GROUP_OF_NCY, FIRST_POST_16, UNDER_16
from cohort.spending import Plans
from cohort.states import Support
from cohort.world import World
from tests.small import small_setting
from tests.test_tariff import BY_NEED, NEWCOMERS

PHASED = Policy("p", (
    Price(charge="nmiss", by=0.9, growth=-0.02, when=When("2024-06", full="2025-02", end="2025-05")),
    Price(charge="srp", by=0.9, county="outside", when=When("2024-09", full="2025-03", shape="s_curve")),
    Price(charge="support_services", by=1.1, growth=0.01, when=When("2024-05", full="2024-08")),
    Fund(line="other.pot", pounds=1_000_000.0, when=When("2024-07", full="2024-11")),
))  # fmt: skip
FEW = st.integers(0, 3)


@given(held=hnp.arrays(np.uint16, hnp.array_shapes(min_dims=7, max_dims=7, min_side=1, max_side=3), elements=FEW))
def test_listed_plans_are_all_there_are(held):
    listed = Plans.of(list(held), held.shape[1:])
    np.testing.assert_array_equal(listed.there, held.sum((4, 5, 6)))
    again = np.zeros_like(held.reshape(listed.there.size, -1))
    for block, (begins, ends) in enumerate(zip(listed.first[:-1], listed.first[1:], strict=True)):
        again[block, listed.cell[begins:ends]] = listed.many[begins:ends]
    np.testing.assert_array_equal(again.reshape(held.shape), held)
    assert listed.many.all(), "no cell is listed that nobody is in"
    np.testing.assert_array_equal(listed.band, np.indices(held.shape[4:]).reshape(3, -1)[:2].T @ [held.shape[5], 1])


def plainly(world, charge, placement):
    """[month, age group, area, where] child-months and pence of a charge in a placement, from what a record keeps."""
    slots, months = world.setting.prices.slots.of_placement(placement), sorted(world.record.cells)[1:]
    phase = np.arange(len(AGE_GROUPS)) >= UNDER_16
    children, pence = [], []
    for m in months:
        if charge.support == Support.PLAN:
            there = world.record.held[m][:, :, slots].astype(np.int64)  # group, area, where, severity, need, terms
        else:
            cells = world.record.cells[m][:, :, charge.support, placement].astype(np.int64)
            groups = [cells[g == AGE_GROUP_OF_NCY].sum(0) for g in range(len(AGE_GROUPS))]
            there = np.stack(groups)[:, :, None, :, None, None]
        wide, needs, terms = there.shape[2], there.shape[4], there.shape[5]
        within = charge.cells[:, phase.astype(int), :needs, :wide, :terms].transpose(1, 3, 0, 2, 4)
        each = np.broadcast_to(charge.by_cell(m - 1), charge.cells.shape)[:, phase.astype(int)]
        there = there * within[:, None]
        children.append(there.sum((3, 4, 5)))
        pence.append((there * each[:, :, :needs, :wide, :terms].transpose(1, 3, 0, 2, 4)[:, None]).sum((3, 4, 5)))
    return np.stack(children), np.stack(pence)


@pytest.mark.parametrize("policy", [BY_NEED, PHASED])
def test_a_bill_is_each_charges_children_times_its_price(policy):
    world = World.start(small_setting(40, "2025-07", policy)).run()
    bill, prices = spending.bill(world), world.setting.prices
    told = 0
    for of in bill.spent(prices):
        children, pence = plainly(world, of.charge, of.placement)
        np.testing.assert_array_equal(of.children, children)
        np.testing.assert_array_equal(of.pence, pence)
        told += of.charge.relative is not None and bool(pence.any())
    assert told >= 8
    for charge in prices.charges:
        found = sum(of.pence.sum((1, 2, 3)) for of in bill.spent(prices) if of.charge is charge)
        np.testing.assert_array_equal(bill.total(charge), found)


def test_prices_worked_out_together_are_those_worked_out_one_by_one():
    world = World.start(small_setting(40, "2025-07", PHASED)).run()
    several = [world.setting.prices, *(spending.at(world.setting, end) for end in ("low", "high"))]
    together, apart = spending.bill(world), World.start(small_setting(40, "2025-07", PHASED)).run()
    together.price(several)
    for prices in several:
        for one, other in zip(together.spent(prices), spending.bill(apart).spent(prices), strict=True):
            np.testing.assert_array_equal(one.pence, other.pence)
            np.testing.assert_array_equal(one.children, other.children)
    low, now, high = (together.by_line(p).sum() for p in (several[1], several[0], several[2]))
    assert low < now < high


def test_the_pence_of_several_months_are_those_of_each():
    setting, months = small_setting(40, "2026-01", PHASED), tuple(range(month("2024-01"), month("2028-04")))
    prices = setting.prices
    told = (*prices.charges, *prices.services, *prices.vacancies)
    for item in told:
        assert item.pence_of(months).tolist() == [item.pence_in(m) for m in months], item.name
    assert len({x.policies for x in told}) > 3


def test_prices_by_terms_that_the_plans_were_not_counted_by_are_refused():
    world = World.start(small_setting(40, "2024-04")).run()
    with pytest.raises(ValueError, match="its price goes by other terms than the plans were counted by"):
        spending.bill(world).by_line(small_setting(40, "2024-04", NEWCOMERS).prices)


def test_a_childs_month_played_back_costs_what_its_place_does():
    world = World.start(small_setting(20, "2025-10", BY_NEED)).run()
    c, seen = world.columns, set()
    for found in lives.lived(world):
        if found.month < world.setting.scenario.first:
            continue
        rows = np.flatnonzero(found.placement != lives.NO_PLAN)
        ncy = lives.ncy_index(world, rows, found.month)
        where = np.isin(rows, found.outside) + lives.where_of(world, rows, found)
        terms = np.searchsorted(np.array(world.setting.prices.since), found.entered[rows], side="right")
        price = world.setting.price(found.month)[Support.PLAN]
        phase = (ncy >= FIRST_POST_16).astype(int)
        each = price[found.placement[rows], c.severity[rows], phase, found.need[rows], where, terms]
        np.testing.assert_array_equal(lives.cost(world, rows, found), each)
        seen |= set(zip(where.tolist(), terms.tolist(), strict=True))
    assert {w for w, _ in seen} >= {0, 1, 3}
    assert {t for _, t in seen} == {0, 1, 2}


def test_what_happened_is_counted_as_it_is_logged():
    world = World.start(small_setting(20, "2025-03")).run()
    found, events = headline._counts(world), world.setting.book.events
    held = range(44, 44 + len(world.setting.book.vocabulary.placements))
    for k, log in enumerate(world.record.logs):
        rows = list(zip(log.event.tolist(), log.reason.tolist(), log.frm.tolist(), strict=True))
        ceased = sum(events[e] in {"cease", "review_cease"} for e, _, _ in rows)
        moved = sum(events[e] == "leave" and REASONS[r] == "moved" and f in held for e, r, f in rows)
        late = sum(events[e] == "conclude" and REASONS[r] == "on_time" for e, r, _ in rows)
        got = [int(found[name][k]) for name in ("ceased", "plans_moved_out", "new_plans_on_time")]
        assert got == [ceased, moved, late]
    assert all(found[name].sum() for name in ("ceased", "plans_moved_out", "new_plans_on_time"))
