"""Whole numbers of children or places that add up: by largest remainder, within a most, and row by row."""

from __future__ import annotations

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
