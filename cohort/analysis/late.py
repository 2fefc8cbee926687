"""What schools that open late cost, taken apart, beside what the council's paper says of it (1.9 and 23 million).

    late.schools(Scenario.load("early_schools"), Scenario.load("late_schools"))

Each run is two worlds with the same luck, which part in the month in which the first school opens early. The money is
lost by opening late, so a saving of the early world is positive. Nothing is fitted to the paper: beside the model's own
figures stands what would have to hold for the paper's, at the prices of the model's own children.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from functools import partial

import numpy as np

from cohort import calendar, published, setting
from cohort.analysis import oneplace
from cohort.analysis.oneplace import Filled
from cohort.analysis.ranges import Figure, figure
from cohort.fork import first_difference
from cohort.pack import Pack
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

BESIDES = "Sheppey"
"""A school that the paper plans no longer (7.3): the second case opens it with the others."""
WHOLE = "whole"
PUBLISHED = {
    "saving_lost_first_year_new_special_schools_late": False,
    "saving_lost_total_new_special_schools_late": True,
}
"""Measure of ``other_figures`` -> whether it is of all years together, or of its own period."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Parts:
    """Of one financial year, or of all: what late schools lose, and what it is made of. Figures are over runs."""

    lost: Figure
    """GBP million that would have been saved"""
    months: float
    """school-months lost"""
    place_years: Figure
    """years of places lost"""
    fill: Figure
    """percent of them that a child more would have had"""
    seekers: Figure
    """child-years in a special school that children would have had besides"""
    from_nmiss: Figure
    """percent of these that would be in independent special schools otherwise"""
    saved_each: Figure
    """GBP a year less for a child of these from there: the price gap"""
    cost_each: Figure
    """GBP a year more for any other child of these"""
    others: Figure
    """GBP million of ``lost`` that is not of these children: who takes what they leave, and vacant places"""
    published: float | None
    """GBP million lost, as the paper has it"""
    intake: float | None
    """child-years, all from independent schools, that would lose the published sum at the price gap"""
    substitution: float | None
    """percent from independent schools that would, with the model's own child-years; above 100 none can"""

    def plain(self) -> dict[str, object]:
        """By name, for a machine."""
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        return {name: value.plain() if isinstance(value, Figure) else value for name, value in own.items()}


@dataclass(frozen=True)
class Case:
    """Some schools, late: what each financial year and all together lose."""

    schools: tuple[str, ...]
    by_year: dict[str, Parts]


def schools(early: Scenario, late: Scenario, draws: int = 1, replicates: int = 10, seed: int = 1,
            say: Say = lambda _: None) -> list[Case]:  # fmt: skip
    """The late schools of two scenarios that differ in when schools open, without and with Sheppey.

    Raises ValueError for scenarios of other months or data, or whose places are not scarce.
    """
    if draws < 1 or replicates < 1:
        raise ValueError(f"{draws} draws of {replicates} replicates given; allowed: 1 or more of each")
    if not (early.places.binding and late.places.binding):
        raise ValueError(f"{early.name}, {late.name}: places.binding is false; allowed: true, or no school is missed")
    if (early.start, early.until, early.authority) != (late.start, late.until, late.authority):
        raise ValueError(f"{early.name} and {late.name} are of other months or data; allowed: the same start, until "
                         "and authority")  # fmt: skip
    opened = tuple(n for n in early.places.opening if early.places.opening[n] != late.places.opening.get(n))
    cases = [((early, late), opened)]
    if opened and BESIDES not in early.places.opening:
        both = tuple(_besides(s, s.places.opening.get(opened[0], "never")) for s in (early, late))
        cases.append(((both[0], both[1]), (*opened, BESIDES)))
    found = []
    for k, (pair, names) in enumerate(cases):
        tell = partial(_say, say, f"case {k + 1} of {len(cases)}")
        runs, numbers, months = _runs(pair, names, draws, replicates, seed, tell)
        found.append(Case(names, _parts(runs, numbers, months, _published(Pack.load(late.authority)))))
    return found


def _say(say: Say, case: str, run: str) -> None:
    say(f"{case}, {run}")


def _besides(scenario: Scenario, month: str) -> Scenario:
    opening = {**scenario.places.opening, BESIDES: month}
    return scenario.model_copy(update={"places": scenario.places.model_copy(update={"opening": opening})})


