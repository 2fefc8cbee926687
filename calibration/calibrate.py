"""The whole calibration: fit, children, offsets, fit again, posterior; each step told, the result one object.

done = calibrate(Pack.load("kent"), say=print)
done.rows                              # published beside fitted, with errors
done.posterior.gates
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite

import numpy as np
from numpy.typing import NDArray

from calibration import children
from calibration.fit import Problem
from calibration.posterior import Posterior, sample
from cohort.pack import Pack

Floats = NDArray[np.float64]
BEYOND = 2.0
"""A misfit of more standard errors than this is listed."""
ROUNDS = 2


@dataclass(frozen=True)
class Row:
    """A target beside what the model says of it."""

    id: str
    period: str
    published: float
    fitted: float
    """the expectation with its offset"""
    children: float
    """the mean of children at the same parameters"""
    error: float
    z: float
    unit: str
    use: str
    offset: float

    @property
    def beyond(self) -> bool:
        """Whether a fitted target is missed by more than ``BEYOND`` errors."""
        return self.use == "fitted" and abs(self.z) > BEYOND


@dataclass(frozen=True, eq=False)
class Calibration:
    """A finished calibration."""

    problem: Problem
    z: Floats
    rows: tuple[Row, ...]
    posterior: Posterior | None
    seconds: dict[str, float]
    """how long each part took"""

    @property
    def values(self) -> dict[str, float]:
        """The point: the fit's parameters as they are shipped."""
        return self.problem.priors.named(self.z)

    @property
    def chi_squared(self) -> float:
        """Sum of squared standardised misses of the fitted targets."""
        return float(sum(r.z**2 for r in self.rows if r.use == "fitted"))

    @property
    def fitted(self) -> int:
        """How many targets are fitted."""
        return sum(r.use == "fitted" for r in self.rows)

    @property
    def beyond(self) -> tuple[Row, ...]:
        """The misfits."""
        return tuple(r for r in self.rows if r.beyond)


def calibrate(pack: Pack, rounds: int = ROUNDS, replicates: int = children.REPLICATES, sampler: str = "hmc",
              say: Callable[[str], None] = lambda _: None) -> Calibration:  # fmt: skip
    """Fit the pack's targets; with a ``sampler`` (hmc, nuts; "" for none) the posterior too.

    Raises TargetError, DataError or ValueError for what cannot be used, RuntimeError where a fit does not converge.
    """
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def lap(name: str) -> None:
        nonlocal began
        now = time.monotonic()
        seconds[name] = seconds.get(name, 0.0) + now - began
        began = now

    problem = Problem.of_pack(pack)
    at = problem.priors.centre
    say(f"{problem.fitted.sum()} targets to fit, {len(problem.priors.names)} parameters; compiling")
    problem.predict(at), problem.jacobian(at)
    lap("compile")
    z = problem.fit()
    lap("fit")
    for k in range(rounds):
        say(f"children at the fit, {replicates} replicates (round {k + 1} of {rounds})")
        counted = _children(problem, pack, z, replicates)
        problem.offsets = children.offsets(counted, np.asarray(problem.predict(z)))
        lap("children")
        z = problem.fit(z)
        lap("fit")
    counted = _children(problem, pack, z, replicates)
    lap("children")
    say(f"chi-squared {(problem.scores(z)[problem.fitted] ** 2).sum():.1f} of {problem.fitted.sum()} targets")
    posterior = None
    if sampler:
        say(f"posterior: 4 chains of {sampler}, some minutes")
        posterior = sample(problem, z, sampler)
        lap("posterior")
    return Calibration(problem, z, rows(problem, z, counted), posterior, seconds)


def _children(problem: Problem, pack: Pack, z: Floats, replicates: int) -> Floats:
    """[target] the mean of children at a point."""
    made = children.settings(pack, problem.priors.named(z))
    found, _ = children.means(problem.forward.reading, problem.targets, children.replicates(made, replicates))
    return found


def rows(problem: Problem, z: Floats, counted: Floats) -> tuple[Row, ...]:
    """Every target beside the fit; by area, where the expectation says nothing, beside the children."""
    expected = np.asarray(problem.predict(z)) * problem.offsets
    out = []
    for k, t in enumerate(problem.targets):
        fitted = float(expected[k]) if isfinite(expected[k]) else float(counted[k])
        of = (t.id, t.period, t.value, fitted, float(counted[k]), t.sd, (fitted - t.value) / t.sd)
        out.append(Row(*of, t.unit, t.use, float(problem.offsets[k])))
    return tuple(out)
