"""Every row of the ready reckoner is two worlds that differ in one thing."""

import json

import pytest

from cohort.analysis.reckon import TERM, later, reckon
from cohort.cli import main
from cohort.policy import Scale, Uncertain, When
from tests import small_pack
from tests.rules_for_tests import CHEAPER, rule

YEAR = "2025-26"


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory):
    """Of a small Kent with one rule, to March 2026; changes from April 2025."""
    rules = (rule(tmp_path_factory.mktemp("reckon"), "cheaper", CHEAPER),)
    found = reckon(small_pack.scenario("mine", rules=rules, until="2026-04"), replicates=3)
    return {row.name: row for row in found}


def test_nothing_changes_before_the_start(rows) -> None:
    for name in ("requests", "inflation"):
        assert rows[name].by_year["2024-25"].mean == 0
        assert rows[name].by_year[YEAR].runs == 3


def test_one_point_of_inflation_costs_one_point_of_spend_in_its_first_year(rows) -> None:
    from cohort.analysis.reckon import Paid
    from cohort.world import World

    world = World.start(small_pack.scenario("plain", until="2026-04"), seed=1).run()
    paid = Paid.of(world)
    of_spend = rows["inflation"].by_year[YEAR].mean / paid.pounds(paid.years[YEAR])
    assert 0.0090 < of_spend < 0.0102, "1.01/1.04 to 1.01/1.02 of growth, of almost all spend"


def test_a_delay_of_a_tenth_off_fees_from_september_costs_four_months_of_it(rows) -> None:
    delay, average = rows["delay"].by_year, rows["nmiss_average"].by_year
    assert delay["2024-25"].mean > 0
    assert delay[YEAR].mean == 0, "by then both worlds have it in full"
    assert average[YEAR].mean == pytest.approx(46_500 * 0.9, rel=0.25)


def test_an_nmiss_place_at_the_margin_costs_more_than_the_special_place_instead(rows) -> None:
    marginal, place = rows["nmiss_marginal"].by_year[YEAR], rows["nmiss_place"].by_year[YEAR]
    assert 0 < marginal.mean < place.mean


def test_a_change_made_later_keeps_its_own_delay() -> None:
    delay = Uncertain(0, 2, 4)
    moved = later(Scale("request", 0.9, When("2025-09", full="2026-09", delay=delay)), TERM)
    assert moved.timing == When("2026-01", full="2027-01", delay=delay)


def test_a_start_outside_the_scenario_is_refused(capsys: pytest.CaptureFixture[str], tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(small_pack.scenario("mine", until="2025-05").to_toml(), "utf-8")
    assert main(["reckon", str(path), "--start", "2030-01"]) == 2
    assert "start: 2030-01 given; allowed: 2024-01 to 2025-04" in capsys.readouterr().err
    assert main(["reckon", str(path), "--start", "2024-04", "--replicates", "1", "-q", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    plain = ["requests", "nmiss_marginal", "nmiss_place", "nmiss_average", "inflation"]
    assert [row["name"] for row in told][:5] == plain
    assert {row["name"].split("_place")[0] for row in told[5:]} == {"special"}
    value = next(row for row in told if row["name"] == "special_place")
    assert value["by_year"]["2024-25"]["mean"] != 0
    assert told[0]["by_year"].keys() == {"2024-25"}
