"""``cohort reconcile``: model, published, difference, and whether rounding explains it; and what does not add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cohort.cli import DONE, asking

if TYPE_CHECKING:
    from cohort.cli.sheets import Row, Sheet
    from cohort.pack import Pack
    from cohort.published import Figure
    from cohort.reconcile import Comparison
    from cohort.results import Study

NAMES = {
    "spend": "All High Needs spend",
    "in_year": "In-year deficit",
    "closing": "Accumulated deficit",
    "savings_to_be_attributed": "Savings still to be found",
    "exceptional_pupil_need_spend": "Exceptional pupil need",
    "mainstream_top_up_for_sen_support": "SEN Support top-up (5.4)",
    "mainstream_funding_without_ehcp": "SEN Support top-up (6.1)",
    "ehcp_0_25": "EHC plans",
    "ehcp_statutory_school_age": "EHC plans, school age",
    "sen_support_school_age": "SEN Support, school age",
    "requests_for_statutory_assessment": "Requests for assessment",
    "ehcp_issued_within_20_weeks": "Issued within 20 weeks (%)",
}
KINDS = {
    "history": "the council's forecast of November 2024, GBP m",
    "projection": "the council's revised Safety Valve projection, GBP m",
    "forecast": "forecasts in the paper's text, GBP m",
    "count": "the paper's counts",
}
"""Kinds of published figures that the model is laid beside, in order."""
PROGRAMME = (
    "The projection holds the council's plans, and savings that it has still to find; a scenario without rules holds "
    "neither."
)


def reconcile(
    study: Path,
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Show a study beside what is published: the difference, and whether rounding explains it.

    The council's own lines are put through the same ledger first; the register says what does not add up in its paper.

    Parameters
    ----------
    study
        Folder of a study.
    json
        Print JSON instead of tables.
    quiet
        Leave out the published tables, the register and what the ledger does not hold.
    """
    from cohort import results
    from cohort.cli import show
    from cohort.pack import Pack

    with asking():
        made = results.Study.open(study)
        packs = {s.name: Pack.load(s.authority) for s in made.scenarios}
        told = {name: _told(made, name, pack) for name, pack in packs.items()}
    if json:
        show.machine({"study": made.folder.as_posix(), "scenarios": list(told.values())})
    else:
        show.tables([sheet for name in told for sheet in _sheets(made, name, packs[name], quiet)])
    return DONE


def _told(made: Study, name: str, pack: Pack) -> dict[str, Any]:
    """What ``--json`` prints of a scenario."""
    from cohort import published, reconcile

    return {
        "name": name,
        "paper": [c.as_dict() for c in reconcile.paper(pack)],
        "model": [c.as_dict() for c in reconcile.study(made, name, pack)],
        "published": [vars(figure) for figure in published.tables(pack)],
        "exceptions": reconcile.register(pack),
        "gaps": reconcile.gaps(pack),
    }


def _sheets(made: Study, name: str, pack: Pack, quiet: bool) -> Iterator[Sheet]:
    """The paper through the ledger, the model beside what is published, and unless quiet what lies behind them."""
    from cohort import published, reconcile
    from cohort.cli.sheets import Sheet

    if own := reconcile.paper(pack):
        title = "The paper's own lines through the ledger, GBP million, from one opening balance"
        yield Sheet("paper", title, ("", "ledger", "printed", "difference", "rounding"), tuple(map(_chained, own)))
    yield from _compared(name, reconcile.study(made, name, pack))
    if quiet:
        return
    for kind in ("history", "projection"):
        figures = [f for f in published.tables(pack) if f.kind == kind]
        years = tuple(dict.fromkeys(f.period for f in figures))
        yield Sheet(kind, f"Published {kind}, GBP million, as printed", ("", *years), tuple(_printed(figures, years)))
    register = tuple(f"{r['item']} {r['financial_year']}: {r['why']}" for r in reconcile.register(pack))
    yield Sheet("exceptions", "What does not add up in the paper, and what is done about it", (), (), register)
    gaps = tuple(f"{r['line']} ({r['belongs_to']}): {r['reason']}" for r in reconcile.gaps(pack))
    yield Sheet("gaps", "What the ledger does not hold, and why", (), (), gaps)


def _compared(name: str, found: Sequence[Comparison]) -> Iterator[Sheet]:
    """The model beside each kind of published figure."""
    from cohort.cli.sheets import Sheet

    columns = ("", "model", "5% to 95%", "published", "difference", "by rounding")
    for kind, source in KINDS.items():
        rows = tuple(_beside(c) for c in found if c.figure.kind == kind)
        title = f"{name}: the model's median beside {source}"
        if rows:
            yield Sheet(f"model_{kind}", title, columns, rows, (PROGRAMME,) if kind == "projection" else ())
        elif kind == "projection":
            yield Sheet("model_projection", title, (), (), ("No whole financial year of it is in this study.",))


def _label(c: Comparison) -> str:
    from cohort.cli.sheets import LINE_NAMES

    return f"{(LINE_NAMES | NAMES).get(c.figure.item, c.figure.item)} {c.figure.period}"


def _chained(c: Comparison) -> Row:
    from cohort.cli.sheets import Row

    verdict = f"within {c.tolerance:g}" if c.explained else f"beyond {c.tolerance:g}"
    return Row(
        _label(c), (c.ours.median, c.figure.value, f"{c.difference:+.0f}", verdict), "count", c.figure.item == "closing"
    )


def _beside(c: Comparison) -> Row:
    from cohort.cli.sheets import Row

    unit = {"GBP million": "million", "percent": "percent"}.get(c.figure.unit, "count")
    digits = 0 if unit == "count" else 1
    difference = f"{round(c.difference, digits) + 0.0:+,.{digits}f}"
    verdict = "yes" if c.explained else "no"
    spread = (c.ours.low, c.ours.high)
    strong = c.figure.item in {"closing", "ehcp_0_25"}
    return Row(_label(c), (c.ours.median, spread, c.figure.value, difference, verdict), unit, strong)


def _printed(figures: Sequence[Figure], years: Sequence[str]) -> Iterator[Row]:
    """A row a line, a column a year."""
    from cohort.cli.sheets import LINE_NAMES, Row

    for item in dict.fromkeys(f.item for f in figures):
        values = {f.period: f.value for f in figures if f.item == item}
        name = (LINE_NAMES | NAMES).get(item, item.replace("_", " ").capitalize())
        yield Row(name, tuple(values.get(y) for y in years), "count", item in {"spend", "closing"})
