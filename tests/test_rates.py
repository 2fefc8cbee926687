"""Rates stay inside the stretches reserved for them, and what happens, happens as often as they say."""

from collections import defaultdict
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cohort import calendar, draws, parameters
from cohort.book import cumulative
from cohort.parameters import Parameters, triangular
from cohort.policy import NOTHING, Uncertain
from cohort.processes import CHOICES, PROCESSES, REASONS, Effect
from cohort.rates import NEARLY_ALL, Rates, bounds
from cohort.rates import compile as compile_rates
from cohort.states import (
    LUCK_STATUSES,
    NEEDS,
    NONE_YET,
    REVIEWED,
    SINCE_MOST,
    Stage,
    Support,
    Vocabulary,
    luck_status,
    state_labels,
)
from cohort.world import World
from tests.small import KENT, elastic, full_setting

FIRST, LAST = calendar.month("2024-01"), calendar.month("2028-04")
RATES = tuple(dict.fromkeys(name for p in PROCESSES for name in (p.rate_name, p.share) if name))
NUMBER = {p.name: number for number, p in enumerate(PROCESSES)}


@cache
def rates(draw=0):
    return Rates(KENT, parameters.draw(KENT, draw))


# Bounds


def test_no_draw_is_held_at_its_bound_but_for_what_is_unforeseen():
    """So that bounds are as wide as all that is foreseen; of what is certain (``NEARLY_ALL``) there is no more."""
    for draw in range(0, 51, 3):
        book = Rates(KENT, parameters.foreseen(parameters.draw(KENT, draw)))
        for name in book.base:
            if book.limit[name] < NEARLY_ALL:
                top = max(grid.max() for month in range(FIRST, LAST) for _, grid in book.built(name, month))
                assert top <= book.limit[name] + 1e-12, (draw, name)


def test_a_draw_is_held_at_its_bound_and_the_point_refused_there():
    month, worst = calendar.month("2026-05"), {"year.unforeseen.2026": 0.43, "year.cease.2026": 1.9}
    of = parameters.draw(KENT, 3)
    draw = Rates(KENT, Parameters(3, {**of.values, **worst}))
    free = 1.9 / 0.43 * Rates(KENT, Parameters(3, {**of.values, **dict.fromkeys(worst, 1.0)})).rate("cease", month)
    assert free.max() > bounds(KENT)["cease"], "or the test says nothing"
    assert np.allclose(draw.rate("cease", month), np.minimum(free, bounds(KENT)["cease"]))
    with pytest.raises(ValueError, match=r"cease reaches 0.\d+ in 2026-05, more than the 0.1800 reserved for it"):
        Rates(KENT, Parameters(0, {**parameters.draw(KENT).values, **worst})).rate("cease", month)


def test_what_is_reserved_in_a_status_fits_into_the_unit_interval():
    bound = bounds(KENT)
    for status in range(LUCK_STATUSES):
        assert sum(bound[p.name] for p in PROCESSES if status in p.statuses) <= 1 + 1e-9
    assert set(bound) == {p.name for p in PROCESSES}
    assert min(bound.values()) > 0


def test_stretches_follow_each_other_and_are_as_wide_as_their_bounds():
    arrays, bound = full_setting().book.arrays, bounds(KENT)
    for status in range(LUCK_STATUSES):
        a, b = arrays.first[status], arrays.first[status + 1]
        lows = [*arrays.low[a:b].tolist(), int(arrays.reserved[status])]
        assert lows == sorted(lows)
        assert lows[0] == 0
        for event, width in zip(arrays.event[a:b], np.diff(lows), strict=True):
            assert abs(width / draws.WHOLE - bound[PROCESSES[event].name]) < 1e-9
    events = {status: {PROCESSES[e].name for e in arrays.event[arrays.first[status] : arrays.first[status + 1]]}
              for status in range(LUCK_STATUSES)}  # fmt: skip
    assert events == {s: {p.name for p in PROCESSES if s in p.statuses} for s in range(LUCK_STATUSES)}


