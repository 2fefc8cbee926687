"""Numbers rounded so that they add up: by largest remainder, within a most, row by row, and all sums at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import floor

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


def largest_remainder(weights: Floats, total: int) -> Ints:
    """Whole numbers in proportion to weights that sum to total; ties go to the earlier."""
    if total and weights.sum() <= 0:
        raise ValueError(f"{total} cannot be shared out: every weight is 0")
    exact = weights / max(weights.sum(), 1e-300) * total
    out = np.floor(exact + 1e-9).astype(np.int64)
    order = np.argsort(-(exact - out), kind="stable")
    out[order[: total - out.sum()]] += 1
    return out


def bounded_remainder(most: Ints, total: int) -> Ints:
    """``largest_remainder`` in proportion to ``most``, never above it."""
    out = np.minimum(largest_remainder(most.astype(float), total) if most.sum() else most * 0, most)
    for i in np.argsort(-(most - out), kind="stable"):
        extra = min(total - out.sum(), most[i] - out[i])
        out[i] += extra
    return out


def diffuse(fit: Floats, totals: Ints) -> Ints:
    """Round each row to its total, carrying what is rounded off to the next row, so that columns stay within one or
    so."""
    out = np.zeros(fit.shape, np.int64)
    carry = np.zeros(fit.shape[1])
    for i, total in enumerate(totals):
        if total:
            want = np.maximum(fit[i] + carry, 0)
            want[fit[i] <= 0] = 0
            out[i] = largest_remainder(want if want.sum() > 0 else fit[i], int(total))
            carry += fit[i] - out[i]
    return out


def adding_up(values: Sequence[float], decimals: int = 0) -> list[float]:
    """Values rounded so that they sum to their rounded sum: the largest remainders are rounded up."""
    unit = 10.0**decimals
    whole = [floor(v * unit) for v in values]
    short = round(sum(values) * unit) - sum(whole)
    by_remainder = sorted(range(len(values)), key=lambda i: whole[i] - values[i] * unit)
    for i in by_remainder[: max(short, 0)]:
        whole[i] += 1
    return [w / unit for w in whole]


Sum = tuple[int, tuple[tuple[int, int], ...]]
"""(cell, ((cell, +1 or -1), ...)): the first cell is the sum of the others, with their signs."""


def nearest(values: Floats) -> Ints:
    """To the nearest whole number, halves away from 0, as people and spreadsheets do; 1e-9 below a half is a half."""
    return (np.sign(values) * np.floor(np.abs(values) + 0.5 + 1e-9)).astype(np.int64)


def together(exact: Floats, sums: Sequence[Sum], weight: Floats | None = None) -> tuple[Ints, NDArray[np.bool_]]:
    """Cells rounded, each up or down, so that sums that hold of the exact values hold of the rounded ones.

    Returns the rounded cells and which of them stand in a sum that no such rounding keeps; those are rounded to the
    nearest. Cells that are part of no sum stay at the nearest where that can be; the others move as little as possible,
    the earlier the less, and a cell of more ``weight`` (1 if none is given) less than another. Where every cell is part
    of one sum at the most there is always such a rounding.
    """
    shown, failed = nearest(exact), np.zeros(len(exact), np.bool_)
    for cells, group in linked(len(exact), sums):
        if all(shown[s] == sum(sign * shown[p] for p, sign in parts) for s, parts in group):
            continue
        found = _controlled(exact[cells], renumbered(group, cells), 1.0 if weight is None else weight[cells])
        if found is None:
            failed[cells] = True
        else:
            shown[cells] = found
    return shown, failed


def linked(count: int, sums: Sequence[Sum]) -> list[tuple[Ints, list[Sum]]]:
    """Cells that sums link, directly or through others, with the sums that link them."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    pairs = [(total, part) for total, parts in sums for part, _ in parts]
    if not pairs:
        return []
    ends = np.array(pairs).T
    _, label = connected_components(coo_array((np.ones(len(pairs)), (ends[0], ends[1])), shape=(count, count)), False)
    groups: dict[int, list[Sum]] = {}
    for one in sums:
        groups.setdefault(int(label[one[0]]), []).append(one)
    return [(np.flatnonzero(label == number), group) for number, group in groups.items()]


def renumbered(sums: Sequence[Sum], cells: Ints) -> list[Sum]:
    """Sums by the places of their cells among ``cells``."""
    at = {int(cell): i for i, cell in enumerate(cells)}
    return [(at[total], tuple((at[part], sign) for part, sign in parts)) for total, parts in sums]


def coefficients(sums: Sequence[Sum], count: int) -> Floats:
    """[sum][cell] 1 or -1 of each part and -1 of the total: whatever adds up comes to 0."""
    matrix = np.zeros((len(sums), count))
    for row, (total, parts) in enumerate(sums):
        matrix[row, total] -= 1
        for part, sign in parts:
            matrix[row, part] += sign
    return matrix


def _controlled(exact: Floats, sums: Sequence[Sum], weight: Floats | float) -> Ints | None:
    """The nearest floor or ceiling of each cell that keeps every sum, or None; a small integer programme.

    Totals that are part of nothing are kept at the nearest if that can be.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    near = np.round(exact, 9)
    floor_, ceil_ = np.floor(near), np.ceil(near)
    matrix = coefficients(sums, len(exact))
    root = ~np.isin(np.arange(len(exact)), [p for _, parts in sums for p, _ in parts])
    early = 1 + 1e-4 * np.arange(len(exact), 0, -1) / len(exact)
    cost = weight * early * (np.abs(ceil_ - exact) - np.abs(floor_ - exact))
    needed = -matrix @ floor_
    for fixed in (root, root & False):
        low, high = (
            np.where(fixed, nearest(exact) - floor_, 0),
            np.where(fixed, nearest(exact) - floor_, ceil_ - floor_),
        )
        answer = milp(
            cost, integrality=1, bounds=Bounds(low, high), constraints=LinearConstraint(matrix, needed, needed)
        )
        if answer.x is not None:
            return (floor_ + np.round(answer.x)).astype(np.int64)
    return None
