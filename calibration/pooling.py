"""Rates of many small cells, each leaning on what is alike: beta, Dirichlet and gamma with a strength that is found.

``strength`` is how many cases the prior counts for: where cells differ from their prior no more than chance allows it
is large, and all take the prior's rate; where they differ it is small, and each keeps its own. It maximises the
likelihood of the cells over a grid. Samples are quantiles at keyed draws.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from cohort import draws
from cohort.draws import Purpose

Floats = NDArray[np.float64]
GRID = np.geomspace(0.5, 2000, 40)
TINY = 1e-9


def units(shape: tuple[int, ...], salt: int) -> Floats:
    """Keyed uniform numbers of a shape."""
    keys = draws.mix_many(np.arange(int(np.prod(shape)), dtype=np.uint64))
    u = (draws.draw_many(keys, draws.salt(5000 + salt, Purpose.PARAMETER)) + 0.5) / draws.WHOLE
    return np.asarray(u).reshape(shape)


def strength(likelihood: Callable[[float], float]) -> float:
    """The strength on the grid that makes the cells likeliest."""
    return float(GRID[int(np.argmax([likelihood(float(k)) for k in GRID]))])


def beta(yes: Floats, no: Floats, prior: Floats, number: int, salt: int) -> Floats:
    """[draw, cell...] chances, given successes, failures and the chance that each cell's likes have."""
    prior = np.clip(prior, TINY, 1 - TINY)

    def likelihood(k: float) -> float:
        a, b = prior * k, (1 - prior) * k
        return float((special.betaln(a + yes, b + no) - special.betaln(a, b)).sum())

    k = strength(likelihood)
    a, b = prior * k + yes, (1 - prior) * k + no
    return np.asarray(special.betaincinv(a, b, units((number, *yes.shape), salt)))


def gamma(events: Floats, exposed: Floats, prior: Floats, number: int, salt: int) -> Floats:
    """[draw, cell] rates, given events, exposure and the rate that each cell's likes have."""
    prior = np.maximum(prior, TINY)

    def likelihood(k: float) -> float:
        scale = k / prior
        part = special.gammaln(k + events) - special.gammaln(k) + k * np.log(scale)
        return float((part - (k + events) * np.log(scale + exposed)).sum())

    k = strength(likelihood)
    return np.asarray(special.gammaincinv(k + events, units((number, *events.shape), salt)) / (k / prior + exposed))


def dirichlet(counts: Floats, prior: Floats, number: int, salt: int) -> Floats:
    """[draw, row, to] shares that sum to one, given [row, to] counts and the shares that each row's likes have."""
    prior = np.maximum(prior, TINY)

    def likelihood(k: float) -> float:
        a = prior * k
        cells = (special.gammaln(a + counts) - special.gammaln(a)).sum()
        return float(cells + (special.gammaln(a.sum(1)) - special.gammaln(a.sum(1) + counts.sum(1))).sum())

    k = strength(likelihood)
    raw = special.gammaincinv(prior * k + counts, units((number, *counts.shape), salt))
    return np.asarray(raw / np.maximum(raw.sum(-1, keepdims=True), 1e-300))


def binomials(number: Floats, chance: Floats, salt: int) -> Floats:
    """How many of each cell it happens to; of a part of a child the rounded number decides, so that means are kept."""
    whole = np.rint(number)
    hit = stats.binom.ppf(units(number.shape, salt), whole, chance)
    scale = np.divide(number, whole, out=np.zeros_like(number), where=whole > 0)
    return np.asarray(np.minimum(np.nan_to_num(hit) * scale + (whole == 0) * number * chance, number))


def poissons(mean: Floats, salt: int) -> Floats:
    """Poisson numbers."""
    return np.asarray(np.nan_to_num(stats.poisson.ppf(units(mean.shape, salt), mean)))
