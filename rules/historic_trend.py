"""Historic trend: the growth of the years before the agreement goes on, and nobody contributes.

Provisions: requests grow evenly to 2.35 times from January 2024 to March 2028, decisions to assess are 2019-22's,
independent special schools are chosen as in 2022-23, prices of special and independent places grow as from 2020-21 to
2024-25; no contribution comes from the DfE or the council.

Evidence: worked out by ``python -m calibration.historic`` from published tables. Plans grew from 11,763 in January 2019
to 19,407 in January 2024: 10.5% a year. Decisions not to assess were 27.7% of requests in 2019-22 and 31.2% in 2023,
and 2024's are 0.86 x 0.976 (calibrated) of 2023's: 0.723 / 0.688 / 0.839 = 1.25. With that, requests x2.35 by March
2028 carry the expectation's plans on at 10.5%, from a baseline in which they fell by 9% in early 2025. "Over 600m" by
March 2028 (8.5) follows from 174m in March 2024, the published grants and transfers, and spend that grows by 10.7% a
year from 365m; under this rule the expectation's spend grows by 10.8% (100% of what is needed), in the baseline by
6.6%.

Baseline: what was seen by March 2025 goes on.

Omits: the growth of top-up and exceptional need per child (62% and 87% in two years: 5.4), growth of SEN Support, and
of placements other than by these. That growth comes so near to what is needed although they are left out owes something
to 2024-25, in which this world already spends more (397m) than the council forecast (391m).
"""

from cohort.policy import Policy, Price, Redirect, Scale, When, Withhold, where

START = When("2024-01")
RAMP = When("2024-01", full="2028-03")
TREND = "calibration.historic: plans grew by 10.5% a year from 2019 to 2024; x2.35 gives 10.5%"
INDEPENDENT = "as in no_improvement: 2022-23's choice of independent special schools"
GROUNDS = "no preference is overridden: more parents ask for an independent school, and it is named"

historic_trend = Policy(
    "historic_trend",
    (
        Scale("request", by=2.35, when=RAMP, name="requests", because=TREND),
        Scale("request_supported", by=2.35, when=RAMP, name="requests_supported", because=TREND),
        Scale("assess", by=1.25, when=START, name="decisions",
              because="SEN2: 27.7% refused in 2019-22, 31.2% in 2023; 2024 is 0.839 of 2023"),
        *(Redirect(choice="first_place", frm=frm, into="nmiss", share=0.045, appeal_share=0.0, when=START,
                   where=where(ncy=(6, 11)), name=f"not_{frm}", because=INDEPENDENT, grounds=GROUNDS)
          for frm in ("mainstream", "state_special")),
        *(Redirect(choice="move", frm=frm, into="nmiss", share=0.09, appeal_share=0.0, when=START,
                   where=where(ncy=(3, 11), placements=["mainstream"]), name=f"moved_not_{frm}", because=INDEPENDENT)
          for frm in ("srp", "state_special")),
        Price(charge="state_special", growth=0.006, when=When("2024-04"), name="special_prices",
              because="press: 20,629 to 24,252 pounds in four years is 4.1% a year; the baseline's 3.5%"),
        Price(charge="nmiss", growth=-0.01, when=When("2024-04"), name="independent_prices",
              because="press: 43,734 to 49,259 pounds in four years is 3.0% a year; the baseline's 4%"),
        Withhold(income="dfe_contribution", when=START, name="no_dfe", because="paper 8.5: if trends had continued"),
        Withhold(income="council_contribution", when=START, name="no_council",
                 because="paper 8.5: if trends had continued"),
    ),
    title="Historic trend: the growth before the agreement goes on",
    because="paper 8.5; SEN2 2019 to 2024; worked out in calibration/historic.py",
    does_not_model="growth of top-up and exceptional need per child, of SEN Support, and of other placements",
)  # fmt: skip
