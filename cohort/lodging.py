"""Whether a child's place in an independent special school is outside the county, and whether it boards there.

Neither is published by child, need or school, so both are drawn. A child has one ``lodging`` all its life, two numbers
below 65,536: the lower sixteen bits say whether it boards, the upper whether its place is outside Kent, against bounds
that go by age group, need and severity (``estimate_independent_terms``). So nothing that a policy does makes another
child residential, a bound that rises with age only adds to those who board, and a child who leaves and comes back is as
it was. Those who are there when the run begins are as many as the shares say (``begin``), in every run of a draw; of
all others it is the run's luck.

``where`` of a place, the code that prices go by, is also that of a scarce place: in a school of this authority or of
another (see ``places``).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, draws, tariff
from cohort.calendar import AGE_GROUPS
from cohort.demography import Tape
from cohort.draws import Purpose
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.states import NEEDS, SEVERITIES, WHERE, Support, Vocabulary

if TYPE_CHECKING:
    from cohort.start import Start

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
TABLE = "estimate_independent_terms"
WHOLE = 2**16
"""A lodging's two numbers are below it; a share p is the bound p x WHOLE."""
COMPLEX, MILDER, SENSORY = ("msi", "pmld", "sld"), ("mld", "slcn", "spld"), ("hi", "msi", "vi")
BOARDS, OUTSIDE_DAY, OUTSIDE_BOARDER = 0, 1, 2
"""What each of the three bounds is of: all, who do not board, who do."""


@dataclass(frozen=True, eq=False)
class Lodging:
    """A parameter draw's chances, for the placements that tell such places apart."""

    placements: tuple[int, ...]
    chance: Floats
    """[placement of these, age group, need, severity, 3] chance to board; to be outside of who does not; of who does"""
    factor: Floats
    """[placement of these, 4] what a place costs against a day place in the county"""
    plans: Floats
    """[placement of these, age group, need] plans of January 2024"""

    def bound(self) -> NDArray[np.uint32]:
        """[placement of these, age group, need, severity, 3] bounds of a lodging's numbers."""
        return self._bound

    @cached_property
    def _bound(self) -> NDArray[np.uint32]:
        return np.rint(self.chance * WHOLE).astype(np.uint32)

    @cached_property
    def told(self) -> NDArray[np.int64]:
        """[placement] its row in ``bound``; -1 for one that does not tell such places apart, and for none."""
        out = np.full(2**8, -1)
        out[list(self.placements)] = np.arange(len(self.placements))
        return out

    def shares(self, placement: int) -> Floats:
        """[age group, need, severity, where] chance of each kind of place; all are the first where they are not told
        apart."""
        if placement not in self.placements:
            out = np.zeros((len(AGE_GROUPS), len(NEEDS), SEVERITIES, len(WHERE)))
            out[..., 0] = 1
            return out
        p = self.chance[self.placements.index(placement)]
        boards, day, boarder = p[..., BOARDS], p[..., OUTSIDE_DAY], p[..., OUTSIDE_BOARDER]
        each = ((1 - boards) * (1 - day), (1 - boards) * day, boards * (1 - boarder), boards * boarder)
        return np.stack(each, -1)

    def mean(self, placement: int, cost: Floats) -> float:
        """The mean of a cost by [severity, need, where] over the plans of January 2024, bands being equally many."""
        there = self.plans[self.placements.index(placement)]
        each = np.einsum("gdsw,sdw->gd", self.shares(placement), cost) / SEVERITIES
        return float((there * each).sum() / there.sum())

    def by_phase(self, placement: int, under_16: int) -> Floats:
        """[phase, severity, need, where] chance of each kind of place, ages within a phase being as in January 2024."""
        shares = self.shares(placement)
        plans = np.ones(shares.shape[:2])
        if placement in self.placements:
            plans = self.plans[self.placements.index(placement)] + 1e-9
        parts = (slice(under_16), slice(under_16, None))
        phases = [np.einsum("gd,gdsw->sdw", plans[p] / plans[p].sum(0), shares[p]) for p in parts]
        return np.stack(phases)

    def where(self, lodging: NDArray[np.uint32], placement: Ints, group: Ints, need: Ints, severity: Ints) -> Ints:
        """[child] the code of ``WHERE`` by lodging; 0 in a placement that does not tell it apart."""
        out = np.zeros(len(lodging), np.int64)
        bound, boards, abroad = self.bound(), lodging & np.uint32(WHOLE - 1), lodging >> np.uint32(16)
        for k, code in enumerate(self.placements):
            at = np.flatnonzero(placement == code)
            b = bound[k, group[at], need[at], severity[at]]
            stays = boards[at] < b[:, BOARDS]
            out[at] = 2 * stays + (abroad[at] < np.where(stays, b[:, OUTSIDE_BOARDER], b[:, OUTSIDE_DAY]))
        return out


def placements(pack: Pack, vocabulary: Vocabulary) -> tuple[int, ...]:
    """The placements that tell such places apart, in order."""
    names = [str(name) for name in pack.table(TABLE)["name"].tolist()] if TABLE in pack.names() else []
    return tuple(sorted({vocabulary.code(name.split(".")[1]) for name in names}))


