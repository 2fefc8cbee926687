"""Two new special schools, in Swanley and Whitstable.

Provisions: 250 and 120 places, "now unlikely to open until September 2027 at the earliest" (paper 7.3); opening may
come up to a year later still. 130 children are admitted in the first year and all 370 by the fourth: places grow over
three years.

Evidence: 7.3 and 7.4 (1.9m for the first year and about 23m by March 2028 lost by opening in 2027 instead of 2024).
Sizes as used in the council's check; which school has which is an assumption, and so is the fill.

Baseline: neither opens. The places there are do not grow.

Omits: capital (outside the block), the Isle of Sheppey (rejected by the DfE), phases and needs of the two schools, and
where their children come from, which the model works out: filled from independent schools a place saves 19,000 to
25,000 pounds a year, filled from mainstream it costs about 18,000.
"""

from cohort.policy import Open, Policy, Uncertain, When

WHEN = When("2027-09", full="2030-09", delay=Uncertain(0, 0, 12))
FILL = "paper 7.3: September 2027 at the earliest; 120 and 250 places, which is which: assumption"

new_special_schools = Policy(
    "new_special_schools",
    (
        Open(provider="Swanley", provider_kind="state_special", area="North", places=250,
             ncy=(0, 14), when=WHEN, name="swanley", because=FILL),
        Open(provider="Whitstable", provider_kind="state_special", area="East", places=120,
             ncy=(0, 14), when=WHEN, name="whitstable", because=FILL),
    ),
    title="Two new special schools",
    because="paper 7.3 and 7.4",
    does_not_model="capital, the Isle of Sheppey, and each school's phases and needs",
)  # fmt: skip
