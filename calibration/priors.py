"""The parameters that are fitted, and what is thought of each before the fit.

They are the estimates that bear on months with targets: multipliers, scales, the pipeline at the start, prices. First
rates are Kent's own published flows by age, England's where Kent's are not published; a multiplier is the free factor
by which Kent in 2024 may differ from them. The estimate's low and high are hard limits (draws stay inside what
``bounds.csv`` reserves); between them the prior is normal in logits, with its median at the mode and a standard
deviation of 1, which is about as wide as the triangular distribution of the same three numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray

from calibration.forward import PIPELINE
from cohort import multipliers
from cohort.pack import Pack
from cohort.parameters import estimates
from cohort.states import Vocabulary

Floats = NDArray[np.float64]
EDGE = 0.02
"""A mode at the very end of its range has its median this far inside it."""


@dataclass(frozen=True)
class Prior:
    """One fitted parameter: its limits and its median; ``z`` is its logit between the limits."""

    name: str
    low: float
    mode: float
    high: float
    reason: str = ""

    @property
    def centre(self) -> float:
        """The z of the mode."""
        q = min(max((self.mode - self.low) / (self.high - self.low), EDGE), 1 - EDGE)
        return log(q / (1 - q))

    def z(self, value: float) -> float:
        """The z of a value inside the limits."""
        q = min(max((value - self.low) / (self.high - self.low), 1e-9), 1 - 1e-9)
        return log(q / (1 - q))


class Priors:
    """All fitted parameters in order, as arrays."""

    def __init__(self, given: Sequence[Prior]) -> None:
        self.all = tuple(given)
        self.names = tuple(p.name for p in given)
        self.low = np.array([p.low for p in given])
        self.wide = np.array([p.high - p.low for p in given])
        self.centre = np.array([p.centre for p in given])

    def values(self, z: Floats) -> Floats:
        """[..., parameter] values of [..., parameter] z."""
        return self.low + self.wide / (1 + np.exp(-z))

    def named(self, z: Floats) -> dict[str, float]:
        """One point by name, rounded as draws are shipped."""
        return {name: rounded(v) for name, v in zip(self.names, self.values(z).tolist(), strict=True)}


def rounded(value: float) -> float:
    """To five significant digits: as a draw is kept."""
    return float(f"{value:.5g}")


def of_pack(pack: Pack, last: int) -> Priors:
    """The parameters to fit to targets up to a month. Raises DataError or ValueError for a table that does not fit."""
    known = estimates(pack)
    why = {str(r["name"]): str(r["reason"]) for r in pack.table("estimate_parameters").rows()}
    rows = multipliers.load(pack, Vocabulary())
    acting = {m.parameter for m in rows if m.months is None or m.months[0] <= last}
    acting |= {n for n in known if n.startswith("scale.")} | set(PIPELINE)
    acting |= {n for n in known if n.startswith(("price.", "service."))}
    found = [
        Prior(n, u.low, u.mode, u.high, why.get(n, "")) for n, u in known.items() if n in acting and u.low < u.high
    ]
    return Priors([*found, *earlier(pack)])


def earlier(pack: Pack) -> list[Prior]:
    """The pipeline in Januaries before the one from which the model runs: needed for the fit and for nothing else."""
    rows = pack.table("estimate_earlier_pipeline").rows()
    return [Prior(f"{r['january']}:{r['name']}", r["low"], r["mode"], r["high"], str(r["reason"])) for r in rows]


def split(values: Mapping[str, float]) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """(what the model runs on, year -> the pipeline of an earlier January)."""
    plain = {n: v for n, v in values.items() if ":" not in n}
    years: dict[str, dict[str, float]] = {}
    for name, value in values.items():
        year, colon, of = name.partition(":")
        if colon:
            years.setdefault(year, {})[of] = value
    return plain, years
