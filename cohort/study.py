"""A study: many runs of one or more scenarios, kept as a folder of Parquet tables that any tool reads.

    study = run(["baseline"], replicates=20)      # in a script: under if __name__ == "__main__"
    study.headline()                              # a pandas DataFrame

Work is cut into tasks of a fixed number of runs, so that files and bytes do not depend on how many processes made them.
A study that was stopped goes on with ``resume=True``. Everything that can be wrong with what was asked is found before
the first file is written (``prepare``, ``check_folder``).
"""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cohort import authorities, cache, calendar, cluster, hatch, lawful, parameters, pool, provenance
from cohort.draft import write_text
from cohort.mend import mend
from cohort.pack import Pack
from cohort.results import FORMAT, MANIFEST, Study, StudyError
from cohort.scenario import Scenario
from cohort.schemas import OPTIONAL
from cohort.states import closest
from cohort.task import Run, Task, runs, setting_of

RUNS_A_TASK = 10
REPLICATES = 20
"""Runs of the point estimate, when there is no more than one draw."""
MOST = 2**15 - 1
"""Draws and replicates are numbered in 16 bits."""
WARM_UP = 9
"""Months that touch everything that is compiled: a September is among them."""


ENGINES = ("local", "dask")
LONG = 100
"""Runs from which on it is said what they need."""
WORKER, HELD, DISK = 400_000, 20.0, 2.0
"""KB of a worker that keeps nothing yet; and, a thousand children with needs and run, KB held until a task is written,
and KB written: measured on the whole county, two scenarios to March 2028."""
HELD_MORE, DISK_MORE = {"children": 160.0, "events": 30.0}, {"children": 11.6, "events": 6.0}
"""The same of tables on request."""


class Progress:
    """What is told while a study is made; this one keeps silent."""

    def say(self, text: str) -> None:
        """Something that a person who waits wants to know."""

    def begin(self, runs: int) -> None:
        """So many runs are to come."""

    def done(self, runs: int) -> None:
        """So many runs are finished in all."""


@dataclass(frozen=True)
class Outline:
    """What a study is, before any of it is made: its digest tells it from every other."""

    scenarios: tuple[Scenario, ...]
    data: tuple[str, ...]
    """digest of each scenario's data pack"""
    draws: int
    replicates: int
    seed: int
    tables: tuple[str, ...] = ()
    """tables besides the usual (``childrows.ROLLS``)"""

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every (draw, replicate), in order."""
        return runs(self.draws, self.replicates)

    def tasks(self, out: Path) -> tuple[Task, ...]:
        """The runs in tasks of ``RUNS_A_TASK``."""
        cut = [self.runs[at : at + RUNS_A_TASK] for at in range(0, len(self.runs), RUNS_A_TASK)]
        return tuple(Task(k, runs, self.scenarios, self.seed, out, self.tables) for k, runs in enumerate(cut))

    def identity(self) -> dict[str, Any]:
        """What makes the study this one: code, data, scenarios, seed and runs."""
        both = zip(self.scenarios, self.data, strict=True)
        return {
            "code": provenance.code(),
            "scenarios": [
                {
                    "name": s.name,
                    "digest": provenance.scenario(s),
                    "rules": provenance.rules(s),
                    "data": data,
                    **_hatches(s),
                }
                for s, data in both
            ],
            "seed": self.seed,
            "draws": self.draws,
            "replicates": self.replicates,
            "runs_a_task": RUNS_A_TASK,
            "tables": list(self.tables),
        }

    def digest(self) -> str:
        """One digest of the identity."""
        return provenance.digest(self.identity())

    def folder_name(self) -> str:
        """The scenarios' names and the time."""
        return f"{'-'.join(s.name for s in self.scenarios)[:80]}-{datetime.now():%Y%m%d-%H%M%S}"


def run(
    scenarios: Sequence[Scenario | str | Path] | Scenario | str = "baseline",
    draws: int = 1,
    replicates: int | None = None,
    seed: int = 1,
    out: str | Path | None = None,
    workers: int | None = None,
    resume: bool = False,
    progress: Progress | None = None,
    tables: Sequence[str] = (),
    engine: str = "local",
    scheduler: str = "",
) -> Study:
    """Simulate scenarios and keep the results in a folder: 20 replicates of draw 0, or one of each of several draws.

    ``tables`` are kept besides the usual: "children", "events". ``engine`` is local or dask (see ``cluster``).

    Raises ValueError for what cannot be run, before anything is written. ``workers`` above 1 need a script that guards
    its own start with ``if __name__ == "__main__"``.
    """
    given = [scenarios] if isinstance(scenarios, Scenario | str) else scenarios
    loaded = [s if isinstance(s, Scenario) else Scenario.load(s) for s in given]
    outline = prepare(loaded, draws, replicates, seed, progress, tables)
    check_engine(engine, scheduler)
    return carry_out(outline, check_folder(outline, out, resume), workers, progress, engine, scheduler)


