"""Ruled out: a programme to move children out of special schools.

Provisions: from September 2025 reviews in special schools move 8 to 30% a year, to mainstream; reviews in independent
special schools as many, to state special schools. Families appeal, placements break down more, half a year later.

Evidence: 6.1: "scope to move up to 2,000 pupils", about a third of those in special schools; ruled out, for the council
has promised not to move children but where review or transition finds it right, and schools may refuse. Breakdowns
x1.1 to 1.5 and appeals: assumptions.

Baseline: 1 to 2% a year leave a special school at review.

Omits: schools that refuse, public trust, and harm to the children moved. It would be unlawful as a programme: a
placement changes by a review of the child's needs, and against a preference only on grounds.
"""

from cohort.policy import Policy, Redirect, Scale, Set, Uncertain, When, where

WHEN = When("2025-09", full="2026-09")
LATER = When("2026-03", full="2027-03")
RULED_OUT = "paper 6.1, ruled out: up to 2,000 pupils; pace: assumption"
UNINTENDED = "paper 6.1: unintended consequences; size and lag of 6 months: assumption"
IN_SPECIAL = where(ncy=(0, 11), placements=["state_special"])
ELSEWHERE = ("srp", "nmiss", "eotas", "awaiting", "independent_mainstream", "ehe")

move_to_mainstream = Policy(
    "move_to_mainstream",
    (
        Set("review_move", to=Uncertain(0.08, 0.16, 0.30), when=WHEN, where=IN_SPECIAL, name="reviews",
            because=RULED_OUT),
        *(Redirect(choice="move", frm=frm, into="mainstream", share=0.9, appeal_share=Uncertain(0.2, 0.4, 0.6),
                   when=WHEN, where=IN_SPECIAL, name=f"not_{frm}", because=RULED_OUT) for frm in ELSEWHERE),
        Set("review_move", to=Uncertain(0.08, 0.16, 0.30), when=WHEN, where=where(ncy=(0, 11), placements=["nmiss"]),
            name="independent_reviews", because=RULED_OUT),
        *(Redirect(choice="move", frm=frm, into="state_special", share=0.9, appeal_share=Uncertain(0.2, 0.4, 0.6),
                   when=WHEN, where=where(ncy=(0, 11), placements=["nmiss"]), name=f"independent_not_{frm}",
                   because=RULED_OUT) for frm in ("mainstream", "srp", "eotas", "awaiting")),
        Scale("breakdown", by=Uncertain(1.1, 1.3, 1.5), when=LATER,
              where=where(ncy=(0, 11), placements=["mainstream", "state_special"]), name="breakdowns",
              because=UNINTENDED),
        Scale("contest", by=Uncertain(1.1, 1.5, 2.5), when=WHEN, where=where(ncy=(0, 11)), name="appeals",
              because=UNINTENDED),
    ),
    title="Ruled out: moving children out of special schools",
    because="paper 6.1, ruled out",
    does_not_model="schools that refuse, public trust, and harm to the children moved",
    unlawful="s.44 and s.39(4), Children and Families Act 2014: a placement changes by a review of the child's needs, "
    "not by a programme, and against a preference only on grounds",
)  # fmt: skip
