"""How a placement's roll moves, year by year: who came by which route, who left where to, what it cost.

    nmiss.movements(world)             # independent and non-maintained special, by financial year
    nmiss.by_terms(world)              # the same roll by county and boarding
    nmiss.floor(world, "2025-04")      # what stays if nobody had entered from April 2025

From the event log, so opening + entries - exits = closing, exactly. The council prints pounds only (82, 78, 64, 42) and
for all independent schools: its line is laid beside the same line of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cohort import calendar, lives, published, spending
from cohort.prices import LINES
from cohort.processes import REASONS
from cohort.record import NOTHING, by_phase
from cohort.states import STAGES, WHERE, Support

if TYPE_CHECKING:
    from cohort.world import World

ENTRIES = {
    "conclude": "first_placement",
    "transfer": "phase_transfer",
    "resolve_contest": "tribunal",
    "breakdown": "breakdown",
    "review_move": "review",
    "offer": "no_place",
    "closure": "no_place",
    "arrive": "moved_to_kent",
}
"""Event -> route in. no_place: a child who waited without a place, or whose school closed, and was offered this one;
and whoever else came while it waits for a state special school, which was full."""
WANTED = "state_special"
EXITS = {
    "state_special": "state_special",
    "mainstream": "mainstream",
    "srp": "mainstream",
    "fe": "post16_institution",
    "spi": "post16_institution",
}
"""Placement -> route out; any other is other_placement."""
ROUTES_IN = (*ENTRIES.values(), "other")
ROUTES_OUT = (
    "state_special",
    "mainstream",
    "post16_institution",
    "other_placement",
    "ceased",
    "moved",
    "died",
    "aged_out",
)


@dataclass(frozen=True)
class Movement:
    """A year of a placement's roll, in children, with its pounds."""

    year: str
    opening: int
    entries: dict[str, int]
    exits: dict[str, int]
    sent: int
    """of the entries for want of a place, those of children whose choice was a state special school; the others had
    sought one besides, or had no school at all"""
    closing: int
    child_months: int
    pence: int
    """all charges of the children there"""
    line_pence: int
    """the council's independent line of the run, independent mainstream with it"""
    council: float | None
    """the same line as the council projects it, GBP million"""

    @property
    def fte(self) -> float:
        """Full-year equivalent children: child-months / 12."""
        return self.child_months / 12


def academic_year(month: int) -> str:
    """ "2025/26" for any month from September 2025 to August 2026."""
    year = calendar.academic_year(month)
    return f"{year}/{(year + 1) % 100:02d}"


def movements(
    world: World, placement: str = "nmiss", year_of: Callable[[int], str] = calendar.financial_year
) -> list[Movement]:
    """A movement for each whole year (financial, or ``nmiss.academic_year``) of a run."""
    months = [world.setting.scenario.first + k for k in range(len(world.record.logs))]
    by_year: dict[str, list[int]] = {}
    for m in months:
        by_year.setdefault(year_of(m), []).append(m)
    figures = published.tables(world.setting.pack)
    council = {f.period: f.value for f in figures if (f.kind, f.item) == ("projection", "independent")}
    return [_movement(world, placement, y, own, council.get(y)) for y, own in by_year.items() if len(own) == 12]


def _movement(world: World, placement: str, year: str, months: list[int], council: float | None) -> Movement:
    """A year's movement, of the months that are its own."""
    code = world.setting.book.vocabulary.code(placement)
    entries, exits = dict.fromkeys(ROUTES_IN, 0), dict.fromkeys(ROUTES_OUT, 0)
    sent = 0
    for m in months:
        for is_entry, route, was_choice in _crossings(world, code, m):
            routes = entries if is_entry else exits
            routes[route] += 1
            sent += was_choice
    rolls = {m: world.record.cells[m][:, :, Support.PLAN, code] for m in (*months, months[-1] + 1)}
    bill = spending.bill(world)
    by_line = bill.by_line(world.setting.prices)[[bill.months.index(m) for m in months]].sum(0)
    return Movement(
        year=year,
        opening=int(rolls[months[0]].sum()),
        entries=entries,
        exits=exits,
        sent=sent,
        closing=int(rolls[months[-1] + 1].sum()),
        child_months=sum(int(rolls[m + 1].sum()) for m in months),
        pence=_pence(world, code, months),
        line_pence=int(by_line[LINES.index("independent")]),
        council=council,
    )


