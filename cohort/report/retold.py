"""Sentences that name counts, told as the published tables have them: rounded, or "under 6"."""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from dataclasses import replace

from cohort.report.table import Cell, Table

UNDER = 6
"""Counts of children under this are kept back."""
NUMBER = re.compile(r"(?<![\w.,£/-])(\d{1,3}(?:,\d{3})+|\d{1,3})(?![\w%/-]|[.,]\d| million)")
"""A number in a sentence that is no money, percent, year, date or decimal."""
OF_CHILDREN = re.compile(r"\s+(?:more |fewer |new )?(?:child|children|plans?|pupils?|young)\b")
Told = Mapping[str, str]
"""A count as a sentence has it -> what it may say instead."""


def spoken(old: Table, new: Table) -> dict[str, str]:
    """What sentences may say instead of a table's counts, from the table as it was and as it may be published."""
    told: dict[str, str] = {}
    for was, now in zip(old.rows, new.rows, strict=True):
        if old.unit_of(was) == "children" and was.kind != "published":
            for one, other in zip(was.cells, now.cells, strict=True):
                if isinstance(one, int | float) and one:
                    told.setdefault(f"{abs(one):,.0f}", _instead(one, other))
    return told


def uncounted(table: Table) -> set[str]:
    """How sentences have the numbers of a table that are not rounded: places, numbers, and what was published."""
    return {
        f"{abs(cell):,.0f}"
        for row in table.rows
        for cell in row.cells
        if isinstance(cell, int | float) and (row.kind == "published" or table.unit_of(row) in {"places", "number"})
    }


def without(told: Told, others: Set[str]) -> dict[str, str]:
    """What may be said instead of counts, but for those that are only rounded and may as well be another number."""
    return {n: other for n, other in told.items() if n not in others or not other.replace(",", "").isdigit()}


def _instead(one: float, other: Cell) -> str:
    if isinstance(other, int | float):
        return f"{abs(other):,.0f}"
    return f"under {UNDER}" if abs(one) < UNDER else "a number that is kept back"


def retold(text: str, everywhere: Told, here: Told | None = None) -> str:
    """Text in which counts are told as they are published.

    Counts of the table that the text is about (``here``) are, if they have three digits or are of children; those of
    other tables if they have four or are of children: other things are counted too.
    """

    def instead(found: re.Match[str]) -> str:
        number = found[0]
        sure = "," in number or bool(OF_CHILDREN.match(text, found.end()))
        if here and number in here and (sure or len(number) == 3):
            return here[number]
        return everywhere.get(number, number) if sure else number

    return NUMBER.sub(instead, text)


def retold_table(table: Table, everywhere: Told, here: Told) -> Table:
    """A table whose finding, notes and numbers given as text tell counts as they are published; other text is left."""

    def cell(given: Cell) -> Cell:
        return retold(given, everywhere, here) if isinstance(given, str) and NUMBER.fullmatch(given) else given

    rows = tuple(
        row if row.kind == "published" else replace(row, cells=tuple(map(cell, row.cells))) for row in table.rows
    )
    notes = tuple(retold(note, everywhere, here) for note in table.notes)
    return replace(table, rows=rows, finding=retold(table.finding, everywhere, here), notes=notes)
