"""Every number of the money tables equals a calculation from scratch on the study's files."""

import re

import numpy as np
import pytest

from cohort import reconcile
from cohort.analysis.compare import compare
from cohort.report import exposure
from cohort.report.sublines import SubLines
from tests.small_report import YEARS, effects, in_year, made, published, reading, report, rows, table

SCENARIOS = ("base", "mine")


def ledger(scenario: str, block: str, line: str, year: str) -> np.ndarray:
    """[run] pence of the council's account."""
    found = rows("ledger").query("view == 'council' and scenario == @scenario and block == @block and line == @line")
    return found[found.financial_year == year].sort_values(["draw", "replicate"]).pence.to_numpy(float)


def test_no_table_has_a_sum_that_is_not_the_sum_of_its_rows() -> None:
    assert [line for t in report().tables for line in t.broken()] == []
    assert len({t.key for t in report().tables}) == len(report().tables) > 30


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_spend_is_the_mean_of_the_ledger_with_its_range(scenario: str) -> None:
    spend = table("spend")
    for year in YEARS:
        for line in ("special", "independent", "mainstream_srp", "post16", "other"):
            assert spend.number(f"{scenario}.{line}", year) == pytest.approx(
                ledger(scenario, "lines", line, year).mean()
            )
        runs = ledger(scenario, "position", "spend", year)
        assert spend.number(f"{scenario}.spend", year) == pytest.approx(runs.mean())
        assert spend.number(f"{scenario}.spend.low", year) == pytest.approx(np.quantile(runs, 0.05))
        assert spend.number(f"{scenario}.spend.high", year) == pytest.approx(np.quantile(runs, 0.95))
    assert spend.number(f"{scenario}.special", "2020-21") is None


def test_published_spend_is_as_printed() -> None:
    spend = table("spend")
    for r in published("spend_by_line"):
        line = "spend" if r["line"] == "total_as_printed" else r["line"]
        assert spend.number(f"published.{line}", r["financial_year"]) == float(r["gbp_million"]) * 1e8
    assert spend.number("published.spend", "2027-28") == 377e8


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_position_is_the_ledgers_and_each_year_opens_with_the_last_ones_end(scenario: str) -> None:
    valve = table("safety_valve")
    for year in YEARS:
        for line in ("in_year", "closing"):
            assert valve.number(f"{scenario}.{line}", year) == pytest.approx(
                ledger(scenario, "position", line, year).mean()
            )
    assert valve.number(f"{scenario}.opening", "2025-26") == pytest.approx(
        valve.number(f"{scenario}.closing", "2024-25")
    )
    assert valve.number("published.closing", "2025-26") == 95e8
    assert valve.number("published.council", "2025-26") == -15e8


def test_the_deficit_without_dfes_money_is_higher_by_all_of_it() -> None:
    what_if, valve = table("what_if"), table("safety_valve")
    paid = sum(ledger("mine", "contributions", "dfe", y).mean() for y in YEARS)
    assert what_if.number("mine.without_dfe", "2025-26") == pytest.approx(
        valve.number("mine.closing", "2025-26") - paid
    )
    grant = sum(ledger("mine", "income", "high_needs_grant", y).mean() for y in YEARS)
    less = what_if.number("mine.grant_less", "2025-26") - valve.number("mine.closing", "2025-26")
    assert less == pytest.approx(-grant / 100)


def test_the_bridge_leads_from_one_year_to_the_next() -> None:
    bridge = table("bridge")
    for side, before, after in (("Council", 393e8, 395e8), ("Mine", *(ledger("mine", "position", "spend", y).mean()
                                                                        for y in YEARS))):  # fmt: skip
        column = f"2025-26 {side}"
        assert bridge.number("before", column) == pytest.approx(before)
        assert bridge.number("after", column) == pytest.approx(after)
    special = bridge.number("change.special", "2025-26 Council")
    assert special == 2e8


def test_reserves_are_the_readers_and_what_is_left_is_after_the_deficit() -> None:
    found = exposure.override(reading(), reserves=500.0)
    assert found is not None
    left, falls = (found.number(key, "Mine, override ends") for key in ("left", "falls"))
    assert left == pytest.approx(500e8 - falls)
    assert falls == pytest.approx(ledger("mine", "memo", "exposure_without_override", "2025-26").mean())
    assert found.number("left", "Mine, override goes on") == 500e8
    assert table("override").number("left", "Mine, override ends") is None, "none is made up"


def test_volumes_times_average_cost_are_spend_and_a_child_is_counted_once() -> None:
    volumes, spend = table("volumes"), rows("spend")
    mine = spend[(spend.scenario == "mine") & in_year(spend.month, "2025-26")]
    column = "2025-26 Mine"
    for line, found in mine.groupby("line"):
        assert volumes.number(f"{line}.spend", column) == pytest.approx(found.pence.sum() / 3)
    special = mine[mine.placement == "state_special"]
    children = special[special.line == "special.top_up"].child_months.sum() / 12 / 3
    assert volumes.number("special.top_up.children", column) == pytest.approx(children)
    assert volumes.number("special.top_up.cost", column) * children == pytest.approx(special.pence.sum() / 3)
    assert volumes.row("special.place_funding.children") is None
    assert volumes.number("total", column) == pytest.approx(mine.pence.sum() / 3)


def test_what_is_paid_on_top_of_a_place_belongs_to_it() -> None:
    found = SubLines.of(reading().pack)
    assert found.home["special.place_funding"] == found.home["special.exceptional_pupil_need"] == "special.top_up"
    assert found.home["mainstream_srp.exceptional_pupil_need"] == "mainstream_srp.top_up"
    assert found.of_child("special.vacant_places") == "special.vacant_places"
    assert found.counts("mainstream_srp.sen_support_top_up")


