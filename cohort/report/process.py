"""Tables of the process: requests, refusals, appeals, timeliness, new and ceased plans; and SEN Support."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from cohort.analysis.ranges import Floats
from cohort.published import rows as published_rows
from cohort.report.building import Rows
from cohort.report.display import in_words
from cohort.report.plans import january
from cohort.report.reading import Reading
from cohort.report.table import Table, Unit

GROUP = "process"
HEADLINE = "the study's table headline"


@dataclass(frozen=True)
class Measure:
    """A row of the process table: its series of the headline table, and where it is published."""

    series: tuple[str, ...]
    label: str
    table: str = ""
    measure: str = ""
    ranged: bool = False
    unit: Unit = "children"


MEASURES = (
    Measure(("requests",), "Requests for an assessment", "requests_by_year", "requests_received_in_year", True),
    Measure(("decided_to_assess",), "Decided to assess", "requests_by_year", "requests_decided_to_assess"),
    Measure(("refused",), "Refused an assessment", "requests_by_year", "requests_decided_not_to_assess"),
    Measure(("new_plans",), "New plans issued", "timeliness_by_year", "plans_issued_den", True),
    Measure(("within_20_weeks",), "Issued within 20 weeks", unit="share", ranged=True),
    Measure(("appeals", "appeals_plan"), "Appeals and mediations", "tribunal_appeals", "appeals_registered"),
    Measure(("ceased",), "Plans ceased", "ceased_by_year", ""),
)
COLUMNS = {"requests_by_year": "requests", "timeliness_by_year": "plans", "tribunal_appeals": "value",
           "ceased_by_year": "plans"}  # fmt: skip
LEFT = {"transfer", "moved_outside_eng", "deceased", "max_age"}
"""SEN2's reasons that the model counts as leaving, not as ceasing."""
PAPER = {"requests": "requests_for_statutory_assessment", "within_20_weeks": "ehcp_issued_within_20_weeks"}
"""Series -> the paper's measure, for years that DfE's tables do not have."""


def published(of: Reading, measure: Measure) -> dict[str, float]:
    """Calendar year -> the published figure; DfE's where it has one, else the council's paper."""
    found: dict[str, float] = {}
    for r in published_rows(of.pack, "headline_counts"):
        if r["measure"] == PAPER.get(measure.series[0]) and r["as_of"] == "calendar_year":
            found[str(r["january_or_year"])] = float(r["value"]) * (0.01 if measure.unit == "share" else 1)
    if measure.unit == "share":
        return found | _on_time(of)
    dfe: dict[str, float] = {}
    for r in published_rows(of.pack, measure.table):
        mine = r["reason"] not in LEFT if measure.table == "ceased_by_year" else r["measure"] == measure.measure
        if mine and r.get("area", "Kent") == "Kent":
            dfe[str(r["year"])] = dfe.get(str(r["year"]), 0.0) + float(r[COLUMNS[measure.table]])
    return found | dfe


def _on_time(of: Reading) -> dict[str, float]:
    """Calendar year -> share of new plans issued within 20 weeks, of all new plans."""
    counts: dict[tuple[str, str], float] = {}
    for r in published_rows(of.pack, "timeliness_by_year"):
        counts[str(r["year"]), str(r["measure"])] = float(r["plans"])
    return {
        year: counts[year, "plans_issued_within_20_weeks"] / all_of
        for (year, name), all_of in counts.items()
        if name == "plans_issued_den"
    }


