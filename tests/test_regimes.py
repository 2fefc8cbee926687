"""Regimes: as wide as the published years swung, in the estimates as worked out, and acting in their years only."""

from math import nan, sqrt

import numpy as np
import pytest

from calibration import history, regimes, unforeseen
from calibration.history import TOTAL, History
from calibration.regimes import WALK, YEAR, Regime, spread
from calibration.sbc import normals
from cohort import calendar, multipliers, parameters, setting
from cohort.expected import LUMPED, Expectation
from cohort.pack import Pack
from cohort.policy import Uncertain
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.states import Support, Vocabulary
from cohort.world import World
from tests.small import small_setting
from tests.test_mini import live_together

KENT = Pack.load("kent")
PAST = history.of_pack(KENT)
ESTIMATES = parameters.estimates(KENT)
FOUND = regimes.of_pack(KENT)
YEARS = (2025, 2026, 2027)


# widths


@pytest.mark.parametrize("name", FOUND)
def test_the_limits_of_a_regime_are_those_that_the_published_years_give(name):
    mine = [ESTIMATES[f"{name}.{year}"] for year in YEARS if f"{name}.{year}" in ESTIMATES]
    assert len(mine) == 3 or name == "walk.appeal"
    for of in mine:
        assert (of.low, of.mode, of.high) == pytest.approx((1 - FOUND[name].width, 1, 1 + FOUND[name].width))


def test_a_regime_without_a_series_is_one_of_identification_or_of_what_is_unforeseen():
    told = {n.rsplit(".", 1)[0] for n in ESTIMATES if n.startswith(("walk.", "year.")) and not n.endswith(".2023")}
    assert told - set(FOUND) == {"walk.identify", unforeseen.NAME}, "the latter is of what forecasts missed"


def test_the_sd_of_a_draw_is_that_of_the_series_unless_the_limits_hold_it():
    free = Regime(WALK, 0.2)
    of = Uncertain(1 - free.width, 1, 1 + free.width)
    draws = np.array([parameters.triangular(of, u) for u in (np.arange(4000) + 0.5) / 4000])
    assert draws.std() == pytest.approx(0.2, rel=0.01)
    assert Regime(YEAR, 0.6).width == regimes.MOST
    assert Regime(WALK, 0.2, 0.28).width == 0.28


def test_a_spread_is_of_changes_for_a_walk_and_about_the_mean_for_years():
    levels = np.exp(np.array([0.0, 0.3, 0.1, 0.5]))
    assert spread(WALK, levels) == pytest.approx(sqrt((0.09 + 0.04 + 0.16) / 3))
    assert spread(YEAR, levels) == pytest.approx(np.std([0.0, 0.3, 0.1, 0.5], ddof=1))
    assert spread(WALK, levels, assumed=0.1) == pytest.approx(sqrt((0.29 + 2 * 0.01) / 5))
    assert spread(WALK, levels[:1], assumed=0.1) == pytest.approx(0.1)


def test_chance_is_taken_off_and_no_more_than_there_is():
    true, noise = 0.2, 0.1
    walk = np.cumsum(true * normals(4000, 1, 51)[:, 0]) + noise * normals(4000, 1, 52)[:, 0]
    assert spread(WALK, np.exp(walk), np.full(4000, noise**2)) == pytest.approx(true, rel=0.05)
    years = true * normals(4000, 1, 53)[:, 0] + noise * normals(4000, 1, 54)[:, 0]
    assert spread(YEAR, np.exp(years), np.full(4000, noise**2)) == pytest.approx(true, rel=0.05)
    assert spread(WALK, np.array([1.0, 1.01]), np.full(2, 0.5)) == 0.0


def test_walks_and_years_are_told_apart_by_the_rule_but_for_cessations():
    of = {"walk.request": PAST.by_year("requests", 2025), "walk.assess": regimes.agreed(PAST, 2025),
          "year.pace": regimes.pace(PAST, 2025)}  # fmt: skip
    of |= {f"{kind}.into.{g}": regimes.first_placed(PAST, 2025, g)[0] for g, kind in regimes.INTO.items()}
    of |= {f"{YEAR}.into.{n}": regimes.entered(PAST, 2025, g) for n, g in regimes.AFTER_16.items()}
    found = {name: regimes.walks(levels) for name, levels in of.items() if name != "walk.assess"}
    assert found == {name: name.startswith(WALK) for name in found}
    assert regimes.walks(regimes.loss(PAST, 2025)), "and yet year.cease: three such years in a row pass every bound"
    assert not regimes.walks(of["walk.assess"]), "as it was before there was a rule; a walk is the wider"


