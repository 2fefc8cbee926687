"""Which parameters a result's range is due to, and which one, if it were known, would narrow it most.

    effects(Study.open("studies/mine"), "spend.total", "2027-28")

From the draws that a study holds (given data): nothing is run. Result and parameters are turned into normal scores of
their ranks and the result is regressed on the parameters; with Gaussian scores the variance that a set of parameters
explains is c' S^-1 c (c: covariances with the result, S: the set's own), a closed form, of which Shapley effects are
the shares. Parameters that do not correlate beyond chance (|r| > 4 / sqrt(draws)) fall into blocks of their own, in
which every subset is summed; a single parameter's effect is then its squared standardised coefficient. What the
regression leaves is chance and what is not monotone. It needs at least two draws a parameter, and an approximation is
what it is: a result that is not monotone in a parameter hides it.

The value of knowing a parameter is what its variance explains by itself: with it known exactly, the range would on
average be narrower by 1 - sqrt(1 - share).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import factorial, sqrt
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from cohort import parameters
from cohort.analysis import perrun
from cohort.analysis.ranges import Floats
from cohort.pack import Pack
from cohort.policy import Uncertain
from cohort.results import Study, StudyError
from cohort.setting import ruled
from cohort.states import closest

if TYPE_CHECKING:
    from cohort.scenario import Scenario

MOST = 12
"""Parameters of a block of which every subset is summed."""
A_DRAW = 2
BEYOND_CHANCE = 4.0


@dataclass(frozen=True)
class Effect:
    """One parameter: its Shapley effect (a share of the result's variance) with its standard error, which way it
    works, and how much narrower the range would be, on average, if it were known."""

    parameter: str
    share: float
    error: float
    direction: int
    known_alone: float
    """share of the variance that knowing it alone explains"""
    narrower: float
    """1 - sqrt(1 - known_alone)"""


@dataclass(frozen=True)
class Effects:
    """Of one result over a study's draws, the most telling parameter first."""

    scenario: str
    result: str
    draws: int
    sd: float
    """of the result over draws, in its own unit (pence or children)"""
    effects: tuple[Effect, ...]
    rest: float
    """share that no parameter explains monotonically: chance, and shape"""


def effects(study: Study, series: str = "spend.total", period: str = "2027-28", scenario: str = "") -> Effects:
    """Of a headline series and period of a scenario (the first). Raises StudyError for too few draws."""
    scenarios = {s.name: s for s in study.scenarios}
    scenario = scenario or next(iter(scenarios))
    if scenario not in scenarios:
        raise StudyError(f"{scenario!r} is not a scenario of this study; {closest(scenario, scenarios)}")
    wide = perrun.per_run(study, "headline", scenario, only=f"series = '{series}' and period = '{period}'")
    if not len(wide):
        raise StudyError(f"headline has no {series} for {period}")
    by_draw = wide.T.groupby(level=0).mean().T.iloc[0]
    names, values = table(scenarios[scenario], [int(d) for d in by_draw.index])
    if len(by_draw) < A_DRAW * len(names) + 2:
        raise StudyError(
            f"{study.folder}: {len(by_draw)} draws for {len(names)} uncertain parameters; "
            f"allowed: {A_DRAW * len(names) + 2} draws or more"
        )
    result = by_draw.to_numpy(float)
    found, rest = shares(names, values, result)
    return Effects(scenario, f"{series} {period}", len(result), float(result.std(ddof=1)), found, rest)


def table(scenario: Scenario, draws: list[int]) -> tuple[tuple[str, ...], Floats]:
    """[draw, parameter] of what varies: the pack's estimates, and the sizes and delays of the scenario's rules."""
    pack = Pack.load(scenario.authority)
    policy = ruled(scenario)
    sizes: dict[str, Uncertain] = {}

    def note(of: float | Uncertain, name: str) -> float:
        if isinstance(of, Uncertain) and of.low < of.high:
            sizes[name] = of
        return of.mode if isinstance(of, Uncertain) else float(of)

    policy.settled(note)
    rows = []
    for number in draws:
        params = parameters.draw(pack, number, scenario.parameters)
        rows.append({**params.values, **{n: params.size(of, n) for n, of in sizes.items()}})
    names = [n for n in rows[0] if len({row[n] for row in rows}) > 1]
    return tuple(names), np.array([[row[n] for n in names] for row in rows])


def scores(values: Floats) -> Floats:
    """Normal scores of the ranks of each column, of unit variance; ties share their mean rank."""
    from scipy.stats import rankdata

    ranks = (rankdata(values, axis=0) - 0.5) / len(values)
    normal = np.vectorize(NormalDist().inv_cdf)(ranks)
    out: Floats = (normal - normal.mean(0)) / normal.std(0)
    return out


def shares(names: tuple[str, ...], values: Floats, result: Floats) -> tuple[tuple[Effect, ...], float]:
    """Shapley effects of [draw, parameter] values on [draw] results, and what is left."""
    x, y = scores(values), scores(result[:, None])[:, 0]
    beta, *_ = np.linalg.lstsq(x, y, rcond=None)
    n = len(y)
    left = float(((y - x @ beta) ** 2).sum() / max(n - len(beta), 1))
    covariance = np.corrcoef(x, rowvar=False).reshape(len(names), len(names))
    precise = np.sqrt(left * np.diag(np.linalg.pinv(covariance)) / n)
    found = []
    for block in blocks(covariance, n):
        s = covariance[np.ix_(block, block)]
        c = s @ beta[block]
        for k, share in zip(block, _block(s, c, float(beta[block] @ c)), strict=True):
            alone = min(1.0, float(c[block.index(k)] ** 2))
            error = float(2 * abs(beta[k]) * precise[k] + precise[k] ** 2)
            found.append(Effect(names[k], share, error, int(np.sign(beta[k])), alone, 1 - sqrt(1 - alone)))
    found.sort(key=lambda e: (-e.share, e.parameter))
    return tuple(found), 1 - sum(e.share for e in found)


def blocks(correlation: Floats, draws: int) -> list[list[int]]:
    """Parameters joined, directly or through others, by correlations beyond chance."""
    joined = np.abs(correlation) > BEYOND_CHANCE / sqrt(draws)
    left, out = set(range(len(correlation))), []
    while left:
        block, edge = set(), {min(left)}
        while edge:
            block |= edge
            edge = {int(j) for i in edge for j in np.flatnonzero(joined[i])} - block
        left -= block
        out.append(sorted(block))
    return out


def _block(s: Floats, c: Floats, whole: float) -> list[float]:
    """Shapley shares of c' S^-1 c within a block; beyond ``MOST`` parameters each gets what it adds to all others and
    alone, averaged, scaled to the whole."""
    n = len(c)

    def explained(of: tuple[int, ...]) -> float:
        at = list(of)
        return float(c[at] @ np.linalg.solve(s[np.ix_(at, at)], c[at])) if at else 0.0

    if n > MOST:
        both = [(explained((k,)) + whole - explained(tuple(j for j in range(n) if j != k))) / 2 for k in range(n)]
        return [b * whole / sum(both) for b in both]
    out = []
    for k in range(n):
        others = [j for j in range(n) if j != k]
        out.append(
            sum(
                factorial(m) * factorial(n - m - 1) / factorial(n) * (explained((*of, k)) - explained(of))
                for m in range(n)
                for of in combinations(others, m)
            )
        )
    return out
