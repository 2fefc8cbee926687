"""First rates, worked out from the published flows by age: what the model runs on until calibration replaces them.

    python -m calibration.first_rates          # rewrites rates.csv, choices.csv ... of data/kent and seals the pack

Monthly chances follow from yearly flows over the children at risk (the tape's children with needs, less those with
plans). Flows of several years are averaged, for 2023's cessations were a clear-out. Where nothing is published the
number is an assumption and says so. The derivation is here so that every rate can be followed to its table.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, demography
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.pack import Pack, seal
from cohort.processes import TRANSFER_NCYS
from cohort.start import SCHOOL_AGE, plans_by_ncy
from cohort.states import AREAS, Vocabulary

Floats = NDArray[np.float64]
ANY = "any"

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
over it gives 46% a year, between England's 32% and Kent's 54%."""
CHANGED_BY_APPEAL = 299 / 3_819
"""Decisions of 2023 to assess that followed mediation or tribunal (SEN2): the published shares are after appeal, the
model's before."""
DECISIONS_2024 = 0.86
"""Assumption (0.75 to 1): decisions to assess in 2024 relative to 2023, for decision making grew "more robust" (the
paper, 3.6) and with 2023's the plans of January 2025 would be 1% too many; it trades against the backlog and
cessations, which are not published for 2024."""
SCHOOL_MOVES = 0.5
"""Assumption: half of the moves that the age profile implies (0.3 to 1): its 212 to special in 2021 against up to 482
implied."""
INTO_NMISS = 0.6
"""Assumption (0.4 to 1): entries to NMISS relative to 2022-23's, since the number in independent schools "stabilised
during 2024" (3.13)."""
POST_16_MOVES = 0.9
ARRIVING_PLANS = 0.5
"""Assumption: who moves in holds a plan half as often as residents with needs of the age (0.2 to 0.9): about 200 a
year, where plans' stocks and flows of 2019-23 leave a gap of 140 a year on average (-176 to 501)."""
AT_REVIEW = 0.7
"""Assumption: the share of moves between phases that annual reviews make; the rest are breakdowns."""


def monthly(yearly: Floats | float) -> Floats:
    """The constant monthly chance that gives a yearly one."""
    return np.asarray(1 - (1 - np.asarray(yearly)) ** (1 / 12))


@dataclass(frozen=True)
class Source:
    """The published tables, by NCY."""

    pack: Pack

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return Vocabulary()

    @cached_property
    def plans(self) -> NDArray[np.int64]:
        """[ncy, placement] January 2024."""
        return plans_by_ncy(self.pack, self.vocabulary, 2024)

    @cached_property
    def with_needs(self) -> Floats:
        """[ncy, area] children with needs in January 2024, by the tape's shares."""
        first = calendar.month("2024-01")
        return demography.build(self.pack, first, first + 12).population_with_needs(first).astype(float)

    @cached_property
    def children(self) -> Floats:
        first = calendar.month("2024-01")
        return demography.build(self.pack, first, first + 12).population(first).astype(float)

    @cached_property
    def supported(self) -> Floats:
        out = np.zeros(len(NCYS))
        for r in self.pack.table("estimate_sen_support").rows():
            out[int(r["ncy"]) - NCY_LOWEST] = r["mode"]
        return out

    def by_age(self, table: str, column: str, top: int = 20, **where: object) -> Floats:
        """[ncy] a table by academic age, "20 and over" spread over the plans of those ages."""
        t = self.pack.table(table).where(**where)
        out = np.zeros(len(NCYS))
        for r in t.rows():
            out[int(r["age"]) - 4 - NCY_LOWEST] += r[column]
        return out


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
    down[_n(SCHOOL_AGE[1]) + 1 :] = 0.03
    flow[_n(SCHOOL_AGE[1]) :] *= 8 / 12
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
    old = slice(_n(16), None)
    ceased = sum(kent.values(), np.zeros(len(NCYS)))
    ceased[old] = ceased[_n(16)] * s.plans.sum(1)[old] / s.plans.sum(1)[old].sum()
    hazard = ceased / np.maximum(s.plans.sum(1) * 0.5 + np.roll(s.plans.sum(1), 1) * 0.5, 1)
    hazard[old] = (
        ceased[old].sum() / 2_480 * np.ones(len(NCYS))[old]
    )  # plans at 20 and over a year before: 54% of them ceased in 2023
    met = england.copy()
    met[old] = england[_n(16)] / plans_england[old].sum()
    met[: _n(16)] = england[: _n(16)] / np.maximum(plans_england[: _n(16)], 1)
    return {"cease": monthly(np.minimum(hazard * CEASED, 0.9)), "review_cease": np.minimum(met * 0.8, 0.1)}


