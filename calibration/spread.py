"""What the data tell of each parameter, and what each misfit is worth.

Shrinkage is the posterior's standard deviation over the prior's (both of the logit between the limits): above 0.9 the
targets have said next to nothing, and the parameter is an assumption, not calibrated. Two parameters whose posteriors
are correlated beyond 0.9 lie on a ridge: their combination is known, neither alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calibration.forward import Segment, neutral_setting
from calibration.sbc import normals
from cohort import calendar

if TYPE_CHECKING:
    from calibration.calibrate import Calibration
    from calibration.fit import Problem

Floats = NDArray[np.float64]
UNTOLD = 0.9
ASSUMPTION = "assumption, not calibrated"
YEAR = "2027-28"


@dataclass(frozen=True)
class Interval:
    """A parameter before and after the fit."""

    name: str
    prior: float
    point: float
    low: float
    """5% point of the posterior: of the samples, or of Laplace's where there are none"""
    high: float
    shrinkage: float
    ridge: str
    """another parameter with which it is correlated beyond 0.9, and how; empty if none"""

    @property
    def label(self) -> str:
        """What may not be called calibrated, and why."""
        if self.shrinkage > UNTOLD:
            return ASSUMPTION
        return f"{ASSUMPTION}: ridge with {self.ridge}" if self.ridge else ""


def intervals(found: Calibration) -> list[Interval]:
    """Every fitted parameter."""
    p = found.problem.priors
    if found.posterior:
        flat = found.posterior.z.reshape(-1, len(p.names))
        covariance = np.cov(flat, rowvar=False)
        low, high = np.quantile(flat, (0.05, 0.95), axis=0)
    else:
        covariance = found.problem.covariance(found.z)
        half = 1.645 * np.sqrt(np.diag(covariance))
        low, high = found.z - half, found.z + half
    sd = np.sqrt(np.diag(covariance))
    ridges = ridge(p.names, covariance / np.outer(sd, sd))
    prior, point, low, high = (p.values(z).tolist() for z in (p.centre, found.z, low, high))
    columns = zip(p.names, prior, point, low, high, sd.tolist(), ridges, strict=True)
    return [Interval(*row) for row in columns]


def ridge(names: tuple[str, ...], correlation: Floats) -> list[str]:
    """For each parameter the other with which it is correlated most, if beyond 0.9."""
    off = np.abs(correlation) * (1 - np.eye(len(names)))
    most = off.argmax(1)
    return [f"{names[j]} ({correlation[k, j]:+.2f})" if off[k, j] > UNTOLD else "" for k, j in enumerate(most)]


def predictive(found: Calibration) -> tuple[Floats, Floats]:
    """([target] 5%, [target] 95%) points of what might have been published: the posterior's predictions with the
    register's errors. By area, where the expectation says nothing, the children with the errors."""
    error = np.array([r.error for r in found.rows])
    middle = np.array([r.fitted for r in found.rows])
    if found.posterior is None:
        return middle - 1.645 * error, middle + 1.645 * error
    said = found.posterior.predicted.reshape(-1, len(error))
    low, high = np.nanquantile(
        np.where(np.isfinite(said), said, middle) + error * normals(*said.shape, 41), (0.05, 0.95), 0
    )
    return low, high


class Outlook:
    """Spend of 2027-28 by the lumped expectation, GBP million, with its slope in the parameters."""

    def __init__(self, problem: Problem, until: str = "2028-04") -> None:
        self.problem = problem
        pack = problem.forward.segments[0].of.pack
        self.segment = Segment(neutral_setting(pack, "2024-01", until))
        first = calendar.month("2027-04") - self.segment.months[0]
        self._year = slice(first, first + 12)
        self.slope = problem.jax.jit(problem.jax.value_and_grad(self._spend))

    def _spend(self, z: Any) -> Any:
        return self.segment.series(self.problem.values(z)).spend[self._year].sum() / 1e6


def effects(found: Calibration) -> dict[str, float]:
    """Target -> GBP million by which 2027-28's spend would change if the target were met, the parameters moving as the
    posterior lets them: slope' C j / (j' C j) x (published - fitted), with Laplace's covariance C."""
    problem, outlook = found.problem, Outlook(found.problem)
    slope = np.asarray(outlook.slope(found.z)[1])
    covariance = problem.covariance(found.z)
    jacobian = np.nan_to_num(problem.jacobian(found.z)) * problem.offsets[:, None]
    together, alone = jacobian @ covariance @ slope, np.einsum("tp,pq,tq->t", jacobian, covariance, jacobian)
    out = {}
    for k, r in enumerate(found.rows):
        out[r.id] = float(together[k] / alone[k] * (r.published - r.fitted)) if alone[k] > 1e-12 else 0.0
    return out
