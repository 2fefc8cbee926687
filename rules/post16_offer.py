"""The post-16 offer: pathways into colleges and sixth forms, and out of the system.

Provisions: from Year 12 on, fewer enter specialist institutions (SPI) and more a college; more of the mildest in
special schools go on in a college; fewer are left with no place; plans end when the outcomes for adulthood are reached.
Changes are decided for September 2026 on and are in full by 2027.

Evidence: 5.4 (pathways into mainstream settings for post-16), condition 5 and Appendix 2 (Pathways for All; Review of
Post-16 Provision). No size is published: assumptions. The council expects its post-16 line to grow from 25m to 43m:
the model's does not by itself (the line is institutions, not ages).

Baseline: 7% of those who leave a special school at 16 enter an SPI and 13% a college.

Omits: apprenticeships and supported internships as places of their own, what adult services take over, and travel.
"""

from cohort.policy import Policy, Redirect, Scale, Uncertain, When, where

WHEN = When("2025-10", full="2027-09")
SIZE = "paper 5.4, condition 5; date and size: assumption, range elicited"
LAWFUL = "s.39(4)(b)(ii), young person by young person: a suitable college place costs a fifth of a specialist one"
NCY = (12, 16)

post16_offer = Policy(
    "post16_offer",
    (
        Redirect(choice="transfer", frm="spi", into="fe", share=Uncertain(0.05, 0.15, 0.30),
                 appeal_share=Uncertain(0.02, 0.10, 0.20), when=WHEN,
                 where=where(ncy=NCY, placements=["mainstream", "srp", "state_special", "nmiss"], severity=(0, 2)),
                 name="not_spi", because=SIZE, grounds=LAWFUL),
        Redirect(choice="transfer", frm="state_special", into="fe", share=Uncertain(0.03, 0.08, 0.15),
                 appeal_share=Uncertain(0.02, 0.10, 0.20), when=WHEN,
                 where=where(ncy=(12, 14), placements=["state_special"], severity=(0, 1)), name="from_special",
                 because=SIZE, grounds=LAWFUL),
        Redirect(choice="transfer", frm="neet", into="fe", share=Uncertain(0.05, 0.15, 0.30), appeal_share=0.0,
                 when=WHEN, where=where(ncy=NCY), name="not_neet", because=SIZE),
        Scale("review_cease", by=Uncertain(1.0, 1.1, 1.2), when=WHEN, where=where(ncy=(14, 21)), name="independence",
              because="condition 5: pathways to independence; size: assumption",
              grounds="s.45(1)(b) and (3): a review finds the outcomes of education reached; never by age alone"),
    ),
    title="Post-16 offer and pathways",
    because="paper 5.4, condition 5 and Appendix 2; no size is published",
    does_not_model="apprenticeships, supported internships, adult services, travel",
)  # fmt: skip
