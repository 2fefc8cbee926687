"""The trend before the agreement, worked out in the open: what the rule ``historic_trend`` rests on.

    python -m calibration.historic      # prints each number with its arithmetic

"The accumulated deficit was originally forecast to be over 600m, if historic trends had continued" (paper 8.5). Here:
which growth of spend gives that; how fast plans, decisions and prices went; which growth of requests carries plans on
at that pace; and what part of the growth of spend this explains. Nothing is tuned to the 600m.
"""

from __future__ import annotations

from collections.abc import Callable

from cohort import calendar, parameters, rulebook, setting
from cohort.expected import LUMPED, Expectation
from cohort.pack import Pack
from cohort.policy import Policy, Scale, When
from cohort.scenario import Scenario
from cohort.states import Support

DEFICIT = 600.0
"""GBP million in March 2028 (paper 8.5: over)."""
OPENING = 174.0
"""GBP million in March 2024 before the agreement's receipts (press, finance_context.csv: unclear whether gross)."""
SPEND = 365.0
"""GBP million in 2023-24 (paper 3.14)."""
YEARS = ("2024-25", "2025-26", "2026-27", "2027-28")


def root(f: Callable[[float], float], low: float, high: float) -> float:
    """Where a rising function crosses nought, to a ten-thousandth."""
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if f(middle) > 0 else (middle, high)
    return (low + high) / 2


def income(pack: Pack) -> float:
    """Grants and schools block transfers of 2024-25 to 2027-28, GBP million: no contributions."""
    rows = pack.table("safety_valve_projection").rows()
    lines = ("estimated_high_needs_grant", "transfer_from_schools_block")
    return -float(sum(r["gbp_million"] for r in rows if r["line"] in lines))


def required_growth(pack: Pack) -> float:
    """The yearly growth g of spend with OPENING + SPEND x (g + g^2 + g^3 + g^4) - income = DEFICIT, less 1."""

    def over(growth: float) -> float:
        spent = sum(SPEND * (1 + growth) ** k for k in range(1, len(YEARS) + 1))
        return OPENING + spent - income(pack) - DEFICIT

    return root(over, 0.0, 0.5)


def plans(pack: Pack, january: int) -> int:
    """Plans held in a January (SEN2)."""
    return int(sum(r["plans"] for r in pack.table("plans_by_january").where(january=january).rows()))


def plans_growth(pack: Pack, first: int = 2019, last: int = 2024) -> float:
    """Yearly growth of plans between two Januaries."""
    return float((plans(pack, last) / plans(pack, first)) ** (1 / (last - first)) - 1)


def refused(pack: Pack, first: int, last: int) -> float:
    """Requests decided not to assess, of those received, over some years (SEN2)."""
    counts = dict.fromkeys(("requests_decided_not_to_assess", "requests_received_in_year"), 0)
    for r in pack.table("requests_by_year").rows():
        if r["measure"] in counts and first <= r["year"] <= last:
            counts[str(r["measure"])] += r["requests"]
    return counts["requests_decided_not_to_assess"] / counts["requests_received_in_year"]


def decisions(pack: Pack) -> float:
    """What takes 2024's decisions to assess back to 2019-22's: (1 - refused then) / (1 - refused in 2023) / 0.86 / the
    calibrated factor of 2024's decisions over that."""
    from calibration.first_rates import DECISIONS_2024

    now = DECISIONS_2024 * parameters.draw(pack)["scale.assess"]
    return (1 - refused(pack, 2019, 2022)) / (1 - refused(pack, 2023, 2023)) / now


def price_growth(pack: Pack, breakdown: str) -> float:
    """Yearly growth of the cost per pupil, 2020-21 to 2024-25 (press)."""
    rows = pack.table("unit_costs_press").where(measure="average_cost_per_pupil", breakdown=breakdown).rows()
    cost = {str(r["period"]): float(r["value"]) for r in rows}
    return float((cost["2024-25"] / cost["2020-21"]) ** 0.25 - 1)


def expectation(policy: Policy) -> Expectation:
    """The lumped expectation under a policy, from January 2024 to March 2028."""
    return Expectation(setting.build(Scenario(name="baseline"), 0, policy), LUMPED)


def modelled_plans_growth(policy: Policy) -> float:
    """Yearly growth of the expectation's plans, January 2024 to January 2028."""
    e = expectation(policy)
    states = e.run(calendar.month("2028-01"))[0]
    first, last = (float(e.stock(s)[:, :, Support.PLAN].sum()) for s in (states[0], states[-1]))
    return (last / first) ** 0.25 - 1


def requests_factor(pack: Pack) -> float:
    """How many times January 2024's rate of requests March 2028's must be for plans to grow as from 2019 to 2024."""
    target, start = plans_growth(pack), When("2024-01")
    ramp, assess = When("2024-01", full="2028-03"), Scale("assess", decisions(pack), start)

    def over(factor: float) -> float:
        requests = [Scale(rate, factor, ramp) for rate in ("request", "request_supported")]
        return modelled_plans_growth(Policy("requests", (assess, *requests))) - target

    return root(over, 1.0, 2.6)


def modelled_spend(policy: Policy) -> dict[str, float]:
    """Expected GBP million by complete financial year."""
    e = expectation(policy)
    first = e.setting.scenario.first
    out: dict[str, float] = {}
    for k, state in enumerate(e.run()[0][1:]):
        year = calendar.financial_year(first + k)
        if year in YEARS:
            out[year] = out.get(year, 0.0) + sum(e.spend(state, first + k).values()) / 1e8
    return out


def spend_growth(policy: Policy) -> float:
    """Yearly growth of spend from the published 365m of 2023-24 to the expectation's 2027-28."""
    return float((modelled_spend(policy)[YEARS[-1]] / SPEND) ** 0.25 - 1)


def report(pack: Pack) -> str:
    """Every number with its arithmetic."""
    rule, nothing = rulebook.load("historic_trend"), Policy("nothing")
    needed, with_rule, without = required_growth(pack), spend_growth(rule), spend_growth(nothing)
    prices = {k: price_growth(pack, v) for k, v in PRICED.items()}
    spend = ", ".join(f"{year} {million:.0f}" for year, million in modelled_spend(rule).items())
    return f"""\
Growth of spend for {DEFICIT:.0f}m in March 2028: {needed:.1%} a year from {SPEND:.0f}m, with {OPENING:.0f}m in March
2024 and {income(pack):.0f}m of grants and transfers.
Plans: {plans(pack, 2019):,} in January 2019, {plans(pack, 2024):,} in January 2024: {plans_growth(pack):.1%} a year.
Refused: {refused(pack, 2019, 2022):.1%} in 2019-22, {refused(pack, 2023, 2023):.1%} in 2023: decisions x
{decisions(pack):.3f}.
Requests must grow to x{requests_factor(pack):.2f} by March 2028 for plans to go on like that.
Prices a year: {", ".join(f"{k} {v:.1%}" for k, v in prices.items())}.
Under the rule plans grow by {modelled_plans_growth(rule):.1%} a year and spend by {with_rule:.1%}:
{with_rule / needed:.0%} of what is needed; in the baseline spend grows by {without:.1%}: {without / needed:.0%}.
Spend under the rule, GBP million: {spend}."""


PRICED = {
    "special": "state special school (maintained)",
    "independent": "independent (private) sector placement",
}

if __name__ == "__main__":
    print(report(Pack.load("kent")))
