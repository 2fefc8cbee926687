"""Printing rules: a list of them, or one with its changes. Nothing is worked out here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from cohort import describe, lawful
from cohort.changes import Change
from cohort.cli.show import PLAIN, WIDTH
from cohort.policy import Policy

GAP = 2
"""Blanks between columns."""
COLUMNS = ("change", "what", "for whom", "when", "how much")


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(width=WIDTH, highlight=False)


def _print(console: Console, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table whose words are kept whole."""
    box = SIMPLE_HEAD if console.is_terminal else PLAIN
    table = Table(box=box, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for heading, width in zip(columns, _widths([columns, *rows], console.width), strict=True):
        table.add_column(heading, width=width, overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


def _widths(rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """A width for each column: its longest word, and of what is left its share by how much more it could use."""
    columns = list(zip(*rows, strict=True))
    whole = [max(map(len, cells)) for cells in columns]
    least = [max(len(word) for cell in cells for word in cell.split() or [""]) for cells in columns]
    left = width - GAP * len(columns) - sum(least)
    wanted = sum(whole) - sum(least)
    share = max(0.0, min(1.0, left / wanted)) if wanted else 0.0
    return [low + int((high - low) * share) for low, high in zip(least, whole, strict=True)]


def listed(rules: Sequence[Mapping[str, Any]]) -> None:
    """A table of rules."""
    console = _console()
    if not rules:
        console.print("no rules are here yet; write one with: cohort rules new NAME")
        return
    names = ("name", "title", "from", "changes", "lawful")
    shown = [{**rule, "lawful": "yes" if rule["lawful"] else "no"} for rule in rules]
    _print(console, names, [[str(rule[n]) for n in names] for rule in shown])


def shown(policy: Policy, only_changes: bool = False) -> None:
    """A rule: its title, its changes, and the reasons, omissions and law beneath."""
    console = _console()
    if not only_changes:
        console.print(Text(f"{policy.name}: {policy.title}", style="bold"))
        console.print()
    rows = [{**row, "when": _when(row)} for row in map(_described, policy.changes)]
    _print(console, COLUMNS, [[row[c] for c in COLUMNS] for row in rows])
    if only_changes:
        return
    reasons = [f"{c.label}: {c.because}" + (f" (grounds: {c.grounds})" if c.grounds else "") for c in policy.changes]
    _say(console, "Because", [policy.because, *reasons])
    _say(console, "Does not model", [policy.does_not_model])
    _say(console, "The law", lawful.problems(policy) or ["nothing here needs to be acknowledged as unlawful"])


def _described(change: Change) -> dict[str, str]:
    return dict(zip(describe.HEADINGS, describe.row(change), strict=True))


def _when(row: Mapping[str, str]) -> str:
    said = {"from": row["from"], "in full": row["in full"], "until": row["until"]}
    return "; ".join(f"{what} {month}" for what, month in said.items() if month)


def _say(console: Console, heading: str, lines: Sequence[str]) -> None:
    console.print()
    console.print(Text(heading, style="bold"))
    for line in lines:
        console.print(Padding(Text(line), (0, 0, 0, 2), expand=False))


def plain(policy: Policy) -> dict[str, Any]:
    """What ``--json`` prints of a rule."""
    changes = [_described(c) for c in policy.changes]
    return {
        "name": policy.name,
        "title": policy.title,
        "because": policy.because,
        "does_not_model": policy.does_not_model,
        "lawful": not lawful.problems(policy),
        "law": lawful.problems(policy),
        "changes": [row | {"grounds": c.grounds} for row, c in zip(changes, policy.changes, strict=True)],
    }
