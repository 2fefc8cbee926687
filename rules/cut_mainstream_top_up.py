"""Ruled out: no top-up funding for children without a plan.

Provisions: from September 2025 mainstream schools get no top-up, or at most half, for children on SEN Support. Half a
year later more assessments are requested for those who lost it, and plans in mainstream break down more.

Evidence: 6.1: about 20m a year, ruled out for the risk to schools' budgets. Requests x1.1 to 1.4 for those who lose
support and breakdowns x1.1 to 1.5: assumptions.

Baseline: the severest fifth on SEN Support have a top-up.

Omits: schools' deficits and staff. It is within the law (what a plan specifies must be secured by s.42; this is not in
plans), so nothing is flagged; it is ruled out for what it would bring.
"""

from cohort.policy import Policy, Price, Scale, Uncertain, When, where

LATER = When("2026-03", full="2026-09")
UNINTENDED = "assumption: those who lose support ask for a plan; lag 6 months"
LOSERS = where(ncy=(0, 11), severity=(4, 4))

cut_mainstream_top_up = Policy(
    "cut_mainstream_top_up",
    (
        Price(charge="sen_support_top_up", by=Uncertain(0.0, 0.1, 0.5), when=When("2025-09"), name="top_up",
              because="paper 6.1, ruled out: reduce or remove; date: assumption"),
        Scale("request_supported", by=Uncertain(1.1, 1.2, 1.4), when=LATER, where=LOSERS, name="requests",
              because=UNINTENDED),
        Scale("rerequest", by=Uncertain(1.1, 1.2, 1.4), when=LATER, where=LOSERS, name="requests_again",
              because=UNINTENDED),
        Scale("breakdown", by=Uncertain(1.1, 1.25, 1.5), when=LATER,
              where=where(ncy=(0, 11), placements=["mainstream"]), name="breakdowns",
              because="assumption: schools with less support keep fewer; lag 6 months"),
    ),
    title="Ruled out: no mainstream top-up without a plan",
    because="paper 6.1, ruled out",
    does_not_model="schools' deficits and staff",
)  # fmt: skip
