"""Tables of savings: what the scenario saves in all, what each policy saves alone, and the ready reckoner."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cohort.analysis.ranges import Floats, chance
from cohort.analysis.worth import Worth
from cohort.report.blocks import words
from cohort.report.building import POUNDS, Rows, pounds
from cohort.report.display import in_words
from cohort.report.effects import Effects
from cohort.report.reading import YEAR, Reading
from cohort.report.table import Cell, Table, Unit
from cohort.states import closest

GROUP = "savings"
INPUTS = ("rag", "owner", "decision_date")
RATINGS = ("red", "amber", "green")
Tracker = Mapping[str, Mapping[str, str]]
"""rule -> rag, owner, decision_date, as given by the reader"""


def tracker_of(path: Path, rules: tuple[str, ...]) -> Tracker:
    """Owners, ratings and decision dates from a CSV with the columns rule, rag, owner and decision_date.

    Raises ValueError naming the file, the line and what is allowed.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if set(reader.fieldnames or ()) != {"rule", *INPUTS}:
            raise ValueError(f"{path.name}: columns {reader.fieldnames} given; allowed: rule, {', '.join(INPUTS)}")
        out: dict[str, dict[str, str]] = {}
        for line, row in enumerate(reader, 2):
            rule, rag = str(row["rule"]).strip(), str(row["rag"] or "").strip().lower()
            if rule not in rules:
                raise ValueError(f"{path.name}:{line}: rule {rule!r} given; {closest(rule, rules)}")
            if rag and rag not in RATINGS:
                raise ValueError(f"{path.name}:{line}: rag {rag!r} given; allowed: {', '.join(RATINGS)}, or nothing")
            out[rule] = {"rag": rag, **{name: str(row[name] or "").strip() for name in INPUTS[1:]}}
    return out


def together(of: Reading) -> Table | None:
    """What the scenario saves by financial year against the base, with its range: from all runs of the study."""
    if not of.compared:
        return None
    saved = _saved(of, "true", YEAR)
    years = tuple(saved)
    found = [of.figure(runs) for runs in saved.values()]
    rows = Rows(of)
    rows.means("Saving in the year (part-year)", list(saved.values()), key="part_year")
    rows.range(list(saved.values()), "part_year")
    if len(of.runs) > 1:
        rows.add("P50: as likely as not to save at least", [f.p50 for f in found], key="p50")
        rows.add("P80: saved or more in 80% of runs", [float(np.quantile(s, 0.2)) for s in saved.values()], key="p80")
    march = _saved(of, "month like '%-03'", YEAR)
    rows.means("Full-year effect of what is in place by March", [12 * march[y] for y in years], key="full_year")
    chances = [chance(int((s > 0).sum()), len(s)).p for s in saved.values()]
    rows.add("Chance of saving anything", chances, unit="chance", key="chance")
    last = found[-1]
    return Table(
        "savings", f"What {of.worlds[of.other]} saves against {of.worlds[of.base]}",
        f"In {years[-1]} {of.worlds[of.other]} {_said(last.mean)} against {of.worlds[of.base]}"
        f"{_between(last.p5, last.p95) if len(of.runs) > 1 else ''}.",
        years, rows.done(), "pence", "the study's table spend, run by run", "Financial year",
        ("A saving is positive: spend in the base's world less spend in the scenario's, with the same luck.",
         "Full-year effect is twelve times March's saving: what is in place by then, in a whole year.", of.ranges),
        group=GROUP,
    )  # fmt: skip


def _saved(of: Reading, where: str, by: str) -> dict[str, Floats]:
    """Financial year -> [run] pence spent less in the scenario's world."""
    one, two = (of.by_run("spend", name, [by], where) for name in (of.base, of.other))
    return {year: runs - two.get((year,), of.no_runs) for (year,), runs in one.items()}


def _said(pence: float, several: bool = False) -> str:
    verb = "save" if pence >= 0 else "cost"
    return f"{verb}{'' if several else 's'} {pounds(abs(pence))}"


