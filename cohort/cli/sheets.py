"""The tables that ``cohort run`` prints, as values: the model beside what is published, ranges, rounded to add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cohort.calendar import month, year
from cohort.cli.figures import PRICED, Published, Results, Value
from cohort.prices import LINES
from cohort.rounding import adding_up

PLACES = {
    "mainstream": "Mainstream schools",
    "srp": "SRPs and SEN units",
    "state_special": "State special schools",
    "nmiss": "Independent special",
    "independent_mainstream": "Independent mainstream",
    "early_years": "Early years settings",
    "alternative_provision": "Alternative provision",
    "fe": "FE colleges",
    "spi": "Specialist post-16",
    "eotas": "EOTAS (tuition)",
    "parental": "Arranged by parents",
    "ehe": "Home education",
    "other_setting": "Other settings",
    "awaiting": "Awaiting a place",
    "neet": "Not in education (NEET)",
    "unknown": "Not recorded",
}
LINE_NAMES = {
    "special": "Maintained special",
    "independent": "Independent special",
    "mainstream_srp": "Mainstream and SRPs",
    "post16": "Post-16",
    "other": "Other SEN support, AP",
    "total": "All High Needs spend",
}
FORECAST = {
    "special": "maintained_special_schools",
    "independent": "independent_special_schools",
    "mainstream_srp": "mainstream_school_support_incl_srps_and_communities",
    "post16": "post_16",
    "other": "other_sen_support_and_alternative_provision_services",
    "total": "total_spend_as_printed",
}
"""The five lines and the total by their names in ``safety_valve_projection``."""
REQUESTS = (
    ("requests", "Requests for assessment", "requests_for_statutory_assessment"),
    ("decided_to_assess", "Decided to assess", ""),
    ("refused", "Refused an assessment", ""),
    ("new_plans", "New plans issued", ""),
    ("within_20_weeks", "  within 20 weeks (%)", "ehcp_issued_within_20_weeks"),
    ("ceased", "Plans ceased", ""),
    ("plans_moved_in", "Moved to Kent with a plan", ""),
    ("plans_moved_out", "Moved away with a plan", ""),
    ("plans_aged_out", "Reached the age limit", ""),
    ("plans_died", "Died with a plan", ""),
)
"""Series, label and the published measure beside it, if any."""
RANGED = ("requests", "new_plans", "within_20_weeks", "ceased")
SOURCE = "published: council paper, March 2025"


@dataclass(frozen=True)
class Row:
    """A label and a value a column; ``unit`` says how to print them: count, change, percent or million."""

    label: str
    values: tuple[Value, ...]
    unit: str = "count"
    strong: bool = False


@dataclass(frozen=True)
class Sheet:
    """A table: what it shows and where published figures come from, its columns, its rows, notes to print below."""

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()


def sheets(results: Results, published: Published) -> list[Sheet]:
    """Every table of a scenario that has anything to show."""
    made = [make(results, published) for make in (plans, school_age, requests, spend)]
    return [sheet for sheet in made if sheet.columns[1:]]


def plans(results: Results, published: Published) -> Sheet:
    """EHC plans by placement each January, with the published totals."""
    januaries = results.januaries()
    held = {s.partition(".")[2]: results.means(s, januaries) for s in results.series if s.startswith("plans.")}
    held = {place: held[place] for place in sorted(held, key=_order) if any(held[place])}
    columns = [adding_up([counts[k] or 0.0 for counts in held.values()]) for k in range(len(januaries))]
    names = [PLACES.get(place, place.replace("_", " ")) for place in held]
    rows = [Row(name, tuple(column[i] for column in columns)) for i, name in enumerate(names)]
    rows.append(Row("All EHC plans", tuple(sum(column) for column in columns), strong=True))
    rows += _beside(results, published, "plans", "ehcp_0_25")
    return Sheet("plans", f"EHC plans by placement, each January ({SOURCE})", _years(januaries), tuple(rows))


def _order(place: str) -> tuple[int, str]:
    return (list(PLACES).index(place) if place in PLACES else len(PLACES), place)


def _years(januaries: Sequence[str]) -> tuple[str, ...]:
    return ("", *(f"Jan {year(month(p))}" for p in januaries))


def school_age(results: Results, published: Published) -> Sheet:
    """SEN Support and plans of school age each January, with the published."""
    januaries = results.januaries()
    rows = []
    for label, series, measure in (
        ("SEN Support", "sen_support_school_age", "sen_support_school_age"),
        ("EHC plans", "plans_school_age", "ehcp_statutory_school_age"),
    ):
        rows.append(Row(label, results.means(series, januaries), strong=True))
        rows += _beside(results, published, series, measure)
    title = f"School age (Reception to Year 11), each January ({SOURCE})"
    return Sheet("school_age", title, _years(januaries), tuple(rows))


def _beside(results: Results, published: Published, series: str, measure: str) -> Iterator[Row]:
    """Range over runs, published figure and difference of a January series."""
    januaries = results.januaries()
    known = tuple(published.counts.get((measure, year(month(p)))) for p in januaries)
    yield from _spread(results, results.ranges(series, januaries))
    if any(v is not None for v in known):
        pairs = zip(results.means(series, januaries), known, strict=True)
        yield Row("  published", known)
        yield Row("  difference", tuple(None if v is None or m is None else m - v for m, v in pairs), "change")


def _spread(results: Results, values: tuple[Value, ...], unit: str = "count") -> Iterator[Row]:
    """The row of ranges over runs, if there is more than one run."""
    if results.runs > 1:
        yield Row("  5% to 95% of runs", values, unit)


def requests(results: Results, published: Published) -> Sheet:
    """Requests, decisions, new plans and plans ended by calendar year, the published year beside the model's."""
    years = results.periods("requests", 4)
    beside = [y for y in years if any((measure, int(y)) in published.counts for _, _, measure in REQUESTS)]
    columns = [(y, kind) for y in years for kind in (("", "published") if y in beside else ("",))]
    rows: list[Row] = []
    for series, label, measure in REQUESTS:
        unit = "percent" if series == "within_20_weeks" else "count"
        model = dict(zip(years, results.means(series, years), strict=True))
        told = {y: published.counts.get((measure, int(y))) for y in years}
        rows.append(Row(label, tuple(told[y] if kind else model[y] for y, kind in columns), unit))
        if series in RANGED:
            spread = dict(zip(years, results.ranges(series, years), strict=True))
            rows += _spread(results, tuple(None if kind else spread[y] for y, kind in columns), unit)
    title = f"Requests, new plans and plans ended, by calendar year ({SOURCE})"
    return Sheet("requests", title, ("", *(f"{y} {kind}".strip() for y, kind in columns)), tuple(rows))


