"""What a later year may bring: how far each regime swings, by the year-to-year variation of the published tables.

    found = of_pack(Pack.load("kent"))      # "walk.request" -> Regime(sd=0.119, ...)

A regime is a factor from a year on (``walk``, its changes) or of one year (``year``, its distance from the mean). Its
sd is the root mean square of what Kent's own series showed in logs up to the origin, less a count's chance; its limits
are 1 -+ sqrt(6) sd, at which the triangular distribution, and the fit's prior, have that sd. A factor stays above
nought and within what ``bounds.csv`` reserves, so that limits stop at ``MOST``, or at the regime's own; where they do,
ranges are narrower than history. Backtests take the same, from what was known (``calibration.backtest``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import NDArray

from calibration import history
from calibration.history import FIRST, GROUPS, TOTAL, History
from cohort.pack import Pack

Floats = NDArray[np.float64]
WALK, YEAR = "walk", "year"
MOST = 0.9
"""How far the limits may be from 1."""
ORIGIN = 2025
"""The January from which the shipped forecast looks ahead; what was not published by then is left out."""
BACKLOG = 5.0
"""Months of decisions to assess that are pending in a January: the mode of ``backlog_months``."""
LEAVING = 0.4
"""Assumption (0.25 to 0.5): the share of plans after 16 that leave their placement in a year; only how its entrants
vary is made of it."""
UNRECORDED = ("neet", "unknown", "other_setting")


@dataclass(frozen=True)
class Regime:
    """How a factor swings: ``sd`` of it a year, and the limits of what is drawn."""

    kind: str
    sd: float
    most: float = MOST

    @property
    def width(self) -> float:
        """The limits' distance from 1."""
        return min(round(sqrt(6) * self.sd, 2), self.most)


def spread(kind: str, levels: Floats, chance: Floats | None = None, assumed: float = 0.0) -> float:
    """The sd in logs of [year] levels: of their changes, or about their mean, less [year] the variance that chance
    gives each. An ``assumed`` sd, if any, counts as two more: where few years are known."""
    logs = np.log(levels)
    off = np.diff(logs) if kind == WALK else logs - logs.mean() if len(logs) else logs
    luck = np.zeros(len(logs)) if chance is None else chance
    luck = luck[1:] + luck[:-1] if kind == WALK else luck
    known = len(off) if kind == WALK else max(len(off) - 1, 0)
    extra = 2 if assumed else 0
    found = max(float(np.square(off).sum() - luck.sum() * known / max(len(luck), 1)), 0.0)
    return sqrt((found + extra * assumed**2) / max(known + extra, 1))


def walks(levels: Floats) -> bool:
    """Whether the mean square of a series' changes is below 1.5 times its variance: of unrelated years it is about 2,
    of a walk less than 1."""
    logs = np.log(levels)
    return bool(np.square(np.diff(logs)).mean() < 1.5 * logs.var(ddof=1))


# the series


def agreed(past: History, origin: int) -> Floats:
    """[year] share of requests not refused."""
    asked, refused = past.by_year("requests", origin), past.by_year("refused", origin)
    return np.asarray(1 - refused / asked[: len(refused)])


def pace(past: History, origin: int) -> Floats:
    """[year] assessments concluded over those pending, a month: pending is worked back from ``BACKLOG`` months of
    decisions at the end of the last year known."""
    asked, share = past.by_year("requests", origin), agreed(past, origin)
    done = past.by_year("new_plans", origin) + past.by_year("no_plan", origin)
    begun = asked[: len(share)] * share
    pending = [BACKLOG / 12 * float(begun[-1])] if len(begun) else []
    for came, went in zip(begun[::-1].tolist(), done[::-1].tolist(), strict=True):
        pending.append(max(pending[-1] - came + went, 1.0))
    held = np.array(pending[::-1])
    return np.asarray(done / 12 / ((held[1:] + held[:-1]) / 2))


def loss(past: History, origin: int) -> Floats:
    """[year] share of January's plans that new plans less growth lost: ceased, less moved in and recorded late."""
    plans, new = past.series(TOTAL, origin), past.by_year("new_plans", origin)
    return np.asarray((new - np.diff(plans)[: len(new)]) / plans[: len(new)])


