"""The posterior: its gates refuse what has not converged, and what is shipped is what is drawn."""

import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("jax", reason="needs the calibrate extra")

from calibration import assumptions, hmc, posterior, ship
from calibration.calibrate import Calibration, Row
from calibration.lumped import jax_numpy
from calibration.posterior import Gates, Posterior
from calibration.priors import Prior, Priors
from calibration.sbc import normals
from cohort import parameters
from cohort.pack import Pack
from cohort.rates import Rates
from tests.small_pack import KENT as FOLDER

KENT = Pack.load("kent")


def gates(**changed: float) -> Gates:
    return Gates(**{"r_hat": 1.003, "ess_bulk": 900.0, "ess_tail": 700.0, "divergences": 0, **changed})


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"r_hat": 1.012}, "R-hat 1.0120; allowed: below 1.01"),
        ({"ess_bulk": 399}, "bulk effective size 399; allowed: above 400"),
        ({"ess_tail": 400}, "tail effective size 400; allowed: above 400"),
        ({"divergences": 1}, "1 divergences; allowed: none"),
    ],
)
def test_every_gate_refuses_by_itself_and_says_why(changed, said):
    assert gates().passed
    assert gates().failed() == []
    assert not gates(**changed).passed
    assert gates(**changed).failed() == [said]


def test_no_draws_are_given_of_a_posterior_that_failed():
    bad = Posterior(np.zeros((4, 5, 2)), np.zeros((4, 5, 1)), gates(r_hat=1.2), np.ones(2), np.ones(2))
    with pytest.raises(RuntimeError, match=r"no draws are given of a posterior that failed: R-hat 1\.2000"):
        bad.chosen()


def test_chains_that_agree_pass_and_a_chain_that_is_elsewhere_does_not():
    x = normals(2000, 2, 5).reshape(4, 500, 2)
    r_hat, bulk, tail = posterior.diagnosed(x)
    assert r_hat.max() < 1.01
    assert min(bulk.min(), tail.min()) > 1000
    x[3, :, 1] += 1.0
    assert posterior.diagnosed(x)[0][1] > 1.05
    slow = np.cumsum(normals(2000, 1, 6).reshape(4, 500, 1), 1)
    assert posterior.diagnosed(slow)[1][0] < 100


def test_the_sampler_finds_a_distribution_that_is_known():
    jax, xp = jax_numpy()
    mean, sd = np.array([1.0, -2.0]), np.array([0.5, 2.0])
    known = SimpleNamespace(
        jax=jax, xp=xp, offsets=np.ones(1), log_posterior=lambda z, _: -0.5 * (((z - mean) / sd) ** 2).sum()
    )
    x, diverging = posterior.run_chains(known, mean, np.diag(sd), posterior.jitter(2, 2), 0, 200, 1500)
    z = mean + x * sd
    assert diverging == 0
    assert np.allclose(z.mean((0, 1)), mean, atol=0.15 * sd)
    assert np.allclose(z.std((0, 1)), sd, rtol=0.12)
    again, _ = posterior.run_chains(known, mean, np.diag(sd), posterior.jitter(2, 2), 0, 200, 1500)
    assert np.array_equal(x, again)


def test_chains_that_follow_a_wrong_picture_still_sample_the_exact_density():
    """A skewed density, followed by the picture of a normal one that is off in level and scale."""
    one = np.eye(2)
    wrong = hmc.Picture(np.zeros(1), np.zeros((1, 2)), np.zeros((1, 2, 2)), np.array([0.4, -0.3]), 0.8 * one)

    def exact(x):
        return float(-0.5 * x[0] ** 2 - 2 * np.exp(x[1]) + 2 * x[1])  # log of a gamma of shape and rate 2

    start = posterior.jitter(2, 2)
    chains = np.array([hmc.chain(exact, wrong, at, k, 6000, 500)[0] for k, at in enumerate(start)])
    assert posterior.diagnosed(chains)[0].max() < 1.02
    assert chains[:, :, 0].std() == pytest.approx(1.0, rel=0.06)
    gamma = np.exp(chains[:, :, 1])
    assert gamma.mean() == pytest.approx(1.0, rel=0.06)
    assert gamma.var() == pytest.approx(0.5, rel=0.15)


