"""The lumped expectation as a function of the parameters that are fitted: what the model says of every target.

    forward = Forward((January 2023 to 2024, January 2024 to April 2025))
    forward.series({"request.under_5": 1.02, ...})

It runs the months of one or more settings, each from its own January, on JAX: differentiable in all parameters, a few
milliseconds. Parameters act as they do on children: through ``multipliers.csv``, ``scale.<rate>``, the pipeline at the
start, and prices. Those of the pipeline can be given for a January by its year: ``2023:backlog_months``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from calibration.lumped import by_month, jax_numpy
from calibration.series import Reading, Series, unit_pounds
from cohort import calendar, multipliers, setting
from cohort.expected import LUMPED, Expectation, Flows, Month, State
from cohort.multipliers import Multiplier
from cohort.pack import Pack
from cohort.rates import NEARLY_ALL
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.start import pipeline_sizes
from cohort.states import STAGES, Stage, Vocabulary

PIPELINE = ("backlog_months", "undecided_requests", "recently_refused", "appealing_refusal", "contesting_plan")


def neutral(pack: Pack) -> dict[str, float]:
    """Every parameter that multiplies, at 1: what a forward run multiplies anew."""
    from cohort.parameters import estimates

    rows = multipliers.load(pack, Vocabulary())
    scales = [n for n in estimates(pack) if n.startswith("scale.")]
    return dict.fromkeys([*dict.fromkeys(m.parameter for m in rows), *scales], 1.0)


def neutral_setting(pack: Pack, start: str, until: str) -> Setting:
    """The baseline from a January to a month, with all multipliers at 1 and what is not fitted at its point value."""
    scenario = Scenario(name="fit", start=start, until=until, authority=str(pack.folder), parameters=neutral(pack))
    return setting.build(scenario, 0, pack=pack)


class Segment:
    """The months of one setting; ``rows`` stand in for the pack's multipliers."""

    def __init__(self, of: Setting, rows: tuple[Multiplier, ...] | None = None) -> None:
        self.jax, self.xp = jax_numpy()
        self.of, self.expectation = of, Expectation(of, LUMPED)
        self.months = range(of.scenario.first, of.scenario.last)
        self.rows = multipliers.load(of.pack, of.book.vocabulary) if rows is None else rows
        months = [self.expectation.month(m) for m in self.months]
        laid = self.jax.tree.map(lambda *x: self.xp.stack([self.xp.asarray(v) for v in x]), *months)
        self.data: tuple[State, Month] = self.jax.tree.map(self.xp.asarray, self.expectation.start()), laid
        """the start and the months: all that differs between segments of as many months, so that one compiled function
        does for several"""
        masks, self._pounds = unit_pounds(of, self.months)
        self._masks = self.xp.asarray(masks)
        self.year = str(calendar.year(self.months[0]))

    def series(self, values: Mapping[str, Any], data: tuple[State, Month] | None = None) -> Series:
        """The months under some parameters; those not given are at 1 or at the setting's. ``data`` are another
        segment's, of as many months."""
        xp = self.xp
        begun, given = data or self.data
        same, own = self._choices(values)
        arriving, dated = self._arriving(values)
        months = given._replace(rates=self._rates(values, given), moves=own,
                                arriving=arriving if dated else xp.zeros(len(self.months)))  # fmt: skip

        def one(state: State, month: Month) -> tuple[State, tuple[Any, Flows]]:
            month = month._replace(moves=same | month.moves, arriving=month.arriving if dated else arriving)
            state, flows = self.expectation.step(state, month, xp)
            return state, (self._stock(state), flows)

        start = self.start(values, begun)
        _, (stock, flows) = self.jax.lax.scan(by_month(self.jax, one), start, months)
        return Series(self._stock(start), stock, flows.events[..., None], flows.on_time, flows.left,
                      self._spend(stock, values))  # fmt: skip

    def start(self, values: Mapping[str, Any], begun: State) -> State:
        """The start with another pipeline: who is no longer in it has no request open, or no appeal."""
        p, s, xp = self.of.params, begun, self.xp
        then = pipeline_sizes(self.of.params)
        now = pipeline_sizes(p.__class__(0, {**p.values, **self._pipeline(values)}))
        still, queue = s.still, []
        for k, part in enumerate(s.queue):
            stage = Stage(k + 1)
            factor = now[stage] / then[stage] if then[stage] else 1.0
            queue.append(part * factor)
            freed = (part * (1 - factor)).sum(0)
            still = still + (freed if freed.shape[-1] == still.shape[-1] else freed * np.eye(still.shape[-1])[0])
        factor = self._pipeline(values).get("contesting_plan", p["contesting_plan"]) / p["contesting_plan"]
        plans, contested = s.plans + s.contested * (1 - factor), s.contested * factor
        assert len(queue) == len(STAGES) - 1
        return State(xp.asarray(still), tuple(xp.asarray(q) for q in queue), xp.asarray(plans), xp.asarray(contested))

    def _pipeline(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The pipeline's parameters for this January: its own, or those without a year."""
        mine = {n: values[f"{self.year}:{n}"] for n in PIPELINE if f"{self.year}:{n}" in values}
        plain = {n: values[n] for n in PIPELINE if n in values} if self.year == FITTED_JANUARY else {}
        return plain | mine

    def _rates(self, values: Mapping[str, Any], given: Month) -> dict[str, Any]:
        """[month, DIMS] every rate under its scale and the multipliers that act on it; what passes all there is is held
        there, as in a draw."""
        out = {}
        for name, rate in given.rates.items():
            base = self.of.book.rates.base[name]
            scaled = rate * values.get(f"scale.{name}", 1.0)
            for m in self.rows:
                if m.on == name and m.parameter in values:
                    when = np.array([m.acts(month) for month in self.months]).reshape(-1, *[1] * 6)
                    if when.any():
                        scaled = self.xp.where(when & m.cells(base.by), scaled * m.factor(values), scaled)
            limit = self.of.book.rates.limit[name]
            out[name] = self.xp.minimum(scaled, limit) if limit >= NEARLY_ALL else scaled
        return out

    def _choices(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """(choice -> [n, 1, 1, p or 1, to] weights that are the same in all months, [month, ...] those that are not);
        only of choices that a parameter bears on."""
        same, own = {}, {}
        for name, lumped in self.expectation.moves.items():
            acting = [m for m in self.rows if m.on == f"{multipliers.CHOICE}{name}" and m.parameter in values]
            if acting:
                eras, at = self._eras(acting)
                each = [self._weighed(name, lumped[:, None], era, values) for era in eras]
                if len(each) == 1:
                    same[name] = each[0]
                else:
                    own[name] = self.xp.stack(each)[at]
        return same, own

    def _eras(self, acting: Sequence[Multiplier]) -> tuple[list[tuple[Multiplier, ...]], NDArray[np.int64]]:
        """(the sets of rows that act at one time or another, [month] which of them)."""
        by_month = [tuple(m for m in acting if m.acts(month)) for month in self.months]
        eras = list(dict.fromkeys(by_month))
        return eras, np.array([eras.index(era) for era in by_month])

    def _weighed(self, name: str, weights: Any, rows: Sequence[Multiplier], values: Mapping[str, Any]) -> Any:
        """A choice's weights under some rows, adding up to one."""
        shape = self.of.book.weights[name].shape
        for m in rows:
            mask = m.weights(self.of.book.vocabulary, (1, *shape[1:2], 1, 1, 1, *shape[5:]))[0, :, :, :, 0]
            weights = self.xp.where(mask, weights * m.factor(values), weights)
        return weights / self.xp.maximum(weights.sum(-1, keepdims=True), 1e-300)

    def _arriving(self, values: Mapping[str, Any]) -> tuple[Any, bool]:
        """([n, 2] chances that who moves in holds a plan, has SEN Support, whether by month: [month, n, 2])."""
        acting = [m for m in self.rows if m.on == multipliers.ARRIVALS and m.parameter in values]
        eras, at = self._eras(acting)
        each = []
        for era in eras:
            arriving: Any = self.of.book.arrivals
            for m in era:
                factor = self.xp.where(m.by_ncy(), m.factor(values), 1.0)
                arriving = self.xp.stack([arriving[:, 0] * factor, arriving[:, 1]], 1)
            each.append(arriving)
        return (each[0], False) if len(each) == 1 else (self.xp.stack(each)[at], True)

    def _stock(self, state: State) -> Any:
        """[ncy, 1, support, placement] children with needs."""
        xp, without = self.xp, np.eye(self.expectation.sizes[2])[self.expectation.without_plan]
        asked = sum(part.sum(0) for part in state.queue)
        if self.expectation.coarse.arranged:
            asked = asked * np.eye(len(self.expectation.without_plan))[0]
        free = xp.einsum("nsq,qp->nsp", (state.still + asked).sum((1, 2)), without)
        held = (state.plans + state.contested).sum((1, 2, 4))
        return xp.concatenate([free, held[:, None]], 1)[:, None]

    def _spend(self, stock: Any, values: Mapping[str, Any]) -> Any:
        """[month, item] pounds, with prices in proportion to those given."""
        xp, of = self.xp, self.of.prices
        by_age = stock.sum(2)
        phases = xp.stack([by_age[:, :17].sum(1), by_age[:, 17:].sum(1)], -1)
        counts = xp.einsum("mspf,cspf->mc", phases, self._masks)
        counts = xp.concatenate([counts, xp.ones((len(self.months), len(of.services)))], 1)
        names = [*(f"price.{c.name}" for c in of.charges), *(f"service.{s.name}" for s in of.services)]
        factors = xp.stack([values[n] / self.of.params[n] if n in values else xp.ones(()) for n in names])
        return counts * self._pounds * factors


FITTED_JANUARY = "2024"
"""The January from which the model runs: its pipeline has no year in its name."""


class Forward:
    """Segments one after another, each begun anew from what was counted in its January."""

    def __init__(self, *settings: Setting) -> None:
        self._of([Segment(s) for s in settings])

    @classmethod
    def of(cls, segments: Sequence[Segment]) -> Forward:
        """From segments that are there already."""
        made = cls.__new__(cls)
        made._of(segments)
        return made

    def _of(self, segments: Sequence[Segment]) -> None:
        self.segments = tuple(segments)
        first, last = self.segments[0].months, self.segments[-1].months
        self.reading = Reading(self.segments[0].of, first[0], last[-1] + 1, last[0])
        self.jax, self.xp = jax_numpy()

    def series(self, values: Mapping[str, Any]) -> Series:
        """All months; the start is the last segment's."""
        return joined([s.series(values) for s in self.segments], self.xp)

    @property
    def months(self) -> range:
        """Every month."""
        return range(self.reading.first, self.reading.last)


def joined(parts: list[Series], xp: Any = np) -> Series:
    """Runs one after another as one."""
    columns = [xp.concatenate([getattr(p, name) for p in parts]) for name in Series._fields[1:]]
    return Series(parts[-1].start, *columns)
