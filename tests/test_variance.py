"""Volume, mix and price sum to the change, to the penny, and are the same the other way round."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import account, variance
from cohort.prices import LINES
from cohort.variance import Variance
from tests import small_pack

ITEMS = st.lists(st.tuples(*[st.integers(0, 10**6)] * 4), max_size=8)


def of(items: list[tuple[int, int, int, int]]) -> Variance:
    """The variance of (months before, after, price before, after)."""
    q0, q1, p0, p1 = zip(*items, strict=True) if items else ((), (), (), ())
    return variance.variance((q0, q1), (p0, p1))


def test_a_worked_case_of_two_kinds_of_place() -> None:
    # 10 at 100 and 10 at 300, then 10 at 110 and 20 at 330: 4,000 -> 7,700
    found = of([(10, 10, 100, 110), (10, 20, 300, 330)])
    assert (found.before, found.after, found.change) == (4_000, 7_700, 3_700)
    assert found.price == 10 * 10 + 30 * 15  # old and new price over the mean months: 550
    assert found.volume == 2_283  # 10 more x the mean of 200 and 256.66: 2,283.33
    assert found.mix == 3_700 - 550 - 2_283  # dearer places are more of them, and the third of a penny


@pytest.mark.parametrize(
    ("item", "volume", "price"),
    [
        ((10, 15, 200, 200), 1_000, 0),
        ((10, 10, 200, 210), 0, 100),
        ((0, 5, 200, 200), 1_000, 0),
        ((5, 0, 9, 9), -45, 0),
    ],
)
def test_one_kind_of_place_has_no_mix(item: tuple[int, int, int, int], volume: int, price: int) -> None:
    found = of([item])
    assert (found.volume, found.mix, found.price) == (volume, 0, price)


@given(ITEMS)
def test_the_three_sum_to_the_change_to_the_penny(items: list[tuple[int, int, int, int]]) -> None:
    found = of(items)
    assert found.volume + found.mix + found.price == found.change
    assert found.before == sum(q0 * p0 for q0, _, p0, _ in items)


@given(ITEMS)
def test_the_other_way_round_every_effect_has_the_other_sign(items: list[tuple[int, int, int, int]]) -> None:
    found, back = of(items), of([(q1, q0, p1, p0) for q0, q1, p0, p1 in items])
    assert (back.volume, back.mix, back.price) == (-found.volume, -found.mix, -found.price)


@given(ITEMS, st.integers(0, 10**5))
def test_months_that_do_not_change_leave_price_alone(items: list[tuple[int, int, int, int]], more: int) -> None:
    found = of([(q, q, p, p + more) for q, _, p, _ in items])
    assert (found.volume, found.mix) == (0, 0)


def test_lists_of_other_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"items: \[1, 2, 1, 1\] given; allowed: lists of one length"):
        variance.variance(([1], [1, 2]), ([1], [1]))


def test_a_runs_lines_change_by_what_the_ledger_says() -> None:
    world = small_pack.finished()
    years = {y.financial_year: y for y in account.of_world(world)}
    found = variance.of_years(world, "2024-25", "2027-28")
    assert tuple(found) == LINES
    for line, v in found.items():
        assert (v.before, v.after) == (years["2024-25"].line(line), years["2027-28"].line(line))
        assert v.volume + v.mix + v.price == v.change


def test_a_world_against_itself_has_no_variance() -> None:
    world = small_pack.finished()
    for v in variance.of_worlds(world, world, "2026-27").values():
        assert astuple(v)[2:] == (0, 0, 0)


def test_a_year_that_is_not_whole_is_refused() -> None:
    with pytest.raises(ValueError, match="2023-24: the run covers 3 months of it; allowed: whole years"):
        variance.of_years(small_pack.finished(), "2023-24", "2024-25")