def test_the_picture_of_quadratic_predictions_is_exact():
    slope, bend = np.array([[1.0, -2.0], [0.5, 0.3]]), np.array([[[0.2, 0.1], [0.1, 0.0]], [[0.0, 0.3], [0.3, -0.4]]])
    known = SimpleNamespace(
        predict=lambda z: slope @ z + np.einsum("tij,i,j->t", bend, z, z) / 2, fitted=np.array([True, True]),
        offsets=np.array([1.0, 1.1]), value=np.array([0.4, 0.2]), sd=np.array([0.5, 2.0]),
        priors=SimpleNamespace(centre=np.array([0.1, 0.2])),
    )  # fmt: skip
    z, root = np.array([0.3, -0.2]), np.array([[0.7, 0.0], [0.2, 0.5]])

    def density(x):
        at = z + root @ x
        miss = (known.predict(at) * known.offsets - known.value) / known.sd
        return -0.5 * (miss @ miss) - 0.5 * ((at - known.priors.centre) ** 2).sum()

    picture, x, h = hmc.drawn(known, z, root), np.array([0.6, -1.1]), 1e-5
    by_hand = [(density(x + h * e) - density(x - h * e)) / (2 * h) for e in np.eye(2)]
    assert np.allclose(picture.uphill(x), by_hand, rtol=1e-6)


# what is shipped


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    """A pack with a posterior of three parameters that never was."""
    folder = tmp_path / "kent"
    shutil.copytree(FOLDER, folder)
    some = Priors([Prior("scale.cease", 0.75, 1, 1.35), Prior("price.nmiss", 43500, 46500, 49300),
                   Prior("2023:backlog_months", 4, 7, 13)])  # fmt: skip
    z = normals(2000, 3, 8).reshape(4, 500, 3) * 0.5 + some.centre
    found = Posterior(z, np.zeros((4, 500, 1)), gates(), np.full(3, 1.001), np.full(3, 900.0))
    segment = SimpleNamespace(of=SimpleNamespace(pack=Pack.load(folder)))
    problem = SimpleNamespace(priors=some, forward=SimpleNamespace(segments=[segment]))
    row = Row("a", "2024", 10.0, 11.0, 11.0, 2.0, 0.5, "plans", "fitted", 1.0)
    ship.ship(folder, Calibration(problem, some.centre, (row,), found, {}))
    return folder


def test_what_is_shipped_is_a_sound_pack_and_what_draws_are_made_of(shipped: Path):
    pack = Pack.load(shipped)
    assert pack.problems() == []
    table = pack.table("posterior")
    assert set(table.columns) == {"draw", "scale.cease", "price.nmiss"}, "an earlier January's pipeline stays behind"
    assert len(table) == posterior.SHIPPED + 1
    point = parameters.draw(pack, 0)
    assert point["price.nmiss"] == 46500
    seventh = parameters.draw(pack, 7)
    assert [seventh[n] for n in ("scale.cease", "price.nmiss")] == [table[n][7] for n in ("scale.cease", "price.nmiss")]
    beyond = parameters.draw(pack, posterior.SHIPPED + 7)
    assert beyond["scale.cease"] == seventh["scale.cease"]
    assert beyond["growth.special"] != seventh["growth.special"], "priors go on being drawn"
    (fit,) = pack.table("posterior_fit").rows()
    assert (fit["low"], fit["high"]) == pytest.approx((-3.3, 3.3), abs=0.3), "predictions of nought, with errors of 2"
    gates_said = {str(r["name"]): str(r["value"]) for r in pack.table("posterior_gates").rows()}
    assert gates_said["divergences"] == "0"
    assert gates_said["targets"] == next(r["hash"] for r in pack.package["resources"] if r["name"] == "targets")


