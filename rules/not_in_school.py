"""Children not in school: avoidance (EBSA), tuition, education otherwise than at school (EOTAS).

Provisions: with a plan, 5 to 20% a year of those in EOTAS leave it at review, mostly for mainstream; fewer moves end
there. Without one, fewer enter tuition and more return to school. Tuition is bought from better-value providers. From
April 2026, after the reviews planned for 2025-26, over 18 months.

Evidence: 5.4 (planned reviews; "larger than expected increase in cost"), Appendix 2. Exits and sizes are assumptions.

Baseline: 3 to 5% a year leave EOTAS at review; 8% a month return from tuition without a plan.

Omits: hospital schools, attendance below full time, and health's part in avoidance.
"""

from cohort.policy import Policy, Price, Redirect, Scale, Set, Uncertain, When, where

WHEN = When("2026-04", full="2027-09")
SIZE = "paper 5.4: reviews planned; date and size: assumption, range elicited"
EOTAS = where(ncy=(0, 11), placements=["eotas"])
AT_SCHOOL = where(ncy=(0, 11))

not_in_school = Policy(
    "not_in_school",
    (
        Set("review_move", to=Uncertain(0.05, 0.10, 0.20), when=WHEN, where=EOTAS, name="exits",
            because="assumption: 5 to 20% a year leave at review"),
        Redirect(choice="move", frm="state_special", into="mainstream", share=Uncertain(0.2, 0.4, 0.6),
                 appeal_share=0.0, when=WHEN, where=EOTAS, name="into_mainstream",
                 because="paper 5.4: supported pathways back into mainstream; size: assumption"),
        Redirect(choice="move", frm="eotas", into="mainstream", share=Uncertain(0.1, 0.25, 0.4), appeal_share=0.05,
                 when=WHEN, where=where(ncy=(0, 11), placements=["mainstream", "srp"]), name="not_into_eotas",
                 because=SIZE),
        Scale("to_tuition", by=Uncertain(0.75, 0.9, 1.0), when=WHEN, where=AT_SCHOOL, name="fewer_into_tuition",
              because=SIZE),
        Scale("return_to_school", by=Uncertain(1.0, 1.15, 1.4), when=WHEN,
              where=where(ncy=(0, 11), placements=["tuition"]), name="returns", because=SIZE),
        Price(charge="tuition_none", by=Uncertain(0.90, 0.95, 1.0), when=WHEN, name="tuition",
              because="paper 5.4: best value providers; size: assumption"),
        Price(charge="tuition_support", by=Uncertain(0.90, 0.95, 1.0), when=WHEN, name="tuition_supported",
              because="paper 5.4: best value providers; size: assumption"),
        Price(charge="eotas", by=Uncertain(0.95, 0.98, 1.0), when=WHEN, name="packages",
              because="paper 5.4: policies on EOTAS packages; size: assumption"),
    ),
    title="Children not in school: pathways back, and better value",
    because="paper 5.4, conditions 4 and 7, Appendix 2; no size is published",
    does_not_model="hospital schools, part-time attendance, health's part",
)  # fmt: skip
