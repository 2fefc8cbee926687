"""A data pack: published tables with their provenance, checked against ``datapackage.json`` before anyone uses them.

``Pack.load("kent").table("plans_by_age").where(age=4)["plans"].sum()`` is the plans of four-year-olds. A table is
checked whole when first asked for (or all at once: ``check=True``) and is read-only. Reading mends nothing: to change
a file on purpose, edit it and run ``python -m cohort.pack seal PATH``.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cohort.datacheck import KINDS, Column, DataError, Resource, fingerprint, note_faults, read, well_formed
from cohort.states import closest

__all__ = ["DataError", "Pack", "Table", "seal"]

PACKAGE = "datapackage.json"
_HERE = Path(__file__).resolve().parent
HOMES = (_HERE.parent / "data", _HERE / "_data")
"""Where named packs live: in the repository, in an installed wheel."""


@dataclass(frozen=True, eq=False)
class Table:
    """One checked table: a read-only array a column, rows in the file's order."""

    name: str
    path: Path
    columns: Mapping[str, Column]

    def __getitem__(self, column: str) -> Column:
        """A column. Raises DataError with the closest name."""
        if column not in self.columns:
            raise DataError(f"{self.path.name}: there is no column {column!r}; {closest(column, self.columns)}")
        return self.columns[column]

    def __len__(self) -> int:
        """How many rows."""
        return len(next(iter(self.columns.values())))

    def rows(self) -> Iterator[dict[str, Any]]:
        """Each row as a dict of plain Python values."""
        for values in zip(*(column.tolist() for column in self.columns.values()), strict=True):
            yield dict(zip(self.columns, values, strict=True))

    def where(self, **equal: object) -> Table:
        """The rows in which every named column has the value given; possibly none, as rows of zero may be left out."""
        keep = np.ones(len(self), np.bool_)
        for name, value in equal.items():
            column = self[name]
            if not isinstance(value, str if column.dtype.kind == "U" else int | float | np.number):
                allowed = "one text" if column.dtype.kind == "U" else "one number"
                raise DataError(f"{self.path.name}: column {name}: given {value!r}; allowed: {allowed}")
            keep &= column == value
        columns = {name: column[keep] for name, column in self.columns.items()}
        for column in columns.values():
            column.flags.writeable = False
        return Table(self.name, self.path, columns)


@dataclass(frozen=True, eq=False)
class Pack:
    """The tables of one authority. Make one with ``Pack.load``."""

    folder: Path
    package: Mapping[str, Any]
    sealed: bool = True
    """whether a file's bytes must be those that were sealed"""
    _tables: dict[str, Table] = field(default_factory=dict, repr=False)

    @classmethod
    def load(cls, name_or_path: str | os.PathLike[str] = "kent", check: bool = False) -> Pack:
        """The pack of that name, in the repository or the installed wheel, or the pack in that folder.

        Raises DataError if there is none, or, with ``check``, at the first problem anywhere in it.
        """
        folder = _find(name_or_path)
        pack = cls(folder, _package(folder))
        if check and (problems := pack.problems()):
            raise DataError(problems[0])
        return pack

    def names(self) -> tuple[str, ...]:
        """The tables, in the package's order."""
        return tuple(resource["name"] for resource in self.package["resources"])

    def table(self, name: str) -> Table:
        """A table, checked whole on first use. Raises DataError at its first problem."""
        if name not in self._tables:
            resource = self._resource(name)
            columns, faults = read(self.folder, resource, self._labels(resource), sealed=self.sealed)
            if faults:
                raise DataError(faults[0])
            self._tables[name] = Table(name, self.folder / resource["path"], columns)
        return self._tables[name]

    def describe(self, name: str) -> dict[str, str]:
        """What a table is, where it comes from and how far to trust it, in words."""
        resource = self._resource(name)
        words = {key: str(resource[key]) for key in ("name", "title", "description", "reliability")}
        sources = (", ".join(map(str, source.values())) for source in resource["sources"])
        licences = (licence["title"] for licence in resource["licenses"])
        return words | {"source": "; ".join(sources), "licence": "; ".join(licences)}

    def digest(self) -> str:
        """One hash for the content of every table, as sealed, and of the luck that is the authority's own; ``table``
        and ``problems`` hold the files to it."""
        lines = sorted(f"{resource['name']} {resource.get('hash')}\n" for resource in self.package["resources"])
        lines += [f"luck {self.package['luck']}\n"] if self.package.get("luck") else []
        return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()

    def problems(self) -> list[str]:
        """Everything wrong with the pack, one line each: all of its files, not the first fault."""
        found = []
        for resource in self.package["resources"]:
            found += [*self._faults(resource), *note_faults(resource)]
        listed = {resource["path"] for resource in self.package["resources"]}
        for path in sorted(self.folder.glob("*.csv")):
            if path.name not in listed:
                found.append(f"{path.name}: is not in {PACKAGE}; add it with python -m cohort.pack seal --new")
        return found

    def _faults(self, resource: Resource) -> list[str]:
        """Everything wrong with one file; with the labels of a broken table left to that table's own faults."""
        try:
            labels = self._labels(resource)
        except DataError:
            labels = {}
        return read(self.folder, resource, labels, sealed=self.sealed)[1]

    def _labels(self, resource: Resource) -> dict[str, list[str]]:
        """What each field with a foreign key may hold: the values of that column in the other table."""
        keys = {key["fields"]: key["reference"] for key in resource["schema"].get("foreignKeys", [])}
        return {name: self.table(at["resource"])[at["fields"]].tolist() for name, at in keys.items()}

    def _resource(self, name: str) -> Resource:
        """The package's entry for a table. Raises DataError with the closest name."""
        for resource in self.package["resources"]:
            if resource["name"] == name:
                return dict(resource)
        raise DataError(f"{PACKAGE}: there is no table {name!r}; {closest(name, self.names())}")


