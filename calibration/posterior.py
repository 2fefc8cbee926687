"""The posterior by Hamiltonian chains, and the gates that it must pass before any interval is given.

    found = sample(problem, z)             # z: the fit
    found.gates                            # R-hat, effective sizes, divergences; found.passed

Parameters are whitened by Laplace's covariance at the fit, so that a unit mass is enough. ``hmc`` follows a quadratic
picture and is exact (``hmc.py``); ``nuts`` (numpyro) follows the expectation's own gradient and takes ten times as
long: it is there to check the other. JAX's own keyed luck is used there and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.fit import Problem
from calibration.hmc import chain, drawn
from cohort import draws
from cohort.draws import Purpose

Floats = NDArray[np.float64]
CHAINS, SEED = 4, 20250318
LENGTHS = {"hmc": (500, 2000), "nuts": (150, 1000)}
"""Sampler -> warm-up and samples of each chain."""
THIN = 5
"""Of ``hmc`` every so many paths one sample is kept, for paths are cheap and follow one another closely."""
SAMPLERS = tuple(LENGTHS)
R_HAT, ESS = 1.01, 400.0
SHIPPED = 400
"""Draws that are shipped, beside the point."""


@dataclass(frozen=True)
class Gates:
    """What the chains must show: the worst of all parameters and of all targets' predictions."""

    r_hat: float
    ess_bulk: float
    ess_tail: float
    divergences: int
    chains: int = CHAINS
    warm_up: int = 0
    samples: int = 0
    sampler: str = "hmc"

    @property
    def passed(self) -> bool:
        """R-hat below 1.01, effective sizes above 400, no divergence."""
        return self.r_hat < R_HAT and min(self.ess_bulk, self.ess_tail) > ESS and self.divergences == 0

    def failed(self) -> list[str]:
        """What is not met, in words."""
        found = []
        if self.r_hat >= R_HAT:
            found.append(f"R-hat {self.r_hat:.4f}; allowed: below {R_HAT}")
        for name, value in (("bulk", self.ess_bulk), ("tail", self.ess_tail)):
            if value <= ESS:
                found.append(f"{name} effective size {value:.0f}; allowed: above {ESS:.0f}")
        if self.divergences:
            found.append(f"{self.divergences} divergences; allowed: none")
        return found


@dataclass(frozen=True, eq=False)
class Posterior:
    """All samples, in the priors' logits, and the gates."""

    z: Floats
    """[chain, sample, parameter]"""
    predicted: Floats
    """[chain, sample, target] with the offsets"""
    gates: Gates
    r_hat: Floats
    """[parameter]; ``ess`` likewise, the smaller of bulk and tail"""
    ess: Floats

    @property
    def passed(self) -> bool:
        """Whether intervals may be given."""
        return self.gates.passed

    def chosen(self, number: int = SHIPPED) -> Floats:
        """[draw, parameter] samples in a keyed order, as they are shipped. Raises RuntimeError unless the gates are
        passed."""
        if not self.passed:
            raise RuntimeError("no draws are given of a posterior that failed: " + "; ".join(self.gates.failed()))
        flat = self.z.reshape(-1, self.z.shape[-1])
        keys = draws.mix_many(np.arange(len(flat), dtype=np.uint64))
        return flat[np.argsort(draws.draw_many(keys, draws.salt(0, Purpose.PARAMETER)), kind="stable")[:number]]


def jitter(number: int, width: int, sd: float = 1.0) -> Floats:
    """[chain, parameter] keyed normal numbers to start chains from."""
    from scipy.special import ndtri

    keys = draws.mix_many(np.arange(number * width, dtype=np.uint64))
    u = (draws.draw_many(keys, draws.salt(1, Purpose.PARAMETER)) + 0.5) / draws.WHOLE
    return np.asarray(sd * ndtri(u).reshape(number, width))