def cease_reasons(s: Source) -> Iterable[tuple[object, ...]]:
    """Reasons for ceasing by age, Kent 2023, pooled below 16; the age limit itself is on the tape."""
    names = ("he", "employ", "no_engage", "other")
    by = np.stack([s.by_age("ceased_by_age", "plans", area="Kent", year=2023, reason=r) for r in names], 1)
    by[: _n(12)] = (0, 0, 0, 1)
    by[_n(16) :] = by[_n(16)]
    for n, ncy in enumerate(NCYS):
        for name, share in zip(names, by[n] / by[n].sum(), strict=True):
            yield "cease", ncy, name, round(float(share), 5)
        yield "review_cease", ncy, "needs_met", 1.0


GROUPS = {
    "eotas_other": ("eotas", "ehe", "parental", "other_setting", "alternative_provision"),
    "no_placement": ("awaiting", "neet", "unknown"),
}


def groups_of(s: Source) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """The ten groups of the implied net moves, and each placement's group."""
    names = tuple(dict.fromkeys(str(g) for g in s.pack.table("implied_net_transfers")["placement_group"]))
    of = {p: g for g, members in GROUPS.items() for p in members}
    return names, np.array(
        [names.index(of.get(label, label if label in names else "eotas_other")) for label in s.vocabulary.labels]
    )


AFFINITY = {
    "mainstream": {"srp": 0.3, "state_special": 1, "nmiss": 0.4, "independent_mainstream": 0.1, "fe": 1, "spi": 0.15},
    "srp": {"mainstream": 0.5, "state_special": 1, "nmiss": 0.3, "fe": 1, "spi": 0.2},
    "state_special": {"mainstream": 0.1, "nmiss": 0.3, "fe": 0.7, "spi": 0.7},
    "nmiss": {"mainstream": 0.1, "state_special": 0.4, "fe": 0.7, "spi": 0.7},
    "early_years": {"mainstream": 1, "srp": 0.15, "state_special": 0.7},
    "independent_mainstream": {"mainstream": 0.5, "nmiss": 0.3, "fe": 0.7},
    "fe": {"spi": 0.3},
    "spi": {"fe": 0.3},
    "eotas_other": {"mainstream": 0.2, "state_special": 0.3, "nmiss": 0.3, "fe": 0.5, "spi": 0.3},
    "no_placement": {"mainstream": 0.3, "state_special": 0.5, "nmiss": 0.5, "fe": 0.6, "spi": 0.2},
}  # fmt: skip
"""Assumption: where a move from each group is likely to go, before fitting to the implied net moves."""


def moves(s: Source, ncy: int, share: float) -> tuple[tuple[str, ...], Floats]:
    """[from, to] yearly moves between groups on entering a school year: the fewest that give ``share`` of the implied
    net."""
    names, of = groups_of(s)
    before = np.bincount(of, s.plans[_n(ncy - 1)], len(names)) + 1e-3
    net = np.zeros(len(names))
    for r in s.pack.table("implied_net_transfers").where(ncy=ncy).rows():
        net[names.index(str(r["placement_group"]))] = r["net"] * share
    after = np.maximum(before + net - net.sum() * before / before.sum(), 1e-3)
    after *= before.sum() / after.sum()
    prior = np.array([[1.0 if a == b else AFFINITY[a].get(b, 0.1) * 0.04 for b in names] for a in names])
    prior *= _lawful_groups(s, ncy, names, of)[None, :]
    after = np.where(prior.sum(0) > 0, after, 0)
    after *= before.sum() / after.sum()
    flow = prior * before[:, None]
    for _ in range(2000):
        flow *= (after / np.maximum(flow.sum(0), 1e-12))[None, :]
        flow *= (before / np.maximum(flow.sum(1), 1e-12))[:, None]
    return names, flow / flow.sum(1, keepdims=True)


