"""``cohort attribute``: whose saving it is: each rule of a scenario alone, last in, and its fair share of the whole."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cohort.cli import DONE, asking, say

if TYPE_CHECKING:
    from rich.console import Console

    from cohort.analysis.attribute import Attribution, Year


def attribute(
    scenario: str,
    *,
    draw: int = 0,
    seed: int = 1,
    replicates: int = 4,
    orders: int = 20,
    children: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Share out a scenario's saving over its rules: alone, last in, and Shapley, which sums to the joint saving.

    Parameters
    ----------
    scenario
        A scenario with rules, by name or TOML file.
    draw
        Parameter draw. Default 0, the point estimate.
    seed
        Seed of the child runs' luck.
    replicates
        Child runs that confirm the expectation, or stand in for it where it cannot tell.
    orders
        Orders sampled where there are too many policies for every subset.
    children
        Use child runs throughout.
    json
        Print JSON instead of tables.
    quiet
        No progress.
    """
    with asking():
        from cohort.analysis.attribute import attribute as attributed
        from cohort.scenario import Scenario

        tell = (lambda _: None) if quiet else say
        found = attributed(Scenario.load(scenario), draw, seed, replicates, orders, children, tell)
    if json:
        import json as writer

        print(writer.dumps(_machine(found), indent=2))
    else:
        _show(found)
    return DONE


def _machine(found: Attribution) -> dict[str, Any]:
    from cohort.cli.compare import plain

    out: dict[str, Any] = plain(asdict(found))
    for told, year in zip(out["years"], found.years, strict=True):
        told["joint"] = year.joint.plain()
        for share, of in zip(told["shares"], year.shares, strict=True):
            share |= {name: getattr(of, name).plain() for name in ("alone", "last_in", "shapley")}
    return out


def _show(found: Attribution) -> None:
    from rich.console import Console
    from rich.text import Text

    from cohort.analysis.worth import Worth

    console = Console(width=100, highlight=False)
    console.print(f"{found.scenario}: {len(found.policies)} policies; {found.method}; {found.worlds} worlds")
    for name in found.inert:
        console.print(Text(f"Inert: {name}: changes no penny, neither alone nor after all others", style="bold"))
    for year in (y for y in found.years if y.joint != Worth() or any(s.alone != Worth() for s in y.shares)):
        _year(console, year)
    console.print(
        f"Cashable takes a line below its yearly rate of {found.today}; avoided is growth that does not happen."
    )
    console.print(
        "Full year: 12 times March's net saving. A saving is positive; reinvestment is what other lines cost."
    )
    for one, other, pence in found.overlaps[:5]:
        console.print(f"{one} and {other} together: {pence / 1e8:+,.2f} beyond the sum of each alone", soft_wrap=True)


def _year(console: Console, year: Year) -> None:
    from cohort.cli.tables import million, table

    heads = [f"{year.financial_year}, GBP m", "alone", "last in", "Shapley", "inter-\naction", "gross", "cash-\nable",
             "avoided", "rein-\nvested", "full\nyear"]  # fmt: skip
    rows = []
    for s in year.shares:
        w = s.shapley
        pence = (s.alone.net, s.last_in.net, w.net, s.interaction, w.gross, w.cashable, w.avoided, w.reinvestment,
                 w.full_year)  # fmt: skip
        rows.append((s.policy, *(million(p / 1e8) for p in pence)))
    j, last = year.joint, sum(s.last_in.net for s in year.shares)
    pence = (j.net - year.interaction, last, j.net, year.interaction, j.gross, j.cashable, j.avoided, j.reinvestment,
             j.full_year)  # fmt: skip
    rows.append(("Together", *(million(p / 1e8) for p in pence)))
    console.print()
    console.print(table(heads, rows))
    if year.confirmed is not None:
        c = year.confirmed.scaled(1e8)
        console.print(f"  child runs ({c.runs}): {million(c.mean)} +-{million(c.mean_error)} together")
