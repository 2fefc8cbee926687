"""One synthetic child's life in each world of a run, and why each thing happened: rate, policies' parts, draw, queue.

    found = explain(Study.open("studies/mine"), child=7241, base="baseline", other="programme")
    found.lives[0].months[0].events[0].said

The run is lived again from its seed (a fifth of a second a world) with the child beside it in plain loops, which must
agree with the world in every month (``watched``). ``find`` picks children by where they are in both worlds. No child is
real: each is drawn from published totals.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cohort import calendar, draws, fork, mini
from cohort.apart import Apart, apart
from cohort.mini import Child
from cohort.processes import OTHER_EVENTS, Process
from cohort.results import StudyError
from cohort.states import AREAS, NEEDS, SEXES, Presence, closest
from cohort.task import runs, setting_of
from cohort.watched import Chosen, Compared, Reason, Watched
from cohort.world import World

if TYPE_CHECKING:
    from cohort.results import Study
    from cohort.scenario import Scenario
    from cohort.setting import Setting

OTHERS = dict(
    zip(
        OTHER_EVENTS,
        ("the annual review leaves the plan as it is", "a new placement, in the September of a transfer year",
         "moves to Kent", "leaves", "takes a place offered from the waiting list", "the provider closes"),
        strict=True,
    )
)  # fmt: skip
"""What the events without a rate of their own are, in words."""


@dataclass(frozen=True)
class Event:
    """What happened, in the words of the flow table and in a sentence."""

    event: str
    reason: str
    frm: str
    to: str
    said: str


@dataclass(frozen=True)
class Why:
    """One reason: a draw held against a chance (with its rate taken apart), a choice drawn, or a turn in the queue."""

    kind: str
    """compared, chosen or turn"""
    reason: Reason
    rate: Apart | None = None


@dataclass(frozen=True)
class Month:
    """A month in which something happened to the child, or would have in the other world."""

    month: str
    events: tuple[Event, ...]
    why: tuple[Why, ...]
    """with the draws that brought nothing here, if the month is told for the other world's sake"""


@dataclass(frozen=True)
class Life:
    """A child in one world."""

    scenario: str
    opening: str
    """its state at the start, in the words of the flow table; "" if it comes later"""
    months: tuple[Month, ...]
    closing: str
    """its state at the end; "" if it has left"""
    pence: dict[str, int]
    """financial year -> what its support and placement cost"""


@dataclass(frozen=True)
class Explained:
    """A child and its life in one or two worlds of a run."""

    child: int
    born: str
    sex: str
    area: str
    district: str
    severity: int
    """0 (mildest) to 4, compared with others who have the same support"""
    need: str
    """the primary need at the end of the first world"""
    draw: int
    replicate: int
    seed: int
    lives: tuple[Life, ...]


@dataclass(frozen=True)
class Found:
    """A child found by where it is, at the start of a month."""

    child: int
    ncy: int
    area: str
    need: str
    severity: int
    places: tuple[str, ...]
    """where it is in each world"""


def explain(study: Study, child: int, base: str = "", other: str = "", draw: int = 0,
            replicate: int | None = None) -> Explained:  # fmt: skip
    """A child's life in the worlds of one run of a study: of the draw's first replicate, unless another is given.

    Raises StudyError for what the study does not hold.
    """
    return of_scenarios(chosen(study, base, other), child, draw, *_run(study, draw, replicate))


def of_scenarios(scenarios: Sequence[Scenario], child: int, draw: int, replicate: int, seed: int) -> Explained:
    """The same of scenarios that need no study. Raises StudyError if there is no such child."""
    settings = [setting_of(s, draw, scenarios[0]) for s in scenarios]
    tape = settings[0].tape
    at = np.flatnonzero(tape.identity[: tape.with_needs] == np.uint64(child) if 0 <= child < 2**64 else [])
    if not len(at):
        raise StudyError(f"child: {child} given; there is no such child with needs; --from and --to find some")
    row = int(at[0])
    told = [_lived(s, seed, replicate, row) for s in settings]
    months = {m for _, happened in told for m, (events, _) in happened.items() if events}
    lives = tuple(_life(life, happened, months) for life, happened in told)
    return Explained(
        child, calendar.label(int(tape.birth[row])), SEXES[tape.sex[row]], AREAS[tape.area[row]],
        tape.districts[tape.district[row]], int(tape.severity[row]), NEEDS[told[0][0].child.need],
        draw, replicate, seed, lives,
    )  # fmt: skip


def chosen(study: Study, base: str = "", other: str = "") -> tuple[Scenario, ...]:
    """The scenarios asked for, else the study's first and its second if there is one."""
    named = {s.name: s for s in study.scenarios}
    for name in (base, other):
        if name and name not in named:
            raise StudyError(f"{name!r} is not a scenario of this study; {closest(name, named)}")
    first = base or next(name for name in named if name != other or len(named) == 1)
    second = other or next((name for name in named if name != first), "")
    return tuple(named[name] for name in dict.fromkeys([first, second]) if name)


def _run(study: Study, draw: int, replicate: int | None) -> tuple[int, int]:
    """The replicate and seed of a run that the study has (``task.runs``)."""
    manifest = study.manifest
    there = [r for d, r in runs(manifest["draws"], manifest["replicates"]) if d == draw]
    if not there:
        raise StudyError(f"draw: {draw} given; allowed: 0 to {manifest['draws'] - 1}, as the study has")
    if replicate is not None and replicate not in there:
        allowed = f"{there[0]} to {there[-1]}" if len(there) > 1 else f"{there[0]}"
        raise StudyError(f"replicate: {replicate} given; allowed: {allowed}, as the study has")
    return there[0] if replicate is None else replicate, int(manifest["seed"])


