"""Files made of what the lab shows: the tables as CSV in a zip, and the workbook where the project can write one."""

from __future__ import annotations

import io
import zipfile
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from cohort.lab.live import Live


def csvs(study: Live) -> bytes:
    """Every table of both worlds as CSV, with the scenarios, in a zip."""
    import pyarrow.csv as writer

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for scenario in study.scenarios:
            made.writestr(f"{scenario.name}.toml", scenario.to_toml())
        for name, table in study.held.items():
            part = io.BytesIO()
            writer.write_csv(table, part)
            made.writestr(f"{name}.csv", part.getvalue())
    return out.getvalue()


def has_workbook() -> bool:
    """Whether what the workbook is written with is installed (the extra ``report``)."""
    return find_spec("xlsxwriter") is not None


def workbook(study: Live) -> bytes:
    """The report of the study as an Excel workbook, as ``cohort report`` writes it."""
    from cohort.report.build import build
    from cohort.report.workbook import write

    with TemporaryDirectory() as folder:
        return write(build(study), Path(folder) / "report.xlsx").read_bytes()


__all__ = ["csvs", "has_workbook", "workbook"]