def prepare(
    scenarios: Sequence[Scenario],
    draws: int = 1,
    replicates: int | None = None,
    seed: int = 1,
    progress: Progress | None = None,
    tables: Sequence[str] = (),
) -> Outline:
    """Check everything that a study needs: every scenario, the whole data pack, every draw's rates in every month.

    Raises ValueError (DataError, ScenarioError, StudyError among them) with one line.
    """
    replicates = (REPLICATES if draws == 1 else 1) if replicates is None else replicates
    for name, value in (("draws", draws), ("replicates", replicates)):
        if not 1 <= value <= MOST:
            raise StudyError(f"{name}: {value} given; allowed: 1 to {MOST}")
    if seed < 0:
        raise StudyError(f"seed: {seed} given; allowed: 0 or more")
    for name in tables:
        if name not in OPTIONAL:
            raise StudyError(f"tables: {name!r} given; {closest(name, OPTIONAL)}")
    names = [s.name for s in scenarios]
    if not names or len(set(names)) < len(names):
        raise StudyError(f"scenarios: {', '.join(names) or 'none'} given; allowed: one or more, each name once")
    progress = progress or Progress()
    progress.say(f"laying out {', '.join(names)}")
    packs = [Pack.load(s.authority) for s in scenarios]
    for pack in {str(p.folder): p for p in packs}.values():
        for table in pack.names():
            pack.table(table)
    for s in scenarios:
        _check_scenario(s)
    _warm_up(next((s for s in scenarios if len(setting_of(s, 0).book.arrays.redirects)), scenarios[0]), progress)
    more = tuple(name for name in OPTIONAL if name in tables)
    outline = Outline(tuple(scenarios), tuple(pack.digest() for pack in packs), draws, replicates, seed, more)
    if len(outline.runs) >= LONG:
        progress.say(needs(outline))
    return outline


def needs(outline: Outline) -> str:
    """What a study takes, in a line, by what was measured on the whole county and the children there are."""
    groups = authorities.groups(outline.scenarios)
    each = [setting_of(group[0], 0).tape.with_needs / 1000 * len(group) for group in groups]
    runs = len(outline.runs) * len(outline.scenarios)
    held, written = (sum(more[name] for name in outline.tables) for more in (HELD_MORE, DISK_MORE))
    disk = sum(each) * len(outline.runs) * (DISK + written) / 1e3
    memory = (WORKER + max(each) * RUNS_A_TASK * (HELD + held)) / 1e3
    return f"{runs} runs need about {memory:,.0f} MB of memory a worker and {disk:,.0f} MB on disk"


def check_engine(engine: str, scheduler: str = "") -> None:
    """Raises StudyError for an engine that there is not, or that is not installed."""
    if engine not in ENGINES:
        raise StudyError(f"engine: {engine!r} given; allowed: {', '.join(ENGINES)}")
    if scheduler and engine != "dask":
        raise StudyError(f"scheduler: {scheduler} given; allowed: with engine dask only")
    if engine == "dask":
        cluster.check()


def _check_scenario(scenario: Scenario) -> None:
    """The point's whole setting, with its rates in every month. What further draws take beyond what is reserved for a
    rate is held there (``rates``), so that there is nothing in them that could be refused."""
    try:
        _ = setting_of(scenario, 0).policy
    except (ValueError, LookupError) as error:
        said = str(error.args[0])
        raise StudyError(said if said.startswith(f"{scenario.name}: ") else f"{scenario.name}: {said}") from error


def _warm_up(scenario: Scenario, progress: Progress) -> None:
    """Compile the month if it never was, and what counts it: once for all processes, by a few months that are not kept.
    A scenario that redirects uses all that there is to compile."""
    from cohort.tables import TABLES
    from cohort.world import World

    if not cache.is_warm():
        progress.say("compiling the month (first run only, about 20 s)")
        world = World.start(setting_of(scenario, 0)).run(min(scenario.first + WARM_UP, scenario.last))
        for table in TABLES.values():
            table(world)


def check_folder(outline: Outline, out: str | Path | None = None, resume: bool = False) -> Path:
    """The folder that a study goes to. Raises StudyError if something else is there, or nothing to go on with."""
    if out is None:
        if resume:
            raise StudyError("resume: no folder given; say which study goes on, with --out DIR")
        return Path("studies") / outline.folder_name()
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{folder}: a file is there; allowed: a new folder, or a study to resume")
    if (folder / MANIFEST).exists():
        there = Study.open(folder).manifest
        if there["digest"] != outline.digest():
            differ = ", ".join(key for key, value in outline.identity().items() if _differs(there.get(key), value))
            raise StudyError(f"{folder}: holds another study (other {differ or 'contents'}); give another folder")
        if not resume:
            raise StudyError(f"{folder}: holds this study ({there['status']}); add --resume, or give another folder")
    elif folder.exists() and any(p for p in folder.iterdir() if not p.name.startswith(".")):
        raise StudyError(f"{folder}: is not empty and holds no study; allowed: a new or empty folder")
    elif resume:
        raise StudyError(f"{folder}: there is no study to resume")
    return folder


