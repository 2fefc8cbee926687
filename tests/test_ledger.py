"""The account adds up to the penny, and says where the council's paper does not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import ledger, reconcile
from cohort.ledger import MILLION, Income, Year, chain
from cohort.pack import Pack
from cohort.prices import LINES

KENT = Pack.load("kent")
PENCE = st.integers(-(10**11), 10**11)
INCOME = st.builds(Income, PENCE, PENCE, PENCE, PENCE, PENCE)


def test_the_papers_own_lines_reproduce_its_positions_within_rounding():
    account = ledger.of_paper(KENT)
    assert [y.financial_year for y in account] == ["2024-25", "2025-26", "2026-27", "2027-28"]
    assert [round(y.closing / MILLION) for y in account] == [97, 96, 81, 32]
    printed = [97, 95, 79, 30]
    for year, figure in zip(account, printed, strict=True):
        assert abs(year.closing / MILLION - figure) <= 2.5  # four parts and a total, each rounded to a million
    assert all(c.explained for c in reconcile.paper(KENT, account))


def test_with_the_misprinted_sign_the_last_position_is_beyond_rounding():
    account = ledger.of_paper(KENT)
    last = account[-1]
    wrong = Income(
        last.income.grant, last.income.transfer, last.income.variances, last.income.dfe, -last.income.council
    )
    closing = Year(last.financial_year, last.lines, wrong, last.opening).closing
    assert closing / MILLION - 30 > 2.5


@given(
    PENCE,
    st.lists(st.tuples(st.dictionaries(st.sampled_from(LINES), PENCE, min_size=1), INCOME), min_size=1, max_size=6),
)
def test_the_last_position_is_the_opening_and_all_that_came_between(opening, years):
    account = chain(opening, [(str(2024 + k), lines, income) for k, (lines, income) in enumerate(years)])
    between = sum(sum(lines.values()) for lines, _ in years)
    between += sum(i.grant + i.transfer + i.variances + i.dfe + i.council for _, i in years)
    assert account[-1].closing == opening + between
    assert all(later.opening == earlier.closing for earlier, later in pairwise(account))


def test_a_million_more_on_one_line_is_a_million_on_every_later_position():
    spend = {y.financial_year: {line: y.lines[line] for line in LINES} for y in ledger.of_paper(KENT)}
    before = ledger.of_model(KENT, spend)
    spend["2025-26"] = spend["2025-26"] | {"independent": spend["2025-26"]["independent"] + MILLION}
    after = ledger.of_model(KENT, spend)
    assert [a.closing - b.closing for a, b in zip(after, before, strict=True)] == [0, MILLION, MILLION, MILLION]


def test_a_run_that_ends_early_has_an_account_to_its_end():
    spend = {"2024-25": dict.fromkeys(LINES, 1), "2026-27": dict.fromkeys(LINES, 1)}
    assert [y.financial_year for y in ledger.of_model(KENT, spend)] == ["2024-25"]


def test_a_missing_line_is_named():
    with pytest.raises(ValueError, match="2024-25: no spend is given for post16"):
        ledger.of_model(KENT, {"2024-25": {line: 0 for line in LINES if line != "post16"}})


def test_what_does_not_add_up_in_the_papers_history_is_in_the_register():
    history = KENT.table("spend_by_line")
    listed = {(str(r["item"]), str(r["financial_year"])) for r in KENT.table("exceptions").rows()}
    for year in sorted({str(y) for y in history["financial_year"]}):
        rows = history.where(financial_year=year)
        total = float(rows.where(line="total_as_printed")["gbp_million"][0])
        parts = float(rows["gbp_million"].sum()) - total
        assert parts == total or ("total_as_printed", year) in listed
