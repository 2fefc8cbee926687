"""Review of independent placements outside Kent and in specialist institutions.

Provisions: reviews of children in independent special schools ask whether Kent can meet their needs; at review, and
when they enter Year 7 or 12, some return to a state special school. Fewer are moved into independent schools from
state schools. Young people in specialist post-16 institutions are reviewed likewise. From April 2025, over two years.

Evidence: 5.4 ("ongoing targeted review of outcomes for children in independent placements outside of Kent"), 3.12,
Appendix 2. The number in independent schools stabilised in 2024 (3.13). No size is published: assumptions.

Baseline: 2 in 100 a year move out of an independent special school at review; 2 to 3% transfer to a state one.

Omits: who is placed outside Kent (the model does not know where an independent school is, so any may be reviewed), and
whether a state place is free, until places bind.
"""

from cohort.policy import Policy, Redirect, Scale, Uncertain, When, where

WHEN = When("2025-04", full="2027-03")
SIZE = "paper 3.12 and 5.4; date and size: assumption, range elicited"
LAWFUL = "s.39(4)(b)(ii), child by child: a suitable state special place costs half of an independent one"
APPEAL = Uncertain(0.10, 0.20, 0.35)

independent_review = Policy(
    "independent_review",
    (
        # not above 1.8: with the prior of moves at its top, more leaves no room for reviews that amend (bounds.csv)
        Scale("review_move", by=Uncertain(1.0, 1.4, 1.8), when=WHEN,
              where=where(ncy=(0, 11), placements=["nmiss"]), name="reviews", because=SIZE),
        Redirect(choice="transfer", frm="nmiss", into="state_special", share=Uncertain(0.02, 0.05, 0.10),
                 appeal_share=APPEAL, when=WHEN, where=where(ncy=(3, 12), placements=["nmiss"]), name="key_stages",
                 because=SIZE, grounds=LAWFUL),
        Redirect(choice="move", frm="nmiss", into="state_special", share=Uncertain(0.10, 0.25, 0.40),
                 appeal_share=APPEAL, when=WHEN,
                 where=where(ncy=(0, 11), placements=["mainstream", "srp", "independent_mainstream"]), name="moves_in",
                 because=SIZE),
        Redirect(choice="first_place", frm="nmiss", into="state_special", share=Uncertain(0.05, 0.15, 0.30),
                 appeal_share=APPEAL, when=WHEN, where=where(ncy=(0, 11)), name="first_place", because=SIZE,
                 grounds=LAWFUL),
        Redirect(choice="transfer", frm="spi", into="fe", share=Uncertain(0.01, 0.03, 0.06), appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(13, 17), placements=["spi"]), name="institutions",
                 because="Appendix 2: placements in other authorities' SPIs; size: assumption",
                 grounds="s.39(4)(b)(ii), young person by young person: a suitable college place costs far less"),
    ),
    title="Review of independent placements",
    because="paper 3.12, 3.13, 5.4, condition 4 and Appendix 2; no size is published",
    does_not_model="who is placed outside Kent, and whether a state place is free until places bind",
)  # fmt: skip
