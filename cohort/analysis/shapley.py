"""Shares of a joint effect by Shapley's rule, in whole pence that sum to the joint.

A share is what a policy adds, averaged over all orders in which the policies could be introduced: over every subset
where there are few, over sampled orders where there are many. Shares are fractions of a penny; each is rounded down,
and the pennies left over go to the largest remainders, which is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import factorial, sqrt

import numpy as np
from numpy.typing import NDArray

from cohort.parameters import unit

Ints = NDArray[np.object_]
Value = Callable[[int], Ints]
"""A subset of the policies (bit k is policy k) -> whole numbers, of which each is shared out on its own."""


@dataclass(frozen=True)
class Shares:
    """[policy, number] each policy's share, the penny it was given to make the sum right, and the sampling error."""

    shares: Ints
    placed: Ints
    error: NDArray[np.float64] | None
    """standard error of a share due to sampling orders; None where every subset was worked out"""


def exact(n: int, value: Value) -> Shares:
    """Over all 2^n subsets."""
    sums = [value(0) * 0 for _ in range(n)]
    for subset in range(2**n):
        size = subset.bit_count()
        for k in range(n):
            if not subset >> k & 1:
                weight = factorial(size) * factorial(n - size - 1)
                sums[k] = sums[k] + weight * (value(subset | 1 << k) - value(subset))
    return Shares(*_rounded(np.array(sums, dtype=object), factorial(n)), None)


def sampled(names: Sequence[str], value: Value, orders: int) -> Shares:
    """Over so many keyed orders, each followed by its reverse; at least two pairs."""
    n, pairs = len(names), max(2, -(-orders // 2))
    found = []
    for pair in range(pairs):
        order = order_of(names, pair)
        found.append(_along(order, value) + _along(order[::-1], value))
    by_pair = np.array(found, dtype=object)
    error = by_pair.astype(float).std(0, ddof=1) / 2 / sqrt(pairs)
    return Shares(*_rounded(by_pair.sum(0).reshape(n, -1), 2 * pairs), error.reshape(n, -1))


def order_of(names: Sequence[str], number: int) -> list[int]:
    """The policies in a keyed order: it depends on their names and the number alone."""
    return sorted(range(len(names)), key=lambda k: (unit(f"order.{names[k]}", number), names[k]))


def _along(order: Sequence[int], value: Value) -> Ints:
    """[policy, number] what each adds to those before it."""
    added: list[Ints] = [value(0) * 0 for _ in order]
    subset = 0
    for k in order:
        added[k] = value(subset | 1 << k) - value(subset)
        subset |= 1 << k
    return np.array(added, dtype=object)


def _rounded(sums: Ints, whole: int) -> tuple[Ints, Ints]:
    """Sums / whole as whole numbers that add up, by largest remainder; and the pennies so placed."""
    shares, rest = sums // whole, sums % whole
    placed = shares * 0
    for column in range(shares.shape[1]):
        short = int(rest[:, column].sum()) // whole
        for k in sorted(range(len(shares)), key=lambda k: (-rest[k, column], k))[:short]:
            placed[k, column] = 1
    return shares + placed, placed


def kept(value: Value) -> Value:
    """The same, each subset worked out once."""
    return cache(value)