def build(pack: Pack, params: Parameters, vocabulary: Vocabulary) -> Lodging:
    """The chances of a parameter draw. No placement tells places apart in a pack without the table."""
    codes = placements(pack, vocabulary)
    plans = tariff.stock(pack, vocabulary)[list(codes)]
    chance = np.zeros((*plans.shape, SEVERITIES, 3))
    factor = np.ones((len(codes), len(WHERE)))
    for k, code in enumerate(codes):
        of = f"lodging.{vocabulary.labels[code]}."
        chance[k], factor[k] = _chance(params, of, plans[k]), _factor(params, of)
    return Lodging(codes, chance, factor, plans)


def _factor(params: Parameters, of: str) -> Floats:
    """[where] what a place costs against a day place in the county."""
    outside, boards = params[f"{of}outside.price"], params[f"{of}residential.price"]
    return np.array([1.0, outside, boards, boards * outside])


def _chance(params: Parameters, of: str, plans: Floats) -> Floats:
    """[age group, need, severity, 3] chances whose means over the plans of January 2024 are the shares."""
    ages = np.array([params[f"{of}residential.under_11"]] * 2 + [1.0] + [params[f"{of}residential.post_16"]] * 2)
    rare = dict.fromkeys(COMPLEX, params[f"{of}residential.complex"])
    rare |= dict.fromkeys(MILDER, params[f"{of}residential.milder"])
    sensory = dict.fromkeys(SENSORY, params[f"{of}outside.sensory"])
    boards = _scaled(params[f"{of}residential.share"], ages, rare, params[f"{of}residential.spread"], plans)
    day = _scaled(params[f"{of}outside.day"], np.ones(len(ages)), sensory, params[f"{of}outside.spread"], plans)
    boarder = np.full_like(boards, params[f"{of}outside.residential"])
    return np.stack([boards, day, np.minimum(boarder, 1.0)], -1)


def _scaled(share: float, ages: Floats, needs: dict[str, float], spread: float, plans: Floats) -> Floats:
    """[age group, need, severity] chances in proportion to a factor of each, whose mean over plans is a share."""
    bands = 1 + spread * np.linspace(-1, 1, SEVERITIES)
    by_need = np.array([needs.get(need, 1.0) for need in NEEDS])
    both = ages[:, None] * by_need
    mean = (both * plans).sum() / plans.sum()
    return np.minimum(share / mean * both[:, :, None] * bands, 1.0)


# The children


@dataclass(frozen=True, eq=False)
class Lodgers:
    """The children who are in such places at the start, the same in every draw: one entry a child."""

    rows: Ints
    at: tuple[NDArray[np.integer], ...]
    """which bounds are theirs: placement of those, age group, need, severity"""
    luck: tuple[NDArray[np.uint32], NDArray[np.uint32]]
    """what orders them for boarding, and for being outside"""
    identity: draws.U64

    @classmethod
    def of(cls, placements: tuple[int, ...], begun: Start, tape: Tape) -> Lodgers:
        """Of those in some placements."""
        from cohort.record import AGE_GROUP_OF_NCY

        n = tape.with_needs
        held = (tape.arrival[:n] < tape.start) & (begun.support == Support.PLAN)
        rows = np.flatnonzero(held & np.isin(begun.placement, placements))
        year = calendar.academic_year(tape.start - 1) - tape.cohort[rows].astype(np.int64)
        group = AGE_GROUP_OF_NCY[np.clip(year, 0, len(AGE_GROUP_OF_NCY) - 1)]
        placement = np.searchsorted(placements, begun.placement[rows])
        keys = draws.mix_many(tape.identity[rows])
        boards, outside = (draws.draw_many(keys, draws.salt(turn, Purpose.START_LODGING)) for turn in (0, 1))
        need, severity = begun.need[rows], tape.severity[rows]
        return cls(rows, (placement, group, need, severity), (boards, outside), tape.identity[rows])


def begin(of: Lodging, who: Lodgers) -> tuple[Ints, NDArray[np.uint32]]:
    """Rows of the children who are in such places at the start, and their lodging, the same in every run of a draw: as
    many board and are outside as their bounds add up to, rounded, whoever they are.

    In a keyed order each has the next stretch of a line, as long as its bound; who has one of the line's whole numbers
    within it is one of them, and how far on it lies is the child's own number.
    """
    bound = of.bound()[who.at].astype(np.int64)
    boards = _spread(bound[:, BOARDS], who, np.zeros(len(who.rows), np.bool_), 0)
    stays = boards < bound[:, BOARDS]
    abroad = _spread(np.where(stays, bound[:, OUTSIDE_BOARDER], bound[:, OUTSIDE_DAY]), who, stays, 1)
    return who.rows, (abroad << 16 | boards).astype(np.uint32)


def _spread(bound: Ints, who: Lodgers, stays: NDArray[np.bool_], turn: int) -> Ints:
    """[row] a number below ``WHOLE``, of which as many are below their bound as the bounds add up to, of
    those who board and of those who do not."""
    order = np.lexsort((who.identity, who.luck[turn], stays))
    before = np.cumsum(bound[order]) - bound[order]
    out = np.empty_like(bound)
    out[order] = -(before + WHOLE // 2) % WHOLE
    return out


def drawn(keys: draws.U64) -> NDArray[np.uint32]:
    """[child] the lodging that is a run's luck."""
    return draws.draw_many(keys, draws.salt(0, Purpose.TRAIT_LODGING))
