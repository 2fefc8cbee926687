"""What no regime foresees: a year in which more plans come and fewer go than was thought, or the other way round.

Earlier one-year forecasts missed by more than the posterior and the regimes (``regimes``) allow for. So each year ahead
has one factor more, which multiplies requests and decisions to assess and divides cessations (``ON``). Its sd is such
that all plans after a year vary by as much as earlier forecasts missed, less what their range has already: a model's
discrepancy (Kennedy and O'Hagan 2001), but acting on children, so that placements, cost and the deficit have it too. A
backtest uses the misses that were known at its origin; what is shipped, those of all five (``shipped``).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log, sqrt

from calibration.regimes import MOST
from calibration.rivals import ASSUMED, COUNTS
from cohort.parameters import UNFORESEEN

NAME = UNFORESEEN
ON = (("request", 1), ("request_supported", 1), ("assess", 1), ("cease", -1))
"""Each rate that it acts on, and whether it multiplies or divides."""


def missed(errors: Sequence[float], assume: bool = True) -> float:
    """The variance of all plans a year ahead, in logs, by errors so far. With ``assume`` an error of 4% counts as two
    more, as it does for the naive rivals: where few are known."""
    extra = COUNTS if assume else 0.0
    if not len(errors) + extra:
        raise ValueError("errors: none given; allowed: one or more, or an assumed one")
    return (sum(e * e for e in errors) + extra * ASSUMED**2) / (len(errors) + extra)


def sd(wanted: float, own: float, effect: float) -> float:
    """Of the factor: what turns a variance of all plans of ``own`` into one ``wanted``, where the log of all plans
    moves by ``effect`` times the factor. None if there is enough already."""
    if effect <= 0:
        raise ValueError(f"effect {effect} given; allowed: above 0, for the factor makes plans more")
    return sqrt(max(wanted - own, 0.0)) / effect


def width(of: float) -> float:
    """The limits' distance from 1 of a factor with that sd, by the same rule as for regimes."""
    return min(round(sqrt(6) * of, 2), MOST)


def error(median: float, truth: float) -> float:
    """How far a forecast missed, in logs."""
    return log(median / truth)
