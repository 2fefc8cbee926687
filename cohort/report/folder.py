"""Writing a report to its folder: all of it is made beside the folder first, and only what is whole is put in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from cohort.report.page import brief, page
from cohort.report.table import Report

PAGES: dict[str, Callable[[Report], str]] = {"report.html": page, "brief.html": brief}
TABLES, WORKBOOK = "tables", "workbook.xlsx"


def module(name: str) -> Any:
    """A module of this package that may not be there; None then."""
    return import_module(f"cohort.report.{name}") if find_spec(f"cohort.report.{name}") else None


def write(report: Report, out: Path) -> list[Path]:
    """Write the pages, the workbook and the CSVs; returns the files. A file that is there is replaced whole.

    Nothing in ``out`` is touched until all of them are made. Tables of an earlier report that are no longer there are
    taken away, other files of the reader's are left. Raises OSError if it cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        for name, make in PAGES.items():
            (draft / name).write_text(make(report), "utf-8", newline="\n")
        if workbook := module("workbook"):
            workbook.write(report, draft / WORKBOOK)
        if csvs := module("csvs"):
            csvs.write(report, draft / TABLES)
        return _put(draft, out)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _put(draft: Path, out: Path) -> list[Path]:
    """Move what was made into place, file by file."""
    out.mkdir(exist_ok=True)
    made = sorted(path.relative_to(draft) for path in draft.rglob("*") if path.is_file())
    for name in made:
        (out / name).parent.mkdir(exist_ok=True)
        (draft / name).replace(out / name)
    for old in (out / TABLES).glob("*.csv") if (out / TABLES).is_dir() else ():
        if old.relative_to(out) not in made:
            old.unlink()
    return [out / name for name in made]
