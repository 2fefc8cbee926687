"""The start: every child with needs in one January, exact to the published margins.

January 2024: each age x placement cell of SEN2 (leaves only, 19,407 plans) and each placement's sexes exactly;
primary need by iterative proportional fitting from England's tables with controlled rounding; 27,968 on SEN Support
of school age; pending requests and assessments by month requested, nested so that a larger backlog contains a smaller
one. Any other January rakes January 2024's age profile to that year's totals by placement, and is marked an estimate.

Which child holds which plan is drawn by keyed orders among children with needs of that age, sex and district;
districts' shares are an estimate (requests by area, then population): no plans by district are published.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, lodging
from cohort.book import Book
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.demography import Tape
from cohort.draws import Purpose
from cohort.lodging import Lodgers, Lodging
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.races import Lane, Order
from cohort.rounding import bounded_remainder, diffuse, largest_remainder
from cohort.states import AREAS, NEEDS, NONE_YET, SEXES, Stage, Support, Vocabulary

PUBLISHED_JANUARY = 2024
SCHOOL_AGE = (0, 11)
"""Statutory school age as NCY: ages 4 to 15 at 31 August, the reading that matches the council's 13,864."""

ENGLAND_GROWTH = 13.6 / 13.0
"""Yearly growth of SEN Support outside 2024-25: England's pupils, 13.0% in January 2023 and 13.6% in January 2024
(DfE)."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Start:
    """Children with needs at the start: support, stage, placement, need, anniversary, clock and lodging, one entry a
    row of the tape."""

    support: NDArray[np.uint8]
    stage: NDArray[np.uint8]
    placement: NDArray[np.uint8]
    need: NDArray[np.uint8]
    anniversary: NDArray[np.uint8]
    clock: NDArray[np.int16]
    lodging: NDArray[np.uint32]
    """of those in independent schools, see ``lodging``; no other child's is meant"""
    estimate: bool
    """whether the January's age profile is raked rather than published"""
    unmet: tuple[tuple[str, str, int], ...]
    """(margin, label, plans) by which the needs drawn differ from a margin of England's tables scaled to Kent"""


@dataclass(frozen=True, eq=False)
class Layout:
    """What the start of every parameter draw shares: who has a plan, where, SEN Support, needs; nobody in a stage."""

    plain: Start
    who: Order
    lanes: Mapping[Stage | str, Lane]
    """by stage, and by placement of those in one without a plan: whom a race for it is among"""
    lodgers: Lodgers


def start(pack: Pack, tape: Tape, book: Book, params: Parameters, laid: Layout | None = None,
          lodged: Lodging | None = None) -> Start:  # fmt: skip
    """The children of the tape's first month. Raises ValueError if it is no January or the pack lacks its totals.

    ``laid`` is a layout made of the same pack, tape and vocabulary, ``lodged`` the draw's chances of lodging, to spare
    making them again.
    """
    laid = laid or layout(pack, tape, book)
    plain = laid.plain
    columns = {name: getattr(plain, name).copy() for name in COLUMNS}
    s = Start(**columns, estimate=plain.estimate, unmet=plain.unmet)
    _give_stages(s, laid, pack, book, params)
    lodgers, theirs = lodging.begin(lodged or lodging.build(pack, params, book.vocabulary), laid.lodgers)
    s.lodging[lodgers] = theirs
    return s


def layout(pack: Pack, tape: Tape, book: Book) -> Layout:
    """The part of a start on which no parameter bears."""
    if not calendar.is_january(tape.start):
        raise ValueError(f"a start is a January census, not {calendar.label(tape.start)}")
    year = calendar.year(tape.start)
    who = Order(tape, tape.start)
    plans = plans_by_ncy(pack, book.vocabulary, year)
    needs, unmet = needs_of_plans(pack, book.vocabulary, plans)
    n = tape.with_needs
    support, stage, placement, need, anniversary = (np.zeros(n, np.uint8) for _ in range(5))
    estimate = year != PUBLISHED_JANUARY
    s = Start(
        support, stage, placement, need, anniversary, np.zeros(n, np.int16), np.zeros(n, np.uint32), estimate, unmet
    )
    s.need[:] = NONE_YET
    s.anniversary[:] = 255
    _give_plans(s, who, plans, females_by_ncy(pack, book.vocabulary, plans), needs, district_weights(pack, tape))
    _give_support(s, who, pack, book, year)
    return Layout(s, who, _lanes(s, who), Lodgers.of(lodging.placements(pack, book.vocabulary), s, tape))


COLUMNS = ("support", "stage", "placement", "need", "anniversary", "clock", "lodging")


