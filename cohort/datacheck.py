"""What is wrong with a data file: its columns, cells, keys, totals and bytes, each fault in one line.

A *resource* is one file's entry in ``datapackage.json``: Frictionless, with ``total`` and ``totals`` (what a column
must add up to), ``reliability`` and ``hash`` besides. Nothing here knows what a table means; nothing here mends a file.
"""

from __future__ import annotations

import csv
import hashlib
import io
import math
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort.states import closest

Resource = Mapping[str, Any]
Column = NDArray[Any]
Rule = tuple[Callable[[str], object], Callable[[str], str]]
"""Whether a cell will do, and what to say is allowed when it will not."""

_MONTH = (re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])"), "a month such as 2024-03")
KINDS = {
    "integer": (re.compile(r"-?(0|[1-9][0-9]*)"), "a whole number such as 1200, without a comma"),
    "yearmonth": _MONTH,
    "month": _MONTH,
    "number": (re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?"), "a plain number such as 1200.5"),
    "string": (re.compile(r"\S(.*\S)?", re.DOTALL), "text without spaces at its ends"),
}
"""The types a field can have, narrowest first. ``yearmonth`` is Frictionless's name for a month."""

LIMITS = ("required", "pattern", "enum", "minimum", "maximum")
"""The constraints a field can have."""

RELIABILITY = ("official statistic", "council paper", "press: medium to low", "derived", "estimate")


class DataError(ValueError):
    """One line: which file, column and row, what was given, and what is allowed."""


def read(
    folder: Path, resource: Resource, labels: Mapping[str, Collection[str]], *, sealed: bool = True
) -> tuple[dict[str, Column], list[str]]:
    """The columns of a resource's file, and every fault in it; no columns unless all of them could be read.

    ``labels`` are the values that a foreign key allows, by field. ``sealed`` also compares the bytes with the hash.
    """
    file = resource["path"]
    try:
        raw = (folder / file).read_bytes()
    except OSError:
        return {}, [f"{file}: the file is missing from {folder}"]
    seal_faults = list(_seal_faults(file, resource, raw)) if sealed else []
    try:
        header, *rows = list(csv.reader(io.StringIO(raw.decode("utf-8"), newline=""))) or [[]]
    except (UnicodeDecodeError, csv.Error) as error:
        return {}, [f"{file}: cannot be read as UTF-8 CSV ({error})", *seal_faults]
    faults = list(_shape_faults(file, resource, header, rows, raw))
    if faults:
        return {}, faults + seal_faults
    cells = dict(zip(header, zip(*rows, strict=True) if rows else ((),) * len(header), strict=True))
    for field in resource["schema"]["fields"]:
        faults += _cell_faults(file, field, cells[field["name"]], labels.get(field["name"]))
    if faults:
        return {}, faults + seal_faults
    columns = {field["name"]: _column(field["type"], cells[field["name"]]) for field in resource["schema"]["fields"]}
    checks = (_key_faults, _total_faults, _estimate_faults)
    return columns, [fault for check in checks for fault in check(file, resource, columns)] + seal_faults


def fingerprint(raw: bytes) -> str:
    """The hash of a file's bytes, as a resource states it."""
    return "sha256:" + hashlib.sha256(raw).hexdigest()


def well_formed(resource: Resource, earlier: set[str]) -> None:
    """Raises DataError or KeyError unless the rest of this module can rely on a resource's entry."""
    if resource["name"] in earlier:
        raise DataError(f"table {resource['name']!r} is listed twice")
    if Path(resource["path"]).name != resource["path"]:
        raise DataError(f"path {resource['path']!r} is not the name of a file beside the package")
    for column in resource["schema"]["fields"]:
        for word, allowed in ((column["type"], KINDS), *((rule, LIMITS) for rule in column.get("constraints", {}))):
            if word not in allowed:
                where = f"{resource['name']}, field {column['name']}"
                raise DataError(f"{where}: {word!r} is unknown; {closest(word, allowed)}")
    fields = [column["name"] for column in resource["schema"]["fields"]]
    for name in _named(resource):
        if name not in fields:
            raise DataError(f"{resource['name']}: there is no field {name!r}; {closest(name, fields)}")
    for key in resource["schema"].get("foreignKeys", []):
        if key["reference"]["resource"] not in earlier:
            raise DataError(f"{resource['name']}: table {key['reference']['resource']!r} must be listed before it")


def _named(resource: Resource) -> Iterator[str]:
    """The fields that a resource's keys and totals speak of."""
    yield from resource["schema"].get("primaryKey", [])
    yield from (key["fields"] for key in resource["schema"].get("foreignKeys", []))
    for total in (resource.get("total"), resource.get("totals")):
        if total:
            yield from (total["field"], *total.get("by", []))


def note_faults(resource: Resource) -> Iterator[str]:
    """What a resource does not yet say about itself: a reader must know what a table is and how far to trust it."""
    for key in ("title", "description", "sources", "licenses"):
        if not resource.get(key):
            yield f"{resource['path']}: its {key} in datapackage.json is empty; fill it in"
    if resource.get("reliability") not in RELIABILITY:
        given = str(resource.get("reliability"))
        yield f"{resource['path']}: reliability {given!r} is not known; {closest(given, RELIABILITY)}"
    for field in resource["schema"]["fields"]:
        if not field.get("description"):
            yield f"{resource['path']}: field {field['name']} has no description in datapackage.json; fill it in"


def _seal_faults(file: str, resource: Resource, raw: bytes) -> Iterator[str]:
    """Bytes other than those that were sealed."""
    if (found := fingerprint(raw)) != resource.get("hash"):
        given = f"is {found[:19]}..., {len(raw)} bytes"
        wanted = f"the package says {str(resource.get('hash'))[:19]}..., {resource.get('bytes')} bytes"
        yield f"{file}: its hash {given}; {wanted}; if it was changed on purpose, run python -m cohort.pack seal"


def _shape_faults(
    file: str, resource: Resource, header: Sequence[str], rows: Sequence[Sequence[str]], raw: bytes
) -> Iterator[str]:
    """Columns missing, extra or out of order; rows of another length; bytes that a spreadsheet adds."""
    if raw.startswith(b"\xef\xbb\xbf"):
        yield f"{file}: starts with a byte-order mark; save it as plain UTF-8"
        return
    if b"\r" in raw:
        yield f"{file}: has Windows line ends (CR LF); save it with LF"
    wanted = [field["name"] for field in resource["schema"]["fields"]]
    for name in dict.fromkeys(header):
        if name not in wanted:
            yield f"{file}: column {name!r} is not in the package; {closest(name, wanted)}"
    for name in wanted:
        if header.count(name) != 1:
            state = "there twice" if name in header else "missing"
            yield f"{file}: column {name!r} is {state}; given: {', '.join(header)}"
    if sorted(header) == sorted(wanted) and list(header) != wanted:
        yield f"{file}: columns are in the order {', '.join(header)}; they must be {', '.join(wanted)}"
    for row, given in enumerate(rows, start=2):
        if len(given) != len(header):
            yield f"{file}: row {row}: has {len(given)} cells; the header has {len(header)}"
            return


def _rules(field: Resource, labels: Collection[str] | None) -> Iterator[Rule]:
    """The tests of a field's cells that are not blank, in the order in which to report them."""
    pattern, meaning = KINDS[field["type"]]
    limits: Mapping[str, Any] = field.get("constraints", {})
    yield pattern.fullmatch, lambda _: f"allowed: {meaning}"
    if (own := limits.get("pattern")) is not None:
        yield re.compile(own).fullmatch, lambda _: f"allowed: text like {own}"
    for allowed in (limits.get("enum"), labels):
        if allowed is not None:
            options = [str(option) for option in allowed]
            yield set(options).__contains__, partial(closest, allowed=options)
    if (low := limits.get("minimum")) is not None:
        yield lambda given: float(given) >= low, lambda _: f"allowed: {low} or more"
    if (high := limits.get("maximum")) is not None:
        yield lambda given: float(given) <= high, lambda _: f"allowed: {high} or less"


def _cell_faults(file: str, field: Resource, cells: Sequence[str], labels: Collection[str] | None) -> Iterator[str]:
    """The first rule of a field that its cells break, at the first row that breaks it, and how many rows do."""
    required = field["type"] == "integer" or field.get("constraints", {}).get("required")
    if required and "" in cells:
        yield _cell_fault(file, field, cells, {""}, "allowed: anything but a blank")
    values = [value for value in dict.fromkeys(cells) if value]
    for accepts, allowed in _rules(field, labels):
        if bad := [value for value in values if not accepts(value)]:
            yield _cell_fault(file, field, cells, set(bad), allowed(bad[0]))
            return


def _cell_fault(file: str, field: Resource, cells: Sequence[str], bad: set[str], allowed: str) -> str:
    """The line about the first bad cell of a column."""
    rows = [row for row, value in enumerate(cells, start=2) if value in bad]
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return f"{file}: column {field['name']}, row {rows[0]}: given {cells[rows[0] - 2]!r}; {allowed}{more}"


def _column(kind: str, cells: Sequence[str]) -> Column:
    """A read-only array: int64, float64 (a blank is NaN) or text."""
    column: Column
    if kind == "integer":
        column = np.array([int(cell) for cell in cells], np.int64)
    elif kind == "number":
        column = np.array([float(cell) if cell else math.nan for cell in cells], np.float64)
    else:
        column = np.array(cells, np.str_)
    column.flags.writeable = False
    return column


def _key_faults(file: str, resource: Resource, columns: Mapping[str, Column]) -> Iterator[str]:
    """Two rows with one key."""
    names = resource["schema"].get("primaryKey", [])
    seen: dict[tuple[Any, ...], int] = {}
    for row, key in enumerate(zip(*(columns[name].tolist() for name in names), strict=True), start=2):
        if key in seen:
            said = ", ".join(f"{name}={value}" for name, value in zip(names, key, strict=True))
            yield f"{file}: row {row}: {said} is already in row {seen[key]}; each may be there once"
        seen.setdefault(key, row)


def _total_faults(file: str, resource: Resource, columns: Mapping[str, Column]) -> Iterator[str]:
    """A column, or a group of its rows, that does not add up to what was published."""
    if total := resource.get("total"):
        found = columns[total["field"]].sum()
        if not math.isclose(found, total["equals"], abs_tol=1e-9):
            yield f"{file}: column {total['field']} adds up to {found}; it must be {total['equals']}"
    if totals := resource.get("totals"):
        sums: defaultdict[str, Any] = defaultdict(int)
        groups = zip(*(columns[name].tolist() for name in totals["by"]), strict=True)
        for group, value in zip(groups, columns[totals["field"]].tolist(), strict=True):
            sums["/".join(map(str, group))] += value
        for group in sorted({*sums, *totals["equals"]}):
            wanted = totals["equals"].get(group, "absent")
            if group not in sums or wanted == "absent" or not math.isclose(sums[group], wanted, abs_tol=1e-9):
                where = f"{'/'.join(totals['by'])} {group}"
                yield f"{file}: column {totals['field']} adds up to {sums[group]} for {where}; it must be {wanted}"


def _estimate_faults(file: str, _: Resource, columns: Mapping[str, Column]) -> Iterator[str]:
    """An estimate (low, mode, high) whose three are not in order, or that gives no reason."""
    if not {"low", "mode", "high"} <= columns.keys():
        return
    low, mode, high = (columns[name] for name in ("low", "mode", "high"))
    for index in np.flatnonzero(~((low <= mode) & (mode <= high))):
        given = f"low {low[index]}, mode {mode[index]}, high {high[index]}"
        yield f"{file}: row {index + 2}: given {given}; allowed: low <= mode <= high"
    if "reason" not in columns:
        yield f"{file}: column 'reason' is missing; an estimate says why"
        return
    for index in np.flatnonzero(columns["reason"] == ""):
        yield f"{file}: column reason, row {index + 2}: given ''; an estimate says why"
