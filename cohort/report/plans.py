"""Tables of children with plans: how many, where, how old, with which needs, and beside neighbours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohort import calendar
from cohort.analysis.ranges import Floats
from cohort.pack import Pack
from cohort.published import rows as published_rows
from cohort.report.building import Rows
from cohort.report.display import in_words
from cohort.report.placements import AGES, NAMES, NEED_NAMES, ORDER, at_place, grouped
from cohort.report.reading import Reading
from cohort.report.table import Cell, Row, Table

GROUP = "children"
HELD = "support = 'plan'"
CENSUS = "the study's table census"


def january(month: str) -> str:
    """ "Jan 2025" """
    return f"Jan {month[:4]}"


def counted(pack: Pack) -> dict[str, float]:
    """January "2025-01" -> plans as published: SEN2 to 2024, then the paper's provisional count."""
    found: dict[str, float] = {}
    known = {str(r["sen2_column"]) for r in published_rows(pack, "placement_map")}
    for r in published_rows(pack, "plans_by_january"):
        if str(r["sen2_column"]) in known:
            month = f"{r['january']}-01"
            found[month] = found.get(month, 0.0) + float(r["plans"])
    for r in published_rows(pack, "headline_counts"):
        if r["measure"] == "ehcp_0_25":
            found.setdefault(f"{r['january_or_year']}-01", float(r["value"]))
    return found


def totals(of: Reading) -> Table:
    """All plans each January: published from 2019, the model with its range from 2024."""
    told = counted(of.pack)
    months = sorted({*told, *of.januaries})
    rows = Rows(of)
    rows.add("Published", [told.get(m) for m in months], "published", key="published")
    for name, title in of.worlds.items():
        found = of.by_run("census", name, ["month"], HELD)
        runs = [found.get((m,)) for m in months]
        rows.means(f"Model: {title}", runs, key=name)
        rows.range(runs, name)
    last, first = of.januaries[-1], max(told, default=of.januaries[0])
    now = {n: float(of.by_run("census", n, ["month"], HELD)[last,].mean()) for n in of.worlds}
    said = of.either(map(of.count, now.values()))
    start = f"from {told[first]:,.0f} in {in_words(first)} " if first in told else ""
    return Table(
        "plans", "Education, health and care plans each January", f"Plans go {start}to {said} in {in_words(last)}.",
        tuple(january(m) for m in months), rows.done(), "children", _sources(of, "plans_by_january"), "January",
        ("January 2025 is the council's provisional count.",
         "SEN2 changed in 2023 from councils' totals to records of each person: a break in the series.", of.ranges),
        suppress=True, group=GROUP,
    )  # fmt: skip


def _sources(of: Reading, table: str) -> str:
    told = of.pack.describe(table)["source"] if table in of.pack.names() else ""
    return "; ".join(filter(None, (told, CENSUS)))


def by_placement(of: Reading) -> Table:
    """Plans by placement each January, of each world."""
    rows = Rows(of)
    for name, title in of.worlds.items():
        found = of.by_run("census", name, ["placement", "month"], HELD)
        rows.heading(f"Model: {title}")
        parts = [
            rows.means(NAMES.get(place, place), _months(of, found, place), key=f"{name}.{place}")
            for place in sorted({place for place, _ in found}, key=at_place)
        ]
        rows.total("All plans", parts, f"{name}.all")
    first, last = of.januaries[0], of.januaries[-1]
    nmiss = [float(of.by_run("census", n, ["month"], f"{HELD} and placement = 'nmiss'").get((m,), of.no_runs).mean())
             for n, m in ((of.base, first), *((n, last) for n in of.worlds))]  # fmt: skip
    ends = of.either(map(of.count, nmiss[1:]))
    return Table(
        "plans_by_placement", "Plans by placement each January",
        f"Independent special schools go from {of.count(nmiss[0])} plans in {in_words(first)} to {ends} in "
        f"{in_words(last)}.",
        tuple(january(m) for m in of.januaries), rows.done(), "children", CENSUS, "Placement",
        ("SRPs and units are recorded unreliably against mainstream: trust their sum more than the split.",),
        suppress=True, group=GROUP,
    )  # fmt: skip


def _months(of: Reading, found: Mapping[tuple[str, ...], Floats], *key: str) -> list[Floats]:
    return [found.get((*key, m), of.no_runs) for m in of.januaries]


def stacked(of: Reading) -> Table:
    """The same in four groups of placements."""
    rows = Rows(of)
    for name, title in of.worlds.items():
        found = of.by_run("census", name, ["placement", "month"], HELD)
        rows.heading(f"Model: {title}")
        parts = []
        for group, places in grouped({place for place, _ in found}).items():
            runs = [sum((found.get((p, m), of.no_runs) for p in places), of.no_runs) for m in of.januaries]
            parts.append(rows.means(group, runs, key=f"{name}.{group}"))
        rows.total("All plans", parts, f"{name}.all")
    first, last = of.januaries[0], of.januaries[-1]
    before, after = _share(of, of.other, "state_special", first), _share(of, of.other, "state_special", last)
    return Table(
        "plans_by_group", "Plans by group of placements each January",
        f"State special schools hold {before:.0%} of all plans in {in_words(first)} and {after:.0%} in "
        f"{in_words(last)} ({of.worlds[of.other]}).",
        tuple(january(m) for m in of.januaries), rows.done(), "children", CENSUS, "Group",
        suppress=True, group=GROUP,
    )  # fmt: skip


