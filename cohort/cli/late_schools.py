"""``cohort late-schools``: what the two new special schools lose by opening late, beside the council's 1.9 and 23."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, asking, say

if TYPE_CHECKING:
    from cohort.analysis.late import Case, Parts


def late_schools(
    early: str = "early_schools",
    late: str = "late_schools",
    *,
    draws: int = 1,
    replicates: int | None = None,
    seed: int = 1,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Say what special schools lose by opening late, and what it is made of, without and with the Isle of Sheppey.

    Each run is two worlds with the same luck that differ in when the schools open. Nothing is fitted to the paper.

    Parameters
    ----------
    early
        The scenario in which they open as first planned, by name or TOML file.
    late
        The scenario in which they open late.
    draws
        Parameter draws. Default 1, the point estimate.
    replicates
        Runs of each draw. Default 10, or 1 if there is more than one draw.
    seed
        Seed of the luck.
    json
        Print JSON instead of tables.
    quiet
        No progress and no explanation.
    """
    with asking():
        from cohort.analysis import late as analysis
        from cohort.scenario import Scenario

        repeats = replicates if replicates is not None else 10 if draws == 1 else 1
        tell = (lambda _: None) if quiet else say
        cases = analysis.schools(Scenario.load(early), Scenario.load(late), draws, repeats, seed, tell)
    if json:
        import json as writer

        print(writer.dumps(analysis.plain(cases), indent=2))
        return DONE
    for case in cases:
        _show(case)
    if not quiet:
        print(MEANING)
    return DONE


MEANING = """\
lost: GBP million that opening early would have saved (negative: would have cost). It is made of the children who would
have had a place besides, each at the price gap of where it would be otherwise, and of all others and vacant places.
intake: child-years, all from independent special schools, that would lose what the paper says at the model's price gap;
substitution: the share from there that would, with the model's own children; above 100% none can."""


def _show(case: Case) -> None:
    from rich.console import Console

    from cohort.cli.tables import count, million, table

    years = list(case.by_year)

    def row(name: str, value: object) -> tuple[str, ...]:
        return (name, *(value(case.by_year[y]) for y in years))  # type: ignore[operator]

    def published(p: Parts) -> str:
        return "" if p.published is None else million(p.published)

    rows = [
        row("lost, GBP million", lambda p: million(p.lost.mean)),
        row("  5% to 95% of runs", lambda p: f"{million(p.lost.p5)} to {million(p.lost.p95)}"),
        row("  +- of the mean", lambda p: million(p.lost.mean_error)),
        row("the paper", published),
        row("school-months", lambda p: count(p.months)),
        row("years of places", lambda p: count(p.place_years.mean)),
        row("filled, %", lambda p: count(p.fill.mean)),
        row("seekers: child-years", lambda p: count(p.seekers.mean)),
        row("  of these from NMISS, %", lambda p: count(p.from_nmiss.mean)),
        row("saved a child from NMISS, GBP a year", lambda p: count(p.saved_each.mean)),
        row("cost of any other child, GBP a year", lambda p: count(p.cost_each.mean)),
        row("of lost: all others and vacancies", lambda p: million(p.others.mean)),
        row("intake that would give the paper's", lambda p: "" if p.intake is None else count(p.intake)),
        row("substitution that would, %", lambda p: "" if p.substitution is None else count(p.substitution)),
    ]
    console = Console(width=130, highlight=False)
    console.print(table([" and ".join(case.schools), *years], rows))
    console.print()