def plans_by_ncy(pack: Pack, vocabulary: Vocabulary, year: int) -> Ints:
    """[ncy, placement] plans in a January: published for 2024, else its age profile raked to the year's totals by
    placement."""
    leaf = {str(r["sen2_column"]): vocabulary.code(str(r["placement"])) for r in pack.table("placement_map").rows()}
    grid = np.zeros((len(NCYS), len(vocabulary.placements)), np.int64)
    for r in pack.table("plans_by_age").where(january=PUBLISHED_JANUARY).rows():
        grid[int(r["age"]) - 4 - NCY_LOWEST, leaf[str(r["sen2_column"])]] += int(r["plans"])
    if year == PUBLISHED_JANUARY:
        return grid
    totals = np.zeros(grid.shape[1], np.int64)
    for r in pack.table("plans_by_january").where(january=year).rows():
        totals[leaf[str(r["sen2_column"])]] += int(r["plans"])
    if not totals.sum():
        known = sorted({int(y) for y in pack.table("plans_by_january")["january"]})
        raise ValueError(f"no plans are published for January {year}; allowed: {known[0]} to {known[-1]}")
    profile = np.where(grid.sum(0) > 0, grid, grid.sum(1, keepdims=True)) + 0.0
    profile[np.array(list(NCYS)) >= 21] = 0
    return np.stack([largest_remainder(profile[:, k], int(totals[k])) for k in range(grid.shape[1])], axis=1)


def females_by_ncy(pack: Pack, vocabulary: Vocabulary, plans: Ints) -> Ints:
    """[ncy, placement] plans of girls: each placement's published share of girls, spread evenly over its ages,
    rounded to its total."""
    leaf = {str(r["sen2_column"]): vocabulary.code(str(r["placement"])) for r in pack.table("placement_map").rows()}
    by_sex = np.zeros((2, plans.shape[1]), np.int64)
    for r in pack.table("plans_by_sex").where(january=PUBLISHED_JANUARY).rows():
        by_sex[SEXES.index(str(r["sex"])), leaf[str(r["sen2_column"])]] += int(r["plans"])
    share = by_sex[0] / np.maximum(by_sex.sum(0), 1)
    share[by_sex.sum(0) == 0] = by_sex[0].sum() / by_sex.sum()
    published = plans.sum(0) == by_sex.sum(0)
    girls = np.where(published, by_sex[0], np.rint(share * plans.sum(0))).astype(np.int64)
    return np.stack([bounded_remainder(plans[:, k], int(girls[k])) for k in range(plans.shape[1])], axis=1)


def needs_of_plans(pack: Pack, vocabulary: Vocabulary, plans: Ints) -> tuple[Ints, tuple[tuple[str, str, int], ...]]:
    """[ncy, placement, need] plans: England's need x placement and need x age, fitted to Kent's cells, rounded so that
    each cell is exact and each need's total within one. Returns what stays unmet of either margin."""
    width = len(NEEDS) - 1
    by_place = np.zeros((plans.shape[1], width))
    for r in pack.table("needs_by_placement_england").rows():
        by_place[vocabulary.code(str(r["placement"])), NEEDS.index(str(r["need"]))] += r["plans"]
    by_place[by_place.sum(1) == 0] = by_place.sum(0)
    by_age = np.zeros((len(NCYS), width))
    for r in pack.table("needs_by_age_england").rows():
        by_age[min(int(r["age"]), 25) - 4 - NCY_LOWEST, NEEDS.index(str(r["need"]))] += r["plans"]
    by_age[by_age.sum(1) == 0] = by_age.sum(0)
    place = by_place / by_place.sum(1, keepdims=True) * plans.sum(0)[:, None]
    age = by_age / by_age.sum(1, keepdims=True) * plans.sum(1)[:, None]
    whole = (place.sum(0) + age.sum(0)) / 2
    place *= whole / np.maximum(place.sum(0), 1e-9)
    age *= whole / np.maximum(age.sum(0), 1e-9)
    fit = (
        plans[:, :, None]
        * (by_age / by_age.sum(1, keepdims=True))[:, None, :]
        * (by_place / by_place.sum(0) / 1.0)[None]
    )
    for _ in range(200):
        for margin, axes in ((plans, 2), (place, 0), (age, 1)):
            now = fit.sum(axes, keepdims=True)
            fit *= np.divide(np.expand_dims(margin, axes), now, out=np.zeros_like(now), where=now > 0)
    fit *= (plans / np.maximum(fit.sum(2), 1e-12))[:, :, None]
    whole_plans = diffuse(fit.reshape(-1, width), plans.ravel()).reshape(fit.shape)
    return whole_plans, _unmet(whole_plans, place, age, vocabulary)


