"""The engines that do Job S, timed side by side; and how the project's scales."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from benchmarks import floors, job_s, mesa_twin, numpy_twin
from benchmarks.job import Job
from benchmarks.timing import Act, median, rounds

OURS, NUMPY, STARSIM, DRAWS = "cohort", "numpy", "starsim", "draw floor"
MESA, SHUFFLED = "Mesa objects, do", "Mesa objects, shuffle_do"
MOST_OVER_FLOOR = 25
"""A numpy twin slower than this many draw floors is no fair rival, and is not compared with."""


def compare(of: Job, objects: int, times: int) -> dict[str, dict[str, Any]]:
    """Engine -> seconds (median and all), children timed, nanoseconds a child-month, or why it was skipped."""
    small, keys = replace(of, children=min(objects, of.children)), job_s.start(of).children.key
    acts: dict[str, Act] = {
        OURS: (lambda: job_s.start(of), job_s.finish),
        NUMPY: (lambda: numpy_twin.start(of), numpy_twin.finish),
        MESA: (lambda: mesa_twin.start(small), mesa_twin.finish),
        SHUFFLED: (lambda: mesa_twin.start(small, shuffled=True), mesa_twin.finish),
        DRAWS: (lambda: keys, lambda k: floors.draw_floor(k, of.months)),
    }
    skipped = _add_starsim(acts, of)
    job_s.run(replace(of, children=1_000))
    found: dict[str, dict[str, Any]] = {}
    for name, taken in rounds(acts, times, again=dict.fromkeys((OURS, NUMPY, DRAWS), 3)).items():
        timed = small if name in {MESA, SHUFFLED} else of
        scale = of.children / timed.children
        found[name] = {
            "seconds": median(taken) * scale, "all": taken, "children": timed.children,
            "ns": median(taken) / timed.child_months * 1e9,
        }  # fmt: skip
    return found | skipped


def _add_starsim(acts: dict[str, Act], of: Job) -> dict[str, dict[str, Any]]:
    """Add starsim to the acts, or say why not."""
    try:
        from benchmarks import starsim_twin
    except ImportError as error:
        return {STARSIM: {"skipped": f"not installed ({error.name}); it is the optional extra bench"}}
    acts[STARSIM] = (lambda: starsim_twin.start(of), starsim_twin.finish)
    return {}


def scaling(children: tuple[int, ...], months: tuple[int, ...], usual: int, times: int) -> dict[str, dict[str, float]]:
    """Nanoseconds a child-month of the project's engine by number of children, and by number of months. All sizes of a
    kind are run in turn, the small ones more often, so that their ratios are of the same minutes of the machine."""
    middle = sorted(children)[len(children) // 2]
    sizes = {"children": {n: Job(n, usual) for n in children}, "months": {m: Job(middle, m) for m in months}}
    return {kind: _in_turn(jobs, max(times, 3)) for kind, jobs in sizes.items()}


def _in_turn(jobs: dict[int, Job], times: int) -> dict[str, float]:
    """Number -> median nanoseconds a child-month."""
    taken: dict[int, list[float]] = {number: [] for number in jobs}
    for _ in range(times):
        for number, of in jobs.items():
            again = max(1, min(3, 500_000 // of.children))
            taken[number] += rounds({"": (lambda of=of: job_s.start(of), job_s.finish)}, again)[""]  # type: ignore[misc]
    return {str(number): median(taken[number]) / of.child_months * 1e9 for number, of in jobs.items()}
