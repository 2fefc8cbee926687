"""Which assumptions move 2027-28, and by how many pounds: each estimate at either end of what is thought of it.

    python -m calibration.assumptions            # Markdown: the largest first

The 5% and 95% points are the posterior's where there is one, else the prior's; the others stay at the point. Children,
not the expectation, in pairs with the same luck, so that places bind and the difference is the assumption.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from cohort import calendar, parameters, setting, spending
from cohort.pack import Pack
from cohort.parameters import triangular
from cohort.policy import Uncertain
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

REPLICATES = 2
YEAR = "2027-28"
ENDS = (0.05, 0.95)


@dataclass(frozen=True)
class Move:
    """What one assumption does to the year's spend, GBP million beside the point."""

    name: str
    low: float
    high: float
    at_low: float
    at_high: float
    error: float
    """standard error of the larger of the two"""
    calibrated: bool

    @property
    def size(self) -> float:
        """The larger of the two effects."""
        return max(abs(self.at_low), abs(self.at_high))


def ends(pack: Pack, name: str, of: Uncertain) -> tuple[float, float]:
    """The 5% and 95% points of an estimate: of the posterior's draws, or of the prior."""
    if parameters.calibrated(pack) and name in pack.table(parameters.POSTERIOR).columns:
        low, high = np.quantile(pack.table(parameters.POSTERIOR)[name][1:], ENDS)
        return float(low), float(high)
    return triangular(of, ENDS[0]), triangular(of, ENDS[1])


def spend(of: Setting, replicate: int) -> float:
    """GBP million of the year in one run."""
    world = World.start(of, replicate=replicate)
    world.run()
    bill = spending.bill(world)
    at = [k for k, m in enumerate(bill.months) if calendar.financial_year(m) == YEAR]
    return float(bill.by_line(of.prices)[at].sum() / 1e8)


def moves(pack: Pack, replicates: int = REPLICATES) -> Iterator[Move]:
    """Every uncertain estimate, in the order of the tables."""
    base = Scenario(name="baseline", authority=str(pack.folder))
    first = setting.build(base, 0, pack=pack)
    plain = np.array([spend(first, k) for k in range(replicates)])
    point, known = parameters.draw(pack, 0), parameters.estimates(pack)
    for name, of in known.items():
        if of.low == of.high or name.startswith("income.") or name.endswith(".2023"):
            continue
        low, high = ends(pack, name, of)
        effects = []
        for value in (low, high):
            scenario = base.model_copy(update={"parameters": {name: value}})
            made = setting.build(scenario, 0, like=first)
            effects.append(np.array([spend(made, k) for k in range(replicates)]) - plain)
        worst = max(effects, key=lambda e: abs(float(e.mean())))
        error = float(worst.std(ddof=1) / np.sqrt(replicates))
        mine = parameters.calibrated(pack) and name in pack.table(parameters.POSTERIOR).columns
        assert name in point.values
        yield Move(name, low, high, float(effects[0].mean()), float(effects[1].mean()), error, mine)


def page(found: list[Move], top: int = 25) -> str:
    """The largest as a table."""
    rows = ["| assumption | 5% to 95% | at 5%, GBP m | at 95%, GBP m | +- | from |", "|---|---|---|---|---|---|"]
    for m in sorted(found, key=lambda m: -m.size)[:top]:
        source = "posterior" if m.calibrated else "prior"
        effects = f"{m.at_low:+.1f} | {m.at_high:+.1f} | {m.error:.1f}"
        rows.append(f"| `{m.name}` | {m.low:,.4g} to {m.high:,.4g} | {effects} | {source} |")
    return "\n".join(rows)


if __name__ == "__main__":
    done = []
    for move in moves(Pack.load("kent")):
        done.append(move)
        print(f"{move.name}: {move.at_low:+.1f} {move.at_high:+.1f}", file=sys.stderr)
    print(page(done))
