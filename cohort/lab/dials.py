"""What can be moved in the lab: uncertain sizes of the chosen rules, dates of each rule, schools, estimates.

A dial knows the range that its rule holds possible; it can be moved beyond, and then says so (``Choice.warnings``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from math import floor, log10

import numpy as np

from cohort import rulebook
from cohort.changes import Change, Open
from cohort.describe import row
from cohort.pack import Pack
from cohort.parameters import estimates
from cohort.scenario import Scenario
from cohort.when import Uncertain

ESTIMATES = {
    "growth.special": "Growth of prices: state special schools",
    "growth.independent": "Growth of prices: independent schools",
    "growth.mainstream": "Growth of prices: mainstream and SRPs",
    "growth.post16": "Growth of prices: post-16",
    "growth.services": "Growth of prices: services",
    "scale.request": "Level of requests, children without SEN Support",
    "scale.request_supported": "Level of requests, children on SEN Support",
    "places.growth_special": "Places added a year in existing special schools",
    "places.growth_srp": "Places added a year in SRPs",
}
"""Estimates of the world itself, in both worlds alike, with their names on the page."""
UNITS = {
    "by": "times", "to": "a month", "share": "of them", "appeal_share": "appeal", "pounds": "GBP a year",
    "places": "places", "months": "months", "growth": "points of growth a year",
}  # fmt: skip
Spread = tuple[float, float, float]
"""An uncertain size: low, most likely, high."""
STEPS = 20
"""How many positions a dial has at least, and ..."""
MOST_STEPS = 400
"""... at most, where they are round numbers."""


@dataclass(frozen=True)
class Dial:
    """A number that can be moved: its key ("rule.change.field" or an estimate's name), range of evidence, positions."""

    key: str
    label: str
    unit: str
    low: float
    mode: float
    """what the rule or the estimate holds most likely: here the size stays as uncertain as it is"""
    high: float
    value: float
    """where it stands to begin with"""
    steps: tuple[float, ...]
    because: str = ""
    spread: Spread | None = None
    """low, most likely, high where the scenario holds another range than the rule"""

    @property
    def step(self) -> float:
        """How far apart its positions are; 0 if not equally far."""
        apart = np.diff(self.steps)
        return round(float(apart[0]), 9) if len(apart) and np.ptp(apart) < NEARLY * apart[0] else 0.0

    def nearest(self, value: float) -> float:
        """The position that is meant by a value that a page has worked out."""
        return min(self.steps, key=lambda x: abs(x - value))

    @property
    def own(self) -> Spread:
        """The rule's own range."""
        return self.low, self.mode, self.high

    @property
    def stands(self) -> float | Spread:
        """What the scenario holds: a range of its own, or a number."""
        return self.value if self.spread is None else self.spread

    def outside(self, value: float) -> bool:
        """Whether a value is beyond what the evidence bears."""
        return not self.low - 1e-12 <= value <= self.high + 1e-12

    def check(self, value: float) -> None:
        """Raises ValueError for a value that the dial has not, saying what is allowed."""
        if not self.steps[0] <= value <= self.steps[-1]:
            raise ValueError(f"{self.key}: {value:g} given; allowed: {self.steps[0]:g} to {self.steps[-1]:g}")

    def check_range(self, given: Spread) -> None:
        """Raises ValueError for a range that is in no order or reaches beyond the dial, saying what is allowed."""
        low, mode, high = given
        said = f"{self.key}: low {low:g}, most likely {mode:g}, high {high:g} given"
        if not low <= mode <= high:
            raise ValueError(f"{said}; allowed: low no more than most likely, most likely no more than high")
        if low < self.steps[0] or high > self.steps[-1]:
            raise ValueError(f"{said}; allowed: within {self.steps[0]:g} to {self.steps[-1]:g}")


def of_rules(scenario: Scenario) -> dict[str, Dial]:
    """A dial for every uncertain size of a scenario's rules, by key; where the scenario overrides one it stands there.

    Raises RuleError for a rule that is not shipped.
    """
    found = {}
    for name in scenario.rules:
        for change in rulebook.load(name).changes:
            for field, size in _sizes(change):
                key = f"{name}.{change.label}.{field}"
                given = scenario.overrides.get(f"{name}.{change.label}", {}).get(field)
                found[key] = _dial(change, key, field, size, given)
    return found


def _sizes(change: Change) -> Iterator[tuple[str, Uncertain]]:
    for field in (f.name for f in fields(change)):
        size = getattr(change, field)
        if field in UNITS and isinstance(size, Uncertain):
            yield field, size


def _dial(change: Change, key: str, field: str, size: Uncertain, given: object) -> Dial:
    low, high = _limits(field, size)
    spread = (float(given[0]), float(given[1]), float(given[2])) if isinstance(given, tuple) else None
    if spread == (size.low, size.mode, size.high):
        spread = None
    value = spread[1] if spread else float(given) if isinstance(given, int | float) else size.mode
    what, whom = row(change)[2:4]
    label = f"{change.label}: {what} ({whom})".replace("_", " ")
    steps = _steps(low, high, (size.low, size.mode, size.high, value, *(spread or ())))
    return Dial(key, label, UNITS[field], size.low, size.mode, size.high, value, steps, change.because, spread)


def _limits(field: str, size: Uncertain) -> tuple[float, float]:
    """As far again beyond the evidence on either side, within what a change of the kind may be."""
    wide = (size.high - size.low) or abs(size.mode) or 1.0
    low, high = size.low - wide, size.high + wide
    if field in {"share", "appeal_share", "to"}:
        return max(low, 0.0), min(high, 1.0)
    if field in {"by", "months"} or (field == "places" and size.low >= 0):
        return max(low, 0.0), high
    return (max(low, -0.5), min(high, 0.5)) if field == "growth" else (low, high)


def _steps(low: float, high: float, also: tuple[float, ...]) -> tuple[float, ...]:
    """Positions from low to high as far apart as a round number (1, 2 or 5 of a power of ten), the widest of which all
    those are multiples that must be among them: such as a percentage point. Where there is none, even positions, and
    those beside."""
    low, high = min(low, *also), max(high, *also)
    for step in _round_numbers((high - low) / STEPS) if high > low else ():
        if (high - low) / step > MOST_STEPS:
            break
        if all(abs(x / step - round(x / step)) < NEARLY for x in (low, high, *also)):
            first, last = round(low / step), round(high / step)
            return tuple(round(k * step, 9) for k in range(first, last + 1))
    even = {round(float(x), 6) for x in np.linspace(low, high, STEPS + 1)}
    return tuple(sorted(even | set(also)))


def _round_numbers(most: float) -> Iterator[float]:
    """Round numbers from the widest on that is no more than this."""
    power = 10.0 ** floor(log10(most))
    while True:
        yield from (x for x in (5 * power, 2 * power, power) if x <= most * (1 + NEARLY))
        power /= 10


NEARLY = 1e-6
"""How far a number may be from a whole one that is meant."""


def of_estimates(scenario: Scenario) -> dict[str, Dial]:
    """A dial for each of ``ESTIMATES`` that the scenario's pack has."""
    known = estimates(Pack.load(scenario.authority))
    found = {}
    for name, label in ESTIMATES.items():
        if name in known:
            e, given = known[name], float(scenario.parameters.get(name, known[name].mode))
            low, high = _limits("growth" if name.startswith("growth.") else "by", e)
            unit = "a year" if name.startswith("growth.") else "times" if name.startswith("scale.") else "places"
            steps = _steps(low, high, (e.low, e.mode, e.high, given))
            found[name] = Dial(name, label, unit, e.low, e.mode, e.high, given, steps)
    return found


def schools(scenario: Scenario) -> dict[str, str]:
    """Schools that are planned and not open at the start -> their opening in a scenario, "never" or a month."""
    listed = Pack.load(scenario.authority).table("estimate_providers").rows()
    planned = {str(r["provider"]): str(r["opens"]) for r in listed if r["opens"] != "start"}
    planned |= {name: label for name, label in scenario.places.opening.items() if label != "start"}
    for rule in scenario.rules:
        for c in rulebook.overridden(rulebook.load(rule), scenario.overrides).changes:
            if isinstance(c, Open) and c.provider in planned:
                planned[c.provider] = c.when.start
    return planned


__all__ = ["ESTIMATES", "Dial", "Spread", "of_estimates", "of_rules", "schools"]
