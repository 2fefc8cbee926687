"""From parameters and policies to the month's thresholds: compiled once a month for a scenario and draw, never in the
loop.

A rate is a base table x the parameter draw x a season x a dated factor x an area factor, then put where policies set
it, then times what they scale it by. Redirects of choices are shares that lie beside the rates, one for each choice,
placement left and placement entered. The kernel compares integers with integers; a rate above the bound reserved for
it is refused here, with the name of what broke it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws, multipliers
from cohort.baserates import BaseRate, Floats, base_rates, sizes, tuned
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.policy import NOTHING, Change, Policy, Redirect, Scale, Set, Where
from cohort.processes import CHOICES, DIMS, PROCESSES, Process
from cohort.states import AREAS, NEEDS, Vocabulary
from cohort.when import known, turns
from cohort.where import span

_ALONG_NCY = [-1 if d == "ncy" else 1 for d in DIMS]


NEARLY_ALL = 0.95
"""From this bound on, a chance or share that a draw or a fixed parameter takes beyond it is held at it: there is no
more to happen."""


def bounds(pack: Pack) -> dict[str, float]:
    """Process -> the stretch of the unit interval reserved for it: constants, never derived from a study."""
    return {str(r["process"]): float(r["bound"]) for r in pack.table("bounds").rows()}


def _on_rate(policy: Policy, name: str) -> list[Change]:
    """The changes of a rate, in the order of their stages."""
    on = [c for c in policy.changes if isinstance(c, Set | Scale) and c.rate == name]
    return sorted(on, key=lambda c: isinstance(c, Scale))


def _redirects(policy: Policy, vocabulary: Vocabulary) -> dict[str, list[Redirect]]:
    """ "choice.from.into" -> its redirects, those of a choice in the order of the placements entered."""
    found: dict[tuple[int, int, int], list[Redirect]] = {}
    for c in policy.changes:
        if isinstance(c, Redirect):
            key = (tuple(CHOICES).index(c.choice), vocabulary.code(c.frm), vocabulary.code(c.into))
            found.setdefault(key, []).append(c)
    return {f"{c[0].choice}.{c[0].frm}.{c[0].into}": c for _, c in sorted(found.items())}


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
        self.bounds = bounds(pack)
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
        self.acting: dict[str, list[Any]] = {name: _on_rate(self.policy, name) for name in self.base}
        for key, changes in self.redirects.items():
            self.acting[f"redirect.{key}"] = self.acting[f"appeal.{key}"] = changes
        self.limit: dict[str, float] = {
            name: min([self.bounds[p.name] for p in processes if p.rate_name == name], default=1.0)
            for name in self.acting
        }
        self._lay_out()
        self._thresholds: dict[tuple[Any, ...], tuple[NDArray[np.uint32], NDArray[np.uint32]]] = {}
        if like and same:  # what no policy bears on, neither here nor there, is the same
            free = {name for name, acting in self.acting.items() if not acting and not like.acting.get(name)}
            self._thresholds |= {key: made for key, made in like._thresholds.items() if key[0] in free}
        self._months: dict[int, list[tuple[str, NDArray[np.uint32], NDArray[np.uint32]]]] = {}
        self._written: dict[str, NDArray[np.uint32]] = {}
        """what ``chance`` holds of each rate, which need not be written again"""
        self.most = np.zeros((len(processes), len(NCYS)), np.uint32)
        self._readers = {name: [k for k, p in enumerate(processes) if p.rate_name == name] for name in self.acting}
        self._moving = [name for name, acting in self.acting.items() if acting or self.base[name].moves]
        self._moving_outside_september = [n for n in self._moving if n.split(".")[1:2] != ["transfer"]]
        """a transfer is chosen in September only, so that its redirects are looked up in no other month"""

    def _lay_out(self) -> None:
        """Give each rate its place in ``chance``, with the dimensions that its policies need besides its own."""
        size = sizes(self.vocabulary)
        self.offset: dict[str, int] = {}
        self.shape: dict[str, tuple[int, ...]] = {}
        at = 0
        for name, acting in self.acting.items():
            by = {
                *(self.base[name].by if name in self.base else ("ncy",)),
                *(d for c in acting for d in c.where.dims()),
            }
            self.shape[name] = tuple(size[d] if d in by else 1 for d in DIMS)
            self.offset[name] = at
            at += int(np.prod(self.shape[name]))
        self.chance = np.zeros(at, np.uint32)
        self._cells = {name: [self._mask(name, c.where) for c in acting] for name, acting in self.acting.items()}
        self._shares: dict[tuple[object, ...], tuple[Floats, Floats]] = {}
        self._strong: dict[tuple[str, int], tuple[float, ...]] = {}
        self._phase = {name: turns([c.when for c in acting]) for name, acting in self.acting.items()}
        self._placed: dict[tuple[object, ...], tuple[str, NDArray[np.uint32], NDArray[np.uint32]]] = {}

    def _strengths(self, name: str, month: int) -> tuple[float, ...]:
        """How far each change of a rate acts in a month."""
        if (name, month) not in self._strong:
            self._strong[name, month] = tuple([c.when.strength(month) for c in self.acting[name]])
        return self._strong[name, month]

    def _acting(self, name: str, month: int) -> Iterator[tuple[Any, tuple[Any, ...], float]]:
        """Each change that acts in a month, the cells it is for, and how far it acts."""
        for change, cells, strength in zip(
            self.acting[name], self._cells[name], self._strengths(name, month), strict=True
        ):
            if strength:
                yield change, cells, strength

    def strides(self, name: str) -> list[int]:
        """Steps in ``chance`` for one step of each dimension; 0 where the rate does not depend on it."""
        shape = self.shape[name]
        steps = [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]
        return [step if n > 1 else 0 for step, n in zip(steps, shape, strict=True)]

    def rate(self, name: str, month: int) -> Floats:
        """The rate of a month as floats over all DIMS (length 1 where it does not depend on one). Raises ValueError
        above the bound."""
        if name not in self.base:
            return self._diverted(name, month)
        value = [built for _, built in self.built(name, month)][-1]
        if (self.params.number or self.params.fixed) and self.limit[name] >= NEARLY_ALL:
            value = np.minimum(value, self.limit[name])  # what several parameters take beyond all is all
        top = float(value.max(initial=0.0))  # none is below nought: no table, factor or size is
        if top > self.limit[name] + 1e-12:
            self._refuse(name, month, top)
        return value

    def built(self, name: str, month: int) -> Iterator[tuple[Change | None, Floats]]:
        """A rate of a month as it is built up: before any policy (None), then after each change that acts.

        One array, which the next step changes: take out of it what is to be kept.
        """
        base = self.base[name]
        value = np.empty(self.shape[name])
        np.multiply(base.table, base.factor(month), out=value)
        yield None, value
        for change, cells, strength in self._acting(name, month):
            if isinstance(change, Set):
                value[cells] *= 1 - strength
                value[cells] += known(change.to) * strength
            else:
                value[cells] *= 1 + (known(change.by) - 1) * strength
            yield change, value

    def _diverted(self, name: str, month: int) -> Floats:
        """The share that redirects send from one placement to another, or how many of those contest it."""
        kind, key = name.split(".", 1)
        at = (key, *self._strengths(f"redirect.{key}", month))
        if at not in self._shares:
            self._shares[at] = self._sent_and_contested(key, month)
        return self._shares[at][kind == "appeal"]

    def _sent_and_contested(self, key: str, month: int) -> tuple[Floats, Floats]:
        """Several redirects of one pair leave the product of what each leaves; of those sent, each one's appeal share
        counts by its own share."""
        shape, changes = self.shape[f"redirect.{key}"], self.redirects[key]
        lawful = self.vocabulary.lawful[self.vocabulary.code(changes[0].into)].reshape(_ALONG_NCY)
        if len(changes) == 1:
            alone, appealing = np.zeros(shape), np.zeros(shape)
            for change, cells, strength in self._acting(f"redirect.{key}", month):
                alone[cells], appealing[cells] = known(change.share) * strength, known(change.appeal_share)
            return alone * lawful, appealing
        kept, sent, contested = np.ones(shape), np.zeros(shape), np.zeros(shape)
        for change, cells, share in self.shares(key, month):
            kept[cells] *= 1 - share
            sent[cells] += share
            contested[cells] += share * known(change.appeal_share)
        appeals = np.divide(contested, sent, out=np.zeros_like(sent), where=sent > 0)
        return (1 - kept) * lawful, appeals

    def shares(self, key: str, month: int) -> Iterator[tuple[Redirect, tuple[Any, ...], float]]:
        """Each redirect of one pair that acts in a month, the cells it is for, and the share that it sends."""
        for change, cells, strength in self._acting(f"redirect.{key}", month):
            yield change, cells, known(change.share) * strength

    def _mask(self, name: str, w: Where) -> tuple[Any, ...]:
        """The cells of a rate that a change is for, as an index: slices where that will do, for they are quick."""
        restricted = w.dims()
        spans = {
            "since": slice(w.since[0], w.since[1] + 1),
            "ncy": slice(w.ncy[0] - NCY_LOWEST, w.ncy[1] - NCY_LOWEST + 1),
            "severity": slice(w.severity[0], w.severity[1] + 1),
        }
        sets = {
            "area": [AREAS.index(a) for a in w.areas],
            "need": [NEEDS.index(n) for n in w.needs],
            "placement": [self.vocabulary.code(p) for p in w.placements],
        }
        cells = [slice(None) if d not in restricted else spans[d] if d in spans else span(sets[d]) for d in DIMS]
        if all(isinstance(c, slice) for c in cells):
            return tuple(cells)
        shape = self.shape[name]
        return np.ix_(*[np.arange(n)[c] for c, n in zip(cells, shape, strict=True)])

    def _refuse(self, name: str, month: int, top: float) -> None:
        """Say which rate passes its bound, when, and what may have done it."""
        what = f"policy {self.policy.name!r}" if any(self._strengths(name, month)) else f"draw {self.params.number}"
        raise ValueError(
            f"{name} reaches {top:.4f} in {calendar.label(month)}, "
            f"more than the {self.limit[name]:.4f} reserved for it (bounds.csv): {what}"
        )

    def compile(self, month: int) -> NDArray[np.uint32]:
        """The thresholds of a month, in place: what can move is written anew, the rest was with the first month."""
        if month not in self._months:
            names = self._moving if self._months else self.acting
            if self._months and not calendar.is_september(month):
                names = self._moving_outside_september
            self._months[month] = [self._compiled(name, month) for name in names]
        for name, value, most in self._months[month]:
            if self._written.get(name) is not value:
                self._written[name] = value
                self.chance[self.offset[name] :][: value.size] = value
                self.most[self._readers[name]] = most
        return self.chance

    def _compiled(self, name: str, month: int) -> tuple[str, NDArray[np.uint32], NDArray[np.uint32]]:
        """A rate's thresholds in a month, and the largest by NCY; months alike share their arrays."""
        moment = self.base[name].moment(month) if name in self.base else ()
        first, last = self._phase[name]
        at = (name, min(max(month, first), last), *moment)
        if at not in self._placed:
            key = (name, *moment, *self._strengths(name, month))
            if name.startswith("appeal.") and len(key) == 2:
                key = (name, self._strengths(name, month)[0] > 0)  # how many appeal of those whom one redirect sends
            if key not in self._thresholds:
                value = draws.threshold(self.rate(name, month))
                self._thresholds[key] = value.ravel(), value.max(tuple(k for k, d in enumerate(DIMS) if d != "ncy"))
            self._placed[at] = (name, *self._thresholds[key])
        return self._placed[at]

    def check(self, months: range) -> None:
        """Compile every month: raises ValueError, naming what passes its bound, before a run rather than in it."""
        for month in months:
            self.compile(month)


def compile(params: Parameters, policies: Policy, month: int, pack: Pack) -> dict[str, Floats]:  # noqa: A001
    """Every rate of one month by name: for looking at, not for the loop."""
    book = Rates(pack, params, policies)
    return {name: book.rate(name, month) for name in book.offset}
