"""Every chart of a report, each made from a table of it, so that what is hidden in the table is not in the chart."""

from __future__ import annotations

from collections.abc import Iterable

from cohort.report import chart_bars, chart_lines
from cohort.report.chart_lines import Worlds
from cohort.report.table import Chart, Table


def charts(tables: Iterable[Table], worlds: Worlds, override_ends: str = "") -> tuple[Chart, ...]:
    """The charts that the tables allow, in the order of the report. ``worlds`` is scenario -> title, the base first."""
    by_key = {table.key: table for table in tables}
    found = (
        chart_lines.deficit(by_key, worlds, override_ends),
        chart_lines.plans(by_key, worlds),
        chart_bars.stacked(by_key, worlds),
        chart_lines.places(by_key, worlds),
        chart_bars.moves(by_key, worlds),
        chart_bars.waterfall(by_key),
        chart_bars.policy_effects(by_key),
        chart_lines.chance(by_key, worlds),
        chart_bars.scores(by_key),
    )
    return tuple(chart for chart in found if chart is not None)
