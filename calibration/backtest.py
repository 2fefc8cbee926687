"""The model put back to earlier Januaries: refitted on what was known, run ahead, scored beside naive rivals.

At an origin the lumped expectation of the year before is fitted to that year's flows and the January's plans by
placement, with priors so wide that the later data behind the first rates say little, and run three years from the
January's count. Its range is made as the shipped forecast's: Laplace's posterior and the regimes (``regimes``), as wide
as was known by then. Beside it, as for the rivals, the range with its own one-year errors at earlier origins. Not
vintages, and so said: the shapes of rates by age and month (SEN2 2023, requests of 2024), the age profile of plans and
the level of SEN Support (January 2024), population before mid-2022 (aged back), and the restated counts of 2023. The
path of timeliness after 2023 is taken out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration import history, regimes, rivals, targets, unforeseen
from calibration.fit import Problem
from calibration.forward import Forward, Segment, neutral
from calibration.history import GROUPS, TOTAL, History
from calibration.priors import Prior, Priors
from calibration.rivals import HORIZONS
from calibration.sbc import normals
from calibration.scores import Case, Score, score
from calibration.series import Reading
from calibration.targets import Target
from cohort import calendar, parameters, setting
from cohort.multipliers import Multiplier
from cohort.pack import Pack
from cohort.policy import Uncertain
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.states import Support

Floats = NDArray[np.float64]
ORIGINS = (2020, 2021, 2022, 2023, 2024)
ESTIMATED = 2022
"""Origins up to this one have estimated populations."""
DRAWS = rivals.DRAWS
MODEL, FORESEEN = "cohort", "cohort, regimes alone"
NUDGE = 0.1
"""By how much a factor is moved to see what it does."""
ANY_NCY, ANY_SINCE = (-5, 21), (0, 24)


def _rows() -> tuple[Multiplier, ...]:
    """What is refitted at an origin, and what each year ahead may bring."""

    def row(name: str, on: str, ncy: tuple[int, int] = ANY_NCY, since: tuple[int, int] = ANY_SINCE, into: str = "",
            months: tuple[int, int] | None = None, power: int = 1) -> Multiplier:  # fmt: skip
        return Multiplier(name, on, ncy, since, months, tuple(into.split("+")) if into else (), power)

    asked = ("request", "request_supported")
    out = [row("requests", r) for r in asked] + [row("assess", "assess"), row("issue", "issue")]
    out += [row("cease.under_20", "cease", (-5, 15)), row("cease.20_plus", "cease", (16, 21))]
    out += [row("pace.in_time", "conclude", since=(0, 4)), row("pace.late", "conclude", since=(5, 24))]
    out += [row("arriving", "arrivals")]
    for name, words in GROUPS.items():
        if name not in ("mainstream", "fe_and_unplaced"):
            choices = ("transfer",) if name == "spi" else ("first_place", "transfer", "move")
            out += [row(f"into.{name}", f"choice.{c}", into=words) for c in choices]
    first, end = (calendar.month(f"{TEMPLATE + k}-01") for k in (0, len(HORIZONS)))
    for k in range(len(HORIZONS)):
        for name in REGIMES:
            when = (first + 12 * k, end if name.startswith(regimes.WALK) else first + 12 * k + 11)
            on, into = _bears(name)
            ncy = (12, 21) if into and on == ("choice.transfer",) else ANY_NCY
            out += [row(f"{name}.{k}", r, ncy, into=into, months=when) for r in on]
        year = (first + 12 * k, first + 12 * k + 11)
        out += [row(f"{unforeseen.NAME}.{k}", on, months=year, power=power) for on, power in unforeseen.ON]
    return tuple(out)


REGIMES = ("walk.request", "walk.assess", "year.pace", "year.cease", *(f"{kind}.into.{g}" for g, kind in
           regimes.INTO.items()), *(f"{regimes.YEAR}.into.{name}" for name in regimes.AFTER_16))  # fmt: skip
"""The shipped forecast's regimes, but for those of appeals and identification, on which plans hardly depend in three
years, and of what is recorded within a group."""


def _bears(name: str) -> tuple[tuple[str, ...], str]:
    """(the rates or choices that a regime multiplies, the placements of a choice)."""
    kind = name.split(".", 1)[1]
    if kind in (rates := {"request": ("request", "request_supported"), "pace": ("conclude",)}):
        return rates[kind], ""
    if not kind.startswith("into."):
        return (kind,), ""
    group = kind.removeprefix("into.")
    if group in regimes.AFTER_16:
        return ("choice.transfer",), GROUPS[regimes.AFTER_16[group]]
    return tuple(f"choice.{c}" for c in ("first_place", "transfer", "move", "tribunal")), GROUPS[group]


TEMPLATE = 2023
"""The January whose compiled months serve every origin."""
WIDE = (
    Prior("requests", 0.4, 0.9, 1.8), Prior("assess", 0.6, 1.15, 1.5), Prior("issue", 0.85, 0.98, 1.05),
    Prior("cease.under_20", 0.1, 0.6, 2.5), Prior("cease.20_plus", 0.1, 0.5, 1.6), Prior("pace.in_time", 0.2, 4, 18),
    Prior("pace.late", 0.2, 1.2, 4), Prior("arriving", 0.2, 1, 2.5), Prior("scale.review_move", 0.3, 1, 1.9),
    Prior("backlog_months", 1.5, 5, 14), *(Prior(f"into.{g}", 0.2, 1, 3) for g in GROUPS
                                         if g not in ("mainstream", "fe_and_unplaced")),
)  # fmt: skip
"""Priors of a refit: wide, for their centres rest on figures of 2023 and later."""


def untouched(pack: Pack, start: int, years: int) -> Setting:
    """A January's setting, with all multipliers at 1 and the pace of assessments of no later date."""
    scenario = Scenario(name="back", start=f"{start}-01", until=f"{start + years}-01", authority=str(pack.folder),
                        parameters=neutral(pack))  # fmt: skip
    made = setting.build(scenario, 0, pack=pack)
    rates = made.book.rates.base
    for name, rate in rates.items():
        if rate.dated:
            rates[name] = replace(rate, dated={min(rate.dated): rate.dated[min(rate.dated)]})
    return made


