"""What a report reads: a study's two worlds over all their runs, and what is published beside them.

    of = Reading.of(Study.open("studies/mine"), "programme")
    of.spread("ledger", of.base, ["line", "financial_year"], "view = 'council' and block = 'lines'")

Every figure is summed within each run first and only then over runs; a cell that a run lacks is nought in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from cohort import calendar, ledger
from cohort.analysis import perrun
from cohort.analysis.ranges import Figure, Floats, figure
from cohort.pack import Pack
from cohort.parameters import calibrated
from cohort.results import Study, StudyError
from cohort.scenario import Scenario
from cohort.states import PLACEMENTS, closest

Key = tuple[str, ...]
COUNTED = {"ledger": "pence", "spend": "pence", "headline": "value", "places": "filled"}
"""What each table counts, if not children."""
YEAR = "financial_year"
FEWEST = 6
"""Children that a published sentence may count."""


@dataclass(frozen=True)
class Reading:
    """A study, read for a report on one of its scenarios beside its first."""

    study: Study
    pack: Pack
    base: str
    """the study's first scenario: what is compared with"""
    other: str
    """the scenario reported on; the base itself where a study holds one"""
    published: bool = False
    """whether what is said of children is rounded to five, as in a version for the public"""

    @classmethod
    def of(cls, study: Study, scenario: str = "", published: bool = False) -> Reading:
        """On a scenario (the last). Raises StudyError for one that there is not, or a study that is not finished."""
        names = [s["name"] for s in study.manifest["scenarios"]]
        if scenario and scenario not in names:
            raise StudyError(f"scenario: {scenario!r} given; {closest(scenario, names)}")
        if study.manifest["status"] != "done":
            status = study.manifest["status"]
            raise StudyError(f"{study.folder}: is {status}; allowed: a study that is done (cohort run --resume)")
        first = study.scenarios[0]
        return cls(study, Pack.load(first.authority), names[0], scenario or names[-1], published)

    def count(self, children: float) -> str:
        """A number of children in a sentence."""
        if not self.published:
            return f"{children:,.0f}"
        return f"{5 * round(children / 5):,}" if children >= FEWEST or not children else f"fewer than {FEWEST}"

    def about(self, children: float) -> str:
        """A number of children in a sentence, to the hundred from 1,000 on: more would say more than is known."""
        return self.count(children) if children < 1000 else f"{round(children, -2):,.0f}"

    @property
    def worlds(self) -> dict[str, str]:
        """Scenario -> what the report calls it: the base, then the scenario if it is another."""
        return {name: called(name) for name in dict.fromkeys((self.base, self.other))}

    @property
    def compared(self) -> bool:
        """Whether there are two worlds."""
        return self.base != self.other

    def either(self, said: Iterable[str]) -> str:
        """What is said of each world, as "23,836 (Baseline) or 23,607 (Programme)"; alone if there is one."""
        each = list(said)
        if len(each) == 1:
            return each[0]
        if len(set(each)) == 1:
            return f"{each[0]} ({' and '.join(self.worlds.values())} alike)"
        return " or ".join(f"{text} ({title})" for text, title in zip(each, self.worlds.values(), strict=True))

    @property
    def calibrated(self) -> bool:
        """Whether the rates were fitted to published figures."""
        return calibrated(self.pack)

    def scenario(self, name: str) -> Scenario:
        """A scenario as it was run."""
        return next(s for s in self.study.scenarios if s.name == name)

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Every (draw, replicate)."""
        return perrun.runs_of(self.study)

    @cached_property
    def draws(self) -> list[int]:
        """The draw of each run."""
        return [draw for draw, _ in self.runs]

    @property
    def no_runs(self) -> Floats:
        """[run] nought: what is in no run."""
        return np.zeros(len(self.runs))

    @property
    def ranges(self) -> str:
        """What the ranges of this study are of, in plain words."""
        n = len(self.runs)
        if n == 1:
            return "There is only one run, so the model cannot say how wide the range is."
        if self.study.manifest["draws"] == 1:
            return (
                f"Ranges show chance alone, over {n} runs of one best estimate. Doubt about rates, prices and the size "
                "of policies is not in them, so the true ranges are wider."
            )
        return f"Ranges come from {n} runs. Each has its own draw of the rates, prices and effects thought possible."

    @cached_property
    def years(self) -> tuple[str, ...]:
        """The financial years of the account: whole years of the run that the council projects too."""
        if not self.study.files("ledger"):
            raise StudyError(f"{self.study.folder}: has no table 'ledger'; it was made by an earlier version")
        rows = self.study.query("select distinct financial_year from ledger order by 1").fetchall()
        return tuple(row[0] for row in rows)

    @cached_property
    def januaries(self) -> tuple[str, ...]:
        """The months that a census counts."""
        rows = self.study.query("select distinct month from census order by 1").fetchall()
        return tuple(row[0] for row in rows)

    @cached_property
    def calendar_years(self) -> tuple[str, ...]:
        """The calendar years that the runs cover whole."""
        rows = self.study.query(
            "select distinct period from headline where series = 'requests' and length(period) = 4 order by 1"
        ).fetchall()
        return tuple(row[0] for row in rows)

    @property
    def council_years(self) -> list[str]:
        """The financial years of the council's projection."""
        return ledger.financial_years(self.pack)

    @staticmethod
    def holds_plan(state: str) -> bool:
        """Whether a state of the flow table is a placement with a plan."""
        return any(p.label == state and p.with_plan for p in PLACEMENTS)

    def by_run(self, table: str, scenario: str, by: Sequence[str], where: str = "true",
               value: str = "") -> dict[Key, Floats]:  # fmt: skip
        """Cell of the breakdown -> [run] what the table counts, summed within each run."""
        counted, at = value or COUNTED.get(table, "children"), {run: k for k, run in enumerate(self.runs)}
        named = "".join(f'{self._expression(table, name)} as "key{k}", ' for k, name in enumerate(by))
        rows = self.study.query(
            f"select {named}draw, replicate, sum({counted})::double from {table} "
            f"where scenario = '{scenario}' and ({where}) group by all order by all"
        ).fetchall()
        out: dict[Key, Floats] = {}
        for *key, draw, replicate, amount in rows:
            if None not in key:
                out.setdefault(tuple(map(str, key)), np.zeros(len(at)))[at[draw, replicate]] = amount
        return out

    def in_year(self, table: str, name: str = YEAR) -> str:
        """SQL of the financial year of a table's month; null in years that are not whole."""
        return self._expression(table, name)

    def _expression(self, table: str, name: str) -> str:
        """SQL of a breakdown: a column, or a year worked out from the month (null for years that are not whole)."""
        if name == YEAR and table in {"spend", "flow"}:
            return perrun.columns(self.study, table)[YEAR]
        if name == "age_group" and table != "spend":
            return AGE_GROUP
        return f'"{name}"'

    def spread(self, table: str, scenario: str, by: Sequence[str], where: str = "true",
               value: str = "") -> dict[Key, Figure]:  # fmt: skip
        """The same over runs: mean and percentiles."""
        found = self.by_run(table, scenario, by, where, value)
        return {key: self.figure(values) for key, values in found.items()}

    def figure(self, values: Floats) -> Figure:
        """One value a run, summarised; fewer values than runs are of the first ones."""
        return figure(values, self.draws[: len(values)])

    def series(self, scenario: str, names: Iterable[str]) -> dict[Key, Figure]:
        """(series, period) -> figure, of the headline table; a period that some run lacks is left out."""
        listed = ", ".join(f"'{name}'" for name in names)
        return self.spread("headline", scenario, ["series", "period"], f"series in ({listed})")

    @cached_property
    def account(self) -> Mapping[tuple[str, str, str, str], Floats]:
        """(scenario, block, line, financial year) -> [run] pence, of the council's view."""
        return {
            (name, block, line, year): values
            for name in self.worlds
            for (block, line, year), values in self.by_run(
                "ledger", name, ["block", "line", YEAR], "view = 'council'"
            ).items()
        }

    def line(self, scenario: str, block: str, line: str, year: str) -> Floats:
        """[run] pence of a line of the account; noughts where it is in no run."""
        return self.account.get((scenario, block, line, year), self.no_runs)


def called(name: str) -> str:
    """A scenario's name as people read it."""
    words = name.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


AGE_GROUP = f"""case when ncy + 4 < 5 then '{calendar.AGE_GROUPS[0]}' when ncy + 4 < 11 then '{calendar.AGE_GROUPS[1]}'
 when ncy + 4 < 16 then '{calendar.AGE_GROUPS[2]}' when ncy + 4 < 20 then '{calendar.AGE_GROUPS[3]}'
 else '{calendar.AGE_GROUPS[4]}' end"""
"""``calendar.age_group`` in SQL, which a test holds to it."""
