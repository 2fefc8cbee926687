"""The SEN Funding Model: one graduated tariff for mainstream, SRP and special schools.

Provisions: from April 2025, in full by September 2026 (paper 5.2). Plans are banded anew by need and severity: less for
the mildest, least of all for the mildest of the commonest needs, which a mainstream school is expected to meet from its
own means; more for the severest. Special schools' bands move less, for a floor (minimum funding) holds a school's
budget. Children drift up the tariff by 0 to 3% a year, as they do wherever bands meet schools in need.

Evidence: the paper gives the purpose (5.4: consistency, packages only for the complex) and no tariff. Sizes are
assumptions; drift is a common finding of bandings, its range elicited.

Baseline: a plan in mainstream draws a top-up of 4,600 pounds a year on average, more or less by need and severity (an
estimate: no tariff is published), and growth is pay's.

Omits: a school's own floor, SEN Support (see communities_of_schools) and exceptional pupil need (see annual_review).
"""

from cohort.policy import Policy, Price, Uncertain, When

WHEN = When("2025-04", full="2026-09")
COMMON = ("slcn", "mld", "spld")
"""Speech, language and communication, moderate and specific learning difficulties: two in five plans in mainstream."""
OTHERS = ("asd", "hi", "msi", "oth", "pd", "pmld", "semh", "sld", "vi", "unknown")
DRIFT = Uncertain(0.0, 0.01, 0.03)
BANDS = "paper 5.2 and 5.4: a graduated tariff; size: assumption, range elicited"
FLOOR = "paper 5.2 and 5.4; small, for minimum funding protects a school's budget: assumption"
DRIFTS = "assumption: children move up the bands of a new tariff by 0 to 3% a year"

sen_funding_model = Policy(
    "sen_funding_model",
    (
        Price(charge="mainstream", by=Uncertain(0.77, 0.90, 1.0), severity=(0, 1), needs=COMMON, when=WHEN,
              name="milder_common", because=BANDS),
        Price(charge="mainstream", by=Uncertain(0.83, 0.94, 1.0), severity=(0, 1), needs=OTHERS, when=WHEN,
              name="milder", because=BANDS),
        Price(charge="mainstream", by=Uncertain(1.0, 1.05, 1.15), severity=(3, 4), when=WHEN, name="severer",
              because=BANDS),
        Price(charge="state_special", by=Uncertain(0.97, 0.985, 1.0), severity=(0, 1), when=WHEN, name="special_milder",
              because=FLOOR),
        Price(charge="state_special", by=Uncertain(1.0, 1.015, 1.03), severity=(3, 4), when=WHEN,
              name="special_severer", because=FLOOR),
        Price(charge="srp", by=Uncertain(0.95, 1.0, 1.05), when=WHEN, name="srp", because=BANDS),
        Price(charge="mainstream", growth=DRIFT, when=When("2026-04"), name="drift_mainstream", because=DRIFTS),
        Price(charge="srp", growth=DRIFT, when=When("2026-04"), name="drift_srp", because=DRIFTS),
        Price(charge="state_special", growth=DRIFT, when=When("2026-04"), name="drift_special", because=DRIFTS),
    ),
    title="SEN Funding Model: one tariff by severity",
    because="paper 5.1, 5.2, 5.4, condition 8 and Appendix 2; no tariff is published",
    does_not_model="a school's own floor, and what schools do with more or less",
)  # fmt: skip
