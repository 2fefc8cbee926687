"""The process beside England's: how many requests are refused, how many plans are in time, how many appeal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohort.analysis.ranges import Floats
from cohort.published import rows as published_rows
from cohort.report.building import Rows
from cohort.report.process import GROUP, HEADLINE, MEASURES, published
from cohort.report.reading import Reading
from cohort.report.table import Table

REQUESTS, REFUSED = "requests_received_in_year", "requests_decided_not_to_assess"
ISSUED, IN_TIME = "plans_issued_den", "plans_issued_within_20_weeks"
SHARES = {
    "refused": ("Requests refused, as a share of requests received in the year", REFUSED, REQUESTS),
    "in_time": ("New plans issued within 20 weeks", IN_TIME, ISSUED),
}
"""Key -> heading, and the two measures whose ratio it is."""
ON_TIME = next(m for m in MEASURES if m.series == ("within_20_weeks",))
TABLES = {"Kent": ("requests_by_year", "timeliness_by_year"), "England": ("process_england",)}
APPEALS = "Appeals registered, as a share of decisions that could be appealed"
ByYear = Mapping[str, float]


def beside(of: Reading) -> Table | None:
    """Shares of Kent, England and the model by calendar year; none without England's table."""
    if "process_england" not in of.pack.names():
        return None
    told = {(key, area): _share(of, area, *names) for key, (_, *names) in SHARES.items() for area in TABLES}
    told["in_time", "Kent"] = published(of, ON_TIME)  # with 2024, from the council's paper
    told |= {("appeals", area): _appeals(of, area) for area in TABLES}
    years = sorted({y for found in told.values() for y in found if y >= "2019"} | set(of.calendar_years))
    rows = Rows(of)
    for key, heading in (*((key, words[0]) for key, words in SHARES.items()), ("appeals", APPEALS)):
        rows.heading(heading)
        for area in TABLES:
            cells = [told[key, area].get(year) for year in years]
            rows.add(f"{area}, published", cells, "published", key=f"{key}.{area}")
        for name, title in of.worlds.items() if key in SHARES else ():
            rows.add(f"Model: {title}", list(_modelled(of, name, key, years)), key=f"{key}.{name}")
    return Table(
        "process_beside", "Refusals, timeliness and appeals beside England", _finding(told, of, rows, years),
        tuple(years), rows.done(),
        "share", "; ".join((*_sources(of), HEADLINE)), "Calendar year",
        ("Refusals of a year may be of requests of the year before.",
         "The model counts appeals, but not the decisions that could be appealed, so it has no rate of them."),
        group=GROUP,
    )  # fmt: skip


def _share(of: Reading, area: str, part: str, whole: str) -> dict[str, float]:
    """Calendar year -> one measure over another, of the years that have both."""
    found: dict[tuple[str, str], float] = {}
    for table in TABLES[area]:
        for r in published_rows(of.pack, table):
            value = next(r[name] for name in ("value", "requests", "plans") if name in r)
            found[str(r["measure"]), str(r["year"])] = float(value)
    years = [year for measure, year in found if measure == whole and (part, year) in found]
    return {year: found[part, year] / found[whole, year] for year in years if found[whole, year]}


def _appeals(of: Reading, area: str) -> dict[str, float]:
    """Calendar year -> appeals over decisions, from the counts: the printed rate has one decimal."""
    found = {
        (str(r["measure"]), str(r["year"])): float(r["value"])
        for r in published_rows(of.pack, "tribunal_appeals")
        if r["area"] == area
    }
    years = [year for measure, year in found if measure == "appealable_decisions"]
    return {y: found["appeals_registered", y] / found["appealable_decisions", y] for y in years}


def _modelled(of: Reading, name: str, key: str, years: list[str]) -> Iterator[float | None]:
    """A world's share in each year that the runs cover whole: the mean over runs of each run's own share."""
    series = {"refused": ("refused", "requests"), "in_time": ("within_20_weeks",)}[key]
    found = of.by_run("headline", name, ["series", "period"], f"series in {(*series, '')} and length(period) = 4")
    for year in years:
        each: list[Floats] = [found[s, year] for s in series if (s, year) in found]
        if len(each) < len(series) or year not in of.calendar_years:
            yield None
        elif key == "refused":
            yield float((each[0] / each[1]).mean()) if each[1].all() else None
        else:
            yield float(each[0].mean()) / 100


def _sources(of: Reading) -> dict[str, None]:
    """Where the published rows come from, each publication once."""
    tables = ("requests_by_year", "timeliness_by_year", "tribunal_appeals", "headline_counts")
    return dict.fromkeys(of.pack.describe(table)["source"] for table in tables if table in of.pack.names())


def _finding(told: Mapping[tuple[str, str], ByYear], of: Reading, rows: Rows, years: list[str]) -> str:
    """Kent and England in the last year that both have, and the model in its last, wherever it lies."""
    said = []
    for key, words in (("refused", "refused {} of requests"), ("in_time", "issued {} of new plans within 20 weeks")):
        kent, england = told[key, "Kent"], told[key, "England"]
        if both := sorted(set(kent) & set(england)):
            year = both[-1]
            said.append(f"In {year} Kent {words.format(f'{kent[year]:.0%}')}, England {england[year]:.0%}")
            ours = [row.cells[years.index(of.calendar_years[-1])] for row in rows.rows for n in of.worlds
                    if of.calendar_years and row.key == f"{key}.{n}"]  # fmt: skip
            shares = [f"{cell:.0%}" for cell in ours if isinstance(cell, float)]
            if len(shares) == len(of.worlds):
                said[-1] += f"; the model has {of.either(shares)} in {of.calendar_years[-1]}"
    return f"{'. '.join(said)}." if said else "Nothing of the same year is published of Kent and of England."
