"""Which cells of additive tables must be kept back besides the small ones, so that no total tells what was hidden.

Cells are numbers 0, 1, ... and sums tie them (``cohort.rounding.Sum``). Whoever reads the tables knows every cell that
is shown and every sum. A hidden cell is told exactly if and only if it does not move in any way in which the hidden
cells can move together without changing a cell that is shown: in the null space of the sums over the hidden cells. So
more are hidden, the cheapest that let it move, until every hidden cell can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from cohort.rounding import Floats, Ints, Sum, coefficients, linked, renumbered

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MOVES = 1e-7
"""Below this a cell does not move: the coefficients are -1, 0 and 1."""
FREE = 1e-3
"""What it costs to use a cell that is hidden already, against 1 or more for another."""


def told(sums: Sequence[Sum], hidden: Set[int]) -> set[int]:
    """The hidden cells that the sums tell exactly to whoever knows every other cell: elimination, in fractions."""
    pivots: dict[int, dict[int, Fraction]] = {}
    for total, parts in sums:
        row = dict[int, Fraction]()
        for cell, sign in ((total, -1), *parts):
            if cell in hidden:
                _add(row, {cell: Fraction(1)}, Fraction(sign))
        for cell in [c for c in row if c in pivots]:
            _add(row, pivots[cell], -row[cell])
        if not row:
            continue
        pivot = min(row)
        row = {cell: x / row[pivot] for cell, x in row.items()}
        for other in pivots.values():
            if pivot in other:
                _add(other, row, -other[pivot])
        pivots[pivot] = row
    return {next(iter(row)) for row in pivots.values() if len(row) == 1}


def _add(row: dict[int, Fraction], other: Mapping[int, Fraction], times: Fraction) -> None:
    """Add so many times another row to a row, leaving out what comes to 0."""
    for cell, x in other.items():
        if came := row.get(cell, Fraction(0)) + times * x:
            row[cell] = came
        else:
            row.pop(cell, None)


def kept_back(
    secret: Iterable[int],
    sums: Sequence[Sum],
    cost: Floats,
    shown: Set[int] = frozenset(),
    follows: Mapping[int, Set[int]] | None = None,
) -> set[int]:
    """The cells to hide: the secret ones, what follows them, and the cheapest others by which none of them is told.

    ``cost`` has one positive number a cell; ``shown`` cells stay whatever comes (they are public); ``follows`` names
    what is hidden whenever a cell is. A cell that public cells tell cannot be helped, and is hidden all the same.
    """
    hidden, helpless = _closed(set(secret), follows or {}, shown), set[int]()
    family = {int(c): one for one in _families(sums, len(cost)) for c in one[0]}
    while exposed := sorted(told(sums, hidden) - helpless):
        safe = set[int]()
        for cell in exposed:
            if cell not in safe:
                moves = _lets_move(cell, *family[cell], cost, hidden, shown)
                helpless |= set() if moves else {cell}
                safe |= moves
                hidden |= moves
        hidden = _closed(hidden, follows or {}, shown)
    return hidden


def _closed(hidden: set[int], follows: Mapping[int, Set[int]], shown: Set[int]) -> set[int]:
    """Cells with all that follows them."""
    todo = list(hidden)
    while todo:
        for other in follows.get(todo.pop(), frozenset()):
            if other not in hidden and other not in shown:
                hidden.add(other)
                todo.append(other)
    return hidden


def _families(sums: Sequence[Sum], count: int) -> Iterator[tuple[Ints, csr_array]]:
    """Cells that sums tie, with the sums: a row each, and two columns a cell, for moving up and for moving down."""
    from scipy.sparse import csr_array, hstack

    for cells, group in linked(count, sums):
        ties = csr_array(coefficients(renumbered(group, cells), len(cells)))
        yield cells, csr_array(hstack([ties, -ties]))


def _lets_move(cell: int, cells: Ints, ties: csr_array, cost: Floats, hidden: Set[int], shown: Set[int]) -> set[int]:
    """The cheapest of the cells tied to a cell that can move while it moves by one; a linear programme. Empty if there
    are none."""
    from scipy.optimize import linprog

    price = np.where(np.isin(cells, list(hidden)), FREE, cost[cells]) * (1 + 1e-6 * np.arange(len(cells)))
    most = np.where(np.isin(cells, list(shown)), 0.0, np.inf)
    up, down = (np.stack([np.zeros(len(cells)), most], axis=1) for _ in range(2))
    up[cells == cell], down[cells == cell] = (1.0, 1.0), (0.0, 0.0)
    answer = linprog(
        np.concatenate([price, price]), A_eq=ties, b_eq=np.zeros(ties.shape[0]), bounds=np.concatenate([up, down])
    )
    if answer.x is None:
        return set()
    moved = answer.x[: len(cells)] - answer.x[len(cells) :]
    return {int(c) for c in cells[np.abs(moved) > MOVES]}