def _between(low: float, high: float) -> str:
    return f" (nine runs in ten: {pounds(low)} to {pounds(high)})"


@dataclass(frozen=True)
class Part:
    """A column of the tracker: its heading and what it takes from a year's worth."""

    heading: str
    of: Callable[[list[Worth]], float]


def _mean(name: str) -> Callable[[list[Worth]], float]:
    return lambda found: float(np.mean([getattr(w, name) for w in found]))


def _quantile(q: float) -> Callable[[list[Worth]], float]:
    return lambda found: float(np.quantile([w.net for w in found], q))


PARTS = (
    Part("Gross", _mean("gross")),
    Part("Of this cashable", _mean("cashable")),
    Part("Of this avoided", _mean("avoided")),
    Part("Reinvested", lambda found: -_mean("reinvestment")(found)),
    Part("Net (part-year)", _mean("net")),
    Part("P50", _quantile(0.5)),
    Part("P80", _quantile(0.2)),
    Part("Full-year effect", _mean("full_year")),
)


def tracker(of: Reading, found: Effects, given: Tracker | None = None) -> Table:
    """The savings tracker of the last financial year: each policy alone, their interaction, and all together."""
    year = found.years[-1]
    given = given or {}
    rows, parts = Rows(of), []
    order = sorted(found.alone, key=lambda name: -_mean("net")(found.alone[name][year]))
    for name in order:
        cells: list[Cell] = [part.of(found.alone[name][year]) for part in PARTS]
        mine = given.get(name, {})
        parts.append(rows.add(found.titles[name], [*cells, *(mine.get(i, "") for i in INPUTS)], key=name))
    blanks: list[Cell] = [None] * len(INPUTS)
    joint: list[Cell] = [part.of(found.joint[year]) for part in PARTS]
    beyond = [_beyond(cell, [rows.rows[p].cells[k] for p in parts]) for k, cell in enumerate(joint)]
    keep = [None if PARTS[k].heading in {"P50", "P80"} else cell for k, cell in enumerate(beyond)]
    parts.append(rows.add("Interaction: together less the sum of each alone", [*keep, *blanks], key="interaction"))
    rows.add("All together", [*joint, *blanks], "total", sums=tuple((p, 1) for p in parts), key="joint")
    # percentiles do not add up, so the total of those two columns stands without its sum
    best = order[0]
    amount = pounds(_mean("net")(found.alone[best][year]))
    return Table(
        "savings_tracker", f"Savings tracker, {year}: each policy alone and all together",
        f"Taken alone, this policy saves most in {year}: {found.titles[best]} ({amount}).",
        (*(part.heading for part in PARTS), "RAG", "Owner", "Decision by"), rows.done(), "pence",
        f"{len(found.runs)} runs of the model with each policy alone, in the draws and luck of the study's first runs",
        "Policy", (
            "Against the same scenario without rules. Avoided is growth that does not happen.",
            f"Cashable is what brings a sub-line below what it cost, at a year's rate, in {in_words(found.today)}.",
            "P50 and P80 are what is saved or more in 50% and 80% of these runs. They do not add up.",
            "RAG, owner and decision date are for the council to fill in: cohort report STUDY --tracker FILE.csv.",
            *_fewer(of, found),
        ), group=GROUP,
    )  # fmt: skip


def _fewer(of: Reading, found: Effects) -> tuple[str, ...]:
    """A note where the policies were tried in some of the study's runs only."""
    n, every = len(found.runs), len(of.runs)
    return (f"These are {n} of {every} runs, so the total differs a little from that of all.",) if n < every else ()


def _beyond(whole: Cell, parts: list[Cell]) -> Cell:
    numbers = [float(p) for p in (whole, *parts) if isinstance(p, int | float)]
    return numbers[0] - sum(numbers[1:])


