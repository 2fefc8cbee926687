"""The lab's charts, as Vega-Lite specifications with their data inside: no request, labels on the lines, words for who
cannot see them.

What a chart finds is its title, above it. Colours are the Analysis Function's; a line is told by its label
and dash as well.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

BLUE, TEAL, PLUM, ORANGE, GREY = "#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D"
Spec = dict[str, Any]


@dataclass(frozen=True)
class Vega:
    """A Vega-Lite specification that marimo draws in the browser."""

    spec: Spec

    def _mime_(self) -> tuple[str, str]:
        return "application/vnd.vegalite.v6+json", json.dumps(self.spec)


@dataclass(frozen=True)
class Line:
    """A series of (period, value); with ``low`` and ``high`` it has a band of 5 to 95% of runs."""

    label: str
    points: Mapping[str, float]
    colour: str
    dash: tuple[int, ...] = ()
    low: Mapping[str, float] | None = None
    high: Mapping[str, float] | None = None
    marks: bool = False
    """points only: what was published"""


def lines(words: str, unit: str, of: Sequence[Line], monthly: bool, zero: bool = False) -> Spec:
    """Lines over months or financial years. ``words`` describe the chart for who cannot see it."""
    there = [line for line in of if line.points]
    drawn = [line for line in there if not line.marks]
    lowest = sorted(drawn, key=lambda line: list(line.points.values())[-1])[: len(drawn) // 2]
    layers = [layer for line in there for layer in _layers(line, unit, monthly, zero, below=line in lowest)]
    return _chart(words, {"layer": layers, "height": 260})


def _layers(line: Line, unit: str, monthly: bool, zero: bool, below: bool) -> list[Spec]:
    """The band if there is one, the line or points, and its label above or below where it ends."""
    x: Spec = {"field": "at", "type": "temporal" if monthly else "ordinal", "title": None}
    x["axis"] = {"format": "%Y", "tickCount": "year", "grid": False} if monthly else {"labelAngle": 0}
    y: Spec = {"field": "value", "type": "quantitative", "title": unit, "scale": {"zero": zero, "nice": True}}
    rows = [{"at": at, "value": value, "of": line.label} for at, value in line.points.items()]
    when: Spec = {"field": "at", "title": "when"} | ({"type": "temporal", "format": "%B %Y"} if monthly else {})
    tip = [{"field": "of", "title": "world"}, when, {"field": "value", "title": unit, "format": ",.1f"}]
    made: list[Spec] = []
    if line.low is not None and line.high is not None:
        band = [{"at": at, "low": line.low[at], "high": line.high[at]} for at in line.points if at in line.low]
        edge = {"color": line.colour, "strokeWidth": 1, "opacity": 1}
        area: Spec = {"type": "area", "color": line.colour, "fillOpacity": 0.25, "line": edge}
        ends = {"x": x, "y": y | {"field": "low"}, "y2": {"field": "high"}}
        upper = {"x": x, "y": y | {"field": "high"}}
        made.append({"data": {"values": band}, "mark": area, "encoding": ends})
        made.append({"data": {"values": band}, "mark": {"type": "line", **edge}, "encoding": upper})
    if line.marks:
        mark: Spec = {"type": "point", "filled": True, "size": 60, "color": line.colour}
    else:
        point = False if monthly else {"color": line.colour}
        mark = {"type": "line", "color": line.colour, "strokeWidth": 2.5, "strokeDash": list(line.dash), "point": point}
    made.append({"data": {"values": rows}, "mark": mark, "encoding": {"x": x, "y": y, "tooltip": tip}})
    text: Spec = {"type": "text", "color": line.colour, "fontWeight": "bold"}
    text |= {"align": "left", "dx": 8, "dy": 12} if line.marks else {"align": "right", "dy": 18 if below else -10}
    named = {"x": x, "y": y, "text": {"value": line.label}}
    halo = text | {"color": "#fff", "stroke": "#fff", "strokeWidth": 4, "strokeJoin": "round"}
    made += [{"data": {"values": rows[-1:]}, "mark": mark, "encoding": named} for mark in (halo, text)]
    return made


def bars(words: str, unit: str, of: Mapping[str, Mapping[str, float]], colours: Sequence[str]) -> Spec:
    """Label -> series -> value: a group of bars a label, each bar with its value."""
    rows: list[dict[str, Any]] = [
        {"label": label, "of": s, "value": v} for label, series in of.items() for s, v in series.items()
    ]
    names = list(dict.fromkeys(row["of"] for row in rows))
    encoding: Spec = {
        "y": {"field": "label", "type": "nominal", "sort": None, "title": None, "axis": {"labelLimit": 200}},
        "yOffset": {"field": "of", "sort": names},
        "x": {"field": "value", "type": "quantitative", "title": unit, "scale": _room([r["value"] for r in rows])},
    }
    legend = {"orient": "top", "labelLimit": 300, "columns": 2} if len(names) > 1 else None
    scale = {"domain": names, "range": list(colours)}
    colour: Spec = {"field": "of", "type": "nominal", "title": None, "scale": scale, "legend": legend}
    whole = all(r["value"] == round(r["value"]) for r in rows)
    shown = {"field": "value", "type": "quantitative", "format": ",.0f" if whole else ",.1f"}
    tip = [{"field": "label", "title": "what"}, {"field": "of", "title": "world"}, shown | {"title": unit}]
    layers: list[Spec] = [{"mark": "bar", "encoding": {"color": colour, "tooltip": tip}}]
    for side, test in (("left", "datum.value >= 0"), ("right", "datum.value < 0")):
        text = {"type": "text", "align": side, "dx": 4 if side == "left" else -4, "color": GREY}
        layers.append({"transform": [{"filter": test}], "mark": text, "encoding": {"text": shown}})
    return _chart(words, {"data": {"values": rows}, "encoding": encoding, "layer": layers,
                                 "height": {"step": 14 if len(names) > 1 else 22}})  # fmt: skip


def _room(values: Sequence[float]) -> Spec:
    """A scale with room for the number at the end of each bar, even where the page is narrow."""
    low, high = min([0.0, *values]), max([0.0, *values])
    beyond = 0.3 * (high - low) or 1.0
    return {"domain": [low - beyond if low < 0 else 0.0, high + beyond if high > 0 else 0.0], "nice": False}


def _chart(words: str, body: Spec) -> Spec:
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": words,
        "usermeta": {"embedOptions": {"actions": False}},
        "width": "container",
        "autosize": {"type": "fit", "contains": "padding"},
        **body,
        "config": {"font": "sans-serif", "view": {"stroke": None}, "axis": {"labelFontSize": 12, "titleFontSize": 12,
                   "labelColor": GREY, "titleColor": GREY}, "text": {"fontSize": 12}},
    }  # fmt: skip


__all__ = ["BLUE", "GREY", "ORANGE", "PLUM", "TEAL", "Line", "Spec", "Vega", "bars", "lines"]
