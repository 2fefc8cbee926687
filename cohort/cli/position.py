"""The account as ``cohort run`` prints it: the year's and the accumulated deficit, the model beside the council."""

from __future__ import annotations

from collections.abc import Iterator

from cohort.cli.figures import Published, Results, Value
from cohort.cli.sheets import Row, Sheet

LABELS = {
    "in_year": ("In-year deficit", "net_dsg_total_as_printed"),
    "closing": ("Accumulated, 31 March", "accumulated_position_at_31_march_as_printed"),
}
"""Lines of the ledger -> label, and the council's printed line."""


def account(results: Results, published: Published) -> Sheet:
    """In-year and accumulated deficit by financial year, GBP million, with ranges and the council's projection."""
    years = tuple(results.account.get("closing", {}))
    columns = [(year, kind) for year in years for kind in ("model", "council")]
    rows: list[Row] = []
    for line, (label, printed) in LABELS.items():
        told = {year: published.forecast.get((printed, year)) for year in years}
        mean = {year: results.account[line][year].mean / 1e8 for year in years}
        rows.append(Row(label, tuple(mean[y] if kind == "model" else told[y] for y, kind in columns), "million", True))
        if results.runs > 1:
            spread: dict[str, Value] = {
                y: (results.account[line][y].low / 1e8, results.account[line][y].high / 1e8) for y in years
            }
            values = tuple(spread[y] if kind == "model" else None for y, kind in columns)
            rows.append(Row("  5% to 95% of runs", values, "million"))
        above = {y: mean[y] - t for y in years if (t := told[y]) is not None}
        over = tuple(f"{above[y]:+,.1f}" if kind == "model" and y in above else None for y, kind in columns)
        rows.append(Row("  less the council's", over))
    title = "Deficit by financial year, GBP million (grant and contributions as the council estimates)"
    return Sheet("account", title, ("", *(f"{y} {k}" for y, k in columns)), tuple(rows), tuple(_notes(results)))


def _notes(results: Results) -> Iterator[str]:
    for year, exposed in results.account.get("exposure_without_override", {}).items():
        yield (
            f"On 1 April 20{year[-2:]}, when the statutory override ends (the law as understood in March 2025), "
            f"{exposed.mean / 1e8:,.1f} million would fall on reserves; none if it is prolonged."
        )
    if not results.scenario.rules:
        yield (
            "This scenario holds no policy; the council's projection holds its programme and savings still to be "
            "found: a larger deficit than its own is expected here. Line by line: cohort reconcile STUDY."
        )
