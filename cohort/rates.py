"""From parameters and policies to the month's thresholds: compiled once a month for a scenario and draw, never in the
loop.

A rate is a base table x the parameter draw x a season x a dated factor x an area factor, then put where policies set
it, then times what they scale it by. Redirects of choices are shares that lie beside the rates, one for each choice,
placement left and placement entered. The kernel compares integers with integers; a rate above the bound reserved for
it is refused here, with the name of what broke it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws, multipliers
from cohort.baserates import BaseRate, Floats, base_rates, tuned
from cohort.calendar import NCYS
from cohort.layout import Cells, Layout
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.policy import NOTHING, Change, Policy, Redirect, Scale, Set
from cohort.processes import CHOICES, DIMS, PROCESSES, Process
from cohort.states import Vocabulary
from cohort.when import known, strengths

_ALONG_NCY = [-1 if d == "ncy" else 1 for d in DIMS]
_BUT_NCY = tuple(k for k, d in enumerate(("month", *DIMS)) if d not in ("month", "ncy"))


NEARLY_ALL = 0.95
"""From this bound on, a chance or share that a fixed parameter takes beyond it is held at it: there is no more to
happen. Draws after the point are held at every bound."""


def bounds(pack: Pack) -> dict[str, float]:
    """Process -> the stretch of the unit interval reserved for it: constants, never derived from a study."""
    return {str(r["process"]): float(r["bound"]) for r in pack.table("bounds").rows()}


def _on_rates(policy: Policy) -> dict[str, list[Change]]:
    """Rate -> its changes, in the order of their stages."""
    on: dict[str, list[Change]] = {}
    for kind in (Set, Scale):
        for c in policy.changes:
            if isinstance(c, kind):
                on.setdefault(c.rate, []).append(c)
    return on


def _redirects(policy: Policy, vocabulary: Vocabulary) -> dict[str, list[Redirect]]:
    """ "choice.from.into" -> its redirects, those of a choice in the order of the placements entered."""
    found: dict[tuple[int, int, int], list[Redirect]] = {}
    for c in policy.changes:
        if isinstance(c, Redirect):
            key = (tuple(CHOICES).index(c.choice), vocabulary.code(c.frm), vocabulary.code(c.into))
            found.setdefault(key, []).append(c)
    return {f"{c[0].choice}.{c[0].frm}.{c[0].into}": c for _, c in sorted(found.items())}


@dataclass(frozen=True, eq=False)
class Compiled:
    """The thresholds of one rate in the months asked for so far; months alike share theirs."""

    at: dict[int, int] = field(default_factory=dict)
    """month -> which of ``thresholds`` holds"""
    keys: dict[tuple[Any, ...], int] = field(default_factory=dict)
    """what the rate goes by in a month -> the same"""
    thresholds: list[NDArray[np.uint32]] = field(default_factory=list)
    """each as it lies in ``Rates.chance``"""
    most: list[NDArray[np.uint32]] = field(default_factory=list)
    """[ncy] the largest of each"""


class Rates:
    """The compiled thresholds of one scenario and draw, month by month.

    ``chance`` is a flat uint32 array that ``compile`` refreshes in place; a process's own part starts at its offset
    and is indexed by its strides over DIMS. ``most`` is refreshed with it: [process, ncy] its largest chance.
    """

    def __init__(self, pack: Pack, params: Parameters, policy: Policy = NOTHING, vocabulary: Vocabulary | None = None,
                 processes: tuple[Process, ...] = PROCESSES, like: Rates | None = None) -> None:  # fmt: skip
        self.vocabulary = vocabulary or Vocabulary()
        self.processes = processes
        self.params, self.policy = params, policy.settled(params.size)
        self.holds = params.number > 0
        """whether what passes its bound is held there, or refused"""
        self.bounds: dict[str, float] = like.bounds if like else bounds(pack)
        missing = [p.name for p in processes if p.name not in self.bounds]
        if missing:
            raise ValueError(f"bounds.csv reserves nothing for {', '.join(missing)}")
        self.plain: dict[str, BaseRate] = like.plain if like else base_rates(pack, self.vocabulary, processes)
        """the rates before any parameter, which all draws of a pack share"""
        self.tuning: tuple[multipliers.Multiplier, ...] = (
            like.tuning if like else multipliers.load(pack, self.vocabulary)
        )
        same = like is not None and like.params.values == params.values
        self.base: dict[str, BaseRate] = (
            like.base
            if like and same
            else {name: tuned(rate, self.tuning, params) for name, rate in self.plain.items()}
        )
        self.redirects = _redirects(self.policy, self.vocabulary)
        on = _on_rates(self.policy)
        self.acting: dict[str, list[Any]] = {name: on.get(name, []) for name in self.base}
        for key, changes in self.redirects.items():
            self.acting[f"redirect.{key}"] = self.acting[f"appeal.{key}"] = changes
        self._readers: dict[str, list[int]] = {name: [] for name in self.acting}
        """the processes that read a rate, by number"""
        for k, p in enumerate(processes):
            self._readers[p.rate_name].append(k)
        self.limit: dict[str, float] = {
            name: min([self.bounds[processes[k].name] for k in readers], default=1.0)
            for name, readers in self._readers.items()
        }
        self.layouts: dict[object, Layout] = like.layouts if like else {}
        """of every policy met so far, which all draws share"""
        self.layout = self._lay_out()
        self.offset, self.shape, self.strides = self.layout.offset, self.layout.shape, self.layout.strides
        self.chance = np.zeros(self.layout.size, np.uint32)
        self.most = np.zeros((len(processes), len(NCYS)), np.uint32)
        self._compiled = {name: Compiled() for name in self.acting}
        if like and same and like.holds == self.holds:  # on what the same changes bear, in both, it is the same
            alike = [n for n, acting in self.acting.items() if acting == like.acting.get(n) and self._as_in(like, n)]
            self._compiled |= {name: like._compiled[name] for name in alike}
        self._months: dict[int, NDArray[np.int64]] = {}
        """month -> [rate] which of its thresholds holds"""
        self._written = np.full(len(self.acting), -1)
        """[rate] the same of what ``chance`` holds, which need not be written again"""

    def _as_in(self, like: Rates, name: str) -> bool:
        """Whether a rate's table is as large in another book, and its bound as high."""
        return self.shape[name] == like.shape[name] and self.limit[name] == like.limit[name]

    def _lay_out(self) -> Layout:
        wheres = {name: tuple([c.where for c in acting]) for name, acting in self.acting.items()}
        key = tuple(wheres.items())
        if key not in self.layouts:
            by = {name: self.base[name].by if name in self.base else ("ncy",) for name in self.acting}
            self.layouts[key] = Layout.of(by, wheres, self.vocabulary)
        return self.layouts[key]

    def rate(self, name: str, month: int) -> Floats:
        """The rate of a month as floats over all DIMS (length 1 where it does not depend on one). Raises ValueError
        above the bound."""
        found: Floats = self._values(name, [month], self._strengths(name, (month,)))[0]
        return found

    def _strengths(self, name: str, months: tuple[int, ...]) -> list[Sequence[float]]:
        """[change of a rate, month] how far it acts."""
        return [strengths(c.when, months) for c in self.acting[name]]

    def _values(self, name: str, months: Sequence[int], strong: list[Sequence[float]]) -> Floats:
        """[month, DIMS] ``rate`` in some months, in which its changes act so far."""
        if name not in self.base:
            return self._diverted(name, len(months), strong)
        value = [built for _, built in self._built(name, months, strong)][-1]
        most = self.limit[name]
        if self.holds or ((self.params.number or self.params.fixed) and most >= NEARLY_ALL):
            value = np.minimum(value, most)  # of several regimes at their worst, what there is luck for
        if value.max(initial=0.0) > most + 1e-12:  # none is below nought: no table, factor or size is
            tops = value.reshape(len(months), -1).max(1)
            at = int(np.argmax(tops > most + 1e-12))
            self._refuse(name, months[at], float(tops[at]), any(strength[at] for strength in strong))
        return value

    def built(self, name: str, month: int) -> Iterator[tuple[Change | None, Floats]]:
        """A rate of a month as it is built up: before any policy (None), then after each change that acts.

        One array, which the next step changes: take out of it what is to be kept.
        """
        for change, value in self._built(name, [month], self._strengths(name, (month,))):
            yield change, value[0]

    def _built(
        self, name: str, months: Sequence[int], strong: list[Sequence[float]]
    ) -> Iterator[tuple[Change | None, Floats]]:
        """[month, DIMS] the same of several months; in one in which a change does not act it changes not a bit."""
        base = self.base[name]
        value = np.empty((len(months), *self.shape[name]))
        np.multiply(base.table, base.factors(months), out=value)
        yield None, value
        for change, cells, strength in self._acting(name, strong):
            if isinstance(change, Set):
                value[cells] *= 1 - strength
                value[cells] += known(change.to) * strength
            else:
                value[cells] *= 1 + (known(change.by) - 1) * strength
            yield change, value

    def _acting(self, name: str, strong: list[Sequence[float]]) -> Iterator[tuple[Any, Cells, Floats]]:
        """Each change that acts in any of some months, its cells in an array [month, DIMS], and how far it acts there,
        by month."""
        for change, cells, strength in zip(self.acting[name], self.layout.cells[name], strong, strict=True):
            if any(strength):
                yield change, (slice(None), *cells), np.reshape(strength, (-1, *[1] * len(DIMS)))

    def _diverted(self, name: str, months: int, strong: list[Sequence[float]]) -> Floats:
        """[month, DIMS] the share that redirects send from one placement to another, or how many of those contest it.

        Several redirects of one pair leave the product of what each leaves; of those sent, each one's appeal share
        counts by its own share.
        """
        kind, key = name.split(".", 1)
        changes, sent = self.redirects[key], np.zeros((months, *self.shape[name]))
        if kind == "appeal":
            contested = np.zeros_like(sent)
            for change, cells, strength in self._acting(name, strong):
                share = strength > 0 if len(changes) == 1 else known(change.share) * strength
                sent[cells] += share
                contested[cells] += share * known(change.appeal_share)
            return np.divide(contested, sent, out=contested, where=sent > 0)  # where none is sent, none contests
        into = self.vocabulary.lawful[self.vocabulary.code(changes[0].into)].reshape(_ALONG_NCY)
        if len(changes) == 1:
            for change, cells, strength in self._acting(name, strong):
                sent[cells] = known(change.share) * strength
        else:
            kept = np.ones_like(sent)
            for change, cells, strength in self._acting(name, strong):
                kept[cells] *= 1 - known(change.share) * strength
            np.subtract(1, kept, out=sent)
        sent *= into
        return sent

    def shares(self, key: str, month: int) -> Iterator[tuple[Redirect, Cells, float]]:
        """Each redirect of one pair that acts in a month, the cells it is for, and the share that it sends."""
        for change, cells in zip(self.redirects[key], self.layout.cells[f"redirect.{key}"], strict=True):
            if strength := change.when.strength(month):
                yield change, cells, known(change.share) * strength

    def _refuse(self, name: str, month: int, top: float, acted_on: bool) -> None:
        """Say which rate passes its bound, when, and what may have done it."""
        what = f"policy {self.policy.name!r}" if acted_on else f"draw {self.params.number}"
        raise ValueError(
            f"{name} reaches {top:.4f} in {calendar.label(month)}, "
            f"more than the {self.limit[name]:.4f} reserved for it (bounds.csv): {what}"
        )

    def compile(self, month: int) -> NDArray[np.uint32]:
        """The thresholds of a month, in place: those are written anew that differ from what is there."""
        if month not in self._months:
            self.check(range(month, month + 1))
        now, names = self._months[month], list(self._compiled)
        for k in np.flatnonzero(now != self._written).tolist():
            made = self._compiled[names[k]]
            value = made.thresholds[now[k]]
            self.chance[self.offset[names[k]] :][: value.size] = value
            if readers := self._readers[names[k]]:
                self.most[readers] = made.most[now[k]]
        self._written = now
        return self.chance

    def check(self, months: range) -> None:
        """Compile months: raises ValueError, naming what passes its bound, before a run rather than in it."""
        for name in self.acting:
            self._add(name, months)
        which = np.array([[made.at[m] for m in months] for made in self._compiled.values()])
        self._months |= dict(zip(months, which.T, strict=True))

    def _add(self, name: str, months: range) -> None:
        """Compile a rate in all those of some months in which it is not, at once."""
        made = self._compiled[name]
        new = of = tuple([m for m in months if m not in made.at])
        if not new:
            return
        if name.split(".")[1:2] == ["transfer"]:  # chosen in September only: in other months the last one's stay
            of = tuple([calendar.september(calendar.academic_year(m)) for m in new])
        strong = self._strengths(name, of)
        keys = self._keys(name, of, strong)
        first = dict(zip(keys[::-1], range(len(keys))[::-1], strict=True))
        anew = {key: first[key] for key in dict.fromkeys(keys) if key not in made.keys}
        if anew:
            at = list(anew.values())
            found = draws.threshold(self._values(name, [of[k] for k in at], [[s[k] for k in at] for s in strong]))
            made.thresholds.extend(found.reshape(len(at), -1))
            if self._readers[name]:
                made.most.extend(found.max(_BUT_NCY))
            made.keys.update(zip(anew, range(len(made.keys), len(made.thresholds)), strict=True))
        made.at.update({m: made.keys[key] for m, key in zip(new, keys, strict=True)})

    def _keys(self, name: str, months: tuple[int, ...], strong: list[Sequence[float]]) -> list[tuple[Any, ...]]:
        """[month] what a rate goes by: months in which that is equal have equal rates."""
        if name.startswith("appeal.") and len(strong) == 1:  # how many appeal of those whom one redirect sends
            strong = [[s > 0 for s in strong[0]]]
        by = [*(self.base[name].moments(months) if name in self.base else ()), *strong]
        return list(zip(*by, strict=True)) if by else [()] * len(months)


def compile(params: Parameters, policies: Policy, month: int, pack: Pack) -> dict[str, Floats]:  # noqa: A001
    """Every rate of one month by name: for looking at, not for the loop."""
    book = Rates(pack, params, policies)
    return {name: book.rate(name, month) for name in book.offset}
