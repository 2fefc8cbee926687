"""The few dozen series that ``cohort run`` prints, of one run: name, period and value; ``SERIES`` says what each means.

A stock's period is the month at whose start it holds; a flow's is a month or a complete calendar year, spend's a
financial year. Years that the run does not cover whole are left out, except spend, which then goes by ``spend_part``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, spending, tally
from cohort.calendar import NCY_LOWEST
from cohort.prices import LINES
from cohort.processes import REASONS
from cohort.start import SCHOOL_AGE
from cohort.states import STAGES, WHERE, Stage, Support, Vocabulary

if TYPE_CHECKING:
    from cohort.world import World

Row = tuple[str, str, float]
"""series, period, value"""
Ints = NDArray[np.int64]
_SCHOOL = slice(SCHOOL_AGE[0] - NCY_LOWEST, SCHOOL_AGE[1] - NCY_LOWEST + 1)
_CHILDREN = {
    "plans": "EHC plans held at the start of the month",
    "plans_school_age": "EHC plans of children of statutory school age (NCY 0 to 11) at the start of the month",
    "sen_support": "children on SEN Support at the start of the month, all ages",
    "sen_support_school_age": "children on SEN Support of statutory school age at the start of the month",
    "pending_requests": "requests not yet decided at the start of the month",
    "pending_assessments": "assessments agreed and not yet concluded at the start of the month",
    "open_appeals": "appeals and mediations open at the start of the month, over refusals and over plans",
}
FLOWS: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "requests": (
        "requests for an EHC needs assessment, second requests included",
        (("request", ""), ("request_supported", ""), ("rerequest", "")),
    ),
    "decided_to_assess": ("requests that the council decided to assess", (("decide", "assess"),)),
    "refused": ("requests that the council decided not to assess", (("decide", "refuse"),)),
    "withdrawn": ("requests and assessments withdrawn", (("withdraw", ""), ("withdraw_assessment", ""))),
    "new_plans": ("new EHC plans issued", (("conclude", "on_time"), ("conclude", "late"))),
    "new_plans_on_time": ("new EHC plans issued within 20 weeks", (("conclude", "on_time"),)),
    "no_plan": ("assessments that ended without a plan", (("conclude", "no_plan"),)),
    "ceased": ("plans ceased while the child stayed in Kent", (("cease", "*"), ("review_cease", "*"))),
    "appeals": ("appeals and mediations over a refusal", (("appeal", ""),)),
    "appeals_plan": ("appeals over the content or placement of a plan", (("contest", ""),)),
    "plans_moved_in": ("plans that came with a child who moved to Kent", (("arrive", "plan"),)),
}
"""Series -> its meaning and the (event, reason) pairs that it counts; "*" is any reason."""
LEFT = {"plans_moved_out": "moved", "plans_died": "died", "plans_aged_out": "aged_out"}
_STAGES = {
    "pending_requests": Stage.REQUESTED,
    "pending_assessments": Stage.ASSESSING,
    "open_appeals": Stage.APPEALING,
}
_LEFT_AS = {
    "moved": "moved away",
    "died": "died",
    "aged_out": "outgrew the system, after the year in which they turned 25",
}
SPENDS = {
    "spend": "spend of a complete financial year",
    "spend_low": "the same with every price at the low end of its estimate",
    "spend_high": "the same with every price at the high end of its estimate",
    "spend_part": "spend of the months of a financial year that the run does not cover whole",
}

_NMISS = "independent and non-maintained special schools of a complete financial year"
TERMS = {
    "nmiss.children": (f"plans at the end, {_NMISS}", "children"),
    "nmiss.fte": (f"full-year equivalent children (child-months / 12), {_NMISS}", "children"),
    "nmiss.spend": (f"all charges of the children, {_NMISS}", "pence"),
}
"""Series by where the place is and whether the child boards: a label of ``states.WHERE`` follows."""


def series(vocabulary: Vocabulary) -> dict[str, tuple[str, str]]:
    """Every series of a vocabulary: name -> (meaning, unit), in the order of the table's rows."""
    found = {name: (meaning, "children") for name, meaning in _CHILDREN.items()}
    held = {f"plans.{p.label}": p for p in vocabulary.placements if p.with_plan}
    found |= {name: (f"plans at the start of the month: {p.meaning}", "children") for name, p in held.items()}
    found |= {name: (f"{meaning}, in the month or year", "children") for name, (meaning, _) in FLOWS.items()}
    found |= {
        name: (f"holders of plans who {_LEFT_AS[how]}, in the month or year", "children") for name, how in LEFT.items()
    }
    found["within_20_weeks"] = ("new plans issued within 20 weeks of the request, of all new plans", "percent")
    for name, meaning in SPENDS.items():
        found |= {f"{name}.{line}": (f"{meaning}: {line}", "pence") for line in ("total", *LINES)}
    for name, (meaning, unit) in TERMS.items():
        found |= {f"{name}.{where}": (f"{meaning}: {where.replace('_', ', ')}", unit) for where in WHERE}
    meaning = (
        "the independent line of a complete financial year if nobody had entered such a placement since April 2025"
    )
    return found | {FLOOR: (meaning, "pence")}


FLOOR = "spend_floor.independent"


SERIES = series(Vocabulary())


def rows(world: World) -> Iterator[Row]:
    """Every series of a run, unordered."""
    yield from stocks(world)
    yield from _flows(world)
    yield from _spend(world)
    yield from _floor(world)
    yield from _terms(world)


def held(world: World) -> tuple[list[int], Ints]:
    """Every month with a stock, and [month, ncy, support, placement] children with needs at its start."""
    cells, months = world.record.cells, sorted(world.record.cells)
    ncys, areas, supports, placements, _ = cells[months[0]].shape
    ages = np.zeros((len(months), ncys, supports * placements), np.int64)
    for month, found in zip(months, ages, strict=True):
        tally.by_age(cells[month].reshape(ncys, areas, supports * placements, -1), found)
    return months, ages.reshape(-1, ncys, supports, placements)


