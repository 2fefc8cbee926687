"""Scenarios made from others: each rule alone, and the programme without each of its rules.

    alone("early_years")          # the baseline with that rule:    Scenario.load("only_early_years")
    without("early_years")        # the programme without that rule: Scenario.load("without_early_years")

A scenario file of the same name comes first: it can acknowledge what is unlawful, which nothing here does.
"""

from __future__ import annotations

from cohort import rulebook
from cohort.scenario import Scenario, ScenarioError
from cohort.states import closest

ALONE, WITHOUT = "only_", "without_"


def alone(rule: str) -> Scenario:
    """The baseline with one shipped rule, with the sizes and dates that the programme gives it."""
    if rule not in rulebook.shipped():
        raise ScenarioError(f"{ALONE}{rule}: {rule!r} is not a rule; {closest(rule, rulebook.shipped())}")
    programme = Scenario.load("programme")
    own = {key: given for key, given in programme.overrides.items() if key.split(".", 1)[0] == rule}
    what = rulebook.load(rule).title
    new = {"name": f"{ALONE}{rule}", "title": f"Only: {what}", "description": f"The baseline with {rule} and no other.",
           "rules": (rule,), "overrides": own}  # fmt: skip
    return Scenario.load("baseline").model_copy(update=new)


def without(rule: str) -> Scenario:
    """The programme without one of its rules."""
    programme = Scenario.load("programme")
    if rule not in programme.rules:
        raise ScenarioError(f"{WITHOUT}{rule}: the programme has no rule {rule!r}; {closest(rule, programme.rules)}")
    rest = {key: given for key, given in programme.overrides.items() if key.split(".", 1)[0] != rule}
    new = {"name": f"{WITHOUT}{rule}", "title": f"The programme without: {rulebook.load(rule).title}",
           "description": f"The programme with every rule but {rule}.",
           "rules": tuple(r for r in programme.rules if r != rule), "overrides": rest}  # fmt: skip
    return programme.model_copy(update=new)


def names() -> list[str]:
    """Every scenario that can be made."""
    programme = Scenario.load("programme").rules
    return sorted([f"{ALONE}{r}" for r in rulebook.shipped()] + [f"{WITHOUT}{r}" for r in programme])


def derived(name: str) -> Scenario | None:
    """The scenario of such a name, or None if it is not one. Raises ScenarioError for an unknown rule."""
    for prefix, made in ((ALONE, alone), (WITHOUT, without)):
        if name.startswith(prefix):
            return made(name.removeprefix(prefix))
    return None


__all__ = ["alone", "derived", "names", "without"]
