"""Independent special places by where they are and whether the child boards: children, full-year equivalents, cost.

A place outside Kent and a residential one cost more than a day place in the county, so a mean over all hides what one
child more or less costs.
"""

from __future__ import annotations

from cohort.analysis.ranges import Floats
from cohort.report.building import Rows
from cohort.report.reading import Reading
from cohort.report.table import Table, Unit
from cohort.states import WHERE

PLACES = {
    "inside": "Day places in Kent",
    "outside": "Day places outside Kent",
    "inside_residential": "Residential places in Kent",
    "outside_residential": "Residential places outside Kent",
}
NOTES = (
    "Where Kent's independent places are is not published: shares outside Kent are estimates, as is their cost.",
    "The share of boarders is DfE's for January 2024 (SEN2). See the assumptions.",
)
COUNTS = {"children": "Children on 31 March", "fte": "Full-year equivalent children", "spend": "All charges, £"}


def kinds(of: Reading) -> Table | None:
    """The independent special roll by kind of place, by financial year and world; None where a study does not say."""
    columns = {f"{year} {title}": (name, year) for year in of.years for name, title in of.worlds.items()}
    series = [f"nmiss.{count}.{place}" for count in COUNTS for place in WHERE]
    named = ", ".join(f"'{name}'" for name in series)
    found = {n: of.by_run("headline", n, ["series", "period"], f"series in ({named})") for n in of.worlds}
    if not any(found.values()):
        return None
    rows = Rows(of)
    for count, label in COUNTS.items():
        rows.heading(label)
        unit: Unit | None = "pence" if count == "spend" else None
        parts = [rows.means(PLACES[place], [found[n].get((f"nmiss.{count}.{place}", y)) for n, y in columns.values()],
                            key=f"{count}.{place}", unit=unit) for place in WHERE]  # fmt: skip
        rows.total("All", parts, f"{count}.all", unit=unit)
    return Table(
        "independent_kinds", "Independent special places by where they are and who boards", _finding(of, found),
        tuple(columns), rows.done(), "children", "the study's table headline", "Financial year and world",
        NOTES,
        suppress=True, group="children",
    )  # fmt: skip


def _finding(of: Reading, found: dict[str, dict[tuple[str, ...], Floats]]) -> str:
    """What a residential place costs against a day place in Kent, in the last year."""
    year, runs = of.years[-1], found[of.other]

    def sums(count: str, places: tuple[str, ...]) -> float:
        return sum(
            float(runs[f"nmiss.{count}.{p}", year].mean()) for p in places if (f"nmiss.{count}.{p}", year) in runs
        )

    boards, by_day = ("inside_residential", "outside_residential"), ("inside",)
    if not sums("fte", boards) or not sums("fte", by_day):
        return "Independent special places by county and boarding."
    each, day = (sums("spend", p) / sums("fte", p) for p in (boards, by_day))
    return (
        f"In {year} a year in a residential place costs {each / day:.1f} times one in a day place in Kent, by prices "
        "that are estimates."
    )
