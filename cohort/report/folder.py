"""Writing a report to its folder: all of it is made beside the folder first, and only what is whole is put in place."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from cohort.report.table import Report

TABLES = "tables"


def _page(report: Report, path: Path) -> None:
    from cohort.report.page import page

    path.write_text(page(report), "utf-8", newline="\n")


def _brief(report: Report, path: Path) -> None:
    from cohort.report.page import brief

    path.write_text(brief(report), "utf-8", newline="\n")


def _workbook(report: Report, path: Path) -> None:
    from cohort.report import workbook

    workbook.write(report, path)


def _csvs(report: Report, path: Path) -> None:
    from cohort.report import csvs

    csvs.write(report, path)


WRITERS: dict[str, Callable[[Report, Path], None]] = {
    "report.html": _page,
    "brief.html": _brief,
    "workbook.xlsx": _workbook,
    TABLES: _csvs,
}
"""File or folder of a report -> what writes it."""


def write(report: Report, out: Path) -> list[Path]:
    """Write the pages, the workbook and the CSVs; returns the files. A file that is there is replaced whole.

    Nothing in ``out`` is touched until all of them are made. Tables of an earlier report that are no longer there are
    taken away, other files of the reader's are left. Raises OSError if it cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        for name, writer in WRITERS.items():
            writer(report, made / name)
        return _put(made, out)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _put(made: Path, out: Path) -> list[Path]:
    """Move what was made into place, file by file."""
    out.mkdir(exist_ok=True)
    names = sorted(path.relative_to(made) for path in made.rglob("*") if path.is_file())
    for name in names:
        (out / name).parent.mkdir(exist_ok=True)
        (made / name).replace(out / name)
    for old in (out / TABLES).glob("*.csv"):
        if old.relative_to(out) not in names:
            old.unlink()
    return [out / name for name in names]
