"""The rule book of a run as arrays: the process table, choices, needs and reasons, laid out for the month.

Built once for a pack, draw and policy. The kernel, its plain twin and the expectation read the same book, so a new
row in ``processes`` or ``states`` reaches all three. Choices of placement use weights of data x parameter draw only; a
policy redirects what was chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cohort import draws, multipliers
from cohort.baserates import sizes
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.policy import NOTHING, Policy
from cohort.processes import CHOICES, DIMS, PROCESSES, REASONS, Effect, Outcome, Process, event_names
from cohort.rates import Rates
from cohort.states import LUCK_STATUSES, NEEDS, NONE_YET, Support, Vocabulary

ON_TIME_DAYS = 140
"""20 weeks: SEND Regulations 2014, regulation 13."""
MONTH_DAYS = 30.4375
ON_TIME = int(ON_TIME_DAYS / MONTH_DAYS * draws.WHOLE)
"""20 weeks in units of 2**-32 months: a plan is on time if months x 2**32 + day issued - day requested is at most
this."""


class Arrays(NamedTuple):
    """The book for the kernel. Events are numbered as ``processes.event_names``; outcomes are [event, 0 yes or 1
    no]."""

    first: NDArray[np.int64]
    """[luck status + 1] where the status's events begin in ``event`` and ``low``"""
    event: NDArray[np.int64]
    low: NDArray[np.uint32]
    """where each event's stretch begins"""
    reserved: NDArray[np.uint32]
    """[luck status] the end of its last stretch: the bound of the hot loop"""
    edges: NDArray[np.uint32]
    """[luck status, k] where its k-th stretch begins: ``low`` as a table; beyond the last, the top, which no draw that
    matters reaches"""
    owner: NDArray[np.int64]
    """[luck status, k] the event that owns it: ``event`` as a table; beyond the last, 0"""
    offset: NDArray[np.int64]
    stride: NDArray[np.int64]
    share_offset: NDArray[np.int64]
    """-1 for an event that goes one way"""
    share_stride: NDArray[np.int64]
    support: NDArray[np.int64]
    """-1: as before"""
    stage: NDArray[np.int64]
    effect: NDArray[np.int64]
    choice: NDArray[np.int64]
    go: NDArray[np.int64]
    reason: NDArray[np.int64]
    reasons: NDArray[np.int64]
    """[event] which table of reasons, -1 for none"""
    choice_offset: NDArray[np.int64]
    choice_stride: NDArray[np.int64]
    choices: NDArray[np.uint64]
    """cumulative weights of 2**32, [..., placement]; a row of zeros means: stay"""
    reason_table: NDArray[np.uint64]
    """[table x ncy, reason] cumulative"""
    first_need: NDArray[np.uint64]
    """[ncy, need] cumulative: the primary need first recorded"""
    new_need: NDArray[np.uint64]
    """[ncy, need] cumulative: the need recorded at a change"""
    arrive: NDArray[np.uint64]
    """[ncy, 2] cumulative: moves in with a plan, with SEN Support"""
    redirects: NDArray[np.int64]
    """[redirect, 3] the choice, the placement chosen, the placement entered instead, in that order"""
    redirect_offset: NDArray[np.int64]
    """[redirect, share or appeals]"""
    redirect_stride: NDArray[np.int64]
    """[redirect, share or appeals, dimension]"""


class Given(NamedTuple):
    """What the pack gives before any parameter: a choice's weights by its name, and who moves in with what."""

    weights: dict[str, NDArray[np.float64]]
    arrivals: NDArray[np.float64]


class Era(NamedTuple):
    """What holds in the months in which the same rows act, with the two arrays that say so."""

    given: Given
    choices: NDArray[np.uint64]
    arrive: NDArray[np.uint64]


