"""Backtests: a forecast has seen nothing of what came, and the scorer knows a good one from a bad one."""

import json
import shutil
from math import nan
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax", reason="needs the calibrate extra")

from calibration import history, rivals, unforeseen
from calibration.backtest import Backtest, Forecast, errors, scorecard, shipped, with_actuals
from calibration.history import GROUPS, TOTAL, History
from calibration.sbc import normals
from calibration.scores import Case, crps, effective, score
from cohort import parameters
from cohort.cli import main
from cohort.pack import Pack, seal
from tests.small_pack import KENT as FOLDER
from tests.small_pack import edit

KENT = Pack.load("kent")
PAST = history.of_pack(KENT)


# what is known


def test_the_history_holds_the_published_januaries_and_adds_up():
    assert [PAST.plans[y, TOTAL] for y in (2019, 2023, 2024, 2025)] == [11763, 18931, 19407, 20665]
    for year in range(2019, 2025):
        assert sum(PAST.plans[year, g] for g in GROUPS) == PAST.plans[year, TOTAL]
    assert PAST.flows[2023, "new_plans"] == 1976
    assert PAST.flows[2023, "refused"] == 1244, "alike in all years: after mediation and tribunal"
    assert sum(PAST.new[2022, g] for g in GROUPS) == 2314


def test_nothing_after_the_origin_is_known():
    known = PAST.known(2022)
    assert known.plans[2022, TOTAL] == 17733
    assert np.isnan(known.plans[2023, TOTAL])
    assert np.isnan(known.flows[2022, "requests"]), "the year that begins then"
    assert known.flows[2021, "requests"] == 4047


def poisoned(past: History, origin: int) -> History:
    """Everything after the origin is NaN."""
    return History({k: v if k[0] <= origin else nan for k, v in past.plans.items()},
                   {k: v if k[0] < origin else nan for k, v in past.flows.items()},
                   {k: v if k[0] < origin else nan for k, v in past.new.items()})  # fmt: skip


def test_a_forecast_of_poisoned_years_is_the_same_to_the_bit(tmp_path: Path):
    origin = 2022
    bad = tmp_path / "kent"
    shutil.copytree(FOLDER, bad)
    package = json.loads((bad / "datapackage.json").read_text("utf-8"))
    for resource in package["resources"]:
        resource.pop("total", None)
        resource.pop("totals", None)
    (bad / "datapackage.json").write_text(json.dumps(package), "utf-8")
    edit(bad, "plans_by_january", lambda r: {**r, "plans": "7"} if int(r["january"]) > origin else r)
    edit(bad, "requests_by_year", lambda r: {**r, "requests": "7"} if int(r["year"]) >= origin else r)
    edit(bad, "targets", lambda r: {**r, "value": "7"} if r["period"] > f"{origin}-01" else r)
    assert seal(bad) == []
    one = Backtest(KENT, PAST, (origin,), draws=12)
    first = one.forecast(origin)
    one.pack, one.past = Pack.load(bad), poisoned(PAST, origin)
    one.register = history.load(one.pack)
    again = one.forecast(origin)
    assert first.values == again.values
    for group, sample in first.samples.items():
        assert np.isfinite(sample).all()
        assert np.array_equal(sample, again.samples[group])
    assert 0.95 < np.median(first.samples[TOTAL][:, 0]) / PAST.plans[2023, TOTAL] < 1.1
    clean, dirty = (rivals.samples(p, origin) for p in (PAST, poisoned(PAST, origin)))
    for name, groups in clean.items():
        for group, sample in groups.items():
            assert np.array_equal(sample, dirty[name][group]), name


def test_what_is_unforeseen_is_as_wide_as_earlier_forecasts_missed_and_no_wider():
    def said(origin: int, value: float, spread: float = 0.0) -> Forecast:
        sample = value * np.exp(spread * normals(4000, 3, 61))
        return Forecast(origin, {TOTAL: sample}, {}, {TOTAL: sample}, effect=0.2)

    earlier = [said(2020, 15281.0 * np.exp(0.2)), said(2021, 17733.0), said(2022, 100.0)]
    assert errors(earlier, PAST.known(2022)) == pytest.approx([0.2, 0.0], abs=1e-9), "2023 had not come"
    assert unforeseen.missed([0.2, 0.0]) == pytest.approx((0.2**2 + 2 * 0.04**2) / 4)
    assert unforeseen.missed([]) == pytest.approx(0.04**2)
    assert unforeseen.sd(0.04**2, 0.03**2, 0.2) == pytest.approx(np.sqrt(0.04**2 - 0.03**2) / 0.2)
    assert unforeseen.sd(0.04**2, 0.05**2, 0.2) == 0.0, "a range that is wide enough gets no wider"
    mine = [said(2023, PAST.plans[2024, TOTAL] * np.exp(0.05), 0.02), said(2024, PAST.plans[2025, TOTAL], 0.02)]
    assert shipped(mine, PAST) == pytest.approx(np.sqrt(0.05**2 / 2 - 0.02**2) / 0.2, rel=0.05)
    with pytest.raises(ValueError, match="errors: none given"):
        unforeseen.missed([], assume=False)
    with pytest.raises(ValueError, match=r"effect -0\.1 given; allowed: above 0"):
        unforeseen.sd(0.1, 0.0, -0.1)


