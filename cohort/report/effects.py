"""What each policy does alone, and the ready reckoner: worked out by running the model, and kept beside the report.

    found = effects.kept(study, "programme") or effects.work_out(reading, say)

Each policy is run alone against the same scenario without any, in the first runs of the study (same draws, same luck),
and so are all of them together; what they do together beyond the sum of each alone is their interaction. A run of the
county takes about three seconds. What is kept is tied to the study's digest and to the code: another study or another
version works it out anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from cohort import calendar, provenance, setting
from cohort.analysis import futures, reckon
from cohort.analysis.attribute import policies_of
from cohort.analysis.worth import Worth, worth, years
from cohort.report.reading import Reading
from cohort.results import Study

RUNS = 20
"""Runs of a study in which each policy is tried alone, at the most."""
FORMAT = 1
Say = Callable[[str], None]
Worths = dict[str, list[Worth]]
"""financial year -> what a policy is worth in each run"""


@dataclass(frozen=True)
class Effects:
    """Of one scenario: policies alone and together, and the reckoner."""

    scenario: str
    today: str
    """the month whose spend says what is spent now"""
    runs: tuple[tuple[int, int], ...]
    alone: Mapping[str, Worths]
    """policy -> worth"""
    joint: Worths
    without: Mapping[str, list[int]]
    """financial year -> [run] pence spent without any policy"""
    titles: Mapping[str, str]
    """policy -> what it is called"""
    reckoner: tuple[tuple[str, str, Mapping[str, tuple[float, float, float]]], ...]
    """name, what it means, financial year -> GBP: mean, 5th and 95th percentile"""

    @property
    def years(self) -> tuple[str, ...]:
        """The financial years covered whole."""
        return tuple(self.joint)

    def interaction(self, year: str) -> list[int]:
        """[run] net pence of all together less the sum of each alone."""
        sums = [sum(self.alone[p][year][k].net for p in self.alone) for k in range(len(self.runs))]
        return [w.net - s for w, s in zip(self.joint[year], sums, strict=True)]


def work_out(of: Reading, say: Say = lambda _: None, runs: int = RUNS) -> Effects:
    """Run every policy of the scenario alone, then all, and the reckoner. Raises ScenarioError without rules."""
    scenario = of.scenario(of.other)
    policies = policies_of(scenario)
    first = futures.base_setting(scenario)
    today = max(min(futures.first_month(first, p) for p in policies) - 1, first.scenario.first)
    chosen = of.runs[:runs]
    alone: dict[str, Worths] = {p.name: {} for p in policies}
    joint: Worths = {}
    without: dict[str, list[int]] = {}
    for k, (draw, replicate) in enumerate(chosen):
        say(f"each policy alone: run {k + 1} of {len(chosen)}")
        base = first if draw == 0 else futures.base_setting(scenario, draw, like=first)
        all_of = setting.build(base.scenario, draw, setting.ruled(scenario), like=base)
        made = {p.name: futures.under(base, p) for p in policies}
        starts = {futures.first_month(base, p) for p in policies}
        world = futures.Runs.of(base, of.study.manifest["seed"], replicate, starts)
        plain, months = futures.spend_of(world.base), list(futures.months_of(base))
        for year, at in years(months).items():
            without.setdefault(year, []).append(round(sum(float(v[at].sum()) for v in plain.values())))
        for name, other in {**made, "": all_of}.items():
            for year, found in worth(plain, futures.spend_of(world.under(other)), months, today).items():
                (joint if not name else alone[name]).setdefault(year, []).append(found)
    say("the ready reckoner")
    few = [run for run in chosen if run[0] == chosen[0][0]][:2]
    rows = reckon.reckon(scenario, 1, len(few), of.study.manifest["seed"], _from(of))
    told = tuple((r.name, r.means, {y: (f.mean, f.p5, f.p95) for y, f in r.by_year.items()}) for r in rows)
    titles = {p.name: p.title for p in policies}
    return Effects(scenario.name, calendar.label(today), tuple(chosen), alone, joint, without, titles, told)


def _from(of: Reading) -> str:
    """The month from which the reckoner's changes begin: April 2025, or the middle of a run that ends before."""
    scenario = of.scenario(of.other)
    usual = calendar.month(reckon.FROM)
    return calendar.label(usual if usual < scenario.last - 1 else (scenario.first + scenario.last) // 2)


def home(study: Study, scenario: str) -> Path:
    """Where a scenario's effects are kept."""
    return study.folder / "effects" / f"{scenario}.json"


def _mark(study: Study, scenario: str) -> dict[str, object]:
    return {"format": FORMAT, "study": study.manifest["digest"], "code": provenance.code(), "scenario": scenario}


def keep(study: Study, found: Effects) -> Path:
    """Write effects into the study's folder, whole or not at all."""
    path = home(study, found.scenario)
    path.parent.mkdir(exist_ok=True)
    told = {
        **_mark(study, found.scenario), "today": found.today, "runs": found.runs, "titles": found.titles,
        "alone": {name: _plain(worths) for name, worths in found.alone.items()}, "joint": _plain(found.joint),
        "without": found.without,
        "reckoner": found.reckoner,
    }  # fmt: skip
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", "utf-8", newline="\n")
    draft.replace(path)
    return path


def kept(study: Study, scenario: str) -> Effects | None:
    """What was kept of a scenario; None if nothing, or if it is of another study or made by other code."""
    try:
        found = json.loads(home(study, scenario).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, dict) or any(found.get(k) != v for k, v in _mark(study, scenario).items()):
        return None
    return Effects(
        scenario, found["today"], tuple((d, r) for d, r in found["runs"]),
        {name: _worths(worths) for name, worths in found["alone"].items()}, _worths(found["joint"]), found["without"],
        found["titles"],
        tuple((name, means, {y: (f[0], f[1], f[2]) for y, f in years.items()})
              for name, means, years in found["reckoner"]),
    )  # fmt: skip


PARTS = ("cashable", "avoided", "reinvestment", "full_year")


def _plain(worths: Worths) -> dict[str, list[list[int]]]:
    return {year: [[getattr(w, part) for part in PARTS] for w in found] for year, found in worths.items()}


def _worths(found: Mapping[str, list[list[int]]]) -> Worths:
    return {year: [Worth(*parts) for parts in each] for year, each in found.items()}
