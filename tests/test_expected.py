"""The expectation is what children do on average, and conserves them."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cohort import calendar, setting, variance
from cohort.expected import EXACT, LUMPED, Coarse, Expectation
from cohort.policy import NOTHING, Policy, Redirect, Scale, When, where
from cohort.scenario import Scenario
from cohort.world import World
from tests.small import elastic, full_setting, small_setting, under, until_month

UNTIL = "2025-10"
POPULATIONS = range(1, 31)
NCY_AND_PHASE = Coarse(needs=True, areas=True)


def named(s, stock, events, on_time, arrived, left, spend):
    """The headline series of one month by name, from counts or from masses."""
    labels = s.book.vocabulary.labels
    out = {f"plans {label}": stock[2, k] for k, label in enumerate(labels)}
    out |= {"plans": stock[2].sum(), "sen_support": stock[1].sum(), "none": stock[0].sum()}
    out |= {p.name: events[k] for k, p in enumerate(s.book.processes)}
    return out | {"on_time": on_time, "arrived": arrived, "left": left} | {f"spend {k}": v for k, v in spend.items()}


def of_children(s, world):
    """[month] headline series of a finished world; events, arrivals and spend are summed from the start."""
    n, total = len(s.book.processes), None
    placements = len(s.book.vocabulary.labels)
    for log, month in zip(world.record.logs, range(s.scenario.first, s.scenario.last), strict=True):
        events = np.bincount(log.event, minlength=n + 6)[:n].astype(float)
        timely = float((log.reason == 3).sum())
        arrived = float(((log.event == n + 2) & (log.reason == 17)).sum())
        left = float(((log.event == n + 3) & (log.frm >= 10 + 2 * placements)).sum())
        stock = world.record.cells[month + 1].sum((0, 1, 4))
        spend = {c.line: 0.0 for c in s.prices.charges}
        children = variance.child_months(world, month)
        for c in s.prices.charges:
            pence = c.cells * c.by_cell(month)
            spend[c.line] += float(sum((children[c.support, p] * pence).sum() for p in c.placements))
        total = _sum(total, named(s, stock, events, timely, arrived, left, spend))
        yield dict(total)


def of_masses(s, expectation, run):
    """[month] the same of the expectation."""
    states, flows = run
    total = None
    services = {x.line for x in s.prices.services}
    for k, month in enumerate(range(s.scenario.first, s.scenario.last)):
        f = flows[k]
        spend = {line: v for line, v in expectation.spend(states[k + 1], month).items() if line not in services}
        stock = expectation.stock(states[k + 1]).sum((0, 1))
        total = _sum(
            total, named(s, stock, f.events.sum((1, 2)), float(f.on_time), float(f.arrived), float(f.left), spend)
        )
        yield dict(total)


def _sum(total, month):
    """Flows and spend add up from month to month; stocks are the month's own."""
    stocks = {k for k in month if k.startswith("plans") or k in ("sen_support", "none")}
    return {k: v if total is None or k in stocks else total[k] + v for k, v in month.items()}


@cache
def gaps():
    """(series x month names, [population, series x month]) children less expectation, over populations drawn anew."""
    scenario = Scenario.load("baseline").model_copy(update={"until": UNTIL})
    rows, names = [], []
    for k in POPULATIONS:
        s = elastic(setting.build(scenario, population=k))
        world = World.start(s, replicate=k).run()
        e = Expectation(s)
        pairs = list(zip(of_children(s, world), of_masses(s, e, e.run()), strict=True))
        names = [(name, m) for m, (a, _) in enumerate(pairs) for name in a]
        rows.append([a[name] - b[name] for a, b in pairs for name in a])
    return names, np.array(rows)


def z_scores(difference):
    """How surprising the mean over populations is, as a normal deviate (by Student's t, for they are few)."""
    se = difference.std(0, ddof=1) / np.sqrt(len(difference))
    t = np.divide(difference.mean(0), se, out=np.zeros(len(se)), where=se > 1e-6)
    return stats.norm.isf(stats.t.sf(np.abs(t), len(difference) - 1))


@pytest.mark.slow
def test_the_mean_of_populations_is_the_exact_expectation():
    names, difference = gaps()
    z = z_scores(difference)
    assert len(z) > 1000
    assert (z > 3).mean() < 0.01, [names[k] for k in np.argsort(-z)[:10]]
    assert z.max() < 4.5, names[int(z.argmax())]
    last = [k for k, (_, m) in enumerate(names) if m == 20]
    plans = next(k for k in last if names[k][0] == "plans")
    assert abs(difference[:, plans].mean()) < 0.002 * 21_000


@pytest.mark.slow
def test_a_rate_wrong_by_a_twentieth_is_caught():
    names, difference = gaps()
    s = full_setting(until="2028-04")
    s = until_month(s, UNTIL)
    wrong = under(s, Policy("wrong", (Scale("issue", 0.95, When("2024-01")),)))
    right, off = (list(of_masses(x, e := Expectation(x, NCY_AND_PHASE), e.run())) for x in (s, wrong))
    shift = np.array([right[m][name] - off[m][name] for name, m in names])
    z = z_scores(difference + shift)
    assert (z > 3).mean() > 0.05
    assert z[[k for k, n in enumerate(names) if n == ("plans", 20)]].max() > 4.5


