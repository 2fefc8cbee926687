"""``cohort rules``: what policies there are, what one changes, what is wrong with a file of your own, and a new one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cohort.cli import DONE, MISUSE, MisuseError, asking

if TYPE_CHECKING:
    from cohort.policy import Policy

Json = Annotated[bool, Parameter(negative=())]
Quiet = Annotated[bool, Parameter(["--quiet", "-q"], negative=())]
CELL = ("since", "ncy", "area", "need", "severity", "placement")


def list_(*, json: Json = False, quiet: Quiet = False) -> int:
    """The rules there are: name, title, first month, changes, and whether the law allows it.

    Parameters
    ----------
    json
        Print JSON instead of a table.
    quiet
        Print names only.
    """
    from cohort import rulebook

    found, broken = [], []
    for name in [*rulebook.shipped(), *rulebook.offered()]:
        try:
            found.append(_listed(rulebook.load(name)))
        except rulebook.RuleError as error:
            broken.append(str(error))
    if json:
        _json({"ok": not broken, "rules": found, "problems": broken})
    elif quiet:
        for row in found:
            print(row["name"])
    else:
        from cohort.cli.rulesheet import listed

        listed(found)
        for line in broken:
            print(line)
    return MISUSE if broken else DONE


def _listed(policy: Policy) -> dict[str, Any]:
    from cohort import calendar, lawful

    first = policy.first_month()
    return {
        "name": policy.name, "title": policy.title, "from": "" if first is None else calendar.label(first),
        "changes": len(policy.changes), "lawful": not lawful.problems(policy),
    }  # fmt: skip


def show(
    name: str,
    *,
    why: str | None = None,
    month: str | None = None,
    draw: int = 0,
    since: int | None = None,
    ncy: int | None = None,
    area: str | None = None,
    need: str | None = None,
    severity: int | None = None,
    placement: str | None = None,
    authority: str = "kent",
    json: Json = False,
    quiet: Quiet = False,
) -> int:
    """What a rule changes, because of what, what it leaves out, and what the law says of it.

    Parameters
    ----------
    name
        A rule by name, file.py, file.py:name, or entry point.
    why
        Take this rate apart instead, in one month: its base and each change's part.
    month
        The month of --why, such as 2026-03.
    draw
        The parameter draw of --why; 0 is the point estimate.
    since
        For --why: months since the request, refusal or appeal.
    ncy
        For --why: national curriculum year, -5 to 21; Year R is 0.
    area
        For --why: North, East, South or West.
    need
        For --why: a primary need, such as slcn.
    severity
        For --why: 0 (mildest) to 4.
    placement
        For --why: where the child is now, such as nmiss.
    authority
        For --why: the data pack, a name or a folder.
    json
        Print JSON instead of a table.
    quiet
        Print the table of changes only.
    """
    from cohort import rulebook
    from cohort.cli import rulesheet

    given = zip(CELL, (since, ncy, area, need, severity, placement), strict=True)
    cell = {dim: value for dim, value in given if value is not None}
    with asking():
        policy = rulebook.load(name)
        told = _taken_apart(policy, why, month, authority, draw, cell)
    if told:
        _json({"why": told.splitlines()}) if json else print(told)
        return DONE
    rulesheet.shown(policy, quiet) if not json else _json(rulesheet.plain(policy))
    return DONE


def _taken_apart(
    policy: Policy, rate: str | None, month: str | None, authority: str, draw: int, cell: dict[str, Any]
) -> str:
    """One rate in a month: its base and each change's part; "" if none is asked for."""
    from cohort import describe

    if rate is None and (month is not None or cell):
        alone = ", ".join(f"--{k}" for k in ([] if month is None else ["month"]) + list(cell))
        raise MisuseError(f"{alone}: given without --why; say which rate, such as --why request")
    if rate is None:
        return ""
    if month is None:
        raise MisuseError("--why: no month given; say which, such as --month 2026-03")
    return describe.why(policy, rate, month, authority, draw, cell)


def check(*files: Path, json: Json = False, quiet: Quiet = False) -> int:
    """Say everything that is wrong with rule files, at their own lines. The files are run; nothing is written.

    Parameters
    ----------
    files
        Python files that hold rules.
    json
        Print JSON instead of lines.
    quiet
        Print problems only.
    """
    from cohort import rulecheck

    if not files:
        raise MisuseError("no file given; say which rule file to check, such as my_rule.py")
    with asking():
        found = {path: rulecheck.check(path) for path in files}
    ok = not any(f.problems for f in found.values())
    if json:
        _json({"ok": ok, "files": [_findings(path, f) for path, f in found.items()]})
        return DONE if ok else MISUSE
    for path, f in found.items():
        for problem in f.problems:
            print(f"{path}:{problem.line}: {problem.said}")
        if not quiet:
            for note in f.notes:
                print(f"{path}:{note.line}: note: {note.said}")
            for policy in f.policies if not f.problems else ():
                print(f"ok: {path}: {rulecheck.about(policy)}")
    return DONE if ok else MISUSE


def _findings(path: Path, found: Any) -> dict[str, Any]:
    from cohort import rulecheck

    return {
        "file": path.as_posix(),
        "problems": [vars(p) for p in found.problems],
        "notes": [vars(p) for p in found.notes],
        "policies": [rulecheck.about(p) for p in found.policies],
    }


def new(name: str, *, out: Path = Path(), json: Json = False, quiet: Quiet = False) -> int:
    """Write a rule that works, to be changed into yours, and its test. Nothing is written over.

    Parameters
    ----------
    name
        Small letters, digits and _, such as early_help: the name of the rule and of its file.
    out
        The folder to write to. Default: this one.
    json
        Print JSON instead of lines.
    quiet
        Print nothing.
    """
    from cohort import rulenew

    with asking():
        rule, test = rulenew.write(name, out)
    if json:
        _json({"rule": rule.as_posix(), "test": test.as_posix()})
    elif not quiet:
        print(f"Written: {rule} and {test}")
        print(f"Next:    edit it, then: cohort rules check {rule}")
    return DONE


def _json(told: Any) -> None:
    import json as writer

    print(writer.dumps(told, indent=2))
