"""Kent's plans by age group beside England's: how old plan holders are, how fast each group grew, where they learn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from cohort import calendar
from cohort.analysis.ranges import Floats
from cohort.published import rows as published_rows
from cohort.report.building import Rows
from cohort.report.display import in_words
from cohort.report.neighbours import SHARES, grouped, sen2
from cohort.report.placements import AGES
from cohort.report.plans import CENSUS, GROUP, HELD
from cohort.report.reading import Reading
from cohort.report.table import Table

GROUPS = calendar.AGE_GROUPS
COLUMNS = (*AGES.values(), "All")
HISTORY, ENGLAND = "plans_by_age_group", "plans_by_age_england"
AREAS = ("Kent", "England")
ByAge = dict[str, dict[str, float]]
"""age group, or "all" -> placement or SEN2's measure -> plans"""


def ages(of: Reading) -> Table | None:
    """Shares of plans by age group and growth a year of each, published and modelled; none without England's."""
    found = _at_census(of)
    if not found:
        return None
    rows, last = Rows(of), of.januaries[-1]
    runs = {name: of.by_run("census", name, ["age_group", "month"], HELD) for name in of.worlds}
    rows.heading("Plans")
    for area in AREAS:
        rows.add(f"{area}, January 2024", _all(_plans(found[area])), "published", "children", key=f"plans.{area}")
    at = {}
    for name, title in of.worlds.items():
        cells = _row(runs[name], last, of.no_runs)
        at[name] = rows.means(f"Model: {title}, {in_words(last)}", cells, unit="children", key=f"plans.{name}")
    rows.heading("Share of all plans")
    for area in AREAS:
        rows.add(f"{area}, January 2024", _shares(_all(_plans(found[area]))), "published", key=f"share.{area}")
    for name, title in of.worlds.items():
        counts = [float(v.mean()) for v in _row(runs[name], last, of.no_runs)]
        _counted(rows, rows.add(f"Model: {title}, {in_words(last)}", _shares(counts), key=f"share.{name}"), at[name])
    _growth(rows, runs, at)
    return Table(
        "plans_ages", "How old plan holders are, beside England", _aged(found), COLUMNS, rows.done(), "share",
        "; ".join((of.pack.describe(ENGLAND)["source"], of.pack.describe(HISTORY)["source"], CENSUS)), "Age group",
        ("Age is at the start of the school year. Growth is a year's, on average over the years named.",
         "Growth by age is of 2019 to 2022, as the returns of 2023 on counted age and people in another way.",
         *_without_age(of, found),
         "Plans of neighbours by age group are not in the data."), suppress=True, group=GROUP,
    )  # fmt: skip


def _without_age(of: Reading, found: Mapping[str, ByAge]) -> Iterator[str]:
    """How many of England's plans are in no age group, if any."""
    every = sum(
        float(r["plans"])
        for r in published_rows(of.pack, "plans_england")
        if (int(r["january"]), r["measure"]) == (2024, "ehcplans")
    )
    aged = sum(_plans(found["England"]).values())
    if every > aged:
        yield f"England had {every:,.0f} plans in January 2024; {every - aged:,.0f} have no age in what is published."


def _growth(rows: Rows, runs: Mapping[str, Mapping[tuple[str, ...], Floats]], at: Mapping[str, int]) -> None:
    """Growth a year of each age group: the returns of one kind that are published, then the model."""
    of = rows.of
    history: dict[str, dict[int, dict[str, float]]] = {}
    for r in published_rows(of.pack, HISTORY):
        history.setdefault(str(r["area"]), {}).setdefault(int(r["january"]), {})[str(r["age_group"])] = float(
            r["plans"]
        )
    years = sorted(history["Kent"])
    rows.heading(f"Growth a year, January {years[0]} to January {years[-1]}")
    for area in AREAS:
        ends = [_all(history[area][y]) for y in (years[0], years[-1])]
        cells = [_a_year(one, two, years[-1] - years[0]) for one, two in zip(*ends, strict=True)]
        rows.add(area, cells, "published", key=f"growth.{area}")
    first, last = of.januaries[0], of.januaries[-1]
    span = int(last[:4]) - int(first[:4])
    rows.heading(f"Growth a year, {in_words(first)} to {in_words(last)}")
    for name, title in of.worlds.items():
        ends_ = [_row(runs[name], month, of.no_runs) for month in (first, last)]
        grown = [_a_year(float(one.mean()), float(two.mean()), span) for one, two in zip(*ends_, strict=True)]
        _counted(rows, rows.add(f"Model: {title}", grown, key=f"growth.{name}"), at[name])


def _counted(rows: Rows, row: int, by: int) -> None:
    """Say of a row of shares which row counts the children behind it."""
    rows.rows[row] = replace(rows.rows[row], counts=by)


def _a_year(before: float, after: float, years: int) -> float | None:
    """Growth a year, None from nothing or over no time."""
    return float((after / before) ** (1 / years) - 1) if before and years else None


