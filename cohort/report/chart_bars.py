"""Charts with bars: plans by placement, children who are elsewhere, the waterfall, and what each policy saves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt

from cohort.report.chart_lines import MILLION, Worlds
from cohort.report.chart_style import BLUE, GREY, ORANGE, PLUM, TEAL, TEXT, WIDE, Tables, apart, finished, listed, rows
from cohort.report.placements import GROUPS, REST
from cohort.report.scorecard import MODEL, called, years
from cohort.report.table import Chart, Row, Table

STACK = dict(zip((*GROUPS, REST), (BLUE, TEAL, PLUM, ORANGE), strict=True))
STEP = 40
"""Pixels of a row: its words, and the bar below them."""
MOST = 8
"""Rows of a chart that shows the largest of many."""


def stacked(tables: Tables, worlds: Worlds) -> Chart | None:
    """Plans by group of placements each January, of the scenario."""
    table = tables["plans_by_group"]
    name, title = list(worlds.items())[-1]
    found = {g: [table.number(f"{name}.{g}", c) for c in table.columns] for g in STACK}
    if any(v is None for values in found.values() for v in values):
        return None
    years = [c.removeprefix("Jan ") for c in table.columns]
    data, ends, below = [], [], [0.0] * len(years)
    for group, colour in STACK.items():
        heights = [float(v or 0) for v in found[group]]
        data += [{"x": y, "y": b, "y2": b + h, "colour": colour}
                 for y, b, h in zip(years, below, heights, strict=True)]  # fmt: skip
        ends.append((group, below[-1] + heights[-1] / 2, heights[-1]))
        below = [b + h for b, h in zip(below, heights, strict=True)]
    up = alt.Y(
        "y:Q", axis=alt.Axis(title=None, format=",.0f", tickCount=6), scale=alt.Scale(domain=[0, max(below) * 1.02])
    )
    across = alt.X(
        "x:O",
        axis=alt.Axis(title=None, labelAngle=0, labelOverlap="parity"),
        scale=alt.Scale(paddingInner=0.25, paddingOuter=0.1),
    )
    bars = alt.Chart(rows(data)).mark_bar(stroke="white", strokeWidth=1).encode(
        x=across, y=up, y2="y2:Q", color=alt.Color("colour:N", scale=None))  # fmt: skip
    at = apart([y for _, y, _ in ends], max(below) * 0.07)
    said = rows({"x": years[-1], "y": y, "text": f"{g} {h:,.0f}"} for (g, _, h), y in zip(ends, at, strict=True))
    names = alt.Chart(said).mark_text(align="left", color=TEXT, dx=alt.expr("bandwidth('x') / 2 + 8")).encode(
        x=across, y=up, text="text:N")  # fmt: skip
    head = alt.TitleParams("Plans in January", anchor="start", fontSize=14, fontWeight="normal", color=TEXT)
    told = "; ".join(f"{g} {(v[0] or 0):,.0f} to {(v[-1] or 0):,.0f}" for g, v in found.items())
    return Chart(
        "plans_stacked", table.finding,
        f"Stacked bars of plans each January under {title}, {table.columns[0]} to {table.columns[-1]}: {told}.",
        finished(alt.layer(bars, names).properties(title=head), 380), "plans_by_group", table.source, table.group,
    )  # fmt: skip


@dataclass(frozen=True)
class Bar:
    """A row of a chart: words, a bar from one value to another (or a mark at one), and what is written after it."""

    words: str
    start: float
    end: float
    said: str
    colour: str = BLUE
    low: float | None = None
    high: float | None = None
    """the ends of a range instead of a bar: then ``end`` is the point within"""


def barred(bars: Sequence[Bar], title: str, zero: bool = True, form: str = ",.0f") -> dict[str, object]:
    """Horizontal bars, each under its own words, so that they are readable at any width."""
    data = [{"row": k, "words": b.words, "start": b.start, "end": b.end, "said": b.said, "colour": b.colour,
             "low": b.end if b.low is None else b.low, "high": b.end if b.high is None else b.high,
             "after": max(b.start, b.end) if b.high is None else b.high}
            for k, b in enumerate(bars)]  # fmt: skip
    ends = [float(str(d[name])) for d in data for name in ("start", "end", "low", "high")]
    low, high = min([*ends, *([0.0] if zero else [])]), max([*ends, *([0.0] if zero else [])])
    room = (high - low) or 1.0
    left = low if low == 0 else low - 0.04 * room
    scale = alt.Scale(domain=[left, high + 0.18 * room], nice=False, zero=False)
    x = alt.X("start:Q", scale=scale, axis=alt.Axis(title=None, format=form, tickCount=5))
    y = alt.Y("row:O", axis=None, scale=alt.Scale(paddingInner=0.55, paddingOuter=0.5))
    base = alt.Chart(rows(data))
    colour = alt.Color("colour:N", scale=None)
    layers = [
        base.transform_filter("datum.low == datum.high && datum.start != datum.end").mark_bar(height=14, yOffset=8)
        .encode(x=x, x2="end:Q", y=y, color=colour),
        base.transform_filter("datum.low == datum.high && datum.start == datum.end")
        .mark_tick(thickness=4, size=18, yOffset=8).encode(x=x, y=y, color=colour),
        base.transform_filter("datum.low != datum.high").mark_bar(height=4, yOffset=8)
        .encode(x=alt.X("low:Q", scale=scale), x2="high:Q", y=y, color=colour),
        base.transform_filter("datum.low != datum.high").mark_point(filled=True, size=70, yOffset=8, opacity=1)
        .encode(x=alt.X("end:Q", scale=scale), y=y, color=colour),
        *(
            base.mark_text(align="left", dy=-9, limit=WIDE - 10, **style).encode(x=alt.value(2), y=y, text="words:N")
            for style in ({"color": "white", "stroke": "white", "strokeWidth": 4}, {"color": TEXT})
        ),
        base.mark_text(align="left", dx=7, dy=8, color=TEXT, fontWeight="bold")
        .encode(x=alt.X("after:Q", scale=scale), y=y, text="said:N"),
    ]  # fmt: skip
    if low < 0 < high:
        layers.insert(0, alt.Chart(rows([{"start": 0.0}])).mark_rule(color="#8F8F8F").encode(x=x))
    head = alt.TitleParams(title, anchor="start", fontSize=14, fontWeight="normal", color=TEXT)
    return finished(alt.layer(*layers).properties(title=head), STEP * len(bars) + 60)


def moves(tables: Tables, worlds: Worlds) -> Chart | None:
    """Children who are elsewhere under the scenario: the largest of the moves from the base's place to its own."""
    table = tables.get("elsewhere")
    if table is None or not table.columns:
        return None
    last, other = table.columns[-1], list(worlds.values())[-1]
    found = [(row.label, v) for row in table.rows
             if row.kind == "line" and (v := table.number(row.key, last)) is not None and v > 0][:MOST]  # fmt: skip
    if not found:
        return None
    bars = [Bar(label, 0.0, v, f"{v:,.0f}") for label, v in found]
    said = listed([f"{label} {v:,.0f}" for label, v in found])
    return Chart(
        "moves_bars", table.finding,
        f"Bars of the {len(found)} largest groups of children who are elsewhere under {other} in {last}: {said}.",
        barred(bars, f"Children, {last}"), "elsewhere", table.source, table.group,
    )  # fmt: skip


