"""``cohort check``: everything that is wrong with scenarios and their data, before anything runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, MISUSE, MisuseError

if TYPE_CHECKING:
    from cohort.scenario import Scenario


@dataclass(frozen=True)
class About:
    """A scenario: its problems, or what it would run."""

    name: str
    problems: tuple[str, ...]
    runs: str = ""


def check(
    *scenarios: str,
    schema: Annotated[bool, Parameter(negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Say everything that is wrong with scenarios and their data, one line a problem; nothing is run or written.

    Parameters
    ----------
    scenarios
        Shipped scenarios by name, or TOML files by path. None: every file that is shipped.
    schema
        Print the JSON schema of scenario files instead, for editors; nothing is checked.
    json
        Print JSON instead of lines.
    quiet
        Print problems only.
    """
    from cohort.scenario import files
    from cohort.scenario import schema as written

    if schema:
        if scenarios:
            raise MisuseError(f"--schema: given with {', '.join(scenarios)}; allowed: alone")
        print(written(), end="")
        return DONE
    packs: dict[str, list[str]] = {}
    found = [_about(name, packs) for name in scenarios or files()]
    data = [problem for problems in packs.values() for problem in problems]
    problems = [problem for about in found for problem in about.problems] + data
    if json:
        import json as writer

        told = {"ok": not problems, "scenarios": [asdict(about) for about in found], "data": data}
        print(writer.dumps(told, indent=2))
    else:
        for line in problems or ([] if quiet else [f"ok: {about.runs}" for about in found]):
            print(" ".join(line.split()))
    return MISUSE if problems else DONE


def _about(name: str, packs: dict[str, list[str]]) -> About:
    """A scenario's problems, and what it would run if it has none; its pack's problems go to ``packs``, once."""
    from cohort.scenario import Scenario, ScenarioError

    try:
        scenario = Scenario.load(name)
    except ScenarioError as error:
        return About(name, error.problems)
    except OSError as error:
        return About(name, (f"{error.filename}: {error.strerror}",))
    problems = tuple(f"{scenario.name}: {problem}" for problem in _problems(scenario, packs))
    return About(scenario.name, problems, "" if problems else _runs(scenario))


def _problems(scenario: Scenario, packs: dict[str, list[str]]) -> Iterator[str]:
    from cohort import parameters, setting
    from cohort.pack import DataError, Pack
    from cohort.states import closest

    try:
        pack = Pack.load(scenario.authority)
    except DataError as error:
        yield f"authority: {error}"
        return
    if str(pack.folder) not in packs:
        packs[str(pack.folder)] = pack.problems()
    try:
        known = parameters.estimates(pack)
        unknown = [name for name in scenario.parameters if name not in known]
        yield from (f"parameters: {name!r} is not a parameter; {closest(name, known)}" for name in unknown)
        if not unknown:
            setting.build(scenario)
    except DataError as error:
        if str(error) not in packs[str(pack.folder)]:
            yield str(error)
    except (ValueError, LookupError) as error:
        yield str(error.args[0]).removeprefix(f"{scenario.name}: ")


def _runs(scenario: Scenario) -> str:
    """What would run, in a line."""
    from cohort import calendar
    from cohort.pack import Pack

    pack = Pack.load(scenario.authority)
    parts = (
        f"{scenario.name} runs from {scenario.start} to {calendar.label(scenario.last - 1)}",
        f"rules: {', '.join(scenario.rules) or 'none'}",
        f"parameters fixed: {', '.join(sorted(scenario.parameters)) or 'none'}",
        f"data: {pack.package.get('name', pack.folder.name)}, {len(pack.names())} tables",
    )
    return "; ".join(parts)
