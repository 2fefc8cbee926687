"""Tasks carried out by one process or several: the files are the same, whoever makes them and in whatever order."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from cohort.task import Task, run_task

LOOK = 0.2
"""Seconds between looks at how far the workers are."""
MEMORY = Path("/proc/meminfo")
"""Where Linux says what memory there is."""


def work(tasks: Sequence[Task], workers: int | None, done: Callable[[int], None]) -> None:
    """Carry out every task; ``done`` is told how many runs are finished. Ctrl-C stops all workers within a run."""
    workers = min(workers or cores(), len(tasks))
    if workers > 1:
        _work_together(tasks, workers, done)
        return
    finished = 0

    def after_run() -> None:
        nonlocal finished
        finished += 1
        done(finished)

    for task in tasks:
        run_task(task, after_run)


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def free_memory() -> int:
    """Bytes that a process may take without others' being put out, files that are only remembered among them; a billion
    where the machine does not say."""
    with suppress(OSError, StopIteration, ValueError):
        told = MEMORY.read_text("ascii").splitlines()
        return 1024 * int(next(line for line in told if line.startswith("MemAvailable:")).split()[1])
    with suppress(AttributeError, ValueError, OSError):
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return 1_000_000_000


def _work_together(tasks: Sequence[Task], workers: int, done: Callable[[int], None]) -> None:
    context, told = get_context("spawn"), 0
    finished, stop = context.RawArray("q", len(tasks)), context.RawArray("b", 1)
    executor = ProcessPoolExecutor(workers, context, _join, (finished, stop))
    with _listening() as pressed:
        try:
            waiting = {executor.submit(_carry_out, slot, task) for slot, task in enumerate(tasks)}
            while waiting:
                ready, waiting = wait(waiting, LOOK, FIRST_COMPLETED)
                for task in ready:
                    task.result()
                if sum(finished) > told:
                    told = sum(finished)
                    done(told)
                if pressed:
                    raise KeyboardInterrupt
        finally:
            with _deaf():
                stop[0] = 1
                executor.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _listening() -> Iterator[list[int]]:
    """Inside, Ctrl-C is noted in the list rather than raised wherever Python happens to be: raised while an object is
    being thrown away it would be lost, and the study would go on."""
    pressed: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield pressed
        return
    before = signal.signal(signal.SIGINT, lambda number, _: pressed.append(number))
    try:
        yield pressed
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _deaf() -> Iterator[None]:
    """Inside, Ctrl-C is not heard: whoever presses it twice shall not leave workers behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


# In a worker. What is shared has no locks, since a process that is interrupted while it holds one leaves the others
# waiting for ever: each task has its own slot, and only the process that gave out the tasks sets ``stop``.

_finished: Any
_stop: Any


class _StopError(Exception):
    """The study was stopped."""


def _join(finished: Any, stop: Any) -> None:
    """A worker begins: it leaves Ctrl-C to the process that started it."""
    global _finished, _stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _finished, _stop = finished, stop


def _carry_out(slot: int, task: Task) -> None:
    def after_run() -> None:
        _finished[slot] += 1
        if _stop[0]:
            raise _StopError

    run_task(task, after_run)
