"""Consistent decisions on independent mainstream schools.

Provisions: where an independent mainstream school would be named, a state mainstream school is named more often, at
first placement, transfer and review; some return at the ends of key stages. From April 2025 over a year.

Evidence: 3.12 (already saving) and 5.4, Appendix 2. No size is published: assumptions.

Baseline: 1 to 3% of first places are independent mainstream; 148 children are there in January 2024.

Omits: boarding, and parents who pay part of the fees.
"""

from cohort.policy import Policy, Redirect, Uncertain, When, where

WHEN = When("2025-04", full="2026-03")
SIZE = "paper 3.12 and 5.4; date and size: assumption, range elicited"
LAWFUL = (
    "not a school of s.38(3), so that s.39 gives no right to it; s.9, Education Act 1996: parents' wishes, so far as "
    "unreasonable public expenditure is avoided"
)
APPEAL = Uncertain(0.1, 0.25, 0.4)
MOST = Uncertain(0.2, 0.4, 0.6)

independent_mainstream = Policy(
    "independent_mainstream",
    (
        Redirect(choice="first_place", frm="independent_mainstream", into="mainstream", share=MOST, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(-1, 14)), name="first_place", because=SIZE, grounds=LAWFUL),
        Redirect(choice="move", frm="independent_mainstream", into="mainstream", share=MOST, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 11)), name="moves", because=SIZE),
        Redirect(choice="transfer", frm="independent_mainstream", into="mainstream", share=MOST, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 12), placements=["early_years", "mainstream", "srp"]), name="transfers",
                 because=SIZE, grounds=LAWFUL),
        Redirect(choice="transfer", frm="independent_mainstream", into="mainstream", share=Uncertain(0.02, 0.06, 0.12),
                 appeal_share=APPEAL, when=WHEN, where=where(ncy=(3, 12), placements=["independent_mainstream"]),
                 name="returns", because=SIZE, grounds=LAWFUL),
    ),
    title="Independent mainstream schools: consistent decisions",
    because="paper 3.12, 5.4 and Appendix 2; no size is published",
    does_not_model="boarding, and parents who pay part of the fees",
)  # fmt: skip
