"""From a study to a report: every table, then the charts and words that are made from the tables.

found = build(Study.open("studies/mine"), "programme")
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from cohort import published as printed
from cohort.report import (
    assumptions,
    blocks,
    england,
    england_process,
    exposure,
    fit,
    independent,
    lodgings,
    money,
    neighbours,
    places,
    plan_dfe,
    plans,
    process,
    savings,
    scorecard,
    why,
)  # fmt: skip
from cohort.report.charts import charts
from cohort.report.effects import Effects
from cohort.report.made import made
from cohort.report.reading import Reading, called
from cohort.report.table import Report, Table
from cohort.report.words import words
from cohort.results import Study, StudyError

Disclosure = Callable[[Report], Report]
GROUPS = {
    "money": "Spend and the deficit",
    "children": "Children with plans",
    "process": "Requests, decisions and SEN Support",
    "places": "Places",
    "savings": "What the policies save",
    "confidence": "How sure this is",
    "dfe": "For DfE's management plan",
}
"""Parts of a report, in order."""


@dataclass(frozen=True)
class Given:
    """What a reader gives besides the study."""

    reserves: float | None = None
    """GBP million"""
    tracker: Path | None = None
    """a CSV of owners, ratings and decision dates"""
    scorecard: Path | None = None
    """what ``cohort backtest --json`` printed"""


def options(given: Given, effects: bool, published: bool) -> list[str]:
    """How ``cohort report`` is asked for this: files by their names alone, as no folder of a machine is told."""
    out = [name for name, asked in (("--effects", effects), ("--published", published)) if asked]
    out += [] if given.reserves is None else ["--reserves", f"{given.reserves:g}"]
    for name in ("tracker", "scorecard"):
        path = getattr(given, name)
        out += [f"--{name}", path.name] if path is not None else []
    return out


def build(study: Study, scenario: str = "", given: Given | None = None, effects: Effects | None = None,
          disclose: Disclosure | None = None) -> Report:  # fmt: skip
    """The report on a scenario of a study (the last) beside its first.

    ``effects`` are what policies do alone; without them their tables and charts are left out, and the words say so.
    ``disclose`` makes a report fit to be published; charts and words are then made from what it leaves. Raises
    StudyError for a study without a whole financial year of the council's projection, ValueError for a tracker or
    scorecard that does not fit.
    """
    of = Reading.of(study, scenario, published=disclose is not None)
    if not of.years:
        raise StudyError(
            f"{study.folder}: covers no whole financial year of the council's projection; a report needs one"
        )
    found = tuple(table for table in _tables(of, given or Given(), effects) if table is not None)
    if wrong := [line for table in found for line in table.broken()]:
        raise RuntimeError(f"tables that do not add up: {wrong[0]}")
    place = called(str(of.pack.package["name"]).removesuffix("-send"))
    ordered = sorted(found, key=lambda table: list(GROUPS).index(table.group))
    title = f"{place}, {of.worlds[of.other].lower()}: High Needs spend, places and plans"
    report = Report(
        title, made(of, options(given or Given(), effects is not None, disclose is not None)), {}, tuple(ordered)
    )
    report = disclose(report) if disclose else report
    drawn = charts(report.tables, of.worlds, printed.override_ends(of.pack))
    return replace(report, charts=drawn, words=words(of, report.tables, effects is not None))


def _tables(of: Reading, given: Given, effects: Effects | None) -> Iterator[Table | None]:
    """Every table that the study allows, in order within its part."""
    yield from (money.spend(of), money.safety_valve(of), money.bridge(of), exposure.override(of, given.reserves),
                exposure.what_if(of), blocks.volumes(of))  # fmt: skip
    yield from (plans.totals(of), plans.stacked(of), plans.by_placement(of), plans.by_age(of), plans.by_need(of),
                neighbours.neighbours(of), england.ages(of), england.where(of), independent.movements(of),
                lodgings.kinds(of), plans.cells(of))  # fmt: skip
    yield from (process.process(of), england_process.beside(of), process.sen_support(of))
    yield from (places.places(of), places.sources(of), places.elsewhere(of))
    yield savings.together(of)
    if effects is not None:
        rules = tuple(effects.alone)
        tracker = savings.tracker_of(given.tracker, rules) if given.tracker else None
        yield from (savings.tracker(of, effects, tracker), savings.by_year(of, effects), savings.reckoner(of, effects))
    yield from why.why(of)
    if given.scorecard:
        yield scorecard.table(of, scorecard.read(given.scorecard))
    yield from (exposure.chances(of), exposure.curve(of), fit.fit(of), fit.exceptions(of), exposure.memo(of),
                assumptions.estimates(of), assumptions.policies(of))  # fmt: skip
    yield from (blocks.by_block(of), plan_dfe.management_plan(of))
