"""What a child costs, by hand: a move in September, an independent place, a late plan, a ceased plan; then cohorts."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from cohort import account, calendar, costs, income, lives, spending
from cohort.costs import UnitCost
from cohort.income import Pupils
from cohort.lives import NO_PLAN
from cohort.parameters import draw
from cohort.policy import NOTHING, Policy, Scale, When
from cohort.record import by_phase
from cohort.states import Support
from cohort.world import World
from tests import small, small_pack
from tests.small import KENT

MONTHS = [calendar.month("2024-04") + k for k in range(12)]
MAINSTREAM, SPECIAL, NMISS = (
    round(draw(KENT)[f"price.{p}"] * 100 / 12) for p in ("mainstream", "state_special", "nmiss")
)
"""Pence a month in 2024-25: the point's pounds a year x 100 / 12, to the whole penny."""


@cache
def lived() -> tuple[World, NDArray[np.int64], NDArray[np.int16]]:
    """An eighth of Kent at April 2025, without a tariff: each child's pence in 2024-25, and [month, child] placement of
    its plan."""
    world = World.start(small.flat(small.small_setting(every=8, until="2025-04"))).run(MONTHS[0])
    before = world.columns.cost.copy()
    world.run()
    states = np.stack([s for m, s in lives.plans(world) if m in MONTHS])
    return world, world.columns.cost - before, states


def codes(*labels: str) -> list[int]:
    """Codes of placements; "" is no plan."""
    return [NO_PLAN if not label else lived()[0].setting.book.vocabulary.code(label) for label in labels]


def pence_of(history: list[int], mild: Callable[[World], NDArray[np.bool_]] | None = None) -> list[int]:
    """What children of that history in 2024-25 cost, who are not of the severest fifth and had no SEN Support price."""
    world, cost, states = lived()
    rows = (states == np.array(history)[:, None]).all(0) & (world.columns.severity < 4)
    return cost[rows & mild(world) if mild else rows].tolist()


def test_a_move_to_special_in_september_costs_seven_twelfths_of_the_difference_in_its_first_year() -> None:
    found = pence_of(codes(*["mainstream"] * 5, *["state_special"] * 7))
    assert found
    assert set(found) == {5 * MAINSTREAM + 7 * SPECIAL}
    part, full = 7 * (SPECIAL - MAINSTREAM), 12 * (SPECIAL - MAINSTREAM)
    assert found[0] - 12 * MAINSTREAM == part
    assert part * 12 == full * 7


def test_an_independent_place_costs_twelve_months_wherever_it_is_and_moves_no_border_adjustment() -> None:
    found = pence_of(codes(*["nmiss"] * 12))
    assert len(found) > 50
    assert set(found) == {12 * NMISS}
    moved = income.against(income.estimated(KENT, "2025-26"), Pupils(6_000, 1_601), Pupils(6_000, 1_600),
                           draw(KENT).values)  # fmt: skip
    assert (moved.import_export, moved.basic_entitlement) == (0, -round(0.8 * 4_800_00))


@pytest.mark.parametrize("months", [3, 6, 9])
def test_a_plan_costs_from_the_month_of_its_placement_so_a_late_one_costs_less_in_its_year(months: int) -> None:
    history = codes(*[""] * (12 - months), *["mainstream"] * months)
    world, _, _ = lived()
    event = world.setting.book.events.index("conclude")
    log = world.record.logs[MONTHS[12 - months] - world.setting.scenario.first]
    issued = np.isin(np.arange(len(world.columns.severity)), log.row[log.event == event])
    arranged = [world.setting.book.events.index(e) for e in ("to_ap", "to_tuition")]
    rows = np.concatenate([log.row[np.isin(log.event, arranged)] for log in world.record.logs])
    cheap = ~np.isin(np.arange(len(issued)), rows) & (world.setting.start.placement == 0)
    found = pence_of(history, lambda _: issued & cheap)  # nothing was paid for them before they had a plan
    assert found
    assert set(found) == {months * MAINSTREAM}


def test_a_ceased_plan_costs_nothing_from_the_month_in_which_it_ceases() -> None:
    found = [p for n in range(1, 12) for p in pence_of(codes(*["fe"] * n, *[""] * (12 - n)))]
    expected = [n * round(draw(KENT)["price.fe"] * 100 / 12) for n in range(1, 12)]
    assert found
    assert set(found) <= set(expected)
    assert len(set(found)) > 3


def test_a_year_in_each_placement_sums_to_what_plans_cost_and_an_average_is_by_hand() -> None:
    world = small_pack.finished()
    found = costs.by_placement(world, "2024-25")
    spent = account.sub_lines(world)["2024-25"]
    assert found["nmiss"].pence == spent["independent.nmiss"]
    parts = ("place_funding", "top_up", "exceptional_pupil_need")
    assert found["state_special"].pence == sum(spent[f"special.{part}"] for part in parts)
    assert found["fe"].pence == spent["post16.fe"]
    mean = draw(KENT)["price.nmiss"]
    assert found["nmiss"].pounds == pytest.approx(mean, rel=0.06), "the price of the mean child of January 2024"
    assert found["ehe"].pounds == 0
    assert UnitCost(6, 1_000_00).pounds == 2_000, "six months at 1,000 are 2,000 a year"


