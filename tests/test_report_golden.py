"""The tables of a small study, as the page shows them, are what they were: a change of results or wording is seen.

After a change that is meant: python -m pytest tests/test_report_golden.py --snapshot-update, and say why.
"""

from syrupy.assertion import SnapshotAssertion

from cohort.report.display import shown
from cohort.report.table import Table
from tests.small_report import report, table

KEPT = ("spend", "safety_valve", "what_if", "plans_by_group", "process", "independent", "place_sources", "savings",
        "savings_tracker", "why_worlds", "dsg_by_block")  # fmt: skip


def as_text(t: Table) -> str:
    """A table in plain text."""
    lines = [t.title, t.finding, " | ".join((t.stub, *t.columns))]
    for row, cells in zip(t.rows, shown(t), strict=True):
        lines.append(f"== {row.label}" if row.kind == "heading" else " | ".join((row.label, *cells)))
    return "\n".join([*lines, *(f"* {note}" for note in t.notes)])


def test_tables_are_as_they_were(snapshot: SnapshotAssertion) -> None:
    assert "\n\n".join(as_text(table(key)) for key in KEPT) == snapshot


def test_the_words_are_as_they_were(snapshot: SnapshotAssertion) -> None:
    assert "\n".join(f"{part}: {text}" for part, texts in report().words.items() for text in texts) == snapshot
