"""The tape of births, arrivals and departures: drawn once for an authority, the same in every scenario, draw and run.

Every district and single year of age follows the ONS projection exactly at each mid-year. The projection publishes
stocks only, so net moves of a birth cohort are the difference of two mid-years (deaths included) and births are the
children aged 0; gross moves and deaths are an assumption (``estimate_moves``) whose net is the projection's. Mid-year
ages are July-June birth years; the twelve birth months of each are taken as equal. The months of a year in which people
move are drawn, keyed. Before 2022 the population is aged back with 2022-23's net moves, after 2028 forward with
2027-28's: both are marked as estimates.

Who leaves is decided by fixed traits, never by what became of the child: whoever has a plan by then leaves with it.
Children with additional needs move house less, and above all do not leave for university at 18, so that the 2,682 who
leave at 18-19 hardly include holders of plans.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws
from cohort.calendar import NCY_HIGHEST, NCY_LOWEST
from cohort.draws import Purpose
from cohort.pack import Pack
from cohort.states import AREAS, SEVERITIES, Presence

AGES = 26
TABLES = ("districts", "population", "estimate_moves", "estimate_additional_needs", "plans_by_age")
"""The tables of the pack that the tape is made from."""
FIRST_JANUARY = 2019
NEVER = 2**15 - 1
"""A month beyond any run."""

Ints = NDArray[np.int64]


def _cohorts(birth: NDArray[Any]) -> NDArray[Any]:
    """``calendar.cohort_of`` for an array of birth months."""
    return birth // 12 - (birth % 12 < calendar.SEPTEMBER - 1)


def _limits(birth: NDArray[Any]) -> NDArray[Any]:
    """``calendar.leaving_month`` for an array of birth months."""
    return (_cohorts(birth) + 26) * 12 + calendar.SEPTEMBER - 1


@dataclass(frozen=True)
class Tape:
    """Every child who ever lives in Kent between the start and the end, one row a child, children with needs first.

    Months are ints (see ``calendar``); ``arrival`` is the birth month for births and the month before the start for
    those already there, so that who lives in Kent at the start of M is ``arrival < M <= leaving``.
    ``leaving`` is the month in which the child leaves, ``leaving_as`` a ``Presence``. Rows never change in a run.
    """

    start: int
    until: int
    birth: NDArray[np.int16]
    arrival: NDArray[np.int16]
    leaving: NDArray[np.int16]
    leaving_as: NDArray[np.uint8]
    district: NDArray[np.uint8]
    area: NDArray[np.uint8]
    sex: NDArray[np.uint8]
    severity: NDArray[np.uint8]
    identity: NDArray[np.uint64]
    with_needs: int
    """how many rows, from the first, are children with additional needs: the only ones to whom anything can happen"""
    districts: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.birth)

    @cached_property
    def cohort(self) -> NDArray[np.int16]:
        """The academic year in which each child was born."""
        return np.asarray(_cohorts(self.birth), np.int16)

    @cached_property
    def born(self) -> NDArray[np.bool_]:
        """Whether the child came by birth after the start (others moved in or were there)."""
        return (self.arrival == self.birth) & (self.arrival >= self.start)

    def population(self, month: int) -> Ints:
        """[ncy, area] children living in Kent at the start of a month, all of them, from the tape alone."""
        return self._count(self.arrival < month, month)

    def population_with_needs(self, month: int) -> Ints:
        """[ncy, area] the same, of children with additional needs."""
        return self._count((self.arrival < month) & (np.arange(len(self)) < self.with_needs), month)

    def _count(self, came: NDArray[np.bool_], month: int) -> Ints:
        here = came & (self.leaving >= month)
        ncy = calendar.academic_year(month - 1) - 5 - self.cohort[here].astype(np.int64)
        cells = np.zeros((NCY_HIGHEST - NCY_LOWEST + 1, len(AREAS)), np.int64)
        np.add.at(cells, (np.clip(ncy, NCY_LOWEST, NCY_HIGHEST) - NCY_LOWEST, self.area[here]), 1)
        return cells


def mid_years(pack: Pack, first: int, last: int) -> dict[int, Ints]:
    """Year -> [district, age 0-25] people at 30 June; beyond 2022-2028 aged with the nearest year's net moves."""
    t = pack.table("population")
    names = district_names(pack)
    index = {name: i for i, name in enumerate(names)}
    found: dict[int, Ints] = {}
    for y in sorted({int(v) for v in t["year"]}):
        rows = t.where(year=y)
        grid = np.zeros((len(names), AGES), np.int64)
        district = np.array([index[str(d)] for d in rows["district"]])
        np.add.at(grid, (district, rows["age"].astype(np.int64)), rows["people"].astype(np.int64))
        found[y] = grid
    known = sorted(found)
    ahead = found[known[-1]][:, 1:] - found[known[-1] - 1][:, :-1]
    behind = found[known[0] + 1][:, 1:] - found[known[0]][:, :-1]
    for y in range(known[-1] + 1, last + 1):
        aged = np.maximum(found[y - 1][:, :-1] + ahead, 0)
        found[y] = np.concatenate([found[known[-1]][:, :1], aged], axis=1)
    for y in range(known[0] - 1, first - 1, -1):
        younger = np.maximum(found[y + 1][:, 1:] - behind, 0)
        found[y] = np.concatenate([younger, found[known[0]][:, -1:]], axis=1)
    return found