def _unmet(plans: Ints, place: Floats, age: Floats, vocabulary: Vocabulary) -> tuple[tuple[str, str, int], ...]:
    out = []
    for margin, axis, target, names in (
        ("placement", 0, place, vocabulary.labels),
        ("ncy", 1, age, [str(n) for n in NCYS]),
    ):
        gap = np.rint(plans.sum(axis) - target).astype(int)
        out += [(margin, f"{names[i]}/{NEEDS[k]}", int(gap[i, k])) for i, k in zip(*np.nonzero(gap), strict=True)]
    return tuple(out)


def district_weights(pack: Pack, tape: Tape) -> Floats:
    """[district] how likely a child there is to hold a plan, relative to Kent: the area's requests per child (an
    estimate)."""
    area_of = {str(r["district"]): AREAS.index(str(r["area"])) for r in pack.table("districts").rows()}
    requests = np.zeros(len(AREAS))
    for r in pack.table("requests_by_area_month").rows():
        if str(r["area"]) in AREAS:
            requests[AREAS.index(str(r["area"]))] += r["requests"]
    rate = requests / tape.population(tape.start)[:23].sum(0)
    return np.array([rate[area_of[d]] for d in tape.districts]) / rate.mean()


def _give_plans(s: Start, who: Order, plans: Ints, girls: Ints, needs: Ints, weights: Floats) -> None:
    """Choose the holders by (ncy, sex, district) in keyed order, then deal placements and needs among them in
    another."""
    order = who.by(Purpose.START_PLAN, who.here)
    group = (who.ncy * 2 + who.sex) * len(weights) + who.district
    order = order[np.argsort(group[order], kind="stable")]
    group = group[order]
    for n in range(plans.shape[0]):
        holders = []
        for sex, count in ((0, girls[n]), (1, plans[n] - girls[n])):
            rows = _choose(order, group, who, n, sex, int(count.sum()), weights)
            rows = rows[np.lexsort((who.tape.identity[rows], who.draw(Purpose.START_PLACE)[rows]))]
            s.placement[rows] = np.repeat(np.arange(plans.shape[1]), count)
            holders.append(rows)
        both = np.concatenate(holders)
        s.support[both] = Support.PLAN
        for k in range(plans.shape[1]):
            rows = both[s.placement[both] == k]
            rows = rows[np.lexsort((who.tape.identity[rows], who.draw(Purpose.START_NEED)[rows]))]
            s.need[rows] = np.repeat(np.arange(needs.shape[2]), needs[n, k])
    held = s.support == Support.PLAN
    s.anniversary[held] = (who.draw(Purpose.START_ANNIVERSARY)[held].astype(np.uint64) * 12 >> np.uint64(32)).astype(
        np.uint8
    )


def _choose(order: Ints, group: Ints, who: Order, ncy: int, sex: int, total: int, weights: Floats) -> Ints:
    """The first in keyed order of each district, as many as its share; what a small district lacks others give."""
    width = len(weights)
    if not total:
        return np.zeros(0, np.int64)
    edges = np.searchsorted(group, (ncy * 2 + sex) * width + np.arange(width + 1))
    pools = [order[a:b] for a, b in pairwise(edges)]
    room = np.array([len(p) for p in pools])
    if room.sum() < total:
        raise ValueError(
            f"{total} plans at NCY {ncy + NCY_LOWEST} ({SEXES[sex]}) but {room.sum()} children with needs; "
            "raise estimate_additional_needs"
        )
    share = np.minimum(largest_remainder(room * weights, total), room)
    for d in np.argsort(-(room - share), kind="stable"):
        share[d] += min(total - share.sum(), room[d] - share[d])
    return np.concatenate([p[:k] for p, k in zip(pools, share, strict=True)])


def _give_support(s: Start, who: Order, pack: Pack, book: Book, year: int) -> None:
    """SEN Support by NCY (27,968 of school age in January 2024), in keyed order among those without a plan."""
    order = who.by(Purpose.START_SUPPORT, who.here & (s.support == Support.NONE))
    factor = sen_support_total(pack, year) / sen_support_total(pack, PUBLISHED_JANUARY)
    for r in pack.table("estimate_sen_support").rows():
        rows = order[who.ncy[order] == int(r["ncy"]) - NCY_LOWEST][: round(float(r["mode"]) * factor)]
        s.support[rows] = Support.SEN_SUPPORT
    _name_needs(s, who, book, np.flatnonzero(s.support == Support.SEN_SUPPORT))