def spend(results: Results, published: Published) -> Sheet:
    """High Needs spend by the council's lines and financial year: model, price range, the paper, the forecast."""
    years = results.periods("spend.total", 7)
    kinds = {y: ("model", "prices", "paper") if y == PRICED else ("model", "council") for y in years}
    columns = [(y, kind) for y in years for kind in kinds[y] if _any_told(published, y, kind)]
    rounded = {y: adding_up([_million(results, f"spend.{line}", y) for line in LINES], 1) for y in years}
    rows = []
    for line in (*LINES, "total"):
        model = {y: sum(rounded[y]) if line == "total" else rounded[y][LINES.index(line)] for y in years}
        values = tuple(_spend_cell(results, published, line, y, kind, model[y]) for y, kind in columns)
        rows.append(Row(LINE_NAMES[line], values, "million", line == "total"))
    spread = dict(zip(years, results.ranges("spend.total", years, 1e8), strict=True))
    rows += _spread(results, tuple(spread[y] if kind == "model" else None for y, kind in columns), "million")
    title = "High Needs spend by financial year, GBP million"
    notes = (*_spend_notes(published, columns), *_floor_note(results, published))
    return Sheet("spend", title, ("", *(f"{y} {k}" for y, k in columns)), tuple(rows), notes)


def _floor_note(results: Results, published: Published) -> Iterator[str]:
    """Whether the council's figure for independent schools could be reached by stopping entry alone."""
    for period, floor_ in list(results.series.get("spend_floor.independent", {}).items())[-1:]:
        told = published.forecast.get((FORECAST["independent"], period))
        if told is not None:
            left = floor_.mean / 1e8
            yield (
                f"Independent special: if nobody entered from April 2025, the line would still be {left:.1f} in "
                f"{period}, {'above' if left > told else 'below'} the council's {told:.0f}."
            )


def _spend_cell(results: Results, published: Published, line: str, year: str, kind: str, model: float) -> Value:
    if kind == "model":
        return model
    if kind == "prices":
        return _million(results, f"spend_low.{line}", year), _million(results, f"spend_high.{line}", year)
    return _told(published, line, year, kind)


def _told(published: Published, line: str, year: str, kind: str) -> float | None:
    if kind == "paper":
        return published.paper.get(("total_as_printed" if line == "total" else line, year))
    return published.forecast.get((FORECAST[line], year))


def _any_told(published: Published, year: str, kind: str) -> bool:
    """Whether a column has anything to show: the model's always has."""
    return kind in {"model", "prices"} or any(_told(published, line, year, kind) is not None for line in FORECAST)


def _spend_notes(published: Published, columns: Sequence[tuple[str, str]]) -> Iterator[str]:
    kinds = {kind for _, kind in columns}
    if "prices" in kinds:
        yield "prices: the same children with every price at its lowest and at its highest estimate."
    if "paper" in kinds:
        yield "paper: council paper, March 2025 (its forecast of November 2024)."
    if "council" in kinds:
        line = "savings_to_be_attributed_from_further_actions"
        saved = [(y, published.forecast.get((line, y))) for y, kind in columns if kind == "council"]
        amounts = ", ".join(f"{-v:.0f} in {y}" for y, v in saved if v)
        after = f"; totals are after savings not yet found ({amounts})" if amounts else ""
        yield f"council: its revised Safety Valve projection, March 2025{after}."


def _million(results: Results, series: str, year: str) -> float:
    return results.series[series][year].mean / 1e8