@dataclass(frozen=True)
class Forecast:
    """Of one origin: group -> [draw, horizon] plans."""

    origin: int
    samples: dict[str, Floats]
    values: dict[str, float]
    """the refitted parameters"""
    foreseen: dict[str, Floats] = field(default_factory=dict)
    """the samples without what is unforeseen"""
    effect: float = 0.0
    """how the log of all plans after a year moves with the year's unforeseen factor"""
    sd: float = 0.0
    """of that factor"""


class Backtest:
    """Compiled once; ``forecast`` an origin from a history, which is shown no more than what was known."""

    def __init__(self, pack: Pack, past: History | None = None, origins: Sequence[int] = ORIGINS,
                 draws: int = DRAWS) -> None:  # fmt: skip
        self.pack, self.origins, self.draws = pack, tuple(origins), draws
        self.past = past or history.of_pack(pack)
        self.register = targets.load(pack)
        self.priors = Priors(WIDE)
        self.rows = _rows()
        self.year = Segment(untouched(pack, TEMPLATE, 1), self.rows)
        self.ahead = Segment(untouched(pack, TEMPLATE, len(HORIZONS)), self.rows)
        self.jax, self.xp = self.year.jax, self.year.xp

    def forecast(self, origin: int, earlier: Sequence[Forecast] = ()) -> Forecast:
        """Refit on the year before the origin and run ahead; what earlier forecasts missed, as far as it was known,
        says how much is unforeseen."""
        known = self.past.known(origin)
        problem = self.problem(origin, known)
        z = problem.fit(steps=200)
        root = np.linalg.cholesky(problem.covariance(z))
        zs = z + normals(self.draws, len(z), 21) @ root.T
        data = Segment(untouched(self.pack, origin, len(HORIZONS)), self.rows).data
        years = self._years(known, origin)

        def ahead(zs: Floats, years: Floats) -> dict[str, Floats]:
            runs = [self._run(self.xp.asarray(a), self.xp.asarray(w), data) for a, w in zip(zs, years, strict=True)]
            return self._named(np.stack([np.asarray(run) for run in runs]))

        foreseen, usual = ahead(zs, years), np.ones((2, years.shape[1]))
        usual[1, -len(HORIZONS)] += NUDGE
        after = ahead(np.stack([z, z]), usual)[TOTAL][:, 0]
        effect = float(np.diff(np.log(after))[0] / NUDGE)
        of = unforeseen.sd(
            unforeseen.missed(errors(earlier, known)), float(np.log(foreseen[TOTAL][:, 0]).var()), effect
        )
        years[:, -len(HORIZONS) :] = self._drawn([unforeseen.width(of)] * len(HORIZONS), 24)
        return Forecast(origin, ahead(zs, years), self.priors.named(z), foreseen, effect, of)

    def forecasts(self, said: Callable[[Forecast], None] = lambda _: None) -> list[Forecast]:
        """Every origin in order."""
        out: list[Forecast] = []
        for origin in sorted(self.origins):
            out.append(self.forecast(origin, out))
            said(out[-1])
        return out

    def problem(self, origin: int, known: History) -> Problem:
        """The year before an origin, as a fit; targets that were not known are left out."""
        wanted = history.window(self.register, origin)
        found = tuple(t for t in (_restated(t, known) for t in wanted) if np.isfinite(t.value))
        return _YearProblem(self, found, Segment(untouched(self.pack, origin - 1, 1), self.rows).data, origin)

    def _years(self, known: History, origin: int) -> Floats:
        """[draw, regime and year] factors, as a run's draws have them; those of what is unforeseen, the last, at 1."""
        wide = regimes.of_history(known, origin, assume=True)
        of = self._drawn([wide[name].width for name in REGIMES for _ in HORIZONS], 22)
        return np.concatenate([of, np.ones((self.draws, len(HORIZONS)))], 1)

    def _drawn(self, widths: Sequence[float], salt: int) -> Floats:
        """[draw, factor] triangular about 1."""
        from scipy.special import ndtr

        luck = ndtr(normals(self.draws, len(widths), salt))
        of = [Uncertain(1 - w, 1.0, 1 + w) for w in widths]
        return np.array([[parameters.triangular(x, u) for x, u in zip(of, us, strict=True)] for us in luck.tolist()])

    @cached_property
    def _run(self) -> Callable[[Any, Any, Any], Any]:
        """[horizon, placement] plans, compiled."""
        names = [f"{name}.{k}" for name in (*REGIMES, unforeseen.NAME) for k in range(len(HORIZONS))]

        def run(z: Any, years: Any, data: Any) -> Any:
            p = self.priors
            v = p.low + p.wide / (1 + self.xp.exp(-z))
            values = {name: v[k] for k, name in enumerate(p.names)}
            values |= {name: years[k] for k, name in enumerate(names)}
            stock = self.ahead.series(_here(values, self.ahead), data).stock
            return stock[11::12, :, :, int(Support.PLAN)].sum((1, 2))

        return self.jax.jit(run)

    def _named(self, plans: Floats) -> dict[str, Floats]:
        """Group -> [draw, horizon] of [draw, horizon, placement]."""
        labels = self.ahead.of.book.vocabulary.labels
        out = {g: plans[:, :, [labels.index(p) for p in words.split("+")]].sum(2) for g, words in GROUPS.items()}
        return out | {TOTAL: plans.sum(2)}


