"""A study's table as one number a run: summed within each run by a breakdown, before anything is said across runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from cohort import authorities, calendar
from cohort.analysis.ranges import Floats, figures
from cohort.results import Study, StudyError
from cohort.states import closest
from cohort.task import runs

if TYPE_CHECKING:
    import pandas as pd

VALUES = {"headline": "value", "stock": "children", "census": "children", "flow": "children", "spend": "pence",
          "pairs": "children"}  # fmt: skip
"""What each table counts."""
PERIODS = {"headline": ("series", "period"), "spend": ("financial_year",), "flow": ("month",), "stock": ("month",),
           "census": ("month",), "pairs": ("month",)}  # fmt: skip
"""By what each table is broken down when nothing else is asked; a stock is never summed over months."""
RUN = ["draw", "replicate"]


def columns(study: Study, table: str) -> dict[str, str]:
    """Every breakdown of a table: its name -> its expression in SQL."""
    there = [row[0] for row in study.query(f"describe {table}").fetchall()]
    found = {name: f'"{name}"' for name in there if name not in {VALUES[table], *RUN, "scenario", "child_months"}}
    if table == "spend":
        found |= {"line": "split_part(line, '.', 1)", "sub_line": "line"}
    if table in {"spend", "flow"}:
        found["financial_year"] = _year_of(study, table)
    return found


def _year_of(study: Study, table: str) -> str:
    """Month -> its financial year if the study covers that year whole, else null."""
    months = [row[0] for row in study.query(f"select distinct month from {table} order by month").fetchall()]
    cases = [f"when '{m}' then '{y}'" for y, all_of in whole_years(months).items() for m in all_of]
    return f"case month {' '.join(cases)} end" if cases else "null"


def whole_years(months: Sequence[str]) -> dict[str, list[str]]:
    """Financial year -> its months, of the years that are covered whole."""
    years: dict[str, list[str]] = {}
    for m in months:
        years.setdefault(calendar.financial_year(calendar.month(m)), []).append(m)
    return {y: all_of for y, all_of in years.items() if len(all_of) == 12}


def runs_of(study: Study) -> list[tuple[int, int]]:
    """Every (draw, replicate) of a study."""
    return list(runs(study.manifest["draws"], study.manifest["replicates"]))


def per_run(
    study: Study, table: str, scenario: str, by: Sequence[str] | None = None, only: str = "", value: str = ""
) -> pd.DataFrame:
    """[breakdown, run] what a table counts, summed within each run; a cell that a run lacks is 0 (headline: dropped).

    A scenario's name without its authority's is the sum over all authorities (not of shares, in headline). ``only`` is
    a condition in SQL; ``value`` another column to sum. Raises StudyError for a breakdown or scenario that there is
    not.
    """
    by = list(PERIODS[table] if by is None else by)
    found = _summed(study, table, scenario, _expressions(study, table, by), only, value or VALUES[table])
    runs = runs_of(study)
    wide = found.pivot_table(index=by, columns=RUN, values="value", aggfunc="sum", observed=True)
    wide = wide.reindex(columns=runs)
    return wide.dropna() if table == "headline" else wide.fillna(0)


def _expressions(study: Study, table: str, by: Sequence[str]) -> dict[str, str]:
    known = columns(study, table)
    for name in by:
        if name not in known:
            raise StudyError(f"{name!r} is not a breakdown of {table}; {closest(name, known)}")
    if "month" in known and table in {"stock", "census", "pairs"} and "month" not in by:
        raise StudyError(f"{table}: {', '.join(by) or 'nothing'} given; allowed: with month, as stocks are not summed")
    return {name: known[name] for name in by}


def _summed(study: Study, table: str, scenario: str, by: dict[str, str], only: str, value: str) -> pd.DataFrame:
    """draw, replicate, the breakdown's columns, value: sums within each run."""
    named = "".join(f', {sql} as "{name}"' for name, sql in by.items())
    where = is_of(study, scenario) + (f" and ({only})" if only else "")
    where += f" and {by['financial_year']} is not null" if "financial_year" in by else ""
    return study.query(
        f"select draw, replicate{named}, sum({value})::double as value from {table} where {where} group by all"
    ).df()


def is_of(study: Study, scenario: str) -> str:
    """The condition in SQL that a row is of a scenario, or of it in any authority. Raises StudyError if none is."""
    names = [s["name"] for s in study.manifest["scenarios"]]
    found = authorities.members(names, scenario)
    if not found:
        allowed = [*authorities.stems(names), *names]
        raise StudyError(f"{scenario!r} is not a scenario of this study; {closest(scenario, allowed)}")
    return "scenario in (" + ", ".join(f"'{name}'" for name in found) + ")"


def summary(study: Study, table: str, by: Sequence[str] | None = None, only: str = "") -> pd.DataFrame:
    """A table's figures over runs, each with its Monte Carlo error: one row a scenario and cell of the breakdown."""
    import pandas as pd

    parts = []
    for s in study.manifest["scenarios"]:
        wide = per_run(study, table, s["name"], by, only)
        told = pd.DataFrame(figures(matrix(wide), draws_of(wide)), index=wide.index).reset_index()
        told.insert(0, "scenario", s["name"])
        parts.append(told)
    return pd.concat(parts, ignore_index=True).astype({"runs": int})


def matrix(wide: pd.DataFrame) -> Floats:
    """[group, run] of a ``per_run`` frame."""
    return wide.to_numpy(np.float64)


def draws_of(wide: pd.DataFrame) -> list[int]:
    """The draw of each run of a ``per_run`` frame."""
    return [int(run[0]) for run in wide.columns]
