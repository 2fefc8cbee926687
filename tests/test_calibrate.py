"""The fit: what it says is what the expectation says, it finds what it should, and its ranges are honest."""

import numpy as np
import pytest

pytest.importorskip("jax", reason="needs the calibrate extra")

from calibration import children, priors, sbc, targets
from calibration.fit import Problem
from calibration.forward import Forward, neutral_setting
from calibration.priors import Prior, Priors
from calibration.spread import ridge
from cohort import setting
from cohort.expected import LUMPED, Expectation
from cohort.pack import Pack
from cohort.scenario import Scenario
from cohort.states import Support

KENT = Pack.load("kent")
MONTHS = (("2024-01", "2025-04"),)


@pytest.fixture(scope="module")
def problem() -> Problem:
    """One January's months: compiling the two takes twice as long."""
    return Problem.of_pack(KENT, MONTHS)


@pytest.fixture(scope="module")
def fitted(problem: Problem) -> np.ndarray:
    return problem.fit()


def test_the_fit_runs_on_what_the_expectation_says_at_the_same_parameters(problem):
    values = {"request.under_5": 1.1, "scale.cease": 0.9, "pace.late.2024": 0.8, "into.nmiss": 1.3, "into.spi": 0.7,
              "arriving_plans": 1.4, "walk.request.2025": 0.9, "scale.assess": 1.05, "walk.into.nmiss.2025": 1.6,
              "walk.into.unrecorded.2025": 1.8, "year.into.fe.2025": 0.8, "year.pace.2025": 1.7,
              "price.nmiss": 47000.0}  # fmt: skip
    whole = priors.split(problem.priors.named(problem.priors.centre))[0] | values
    beyond = (MONTHS[0][0], "2025-10")
    """a September in which regimes of choices act"""
    made = children.settings(KENT, whole, (beyond,))[0]
    states, flows = Expectation(made, LUMPED).run()
    of = Forward(neutral_setting(KENT, *beyond)).series(whole)
    stock = Expectation(made, LUMPED).stock(states[-1]).sum(1)
    assert np.asarray(of.stock)[-1, :, 0].sum() == pytest.approx(stock.sum(), rel=1e-8)
    assert np.allclose(
        np.asarray(of.stock)[-1, :, 0][:, Support.PLAN].sum(0), stock[:, Support.PLAN].sum(0), rtol=5e-3, atol=1
    )
    assert float(of.on_time.sum()) == pytest.approx(sum(float(f.on_time) for f in flows), rel=2e-3)
    months = range(made.scenario.first, made.scenario.last)
    pence = sum(sum(Expectation(made, LUMPED).spend(s, m).values()) for m, s in zip(months, states[1:], strict=True))
    assert float(of.spend.sum()) == pytest.approx(pence / 100, rel=1e-3)


def test_the_slopes_are_the_derivatives(problem):
    z = problem.priors.centre
    along = sbc.normals(1, len(z), 9)[0]
    step = 1e-4
    by_hand = (np.asarray(problem.predict(z + step * along)) - np.asarray(problem.predict(z - step * along))) / (
        2 * step
    )
    known = np.isfinite(by_hand)
    assert np.allclose((problem.jacobian(z) @ along)[known], by_hand[known], rtol=1e-5, atol=1e-5)


def test_the_fit_is_better_than_the_prior_and_flat_at_its_maximum(problem, fitted):
    before = (problem.residuals(problem.priors.centre) ** 2).sum()
    after = problem.residuals(fitted)
    assert (after**2).sum() < 0.8 * before
    assert np.abs(problem.slopes(fitted).T @ after).max() < 0.05


def test_the_fit_finds_the_parameters_that_made_the_targets(problem, fitted):
    at = problem.fitted
    truth = fitted + np.linalg.cholesky(problem.covariance(fitted)) @ sbc.normals(1, len(fitted), 5)[0]
    exact = np.asarray(problem.predict(truth)) * problem.offsets
    found = problem.fit(fitted, value=exact, centre=truth)
    assert np.abs(found - truth).max() < 1e-3
    assert np.allclose((np.asarray(problem.predict(found)) * problem.offsets)[at], exact[at], rtol=1e-4)


def test_ranges_hold_the_truth_as_often_as_they_say_and_halved_ones_are_caught(problem, fitted):
    honest = sbc.places(problem, fitted, refits=200)
    assert honest.worst() > 0.01
    assert honest.whole() > 0.001
    bias, variance = honest.output_scores()
    assert np.abs(bias).max() < 0.6, "Laplace's own: see calibration.sbc"
    assert 0.8 < variance.mean() < 1.2
    halved = sbc.places(problem, fitted, refits=100, narrow=0.5)
    assert halved.worst() < 0.01
    assert halved.whole() < 1e-9
    assert halved.output_scores()[1].mean() > 1.4


def test_the_fit_is_the_same_every_time(problem, fitted):
    assert np.array_equal(problem.fit(), fitted)


def test_an_analyst_who_adds_a_row_moves_the_fit_towards_it(problem, fitted):
    k = next(i for i, t in enumerate(problem.targets) if t.id == "independent_2025")
    value = problem.value.copy()
    value[k] += 3 * problem.sd[k]
    moved = problem.fit(fitted, value=value)
    assert float(problem.predict(moved)[k]) > float(problem.predict(fitted)[k])


# priors


def test_the_prior_has_its_median_at_the_mode_and_keeps_inside_its_limits():
    some = Priors([Prior("a", 0.5, 1.0, 2.0), Prior("b", 0, 1, 1)])
    assert some.values(some.centre)[0] == pytest.approx(1.0)
    assert some.values(np.array([-40.0, 40.0])) == pytest.approx([0.5, 1.0])
    assert 0.9 < some.values(some.centre)[1] < 1


def test_every_prior_has_a_reason_in_the_pack_and_every_fitted_target_can_be_read(problem):
    for p in problem.priors.all:
        assert p.low < p.high
        assert p.reason or p.name.startswith(("price.", "service."))
    assert len(problem.priors.names) == len(set(problem.priors.names))
    wanted = {t.id for t in targets.load(KENT) if t.use == "fitted" and t.period > "2024-01" and t.year >= 2024}
    assert wanted - {"plans_2024"} <= {t.id for t in problem.targets} | {
        i for i in wanted if i.startswith("plans_2024")
    }


def test_a_ridge_is_named_from_both_ends():
    c = np.array([[1, 0.95, 0.1], [0.95, 1, 0.0], [0.1, 0.0, 1]])
    assert ridge(("a", "b", "c"), c) == ["b (+0.95)", "a (+0.95)", ""]


def test_an_earlier_januarys_pipeline_does_not_reach_the_model():
    plain, years = priors.split({"backlog_months": 5.0, "2023:backlog_months": 7.0})
    assert plain == {"backlog_months": 5.0}
    assert years == {"2023": {"backlog_months": 7.0}}
    made = setting.build(Scenario(name="a", parameters=plain, until="2024-02"), 0, pack=KENT)
    assert made.params["backlog_months"] == 5.0
