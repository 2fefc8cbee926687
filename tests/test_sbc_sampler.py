"""The shipped sampler, given data of known truths: the truth's rank is uniform, and ranges too narrow would be seen."""

import numpy as np
import pytest

from calibration import sbc_sampler
from calibration.sbc import normals
from calibration.sbc_sampler import AMONG, POINTS, held, narrowed, places, worst
from cohort.pack import Pack

KENT = Pack.load("kent")
SHARES = (0.5, 0.8, 0.9)


def kept() -> tuple[np.ndarray, np.ndarray]:
    """([point, parameter], [point, prediction]) places of the truths that are kept in the pack."""
    rows = list(KENT.table("posterior_sbc").rows())
    names = list(dict.fromkeys(str(r["name"]) for r in rows))
    by = {(int(r["point"]), str(r["name"])): int(r["rank"]) for r in rows}
    whole = places(np.array([[by[k, n] for n in names] for k in range(POINTS)], float))
    targets = {str(r["id"]) for r in KENT.table("posterior_fit").rows()}
    predicted = np.array([n in targets for n in names])
    return whole[:, ~predicted], whole[:, predicted]


def test_every_point_that_was_run_is_kept_with_what_its_chains_showed():
    rows = list(KENT.table("posterior_sbc_points").rows())
    assert [r["point"] for r in rows] == list(range(POINTS))
    for r in rows:
        enough = r["r_hat"] < sbc_sampler.R_HAT and min(r["ess_bulk"], r["ess_tail"]) > sbc_sampler.ESS
        assert r["passed"] == ("yes" if enough else "no")
    parameters, predictions = kept()
    assert parameters.shape[1] > 70
    assert predictions.shape[1] == sum(r["use"] == "fitted" for r in KENT.table("posterior_fit").rows())


def test_the_truths_lie_uniformly_in_the_sampler_s_ranges():
    for where in kept():
        assert worst(where) > 0.01
        for share in SHARES:
            found, error = held(where, share)
            assert abs(found - share) < 3 * error + 0.005, share


def test_a_sampler_of_half_the_variance_would_be_caught():
    for where in kept():
        found, error = held(narrowed(where, 0.5), 0.8)
        assert found < 0.8 - 3 * error - 0.005


# the measures themselves


def uniform(points: int, width: int) -> np.ndarray:
    from scipy.special import ndtr

    return places(np.floor(ndtr(normals(points, width, 77)) * (AMONG + 1)))


def test_places_that_are_uniform_pass_and_narrow_or_shifted_ones_do_not():
    from scipy.special import ndtr, ndtri

    honest = uniform(20, 100)
    assert worst(honest) > 0.01
    found, error = held(honest, 0.8)
    assert found == pytest.approx(0.8, abs=3 * error)
    assert held(narrowed(honest, 0.5), 0.8)[0] < 0.7
    assert worst(ndtr(ndtri(honest) + 1.2)) < 0.01


def test_the_error_of_a_share_counts_points_and_not_their_quantities():
    one = np.repeat(uniform(20, 1), 50, 1)
    apart = uniform(20, 50)
    assert held(one, 0.5)[1] > 4 * held(apart, 0.5)[1]
