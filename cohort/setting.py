"""What a world is set in: everything that does not change while it runs, built once for a scenario and draw.

The pack, the tape, the parameter draw, the compiled rule book, the prices, the start and the places. Replicates and
seeds share a setting.
"""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import book, cache, calendar, demography, hatch, lawful, parameters, placing, prices, rulebook, start
from cohort import places as provision
from cohort.calendar import NCYS
from cohort.columns import Tariff
from cohort.demography import Tape
from cohort.pack import Pack
from cohort.policy import Policy
from cohort.processes import PROCESSES, TRANSFER_NCYS, Process
from cohort.provision import on_places
from cohort.record import cost_of
from cohort.scenario import Scenario, ScenarioError
from cohort.states import AREAS, Vocabulary
from cohort.tariffs import Tariffs


@dataclass(frozen=True, eq=False)
class Setting:
    """The unchanging part of a world."""

    scenario: Scenario
    pack: Pack
    tape: Tape
    params: parameters.Parameters
    policy: Policy
    book: book.Book
    prices: prices.Prices
    laid: start.Layout
    """what the start shares with that of every other parameter draw"""
    start: start.Start
    places: provision.Places

    @cached_property
    def settled(self) -> placing.Settled:
        """Who is at which provider at the start, and who waits."""
        if ("luck",) not in self.kept:
            self.kept["luck",] = placing.Luck.of(self.tape)
        return placing.settle(self.places, self.start, self.tape, self.kept["luck",])

    @cached_property
    def enters(self) -> NDArray[np.bool_]:
        """[ncy, placement] whether a September into this school year brings a choice of placement. It does to whoever
        is still in an early years setting when Year 1 begins: by then every child must be in school or educated
        otherwise (Education Act 1996, ss.7-8)."""
        words = self.book.vocabulary
        out = np.repeat([[ncy in TRANSFER_NCYS] for ncy in NCYS], len(words.placements), axis=1)
        nursery = words.code("early_years")
        out[NCYS.index(words.placements[nursery].to_ncy + 1), nursery] = True
        return out

    @cached_property
    def events(self) -> Schedule:
        """The tape's events of children with needs, by month."""
        return Schedule.of(self.tape)

    @cached_property
    def hatches(self) -> tuple[hatch.Columns, ...]:
        """The functions by which policies move children themselves."""
        return hatch.within(self.book.rates.policy)

    @cached_property
    def kept(self) -> dict[tuple[object, ...], Any]:
        """What follows from the tape and the vocabulary alone, worked out once for all settings that share them."""
        return {}

    def price(self, month: int) -> NDArray[np.int64]:
        """[support, placement, severity, phase, need, where, terms] pence a child-month, of the month's financial year
        and policies; kinds of place that are not told apart cost what the first does."""
        return self.tariffs.cells(month)

    def cost(self, cells: NDArray[np.int32], held: NDArray[np.integer], month: int) -> int:
        """Pence of a month for children and plans as a record keeps them."""
        return cost_of(cells, held, self.tariffs.others(month), self.tariff(month).plan_price)

    def tariff(self, month: int) -> Tariff:
        """The month's prices laid out for the kernel, the last cell (children away) at nothing."""
        return self.tariffs.of(month)

    @property
    def uncharged(self) -> Tariff:
        """A tariff at which nobody is charged and no plan counted."""
        return self.tariffs.uncharged

    @cached_property
    def tariffs(self) -> Tariffs:
        """Those of all months."""
        months = range(self.scenario.first, self.scenario.last + 1)
        return Tariffs(self.prices, self.events.cohorts, self.places.outside, months)


