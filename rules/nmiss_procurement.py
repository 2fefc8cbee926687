"""Re-procurement of the purchasing system for independent and non-maintained special schools.

Provisions: places that begin from September 2026 on cost 0 to 5% less; contracts already made keep their price.

Evidence: 5.4 and Appendix 2 (condition 7): planned. Neither date nor size is published: assumptions.

Baseline: all places cost the same, whenever they began.

Only children who come to an independent special school from then on pay the new price, so the saving grows as the roll
turns over (some 330 of 1,700 are new in a year); a child who stays at a phase transfer keeps the old one.

Omits: contracts that are renewed while the child stays, lots, quality, and schools that do not join.
"""

from cohort.policy import Policy, Price, Uncertain, When

nmiss_procurement = Policy(
    "nmiss_procurement",
    (
        Price(charge="nmiss", by=Uncertain(0.95, 0.98, 1.0), new_placements=True, when=When("2026-09"),
              name="new_places", because="paper 5.4, Appendix 2: re-procurement planned; date and size: assumption"),
    ),
    title="Re-procurement of independent special places",
    because="paper 5.4 and Appendix 2; no size is published",
    does_not_model="contracts renewed while the child stays, lots, quality, and schools that do not join",
)  # fmt: skip