def _share(of: Reading, name: str, place: str, month: str) -> float:
    """Of a January's plans, how many are in a placement."""
    found = of.by_run("census", name, ["placement"], f"{HELD} and month = '{month}'")
    return float(found.get((place,), of.no_runs).mean() / sum(float(v.mean()) for v in found.values()))


def crossed(of: Reading, key: str, across: Sequence[str], names: Mapping[str, str], column: str, title: str,
            rows_by: str, labels: Mapping[str, str]) -> Table:  # fmt: skip
    """Plans of the scenario in the last January, one breakdown down and another across, with totals both ways."""
    last = of.januaries[-1]
    found = of.by_run("census", of.other, [rows_by, column], f"{HELD} and month = '{last}'")
    down = sorted({one for one, _ in found}, key=lambda one: (_position(labels, one), one))
    across = [a for a in across if any(two == a for _, two in found)]
    rows = Rows(of)
    parts = []
    for one in down:
        runs = [found.get((one, two), of.no_runs) for two in across]
        parts.append(rows.means(labels.get(one, one), [*runs, sum(runs, of.no_runs)], key=one))
    rows.total("All plans", parts, "all")
    within = "in" if rows_by == "placement" else "for"
    most = max(down, key=lambda one: sum(float(found.get((one, two), of.no_runs).mean()) for two in across))
    total = sum(float(v.mean()) for v in found.values())
    share = sum(float(v.mean()) for (one, _), v in found.items() if one == most) / total
    return Table(
        key, title, f"{share:.0%} of all plans in {in_words(last)} are {within} {_inside(labels.get(most, most))}, the "
        f"largest group.",
        (*(names.get(a, a) for a in across), "All"), rows.done(), "children", CENSUS,
        "Placement" if rows_by == "placement" else "Primary need",
        (f"{of.worlds[of.other]}, {in_words(last)}, average over runs.",
         "Needs in the model follow England's pattern by age and placement, as Kent's is not published."),
        suppress=True, group=GROUP, whole="All",
    )  # fmt: skip


def _inside(label: str) -> str:
    """A label for the middle of a sentence."""
    return label if label.partition(" ")[0].isupper() or label.startswith("SRP") else f"{label[0].lower()}{label[1:]}"


def by_age(of: Reading) -> Table:
    """Placement by age group."""
    return crossed(of, "placement_by_age", calendar.AGE_GROUPS, AGES, "age_group", "Plans by placement and age group",
                   "placement", NAMES)  # fmt: skip


def by_need(of: Reading) -> Table:
    """Need by age group."""
    return crossed(of, "need_by_age", calendar.AGE_GROUPS, AGES, "age_group", "Plans by primary need and age group",
                   "need", NEED_NAMES)  # fmt: skip


def cells(of: Reading) -> Table:
    """Placement x need x age group, for looking up: one row a placement and need."""
    last = of.januaries[-1]
    found = of.by_run("census", of.other, ["placement", "need", "age_group"], f"{HELD} and month = '{last}'")
    rows, totals_ = Rows(of), []
    for place in sorted({p for p, _, _ in found}, key=at_place):
        rows.heading(NAMES.get(place, place))
        parts = []
        for need in (n for n in NEED_NAMES if any((p, k) == (place, n) for p, k, _ in found)):
            runs = [found.get((place, need, a), of.no_runs) for a in calendar.AGE_GROUPS]
            label = f"{NAMES.get(place, place)}: {NEED_NAMES[need]}"
            parts.append(rows.means(label, [*runs, sum(runs, of.no_runs)], key=f"{place}.{need}"))
        totals_.append(rows.total(f"{NAMES.get(place, place)}: all needs", parts, f"{place}.all"))
    rows.total("All plans", totals_, "all")
    return Table(
        "plans_in_cells", "Plans by placement, primary need and age group",
        "For looking up: every placement by need and age group.", (*(AGES[a] for a in calendar.AGE_GROUPS), "All"),
        rows.done(), "children", CENSUS, "Placement and need",
        (f"{of.worlds[of.other]}, {in_words(last)}, average over runs.",),
        suppress=True, group=GROUP, long=True, whole="All",
    )  # fmt: skip


def _position(labels: Mapping[str, str], name: str) -> int:
    return list(labels).index(name) if name in labels else len(labels)


__all__ = ["ORDER", "Cell", "Row", "by_age", "by_need", "by_placement", "cells", "counted", "stacked", "totals"]
