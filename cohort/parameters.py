"""A draw of everything uncertain: one value for each estimate that has a low, a mode and a high.

What the pack's posterior has (``posterior.csv``, made by ``cohort calibrate --write``) is drawn from it, jointly: row
0 is the point, and draws beyond its rows go through them again. All else is drawn as independent priors: draw 0 the
mode, draw n > 0 from a triangular distribution. Both once for the whole run: redrawing yearly lets errors average out
and makes ranges far too narrow. A draw does not depend on seed or replicate.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

from cohort import draws
from cohort.draws import Purpose
from cohort.pack import Pack
from cohort.policy import Uncertain
from cohort.states import closest


@dataclass(frozen=True)
class Parameters:
    """One draw: name -> value, with the estimates it was drawn from and the settings that a scenario fixed."""

    number: int
    values: Mapping[str, float]
    fixed: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> float:
        if name not in self.values:
            raise KeyError(f"{name!r} is not a parameter; {closest(name, self.values)}")
        return self.values[name]

    def get(self, name: str, default: float) -> float:
        """The value, or ``default`` where the estimate tables have no such parameter."""
        return self.values.get(name, default)

    def size(self, of: float | Uncertain, name: str) -> float:
        """A policy's size in this draw; ``name`` keys the luck, so all scenarios that share the policy share its
        size."""
        return triangular(of, unit(name, self.number)) if isinstance(of, Uncertain) and self.number else _mode(of)


def _mode(of: float | Uncertain) -> float:
    return of.mode if isinstance(of, Uncertain) else float(of)


def unit(name: str, number: int) -> float:
    """A number in (0, 1) that depends on the parameter's name and the draw alone."""
    return (draws.draw_int(_key(name), draws.salt(number, Purpose.PARAMETER)) + 0.5) / draws.WHOLE


@lru_cache(maxsize=4096)
def _key(name: str) -> int:
    """The key of a parameter's luck."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def triangular(of: Uncertain, u: float) -> float:
    """The quantile of the triangular distribution on (low, mode, high): numpy's, written out so that bytes agree."""
    low, mode, high = of.low, of.mode, of.high
    if low == high:
        return low
    split = (mode - low) / (high - low)
    if u < split:
        return low + sqrt(u * (high - low) * (mode - low))
    return high - sqrt((1 - u) * (high - low) * (high - mode))


def estimates(pack: Pack) -> dict[str, Uncertain]:
    """Every scalar estimate of the pack by name: its parameters, those of income and of independent places, prices as
    ``price.<charge>``."""
    return dict(_estimates(pack))


@lru_cache(maxsize=4)
def _estimates(pack: Pack) -> dict[str, Uncertain]:
    known = ("estimate_parameters", "estimate_income", "estimate_independent_terms")
    tables = [name for name in known if name in pack.names()]
    scalars = (r for name in tables for r in pack.table(name).rows())
    found = {str(r["name"]): Uncertain(r["low"], r["mode"], r["high"]) for r in scalars}
    for r in pack.table("estimate_prices").rows():
        found[f"price.{r['charge']}"] = Uncertain(r["low"], r["mode"], r["high"])
    for r in pack.table("estimate_services").rows():
        found[f"service.{r['service']}"] = Uncertain(r["low"], r["mode"], r["high"])
    return found


POSTERIOR = "posterior"
UNFORESEEN = "year.unforeseen"
"""What no regime foresees, a factor a year (``calibration.unforeseen``)."""


def foreseen(of: Parameters) -> Parameters:
    """A draw without what is unforeseen: reserved stretches are as wide as all else."""
    values = {name: 1.0 if name.startswith(UNFORESEEN) else value for name, value in of.values.items()}
    return Parameters(of.number, values, of.fixed)


def posterior(pack: Pack, number: int) -> dict[str, float]:
    """The calibrated parameters of a draw by name; none if the pack has no posterior. Raises ValueError for one that is
    not an estimate of the pack."""
    if POSTERIOR not in pack.names():
        return {}
    table = pack.table(POSTERIOR)
    row = number if number < len(table) else 1 + (number - 1) % max(len(table) - 1, 1)
    return {name: float(column[row]) for name, column in table.columns.items() if name != "draw"}


def calibrated(pack: Pack) -> bool:
    """Whether the pack has a posterior."""
    return POSTERIOR in pack.names()


def draw(pack: Pack, number: int = 0, fixed: Mapping[str, float] | None = None) -> Parameters:
    """The n-th draw, with the values that a scenario fixes. Raises ValueError for an unknown name or a negative
    draw."""
    if number < 0:
        raise ValueError(f"draws count from 0, not {number}")
    known = estimates(pack)
    values = {name: of.mode if number == 0 else triangular(of, unit(name, number)) for name, of in known.items()}
    for name, value in posterior(pack, number).items():
        if name not in known:
            raise ValueError(f"posterior.csv: {name!r} is not a parameter; {closest(name, known)}; calibrate again")
        values[name] = value
    for name, value in (fixed or {}).items():
        if name not in known:
            raise ValueError(f"{name!r} is not a parameter; {closest(name, known)}")
        if value < 0 and not name.startswith("growth."):
            raise ValueError(f"parameter {name}: {value} given; allowed: 0 or more")
        values[name] = float(value)
    return Parameters(number, values, tuple(sorted(fixed or ())))
