"""What 2024 improved, taken back: rates as in 2023, from January 2024 on.

Provisions: decisions to assess as in 2023; assessments as slow as in January 2024, when 18% of plans came within 20
weeks; requests at 2023's level by the council's count; independent special schools chosen as often as in 2022-23; fees
without the process of September 2024. A world to judge the work of 2024 by (3.4 to 3.14), in no programme.

Evidence: each is the inverse of what the baseline holds. Decisions: 1 / 0.86 (calibration/first_rates.py,
DECISIONS_2024, 0.75 to 1). Pace: the base rate of each month since the request x January 2024's factor
(rate_dates.csv). Requests: 4,302 / 3,991 = 1.08 by the paper's count, 3,988 / 3,991 = 1.00 by the DfE's. Choices:
1 / 0.6 (INTO_NMISS, 0.4 to 1). Fees: 1m avoided in 2024-25 (3.13) of some 70m.

Baseline: what was seen by March 2025 goes on.

Omits: cessations (2023's were a clear-out, no norm), independent mainstream and post-16 savings of 3.12 (no size).
"""

from cohort.policy import Policy, Price, Redirect, Scale, Set, Uncertain, When, where

WHEN = When("2024-01")
PACE = {(2, 2): 0.03 * 0.05, (3, 3): 0.33 * 0.05, (4, 4): 0.9 * 0.05, (5, 24): 0.25 * 0.9}
"""Months since the request -> chance that an assessment ends in the month: base rate x January 2024's factor."""
LEVEL = Uncertain(1.0, 1.04, 1.08)
REQUESTS = "paper 3.11: 4,302 requests in 2023; DfE: 3,988; 3,991 in 2024"
GROUNDS = "no preference is overridden: more parents ask for an independent school, and it is named"
CHOSEN = "INTO_NMISS: 0.6 of 2022-23's entries, since their number stabilised in 2024 (3.13)"


def _chosen(share: float) -> Uncertain:
    """The share of those who chose elsewhere that takes independents from ``share`` back to share / 0.6."""
    back = share * (1 / 0.6 - 1) / (1 - share)
    return Uncertain(0.0, round(back, 4), round(1.5 * back, 4))


def _into(choice: str, name: str, ncy: tuple[int, int], share: float, frm: tuple[str, ...],
          now: tuple[str, ...] = ()) -> list[Redirect]:  # fmt: skip
    """Redirects into independent special schools from each placement chosen now."""
    return [
        Redirect(choice=choice, frm=one, into="nmiss", share=_chosen(share), appeal_share=0.0, when=WHEN,
                 where=where(ncy=ncy, placements=now), name=f"{name}_not_{one}", because=CHOSEN, grounds=GROUNDS)
        for one in frm
    ]  # fmt: skip


no_improvement = Policy(
    "no_improvement",
    (
        Scale("assess", by=Uncertain(1.0, 1.16, 1.33), when=WHEN, name="decisions",
              because="DECISIONS_2024: 0.86 of 2023's (0.75 to 1)"),
        *(Set("conclude", to=to, when=WHEN, where=where(since=since), name=f"pace_{since[0]}",
              because="rate_dates.csv: January 2024's pace; 18% within 20 weeks in 2023 (3.11)")
          for since, to in PACE.items()),
        Scale("request", by=LEVEL, when=WHEN, name="requests", because=REQUESTS),
        Scale("request_supported", by=LEVEL, when=WHEN, name="requests_supported", because=REQUESTS),
        *_into("first_place", "first_young", (2, 5), 0.025, ("mainstream", "state_special")),
        *_into("first_place", "first", (6, 11), 0.065, ("mainstream", "state_special")),
        *_into("transfer", "year_7", (7, 7), 0.027, ("mainstream", "state_special"), ("mainstream",)),
        *_into("move", "move", (3, 11), 0.12, ("state_special", "srp"), ("mainstream",)),
        Price(charge="nmiss", by=Uncertain(1.008, 1.014, 1.02), when=When("2024-09"), name="fees",
              because="paper 3.13: about 1m avoided in 2024-25 of some 70m"),
    ),
    title="No improvement: rates as in 2023",
    because="paper 3.4 to 3.14; the inverse of the baseline's dated factors and decision rates",
    does_not_model="cessations, independent mainstream and post-16 savings already made (3.12)",
)  # fmt: skip
