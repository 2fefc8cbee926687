"""Policies are values: dated, inspectable changes to rates, that compose in any order.

Here are the parts that the first runs need (``Scale``, ``When``, ``Uncertain``, ``Where``). A policy is data: nothing
in it runs inside the month. ``where`` is checked when it is written, against the vocabulary, with the closest match.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from cohort import calendar
from cohort.calendar import NCY_HIGHEST, NCY_LOWEST
from cohort.processes import PROCESSES
from cohort.states import AREAS, NEEDS, SEVERITIES, Vocabulary, closest

SCALABLE = tuple(dict.fromkeys([p.rate_name for p in PROCESSES] + [p.share for p in PROCESSES if p.share]))
"""Every rate that a policy may scale."""


@dataclass(frozen=True)
class Uncertain:
    """A size that is not known: lowest, most likely, highest (a triangular distribution; draw 0 is the mode)."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"an uncertain size needs low <= mode <= high, not {self.low}, {self.mode}, {self.high}")


@dataclass(frozen=True)
class Where:
    """The children a change is for: ranges of NCY and severity, sets of areas, needs and placements; empty means
    all."""

    ncy: tuple[int, int] = (NCY_LOWEST, NCY_HIGHEST)
    areas: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    severity: tuple[int, int] = (0, SEVERITIES - 1)

    def __post_init__(self) -> None:
        low, high = self.ncy
        if not NCY_LOWEST <= low <= high <= NCY_HIGHEST:
            raise ValueError(f"ncy {self.ncy} is not a range within {NCY_LOWEST} to {NCY_HIGHEST}, lowest first")
        if not 0 <= self.severity[0] <= self.severity[1] < SEVERITIES:
            raise ValueError(f"severity {self.severity} is not a range within 0 to {SEVERITIES - 1}, lowest first")
        for kind, given, allowed in (
            ("area", self.areas, AREAS),
            ("need", self.needs, NEEDS),
            ("placement", self.placements, Vocabulary().labels),
        ):
            for one in given:
                if one not in allowed:
                    raise ValueError(
                        f"{one!r} is not {'an' if kind == 'area' else 'a'} {kind}; {closest(one, allowed)}"
                    )

    def dims(self) -> tuple[str, ...]:
        """The dimensions that this restricts."""
        whole = (NCY_LOWEST, NCY_HIGHEST), (0, SEVERITIES - 1)
        flags = {"ncy": self.ncy != whole[0], "area": bool(self.areas), "need": bool(self.needs),
                 "severity": self.severity != whole[1], "placement": bool(self.placements)}  # fmt: skip
        return tuple(d for d, restricted in flags.items() if restricted)


EVERYWHERE = Where()


def where(ncy: tuple[int, int] | None = None, areas: Sequence[str] = (), needs: Sequence[str] = (),
          placements: Sequence[str] = (), severity: tuple[int, int] | None = None) -> Where:  # fmt: skip
    """Children by NCY range, area, need, placement, severity: ``where(ncy=(-1, 1), areas=["East"])``."""
    return Where(ncy or EVERYWHERE.ncy, tuple(areas), tuple(needs), tuple(placements), severity or EVERYWHERE.severity)


@dataclass(frozen=True)
class When:
    """From which month a change acts, by when in full (linear between), and in which month it ends ("" never)."""

    start: str
    full: str = ""
    end: str = ""

    def __post_init__(self) -> None:
        first = calendar.month(self.start)
        if self.full and calendar.month(self.full) < first:
            raise ValueError(f"in full in {self.full}, before the start in {self.start}")
        if self.end and calendar.month(self.end) <= first:
            raise ValueError(f"ends in {self.end}, not after the start in {self.start}")

    def strength(self, month: int) -> float:
        """0 before the start, 1 in full; the first month of a phase-in already has its first step."""
        first = calendar.month(self.start)
        full = calendar.month(self.full) if self.full else first
        if month < first or (self.end and month >= calendar.month(self.end)):
            return 0.0
        return 1.0 if month >= full else (month - first + 1) / (full - first + 1)


@dataclass(frozen=True)
class Scale:
    """Multiply a rate by a factor: ``Scale("request", by=0.9, where=where(ncy=(-1, 1)), when=When("2025-09"))``."""

    rate: str
    by: float | Uncertain
    when: When
    where: Where = EVERYWHERE
    because: str = ""

    def __post_init__(self) -> None:
        if self.rate not in SCALABLE:
            raise ValueError(f"{self.rate!r} is not a rate that can be scaled; {closest(self.rate, SCALABLE)}")
        if isinstance(self.by, float | int) and self.by < 0:
            raise ValueError(f"a rate cannot be scaled by {self.by}; the factor is 0 or more")


@dataclass(frozen=True)
class Policy:
    """A named bundle of changes. ``a | b`` holds the changes of both; the order does not matter."""

    name: str
    changes: tuple[Scale, ...] = ()
    because: str = ""
    parts: tuple[str, ...] = field(default=())

    def __or__(self, other: Policy) -> Policy:
        changes = tuple(sorted({*self.changes, *other.changes}, key=repr))
        parts = tuple(sorted({*(self.parts or (self.name,)), *(other.parts or (other.name,))}))
        because = sorted({why for p in (self, other) for why in p.because.split("; ") if why})
        return Policy(" + ".join(parts), changes, "; ".join(because), parts)

    def first_month(self) -> int | None:
        """The first month in which any change acts, or None if nothing changes."""
        return min((calendar.month(c.when.start) for c in self.changes), default=None)


NOTHING = Policy("nothing")


def combine(policies: Sequence[Policy]) -> Policy:
    """All of them as one; of none, the policy that changes nothing."""
    together = NOTHING if not policies else policies[0]
    for p in policies[1:]:
        together |= p
    return together
