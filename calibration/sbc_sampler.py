"""Whether the shipped sampler's ranges are honest: it is given data made from known parameters, twenty times.

    python -m calibration.sbc_sampler              # most of an hour; progress on stderr
    python -m calibration.sbc_sampler data/kent    # the same, kept in that pack: posterior_sbc*.csv

Each truth is a draw of the prior, its targets what it predicts with the register's errors; the point is found anew and
the sampler run as it is shipped, only shorter. If its ranges are right, the rank of the truth among the draws is
uniform, of every parameter and of what is predicted. The offsets are those of the shipped fit.
"""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.fit import Problem
from calibration.posterior import Gates, sample
from calibration.sbc import normals
from cohort.pack import Pack

Floats = NDArray[np.float64]
POINTS, AMONG = 20, 99
"""Truths, and the draws among which each is ranked."""
WARM_UP, SAMPLES = 500, 1000
"""Of each of the four chains. With 300 and 200, only 4 of 20 truths had an effective size above 100 in every tail."""
R_HAT, ESS = 1.05, 100.0
"""What the shorter chains must show."""
TRUTHS, NOISE = 8001, 8002
"""Salts of the luck."""


@dataclass(frozen=True, eq=False)
class Point:
    """One truth and where it lies."""

    number: int
    names: tuple[str, ...]
    """parameters, then fitted targets"""
    ranks: NDArray[np.int64]
    """of each, how many of the draws are below the truth"""
    gates: Gates

    @property
    def passed(self) -> bool:
        """Whether the chains had run long enough for the ranks to mean something."""
        g = self.gates
        return g.r_hat < R_HAT and min(g.ess_bulk, g.ess_tail) > ESS


def shipped(pack: Pack) -> Problem:
    """The pack's problem with the offsets of its shipped fit; 1 for a target that is new since."""
    problem = Problem.of_pack(pack)
    offset = {str(r["id"]): float(r["offset"]) for r in pack.table("posterior_fit").rows()}
    problem.offsets = np.array([offset.get(t.id, 1.0) for t in problem.targets])
    return problem


def at(problem: Problem, number: int, warm_up: int = WARM_UP, samples: int = SAMPLES) -> Point:
    """The truth of a number, its data, and the sampler's draws. Raises RuntimeError where the point is not found."""
    width = len(problem.priors.names)
    truth = problem.priors.centre + normals(number + 1, width, TRUTHS)[number]
    predicted = np.asarray(problem.predict(truth)) * problem.offsets
    value = predicted + problem.sd * normals(number + 1, len(problem.sd), NOISE)[number]
    given = dataclasses.replace(problem)
    given.__dict__ |= {"predict": problem.predict, "_along": problem._along}  # compiled once for all points
    given.value = np.where(problem.fitted, value, problem.value)
    found = sample(given, given.fit(steps=200), "hmc", warm_up, samples)
    draws = np.concatenate([found.z, found.predicted[:, :, problem.fitted]], 2).reshape(
        -1, width + problem.fitted.sum()
    )
    some = draws[np.linspace(0, len(draws) - 1, AMONG).round().astype(int)]
    true = np.concatenate([truth, predicted[problem.fitted]])
    targets = (t.id for t, fitted in zip(problem.targets, problem.fitted, strict=True) if fitted)
    return Point(number, (*problem.priors.names, *targets), (some < true).sum(0), found.gates)


def places(ranks: Floats) -> Floats:
    """Ranks as numbers between 0 and 1, each in the middle of its place."""
    return np.asarray((ranks + 0.5) / (AMONG + 1))


def worst(where: Floats) -> float:
    """The smallest p of Kolmogorov and Smirnov over the quantities of [point, quantity] places, times their number."""
    from scipy.stats import kstest

    return float(min(kstest(column, "uniform").pvalue for column in where.T) * where.shape[1])


def held(where: Floats, share: float) -> tuple[float, float]:
    """(share of [point, quantity] truths within a central range, its standard error): points are independent, the
    quantities of one are not."""
    each = (np.abs(where - 0.5) <= share / 2).mean(1)
    return float(each.mean()), float(each.std(ddof=1) / np.sqrt(len(each)))


def narrowed(where: Floats, variance: float) -> Floats:
    """The places that truths would have in ranges of so much of the variance: to see that it would be caught."""
    from scipy.special import ndtr, ndtri

    return np.asarray(ndtr(ndtri(where) / np.sqrt(variance)))


def run(pack: Pack, points: int = POINTS, say: Callable[[str], None] = lambda _: None) -> list[Point]:
    """Every point in order."""
    problem, out = shipped(pack), []
    for k in range(points):
        out.append(at(problem, k))
        g = out[-1].gates
        say(f"point {k + 1} of {points}: R-hat {g.r_hat:.3f}, effective sizes {g.ess_bulk:.0f} and {g.ess_tail:.0f}")
    return out


def tables(found: Sequence[Point]) -> dict[str, tuple[tuple[str, ...], list[Sequence[object]]]]:
    """The two tables that are kept: ranks, and the gates of each point."""
    ranks: list[Sequence[object]] = [
        (p.number, name, int(rank)) for p in found for name, rank in zip(p.names, p.ranks, strict=True)
    ]
    gates: list[Sequence[object]] = [
        (p.number, f"{p.gates.r_hat:.5g}", round(p.gates.ess_bulk), round(p.gates.ess_tail),
         "yes" if p.passed else "no") for p in found
    ]  # fmt: skip
    return {"posterior_sbc": (("point", "name", "rank"), ranks),
            "posterior_sbc_points": (("point", "r_hat", "ess_bulk", "ess_tail", "passed"), gates)}  # fmt: skip


if __name__ == "__main__":
    from calibration.ship import keep

    kent = Pack.load(sys.argv[1] if len(sys.argv) > 1 else "kent")
    done = run(kent, say=lambda line: print(line, file=sys.stderr, flush=True))
    if len(sys.argv) > 1:
        keep(Path(sys.argv[1]), tables(done))
    where = places(np.array([p.ranks for p in done], float))
    wide = sum(name in done[0].names[: len(shipped(kent).priors.names)] for name in done[0].names)
    for what, of in (("parameters", where[:, :wide]), ("predictions", where[:, wide:])):
        print(
            f"{what}: worst p {worst(of):.3f}; "
            + "; ".join(
                f"{share:.0%} ranges hold {held(of, share)[0]:.1%} +- {held(of, share)[1]:.1%}"
                for share in (0.5, 0.8, 0.9)
            )
        )
