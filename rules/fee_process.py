"""The fee increase process for independent and non-maintained special schools.

Provisions: yearly increases of fees are half a point to two points less than they would be, from April 2025.

Evidence: 3.13: about 1m of spend avoided in 2024-25, the process having begun in September 2024; on some 70m of fees
over 7 months that is about 2.5 points, so 0.5 to 2 points of every later year is a cautious reading. The baseline's
growth (2 to 6% a year) is of years mostly before the process.

Baseline: fees grow by 4% a year (2 to 6).

Omits: that a school may withdraw, and specialist post-16 institutions' fees.
"""

from cohort.policy import Policy, Price, Uncertain, When

fee_process = Policy(
    "fee_process",
    (
        Price(charge="nmiss", growth=Uncertain(-0.02, -0.01, -0.005), when=When("2025-04"), name="increases",
              because="paper 3.13 and 5.4: about 1m avoided in 2024-25; points a year: assumption"),
    ),
    title="Fee increase process for independent special schools",
    because="paper 3.13, 5.4; 1m avoided in 2024-25",
    does_not_model="schools that withdraw, and post-16 institutions' fees",
)  # fmt: skip
