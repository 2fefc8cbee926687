"""Kent beside its neighbours and England: shares, growth and ages are the published ones, and what lacks is said."""

from collections import Counter

import pytest

from cohort import calendar
from cohort.pack import Pack
from cohort.report import england, neighbours
from cohort.report.placements import AGES
from cohort.report.reading import Reading
from tests.small_report import made, published, reading, rows, table

KENT = Pack.load("kent")
LAST = "2026-01"


def measures(area: str, january: str) -> dict[str, float]:
    """SEN2's measures of an area, read by csv alone."""
    name, mine = ("plans_england", {}) if area == "England" else ("plans_neighbours", {"area": area})
    return {
        r["measure"]: float(r["plans"])
        for r in published(name)
        if r["january"] == january and all(r[k] == v for k, v in mine.items())
    }


def test_sen2s_groups_are_sums_of_its_leaves_in_kent_and_hold_each_plan_once() -> None:
    """DfE's total of FE holds specialist institutions: to add them would count 829 young people of Kent twice."""
    model = {r["sen2_column"]: r["placement"] for r in KENT.table("placement_map").rows()}
    held: Counter[str] = Counter()
    for r in KENT.table("plans_by_january").where(january=2024).rows():
        held[model[r["sen2_column"]]] += r["plans"]
    kent = KENT.table("plans_neighbours").where(area="Kent", january=2024).rows()
    assert neighbours.sen2({r["measure"]: float(r["plans"]) for r in kent}) == neighbours.grouped(held)
    assert sum(neighbours.grouped(held).values()) == 19407


def test_the_tables_of_england_are_of_the_same_plans() -> None:
    by_age = KENT.table("plans_by_age_england").where(measure="ehcplans")["plans"].sum()
    every = KENT.table("plans_england").where(january=2024, measure="ehcplans")["plans"].tolist()
    assert (by_age, every) == (572_829, [576_474])
    history = KENT.table("plans_by_age_group")
    for year in (2019, 2020, 2021, 2022):
        ours = history.where(area="Kent", january=year)["plans"].sum()
        assert ours == KENT.table("plans_by_january").where(january=year)["plans"].sum()
        theirs = history.where(area="England", january=year)["plans"].sum()
        assert [theirs] == KENT.table("plans_england").where(january=year, measure="ehcplans")["plans"].tolist()


def test_growth_of_neighbours_together_and_of_england_is_that_of_their_plans() -> None:
    t = table("neighbours")
    areas = [r["neighbour"] for r in published("statistical_neighbours")]
    now, then = (sum(measures(a, year)["ehcplans"] for a in areas) for year in ("2024", "2019"))
    assert t.number(neighbours.TOGETHER, "Growth in five years") == pytest.approx(now / then - 1)
    england_ = [measures("England", year)["ehcplans"] for year in ("2024", "2019")]
    assert t.number("England", "Growth in five years") == pytest.approx(england_[0] / england_[1] - 1)
    assert "England's grew by 63%" in t.finding
    assert any("is not in the data" in note for note in t.notes), "what is not published is said"


def test_ages_are_shares_of_the_published_and_of_the_models_plans() -> None:
    t = table("plans_ages")
    by_age: Counter[str] = Counter()
    for r in published("plans_by_age_england"):
        if r["measure"] == "ehcplans":
            by_age[calendar.age_group(int(r["age"]) - 4)] += int(r["plans"])
    ours = rows("census").query("scenario == 'mine' and month == @LAST and support == 'plan'")
    ours = ours.assign(age=[calendar.age_group(n) for n in ours.ncy])
    for age, column in AGES.items():
        assert t.number("share.England", column) == pytest.approx(by_age[age] / sum(by_age.values()))
        mine = ours[ours.age == age].children.sum() / ours.children.sum()
        assert t.number("share.mine", column) == pytest.approx(mine)


def test_growth_by_age_is_a_years_and_before_the_break_only() -> None:
    t = table("plans_ages")
    found = {(r["area"], r["january"], r["age_group"]): float(r["plans"]) for r in published("plans_by_age_group")}
    for area in ("Kent", "England"):
        grown = (found[area, "2022", "16_19"] / found[area, "2019", "16_19"]) ** (1 / 3) - 1
        assert t.number(f"growth.{area}", "16 to 19") == pytest.approx(grown)
    assert "Growth a year, January 2019 to January 2022" in [row.label for row in t.rows]


def test_shares_of_the_model_name_the_row_that_counts_the_children_behind_them() -> None:
    t = table("plans_ages")
    for row in t.rows:
        if row.key.startswith(("share.", "growth.")) and row.kind != "published":
            assert row.counts is not None
            assert t.rows[row.counts].key == f"plans.{row.key.partition('.')[2]}"


def test_where_each_age_learns_adds_up_to_all_of_that_age() -> None:
    t = table("placement_ages")
    for who in ("Kent", "England", "base", "mine"):
        for column in t.columns:
            each = [t.number(f"{group}.{who}", column) for group in neighbours.SHARES]
            assert None in each or sum(filter(None, each)) == pytest.approx(1), (who, column)


def test_a_published_version_has_no_share_of_a_small_number_by_placement_and_age() -> None:
    found = england.where(Reading.of(made(), "mine", published=True))
    assert found is not None
    assert {row.kind for row in found.rows} == {"heading", "published"}
    assert any("left out" in note for note in found.notes)


def test_without_englands_tables_there_is_no_such_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(england, "published_rows", lambda pack, name: iter(()))
    assert england.ages(reading()) is None
    assert england.where(reading()) is None


def test_the_process_beside_england_is_shares_of_published_counts_and_of_each_run() -> None:
    t = table("process_beside")
    found = {(r["measure"], r["year"]): float(r["value"]) for r in published("process_england")}
    for year in ("2019", "2023"):
        refused = found["requests_decided_not_to_assess", year] / found["requests_received_in_year", year]
        assert t.number("refused.England", year) == pytest.approx(refused)
        in_time = found["plans_issued_within_20_weeks", year] / found["plans_issued_den", year]
        assert t.number("in_time.England", year) == pytest.approx(in_time)
    kent = {r["measure"]: float(r["requests"]) for r in published("requests_by_year") if r["year"] == "2023"}
    ours = kent["requests_decided_not_to_assess"] / kent["requests_received_in_year"]
    assert t.number("refused.Kent", "2023") == pytest.approx(ours)
    assert t.number("in_time.Kent", "2023") == pytest.approx(0.18, abs=0.001), "as the council's paper has it"
    assert t.number("in_time.Kent", "2024") == pytest.approx(0.334), "of the council's paper alone"
    assert t.number("appeals.England", "2023") == pytest.approx(0.025, abs=0.0005), "the printed rate"
    h = rows("headline").query("scenario == 'mine' and period == '2025'")
    each = h.pivot_table(index=["draw", "replicate"], columns="series", values="value")
    assert t.number("refused.mine", "2025") == pytest.approx((each.refused / each.requests).mean())
    assert t.number("in_time.mine", "2025") == pytest.approx(each.within_20_weeks.mean() / 100)
    assert t.number("appeals.mine", "2025") is None
