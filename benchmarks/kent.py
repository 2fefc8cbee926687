"""The real model: seconds a run, what start and writing take, where a month's time goes, and its own draw floor."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks import floors
from benchmarks.timing import median, rounds, seconds
from cohort import admission, month, paying, setting
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

VERBS = ("arrive_and_leave", "happen", "place", "pay", "observe")
MEASURED = ("imports", "job_s", "kent")
_PEAK = """
import sys
what = sys.argv[1]
from benchmarks import job_s, job
from cohort.scenario import Scenario
from cohort.world import World
if what == "job_s":
    job_s.run(job.Job(int(sys.argv[2])))
if what == "kent":
    World.start(Scenario.load("baseline")).run()
print(next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM")))
"""


def baseline() -> Setting:
    """Kent, as everything observed persists."""
    return setting.build(Scenario.load("baseline"))


def measure(times: int) -> dict[str, Any]:
    """Everything timed here, in seconds: medians."""
    began = time.perf_counter()
    kent = baseline()
    built = time.perf_counter() - began
    first = seconds(lambda: World.start(kent).run(kent.scenario.first + 9))
    replicates = iter(range(10**6))
    keys, months = World.start(kent).columns.key, kent.scenario.last - kent.scenario.first
    taken = rounds(
        {
            "start": (lambda: next(replicates), lambda r: World.start(kent, replicate=r)),
            "run": (lambda: World.start(kent, replicate=next(replicates)), World.run),
            "draws": (lambda: None, lambda _: floors.draw_floor(keys, months)),
            "write": (lambda: World.start(kent, replicate=next(replicates)).run(), _write),
        },
        times,
    )
    found = {name: median(values) for name, values in taken.items()}
    return {
        "children": len(kent.tape), "with_needs": len(keys), "months": months, "build": built, "first": first, **found,
        "runs": taken["run"], "over_floor": found["run"] / found["draws"], "share": shares(kent, times),
    }  # fmt: skip


def _write(world: World) -> None:
    """Every table of a run as Parquet."""
    from cohort.tables import TABLES
    from cohort.task import write

    with tempfile.TemporaryDirectory() as folder:
        for name, table in TABLES.items():
            write(table(world), Path(folder) / f"{name}.parquet")


def replicates(many: tuple[int, ...]) -> dict[str, float]:
    """How many replicates one after another -> seconds each, in a warm process and the setting apart."""
    kent = baseline()
    World.start(kent).run(kent.scenario.first + 9)  # to the end of the first September, by when all is compiled
    return {
        str(n): seconds(lambda n=n: [World.start(kent, replicate=r).run() for r in range(n)]) / n  # type: ignore[misc]
        for n in many
    }


def shares(kent: Setting, times: int) -> dict[str, dict[str, float]]:
    """Share of a run by verb of the month and by kernel function; the rest is Python between them."""
    verbs, kernels, whole = Counter[str](), Counter[str](), 0.0
    for replicate in range(times):
        world = World.start(kent, replicate=replicate)
        for verb in VERBS:
            setattr(world, verb, _timed(getattr(world, verb), verb, verbs))
        whole += seconds(world.run)
    with _patched(kernels):
        part = sum(seconds(World.start(kent, replicate=r).run) for r in range(times))
    by_kernel = {name: spent / part for name, spent in kernels.most_common()}
    by_kernel["(python)"] = 1 - sum(by_kernel.values())
    return {"verb": {verb: verbs[verb] / whole for verb in VERBS}, "kernel": by_kernel}


def _timed(act: Callable[..., Any], name: str, spent: Counter[str]) -> Callable[..., Any]:
    def timed(*args: Any) -> Any:
        began = time.perf_counter()
        result = act(*args)
        spent[name] += time.perf_counter() - began  # type: ignore[assignment]
        return result

    return timed


@contextmanager
def _patched(spent: Counter[str]) -> Iterator[None]:
    """Time every compiled function of ``month``, ``paying`` and ``admission`` that is called from outside."""
    kernels = [
        (module, name, kernel)
        for module in (month, admission, paying)
        for name, kernel in vars(module).items()
        if hasattr(kernel, "py_func") and kernel.__module__ == module.__name__
    ]
    try:
        for module, name, kernel in kernels:
            setattr(module, name, _timed(kernel, name, spent))
        yield
    finally:
        for module, name, kernel in kernels:
            setattr(module, name, kernel)


def peak_memory(children: int, what: Sequence[str] = MEASURED) -> dict[str, float]:
    """Peak MB of fresh processes: that only import, that run Job S, that run Kent. Nothing where Linux is not."""
    found = {}
    if Path("/proc/self/status").exists():
        for name in what:
            command = [sys.executable, "-c", _PEAK, name, str(children)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            found[name] = float(done.stdout.split()[-1]) / 1024
    return found
