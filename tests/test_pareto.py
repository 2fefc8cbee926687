"""A front holds the designs that no other beats, and each design's figures are those of the scenario run alone."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort.analysis.pareto import Aim, Lever, front, sobol, unbeaten
from cohort.cli import main
from cohort.scenario import Scenario
from cohort.setting import build
from cohort.states import Support
from cohort.world import World
from tests import small_pack
from tests.rules_for_tests import rule

COSTS = st.lists(st.lists(st.integers(0, 4), min_size=3, max_size=3), min_size=1, max_size=30)


@given(COSTS)
def test_who_is_unbeaten_is_beaten_by_nobody_and_everybody_else_by_someone(costs: list[list[int]]) -> None:
    best = unbeaten(np.array(costs, float))
    for k, mine in enumerate(costs):
        beaten = any(all(o <= m for o, m in zip(other, mine, strict=True)) and other != mine for other in costs)
        assert best[k] == (not beaten)
    assert best.any()


def test_designs_are_the_corners_and_then_spread_evenly() -> None:
    points = sobol(2, 20)
    assert {tuple(p) for p in points[:4]} == {(0, 0), (0, 1), (1, 0), (1, 1)}
    assert len({tuple(p) for p in points}) == 20
    assert np.histogram2d(points[4:, 0], points[4:, 1], 2, [[0, 1], [0, 1]])[0].min() >= 3
    np.testing.assert_array_equal(points, sobol(2, 20))


@pytest.fixture
def fewer(tmp_path: Path) -> Scenario:
    requests = "Scale('request_supported', 0.8, When('2024-03'), name='requests', because='a test')"
    path = rule(tmp_path, "fewer", requests)
    return small_pack.scenario("fewer", rules=(path,), until="2025-04")


def test_fewer_requests_cost_less_and_give_fewer_plans_so_that_both_ends_are_on_the_front(fewer: Scenario) -> None:
    levers = [Lever.parse("fewer.requests.by=0.2..1", fewer)]
    aims = [Aim.parse("min spend 2024-25"), Aim.parse("max plans 2025-04")]
    found = front(fewer, levers, aims, designs=6, replicates=2)
    assert {0.2, 1.0} <= {d.sizes[0] for d in found.designs if d.best}
    by_size = sorted(found.designs, key=lambda d: d.sizes)
    plans = [d.reached[1].mean for d in by_size]
    assert plans == sorted(plans)
    assert [d.best for d in found.designs] == sorted((d.best for d in found.designs), reverse=True)
    alone = build(fewer.model_copy(update={"overrides": {"fewer.requests": {"by": 0.2}}}))
    worlds = [World.start(alone, seed=1, replicate=r).run() for r in range(2)]
    assert plans[0] == np.mean([w.record.cells[w.month][:, :, Support.PLAN].sum() for w in worlds])


def test_what_cannot_be_asked_says_what_is_allowed(fewer: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    for text, said in (
        ("requests", "write it like"), ("fewer.request.by=0..1", "did you mean 'fewer.requests'"),
        ("fewer.requests.share=0..1", "allowed: by, start"), ("fewer.requests.by=1..0", "the lower end first"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=said):
            Lever.parse(text, fewer)
    for text, said in (("least spend 2024-25", "write it like"), ("min spent 2024-25", "did you mean 'spend'")):
        with pytest.raises(ValueError, match=said):
            Aim.parse(text)
    lever, spend = Lever.parse("fewer.requests.by", fewer), Aim.parse("min spend 2024-25")
    assert (lever.low, lever.high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="2 or more"):
        front(fewer, [lever], [spend])
    with pytest.raises(ValueError, match="each once"):
        front(fewer, [lever, lever], [spend, spend])
    with pytest.raises(ValueError, match="aim: 2031-01 given; allowed: a month from 2024-01 to 2025-04"):
        front(fewer, [lever], [spend, Aim.parse("max plans 2031-01")], designs=2, replicates=1)
    given = ["pareto", "baseline", "--lever", "x.y.by", "--aim", "min spend 2024-25", "--aim", "max plans 2025-01"]
    assert main(given) == 2
    assert "is not a change of its rules" in capsys.readouterr().err


def test_the_command_prints_the_front_or_every_design(
    fewer: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "fewer.toml"
    path.write_text(fewer.to_toml(), "utf-8")
    asked = ["pareto", str(path), "--lever", "fewer.requests.by=0.5..1", "--aim", "min spend 2024-25", "--aim",
             "max plans.mainstream 2025-01", "--designs", "3", "--replicates", "1"]  # fmt: skip
    assert main([*asked, "--quiet"]) == 0
    out = capsys.readouterr().out
    assert "designs tried are beaten by no other" in out
    assert "GBP m" in out
    assert main([*asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert len(told["designs"]) == 3
    assert told["aims"][1] == {"figure": "plans.mainstream", "period": "2025-01", "sign": -1}
