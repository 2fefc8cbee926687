"""The schools block transfer refused.

Provisions: from April 2026 the transfer of 1.2% from the schools block to high needs (about 16m a year, paper 4.1) is
not received: above 0.5% it is for the Secretary of State to allow, below for the Schools Forum.

Evidence: the transfer's size is the paper's; that it may be refused is the funding rules'. Whether: nobody knows, so it
is a rule to compare with and in no programme.

Baseline: received every year.

Omits: a smaller transfer (override ``share``), and what schools would do with the money.
"""

from cohort.policy import Policy, When, Withhold

refused_transfer = Policy(
    "refused_transfer",
    (
        Withhold(income="schools_block_transfer", when=When("2026-04"), name="transfer",
                 because="paper 4.1: 16m a year; date: assumption"),
    ),
    title="The schools block transfer is refused",
    because="paper 4.1; funding rules",
    does_not_model="a smaller transfer, and what schools would do with the money",
)  # fmt: skip
