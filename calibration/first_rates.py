"""First rates, worked out from the published flows by age: what the model runs on until calibration replaces them.

    python -m calibration.first_rates          # rewrites rates.csv, choices.csv ... of data/kent and seals the pack

Monthly chances follow from yearly flows over the children at risk (the tape's children with needs, less those with
plans). Flows of several years are averaged, for 2023's cessations were a clear-out. Where nothing is published the
number is an assumption and says so. The derivation is here so that every rate can be followed to its table.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from calibration.first_choices import between_phases, choice_rows, groups_of
from calibration.source import ANY, Floats, Source, at, monthly
from cohort import calendar
from cohort.calendar import NCYS
from cohort.pack import Pack, seal
from cohort.start import SCHOOL_AGE
from cohort.states import AREAS

SUPPORTED_ODDS = 6.0
"""Assumption: a child on SEN Support is six times as likely to request as another child with needs of that age (3 to
10)."""
STEP_DOWN = 0.13
"""Assumption: 13% a year leave SEN Support (0.08 to 0.20): 29% are ever on it by Year 7 against 15% at a time (FFT,
DfE)."""
GROWTH = 29_782 / 27_968
"""SEN Support of school age, January 2025 over 2024 (the paper, 3.11)."""
IDENTIFIED = 1.08
"""Children at risk fall through the year as they are identified: raises the rates so that January 2025 has the
29,782."""
RE_REQUESTS = 0.06
"""Share of requests that are repeats after a refusal: what the refusal rates below give."""
AT_RISK = 1.055
"""Children at risk fall through the year as they request: raises the rates so that 2024 brings the published 3,991
requests."""
CEASED = 0.92
"""Chance that a plan ceases, relative to 2023: (0.55 to 1). 940 ceased in 2022 and 2,001 in 2023, a clear-out; the
mean of the two years without transfers and deaths is 0.70 of 2023's, but of far more plans at 20 and over. At 20 and
over it gives 51% a year, between England's 32% and Kent's 54%."""
CHANGED_BY_APPEAL = 299 / 3_819
"""Decisions of 2023 to assess that followed mediation or tribunal (SEN2): the published shares are after appeal, the
model's before."""
DECISIONS_2024 = 0.86
"""Assumption (0.75 to 1): decisions to assess in 2024 relative to 2023, for decision making grew "more robust" (the
paper, 3.6) and with 2023's the plans of January 2025 would be 1% too many; it trades against the backlog and
cessations, which are not published for 2024."""
ARRIVING_PLANS = 0.5
"""Assumption: who moves in holds a plan half as often as residents with needs of the age (0.2 to 0.9): about 200 a
year, where plans' stocks and flows of 2019-23 leave a gap of 140 a year on average (-176 to 501)."""
AT_REVIEW = 0.7
"""Assumption: the share of moves between phases that annual reviews make; the rest are breakdowns."""


def requests(s: Source) -> dict[str, Floats]:
    """Monthly chance of a request without and with SEN Support: SEN2's 2023 requests by age over children at risk."""
    received = s.by_age("requests_by_age", "requests", measure="requests_received_in_year")
    received *= (1 - RE_REQUESTS) * 3_991 / 3_988 * AT_RISK
    with_support = s.supported
    without = np.maximum(s.with_needs.sum(1) - s.plans.sum(1) - with_support, 1)
    odds = np.where(np.array(list(NCYS)) >= SCHOOL_AGE[0], SUPPORTED_ODDS, 1.0)
    rate = received / (without + odds * with_support) / 12
    return {"request": rate, "request_supported": rate * odds}


