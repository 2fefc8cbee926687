"""What a child costs: a year in each placement, and a cohort from first plan to 25; and a September change's two years.

costs.by_placement(world, "2024-25")["nmiss"].pounds
costs.of_cohort(world, "2024")         # children whose first plan came in 2024
costs.september(base, policy, 2025)    # part-year and full-year effect
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, lives, spending
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.lives import NO_PLAN
from cohort.prices import LINES
from cohort.record import by_phase
from cohort.states import Support
from cohort.variance import months_of

if TYPE_CHECKING:
    from cohort.world import World

Floats = NDArray[np.float64]
AGE_OF_NCY = 4
"""Age at 31 August less national curriculum year."""
ASSUMES = (
    "ages not yet reached cost what plan holders of that age cost in the run's last twelve months, in its prices, and "
    "plans end as they did then; nobody whose plan has ended gets another"
)


@dataclass(frozen=True)
class UnitCost:
    """What plan holders in a placement cost in a year."""

    child_months: int
    pence: int

    @property
    def pounds(self) -> float:
        """Pounds a full year's child; not a number without children."""
        return self.pence / 100 / (self.child_months / 12) if self.child_months else float("nan")


def by_placement(world: World, financial_year: str) -> dict[str, UnitCost]:
    """Placement -> child-months and pence of its plan holders in a whole financial year: all charges of each child."""
    labels = world.setting.book.vocabulary.labels
    months, pence = np.zeros(len(labels), np.int64), np.zeros(len(labels), np.int64)
    for m in months_of(world, financial_year):
        _, held = by_phase(world.record.cells[m + 1], world.record.held[m + 1], world.setting.prices.slots)
        months += held.sum((1, 2, 3, 4, 5))
        pence += (held * world.setting.price(m)[Support.PLAN]).sum((1, 2, 3, 4, 5))
    found = zip(labels, months.tolist(), pence.tolist(), strict=True)
    return {label: UnitCost(some, cost) for label, some, cost in found if some}


@dataclass(frozen=True)
class CohortCost:
    """Children whose first plan came in a year, and what they cost while they hold plans."""

    children: int
    so_far: dict[int, int]
    """age at 31 August -> pence, as far as the run goes"""
    to_come: dict[int, int]
    """age at 31 August -> pence, extrapolated to the end of the year in which they turn 25"""
    holding: int
    """who still hold a plan when the run ends"""
    assumes: str = ASSUMES

    @property
    def pounds_a_child(self) -> float:
        """Pounds from first plan to 25, a child of the cohort: what is known and what is extrapolated."""
        return (sum(self.so_far.values()) + sum(self.to_come.values())) / 100 / self.children if self.children else 0.0


def of_cohort(world: World, year: str) -> CohortCost:
    """The cost of the children whose first plan the council issued in a calendar year such as "2024".

    Plans that came with a child who moved to Kent are not first plans, nor are a second one's after the run's start.
    Raises ValueError for a year that the run does not cover whole.
    """
    rows = first_plans(world, year)
    mine = np.zeros(world.setting.tape.with_needs, np.bool_)
    mine[rows] = True
    so_far = np.zeros(len(NCYS), np.int64)
    holding = np.zeros(0, np.int64)
    for found in lives.lived(world):
        holding = np.flatnonzero(mine & (found.placement != NO_PLAN))
        if found.month >= calendar.january(int(year)):
            np.add.at(so_far, lives.ncy_index(world, holding, found.month), lives.cost(world, holding, found))
    return CohortCost(len(rows), _by_age(so_far), _by_age(_to_come(world, holding)), len(holding))


def first_plans(world: World, year: str) -> NDArray[np.int64]:
    """Rows of the children to whom the council issued a first plan in a calendar year."""
    first = world.setting.scenario.first
    months = range(calendar.january(int(year)), calendar.january(int(year) + 1))
    if months[0] < first or months[-1] >= world.month:
        given = f"{calendar.year(first)} to {calendar.year(world.month) - 1}"
        raise ValueError(f"year: {year} given; allowed: a whole year of the run, {given}")
    conclude = world.setting.book.events.index("conclude")
    had, found = np.zeros(world.setting.tape.with_needs, np.bool_), [np.zeros(0, np.int64)]
    for month, state in lives.plans(world):
        if month in months:
            log = world.record.logs[month - first]
            issued = log.row[log.event == conclude].astype(np.int64)
            found.append(issued[(state[issued] != NO_PLAN) & ~had[issued]])
        had |= state != NO_PLAN
    return np.unique(np.concatenate(found))


