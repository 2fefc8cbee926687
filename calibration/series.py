"""What the register's targets are measured on: months of stocks, events and spend, of the expectation or of children.

Both are laid out alike, so one reading of a target serves both, and the gap between them is its offset. Arrays are
numpy's or JAX's; areas have one place where they are lumped.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from calibration.targets import FLOW, SHARE, SPEND, STOCK, Target, ncy_range
from cohort import calendar, spending
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.processes import REASONS
from cohort.setting import Setting
from cohort.states import AREAS, STAGES, SUPPORTS, Support
from cohort.world import World

Floats = NDArray[np.float64]
EVENTS: dict[str, tuple[tuple[str, int | None], ...]] = {
    "requests": (("request", 0), ("request_supported", 0), ("rerequest", 0)),
    "agreed": (("decide", 0),),
    "refused": (("decide", 1),),
    "upheld": (("resolve", 0),),
    "appeals": (("appeal", 0), ("contest", 0)),
    "no_plan": (("conclude", 1),),
    "new_plans": (("conclude", 0),),
    "ceased": (("cease", None), ("review_cease", None)),
    "ceased_at_review": (("review_cease", None),),
}
"""Series -> the (process, outcome) pairs that it counts: 0 is yes, 1 is no, None both."""
NO = ("refuse", "no_plan", "not_upheld")
"""Reasons that are the second of a process's two outcomes."""


class Series(NamedTuple):
    """Months in a row."""

    start: Any
    """[ncy, area, support, placement] children with needs at the start of the first month of the last run"""
    stock: Any
    """[month, ncy, area, support, placement] at each month's end, those on SEN Support or with a plan exactly"""
    events: Any
    """[month, process, yes or no, ncy, area]"""
    on_time: Any
    """[month] plans issued within 20 weeks"""
    left: Any
    """[month] holders of plans who left"""
    spend: Any
    """[month, item] pounds by charge and service"""


class Reading:
    """How targets are read from series: which months there are, and what processes and prices are called."""

    def __init__(self, setting: Setting, first: int, last: int, begins: int) -> None:
        self.first, self.last, self.begins = first, last, begins
        self.processes = tuple(p.name for p in setting.book.processes)
        self.labels = setting.book.vocabulary.labels
        self.items = tuple((x.name, x.line) for x in (*setting.prices.charges, *setting.prices.services))

    def reads(self, t: Target) -> bool:
        """Whether the series hold all of a target's months."""
        if t.series.endswith("_at_start"):
            return t.months[0] == self.begins
        if t.kind == STOCK:
            return self.first < t.months[0] <= self.last
        return t.kind in (FLOW, SHARE, SPEND) and self.first <= t.months[0] and t.months[-1] < self.last

    def read(self, t: Target, s: Series) -> Any:
        """The target's value in the series, in its own unit; NaN by area where areas are lumped."""
        at = slice(t.months[0] - self.first, t.months[-1] - self.first + 1)
        if t.kind == STOCK:
            return self._stock(t, s)
        if t.kind == SPEND:
            return s.spend[at][:, self._item_rows(t)].sum() / 1e6
        if t.kind == SHARE:
            return 100 * s.on_time[at].sum() / self._events("new_plans", {}, at, s)
        if t.series == "left":
            return s.left[at].sum()
        return self._events(t.series, t.part, at, s)

    def _stock(self, t: Target, s: Series) -> Any:
        stock = s.start if t.series.endswith("_at_start") else s.stock[t.months[0] - self.first - 1]
        support = Support.PLAN if t.series.startswith("plans") else Support.SEN_SUPPORT
        stock = stock[_years(t.part), :, int(support)].sum((0, 1))
        return stock[self._codes(t.part)].sum()

    def _codes(self, part: Mapping[str, str]) -> NDArray[np.int64]:
        wanted = part["placement"].split("+") if "placement" in part else self.labels
        return np.array([self.labels.index(p) for p in wanted])

    def _events(self, name: str, part: Mapping[str, str], at: slice, s: Series) -> Any:
        total: Any = 0.0
        area = slice(None)
        if "area" in part:
            if s.events.shape[4] == 1:
                return np.nan
            area = slice(AREAS.index(part["area"]), AREAS.index(part["area"]) + 1)
        for process, way in EVENTS[name]:
            ways = slice(0, 2) if way is None else slice(way, way + 1)
            total = total + s.events[at, self.processes.index(process), ways, _years(part), area].sum()
        return total

    def _item_rows(self, t: Target) -> NDArray[np.int64]:
        """The charges and services of a line or of named charges; all for the total."""
        if "charge" in t.part:
            names = t.part["charge"].split("+")
            return np.array([k for k, (name, _) in enumerate(self.items) if name in names])
        line = t.part.get("line")
        return np.array([k for k, (_, of) in enumerate(self.items) if line in (None, of.split(".")[0])])


