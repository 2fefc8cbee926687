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
    """Text a little smaller, the title in lines, and words cut where the drawing ends: all of them are in the table."""
    config = spec.get("config", {})
    axis = config.get("axis", {}) | {"labelFontSize": 12, "titleFontSize": 12}
    spec["config"] = config | {"axis": axis, "text": config.get("text", {}) | {"fontSize": 12}}
    if isinstance(title := spec.get("title"), dict) and isinstance(title.get("text"), str):
        title["text"] = wrap(title["text"], CHARACTERS)
    for layer in spec.get("layer", ()):
        if isinstance(mark := layer.get("mark"), dict) and mark.get("limit"):
            mark["limit"] = NARROW - 10


def _own_ids(svg: str, key: str) -> str:
    """Ids in one page must differ: each gets the chart's key before it."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{key}-\1"', svg)
    return svg.replace("<svg ", '<svg aria-hidden="true" focusable="false" ', 1)