def first_placed(past: History, origin: int, group: str) -> tuple[Floats, Floats]:
    """([year] new plans of a group over those of mainstream, [year] the variance of its log by chance)."""
    years = range(FIRST, origin)
    count = np.array([[past.new.get((y, g), np.nan) for g in (group, "mainstream")] for y in years]).reshape(-1, 2)
    count = count[np.isfinite(count).all(1)]
    return count[:, 0] / count[:, 1], (1 / count).sum(1)


def entered(past: History, origin: int, group: str) -> Floats:
    """[year] who must have come to a group after 16, by its plans in the two Januaries and ``LEAVING``."""
    plans = past.series(group, origin)
    plans = plans[np.isfinite(plans)]
    return np.asarray(np.diff(plans) + LEAVING * plans[:-1])


# the regimes

INTO = {"state_special": WALK, "nmiss": WALK, "independent_mainstream": YEAR, "otherwise": YEAR}
"""Choices of placement by the group first placed in. Whether a series walks (``walks``) was laid down before any of
this was scored; cessations walk by it, and are good and bad years all the same, for three of them in a row would pass
every bound."""
AFTER_16 = {"spi": "spi", "fe": "fe_and_unplaced"}
HELD = {"walk.request": 0.28, "walk.appeal": 0.5}
"""Limits by what ``bounds.csv`` reserves."""
ASSUMED = {"walk.request": 0.10, "walk.assess": 0.05}
ELSE_ASSUMED = 0.2
"""What backtests assume of a year's swing where few years are known."""


def of_history(past: History, origin: int, assume: bool = False) -> dict[str, Regime]:
    """What was known in January of ``origin`` of the regimes that bear on plans; with ``assume`` for few years."""
    past = past.known(origin)
    levels: dict[str, tuple[Floats, Floats | None]] = {
        "walk.request": (past.by_year("requests", origin), None),
        "walk.assess": (agreed(past, origin), None),
        "year.pace": (pace(past, origin), None),
        "year.cease": (loss(past, origin), None),
    }
    levels |= {f"{kind}.into.{group}": first_placed(past, origin, group) for group, kind in INTO.items()}
    levels |= {f"{YEAR}.into.{name}": (entered(past, origin, group), None) for name, group in AFTER_16.items()}
    out = {}
    for name, (level, chance) in levels.items():
        kind = name.partition(".")[0]
        assumed = ASSUMED.get(name, ELSE_ASSUMED) if assume else 0.0
        out[name] = Regime(kind, spread(kind, level, chance, assumed), HELD.get(name, MOST))
    return out


def of_pack(pack: Pack) -> dict[str, Regime]:
    """Every regime of which Kent's tables have a series: what the estimates' limits must be."""
    made = of_history(history.of_pack(pack), ORIGIN)
    for name, (level, chance) in _of_tables(pack).items():
        made[name] = Regime(WALK, spread(WALK, level, chance), HELD.get(name, MOST))
    return made


def _of_tables(pack: Pack) -> dict[str, tuple[Floats, Floats | None]]:
    """Series that backtests have no use for: appeals, SRPs within mainstream, what is unrecorded after 16."""
    appeals = pack.table("tribunal_appeals").where(area="Kent", measure="appeals_registered").rows()
    new, held = _by_placement(pack, "new_plans_by_year", "year"), _by_placement(pack, "plans_by_january", "january")
    first = np.array([[of.get(p, 0.0) for p in ("srp", "mainstream")] for of in new.values()])
    unrecorded = [sum(of.get(p, 0.0) for p in UNRECORDED) / of["fe"] for of in held.values()]
    return {
        "walk.appeal": (np.array([float(r["value"]) for r in appeals if r["year"] >= FIRST]), None),
        "walk.into.srp": (first[:, 0] / first[:, 1], (1 / first).sum(1)),
        "walk.into.unrecorded": (np.array(unrecorded), None),
    }


def _by_placement(pack: Pack, table: str, when: str) -> Mapping[int, dict[str, float]]:
    """Year -> placement -> plans, in the order of the years."""
    leaf = {str(r["sen2_column"]): str(r["placement"]) for r in pack.table("placement_map").rows()}
    out: dict[int, dict[str, float]] = {}
    for r in pack.table(table).rows():
        of = out.setdefault(int(r[when]), {})
        of[leaf[str(r["sen2_column"])]] = of.get(leaf[str(r["sen2_column"])], 0.0) + float(r["plans"])
    return dict(sorted(out.items()))


__all__ = ["GROUPS", "Regime", "of_history", "of_pack"]