def test_the_shipped_width_is_what_five_forecasts_missed_and_widens_the_range_to_it():
    back = Backtest(KENT, PAST, draws=200)
    found = back.forecasts()
    known = parameters.estimates(KENT)
    for year in (2025, 2026, 2027):
        of = known[f"{unforeseen.NAME}.{year}"]
        assert of.mode == 1
        assert of.low == pytest.approx(2 - of.high)
        assert of.high - 1 == pytest.approx(unforeseen.width(shipped(found, PAST)), abs=0.04)
    for k, f in enumerate(found):
        after, alone = np.log(f.samples[TOTAL][:, 0]), np.log(f.foreseen[TOTAL][:, 0])
        assert after.var() == pytest.approx(unforeseen.missed(errors(found[:k], PAST.known(f.origin))), rel=0.25)
        assert np.median(after) == pytest.approx(np.median(alone), abs=0.01), "it has no direction"
        assert after.std() > 1.3 * alone.std()


# rivals


def test_the_rivals_say_what_their_names_say():
    past = np.array([100.0, 110.0, 120.0, 150.0])
    assert rivals.flat(past, 3) == 150
    assert rivals.last_growth(past, 2) == pytest.approx(150 * 1.25**2)
    line = np.polyfit(range(4), past, 1)
    assert rivals.trend(past, 1) == pytest.approx(np.polyval(line, 4))
    assert rivals.trend(past[:2], 1) == rivals.last_growth(past[:2], 1)


def test_the_markov_chain_goes_on_as_the_years_went():
    plans = {(y, g): 100.0 + 10 * (y - 2019) for y in range(2019, 2025) for g in GROUPS}
    new = {(y, g): 30.0 for y in range(2019, 2024) for g in GROUPS}
    found = rivals.markov(History(plans, {}, new), 2024)
    assert np.median(found["nmiss"][:, 0]) == pytest.approx(160, rel=0.05)
    assert np.allclose(found[TOTAL], sum(found[g] for g in GROUPS))


# scores


def test_the_crps_of_a_normal_forecast_is_the_closed_form():
    from scipy.stats import norm

    z, x = 0.5, norm.ppf((np.arange(2000) + 0.5) / 2000, 100, 10)
    exact = 10 * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi))
    assert crps(x, 105.0) == pytest.approx(exact, rel=0.002)
    assert crps(np.array([3.0]), 5.0) == 2.0


def test_a_forecast_of_known_skill_is_scored_as_it_is():
    truth = 1000 + 100 * normals(400, 1, 31)[:, 0]
    sample = 1000 + 100 * normals(500, 1, 32)[:, 0]
    cases = {name: score([Case(str(k), make(sample), t) for k, t in enumerate(truth)]) for name, make in {
        "calibrated": lambda s: s, "too narrow": lambda s: 1000 + (s - 1000) / 3, "biased": lambda s: s + 200,
        "too wide": lambda s: 1000 + (s - 1000) * 3,
    }.items()}  # fmt: skip
    good = cases["calibrated"]
    assert good.within_80 == pytest.approx(0.8, abs=0.05)
    assert good.within_95 == pytest.approx(0.95, abs=0.03)
    assert abs(good.bias) < 0.03
    assert cases["too narrow"].within_80 < 0.45
    assert cases["biased"].bias == pytest.approx(0.2, abs=0.03)
    assert all(good.crps < other.crps for name, other in cases.items() if name != "calibrated")
    with pytest.raises(ValueError, match="no case to score"):
        score([])


def test_cases_that_err_together_count_as_few():
    groups = [str(k // 5) for k in range(50)]
    together = np.repeat(normals(10, 1, 3)[:, 0], 5)
    apart = normals(50, 1, 4)[:, 0]
    assert effective(groups, together) == pytest.approx(10)
    assert effective(groups, apart) > 30
    assert effective([str(k) for k in range(50)], apart) == 50


def test_later_actuals_are_scored_and_never_fitted():
    same = {g: np.full((5, 3), 20000.0) for g in (TOTAL, *GROUPS)}
    forecast = Forecast(2024, same, {}, same)
    before = scorecard([forecast], PAST, PAST)
    after = scorecard([forecast], with_actuals(PAST, [(2026, TOTAL, 21000.0)]), PAST)
    assert {line.horizon for line in before if line.of == "all plans"} == {1}
    two = next(line for line in after if line.horizon == 2 and line.forecaster == "cohort")
    assert two.score.bias == pytest.approx(-1000 / 21000)
    with pytest.raises(ValueError, match="group 'nmis' given; allowed: all, mainstream"):
        with_actuals(PAST, [(2026, "nmis", 1.0)])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("january,group\n2026,all\n", "column 'plans' is missing; allowed: january, group, plans"),
        ("january,group,plans\n2026,all,many\n", "row 2: '2026', 'many' given; allowed: a year and a number"),
        ("january,group,plans\n2026,nmis,3\n", "group 'nmis' given; allowed: all, mainstream"),
        ("january,group,plans\n2026,all,0\n", "plans 0.0 given for all in 2026; allowed: more than 0"),
    ],
)
def test_actuals_that_cannot_be_read_are_refused_in_a_line(tmp_path, capsys, text, said):
    path = tmp_path / "later.csv"
    path.write_text(text, "utf-8")
    assert main(["backtest", "--actuals", str(path)]) == 2
    assert said in capsys.readouterr().err
