"""A run's account: sub-lines sum to lines, lines to blocks, in whole pence, in the council's view and in DfE's."""

from collections import defaultdict
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as within
from hypothesis import strategies as st

from cohort import account, calendar, dsg, ledger, spending, tables, variance
from cohort.income import Gates
from cohort.ledger import MILLION
from cohort.parameters import draw, estimates
from cohort.prices import LINES
from cohort.setting import Setting
from cohort.world import World
from tests import small, small_pack
from tests.small import KENT

YEARS = ("2024-25", "2025-26", "2026-27", "2027-28")
UNTIL = "2026-04"
FUNDED = [f"price.{r['charge']}" for r in KENT.table("place_funding").rows()]
"""Prices that contain place funding, and so cannot be next to nothing."""


@cache
def rows() -> list[dict[str, Any]]:
    """The ledger of the small world."""
    return tables.ledger(small_pack.finished()).to_pylist()


def block(name: str, year: str, view: str = "council") -> dict[str, int]:
    """Line -> pence of a block."""
    found = [r for r in rows() if (r["view"], r["block"], r["financial_year"]) == (view, name, year)]
    return {r["line"]: r["pence"] for r in found}


def test_sub_lines_sum_to_lines_and_lines_to_blocks_in_whole_pence() -> None:
    for year in YEARS:
        by_line: defaultdict[str, int] = defaultdict(int)
        for line, pence in block("spend", year).items():
            by_line[line.split(".")[0]] += pence
        position = block("position", year)
        assert dict(by_line) == block("lines", year)
        assert sum(block("lines", year).values()) == position["spend"]
        assert sum(block("grant", year).values()) == block("income", year)["high_needs_grant"]
        assert sum(block("income", year).values()) == position["all_income"]
        assert sum(block("contributions", year).values()) == position["contributions"]
        assert position["in_year"] == position["spend"] + position["all_income"]
        assert position["closing"] == position["opening"] + position["in_year"] + position["contributions"]


def test_a_year_opens_with_what_the_last_closed_with_and_the_first_with_the_one_opening_balance() -> None:
    opened = [block("position", y)["opening"] for y in YEARS]
    closed = [block("position", y)["closing"] for y in YEARS]
    assert opened == [ledger.opening_balance(KENT), *closed[:-1]]


def test_the_ledger_holds_every_penny_of_the_spend_table() -> None:
    spent: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in tables.spend(small_pack.finished()).to_pylist():
        spent[calendar.financial_year(calendar.month(row["month"])), row["line"]] += row["pence"]
    for year in YEARS:
        assert {line: p for line, p in block("spend", year).items() if p} == {
            line: p for (of, line), p in spent.items() if of == year and p
        }


def test_children_times_months_times_price_is_the_line_from_april_to_march() -> None:
    world = small_pack.finished()
    prices, bill = world.setting.prices, spending.bill(world)
    for year in YEARS:
        at = [k for k, m in enumerate(bill.months) if calendar.financial_year(m) == year]
        assert len(at) == 12
        counted = sum(variance.child_months(world, bill.months[k]) for k in at)
        for line, pence in block("lines", year).items():
            charged = int((counted * prices.monthly(bill.months[at[0]], line)).sum())
            follow_none = sum(
                12 * s.pence_a_month(int(year[:4])) for s in prices.services if s.line.startswith(line + ".")
            )
            vacant = sum(
                int(bill.vacant[v.kind][at].sum()) * round(10_000_00 / 12)
                for v in prices.vacancies
                if v.line.startswith(line + ".")
            )
            assert pence == charged + follow_none + vacant


def test_the_areas_of_a_line_add_up_to_it() -> None:
    spent = tables.spend(small_pack.finished()).to_pylist()
    for year in YEARS:
        of_year = [r for r in spent if calendar.financial_year(calendar.month(r["month"])) == year]
        for line, pence in block("lines", year).items():
            by_area: defaultdict[str, int] = defaultdict(int)
            for r in of_year:
                if r["line"].startswith(line + "."):
                    by_area[r["area"]] += r["pence"]
            assert sum(by_area.values()) == pence
            assert len(by_area) >= 4


def test_dfes_view_is_the_same_pounds_and_sums_to_what_the_deficit_rose_by() -> None:
    for year in YEARS:
        dfe = sum(r["pence"] for r in rows() if (r["view"], r["financial_year"]) == ("dfe", year))
        position = block("position", year)
        assert dfe == position["closing"] - position["opening"]
        high_needs = block("high_needs", year, "dfe")
        assert sum(high_needs.values()) == position["spend"] + block("income", year)["high_needs_grant"]
        assert high_needs["post_16"] == block("lines", year)["post16"], "institutions on both sides"


def test_a_sub_line_that_the_table_does_not_place_is_an_error_that_names_it() -> None:
    (y,) = ledger.of_model(KENT, {"2024-25": {f"{line}.new": 1 for line in LINES}})
    with pytest.raises(ValueError, match=r"ledger_lines.csv has no row for 'special.new'"):
        dsg.view(y, dsg.mapping(KENT))


def test_every_sub_line_that_has_a_price_has_a_place_in_dfes_view_and_no_other_has() -> None:
    priced = {str(r["line"]) for t in ("estimate_prices", "estimate_services") for r in KENT.table(t).rows()}
    priced |= {str(r[line]) for line in ("line", "vacant_line") for r in KENT.table("place_funding").rows()}
    placed = {str(r["line"]) for r in KENT.table("ledger_lines").rows() if r["block"] == "spend"}
    assert priced == placed


