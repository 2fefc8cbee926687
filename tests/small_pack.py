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

from cohort import pack, setting, synthetic
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

KENT = Path(__file__).parents[1] / "data" / "kent"
ONE_IN = 40
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
    """Kent's data pack with every count of children divided by forty, the council's account as it is, sealed, in a
    folder that does not exist yet."""
    synthetic.make(synthetic.Recipe("small", 1 / ONE_IN), folder)
    for name in synthetic.MONEY:
        shutil.copy(KENT / f"{name}.csv", folder)
    assert pack.seal(folder) == []
    return folder


def uncalibrated(folder: Path) -> None:
    """Take the posterior away from a pack, so that its estimates are what counts."""
    package = json.loads((folder / pack.PACKAGE).read_text(encoding="utf-8"))
    gone = [r for r in package["resources"] if r["name"].startswith("posterior")]
    package["resources"] = [r for r in package["resources"] if r not in gone]
    (folder / pack.PACKAGE).write_text(json.dumps(package), encoding="utf-8")
    for resource in gone:
        (folder / resource["path"]).unlink()


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
