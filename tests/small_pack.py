"""A data pack of a small Kent: one child in forty, so that all months take a tenth of a second.

A scenario whose ``authority`` is that folder runs in it: in a world, a study, the command line. (``tests/small.py``
keeps some of the children of the whole county instead, for tests that look inside a world.)
"""

import csv
import json
import shutil
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path

from cohort import pack, setting
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

KENT = Path(__file__).parents[1] / "data" / "kent"
ONE_IN = 40
COUNTS = {
    "population": ["people"],
    "plans_by_age": ["plans"],
    "plans_by_sex": ["plans"],
    "plans_by_january": ["plans"],
    "estimate_sen_support": ["low", "mode", "high"],
    "estimate_services": ["low", "mode", "high"],
    "estimate_providers": ["places", "held_by_others"],
}
"""The tables that hold numbers of children of Kent, their places, or pounds that follow none, with their columns."""
PIPELINE = (
    "decided_to_assess_a_month",
    "undecided_requests",
    "recently_refused",
    "appealing_refusal",
    "contesting_plan",
    "waiting.special",
    "waiting.srp",
    "places.growth_special",
    "places.growth_srp",
)
HEADLINES = ("ehcp", "sen_support", "requests", "children")

Row = dict[str, str]


def edit(folder: Path, table: str, change: Callable[[Row], Row | None]) -> None:
    """Rewrite a table of a pack row by row (None drops the row); seal the pack afterwards."""
    path = folder / f"{table}.csv"
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        names = list(reader.fieldnames or [])
        rows = [row for old in reader if (row := change(old)) is not None]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def small_pack(folder: Path) -> Path:
    """Kent's data pack with every count of children divided by forty, sealed, in a folder that does not exist yet."""
    shutil.copytree(KENT, folder)
    for table, columns in COUNTS.items():
        edit(folder, table, _divide(columns))
    edit(folder, "headline_counts", _headline)
    edit(folder, "estimate_parameters", lambda r: _scaled(r, r["name"] in PIPELINE, ["low", "mode", "high"]))
    package = json.loads((folder / pack.PACKAGE).read_text(encoding="utf-8"))
    for resource in package["resources"]:
        resource.pop("total", None)
        resource.pop("totals", None)
    (folder / pack.PACKAGE).write_text(json.dumps(package), encoding="utf-8")
    assert pack.seal(folder) == []
    return folder


def _divide(columns: list[str]) -> Callable[[Row], Row]:
    """Divide a table's columns, carrying what is rounded off from row to row."""
    carry = dict.fromkeys(columns, 0.0)

    def change(row: Row) -> Row:
        for name in columns:
            exact = int(row[name]) / ONE_IN + carry[name]
            carry[name] = exact - int(exact + 0.5)
            row[name] = str(int(exact + 0.5))
        return row

    return change


def _headline(row: Row) -> Row:
    return _scaled(row, row["measure"].startswith(HEADLINES) and row["unit"] != "percent", ["value"])


def _scaled(row: Row, wanted: bool, columns: list[str]) -> Row:
    return row | {c: f"{float(row[c]) / ONE_IN:g}" for c in columns} if wanted else row


@cache
def shared_pack() -> Path:
    """A small pack that all tests of a process may read; none may change it."""
    return small_pack(Path(tempfile.mkdtemp(prefix="cohort-small-")) / "pack")


def scenario(name: str = "small", **keys: object) -> Scenario:
    """The baseline in a small Kent."""
    return Scenario.parse({"name": name, "authority": str(shared_pack()), **keys})


@cache
def whole_setting() -> Setting:
    """The setting of ``scenario()``, draw 0."""
    return setting.build(scenario())


@cache
def finished() -> World:
    """A small world run to its end, to be read only."""
    return World.start(whole_setting()).run()