def identification(s: Source, supported_requests: Floats) -> dict[str, Floats]:
    """Identification that makes January 2025's SEN Support 6.5% larger at every age, given the outflow."""
    leave = STEP_DOWN + supported_requests * 12 * 0.6
    stock = s.supported
    need = np.maximum(GROWTH * np.roll(stock, -1) - stock * (1 - leave), 0)
    need[-1] = 0
    before = np.roll(need, 1)
    before[0] = 0
    flow = (8 * need + 4 * before) / 12
    without = np.maximum(s.with_needs.sum(1) - s.plans.sum(1) - stock, 1)
    down = np.full(len(NCYS), float(monthly(STEP_DOWN)))
    down[at(SCHOOL_AGE[1]) + 1 :] = 0.03
    flow[at(SCHOOL_AGE[1]) :] *= 8 / 12
    return {"identify": np.minimum(flow / without / 12 * IDENTIFIED, 0.03), "step_down": down}


def decisions(s: Source) -> dict[str, Floats]:
    """Share of decisions to assess, and of assessments that end in a plan, by age in 2023 (pooled where few)."""
    yes = s.by_age("requests_by_age", "requests", measure="requests_decided_to_assess")
    no = s.by_age("requests_by_age", "requests", measure="requests_decided_not_to_assess")
    issued = s.by_age("assessments_by_age", "assessments", measure="assess_issued")
    refused = s.by_age("assessments_by_age", "assessments", measure="assess_not_issued")
    changed = (yes + no) * CHANGED_BY_APPEAL
    return {
        "assess": _pooled_share(yes - changed, no + changed) * DECISIONS_2024,
        "issue": _pooled_share(issued, refused),
    }


def _pooled_share(yes: Floats, no: Floats) -> Floats:
    """yes / (yes + no) with each age pulled to the whole by ten cases."""
    whole = yes.sum() / (yes + no).sum()
    return np.asarray((yes + 10 * whole) / (yes + no + 10))


def cessation(s: Source) -> dict[str, Floats]:
    """Monthly chance that a plan ceases, and the chance at a review that outcomes are met, by age; transfers and
    deaths apart."""
    kent = {
        r: s.by_age("ceased_by_age", "plans", area="Kent", year=2023, reason=r)
        for r in ("he", "employ", "no_engage", "max_age", "other", "moved_outside_eng")
    }
    england = s.by_age("ceased_by_age", "plans", area="England", year=2023, reason="needs_met")
    plans_england = s.by_age("needs_by_age_england", "plans")
    old = slice(at(16), None)
    ceased = sum(kent.values(), np.zeros(len(NCYS)))
    ceased[old] = ceased[at(16)] * s.plans.sum(1)[old] / s.plans.sum(1)[old].sum()
    hazard = ceased / np.maximum(s.plans.sum(1) * 0.5 + np.roll(s.plans.sum(1), 1) * 0.5, 1)
    hazard[old] = (
        ceased[old].sum() / 2_480 * np.ones(len(NCYS))[old]
    )  # plans at 20 and over a year before: 54% of them ceased in 2023
    met = england.copy()
    met[old] = england[at(16)] / plans_england[old].sum()
    met[: at(16)] = england[: at(16)] / np.maximum(plans_england[: at(16)], 1)
    return {"cease": monthly(np.minimum(hazard * CEASED, 0.9)), "review_cease": np.minimum(met * 0.8, 0.1)}


def cease_reasons(s: Source) -> Iterable[tuple[object, ...]]:
    """Reasons for ceasing by age, Kent 2023, pooled below 16; the age limit itself is on the tape."""
    names = ("he", "employ", "no_engage", "other")
    by = np.stack([s.by_age("ceased_by_age", "plans", area="Kent", year=2023, reason=r) for r in names], 1)
    by[: at(12)] = (0, 0, 0, 1)
    by[at(16) :] = by[at(16)]
    for n, ncy in enumerate(NCYS):
        for name, share in zip(names, by[n] / by[n].sum(), strict=True):
            yield "cease", ncy, name, round(float(share), 5)
        yield "review_cease", ncy, "needs_met", 1.0


