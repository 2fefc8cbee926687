"""A goal is met by the weakest size that meets it, the same on other draws; or it is said how near one gets."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort.analysis.goal import Goal
from cohort.analysis.ranges import Chance
from cohort.analysis.seek import Trial, bisect, seek, sized
from cohort.calendar import label
from cohort.cli import main
from cohort.pack import Pack
from cohort.prices import LINES
from cohort.scenario import Scenario, ScenarioError
from tests import small_pack
from tests.rules_for_tests import CHEAPER, rule

YEARS = ("2024-25", "2025-26", "2026-27", "2027-28")


def straight(slope: float, at_nought: float):
    """A world whose figure is a straight line of the size."""
    return lambda size: Trial(size, at_nought + slope * size, Chance(1, 0))


@given(st.floats(0.01, 0.99), st.sampled_from([-1.0, 1.0]))
def test_halving_finds_where_a_line_crosses_from_the_side_that_meets_the_goal(crossing: float, slope: float) -> None:
    found = bisect(straight(slope, -slope * crossing), 0.0, 0.0, 1.0, 12, whole=False)
    assert found.size == pytest.approx(crossing, abs=2**-11)
    assert found.nearest.pounds <= 0


def test_a_goal_out_of_reach_gives_the_nearest_end_and_one_always_met_the_weakest() -> None:
    beyond = bisect(straight(-1.0, 5.0), 0.0, 0.0, 1.0, 8, whole=False)
    assert (beyond.size, beyond.nearest.size, beyond.nearest.pounds) == (None, 1.0, 4.0)
    always = bisect(straight(-1.0, -1.0), 0.0, 0.0, 1.0, 8, whole=False)
    assert always.size == 0.0
    months = bisect(straight(1.0, -7.0), 0.0, 0.0, 100.0, 20, whole=True)
    assert months.size == 7.0


def test_goals_are_written_as_a_figure_a_year_and_pounds() -> None:
    assert Goal.parse("deficit 2027-28 <= 30e6") == Goal("deficit", "2027-28", 30e6)
    for text, said in (("in_year 2027-28 < 0", "write it like"), ("in_yaer 2027-28 <= 0", "did you mean 'in_year'")):
        with pytest.raises(ValueError, match=said):
            Goal.parse(text)


def test_a_goal_reads_the_account_in_pounds() -> None:
    pack = Pack.load("kent")
    spend = {y: dict.fromkeys(LINES, 10**10) for y in YEARS}
    assert Goal.parse("spend 2027-28 <= 0").value(pack, spend) == 5e8
    more = {**spend, "2025-26": {**spend["2025-26"], "special": 10**10 + 100}}
    for text, difference in (("in_year 2025-26 <= 0", 1), ("in_year 2027-28 <= 0", 0), ("deficit 2027-28 <= 0", 1)):
        goal = Goal.parse(text)
        assert goal.value(pack, more) - goal.value(pack, spend) == pytest.approx(difference)
    with pytest.raises(ValueError, match=r"goal: 2030-31 given; allowed: 2024-25"):
        Goal.parse("in_year 2030-31 <= 0").value(pack, spend)


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Fees of independent schools from September 2024, in a small Kent."""
    folder = tmp_path_factory.mktemp("seek")
    return small_pack.scenario("mine", rules=(rule(folder, "cheaper", CHEAPER),), until="2026-04")


def test_the_size_that_is_found_meets_the_goal_and_reproduces_on_other_draws(mine: Scenario) -> None:
    from cohort.analysis.futures import by_council_line, months_of, spend_of
    from cohort.world import World

    world = World.start(sized(mine, "cheaper.fees", "by", 0.6), seed=1).run()
    pence = sum(by_council_line(spend_of(world), months_of(world.setting))["2025-26"].values())
    found = seek(mine, "cheaper.fees", "by", Goal("spend", "2025-26", pence / 100), replicates=1)
    assert found.first.size == pytest.approx(0.6, abs=0.01), "one run: the very world the goal was read from"
    assert found.first.size is not None
    assert found.first.nearest.pounds <= pence / 100
    many = seek(mine, "cheaper.fees", "by", Goal("spend", "2025-26", pence / 100), replicates=2, steps=5)
    assert many.reproduces == (abs(many.first.size - (many.second.size or 0)) <= 0.05 * many.first.size)
    assert ("NOT reproduced" in many.said()) != many.reproduces


def test_what_cannot_be_met_says_how_near_it_gets(mine: Scenario) -> None:
    found = seek(mine, "cheaper.fees", "by", Goal("spend", "2025-26", 1.0), replicates=1, steps=2)
    assert found.first.size is None
    assert found.reproduces
    assert found.said().startswith("cannot be met between 0 and 1: nearest is cheaper.fees.by = 0, with GBP ")


def test_a_goal_that_is_met_anyway_says_so(mine: Scenario) -> None:
    found = seek(mine, "cheaper.fees", "by", Goal("spend", "2025-26", 1e12), replicates=1)
    assert found.said().startswith(
        "spend 2025-26 <= 1,000,000,000,000 is met throughout, even with cheaper.fees.by = 1:"
    )


def test_a_start_is_sought_in_whole_months(mine: Scenario) -> None:
    from cohort.analysis.futures import by_council_line, months_of, spend_of
    from cohort.world import World

    world = World.start(sized(mine, "cheaper.fees", "start", 24301.0), seed=1).run()
    assert label(24301) == "2025-02"
    pence = sum(by_council_line(spend_of(world), months_of(world.setting))["2025-26"].values())
    whole = sum(
        by_council_line(spend_of(World.start(mine, seed=1).run()), months_of(world.setting))["2025-26"].values()
    )
    assert pence == whole, "10% off all of 2025-26, whether from September 2024 or February 2025"
    found = seek(mine, "cheaper.fees", "start", Goal("spend", "2025-26", pence / 100), replicates=1, steps=8)
    assert found.first.size is not None
    assert found.written(found.first.size) == "2025-04", "the latest that still covers the whole year"


def test_what_cannot_be_sought_is_named_in_a_line(
    mine: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    goal = Goal("spend", "2025-26", 1.0)
    with pytest.raises(
        ScenarioError, match=r"'cheaper\.fee' is not a change of its rules; did you mean 'cheaper\.fees'"
    ):
        seek(mine, "cheaper.fee", "by", goal)
    with pytest.raises(ScenarioError, match=r"cheaper\.fees has no share; allowed: by, start"):
        seek(mine, "cheaper.fees", "share", goal)
    with pytest.raises(ValueError, match=r"probability: 1\.5 given"):
        seek(mine, "cheaper.fees", "by", goal, probability=1.5)
    path = tmp_path / "mine.toml"
    path.write_text(mine.to_toml(), "utf-8")
    asked = ["seek", str(path), "--change", "cheaper.fees", "--field", "by", "-q", "--replicates", "1", "--goal"]
    assert main([*asked, "spend"]) == 2
    assert "write it like" in capsys.readouterr().err
    assert main([*asked, "spend 2025-26 <= 1e6", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["first"]["size"] is None
