"""Ruled out: ceasing the SEN support services that no statute asks for.

Provisions: from September 2025 the Specialist Teaching and Learning Service and a part of the other services end. Half
a year later more assessments are requested, mainstream schools take fewer of those with a new plan, placements break
down more, and more children are out of school.

Evidence: 6.1: over 10m a year, ruled out: schools "may refuse to take children and refer more children for an EHCP".
Requests x1.1 to 1.4, breakdowns x1.1 to 1.5: assumptions.

Baseline: services go on and cost 9m and 11m.

Omits: staff who leave and do not come back. Where a plan specifies such a service it must still be secured (s.42): the
saving counts none of that, and the rule is flagged for it.
"""

from cohort.policy import Policy, Price, Redirect, Scale, Uncertain, When, where

CEASED = When("2025-09")
LATER = When("2026-03", full="2026-09")
AT_SCHOOL = where(ncy=(0, 11))
UNINTENDED = "paper 6.1: refuse to take children, refer more, placements break down; size and lag: assumption"
MORE = Uncertain(1.1, 1.2, 1.4)

cease_sen_services = Policy(
    "cease_sen_services",
    (
        Price(charge="specialist_teaching", by=0.0, when=CEASED, name="teaching",
              because="paper 6.1, ruled out: over 10m; date: assumption"),
        Price(charge="support_services", by=Uncertain(0.75, 0.85, 0.95), when=CEASED, name="services",
              because="paper 6.1, ruled out: over 10m with specialist teaching; split: assumption"),
        Scale("request", by=MORE, when=LATER, where=AT_SCHOOL, name="requests", because=UNINTENDED),
        Scale("request_supported", by=MORE, when=LATER, where=AT_SCHOOL, name="requests_supported", because=UNINTENDED),
        Scale("rerequest", by=MORE, when=LATER, where=AT_SCHOOL, name="requests_again", because=UNINTENDED),
        Redirect(choice="first_place", frm="mainstream", into="state_special", share=Uncertain(0.03, 0.08, 0.15),
                 appeal_share=0.0, when=LATER, where=AT_SCHOOL, name="not_mainstream", because=UNINTENDED),
        Scale("breakdown", by=Uncertain(1.1, 1.25, 1.5), when=LATER,
              where=where(ncy=(0, 11), placements=["mainstream"]), name="breakdowns", because=UNINTENDED),
        Scale("to_tuition", by=Uncertain(1.1, 1.25, 1.5), when=LATER, where=AT_SCHOOL, name="out_of_school",
              because=UNINTENDED),
    ),
    title="Ruled out: ceasing non-statutory SEN services",
    because="paper 6.1, ruled out",
    does_not_model="staff who do not come back",
    unlawful="s.42, Children and Families Act 2014: what a plan specifies must be secured, by these services or others",
)  # fmt: skip
