"""Several authorities in one study: each scenario in each of them, paired with the first scenario of its own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from cohort.pack import Pack
from cohort.scenario import Scenario, ScenarioError

MARK = "__"
"""Between a scenario's name and its authority's, where there are several."""


def across(scenarios: Iterable[Scenario], authorities: Sequence[str]) -> tuple[Scenario, ...]:
    """Each scenario in each authority, authority by authority; with one authority they keep their names.

    Raises DataError for what is no pack, and ScenarioError for two authorities of one name.
    """
    given = tuple(scenarios)
    names = [slug(a) for a in authorities]
    if len(set(names)) < len(names):
        raise ScenarioError(f"authority: {', '.join(names)} given; allowed: each name once")
    single = len(names) == 1
    return tuple(
        Scenario.parse({**s.model_dump(), "authority": a, "name": s.name if single else f"{s.name}{MARK}{name}"})
        for a, name in zip(authorities, names, strict=True)
        for s in given
    )


def slug(authority: str) -> str:
    """The name of an authority in a scenario's name: the pack's own, "kent" for "kent-send"."""
    named = str(Pack.load(authority).package.get("name") or Path(authority).name)
    return re.sub(r"[^a-z0-9]+", "_", named.lower().removesuffix("-send")).strip("_")


def groups(scenarios: Sequence[Scenario]) -> list[list[Scenario]]:
    """The scenarios by authority, in the order given: those of a group share their children and their luck."""
    found: dict[str, list[Scenario]] = {}
    for s in scenarios:
        found.setdefault(s.authority, []).append(s)
    return list(found.values())


def base_of(scenarios: Sequence[Scenario], scenario: Scenario) -> Scenario:
    """The scenario against which another is paired: the first of its authority."""
    return next(s for s in scenarios if s.authority == scenario.authority)


def members(names: Sequence[str], given: str) -> list[str]:
    """The scenarios of a study that a name stands for: itself, or "programme" for programme__kent and all others."""
    return [given] if given in names else [n for n in names if n.rpartition(MARK)[0] == given]


def stems(names: Sequence[str]) -> list[str]:
    """The names that stand for one scenario in all of a study's authorities, in order; none if it has but one."""
    return list(dict.fromkeys(stem for n in names if (stem := n.rpartition(MARK)[0])))