def test_dfes_blocks_come_to_the_change_of_the_deficit() -> None:
    blocks, valve = table("dsg_by_block"), table("safety_valve")
    for side, scenario in (("unmitigated", "base"), ("mitigated", "mine")):
        change = valve.number(f"{scenario}.closing", "2025-26") - valve.number(f"{scenario}.opening", "2025-26")
        assert blocks.number("change", f"2025-26 {side}") == pytest.approx(change)
        assert table("dsg_management_plan").number("closing", f"2025-26 {side}") == pytest.approx(
            valve.number(f"{scenario}.closing", "2025-26")
        )


def test_savings_are_those_of_compare() -> None:
    found = {s.financial_year: s for s in compare(made(), "base", "mine").savings}
    savings = table("savings")
    for year in YEARS:
        s = found[year]
        assert savings.number("part_year", year) == pytest.approx(s.part_year.mean)
        assert savings.number("part_year.high", year) == pytest.approx(s.part_year.p95)
        assert savings.number("full_year", year) == pytest.approx(s.full_year.mean)
        assert savings.number("chance", year) == s.saves.p


def test_policies_run_again_together_save_what_the_study_says_to_the_penny() -> None:
    spend = rows("spend")
    for year in YEARS:
        by = spend[in_year(spend.month, year)].groupby(["scenario", "replicate"]).pence.sum()
        assert [w.net for w in effects().joint[year]] == list(by["base"] - by["mine"])
        assert effects().without[year] == list(by["base"])
    by_year = table("policy_effects")
    alone = sum(by_year.number(name, "2025-26") for name in ("local", "cheaper", "pot"))
    assert by_year.number("joint", "2025-26") == pytest.approx(alone + by_year.number("interaction", "2025-26"))
    assert by_year.number("pot", "2025-26") == pytest.approx(-effects().alone["pot"]["2025-26"][0].reinvestment)


def test_the_reckoner_is_in_the_units_that_it_says() -> None:
    found = {name: (means, by) for name, means, by in effects().reckoner}
    reckoner = table("reckoner")
    for name, (means, by) in found.items():
        row = reckoner.row(name)
        assert row is not None
        assert row.label.strip() != name, "each has words of its own"
        percent = means.startswith("percent")
        assert (row.unit == "share") == percent
        if "2025-26" in by and not means.startswith("children"):
            assert reckoner.number(name, "2025-26") == pytest.approx(by["2025-26"][0] * (0.01 if percent else 100))
    assert {"requests", "inflation"} <= found.keys()


def test_the_tracker_adds_up_where_sums_mean_something() -> None:
    tracker = table("savings_tracker")
    for column in ("Gross", "Of this cashable", "Net (part-year)", "Full-year effect"):
        parts = [tracker.number(key, column) for key in ("local", "cheaper", "pot", "interaction")]
        assert tracker.number("joint", column) == pytest.approx(sum(parts))
    assert tracker.number("interaction", "P80") is None
    nets = [w.net for w in effects().joint["2025-26"]]
    assert tracker.number("joint", "P80") == pytest.approx(np.quantile(nets, 0.2))


def test_volume_mix_and_price_come_to_the_change_and_services_are_price() -> None:
    worlds = table("why_worlds")
    column = "Independent schools"
    for name, scenario in (("before", "base"), ("after", "mine")):
        assert worlds.number(name, column) == pytest.approx(ledger(scenario, "lines", "independent", "2025-26").mean())
    assert worlds.number("price", column) < 0, "fees are a tenth lower"
    pot = rows("spend").query("scenario == 'mine' and line == 'other.pot'")
    pence = pot[in_year(pot.month, "2025-26")].pence.sum() / 3
    other = "Other SEN support and alternative provision"
    assert worlds.number("price", other) == pytest.approx(pence, rel=0.05)


def test_chances_count_runs() -> None:
    chances = table("chances")
    closing = ledger("mine", "position", "closing", "2025-26") / 1e8
    for row in chances.rows:
        assert chances.number(row.key, "Mine") == (closing > float(row.key)).mean()
    assert chances.number("95", "Mine") is not None, "the council's own figure is asked about"


def test_fit_lays_the_base_beside_what_is_published() -> None:
    fit = table("fit")
    found = {(c.figure.item, c.figure.period): c for c in reconcile.study(made(), "base", reading().pack)}
    c = found["special", "2024-25"]
    assert fit.number("special.2024-25", "Model: median") == pytest.approx(c.ours.median * 1e8)
    assert fit.number("special.2024-25", "Published") == 163e8
    assert fit.row("closing.2025-26") is None, "a projection is not a fit"


def test_policies_stand_under_their_titles_each_once_and_no_size_has_an_exponent() -> None:
    t = table("policies")
    headings = [row.label for row in t.rows if row.kind == "heading"]
    assert len(headings) == len(set(headings)) == 3
    assert not any(re.search(r"\de[+-]\d", str(cell)) for row in t.rows for cell in row.cells)


def test_large_uncertain_sizes_are_told_in_full() -> None:
    from cohort import describe
    from cohort.when import Uncertain

    assert describe._size(Uncertain(19e6, 21e6, 22e6)) == "21,000,000 (19,000,000 to 22,000,000)"
    assert describe._size(Uncertain(0.8, 0.9, 1.0)) == "0.9 (0.8 to 1)"
    assert describe._size(-2_000_000) == "-2,000,000"
