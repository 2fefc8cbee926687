"""How charts look: the Analysis Function's palette, outlined bands, labels on lines, and text that says what is shown.

The palette is made so that neighbouring colours differ in lightness too; a chart has at most four of them, and never
tells series apart by colour alone. Titles are not in the drawing: the page sets them as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import altair as alt

from cohort.report.table import Table

BLUE, TEAL, PLUM, ORANGE, GREY = "#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D"
WIDE = 700
TEXT = "#262626"
CONFIG: dict[str, Any] = {
    "aria": False,
    "background": "white",
    "font": "Arial, Helvetica, 'DejaVu Sans', sans-serif",
    "padding": {"left": 4, "top": 4, "bottom": 4, "right": 24},
    "view": {"stroke": None},
    "axis": {"labelFontSize": 14, "titleFontSize": 14, "titleFontWeight": "normal", "labelColor": TEXT,
             "titleColor": TEXT, "gridColor": "#DADADA", "domainColor": "#6F6F6F", "tickColor": "#6F6F6F"},
    "text": {"fontSize": 14, "color": TEXT},
    "line": {"strokeWidth": 2.5},
}  # fmt: skip
Tables = Mapping[str, Table]
Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Series:
    """A line of a chart: its name, colour, points, and where there are ranges their ends."""

    name: str
    colour: str
    points: tuple[tuple[float, float], ...]
    band: tuple[tuple[float, float, float], ...] = ()
    dash: tuple[int, ...] = ()
    dots: bool = False


def finished(chart: Any, height: int, width: int = WIDE) -> dict[str, object]:
    """An Altair chart's specification, its data inside, ``width`` wide with everything in it."""
    made = chart.properties(width=width, height=height, autosize=alt.AutoSizeParams(type="fit", contains="padding"))
    spec = made.to_dict()
    return {**spec, "config": CONFIG}


def rows(of: Iterable[Mapping[str, Any]]) -> alt.Data:
    """Rows as data that goes into the specification."""
    return alt.InlineData(values=[dict(row) for row in of])


def apart(values: Sequence[float], gap: float) -> list[float]:
    """Places for labels near their values, no two closer than ``gap``: moved up from the lowest, then centred."""
    order = sorted(range(len(values)), key=lambda i: values[i])
    placed = [float(v) for v in values]
    for one, two in pairwise(order):
        placed[two] = max(placed[two], placed[one] + gap)
    shift = sum(p - v for p, v in zip(placed, values, strict=True)) / max(len(values), 1)
    crowded = any(abs(p - v) > 1e-9 for p, v in zip(placed, values, strict=True))
    return [p - shift for p in placed] if crowded else placed


def lines(series: Sequence[Series], x: Mapping[float, str], y_title: str, form: str = ",.0f", zero: bool = False,
          marks: Sequence[tuple[float, str]] = (), label: str = "") -> Any:  # fmt: skip
    """Lines with outlined bands, named at their ends; ``x`` is the ticks with their words, ``marks`` vertical rules.

    ``label`` is the format of the number put after a line's name, none if empty.
    """
    ys = [v for s in series for _, *found in (*s.points, *s.band) for v in found]
    low, high = min([*ys, *([0.0] if zero else [])]), max(ys)
    room = (high - low) or 1.0
    low = low if zero and low == 0 else low - 0.08 * room
    scale = alt.Scale(domain=[low, high + 0.08 * room], zero=False, nice=False)
    ticks = list(x)
    words = " : ".join(f"datum.value == {tick:g} ? '{_quoted(text)}'" for tick, text in x.items()) + " : ''"
    across = alt.X("x:Q", scale=alt.Scale(domain=[ticks[0], ticks[-1]], nice=False, zero=False),
                   axis=alt.Axis(values=ticks, labelExpr=words, title=None, grid=False, labelOverlap="parity",
                                 labelFlush=False))  # fmt: skip
    up = alt.Y("y:Q", scale=scale, axis=alt.Axis(title=None, format=form, tickCount=6))
    layers: list[alt.Chart] = []
    for at, text in marks:
        layers += _mark(at, text, across, high + 0.05 * room, up, (ticks[0] + ticks[-1]) / 2)
    for s in series:
        layers += _band(s, across, up) if s.band else []
    ends = apart([s.points[-1][1] for s in series], 0.075 * room * 1.16)
    for s, end in zip(series, ends, strict=True):
        layers += _line(s, across, up, end, label)
    chart = alt.layer(*layers)
    # the room for names at the right is made by the text marks; the axis title stands above, as text of the chart
    return chart.properties(title=alt.TitleParams(y_title, anchor="start", fontSize=14, fontWeight="normal", color=TEXT,
                                                  offset=8))  # fmt: skip


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _mark(at: float, text: str, across: alt.X, top: float, up: alt.Y, middle: float) -> list[alt.Chart]:
    data = rows([{"x": at, "y": top, "text": text}])
    rule = alt.Chart(data).mark_rule(color=GREY, strokeDash=[2, 3]).encode(x=across)
    side: dict[str, Any] = {"align": "right", "dx": -6} if at > middle else {"align": "left", "dx": 6}
    said = alt.Chart(data).mark_text(color=TEXT, baseline="top", **side).encode(x=across, y=up, text="text:N")
    return [rule, said]


def _band(s: Series, across: alt.X, up: alt.Y) -> list[alt.Chart]:
    data = rows({"x": x, "y": low, "y2": high} for x, low, high in s.band)
    area = alt.Chart(data).mark_area(color=s.colour, opacity=0.18).encode(x=across, y=up, y2="y2:Q")
    edges = [
        alt.Chart(rows({"x": x, "y": edge} for x, *ends in s.band for edge in [ends[k]]))
        .mark_line(color=s.colour, strokeWidth=1)
        .encode(x=across, y=up)
        for k in (0, 1)
    ]
    return [area, *edges]


def _line(s: Series, across: alt.X, up: alt.Y, end: float, label: str) -> list[alt.Chart]:
    data = rows({"x": x, "y": y} for x, y in s.points)
    line = alt.Chart(data).mark_line(color=s.colour, strokeDash=list(s.dash) or [1, 0])
    out = [line.encode(x=across, y=up)]
    if s.dots:
        out.append(alt.Chart(data).mark_point(color=s.colour, filled=True, size=60).encode(x=across, y=up))
    x, y = s.points[-1]
    name = f"{s.name} {format(y, label)}" if label else s.name
    said = rows([{"x": x, "y": end, "text": name}])
    text = alt.Chart(said).mark_text(align="left", dx=8, color=s.colour, fontWeight="bold")
    return [*out, text.encode(x=across, y=up, text="text:N")]


def listed(values: Sequence[str]) -> str:
    """ "a, b and c" """
    return " and ".join(filter(None, (", ".join(values[:-1]), values[-1]))) if values else ""
