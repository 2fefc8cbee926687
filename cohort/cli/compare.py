"""``cohort compare``: what a policy changes in a study, run by run, with its range and how sure that is."""

from __future__ import annotations

from dataclasses import asdict
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from cohort.cli import DONE, asking

if TYPE_CHECKING:
    from rich.console import Console

    from cohort.analysis.compare import Comparison, Saving
    from cohort.analysis.moved import Moves

MOST_MOVES = 12
"""Pairs of places printed; all are in --json."""


def compare(
    study: Path,
    *,
    base: str = "",
    other: Annotated[str, Parameter("--with")] = "",
    by: Literal["", "line", "placement", "area", "age_group"] = "",
    target: float | None = None,
    precision: float = 100_000.0,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Say what a policy changes in a study: savings by financial year with their range, and whose placement differs.

    Every figure is the difference of two worlds of one run, which share their luck child by child.

    Parameters
    ----------
    study
        A study's folder, with two scenarios or more.
    base
        The scenario compared with. Default: the study's first.
    other
        The scenario whose effect it is. Default: the next.
    by
        Break savings down by line, placement, area or age_group.
    target
        GBP a financial year: adds the chance of saving more.
    precision
        GBP: how small the Monte Carlo error of a mean saving should be, for the runs needed.
    json
        Print JSON instead of tables.
    quiet
        Print the savings only: no explanation, nobody's moves.
    """
    with asking():
        from cohort.analysis.compare import compare as compared
        from cohort.results import Study

        found = compared(Study.open(study), base, other, by, target, precision)
    if json:
        import json as writer

        print(writer.dumps(plain(asdict(found)), indent=2))
    else:
        _show(found, quiet)
    return DONE


def plain(value: Any) -> Any:
    """What JSON can write: a number that is not finite is null."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    return None if isinstance(value, float) and not isfinite(value) else value


def _show(found: Comparison, quiet: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(width=100, highlight=False)
    console.print(f"{found.other} against {found.base}: {found.runs} paired runs")
    if said := found.said():
        console.print(Text(f"Inert: {said}" if found.inert else said, style="bold"))
    if found.inert:
        return
    _savings(console, found)
    if quiet:
        return
    _notes(console, found)
    for moves in [] if found.moves is None else [m for m in found.moves if m.month.endswith("-01")]:
        _moves(console, moves)
    if found.moves is None:
        console.print("Children: not paired; a study pairs each scenario with its first one only.")


def _savings(console: Console, found: Comparison) -> None:
    from cohort.cli.tables import million, percent, table

    heads = ["Saving, GBP m", "mean", "+-", "5%", "25%", "50%", "75%", "95%", "full\nyear", "P(>0)"]
    heads += ["P(tar-\nget)"] if found.target is not None else []
    rows = []
    for s in (s for s in found.savings if s.cell == "total" or s.part_year.sd or s.part_year.mean):
        f = s.part_year.scaled(1e8)
        label = s.financial_year if s.cell == "total" else f"  {s.financial_year} {s.cell}"
        cells = [million(v) for v in (f.mean, f.mean_error, f.p5, f.p25, f.p50, f.p75, f.p95)]
        cells += [million(s.full_year.mean / 1e8) if s.full_year else "", percent(s.saves)]
        rows.append((label, *cells, *([percent(s.reaches)] if s.reaches else [])))
    console.print(table(heads, rows))


def _notes(console: Console, found: Comparison) -> None:
    if found.target is not None:
        console.print(f"P(target): the chance of saving more than GBP {found.target:,.0f} in the year.")
    console.print("+- is the Monte Carlo error of the mean; the percentiles are of outcomes, not of the mean.")
    console.print("full year: 12 times March's saving, what the policy is worth in a whole year by then.")
    for s in (s for s in found.savings if s.cell == "total" and s.full_year):
        console.print(_runs(s, found.precision), soft_wrap=True)


def _runs(s: Saving, precision: float) -> str:
    ratio = f"{s.variance_ratio:,.0f}" if isfinite(s.variance_ratio) else "all"
    return (
        f"{s.financial_year}: pairing takes out variance {ratio} to 1; for +-{precision / 1e6:g} million "
        f"{s.runs_needed:,} paired runs are needed, or {s.runs_needed_unpaired:,} unpaired"
    )


def _moves(console: Console, moves: Moves) -> None:
    from cohort.cli.tables import count, table

    if not moves.pairs:
        return
    console.print()
    rows = [
        (f"  {m.frm} -> {m.to}", *(count(v) for v in (m.children.mean, m.children.p5, m.children.p95)))
        for m in moves.pairs[:MOST_MOVES]
    ]
    rest = len(moves.pairs) - MOST_MOVES
    all_of = moves.children
    rows.insert(0, ("All", *(count(v) for v in (all_of.mean, all_of.p5, all_of.p95))))
    console.print(table([f"Children elsewhere, {moves.month}", "mean", "5%", "95%"], rows))
    if rest > 0:
        console.print(f"  and {rest} rarer moves (--json prints all)")
