"""``cohort pareto``: sizes of several changes that no others beat on every aim together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, asking, say

if TYPE_CHECKING:
    from cohort.analysis.pareto import Aim, Design, Front


def pareto(
    scenario: str,
    *,
    lever: Annotated[list[str], Parameter(negative=())],
    aim: Annotated[list[str], Parameter(negative=())],
    designs: int = 32,
    draws: int = 1,
    replicates: int | None = None,
    seed: int = 1,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Say which sizes of several changes no others beat on every aim together (a Pareto front), on runs of fixed luck.

    Parameters
    ----------
    scenario
        A scenario with the rules, by name or TOML file.
    lever
        rule.change.field=low..high; the range may be left out. Once for each lever, up to 4.
    aim
        "min in_year 2027-28", "min deficit 2027-28", "min spend 2027-28" or "max plans.mainstream 2028-01". Two or
        more.
    designs
        How many designs are tried, every corner among them.
    draws
        Parameter draws. Default 1, the point estimate.
    replicates
        Runs of each draw. Default 2, or 1 if there is more than one draw.
    seed
        Seed of the luck.
    json
        Print JSON, of every design tried.
    quiet
        No progress.
    """
    with asking():
        from cohort.analysis.pareto import Aim, Lever, front
        from cohort.scenario import Scenario

        given = Scenario.load(scenario)
        levers, aims = [Lever.parse(text, given) for text in lever], [Aim.parse(text) for text in aim]
        repeats = replicates if replicates is not None else 2 if draws == 1 else 1
        found = front(given, levers, aims, designs, draws, repeats, seed, (lambda _: None) if quiet else say)
    if json:
        import json as writer
        from dataclasses import asdict

        from cohort.cli.compare import plain

        print(writer.dumps(plain(asdict(found)), indent=2))
    else:
        _show(found)
    return DONE


def _show(found: Front) -> None:
    from rich.console import Console

    from cohort.cli.tables import table

    console = Console(width=max(100, 22 * (len(found.levers) + len(found.aims))), highlight=False)
    best = [d for d in found.designs if d.best]
    console.print(
        f"{found.scenario}: {len(best)} of {len(found.designs)} designs tried are beaten by no other on every aim "
        f"(means of {found.runs} runs)"
    )
    heads = [lever.name.replace(".", ".\n") for lever in found.levers]
    heads += [f"{'least' if a.sign > 0 else 'most'}\n{a.name}" + ("\nGBP m" if a.pounds else "") for a in found.aims]
    rows = [_row(found, design) for design in best]
    console.print(table(heads, rows))
    console.print("A front is of the designs tried: between them there may be better ones (--designs).")


def _row(found: Front, design: Design) -> tuple[str, ...]:
    sizes = [lever.written(size) for lever, size in zip(found.levers, design.sizes, strict=True)]
    return (*sizes, *(_reached(a, f.mean) for a, f in zip(found.aims, design.reached, strict=True)))


def _reached(aim: Aim, mean: float) -> str:
    return f"{mean / 1e6:,.1f}" if aim.pounds else f"{mean:,.0f}"
