"""Joint funding of the dearest placements with health and social care.

Provisions: of the severest fifth in independent special schools, specialist institutions and EOTAS, partners come to
pay part of the price: from April 2025 over two years.

Evidence: 5.4 ("ongoing work to embed the Joint Funding Review process"), condition 9, Appendix 2. A partner's share of
a jointly funded placement is 10 to 33%; that 20 to 60% of the severest fifth become so is an assumption. Together 2 to
20% off the fifth's price, most likely 0.4 x 0.2 = 8%.

Baseline: prices are what the block pays now, shares already agreed with them.

Omits: which children; that partners may ask for something in return; children below the severest fifth, untouched.
"""

from cohort.policy import Policy, Price, Uncertain, When

WHEN = When("2025-04", full="2027-03")
SIZE = "paper 5.4, condition 9; 10 to 33% of the price for 20 to 60% of the severest fifth: assumption"
BY = Uncertain(0.80, 0.92, 0.98)

joint_funding = Policy(
    "joint_funding",
    tuple(
        Price(charge=charge, by=BY, severity=(4, 4), when=WHEN, name=charge, because=SIZE)
        for charge in ("nmiss", "spi", "eotas")
    ),
    title="Joint funding of high-cost placements",
    because="paper 5.4, condition 9 and Appendix 2; no size is published",
    does_not_model="which children, and what partners ask in return",
)
