"""``cohort seek``: how strong, how many or how early a change must be to meet a goal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cohort.cli import DONE, asking, say

if TYPE_CHECKING:
    from cohort.analysis.seek import Found


def seek(
    scenario: str,
    *,
    change: str,
    field: Literal["by", "share", "places", "start"],
    goal: str,
    probability: float = 0.5,
    draws: int = 1,
    replicates: int | None = None,
    seed: int = 1,
    between: tuple[str, str] | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Seek the weakest size of a change that meets a goal, by bisection on runs whose luck stays the same.

    The answer is sought again on a second set of draws, and told if it does not reproduce within 5%.

    Parameters
    ----------
    scenario
        A scenario with the rule, by name or TOML file.
    change
        Which change: rule.change, as in a scenario's overrides.
    field
        What of it: by, share, places or start.
    goal
        Such as "in_year 2027-28 <= 0", "deficit 2027-28 <= 30e6" or "spend 2027-28 <= 480e6" (GBP).
    probability
        In which share of runs the goal is to be met: 0.5 is as likely as not, 0.8 is prudent.
    draws
        Parameter draws. Default 1, the point estimate; levels need several hundred.
    replicates
        Runs of each draw. Default 5, or 1 if there is more than one draw.
    seed
        Seed of the luck.
    between
        The range searched: two numbers, or two months.
    json
        Print JSON instead of lines.
    quiet
        No progress.
    """
    with asking():
        from cohort.analysis.goal import Goal
        from cohort.analysis.seek import seek as sought
        from cohort.scenario import Scenario

        repeats = replicates if replicates is not None else 5 if draws == 1 else 1
        ends = None if between is None else (_size(between[0], field), _size(between[1], field))
        tell = (lambda _: None) if quiet else say
        found = sought(Scenario.load(scenario), change, field, Goal.parse(goal), probability, draws, repeats, seed,
                       ends, say=tell)  # fmt: skip
    _tell(found, json)
    return DONE


def _tell(found: Found, as_json: bool) -> None:
    """The answer in lines, or as JSON."""
    if as_json:
        import json as writer
        from dataclasses import asdict

        from cohort.cli.compare import plain

        print(writer.dumps(plain(asdict(found)) | {"reproduces": found.reproduces, "said": found.said()}, indent=2))
        return
    print(found.said())
    met = found.first.nearest.met
    print(
        f"At it the goal is met in {met.p:.0%} +-{100 * met.error:.0f} of {found.runs} runs; "
        f"asked for: {found.probability:.0%}."
    )
    if found.first.size is not None and found.field == "start":
        print("A start is the latest that meets the goal.")


def _size(text: str, field: str) -> float:
    from cohort import calendar

    return float(calendar.month(text)) if field == "start" else float(text)
