"""Re-procurement of the purchasing system for independent and non-maintained special schools.

Provisions: places that begin from September 2026 on cost 0 to 5% less; contracts already made keep their price.

Evidence: 5.4 and Appendix 2 (condition 7): planned. Neither date nor size is published: assumptions.

Baseline: all places cost the same, whenever they began.

The roll turns over in about five years (some 330 enter a year), so the price is phased in over as many.

Omits: which child's contract is old or new, lots, quality, and schools that do not join.
"""

from cohort.policy import Policy, Price, Uncertain, When

nmiss_procurement = Policy(
    "nmiss_procurement",
    (
        Price(charge="nmiss", by=Uncertain(0.95, 0.98, 1.0), when=When("2026-09", full="2031-09"), name="new_places",
              because="paper 5.4, Appendix 2: re-procurement planned; date and size: assumption; in full after five "
              "years, as about one in five of 1,700 children in such places is new each year"),
    ),
    title="Re-procurement of independent special places",
    because="paper 5.4 and Appendix 2; no size is published",
    does_not_model="which child's contract is old or new, lots, quality, and schools that do not join",
)  # fmt: skip