# one life


@dataclass(eq=False)
class _Lived:
    """What is kept of a world once the child has lived in it."""

    setting: Setting
    child: Child
    opening: str
    closing: str
    pence: dict[str, int]


Happenings = dict[int, tuple[tuple[Event, ...], tuple[Reason, ...]]]


def _lived(setting: Setting, seed: int, replicate: int, row: int) -> tuple[_Lived, Happenings]:
    """A run with the child watched from its start to its end."""
    life = Watched.beside(World.start(setting, replicate=replicate, seed=seed), [row])
    child, events = life.children[0], {p.name: p for p in setting.book.processes}
    kept = _Lived(setting, child, _state(life, child), "", {})
    found: Happenings = {}
    while life.month < setting.scenario.last:
        month, cost = life.month, child.cost
        life.step()
        happened = tuple(Event(e.event, e.reason, e.frm, e.to, _said(e.event, e.reason, events)) for e in life.happened)
        found[month] = happened, tuple(life.why.get(row, ()))
        year = calendar.financial_year(month)
        kept.pence[year] = kept.pence.get(year, 0) + child.cost - cost
    kept.closing = _state(life, child)
    return kept, found


def _state(life: Watched, child: Child) -> str:
    return life.state(child) if child.presence == Presence.HERE else ""


def _said(event: str, reason: str, processes: dict[str, Process]) -> str:
    words = OTHERS.get(event) or processes[event].meaning or event
    return f"{words}: {reason.replace('_', ' ')}" if reason else words


def _life(lived: _Lived, found: Happenings, months: set[int]) -> Life:
    """The months told: those in which something happened in either world."""
    told = tuple(
        Month(calendar.label(m), found[m][0], tuple(_why(lived.setting, m, reason) for reason in found[m][1]))
        for m in sorted(months & found.keys())
    )
    return Life(lived.setting.scenario.name, lived.opening, told, lived.closing, lived.pence)


def _why(setting: Setting, month: int, reason: Reason) -> Why:
    """A reason, with the rate that a draw was held against taken apart for this child."""
    if isinstance(reason, Compared):
        traits = reason.traits
        return Why("compared", reason, apart(setting.book.rates, reason.rate, month,
                                             lambda grid: float(mini.at(grid, traits))))  # fmt: skip
    return Why("chosen" if isinstance(reason, Chosen) else "turn", reason)


# picking children


def find(study: Study, frm: str = "", to: str = "", at: str = "", base: str = "", other: str = "", draw: int = 0,
         replicate: int | None = None, number: int = 10) -> list[Found]:  # fmt: skip
    """Some children who are at ``frm`` in the base world and at ``to`` in the other, at the start of month ``at``.

    Words as in the table ``pairs``: none, sen_support, asking, or a plan's placement. Default of ``at``: the last
    January. Raises StudyError for what there is not.
    """
    return among(chosen(study, base, other), frm, to, at, draw, *_run(study, draw, replicate), number)


def among(scenarios: Sequence[Scenario], frm: str, to: str, at: str, draw: int, replicate: int, seed: int,
          number: int) -> list[Found]:  # fmt: skip
    """``find`` in scenarios that need no study. Children come in a fixed order that has nothing to do with them."""
    settings = [setting_of(s, draw, scenarios[0]) for s in scenarios]
    month, words = _month(at, settings), fork.labels(settings[0])
    for key, given in (("from", frm), ("to", to)):
        if given and given not in words:
            raise StudyError(f"{key}: {given!r} given; {closest(given, words)}")
    if to and len(scenarios) == 1:
        raise StudyError(f"to: {to!r} given, but there is one scenario, {scenarios[0].name}; allowed: from")
    worlds = [World.start(s, replicate=replicate, seed=seed).run(month) for s in settings]
    where = [fork.where_each_is(w) for w in worlds]
    if settings[-1].tape is not settings[0].tape:
        raise StudyError(f"{scenarios[0].name} and {scenarios[-1].name} have not the same children")
    wanted = np.all([w != ABSENT for w in where], axis=0)
    for word, codes in zip((frm, to), where, strict=False):
        if word:
            wanted &= codes == words.index(word)
    rows = np.flatnonzero(wanted)
    order = np.argsort(draws.mix_many(settings[0].tape.identity[rows]), kind="stable")
    return [_found(worlds[0], row, [words[w[row]] for w in where]) for row in rows[order][:number].tolist()]


ABSENT = 255
"""``fork.where_each_is`` of a child who is not there."""


def _found(world: World, row: int, places: list[str]) -> Found:
    c, tape = world.columns, world.setting.tape
    ncy = calendar.ncy_in(int(c.cohort[row]), calendar.academic_year(world.month - 1))
    return Found(int(tape.identity[row]), ncy, AREAS[c.area[row]], NEEDS[c.need[row]], int(c.severity[row]),
                 tuple(places))  # fmt: skip


def _month(at: str, settings: Sequence[Setting]) -> int:
    first, last = settings[0].scenario.first, min(s.scenario.last for s in settings)
    if not at:
        return next(m for m in range(last, first - 1, -1) if calendar.is_january(m))
    try:
        month = calendar.month(at)
    except ValueError as error:
        raise StudyError(f"at: {error}") from None
    if not first <= month <= last:
        raise StudyError(f"at: {at} given; allowed: {calendar.label(first)} to {calendar.label(last)}")
    return month


__all__ = ["Event", "Explained", "Found", "Life", "Month", "Why", "among", "explain", "find", "of_scenarios"]
