"""``cohort discover``: under which circumstances a goal is met, in the draws of a study."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, asking

if TYPE_CHECKING:
    from cohort.analysis.discover import Box, Discovery


def discover(
    study: Path,
    *,
    goal: str,
    scenario: str = "",
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Say under which circumstances a goal is met: limits of parameters that tell the draws that meet it from the rest.

    Scenario discovery by PRIM; it needs the extra explore and a study of some hundred draws. Nothing is run.

    Parameters
    ----------
    study
        A study's folder, made with --draws.
    goal
        Such as "in_year 2027-28 <= 60e6", "deficit 2027-28 <= 150e6" or "spend 2027-28 <= 480e6" (GBP).
    scenario
        Default: the study's last.
    json
        Print JSON instead of lines.
    quiet
        Print in how many draws it is met and nothing else.
    """
    with asking():
        from cohort.analysis.discover import discover as discovered
        from cohort.analysis.goal import Goal
        from cohort.results import Study

        found = discovered(Study.open(study), Goal.parse(goal), scenario)
    if json:
        import json as writer
        from dataclasses import asdict

        print(writer.dumps(asdict(found), indent=2))
    else:
        _show(found, quiet)
    return DONE


def _show(found: Discovery, quiet: bool) -> None:
    print(f"{found.scenario}: {found.goal} is met in {found.met} of {found.draws} draws")
    if quiet:
        return
    if not found.boxes:
        print("No circumstances tell the draws that meet it from the others.")
    for box in found.boxes:
        print()
        print(
            f"Within these limits lie {box.coverage:.0%} of the draws that meet it; {box.density:.0%} of the draws "
            f"within them meet it ({box.mass:.0%} of all draws):"
        )
        _limits(box)


def _limits(box: Box) -> None:
    for limit in box.limits:
        below, above = limit.low > limit.whole[0], limit.high < limit.whole[1]
        low, high = f"{limit.low:,.4g}", f"{limit.high:,.4g}"
        said = f"{low} to {high}" if below and above else f"at least {low}" if below else f"at most {high}"
        print(f"  {limit.parameter}: {said} (of {limit.whole[0]:,.4g} to {limit.whole[1]:,.4g})")
    if not box.limits:
        print("  none that could not be there by chance")
