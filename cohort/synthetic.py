"""A second authority from a documented recipe: Kent's pack, scaled, with districts of other names and luck of its own.

    python -m cohort.synthetic packs/second --name second --size 0.3 --requests 1.1 --prices 0.95

Nobody lives there: it shows how a study of several authorities works, and fills a benchmark of England's size. The
recipe, whole: every count of people, plans, pupils and places is multiplied by ``size``, what is rounded off is carried
from row to row so that the sum is kept within one; hazards of requests by ``requests``; prices and services that follow
no child by ``prices`` (services by ``size`` too), and so the council's own account. All else, shares and rates by age
and the posterior's among them, is Kent's. The targets of calibration are left out, for nothing was counted there.
"""

from __future__ import annotations

import csv
import json
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

from cohort import pack
from cohort.pack import PACKAGE, DataError, Pack

Row = dict[str, str]
COUNTS = {
    "population": ["people"],
    "plans_by_age": ["plans"],
    "plans_by_sex": ["plans"],
    "plans_by_january": ["plans"],
    "estimate_sen_support": ["low", "mode", "high"],
    "estimate_providers": ["places", "held_by_others"],
}
"""The tables that hold numbers of children of Kent or their places, with their columns."""
PIPELINE = (
    "decided_to_assess_a_month", "undecided_requests", "recently_refused", "appealing_refusal", "contesting_plan",
    "waiting.special", "waiting.srp", "places.growth_special", "places.growth_srp",
)  # fmt: skip
"""Estimates that are numbers of children or places."""
HEADLINES = ("ehcp", "sen_support", "requests", "children")
MONEY = ("spend_by_line", "safety_valve_projection")
LEFT_OUT = ("targets", "target_errors", "posterior_fit")
LEAST, MOST = 0.02, 4.0
"""Sizes at which the smallest cells still hold somebody, and the largest fit the identity of a child."""


@dataclass(frozen=True)
class Recipe:
    """How an authority differs from Kent. Raises DataError for what cannot be."""

    name: str
    size: float
    requests: float = 1.0
    prices: float = 1.0

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,19}", self.name):
            raise DataError(f"name: {self.name!r} given; allowed: lower case letters, digits and _, at most 20")
        for name, low, high in (("size", LEAST, MOST), ("requests", 0.5, 1.5), ("prices", 0.5, 2.0)):
            if not low <= getattr(self, name) <= high:
                raise DataError(f"{name}: {getattr(self, name)} given; allowed: {low} to {high}")


def make(recipe: Recipe, folder: Path, like: str = "kent") -> Path:
    """Write the pack into a folder that does not exist yet: whole, checked and sealed, or not at all.

    Raises DataError for a folder that is there, and for a pack ``like`` that is not.
    """
    if folder.exists():
        raise DataError(f"{folder}: is there already; allowed: a folder to be made")
    source = Pack.load(like)
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write(recipe, source, draft, like)
        draft.chmod(0o755)
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return folder


def _write(recipe: Recipe, source: Pack, draft: Path, like: str) -> None:
    """Every file of the pack, and its package, sealed."""
    changes, package = _changes(recipe), dict(source.package)
    package["resources"] = [dict(r) for r in package["resources"] if r["name"] not in LEFT_OUT]
    for resource in package["resources"]:
        resource.pop("total", None)
        resource.pop("totals", None)
        _copy(source.folder / resource["path"], draft / resource["path"], changes.get(resource["name"]))
    package |= {"name": recipe.name, "title": f"Synthetic authority {recipe.name!r}: nobody lives there",
                "description": f"Made by {recipe} from the pack of {like}; see cohort/synthetic.py for the recipe.",
                "luck": int.from_bytes(sha256(recipe.name.encode()).digest()[:6], "big")}  # fmt: skip
    (draft / PACKAGE).write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8")
    if faults := pack.seal(draft):
        raise DataError(faults[0])


Change = Callable[[Row], Row]