def _lawful_groups(s: Source, ncy: int, names: tuple[str, ...], of: NDArray[np.int64]) -> Floats:
    """[group] 1 where some placement of the group may be entered at that NCY."""
    return np.minimum(np.bincount(of, s.vocabulary.lawful[:, _n(ncy)], len(names)), 1.0)


def _members(group: str, ncy: int) -> dict[str, float]:
    """How a group that is moved into splits into placements (assumption)."""
    if group == "eotas_other":
        return {"eotas": 0.55, "ehe": 0.45} if ncy < 12 else {"other_setting": 0.5, "eotas": 0.5}
    if group == "no_placement":
        return {"awaiting": 1.0} if ncy < 12 else {"neet": 0.75, "unknown": 0.25}
    return {group: 1.0}


def choice_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """choice, ncy, frm, to, share: first places, Septembers, moves, tribunals, offers, arrivals."""
    for ncy in NCYS:
        yield from _first_rows(s, ncy)
        yield from _arrival_rows(s, ncy)
        if ncy in TRANSFER_NCYS:
            yield from _transfer_rows(s, ncy)
        if 0 <= ncy <= 11:
            yield from _move_rows(s, ncy)
            yield from _tribunal_rows(s, ncy)


def _first_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """First placements of 2022 and 2023's new plans by age (the label is one above academic age), banded; those
    unlawful at the child's NCY are left out and the rest scaled."""
    band = next(
        b
        for b in ((-5, -1, 0, 3), (0, 1, 5, 6), (2, 5, 7, 10), (6, 11, 11, 15), (12, 14, 16, 18), (15, 21, 19, 20))
        if b[0] <= ncy <= b[1]
    )
    leaf = {str(r["sen2_column"]): str(r["placement"]) for r in s.pack.table("placement_map").rows()}
    count: dict[str, float] = {}
    for r in s.pack.table("new_plans_by_age").rows():
        if band[2] <= int(r["age_label"]) <= band[3]:
            count[leaf[str(r["sen2_column"])]] = count.get(leaf[str(r["sen2_column"])], 0) + r["plans"]
    yield from _lawful_rows(s, "first_place", ncy, ANY, count)
    if ncy <= 12:
        waiting = {k: v for k, v in count.items() if k not in ("awaiting", "neet", "unknown", "other_setting")}
        yield from _lawful_rows(s, "offer", ncy, ANY, waiting)


def _lawful_rows(s: Source, choice: str, ncy: int, frm: str, count: dict[str, float]) -> Iterable[tuple[object, ...]]:
    ok = {k: v for k, v in count.items() if v > 0 and s.vocabulary.lawful[s.vocabulary.code(k), _n(ncy)]}
    if choice in ("first_place", "transfer", "move") and frm != "nmiss" and "nmiss" in ok:
        ok["nmiss"] *= INTO_NMISS
    for to, v in sorted(ok.items()):
        yield choice, ncy, frm, to, round(v / sum(ok.values()), 5)


def _arrival_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """A child who moves in with a plan is placed as Kent's of that age are."""
    stock = dict(zip(s.vocabulary.labels, s.plans[_n(ncy)].tolist(), strict=True))
    if not any(s.vocabulary.lawful[s.vocabulary.code(k), _n(ncy)] and v for k, v in stock.items()):
        stock = {"early_years": 1.0} if ncy < 0 else {"unknown": 1.0}
    yield from _lawful_rows(s, "arrive_place", ncy, ANY, stock)


