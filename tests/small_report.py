"""A small study for tests of reports: a base and a scenario of three rules, three runs to March 2026, made once."""

import csv
import tempfile
from functools import cache
from pathlib import Path

import pandas as pd

from cohort import study
from cohort.report.build import build
from cohort.report.effects import Effects, work_out
from cohort.report.reading import Reading
from cohort.report.table import Report, Table
from cohort.results import Study
from tests import small_pack
from tests.rules_for_tests import CHEAPER, LOCAL, POT, TO_SPECIAL, rule

NASTY = "</script><script>alert('x')</script><img src=x onerror=alert(1)>"
"""What no name may do to a page."""
YEARS = ("2024-25", "2025-26")


@cache
def made() -> Study:
    """The study: ``base``, and ``mine`` with three rules."""
    folder = Path(tempfile.mkdtemp(prefix="cohort-report-"))
    rules = (rule(folder, "local", LOCAL, TO_SPECIAL), rule(folder, "cheaper", CHEAPER), rule(folder, "pot", POT))
    until = {"until": "2026-04"}
    scenarios = [small_pack.scenario("base", **until), small_pack.scenario("mine", rules=rules, title=NASTY, **until)]
    return study.run(scenarios, replicates=3, out=folder / "made", workers=1)


@cache
def reading() -> Reading:
    """The same, read on ``mine``."""
    return Reading.of(made())


@cache
def effects() -> Effects:
    """What its policies do alone; one has a title that would be code if it were not escaped."""
    found = work_out(reading())
    return Effects(**{**vars(found), "titles": {**found.titles, "pot": NASTY}})


@cache
def report() -> Report:
    """The whole report."""
    return build(made(), effects=effects())


def table(key: str) -> Table:
    """A table of the report."""
    return next(t for t in report().tables if t.key == key)


@cache
def rows(name: str) -> pd.DataFrame:
    """A table of the study, read by pandas alone."""
    parts = []
    for path in made().files(name):
        part = pd.read_parquet(path)
        part["scenario"] = path.parent.name.removeprefix("scenario=")
        parts.append(part)
    frame = pd.concat(parts, ignore_index=True)
    return frame.astype({c: str for c in frame.columns if isinstance(frame[c].dtype, pd.CategoricalDtype)})


def published(name: str) -> list[dict[str, str]]:
    """A table of the small pack, read by csv alone."""
    with (small_pack.shared_pack() / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def in_year(months: pd.Series, year: str) -> pd.Series:
    """Which months are of a financial year."""
    return (months >= f"{year[:4]}-04") & (months <= f"{int(year[:4]) + 1}-03")
