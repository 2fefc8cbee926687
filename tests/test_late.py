"""Late schools: no delay costs nothing, all parts come from the two worlds, and the paper stands beside them."""

import json

import pytest

from cohort.analysis.late import WHOLE, added, schools
from cohort.analysis.oneplace import Filled
from cohort.cli import main
from tests import small_pack


def opening(name, month):
    section = {"opening": {"Swanley": month, "Whitstable": month}}
    return small_pack.scenario(name, places=section, until="2026-04")


EARLY, LATER = opening("early", "2024-09"), opening("late", "2025-09")


@pytest.fixture(scope="module")
def cases():
    return schools(EARLY, LATER, replicates=3)


def test_no_delay_costs_exactly_nothing_in_every_run() -> None:
    for case in schools(EARLY, EARLY.model_copy(update={"name": "same"}), replicates=2):
        for parts in case.by_year.values():
            assert (parts.lost.p5, parts.lost.mean, parts.lost.p95) == (0, 0, 0)
            assert (parts.months, parts.place_years.mean, parts.seekers.mean) == (0, 0, 0)


def test_the_years_sum_to_the_whole_and_the_parts_to_what_is_lost(cases) -> None:
    for case in cases:
        *years, whole = case.by_year.values()
        assert list(case.by_year) == ["2024-25", "2025-26", WHOLE]
        assert sum(p.lost.mean for p in years) == pytest.approx(whole.lost.mean)
        assert sum(p.place_years.mean for p in years) == pytest.approx(whole.place_years.mean)
        for p in (*years, whole):
            share = p.from_nmiss.mean / 100
            direct = p.seekers.mean * (share * p.saved_each.mean - (1 - share) * p.cost_each.mean) / 1e6
            assert p.lost.mean == pytest.approx(direct + p.others.mean, abs=0.05 + 0.2 * abs(direct))


def test_two_schools_a_year_late_lose_twenty_four_school_months_and_a_third_twelve_more(cases) -> None:
    two, three = cases
    assert two.schools == ("Swanley", "Whitstable")
    assert three.schools == ("Swanley", "Whitstable", "Sheppey")
    assert (two.by_year["2024-25"].months, two.by_year["2025-26"].months, two.by_year[WHOLE].months) == (14, 10, 24)
    assert three.by_year[WHOLE].months == 36
    assert two.by_year["2024-25"].place_years.mean < three.by_year["2024-25"].place_years.mean
    assert 0 < two.by_year[WHOLE].fill.mean <= 100


def test_the_paper_is_beside_the_first_year_and_the_whole_with_what_would_give_it(cases) -> None:
    first, whole = cases[0].by_year["2024-25"], cases[0].by_year[WHOLE]
    assert (first.published, cases[0].by_year["2025-26"].published, whole.published) == (1.9, None, 23)
    assert first.intake == pytest.approx(1.9e6 / first.saved_each.mean)
    share = first.substitution / 100
    assert first.seekers.mean * (share * first.saved_each.mean - (1 - share) * first.cost_each.mean) == pytest.approx(
        1.9e6
    )


def test_years_are_added_by_hand() -> None:
    one = Filled(
        12, 100, {"nmiss": 3, "mainstream": 2, "other": 1}, 1, {"nmiss": -9, "mainstream": 4, "other": 0}, 2, 5
    )
    both = added([one, one])
    assert (both.place_months, both.pence, both.lost, both.new, both.children) == (24, 200, 2, 4, 5)
    assert both.gained == {"nmiss": 6, "mainstream": 4, "other": 2}
    assert both.gained_pence == {"nmiss": -18, "mainstream": 8, "other": 0}


def test_the_command_prints_both_cases_and_refuses_scenarios_without_scarce_places(tmp_path, capsys) -> None:
    paths = [tmp_path / "early.toml", tmp_path / "late.toml"]
    for path, scenario in zip(paths, (EARLY, LATER), strict=True):
        path.write_text(scenario.to_toml(), "utf-8")
    assert main(["late-schools", *map(str, paths), "--replicates", "1", "-q"]) == 0
    said = capsys.readouterr().out
    assert "Swanley and Whitstable and Sheppey" in said
    assert "lost, GBP million" in said
    assert main(["late-schools", *map(str, paths), "--replicates", "1", "-q", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [c["schools"][-1] for c in told] == ["Whitstable", "Sheppey"]
    free = tmp_path / "free.toml"
    free.write_text(small_pack.scenario("free", places={"binding": False}, until="2026-04").to_toml(), "utf-8")
    assert main(["late-schools", str(paths[0]), str(free), "-q"]) == 2
    assert "places.binding is false; allowed: true" in capsys.readouterr().err
