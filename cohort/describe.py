"""What a policy changes, as a table for people; and one rate taken apart into its base and each change's part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from textwrap import shorten
from typing import TYPE_CHECKING

import numpy as np

from cohort import calendar
from cohort.changes import Change, Price
from cohort.when import Size, Uncertain, When
from cohort.where import Where

if TYPE_CHECKING:
    from cohort.baserates import Floats
    from cohort.policy import Policy
    from cohort.rates import Rates

HEADINGS = ("policy", "change", "what", "for whom", "from", "in full", "until", "how much", "because")
_SIZES = {"by": "x {}", "to": "to {}", "share": "{} of them", "appeal_share": "{} appeal", "pounds": "GBP {} a year",
          "places": "{} places", "months": "{} months", "growth": "growth {}"}  # fmt: skip
_QUIET = {"by": 1.0, "growth": 0.0}
"""Sizes that change nothing and need not be told."""


def row(change: Change) -> tuple[str, ...]:
    """One change in words, under ``HEADINGS``."""
    when = change.timing
    for_whom = getattr(change, "where", None) or getattr(change, "areas", None) or getattr(change, "area", "")
    for_whom = for_whom or getattr(change, "may_touch", "")
    if isinstance(change, Price):
        for_whom = str(Where(needs=change.needs, severity=change.severity))
        told = [change.county and f"{change.county} the county", change.stay]
        for_whom = "; ".join(x for x in (for_whom, *told, "new placements" if change.new_placements else "") if x)
    whom = ", ".join(for_whom) if isinstance(for_whom, tuple) else str(for_whom or "everybody")
    return (
        change.owner, change.label, f"{change.kind} {change.target}", whom, _start(when), when.full, when.end,
        _sizes(change), change.because,
    )  # fmt: skip


def _start(when: When) -> str:
    late = f", {_size(when.delay)} months late" if when.delay else ""
    return when.start + late


def _sizes(change: Change) -> str:
    found = {name: getattr(change, name) for name in _SIZES if hasattr(change, name)}
    if change.kind == "hatch":
        return "as its function says: code, not data"
    return ", ".join(_SIZES[k].format(_size(v)) for k, v in found.items() if _QUIET.get(k) != v) or "-"


def _size(size: Size) -> str:
    if isinstance(size, Uncertain):
        return f"{_number(size.mode)} ({_number(size.low)} to {_number(size.high)})"
    return _number(size)


def _number(value: float) -> str:
    """ "21,000,000", "0.85": never with an exponent."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def as_text(changes: Sequence[Change], width: int = 30) -> str:
    """A table in plain text, long cells cut at ``width``."""
    rows = [HEADINGS, *(tuple(shorten(cell, width, placeholder="...") for cell in row(c)) for c in changes)]
    if not changes:
        return "no changes"
    wide = [max(len(r[k]) for r in rows) for k in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(w) for cell, w in zip(r, wide, strict=True)).rstrip() for r in rows]
    return "\n".join([lines[0], "  ".join("-" * w for w in wide), *lines[1:]])


def as_html(changes: Sequence[Change]) -> str:
    """The same table as HTML, whole and escaped."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in HEADINGS)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row(c))}</tr>" for c in changes)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def why(policy: Policy, rate: str, month: str, authority: str, draw: int, cell: Mapping[str, int | str]) -> str:
    """One rate of one cell in a month: its base in a parameter draw, each change's part, and what it comes to."""
    from cohort import parameters
    from cohort.apart import apart
    from cohort.pack import Pack
    from cohort.rates import Rates

    pack, at = Pack.load(authority), calendar.month(month)
    params = parameters.draw(pack, draw)
    rates = Rates(pack, params, policy)
    if rate not in rates.base:
        raise ValueError(f"{rate!r} is not a rate; allowed: {', '.join(rates.base)}")
    place = {d: _position(rates, d, value) for d, value in cell.items()}
    found = apart(rates, rate, at, lambda grid: _value(grid, place))
    acting = {(part.policy, part.change): part for part in found.parts}
    lines = [
        f"{rate} in {month}, {', '.join(f'{d} {v}' for d, v in cell.items()) or 'everywhere'}, draw {draw}",
        f"  base        {found.base:.6f} a month",
    ]
    for change in rates.acting[rate]:
        part = acting.get((change.owner, change.label))
        said = "x 1.0000" if part is None else f"x {part.factor:.4f}" if part.factor else f"to {part.value:.6f}"
        lines.append(f"  {said:<11} {change.owner}: {change.label} ({change.because or 'no reason given'})")
    return "\n".join([*lines, f"  comes to    {found.value:.6f} a month"])


def _position(rates: Rates, dim: str, value: int | str) -> int:
    from cohort.baserates import position

    return position(dim, value, rates.vocabulary)


def _value(grid: Floats, place: Mapping[str, int]) -> float:
    """The rate at a place; a dimension that is not given is averaged over."""
    from cohort.processes import DIMS

    for axis, d in enumerate(DIMS):
        if d in place:
            grid = np.take(grid, [min(place[d], grid.shape[axis] - 1)], axis=axis)
    return float(grid.mean())