def _transfer_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """September's choice from each placement."""
    if ncy == 0:
        into = {
            "mainstream": 0.50,
            "srp": 0.064,
            "state_special": 0.40,
            "awaiting": 0.02,
            "nmiss": 0.002,
            "ehe": 0.007,
            "eotas": 0.007,
        }
        for frm in ("early_years", "awaiting", "unknown", "eotas", "parental", "other_setting"):
            yield from _lawful_rows(s, "transfer", ncy, frm, into)
        yield from _lawful_rows(
            s, "transfer", ncy, "mainstream", {"mainstream": 0.8, "srp": 0.03, "state_special": 0.17}
        )
        return
    names, chance = moves(s, ncy, SCHOOL_MOVES if ncy < 12 else POST_16_MOVES)
    _, of = groups_of(s)
    for code, p in enumerate(s.vocabulary.placements):
        if p.with_plan:
            yield from _lawful_rows(
                s, "transfer", ncy, p.label, _spread(s, p.label, names[of[code]], names, chance[of[code]], ncy)
            )


def _spread(s: Source, label: str, own: str, names: tuple[str, ...], chance: Floats, ncy: int) -> dict[str, float]:
    """A row of group moves as placements: who stays in the group stays in the placement, if the law lets them."""
    out: dict[str, float] = {}
    stays = s.vocabulary.lawful[s.vocabulary.code(label), _n(ncy)]
    for g, p in zip(names, chance, strict=True):
        for to, part in ({label: 1.0} if g == own and stays else _members(g, ncy)).items():
            out[to] = out.get(to, 0.0) + float(p) * part
    return out


def between_phases(s: Source, ncy: int) -> tuple[tuple[str, ...], Floats]:
    """[from, to] yearly moves outside phase transfers; at Years 3 and 7, half of those of the years about them."""
    if ncy in TRANSFER_NCYS or ncy == 0:
        near = [moves(s, n, SCHOOL_MOVES) for n in (ncy - 1, ncy + 1) if n not in TRANSFER_NCYS and 1 <= n <= 11]
        off = sum((c * (1 - np.eye(len(c))) for _, c in near), np.zeros_like(near[0][1])) / len(near) / 2
        return near[0][0], off
    names, chance = moves(s, ncy, SCHOOL_MOVES)
    return names, chance * (1 - np.eye(len(chance)))


def _move_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """Where a move between phases goes, from each placement."""
    names, off = between_phases(s, ncy)
    _, of = groups_of(s)
    for code, p in enumerate(s.vocabulary.placements):
        if p.with_plan and p.label not in ("awaiting", "unknown", "neet", "fe", "spi") and off[of[code]].sum() > 0:
            row = np.where(np.arange(len(names)) == of[code], 0, off[of[code]])
            yield from _lawful_rows(s, "move", ncy, p.label, _spread(s, p.label, "", names, row / row.sum(), ncy))


def _tribunal_rows(s: Source, ncy: int) -> Iterable[tuple[object, ...]]:
    """Assumption: appeals over a plan that succeed move the child in about half of cases, to what parents mostly ask
    for."""
    from_mainstream = {"state_special": 0.22, "nmiss": 0.22, "independent_mainstream": 0.04}
    table = {
        "mainstream": {"mainstream": 0.52, **from_mainstream},
        "srp": {"srp": 0.5, "state_special": 0.25, "nmiss": 0.25},
        "state_special": {"state_special": 0.65, "nmiss": 0.35},
        "awaiting": {"state_special": 0.45, "nmiss": 0.45, "eotas": 0.1},
        "ehe": {"ehe": 0.4, "eotas": 0.3, "nmiss": 0.3},
        "eotas": {"eotas": 0.7, "nmiss": 0.3},
    }
    for frm, to in table.items():
        yield from _lawful_rows(s, "tribunal", ncy, frm, to)


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


def area_rows(s: Source) -> Iterable[tuple[object, ...]]:
    """Requests by area over children by area, relative to Kent (March 2024 to February 2025)."""
    t = s.pack.table("requests_by_area_month")
    asked = np.array([t.where(area=a)["requests"].sum() for a in AREAS], float)
    children = s.children[:23].sum(0)
    factor = asked / children / (asked.sum() / children.sum())
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


def _n(ncy: int) -> int:
    return ncy - NCY_LOWEST


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
