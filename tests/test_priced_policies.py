"""What policies do to prices: the right charge, from the right month, by the right amount, in whole pence."""

import numpy as np
import pytest

from cohort import calendar, parameters, prices, spending
from cohort.calendar import month
from cohort.policy import NOTHING, Fund, Policy, Price, When
from cohort.states import Vocabulary
from cohort.world import World
from tests.small import KENT, small_setting

PARAMS = parameters.draw(KENT)


def priced(*changes):
    return prices.prices(KENT, PARAMS, Vocabulary(), Policy("p", changes))


def charge(of, name, severity=0):
    (found,) = [c for c in of.charges if c.name == name and c.cells[severity].any()]
    return found


BASE = prices.prices(KENT, PARAMS, Vocabulary())


def test_a_price_changes_its_charge_from_its_start_and_no_other():
    now = priced(Price(charge="nmiss", by=0.9, when=When("2025-10")))
    for c in BASE.charges:
        before, after = (
            c.pence_in(month("2025-09")),
            charge(now, c.name).pence_in(month("2025-09")) if c.cells[0].any() else None,
        )
        assert after in (None, before)
    was, is_now = charge(BASE, "nmiss"), charge(now, "nmiss")
    assert is_now.pence_in(month("2025-10")) == pytest.approx(0.9 * was.pence_in(month("2025-10")), abs=1)
    others = [c.name for c in BASE.charges if c.name != "nmiss" and c.cells[0].any()]
    assert all(charge(now, n).pence_in(month("2026-10")) == charge(BASE, n).pence_in(month("2026-10")) for n in others)


def test_growth_acts_at_every_april_from_the_start_on():
    now = charge(priced(Price(charge="nmiss", growth=-0.01, when=When("2025-04"))), "nmiss")
    g = PARAMS["growth.independent"]
    base = now.pounds * 100 / 12
    for year, n in ((2024, 0), (2025, 1), (2026, 2), (2027, 3)):
        want = base * (1 + g) ** (year - 2024) * ((1 + g - 0.01) / (1 + g)) ** n
        assert now.pence_in(month(f"{year}-06")) == round(want)
    late = charge(priced(Price(charge="nmiss", growth=-0.01, when=When("2025-05"))), "nmiss")
    assert late.pence_in(month("2026-03")) == charge(BASE, "nmiss").pence_in(month("2026-03"))
    assert late.pence_in(month("2026-04")) < charge(BASE, "nmiss").pence_in(month("2026-04"))


def test_a_price_for_the_severest_leaves_the_others_as_they_were():
    now = priced(Price(charge="nmiss", by=0.5, severity=(4, 4), when=When("2025-04")))
    at = month("2025-06")
    was = BASE.monthly(at)
    nmiss = Vocabulary().code("nmiss")
    is_now = now.monthly(at)
    np.testing.assert_array_equal(was[:, :, :4], is_now[:, :, :4])
    assert (is_now[2, nmiss, 4] < was[2, nmiss, 4]).all()
    assert (np.delete(is_now, nmiss, 1) == np.delete(was, nmiss, 1)).all()


def test_a_pot_is_paid_on_its_line_as_far_as_it_is_phased_in():
    pot = Fund(line="mainstream_srp.communities_pot", pounds=12_000_000, when=When("2025-04", full="2025-06"))
    (service,) = [s for s in priced(pot).services if s.name.startswith("p.")]
    assert [service.pence_in(month(m)) for m in ("2025-03", "2025-04", "2025-05", "2025-06", "2027-06")] == [
        0, round(100_000_000 / 3), round(200_000_000 / 3), 100_000_000, 100_000_000,
    ]  # fmt: skip


@pytest.mark.parametrize(("change", "says"), [
    (Price(charge="nmis", by=0.9, when=When("2025-04")), "'nmis' is not a price; did you mean 'nmiss'"),
    (Fund(line="misc.pot", pounds=1, when=When("2025-04")), "'misc.pot' is not a line of the ledger"),
])  # fmt: skip
def test_a_price_or_line_that_there_is_not_is_refused(change, says):
    with pytest.raises(ValueError, match=says):
        priced(change)


def test_children_are_charged_what_the_lines_say_under_a_policy_that_starts_within_a_year():
    policy = Policy("p", (
        Price(charge="nmiss", by=0.8, severity=(0, 1), when=When("2024-10", full="2025-03")),
        Price(charge="state_special", growth=0.02, when=When("2025-04")),
        Fund(line="other.pot", pounds=3_000_000, when=When("2024-09"), growth=0.02),
    ))  # fmt: skip
    world = World.start(small_setting(40, "2025-09", policy)).run()
    by_line = spending.bill(world).by_line(world.setting.prices)
    pot = [s for s in world.setting.prices.services if s.name == "p.fund other.pot"]
    services = sum(
        s.pence_in(m) for s in world.setting.prices.services for m in range(month("2024-01"), month("2025-09"))
    )
    assert len(pot) == 1
    bill = spending.bill(world)
    vacant = sum(int((bill.vacant[v.kind] * bill.pence(v)).sum()) for v in world.setting.prices.vacancies)
    assert by_line.sum() == world.columns.cost.sum() + services + vacant
    plain = World.start(small_setting(40, "2025-09", NOTHING)).run()
    np.testing.assert_array_equal(plain.columns.placement, world.columns.placement)
    assert calendar.label(world.month) == "2025-09"


def test_a_policy_s_pot_is_the_same_at_both_ends_of_the_estimates():
    policy = Policy("p", (Fund(line="other.pot", pounds=3_000_000, when=When("2024-09")),))
    setting = small_setting(40, "2025-09", policy)
    for end in ("low", "high"):
        (pot,) = [s for s in spending.at(setting, end).services if s.name == "p.fund other.pot"]
        assert pot.pounds == 3_000_000
