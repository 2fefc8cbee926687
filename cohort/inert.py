"""Whether a policy did anything: a rule that moves neither a child nor a penny is an error, and is named.

A policy can be well formed and do nothing: its children are not there, its placement is never chosen, its date is past
the end, its mechanism is swallowed by another. An exact nought is never a finding, so it is looked for, in two worlds
that share their luck (``difference``), for each rule of a scenario (``demand``), and in the tables of a finished study
(``of_study``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cohort import account, authorities, spending
from cohort.results import Study
from cohort.world import SAVED, World

PATH = tuple(name for name in SAVED if name not in ("bound", "cell"))
"""What tells a child's path: where it stands, since when, and what it cost so far."""


class InertError(ValueError):
    """A policy moved neither a child nor a penny: one line that names it."""


@dataclass(frozen=True)
class Difference:
    """How far two worlds that share their luck are apart."""

    children: int
    """whose path is another"""
    pence: int
    """that were moved: spend month by month and line by line, income year by year, added up without sign"""

    def __bool__(self) -> bool:
        return bool(self.children or self.pence)


def difference(base: World, other: World) -> Difference:
    """Children on another path and pence on another line. Raises ValueError if the worlds are not of the same luck and
    months."""
    same = [(w.seed, w.replicate, w.month, len(w.columns.key), w.setting.params.number) for w in (base, other)]
    if same[0] != same[1]:
        raise ValueError(f"worlds (seed, replicate, month, children, draw) {same[0]} and {same[1]} cannot be compared")
    apart = np.zeros(len(base.columns.key), np.bool_)
    for name in PATH:
        apart |= getattr(base.columns, name) != getattr(other.columns, name)
    lines = [spending.bill(w).by_line(w.setting.prices) for w in (base, other)]
    came = [[x for y in account.of_world(w) for x in vars(y.income).values()] for w in (base, other)]
    income = sum(abs(a - b) for a, b in zip(*came, strict=True))
    return Difference(int(apart.sum()), int(np.abs(lines[0] - lines[1]).sum()) + income)


def demand(base: World, worlds: Mapping[str, World]) -> dict[str, Difference]:
    """What each policy's world differs in from the base. Raises InertError naming those that differ in nothing."""
    found = {name: difference(base, world) for name, world in worlds.items()}
    if none := [name for name, moved in found.items() if not moved]:
        draw = base.setting.params.number
        raise InertError(
            f"{', '.join(none)}: moved neither a child nor a penny in draw {draw}; look at dates and where"
        )
    return found


def of_study(study: Study, base: str = "baseline") -> list[str]:
    """Scenarios of a study, other than its base, in which children, spend and income are the base's in every run; of
    several authorities, each by its own base."""
    found = []
    for group in authorities.groups(study.scenarios):
        names = [s.name for s in group]
        own = next((n for n in names if n.split(authorities.MARK)[0] == base), None)
        found += [n for n in names if own and n != own and not any(_differ(study, t, own, n) for t in TOLD)]
    return found


TOLD = {"stock": "true", "flow": "true", "spend": "pence <> 0", "ledger": "pence <> 0"}
"""The tables that are compared, and which of their rows count."""


def _differ(study: Study, table: str, one: str, other: str) -> bool:
    """Whether some row of a table is in one scenario and not in the other: looked for task by task, each of which holds
    some runs of all scenarios, up to the first that tells."""
    parts = [[f for f in study.files(table) if f.parent.name == f"scenario={name}"] for name in (one, other)]
    return any(_apart(study, TOLD[table], *both) for both in zip(*parts, strict=True))


def _apart(study: Study, counts: str, *files: Path) -> bool:
    """Whether two files differ in some row that counts."""
    if files[0].read_bytes() == files[1].read_bytes():
        return False
    paths = [file.as_posix().replace("'", "''") for file in files]
    rows = [f"(from read_parquet('{path}', hive_partitioning = false) where {counts})" for path in paths]
    both = [f"({rows[a]} except all {rows[b]})" for a, b in ((0, 1), (1, 0))]
    found = study.query(f"select 1 from ({both[0]} union all {both[1]}) limit 1")
    return bool(found.fetchall())  # not as a frame: pandas takes longer to load than the rest


__all__ = ["Difference", "InertError", "demand", "difference", "of_study"]
