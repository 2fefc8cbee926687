"""Reading a study: its manifest, its scenarios, its tables as pandas DataFrames or by SQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cohort.scenario import Scenario

if TYPE_CHECKING:
    import duckdb
    import pandas as pd

MANIFEST = "manifest.json"
FORMAT = 1


class StudyError(ValueError):
    """One line: what was asked of a study, and what is allowed."""


@dataclass(frozen=True)
class Study:
    """A study's folder, to be read: ``study.headline()`` and the other tables are pandas DataFrames."""

    folder: Path

    @classmethod
    def open(cls, folder: str | Path) -> Study:
        """The study in a folder. Raises StudyError if there is none that this version reads."""
        study = cls(Path(folder))
        try:
            known = study.manifest["format"]
        except (OSError, ValueError, KeyError, TypeError):
            raise StudyError(f"{folder}: holds no study: {MANIFEST} is missing or cannot be read") from None
        if known != FORMAT:
            raise StudyError(f"{folder}: its format is {known}; this version reads format {FORMAT}")
        return study

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """Status, digests, seeds, versions, start and end."""
        found: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text(encoding="utf-8"))
        return found

    @property
    def scenarios(self) -> tuple[Scenario, ...]:
        """The scenarios as they were run."""
        folder = self.folder / "scenarios"
        return tuple(Scenario.load(folder / f"{s['name']}.toml") for s in self.manifest["scenarios"])

    def files(self, table: str) -> list[Path]:
        """The Parquet files of a table, in the order of scenarios' names and tasks."""
        return sorted(self.folder.glob(f"{table}/scenario=*/part-*.parquet"))

    def paired(self, scenario: str) -> bool:
        """Whether a scenario's children are compared with those of another, the first of its authority."""
        return any(path.parent.name == f"scenario={scenario}" for path in self.files("pairs"))

    def query(self, sql: str) -> duckdb.DuckDBPyRelation:
        """A query in which ``headline``, ``stock``, ``census``, ``flow``, ``spend``, ``ledger``, ``places`` and
        ``pairs`` are the study's tables."""
        return self._connection.sql(sql)

    @cached_property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """A view of each table's files, as they are when first asked for."""
        import duckdb

        connection = duckdb.connect()
        for name in sorted({path.parents[1].name for path in self.files("*")}):
            listed = ", ".join("'" + path.as_posix().replace("'", "''") + "'" for path in self.files(name))
            connection.execute(f"create view {name} as from read_parquet([{listed}], hive_partitioning = true)")
        return connection

    def table(self, name: str) -> pd.DataFrame:
        """A table of every scenario and run. Raises StudyError if the study has none of that name."""
        if not self.files(name):
            raise StudyError(f"{self.folder}: has no table {name!r}")
        return self.query(f"from {name}").df()

    def summary(self, table: str, by: Sequence[str] | None = None, only: str = "") -> pd.DataFrame:
        """A table's figures over runs: mean, 5, 25, 50, 75, 95 percentiles, each with its Monte Carlo error.

        Summed within each run first: ``study.summary("spend", by=["financial_year", "line"])``. ``only`` is a condition
        in SQL, such as "placement = 'nmiss'".
        """
        from cohort.analysis.perrun import summary

        return summary(self, table, by, only)

    def headline(self) -> pd.DataFrame:
        """Series, period, value: what is printed."""
        return self.table("headline")

    def stock(self) -> pd.DataFrame:
        """Children at the start of each month."""
        return self.table("stock")

    def census(self) -> pd.DataFrame:
        """Children each January, by area and need."""
        return self.table("census")

    def flow(self) -> pd.DataFrame:
        """What happened to children, by month."""
        return self.table("flow")

    def pairs(self) -> pd.DataFrame:
        """Where the same child is in the first scenario's world and in another's."""
        return self.table("pairs")

    def spend(self) -> pd.DataFrame:
        """Pence by month and line."""
        return self.table("spend")

    def ledger(self) -> pd.DataFrame:
        """Pence by view, financial year, block and line."""
        return self.table("ledger")

    def places(self) -> pd.DataFrame:
        """Providers' places and children, and who waits, at the start of each month."""
        return self.table("places")

    def children(self) -> pd.DataFrame:
        """Every child with needs each January, if the study kept them."""
        return self.table("children")

    def events(self) -> pd.DataFrame:
        """Every event, if the study kept them."""
        return self.table("events")
