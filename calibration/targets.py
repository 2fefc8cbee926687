"""The register of published figures: what each counts, how far it can be trusted, and what is done with it.

A row of ``targets.csv`` is a series, a period, a part of it and a value as known on 18 March 2025. Its standard error
comes from a rule (``target_errors.csv``), not from judgement of the row: rounding, definition and model error, and a
count's own chance. An analyst adds a row and fits again; a row that cannot be used is refused by its name.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import hypot, isfinite, sqrt

from cohort import calendar
from cohort.calendar import NCYS
from cohort.pack import Pack
from cohort.prices import LINES
from cohort.states import AREAS, Vocabulary, closest

KNOWN_BY = "2025-03"
"""Nothing later than this month may be in the register."""
USES = ("fitted", "checked", "held_out")
STOCK, FLOW, SHARE, SPEND, GIVEN = "stock", "flow", "share", "spend", "given"
SERIES = {
    "plans": STOCK,
    "plans_at_start": STOCK,
    "sen_support": STOCK,
    "sen_support_at_start": STOCK,
    "requests": FLOW,
    "agreed": FLOW,
    "refused": FLOW,
    "upheld": FLOW,
    "appeals": FLOW,
    "no_plan": FLOW,
    "new_plans": FLOW,
    "ceased": FLOW,
    "ceased_at_review": FLOW,
    "left": FLOW,
    "within_20_weeks": SHARE,
    "spend": SPEND,
    "children": GIVEN,
}
"""Series -> stock at a month's start, flow of months, share of flows in percent, spend in GBP million, or given to the
model by the tape."""
MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")


class TargetError(ValueError):
    """A row of the register that cannot be used: its id, what was given, what is allowed."""


@dataclass(frozen=True)
class Target:
    """One published figure, its standard error already worked out by the rule."""

    id: str
    series: str
    period: str
    part: Mapping[str, str]
    """what of the series: ncy, placement, area, line or charge; empty for all of it"""
    value: float
    unit: str
    as_of: str
    source: str
    error: str
    sd: float
    use: str
    reason: str

    @property
    def kind(self) -> str:
        """Stock, flow, share, spend or given."""
        return SERIES[self.series]

    @property
    def months(self) -> range:
        """The months that a flow, share or spend is of; for a stock the one at whose start it holds."""
        return months_of(self.period, self.kind)

    @property
    def year(self) -> int:
        """The calendar year of the first month."""
        return calendar.year(self.months[0])


def months_of(period: str, kind: str) -> range:
    """A period's months: "2025-01", "2024-03..2025-02", "2023", or for spend a financial year such as "2024-25"."""
    if kind == SPEND:
        return _financial(period)
    if re.fullmatch(r"[0-9]{4}", period) and kind != STOCK:
        return range(calendar.month(f"{period}-01"), calendar.month(f"{int(period) + 1}-01"))
    first, _, last = period.partition("..")
    if not MONTH.fullmatch(first) or (last and not MONTH.fullmatch(last)):
        raise ValueError(f"period {period!r}; allowed: a month such as 2025-01, 2024-03..2025-02 or a year")
    return range(calendar.month(first), calendar.month(last or first) + 1)


def _financial(period: str) -> range:
    """The months of a financial year such as "2024-25"."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}", period) or int(period[5:]) != (int(period[:4]) + 1) % 100:
        raise ValueError(f"period {period!r}; allowed for spend: a financial year such as 2024-25")
    year = int(period[:4])
    return range(calendar.month(f"{year}-04"), calendar.month(f"{year + 1}-04"))


@dataclass(frozen=True)
class Rule:
    """A class of error: relative standard errors of definition and model, and whether a count's chance is added."""

    definition: float
    model: float
    chance: bool

    def sd(self, value: float, rounding: float) -> float:
        """The standard error of a value: all parts, taken as independent."""
        parts = hypot(self.definition * value, self.model * value, rounding / sqrt(12))
        return hypot(parts, sqrt(abs(value))) if self.chance else parts


def load(pack: Pack) -> tuple[Target, ...]:
    """The register, in the file's order. Raises TargetError naming the row that cannot be used."""
    rules = {
        str(r["error"]): Rule(r["definition"], r["model"], bool(r["chance"]))
        for r in pack.table("target_errors").rows()
    }
    found: dict[str, Target] = {}
    for r in pack.table("targets").rows():
        target = row(r, rules)
        if target.id in found:
            raise TargetError(f"targets.csv: {target.id}: given twice; allowed: each id once")
        found[target.id] = target
    return tuple(found.values())


def row(r: Mapping[str, object], rules: Mapping[str, Rule]) -> Target:
    """A checked row of the register."""
    name = str(r["id"])
    for column, allowed in (("series", SERIES), ("error", rules), ("use", USES)):
        if r[column] not in allowed:
            raise TargetError(f"targets.csv: {name}: {column}: {closest(str(r[column]), allowed)}")
    value, series = float(str(r["value"])), str(r["series"])
    try:
        part = _part(str(r["breakdown"]), SERIES[series])
        last = months_of(str(r["period"]), SERIES[series])[-1]
    except ValueError as error:
        raise TargetError(f"targets.csv: {name}: {error}") from None
    if not isfinite(value) or value < 0:
        raise TargetError(f"targets.csv: {name}: value {value} given; allowed: 0 or more")
    for what, month in (("as_of", calendar.month(str(r["as_of"]))), ("period", last)):
        if month > calendar.month(KNOWN_BY):
            raise TargetError(f"targets.csv: {name}: {what} {r[what]} given; allowed: {KNOWN_BY} or before")
    sd = rules[str(r["error"])].sd(value, float(str(r["rounding"])))
    if sd <= 0:
        raise TargetError(f"targets.csv: {name}: its rule gives no error; allowed: more than 0")
    period, unit, as_of, source, group, use, reason = (str(r[k]) for k in TEXTS)
    return Target(name, series, period, part, value, unit, as_of, source, group, sd, use, reason)


TEXTS = ("period", "unit", "as_of", "source", "error", "use", "reason")


def _part(given: str, kind: str) -> dict[str, str]:
    """A breakdown as a mapping: "all", "ncy=0..11", "placement=nmiss+spi", "area=North", "line=special"."""
    if given == "all":
        return {}
    part = {dim: words for dim, _, words in (p.partition("=") for p in given.split(";"))}
    labels = {"placement": Vocabulary().labels, "area": AREAS, "line": LINES}
    allowed = ("line", "charge") if kind == SPEND else ("ncy", "placement") if kind == STOCK else ("ncy", "area")
    for dim, words in part.items():
        if dim not in allowed:
            raise ValueError(f"breakdown {given!r}: {closest(dim, allowed)}")
        for word in words.split("+") if dim in labels else ():
            if word not in labels[dim]:
                raise ValueError(f"breakdown {given!r}: {word!r} is not a {dim}; {closest(word, labels[dim])}")
        if dim == "ncy":
            ncy_range(words)
    return part


def ncy_range(words: str) -> tuple[int, int]:
    """ "0..11" as numbers. Raises ValueError for what is no range of school years."""
    first, dots, last = words.partition("..")
    try:
        low, high = int(first), int(last)
    except ValueError:
        low, high = 1, 0
    if not dots or not NCYS[0] <= low <= high <= NCYS[-1]:
        raise ValueError(f"ncy={words} given; allowed: such as ncy=0..11, from {NCYS[0]} to {NCYS[-1]}")
    return low, high
