"""Charts with lines: plans, the accumulated deficit, places against demand, and the chance of a spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cohort.report.chart_style import BLUE, GREY, PLUM, Series, Tables, finished, lines, listed
from cohort.report.table import Chart, Table

COLOURS = (BLUE, PLUM)
"""The base's and the scenario's."""
Worlds = Mapping[str, str]
MILLION = 1e8


def _points(table: Table, key: str, scale: float = 1.0) -> tuple[tuple[float, float], ...]:
    """(number of the column, value) where the row has a number."""
    return tuple(
        (float(k), value / scale)
        for k, column in enumerate(table.columns)
        if (value := table.number(key, column)) is not None
    )


def _band(table: Table, key: str, scale: float = 1.0) -> tuple[tuple[float, float, float], ...]:
    low, high = (dict(_points(table, f"{key}.{end}", scale)) for end in ("low", "high"))
    return tuple((x, low[x], high[x]) for x in low if x in high)


def _series(table: Table, worlds: Worlds, suffix: str = "", scale: float = 1.0) -> list[Series]:
    """A line a world, with its range; a world of which no cell is shown has none."""
    found = [
        Series(title, colour, _points(table, name + suffix, scale), _band(table, name + suffix, scale))
        for (name, title), colour in zip(worlds.items(), COLOURS, strict=False)
    ]
    return [s for s in found if s.points]


def _told(series: Sequence[Series], ticks: Sequence[str], form: str) -> str:
    """Each line's first and last point in words."""
    return "; ".join(
        f"{s.name} from {format(s.points[0][1], form)} ({ticks[int(s.points[0][0])]}) to "
        f"{format(s.points[-1][1], form)} ({ticks[int(s.points[-1][0])]})"
        for s in series
    )


def plans(tables: Tables, worlds: Worlds) -> Chart | None:
    """The fan of plans with the published counts."""
    table = tables["plans"]
    series = _series(table, worlds)
    if not series:
        return None
    told = Series("Published", GREY, _points(table, "published"), dots=True, dash=(4, 3))
    every = [told, *series] if told.points else series
    ticks = [c.removeprefix("Jan ") for c in table.columns]
    spec = finished(lines(every, dict(enumerate(ticks)), "Plans in January", label=",.0f"), 380)
    return Chart(
        "plans_fan", table.finding,
        f"Line chart of plans each January. {_told(every, table.columns, ',.0f')}. Bands show nine runs in ten.",
        spec, "plans", table.source, table.group,
    )  # fmt: skip


def deficit(tables: Tables, worlds: Worlds, override_ends: str) -> Chart | None:
    """The fan of the accumulated deficit, the council's plan, and the day on which the override ends."""
    table = tables["safety_valve"]
    series = _series(table, worlds, ".closing", MILLION)
    if not series:
        return None
    council = _points(table, "published.closing", MILLION)
    every = [*series, *([Series("Council's plan", GREY, council, dots=True, dash=(4, 3))] if council else [])]
    opening = table.number(f"{next(iter(worlds))}.opening", table.columns[0])
    if opening is not None:
        every = [_begun(s, opening / MILLION) for s in every]
    first = int(table.columns[0][:4])
    ticks = {-1.0: f"{first}"} | {float(k): f"{first + k + 1}" for k in range(len(table.columns))}
    marks = [(float(table.columns.index(override_ends)), "override ends")] if override_ends in table.columns else []
    names = [ticks[-1.0], *(ticks[float(k)] for k in range(len(table.columns)))]
    shifted = [Series(s.name, s.colour, tuple((x + 1, y) for x, y in s.points)) for s in every]
    chart = lines(every, ticks, "£ million on 31 March", zero=True, marks=marks, label=",.0f")
    return Chart(
        "deficit_fan", table.finding,
        f"Line chart of the accumulated deficit on 31 March, in £ million. {_told(shifted, names, ',.0f')}. "
        + (f"A line marks 31 March 20{override_ends[-2:]}, when the statutory override ends." if marks else ""),
        finished(chart, 400), "safety_valve", table.source, table.group,
    )  # fmt: skip


def _begun(s: Series, opening: float) -> Series:
    """From the opening balance on."""
    band = ((-1.0, opening, opening), *s.band) if s.band else ()
    return Series(s.name, s.colour, ((-1.0, opening), *s.points), band, s.dash, s.dots)


def places(tables: Tables, worlds: Worlds) -> Chart | None:
    """Special school places against the children there or waiting."""
    if (table := tables.get("places")) is None:
        return None
    series, said = [], []
    for (name, title), colour in zip(worlds.items(), COLOURS, strict=False):
        room = _points(table, f"{name}.state_special.places")
        held, waits = (dict(_points(table, f"{name}.state_special.{c}")) for c in ("filled", "waiting"))
        wanted = tuple((x, held[x] + waits[x]) for x in held if x in waits)
        if not room or not wanted:
            continue
        series += [Series(f"{title}: places", colour, room, dash=(6, 3)), Series(f"{title}: wanted", colour, wanted)]
        gap = wanted[-1][1] - room[-1][1]
        said.append(f"about {5 * round(abs(gap) / 5):,} {'too few' if gap > 0 else 'more than wanted'} ({title})")
    if not series:
        return None
    ticks = [c.removeprefix("Jan ") for c in table.columns]
    chart = lines(series, dict(enumerate(ticks)), "Places, and children there or waiting", label=",.0f")
    return Chart(
        "places_lines", f"Special school places in {table.columns[-1].replace('Jan ', 'January ')}: {listed(said)}.",
        f"Line chart of special school places and of the children who have or wait for one, each January. "
        f"{_told(series, table.columns, ',.0f')}.",
        finished(chart, 380), "places", table.source, table.group,
    )  # fmt: skip


def chance(tables: Tables, worlds: Worlds) -> Chart | None:
    """The S-curve: the share of runs at or below a spend, with the council's plan."""
    table = tables["spend_chance"]
    levels = [row.key for row in table.rows if row.kind == "line"]
    series = []
    for title, colour in zip(worlds.values(), COLOURS, strict=False):
        found = [(table.number(level, title), float(level)) for level in levels]
        points = tuple((x / MILLION, y) for x, y in found if x is not None)
        if len({x for x, _ in points}) > 1:
            series.append(Series(title, colour, points))
    if not series:
        return None
    council = table.number("published", table.columns[0])
    values = [x for s in series for x, _ in s.points] + ([council / MILLION] if council is not None else [])
    step = next(s for s in (1, 2, 5, 10, 20, 50, 100, 1000) if (max(values) - min(values)) / s <= 8)
    ticks = {float(step * k): f"{step * k:,}" for k in range(int(min(values) // step), int(max(values) // step) + 3)}
    marks = [(council / MILLION, f"council's plan {council / MILLION:,.0f}")] if council is not None else []
    chart = lines(
        series, ticks, "Share of runs that spend at most so much (£ million)", form=".0%", zero=True, marks=marks
    )
    plan = f"The council's plan, £{council / MILLION:,.0f} million, is marked by a dotted line." if council else ""
    ends = "; ".join(f"{s.name}: 5% at £{s.points[0][0]:,.1f} million, 95% at £{s.points[-1][0]:,.1f} million"
                     for s in series)  # fmt: skip
    return Chart(
        "spend_curve", table.finding,
        f"S-shaped curve of the chance that spend is at or below an amount. {ends}. {plan}",
        finished(chart, 340), "spend_chance", table.source, table.group,
    )  # fmt: skip