def waterfall(tables: Tables) -> Chart | None:
    """From the spend without policies to the spend with all: each policy alone, then their interaction."""
    table = tables.get("policy_effects")
    if table is None:
        return None
    year = table.columns[-1]
    start, joint = table.number("without", year), table.number("joint", year)
    between = table.number("interaction", year)
    if start is None or joint is None or between is None:
        return None
    alone = [(row.label, table.number(row.key, year) or 0.0) for row in table.rows if _is_policy(row)]
    largest = sorted(alone, key=lambda found: -abs(found[1]))[:MOST]
    rest = sum(v for _, v in alone) - sum(v for _, v in largest)
    steps = sorted(largest, key=lambda found: -found[1])
    steps += [(f"The other {len(alone) - len(largest)} policies", rest)] if len(alone) > len(largest) else []
    at = start / MILLION
    bars = [Bar(f"Spend without the policies, {year}", at, at, f"{at:,.1f}", GREY)]
    for label, saved in [*steps, ("Interaction: what they do together beyond each alone", between)]:
        after, mine = at - saved / MILLION, label.startswith("Interaction")
        bars.append(
            Bar(label, at, after, f"{-saved / MILLION:+,.1f}", ORANGE if mine else BLUE if saved >= 0 else PLUM)
        )
        at = after
    bars.append(Bar(f"Spend with all of them, {year}", at, at, f"{at:,.1f}", GREY))
    told = "; ".join(f"{b.words} {b.said}" for b in bars)
    return Chart(
        "waterfall", f"Together the policies take £{joint / MILLION:,.1f} million off the spend of {year}.",
        f"Waterfall in £ million. {told}.", barred(bars, "£ million; bars to the left save", zero=False),
        "policy_effects", table.source, table.group,
    )  # fmt: skip


