"""What is wrong with one call of the policy vocabulary: everything, each at the line of the argument that is wrong.

The constructors stop at their first complaint. Here a complaint is noted, the argument that caused it is replaced by
one that stands in for it, and the call is tried again until it succeeds.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cohort.changes import Change
from cohort.policy import Policy, Uncertain, When, Where
from cohort.states import AREAS, closest


class _Broken:
    """What went wrong already: whatever is done with it gives itself."""

    def _itself(self, *_: object, **__: object) -> _Broken:
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(())

    __call__ = __getattr__ = __getitem__ = __or__ = __ror__ = __add__ = __radd__ = __sub__ = __rsub__ = _itself
    __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __neg__ = _itself


BROKEN = _Broken()
"""What a call that went wrong gives: whoever uses it says nothing more."""


@dataclass(frozen=True, order=True)
class Problem:
    """A line of a rule file and what is wrong with it: what was given, what is allowed."""

    line: int
    said: str


@dataclass(frozen=True)
class Argument:
    """A value given in a call, and the line on which it is."""

    value: Any
    line: int


@dataclass
class Attempt:
    """One call that is tried until it succeeds: its arguments as they are now, and what was wrong with them."""

    make: Callable[..., Any]
    line: int
    given: dict[str, Argument]
    problems: list[Problem] = field(default_factory=list)
    whole: bool = True

    def note(self, name: str, said: str) -> None:
        """A problem, at the line of an argument or of the call."""
        self.problems.append(Problem(self.given[name].line if name in self.given else self.line, said))
        self.whole = False

    def values(self) -> dict[str, Any]:
        """The arguments as they would be passed."""
        return {name: argument.value for name, argument in self.given.items()}


TEXT = ("rate", "choice", "frm", "into", "start", "full", "end", "shape", "charge", "line", "income", "area",
        "provider", "provider_kind", "because", "name", "grounds", "title", "does_not_model", "unlawful",
        "function")  # fmt: skip
SIZES = ("by", "to", "share", "appeal_share", "pounds", "growth", "places", "months", "delay")
LISTS = ("areas", "needs", "placements", "may_touch")
STAND_INS: Mapping[str, tuple[Any, ...]] = {
    "rate": ("request",), "by": (1.0,), "to": (0.5,), "when": (When("2024-01"),), "where": (Where(),),
    "choice": ("first_place",), "frm": ("unknown", "parental"), "into": ("unknown", "parental"), "share": (0.0,),
    "appeal_share": (0.0,), "charge": ("nmiss",), "growth": (0.0,), "severity": ((0, 4),), "since": ((0, 24),),
    "line": ("other",), "pounds": (0.0,), "income": ("dfe_contribution",), "provider": ("a school",),
    "provider_kind": ("srp",), "area": (AREAS[0],), "places": (0.0,), "ncy": ((-5, 21),), "months": (0.0,),
    "start": ("0001-01",), "shape": ("linear",), "delay": (0,), "low": (float("-inf"),), "mode": (0.0,),
    "high": (float("inf"),), "changes": ((),), "parts": ((),), "may_touch": (("mainstream", "unknown"),),
    "function": ("rules:columns",), "areas": (AREAS,),
}  # fmt: skip
"""Arguments with which nothing is wrong. The others stand in for by "" or by nothing."""
DUE = {
    "because": "say on what evidence it rests",
    "does_not_model": "say what it leaves out",
    "title": "say what it is, for tables",
    "name": "give each change its own, by which scenarios and tables know it",
}
"""What a rule must say, and why."""


def examine(make: Callable[..., Any], line: int, given: Mapping[str, Argument]) -> tuple[Any, list[Problem]]:
    """What a call of the vocabulary gives (``BROKEN`` if it goes wrong), and all that is wrong with it."""
    attempt = Attempt(make, line, dict(given))
    _known(attempt)
    _typed(attempt)
    _due(attempt)
    made = _tried(attempt)
    return (made if attempt.whole or make is Policy else BROKEN), attempt.problems


def _known(attempt: Attempt) -> None:
    """Unknown arguments are dropped; broken and missing ones are stood in for."""
    parameters = inspect.signature(attempt.make).parameters
    called = attempt.make.__name__
    for name in [n for n in attempt.given if n not in parameters]:
        attempt.note(name, f"{called} takes no {name!r}; {closest(name, [p for p in parameters if p != 'owner'])}")
        del attempt.given[name]
    for name, parameter in parameters.items():
        if name in attempt.given and attempt.given[name].value is BROKEN:
            attempt.whole = False
            _stand_in(attempt, name)
        elif name not in attempt.given and parameter.default is inspect.Parameter.empty:
            attempt.note("", f"{called} needs {name!r}, which is not given")
            _stand_in(attempt, name)


def _typed(attempt: Attempt) -> None:
    """Arguments of another kind than is allowed are stood in for."""
    for name, argument in list(attempt.given.items()):
        if allowed := _allowed(name, argument.value):
            attempt.note(name, f"{name}: {_short(argument.value)} given; allowed: {allowed}")
            _stand_in(attempt, name)


def _allowed(name: str, value: Any) -> str:
    """What would have been right for an argument, or "" if it is."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    text = isinstance(value, tuple | list) and all(isinstance(v, str) for v in value)
    whole = isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(v, int) for v in value)
    rules = (
        (name in TEXT, isinstance(value, str), "text"),
        (name in SIZES, number or isinstance(value, Uncertain), "a number, or Uncertain(low, mode, high)"),
        (name in ("low", "mode", "high"), number, "a number"),
        (name == "when", isinstance(value, When), 'a date, as in When("2025-09")'),
        (name == "where", isinstance(value, Where), "children, as in where(ncy=(0, 6))"),
        (name in ("ncy", "severity", "since"), whole or value is None, "a range, as in (0, 6)"),
        (name in LISTS, text, "several words, as in [...]"),
        (name == "changes", isinstance(value, tuple | list), "changes in brackets, as in (Scale(...), Price(...))"),
    )
    return next((allowed for asked, right, allowed in rules if asked and not right), "")


