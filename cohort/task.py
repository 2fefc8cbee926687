"""One task of a study: a fixed number of runs of every scenario, written as one Parquet file a table and scenario.

A task is a pure function of itself: whoever carries it out, wherever and however often, writes the same bytes. A file
appears under its name only when it is whole, and a file that is there is left, so a stopped study goes on where it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from cohort import authorities, provenance
from cohort.draft import draft
from cohort.pack import listing
from cohort.scenario import Scenario

if TYPE_CHECKING:
    import pyarrow as pa

    from cohort.policy import Policy
    from cohort.setting import Setting

Run = tuple[int, int]
"""(draw, replicate)"""


def runs(draws: int, replicates: int) -> tuple[Run, ...]:
    """Every (draw, replicate) of a study, in order.

    One run a draw has luck of its own, replicate d of draw d: with the same luck in all, what is odd about it would be
    in every run, and chance in no range.
    """
    if replicates == 1:
        return tuple((draw, draw) for draw in range(draws))
    return tuple((draw, replicate) for draw in range(draws) for replicate in range(replicates))


@dataclass(frozen=True)
class Task:
    """Runs of every scenario that are written together, in ascending order."""

    index: int
    runs: tuple[Run, ...]
    scenarios: tuple[Scenario, ...]
    seed: int
    out: Path
    more: tuple[str, ...] = ()
    """tables that were asked for besides: of every child, of every event"""

    def tables(self, scenario: Scenario) -> tuple[str, ...]:
        """The tables that are written of a scenario: ``pairs`` of all but the first of its authority, against which
        they are paired."""
        from cohort.tables import PAIRS, TABLES

        paired = (PAIRS,) if scenario != authorities.base_of(self.scenarios, scenario) else ()
        return (*TABLES, *paired, *self.more)

    def paths(self) -> list[Path]:
        """All files of the task."""
        return [self.path(name, scenario) for scenario in self.scenarios for name in self.tables(scenario)]

    def path(self, table: str, scenario: Scenario) -> Path:
        """Where a table of a scenario goes."""
        return self.out / table / f"scenario={scenario.name}" / f"part-{self.index:05d}.parquet"


def run_task(task: Task, after_run: Callable[[], None] = lambda: None) -> tuple[Path, ...]:
    """Carry out what is missing of a task, telling ``after_run`` of each run; returns the paths of all its files."""
    paths = task.paths()
    if all(path.exists() for path in paths):
        for _ in range(len(task.runs) * len(task.scenarios)):
            after_run()
        return tuple(paths)
    for path, table in _simulate(task, after_run):
        if not path.exists():
            write(table, path)
    return tuple(paths)


def _simulate(task: Task, after_run: Callable[[], None]) -> Iterator[tuple[Path, pa.Table]]:
    """Every run of every scenario, as one table a name and scenario, in the order of the runs.

    The scenarios of a run are stepped together until they differ, so that a policy costs only the months it acts in;
    authority by authority, whose children are laid out once.
    """
    import pyarrow as pa

    from cohort.childrows import ROLLS
    from cohort.fork import run_together
    from cohort.tables import PAIRS, TABLES, pairs

    written = TABLES | ROLLS
    for scenarios in authorities.groups(task.scenarios):
        parts: dict[Path, list[pa.Table]] = {}
        base = scenarios[0]
        for draw, replicate in task.runs:
            settings = [setting_of(s, draw, base) for s in scenarios]
            worlds = run_together(settings, task.seed, replicate, "children" in task.more)
            for scenario, (world, together) in zip(scenarios, worlds, strict=True):
                for name in task.tables(scenario):
                    made = pairs(world, together, base.name) if name == PAIRS else written[name](world)
                    parts.setdefault(task.path(name, scenario), []).append(made)
                after_run()
        for path, tables in parts.items():
            yield path, pa.concat_tables(tables).combine_chunks()


@lru_cache(maxsize=1)
def _first(authority: str, start: str, until: str, stamp: Stamp) -> Setting:
    """A setting without rules, of which the others of the same data and months take what no rule or draw bears on."""
    from cohort import setting

    return setting.build(Scenario(name="first", authority=authority, start=start, until=until))


@lru_cache(maxsize=16)
def _setting(scenario: str, draw: int, beside: str, stamps: tuple[Stamp, Stamp]) -> Setting:
    from cohort import setting

    given = Scenario.model_validate_json(scenario)
    first = _first(given.authority, given.start, given.until, _stamp(given, rules=False))
    like = _setting(beside, draw, beside, (stamps[1], stamps[1])) if beside != scenario else first
    return setting.build(given, draw, _ruled(scenario, stamps[0]), like=like if like.tape is first.tape else first)


@lru_cache(maxsize=16)
def _ruled(scenario: str, stamp: Stamp) -> Policy:
    """What a scenario's rules make, the same in every draw."""
    from cohort import setting

    return setting.ruled(Scenario.model_validate_json(scenario))


def setting_of(scenario: Scenario, draw: int, beside: Scenario | None = None) -> Setting:
    """The setting of a scenario and draw, kept for the runs that share it while neither its data nor its rule files are
    written anew; of one that runs ``beside`` it, it takes the children's start if nothing bears on that."""
    both = scenario, beside or scenario
    of, by = (s.model_dump_json() for s in both)
    return _setting(of, draw, by, (_stamp(both[0]), _stamp(both[1])))


Stamp = tuple[tuple[str, int, int], ...]


def _stamp(scenario: Scenario, rules: bool = True) -> Stamp:
    """When the data and the rule files of a scenario were last written, and how long they are."""
    files = [listing(scenario.authority), *(provenance.rule_files(scenario) if rules else ())]
    return tuple((str(f), f.stat().st_mtime_ns, f.stat().st_size) for f in files if f.exists())


PAGE = 2**17
"""Rows of a page: 1 MB of the widest column."""


def write(table: pa.Table, path: Path) -> None:
    """Write a table as one row group, whole or not at all.

    Without statistics, which could let a reader skip no more than the whole file and took up to two fifths of the time;
    and only words are looked up in a dictionary, since for numbers that took longer and saved little or no room. Pages
    are of more rows than pyarrow's 20,000, each of which costs a compressor of its own: a tenth of the time.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    words = [field.name for field in table.schema if pa.types.is_dictionary(field.type)]
    with draft(path) as made:
        pq.write_table(table, made, compression="zstd", row_group_size=max(len(table), 1), write_page_checksum=True,
                       use_dictionary=words, write_statistics=False, max_rows_per_page=PAGE)  # fmt: skip
