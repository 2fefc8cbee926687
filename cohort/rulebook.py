"""Rules found by name: in ``rules/``, in a file (``my_rules.py:my_policy``), or at an entry point of a package.

A rule is a module-level ``Policy`` of the name asked for. Code runs only from rules that a user names. What a scenario
overrides (``[overrides."early_years.requests"]``) is put in place of the rule's own sizes and dates.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from functools import lru_cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from cohort.policy import NOTHING, Change, Policy, Uncertain, combine
from cohort.states import closest

GROUP = "kent_cohort.rules"
"""The entry point group under which other packages offer rules."""
DATES = ("start", "full", "end", "shape", "delay")


class RuleError(ValueError):
    """A rule cannot be found, loaded or changed as asked: one line."""


def shipped() -> list[str]:
    """The names of the rules in ``rules/``."""
    import rules

    here = Path(rules.__file__ or "").parent
    return list(_within(here, here.stat().st_mtime_ns))


@lru_cache(maxsize=4)
def _within(folder: Path, changed: int) -> tuple[str, ...]:
    """Looked up once while nothing is added to the folder: the lab asks some three hundred times for a page."""
    return tuple(sorted(p.stem for p in folder.glob("*.py") if not p.stem.startswith("_")))


def offered() -> dict[str, Any]:
    """Entry points that installed packages offer, by name."""
    return {e.name: e for e in entry_points(group=GROUP)}


def load(name: str) -> Policy:
    """The rule of a name, ``file.py:name`` or entry point. Raises RuleError saying what there is."""
    if ":" in name or name.endswith(".py"):
        policy = _from_file(name)
    elif name in shipped():
        policy = _named(importlib.import_module(f"rules.{name}"), name, name)
    elif name in offered():
        policy = offered()[name].load()
    else:
        raise RuleError(f"{name!r} is not a rule; {closest(name, [*shipped(), *offered()])}; or write file.py:name")
    if not isinstance(policy, Policy):
        raise RuleError(f"{name}: a {type(policy).__name__} is there; allowed: a Policy")
    if problems := incomplete(policy):
        raise RuleError(f"{name}: {problems[0]}")
    return policy


def _from_file(name: str) -> Any:
    file, _, wanted = name.rpartition(":") if ":" in name else (name, "", "")
    path = Path(file)
    wanted = wanted or path.stem
    if not path.is_file():
        raise RuleError(f"{file!r} is not a file; write file.py:name, or the name of a rule: {', '.join(shipped())}")
    return _named(module_of(path), wanted, path.name)


def module_of(path: Path) -> ModuleType:
    """A rule file, executed as a module of its own. Raises RuleError with the line that failed."""
    spec = importlib.util.spec_from_file_location(f"rule_file_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise RuleError(f"{path.name}: not a Python file; allowed: a file that ends in .py")
    module = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        raise RuleError(f"{path.name}:{line_of(error, path)}: {type(error).__name__}: {error}") from error
    return module


def line_of(error: BaseException, path: Path) -> int:
    """The last line of the file that was being run."""
    if isinstance(error, SyntaxError):
        return error.lineno or 0
    trace, line = error.__traceback__, 0
    while trace is not None:
        if Path(trace.tb_frame.f_code.co_filename) == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line


def _named(module: ModuleType, name: str, where: str) -> Any:
    if not hasattr(module, name):
        there = [k for k, v in vars(module).items() if isinstance(v, Policy)]
        raise RuleError(f"{where}: no policy is named {name!r}; there: {', '.join(there) or 'none'}")
    return getattr(module, name)


def incomplete(policy: Policy) -> list[str]:
    """What a rule must say and does not: because, does_not_model, and of every change a name and a reason."""
    said = [
        f"{what} is empty; say {why}"
        for what, why in (
            ("because", "on what evidence the rule rests"),
            ("does_not_model", "what it leaves out"),
            ("title", "what it is, for tables"),
        )
        if not getattr(policy, what)
    ]
    labels = [c.label for c in policy.changes]
    said += [
        f"change {n!r} is there twice; give each its own name"
        for n in sorted({x for x in labels if labels.count(x) > 1})
    ]
    said += [f"change {c.label!r} has no name" for c in policy.changes if not c.name]
    return said + [f"change {c.label!r} has no because" for c in policy.changes if not c.because]


def overridden(policy: Policy, overrides: Mapping[str, Mapping[str, Any]]) -> Policy:
    """The policy with sizes and dates that a scenario gives (``"rule.change"`` -> field -> value)."""
    mine = {k.split(".", 1)[1]: v for k, v in overrides.items() if k.split(".", 1)[0] == policy.name}
    names = [c.label for c in policy.changes]
    for name in mine:
        if name not in names:
            raise RuleError(f"overrides.{policy.name}.{name}: {policy.name} has no such change; {closest(name, names)}")
    return replace(policy, changes=tuple(_changed(c, mine[c.label]) if c.label in mine else c for c in policy.changes))


def _changed(change: Change, given: Mapping[str, Any]) -> Change:
    allowed = [f.name for f in fields(change) if f.name not in {"because", "name", "owner", "grounds", "when", "where"}]
    where = f"overrides.{change.owner}.{change.label}"
    new: dict[str, Any] = {}
    dates: dict[str, Any] = {}
    for key, value in given.items():
        if key not in (*allowed, *DATES):
            raise RuleError(f"{where}.{key}: unknown key; {closest(key, [*allowed, *DATES])}")
        (dates if key in DATES else new)[key] = _value(value, f"{where}.{key}")
    try:
        if dates:
            new["when"] = replace(change.timing, **dates)
        return replace(change, **new)
    except (ValueError, TypeError) as error:
        raise RuleError(f"{where}: {error}") from None


def _value(value: Any, where: str) -> Any:
    """A number, text, or three numbers: an uncertain size."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        if len(value) != 3 or not all(isinstance(v, int | float) for v in value):
            raise RuleError(f"{where}: {value} given; allowed: a number, or [low, mode, high]")
        return Uncertain(*(float(v) for v in value))
    return value


def of_scenario(rules: Sequence[str], overrides: Mapping[str, Mapping[str, Any]]) -> Policy:
    """All rules of a scenario as one policy, with its overrides. Raises RuleError naming what does not fit."""
    policies = [load(name) for name in rules]
    names = [p.name for p in policies]
    for key in overrides:
        if key.split(".", 1)[0] not in names:
            raise RuleError(f"overrides.{key}: the scenario has no such rule; {closest(key.split('.')[0], names)}")
        if "." not in key:
            raise RuleError(f"overrides.{key}: say which change, as in {key}.<change>")
    if len(set(names)) < len(names):
        raise RuleError(f"rules: {', '.join(names)} given; allowed: each rule once")
    return combine([overridden(p, overrides) for p in policies]) if policies else NOTHING


__all__ = ["GROUP", "RuleError", "incomplete", "line_of", "load", "module_of", "of_scenario", "offered", "shipped"]
