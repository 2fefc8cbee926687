"""``cohort run``: simulate scenarios, print the headline tables beside the published figures, keep a study folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from cohort.cli import DONE, MisuseError, asking

if TYPE_CHECKING:
    from cohort.scenario import Scenario
    from cohort.study import Progress, Study


def run(
    *scenarios: str,
    draws: int | None = None,
    replicates: int | None = None,
    seed: int | None = None,
    until: str | None = None,
    authority: Annotated[list[str] | None, Parameter(negative=())] = None,
    out: Path | None = None,
    workers: int | None = None,
    engine: Literal["local", "dask"] = "local",
    scheduler: str = "",
    tables: str = "",
    resume: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Simulate Kent, print the headline tables beside the published figures and keep a study folder.

    Parameters
    ----------
    scenarios
        Shipped scenarios by name, or TOML files by path. None: baseline.
    draws
        Draws of the estimates, 0 (the point) to N - 1: the posterior's, priors where it has none. Default 1.
    replicates
        Repeats of each draw with other luck. Default 20, or 1 if there is more than one draw.
    seed
        Seed of the luck. Default 1.
    until
        Last month to simulate, such as 2028-03. Default: the scenario's.
    authority
        The data pack to run them in, by name or folder, instead of the scenarios' own. Given several times: each
        scenario in each, named like baseline__kent.
    out
        Folder of the study. Default: studies/ and the scenarios' names with the time.
    workers
        Processes. Default: one a core. The results do not depend on it.
    engine
        local: processes of this machine. dask: a Dask cluster (an extra). The results do not depend on it.
    scheduler
        Dask scheduler, such as tcp://node1:8786, whose workers see the study's folder. Default: a cluster made here.
    tables
        Tables to keep besides the usual: children (every child each January), events (every event), or both, with a
        comma. They are large.
    resume
        Go on with the study in --out, with its own scenarios and settings unless others are given.
    json
        Print JSON instead of tables.
    quiet
        No progress.
    """
    from cohort.cli import show
    from cohort.cli.progress import shown

    means, chosen = (workers, engine, scheduler), (scenarios, until, tuple(authority or ()))
    with shown(quiet) as progress:
        study = _study(chosen, draws, replicates, seed, out, means, tables, resume, progress)
    show.study(study, as_json=json)
    _warn_of_inert(study)
    return DONE


def _warn_of_inert(study: Study) -> None:
    """Name each scenario that did nothing."""
    from cohort import inert
    from cohort.cli import say

    for name in inert.of_study(study):
        say(f"warning: {name} moved neither a child nor a penny from the baseline; look at its rules' dates and where")


def _study(
    asked: tuple[tuple[str, ...], str | None, tuple[str, ...]],
    draws: int | None,
    replicates: int | None,
    seed: int | None,
    out: Path | None,
    means: tuple[int | None, str, str],
    tables: str,
    resume: bool,
    progress: Progress,
) -> Study:
    """Check everything that was asked, then make the study."""
    from cohort import authorities, results, study
    from cohort.hatch import HatchError

    (workers, engine, scheduler), (scenarios, until, packs) = means, asked
    with asking():
        if workers is not None and workers < 1:
            raise MisuseError(f"workers: {workers} given; allowed: 1 or more")
        before = results.Study.open(out) if resume and out and (out / results.MANIFEST).exists() else None
        if before:
            draws = before.manifest["draws"] if draws is None else draws
            replicates = before.manifest["replicates"] if replicates is None else replicates
            seed = before.manifest["seed"] if seed is None else seed
            tables = tables or ",".join(before.manifest.get("tables", []))
        chosen = before.scenarios if before and not scenarios else load(scenarios)
        chosen = tuple(_until(s, until) for s in (authorities.across(chosen, packs) if packs else chosen))
        draws, seed = 1 if draws is None else draws, 1 if seed is None else seed
        more = [name.strip() for name in tables.split(",") if name.strip()]
        study.check_engine(engine, scheduler)
        outline = study.prepare(chosen, draws, replicates, seed, progress, more)
        folder = study.check_folder(outline, out, resume)
    try:
        return study.carry_out(outline, folder, workers, progress, engine, scheduler)
    except HatchError as error:
        raise MisuseError(str(error)) from error
    except study.Stopped as stopped:
        raise KeyboardInterrupt(f"{stopped}; go on with: cohort run --resume --out {folder}") from None


def load(scenarios: tuple[str, ...]) -> tuple[Scenario, ...]:
    """The scenarios named; none named: the baseline and, once it is shipped, the programme."""
    from cohort.scenario import Scenario, shipped

    names = scenarios or tuple(name for name in ("baseline", "programme") if name in shipped())
    return tuple(Scenario.load(name) for name in names)


def _until(scenario: Scenario, until: str | None) -> Scenario:
    """The scenario with another end: ``--until`` is the last month simulated, ``until`` in a file the month after."""
    from cohort import calendar
    from cohort.scenario import Scenario

    if until is None:
        return scenario
    try:
        after = calendar.label(calendar.month(until) + 1)
    except ValueError as error:
        raise MisuseError(f"--until: {error}") from None
    return Scenario.parse({**scenario.model_dump(), "until": after}, f"{scenario.name}, --until {until}")