def _differs(there: Any, identity: Any) -> bool:
    """Whether a manifest's entry is not that of an identity; what a manifest says besides does not count."""
    if isinstance(there, list) and len(there) == len(identity):
        return not all(mine.items() <= theirs.items() for mine, theirs in zip(identity, there, strict=True))
    return bool(there != identity)


def carry_out(
    outline: Outline,
    folder: Path,
    workers: int | None = None,
    progress: Progress | None = None,
    engine: str = "local",
    scheduler: str = "",
) -> Study:
    """Make what is missing of a study, and again what cannot be read.

    Stopped by Ctrl-C, a full disk or the death of a worker it keeps what is finished, says so and raises Stopped or
    Failed.
    """
    progress = progress or Progress()
    folder.mkdir(parents=True, exist_ok=True)
    tasks = outline.tasks(folder)
    spoiled = mend(folder, [path for task in tasks for path in task.paths()])
    if spoiled:
        named = ", ".join(p.relative_to(folder).as_posix() for p in spoiled[:3])
        progress.say(f"making again {len(spoiled)} files that could not be read whole: {named}")
    with _status(folder, _first_manifest(outline, folder)), _named(folder):
        (folder / "scenarios").mkdir(exist_ok=True)
        for s in outline.scenarios:
            write_text(folder / "scenarios" / f"{s.name}.toml", s.to_toml())
        progress.begin(len(outline.runs) * len(outline.scenarios))
        if engine == "dask":
            cluster.work(tasks, workers, scheduler, progress.done)
        else:
            pool.work(tasks, workers, progress.done)
    return Study(folder)


class Failed(OSError):  # noqa: N818 - the pair of Stopped
    """A study could not go on for want of something outside it; what is finished is kept."""


@contextmanager
def _named(folder: Path) -> Iterator[None]:
    """Inside, a full disk or a dead worker is named, with what to do."""
    kept = f"what is finished is kept; go on with: cohort run --resume --out {folder}"
    try:
        yield
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise Failed(f"the disk is full; make room, {kept}") from error
        raise
    except BrokenExecutor as error:
        raise Failed(f"a worker process died (killed, or for want of memory); {kept}, with fewer --workers") from error


def _first_manifest(outline: Outline, folder: Path) -> dict[str, Any]:
    """What the manifest says when work begins; a study that goes on keeps the time of its first start."""
    there = Study(folder).manifest if (folder / MANIFEST).exists() else {}
    return described(outline, there.get("started", _now()))


def described(outline: Outline, started: str) -> dict[str, Any]:
    """What a manifest says of a study that was begun at a time and runs."""
    identity = outline.identity()
    for entry, s in zip(identity["scenarios"], outline.scenarios, strict=True):
        last = calendar.label(s.last - 1)
        entry |= {"title": s.title, "first_month": s.start, "last_month": last, "rule_names": list(s.rules)}
        policy = setting_of(s, 0).policy
        entry["unlawful"] = lawful.problems(policy) + (hatch.acknowledged(policy) if s.acknowledge_unlawful else [])
    return {
        "format": FORMAT,
        "status": "running",
        "digest": outline.digest(),
        **identity,
        "ranges": "one point estimate: chance only" if outline.draws == 1 else _drawn_from(outline),
        "versions": provenance.versions(),
        "started": started,
        "ended": None,
    }


def _drawn_from(outline: Outline) -> str:
    """What several draws are of, in words."""
    packs = [Pack.load(s.authority) for s in outline.scenarios]
    return POSTERIOR if all(parameters.calibrated(p) for p in packs) else PRIOR


POSTERIOR = "draws from the posterior; what it does not hold, from priors"
PRIOR = "draws from priors, not calibrated"


def _hatches(scenario: Scenario) -> dict[str, Any]:
    """What is to be known of a scenario's research hatches, if it has any: their code is part of the study."""
    found = hatch.record(setting_of(scenario, 0).policy) if scenario.rules else []
    return {"hatches": found} if found else {}


@contextmanager
def _status(folder: Path, manifest: dict[str, Any]) -> Iterator[None]:
    """Keep the manifest's status true: running, then done, stopped or failed."""
    _write_manifest(folder, manifest)
    status = "failed"
    try:
        yield
        status = "done"
    except KeyboardInterrupt:
        status = "stopped"
        raise Stopped(folder) from None
    finally:
        with suppress(OSError):  # a full disk shall not hide what was wrong
            _write_manifest(folder, manifest | {"status": status, "ended": _now()})


class Stopped(KeyboardInterrupt):
    """A study was stopped; ``folder`` keeps what is finished, and it can go on."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"stopped; what is finished is kept in {folder}")
        self.folder = folder


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def _write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    write_text(folder / MANIFEST, json.dumps(manifest, indent=2, ensure_ascii=False) + "\n")


__all__ = ["Outline", "Progress", "Stopped", "Study", "StudyError", "carry_out", "check_folder", "prepare", "run"]