@dataclass(frozen=True)
class Schedule:
    """Who arrives and leaves in each month, among children with needs, and how many live in Kent by the tape alone."""

    arriving: list[NDArray[np.int32]]
    births: list[NDArray[np.bool_]]
    leaving: list[NDArray[np.int32]]
    leaving_as: list[NDArray[np.uint8]]
    here: NDArray[np.int64]
    """[month, cohort, area] children with needs at the start of each month, the end's included"""
    others: NDArray[np.int64]
    """[month, cohort, area] the same, of children with no additional need"""
    stay: list[NDArray[np.int64]]
    """for each month [ncy, area] children with needs at its end, by the NCY of the month"""
    first_cohort: int
    span: list[tuple[int, int]]
    """for each month the rows among which all who are there, or have just left, are: the hot loop's range"""
    runs: NDArray[np.int64]
    """rows at which another cohort begins, the first and the end included: one a cohort when rows are in order of
    birth"""

    @property
    def cohorts(self) -> NDArray[np.int64]:
        """Every cohort that is counted, in order."""
        return np.arange(self.first_cohort, self.first_cohort + self.here.shape[1])

    @classmethod
    def of(cls, tape: Tape) -> Schedule:
        """From a tape; rows within a month are in the tape's order."""
        n, months = tape.with_needs, tape.until - tape.start
        arrive, leave = _by_month(tape.arrival[:n], tape.start, months), _by_month(tape.leaving[:n], tape.start, months)
        here, others, first = _stocks(tape, months)
        span = _spans(tape, months)
        stay = [_by_ncy(here[at + 1], first, calendar.academic_year(tape.start + at)) for at in range(months)]
        return cls(
            arrive,
            [tape.born[r] for r in arrive],
            leave,
            [tape.leaving_as[r] for r in leave],
            here,
            others,
            stay,
            first,
            span,
            np.concatenate([[0], np.flatnonzero(np.diff(tape.cohort[:n])) + 1, [n]]).astype(np.int64),
        )

    def by_ncy(self, counts: NDArray[np.int64], at: int, academic_year: int) -> NDArray[np.int64]:
        """[ncy, area] of one month's [cohort, area] counts."""
        return _by_ncy(counts[at], self.first_cohort, academic_year)


def _by_ncy(counts: NDArray[np.int64], first_cohort: int, academic_year: int) -> NDArray[np.int64]:
    """[ncy, area] of [cohort, area] counts."""
    out = np.zeros((len(NCYS), len(AREAS)), np.int64)
    ncy = academic_year - np.arange(first_cohort, first_cohort + len(counts))
    fits = (ncy >= 0) & (ncy < len(NCYS))
    np.add.at(out, ncy[fits], counts[fits])
    return out


def _by_month(when: NDArray[np.int16], start: int, months: int) -> list[NDArray[np.int32]]:
    order = np.argsort(when, kind="stable").astype(np.int32)
    edges = np.searchsorted(when[order], np.arange(start, start + months + 1))
    return [order[a:b] for a, b in pairwise(edges)]


def _spans(tape: Tape, months: int) -> list[tuple[int, int]]:
    """First and last row that anything can happen to in each month; short when rows are in order of birth."""
    n = tape.with_needs
    gone = np.maximum.accumulate(tape.leaving[:n])
    to_come = np.minimum.accumulate(tape.arrival[:n][::-1])[::-1]
    at = np.arange(tape.start, tape.start + months)
    return list(
        zip(np.searchsorted(gone, at).tolist(), np.searchsorted(to_come, at, side="right").tolist(), strict=True)
    )


