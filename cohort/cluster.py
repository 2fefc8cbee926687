"""Tasks carried out by Dask: on this machine, or on a cluster whose workers see the study's folder.

    cohort run --draws 1000 --engine dask                                   # a local cluster of one worker a core
    cohort run --draws 1000 --engine dask --scheduler tcp://node1:8786      # a real one

A task is a pure function of itself and may be carried out twice, so a worker that is lost costs its task only.
Dask is an extra: pip install 'kent-cohort[dask]'. The files are the same bytes as with the local engine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cohort.results import StudyError
from cohort.task import Task, run_task

if TYPE_CHECKING:
    from distributed import Client

RETRIES = 3
"""How often a task is given out again after its worker was lost."""


def work(tasks: Sequence[Task], workers: int | None, scheduler: str, done: Callable[[int], None]) -> None:
    """Carry out every task; ``done`` is told how many runs are finished, task by task."""
    from distributed import as_completed

    finished = 0
    with _client(workers, len(tasks), scheduler) as client:
        absolute = [replace(t, out=t.out.resolve()) for t in tasks]
        size = {t.index: len(t.runs) * len(t.scenarios) for t in tasks}
        given = {client.submit(carry_out, t, pure=False, retries=RETRIES): t.index for t in absolute}
        try:
            for future in as_completed(list(given)):
                future.result()
                finished += size[given[future]]
                done(finished)
        except BaseException:
            client.cancel(list(given))
            raise


def carry_out(task: Task) -> int:
    """One task, on a worker: its files go to the study's folder; only its number comes back."""
    run_task(task)
    return task.index


def check() -> None:
    """Raises StudyError if Dask is not installed."""
    try:
        import distributed  # noqa: F401
    except ImportError:
        raise StudyError("engine: dask given, which is not installed: pip install 'kent-cohort[dask]'") from None


@contextmanager
def _client(workers: int | None, tasks: int, scheduler: str) -> Iterator[Client]:
    """A client of the scheduler, or of a cluster of this machine that ends with it."""
    from distributed import Client, LocalCluster

    from cohort.pool import cores

    if scheduler:
        try:
            client = Client(scheduler, timeout="30s")
        except (OSError, ValueError) as error:
            raise StudyError(f"scheduler: {scheduler} given; no Dask scheduler answers there ({error})") from None
        with client:
            yield client
        return
    size = max(1, min(workers or cores(), tasks))
    options: dict[str, Any] = {"threads_per_worker": 1, "processes": True, "dashboard_address": None}
    with LocalCluster(n_workers=size, silence_logs=50, **options) as cluster, Client(cluster) as client:
        yield client