def test_savings_still_to_be_found_are_beside_the_account_and_not_in_it() -> None:
    targets = [block("target", y)["savings_to_be_attributed"] for y in YEARS]
    assert targets == [0, -5 * MILLION, -6 * MILLION, -7 * MILLION]
    found = block("memo", "2027-28")["closing_if_savings_are_found"]
    assert found == block("position", "2027-28")["closing"] - 18 * MILLION


def test_without_the_override_the_whole_deficit_of_march_2026_falls_on_reserves() -> None:
    assert [y for y in YEARS if "exposure_with_override" in block("memo", y)] == ["2025-26"]
    memo, closing = block("memo", "2025-26"), block("position", "2025-26")["closing"]
    assert (memo["exposure_with_override"], memo["exposure_without_override"]) == (0, max(closing, 0))


def test_money_withheld_or_refused_is_missing_from_its_year_and_every_later_position() -> None:
    world = small_pack.finished()
    agreed = account.of_world(world)
    shut = account.of_world(world, {"2025-26": Gates(transfer_agreed=False, dfe_paid=False, council_paid=False)})
    assert [s.closing - a.closing for s, a in zip(shut, agreed, strict=True)] == [0, *[(16 + 14 + 15) * MILLION] * 3]
    only = account.of_world(world, {"2026-27": Gates(dfe_paid=False)})
    assert [o.closing - a.closing for o, a in zip(only, agreed, strict=True)] == [0, 0, 14 * MILLION, 14 * MILLION]


def test_a_run_read_against_itself_leaves_the_printed_grant_as_it_is() -> None:
    world = small_pack.finished()
    assert account.of_world(world, against=world) == account.of_world(world)


def test_the_grant_follows_the_pupils_of_the_autumn_before() -> None:
    world = small_pack.finished()
    month = calendar.month("2025-10")
    special = world.setting.book.vocabulary.code("state_special")
    assert account.pupils(world, "2026-27").special == int(world.record.stocks[month][:, :, 2, special].sum())
    assert account.pupils(world, "2024-25") == account.pupils(World.start(small_pack.whole_setting()), "2024-25")


def test_a_world_of_another_start_is_refused() -> None:
    other = World.start(small.until_month(small.small_setting(start="2023-01"), "2023-02"))
    with pytest.raises(ValueError, match="against: starts in 2023-01, the run in 2024-01"):
        account.of_world(small_pack.finished(), against=other)


def priced(**parameters: float) -> Setting:
    """The small Kent with some prices fixed, the same for every need and severity."""
    return small.flat(small_pack.setting.build(small_pack.scenario(until=UNTIL, parameters=parameters)))


def spend_of(setting: Setting) -> dict[str, dict[str, int]]:
    """Financial year -> sub-line -> pence."""
    return account.sub_lines(World.start(setting).run())


@cache
def as_estimated() -> dict[str, dict[str, int]]:
    """The spend of the small Kent at its estimates."""
    return spend_of(priced())


@within(max_examples=6)
@given(
    st.sampled_from(sorted(r["charge"] for r in KENT.table("estimate_prices").rows())),
    st.sampled_from([0, 2, 3, 7]),
)
def test_a_price_times_k_scales_its_own_charge_and_no_other_line(charge: str, k: int) -> None:
    row = next(r for r in KENT.table("estimate_prices").rows() if r["charge"] == charge)
    if k == 0 and f"price.{charge}" in FUNDED:
        with pytest.raises(
            ValueError, match=f"{charge}: 0 pounds a year given; allowed: .*, its place funding, or more"
        ):
            priced(**{f"price.{charge}": 0.0})
        return
    pounds = draw(KENT)[f"price.{charge}"]
    before, after = as_estimated(), spend_of(priced(**{f"price.{charge}": pounds * k}))
    for year in before:
        changed = {line for line in before[year] if before[year][line] != after[year][line]}
        assert changed <= {row["line"]}
        months = charged(charge, year)
        own = months * round(pounds * 100 / 12 * grown(row, year))
        assert after[year][row["line"]] - before[year][row["line"]] == (
            months * round(pounds * k * 100 / 12 * grown(row, year)) - own
        )


def grown(row: dict[str, Any], year: str) -> float:
    """Growth of a price to a financial year."""
    return float((1 + estimates(KENT)[f"growth.{row['growth']}"].mode) ** (int(year[:4]) - 2024))


def charged(charge: str, year: str) -> int:
    """Child-months of a charge in a financial year, at any prices: they move no child."""
    world = small_pack.finished()
    bill = spending.bill(world)
    at = [k for k, m in enumerate(bill.months) if calendar.financial_year(m) == year]
    return sum(int(of.children[at].sum()) for of in bill.spent(world.setting.prices) if of.charge.name == charge)


@within(max_examples=5)
@given(
    st.dictionaries(st.sampled_from(sorted(estimates(KENT))).filter(lambda n: n.startswith(("price.", "growth."))
                                                                    and n not in FUNDED),
                    st.floats(0, 0.09), max_size=6),
    st.integers(0, 3),
    st.builds(Gates, st.booleans(), st.booleans(), st.booleans()),
)  # fmt: skip
def test_any_scenario_adds_up_in_pence_at_every_level(fixed: dict[str, float], draw: int, gates: Gates) -> None:
    made = small_pack.setting.build(small_pack.scenario(until="2025-05", parameters=fixed), draw)
    world = World.start(made).run()
    years = account.of_world(world, {"2024-25": gates})
    assert [y.financial_year for y in years] == ["2024-25"]
    for y in years:
        assert sum(f(y) for f in ledger.BLOCKS["lines"]) == y.spend == sum(y.lines.values())
        assert sum(dsg.view(y, dsg.mapping(made.pack)).values()) == y.closing - y.opening
        by_month = [r for r in tables.spend(world).to_pylist() if "2024-04" <= r["month"] <= "2025-03"]
        assert sum(r["pence"] for r in by_month) == y.spend
