"""Savings still to be attributed: a target line, not a policy with a mechanism.

Provisions: 5m in 2025-26, 6m in 2026-27 and 7m in 2027-28 are taken from spend on a line of their own.

Evidence: the table of section 4 and 4.3 ("a total 17m savings target ... yet to be attributed"; the table adds up to
18m). Nobody has said how it is to be saved.

Baseline: nothing is taken off.

Omits: everything that would have to happen to a child, a place or a price. No scenario of policies holds this rule;
one that does says that it assumes a target met.
"""

from cohort.policy import Fund, Policy, When

LINE = "other.savings_to_be_attributed"
TABLE = "paper 4.1, savings to be attributed from further actions: a target"

attributed_savings = Policy(
    "attributed_savings",
    (
        Fund(line=LINE, pounds=-5_000_000, when=When("2025-04", end="2026-04"), name="in_2025_26", because=TABLE),
        Fund(line=LINE, pounds=-6_000_000, when=When("2026-04", end="2027-04"), name="in_2026_27", because=TABLE),
        Fund(line=LINE, pounds=-7_000_000, when=When("2027-04", end="2028-04"), name="in_2027_28", because=TABLE),
    ),
    title="Savings still to be attributed: a target",
    because="paper 4.1 and 4.3",
    does_not_model="any mechanism: it is a target line",
)
