"""How the base fits what is published of the same years: counts, spend, forecasts; and what does not add up there."""

from __future__ import annotations

from collections.abc import Mapping

from cohort import reconcile
from cohort.cli.reconcile import NAMES
from cohort.published import TOTALS
from cohort.report.building import MILLION, Rows
from cohort.report.display import in_words
from cohort.report.money import LINE_NAMES
from cohort.report.reading import Reading
from cohort.report.table import Cell, Table, Unit

GROUP = "confidence"
UNITS: Mapping[str, tuple[Unit, float]] = {"GBP million": ("pence", MILLION), "percent": ("share", 0.01)}
"""A published unit -> the table's unit, and how much of it one is; any other is children."""
KINDS = {
    "count": "The council's counts",
    "history": "Spend as forecast in November 2024",
    "forecast": "Forecasts in the paper's text",
}


def fit(of: Reading) -> Table:
    """The base's figures beside the published ones of the same period, and whether rounding explains the difference."""
    found = [c for c in reconcile.study(of.study, of.base, of.pack) if c.figure.kind in KINDS]
    columns = ("Model: median", "5% of runs", "95% of runs", "Published", "Difference", "Off by", "Within rounding?")
    rows = Rows(of)
    for kind, title in KINDS.items():
        mine = [c for c in found if c.figure.kind == kind]
        if mine:
            rows.heading(title)
        for c in mine:
            unit, scale = UNITS.get(c.figure.unit, ("children", 1.0))
            name = (LINE_NAMES | NAMES).get(c.figure.item, c.figure.item.replace("_", " "))
            values = (c.ours.median, c.ours.low, c.ours.high, c.figure.value, c.difference)
            off = _percent(c.difference / c.figure.value) if c.figure.value else "-"
            cells: list[Cell] = [v * scale for v in values]
            rows.add(f"{name}, {_period(c.figure.period)}", [*cells, off, "yes" if c.explained else "no"], unit=unit,
                     key=f"{c.figure.item}.{c.figure.period}")  # fmt: skip
    explained = sum(1 for c in found if c.explained)
    return Table(
        "fit", f"Fit to what is published: {of.worlds[of.base]}",
        f"Rounding explains the difference in {explained} of {len(found)} published figures.", columns, rows.done(),
        "children", "as the published tables say; the study's tables headline and ledger", "Figure and period",
        ("Rates are fitted to published figures." if of.calibrated else "Rates are first rates: nothing is fitted yet.",
         "A few assumptions were set so that January 2025 and 2024-25 come near these figures: a fit, not a test.",
         "How well the model forecasts is another matter: see cohort backtest."), group=GROUP,
        printed=("Published",),
    )  # fmt: skip


def _period(period: str) -> str:
    """A January in words; a year as it is."""
    return in_words(period) if period.endswith("-01") and len(period) == 7 else period


def _percent(share: float) -> str:
    """With its sign, if it has one after rounding."""
    text = f"{share:+.1%}"
    return "0.0%" if text in {"+0.0%", "-0.0%"} else text


def exceptions(of: Reading) -> Table | None:
    """What does not add up in the council's paper, and what is used instead; none without a register."""
    register = reconcile.register(of.pack)
    if not register:
        return None
    rows = Rows(of)
    for r in register:
        used = "as printed" if r["used"] is None else f"{float(r['used']):,.0f} million"
        name = str(r["item"]).replace("_", " ").capitalize()
        rows.add(f"{name}, {r['financial_year']}", [_said(r["sum_of_parts"]), _said(r["printed"]), used, str(r["why"])])
    return Table(
        "exceptions", "What does not add up in the published figures",
        f"{len(register)} published figures do not fit each other; each is listed with what is used.",
        ("Sum of parts", "Printed", "Used", "Why"), rows.done(), "text", of.pack.describe("exceptions")["source"],
        "Figure", group=GROUP, long=True,
    )  # fmt: skip


def _said(value: object) -> str:
    text = str(value)
    return "-" if text in {"", "nan", "None"} else text


__all__ = ["TOTALS", "exceptions", "fit"]
