"""Printing a study: tables on the terminal, or JSON. Nothing is worked out here."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from rich.box import SIMPLE_HEAD, Box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cohort import calendar
from cohort.cli import position
from cohort.cli.figures import Published, Results, Value
from cohort.cli.sheets import LINE_NAMES, Row, Sheet, sheets
from cohort.cli.wide import Wide, wide
from cohort.pack import Pack

if TYPE_CHECKING:
    from cohort.study import Study

WIDTH = 100
PLAIN = Box("    \n    \n -- \n    \n    \n    \n    \n    \n", ascii=True)
"""A line of dashes under the head and nothing else."""
MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
          "December")  # fmt: skip
FORMATS = {"count": ",.0f", "change": "+,.0f", "percent": ".1f", "million": ",.1f"}


def tables(found: Iterable[Sheet]) -> None:
    """Print tables on the terminal."""
    console = Console(width=WIDTH, highlight=False)
    for sheet in found:
        _put(console, sheet)


def machine(found: Mapping[str, Any]) -> None:
    """Print JSON."""
    json.dump(found, sys.stdout, indent=2)
    print()


def study(made: Study, as_json: bool = False) -> None:
    """Print a study's tables for each scenario, what its ranges are, where it is and what to do next."""
    found = [(r, Published.of(Pack.load(r.scenario.authority))) for r in Results.of(made)]
    if as_json:
        machine(_machine(made, found))
        return
    console = Console(width=WIDTH, highlight=False)
    for results, published in found:
        _heading(console, results)
        for sheet in every(results, published):
            _put(console, sheet)
        _wide(console, wide(results, published))
    _footer(console, made)


def _put(console: Console, sheet: Sheet) -> None:
    """A title, the table if there is one, and its notes."""
    console.print()
    console.print(Text(sheet.title, style="bold"))
    if sheet.columns:
        console.print(_drawn(sheet, console.is_terminal))
    for note in sheet.notes:
        console.print(Padding(Text(note, style="dim" if sheet.columns else ""), (0, 0, 0, 0), expand=False))


def every(results: Results, published: Published) -> list[Sheet]:
    """Every table of a scenario that has anything to show, the account last."""
    account = position.account(results, published)
    return [*sheets(results, published), *([account] if account.columns[1:] else [])]


def _heading(console: Console, results: Results) -> None:
    s, many = results.scenario, f"mean of {results.runs} runs" if results.runs > 1 else "one run"
    console.print()
    console.print(Text(f"{s.name}: {s.title}" if s.title else s.name, style="bold"))
    console.print(f"{_long(s.first)} to {_long(s.last - 1)}; {many}")


def _long(month: int) -> str:
    return f"{MONTHS[calendar.month_of_year(month) - 1]} {calendar.year(month)}"


def _drawn(sheet: Sheet, terminal: bool) -> Table:
    """A sheet as rich draws it: labels left, numbers right."""
    gap = 1 if len(sheet.columns) < 8 else 0
    table = Table(box=SIMPLE_HEAD if terminal else PLAIN, show_edge=False, pad_edge=False, padding=(0, gap, 0, 0))
    for k, heading in enumerate(sheet.columns):
        words = heading if heading.startswith("Jan") else heading.replace(" ", "\n", 1)
        table.add_column(words, justify="right" if k else "left", no_wrap=True)
    for row in sheet.rows:
        style = "bold" if row.strong else "dim" if row.label.startswith(" ") else None
        table.add_row(row.label, *(cell(v, row.unit) for v in row.values), style=style)
    return table


def cell(value: Value, unit: str) -> str:
    """A value as printed: 19,407; +124; 33.4; 163.2; a range as 19,300-19,500; nothing for None; words as they are."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, tuple):
        return "-".join(cell(v if unit == "percent" else round(v), unit) for v in value)
    return f"{value:,}" if isinstance(value, int) and unit != "change" else format(value, FORMATS[unit])


def _wide(console: Console, found: list[Wide]) -> None:
    if not found:
        return
    console.print()
    console.print(Text("Lines of 2024-25 whose price range is wider than 15% either way, and why", style="bold"))
    for line in found:
        console.print(f"{LINE_NAMES[line.line]}: {line.low:+.0%} to {line.high:+.0%}")
        for reason in line.reasons:
            console.print(Padding(Text(reason), (0, 0, 0, 2), expand=False))


def _footer(console: Console, made: Study) -> None:
    """What the ranges are, where the study is, what to do next."""
    folder = made.folder.as_posix()
    console.print()
    for s in made.manifest["scenarios"]:
        for line in s.get("unlawful", ()):
            console.print(f"Unlawful, and acknowledged: {s['name']}: {line}")
        for h in s.get("hatches", ()):
            touched = ", ".join(h["may_touch"])
            console.print(f"Research hatch: {s['name']}: {h['rule']}: {h['function']} moves children between {touched}")
    console.print(f"Ranges: {_ranges(made)}")
    console.print(f"Study:  {folder}", soft_wrap=True)
    if len(made.scenarios) > 1:
        console.print(f"Next:   cohort compare {folder} (what the difference is, with its range), or read the tables:",
                      soft_wrap=True)  # fmt: skip
    else:
        console.print("Next:   cohort check SCENARIO.toml (a scenario of your own), or read the tables:")
    read = f"import duckdb; duckdb.sql(\\\"from '{folder}/stock/*/*.parquet'\\\").show()"
    console.print(f'        python -c "{read}"', soft_wrap=True)


def _ranges(made: Study) -> str:
    """What the printed ranges are of, in words."""
    draws, runs = made.manifest["draws"], made.manifest["draws"] * made.manifest["replicates"]
    if runs == 1:
        return "none, as there is one run."
    if draws == 1:
        return (
            f"{runs} runs of the best estimate that differ by chance only; doubt about rates and prices is not in them."
        )
    if "posterior" in made.manifest["ranges"]:
        return f"{runs} runs over {draws} draws: calibrated where data tell, priors where not (docs/calibration.md)."
    return f"{runs} runs over {draws} draws of rates and prices from what is thought possible: prior, not calibrated."


def _machine(made: Study, found: list[tuple[Results, Published]]) -> dict[str, Any]:
    """What ``--json`` prints."""
    return {
        "study": made.folder.as_posix(),
        **{key: made.manifest[key] for key in ("status", "digest", "draws", "replicates", "seed", "ranges")},
        "scenarios": [
            {
                "name": results.scenario.name,
                **{key: entry[key] for key in ("unlawful", "hatches") if entry.get(key)},
                "tables": [_plain(sheet) for sheet in every(results, published)],
                "wide_price_ranges": [vars(line) for line in wide(results, published)],
            }
            for (results, published), entry in zip(found, made.manifest["scenarios"], strict=True)
        ],
    }


def _plain(sheet: Sheet) -> dict[str, Any]:
    def row(r: Row) -> dict[str, Any]:
        return {"label": r.label.strip(), "unit": r.unit, "values": list(r.values)}

    return {
        "name": sheet.name,
        "title": sheet.title,
        "columns": list(sheet.columns[1:]),
        "rows": [row(r) for r in sheet.rows],
    }
