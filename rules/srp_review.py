"""Review of specialist resource provision (SRP): criteria, places, and a way there instead of a special school.

Provisions: phased May 2025 to April 2026, in full April 2026 (paper 5.2: with a new contract and criteria). Some of
those who would enter a special school enter an SRP; at the ends of key stages some transfer there from special school;
places grow.

Evidence: 5.4 (SRP Phase 3 "as an alternative to special schools, offering opportunities for transfer at end of key
stages") and condition 7. No number of places and no size is published: all are assumptions.

Baseline: one plan in ten first placed at Year R or 1 is in an SRP, one in thirty at secondary; hardly any child moves
from special school to an SRP.

Omits: which schools have an SRP and for which needs, the contract's price, and vacancies (a vacant place costs 10,000
pounds against 6,000 for one that is filled).
"""

from cohort.policy import Expand, Policy, Redirect, Uncertain, When, where

WHEN = When("2025-05", full="2026-04", delay=Uncertain(0, 3, 12))
SIZE = "paper 5.2 and 5.4: SRPs as an alternative to special schools; size: assumption, range elicited"
LAWFUL = (
    "s.39(4)(a) and (b)(ii), child by child: the criteria say for whom a special school is suitable; an SRP place "
    "costs some 10,000 pounds a year less"
)
APPEAL = Uncertain(0.0, 0.05, 0.15)
SPECIAL_TO_SRP = Uncertain(0.04, 0.10, 0.20)

srp_review = Policy(
    "srp_review",
    (
        Expand(provider_kind="srp", places=Uncertain(40, 100, 200), when=When("2025-09", full="2027-09"), name="places",
               because="Appendix 2, SRP Phase 2; number: assumption, none is published"),
        Redirect(choice="first_place", frm="state_special", into="srp", share=SPECIAL_TO_SRP, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 11), severity=(0, 2)), name="first_place", because=SIZE,
                 grounds=LAWFUL),
        Redirect(choice="transfer", frm="state_special", into="srp", share=SPECIAL_TO_SRP, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 7), placements=["early_years", "mainstream", "srp"], severity=(0, 2)),
                 name="phase_transfer", because=SIZE, grounds=LAWFUL),
        Redirect(choice="move", frm="state_special", into="srp", share=SPECIAL_TO_SRP, appeal_share=APPEAL,
                 when=WHEN, where=where(ncy=(0, 11), placements=["mainstream"], severity=(0, 2)), name="moves",
                 because=SIZE),
        Redirect(choice="transfer", frm="state_special", into="srp", share=Uncertain(0.005, 0.02, 0.05),
                 appeal_share=APPEAL, when=WHEN,
                 where=where(ncy=(3, 7), placements=["state_special"], severity=(0, 1)), name="key_stages",
                 because="paper 5.4: transfer at end of key stages; size: assumption", grounds=LAWFUL),
    ),
    title="Specialist resource provision: an alternative to special school",
    because="paper 5.1, 5.2, 5.4, condition 7 and Appendix 2; no size is published",
    does_not_model="which schools and needs, the contract's price, and vacancies",
)  # fmt: skip
