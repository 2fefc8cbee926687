"""What nothing that makes these draws, or reads these columns, can beat on this machine."""

from __future__ import annotations

import numba as nb
import numpy as np
from numpy.typing import NDArray

from benchmarks.timing import median, seconds
from cohort.draws import quick


@nb.njit(cache=True, error_model="numpy")
def draw_each(key, salt):
    """One keyed draw a child, the hot loop's, kept nowhere: their exclusive or."""
    total = np.uint32(0)
    for i in range(key.size):
        total ^= quick(key[i], salt)
    return total


@nb.njit(cache=True, error_model="numpy")
def pass_over(key, bound, status, out):
    """Read 13 bytes a child and write one."""
    for i in range(out.size):
        out[i] = np.uint32(key[i]) + bound[i] > np.uint32(status[i])


def draw_floor(keys: NDArray[np.uint64], months: int) -> int:
    """One keyed draw a child-month."""
    total = 0
    for month in range(months):
        total ^= int(draw_each(keys, np.uint64(month)))
    return total


def memory_floor(children: int, times: int) -> float:
    """Seconds of a plain pass over 14 bytes a child, the median of some; give it more children than any cache holds."""
    columns = (np.arange(children, dtype=np.uint64), np.arange(children, dtype=np.uint32), np.zeros(children, np.uint8))
    out = np.zeros(children, np.bool_)
    pass_over(*columns, out)
    return median([seconds(lambda: pass_over(*columns, out)) for _ in range(times)])