def test_a_scenario_fixes_what_a_posterior_has(shipped: Path):
    fixed = parameters.draw(Pack.load(shipped), 7, {"scale.cease": 1.0})
    assert fixed["scale.cease"] == 1.0


def test_a_posterior_of_a_parameter_that_is_no_estimate_is_refused(shipped: Path):
    from cohort.pack import seal
    from tests.small_pack import edit

    edit(shipped, "estimate_parameters", lambda r: None if r["name"] == "scale.cease" else r)
    assert seal(shipped) == []
    with pytest.raises(ValueError, match=r"posterior.csv: 'scale.cease' is not a parameter; .*; calibrate again"):
        parameters.draw(Pack.load(shipped), 0)


def test_an_assumption_is_tried_at_the_ends_of_its_posterior_or_else_of_its_prior(shipped: Path):
    pack = Pack.load(shipped)
    known = parameters.estimates(pack)
    low, high = assumptions.ends(pack, "price.nmiss", known["price.nmiss"])
    assert (low, high) == pytest.approx(np.quantile(pack.table("posterior")["price.nmiss"][1:], [0.05, 0.95]))
    of = known["growth.special"]
    prior = assumptions.ends(pack, "growth.special", of)
    assert of.low < prior[0] < of.mode < prior[1] < of.high
    moves = [assumptions.Move("small", 0, 1, -0.1, 0.2, 0.0, True), assumptions.Move("large", 0, 1, 3, -9, 0.1, False)]
    rows = assumptions.page(moves).splitlines()[2:]
    assert [r.split("`")[1] for r in rows] == ["large", "small"]
    assert "-9.0" in rows[0]


# the posterior that is shipped with the model


def test_the_shipped_posterior_passed_its_gates():
    said = {str(r["name"]): str(r["value"]) for r in KENT.table("posterior_gates").rows()}
    assert float(said["r_hat"]) < posterior.R_HAT
    assert min(float(said["ess_bulk"]), float(said["ess_tail"])) > posterior.ESS
    assert said["divergences"] == "0"
    of_each = KENT.table("posterior_parameters")
    assert of_each["r_hat"].max() < posterior.R_HAT
    assert of_each["ess"].min() > posterior.ESS


def test_the_shipped_posterior_is_of_the_targets_and_priors_that_are_there():
    said = {str(r["name"]): str(r["value"]) for r in KENT.table("posterior_gates").rows()}
    for key, table in (("targets", "targets"), ("errors", "target_errors"), ("multipliers", "multipliers"),
                       ("priors", "estimate_parameters")):  # fmt: skip
        now = next(r["hash"] for r in KENT.package["resources"] if r["name"] == table)
        assert said[key] == now, f"{table}.csv has changed since: cohort calibrate --write data/kent"


def test_the_fit_meets_what_it_must_meet():
    rows = {str(r["id"]): r for r in KENT.table("posterior_fit").rows()}

    def off(name: str) -> float:
        return abs(rows[name]["children"] / rows[name]["published"] - 1)

    assert rows["start_2024"]["children"] == 19407
    assert off("plans_2025") < 0.005
    assert off("sen_support_2025") < 0.01
    assert off("requests_2024") < 0.05
    for line in ("special", "independent", "mainstream_srp", "post16", "other"):
        assert off(f"spend_2024_25_{line}") < 0.03
    known = parameters.estimates(KENT)
    for name, value in parameters.posterior(KENT, 0).items():
        assert known[name].low < value < known[name].high


def test_every_shipped_draw_is_within_its_limits_and_its_bounds():
    known, table = parameters.estimates(KENT), KENT.table("posterior")
    for name, column in table.columns.items():
        if name != "draw":
            assert known[name].low <= column.min() < column.max() <= known[name].high
    for number in range(0, 40, 8):
        Rates(KENT, parameters.draw(KENT, number)).check(range(24288, 24288 + 51))