def errors(earlier: Sequence[Forecast], known: History) -> list[float]:
    """How far all plans were missed after a year, as far as it was known."""
    truths = [known.plans.get((f.origin + 1, TOTAL), np.nan) for f in earlier]
    both = [(f, t) for f, t in zip(earlier, truths, strict=True) if np.isfinite(t)]
    return [unforeseen.error(float(np.median(f.samples[TOTAL][:, 0])), t) for f, t in both]


def shipped(forecasts: Sequence[Forecast], past: History) -> float:
    """The sd of a year's unforeseen factor by all misses known by now, on what the last forecast's range has."""
    last = forecasts[-1]
    own = float(np.log(last.foreseen[TOTAL][:, 0]).var())
    return unforeseen.sd(unforeseen.missed(errors(forecasts, past), assume=False), own, last.effect)


def _here(values: dict[str, Any], segment: Segment) -> dict[str, Any]:
    """The backlog of the segment's own January."""
    return {(f"{segment.year}:{n}" if n == "backlog_months" else n): v for n, v in values.items()}


def _restated(t: Target, known: History) -> Target:
    """A target with the value that was known, NaN if none was."""
    group = next((g for g, words in GROUPS.items() if words == t.part.get("placement")), TOTAL)
    value = known.plans.get((t.year, group)) if t.series == "plans" else known.flows.get((t.year, t.series))
    return replace(t, value=np.nan if value is None else value)