def listing(name_or_path: str | os.PathLike[str]) -> Path:
    """The file that lists a pack's tables: sealed anew whenever one of them is changed on purpose."""
    return _find(name_or_path) / PACKAGE


def _find(name_or_path: str | os.PathLike[str]) -> Path:
    """The folder of a pack: a name in one of the homes, otherwise any folder's path."""
    places = [home / name_or_path for home in HOMES] if Path(name_or_path).name == str(name_or_path) else []
    for place in [*places, Path(name_or_path)]:
        if (place / PACKAGE).is_file():
            return place
    known = sorted({path.parent.name for home in HOMES for path in home.glob(f"*/{PACKAGE}")})
    raise DataError(f"{str(name_or_path)!r} is neither a pack ({', '.join(known)}) nor a folder with a {PACKAGE}")


def _package(folder: Path) -> dict[str, Any]:
    """The package file of a folder, with every resource well formed. Raises DataError."""
    try:
        package: dict[str, Any] = json.loads((folder / PACKAGE).read_text("utf-8"))
        earlier: set[str] = set()
        for resource in package["resources"]:
            well_formed(resource, earlier)
            earlier.add(resource["name"])
    except (ValueError, KeyError, TypeError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise DataError(f"{PACKAGE} in {folder}: {said}") from error
    return package


def seal(folder: Path, new: str | None = None) -> list[str]:
    """Writes the size and hash of every file that passes its schema into the package; returns the faults of the others.

    ``new`` first adds a file of the folder that the package does not list, with the types its cells suggest.
    """
    package = _package(folder)
    if new is not None:
        package["resources"].append(_skeleton(folder / Path(new).name))
        well_formed(package["resources"][-1], {resource["name"] for resource in package["resources"][:-1]})
    pack = Pack(folder, package, sealed=False)
    refused: list[str] = []
    for resource in package["resources"]:
        if faults := pack._faults(resource):
            refused += faults
            continue
        raw = (folder / resource["path"]).read_bytes()
        resource.update(bytes=len(raw), hash=fingerprint(raw))
    draft = folder / f"{PACKAGE}.new"
    draft.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8", newline="\n")
    draft.replace(folder / PACKAGE)
    return refused


def _skeleton(path: Path) -> dict[str, Any]:
    """An entry for a file, its types and key inferred, its words left for the writer."""
    try:
        header, *rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    except (OSError, ValueError) as error:
        raise DataError(f"{path.name}: cannot be added: {error}") from error
    columns = list(zip(*rows, strict=False)) or [()] * len(header)
    fields = []
    for name, cells in zip(header, columns, strict=False):
        required = all(cells)
        narrow = (kind for kind in KINDS if all(KINDS[kind][0].fullmatch(cell) for cell in cells if cell))
        kind = next((kind for kind in narrow if required or kind != "integer"), "string")
        fields.append({"name": name, "type": kind, "description": "", "constraints": {"required": required}})
    lengths = (n for n in range(1, len(header) + 1) if len(set(zip(*columns[:n], strict=True))) == len(rows))
    return {
        "name": path.stem,
        "path": path.name,
        "profile": "tabular-data-resource",
        "title": "",
        "description": "",
        "sources": [],
        "licenses": [],
        "reliability": "estimate" if path.stem.startswith("estimate_") else "",
        "schema": {"fields": fields, "primaryKey": header[: next(lengths, 0)]},
    }


def main(arguments: list[str]) -> int:
    """``python -m cohort.pack seal PATH [--new FILE.csv]``: 0 when every file was sealed, 1 when some were refused."""
    import argparse

    parser = argparse.ArgumentParser(prog="python -m cohort.pack", description="Seal the files of a data pack.")
    parser.add_argument("command", choices=["seal"], help="recompute the size and hash of every file that passes")
    parser.add_argument("path", type=Path, help=f"the folder that holds {PACKAGE}")
    parser.add_argument("--new", metavar="FILE.csv", help="a file of the folder to add to the package")
    given = parser.parse_args(arguments)
    try:
        refused = seal(given.path, given.new)
    except (DataError, OSError) as error:
        refused = [str(error)]
    for line in refused:
        print(line, file=sys.stderr)
    if given.new and not refused:
        print(f"{given.new} added: now fill in its title, description, sources, licenses and fields in {PACKAGE}")
    return 1 if refused else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