def _to_come(world: World, holding: NDArray[np.int64]) -> NDArray[np.int64]:
    """[ncy] pence still to come for plan holders at the end of a run (see ``ASSUMES``)."""
    last = world.month - 1
    a_year, stays = _cross_section(world)
    out: Floats = np.zeros(len(NCYS))
    now = np.bincount(lives.ncy_index(world, holding, last), minlength=len(NCYS)).astype(np.float64)
    rest = (calendar.SEPTEMBER - 1 - calendar.month_of_year(last)) % 12 / 12
    holders: Floats = np.zeros(len(NCYS))
    for at in range(len(NCYS)):
        started, stay = holders[at], stays[at] ** rest
        years = started * (1 + stays[at]) / 2 + now[at] * rest * (1 + stay) / 2
        out[at] = years * a_year[at]
        if at + 1 < len(NCYS):
            holders[at + 1] = started * stays[at] + now[at] * stay
    return np.rint(out).astype(np.int64)


def _cross_section(world: World) -> tuple[Floats, Floats]:
    """[ncy] pence a plan holder's year, and the share of holders who still hold a plan a year on, of the last twelve
    months."""
    months, pence = np.zeros(len(NCYS)), np.zeros(len(NCYS))
    ended = np.zeros(len(NCYS))
    before = np.zeros(0, np.bool_)
    for found in lives.lived(world):
        month, state = found.month, found.placement
        if month >= world.month - 12:
            held = np.flatnonzero(state != NO_PLAN)
            months += np.bincount(lives.ncy_index(world, held, month), minlength=len(NCYS))
            cost = lives.cost(world, held, found)
            pence += np.bincount(lives.ncy_index(world, held, month), weights=cost, minlength=len(NCYS))
            gone = np.flatnonzero(before & (state == NO_PLAN))
            last = np.minimum(lives.ncy_index(world, gone, month), len(NCYS) - 1)
            ended += np.bincount(last, minlength=len(NCYS))
        before = state != NO_PLAN
    some = np.maximum(months, 1)
    return 12 * pence / some, np.clip(1 - 12 * ended / some, 0, 1)


def _by_age(pence: NDArray[np.int64]) -> dict[int, int]:
    """Age at 31 August -> pence, where there is any."""
    return {k + NCY_LOWEST + AGE_OF_NCY: int(p) for k, p in enumerate(pence) if p}


@dataclass(frozen=True)
class September:
    """What a change in September did to spend, in pence by line: in its first financial year, and in twelve months."""

    part_year: dict[str, int]
    """September to March: for children who stay, seven twelfths of a year at that year's prices"""
    full_year: dict[str, int]
    """September to August, the last five months at the next year's prices"""


def september(base: World, policy: World, year: int) -> September:
    """The difference that a policy made in the seven and in the twelve months from a September.

    Raises ValueError unless both worlds run to the following August.
    """
    begins = year * 12 + calendar.SEPTEMBER - 1
    for world in (base, policy):
        if not world.setting.scenario.first <= begins or world.month < begins + 12:
            last = calendar.label(world.month - 1)
            raise ValueError(f"September {year}: a run from {world.setting.scenario.start} to {last} has no whole year")
    made = [_by_month(world, begins) for world in (base, policy)]
    change = made[1] - made[0]
    return September(_lines(change[:7].sum(0)), _lines(change.sum(0)))


def _by_month(world: World, begins: int) -> NDArray[np.int64]:
    """[month, line] pence of twelve months."""
    bill = spending.bill(world)
    at = bill.months.index(begins)
    return bill.by_line(world.setting.prices)[at : at + 12]


def _lines(pence: NDArray[np.int64]) -> dict[str, int]:
    return dict(zip(LINES, pence.tolist(), strict=True))