class _YearProblem(Problem):
    """A fit of one year on the template's compiled function with that year's data."""

    def __init__(self, of: Backtest, wanted: tuple[Target, ...], data: Any, origin: int) -> None:
        self.of, self.data = of, data
        forward = Forward.of([of.year])
        super().__init__(forward, wanted, of.priors)
        self.fitted = np.ones(len(wanted), bool)
        self.reading = Reading(of.year.of, *(calendar.month(f"{origin + k}-01") for k in (-1, 0, -1)))

    def _whole(self) -> Callable[[Any, Any], Any]:
        if "whole" not in self.of.__dict__:
            year = self.of.year

            def run(z: Any, data: Any) -> Any:
                return year.series(_here(self.values(z), year), data)

            self.of.__dict__["whole"] = self.jax.jit(run)
            self.of.__dict__["along"] = self.jax.jit(
                lambda z, a, data: self.jax.jvp(lambda at: run(at, data), (z,), (a,))[1]
            )
        return self.of.__dict__["whole"]

    @cached_property
    def predict(self) -> Callable[[Any], Any]:
        """[target] of z."""
        run = self._whole()

        def read(z: Any) -> Any:
            series = self.jax.tree.map(np.asarray, run(self.xp.asarray(z), self.data))
            return np.array([self.reading.read(t, series) for t in self.targets])

        return read

    def jacobian(self, z: Floats) -> Floats:
        """[target, parameter]: by the series' derivatives, a direction at a time."""
        run = self._whole()
        base = self.jax.tree.map(np.asarray, run(self.xp.asarray(z), self.data))
        along = self.of.__dict__["along"]
        columns = []
        for e in np.eye(len(z)):
            step = self.jax.tree.map(np.asarray, along(self.xp.asarray(z), self.xp.asarray(e), self.data))
            columns.append([_directional(self.reading, t, base, step) for t in self.targets])
        return np.array(columns).T


def _directional(reading: Reading, t: Target, base: Any, step: Any) -> float:
    """The derivative of a target along a change of the series: sums are linear, a share is a quotient."""
    if t.kind != targets.SHARE:
        return float(reading.read(t, step))
    at = slice(t.months[0] - reading.first, t.months[-1] - reading.first + 1)
    above, below = base.on_time[at].sum(), reading._events("new_plans", {}, at, base)
    d_above, d_below = step.on_time[at].sum(), reading._events("new_plans", {}, at, step)
    return float(100 * (d_above * below - above * d_below) / below**2)


@dataclass(frozen=True)
class Line:
    """A row of the scorecard."""

    forecaster: str
    of: str
    """"all plans" or "placements" """
    horizon: int
    score: Score


def scorecard(forecasts: Sequence[Forecast], actual: History, past: History) -> list[Line]:
    """Every forecaster at every horizon that has come: the total, and the groups of placements together."""
    said = {MODEL: {f.origin: f.samples for f in forecasts}, FORESEEN: {f.origin: f.foreseen for f in forecasts}}
    for f in forecasts:
        for name, samples in rivals.samples(past, f.origin).items():
            said.setdefault(name, {})[f.origin] = samples
    out = []
    for what, groups in (("all plans", (TOTAL,)), ("placements", tuple(GROUPS))):
        for h in HORIZONS:
            for name, origins in said.items():
                cases = list(_cases(origins, groups, h, actual))
                if cases:
                    out.append(Line(name, what, h, score(cases)))
    return out


def _cases(origins: Mapping[int, dict[str, Floats]], groups: Sequence[str], h: int, actual: History) -> Iterator[Case]:
    """Every forecast of one forecaster at a horizon of which the truth is known."""
    for origin, samples in origins.items():
        for group in groups:
            truth = actual.plans.get((origin + h, group), np.nan)
            if np.isfinite(truth):
                yield Case(str(origin), samples[group][:, h - 1], truth)


def with_actuals(past: History, rows: Sequence[tuple[int, str, float]]) -> History:
    """A history with later counts, for scoring only. Raises ValueError for a group that there is not."""
    plans = dict(past.plans)
    for january, group, value in rows:
        if group not in (TOTAL, *GROUPS):
            raise ValueError(f"group {group!r} given; allowed: {', '.join((TOTAL, *GROUPS))}")
        if not value > 0:
            raise ValueError(f"plans {value} given for {group} in {january}; allowed: more than 0")
        plans[january, group] = value
    return replace(past, plans=plans)