def policy_effects(tables: Tables) -> Chart | None:
    """What each policy saves alone in the last year, with its range."""
    table = tables.get("policy_effects")
    if table is None:
        return None
    year = table.columns[-1]
    bars = [Bar(row.label, 0.0, v / MILLION, f"{v / MILLION:,.1f}", BLUE if v >= 0 else PLUM,
                *_ends(table, row.key, year))
            for row in table.rows
            if _is_policy(row) and (v := table.number(row.key, year)) is not None]  # fmt: skip
    if not bars:
        return None
    lose = sum(1 for b in bars if b.end < 0)
    costs = f"; {lose} of {len(bars)} cost more than they save" if lose else ""
    told = "; ".join(f"{b.words} {b.said}" for b in bars)
    return Chart(
        "effects_ranges", f"{table.finding.rstrip('.')}{costs}.",
        f"What each policy saves alone in {year}, in £ million, with its range over runs. {told}.",
        barred(bars, f"Saving of {year}, £ million: mean and range over runs", form=",.0f"), "policy_effects",
        table.source, table.group,
    )  # fmt: skip


def scores(tables: Tables) -> Chart | None:
    """How far each forecaster of the backtest was off, by years ahead, for the first thing that is forecast."""
    table = tables.get("scorecard")
    if table is None:
        return None
    rows_ = [row for row in table.rows if row.kind == "line"]
    first = rows_[0].key.split(".")[0]
    bars = []
    for what, ahead, who in (row.key.split(".", 2) for row in rows_):
        off = table.number(f"{what}.{ahead}.{who}", "Error")
        if what == first and off is not None:
            words = f"{years(int(ahead))} ahead: {called(who)}"
            bars.append(Bar(words, 0.0, 100 * off, f"{off:.1%}", BLUE if who == MODEL else GREY))
    told = "; ".join(f"{b.words} {b.said}" for b in bars)
    return Chart(
        "scorecard_bars", table.finding, f"Bars of the mean error of forecasts of {first}: {told}.",
        barred(bars, f"Mean error of forecasts of {first}, percent"), "scorecard", table.source, table.group,
    )  # fmt: skip


def _is_policy(row: Row) -> bool:
    """Whether a row of the policies' effects is a policy's."""
    return row.kind == "line" and row.key not in {"interaction", "without", "with"}


def _ends(table: Table, key: str, year: str) -> tuple[float | None, float | None]:
    low, high = (table.number(f"{key}.{end}", year) for end in ("low", "high"))
    return (None, None) if low is None or high is None else (low / MILLION, high / MILLION)
