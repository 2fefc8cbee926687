"""``cohort reckon``: the ready reckoner: what a small change of the world costs a year."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, asking, say

if TYPE_CHECKING:
    from cohort.analysis.reckon import Row


def reckon(
    scenario: str = "baseline",
    *,
    draws: int = 1,
    replicates: int | None = None,
    seed: int = 1,
    start: str = "2025-04",
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Reckon what 1% more requests, a term's delay, an NMISS place, 1% inflation and one more special school place
    cost, in GBP by financial year.

    Each figure is the difference of two worlds of one run that share their luck.

    Parameters
    ----------
    scenario
        By name or TOML file. A term's delay is reckoned if it has rules.
    draws
        Parameter draws. Default 1, the point estimate.
    replicates
        Runs of each draw. Default 5, or 1 if there is more than one draw.
    seed
        Seed of the luck.
    start
        The month from which requests and prices change.
    json
        Print JSON instead of a table.
    quiet
        No progress.
    """
    with asking():
        from cohort.analysis.reckon import reckon as reckoned
        from cohort.scenario import Scenario

        repeats = replicates if replicates is not None else 5 if draws == 1 else 1
        tell = (lambda _: None) if quiet else say
        rows = reckoned(Scenario.load(scenario), draws, repeats, seed, start, tell)
    if json:
        import json as writer

        told = [{"name": r.name, "means": r.means, "by_year": {y: f.plain() for y, f in r.by_year.items()}}
                for r in rows]  # fmt: skip
        print(writer.dumps(told, indent=2))
    else:
        _show(rows)
    return DONE


def _show(rows: list[Row]) -> None:
    from rich.console import Console

    from cohort.cli.tables import table

    console = Console(width=130, highlight=False)
    years = list(dict.fromkeys(y for r in rows for y in r.by_year))
    lines: list[tuple[str, ...]] = []
    for r in rows:
        found = [r.by_year.get(y) for y in years]
        lines.append((r.name, *(f"{f.mean:,.0f}" if f else "" for f in found)))
        lines.append(("  5% to 95% of runs", *(f"{f.p5:,.0f} to {f.p95:,.0f}" if f else "" for f in found)))
        lines.append(("  +- of the mean", *(f"{f.mean_error:,.0f}" if f else "" for f in found)))
    console.print(table(["GBP more", *years], lines))
    for r in rows:
        console.print(f"{r.name}: {r.means}", soft_wrap=True)
