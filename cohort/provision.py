"""What policies do to places: open a provider, close one, delay one, add places to those there are.

All act on settled policies, before the kernel knows of places, and in this order: openings, delays, closures, then
places shared among the providers that are open. So the order in which policies are written does not matter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.changes import Change
from cohort.policy import Close, Delay, Expand, Open, Policy
from cohort.rounding import largest_remainder
from cohort.states import AREAS, closest
from cohort.when import known

ALWAYS, NEVER = 0, 2**15 - 1
"""Opening months of a provider that is there at the start, and of one that never opens."""


@dataclass(frozen=True)
class Provider:
    """A school, or all resourced provision of an area and phase together. Months are those of ``calendar``."""

    name: str
    kind: str
    area: str
    from_ncy: int
    to_ncy: int
    needs: tuple[str, ...]
    """primary needs admitted; empty for all"""
    opens: int
    closes: int
    places: int
    """for Kent's children: in January 2024, or in full if it opens later"""
    held_by_others: int = 0
    """places beside these that children of other authorities hold"""
    grows: bool = False
    added: Open | None = None
    """the policy's change that adds it; such a provider fills as the change is phased in"""

    @property
    def phase(self) -> str:
        """primary (to Year 6), secondary (from Year 7) or all."""
        return "primary" if self.to_ncy <= 6 else "secondary" if self.from_ncy >= 7 else "all"


def on_places(policy: Policy) -> tuple[Change, ...]:
    """The changes of a policy that bear on places: equal where policies leave the same ones."""
    return tuple(c for c in policy.changes if isinstance(c, Open | Close | Delay | Expand))


def under(listed: Iterable[Provider], policy: Policy) -> tuple[Provider, ...]:
    """The providers under a settled policy. Raises ValueError for a name that is not among them."""
    found = {p.name: p for p in listed}
    openings = [c for c in policy.changes if isinstance(c, Open)]
    delays = [c for c in policy.changes if isinstance(c, Delay)]
    closures = [c for c in policy.changes if isinstance(c, Close)]
    for opening in openings:
        found[opening.provider] = _opened(found.get(opening.provider), opening)
    for owner, name in [(c.owner, c.provider) for c in delays] + [(c.owner, c.provider) for c in closures]:
        if name not in found:
            raise ValueError(f"{owner}: {name!r} is not a provider; {closest(name, found)}")
    for delay in delays:
        p = found[delay.provider]
        if p.opens not in (ALWAYS, NEVER):
            found[p.name] = replace(p, opens=p.opens + round(known(delay.months)))
    for closure in closures:
        p = found[closure.provider]
        found[p.name] = replace(p, closes=min(p.closes, calendar.month(closure.when.start)))
    return tuple(found.values())


def _opened(planned: Provider | None, c: Open) -> Provider:
    """A school that is planned opens at the policy's date with its places, and serves and fills as it is planned to;
    any other is new."""
    opens, places = calendar.month(c.when.start), round(known(c.places))
    if planned is not None:
        if c.when.full:
            raise ValueError(
                f"{c.owner}: {c.label}: full {c.when.full} given; allowed: none, for {c.provider!r} is planned in the "
                "data and fills as places.first_year and places.years_to_full say"
            )
        return replace(planned, opens=opens, places=places)
    low, high = c.ncy
    return Provider(c.provider, c.provider_kind, c.area, low, high, c.needs, opens, NEVER, places, added=c)


def phased(p: Provider, months: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """[month] places of a provider that a policy adds, as the change is phased in; None for all others."""
    if p.added is None:
        return None
    return np.array([round(p.places * p.added.when.strength(int(m))) for m in months], np.int64)


def expanded(
    by_month: NDArray[np.int32], opened: NDArray[np.bool_], listed: tuple[Provider, ...], months: NDArray[np.int64],
    policy: Policy,
) -> NDArray[np.int32]:  # fmt: skip
    """[month, provider] places with those that policies add or take away, in proportion to what is there, by largest
    remainder. None falls below nought."""
    out = by_month.astype(np.int64)
    for c in (c for c in policy.changes if isinstance(c, Expand)):
        among = np.array([p.kind == c.provider_kind and p.area in c.areas and p.area in AREAS for p in listed])
        for at, month in enumerate(months):
            extra = round(known(c.places) * c.when.strength(int(month)))
            there = by_month[at] * (among & opened[at])
            if extra and there.any():
                out[at] += np.sign(extra) * largest_remainder(there.astype(np.float64), abs(extra))
    return np.maximum(out, 0).astype(np.int32)
