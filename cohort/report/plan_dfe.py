"""The rows that feed DfE's DSG management plan, in the order of its guidance: finance, then children.

DfE's template is a workbook of its own, whose tabs are told in its guidance; this is no copy of it. The rows follow the
guidance's description: 7.1 end-of-year positions, 7.2 the plan of each funding block, 8.1 children by age, need and
placement, each unmitigated (the base) and mitigated (the scenario). Parts 6, 9 and 10 are the council's to write.
"""

from __future__ import annotations

from collections.abc import Mapping

from cohort import calendar
from cohort.analysis.ranges import Floats
from cohort.report.blocks import BLOCK_NAMES, DFE_NAMES, SIDES, dfe, in_order, words
from cohort.report.building import Rows, pounds
from cohort.report.placements import AGES, NAMES, NEED_NAMES, at_place
from cohort.report.plans import HELD
from cohort.report.reading import Reading
from cohort.report.table import Table

Runs = Mapping[tuple[str, ...], Floats]
BEFORE = {
    "6 Summary: narrative": ("6.1 Financial plan", "6.2 High needs trends", "6.3 Outcomes"),
}
AFTER = {
    "9 Governance and management": ("9.1 Sign-off and review", "9.2 Workstream log"),
    "10 Stakeholder engagement": ("10.1 Schools forum", "10.2 Education institutions", "10.3 Parents and carers"),
}
"""Parts of the plan, before and after the model's, that the council writes itself."""
NOT_OURS = "[z]"


def management_plan(of: Reading) -> Table:
    """The plan's rows by financial year, unmitigated and mitigated; children are those of the January in the year."""
    sides = dict(zip(of.worlds, SIDES, strict=False))
    at = [(name, year) for year in of.years for name in of.worlds]
    columns = tuple(f"{year} {sides[name]}" for name, year in at)
    rows = Rows(of)
    _theirs(rows, at, BEFORE)
    _positions(rows, at)
    _blocks(rows, at)
    _children(rows, at)
    _theirs(rows, at, AFTER)
    last = of.years[-1]
    closing = [pounds(of.line(n, "position", "closing", last)) for n in of.worlds]
    said = ", ".join(f"{amount} {side}" for amount, side in zip(closing, sides.values(), strict=True))
    return Table(
        "dsg_management_plan", "Rows for DfE's DSG management plan",
        f"The accumulated deficit at the end of {last} is {said}.", columns, rows.done(), "pence",
        "the study's tables ledger (DfE's view) and census", "As DfE's guidance describes it",
        ("Rows and order follow DfE's guidance on the template (version 2, September 2020). They are not the template.",
         "Unmitigated is the first scenario of the study, mitigated the one reported on.",
         "Parts marked [z] are for the council to write. For 6 see report.html, for 9.2 the savings tracker.",
         "The other blocks' own spend is not modelled.",
         "DfE's template of March 2025 (version 10) is on GOV.UK; its cells may be laid out otherwise.",
         "A year has [x] where its January lies outside the study."),
        suppress=True, group="dfe", long=True,
    )  # fmt: skip


def _theirs(rows: Rows, at: list[tuple[str, str]], parts: Mapping[str, tuple[str, ...]]) -> None:
    """Parts of the plan that no model fills, so that all of them stand in the guidance's order."""
    for title, lines in parts.items():
        rows.heading(title)
        for line in lines:
            rows.add(line, [NOT_OURS] * len(at), unit="text")


def _positions(rows: Rows, at: list[tuple[str, str]]) -> None:
    """7.1: the end-of-year positions."""
    of = rows.of
    rows.heading("7.1 Summary of end-of-year positions")
    for key, block, line, label in (
        ("opening", "position", "opening", "Deficit brought forward"),
        ("spend", "position", "spend", "High needs spend"),
        ("income", "position", "all_income", "Income"),
        ("contributions", "position", "contributions", "Safety Valve contributions"),
    ):
        rows.means(label, [of.line(n, block, line, y) for n, y in at], key=key)
    numbers = [k for k, row in enumerate(rows.rows) if row.key in {"opening", "spend", "income", "contributions"}]
    rows.total("Deficit carried forward", numbers, "closing")


def _blocks(rows: Rows, at: list[tuple[str, str]]) -> None:
    """7.2: each funding block by DfE's lines."""
    of = rows.of
    found = {name: dfe(of, name) for name in of.worlds}
    listed = in_order({key: runs for each in found.values() for key, runs in each.items()})
    for block in dict.fromkeys(block for block, _ in listed):
        rows.heading(f"7.2 Financial plan: {BLOCK_NAMES.get(block, words(block))}")
        parts = [
            rows.means(DFE_NAMES.get(line, words(line)), [found[n].get((block, line, y), of.no_runs) for n, y in at],
                       key=f"{block}.{line}")
            for b, line in listed if b == block
        ]  # fmt: skip
        rows.total(f"Net position: {BLOCK_NAMES.get(block, words(block))}", parts, f"net.{block}")


def _children(rows: Rows, at: list[tuple[str, str]]) -> None:
    """8.1: plans by age, need and placement."""
    of = rows.of
    names = {"age_group": AGES, "need": NEED_NAMES, "placement": NAMES}
    orders = {"age_group": list(calendar.AGE_GROUPS), "need": list(NEED_NAMES), "placement": []}
    for by, title in (("age_group", "age"), ("need", "primary need"), ("placement", "placement")):
        found = {name: of.by_run("census", name, [by, "month"], HELD) for name in of.worlds}
        there = {one for each in found.values() for one, _ in each}
        order = [one for one in orders[by] if one in there] or sorted(there, key=at_place)
        rows.heading(f"8.1 Plans by {title}, in January of the year")
        parts = [
            rows.means(names[by].get(one, one), [_in_january(of, found[n], one, y) for n, y in at], unit="children",
                       key=f"{by}.{one}")
            for one in order
        ]  # fmt: skip
        rows.total("All plans", parts, f"{by}.all", unit="children")


def _in_january(of: Reading, found: Runs, one: str, year: str) -> Floats | None:
    """A year's January: the one in it; None if the study has none."""
    month = f"{int(year[:4]) + 1}-01"
    return found.get((one, month), of.no_runs) if month in of.januaries else None
