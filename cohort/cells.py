"""The expectation's arrays: masses of children in cells, what a month brings them, what happened to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np

from cohort.calendar import NCYS
from cohort.states import SINCE_MOST

Array = Any
"""A numpy or a JAX array."""
N, T = len(NCYS), SINCE_MOST + 1
Some = TypeVar("Some")


def if_so(happens: Array, change: Callable[[Some], Some], given: Some, xp: Any) -> Some:
    """``change(given)``, of the same shapes, where ``happens`` is 1, and ``given`` where it is 0.

    Only what is asked for is worked out, on JAX too: what belongs to September costs the other months nothing.
    """
    if xp is np:
        return change(given) if happens else given
    from jax import lax

    changed: Some = lax.cond(happens > 0, change, lambda same: same, given)
    return changed


@dataclass(frozen=True)
class Coarse:
    """What is lumped together: needs, areas, months of review. The exact expectation lumps none of them."""

    needs: bool = False
    areas: bool = False
    reviews: bool = False
    arranged: bool = False
    """whether a request made in AP or tuition counts as made in school"""


EXACT, LUMPED = Coarse(), Coarse(needs=True, areas=True, reviews=True, arranged=True)


class State(NamedTuple):
    """Masses of children with needs. Axes: n school year, a area, d need, s support without a plan, q placement
    without a plan, t months since the stage began, p placement with a plan, h month of the review."""

    still: Array
    """[n, a, d, s, q] no request open"""
    queue: tuple[Array, ...]
    """requested, being assessed, lately refused, appealing: each [t, n, a, d, s, q], with as many t as its rates tell
    apart"""
    plans: Array
    """[n, a, d, p, h]"""
    contested: Array
    """[n, a, d, p, h] plans under appeal"""


class Month(NamedTuple):
    """What a month brings, as arrays: the tape's counts, the calendar, the rates over DIMS by name."""

    leave: Array
    """[n, a] share of the children there who leave"""
    births: Array
    movers: Array
    """[n, a] children with needs who are born, who move in"""
    september: Array
    """1 if NCY turns, else 0"""
    phase: Array
    """[h] 1 at this month's place among the months of review (a twelfth if they are lumped)"""
    begins: Array
    """[h] where a plan that begins now is reviewed; ``arrives``: one that moves in"""
    arrives: Array
    rates: dict[str, Array]
    moves: dict[str, Array]
    """choice -> [n, a or 1, d or 1, p or 1, to] weights, of the choices that a policy redirects or a dated parameter
    moves"""
    contests: dict[str, Array]
    """the same of those who contest where a policy sends them"""
    arriving: Array
    """[n, 2] chance that a child with needs who moves in holds a plan, has SEN Support"""


class Flows(NamedTuple):
    """What happened in a month: masses."""

    events: Array
    """[process, yes or no, n]"""
    on_time: Array
    """plans issued within 20 weeks"""
    arrived: Array
    """moved in with a plan"""
    left: Array
    """left with a plan: moved, died or outgrew the model"""
