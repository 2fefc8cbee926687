"""Hamiltonian chains whose paths follow a quadratic picture of the predictions and are accepted on the exact density.

A path of leapfrog steps is reversible and keeps volume whatever gradient it follows, so that accepting its end by the
exact density samples the exact posterior (Duane et al. 1987; with a surrogate gradient: Rasmussen 2003). The picture is
of every fitted target over one whitened standard deviation to either side, in every pair of directions; it takes some
seconds, and a sample then costs one run of the expectation instead of the dozens of gradients that NUTS takes. All luck
is keyed (``cohort.draws``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.fit import Problem
from calibration.sbc import normals

Floats = NDArray[np.float64]
STEP, LEAST, MOST = 0.3, 1, 7
"""Leapfrog steps in whitened standard deviations, and how many make a path: about a quarter turn."""
SHORT, SOMETIMES = 0.15, 0.2
"""So much of a step is taken in this share of paths, whatever the place: far from the point, where the picture is
wrong, long paths are all refused, and a chain would stay where it is for a hundred of them or more."""
REACH = 1.0
"""Standard deviations to either side over which the picture is drawn."""


@dataclass(frozen=True, eq=False)
class Picture:
    """Standardised misses of the fitted targets as quadratics of whitened parameters; the prior exactly."""

    level: Floats
    """[target]"""
    slope: Floats
    """[target, direction]"""
    bend: Floats
    """[target, direction, direction]"""
    prior: Floats
    """[parameter] the point less the priors' centres"""
    root: Floats
    """[parameter, direction]"""

    def uphill(self, x: Floats) -> Floats:
        """[direction] the gradient of the log posterior."""
        bent = self.bend @ x
        miss = self.level + (self.slope + bent / 2) @ x
        return np.asarray(-(self.slope + bent).T @ miss - self.root.T @ (self.prior + self.root @ x))


def drawn(problem: Problem, z: Floats, root: Floats, said: Callable[[int], None] = lambda _: None) -> Picture:
    """The picture at a point: values at the ends of every direction and every pair of directions."""
    at, d = problem.fitted, len(z)

    def miss(x: Floats) -> Floats:
        predicted = np.asarray(problem.predict(z + root @ x))
        return (predicted[at] * problem.offsets[at] - problem.value[at]) / problem.sd[at]

    level, ends = miss(np.zeros(d)), np.eye(d) * REACH
    up, down = (np.array([miss(sign * e) for e in ends]) for sign in (1, -1))
    bend = np.zeros((int(at.sum()), d, d))
    for i in range(d):
        said(i)
        bend[:, i, i] = (up[i] + down[i] - 2 * level) / REACH**2
        for j in range(i):
            both = miss(ends[i] + ends[j]) + miss(-ends[i] - ends[j])
            bend[:, i, j] = (both - up[i] - down[i] - up[j] - down[j] + 2 * level) / (2 * REACH**2)
            bend[:, j, i] = bend[:, i, j]
    slope = ((up - down) / (2 * REACH)).T
    return Picture(level, slope, bend, z - problem.priors.centre, root)


def chain(exact: Callable[[Floats], float], picture: Picture, start: Floats, number: int, samples: int, warm_up: int
          ) -> tuple[Floats, float]:  # fmt: skip
    """([sample, direction] after ``warm_up`` more, share accepted) of the chain ``number``, from a start. ``exact`` is
    the log density."""
    from scipy.special import ndtr

    d, length = len(start), warm_up + samples
    push = normals(length, d, 6000 + number)
    luck = ndtr(normals(length, 3, 7000 + number))
    x, here = start.copy(), exact(start)
    out, accepted = np.empty((length, d)), 0
    for k in range(length):
        p = push[k]
        step = STEP * (SHORT if luck[k, 2] < SOMETIMES else 1.0)
        y, q = _path(picture, x, p, LEAST + int(luck[k, 1] * (MOST - LEAST + 1)), step)
        there = exact(y)
        if np.log(luck[k, 0]) < there - here - (q @ q - p @ p) / 2:
            x, here, accepted = y, there, accepted + 1
        out[k] = x
    return out[warm_up:], accepted / length


def _path(picture: Picture, x: Floats, p: Floats, steps: int, step: float) -> tuple[Floats, Floats]:
    """Where a path of so many leapfrog steps ends, and with which push."""
    p = p + step / 2 * picture.uphill(x)
    for k in range(steps):
        x = x + step * p
        p = p + step * (1.0 if k < steps - 1 else 0.5) * picture.uphill(x)
    return x, p
