"""Where each rate lies among a month's thresholds, and which of its cells each change of a policy is for.

No parameter bears on it: a policy's rates are laid out once for all draws.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cohort.baserates import sizes
from cohort.calendar import NCY_LOWEST
from cohort.processes import DIMS
from cohort.states import AREAS, NEEDS, Vocabulary
from cohort.where import Where, span

Cells = tuple[Any, ...]
"""An index into an array over DIMS."""


@dataclass(frozen=True, eq=False)
class Layout:
    """The rates of a policy one after another, each with the dimensions that its changes need besides its own."""

    offset: Mapping[str, int]
    shape: Mapping[str, tuple[int, ...]]
    """over DIMS; 1 where the rate does not depend on one"""
    cells: Mapping[str, tuple[Cells, ...]]
    """those that each change of a rate is for"""
    size: int
    arrays: dict[str, Any] = field(default_factory=dict, repr=False)
    """what a book says of it: see ``book``"""

    @classmethod
    def of(cls, by: Mapping[str, Sequence[str]], wheres: Mapping[str, Sequence[Where]],
           vocabulary: Vocabulary) -> Layout:  # fmt: skip
        """From what each rate depends on before any policy, and whom its changes are for."""
        size, at = sizes(vocabulary), 0
        offset, shape, cells = dict[str, int](), dict[str, tuple[int, ...]](), dict[str, tuple[Cells, ...]]()
        for name, own in by.items():
            needed = {*own, *(d for w in wheres[name] for d in w.dims())}
            shape[name] = tuple(size[d] if d in needed else 1 for d in DIMS)
            cells[name] = tuple(_cells(shape[name], w, vocabulary) for w in wheres[name])
            offset[name] = at
            at += int(np.prod(shape[name]))
        return cls(offset, shape, cells, at)

    def strides(self, name: str) -> list[int]:
        """Steps in the thresholds for one step of each dimension; 0 where the rate does not depend on it."""
        shape = self.shape[name]
        steps = [int(np.prod(shape[k + 1 :])) for k in range(len(shape))]
        return [step if n > 1 else 0 for step, n in zip(steps, shape, strict=True)]


def _cells(shape: tuple[int, ...], w: Where, vocabulary: Vocabulary) -> Cells:
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
        "placement": [vocabulary.code(p) for p in w.placements],
    }
    cells = [slice(None) if d not in restricted else spans[d] if d in spans else span(sets[d]) for d in DIMS]
    if all(isinstance(c, slice) for c in cells):
        return tuple(cells)
    return np.ix_(*[np.arange(n)[c] for c, n in zip(cells, shape, strict=True)])
