"""DfE contributions withheld.

Provisions: from April 2025 the Department for Education pays no further contribution (14m, 14m and 28m, paper 4.1): the
agreement makes them depend on progress against its nine conditions.

Evidence: sums from 4.1, conditions from Appendix 1. Whether they would be withheld nobody knows: it is a rule to
compare with and in no programme.

Baseline: received as planned.

Omits: that a condition failed in one year may be met in the next, and payments resumed.
"""

from cohort.policy import Policy, When, Withhold

withheld_dfe = Policy(
    "withheld_dfe",
    (
        Withhold(income="dfe_contribution", when=When("2025-04"), name="contribution",
                 because="paper 4.1 and Appendix 1; date: assumption"),
    ),
    title="DfE contributions are withheld",
    because="paper 4.1 and Appendix 1",
    does_not_model="payments that resume",
)  # fmt: skip