def _runs(pair: tuple[Scenario, Scenario], names: Sequence[str], draws: int, replicates: int, seed: int,
          say: Say) -> tuple[list[dict[str, Filled]], list[int], dict[str, int]]:  # fmt: skip
    """What the early world's places did in each run, the draws of the runs, and the school-months lost by year."""
    runs, numbers, months, first = [], [], dict[str, int](), None
    for draw in range(draws):
        late = setting.build(pair[1], draw, like=first)
        early, first = setting.build(pair[0], draw, like=late), first or late
        months = months or _months(early, late, names)
        for replicate in range(replicates):
            say(f"run {draw * replicates + replicate + 1} of {draws * replicates}")
            world = World.start(late, replicate=replicate, seed=seed)
            fork = min(first_difference(late, early), late.scenario.last)
            runs.append(oneplace.one_more(world.run(fork), early))
            numbers.append(draw)
    return runs, numbers, months


def _months(early: Setting, late: Setting, names: Sequence[str]) -> dict[str, int]:
    """Financial year -> months in which a school is open early and not late, school by school."""
    out: dict[str, int] = {}
    at = [early.places.names.index(name) for name in names]
    open_early = early.places.opened[:, at] & ~late.places.opened[:, [late.places.names.index(n) for n in names]]
    for month in range(late.scenario.first, late.scenario.last):
        year = calendar.financial_year(month)
        out[year] = out.get(year, 0) + int(open_early[month - late.scenario.first].sum())
    return out


def _published(pack: Pack) -> dict[str, float]:
    """Financial year, or the whole, -> GBP million that the paper says are lost."""
    return {
        WHOLE if PUBLISHED[str(r["measure"])] else str(r["period"]): float(r["value"])
        for r in published.rows(pack, "other_figures")
        if r["measure"] in PUBLISHED
    }


def _parts(runs: Sequence[dict[str, Filled]], numbers: Sequence[int], months: dict[str, int],
           paper: dict[str, float]) -> dict[str, Parts]:  # fmt: skip
    years = list(dict.fromkeys(year for run in runs for year in run))
    by_year = {year: [run[year] for run in runs] for year in years}
    by_year[WHOLE] = [added(run.values()) for run in runs]
    months = {**months, WHOLE: sum(months.values())}
    return {y: _part(of, numbers, months.get(y, 0), paper.get(y)) for y, of in by_year.items()}


def added(some: Iterable[Filled]) -> Filled:
    """Several years as one."""
    total = Filled()
    for f in some:
        total.place_months, total.pence = total.place_months + f.place_months, total.pence + f.pence
        total.lost, total.new, total.children = total.lost + f.lost, total.new + f.new, f.children
        for mine, theirs in ((total.gained, f.gained), (total.gained_pence, f.gained_pence)):
            for origin, value in theirs.items():
                mine[origin] += value
    return total


def _part(of: Sequence[Filled], numbers: Sequence[int], months: int, paper: float | None) -> Parts:
    """One year over runs."""

    def over(value: Callable[[Filled], float]) -> Figure:
        found = np.array([value(f) for f in of])
        known = np.isfinite(found)
        if not known.any():
            return figure([float("nan")] * len(of), numbers)
        return figure(found[known], [n for n, ok in zip(numbers, known, strict=True) if ok])

    seekers, gap = over(_child_years), over(lambda f: -f.each("nmiss"))
    cost = over(lambda f: f.each("mainstream", "other"))
    return Parts(
        lost=over(lambda f: -f.pence / 1e8),
        months=months,
        place_years=over(lambda f: f.place_months / 12),
        fill=over(lambda f: 100 * (12 * _child_years(f) - f.lost) / f.place_months if f.place_months else float("nan")),
        seekers=seekers,
        from_nmiss=over(lambda f: 100 * f.share("nmiss")),
        saved_each=gap,
        cost_each=cost,
        others=over(lambda f: -(f.pence - sum(f.gained_pence.values())) / 1e8),
        published=paper,
        intake=None if paper is None else _finite(paper * 1e6 / gap.mean),
        substitution=None if paper is None else _finite(
            100 * (paper * 1e6 / seekers.mean + cost.mean) / (gap.mean + cost.mean) if seekers.mean else float("nan")),
    )  # fmt: skip


def _child_years(f: Filled) -> float:
    return sum(f.gained.values()) / 12


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None


def plain(cases: Sequence[Case]) -> list[dict[str, object]]:
    """Everything, for a machine."""
    return [{**asdict(Case(c.schools, {})), "by_year": {y: p.plain() for y, p in c.by_year.items()}} for c in cases]