def _row(runs: Mapping[tuple[str, ...], Floats], month: str, nothing: Floats) -> list[Floats]:
    """[age group, then all] of [run] plans."""
    each = [runs.get((age, month), nothing) for age in GROUPS]
    return [*each, sum(each, nothing)]


def _all(plans: Mapping[str, float]) -> list[float]:
    """[age group, then all] of plans by age group."""
    each = [plans.get(age, 0.0) for age in GROUPS]
    return [*each, sum(each)]


def _shares(plans: Sequence[float]) -> list[float | None]:
    return [one / plans[-1] if plans[-1] else None for one in plans]


def _plans(by_age: ByAge) -> dict[str, float]:
    return {age: sum(groups.values()) for age, groups in by_age.items()}


def _at_census(of: Reading) -> dict[str, ByAge]:
    """Kent and England -> age group -> group of placements -> plans in January 2024; empty without the tables."""
    england, kent = list(published_rows(of.pack, ENGLAND)), list(published_rows(of.pack, "plans_by_age"))
    if not england or not kent or HISTORY not in of.pack.names():
        return {}
    model = {str(r["sen2_column"]): str(r["placement"]) for r in published_rows(of.pack, "placement_map")}
    sides: dict[str, ByAge] = {area: {age: {} for age in GROUPS} for area in AREAS}
    for area, rows, label in (("Kent", kent, "sen2_column"), ("England", england, "measure")):
        for r in rows:
            cells = sides[area][calendar.age_group(int(r["age"]) - 4)]
            name = model[str(r[label])] if area == "Kent" else str(r[label])
            cells[name] = cells.get(name, 0.0) + float(r["plans"])
    group = {"Kent": grouped, "England": _sen2}
    return {area: {age: group[area](cells) for age, cells in by_age.items()} for area, by_age in sides.items()}


def _sen2(counts: Mapping[str, float]) -> dict[str, float]:
    """SEN2's groups of an age, in which a measure of nought is left out."""
    needed = ("special_independent", "special_non_maintained", "mainstream_total", "nm_early_years", "special_total",
              "fe_total", "ehcplans")  # fmt: skip
    return sen2({name: counts.get(name, 0.0) for name in needed})


def _aged(found: Mapping[str, ByAge]) -> str:
    """Kent's oldest beside England's."""
    old = {area: sum(s or 0.0 for s in _shares(_all(_plans(found[area])))[3:5]) for area in AREAS}
    return (
        f"In January 2024 {old['Kent']:.0%} of Kent's plans were of young people of 16 and over; in England "
        f"{old['England']:.0%}."
    )


def where(of: Reading) -> Table | None:
    """Where the plan holders of each age group learn, as shares of that age group: Kent, England, the model."""
    found = _at_census(of)
    if not found:
        return None
    rows, last = Rows(of), of.januaries[-1]
    worlds = {} if of.published else {name: _modelled(of, name, last) for name in of.worlds}
    for group in SHARES:
        rows.heading(group)
        for area in AREAS:
            cells = _of_age(found[area], group)
            rows.add(f"{area}, January 2024", cells, "published", key=f"{group}.{area}")
        for name, by_age in worlds.items():
            rows.add(f"Model: {of.worlds[name]}, {in_words(last)}", _of_age(by_age, group), key=f"{group}.{name}")
    hidden = ["The model's shares are left out here, as small shares would tell small numbers of children."]
    return Table(
        "placement_ages", "Where plan holders of each age learn, beside England", _placed(found), COLUMNS, rows.done(),
        "share", "; ".join((of.pack.describe(ENGLAND)["source"], CENSUS)), "Share of the age group",
        ("Each column adds up to 100% over the five groups of placements.",
         "Plans of neighbours by placement and age group are not in the data.", *(hidden if of.published else [])),
        group=GROUP,
    )  # fmt: skip


def _modelled(of: Reading, name: str, month: str) -> ByAge:
    """Age group -> group of placements -> plans, on average over runs."""
    out: ByAge = {age: {} for age in GROUPS}
    found = of.by_run("census", name, ["age_group", "placement"], f"{HELD} and month = '{month}'")
    for (age, place), runs in found.items():
        out[age][place] = float(runs.mean())
    return {age: grouped(held) for age, held in out.items()}


def _of_age(by_age: ByAge, group: str) -> list[float | None]:
    """The share of an age group's plans in a group of placements; none where nobody of that age has a plan."""
    return list(_ratios([by_age[age][group] for age in GROUPS], [sum(by_age[age].values()) for age in GROUPS]))


def _ratios(parts: Sequence[float], wholes: Sequence[float]) -> Iterator[float | None]:
    for part, whole in zip([*parts, sum(parts)], [*wholes, sum(wholes)], strict=True):
        yield part / whole if whole else None


def _placed(found: Mapping[str, ByAge]) -> str:
    """State special schools at 11 to 15, where they differ."""
    age = "11_15"
    kent, england = (found[area][age]["State special"] / sum(found[area][age].values()) for area in AREAS)
    return (
        f"In January 2024 state special schools taught {kent:.0%} of Kent's plan holders of {AGES[age]}; in England "
        f"{england:.0%}."
    )
