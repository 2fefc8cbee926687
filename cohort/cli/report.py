"""``cohort report``: a study as a page, a brief, a workbook and CSV files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, MisuseError, asking, say

if TYPE_CHECKING:
    from cohort.report.build import Given
    from cohort.report.effects import Effects
    from cohort.report.reading import Reading
    from cohort.report.table import Report

NEEDED = ("altair", "jinja2", "vl_convert", "xlsxwriter")


def report(
    study: Path,
    *,
    scenario: str = "",
    out: Path | None = None,
    effects: Annotated[bool, Parameter(negative=())] = False,
    published: Annotated[bool, Parameter(negative=())] = False,
    reserves: float | None = None,
    tracker: Path | None = None,
    scorecard: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Write a study as report.html, brief.html (one page), workbook.xlsx and tables/*.csv.

    Needs the extra "report". It can be run again; files are replaced whole.

    Parameters
    ----------
    study
        A study's folder.
    scenario
        The scenario reported on, beside the study's first. Default: the last.
    out
        Where to write. Default: report, in the study's folder.
    effects
        Also run each policy alone, and the ready reckoner: some three seconds a run, kept in the study's folder, so
        that later reports have it at once.
    published
        Hide small numbers of children and round the others to 5.
    reserves
        The council's usable reserves in GBP million, for the exposure when the override ends.
    tracker
        A CSV with the columns rule, rag, owner and decision_date.
    scorecard
        What cohort backtest --json printed: how good earlier forecasts would have been.
    json
        Print the tables as JSON too.
    quiet
        Say nothing.
    """
    _check_installed()
    tell = (lambda _: None) if quiet or json else say
    with asking():
        from cohort.report.reading import Reading
        from cohort.results import Study

        of = Reading.of(Study.open(study), scenario)
        from cohort.report.build import Given
    found = _effects(of, effects, tell)
    made = _built(of, found, published, Given(reserves, tracker, scorecard))
    from cohort.report.folder import write

    tell("writing the pages and tables")
    files = write(made, out or study / "report")
    if json:
        _print(made, [path.as_posix() for path in files])
    elif not quiet:
        _name(files)
    return DONE


def _name(files: Sequence[Path]) -> None:
    """Where everything is, the tables in one line."""
    for path in [p for p in files if p.suffix != ".csv"]:
        print(path.as_posix())
    if tables := [p for p in files if p.suffix == ".csv"]:
        print(f"{tables[0].parent.as_posix()}: {len(tables)} CSV files")


def _check_installed() -> None:
    """What a report needs besides the model is an extra."""
    from importlib.util import find_spec

    if missing := [name for name in NEEDED if find_spec(name) is None]:
        raise MisuseError(
            f"{', '.join(missing)}: not installed; allowed: with requirements/report.lock or the extra report"
        )


def _effects(of: Reading, wanted: bool, tell: object) -> Effects | None:
    """What policies do alone: kept from before, or worked out now if wanted."""
    from cohort.report import effects as made

    assert callable(tell)
    if not of.compared:
        if wanted:
            raise MisuseError(f"effects: {of.other} is the study's first scenario; allowed: another, compared with it")
        return None
    found = made.kept(of.study, of.other)
    if found is None and wanted:
        with asking():
            found = made.work_out(of, tell)
        made.keep(of.study, found)
    return found


def _built(of: Reading, found: Effects | None, published: bool, given: Given) -> Report:
    from cohort.report.build import build
    from cohort.report.disclosure import published as disclosed

    if given.tracker is not None and found is None:
        raise MisuseError("tracker: goes with what policies do alone; allowed: with --effects")
    with asking():
        return build(of.study, of.other, given, found, disclosed if published else None)


def _print(made: Report, files: list[str]) -> None:
    import json as writer

    tables = [
        {
            "key": t.key, "title": t.title, "finding": t.finding, "unit": t.unit, "columns": t.columns,
            "rows": [{"label": r.label.strip(), "kind": r.kind, "unit": t.unit_of(r), "cells": r.cells}
                     for r in t.rows],
            "notes": t.notes, "source": t.source,
        }
        for t in made.tables
    ]  # fmt: skip
    told = {"title": made.title, "made": made.made, "words": made.words, "tables": tables, "files": files}
    print(writer.dumps(told, indent=2, ensure_ascii=False))
