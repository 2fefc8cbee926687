"""What was known at a January: plans by placement, and each year's flows, up to then and no later.

Vintages are not to be had: the figures are those of the latest releases, for 2023 and January 2024 restated by DfE, not
what was printed at the time. ``known`` hides everything after the origin, so that no forecast can have seen it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray

from calibration.targets import Target, load
from cohort.pack import Pack

Floats = NDArray[np.float64]
GROUPS = {
    "mainstream": "mainstream+srp+early_years",
    "state_special": "state_special",
    "nmiss": "nmiss",
    "independent_mainstream": "independent_mainstream",
    "spi": "spi",
    "fe_and_unplaced": "fe+neet+unknown+other_setting+awaiting",
    "otherwise": "eotas+ehe+parental+alternative_provision",
}
"""Groups of placements that can be told apart in every January since 2019."""
TOTAL = "all"
FIRST = 2019


@dataclass(frozen=True)
class History:
    """Januaries and years from ``FIRST`` on; NaN where nothing is known."""

    plans: Mapping[tuple[int, str], float]
    """(January, group or "all") -> plans"""
    flows: Mapping[tuple[int, str], float]
    """(year, series) -> events"""
    new: Mapping[tuple[int, str], float]
    """(year, group) -> new plans by the placement first named"""

    def known(self, origin: int) -> History:
        """What was known in January of ``origin``: its own count of plans, and the flows of the years before."""
        return History({k: v if k[0] <= origin else nan for k, v in self.plans.items()},
                       {k: v if k[0] < origin else nan for k, v in self.flows.items()},
                       {k: v if k[0] < origin else nan for k, v in self.new.items()})  # fmt: skip

    def series(self, group: str, origin: int) -> Floats:
        """[January from FIRST to origin] plans of a group."""
        return np.array([self.plans.get((y, group), nan) for y in range(FIRST, origin + 1)])

    def by_year(self, name: str, origin: int) -> Floats:
        """[year from FIRST to the one before origin] events, those that are known."""
        found = np.array([self.flows.get((y, name), nan) for y in range(FIRST, origin)])
        return found[np.isfinite(found)]

    def gaps(self, origin: int) -> Floats:
        """[year] plans that stocks and flows leave unexplained: moves in and late recording, where all are known."""
        out = []
        for y in range(FIRST, origin):
            parts = [self.plans.get((y + 1, TOTAL), nan), self.plans.get((y, TOTAL), nan),
                     self.flows.get((y, "new_plans"), nan), self.flows.get((y, "ceased"), nan)]  # fmt: skip
            out.append(parts[0] - parts[1] - parts[2] + parts[3])
        found = np.array(out)
        return found[np.isfinite(found)]


def of_pack(pack: Pack) -> History:
    """Everything that the register and the published tables hold."""
    parts = {words: name for name, words in GROUPS.items()}
    plans: dict[tuple[int, str], float] = {}
    flows: dict[tuple[int, str], float] = {}
    for t in load(pack):
        if t.series == "plans" and t.period.endswith("-01"):
            group = parts.get(t.part.get("placement", "")) if t.part else TOTAL
            if group and "ncy" not in t.part:
                plans[t.year, group] = t.value
        elif t.period.isdigit() and not t.part and not t.id.endswith(("_paper", "_published")):
            flows[t.year, t.series] = t.value
    _before_appeal(pack, flows)
    return History(plans, flows, _new(pack))


def _before_appeal(pack: Pack, flows: dict[tuple[int, str], float]) -> None:
    """Refusals as published in every year, so that years are alike: 2023's fitted figure is before appeal."""
    for r in pack.table("requests_by_year").rows():
        if r["measure"] == "requests_decided_not_to_assess":
            flows[int(r["year"]), "refused"] = float(r["requests"])


def _new(pack: Pack) -> dict[tuple[int, str], float]:
    leaf = {str(r["sen2_column"]): str(r["placement"]) for r in pack.table("placement_map").rows()}
    of = {p: group for group, words in GROUPS.items() for p in words.split("+")}
    out: dict[tuple[int, str], float] = {}
    for r in pack.table("new_plans_by_year").rows():
        key = int(r["year"]), of[leaf[str(r["sen2_column"])]]
        out[key] = out.get(key, 0.0) + float(r["plans"])
    return out


def window(targets: tuple[Target, ...], origin: int) -> tuple[Target, ...]:
    """The register's rows of the year before an origin, and of the January that ends it, whatever their use."""

    def inside(t: Target) -> bool:
        if t.series == "plans":
            return t.period == f"{origin}-01" and "ncy" not in t.part
        return t.period == str(origin - 1) and t.series in FLOWS and not t.part and not t.id.endswith("_paper")

    return tuple(t for t in targets if inside(t))


FLOWS = ("requests", "refused", "no_plan", "new_plans", "ceased", "within_20_weeks")
"""Yearly series that are refitted at an origin, as far as they are known."""
