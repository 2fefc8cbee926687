"""Communities of Schools: one cash-limited pot instead of individual claims, and specialist teaching within it.

Provisions: from April 2025, in full by September 2025 (paper 5.2), schools of a locality share a pot. It replaces the
top-up that schools claim for children on SEN Support (13m in 2022-23, 21m in 2024-25: 5.4). The Specialist Teaching
and Learning Service (STLS) moves into it: between the lines at no net cost, then 2m less over the academic year
2025-26, of which 7/12 fall in 2025-26 and 5/12 in 2026-27.

Evidence: sums from 5.4 and 6.1; that the pot is cash-limited is what a budget for a locality means. Whether schools
that hold a pot request more or fewer assessments nobody knows: factor 0.85 to 1.10, sign uncertain.

Baseline: each child of the severest fifth on SEN Support draws a top-up, so that claims grow with the children.

Omits: how the pot is shared between schools, what schools do when it is spent, and that part of STLS above 7m which
draws of its price may hold. Neither the pot nor the claims come late: a delay drawn for each would pay both or none.
"""

from cohort.policy import Fund, Policy, Price, Scale, Uncertain, When, where

PHASED = When("2025-04", full="2025-09")
YEAR = When("2025-09")
EMBEDDED = When("2025-09", full="2028-03", delay=Uncertain(0, 3, 12))
AT_SCHOOL = where(ncy=(0, 11))
SIGN = "paper 5.4 means fewer, pots may bring more; size and sign: assumption; 7.1: two to three years to embed"
BY = Uncertain(0.85, 0.97, 1.10)

communities_of_schools = Policy(
    "communities_of_schools",
    (
        Price(charge="sen_support_top_up", by=0.0, when=PHASED, name="no_claims",
              because="paper 5.2 and 5.4: the pot takes the place of individual claims"),
        Fund(line="mainstream_srp.communities_pot", pounds=Uncertain(19_000_000, 21_000_000, 22_000_000), when=PHASED,
             name="pot", because="paper 5.4: 21m claimed in 2024-25 (6.1: about 20m); cash-limited: assumption"),
        Fund(line="other.specialist_teaching", pounds=-7_000_000, when=YEAR, name="stls_out",
             because="paper 5.4: STLS moves; 7m is the least it costs (estimate_services.csv): assumption"),
        Fund(line="mainstream_srp.specialist_teaching", pounds=7_000_000, when=YEAR, name="stls_in",
             because="paper 5.4: STLS moves at no net cost"),
        Fund(line="mainstream_srp.specialist_teaching", pounds=-2_000_000, when=YEAR, name="stls_saving",
             because="paper 5.4: 2m in the academic year 2025-26; that it goes on afterwards: assumption"),
        Scale("request", by=BY, when=EMBEDDED, where=AT_SCHOOL, name="requests", because=SIGN),
        Scale("request_supported", by=BY, when=EMBEDDED, where=AT_SCHOOL, name="requests_supported", because=SIGN),
        Scale("rerequest", by=BY, when=EMBEDDED, where=AT_SCHOOL, name="requests_again", because=SIGN),
    ),
    title="Communities of Schools: a pot instead of claims",
    because="paper 5.1, 5.2, 5.4, condition 8 and Appendix 2",
    does_not_model="how schools share the pot, what happens when it is spent, and one size behind several changes",
)  # fmt: skip
