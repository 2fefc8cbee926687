"""How far a study is: a bar on a terminal, a line now and then elsewhere; always on stderr."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from cohort.cli import say
from cohort.study import Progress


class Lines(Progress):
    """Plain lines: at the start, then every quarter of the runs."""

    def __init__(self) -> None:
        self.total, self.told, self.began = 0, 0, 0.0

    def say(self, text: str) -> None:
        """A line."""
        say(text)

    def begin(self, runs: int) -> None:
        """How many runs are to come."""
        self.total, self.began = runs, time.monotonic()
        say(f"simulating {runs} runs")

    def done(self, runs: int) -> None:
        """A line when another quarter is finished."""
        if runs * 4 // self.total > self.told:
            self.told = runs * 4 // self.total
            spent = time.monotonic() - self.began
            left = f", about {spent * (self.total - runs) / runs:.0f} s left" if runs < self.total else ""
            say(f"{runs} of {self.total} runs, {spent:.0f} s{left}")


@contextmanager
def shown(quiet: bool) -> Iterator[Progress]:
    """The progress to hand to a study: none, a bar or lines."""
    if quiet:
        yield Progress()
    elif not sys.stderr.isatty():
        yield Lines()
    else:
        yield from _bar()


def _bar() -> Iterator[Progress]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Rich

    count = (MofNCompleteColumn(), TextColumn("runs"), TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn())
    columns = (TextColumn("{task.description}"), BarColumn(), *count)
    with Rich(*columns, console=Console(stderr=True), transient=True) as rich:
        bar = rich.add_task("starting", total=None)

        class Bar(Progress):
            def say(self, text: str) -> None:
                rich.update(bar, description=text)

            def begin(self, runs: int) -> None:
                rich.update(bar, description="simulating", total=runs, completed=0)

            def done(self, runs: int) -> None:
                rich.update(bar, completed=runs)

        yield Bar()
