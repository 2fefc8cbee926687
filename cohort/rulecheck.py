"""Everything that is wrong with a rule file, each at its own line: what ``cohort rules check`` says.

A file is wrong if it cannot be read or says something that the vocabulary does not allow (``rulefile``), and if what it
says does not fit the data: a rate above its bound in some month and draw of the baseline, a price that does not exist,
a change that touches nothing, something that the law forbids.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cohort import calendar, hatch, lawful, parameters, prices, rulebook, touched
from cohort.changes import Change, Fund, Price, Scale, Set
from cohort.mistakes import BROKEN, Problem
from cohort.pack import Pack
from cohort.policy import Policy
from cohort.rates import Rates
from cohort.rulefile import Written, read
from cohort.scenario import Scenario
from cohort.states import Vocabulary, closest

DRAWS = range(21)
"""The parameter draws in which a rule's rates must stay within their bounds."""
SLUG = r"[a-z][a-z0-9_]{0,62}"


@dataclass(frozen=True)
class Findings:
    """What is wrong with a rule file, what should be known of it, and the policies it holds."""

    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]
    policies: tuple[Policy, ...]


def check(path: Path, authority: str = "kent") -> Findings:
    """Everything that is wrong with a rule file, in the order of its lines. The file is run.

    Raises OSError if there is no such file.
    """
    path.read_bytes()
    reading, pack = read(path), Pack.load(authority)
    held = reading.policies()
    problems, notes = set(reading.problems), set[Problem]()
    if not held and BROKEN not in reading.space.values():
        problems.add(Problem(1, f"no policy is in the file; allowed: {path.stem} = Policy({path.stem!r}, (...))"))
    for variable, written in held.items():
        problems |= set(_names(variable, written))
        problems |= set(_of_policy(written, pack))
        (notes if written.policy.unlawful else problems).update(_law(written))
    if not problems:
        problems |= set(_as_loaded(path, held))
    return Findings(tuple(sorted(problems)), tuple(sorted(notes)), tuple(w.policy for w in held.values()))


def _names(variable: str, written: Written) -> Iterator[Problem]:
    """A rule is found by the name of its variable, and named in a scenario's overrides by its own."""
    name = written.policy.name
    if not re.fullmatch(SLUG, name):
        said = f"{name!r} is not a name for a rule; allowed: small letters, digits and _, a letter first"
        yield Problem(written.line, said)
    elif name != variable:
        yield Problem(written.line, f"the policy {name!r} is held by {variable!r}; allowed: one name for both")


def _law(written: Written) -> Iterator[Problem]:
    """What the law forbids, by section."""
    if written.policy.unlawful:
        yield Problem(written.line, f"unlawful, as it says itself: {written.policy.unlawful}")
    for line, change in _changes(written):
        for said in lawful.problems(Policy(written.policy.name, (change,))):
            grounds = "state the grounds (grounds=...) if there are any, or acknowledge it in the scenario"
            yield Problem(line, f"unlawful: {said}; {grounds}")


def _changes(written: Written) -> list[tuple[int, Change]]:
    """Each change with its line."""
    lines = [*written.changes, *[written.line] * len(written.policy.changes)]
    return list(zip(lines, written.policy.changes, strict=False))


def _of_policy(written: Written, pack: Pack) -> Iterator[Problem]:
    """What does not fit the data."""
    span = Scenario.load("baseline")
    months = range(span.first, span.last)
    known = prices.prices(pack, parameters.draw(pack, 0), Vocabulary())
    for line, change in _changes(written):
        for said in _of_change(change, pack, known, months):
            yield Problem(line, f"{change.label}: {said}")
    yield from _bounds(written, pack, months)


def _of_change(change: Change, pack: Pack, known: prices.Prices, months: range) -> Iterator[str]:
    if isinstance(change, Price):
        names = list(dict.fromkeys(x.name for x in (*known.charges, *known.services)))
        if change.charge not in names:
            yield f"{change.charge!r} is not a price; {closest(change.charge, names)}"
            return
    if isinstance(change, Fund) and change.line.split(".", maxsplit=1)[0] not in prices.LINES:
        yield f"{change.line!r} is not a line of the ledger; {closest(change.line.split('.')[0], prices.LINES)}"
        return
    if isinstance(change, hatch.Columns):
        yield from _of_hatch(change)
    if said := touched.why(change, pack, known, months):
        yield f"changes nothing: {said}"


def _of_hatch(change: hatch.Columns) -> Iterator[str]:
    try:
        hatch.function_of(change.function)
    except hatch.HatchError as error:
        yield str(error)


def _bounds(written: Written, pack: Pack, months: range) -> Iterator[Problem]:
    """Each rate that passes its bound in some draw of what is foreseen: the first month and draw, at the line of what
    raises it most. A run would hold it there, and the rule would do less than it says."""
    rates = dict.fromkeys(c.rate for c in written.policy.changes if isinstance(c, Scale | Set))
    passed: dict[str, str] = {}
    for number in DRAWS if rates else ():
        book = Rates(pack, parameters.foreseen(parameters.draw(pack, number)), written.policy)
        book.holds = False
        for rate in [r for r in rates if r not in passed]:
            if said := _passes(book, rate, months):
                passed[rate] = f"{said}, in draw {number}; allowed: a smaller factor, or fewer children"
    for rate, said in passed.items():
        on = [(touched.most(c), line) for line, c in _changes(written) if isinstance(c, Scale | Set) and c.rate == rate]
        yield Problem(max(on)[1], said)


def _passes(book: Rates, rate: str, months: range) -> str:
    """What is said of the first month in which a rate passes its bound, or ""."""
    seen = set()
    for month in months:
        factors = book.base[rate].factor(month).tobytes()
        key = (factors, *(c.when.strength(month) for c in book.acting[rate]))
        if key not in seen:
            seen.add(key)
            try:
                book.rate(rate, month)
            except ValueError as error:
                return str(error)
    return ""


def _as_loaded(path: Path, held: dict[str, Written]) -> Iterator[Problem]:
    """Whether a scenario that names the rule finds it: what was read here is what a run would load."""
    for variable, written in held.items():
        try:
            rulebook.load(f"{path}:{variable}")
        except rulebook.RuleError as error:
            yield Problem(written.line, str(error))


def about(policy: Policy) -> str:
    """A policy in a line: its name, how many changes, from when, and whether the law allows it."""
    first, many = policy.first_month(), len(policy.changes)
    since = f" from {calendar.label(first)}" if first is not None else ""
    what = f"{many} change{'' if many == 1 else 's'}{since}"
    return f"{policy.name}, {what}; {'unlawful' if lawful.problems(policy) else 'lawful'}"


__all__ = ["DRAWS", "SLUG", "Findings", "about", "check"]