def test_a_bound_that_is_missing_and_a_rate_that_is_missing_are_named():
    with pytest.raises(ValueError, match="reserves nothing for dream"):
        Rates(KENT, parameters.draw(KENT), processes=(*PROCESSES, replace(PROCESSES[0], name="dream")))
    with pytest.raises(ValueError, match="no base rate for 'dreams'"):
        Rates(KENT, parameters.draw(KENT), processes=(replace(PROCESSES[0], rate="dreams"), *PROCESSES[1:]))


# Tables


@pytest.mark.parametrize("name", RATES)
def test_seasons_have_a_mean_of_one_and_every_rate_is_a_chance(name):
    base = rates().base[name]
    assert base.season.mean() == pytest.approx(1, abs=1e-4)
    assert base.season.min() >= 0
    assert 0 <= base.table.min() <= base.table.max() <= 1
    assert base.table.any()


def test_factors_before_the_first_date_and_after_the_last_hold():
    dated = [name for name in RATES if rates().base[name].dated]
    assert dated
    for name in dated:
        base = replace(rates().base[name], steps=())
        months = sorted(base.dated)
        for outside, inside in ((months[0] - 12, months[0]), (months[-1] + 12, months[-1])):
            np.testing.assert_array_equal(base.factor(outside), base.factor(inside))


@pytest.mark.parametrize("month", [FIRST, FIRST + 8, FIRST + 30])
def test_the_compiled_thresholds_are_the_rates(month):
    book = rates()
    chance = book.compile(month)
    for name, table in compile_rates(parameters.draw(KENT), NOTHING, month, KENT).items():
        start = book.offset[name]
        np.testing.assert_array_equal(chance[start : start + table.size], draws.threshold(table).ravel())
        strides = book.strides(name)
        at = tuple(n - 1 for n in table.shape)
        assert chance[start + np.dot(strides, at)] == draws.threshold(table[at])


@given(st.lists(st.integers(FIRST, LAST), min_size=1, max_size=8))
def test_the_order_in_which_months_are_compiled_does_not_matter(months):
    anew, reused = Rates(KENT, parameters.draw(KENT)), rates()
    for month in months:
        reused.compile(month)
    np.testing.assert_array_equal(anew.compile(months[-1]), reused.compile(months[-1]))


@given(st.lists(st.floats(0, 10), min_size=1, max_size=20))
def test_cumulative_weights_rise_to_exactly_the_whole(weights):
    edges = cumulative(np.array(weights))
    assert (np.diff(edges.astype(float)) >= 0).all()
    if sum(weights) > 0:
        last = max(k for k, w in enumerate(weights) if w > 0)
        assert int(edges[last]) == draws.WHOLE
        shares = np.diff(edges.astype(float), prepend=0) / draws.WHOLE
        np.testing.assert_allclose(shares, np.array(weights) / sum(weights), atol=1e-9)
    else:
        assert not edges.any()


@pytest.mark.parametrize("choice", CHOICES)
def test_choices_are_lawful_and_sum_to_one_or_are_empty(choice):
    weights = full_setting().book.weights[choice]
    total = weights.sum(-1)
    assert np.all((np.abs(total - 1) < 1e-9) | (total == 0))
    lawful = Vocabulary().lawful
    for ncy in range(weights.shape[1]):
        to = np.flatnonzero(weights[:, ncy].reshape(-1, weights.shape[-1]).any(0))
        assert lawful[to, ncy].all()


# Draws of the parameters


def test_draw_0_is_the_most_likely_value_of_everything():
    known = parameters.estimates(KENT)
    point = parameters.posterior(KENT, 0)
    assert dict(parameters.draw(KENT).values) == {name: of.mode for name, of in known.items()} | point
    assert {f"scale.{name}" for name in RATES} >= {name for name in known if name.startswith("scale.")}


def test_other_draws_are_within_low_and_high_and_differ_in_all_that_is_uncertain():
    known = parameters.estimates(KENT)
    drawn = defaultdict(set)
    for number in range(1, 51):
        for name, value in parameters.draw(KENT, number).values.items():
            assert known[name].low <= value <= known[name].high
            drawn[name].add(value)
    sampled = parameters.posterior(KENT, 0)  # in samples of a chain a value may come twice
    for name, of in known.items():
        few = len(drawn[name]) > 40 if name in sampled else len(drawn[name]) == 50
        assert few if of.low < of.high else len(drawn[name]) == 1


