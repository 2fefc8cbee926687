"""Annual reviews: consistent decisions, and reintegration at the ends of key stages.

Provisions: officers attend reviews, so that exceptional pupil need is agreed alike (from April 2025, over a year);
more plans end when their outcomes are met; at the ends of key stages some of the mildest in special and independent
special schools return to mainstream (from September 2025, over two years: 7.1).

Evidence: Appendix 2 (Officer Support at Annual Review), conditions 3 and 4. Exceptional pupil need rose from 7.5m to
14m in two years (5.4). Reintegration reaches 2 to 10% of those eligible: assumption. Of them 10 to 30% are to return:
the model's own reviews and breakdowns in mainstream (about 9% a year move to special or SRP at secondary) give
some 10% after one year and a quarter after three, so nothing is added.

Baseline: reviews end few plans of school age; 1 in 1,000 moves from special school to mainstream at secondary transfer.

Omits: the cost of officers (outside the block), and the link with the children's case system (no money effect).
"""

from cohort.policy import Policy, Price, Redirect, Scale, Uncertain, When, where

REVIEWS = When("2025-04", full="2026-03")
EMBEDDED = When("2025-09", full="2027-09")
ALIKE = "Appendix 2, exceptional pupil need; paper 5.4: 7.5m to 14m in two years; date and size: assumption"
BACK = "condition 4; 2 to 10% of those eligible: assumption; 7.1: two to three years to embed"
LESS = Uncertain(0.80, 0.92, 1.0)

annual_review = Policy(
    "annual_review",
    (
        Price(charge="mainstream_exceptional", by=LESS, when=REVIEWS, name="exceptional_mainstream", because=ALIKE),
        Price(charge="special_exceptional", by=LESS, when=REVIEWS, name="exceptional_special", because=ALIKE),
        Scale("review_cease", by=Uncertain(1.0, 1.08, 1.2), when=REVIEWS, name="outcomes_met",
              because="condition 3: reviews as robust as assessments; size: assumption",
              grounds="s.45(1)(b): a review finds the plan no longer necessary, child by child; never by age alone"),
        Redirect(choice="transfer", frm="state_special", into="mainstream", share=Uncertain(0.02, 0.05, 0.10),
                 appeal_share=Uncertain(0.1, 0.2, 0.3), when=EMBEDDED,
                 where=where(ncy=(3, 7), placements=["state_special"], severity=(0, 1)), name="from_special",
                 because=BACK, grounds="s.39(4)(a), child by child, at a review before a key stage ends: needs are met "
                 "in mainstream"),
        Redirect(choice="transfer", frm="nmiss", into="mainstream", share=Uncertain(0.01, 0.03, 0.06),
                 appeal_share=Uncertain(0.1, 0.2, 0.3), when=EMBEDDED,
                 where=where(ncy=(3, 7), placements=["nmiss"], severity=(0, 1)), name="from_independent",
                 because=BACK, grounds="s.39(4)(a) and (b)(ii), child by child, at a review before a key stage ends"),
    ),
    title="Annual reviews and reintegration at key-stage ends",
    because="paper 2.3, 5.4, conditions 3 and 4, Appendix 2; no size is published",
    does_not_model="the cost of officers, and the link with the children's case system",
)  # fmt: skip