def test_the_expectation_holds_as_many_children_as_the_tape():
    s = small_setting(every=20)
    for coarse in (EXACT, LUMPED):
        e = Expectation(s, coarse)
        states, _ = e.run()
        for k, state in enumerate(states):
            assert e.stock(state).sum() == pytest.approx(s.events.here[k].sum(), abs=0.5)
            assert min(part.min() for part in (state.still, state.plans, state.contested, *state.queue)) > -1e-9


def test_the_lumped_expectation_is_within_a_hundredth_of_the_exact():
    s = until_month(full_setting(until="2028-04"), "2026-02")
    exact, lumped = Expectation(s), Expectation(s, LUMPED)
    a, b = exact.stock(exact.run()[0][-1]).sum((0, 1)), lumped.stock(lumped.run()[0][-1]).sum((0, 1))
    assert b[2].sum() == pytest.approx(a[2].sum(), rel=0.005)
    assert b[1].sum() == pytest.approx(a[1].sum(), rel=0.005)
    main = [s.book.vocabulary.code(x) for x in ("mainstream", "srp", "state_special", "nmiss", "fe", "spi")]
    assert b[2][main] == pytest.approx(a[2][main], rel=0.02)


def test_rates_by_severity_are_refused_by_the_expectation():
    by_severity = Policy("s", (Scale("cease", 0.5, When("2024-06"), where(severity=(3, 4))),))
    with pytest.raises(ValueError, match="severity, on which cease depends"):
        Expectation(small_setting(policy=by_severity))


@settings(max_examples=10)
@given(factor=st.floats(0.3, 0.99), first=st.sampled_from(["2024-02", "2024-09", "2025-01"]))
def test_fewer_requests_never_mean_more_plans(factor, first):
    less = Policy("less", tuple(Scale(r, factor, When(first)) for r in ("request", "request_supported", "rerequest")))
    plans = []
    for policy in (NOTHING, less):
        e = Expectation(under(small_setting(every=20), policy), LUMPED)
        plans.append([e.stock(state)[:, :, 2].sum() for state in e.run()[0]])
    assert (np.array(plans[1]) <= np.array(plans[0]) + 1e-9).all()
    assert plans[1][-1] < plans[0][-1]


def test_a_price_scales_its_line_and_no_other():
    s = small_setting(every=20)
    e = Expectation(s, LUMPED)
    state = e.start()
    doubled = replace(
        s.prices, charges=tuple(replace(c, pounds=2 * c.pounds) if c.name == "srp" else c for c in s.prices.charges)
    )
    before, after = (
        e.spend(state, s.scenario.first),
        Expectation(replace(s, prices=doubled), LUMPED).spend(state, s.scenario.first),
    )
    changed = {line for line in before if before[line] != pytest.approx(after[line])}
    assert changed == {"mainstream_srp.srp_top_up"}, "place funding stays"
    both = [
        sum(found[f"mainstream_srp.srp_{part}"] for part in ("place_funding", "top_up")) for found in (before, after)
    ]
    assert both[1] == pytest.approx(2 * both[0], rel=1e-4)


def test_a_county_of_twice_the_masses_has_the_same_shares():
    e = Expectation(small_setting(every=20), LUMPED)
    one = e.start()
    two = type(one)(2 * one.still, tuple(2 * q for q in one.queue), 2 * one.plans, 2 * one.contested)
    for m in range(e.setting.scenario.first, e.setting.scenario.first + 14):
        month = e.month(m)
        one, _ = e.step(one, month)
        two, _ = e.step(two, month._replace(births=2 * month.births, movers=2 * month.movers))
    assert e.stock(two) == pytest.approx(2 * e.stock(one))


def test_areas_renamed_are_areas_permuted():
    e = Expectation(small_setting(every=20))
    order = [2, 0, 3, 1]
    state, turned = e.start(), None
    for m in range(e.setting.scenario.first, e.setting.scenario.first + 10):
        month = e.month(m)
        if turned is None:
            turned = _permuted(state, order)
        rates = {k: r[:, :, order] if r.shape[2] > 1 else r for k, r in month.rates.items()}
        other = month._replace(
            leave=month.leave[:, order], births=month.births[:, order], movers=month.movers[:, order], rates=rates
        )
        state, turned = e.step(state, month)[0], e.step(turned, other)[0]
    assert e.stock(turned) == pytest.approx(e.stock(_permuted(state, order)))