def district_names(pack: Pack) -> tuple[str, ...]:
    """The districts in their fixed order."""
    return tuple(str(d) for d in pack.table("districts")["district"])


def _split(total: Ints, parts: int) -> Ints:
    """[..., parts]: whole numbers that sum to ``total``, as equal as can be."""
    edges = np.arange(parts + 1)
    return np.diff((total[..., None] * edges) // parts, axis=-1)


@dataclass(frozen=True)
class _Groups:
    """People counted by (district, birth month): the grain at which the tape is drawn."""

    district: Ints
    birth: Ints

    def salts(self, year: int, what: int) -> NDArray[np.uint64]:
        keys = (self.district.astype(np.uint64) << np.uint64(40)) | (self.birth.astype(np.uint64) << np.uint64(16))
        return draws.mix_many(keys ^ np.uint64(year * 16 + what))


def build(pack: Pack, start: int, until: int, population: int = 0) -> Tape:
    """The tape from the start of one month to the start of another.

    ``population`` above 0 draws other children with the same margins. Raises ValueError outside January 2019 - 2050.
    """
    if not calendar.january(FIRST_JANUARY) <= start < until <= calendar.january(2050):
        raise ValueError(
            f"a tape runs between 2019-01 and 2050-01, not {calendar.label(start)} to {calendar.label(until)}"
        )
    first = (start - 6) // 12
    last = (until - 7) // 12 + 1
    stocks = mid_years(pack, first, last)
    rows = _Rows(pack, population)
    rows.residents(stocks, first, start)
    for y in range(first, last):
        rows.moves_of_year(stocks, y, start, until)
    rows.listed_oldest(start)
    return rows.finish(start, until)


class _Rows:
    """Collects the rows of a tape, block by block."""

    def __init__(self, pack: Pack, population: int) -> None:
        self.pack = pack
        own = int(pack.package.get("luck", 0))  # children of two authorities share no luck
        self.mark = np.uint64((draws.mix_int(population) if population else 0) ^ (draws.mix_int(own) if own else 0))
        self.names = district_names(pack)
        areas = dict(zip(pack.table("districts")["district"], pack.table("districts")["area"], strict=True))
        self.area_of = np.array([AREAS.index(str(areas[d])) for d in self.names], np.uint8)
        moves = pack.table("estimate_moves")
        by_ncy = {
            str(c): np.zeros(NCY_HIGHEST - NCY_LOWEST + 1)
            for c in ("out_all", "out_with_needs", "died_all", "died_with_needs")
        }
        for r in moves.rows():
            by_ncy[str(r["rate"])][int(r["from_ncy"]) - NCY_LOWEST : int(r["to_ncy"]) - NCY_LOWEST + 1] = (
                float(r["mode"]) / 1000
            )
        self.rates = by_ncy
        share = {str(r["sex"]): float(r["mode"]) for r in pack.table("estimate_additional_needs").rows()}
        self.share = np.array([share["female"], share["male"]])
        self.male = float(share["male_births"])
        self.blocks: list[tuple[Ints, Ints, Ints, Ints]] = []  # district, birth, arrival, with_needs (-1: to be drawn)
        self.out: list[tuple[Ints, Ints, Ints, Ints]] = []  # district, birth, month, with_needs

    def residents(self, stocks: dict[int, Ints], year: int, start: int) -> None:
        """Everybody alive at the mid-year before the start; those who move before it are settled in
        ``moves_of_year``."""
        self.base = (year - AGES) * 12 + 6
        self.present = np.zeros((start - self.base, len(self.names)), np.int64)
        for age in range(AGES):
            born = (year - age - 1) * 12 + 6 - self.base
            self.present[born : born + 12] = _split(stocks[year][:, age], 12).T

    def moves_of_year(self, stocks: dict[int, Ints], year: int, start: int, until: int) -> None:
        """Births, arrivals and departures from July of ``year`` to June of the next, of every birth cohort."""
        begins = year * 12 + 6
        births = _split(stocks[year + 1][:, 0], 12)
        for month in range(begins, min(begins + 12, until)):
            people = births[:, month - begins]
            if month < start:
                self.present[month - self.base] = people
            else:
                district = np.repeat(np.arange(len(people)), people)
                each = len(district)
                self.blocks.append((district, np.full(each, month), np.full(each, month), np.full(each, -1)))
        for age in range(AGES - 1):
            now, then = _split(stocks[year][:, age], 12), _split(stocks[year + 1][:, age + 1], 12)
            birth = np.tile((year - age - 1) * 12 + 6 + np.arange(12), (len(self.names), 1))
            stays = _limits(birth) > max(begins, start)
            group = _Groups(np.nonzero(stays)[0], birth[stays])
            self._moves(year, group, now[stays], (then - now)[stays], start, until)

    def _moves(self, year: int, group: _Groups, now: Ints, net: Ints, start: int, until: int) -> None:
        """Gross moves of a year of births in one year: out by trait, in so that the net is the projection's."""
        ncy = np.clip(year - 5 - _cohorts(group.birth), NCY_LOWEST, NCY_HIGHEST) - NCY_LOWEST
        share = self.share.mean()
        needs_out = self._round(now * share * self.rates["out_with_needs"][ncy], group, year, 1)
        all_out = self._round(now * self.rates["out_all"][ncy], group, year, 2)
        gain = np.where(ncy + NCY_LOWEST < 12, np.maximum(net, 0), 0)  # who comes at 18 comes to study
        in_needs = needs_out + self._round(gain * share, group, year, 3)
        into = np.maximum(
            np.maximum(all_out, needs_out) + net, in_needs
        )  # a net loss is part of the gross moves out, not on top of them
        out = into - net
        for what, count in ((4, needs_out), (5, out - needs_out)):
            self._spread(year, group, count, what, start, until, needs=int(what == 4), leaves=True)
        for what, count in ((6, in_needs), (7, into - in_needs)):
            self._spread(year, group, count, what, start, until, needs=int(what == 6), leaves=False)

    def _round(self, expected: NDArray[np.float64], group: _Groups, year: int, what: int) -> Ints:
        """Whole people whose expectation is ``expected``, by keyed draws."""
        floor = np.floor(expected)
        u = draws.draw_many(group.salts(year, what) ^ self.mark, draws.salt(0, Purpose.TAPE_COUNT)) / draws.WHOLE
        return (floor + (u < expected - floor)).astype(np.int64)

    def _spread(
        self, year: int, group: _Groups, count: Ints, what: int, start: int, until: int, needs: int, leaves: bool
    ) -> None:
        """Give each of ``count`` moves its month, keyed; before the start they only change who is there."""
        each = _Groups(np.repeat(group.district, count), np.repeat(group.birth, count))
        ordinal = np.arange(len(each.birth)) - np.repeat(np.cumsum(count) - count, count)
        keys = draws.mix_many(each.salts(year, what) ^ ordinal.astype(np.uint64) ^ self.mark)
        month = (
            year * 12
            + 6
            + (draws.draw_many(keys, draws.salt(0, Purpose.TAPE_MONTH)).astype(np.uint64) * 12 >> np.uint64(32)).astype(
                np.int64
            )
        )
        before = (month < start) & (each.birth < start)
        np.add.at(self.present, (each.birth[before] - self.base, each.district[before]), -1 if leaves else 1)
        keep = (month >= start) & (month < until) & (month > each.birth) & (month < _limits(each.birth))
        (self.out if leaves else self.blocks).append(
            (each.district[keep], each.birth[keep], month[keep], np.full(keep.sum(), needs))
        )

    def listed_oldest(self, start: int) -> None:
        """NCY 21 at the start holds only the plans that SEN2 lists there: their holders stay to the academic year's
        end."""
        t = self.pack.table("plans_by_age")
        self.oldest = int(t["plans"][t["age"] >= NCY_HIGHEST + 4].sum())
        self.oldest_birth = (calendar.academic_year(start) - 5 - NCY_HIGHEST) * 12 + 14

    def finish(self, start: int, until: int) -> Tape:
        """Lay out the rows: identities, traits, departures, order."""
        birth_of = np.arange(self.base, start)
        inside = calendar.academic_year(start - 1) - 5 - _cohorts(birth_of) < NCY_HIGHEST
        people = np.maximum(self.present, 0) * inside[:, None]
        people[self.oldest_birth - self.base, 0] = self.oldest
        birth, district = (np.repeat(v.ravel(), people.ravel()) for v in np.indices(people.shape))
        birth = birth + self.base
        self.blocks.append(
            (district, birth, np.full(len(birth), start - 1), np.where(birth == self.oldest_birth, 1, -1))
        )
        district, birth, arrival, needs = (np.concatenate([b[k] for b in self.blocks]) for k in range(4))
        ordinal = _ordinals(arrival, birth, district)
        identity = draws.identity(arrival, birth, district, ordinal) ^ self.mark
        keys = draws.mix_many(identity)
        sex = (draws.draw_many(keys, draws.salt(0, Purpose.TRAIT_SEX)) / draws.WHOLE < self.male).astype(np.uint8)
        sex[needs > 0] |= (birth == self.oldest_birth)[
            needs > 0
        ]  # the listed plans are of placements that hold mostly boys
        drawn = draws.draw_many(keys, draws.salt(0, Purpose.TRAIT_NEEDS)) / draws.WHOLE < self.share[sex]
        has = np.where(needs < 0, drawn, needs > 0)
        severity = (
            draws.draw_many(keys, draws.salt(0, Purpose.TRAIT_SEVERITY)).astype(np.uint64) * SEVERITIES >> np.uint64(32)
        ).astype(np.uint8)
        leaving, leaving_as = self._departures(district, birth, arrival, has, keys, start)
        order = np.lexsort((identity, birth, ~has))
        return Tape(
            start,
            until,
            birth[order].astype(np.int16),
            arrival[order].astype(np.int16),
            leaving[order],
            leaving_as[order],
            district[order].astype(np.uint8),
            self.area_of[district[order]],
            sex[order],
            severity[order],
            identity[order],
            int(has.sum()),
            self.names,
        )

    def _departures(
        self, district: Ints, birth: Ints, arrival: Ints, has: NDArray[np.bool_], keys: NDArray[np.uint64], start: int
    ) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
        """When and how each child leaves: the age limit, unless chosen by a keyed order to move or die before."""
        cohort, limit = _cohorts(birth), _limits(birth)
        leaving = np.where(limit <= start, limit + 12, limit)
        how = np.full(len(birth), Presence.AGED_OUT, np.uint8)
        out_d, out_b, out_m, out_n = (np.concatenate([b[k] for b in self.out]) for k in range(4))
        who, month = self._who_leaves((out_d, out_b, out_m, out_n), district, birth, arrival, has, keys, start)
        leaving[who] = month
        ncy = np.clip(_cohorts(month) - 5 - cohort[who], NCY_LOWEST, NCY_HIGHEST) - NCY_LOWEST
        needs = has[who]
        died = np.where(needs, self.rates["died_with_needs"][ncy], self.rates["died_all"][ncy])
        out = np.where(needs, self.rates["out_with_needs"][ncy], self.rates["out_all"][ncy])
        u = draws.draw_many(keys[who], draws.salt(0, Purpose.TAPE_DIED)) / draws.WHOLE
        how[who] = np.where(u < died / np.maximum(out, 1e-9), Presence.DIED, Presence.MOVED)
        return np.minimum(leaving, NEVER).astype(np.int16), how

    def _who_leaves(
        self,
        out: tuple[Ints, Ints, Ints, Ints],
        district: Ints,
        birth: Ints,
        arrival: Ints,
        has: NDArray[np.bool_],
        keys: NDArray[np.uint64],
        start: int,
    ) -> tuple[Ints, Ints]:
        """Match each departure to a child of its district, birth month and trait, in keyed order, arrivals last.

        Where so many leave at 18 that children without needs do not suffice (Sevenoaks, Tunbridge Wells), others make
        it up.
        """
        out_d, out_b, out_m, needs = out
        late = np.where((arrival >= start) & (arrival != birth), arrival, 0)
        group = (birth * 256 + district) * 2 + has
        pool = np.lexsort((draws.draw_many(keys, draws.salt(0, Purpose.TAPE_WHO)), late, group))
        needs = needs.copy()
        for _ in range(4):
            wanted = (out_b * 256 + out_d) * 2 + needs
            turn = np.lexsort((out_m, wanted))
            nth = np.arange(len(turn)) - np.searchsorted(wanted[turn], wanted[turn])
            at = np.minimum(np.searchsorted(group[pool], wanted[turn]) + nth, len(pool) - 1)
            who, month = pool[at], out_m[turn]
            fits = (group[who] == wanted[turn]) & (arrival[who] < month) & (birth[who] < month)
            if fits.all():
                return who, month
            needs[turn[~fits]] = 1 - needs[turn[~fits]]
        raise ValueError(
            f"estimate_moves lets {int((~fits).sum())} more children leave than live here; lower its out rates"
        )


def _ordinals(arrival: Ints, birth: Ints, district: Ints) -> Ints:
    """0, 1, 2 ... within each (arrival, birth, district)."""
    group = (arrival * 65536 + birth) * 256 + district
    order = np.argsort(group, kind="stable")
    ranks = np.empty(len(group), np.int64)
    ranks[order] = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    return ranks