def _due(attempt: Attempt) -> None:
    """What every change and every policy must say."""
    is_change = isinstance(attempt.make, type) and issubclass(attempt.make, Change)
    due = ("name", "because") if is_change else ("because", "does_not_model", "title")
    for name in due if is_change or attempt.make is Policy else ():
        if name not in attempt.given or attempt.given[name].value == "":
            attempt.note(name, f"{attempt.make.__name__} has no {name}; {DUE[name]}")


def _tried(attempt: Attempt) -> Any:
    """Call until it succeeds, noting each complaint at the argument without which it would not be made."""
    for _ in range(len(attempt.given) + 1):
        try:
            return attempt.make(**attempt.values())
        except (ValueError, TypeError, AttributeError) as error:
            said = str(error)
        blamed = next((name for name, _ in _better(attempt, said)), "")
        attempt.note(blamed, said)
        if not blamed:
            return BROKEN
        _stand_in(attempt, blamed)
    return BROKEN


def _better(attempt: Attempt, said: str) -> Iterator[tuple[str, str]]:
    """The arguments that, stood in for, make a complaint go away: first those that leave no other."""
    found = []
    for name in attempt.given:
        other = Attempt(attempt.make, attempt.line, dict(attempt.given))
        _stand_in(other, name)
        try:
            other.make(**other.values())
            yield name, ""
        except (ValueError, TypeError, AttributeError) as error:
            found.append((name, str(error)))
    yield from (pair for pair in found if pair[1] != said)


def _stand_in(attempt: Attempt, name: str) -> None:
    """Put something that is right in place of an argument."""
    there = [argument.value for argument in attempt.given.values() if isinstance(argument.value, str)]
    choices = STAND_INS.get(name, ("",))
    value = next((c for c in choices if c not in there or len(choices) == 1), choices[0])
    line = attempt.given[name].line if name in attempt.given else attempt.line
    attempt.given[name] = replace(attempt.given.get(name, Argument(None, line)), value=value)


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