@dataclass(frozen=True)
class Book:
    """The arrays with their names: what ``World`` hands to a month."""

    arrays: Arrays
    rates: Rates
    vocabulary: Vocabulary
    processes: tuple[Process, ...]
    weights: dict[str, NDArray[np.float64]]
    """choice -> probabilities over (DIMS of length 1 where it does not depend, placement); see ``in_month``"""
    needs: dict[str, NDArray[np.float64]]
    """"first" and "change" -> [ncy, need] probabilities"""
    reason_shares: dict[str, NDArray[np.float64]]
    arrivals: NDArray[np.float64]
    """[ncy, 2] chance that a child with needs moves in with a plan, with SEN Support"""
    given: Given
    """weights and arrivals before any parameter, which all draws of a pack share"""
    dated: tuple[multipliers.Multiplier, ...] = ()
    """what a draw changes of choices and arrivals in some months only; ``weights`` and ``arrivals`` are without it"""
    eras: dict[tuple[int, ...], Era] = field(default_factory=dict, repr=False)
    """which rows of ``dated`` act together -> what holds then; books of one draw share it"""

    @property
    def events(self) -> tuple[str, ...]:
        return event_names(self.processes)

    def in_month(self, month: int) -> Given:
        """The choices' weights and the arrivals of a month; months in which the same rows act share them."""
        return self._era(month)[0]

    def arrays_in(self, month: int) -> Arrays:
        """The arrays of a month: ``arrays`` with its choices and arrivals."""
        return self._era(month)[1]

    def _era(self, month: int) -> tuple[Given, Arrays]:
        if month not in self._months:
            first, last = self._spans
            key = tuple(np.flatnonzero((first <= month) & (month <= last)).tolist())
            if key not in self.eras:
                self.eras[key] = self._begin([self.dated[k] for k in key])
            if key not in self._laid_out:
                era = self.eras[key]
                self._laid_out[key] = era.given, self.arrays._replace(choices=era.choices, arrive=era.arrive)
            self._months[month] = self._laid_out[key]
        return self._months[month]

    def _begin(self, acting: Sequence[multipliers.Multiplier]) -> Era:
        """What holds while some rows act: of the choices, those are laid out anew that a row acts on."""
        now = _under(Given(self.weights, self.arrivals), acting, self.rates.params.values, self.vocabulary)
        choices = self.arrays.choices.copy()
        for offset, (name, weights) in zip(self.arrays.choice_offset.tolist(), now.weights.items(), strict=True):
            if weights is not self.weights[name]:
                choices[offset : offset + weights.size] = cumulative(weights).ravel()
        return Era(now, choices, cumulative(now.arrivals, whole=False))

    @cached_property
    def _spans(self) -> NDArray[np.int64]:
        """[first and last month, row of ``dated``] in which it acts."""
        return np.array([m.months for m in self.dated], np.int64).reshape(-1, 2).T

    @cached_property
    def _laid_out(self) -> dict[tuple[int, ...], tuple[Given, Arrays]]:
        return {}

    @cached_property
    def _months(self) -> dict[int, tuple[Given, Arrays]]:
        return {}


def build(pack: Pack, params: Parameters, policy: Policy = NOTHING, vocabulary: Vocabulary | None = None,
          processes: tuple[Process, ...] = PROCESSES, like: Book | None = None) -> Book:  # fmt: skip
    """The book of a scenario and draw. Raises ValueError naming what is missing or above its bound.

    ``like`` is a book of the same pack, vocabulary and processes, from which is taken what no parameter or policy
    bears on.
    """
    vocabulary = vocabulary or Vocabulary()
    rates = Rates(pack, params, policy, vocabulary, processes, like.rates if like else None)
    given = like.given if like else _given(pack, vocabulary)
    laid_out = rates.layout.arrays  # as the book says of the rates of this policy in every draw
    if not laid_out:
        laid_out.update(_events(rates, processes) | _redirects(rates, vocabulary))
    if like and like.rates.base is rates.base:  # of the same draw: policies bear on rates alone
        return replace(like, arrays=like.arrays._replace(**laid_out), rates=rates)
    rows = rates.tuning
    always = tuple(m for m in rows if m.months is None)
    weights, arrivals = _under(given, always, params.values, vocabulary)
    dated = multipliers.dated(rows, params.values)
    if like:
        new = like.arrays._replace(**laid_out, **_choices(weights), arrive=cumulative(arrivals, whole=False))
        return replace(like, arrays=new, rates=rates, weights=weights, arrivals=arrivals, dated=dated, eras={})
    needs = {
        "first": need_shares(pack, "new_plan_needs_by_age_england"),
        "change": need_shares(pack, "needs_by_age_england"),
    }
    tables = tuple(dict.fromkeys(p.reasons for p in processes if p.reasons))
    shares = {name: reason_shares(pack, name) for name in tables}
    arrays = laid_out | _outcomes(processes, rates, vocabulary, tables) | _choices(weights)
    return Book(
        Arrays(
            **arrays, reason_table=np.concatenate([cumulative(shares[t]) for t in tables]),
            first_need=cumulative(needs["first"]), new_need=cumulative(needs["change"]),
            arrive=cumulative(arrivals, whole=False),
        ),
        rates, vocabulary, processes, weights, needs, shares, arrivals, given, dated,
    )  # fmt: skip


def _given(pack: Pack, vocabulary: Vocabulary) -> Given:
    weights = {name: choice_weights(pack, vocabulary, name, by) for name, by in CHOICES.items()}
    return Given(weights, arrival_shares(pack))