def sen_support_total(pack: Pack, year: int) -> float:
    """Children of school age on SEN Support in a January: the council's figures; before 2024 aged back by England's
    growth."""
    known = {
        int(r["january_or_year"]): float(r["value"])
        for r in pack.table("headline_counts").where(measure="sen_support_school_age").rows()
    }
    if year in known:
        return known[year]
    return known[PUBLISHED_JANUARY] * ENGLAND_GROWTH ** (year - PUBLISHED_JANUARY)


def _name_needs(s: Start, who: Order, book: Book, rows: Ints) -> None:
    """A need for each of some rows that has none yet."""
    unnamed = rows[s.need[rows] == NONE_YET]
    u = who.draw(Purpose.START_NEED)[unnamed].astype(np.uint64)
    table = book.arrays.first_need[who.ncy[unnamed]]
    s.need[unnamed] = (u[:, None] >= table).sum(1).astype(np.uint8)


def _lanes(s: Start, who: Order) -> dict[Stage | str, Lane]:
    """Each child runs in one lane only, and each stage takes the first home in its lane, so a larger backlog contains a
    smaller one and none disturbs another. Those in a placement without a plan are in no stage."""
    held = who.here & (s.support == Support.PLAN)
    free = who.here & (s.support != Support.PLAN)
    at, turn = who.unit(Purpose.START_REFUSED), who.unit(Purpose.START_APPEAL)
    eager = (who.ncy * len(AREAS) + who.area) * 2 + (s.support == Support.SEN_SUPPORT)
    found: dict[Stage | str, Lane] = {
        stage: Lane.of(free & (low <= at) & (at < high), who, Purpose.START_PENDING, eager)
        for stage, (low, high) in LANES.items()
    }
    for label, among in (("alternative_provision", turn < 0.5), ("tuition", turn >= 0.5)):
        found[label] = Lane.of(free & among, who, Purpose.START_PLACE, who.ncy)
    found["contesting"] = Lane.of(held, who, Purpose.START_APPEAL, np.zeros_like(who.ncy))
    return found


def _give_stages(s: Start, laid: Layout, pack: Pack, book: Book, params: Parameters) -> None:
    """Who is undecided, being assessed, lately refused or appealing, and since when; who contests a plan; who is
    elsewhere than in a school without one."""
    eager = _eagerness(book)
    for stage, size in pipeline_sizes(params).items():
        rows = laid.lanes[stage].first(eager, round(size))
        s.stage[rows] = stage
        s.clock[rows] = _clocks(laid.who, pack, rows, stage.name.lower())
        _name_needs(s, laid.who, book, rows)
    for label, rate, named in (("alternative_provision", "to_ap", "ap_without_plan"),
                               ("tuition", "to_tuition", "tuition_without_plan")):  # fmt: skip
        enters = book.rates.base[rate].table.reshape(-1)
        rows = laid.lanes[label].first(enters, round(params[named]), s.stage > 0)
        s.placement[rows] = book.vocabulary.code(label)
    rows = laid.lanes["contesting"].first(np.ones(1), round(params["contesting_plan"]))
    s.stage[rows] = Stage.APPEALING
    s.clock[rows] = _clocks(laid.who, pack, rows, "appealing")


LANES = {Stage.ASSESSING: (0.0, 0.5), Stage.REQUESTED: (0.5, 0.7), Stage.REFUSED: (0.7, 0.9),
         Stage.APPEALING: (0.9, 1.0)}  # fmt: skip


def pipeline_sizes(params: Parameters) -> dict[Stage, float]:
    """Children without a plan in each stage at the start."""
    return {Stage.ASSESSING: params["backlog_months"] * params["decided_to_assess_a_month"],
            Stage.REQUESTED: params["undecided_requests"], Stage.REFUSED: params["recently_refused"],
            Stage.APPEALING: params["appealing_refusal"]}  # fmt: skip


def _eagerness(book: Book) -> Floats:
    """[ncy, area, supported or not, in one row] a child's own rate of request, as a weight."""
    rate = [book.rates.base[k].table[0, :, :, 0, 0, 0] for k in ("request", "request_supported")]
    return np.stack([np.broadcast_to(r, (len(NCYS), len(AREAS))) for r in rate], -1).ravel()


def _clocks(who: Order, pack: Pack, rows: Ints, stage: str) -> NDArray[np.int16]:
    """The month since which each has been in the stage, by the pack's profile of months back; each child's own draw."""
    t = pack.table("estimate_pipeline_ages").where(stage=stage)
    order = np.argsort(t["months_back"])
    edges = np.cumsum(t["share"][order]) / t["share"].sum()
    u = who.unit(Purpose.START_CLOCK)[rows]
    back = t["months_back"][order][np.minimum((u[:, None] >= edges).sum(1), len(edges) - 1)]
    return (who.month - back).astype(np.int16)
