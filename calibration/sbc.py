"""Whether the fast fit's ranges are honest: it is given data made from known parameters, many times over.

Parameters are drawn from Laplace's posterior, targets made of what they predict with the register's errors, and the fit
made anew from that posterior as its prior. If the fit's ranges are right, the place of the truth in each new range is
uniform, of every parameter and of what is predicted. Refits keep the derivatives of the point and start there, so that
each takes some milliseconds.

Of parameters it holds. Of the sharpest prediction, plans of January 2025, not quite: Laplace's draws lie about 0.4
standard deviations (15 plans) high, for the prediction is curved. So intervals are NUTS's, and this one's bias is held.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.fit import Problem
from cohort import draws
from cohort.draws import Purpose

Floats = NDArray[np.float64]
REFITS = 200
AMONG = 19
"""Draws of each refit among which the truth's prediction is ranked."""
STEPS = 12


def normals(number: int, width: int, salt: int) -> Floats:
    """[number, width] keyed standard normal numbers."""
    from scipy.special import ndtri

    keys = draws.mix_many(np.arange(number * width, dtype=np.uint64))
    u = (draws.draw_many(keys, draws.salt(salt, Purpose.PARAMETER)) + 0.5) / draws.WHOLE
    return np.asarray(ndtri(u).reshape(number, width))


@dataclass(frozen=True)
class Places:
    """Where the truth lies in each refit's range, as numbers between 0 and 1."""

    parameters: Floats
    """[refit, parameter]"""
    outputs: Floats
    """[refit, fitted target]"""

    def worst(self) -> float:
        """The smallest p of Kolmogorov and Smirnov over the parameters, times their number (Bonferroni)."""
        from scipy.stats import kstest

        columns = self.parameters.T
        return float(min(kstest(c, "uniform").pvalue for c in columns) * len(columns))

    def output_scores(self) -> tuple[Floats, Floats]:
        """([fitted target] means, [fitted target] variances) of the outputs' normal scores: 0 and 1 if all is right."""
        from scipy.special import ndtri

        z = ndtri(np.clip(self.outputs, 1e-9, 1 - 1e-9))
        return z.mean(0), z.var(0)

    def whole(self) -> float:
        """p of all parameters' squared normal scores together: their mean must be 1. Catches ranges that are a little
        too narrow everywhere."""
        from scipy.special import ndtri
        from scipy.stats import chi2

        z = ndtri(np.clip(self.parameters, 1e-9, 1 - 1e-9))
        total, n = float((z**2).sum()), z.size
        return float(2 * min(chi2.cdf(total, n), chi2.sf(total, n)))


def places(problem: Problem, z: Floats, refits: int = REFITS, narrow: float = 1.0) -> Places:
    """Of ``refits`` refits about a fit; ``narrow`` multiplies the covariance that is claimed (to see it caught)."""
    from scipy.special import ndtr

    at, width = problem.fitted, len(z)
    before = problem.covariance(z)
    truths = z + normals(refits, width, 2) @ np.linalg.cholesky(before).T
    noise, luck = normals(refits, int(at.sum()), 3), ndtr(normals(refits, int(at.sum()), 4))
    slope = problem.jacobian(z)[at] * (problem.offsets[at] / problem.sd[at])[:, None]
    precision = np.asarray(np.linalg.inv(before), np.float64)
    after = np.asarray(np.linalg.inv(precision + slope.T @ slope), np.float64)
    sd = np.sqrt(np.diag(after * narrow))
    around = normals(refits * AMONG, width, 5).reshape(refits, AMONG, width) @ np.linalg.cholesky(after * narrow).T
    parameters, outputs = [], []
    for k, truth in enumerate(truths):
        predicted = _standard(problem, truth)
        found = _refit(problem, z, predicted + noise[k], slope, precision, after)
        parameters.append(ndtr((truth - found) / sd))
        below = np.sum([_standard(problem, found + step) < predicted for step in around[k]], axis=0)
        outputs.append((below + luck[k]) / (AMONG + 1))
    return Places(np.array(parameters), np.array(outputs))


def _standard(problem: Problem, z: Floats) -> Floats:
    """[fitted target] the prediction in standard errors."""
    at = problem.fitted
    return (np.asarray(problem.predict(z)) * problem.offsets / problem.sd)[at]


def _refit(problem: Problem, start: Floats, told: Floats, slope: Floats, precision: Floats, after: Floats) -> Floats:
    """The maximum with a prior about ``start``, by Gauss and Newton with the point's derivatives."""
    z = start.copy()
    for _ in range(STEPS):
        step = after @ (slope.T @ (told - _standard(problem, z)) - precision @ (z - start))
        z = z + step
        if np.abs(step).max() < 1e-3:
            break
    return z
