"""The fit: the parameters that make the expectation meet the published figures as well as the priors allow.

    problem = Problem.of_pack(Pack.load("kent"))
    z = problem.fit()                       # the maximum of the posterior, in the priors' logits

The expectation is lumped and gives everybody the place they choose; children compete for places. Both gaps are taken
off together: an *offset* per target, the mean of children over the expectation at the same parameters, multiplies what
the expectation says (``children.offsets``). The fit is Levenberg-Marquardt with exact derivatives, from the priors'
medians.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration import priors, targets
from calibration.forward import Forward, neutral_setting
from calibration.priors import Priors
from calibration.targets import Target
from cohort.pack import Pack

Floats = NDArray[np.float64]
SEGMENTS = (("2023-01", "2024-01"), ("2024-01", "2025-04"))
"""The months fitted: the year before the January from which the model runs, and what is known after it."""


@dataclass(eq=False)
class Problem:
    """Targets, priors and the forward run, with the offsets known so far."""

    forward: Forward
    targets: tuple[Target, ...]
    """every target that the months can say anything of, fitted or not"""
    priors: Priors
    offsets: Floats = field(default_factory=lambda: np.zeros(0))
    """[target] what multiplies the expectation"""

    def __post_init__(self) -> None:
        self.jax, self.xp = self.forward.jax, self.forward.xp
        if not len(self.offsets):
            self.offsets = np.ones(len(self.targets))
        self.fitted = np.array([t.use == "fitted" for t in self.targets])
        self.value = np.array([t.value for t in self.targets])
        self.sd = np.array([t.sd for t in self.targets])

    @classmethod
    def of_pack(cls, pack: Pack, segments: Sequence[tuple[str, str]] = SEGMENTS) -> Problem:
        """The pack's own. Raises TargetError, DataError or ValueError naming what cannot be used."""
        register = targets.load(pack)
        forward = Forward(*(neutral_setting(pack, a, b) for a, b in segments))
        read = tuple(t for t in register if forward.reading.reads(t))
        return cls(forward, read, priors.of_pack(pack, forward.reading.last - 1))

    # what the expectation says

    def values(self, z: Any) -> dict[str, Any]:
        """Parameters by name, differentiable in z."""
        p = self.priors
        v = p.low + p.wide / (1 + self.xp.exp(-z))
        return {name: v[k] for k, name in enumerate(p.names)}

    def _predict(self, z: Any) -> Any:
        series = self.forward.series(self.values(z))
        return self.xp.stack([self.xp.asarray(self.forward.reading.read(t, series)) for t in self.targets])

    @cached_property
    def predict(self) -> Callable[[Any], Any]:
        """[target] of z, compiled: before the offsets."""
        return self.jax.jit(self._predict)

    @cached_property
    def _along(self) -> Callable[[Any, Any], Any]:
        """[target] the derivative of the prediction at z along a direction, compiled."""
        return self.jax.jit(lambda z, along: self.jax.jvp(self._predict, (z,), (along,))[1])

    def jacobian(self, z: Floats) -> Floats:
        """[target, parameter] at z. A direction at a time: all at once takes JAX longer, to compile and to run."""
        at = self.xp.asarray(z)
        return np.stack([np.asarray(self._along(at, e)) for e in np.eye(len(z))], 1)

    def log_posterior(self, z: Any, offsets: Any) -> Any:
        """Of z, up to a constant."""
        at = self.fitted
        miss = (self._predict(z)[at] * offsets[at] - self.value[at]) / self.sd[at]
        return -0.5 * (miss**2).sum() - 0.5 * ((z - self.priors.centre) ** 2).sum()

    # the fit

    def residuals(self, z: Floats, value: Floats | None = None, centre: Floats | None = None) -> Floats:
        """Standardised misses of the fitted targets, then of the priors."""
        at, y = self.fitted, self.value if value is None else value
        miss = (np.asarray(self.predict(z))[at] * self.offsets[at] - y[at]) / self.sd[at]
        return np.concatenate([miss, z - (self.priors.centre if centre is None else centre)])

    def slopes(self, z: Floats) -> Floats:
        """Derivatives of the residuals."""
        at = self.fitted
        rows = self.jacobian(z)[at] * (self.offsets[at] / self.sd[at])[:, None]
        return np.concatenate([rows, np.eye(len(z))])

    def fit(self, start: Floats | None = None, value: Floats | None = None, centre: Floats | None = None,
            steps: int = 40) -> Floats:  # fmt: skip
        """The z of the maximum of the posterior; ``value`` and ``centre`` stand in for the targets' and the priors'.

        Raises RuntimeError where it is not found.
        """
        from scipy.optimize import least_squares

        at = self.priors.centre if start is None else start
        found = least_squares(
            lambda z: self.residuals(z, value, centre), at, self.slopes, method="lm", max_nfev=steps, ftol=1e-7
        )
        if not np.isfinite(found.cost) or found.status <= 0:
            raise RuntimeError(f"the fit did not converge in {steps} steps: {found.message}")
        return np.asarray(found.x)

    def covariance(self, z: Floats) -> Floats:
        """[parameter, parameter] Laplace's, of z at the maximum: the inverse of the slopes' product with themselves."""
        slopes = self.slopes(z)
        return np.asarray(np.linalg.inv(slopes.T @ slopes), np.float64)

    def scores(self, z: Floats) -> Floats:
        """[target] (fitted - published) / error."""
        return (np.asarray(self.predict(z)) * self.offsets - self.value) / self.sd