def test_school_years_turn_and_pupils_transfer_in_september_and_in_no_other_month():
    e = Expectation(small_setting(every=20), LUMPED)
    state, month = e.start(), e.month(calendar.month("2024-09"))
    nobody = month._replace(births=0 * month.births, movers=0 * month.movers, leave=0 * month.leave,
                            rates={name: 0 * rate for name, rate in month.rates.items()})  # fmt: skip
    before, now, then = (e.stock(s) for s in (
        state, e.step(state, nobody)[0], e.step(state, nobody._replace(september=np.float64(0)))[0]
    ))  # fmt: skip
    assert np.array_equal(then, before)
    assert now[0].sum() == 0
    assert now[1:].sum((1, 3)) == pytest.approx(before[:-1].sum((1, 3)))
    moved = ~np.isclose(now[1:, 0, 2], before[:-1, 0, 2]).all(1)
    assert not moved[~np.array(e.setting.enters).any(1)[1:]].any()
    assert moved[np.array([0, 3, 7, 12]) - calendar.NCYS[0] - 1].all(), "into Years R, 3, 7 and 12"


def _permuted(state, order):
    return type(state)(
        state.still[:, order],
        tuple(q[:, :, order] for q in state.queue),
        state.plans[:, order],
        state.contested[:, order],
    )


def test_with_no_requests_and_no_arrivals_plans_only_fall():
    none = Policy(
        "none",
        tuple(
            Scale(r, 0.0, When("2024-01")) for r in ("request", "request_supported", "rerequest", "conclude", "resolve")
        ),
    )
    e = Expectation(under(small_setting(every=20), none), LUMPED)
    state, plans = e.start(), []
    for m in range(e.setting.scenario.first, e.setting.scenario.last):
        month = e.month(m)
        state, _ = e.step(state, month._replace(movers=0 * month.movers))
        plans.append(e.stock(state)[:, :, 2].sum())
    assert (np.diff(plans) < 0).all()


def test_jax_gives_what_numpy_gives_and_a_gradient_that_differences_confirm():
    pytest.importorskip("jax", reason="the calibrate extra is not installed")
    from calibration.lumped import Forecast

    s = small_setting(every=20, until="2025-04")
    forecast = Forecast(s)
    ones = np.ones(len(forecast.names))
    e = Expectation(s, LUMPED)
    last = e.stock(e.run()[0][-1]).sum((0, 1))
    stocks = forecast.stocks(ones)
    assert stocks[-1] == pytest.approx([last[0].sum(), last[1].sum(), *last[2]], rel=1e-9)
    weights = np.zeros_like(stocks)
    weights[-1, 2:] = 1
    value, slope = forecast.gradient(weights)(ones)
    assert float(value) == pytest.approx(last[2].sum(), rel=1e-9)
    jax, plans = forecast.jax, lambda theta: (forecast.run(theta)[0] * weights).sum()
    forwards = jax.jit(lambda along: jax.jvp(plans, (ones,), (along,))[1])
    by_direction = np.array([forwards(along) for along in np.eye(len(ones))])
    assert np.asarray(slope) == pytest.approx(
        by_direction, rel=1e-9, abs=1e-9
    )  # though backwards works months out anew
    for name in ("request_supported", "cease", "conclude"):
        up, down = ones.copy(), ones.copy()
        k = forecast.names.index(name)
        up[k], down[k] = 1 + 1e-5, 1 - 1e-5
        by_difference = (forecast.stocks(up)[-1, 2:].sum() - forecast.stocks(down)[-1, 2:].sum()) / 2e-5
        assert float(slope[k]) == pytest.approx(by_difference, rel=1e-3, abs=1e-6)
    for name in ("cease", "identify"):  # a multiplier is that of the rate it is named after
        scaled = ones.copy()
        scaled[forecast.names.index(name)] = 0.8
        e = Expectation(under(s, Policy("fewer", (Scale(name, by=0.8, when=When("2024-01")),))), LUMPED)
        last = e.stock(e.run()[0][-1]).sum((0, 1))
        assert forecast.stocks(scaled)[-1] == pytest.approx([last[0].sum(), last[1].sum(), *last[2]])


def test_jax_follows_a_choice_that_a_policy_redirects_from_some_month_on():
    pytest.importorskip("jax", reason="the calibrate extra is not installed")
    from calibration.lumped import Forecast

    sent = Redirect(choice="transfer", frm="state_special", into="mainstream", share=0.5, appeal_share=0.2,
                    when=When("2024-06"))  # fmt: skip
    s = under(small_setting(every=20, until="2025-04"), Policy("later", (sent,)))
    states, _ = Expectation(s, LUMPED).run()
    forecast = Forecast(s)
    stocks = forecast.stocks(np.ones(len(forecast.names)))
    for month, state in zip(stocks, states[1:], strict=True):
        there = Expectation(s, LUMPED).stock(state).sum((0, 1))
        assert month == pytest.approx([there[0].sum(), there[1].sum(), *there[2]], rel=1e-9)
    unsent = Forecast(under(s, NOTHING)).stocks(np.ones(len(forecast.names)))
    assert np.abs(stocks[:5] - unsent[:5]).max() < 1e-9
    assert np.abs(stocks[8:] - unsent[8:]).max() > 1
