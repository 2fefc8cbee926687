"""Revised model of support for early years, and inclusion in Year R.

Provisions: from April 2025, in full by September 2025 (paper 5.2), nurseries and schools get support earlier. Fewer
assessments are requested for children up to Year R; fewer of those who start Year R or Year 1 with a plan start in a
special school, and those who start in mainstream stay there more often.

Evidence: the paper says what is meant (5.4; condition 2) and gives no size. Every size is an assumption, its range
elicited; "it generally takes two to three years to embed" (7.1), so the whole may come up to 18 months late.

Baseline: four in ten plan holders who enter Year R enter a special school, and so do three in ten whose plan is first
issued in Year R or 1.

Omits: what the support costs (it is paid from what is spent now, 3.3), health visitors' capacity, and any effect on
children who never have needs. The sizes of the changes are drawn apart, though one support lies behind them.
"""

from cohort.policy import Policy, Redirect, Scale, Uncertain, When, where

WHEN = When("2025-04", full="2025-09", delay=Uncertain(0, 6, 18))
FEWER = Uncertain(0.85, 0.92, 1.0)
IN_MAINSTREAM = Uncertain(0.10, 0.25, 0.40)
APPEAL = Uncertain(0.0, 0.05, 0.15)
SIZE = "paper 5.2 and 5.4; size: assumption, range elicited"
LAWFUL = (
    "s.39(4)(b)(ii), child by child: mainstream with support costs a fifth of a special place; most of those meant "
    "ask for mainstream themselves, once nursery went well"
)

early_years = Policy(
    "early_years",
    (
        Scale("request", by=FEWER, when=WHEN, where=where(ncy=(-3, 0)), name="requests", because=SIZE),
        Scale("request_supported", by=FEWER, when=WHEN, where=where(ncy=(-3, 0)), name="requests_supported",
              because=SIZE),
        Redirect(choice="first_place", frm="state_special", into="mainstream", share=IN_MAINSTREAM, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 1)), name="first_place", because=SIZE, grounds=LAWFUL),
        Redirect(choice="transfer", frm="state_special", into="mainstream", share=IN_MAINSTREAM, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 0)), name="year_r", because=SIZE, grounds=LAWFUL),
        Scale("review_move", by=Uncertain(0.75, 0.9, 1.0), when=When("2025-09", full="2027-08"),
              where=where(ncy=(0, 1), placements=["mainstream"]), name="stay",
              because="Year R Inclusion, Appendix 2; size and pace: assumption (7.1: two to three years)"),
        Scale("breakdown", by=Uncertain(0.75, 0.9, 1.0), when=When("2025-09", full="2027-08"),
              where=where(ncy=(0, 1), placements=["mainstream"]), name="breakdowns",
              because="Year R Inclusion, Appendix 2; size and pace: assumption (7.1: two to three years)"),
    ),
    title="Early years: support sooner, fewer special starts",
    because="paper 5.2, 5.4, condition 2 and Appendix 2; no size is published",
    does_not_model="what the support costs, health visitors' capacity, and one size behind several changes",
)  # fmt: skip
