"""Policies are values: dated, inspectable bundles of changes, that compose in any order.

    early = Policy("early_years", (Scale("request", by=0.9, when=When("2025-09"), name="requests", because="..."),),
                   because="paper 5.2", does_not_model="health visitors' capacity")
    programme = early | communities | ...
    print(programme.changes())

A policy is data: nothing in it runs inside the month. Rules import this module and the vocabulary only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from cohort import calendar
from cohort.changes import (
    INCOMES,
    REDIRECTABLE,
    SCALABLE,
    SCARCE,
    Change,
    Close,
    Delay,
    Expand,
    Fund,
    Open,
    Price,
    Redirect,
    Scale,
    Set,
    Withhold,
    clash,
    settled,
)
from cohort.when import Size, Uncertain, When
from cohort.where import EVERYWHERE, Where, where

if TYPE_CHECKING:
    from typing import Self


class Changes(tuple[Change, ...]):
    """The changes of a policy: a tuple that prints as a table, and shows as one in a notebook."""

    __slots__ = ()

    def __call__(self) -> Self:
        """Itself, so that ``print(policy.changes())`` reads as a question."""
        return self

    def __str__(self) -> str:
        from cohort.describe import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from cohort.describe import as_html

        return as_html(self)


@dataclass(frozen=True)
class Policy:
    """A named bundle of changes. ``a | b`` holds the changes of both; the order does not matter.

    Raises ValueError when two changes clash. A rule that is shipped or named in a scenario must also say ``because``
    and ``does_not_model`` (see ``rulebook``).
    """

    name: str
    changes: Changes | tuple[Change, ...] = ()
    because: str = ""
    does_not_model: str = ""
    title: str = ""
    unlawful: str = ""
    """the section of law it would break, for a rule that is here only to show what it would do"""
    parts: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        owned = tuple(c if c.owner else replace(c, owner=self.name) for c in self.changes)
        object.__setattr__(self, "changes", Changes(owned))
        for one, other in combinations([c for c in owned if isinstance(c, Set)], 2):
            if said := clash(one, other):
                raise ValueError(f"{self.name}: {said}")

    def __or__(self, other: Policy) -> Policy:
        changes = tuple(sorted({*self.changes, *other.changes}, key=repr))
        parts = tuple(sorted({*(self.parts or (self.name,)), *(other.parts or (other.name,))}))
        said = {
            name: "; ".join(sorted({why for p in (self, other) for why in getattr(p, name).split("; ") if why}))
            for name in ("because", "does_not_model", "unlawful")
        }
        return Policy(" + ".join(parts), changes, **said, parts=parts)

    def settled(self, size: Callable[[Size, str], float]) -> Policy:
        """The policy of one parameter draw: no size or delay left uncertain. Sizes are keyed by policy and change, so
        scenarios that share a policy share them."""
        if not self._unsettled:
            return self
        return replace(self, changes=tuple(settled(c, size) for c in self.changes))

    @cached_property
    def _unsettled(self) -> bool:
        """Whether a draw has anything to settle."""
        return any(c.timing.delay or any(isinstance(x, Uncertain) for x in vars(c).values()) for c in self.changes)

    def first_month(self) -> int | None:
        """The first month in which any change acts, as planned, or None if nothing changes."""
        return min((calendar.month(c.timing.start) for c in self.changes), default=None)

    def why(self, rate: str, month: str, authority: str = "kent", draw: int = 0, **cell: int | str) -> str:
        """One rate of one cell taken apart: its base and each change's part. ``why("request", "2026-03", ncy=0)``."""
        from cohort.describe import why

        return why(self, rate, month, authority, draw, cell)


NOTHING = Policy("nothing")


def combine(policies: Sequence[Policy]) -> Policy:
    """All of them as one; of none, the policy that changes nothing."""
    together = NOTHING if not policies else policies[0]
    for p in policies[1:]:
        together |= p
    return together


__all__ = ["EVERYWHERE", "INCOMES", "NOTHING", "REDIRECTABLE", "SCALABLE", "SCARCE", "Change", "Close", "Delay",
           "Expand", "Fund", "Open", "Policy", "Price", "Redirect", "Scale", "Set", "Size", "Uncertain", "When",
           "Where", "Withhold", "combine", "where"]  # fmt: skip