def process(of: Reading) -> Table:
    """Requests, decisions, new plans, timeliness, appeals and ceased plans by calendar year."""
    told = {m: published(of, m) for m in MEASURES}
    known = [y for found in told.values() for y in found]
    years = sorted({y for y in known if y >= "2019"} | set(of.calendar_years))
    rows = Rows(of)
    rows.heading("Published")
    for m in MEASURES:
        rows.add(m.label, [told[m].get(y) for y in years], "published", m.unit, key=f"published.{m.series[0]}")
    for name, title in of.worlds.items():
        rows.heading(f"Model: {title}")
        for m in MEASURES:
            runs = _runs(of, name, m, years)
            rows.means(m.label, runs, key=f"{name}.{m.series[0]}", unit=m.unit)
            if m.ranged:
                rows.range(runs, f"{name}.{m.series[0]}", m.unit)
    return Table(
        "process", "Requests, decisions and plans by calendar year", _finding(of), tuple(years), rows.done(),
        "children", "; ".join((*_sources(of), HEADLINE)), "Calendar year",
        ("Requests of 2023: DfE's 3,988 is shown; the council's paper printed 4,302, which does not agree.",
         "DfE's appeals are those registered with the tribunal; the model's also count mediations that settle.",
         "Plans ceased leave out deaths, moves away and reaching the age limit. 2023 was a clear-out of old records.",
         "Within 20 weeks is of all new plans, without DfE's exceptions.", of.ranges),
        suppress=True, group=GROUP,
    )  # fmt: skip


def _runs(of: Reading, name: str, m: Measure, years: Iterable[str]) -> list[Floats | None]:
    listed = ", ".join(f"'{s}'" for s in m.series)
    found = of.by_run("headline", name, ["period"], f"series in ({listed}) and length(period) = 4")
    scale = 0.01 if m.unit == "share" else 1.0
    return [found[y,] * scale if (y,) in found else None for y in years]


def _sources(of: Reading) -> Iterable[str]:
    """Where the published rows come from, each publication once."""
    tables = [t for t in (*COLUMNS, "headline_counts") if t in of.pack.names()]
    return dict.fromkeys(of.pack.describe(t)["source"] for t in tables)


def _finding(of: Reading) -> str:
    years = of.calendar_years
    if not years:
        return "The study covers no calendar year whole."
    measure = MEASURES[0]
    runs = {n: _runs(of, n, measure, (years[0], years[-1])) for n in of.worlds}
    first, *ends = [float(r[0].mean()) for r in list(runs.values())[:1] if r[0] is not None]
    ends = [float(r[1].mean()) for r in runs.values() if r[1] is not None]
    said = of.either(map(of.count, ends))
    return f"Requests go from {of.count(first)} in {years[0]} to {said} in {years[-1]}."


def sen_support(of: Reading) -> Table:
    """Children of school age on SEN Support, and with plans, each January."""
    told = {
        (str(r["measure"]), f"{r['january_or_year']}-01"): float(r["value"])
        for r in published_rows(of.pack, "headline_counts")
    }
    rows, months = Rows(of), of.januaries
    series = {"sen_support_school_age": ("SEN Support", "sen_support_school_age"),
              "plans_school_age": ("Plans", "ehcp_statutory_school_age")}  # fmt: skip
    found = {n: of.by_run("headline", n, ["series", "period"], f"series in {tuple(series)}") for n in of.worlds}
    for name, (label, measure) in series.items():
        rows.heading(f"{label}, school age")
        rows.add("Published", [told.get((measure, m)) for m in months], "published", key=f"published.{name}")
        for world, title in of.worlds.items():
            runs = [found[world].get((name, m)) for m in months]
            rows.means(f"Model: {title}", runs, key=f"{world}.{name}")
            rows.range(runs, f"{world}.{name}")
    ends = [float(found[n]["sen_support_school_age", months[-1]].mean()) for n in of.worlds]
    said = of.either(map(of.count, ends))
    start = float(found[of.base]["sen_support_school_age", months[0]].mean())
    return Table(
        "sen_support", "SEN Support and plans at school age, each January",
        f"SEN Support: {of.count(start)} children in {in_words(months[0])}, {said} in {in_words(months[-1])}.",
        tuple(january(m) for m in months), rows.done(), "children",
        "; ".join((of.pack.describe("headline_counts")["source"], HEADLINE)), "January",
        ("School age is Reception to Year 11.", of.ranges), suppress=True, group=GROUP,
    )  # fmt: skip