def test_a_draw_is_the_same_whenever_it_is_drawn_and_its_parameters_are_unrelated():
    assert parameters.draw(KENT, 7) == parameters.draw(KENT, 7)
    units = np.array([[parameters.unit(name, number) for number in range(1, 400)] for name in sorted(RATES)[:12]])
    assert stats.kstest(units.ravel(), "uniform").pvalue > 1e-6
    off = np.corrcoef(units)[~np.eye(len(units), dtype=bool)]
    assert np.abs(off).max() < 0.25


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 10), st.floats(1e-9, 1 - 1e-9))
def test_the_triangular_quantile_is_numpys_and_scipys(a, b, c, u):
    low, mode, high = sorted((a, b, c))
    value = triangular(Uncertain(low, mode, high), u)
    assert low - 1e-9 <= value <= high + 1e-9
    if high - low > 1e-6:
        exact = stats.triang.ppf(u, (mode - low) / (high - low), low, high - low)
        assert value == pytest.approx(exact, abs=1e-6)


def test_an_unknown_parameter_is_refused_with_the_closest():
    with pytest.raises(ValueError, match=r"'price.nmis' is not a parameter; did you mean 'price.nmiss'"):
        parameters.draw(KENT, 0, {"price.nmis": 1.0})
    with pytest.raises(KeyError, match=r"'backlog_month' is not a parameter; did you mean 'backlog_months'"):
        parameters.draw(KENT)["backlog_month"]
    with pytest.raises(ValueError, match="draws count from 0, not -1"):
        parameters.draw(KENT, -1)


def test_a_fixed_parameter_is_the_same_in_every_draw_and_moves_no_other():
    plain, fixed = parameters.draw(KENT, 5), parameters.draw(KENT, 5, {"price.nmiss": 47000})
    assert fixed["price.nmiss"] == 47000
    assert fixed.fixed == ("price.nmiss",)
    assert {k: v for k, v in plain.values.items() if k != "price.nmiss"} == {
        k: v for k, v in fixed.values.items() if k != "price.nmiss"
    }


# What happens, happens as often as the rates say


class Counted(World):
    """A world that adds up, before anything happens, how often each event should, and by how much that may vary."""

    def happen(self):
        c, book = self.columns, self.setting.book
        before = c._replace(
            **{name: getattr(c, name).copy() for name in ("support", "stage", "placement", "need", "clock")}
        )
        entries = self._entries
        super().happen()
        happened = {name: np.array(column[entries : self._entries]) for name, column in self._log._asdict().items()}
        self.expect(before, happened, book.rates)

    def expect(self, c, log, rates):
        here = np.flatnonzero(c.presence == 1)
        ncy = self._academic_year - c.cohort.astype(int)
        since = np.where(c.stage > 0, np.minimum(self.month - c.clock.astype(int), SINCE_MOST), 0)
        traits = [since, ncy, c.area, c.need, c.severity, c.placement]
        status = STATUS[c.support[here], c.stage[here], c.placement[here]]
        reviewed = (c.support == Support.PLAN) & (c.stage == Stage.NONE) & (c.anniversary == self.month % 12)
        first = np.array([REVIEWED not in PROCESSES[e].statuses if e < len(PROCESSES) else False for e in log["event"]])
        reviewed[log["row"][first]] = False
        due = {False: here, True: np.flatnonzero(reviewed)}
        for number, p in enumerate(PROCESSES):
            review = REVIEWED in p.statuses
            rows = due[review] if review else here[np.isin(status, p.statuses)]
            self.add(p.name, self.chances(rates, p.rate_name, traits, rows), (log["event"] == number).sum())
            if p.share:
                mine = log["event"] == number
                self.add(p.share, self.chances(rates, p.share, traits, log["row"][mine]), YES[p.name](log, mine).sum())

    def chances(self, rates, name, traits, rows):
        table = rates.rate(name, self.month)
        return table[
            tuple(trait[rows].astype(int) if n > 1 else 0 for trait, n in zip(traits, table.shape, strict=True))
        ] * np.ones(len(rows))

    def add(self, name, chances, happened):
        totals = self.__dict__.setdefault("totals", defaultdict(lambda: np.zeros(3)))
        totals[name] += (happened, chances.sum(), (chances * (1 - chances)).sum())


