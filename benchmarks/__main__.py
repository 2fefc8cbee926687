"""``python -m benchmarks``: every comparison in one run on one machine, one thread, interleaved rounds, medians.

    python -m benchmarks --quick          # under a minute: does it still work, roughly how fast
    python -m benchmarks                  # some ten minutes
    python -m benchmarks --full           # as published: more rounds, more seeds, more Mesa objects

Results go to ``benchmarks/results`` (or ``--out``), named after the processor; docs/performance.md is made from them.
starsim is compared where it is installed (the optional extra ``bench``).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import timing

if __name__ == "__main__":
    timing.one_thread()

from benchmarks import engines, expectation, floors, kent, luck, policies, report
from benchmarks.job import Job

RESULTS = Path(__file__).parent / "results"
PAGE = Path(__file__).parents[1] / "docs" / "performance.md"


@dataclass(frozen=True)
class Size:
    """How much is measured."""

    name: str
    children: int
    months: int
    rounds: int
    objects: int
    """children of the Mesa twins"""
    scales: tuple[int, ...]
    lengths: tuple[int, ...]
    replicates: tuple[int, ...]
    seeds: int
    compared: int
    runs: int
    gradients: int = 200
    """of the lumped expectation"""
    processes: tuple[str, ...] = kent.MEASURED


QUICK = Size("quick", 50_000, 24, 3, 1_000, (5_000, 50_000), (12, 24), (1, 2), 4, 1, 2, 20, ("kent",))
NORMAL = Size("normal", 500_000, 60, 7, 5_000, (5_000, 50_000, 500_000, 5_000_000), (12, 60, 240), (1, 4, 16), 64, 4, 7)
FULL = Size("full", 500_000, 60, 15, 20_000, NORMAL.scales, NORMAL.lengths, (1, 4, 16, 64), 200, 8, 15)


def measure(size: Size) -> dict[str, Any]:
    """Everything, with its gates."""
    say = lambda what: print(f"{what} ...", file=sys.stderr, flush=True)  # noqa: E731
    found: dict[str, Any] = {"machine": timing.machine(), "size": asdict(size)}
    say("Job S")
    found["job_s"] = engines.compare(Job(size.children, size.months), size.objects, size.rounds)
    say("Kent")  # before its replicates, which would make the process warm
    found["kent"] = kent.measure(size.runs)
    say("Scaling")
    found["scaling"] = engines.scaling(size.scales, size.lengths, size.months, size.rounds)
    found["scaling"]["replicates"] = kent.replicates(size.replicates)
    say("Floors")
    found["memory_floor"] = floors.memory_floor(max(size.scales), 20) / max(size.scales)
    say("Expectation")
    found["expectation"] = expectation.measure(size.gradients)
    say("Memory")
    found["peak_mb"] = kent.peak_memory(size.children, size.processes)
    say("Policies")
    found["policies"] = policies.measure(size.runs)
    say("Luck")
    found["luck"] = luck.measure(size.seeds, size.compared)
    return {**found, "gates": report.gates(found)}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, write. Returns 0 whatever the gates say: they depend on the machine."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.split("\n", maxsplit=1)[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--quick", action="store_true", help="small, under a minute; writes no page")
    how.add_argument("--full", action="store_true", help="more rounds, seeds and objects")
    parser.add_argument("--out", type=Path, default=RESULTS, help="folder of the results")
    parser.add_argument("--page", type=Path, default=None, help="the page to make (docs/performance.md unless --quick)")
    given = parser.parse_args(arguments)
    found = measure(QUICK if given.quick else FULL if given.full else NORMAL)
    print(report.tables(found))
    print(f"Written: {report.write(found, given.out)}")
    page = given.page or (None if given.quick else PAGE)
    if page:
        page.write_text(report.page(found), encoding="utf-8")
        print(f"Written: {page.name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
