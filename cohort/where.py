"""Whom a change is for, in the model's vocabulary: checked when it is written, with the closest match."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cohort.calendar import NCY_HIGHEST, NCY_LOWEST
from cohort.states import AREAS, NEEDS, SEVERITIES, SINCE_MOST, Vocabulary, closest


@dataclass(frozen=True)
class Where:
    """The children a change is for: ranges of NCY and severity, sets of areas, needs and placements; empty means
    all. ``since`` is months since a request, refusal or appeal, for the rates that go by it."""

    ncy: tuple[int, int] = (NCY_LOWEST, NCY_HIGHEST)
    areas: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    placements: tuple[str, ...] = ()
    severity: tuple[int, int] = (0, SEVERITIES - 1)
    since: tuple[int, int] = (0, SINCE_MOST)

    def __post_init__(self) -> None:
        low, high = self.ncy
        if not NCY_LOWEST <= low <= high <= NCY_HIGHEST:
            raise ValueError(f"ncy {self.ncy} is not a range within {NCY_LOWEST} to {NCY_HIGHEST}, lowest first")
        if not 0 <= self.severity[0] <= self.severity[1] < SEVERITIES:
            raise ValueError(f"severity {self.severity} is not a range within 0 to {SEVERITIES - 1}, lowest first")
        if not 0 <= self.since[0] <= self.since[1] <= SINCE_MOST:
            raise ValueError(f"since {self.since} is not a range within 0 to {SINCE_MOST} months, lowest first")
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
        flags = {"since": self.since != (0, SINCE_MOST), "ncy": self.ncy != whole[0], "area": bool(self.areas),
                 "need": bool(self.needs), "severity": self.severity != whole[1],
                 "placement": bool(self.placements)}  # fmt: skip
        return tuple(d for d, restricted in flags.items() if restricted)

    def meets(self, other: Where) -> bool:
        """Whether some child could be in both."""
        sets = ((self.areas, other.areas), (self.needs, other.needs), (self.placements, other.placements))
        ranges = ((self.ncy, other.ncy), (self.severity, other.severity), (self.since, other.since))
        return all(not a or not b or set(a) & set(b) for a, b in sets) and all(
            a[0] <= b[1] and b[0] <= a[1] for a, b in ranges
        )

    def __str__(self) -> str:
        said = [f"NCY {self.ncy[0]} to {self.ncy[1]}"] if "ncy" in self.dims() else []
        said += [", ".join(x) for x in (self.areas, self.needs, self.placements) if x]
        low, high = self.severity
        if "severity" in self.dims():
            said.append(f"severity {low}" if low == high else f"severity {low} to {high}")
        if "since" in self.dims():
            said.append(f"{self.since[0]} to {self.since[1]} months on")
        return "; ".join(said) or "everybody"


EVERYWHERE = Where()


def where(ncy: tuple[int, int] | None = None, areas: Sequence[str] = (), needs: Sequence[str] = (),
          placements: Sequence[str] = (), severity: tuple[int, int] | None = None,
          since: tuple[int, int] | None = None) -> Where:  # fmt: skip
    """Children by NCY range, area, need, placement, severity, months since: ``where(ncy=(-1, 1), areas=["East"])``."""
    return Where(ncy or EVERYWHERE.ncy, tuple(areas), tuple(needs), tuple(placements), severity or EVERYWHERE.severity,
                 since or EVERYWHERE.since)  # fmt: skip


def span(at: list[int]) -> slice | list[int]:
    """Positions as a slice if there is only one, else as they are: slices are quick."""
    return slice(at[0], at[0] + 1) if len(at) == 1 else at