def stocks(world: World) -> Iterator[Row]:
    """Plans and SEN Support at every month's start."""
    labels = world.setting.book.vocabulary.placements
    months, ages = held(world)
    plans, support = ages[:, :, Support.PLAN].sum(1), ages[:, :, Support.SEN_SUPPORT].sum(2)
    found = {
        "plans": plans.sum(1),
        "plans_school_age": ages[:, _SCHOOL, Support.PLAN].sum((1, 2)),
        "sen_support": support.sum(1),
        "sen_support_school_age": support[:, _SCHOOL].sum(1),
        **{f"plans.{p.label}": plans[:, k] for k, p in enumerate(labels) if p.with_plan},
    }
    yield from _monthly(months, found)
    stages = np.stack(list(world.record.stages.values())).sum(1)
    yield from _monthly(list(world.record.stages), {name: stages[:, stage] for name, stage in _STAGES.items()})


def _monthly(months: Sequence[int], found: dict[str, Ints]) -> Iterator[Row]:
    """A row a month of each series, [month] values."""
    labels = [calendar.label(m) for m in months]
    for name, values in found.items():
        yield from ((name, at, float(value)) for at, value in zip(labels, values.tolist(), strict=True))


def _flows(world: World) -> Iterator[Row]:
    """Flows by month and complete calendar year, and the share of new plans issued within 20 weeks."""
    months = [world.setting.scenario.first + k for k in range(len(world.record.logs))]
    by_month = _counts(world)
    yield from _monthly(months, by_month)
    years = _whole(months, calendar.year)[0]
    by_year = {
        name: np.array([counts[at].sum() for at in years.values()], np.int64) for name, counts in by_month.items()
    }
    for name, counts in by_year.items():
        yield from ((name, year, float(count)) for year, count in zip(years, counts.tolist(), strict=True))
    for periods, counted in (([calendar.label(m) for m in months], by_month), (years, by_year)):
        shares = zip(periods, counted["new_plans"].tolist(), counted["new_plans_on_time"].tolist(), strict=True)
        yield from (("within_20_weeks", at, 100 * on_time / issued) for at, issued, on_time in shares if issued)


def _counts(world: World) -> dict[str, Ints]:
    """Series -> [month] children."""
    logs, events = world.record.logs, world.setting.book.events
    placements = len(world.setting.book.vocabulary.placements)
    first_plan = 2 * len(STAGES) + 2 * placements
    cells = np.zeros((2, len(logs), len(events), len(REASONS)), np.int64)
    for k, log in enumerate(logs):
        tally.happened(log.event, log.reason, log.frm, first_plan, placements, cells[:, k])
    out = {}
    for name, (_, pairs) in FLOWS.items():
        picked = [(events.index(e), slice(None) if r == "*" else REASONS.index(r)) for e, r in pairs if e in events]
        out[name] = sum(
            (cells[:, :, e, r].reshape(2, len(logs), -1).sum((0, 2)) for e, r in picked), np.zeros(len(logs), np.int64)
        )
    leave = events.index("leave")
    return out | {name: cells[1, :, leave, REASONS.index(how)] for name, how in LEFT.items()}


def _whole(months: Sequence[int], year_of: Callable[[int], object]) -> tuple[dict[str, Ints], dict[str, Ints]]:
    """Year -> which of the months are its own, for the years that are covered whole and for the others."""
    years: dict[str, list[int]] = {}
    for k, m in enumerate(months):
        years.setdefault(str(year_of(m)), []).append(k)
    parts = {y: np.array(at) for y, at in years.items()}
    return {y: at for y, at in parts.items() if len(at) == 12}, {y: at for y, at in parts.items() if len(at) < 12}


def _spend(world: World) -> Iterator[Row]:
    """Pence by line and financial year: as priced, and with every price at either end of its estimate."""
    bill, setting = spending.bill(world), world.setting
    whole, part = _whole(bill.months, calendar.financial_year)
    priced = {
        "spend": setting.prices,
        "spend_low": spending.at(setting, "low"),
        "spend_high": spending.at(setting, "high"),
    }
    bill.price(list(priced.values()))
    for name, prices in priced.items():
        by_line = bill.by_line(prices)
        years = [(name, y, at) for y, at in whole.items()]
        years += [("spend_part", y, at) for y, at in part.items()] if name == "spend" else []
        for label, year, at in years:
            pence = by_line[at].sum(0)
            for line, amount in zip(("total", *LINES), (pence.sum(), *pence), strict=True):
                yield f"{label}.{line}", year, float(amount)


def _floor(world: World) -> Iterator[Row]:
    """What the independent line falls to at most, whatever a policy does to who enters."""
    if not world.setting.scenario.first < calendar.month(FLOOR_SINCE) < world.month:
        return
    from cohort import nmiss

    whole = _whole([m - 1 for m in sorted(world.record.cells)[1:]], calendar.financial_year)[0]
    for year in nmiss.floor(world, FLOOR_SINCE, "nmiss", "independent_mainstream"):
        if year.year in whole:
            yield FLOOR, year.year, float(year.pence)


def _terms(world: World) -> Iterator[Row]:
    """Independent special schools by county and boarding."""
    from cohort import nmiss

    for of in nmiss.by_terms(world):
        yield f"nmiss.children.{of.where}", of.year, float(of.closing)
        yield f"nmiss.fte.{of.where}", of.year, of.fte
        yield f"nmiss.spend.{of.where}", of.year, float(of.pence)


FLOOR_SINCE = "2025-04"
"""The month after the council's projection was made."""
