"""The difference that a policy makes: the same children, the same luck, two worlds, one difference a run.

    found = compare(Study.open("studies/mine"), base="baseline", other="programme", target=5_000_000)

A saving is spend in the base world less spend in the other, in pence: positive is money saved. Part-year is what a
financial year's account shows; full-year is twelve times the year's last month, what the policy as it stands by then
is worth in a whole year at that month's prices. Nothing here says why (see ``attribute``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cohort import authorities
from cohort.analysis import perrun
from cohort.analysis.moved import Found, Moves, moved
from cohort.analysis.ranges import Chance, Figure, Floats, chance, figure, runs_needed
from cohort.results import Study, StudyError
from cohort.states import closest

if TYPE_CHECKING:
    import pandas as pd

BREAKDOWNS = ("line", "placement", "area", "age_group")
PRECISION = 100_000.0
"""GBP: the Monte Carlo error of a mean saving that is thought precise enough, unless another is given."""
TOTAL = "all years"


@dataclass(frozen=True)
class Saving:
    """Of one financial year (or all years) and one cell of the breakdown ("total" is all of it), in pence."""

    financial_year: str
    cell: str
    part_year: Figure
    full_year: Figure | None
    """none for all years together"""
    saves: Chance
    """that more than nothing is saved"""
    reaches: Chance | None
    """that more than the target is saved, if there is one"""
    variance_ratio: float
    """variance of the difference of two runs with luck of their own, over that of paired runs; inf if pairs never
    vary"""
    runs_needed: int
    runs_needed_unpaired: int


@dataclass(frozen=True)
class Comparison:
    """Two scenarios of a study over its runs."""

    base: str
    other: str
    rules: tuple[str, ...]
    """the rules that the other scenario has and the base has not"""
    runs: int
    by: str
    target: float | None
    """GBP in a financial year"""
    precision: float
    savings: tuple[Saving, ...]
    moves: tuple[Moves, ...] | None
    """None where the study pairs neither scenario with the other"""
    idle: int
    """runs in which neither a child nor a penny moved"""

    @property
    def inert(self) -> bool:
        """Whether no run moved a child or a penny."""
        return self.idle == self.runs

    def said(self) -> str:
        """One line where the policy did nothing, in all runs or in some; else nothing."""
        what = ", ".join(self.rules) or self.other
        if self.inert:
            return f"{what}: moved neither child nor penny in any of {self.runs} runs"
        return f"{what}: moved neither child nor penny in {self.idle} of {self.runs} runs" if self.idle else ""


def compare(study: Study, base: str = "", other: str = "", by: str = "", target: float | None = None,
            precision: float = PRECISION) -> Comparison:  # fmt: skip
    """Compare two scenarios of a study, run by run: by default its first two.

    ``target`` and ``precision`` are GBP. Raises StudyError for what the study does not hold.
    """
    base, other = names(study, base, other)
    if by and by not in perrun.columns(study, "spend"):
        raise StudyError(f"by: {by!r} given; {closest(by, BREAKDOWNS)}")
    savings = []
    for cell in ([[by]] if by else []) + [[]]:
        savings += _savings(study, base, other, cell, target, precision)
    moves = moved(study, base, other)
    one, two = (next(s for s in study.scenarios if s.name in _members(study, name)) for name in (base, other))
    rules = tuple(r.rpartition(":")[2] for r in two.rules if r not in one.rules)
    return Comparison(base, other, rules, len(perrun.runs_of(study)), by, target, precision, tuple(savings),
                      None if moves is None else moves.tables, _idle(study, base, other, moves))  # fmt: skip


def names(study: Study, base: str = "", other: str = "") -> tuple[str, str]:
    """The scenarios to compare: those asked for, else the study's first and second, over all its authorities.

    Raises StudyError for what is not there, one scenario twice, or the scenarios of two authorities.
    """
    known = [s["name"] for s in study.manifest["scenarios"]]
    there = [*authorities.stems(known), *known]
    base = base or next((name for name in there if name != other), there[0])
    other = other or next((name for name in there if name != base), "")
    for name in (base, other):
        if name not in there:
            raise StudyError(
                f"{name!r} is not a scenario of this study; {closest(name, there)}"
                if name
                else f"{study.folder}: holds one scenario, {there[0]}; two are compared"
            )
    if base == other:
        raise StudyError(f"{base!r} is given twice; allowed: two scenarios of {', '.join(there)}")
    places = [{s.authority for s in study.scenarios if s.name in authorities.members(known, n)} for n in (base, other)]
    if places[0] != places[1]:
        raise StudyError(f"{base!r} and {other!r} are of different authorities; allowed: two scenarios of the same")
    return base, other


def _members(study: Study, name: str) -> list[str]:
    return authorities.members([s["name"] for s in study.manifest["scenarios"]], name)


def _savings(study: Study, base: str, other: str, by: list[str], target: float | None,
             precision: float) -> list[Saving]:  # fmt: skip
    """One row a financial year and cell; after the years, all years together."""
    keys = ["financial_year", *by]
    both = _aligned(*(perrun.per_run(study, "spend", name, keys) for name in (base, other)))
    draws = perrun.draws_of(both[0])
    last = _aligned(*(perrun.per_run(study, "spend", name, keys, "month like '%-03'") for name in (base, other)))
    whole = {key: 12 * (last[0].loc[key] - last[1].loc[key]).to_numpy(float) for key in last[0].index}
    rows = []
    for key in both[0].index:
        year, cell = key if by else (key, "total")
        one, two = (frame.loc[key].to_numpy(float) for frame in both)
        full = figure(whole[key] if key in whole else one * 0, draws)
        rows.append(_saving(str(year), str(cell), one, two, full, draws, target, precision))
    if not by and len(both[0]):
        one, two = (frame.to_numpy(float).sum(0) for frame in both)
        rows.append(_saving(TOTAL, "total", one, two, None, draws, target, precision))
    return rows


def _saving(year: str, cell: str, one: Floats, two: Floats, full: Figure | None, draws: Sequence[int],
            target: float | None, precision: float) -> Saving:  # fmt: skip
    saved = one - two
    paired = float(saved.var(ddof=1)) if len(saved) > 1 else float("nan")
    apart = float(one.var(ddof=1) + two.var(ddof=1)) if len(saved) > 1 else float("nan")
    reaches = None if target is None else chance(int((saved > target * 100).sum()), len(saved))
    return Saving(
        year, cell, figure(saved, draws), full, chance(int((saved > 0).sum()), len(saved)), reaches,
        apart / paired if paired else float("inf") if apart else float("nan"),
        runs_needed(paired**0.5, precision * 100), runs_needed(apart**0.5, precision * 100),
    )  # fmt: skip


def _aligned(one: pd.DataFrame, two: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Both with every cell that either has: a line that only one world pays is 0 in the other."""
    index = one.index.union(two.index, sort=True)
    return one.reindex(index, fill_value=0), two.reindex(index, fill_value=0)


def _idle(study: Study, base: str, other: str, moves: Found | None) -> int:
    """Runs in which no month's spend or child-months differ on any line and placement and, if pairs are kept, no
    child."""
    of_base, of_other = (perrun.is_of(study, name) for name in (base, other))
    sign = f"case when {of_base} then 1 else -1 end"
    differ = study.query(
        f"select distinct draw, replicate from (select draw, replicate from spend where {of_base} or {of_other} "
        f"group by draw, replicate, month, line, placement "
        f"having sum(pence * {sign}) != 0 or sum(child_months * {sign}) != 0)"
    ).fetchall()
    spent = set(differ)
    runs = perrun.runs_of(study)
    still = [True] * len(runs) if moves is None else moves.still
    return sum(1 for run, alike in zip(runs, still, strict=True) if alike and run not in spent)
