"""Every number of the tables of children, places and the process equals a calculation from scratch."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from cohort import calendar, nmiss
from cohort.report import independent
from cohort.report.placements import REST, grouped
from cohort.report.reading import AGE_GROUP, Reading
from cohort.report.table import Table
from cohort.states import WHERE
from tests.small_report import YEARS, in_year, made, published, reading, rows, table

LAST = "2026-01"


def census(scenario: str = "mine", month: str = LAST) -> pd.DataFrame:
    """Plans of a January, by pandas."""
    return rows("census").query("scenario == @scenario and month == @month and support == 'plan'")


def test_age_groups_in_sql_are_the_calendars() -> None:
    listed = ", ".join(f"({ncy})" for ncy in calendar.NCYS)
    found = made().query(f"select ncy, {AGE_GROUP} from (values {listed}) as t(ncy)").fetchall()
    assert dict(found) == {ncy: calendar.age_group(ncy) for ncy in calendar.NCYS}


@pytest.mark.parametrize("scenario", ["base", "mine"])
def test_plans_are_those_of_the_census(scenario: str) -> None:
    by_run = census(scenario).groupby("replicate").children.sum()
    plans, places = table("plans"), table("plans_by_placement")
    assert plans.number(scenario, "Jan 2026") == pytest.approx(by_run.mean())
    assert plans.number(f"{scenario}.low", "Jan 2026") == pytest.approx(by_run.quantile(0.05))
    for place, children in census(scenario).groupby("placement").children.sum().items():
        assert places.number(f"{scenario}.{place}", "Jan 2026") == pytest.approx(children / 3)


def test_published_plans_are_the_leaves_of_sen2() -> None:
    by_january = published("plans_by_january")
    told = sum(int(r["plans"]) for r in by_january if r["january"] == "2021")
    assert table("plans").number("published", "Jan 2021") == told
    provisional = next(r for r in published("headline_counts")
                       if (r["measure"], r["january_or_year"]) == ("ehcp_0_25", "2025"))  # fmt: skip
    assert table("plans").number("published", "Jan 2025") == float(provisional["value"])


def test_cells_by_age_need_and_placement_are_the_censuses() -> None:
    found = census().assign(age=[calendar.age_group(n) for n in census().ncy])
    by_age, by_need, cells = table("placement_by_age"), table("need_by_age"), table("plans_in_cells")
    for (place, need), part in found.groupby(["placement", "need"]):
        assert cells.number(f"{place}.{need}", "All") == pytest.approx(part.children.sum() / 3)
        older = part[part.age == "11_15"].children.sum() / 3
        assert cells.number(f"{place}.{need}", "11 to 15") == pytest.approx(older)
    for t, by in ((by_age, "placement"), (by_need, "need")):
        for one, part in found.groupby(by):
            assert t.number(str(one), "5 to 10") == pytest.approx(part[part.age == "5_10"].children.sum() / 3)
        assert t.number("all", "All") == pytest.approx(found.children.sum() / 3)


def test_a_new_placement_falls_into_the_last_group() -> None:
    assert grouped(["mainstream", "a_new_one"])[REST] == ["a_new_one"]


def test_the_process_is_the_headlines_years() -> None:
    headline = rows("headline").query("scenario == 'mine' and period == '2025'")
    process: Table = table("process")
    for series in ("requests", "refused", "new_plans", "ceased"):
        assert process.number(f"mine.{series}", "2025") == pytest.approx(
            headline[headline.series == series].value.mean()
        )
    appeals = headline[headline.series.isin(["appeals", "appeals_plan"])].groupby("replicate").value.sum()
    assert process.number("mine.appeals", "2025") == pytest.approx(appeals.mean())
    share = headline[headline.series == "within_20_weeks"].value.mean() / 100
    assert process.number("mine.within_20_weeks", "2025") == pytest.approx(share)


def test_published_requests_are_dfes_where_there_are_any_and_the_papers_else() -> None:
    process = table("process")
    assert process.number("published.requests", "2023") == 3988
    paper = next(r for r in published("headline_counts")
                 if (r["measure"], r["january_or_year"]) == ("requests_for_statutory_assessment", "2024"))  # fmt: skip
    assert process.number("published.requests", "2024") == float(paper["value"])
    assert process.number("published.within_20_weeks", "2023") == pytest.approx(324 / 1804)
    assert process.number("published.appeals", "2023") == 758


@pytest.mark.parametrize("scenario", ["Base", "Mine"])
def test_the_independent_roll_moves_by_its_entries_and_exits(scenario: str) -> None:
    moves, stock = table("independent"), rows("stock")
    for year in YEARS:
        end = f"{int(year[:4]) + 1}-04"
        there = stock[(stock.scenario == scenario.lower()) & (stock.month == end) & (stock.placement == "nmiss")]
        column = f"{year} {scenario}"
        assert moves.number("closing", column) == pytest.approx(there.children.sum() / 3)
    flow = rows("flow")
    mine = flow[(flow.scenario == scenario.lower()) & in_year(flow.month, "2025-26")]
    came = mine[(mine.to == "nmiss") & (mine["from"] != "nmiss")]
    unmet = came.for_want_of.str.startswith("state_special:")
    routes = came.event.map(nmiss.ENTRIES).mask(unmet, "no_place")
    assert unmet.any()
    for route, children in came.children.groupby(routes).sum().items():
        assert moves.number(f"in.{route}", f"2025-26 {scenario}") == pytest.approx(children / 3), route


def test_places_are_counted_by_kind() -> None:
    found = rows("places").query("scenario == 'mine' and month == @LAST and kind == 'state_special'")
    for count in ("places", "filled", "over_roll", "waiting", "unmet"):
        assert table("places").number(f"mine.state_special.{count}", "Jan 2026") == pytest.approx(
            found[count].sum() / 3
        )


def test_children_elsewhere_and_in_new_special_places_are_pairs() -> None:
    pairs = rows("pairs").query("scenario == 'mine' and month == @LAST")
    apart = pairs[pairs["from"] != pairs["to"]]
    assert table("elsewhere").number("all", "Jan 2026") == pytest.approx(apart.children.sum() / 3)
    sources = table("place_sources")
    came = apart[apart["to"] == "state_special"]
    assert sources.number("in", "Jan 2026") == pytest.approx(came.children.sum() / 3)
    nmiss_ = came[came["from"] == "nmiss"].children.sum() / 3
    assert sources.number("in.Independent special", "Jan 2026") == pytest.approx(nmiss_)
    assert sources.number("share", "Jan 2026") == pytest.approx(nmiss_ / (came.children.sum() / 3))


def test_the_break_even_share_is_where_a_special_place_costs_nothing() -> None:
    sources = table("place_sources")
    saves, costs, even = (sources.number(key, "Jan 2026") for key in ("saves", "costs", "break_even"))
    assert even * saves - (1 - even) * costs == pytest.approx(0, abs=1)
    spend = rows("spend").query("scenario == 'mine' and placement in ('nmiss', 'state_special')")
    spend = spend[in_year(spend.month, "2025-26")]
    once = spend[spend.line.isin(["independent.nmiss", "special.top_up"])]
    yearly = spend.groupby("placement").pence.sum() / once.groupby("placement").child_months.sum() * 12
    assert saves == pytest.approx(yearly["nmiss"] - yearly["state_special"])
    assert 0.2 < even < 0.8


def test_neighbours_shares_are_the_published_and_add_up_to_one() -> None:
    found = {
        (r["area"], r["measure"]): float(r["plans"]) for r in published("plans_neighbours") if r["january"] == "2024"
    }
    t = table("neighbours")
    special = found["Essex", "special_total"] - found["Essex", "special_independent"]
    special -= found["Essex", "special_non_maintained"]
    assert t.number("Essex", "State special") == pytest.approx(special / found["Essex", "ehcplans"])
    for row in (row for row in t.rows if row.kind != "heading"):
        assert sum(float(c) for c in row.cells[2:]) == pytest.approx(1), row.label


def test_what_a_published_sentence_counts_is_rounded_or_hidden() -> None:
    of = type(reading())(made(), reading().pack, "base", "mine", published=True)
    assert [of.count(n) for n in (0, 3, 5.9, 6, 12.4, 1451)] == [
        "0",
        "fewer than 6",
        "fewer than 6",
        "5",
        "10",
        "1,450",
    ]
    assert reading().count(3) == "3"


def test_a_study_that_does_not_say_who_waited_counts_them_by_how_they_came_and_says_so(tmp_path: Path) -> None:
    """The same study without the column that says so, as studies were before: the route changes, no count does."""
    folder = tmp_path / "untold"
    shutil.copytree(made().folder, folder)
    for path in folder.glob("flow/*/*.parquet"):
        pd.read_parquet(path).drop(columns="for_want_of").to_parquet(path)
    told, untold = table("independent"), independent.movements(Reading.of(type(made()).open(folder), "mine"))
    for column in told.columns:
        assert untold.number("in.no_place", column) <= told.number("in.no_place", column)
        assert untold.number("in", column) == pytest.approx(told.number("in", column))
        assert untold.number("closing", column) == pytest.approx(told.number("closing", column))
    assert sum(told.number("in.no_place", c) - untold.number("in.no_place", c) for c in told.columns) > 0
    assert any("does not hold more" in note for note in untold.notes)
    assert not any("does not hold more" in note for note in told.notes)


def test_independent_places_by_kind_are_the_headlines_and_sum_to_the_roll() -> None:
    kinds, moves, headline = table("independent_kinds"), table("independent"), rows("headline")
    year = headline[(headline.scenario == "mine") & (headline.period == "2025-26")]
    for place in WHERE:
        mine = year[year.series == f"nmiss.spend.{place}"].value.sum() / 3
        assert kinds.number(f"spend.{place}", "2025-26 Mine") == pytest.approx(mine)
    for column in kinds.columns:
        assert kinds.number("children.all", column) == pytest.approx(moves.number("closing", column))
        assert kinds.number("fte.all", column) == pytest.approx(
            sum(kinds.number(f"fte.{place}", column) for place in WHERE)
        )
