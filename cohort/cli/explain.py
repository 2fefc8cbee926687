"""``cohort explain``: a synthetic child's life in each world, and why each thing happened."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, MisuseError, asking, say

if TYPE_CHECKING:
    from cohort.explain import Explained, Found
    from cohort.results import Study


def explain(
    study: Path,
    child: int | None = None,
    *,
    frm: Annotated[str, Parameter("--from")] = "",
    to: str = "",
    at: str = "",
    base: str = "",
    other: Annotated[str, Parameter("--with")] = "",
    draw: int = 0,
    replicate: int | None = None,
    number: int = 10,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Tell a synthetic child's life in each world: each event's rate, each policy's part, the draw, the queue.

    Without a child, list some by where they are in the two worlds (--from, --to, --at). No child is real.

    Parameters
    ----------
    study
        A study's folder.
    child
        The child's number, as this command lists it and as the tables children and events have it.
    frm
        Where the child is in the base world: none, sen_support, asking, or a plan's placement such as state_special.
    to
        Where it is in the other world.
    at
        The month at whose start that is, such as 2027-01. Default: the last January.
    base
        The scenario told first. Default: the study's first.
    other
        The scenario told beside it. Default: the next, if there is one.
    draw
        The draw of the run. Default: the point estimate.
    replicate
        The replicate of the run. Default: the draw's first.
    number
        Children listed at most.
    json
        Print JSON instead of text.
    quiet
        Print what happened without the reasons.
    """
    with asking():
        from cohort.explain import explain as explained
        from cohort.explain import find
        from cohort.results import Study

        opened = Study.open(study)
        _check(child, bool(frm or to), bool(frm or to or at), number)
        _warn(opened)
        if child is None:
            found = find(opened, frm, to, at, base, other, draw, replicate, number)
            _list(found, study, json)
        else:
            _tell(explained(opened, child, base, other, draw, replicate), json, quiet)
    return DONE


def _check(child: int | None, seeks: bool, places: bool, number: int) -> None:
    """Raises MisuseError unless one child is named, or it is said where children to be found are."""
    if child is None and not seeks:
        raise MisuseError("child: none given; give a number, or --from and --to to find some")
    if child is not None and places:
        raise MisuseError(f"child: {child} given with --from, --to or --at, which find children; give one of both")
    if number < 1:
        raise MisuseError(f"number: {number} given; allowed: 1 or more")


def _warn(study: Study) -> None:
    """A study made by other code is lived again by this code: that can be another life."""
    from cohort import provenance

    if study.manifest["code"] != provenance.code():
        say("warning: the study was made by other code than this; the lives told are this code's")


def _list(found: list[Found], folder: Path, as_json: bool) -> None:
    import json as writer

    from rich.console import Console

    from cohort.cli.tables import table

    if as_json:
        print(writer.dumps([asdict(f) for f in found], indent=2))
        return
    console = Console(width=100, highlight=False)
    if not found:
        console.print("No child is there.")
        return
    rows = [(str(f.child), str(f.ncy), f.area, f.need, str(f.severity), " -> ".join(f.places)) for f in found]
    console.print(table(["child", "NCY", "area", "need", "severity", "where, in each world"], rows))
    console.print(f"Next: cohort explain {folder.as_posix()} {found[0].child}", soft_wrap=True)


def _tell(found: Explained, as_json: bool, quiet: bool) -> None:
    import json as writer

    from rich.console import Console
    from rich.padding import Padding
    from rich.text import Text

    from cohort import story
    from cohort.cli.compare import plain

    if as_json:
        print(writer.dumps(plain(asdict(found)), indent=2))
        return
    console = Console(width=100, highlight=False)
    console.print(Text(story.opening(found), style="bold"))
    for line in story.ends(found):
        console.print(Text(line))
    if not quiet:
        console.print(Text(story.READ, style="dim"))
    for told in story.timeline(found):
        for happened in told.happened:
            console.print(Text(f"{told.month}  {told.world}: {happened}"))
        for reason in () if quiet else told.because:
            console.print(Padding(Text(reason, style="dim"), (0, 0, 0, 9), expand=False))
    console.print("A synthetic child, drawn from published totals: nobody's life.")


__all__ = ["explain"]