def _under(given: Given, rows: Sequence[multipliers.Multiplier], values: Mapping[str, float],
           vocabulary: Vocabulary) -> Given:  # fmt: skip
    """The same under some rows of a draw's parameters."""
    weights = {
        name: multipliers.chosen(w, [m for m in rows if m.on == multipliers.CHOICE + name], values, vocabulary)
        for name, w in given.weights.items()
    }
    arrive = [m for m in rows if m.on == multipliers.ARRIVALS]
    return Given(weights, multipliers.arriving(given.arrivals, arrive, values))


def cumulative(shares: NDArray[np.float64], whole: bool = True) -> NDArray[np.uint64]:
    """[..., k] thresholds: the first k with draw < threshold is chosen. The last of a whole row is exactly 2**32."""
    total = shares.sum(-1, keepdims=True)
    edges = np.cumsum(shares, -1) / np.where(total > 0, total, 1) if whole else np.cumsum(shares, -1)
    out: NDArray[np.uint64] = np.rint(edges * draws.WHOLE).astype(np.uint64)
    if whole:
        top = np.uint64(draws.WHOLE)
        last = edges.shape[-1] - 1 - np.argmax(shares[..., ::-1] > 0, -1)
        reached = np.arange(edges.shape[-1]) >= last[..., None]
        out = np.where(reached & (total > 0), top, out)
    return out


def _events(rates: Rates, processes: tuple[Process, ...]) -> dict[str, Any]:
    """Each status's stretches, one after another in the order of the process table."""
    first, event, low = [0], [], []
    reserved = np.zeros(LUCK_STATUSES, np.uint32)
    for s in range(LUCK_STATUSES):
        edge = 0.0
        for number, p in enumerate(processes):
            if s in p.statuses:
                event.append(number)
                low.append(draws.threshold(edge))
                edge += rates.bounds[p.name]
        if edge > 1 + 1e-9:
            raise ValueError(f"bounds.csv reserves {edge:.3f} of the unit interval for status {s}; at most 1")
        reserved[s] = draws.threshold(min(edge, 1.0))
        first.append(len(event))
    share = [rates.offset[p.share] if p.share else -1 for p in processes]
    wide = max(np.diff(first))
    edges, owner = np.full((LUCK_STATUSES, wide), draws.WHOLE - 1, np.uint32), np.zeros((LUCK_STATUSES, wide), int)
    for s, (a, b) in enumerate(pairwise(first)):
        edges[s, : b - a], owner[s, : b - a] = low[a:b], event[a:b]
    return {
        "first": np.array(first), "event": np.array(event), "low": np.array(low, np.uint32), "reserved": reserved,
        "edges": edges, "owner": owner,
        "offset": np.array([rates.offset[p.rate_name] for p in processes]),
        "stride": np.array([rates.strides(p.rate_name) for p in processes]),
        "share_offset": np.array(share),
        "share_stride": np.array([rates.strides(p.share) if p.share else [0] * len(DIMS) for p in processes]),
    }  # fmt: skip


def _outcomes(
    processes: tuple[Process, ...], rates: Rates, vocabulary: Vocabulary, tables: tuple[str, ...]
) -> dict[str, Any]:
    names = tuple(CHOICES)
    columns: dict[str, list[list[int]]] = {k: [] for k in ("support", "stage", "effect", "choice", "go", "reason")}
    for p in processes:
        both = [p.yes, p.no or p.yes]
        for o in both:
            _check(p, o)
        columns["support"].append([-1 if o.support is None else int(o.support) for o in both])
        columns["stage"].append([-1 if o.stage is None else int(o.stage) for o in both])
        columns["effect"].append([int(o.effect) for o in both])
        columns["choice"].append([names.index(o.choice) if o.choice else -1 for o in both])
        columns["go"].append([vocabulary.code(o.placement) if o.placement else -1 for o in both])
        columns["reason"].append([REASONS.index(o.reason) for o in both])
    out = {k: np.array(v) for k, v in columns.items()}
    out["reasons"] = np.array([tables.index(p.reasons) if p.reasons else -1 for p in processes])
    return out


def _check(p: Process, o: Outcome) -> None:
    """A row that contradicts itself is refused when the book is made."""
    if bool(o.effect & Effect.MOVE) != bool(o.choice) or bool(o.effect & Effect.GO) != bool(o.placement):
        raise ValueError(f"process {p.name!r}: a MOVE names its choice and a GO its placement")
    if o.support == Support.PLAN and not o.effect & Effect.BEGIN_PLAN:
        raise ValueError(f"process {p.name!r}: a plan begins only with BEGIN_PLAN")


