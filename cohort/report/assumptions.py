"""The assumptions log: every estimate with its range, its source and how much of the result's range is due to it."""

from __future__ import annotations

from cohort.analysis.attribute import policies_of
from cohort.analysis.sensitivity import Effects, effects
from cohort.describe import HEADINGS
from cohort.describe import row as change_row
from cohort.published import rows as published_rows
from cohort.report.building import Rows
from cohort.report.reading import Reading
from cohort.report.table import Table
from cohort.results import StudyError
from cohort.setting import ruled

GROUP = "confidence"
SERIES = "spend.total"
TABLES = {
    "estimate_parameters": ("name", ""),
    "estimate_income": ("name", ""),
    "estimate_prices": ("charge", "price."),
    "estimate_services": ("service", "service."),
    "estimate_independent_terms": ("name", ""),
}
"""Table of estimates -> its column of names, and what the parameter's name begins with."""
TITLES = {
    "estimate_parameters": "Rates, growth and the start",
    "estimate_income": "Income",
    "estimate_prices": "Prices",
    "estimate_services": "Services that follow no child",
    "estimate_independent_terms": "Independent places: outside the county, residential",
}


def weights(of: Reading) -> tuple[dict[str, float], str]:
    """Parameter -> its share of the variance of the last year's spend, and a note; none where there are too few
    draws."""
    drawn = of.study.manifest["draws"]
    few = f"The weight of an assumption needs a study of many draws (cohort run --draws 300); this one has {drawn}."
    if drawn == 1:
        return {}, few
    try:
        found: Effects = effects(of.study, SERIES, of.years[-1], of.other)
    except StudyError:
        return {}, few
    note = f"Weight is the share of the variance of spend in {of.years[-1]} that is due to it (Shapley effect)."
    return {e.parameter: e.share for e in found.effects}, note


def estimates(of: Reading) -> Table:
    """Every estimate: low, mode, high, unit, weight and reason."""
    shares, note = weights(of)
    rows, count = Rows(of), 0
    for table, (column, prefix) in TABLES.items():
        found = list(published_rows(of.pack, table))
        if found:
            rows.heading(TITLES[table])
        for r in found:
            share = shares.get(f"{prefix}{r[column]}")
            weight = None if share is None else f"{share:.0%}"
            label = str(r[column]).replace("_", " ").replace(".", ": ")
            rows.add(label, [float(r["low"]), float(r["mode"]), float(r["high"]), str(r["unit"]), weight,
                             str(r["reason"])], key=f"{prefix}{r[column]}")  # fmt: skip
            count += 1
    return Table(
        "assumptions", "Assumptions: estimates with their range, weight and reason",
        f"{count} figures are estimates, since nothing is published of them; each has a range and a reason.",
        ("Low", "Best", "High", "Unit", "Weight", "Reason or source"), rows.done(), "number",
        of.pack.describe("estimate_parameters")["source"], "Estimate", (note,), group=GROUP, long=True,
    )  # fmt: skip


def policies(of: Reading) -> Table | None:
    """What each policy of the scenario changes, for whom, from when, by how much and why; none without rules."""
    changes = ruled(of.scenario(of.other)).changes
    if not changes:
        return None
    rows = Rows(of)
    titles = {policy.name: policy.title for policy in policies_of(of.scenario(of.other))}
    for owner in dict.fromkeys(change.owner for change in changes):
        rows.heading(titles.get(owner, owner.replace("_", " ")))
        for _, label, what, *rest in (change_row(change) for change in changes if change.owner == owner):
            cells = [what.replace("_", " ").replace(".", ": "), *("" if cell == "-" else cell for cell in rest)]
            rows.add(label.replace("_", " "), cells)
    return Table(
        "policies", f"What {of.worlds[of.other]} changes",
        f"{len({c.owner for c in changes})} policies make {len(changes)} changes to rates, places and prices.",
        tuple(h.capitalize() for h in HEADINGS[2:]), rows.done(), "text", "the scenario's rules", "Policy and change",
        ("A size with a range is uncertain: best estimate (lowest to highest).",), group=GROUP, long=True,
    )  # fmt: skip