def by_year(of: Reading, found: Effects) -> Table:
    """Net saving of each policy alone by financial year, with its range, and the interaction."""
    rows, parts = Rows(of), []
    order = sorted(found.alone, key=lambda name: -_mean("net")(found.alone[name][found.years[-1]]))
    rows.heading("Each policy alone")
    for name in order:
        nets = [np.array([float(w.net) for w in found.alone[name][y]]) for y in found.years]
        parts.append(rows.means(found.titles[name], nets, key=name))
        rows.range(nets, name)
    rows.heading("Together")
    parts.append(
        rows.add("Interaction", [float(np.mean(found.interaction(y))) for y in found.years], key="interaction")
    )
    together_ = rows.total("All together", parts, "joint")
    rows.heading("Spend in these runs")
    without = rows.add("Without any policy", [float(np.mean(found.without[y])) for y in found.years], key="without")
    rows.total("With all of them", (without, together_), "with", {together_: -1})
    total = sum(float(rows.rows[p].cells[-1] or 0) for p in parts[:-1])
    both = float(rows.rows[parts[-1]].cells[-1] or 0)
    return Table(
        "policy_effects", "Saving by policy and year: each alone, and together",
        f"In {found.years[-1]} the policies {_said(total, True)} if each is taken alone and added up, and "
        f"{_said(total + both, True) if total * (total + both) < 0 else pounds(abs(total + both))} together.",
        found.years, rows.done(), "pence",
        f"{len(found.runs)} runs of the model with each policy alone", "Financial year",
        ("Policies that reach the same children do not add up: the difference is their interaction.",
         *_fewer(of, found), of.ranges), group=GROUP,
    )  # fmt: skip


RECKONER = {
    "requests": "1% more requests for an assessment",
    "delay": "Every policy one term later",
    "nmiss_marginal": "One more child-year in an independent special school instead of a state one",
    "nmiss_place": "  of which the independent place itself",
    "nmiss_average": "A child-year in an independent special school, on average",
    "inflation": "1 point a year more on every price",
    "special_place": "One more state special place for a year, whoever takes it",
    "special_place_instead_of_nmiss": "  for a child who would be in an independent special school",
    "special_place_instead_of_mainstream": "  for a child who would be in mainstream",
    "special_place_from_nmiss": "  share of these children who would be in an independent special school",
    "special_place_from_mainstream": "  share who would be in mainstream",
    "special_place_new": "  share whose plan is new",
    "special_place_break_even": "  share from independent schools at which the place costs nothing",
    "special_place_children": "  children whose placement one more place changes",
}
"""Rows of the reckoner as people read them; any other is told by its name."""
EXPLAINED = ("nmiss_marginal", "special_place")
"""Rows that need a note on what is compared."""


def reckoned_in(means: str) -> tuple[Unit, float]:
    """The unit of a row of the reckoner, by what it says it means, and how much of it one is: GBP if nothing else."""
    if means.startswith("percent"):
        return "share", 0.01
    return ("number", 1.0) if means.startswith("children") else ("pence", float(POUNDS))


def reckoner(of: Reading, found: Effects) -> Table:
    """The ready reckoner: what a small change of the world costs a year."""
    years = tuple(dict.fromkeys(y for _, _, by in found.reckoner for y in by))
    rows = Rows(of)
    for name, means, by in found.reckoner:
        unit, scale = reckoned_in(means)
        cells = [by[y][0] * scale if y in by else None for y in years]
        rows.add(RECKONER.get(name, words(name)), cells, unit=unit, key=name)
    last = years[-1]
    costs = {name: by[last][0] * POUNDS for name, _, by in found.reckoner if last in by}
    notes = [f"{RECKONER.get(name, words(name))}: {means}." for name, means, _ in found.reckoner
             if name in EXPLAINED or name not in RECKONER]  # fmt: skip
    return Table(
        "reckoner", "Ready reckoner: what a small change costs a year",
        f"In {last} 1% more requests cost {pounds(costs.get('requests', 0))} more, and 1 point a year on every price "
        f"{pounds(costs.get('inflation', 0))}.", years, rows.done(), "pence",
        "pairs of worlds of the model that differ in that one thing", "Change",
        ("A cost is positive. Means of few runs: small amounts are uncertain.",
         "NMISS: independent and non-maintained special schools.", *notes), group=GROUP,
    )  # fmt: skip