def _choices(weights: dict[str, NDArray[np.float64]]) -> dict[str, Any]:
    offsets, strides, parts, at = [], [], [], 0
    for w in weights.values():
        offsets.append(at)
        shape = w.shape
        strides.append([int(np.prod(shape[k + 1 :])) if shape[k] > 1 else 0 for k in range(len(DIMS))])
        parts.append(cumulative(w).ravel())
        at += w.size
    return {"choice_offset": np.array(offsets), "choice_stride": np.array(strides), "choices": np.concatenate(parts)}


def _redirects(rates: Rates, vocabulary: Vocabulary) -> dict[str, Any]:
    """The redirects in the order in which a seeker meets them."""
    words = [key.split(".") for key in rates.redirects]
    names = [[f"{kind}.{key}" for kind in ("redirect", "appeal")] for key in rates.redirects]
    pairs = [[tuple(CHOICES).index(c), vocabulary.code(frm), vocabulary.code(into)] for c, frm, into in words]
    return {
        "redirects": np.array(pairs, np.int64).reshape(-1, 3),
        "redirect_offset": np.array([[rates.offset[n] for n in both] for both in names], np.int64).reshape(-1, 2),
        "redirect_stride": np.array([[rates.strides(n) for n in both] for both in names], np.int64).reshape(
            -1, 2, len(DIMS)
        ),
    }


def choice_weights(pack: Pack, vocabulary: Vocabulary, name: str, by: tuple[str, ...]) -> NDArray[np.float64]:
    """A choice's probabilities, lawful at each NCY; all zero where the pack gives none (the child stays)."""
    size = sizes(vocabulary)
    shape = [size[d] if d in by else 1 for d in DIMS]
    grid = np.zeros([*shape, size["placement"]])
    for r in pack.table("choices").where(choice=name).rows():
        n = int(r["ncy"]) - NCY_LOWEST
        frm = vocabulary.code(str(r["frm"])) if "placement" in by else 0
        if r["share"] > 0:
            try:
                vocabulary.check_lawful(str(r["to"]), int(r["ncy"]))
            except ValueError as error:
                raise ValueError(f"choices.csv: {name}: {error}") from None
        grid[0, n, 0, :, 0, frm, vocabulary.code(str(r["to"]))] += r["share"]
    if "need" in by:
        grid = grid * _need_odds(pack, vocabulary).reshape(1, 1, 1, len(NEEDS), 1, 1, -1)
    total = grid.sum(-1, keepdims=True)
    return np.divide(grid, total, out=np.zeros_like(grid), where=total > 0)


def _need_odds(pack: Pack, vocabulary: Vocabulary) -> NDArray[np.float64]:
    """[need, placement] how much likelier England's plan holders of a need are to be in a placement than all are."""
    table = np.zeros((len(NEEDS), len(vocabulary.placements)))
    for r in pack.table("needs_by_placement_england").rows():
        table[NEEDS.index(str(r["need"])), vocabulary.code(str(r["placement"]))] += r["plans"]
    table[NONE_YET] = table.sum(0)
    of_all = table[NONE_YET] / table[NONE_YET].sum()
    given = table / np.maximum(table.sum(1, keepdims=True), 1)
    return np.divide(given, of_all, out=np.ones_like(given), where=of_all > 0)


def need_shares(pack: Pack, table: str) -> NDArray[np.float64]:
    """[ncy, need] England's primary needs by age; ages beyond the table take its nearest."""
    counts = np.zeros((len(NCYS), len(NEEDS)))
    t = pack.table(table)
    ages = sorted({int(a) for a in t["age"]})
    for n, ncy in enumerate(NCYS):
        age = min(max(ncy + 4, ages[0]), ages[-1])
        for r in t.where(age=age).rows():
            counts[n, NEEDS.index(str(r["need"]))] += r["plans"]
    return counts / counts.sum(1, keepdims=True)


def reason_shares(pack: Pack, name: str) -> NDArray[np.float64]:
    """[ncy, reason] of one table of reasons."""
    out = np.zeros((len(NCYS), len(REASONS)))
    for r in pack.table("reasons").where(reasons=name).rows():
        out[int(r["ncy"]) - NCY_LOWEST, REASONS.index(str(r["reason"]))] = r["share"]
    return out


def arrival_shares(pack: Pack) -> NDArray[np.float64]:
    """[ncy, 2] the chance that a child with needs who moves in has a plan, has SEN Support."""
    out = np.zeros((len(NCYS), 2))
    for r in pack.table("arrival_support").rows():
        out[int(r["ncy"]) - NCY_LOWEST] = (r["plan"], r["sen_support"])
    return out