def _stocks(tape: Tape, months: int) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Children at the start of each month by cohort and area: arrivals so far less leavers so far."""
    first = int(tape.cohort.min())
    flow = np.zeros((2, months + 1, int(tape.cohort.max()) - first + 1, len(AREAS)), np.int64)
    kind = (np.arange(len(tape)) >= tape.with_needs).astype(int)
    came = np.clip(tape.arrival.astype(int) + 1 - tape.start, 0, months + 1)
    went = np.clip(tape.leaving.astype(int) + 1 - tape.start, 0, months + 1)
    cohort = tape.cohort.astype(int) - first
    for when, sign in ((came, 1), (went, -1)):
        inside = when <= months
        np.add.at(flow, (kind[inside], when[inside], cohort[inside], tape.area[inside]), sign)
    stock = flow.cumsum(1)
    return stock[0], stock[1], first


@lru_cache(maxsize=4)
def _tape(digest: str, folder: str, first: int, last: int, population: int) -> Tape:
    """The tape, from the cache if this code has made it before from these data; a cache that cannot be used is no
    matter."""
    try:
        path = cache.tape_file(digest, first, last, population)
        return _read_tape(path) if path.exists() else _keep_tape(path, Pack.load(folder), first, last, population)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return demography.build(Pack.load(folder), first, last, population)


def _read_tape(path: Path) -> Tape:
    with np.load(path, allow_pickle=False) as kept:
        first, last, with_needs = (int(x) for x in kept["numbers"])
        arrays: dict[str, Any] = {name: kept[name] for name in TAPE_ARRAYS}
        return Tape(first, last, with_needs=with_needs, districts=tuple(kept["districts"].tolist()), **arrays)


def _keep_tape(path: Path, pack: Pack, first: int, last: int, population: int) -> Tape:
    tape = demography.build(pack, first, last, population)
    arrays = {name: getattr(tape, name) for name in TAPE_ARRAYS}
    part = path.with_name(f"{path.stem}.{os.getpid()}.part.npz")
    np.savez(part, numbers=np.array([first, last, tape.with_needs]), districts=np.array(tape.districts), **arrays)
    part.replace(path)
    cache.forget_old_tapes(path.parent)
    return tape


TAPE_ARRAYS = ("birth", "arrival", "leaving", "leaving_as", "district", "area", "sex", "severity", "identity")


def build(scenario: Scenario, draw: int = 0, policy: Policy | None = None, pack: Pack | None = None,
          vocabulary: Vocabulary | None = None, processes: tuple[Process, ...] = PROCESSES,
          population: int = 0, like: Setting | None = None) -> Setting:  # fmt: skip
    """The setting of a scenario and draw. Every month's rates are checked here.

    ``policy`` stands in for the scenario's rules. ``population`` above 0 draws other children with the same published
    margins, for measuring what the choice of children does; every study uses population 0. ``like`` is a setting of the
    same data, months, vocabulary and processes: what they share is not made again.

    Raises ValueError, DataError or ScenarioError naming what is wrong.
    """
    if like is not None:
        return of_tape(scenario, like.pack, like.tape, draw, policy, vocabulary, processes, like)
    pack = pack or Pack.load(scenario.authority)
    for name in demography.TABLES:
        pack.table(name)  # a file that is not what was sealed is refused, even where the tape made from it is kept
    tape = _tape(pack.digest(), str(pack.folder), scenario.first, scenario.last, population)
    return of_tape(scenario, pack, tape, draw, policy, vocabulary, processes)


def ruled(scenario: Scenario) -> Policy:
    """The policy that a scenario's rules make. Raises ScenarioError for a rule that does not fit, or one that would be
    unlawful and is not acknowledged."""
    try:
        policy = rulebook.of_scenario(scenario.rules, scenario.overrides)
        hatch.check(policy)
    except (rulebook.RuleError, ValueError) as error:
        raise ScenarioError(f"{scenario.name}: {error}") from error
    if not scenario.acknowledge_unlawful and (broken := lawful.problems(policy)):
        raise ScenarioError(
            *(f"{scenario.name}: {line} (to run it all the same: acknowledge_unlawful = true)" for line in broken)
        )
    return policy


def of_tape(scenario: Scenario, pack: Pack, tape: Tape, draw: int = 0, policy: Policy | None = None,
            vocabulary: Vocabulary | None = None, processes: tuple[Process, ...] = PROCESSES,
            like: Setting | None = None) -> Setting:  # fmt: skip
    """The setting on a given tape: for tests and teaching, where a few thousand children are enough."""
    policy = ruled(scenario) if policy is None else policy
    vocabulary = vocabulary or Vocabulary()
    params = parameters.draw(pack, draw, scenario.parameters)
    settled = policy.settled(params.size)
    compiled = book.build(pack, params, settled, vocabulary, processes, like.book if like else None)
    compiled.rates.check(range(scenario.first, scenario.last))
    same = like if like is not None and like.params.values == params.values else None
    priced = prices.prices(pack, params, vocabulary, settled, same.prices if same else None)
    priced.check(range(scenario.first, scenario.last))  # also where it is another's, whose months may be fewer
    scarce = _places(pack, params, vocabulary, scenario, settled, same)
    laid = like.laid if like else start.layout(pack, tape, compiled)
    begun = same.start if same else start.start(pack, tape, compiled, params, laid, priced.lodging)
    made = Setting(scenario, pack, tape, params, policy, compiled, priced, laid, begun, scarce)
    if like is not None:
        for name in ("events", "kept"):  # cached properties that depend on the tape alone
            made.__dict__[name] = getattr(like, name)
    if same and priced is same.prices and scarce is same.places and "tariffs" in same.__dict__:
        made.__dict__["tariffs"] = same.tariffs
    return made


def _places(pack: Pack, params: parameters.Parameters, vocabulary: Vocabulary, scenario: Scenario, settled: Policy,
            same: Setting | None) -> provision.Places:  # fmt: skip
    """The places of a settled policy; those of another setting of the draw, if nothing that bears on them differs."""
    if same and scenario.places == same.scenario.places:
        here, there = (on_places(p) for p in (settled, same.book.rates.policy))
        if here == there and (scenario.first, scenario.last) == (same.scenario.first, same.scenario.last):
            return same.places
    return provision.build(pack, params, vocabulary, scenario, settled)