def _years(part: Mapping[str, str]) -> slice:
    """The school years of a part, as places in an array by NCY."""
    low, high = ncy_range(part["ncy"]) if "ncy" in part else (NCYS[0], NCYS[-1])
    return slice(low - NCY_LOWEST, high - NCY_LOWEST + 1)


def of_world(world: World) -> Series:
    """A run's months as series."""
    months = range(world.setting.scenario.first, world.month)
    stocks = world.record.stocks
    events = np.zeros((len(months), len(world.setting.book.events), 2, len(NCYS), len(AREAS)))
    on_time = np.zeros(len(months))
    second = np.isin(np.array(REASONS), NO)
    for k, (month, log) in enumerate(zip(months, world.record.logs, strict=True)):
        ncy = calendar.academic_year(month) - world.setting.tape.cohort[log.row].astype(int)
        area = world.setting.tape.area[log.row].astype(int)
        index = log.event.astype(int), second[log.reason].astype(int), np.clip(ncy, 0, len(NCYS) - 1), area
        np.add.at(events[k], index, 1)
        on_time[k] = (log.reason == REASONS.index("on_time")).sum()
    left = _left(world)
    kept = np.stack([stocks[m + 1] for m in months]).astype(float)
    return Series(stocks[months[0]].astype(float), kept, events, on_time, left, charged(world))


def _left(world: World) -> Floats:
    """[month] holders of plans whom the tape took away."""
    placements = len(world.setting.book.vocabulary.placements)
    first, event = 2 * len(STAGES) + 2 * placements, world.setting.book.events.index("leave")
    held = [(log.event == event) & (log.frm >= first) & (log.frm < first + placements) for log in world.record.logs]
    return np.array([rows.sum() for rows in held], float)


def unit_pounds(setting: Setting, months: range) -> tuple[Floats, Floats]:
    """(masks [charge, support, placement, phase] of the charges, [month, item] pounds a child-month or a service's
    month): severities, needs and terms are those of the mean child, whom a price is of."""
    charges, placements = setting.prices.charges, len(setting.book.vocabulary.placements)
    masks = np.zeros((len(charges), len(SUPPORTS), placements, 2))
    for mask, charge in zip(masks, charges, strict=True):
        mask[charge.support, list(charge.placements)] = charge.cells.mean((0, 2, 3, 4))
    return masks, np.array([[x.pence_in(m) / 100 for x in (*charges, *setting.prices.services)] for m in months])


def spend(setting: Setting, stock: Any, months: range, xp: Any = np) -> Any:
    """[month, item] pounds of [month, ncy, area, support, placement] children, severities being equally likely."""
    masks, pounds = unit_pounds(setting, months)
    by_age = stock.sum(2)
    phases = xp.stack([by_age[:, :17].sum(1), by_age[:, 17:].sum(1)], -1)
    counts = xp.einsum("mspf,cspf->mc", phases, masks)
    services = xp.ones((len(months), pounds.shape[1] - len(masks)))
    return xp.concatenate([counts, services], 1) * pounds


def charged(world: World) -> Floats:
    """[month, item] pounds that a run was charged; a vacant place is with the first charge of its line."""
    bill, prices = spending.bill(world), world.setting.prices
    by_item = [bill.total(c).astype(float) for c in prices.charges]
    for vacancy in prices.vacancies:
        line = vacancy.line.split(".")[0]
        first = next(k for k, c in enumerate(prices.charges) if c.line.split(".")[0] == line)
        by_item[first] += bill.vacant.get(vacancy.kind, 0) * bill.pence(vacancy)
    return np.stack([*by_item, *(bill.pence(s) for s in prices.services)], 1) / 100
