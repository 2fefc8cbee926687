"""Scarce places at the start: which child is at which provider, and who waits for one. Not published: an estimate.

Each child in a scarce placement is dealt a provider in a keyed order: some outside Kent first, then of its own area
where one fits, vacancies being spread evenly over providers. The waiting list is a race among children of school age
at rates that are their chances of having sought more, so that a longer list contains a shorter one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws
from cohort.admission import NOBODY, SCHOOL_FIRST, SCHOOL_LAST, deal
from cohort.demography import Tape
from cohort.draws import Purpose
from cohort.places import KIND_ORDER, OUTSIDE, Places
from cohort.races import first_home
from cohort.rounding import largest_remainder
from cohort.start import Start
from cohort.states import Support

MONTHS_BACK = 12
"""Assumption: who waits at the start has begun to within the last year, evenly over its months."""


@dataclass(frozen=True, eq=False)
class Settled:
    """One entry a row of the tape: see ``columns.Columns``."""

    provider: NDArray[np.uint8]
    waiting_for: NDArray[np.uint8]
    waiting_since: NDArray[np.int16]


@dataclass(frozen=True, eq=False)
class Luck:
    """What a tape's children draw at the start, the same in every parameter draw: one entry a row."""

    key: draws.U64
    time: NDArray[np.float64]
    """how long each takes in a race at rate 1"""
    back: NDArray[np.int16]
    """for how many months it waits, if it does"""
    dealt: dict[bytes, NDArray[np.uint8]] = field(default_factory=dict, repr=False)
    """who was dealt which provider last, by all that it goes by: few parameters bear on places at the start"""

    @classmethod
    def of(cls, tape: Tape) -> Luck:
        """The luck of a tape's children with needs."""
        key = draws.mix_many(tape.identity[: tape.with_needs])
        since = draws.draw_many(key, draws.salt(0, Purpose.START_WAITING_SINCE)).astype(np.uint64)
        u = (draws.draw_many(key, draws.salt(0, Purpose.START_WAITING)) + 0.5) / draws.WHOLE
        return cls(key, -np.log(u), 1 + (since * MONTHS_BACK >> np.uint64(32)).astype(np.int16))


def settle(places: Places, start: Start, tape: Tape, luck: Luck | None = None) -> Settled:
    """Providers and the waiting list at the tape's first month; nobody has either while places do not bind. ``luck`` is
    the tape's, to spare drawing it again."""
    n = tape.with_needs
    out = Settled(np.full(n, NOBODY, np.uint8), np.full(n, NOBODY, np.uint8), np.zeros(n, np.int16))
    if places.binding:
        luck = luck or Luck.of(tape)
        ncy = calendar.academic_year(tape.start - 1) - tape.cohort[:n].astype(np.int64)
        held = (tape.arrival[:n] < tape.start) & (start.support == Support.PLAN)
        key = _dealt_by(places, start, held)
        if key in luck.dealt:
            out.provider[:] = luck.dealt[key]
        else:
            _deal_out(out, places, start, tape, luck.key, ncy, held)
            luck.dealt.clear()
            luck.dealt[key] = out.provider.copy()
        _let_wait(out, places, start, tape, luck, held & (ncy >= SCHOOL_FIRST) & (ncy <= SCHOOL_LAST))
    return out


def _dealt_by(places: Places, start: Start, held: NDArray[np.bool_]) -> bytes:
    """All that it goes by, besides a tape, which provider each child is dealt."""
    p, rows = places.pools, np.flatnonzero(held)
    by = (places.by_month[0], places.opened[0], places.outside, p.kind, p.kinds, p.from_ncy, p.to_ncy, p.needs,
          p.prefer, rows, start.placement[rows], start.need[rows])  # fmt: skip
    return b"".join(x.tobytes() for x in by)


def _in_order(rows: NDArray[np.int64], tape: Tape, value: NDArray[np.generic]) -> NDArray[np.int64]:
    """Rows by a value of theirs; ties by identity, so that the layout of rows does not matter."""
    return rows[np.lexsort((tape.identity[rows], value))]


def _deal_out(out: Settled, places: Places, start: Start, tape: Tape, keys: draws.U64, ncy: NDArray[np.int64],
              held: NDArray[np.bool_]) -> None:  # fmt: skip
    """First with vacancies spread evenly, some outside Kent; then wherever need and age fit, then age, then anywhere:
    above the number of places, if there are fewer than children."""
    p, now, opened = places.pools, places.by_month[0].astype(np.int64), places.opened[0]
    outside = np.array([q.area == OUTSIDE for q in places.providers])
    filled = np.zeros(len(now), np.int64)
    for k, kind in enumerate(p.kinds):
        rows = np.flatnonzero(held & (start.placement == kind))
        rows = _in_order(rows, tape, draws.draw_many(keys[rows], draws.salt(0, Purpose.START_PROVIDER)))
        ours = (p.kind == kind) & opened
        if not len(rows):
            continue
        if not ours.any():
            raise ValueError(f"{len(rows)} children are in {KIND_ORDER[k]} at the start, but no provider is open")
        spread = np.minimum(largest_remainder(now * ours + 1e-9 * ours, min(len(rows), int((now * ours).sum()))), now)
        extra = np.where(ours, now + len(rows), 0)
        for most, strict in ((spread * outside, 2), (spread, 2), (now * ours, 2), (now * ours, 1), (now * ours, 0),
                             (extra, 1), (extra, 0)):  # fmt: skip
            deal(p, k, rows, tape.area, start.need, ncy, most, strict, filled, out.provider)


def _let_wait(out: Settled, places: Places, start: Start, tape: Tape, luck: Luck, who: NDArray[np.bool_]) -> None:
    """The first home in a race for each kind; nobody waits for two."""
    rows = np.flatnonzero(who)
    placement = start.placement[rows]
    for k, kind in enumerate(places.pools.kinds):
        stretch = places.pools.latent[:, k].astype(np.float64)
        weight = ((stretch[:, 1] - stretch[:, 0]) / draws.WHOLE)[placement]
        runs = np.flatnonzero((weight > 0) & (out.waiting_for[rows] == NOBODY))
        at = rows[runs]
        first = at[first_home(luck.time[at] / weight[runs], tape.identity[at], round(places.waiting[k]))]
        out.waiting_for[first] = kind
        out.waiting_since[first] = tape.start - luck.back[first]
