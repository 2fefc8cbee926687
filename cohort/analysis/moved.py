"""Children whose placement differs between two worlds of one run: from where to where, each January and April."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cohort import authorities
from cohort.analysis import perrun
from cohort.analysis.ranges import Figure, Floats, figure
from cohort.results import Study

MONTH, FROM, TO = 0, 1, 2


@dataclass(frozen=True)
class Move:
    """Children who are in one place in the base world and in another in the policy's."""

    frm: str
    to: str
    children: Figure


@dataclass(frozen=True)
class Moves:
    """All of a month: children whose place differs, then each pair of places, the most children first."""

    month: str
    children: Figure
    pairs: tuple[Move, ...]


@dataclass(frozen=True)
class Found:
    """The months' moves, and in which runs no child differs in any of them."""

    tables: tuple[Moves, ...]
    still: NDArray[np.bool_]


def moved(study: Study, base: str, other: str) -> Found | None:
    """From where in the base world to where in the other. A study pairs every scenario with the first of its authority
    only: None where neither is that."""
    names = [s["name"] for s in study.manifest["scenarios"]]
    bases = {n for n in names if not study.paired(n)}
    first = next((n for n in (base, other) if bases.issuperset(authorities.members(names, n))), "")
    if not first or not study.files("pairs"):
        return None
    policy = other if base == first else base
    wide = perrun.per_run(study, "pairs", policy, ["month", "from", "to"])
    order = [MONTH, FROM, TO] if base == first else [MONTH, TO, FROM]
    draws, cells = perrun.draws_of(wide), perrun.matrix(wide)
    keys = [tuple(str(key[k]) for k in order) for key in wide.index]
    tables = tuple(_month(m, keys, cells, draws) for m in dict.fromkeys(key[MONTH] for key in keys))
    apart = [k for k, key in enumerate(keys) if key[FROM] != key[TO]]
    still: NDArray[np.bool_] = (cells[apart] == 0).all(axis=0)
    return Found(tables, still)


def _month(month: str, keys: list[tuple[str, ...]], cells: Floats, draws: list[int]) -> Moves:
    mine = [k for k, key in enumerate(keys) if key[MONTH] == month and key[FROM] != key[TO]]
    total = cells[mine].sum(0) if mine else np.zeros(len(draws))
    pairs = [Move(keys[k][FROM], keys[k][TO], figure(cells[k], draws)) for k in mine]
    pairs.sort(key=lambda move: (-move.children.mean, move.frm, move.to))
    return Moves(month, figure(total, draws), tuple(pairs))
