"""The benchmarks compare the same work: the twins agree, the floors and gates are what they say, and it all still
runs."""

import importlib.util
import json
from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import __main__ as benchmarks
from benchmarks import engines, expectation, floors, job, job_s, luck, mesa_twin, numpy_twin, report, timing
from benchmarks.job import LIFE, SPECIAL, Job
from cohort import draws
from cohort.policy import NOTHING
from cohort.world import World
from tests.small import elastic, small_setting, under

SMALL = Job(children=3_000, months=33)
SEEDS = 12
TWINS = {"numpy": numpy_twin.run, "mesa": mesa_twin.run}


def runs(run):
    """The job of several seeds by one engine."""
    return [run(replace(SMALL, seed=seed)) for seed in range(1, SEEDS + 1)]


@cache
def ours():
    """The same by the project's technique."""
    return runs(job_s.run)


def told(results):
    """[seed, quantity] what two engines should agree on: statuses, placements and cost, midway and at the end."""
    at = [len(results[0].cost) // 2, -1]
    parts = [[r.stock[at].sum(2).ravel(), r.stock[at].sum(1).ravel(), r.cost[at]] for r in results]
    return np.array([np.concatenate(part) for part in parts], float)


def assert_alike(one, other):
    """Means within four standard errors, quantity by quantity."""
    a, b = told(one), told(other)
    error = np.sqrt((a.var(0, ddof=1) + b.var(0, ddof=1)) / SEEDS)
    assert (np.abs(a.mean(0) - b.mean(0)) <= 4 * error + 1e-9).all(), (a.mean(0), b.mean(0), error)


@pytest.mark.parametrize("name", TWINS)
def test_a_twin_and_the_projects_engine_agree_within_four_standard_errors(name):
    assert_alike(ours(), runs(TWINS[name]))


def test_starsim_agrees_too():
    if importlib.util.find_spec("starsim") is None:
        pytest.skip("starsim is not installed; it is the optional extra bench")
    from benchmarks import starsim_twin

    assert_alike(ours(), runs(starsim_twin.run))


@pytest.mark.parametrize("run", [job_s.run, *TWINS.values()])
def test_no_engine_loses_a_child_or_gives_a_place_that_is_not_there(run):
    result = run(SMALL)
    assert result.stock.shape == (SMALL.months, job.STATUSES, job.PLACEMENTS)
    assert (result.stock.sum((1, 2)) == SMALL.children).all()
    assert result.stock[:, :, SPECIAL].sum(1).max() == SMALL.places
    assert (result.cost == (result.stock * job.prices()).sum((1, 2))).all()


def test_the_rates_stay_within_their_stretches():
    assert (job.rates().max((2, 3, 4)) <= job.bounds()).all()
    assert job.bounds().sum(1).max() <= 1
    assert job.weights().sum(2) == pytest.approx(np.ones((job.STATUSES, job.NEEDS)))


def test_those_who_choose_in_september_are_four_eleven_and_sixteen():
    engine = job_s.start(SMALL)
    born = job.start(SMALL).born
    for month in (8, 20, 32):
        rows = np.concatenate([np.arange(low, high) for low, high in engine.choosing(month)])
        ages = (month - born[rows]) % LIFE // 12
        everyone = (month - born) % LIFE // 12
        assert set(ages) == set(job.CHOOSING_AGES)
        assert len(rows) == np.isin(everyone, job.CHOOSING_AGES).sum()


def test_the_projects_engine_gives_the_same_again_and_another_seed_another_luck():
    one, again, other = job_s.run(SMALL), job_s.run(SMALL), job_s.run(replace(SMALL, seed=2))
    np.testing.assert_array_equal(one.stock, again.stock)
    assert not np.array_equal(one.stock, other.stock)


def test_the_draw_floor_makes_the_draws():
    keys = np.arange(100, dtype=np.uint64)
    want = 0
    for month in range(5):
        want ^= int(np.bitwise_xor.reduce(draws.quick_many(keys, month)))
    assert floors.draw_floor(keys, 5) == want


def test_whoever_differs_between_two_worlds_was_touched_by_the_policy():
    pair = [World.start(elastic(under(small_setting(), policy))).run() for policy in (NOTHING, luck.POLICY)]
    differ, unaffected = luck.differing(*pair)
    assert differ > 5
    assert unaffected == 0
    assert luck.differing(pair[0], pair[0]) == (0, 0)
    other = World.start(elastic(small_setting()), seed=2).run()
    differ, unaffected = luck.differing(pair[0], other)
    assert unaffected > differ / 2 > 100


def test_acts_are_timed_in_turn():
    order = []
    acts = {name: (lambda name=name: name, order.append) for name in "ab"}
    taken = timing.rounds(acts, 3)
    assert order == list("ababab")
    assert [len(t) for t in taken.values()] == [3, 3]


def test_the_expectation_is_timed_compiled_and_only_where_it_is_asked_for():
    calls = []
    forecast = SimpleNamespace(
        names=("a", "b"), xp=np, jax=SimpleNamespace(block_until_ready=lambda x: x), run=calls.append,
        stocks=lambda theta: np.zeros((3, 5)), gradient=lambda weights: lambda theta: calls.append(weights),
    )  # fmt: skip
    found = expectation.timed(forecast, 4)
    assert len(calls) == 2 * (1 + 4), "one turn beforehand"
    assert 0 < found["fastest"] <= found["gradient"]
    assert calls[1].sum() == 3
    assert expectation.measure(0) is None


def test_results_are_named_after_the_processor_and_not_the_machine():
    about = {"processor": "Some CPU(R) 7 @ 2.0GHz", "vectors": "avx2", "python": "3.11.7"}
    assert timing.slug(about) == "some-cpu-r-7-2.0ghz-avx2-py3.11"


def test_a_gate_passes_fails_or_was_not_measured():
    found = example()
    word = {gate["gate"]: gate["passes"] for gate in report.gates(found)}
    assert word == {
        "faster than Mesa objects (do)": True,
        "faster than starsim with common random numbers": None,
        "faster than numpy": False,
        "the numpy twin over the draw floor": True,
        "over the draw floor": True,
        "ns a child-month, 5,000,000 over 500,000 children": True,
        "variance ratio of common random numbers": False,
        "children unaffected by the policy who differ": True,
        "compiling twenty policies, of a run": True,
        "lumped expectation with its gradient, ms": True,
    }
    found["job_s"][engines.NUMPY]["seconds"], found["luck"]["seeds"] = 99.0, 4
    by_name = {gate["gate"]: gate for gate in report.gates(found)}
    assert by_name["faster than numpy"]["measured"] is None
    assert by_name["variance ratio of common random numbers"]["passes"] is None
    assert by_name["the numpy twin over the draw floor"]["passes"] is False


def example():
    """What gates are made from."""
    seconds = {engines.OURS: 1.0, engines.NUMPY: 3.0, engines.MESA: 400.0, engines.DRAWS: 0.5}
    return {
        "job_s": {name: {"seconds": s} for name, s in seconds.items()} | {engines.STARSIM: {"skipped": "not here"}},
        "scaling": {"children": {"500000": 1.0, "5000000": 1.2}},
        "policies": {"share": 0.09},
        "expectation": {"run": 0.002, "gradient": 0.004, "fastest": 0.0035},
        "luck": {"censuses": {"2026-01": {"ratio": 30.0}, "2028-01": {"ratio": 19.0}}, "unaffected": 0, "seeds": 64},
    }


@pytest.mark.slow
def test_the_whole_benchmark_runs_at_a_toy_size(monkeypatch, tmp_path, capsys):
    toy = replace(
        benchmarks.QUICK, children=2_000, months=10, rounds=1, objects=100, scales=(500, 2_000), lengths=(2, 10)
    )
    monkeypatch.setattr(benchmarks, "QUICK", replace(toy, replicates=(1,), seeds=2, runs=1, gradients=0))
    assert benchmarks.main(["--quick", "--out", str(tmp_path), "--page", str(tmp_path / "page.md")]) == 0
    (name,) = (path.stem for path in tmp_path.glob("*.json"))
    assert name.endswith("-quick")
    found = json.loads((tmp_path / f"{name}.json").read_text(encoding="utf-8"))
    assert {gate["gate"] for gate in found["gates"]} == {gate["gate"] for gate in report.gates(example())} - {
        "ns a child-month, 5,000,000 over 500,000 children"
    } | {"ns a child-month, 2,000 over 500 children"}
    assert found["luck"]["unaffected"] == 0
    assert (tmp_path / "page.md").read_text(encoding="utf-8").startswith("# How fast it is")
    assert "over the draw floor" in capsys.readouterr().out
