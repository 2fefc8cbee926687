"""Two new special schools, in Swanley and Whitstable.

Provisions: 250 and 120 places, "now unlikely to open until September 2027 at the earliest" (paper 7.3); opening may
come up to a year later still. They fill as planned schools do in the data: 0.25 to 0.6 of the places in the first year,
all by the third to fifth (assumptions; the council's check has 130 of 370 in the first and all by the fourth).

Evidence: 7.3 and 7.4 (1.9m for the first year and about 23m by March 2028 lost by opening in 2027 instead of 2024).
Places as published in 2023.

Baseline: neither opens; schools that are there go on growing, each year by less (an assumption of the data).

Omits: capital (outside the block), the Isle of Sheppey (rejected by the DfE), phases and needs of the two schools, and
where their children come from, which the model works out: filled from independent schools a place saves 19,000 to
25,000 pounds a year, filled from mainstream it costs about 18,000.
"""

from cohort.policy import Open, Policy, Uncertain, When

WHEN = When("2027-09", delay=Uncertain(0, 0, 12))
WHY = "paper 7.3: September 2027 at the earliest; up to a year later: assumption"

new_special_schools = Policy(
    "new_special_schools",
    (
        Open(provider="Swanley", provider_kind="state_special", area="North", places=250,
             ncy=(0, 14), when=WHEN, name="swanley", because=WHY),
        Open(provider="Whitstable", provider_kind="state_special", area="East", places=120,
             ncy=(0, 14), when=WHEN, name="whitstable", because=WHY),
    ),
    title="Two new special schools",
    because="paper 7.3 and 7.4",
    does_not_model="capital, the Isle of Sheppey, and each school's phases and needs",
)  # fmt: skip