SINCE = {
    "decide": {1: 0.83, 2: 0.88, 3: 0.9},
    "conclude": {2: 0.03, 3: 0.33, 4: 0.90, 5: 0.25},
    "appeal": {1: 0.05, 2: 0.09, 3: 0.08, 4: 0.03, 5: 0.0},
    "rerequest": {4: 0.02, 5: 0.03, 13: 0.01},
    "settle": {1: 0.02, 6: 0.08, 12: 0.3},
    "resolve": {1: 0.02, 3: 0.08, 7: 0.15},
}
"""Monthly chances by months since the request (or refusal, or appeal); each holds until the next month named.
Decisions: 69% in six weeks in 2023. Conclusions: at the pace of February 2025 (89.9% in 20 weeks), see ``rate_dates``
for the pace of each month."""

IN_TIME, LATE = 0, 5
PACE = {
    IN_TIME: {"2024-01": 0.05, "2024-04": 0.03, "2024-07": 0.34, "2024-09": 1.0, "2024-11": 0.9, "2025-02": 1.0},
    LATE: {"2024-01": 0.9, "2024-04": 2.4, "2024-07": 2.8, "2024-11": 2.6, "2025-02": 2.4},
}
"""The pace of assessments by month, straight between, while 20 weeks can be kept and after: fitted to the published
shares."""

SCALAR = {
    "withdraw": 0.0018,
    "withdraw_assessment": 0.0025,
    "need_change": 0.0017,
    "uphold": 0.80,
    "resolve_contest": 0.115,
    "uphold_contest": 0.75,
}


def rate_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """rate, since, ncy, placement, value."""
    asked = requests(s)
    by_ncy = asked | identification(s, asked["request_supported"]) | decisions(s) | cessation(s)
    school = np.array([SCHOOL_AGE[0] <= n <= SCHOOL_AGE[1] for n in NCYS])
    secondary = np.array([5 <= n <= 11 for n in NCYS])
    by_ncy |= {
        "stay_supported": np.where(school, 0.999999, 0.0),
        "contest": np.where(school, 0.0021, 0.0009),
        "offer": np.full(len(NCYS), 0.15),
        "review_amend": np.full(len(NCYS), 0.55),
        "to_ap": np.where(secondary, 0.0006, np.where(school, 0.00005, 0)),
        "to_tuition": np.where(secondary, 0.0005, np.where(school, 0.0001, 0)),
        "return_to_school": np.where(school, 0.08, 0.5),
    }
    for name, values in by_ncy.items():
        for n, ncy in enumerate(NCYS):
            yield name, ANY, ncy, ANY, f"{float(values[n]):.7g}"
    for name, steps in SINCE.items():
        for since in range(25):
            at = max((k for k in steps if k <= since), default=None)
            if at is not None:
                yield name, since, ANY, ANY, steps[at]
    for name, value in SCALAR.items():
        yield name, ANY, ANY, ANY, value
    yield from _placement_rows(s)


def _placement_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """Breakdowns and review moves by placement: the moves between phases, shared between the two."""
    _, of = groups_of(s)
    for ncy in range(12):
        names, off = between_phases(s, ncy)
        for code, p in enumerate(s.vocabulary.placements):
            if p.with_plan and p.label not in ("awaiting", "unknown", "neet", "fe", "spi"):
                total = min(float(np.where(np.arange(len(names)) == of[code], 0, off[of[code]]).sum()), 0.25)
                yield "review_move", ANY, ncy, p.label, f"{total * AT_REVIEW:.5g}"
                yield "breakdown", ANY, ncy, p.label, f"{float(monthly(total * (1 - AT_REVIEW))):.5g}"


def asked_by_area(s: Source, first: str = "2024-03", last: str = "2025-02") -> Floats:
    """[area] requests from a month through another, "not Kent address" apart."""
    out = np.zeros(len(AREAS))
    for r in s.pack.table("requests_by_area_month").rows():
        if r["area"] in AREAS and first <= str(r["month"]) <= last:
            out[AREAS.index(str(r["area"]))] += r["requests"]
    return out