STATUS = np.array([[[luck_status(a, b, k) for k in range(len(Vocabulary().placements))]
                    for b in range(len(Stage))] for a in range(len(Support))])  # fmt: skip
SUPPORTED = state_labels(Vocabulary()).index("sen_support")


def fell_to_yes(p):
    """Which entries of a two-way event went the first way, by their reason or by where they led."""
    reasons = {"on_time", "late"} if p.yes.effect & Effect.TIMED else {p.yes.reason} - {""}
    codes = [REASONS.index(reason) for reason in reasons]
    return lambda log, mine: np.isin(log["reason"], codes) & mine if codes else (log["to"] == SUPPORTED) & mine


YES = {p.name: fell_to_yes(p) for p in PROCESSES if p.share}


@cache
def counted():
    """Two runs of the whole county, to the end, in which everybody has the place that they choose."""
    worlds = [Counted.start(elastic(full_setting()), seed=seed).run() for seed in (11, 12)]
    totals = defaultdict(lambda: np.zeros(3))
    for world in worlds:
        for name, of in world.totals.items():
            totals[name] += of
    return totals, worlds


@pytest.mark.parametrize("name", RATES)
def test_events_happen_as_often_as_their_rates_say(name):
    happened, expected, variance = counted()[0][name]
    assert expected > 30, "enough to tell"
    assert abs(happened - expected) < 4 * np.sqrt(variance)


def test_a_rate_that_is_three_per_cent_off_would_be_seen():
    happened, expected, variance = counted()[0]["identify"]
    assert abs(happened - 1.03 * expected) > 4 * np.sqrt(variance)


def test_first_placements_follow_the_weights_of_age_and_need():
    weights = full_setting().book.weights["first_place"]
    issues = [NUMBER[p.name] for p in PROCESSES if p.yes.effect & Effect.BEGIN_PLAN]
    placed, expected, variance = (np.zeros(weights.shape[-1]) for _ in range(3))
    for world in counted()[1]:
        tape, plan = world.setting.tape, len(state_labels(Vocabulary())) - 2 - weights.shape[-1]
        for at, log in enumerate(world.record.logs):
            mine = np.isin(log.event, issues) & (log.to >= plan)
            rows = log.row[mine]
            ncy = calendar.academic_year(FIRST + at) - tape.cohort[rows].astype(int)
            need = world.columns.need[rows].astype(int)  # as it is at the end: few needs change
            share = weights[0, ncy, 0, need, 0, 0]
            placed += np.bincount(log.to[mine] - plan, minlength=weights.shape[-1])
            expected += share.sum(0)
            variance += (share * (1 - share)).sum(0)
    some = expected > 20
    assert some.sum() >= 6
    assert (np.abs(placed - expected)[some] < 4.5 * np.sqrt(variance[some])).all()


def test_needs_first_named_follow_the_table_of_age():
    needs = full_setting().book.needs["first"]
    named, expected, variance = (np.zeros(len(NEEDS)) for _ in range(3))
    identify = NUMBER["identify"]
    for world in counted()[1]:
        unnamed = world.setting.start.need == NONE_YET
        seen = np.zeros(len(unnamed), bool)
        for at, log in enumerate(world.record.logs):
            rows = log.row[log.event == identify]
            rows = rows[unnamed[rows] & ~seen[rows]]
            seen[log.row] = True
            share = needs[calendar.academic_year(FIRST + at) - world.setting.tape.cohort[rows].astype(int)]
            kept = world.columns.support[rows] != Support.PLAN
            named += np.bincount(world.columns.need[rows[kept]], minlength=len(NEEDS))
            expected += share[kept].sum(0)
            variance += (share * (1 - share))[kept].sum(0)
    some = expected > 50
    assert some.sum() >= 8
    assert (np.abs(named - expected)[some] < 6 * np.sqrt(variance[some])).all()
