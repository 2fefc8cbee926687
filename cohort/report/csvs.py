"""The tables of a report as CSV, one a file, with exact values, and ``datapackage.json`` that says what they are.

Each opens in a spreadsheet by a double click and in pandas with no argument: UTF-8 with a byte order mark, one line of
column names, commas, CRLF. Money is in pence, shares are fractions of 1, averages over runs have all their digits. A
row says the section (heading) it stands under, what kind of row it is and its unit. Text that a spreadsheet would
take for a formula has an apostrophe before it. Provenance, sources, notes and sums are in ``datapackage.json``, in the
form of a Frictionless package, so that a table can be checked without this program.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from cohort.draft import write_text
from cohort.report.table import Cell, Report, Row, Table

PACKAGE = "datapackage.json"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet take a text for a formula, or hide one, also in wide letters."""
SHORTHAND = {"[c]": "kept back so that no child can be told", "[x]": "no value there", "[z]": "does not apply"}


def write(report: Report, folder: Path) -> list[Path]:
    """A file for each table and ``datapackage.json`` in a folder, each whole or not at all; returns them.

    Tables of an earlier report in the folder that are no longer made are removed; nothing else there is touched.
    """
    made = {f"{table.key}.csv": text(table) for table in report.tables}
    old = _listed(folder)
    for name, content in made.items():
        write_text(folder / name, content, "utf-8-sig")
    package = json.dumps(_package(report, made), indent=1, ensure_ascii=False) + "\n"
    write_text(folder / PACKAGE, package)
    for name in old - set(made):
        (folder / name).unlink(missing_ok=True)
    return [folder / name for name in (*made, PACKAGE)]


def text(table: Table) -> str:
    """A table as CSV: section (if there are headings), label, kind, unit and the columns."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(inert(name) for name in header(table))
    for section, row in lines(table):
        first = [inert(section)] if sectioned(table) else []
        writer.writerow([*first, inert(row.label), row.kind, table.unit_of(row), *map(_exact, row.cells)])
    return out.getvalue()


def header(table: Table) -> list[str]:
    """The names of a file's columns; one that comes twice is numbered."""
    return distinct([*(["section"] if sectioned(table) else []), table.stub or "row", "kind", "unit", *table.columns])


def distinct(names: Iterable[str]) -> list[str]:
    """Names, each different from those before it also in capitals: the second "paper" is "paper (2)"."""
    seen: Counter[str] = Counter()
    out: list[str] = []
    for name in names:
        told = name
        while (folded := told.casefold()) in seen:
            seen[name.casefold()] += 1
            told = f"{name} ({seen[name.casefold()]})"
        seen[folded] = 1
        out.append(told)
    return out


def sectioned(table: Table) -> bool:
    """Whether a table has headings among its rows."""
    return any(row.kind == "heading" for row in table.rows)


def lines(table: Table) -> Iterator[tuple[str, Row]]:
    """The rows of a file, each with the heading it stands under ("" before the first)."""
    section = ""
    for row in table.rows:
        if row.kind == "heading":
            section = row.label
        else:
            yield section, row


def inert(words: str) -> str:
    """Text with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{words}" if words.startswith(FORMULA) or words.lstrip().startswith(FORMULA) else words


def _exact(cell: Cell) -> str:
    """A value with all its digits, as whole number if it is one; text made inert; "" where there is none."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return inert(cell)
    return str(int(cell)) if cell == int(cell) else repr(float(cell))


def _package(report: Report, made: dict[str, str]) -> dict[str, object]:
    """What the files are, in Frictionless's form, with what they were made from."""
    return {
        "profile": "tabular-data-package",
        "name": "report-tables",
        "title": report.title,
        "description": "Internal: not for publication." if report.internal else "Counts suppressed and rounded.",
        "made": report.made,
        "resources": [_resource(table, f"{table.key}.csv", made[f"{table.key}.csv"]) for table in report.tables],
    }


def _resource(table: Table, name: str, content: str) -> dict[str, object]:
    data = content.encode("utf-8-sig")
    at = {i: n for n, i in enumerate(i for i, row in enumerate(table.rows) if row.kind != "heading")}
    texts = len(header(table)) - len(table.columns)
    kind = "string" if table.unit in {"text", "date"} else "number"
    return {
        "name": table.key,
        "path": name,
        "profile": "tabular-data-resource",
        "title": table.title,
        "description": " ".join([table.finding, *table.notes]),
        "sources": [{"title": table.source}],
        "encoding": "utf-8",
        "bytes": len(data),
        "hash": f"sha256:{hashlib.sha256(data).hexdigest()}",
        "schema": {
            "fields": [
                {"name": inert(n), "type": "string" if k < texts else kind} for k, n in enumerate(header(table))
            ],
            "missingValues": ["", *SHORTHAND],
        },
        "sums": [
            {"row": at[i], "is": [{"row": at[other], "times": sign} for other, sign in row.sums]}
            for i, row in enumerate(table.rows)
            if row.sums and i in at and all(other in at for other, _ in row.sums)
        ],
    }


def _listed(folder: Path) -> set[str]:
    """The files that an earlier report listed in this folder, by plain names only."""
    try:
        listed = json.loads((folder / PACKAGE).read_text(encoding="utf-8"))["resources"]
        names = {str(resource["path"]) for resource in listed}
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {name for name in names if Path(name).name == name and name.endswith(".csv")}
