"""What a run leaves behind: stocks, census counts, spend and the event log, as arrays; tables are made from them
apart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort.columns import Columns, Log
from cohort.paying import note, priced
from cohort.prices import FIRST_NCY_POST_16
from cohort.slots import Slots
from cohort.states import Support

Ints = NDArray[np.int64]

FIRST_POST_16 = FIRST_NCY_POST_16 + 5
UNDER_16 = 3
"""The first so many age groups are below Year 12."""
AGE_GROUP_OF_NCY = np.array([0] * 6 + [1] * 6 + [2] * 5 + [3] * 4 + [4] * 6)
"""[ncy - lowest] index into calendar.AGE_GROUPS, by age at 31 August: under 5, 5-10, 11-15, 16-19, 20-25."""

NOTHING = 254
"""What a child waits for in the log who waits for nothing: twice nobody, in eight bits."""
ROLL = ("presence", "support", "stage", "placement", "need", "placed", "cost")
"""Of each child, what a roll keeps."""


def by_phase(cells: NDArray[np.int32], held: NDArray[np.integer], slots: Slots) -> tuple[Ints, Ints]:
    """Children without a plan by [support, placement, severity, phase], and plans by [placement, severity, phase, need,
    where, terms], of cells and plans as a record keeps them."""
    others = cells[:, :, : Support.PLAN]
    edges, groups = (slice(FIRST_POST_16), slice(FIRST_POST_16, None)), (slice(UNDER_16), slice(UNDER_16, None))
    return (
        np.stack([others[part].sum((0, 1), dtype=np.int64) for part in edges], -1),
        slots.spread(np.stack([held[part].sum((0, 1), dtype=np.int64) for part in groups], 2)),
    )


def cost_of(cells: NDArray[np.int32], held: NDArray[np.integer], price: Ints, plan_price: Ints) -> int:
    """Pence a month for children without a plan at [support, placement, severity, phase] pence, and for plans at
    [phase, slot x 5 + severity, need, terms]."""
    unplanned = cells.reshape(len(cells), cells.shape[1], -1)[:, :, : cells[0, 0, : Support.PLAN].size]
    others, pence = price.reshape(-1, 2), 0
    for phase, (part, group) in enumerate(
        ((slice(FIRST_POST_16), slice(UNDER_16)), (slice(FIRST_POST_16, None), slice(UNDER_16, None)))
    ):
        pence += priced(unplanned[part], others[:, phase].copy())
        pence += priced(held[group].reshape(*held[group].shape[:2], -1), plan_price[phase].ravel())
    return pence


KEPT = ("cells", "stages", "censuses", "places", "lists", "held")
"""What a record keeps by month, besides the logs."""


@dataclass(eq=False)
class Record:
    """One run's record. Stocks are labelled by the month at whose start they hold; the children counted at the start of
    M + 1 are those paid for in M."""

    cells: dict[int, NDArray[np.int32]] = field(default_factory=dict)
    """month -> [ncy, area, support, placement, severity] children with needs at its start"""
    stages: dict[int, NDArray[np.int64]] = field(default_factory=dict)
    """month -> [support, stage] children with needs at its start"""
    censuses: dict[int, NDArray[np.int32]] = field(default_factory=dict)
    """January -> [ncy, area, need, support, placement]"""
    logs: list[Log] = field(default_factory=list)
    """one a month stepped"""
    places: dict[int, NDArray[np.int32]] = field(default_factory=dict)
    """month -> [provider, 3] places, children there and of these above the roll, at its start; places are those of the
    month before, in which the children were placed"""
    lists: dict[int, NDArray[np.int32]] = field(default_factory=dict)
    """month -> [kind, area, primary or secondary, need, 2] children who wait at its start; of these, whose choice it
    is"""
    held: dict[int, NDArray[np.integer]] = field(default_factory=dict)
    """month -> [age group, area, slot, severity, need, terms] plans at its start, of the month before's prices (see
    ``prices`` and ``slots``); none for the run's first month"""
    outside: list[NDArray[np.int32]] = field(default_factory=list)
    """one a month stepped: the children who had a place of another authority at its end"""
    rolls: dict[int, dict[str, NDArray[Any]]] | None = None
    """January -> what each child is (``ROLL``), if that is to be kept; not saved with a world"""
    brief: bool = False
    """whether only what is paid for is kept: no event, list or census, for whoever asks for counts and money alone; not
    saved with a world"""

    @property
    def stocks(self) -> dict[int, NDArray[np.int32]]:
        """month -> [ncy, area, support, placement] children with needs at its start."""
        return {m: cells.sum(4, dtype=np.int32) for m, cells in self.cells.items()}

    @property
    def paid(self) -> dict[int, NDArray[np.int32]]:
        """month -> [age group, area, support, placement, severity, phase]: the child-months that its prices apply
        to."""
        edges = np.flatnonzero(np.diff(AGE_GROUP_OF_NCY, prepend=-1))
        out = {}
        for m in sorted(self.cells)[1:]:
            groups = np.add.reduceat(self.cells[m], edges, axis=0)
            both = np.zeros((*groups.shape, 2), np.int32)
            both[:3, ..., 0], both[3:, ..., 1] = groups[:3], groups[3:]
            out[m - 1] = both
        return out

    def close_log(self, log: Log, entries: int, columns: Columns) -> None:
        """Keep the month's entries, with what the children are at its end, unless it is brief."""
        if self.brief:
            return
        need, waits = np.empty(entries, np.uint8), np.empty(entries, np.uint8)
        kept = Log._make(column[:entries].copy() for column in log)._replace(need=need, waits=waits)
        note(kept.row, columns.need, columns.waiting_for, columns.named, need, waits)
        self.logs.append(kept)

    def forget(self) -> None:
        """Drop what is kept of each event and child, where only counts are asked for."""
        self.logs.clear()
        self.outside.clear()

    def close(self, month: int, cells: NDArray[np.int32], stages: NDArray[np.int64]) -> None:
        """Keep the counts at the start of a month."""
        self.cells[month] = cells
        self.stages[month] = stages.copy()

    def hold(self, month: int, held: NDArray[np.int32]) -> None:
        """Keep the plans at the start of a month by all that their price goes by."""
        self.held[month] = held.astype(np.uint16 if held.max(initial=0) < 2**16 else np.int32)

    def census(self, cells: NDArray[np.int32], month: int) -> None:
        """Keep a January's [ncy, area, need, support, placement] counts."""
        self.censuses[month] = cells

    def roll(self, columns: Columns, month: int) -> None:
        """Keep a January's children, if that was asked for."""
        if self.rolls is not None:
            self.rolls[month] = {name: getattr(columns, name).copy() for name in ROLL}

    def copy(self) -> Record:
        """A record that can be added to without changing this one; what is kept is never changed, so it is shared."""
        kept = (dict(self.cells), dict(self.stages), dict(self.censuses))
        rolls = None if self.rolls is None else dict(self.rolls)
        return Record(*kept, list(self.logs), dict(self.places), dict(self.lists), dict(self.held),
                      list(self.outside), rolls, self.brief)  # fmt: skip

    def widen(self, providers: int, terms: int) -> None:
        """Room for providers that a policy adds: before, they had no places. And for as many terms as another policy's
        prices tell apart: nobody has come after a date that is still ahead."""
        for month, kept in self.places.items():
            self.places[month] = np.pad(kept, ((0, providers - len(kept)), (0, 0)))
        for month, held in self.held.items():
            if held.shape[-1] != terms:
                fits = held[..., :terms]
                self.held[month] = np.pad(fits, [(0, 0)] * (held.ndim - 1) + [(0, terms - fits.shape[-1])])

    def arrays(self) -> dict[str, NDArray[np.generic]]:
        """Everything as named arrays, for saving."""
        out: dict[str, NDArray[np.generic]] = {}
        for name in KEPT:
            kept: dict[int, NDArray[np.generic]] = getattr(self, name)
            out[f"{name}.months"] = np.array(sorted(kept), np.int64)
            out[f"{name}.values"] = np.stack([kept[m] for m in sorted(kept)]) if kept else np.zeros(0, np.int32)
        out["log.lengths"] = np.array([len(log.row) for log in self.logs], np.int64)
        for k, name in enumerate(Log._fields):
            out[f"log.{name}"] = np.concatenate([log[k] for log in self.logs]) if self.logs else np.zeros(0, np.uint8)
        out["outside.lengths"] = np.array([len(rows) for rows in self.outside], np.int64)
        out["outside.row"] = np.concatenate([np.zeros(0, np.int32), *self.outside])
        return out

    @classmethod
    def of_arrays(cls, saved: Mapping[str, Any]) -> Record:
        """From what ``arrays`` gave."""
        kept: list[dict[int, Any]] = [
            dict(zip(saved[f"{n}.months"].tolist(), saved[f"{n}.values"], strict=True)) for n in KEPT
        ]
        edges, ends = (np.concatenate([[0], np.cumsum(saved[f"{n}.lengths"])]).astype(int) for n in ("log", "outside"))
        columns, rows = [saved[f"log.{name}"] for name in Log._fields], saved["outside.row"]
        logs = [Log._make(c[a:b] for c in columns) for a, b in pairwise(edges)]
        outside = [rows[a:b] for a, b in pairwise(ends)]
        return cls(kept[0], kept[1], kept[2], logs, kept[3], kept[4], kept[5], outside)
