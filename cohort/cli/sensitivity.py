"""``cohort sensitivity``: which parameters a study's range is due to, and which one, if known, would narrow it most."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cohort.cli import DONE, asking


def sensitivity(
    study: Path,
    *,
    series: str = "spend.total",
    period: str = "2027-28",
    scenario: str = "",
    top: int = 12,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Say which parameters a result's range is due to, and which one, if it were known, would narrow it most.

    Shares of variance (Shapley effects), by a regression on normal scores over the study's draws; nothing is run.

    Parameters
    ----------
    study
        A study's folder, with two draws a parameter or more.
    series
        A headline series. Default: spend.total.
    period
        Its month or year. Default: 2027-28.
    scenario
        Default: the study's first.
    top
        How many parameters to print.
    json
        Print JSON, of all parameters.
    quiet
        Print the table only.
    """
    with asking():
        from cohort.analysis.sensitivity import effects
        from cohort.results import Study

        found = effects(Study.open(study), series, period, scenario)
    if json:
        import json as writer
        from dataclasses import asdict

        print(writer.dumps(asdict(found), indent=2))
        return DONE
    from rich.console import Console

    from cohort.cli.tables import table

    unit, size = ("GBP million", 1e8) if series.startswith("spend") else ("", 1.0)
    console = Console(width=100, highlight=False)
    head = f"{found.scenario}: {found.result} over {found.draws} draws: sd {found.sd / size:,.1f} {unit}"
    if not quiet:
        console.print(head.rstrip())
    rows = [
        (e.parameter, "up" if e.direction > 0 else "down", f"{e.share:.1%}", f"{e.error:.1%}", f"{e.narrower:.1%}")
        for e in found.effects[:top]
    ]
    console.print(table(["Parameter", "raises it", "share", "+-", "narrower if known"], rows))
    if not quiet:
        console.print(f"Not explained by any parameter (chance, and what is not monotone): {found.rest:.1%}")
    return DONE
