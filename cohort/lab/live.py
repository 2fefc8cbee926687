"""A study that is still in memory: the tables of runs as they arrive, read like one that is on disk.

All that reads a study (printed tables, comparisons, reports) reads this: ``query``, ``table`` and ``summary`` are the
same. It has no folder; ``outputs`` writes from it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from cohort.pack import Pack
from cohort.results import Study
from cohort.scenario import Scenario
from cohort.study import Outline, described

if TYPE_CHECKING:
    import duckdb

Tables = Mapping[str, pa.Table]
"""Name -> one scenario's table of one run or several."""


@dataclass(frozen=True)
class Live(Study):
    """Tables of several scenarios, each with the column ``scenario``, and what a manifest says of them."""

    held: Mapping[str, pa.Table] = field(default_factory=dict, hash=False, compare=False)
    made: tuple[Scenario, ...] = ()
    draws: int = 1
    seed: int = 1
    started: str = ""
    """when its runs were made"""

    @classmethod
    def of(cls, scenarios: Sequence[Scenario], runs: Sequence[Sequence[Tables]], seed: int, draws: int = 0) -> Live:
        """From runs of draws 0, 1, 2 and so on: of each a mapping of tables for each scenario. ``draws`` is how many
        there are, if a run holds more than one."""
        held: dict[str, list[pa.Table]] = {}
        for run in runs:
            for scenario, tables in zip(scenarios, run, strict=True):
                for name, table in tables.items():
                    held.setdefault(name, []).append(_of(table, scenario.name))
        joined = {name: pa.concat_tables([plain(t) for t in parts]) for name, parts in held.items()}
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(Path(), joined, tuple(scenarios), draws or len(runs), seed, now)

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """As of a finished study of these scenarios, with one replicate of each draw."""
        data = tuple(Pack.load(s.authority).digest() for s in self.made)
        outline = Outline(self.made, data, self.draws, 1, self.seed)
        return described(outline, self.started) | {"status": "done", "ended": self.started}

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios as they were run."""
        return self.made

    def files(self, table: str) -> list[Path]:
        """No file is there: a name for each table that is held, for who asks whether there is one."""
        return [Path(name) for name in sorted(self.held) if table in {name, "*"}]

    def paired(self, scenario: str) -> bool:
        """Whether a scenario's children are compared with those of the first."""
        return "pairs" in self.held and scenario in {s.name for s in self.made[1:]}

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        import duckdb

        connection = duckdb.connect()
        for name, table in self.held.items():
            connection.register(name, table)
        return connection


def _of(table: pa.Table, scenario: str) -> pa.Table:
    return table.append_column("scenario", pa.array([scenario] * len(table), pa.string()))


def plain(table: pa.Table) -> pa.Table:
    """Words as words: dictionaries of several runs need not be alike. Done once, it costs nothing again."""
    for at, kind in enumerate(table.schema.types):
        if pa.types.is_dictionary(kind):
            name = table.schema.names[at]
            table = table.set_column(at, pa.field(name, pa.string()), table.column(name).cast(pa.string()))
    return table.replace_schema_metadata(None)


__all__ = ["Live", "Tables", "plain"]
