"""Timing side by side: interleaved rounds on one thread, medians; and what machine it was."""

from __future__ import annotations

import datetime as dt
import gc
import os
import platform
import re
import statistics
import time
from collections.abc import Callable, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

Act = tuple[Callable[[], Any], Callable[[Any], Any]]
"""What makes ready, untimed, and what is timed."""

ONE_THREAD = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
VECTORS = ("avx512dq", "avx2", "asimd", "sse4_2")
LIBRARIES = ("llvmlite", "mesa", "numba", "numpy", "pandas", "pyarrow", "starsim")


def one_thread() -> None:
    """Keep every library to one thread. To be called before any is imported."""
    os.environ.update(ONE_THREAD)


def seconds(act: Callable[[], Any]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def rounds(acts: Mapping[str, Act], times: int, tidy: bool = True,
           again: Mapping[str, int] | None = None) -> dict[str, list[float]]:  # fmt: skip
    """Seconds of each act, ``times`` over, one after another in every round so that all meet the same disturbances.
    Brief acts are done ``again`` so often in each round, for a moment's disturbance is as long as they are.

    Python's garbage is collected before each, which also empties the processor's caches; with ``tidy`` false once
    before all, as befits what takes milliseconds and is called in a row.
    """
    taken: dict[str, list[float]] = {name: [] for name in acts}
    gc.collect()
    for _ in range(times):
        for name, (ready, act) in ((n, acts[n]) for n in acts for _ in range((again or {}).get(n, 1))):
            subject = ready()
            if tidy:
                gc.collect()
            taken[name].append(seconds(lambda act=act, subject=subject: act(subject)))  # type: ignore[misc]
            del subject
    return taken


def median(values: list[float]) -> float:
    """The middle one."""
    return statistics.median(values)


def machine() -> dict[str, str]:
    """Processor, cores, vector instructions, system, Python, libraries and the day; not its name."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = re.search(r"model name\s*:\s*(.+)", info)
    flags = re.search(r"(?:flags|Features)\s*:\s*(.+)", info)
    known = flags[1].split() if flags else []
    return {
        "processor": (model[1] if model else platform.processor() or platform.machine()).strip(),
        "cores": str(os.cpu_count()),
        "vectors": next((v for v in VECTORS if v in known), "unknown"),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "libraries": ", ".join(f"{name} {version}" for name in LIBRARIES if (version := _version(name))),
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def slug(about: Mapping[str, str]) -> str:
    """A file's name for a machine, without the machine's own: processor, vectors and Python."""
    text = f"{about['processor']}-{about['vectors']}-py{'.'.join(about['python'].split('.')[:2])}"
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-")