def at_risk_by_area(s: Source) -> tuple[Floats, Floats]:
    """([ncy, area] children without support, [ncy, area] on SEN Support) as the start deals them: plans by an area's
    requests per child, SEN Support in proportion among whoever has no plan."""
    weight = s.with_needs * asked_by_area(s) / s.children[:23].sum(0)
    free = s.with_needs - s.plans.sum(1, keepdims=True) * weight / np.maximum(weight.sum(1, keepdims=True), 1e-9)
    supported = s.supported[:, None] * free / np.maximum(free.sum(1, keepdims=True), 1e-9)
    return np.maximum(free - supported, 0), supported


def area_factors(s: Source, asked: Floats) -> Floats:
    """[area] the factor of an area's requests: those asked over what rates alike everywhere would bring there. Weighted
    by these the factors' mean is 1, so that the county's total stays."""
    rate, (without, supported) = requests(s), at_risk_by_area(s)
    alike = (rate["request"][:, None] * without + rate["request_supported"][:, None] * supported).sum(0)
    return np.asarray(asked / asked.sum() / (alike / alike.sum()))


def area_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """Requests by area relative to rates alike everywhere, fitted to March 2024 to February 2025: all that there is by
    area. Half of it foretells the other half within chance (``tests/test_first_rates.py``)."""
    factor = area_factors(s, asked_by_area(s))
    for name in ("request", "request_supported"):
        for area, f in zip(AREAS, factor, strict=True):
            yield name, area, round(float(f), 5)


def season_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """Requests by month of the year; January and February are means of 2024 (834 implied by the year's 3,991) and
    2025."""
    t = s.pack.table("requests_by_area_month")
    count = np.zeros(12)
    for r in t.rows():
        count[int(str(r["month"])[5:]) - 1] += r["requests"]
    rest = (3_991 - count[2:].sum()) / 2
    count[:2] = (count[:2] + rest) / 2
    factor = count / count.mean()
    for name in ("request", "request_supported"):
        for k, f in enumerate(factor):
            yield name, k + 1, round(float(f), 5)


def date_rows() -> Iterable[tuple[object, ...]]:
    """The pace of assessments, month by month, from so many months since the request on."""
    for since, points in PACE.items():
        at = [calendar.month(m) for m in points]
        for m in range(at[0], at[-1] + 1):
            yield "conclude", calendar.label(m), since, round(float(np.interp(m, at, list(points.values()))), 5)


def arrival_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """Those who move in have plans and SEN Support as Kent's children with needs of their age do."""
    total = np.maximum(s.with_needs.sum(1), 1)
    for n, ncy in enumerate(NCYS):
        plan = 0.0 if ncy < -1 else min(s.plans[n].sum() / total[n], 0.5) * ARRIVING_PLANS
        yield ncy, round(float(plan), 5), round(float(min(s.supported[n] / total[n], 0.5)), 5)


def write(folder: Path) -> None:
    """Rewrite the pack's rate tables and seal it. Raises ValueError with the pack's faults."""
    s = Source(Pack.load(folder))
    tables: dict[str, tuple[tuple[str, ...], Iterable[tuple[object, ...]]]] = {
        "rates": (("rate", "since", "ncy", "placement", "value"), list(rate_rows(s))),
        "rate_areas": (("rate", "area", "factor"), list(area_rows(s))),
        "rate_seasons": (("rate", "month_of_year", "factor"), list(season_rows(s))),
        "rate_dates": (("rate", "month", "from_since", "factor"), list(date_rows())),
        "choices": (("choice", "ncy", "frm", "to", "share"), list(choice_rows(s))),
        "reasons": (("reasons", "ncy", "reason", "share"), list(cease_reasons(s))),
        "arrival_support": (("ncy", "plan", "sen_support"), list(arrival_rows(s))),
    }
    for name, (head, rows) in tables.items():
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as out:
            csv.writer(out, lineterminator="\n").writerows([head, *rows])
    known = set(Pack.load(folder).names())
    for name in tables:
        if name not in known:
            seal(folder, f"{name}.csv")
    if faults := seal(folder):
        raise ValueError("; ".join(faults))


if __name__ == "__main__":
    write(Pack.load("kent").folder)