def _pence(world: World, code: int, months: list[int]) -> int:
    """All charges of the children in a placement with a plan."""
    record, price, slots = world.record, world.setting.price, world.setting.prices.slots
    held = ((m, by_phase(record.cells[m + 1], record.held[m + 1], slots)[1][code]) for m in months)
    return sum(int((there * price(m)[Support.PLAN, code]).sum()) for m, there in held)


@dataclass(frozen=True)
class Terms:
    """A year of one kind of place of a placement: in or outside the county, by day or residential."""

    year: str
    where: str
    """a label of ``states.WHERE``"""
    closing: int
    """children there at the year's end"""
    child_months: int
    pence: int

    @property
    def fte(self) -> float:
        """Full-year equivalent children: child-months / 12."""
        return self.child_months / 12


def by_terms(world: World, placement: str = "nmiss") -> list[Terms]:
    """Children, child-months and all their charges by where the place is, for each whole financial year of a run.

    They sum to the ``movements`` of the placement. A placement that does not tell such places apart has only those that
    it can have.
    """
    code, bill = world.setting.book.vocabulary.code(placement), spending.bill(world)
    there = bill.plans.there[:, :, :, bill.slots.of_placement(code)].sum((1, 2))
    spent = (of for of in bill.spent(world.setting.prices) if of.charge.support == Support.PLAN)
    pence = sum((of.pence.sum((1, 2)) for of in spent if of.placement == code), np.zeros_like(there))
    by_year: dict[str, list[int]] = {}
    for k, m in enumerate(bill.months):
        by_year.setdefault(calendar.financial_year(m), []).append(k)
    out: list[Terms] = []
    for year, at in by_year.items():
        if len(at) == 12:
            of_year = (x.tolist() for x in (there[at[-1]], there[at].sum(0), pence[at].sum(0)))
            out += [Terms(year, *of) for of in zip(WHERE, *of_year, strict=False)]
    return out


def _crossings(world: World, code: int, month: int) -> Iterator[tuple[bool, str, bool]]:
    """Each entry (True) or exit (False) of a month, with its route, and whether another school was the choice."""
    vocabulary, events = world.setting.book.vocabulary, world.setting.book.events
    placements = len(vocabulary.placements)
    first_plan = 2 * len(STAGES) + 2 * placements
    log = world.record.logs[month - world.setting.scenario.first]
    here = first_plan + code
    for at in np.flatnonzero((log.frm == here) != (log.to == here)).tolist():
        if log.to[at] == here:
            waits = int(log.waits[at])
            unmet = waits != NOTHING and waits // 2 == vocabulary.code(WANTED)
            route = ENTRIES.get(events[log.event[at]], "other")
            yield True, "no_place" if unmet else route, unmet and waits % 2 == 1
        else:
            to, reason = int(log.to[at]) - first_plan, REASONS[log.reason[at]]
            held = 0 <= to < placements
            yield False, EXITS.get(vocabulary.labels[to], "other_placement") if held else _ended(reason), False


def _ended(reason: str) -> str:
    """The route of a child whose plan ended: by the tape, or ceased."""
    return reason if reason in {"moved", "died", "aged_out"} else "ceased"


@dataclass(frozen=True)
class Floor:
    """What is left of a placement's roll in a financial year if nobody had entered since a month."""

    year: str
    closing: int
    child_months: int
    pence: int


def floor(world: World, since: str = "2025-04", *placements: str) -> list[Floor]:
    """The children there at the start of a month, followed until each leaves; who comes, or comes back, is not counted.
    Of several placements, who goes from one to another stays; without any, of independent special schools.

    By financial year from ``since`` on, its first and last perhaps in part. Prices are the run's, inflated. Raises
    ValueError for a month that the run has not.
    """
    begins, words = calendar.month(since), world.setting.book.vocabulary
    codes = [words.code(placement) for placement in placements or ("nmiss",)]
    if not world.setting.scenario.first <= begins < world.month:
        ends = calendar.label(world.month - 1)
        raise ValueError(f"since: {since} given; allowed: {world.setting.scenario.start} to {ends}")
    counts_as = np.isin(np.arange(len(words.placements) + 1), codes)  # the last is NO_PLAN
    before = next(found for found in lives.lived(world) if found.month == begins - 1)
    there, out = np.flatnonzero(counts_as[before.placement]), dict[str, tuple[int, int, int]]()
    still = np.arange(len(there))
    for found in lives.followed(world, before, there):
        still = still[counts_as[found.placement[still]]]
        pence, year = int(lives.cost(world, still, found).sum()), calendar.financial_year(found.month)
        _, months, spent = out.get(year, (0, 0, 0))
        out[year] = (len(still), months + len(still), spent + pence)
    return [Floor(year, *totals) for year, totals in out.items()]
