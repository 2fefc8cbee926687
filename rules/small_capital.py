"""Small capital projects that make mainstream schools and post-16 provision accessible.

Provisions: works begun in 2025 come into use 12 to 18 months later. Mainstream schools then accept more: of those for
whom a special school would be chosen, up to 5 in 100 enter mainstream instead.

Evidence: 5.4 ("accelerate capital spend on small projects"), Appendix 2 (condition 1). Lag and size are assumptions.

Baseline: acceptance as now.

Omits: the capital, which is outside the Dedicated Schools Grant and so in none of the lines; which schools.
"""

from cohort.policy import Policy, Redirect, Uncertain, When, where

WHEN = When("2025-04", full="2026-03", delay=Uncertain(12, 15, 18))
SIZE = "paper 5.4; 12 to 18 months from works to use and 0 to 5 in 100: assumption"
LAWFUL = "no preference is overridden: parents ask for a school that has become accessible; s.33(2) asks no less"
POINTS = Uncertain(0.0, 0.02, 0.05)

small_capital = Policy(
    "small_capital",
    (
        Redirect(choice="first_place", frm="state_special", into="mainstream", share=POINTS, appeal_share=0.0,
                 when=WHEN, where=where(ncy=(0, 11)), name="first_place", because=SIZE, grounds=LAWFUL),
        Redirect(choice="transfer", frm="state_special", into="mainstream", share=POINTS, appeal_share=0.0, when=WHEN,
                 where=where(ncy=(0, 7), placements=["early_years", "mainstream"]), name="transfers", because=SIZE,
                 grounds=LAWFUL),
        Redirect(choice="transfer", frm="spi", into="fe", share=POINTS, appeal_share=0.0, when=WHEN,
                 where=where(ncy=(12, 16), placements=["mainstream", "srp", "state_special", "nmiss"]), name="post_16",
                 because=SIZE, grounds=LAWFUL),
    ),
    title="Small capital projects for accessibility",
    because="paper 5.4, condition 1 and Appendix 2; no size is published",
    does_not_model="the capital, which is outside the grant, and which schools",
)  # fmt: skip
