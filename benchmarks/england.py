"""England's size: many authorities in one study, what a million people cost, and the cluster that this implies.

    python -m benchmarks.england                     # ten authorities of the mean size, extrapolated
    python -m benchmarks.england --authorities 150   # all of them, none extrapolated

England has about 150 authorities with education duties and 17 million people aged 0 to 25; each is here a synthetic one
of the mean size (``cohort.synthetic``), for the packs of the others are not in this repository. Two scenarios, baseline
and programme, are run in each, on two processes or as many as are asked for, and everything is timed as a user waits
for it: laying out the authority, which a study does once, and its runs with their tables.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import timing
from cohort import authorities, study, synthetic
from cohort.pack import Pack
from cohort.scenario import Scenario
from cohort.synthetic import Recipe

PEOPLE, AUTHORITIES = 17_000_000, 150
SCENARIOS = ("baseline", "programme")
RESULT = Path(__file__).parent / "results" / "england.json"
STUDY = 1_000
"""Draws of a study of England, for the cluster that it implies."""


def people(pack: str, year: int = 2023) -> int:
    """People aged 0 to 25 at a mid-year."""
    t = Pack.load(pack).table("population")
    return int(t["people"][(t["year"] == year) & (t["age"] <= 25)].sum())


def measure(count: int, draws: int, workers: int, folder: Path) -> dict[str, Any]:
    """Seconds to lay out ``count`` authorities, and to run ``draws`` draws of both scenarios in each."""
    size = PEOPLE / AUTHORITIES / people("kent")
    packs = [str(synthetic.make(Recipe(f"tile_{k:03d}", size), folder / f"tile_{k:03d}")) for k in range(count)]
    scenarios = [Scenario.load(name) for name in SCENARIOS]
    lay, run, megabytes = 0.0, 0.0, 0.0
    for pack in packs:
        began = time.perf_counter()
        outline = study.prepare(authorities.across(scenarios, [pack]), draws)
        ready = time.perf_counter()
        out = folder / "studies" / Path(pack).name
        study.carry_out(outline, out, workers)
        lay, run = lay + ready - began, run + time.perf_counter() - ready
        megabytes += sum(f.stat().st_size for f in out.rglob("*.parquet")) / 1e6
        print(f"{Path(pack).name}: {ready - began:.1f} s laid out, {time.perf_counter() - ready:.1f} s run",
              file=sys.stderr, flush=True)  # fmt: skip
    million = sum(people(pack) for pack in packs) / 1e6
    return {"authorities": count, "people_million": million, "draws": draws, "workers": workers, "lay_out_s": lay,
            "run_s": run, "disk_mb": megabytes}  # fmt: skip


def implied(found: dict[str, Any]) -> dict[str, float]:
    """What a million people cost, and England: core-seconds a draw of both scenarios, and a study of 1,000 draws."""
    runs = found["people_million"] * found["draws"]
    a_million = found["run_s"] * found["workers"] / runs
    england = PEOPLE / 1e6
    return {
        "core_s_a_million_people_and_draw": a_million,
        "core_s_to_lay_out_a_million": found["lay_out_s"] / found["people_million"],
        "england_core_s_a_draw": a_million * england,
        "england_core_hours_of_1000_draws": a_million * england * STUDY / 3600,
        "cores_for_england_in_an_hour": a_million * england * STUDY / 3600,
        "england_disk_gb_of_1000_draws": found["disk_mb"] / runs * england * STUDY / 1e3,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print, and keep the figures where they are published."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.england", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--authorities", type=int, default=10, help="how many to run, 1 to 150")
    parser.add_argument("--draws", type=int, default=20, help="draws of each")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, default=RESULT, help="where the figures go")
    given = parser.parse_args(arguments)
    if not 1 <= given.authorities <= AUTHORITIES or given.draws < 1 or given.workers < 1:
        parser.error(f"allowed: 1 to {AUTHORITIES} authorities, 1 draw or more, 1 worker or more")
    with tempfile.TemporaryDirectory() as folder:
        found = measure(given.authorities, given.draws, given.workers, Path(folder))
    told = {"machine": timing.machine(), **found, **implied(found)}
    given.out.write_text(json.dumps(told, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in told.items() if key != "machine"}, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
