"""A run's account: its spend by sub-line and financial year through the ledger, and the rows that a study keeps.

account.of_world(world)                                    # a Year each, as agreed
account.of_world(world, {"2025-26": Gates(dfe_paid=False)})
account.of_world(policy, against=baseline)                 # the grant follows the pupils that the policy moves
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import TYPE_CHECKING

from cohort import calendar, dsg, income, ledger, published, spending
from cohort.income import Gates, Income, Pupils
from cohort.ledger import Year
from cohort.states import Support

if TYPE_CHECKING:
    from cohort.prices import Prices
    from cohort.spending import Bill
    from cohort.world import World

Row = tuple[str, str, str, str, int]
"""view, financial year, block, line, pence"""


def of_world(world: World, gates: Mapping[str, Gates] | None = None, against: World | None = None) -> list[Year]:
    """The account of a run's whole financial years, as far as the council projects; none without a projection.

    ``gates`` says what conditional money comes; without, what the run's policy withholds does not.

    ``against`` is the world that the council's grant estimate is read for: where the run's pupils differ from its, the
    grant does. Raises ValueError if it is of another start.
    """
    pack = world.setting.pack
    if gates is None:
        gates = income.withheld(world.setting.book.rates.policy, ledger.financial_years(pack))
    if against is None:
        return ledger.of_model(pack, sub_lines(world), gates)
    if against.setting.scenario.first != world.setting.scenario.first:
        raise ValueError(
            f"against: starts in {against.setting.scenario.start}, the run in {world.setting.scenario.start}"
        )

    def moved(year: str) -> Income:
        return income.against(
            income.estimated(pack, year), pupils(world, year), pupils(against, year), world.setting.params.values
        )

    return ledger.of_model(pack, sub_lines(world), gates, moved)


def sub_lines(world: World) -> dict[str, dict[str, int]]:
    """Whole financial year -> sub-line -> pence: child-months x price a month, and what follows no child."""
    return by_year(spending.bill(world), world.setting.prices)


def by_year(bill: Bill, prices: Prices) -> dict[str, dict[str, int]]:
    """The same of a bill, at any prices that tell the same children apart."""
    years = [calendar.financial_year(m) for m in bill.months]
    out: dict[str, dict[str, int]] = {year: {} for year in dict.fromkeys(years) if years.count(year) == 12}
    for line, by_month in bill.by_sub_line(prices).items():
        for year, pence in zip(years, by_month.tolist(), strict=True):
            if year in out:
                out[year][line] = out[year].get(line, 0) + pence
    return out


def pupils(world: World, financial_year: str) -> Pupils:
    """Whom a year's grant counts: those of the autumn before, or of the run's first month if that is later.

    Children who cross the border and free schools' places are not in a world yet: none.
    """
    labels, stocks = world.setting.book.vocabulary, world.record.stocks
    autumn = calendar.month(f"{int(financial_year[:4]) - 1}-10")
    plans = stocks[max(autumn, world.setting.scenario.first)][:, :, Support.PLAN].sum((0, 1))
    return Pupils(int(plans[labels.code("state_special")]), int(plans[labels.code("nmiss")]))


def rows(world: World) -> Iterator[Row]:
    """Both views of a run's account, as agreed, and memo lines, year by year."""
    account = of_world(world)
    rate = world.setting.params.get("income.interest", 0.0)
    where, ends = _places_in_dfes_plan(world), published.override_ends(world.setting.pack)
    for y, targets in zip(account, accumulate(y.target for y in account), strict=True):
        yield from (("council", y.financial_year, *found) for found in _council(y))
        for line, pence in ledger.memo(y, targets, rate, ends).items():
            yield "council", y.financial_year, "memo", line, pence
        for (block, line), pence in (dsg.view(y, where) if where else {}).items():
            yield "dfe", y.financial_year, block, line, pence


def _places_in_dfes_plan(world: World) -> dict[str, dsg.Line]:
    """Where each line goes, a policy's pots with the line that they are on; none without the table."""
    where, pots = dsg.mapping(world.setting.pack), dsg.pots(world.setting.pack)
    added = {s.line for s in world.setting.prices.services if s.when is not None and pots}
    return {line: pots[line.split(".")[0]] for line in sorted(added - where.keys())} | where if where else {}


def _council(y: Year) -> Iterator[tuple[str, str, int]]:
    """Block, line, pence of the council's view: sub-lines of spend and of the grant, then each block by its
    formulas."""
    yield from (("spend", line, pence) for line, pence in y.lines.items())
    yield "grant", "estimate", y.income.grant
    yield "grant", "basic_entitlement", y.income.basic_entitlement
    yield "grant", "import_export", y.income.import_export
    yield "grant", "free_schools", y.income.free_schools
    for block, formulas in ledger.BLOCKS.items():
        yield from ((block, formula.__name__, formula(y)) for formula in formulas)
