"""Review of state-funded special schools: admission by severity.

Provisions: phased May 2025 to August 2026, delayed from the original timescale, with no date for full implementation
(paper 5.2). Of the mildest children for whom a special school would be chosen, some enter mainstream; places so kept
serve severe children who would go to independent schools.

Evidence: condition 7 ("only the most severe and complex needs are supported in special schools") and 6.1: a third more
children in special schools than nationally. How many of the mildest would be placed elsewhere is an assumption.

Baseline: places go by need and age, and all severities are as likely to enter.

Omits: what schools' own admission agreements say, and travel. Children who are in a special school stay: the council
promised not to move them but by review or at transition (6.1); for key-stage ends see annual_review and srp_review.
"""

from cohort.policy import Policy, Redirect, Uncertain, When, where

WHEN = When("2025-05", full="2026-08", delay=Uncertain(0, 6, 12))
SIZE = "paper 5.2, condition 7; size: assumption, range elicited"
UNSUITABLE = (
    "s.39(4)(a), child by child: a school whose admission criteria are for severe and complex needs is unsuitable for "
    "the mildest"
)
DEARER = "s.39(4)(b)(ii), child by child: a suitable state special place costs half of an independent one"
MILDEST, SEVERE = (0, 0), (3, 4)
APPEAL = Uncertain(0.05, 0.15, 0.30)

special_school_review = Policy(
    "special_school_review",
    (
        Redirect(choice="first_place", frm="state_special", into="mainstream", share=Uncertain(0.15, 0.35, 0.6),
                 appeal_share=APPEAL, when=WHEN, where=where(ncy=(0, 11), severity=MILDEST), name="mildest_first",
                 because=SIZE, grounds=UNSUITABLE),
        Redirect(choice="transfer", frm="state_special", into="mainstream", share=Uncertain(0.15, 0.35, 0.6),
                 appeal_share=APPEAL, when=WHEN,
                 where=where(ncy=(0, 7), placements=["early_years", "mainstream"], severity=MILDEST),
                 name="mildest_transfer", because=SIZE, grounds=UNSUITABLE),
        Redirect(choice="move", frm="state_special", into="srp", share=Uncertain(0.15, 0.35, 0.6), appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 11), placements=["mainstream"], severity=MILDEST),
                 name="mildest_move", because=SIZE),
        Redirect(choice="first_place", frm="nmiss", into="state_special", share=Uncertain(0.1, 0.25, 0.4),
                 appeal_share=APPEAL, when=WHEN, where=where(ncy=(0, 11), severity=SEVERE), name="severe_first",
                 because=SIZE, grounds=DEARER),
        Redirect(choice="move", frm="nmiss", into="state_special", share=Uncertain(0.1, 0.25, 0.4), appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 11), placements=["mainstream", "srp"], severity=SEVERE),
                 name="severe_move", because=SIZE),
    ),
    title="Special schools: admission by severity",
    because="paper 5.1, 5.2, 6.1, condition 7 and Appendix 2; no size is published",
    does_not_model="each school's admission agreement, travel, and places kept for children of other authorities",
)  # fmt: skip
