"""One task of a study: a fixed number of runs of every scenario, written as one Parquet file a table and scenario.

A task is a pure function of itself: whoever carries it out, wherever and however often, writes the same bytes. A file
appears under its name only when it is whole, and a file that is there is left, so a stopped study goes on where it was.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cohort.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

    from cohort.setting import Setting

Run = tuple[int, int]
"""(draw, replicate)"""


@dataclass(frozen=True)
class Task:
    """Runs of every scenario that are written together, in ascending order."""

    index: int
    runs: tuple[Run, ...]
    scenarios: tuple[Scenario, ...]
    seed: int
    out: Path

    def path(self, table: str, scenario: Scenario) -> Path:
        """Where a table of a scenario goes."""
        return self.out / table / f"scenario={scenario.name}" / f"part-{self.index:05d}.parquet"


def run_task(task: Task, after_run: Callable[[], None] = lambda: None) -> tuple[Path, ...]:
    """Carry out what is missing of a task, telling ``after_run`` of each run; returns the paths of all its files."""
    from cohort.tables import TABLES

    paths = []
    for scenario in task.scenarios:
        missing = [name for name in TABLES if not task.path(name, scenario).exists()]
        if missing:
            tables = _simulate(task, scenario, missing, after_run)
            for name in missing:
                write(tables[name], task.path(name, scenario))
        else:
            for _ in task.runs:
                after_run()
        paths += [task.path(name, scenario) for name in TABLES]
    return tuple(paths)


def _simulate(
    task: Task, scenario: Scenario, names: Sequence[str], after_run: Callable[[], None]
) -> dict[str, pa.Table]:
    """Every run of a scenario, as one table a name, in the order of the runs."""
    import pyarrow as pa

    from cohort.tables import TABLES
    from cohort.world import World

    parts: dict[str, list[pa.Table]] = {name: [] for name in names}
    for draw, replicate in task.runs:
        world = World.start(setting_of(scenario, draw), replicate=replicate, seed=task.seed).run()
        for name in names:
            parts[name].append(TABLES[name](world))
        after_run()
    return {name: pa.concat_tables(tables).combine_chunks() for name, tables in parts.items()}


@lru_cache(maxsize=4)
def _setting(scenario: str, draw: int) -> Setting:
    from cohort import setting

    return setting.build(Scenario.model_validate_json(scenario), draw)


def setting_of(scenario: Scenario, draw: int) -> Setting:
    """The setting of a scenario and draw, kept for the runs that share it."""
    return _setting(scenario.model_dump_json(), draw)


def write(table: pa.Table, path: Path) -> None:
    """Write a table as one row group, whole or not at all."""
    import pyarrow.parquet as pq

    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        pq.write_table(table, draft, compression="zstd", row_group_size=max(len(table), 1))
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
