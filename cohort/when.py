"""When a change acts, and how sure we are of its size: dates, phase-in, delay, and three-point estimates."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor

from cohort import calendar
from cohort.states import closest

SHAPES = ("linear", "stepped", "s_curve")
"""How a change grows from its start to its full size: evenly, in four equal steps, or slowly at both ends."""
STEPS = 4


@dataclass(frozen=True)
class Uncertain:
    """A size that is not known: lowest, most likely, highest (a triangular distribution; draw 0 is the mode)."""

    low: float
    mode: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.mode <= self.high:
            raise ValueError(f"an uncertain size needs low <= mode <= high, not {self.low}, {self.mode}, {self.high}")


Size = float | Uncertain


def ends(size: Size) -> tuple[float, float]:
    """The lowest and the highest that a size can be."""
    return (size.low, size.high) if isinstance(size, Uncertain) else (float(size), float(size))


def known(size: Size) -> float:
    """A size that a parameter draw has settled. Raises ValueError for one that is still uncertain."""
    if isinstance(size, Uncertain):
        raise ValueError(f"{size} is not settled: a policy acts only within a parameter draw")
    return float(size)


@dataclass(frozen=True)
class When:
    """From which month a change acts, by when in full, and in which month it ends ("" never).

    ``delay`` is how many months later than planned all three come; if it is uncertain it is drawn once a run.
    """

    start: str
    full: str = ""
    end: str = ""
    shape: str = "linear"
    delay: int | Uncertain = 0

    def __post_init__(self) -> None:
        first = calendar.month(self.start)
        if self.full and calendar.month(self.full) < first:
            raise ValueError(f"in full in {self.full}, before the start in {self.start}")
        if self.end and calendar.month(self.end) <= first:
            raise ValueError(f"ends in {self.end}, not after the start in {self.start}")
        if self.shape not in SHAPES:
            raise ValueError(f"{self.shape!r} is not a shape of phase-in; {closest(self.shape, SHAPES)}")
        if ends(self.delay)[0] < 0:
            raise ValueError(f"a delay of {ends(self.delay)[0]} months is before the plan; allowed: 0 or more")

    def shifted(self, months: float) -> When:
        """The same, so many whole months later, with no delay left to come."""

        def later(label: str) -> str:
            return calendar.label(calendar.month(label) + round(months)) if label else ""

        return replace(self, start=later(self.start), full=later(self.full), end=later(self.end), delay=0)

    def strength(self, month: int) -> float:
        """0 before the start, 1 in full; the first month of a phase-in already has its first step."""
        first = calendar.month(self.start)
        full = calendar.month(self.full) if self.full else first
        if month < first or (self.end and month >= calendar.month(self.end)):
            return 0.0
        if month >= full:
            return 1.0
        along = (month - first + 1) / (full - first + 1)
        if self.shape == "stepped":
            return (floor((month - first) / (full - first) * STEPS) + 1) / (STEPS + 1)
        return along * along * (3 - 2 * along) if self.shape == "s_curve" else along

    def overlaps(self, other: When) -> bool:
        """Whether some month is in both, at the planned dates."""
        one, two = ((calendar.month(w.start), calendar.month(w.end) if w.end else 10**9) for w in (self, other))
        return one[0] < two[1] and two[0] < one[1]


@lru_cache(maxsize=4096)
def strengths(when: When, months: tuple[int, ...]) -> tuple[float, ...]:
    """How far it acts in each of some months: kept, for draws often delay a change alike."""
    return tuple([when.strength(m) for m in months])