def _changes(recipe: Recipe) -> dict[str, Change]:
    """Table -> what is done to each of its rows."""
    changes: dict[str, Change] = {name: _scaled(columns, recipe.size) for name, columns in COUNTS.items()}
    people = changes["population"]
    changes["population"] = lambda row: people(row) | {"district": _renamed(recipe, row["district"])}
    changes["districts"] = lambda row: row | {"district": _renamed(recipe, row["district"])}
    changes["headline_counts"] = lambda row: (
        _times(row, ["value"], recipe.size)
        if row["measure"].startswith(HEADLINES) and row["unit"] != "percent" else row
    )  # fmt: skip
    changes["estimate_parameters"] = lambda row: (
        _times(row, ["low", "mode", "high"], recipe.size) if row["name"] in PIPELINE else row
    )
    changes["posterior"] = lambda row: _drawn(row, recipe)
    changes["rate_areas"] = lambda row: (
        _times(row, ["factor"], recipe.requests) if row["rate"].startswith("request") else row
    )
    ends = ["low", "mode", "high"]
    changes["estimate_prices"] = lambda row: _times(row, ends, recipe.prices)
    changes["estimate_services"] = lambda row: _times(row, ends, recipe.prices * recipe.size)
    for name in MONEY:
        changes[name] = lambda row: _times(row, ["gbp_million"], recipe.prices * recipe.size)
    return changes


def _drawn(row: Row, recipe: Recipe) -> Row:
    """A draw of the posterior: numbers of children, prices and services as the estimates of them are changed."""
    row = _times(row, [n for n in row if n in PIPELINE], recipe.size)
    row = _times(row, [n for n in row if n.startswith("price.")], recipe.prices)
    return _times(row, [n for n in row if n.startswith("service.")], recipe.prices * recipe.size)


def _renamed(recipe: Recipe, district: str) -> str:
    return f"{recipe.name} {district}"


def _times(row: Row, columns: list[str], by: float) -> Row:
    return row | {c: f"{float(row[c]) * by:.6f}".rstrip("0").rstrip(".") for c in columns}


def _scaled(columns: list[str], size: float) -> Change:
    """Multiply whole numbers, carrying what is rounded off from row to row."""
    carry = dict.fromkeys(columns, 0.0)

    def change(row: Row) -> Row:
        new = dict(row)
        for name in columns:
            exact = int(row[name]) * size + carry[name]
            whole = int(exact + 0.5)
            carry[name], new[name] = exact - whole, str(whole)
        return new

    return change


def _copy(source: Path, to: Path, change: Change | None) -> None:
    if change is None:
        to.write_bytes(source.read_bytes())
        return
    with source.open(encoding="utf-8", newline="") as file, to.open("w", encoding="utf-8", newline="") as out:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(out, list(reader.fieldnames or []), lineterminator="\n")
        writer.writeheader()
        writer.writerows(change(row) for row in reader)


def main(arguments: list[str]) -> int:
    """``python -m cohort.synthetic FOLDER --name N --size S``: 0 when it was made, 2 when it cannot be."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m cohort.synthetic", description="Make a synthetic authority.")
    parser.add_argument("folder", type=Path, help="the folder to be made")
    parser.add_argument("--name", default="second", help="its name, in the names of scenarios and districts")
    parser.add_argument("--size", type=float, default=0.3, help=f"of Kent's children, {LEAST} to {MOST}")
    parser.add_argument("--requests", type=float, default=1.0, help="hazard of requests against Kent's, 0.5 to 1.5")
    parser.add_argument("--prices", type=float, default=1.0, help="prices against Kent's, 0.5 to 2")
    given = parser.parse_args(arguments)
    try:
        made = make(Recipe(given.name, given.size, given.requests, given.prices), given.folder)
    except (DataError, OSError) as error:
        print(f"cohort.synthetic: {error}", file=sys.stderr)
        return 2
    print(f"{made}: made; run it with: cohort run baseline programme --authority kent --authority {made}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