def test_a_cohorts_first_plans_are_those_issued_to_children_without_one_before() -> None:
    world = small_pack.finished()
    rows = costs.first_plans(world, "2025")
    held = dict(lives.plans(world))
    before = np.zeros(len(rows), np.bool_)
    for month, state in held.items():
        if month < calendar.month("2025-01"):
            before |= state[rows] != NO_PLAN
    assert len(rows) == len(set(rows.tolist())) > 10
    assert not before.any()


def test_a_cohorts_cost_so_far_is_what_its_children_were_charged_with_plans() -> None:
    world = small_pack.finished()
    found = costs.of_cohort(world, "2025")
    rows = costs.first_plans(world, "2025")
    planned = sum(
        int(lives.cost(world, rows[f.placement[rows] != NO_PLAN], f).sum())
        for f in lives.lived(world)
        if f.month >= calendar.month("2025-01")
    )
    assert sum(found.so_far.values()) == planned <= int(world.columns.cost[rows].sum())
    assert found.children == len(rows)
    assert 0 < found.holding <= found.children
    assert found.pounds_a_child == pytest.approx(
        (sum(found.so_far.values()) + sum(found.to_come.values())) / 100 / found.children
    )
    assert "last twelve months" in found.assumes


def test_plan_holders_played_back_cost_what_the_ledger_charges_for_plans() -> None:
    world = small_pack.finished()
    for found in lives.lived(world):
        if found.month >= world.setting.scenario.first:
            held = np.flatnonzero(found.placement != NO_PLAN)
            record, slots = world.record, world.setting.prices.slots
            _, paid = by_phase(record.cells[found.month + 1], record.held[found.month + 1], slots)
            price = world.setting.price(found.month)[Support.PLAN]
            assert lives.cost(world, held, found).sum() == (paid * price).sum()


def test_the_extrapolation_of_one_child_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    world = small_pack.finished()  # ends with March 2028: five months of the school year are left
    a_year, stays = np.zeros(27), np.zeros(27)
    a_year[[20, 21]], stays[[20, 21]] = (1_200_00, 2_400_00), (1.0, 0.5)
    monkeypatch.setattr(costs, "_cross_section", lambda _: (a_year, stays))
    monkeypatch.setattr(lives, "ncy_index", lambda *_: np.array([20]))
    found = costs._to_come(world, np.array([0]))
    assert found[20] == 500_00  # 5/12 of 1,200 pounds
    assert found[21] == 1_800_00  # half of the holders end in the year: three quarters of 2,400 pounds
    assert found[22:].sum() == 0


def test_a_year_that_a_run_does_not_cover_has_no_cohort() -> None:
    with pytest.raises(ValueError, match="year: 2028 given; allowed: a whole year of the run, 2024 to 2027"):
        costs.first_plans(small_pack.finished(), "2028")


def at(policy: Policy) -> World:
    """An eighth of Kent until September 2026, under a policy."""
    return World.start(small.small_setting(every=8, until="2026-09", policy=policy)).run()


def test_a_change_in_september_costs_seven_months_in_its_first_year_and_twelve_in_full() -> None:
    kept = Policy("kept", (Scale("cease", 0.0, When("2025-09")),))
    base, policy = at(NOTHING), at(kept)
    found = costs.september(base, policy, 2025)
    begins = calendar.month("2025-09")
    monthly = [account_month(policy, m) - account_month(base, m) for m in range(begins, begins + 12)]
    assert sum(found.part_year.values()) == sum(monthly[:7])
    assert sum(found.full_year.values()) == sum(monthly)
    assert found.full_year["post16"] > found.part_year["post16"] > 0


def account_month(world: World, month: int) -> int:
    """Pence of a month: children's charges, services and vacant places."""
    paid = world.setting.cost(world.record.cells[month + 1], world.record.held[month + 1], month)
    year, bill, prices = calendar.financial_year_start(month), spending.bill(world), world.setting.prices
    vacant = sum(int(bill.vacant[v.kind][bill.months.index(month)]) * 83_333 for v in prices.vacancies)
    return paid + sum(s.pence_a_month(year) for s in prices.services) + vacant


def test_a_september_without_a_whole_year_after_it_is_refused() -> None:
    world = small_pack.finished()
    with pytest.raises(ValueError, match="September 2027: a run from 2024-01 to 2028-03 has no whole year"):
        costs.september(world, world, 2027)
    assert costs.september(world, world, 2025).full_year == dict.fromkeys(
        ("special", "independent", "mainstream_srp", "post16", "other"), 0
    )
