"""Phase transfer to secondary, and the Transition Charter.

Provisions: more of those who leave a mainstream primary with a plan go on to a mainstream secondary school, and
parents who trust the way contest fewer plans. Places of September 2025 were named by 15 February 2025, so the first
September is 2026, and the whole is there by 2027.

Evidence: 5.4 ("ongoing delivery and refinement of embedded annual Phase Transfer process"), condition 6 and
Appendix 2. No size is published: assumptions.

Baseline: of mainstream's children at secondary transfer 12% enter a special school and 3% an independent special one.

Omits: transfer from infant to junior school, and what secondary schools need to be ready.
"""

from cohort.policy import Policy, Redirect, Scale, Uncertain, When, where

WHEN = When("2025-10", full="2027-09")
YEAR_7 = where(ncy=(7, 7), placements=["mainstream"], severity=(0, 2))
SIZE = "paper 5.4, condition 6; first September after naming: 2026; size: assumption, range elicited"
LAWFUL = (
    "s.39(4)(b)(ii), child by child: mainstream with support costs far less; most of those meant ask for mainstream "
    "themselves, once they know the way"
)

phase_transfer = Policy(
    "phase_transfer",
    (
        Redirect(choice="transfer", frm="state_special", into="mainstream", share=Uncertain(0.05, 0.15, 0.30),
                 appeal_share=Uncertain(0.02, 0.10, 0.20), when=WHEN, where=YEAR_7, name="not_special", because=SIZE,
                 grounds=LAWFUL),
        Redirect(choice="transfer", frm="nmiss", into="mainstream", share=Uncertain(0.05, 0.15, 0.30),
                 appeal_share=Uncertain(0.02, 0.10, 0.20), when=WHEN, where=YEAR_7, name="not_independent",
                 because=SIZE, grounds=LAWFUL),
        Scale("contest", by=Uncertain(0.85, 0.95, 1.0), when=WHEN, where=where(ncy=(5, 7)), name="confidence",
              because="condition 6: the Charter is to raise parents' confidence; size: assumption"),
    ),
    title="Phase transfer and the Transition Charter",
    because="paper 5.4, condition 6 and Appendix 2; no size is published",
    does_not_model="infant to junior transfer, and what secondary schools need",
)  # fmt: skip
