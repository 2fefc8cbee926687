"""A chart drawn to SVG, offline: for a wide page and for a narrow one, safe to put several into one page."""

from __future__ import annotations

import re
from copy import deepcopy
from textwrap import wrap
from typing import Any

from cohort.report.table import Chart

NARROW = 340
"""Pixels of the drawing for narrow screens; the specification says how wide the other one is."""
CHARACTERS = 40
"""Of a title's line there."""
LINE = 14
"""Pixels of a line of the words over a bar there."""
WORDS = 48
"""Characters of a line of the words over a bar there."""


def drawn(chart: Chart, narrow: bool = False) -> str:
    """The SVG element, with ids of its own and without a name: the page gives it one."""
    import vl_convert

    spec: dict[str, Any] = deepcopy(chart.spec)
    if narrow:
        spec["width"] = NARROW
        _shrink(spec)
    found = vl_convert.vegalite_to_svg(spec, allowed_base_urls=[])
    return _own_ids(found, f"{chart.key}{'-narrow' if narrow else ''}")


def _shrink(spec: dict[str, Any]) -> None:
    """Text a little smaller, the title and the words over bars in lines that fit."""
    config = spec.get("config", {})
    axis = config.get("axis", {}) | {"labelFontSize": 12, "titleFontSize": 12}
    spec["config"] = config | {"axis": axis, "text": config.get("text", {}) | {"fontSize": 12}}
    if isinstance(title := spec.get("title"), dict) and isinstance(title.get("text"), str):
        title["text"] = wrap(title["text"], CHARACTERS)
    lines = _wrapped(spec)
    for layer in spec.get("layer", ()):
        if isinstance(mark := layer.get("mark"), dict) and mark.get("limit"):
            mark |= {"limit": NARROW - 10, "lineBreak": "\n", "lineHeight": LINE, "dy": mark["dy"] - LINE * (lines - 1)}
    spec["height"] = int(spec["height"] * (1 + 0.3 * (lines - 1)))


def _wrapped(spec: dict[str, Any]) -> int:
    """Break the words over bars into lines that fit a narrow drawing, the last just over the bar; returns how many."""
    parts = [spec, *spec.get("layer", ())]
    rows = [row for part in parts if isinstance(data := part.get("data"), dict) for row in data.get("values", ())]
    rows += [row for found in spec.get("datasets", {}).values() for row in found]
    over = [row for row in rows if isinstance(row.get("words"), str)]
    most = max((len(wrap(row["words"], WORDS)) for row in over), default=1)
    for row in over:
        lines = wrap(row["words"], WORDS)
        row["words"] = "\n".join([*[" "] * (most - len(lines)), *lines])
    return most


def _own_ids(svg: str, key: str) -> str:
    """Ids in one page must differ: each gets the chart's key before it."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{key}-\1"', svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
