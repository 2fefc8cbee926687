"""The EHCP process: consistent decisions, plans within 20 weeks, and what refusals breed.

Provisions: further small changes from April 2025 over a year. Somewhat fewer requests lead to an assessment and
somewhat fewer assessments to a plan; assessments keep their pace. Those refused appeal, and ask again, somewhat more.

Evidence: 3.6 and 3.9 tell of the change made in 2024; 5.4 says "increased robustness, transparency and consistency"
goes on. No size is published for what is still to come: assumptions. What 2024 brought is not here but in the baseline;
judge that with the scenario no_improvement.

Baseline: decisions of 2024, the pace of February 2025 (89.9% within 20 weeks).

Omits: officers' numbers, quality of plans, and mediation as a thing of its own. Refusals also meet the model's own
appeals and new requests, so that a stricter decision returns in part.
"""

from cohort.policy import Policy, Scale, Uncertain, When

WHEN = When("2025-04", full="2026-03")
SIZE = "paper 3.6 and 5.4, condition 3; date and size: assumption, range elicited"
TEST = (
    "s.36(8): the test stays whether a child may need provision by a plan; published criteria apply it alike, and no "
    "budget or quota enters"
)

ehcp_process = Policy(
    "ehcp_process",
    (
        Scale("assess", by=Uncertain(0.92, 0.97, 1.0), when=WHEN, name="decisions", because=SIZE, grounds=TEST),
        Scale("issue", by=Uncertain(0.97, 0.99, 1.0), when=WHEN, name="plans", because=SIZE,
              grounds="s.37(1): a plan is made where the assessment shows that one is necessary, by the same criteria"),
        Scale("conclude", by=Uncertain(1.0, 1.01, 1.03), when=WHEN, name="pace",
              because="paper 3.9: 89.9% within 20 weeks in February 2025; what more: assumption"),
        Scale("appeal", by=Uncertain(1.0, 1.05, 1.2), when=WHEN, name="appeals",
              because="assumption: families contest a line that moves"),
        Scale("rerequest", by=Uncertain(1.0, 1.1, 1.3), when=WHEN, name="requests_again",
              because="assumption: families and schools ask again with more evidence"),
    ),
    title="EHCP process: consistent decisions",
    because="paper 3.6, 3.9, 5.4, condition 3 and Appendix 2; no size is published for what is to come",
    does_not_model="officers' numbers, quality of plans, mediation",
)  # fmt: skip
