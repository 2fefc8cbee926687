"""Putting rows together: lines with their total, their range, and what is published beside them; amounts in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cohort.analysis.ranges import Figure, Floats
from cohort.report.reading import Reading
from cohort.report.table import Cell, Kind, Row, Unit

POUNDS = 100
"""Pence."""
MILLION = 100_000_000
"""Pence in a million pounds."""
LEAST_MILLION, MOST_MILLION = 0.1, 100
"""Millions below which an amount is told in thousands, and from which on in whole millions."""
LOW, HIGH = "lower end of range (5%)", "upper end of range (95%)"
SUMS = tuple[tuple[int, int], ...]


@dataclass
class Rows:
    """Rows in the making: each is added once, and its number is what a sum names."""

    of: Reading
    rows: list[Row] = field(default_factory=list)

    def heading(self, label: str) -> None:
        """A title over the rows that follow."""
        self.rows.append(Row(label, (), "heading"))

    def add(self, label: str, cells: Iterable[Cell], kind: Kind = "line", unit: Unit | None = None, sums: SUMS = (),
            key: str = "") -> int:  # fmt: skip
        """A row; returns its number."""
        self.rows.append(Row(label, tuple(cells), kind, unit, sums, key))
        return len(self.rows) - 1

    def means(self, label: str, runs: Sequence[Floats | None], kind: Kind = "line", key: str = "", sums: SUMS = (),
              unit: Unit | None = None) -> int:  # fmt: skip
        """A row of means over runs, one column each."""
        return self.add(label, (None if r is None else float(r.mean()) for r in runs), kind, unit, sums, key)

    def total(self, label: str, parts: Iterable[int], key: str = "", signs: Mapping[int, int] | None = None,
              unit: Unit | None = None) -> int:  # fmt: skip
        """The sum of rows that are there, worked out from them; blank where one of them is."""
        sums = tuple((part, (signs or {}).get(part, 1)) for part in parts)
        columns = zip(*(self.rows[part].cells for part, _ in sums), strict=True)
        cells = (_summed(cells, [sign for _, sign in sums]) for cells in columns)
        return self.add(label, cells, "total", unit, sums, key)

    def range(self, runs: Sequence[Floats | None], key: str = "", unit: Unit | None = None) -> None:
        """Two rows of the 5th and 95th percentile of the row above; none where there is one run."""
        if len(self.of.runs) < 2:
            return
        found = [None if r is None else self.of.figure(r) for r in runs]
        ends = ((LOW, "p5", "low"), (HIGH, "p95", "high"))
        for label, name, end in ends:
            cells = tuple(None if f is None else float(getattr(f, name)) for f in found)
            self.add(label, cells, "range", unit, (), f"{key}.{end}" if key else "")

    def difference(self, label: str, one: int, less: int, key: str = "") -> int:
        """One row less another, where both have a figure."""
        made = self.total(label, (one, less), key, {less: -1}, self.rows[one].unit)
        self.rows[made] = replace(self.rows[made], kind="difference")
        return made

    def done(self) -> tuple[Row, ...]:
        """All of them."""
        return tuple(self.rows)


def _summed(cells: Sequence[Cell], signs: Sequence[int]) -> Cell:
    if any(cell is None or isinstance(cell, str) for cell in cells):
        return None
    return sum(float(cell) * sign for cell, sign in zip(cells, signs, strict=True) if not isinstance(cell, str | None))


def mean(found: Mapping[tuple[str, ...], Figure], *key: str) -> float | None:
    """The mean of a cell, None where there is none."""
    return found[key].mean if key in found else None


def pounds(amount: float | Floats) -> str:
    """ "£459 million", "-£2.3 million", "£20,000", of pence or of the mean of pence over runs.

    From £100 million on in whole millions: more would say more than the model knows.
    """
    value = float(np.mean(amount))
    sign, size = "-" if value < 0 else "", abs(value) / MILLION
    if size < LEAST_MILLION:
        thousands = round(1000 * size)
        return f"{sign if thousands else ''}£{thousands * 1000:,}"
    whole = size >= MOST_MILLION or value % MILLION == 0
    return f"{sign}£{size:,.{0 if whole else 1}f} million"


def adds(pence: float) -> str:
    """ "adds £2.3 million", "takes £2.3 million off", "changes next to nothing" below £50,000."""
    if abs(pence) < MILLION / 20:
        return "changes next to nothing"
    return f"adds {pounds(pence)}" if pence > 0 else f"takes {pounds(-pence)} off"


def more_or_less(pence: float) -> str:
    """ "£2.3 million more", "£2.3 million less", "next to nothing" below £50,000."""
    if abs(pence) < MILLION / 20:
        return "next to nothing"
    return f"{pounds(abs(pence))} {'more' if pence > 0 else 'less'}"


def pence(million: float | None) -> float | None:
    """Published GBP million in pence."""
    return None if million is None else float(round(million * MILLION))


def unpack(found: Mapping[tuple[str, ...], Floats], keys: Iterable[tuple[str, ...]]) -> list[Floats | None]:
    """One cell's runs a key, None where there is none."""
    return [found.get(key) for key in keys]
