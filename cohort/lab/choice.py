"""What a visitor has chosen, as a value: a scenario that ``cohort run`` reproduces exactly, and what to be warned of.

    choice = Choice(load("programme"), sizes={"srp_review.places.places": 150.0}, later={"early_years": 6})
    choice.scenario().to_toml()

Nothing of a page is run: rules are those that are shipped, by name, and an uploaded file is data, read as a scenario.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from dataclasses import replace as with_
from functools import cached_property
from typing import Any

from cohort import calendar, lawful, rulebook
from cohort.changes import Change, Open
from cohort.lab import dials
from cohort.lab.dials import Dial, Spread
from cohort.pack import HOMES, PACKAGE
from cohort.policy import Policy
from cohort.scenario import Scenario, ScenarioError
from cohort.states import closest
from cohort.when import When

AS_IT_IS, AT_ONCE, NEVER = "as it is", "at once", "never"
PHASES = {AS_IT_IS: None, AT_ONCE: 0, "over a year": 12, "over two years": 24, "over three years": 36}
"""Phase-in on the page -> months from the start until it is in full."""
LATER = (-12, 24)
"""Months by which a rule can be moved."""
LARGEST = 100_000
"""Bytes of an uploaded file."""
BASE = "baseline"


@dataclass(frozen=True)
class Choice:
    """A scenario and what was moved in it. Raises ScenarioError, from ``scenario``, for what cannot be."""

    loaded: Scenario
    rules: tuple[str, ...] | None = None
    """None: those of the scenario loaded"""
    sizes: Mapping[str, float | Spread] = field(default_factory=dict)
    """"rule.change.field" -> size: a number is known, at the rule's own it is as uncertain as the rule has it;
    low, most likely and high are a range of its own"""
    later: Mapping[str, int] = field(default_factory=dict)
    """rule -> months later than in the scenario loaded"""
    phases: Mapping[str, str] = field(default_factory=dict)
    """rule -> a key of ``PHASES``"""
    opening: Mapping[str, str] = field(default_factory=dict)
    """school -> first month with places, or never"""
    estimates: Mapping[str, float] = field(default_factory=dict)
    """estimate -> value, in both worlds"""
    name: str = "mine"
    acknowledge: bool = False
    """run what is unlawful all the same"""

    def scenario(self) -> Scenario:
        """The scenario chosen, checked."""
        return self._scenario

    @cached_property
    def _scenario(self) -> Scenario:
        rules = self.loaded.rules if self.rules is None else self.rules
        for name in rules:
            known_rule(name)
        if self.name == BASE:
            raise ScenarioError(f"name: {self.name!r} given; allowed: any other, for that is what it is compared with")
        kept = {k: v for k, v in self.loaded.overrides.items() if k.split(".", 1)[0] in rules}
        given = self.loaded.model_dump() | {
            "name": self.name,
            "rules": rules,
            "overrides": self._overrides(kept, rules),
            "parameters": dict(self.loaded.parameters) | self._estimates(),
            "acknowledge_unlawful": self.acknowledge,
        }
        given["places"]["opening"] |= {s: m for s, m in self.opening.items() if not self._opener(s, rules)}
        return Scenario.parse(given, self.name)

    def base(self) -> Scenario:
        """The world compared with: the baseline of the same authority, months and estimates."""
        mine = self.scenario()
        same = {"authority": mine.authority, "start": mine.start, "until": mine.until, "parameters": mine.parameters}
        return Scenario.load(BASE).model_copy(update=same)

    @cached_property
    def policy(self) -> Policy:
        """All rules of the scenario, with what was moved. Raises RuleError for dates that cannot be."""
        mine = self.scenario()
        return rulebook.of_scenario(mine.rules, mine.overrides)

    # what was moved

    def _estimates(self) -> dict[str, float]:
        known = dials.of_estimates(self.loaded)
        for name, value in self.estimates.items():
            if name not in known:
                raise ScenarioError(f"estimates: {name!r} given; {closest(name, known)}")
            _checked(known[name], value)
        return {n: float(v) for n, v in self.estimates.items() if v != known[n].mode or n in self.loaded.parameters}

    def _overrides(self, kept: dict[str, dict[str, Any]], rules: tuple[str, ...]) -> dict[str, dict[str, Any]]:
        made = {key: dict(value) for key, value in kept.items()}
        known = dials.of_rules(self.loaded.model_copy(update={"rules": rules, "overrides": kept}))
        for key, value in self.sizes.items():
            if key not in known:
                raise ScenarioError(f"sizes: {key!r} given; {closest(key, known)}")
            _checked(known[key], value)
            of, field_ = key.rsplit(".", 1)
            if value != known[key].stands:
                made.setdefault(of, {})[field_] = value if isinstance(value, tuple) else float(value)
                if value in {known[key].mode, known[key].own}:
                    del made[of][field_]
        for rule in rules:
            for change in rulebook.overridden(rulebook.load(rule), kept).changes:
                if dates := self._dates(rule, change):
                    made.setdefault(f"{rule}.{change.label}", {}).update(dates)
        for school, month in self.opening.items():
            if key := self._opener(school, rules):
                made.setdefault(key, {}).update({"places": 0.0} if month == NEVER else {"start": month})
        return {key: value for key, value in made.items() if value}

    def _dates(self, rule: str, change: Change) -> dict[str, str]:
        """The dates of a change, if its rule was moved or is phased in otherwise."""
        months, phase = self.later.get(rule, 0), self.phases.get(rule, AS_IT_IS)
        if not LATER[0] <= months <= LATER[1]:
            raise ScenarioError(f"{rule}: {months} months later given; allowed: {LATER[0]} to {LATER[1]}")
        if phase not in PHASES:
            raise ScenarioError(f"{rule}: phase-in {phase!r} given; {closest(phase, PHASES)}")
        when, planned = change.timing, isinstance(change, Open)
        moved = with_(when, delay=0).shifted(months)
        full = PHASES[phase]
        if full is not None and not planned and change.kind != "hatch":
            moved = _phased(moved, full)
        pairs = {n: (getattr(when, n), getattr(moved, n)) for n in ("start", "full", "end")}
        return {name: new for name, (old, new) in pairs.items() if new != old}

    def _opener(self, school: str, rules: tuple[str, ...]) -> str:
        """The change of a chosen rule that opens a school, as "rule.change"; "" if none does."""
        if school not in dials.schools(self.loaded):
            raise ScenarioError(f"opening: {school!r} given; {closest(school, dials.schools(self.loaded))}")
        for rule in rules:
            for c in rulebook.load(rule).changes:
                if isinstance(c, Open) and c.provider == school:
                    return f"{rule}.{c.label}"
        return ""

    # what to be warned of

    def unlawful(self) -> list[str]:
        """What each change would break, with its section of law."""
        return lawful.problems(self.policy)

    def warnings(self) -> list[str]:
        """Where the choice goes beyond the evidence: sizes and estimates out of their range, dates before the rule's.

        Of the scenario as it is, whether a number was moved here or in the file that was loaded."""
        mine = self.scenario()
        found = [
            f"{d.key}: {_said(d.stands)}; the evidence bears {d.low:g} to {d.high:g}"
            for d in (*dials.of_rules(mine).values(), *dials.of_estimates(mine).values())
            if any(d.outside(value) for value in d.spread or (d.value,))
        ]
        for rule in mine.rules:
            own = {c.label: c.timing.start for c in rulebook.load(rule).changes}
            now = rulebook.overridden(rulebook.load(rule), mine.overrides)
            early = sorted({c.timing.start for c in now.changes if c.timing.start < own[c.label]})
            if early:
                found.append(f"{rule}: begins in {early[0]}, before what was planned ({min(own.values())})")
        return found


def _said(size: float | Spread) -> str:
    """A size in words: a number, or a range."""
    return f"{size[0]:g} to {size[2]:g}, most likely {size[1]:g}" if isinstance(size, tuple) else f"{size:g}"


def _checked(dial: Dial, value: float | Spread) -> None:
    try:
        if isinstance(value, tuple):
            dial.check_range(value)
        else:
            dial.check(value)
    except ValueError as error:
        raise ScenarioError(str(error)) from None


def _phased(when: When, months: int) -> When:
    """In full so many months after the start; at once if none."""
    first = calendar.month(when.start)
    full = calendar.label(first + months - 1) if months else ""
    if full and when.end and full >= when.end:
        full = calendar.label(calendar.month(when.end) - 1)
    return with_(when, full=full)


def known_rule(name: str) -> None:
    """Raises ScenarioError for a rule that is not shipped: files and entry points hold code."""
    if name not in rulebook.shipped():
        raise ScenarioError(
            f"rules: {name!r} given; the lab runs shipped rules only; {closest(name, rulebook.shipped())}"
        )


def uploaded(name: str, content: bytes) -> Scenario:
    """The scenario of an uploaded file: data only. Raises ScenarioError for a path, a rule that is not shipped, or what
    is no scenario."""
    if len(content) > LARGEST:
        raise ScenarioError(f"{name}: {len(content):,} bytes given; allowed: up to {LARGEST:,}")
    try:
        given = tomllib.loads(content.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{name}: not valid TOML: {error}") from None
    given = {**given, "name": given.get("name", "mine")}
    scenario = Scenario.parse(given, name)
    packs = [p.parent.name for home in HOMES for p in home.glob(f"*/{PACKAGE}")]
    if scenario.authority not in packs:
        raise ScenarioError(
            f"{name}: authority: {scenario.authority!r} given; allowed: {', '.join(sorted(set(packs)))}"
        )
    for rule in scenario.rules:
        known_rule(rule)
    return scenario


__all__ = ["AS_IT_IS", "AT_ONCE", "LATER", "NEVER", "PHASES", "Choice", "known_rule", "uploaded"]