def test_the_series_are_what_the_tables_say():
    assert regimes.loss(PAST, 2025)[0] == pytest.approx((2126 - (13499 - 11763)) / 11763)
    odds, chance = regimes.first_placed(PAST, 2025, "nmiss")
    assert odds[-1] == pytest.approx(104 / (1176 + 62 + 47))
    assert chance[-1] == pytest.approx(1 / 104 + 1 / 1285)
    assert regimes.agreed(PAST, 2025)[-1] == pytest.approx(1 - 1244 / 3988)
    last = (3988 - 1244) * 5 / 12
    before = last - (3988 - 1244) + 1976 + 164
    assert regimes.pace(PAST, 2025)[-1] == pytest.approx((1976 + 164) / 12 / ((last + before) / 2))
    assert regimes.entered(PAST, 2025, "spi")[0] == pytest.approx(426 - 189 + 0.4 * 189)


def test_a_regime_knows_nothing_of_what_came_after_its_origin():
    later = History({k: v if k[0] <= 2022 else nan for k, v in PAST.plans.items()},
                    {k: v if k[0] < 2022 else 7.0 for k, v in PAST.flows.items()},
                    {k: v if k[0] < 2022 else 7.0 for k, v in PAST.new.items()})  # fmt: skip
    assert regimes.of_history(later, 2022, assume=True) == regimes.of_history(PAST, 2022, assume=True)
    assert np.isnan(later.series(TOTAL, 2024)[-1])


# what they do


def test_a_choice_changes_from_its_month_on_and_not_before():
    made = setting.build(Scenario(name="a", parameters={"walk.into.nmiss.2026": 1.5, "year.into.spi.2025": 0.8}), 0,
                         pack=KENT)  # fmt: skip
    plain = setting.build(Scenario(name="a"), 0, like=made)
    words, year = made.book.vocabulary, 7 + 5
    frm, nmiss, spi = (words.code(p) for p in ("mainstream", "nmiss", "spi"))

    def odds(of: Setting, month: str, ncy: int, into: int) -> float:
        row = of.book.in_month(calendar.month(month)).weights["transfer"][0, ncy, 0, 0, 0, frm]
        return float(row[into] / row[frm])

    for month, factor in (("2025-12", 1.0), ("2026-01", 1.5), ("2028-03", 1.5)):
        assert odds(made, month, year, nmiss) / odds(plain, month, year, nmiss) == pytest.approx(factor)
        weights = made.book.in_month(calendar.month(month)).weights["transfer"]
        assert np.allclose(weights.sum(-1)[weights.sum(-1) > 0], 1)
    for month, factor in (("2025-03", 1.0), ("2025-04", 0.8), ("2025-12", 0.8), ("2026-01", 1.0)):
        assert odds(made, month, 17, spi) / odds(plain, month, 17, spi) == pytest.approx(factor)
    months = [made.book.arrays_in(calendar.month(m)) for m in ("2024-05", "2025-05", "2025-09", "2026-05")]
    assert months[1] is months[2], "months in which the same rows act share their arrays"
    assert not np.array_equal(months[0].choices, months[1].choices)


def test_arrivals_can_have_a_date_too():
    row = multipliers.Multiplier("arriving_plans", multipliers.ARRIVALS, (-5, 21), (0, 24), (24300, 24311), ())
    assert multipliers.dated([row], {"arriving_plans": 1.2}) == (row,)
    assert multipliers.dated([row], {"arriving_plans": 1.0}) == ()
    assert not multipliers.dated(multipliers.load(KENT, Vocabulary()), {"into.nmiss": 1.2}), "always at work"


SWING = {"walk.into.nmiss.2025": 1.8, "walk.into.state_special.2025": 0.6, "year.into.fe.2025": 0.75,
         "walk.into.unrecorded.2025": 1.9, "year.pace.2025": 0.3, "year.cease.2025": 1.9}  # fmt: skip


def test_the_expectation_follows_the_children_through_a_swing():
    free = Scenario(name="a", until="2026-01", places={"binding": False})
    made = setting.build(free.model_copy(update={"parameters": SWING}), 0, pack=KENT)
    plain = setting.build(free, 0, like=made)
    words = made.book.vocabulary

    def children(of: Setting) -> np.ndarray:
        runs = [World.start(of, replicate=k, seed=3).run().record.stocks[of.scenario.last] for k in range(4)]
        return np.mean([r[:, :, int(Support.PLAN)].sum((0, 1)) for r in runs], 0)

    def expected(of: Setting) -> np.ndarray:
        e = Expectation(of, LUMPED)
        return e.stock(e.run()[0][-1])[:, :, int(Support.PLAN)].sum((0, 1))

    swung = children(made) - children(plain)
    moved = expected(made) - expected(plain)
    for label in ("nmiss", "state_special", "fe", "neet"):
        k = words.code(label)
        assert abs(moved[k]) > 20, label
        assert swung[k] == pytest.approx(moved[k], abs=10 + 0.1 * abs(moved[k])), label
    assert moved.sum() < -300
    assert swung.sum() == pytest.approx(moved.sum(), rel=0.1)


def test_the_twin_follows_the_kernel_through_a_swing():
    made = small_setting(60, "2026-02", draw=6)
    assert {m.parameter for m in made.book.dated} > {f"{name}.{year}" for name in ("walk.into.nmiss", "year.into.fe")
                                                    for year in YEARS}  # fmt: skip
    live_together(made, seed=5)