def sample(problem: Problem, z: Floats, sampler: str = "hmc", warm_up: int | None = None, samples: int | None = None
           ) -> Posterior:  # fmt: skip
    """Run the chains from about the fit, and judge them. Raises ValueError for a sampler that there is not."""
    if sampler not in SAMPLERS:
        raise ValueError(f"sampler {sampler!r} given; allowed: {', '.join(SAMPLERS)}")
    usual = LENGTHS[sampler]
    warm_up, samples = usual[0] if warm_up is None else warm_up, usual[1] if samples is None else samples
    root = np.asarray(np.linalg.cholesky(problem.covariance(z)), np.float64)
    start = jitter(CHAINS, len(z))
    if sampler == "nuts":
        x, diverging = run_chains(problem, z, root, start, 0, warm_up, samples)
    else:
        x, diverging = pictured(problem, z, root, start, warm_up, samples), 0
    return judged(problem, z + np.einsum("pq,csq->csp", root, x), diverging, warm_up, sampler)


def pictured(problem: Problem, z: Floats, root: Floats, start: Floats, warm_up: int, samples: int) -> Floats:
    """[chain, sample, direction] whitened samples of ``hmc``."""
    picture = drawn(problem, z, root)

    def density(x: Floats) -> float:
        """By the compiled predictions, so that nothing is compiled anew for other data."""
        return -0.5 * float(np.square(problem.residuals(z + root @ x)).sum())

    chains = [chain(density, picture, at, k, samples * THIN, warm_up) for k, at in enumerate(start)]
    return np.array([x[::THIN] for x, _ in chains])


def run_chains(problem: Problem, z: Floats, root: Floats, start: Floats, worker: int, warm_up: int,
               samples: int) -> tuple[Floats, int]:  # fmt: skip
    """Chains from whitened starts, one after another in this process; luck is keyed by ``worker``."""
    from numpyro.infer import MCMC, NUTS

    jax, xp = problem.jax, problem.xp
    linear, given = xp.asarray(root), xp.asarray(problem.offsets)

    def potential(x: Any) -> Any:
        return -problem.log_posterior(xp.asarray(z) + linear @ x, given)

    kernel = NUTS(potential_fn=potential, target_accept_prob=0.8, max_tree_depth=7)
    chain = MCMC(kernel, num_warmup=warm_up, num_samples=samples, num_chains=len(start), chain_method="sequential",
                 progress_bar=False)  # fmt: skip
    key = jax.random.fold_in(jax.random.PRNGKey(SEED), worker)
    chain.run(key, init_params=xp.asarray(start if len(start) > 1 else start[0]), extra_fields=("diverging",))
    x = np.asarray(chain.get_samples(group_by_chain=True))
    return x, int(np.asarray(chain.get_extra_fields()["diverging"]).sum())


def judged(problem: Problem, z: Floats, diverging: int, warm_up: int, sampler: str = "hmc") -> Posterior:
    """Samples with their gates: over every parameter and what is predicted of every fitted target."""
    chains, samples, width = z.shape
    predicted = np.stack([np.asarray(problem.predict(x)) for x in z.reshape(-1, width)]) * problem.offsets
    predicted = predicted.reshape(chains, samples, -1)
    both = np.concatenate([z, predicted[:, :, problem.fitted]], 2)
    r_hat, bulk, tail = diagnosed(both)
    gates = Gates(
        float(r_hat.max()), float(bulk.min()), float(tail.min()), diverging, chains, warm_up, samples, sampler
    )
    return Posterior(z, predicted, gates, r_hat[:width], np.minimum(bulk, tail)[:width])


def diagnosed(values: Floats) -> tuple[Floats, Floats, Floats]:
    """(R-hat, bulk and tail effective sizes), each [quantity], of [chain, sample, quantity]."""
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # it announces its next version on every import
        import arviz

    az: Any = arviz  # its functions carry no types
    data = az.convert_to_dataset({"x": values})
    r_hat, bulk, tail = (np.asarray(f["x"]) for f in (az.rhat(data), az.ess(data), az.ess(data, method="tail")))
    return r_hat, bulk, tail
