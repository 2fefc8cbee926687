"""Tables of money: spend by line, the Safety Valve position, and the bridge from year to year."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

from cohort import published
from cohort.analysis.ranges import Floats
from cohort.prices import LINES
from cohort.report.building import Rows, pence, pounds
from cohort.report.reading import Reading
from cohort.report.table import Cell, Table

LINE_NAMES = {
    "special": "Maintained special schools",
    "independent": "Independent schools",
    "mainstream_srp": "Mainstream support, SRPs and communities",
    "post16": "Post-16 institutions",
    "other": "Other SEN support and alternative provision",
    "savings_to_be_attributed": "Savings still to be found",
    "spend": "Total spend",
}
"""The council's lines, by their names in the ledger."""
PAPER = "council paper to Scrutiny Committee, 18 March 2025"
LEDGER = "the study's table ledger"
GROUP = "money"
Printed = Mapping[tuple[str, str, str], float]
"""(kind, line, financial year) -> GBP million as printed"""


def printed(of: Reading) -> Printed:
    """What the council printed: its history and its projection."""
    return {(f.kind, f.item, f.period): f.value for f in published.tables(of.pack)}


def spend(of: Reading) -> Table:
    """High Needs spend by the council's lines, 2020-21 on: what is published, then each world of the model."""
    told = printed(of)
    years = tuple(dict.fromkeys((*(y for kind, _, y in told if kind == "history"), *of.council_years, *of.years)))
    rows = Rows(of)
    rows.heading("Published: history to 2024-25, then the council's projection")
    for line in (*LINES, "savings_to_be_attributed", "spend"):
        cells = [_published(told, line, year) for year in years]
        if any(cell is not None for cell in cells):
            rows.add(LINE_NAMES[line], cells, "published", key=f"published.{line}")
    for name, title in of.worlds.items():
        rows.heading(f"Model: {title}")
        parts = [
            rows.means(LINE_NAMES[line], _lines(of, name, "lines", line, years), key=f"{name}.{line}") for line in LINES
        ]
        rows.total(LINE_NAMES["spend"], parts, f"{name}.spend")
        rows.range(_lines(of, name, "position", "spend", years), f"{name}.spend")
    return Table(
        "spend", "High Needs spend by financial year", _finding(of, rows, years), years, rows.done(), "pence",
        f"{PAPER} (published rows); {LEDGER} (model)", "Financial year", tuple(_notes(of, told)), group=GROUP,
    )  # fmt: skip


def _published(told: Printed, line: str, year: str) -> float | None:
    history = told.get(("history", line, year))
    return pence(told.get(("projection", line, year)) if history is None else history)


def _lines(of: Reading, name: str, block: str, line: str, years: tuple[str, ...]) -> list[Floats | None]:
    """[year][run] pence, None for a year that the account has not."""
    return [of.line(name, block, line, year) if year in of.years else None for year in years]


def _finding(of: Reading, rows: Rows, years: tuple[str, ...]) -> str:
    last = of.years[-1]
    amounts = of.either(pounds(of.line(n, "position", "spend", last)) for n in of.worlds)
    told = next((r.cells[years.index(last)] for r in rows.rows if r.key == "published.spend"), None)
    council = f", against £{told / 1e8:,.0f} million in the council's plan" if isinstance(told, float) else ""
    return f"In {last} spend is {amounts}{council}."


def _notes(of: Reading, told: Printed) -> list[str]:
    notes = [
        "Published figures are as printed, in whole millions. The printed parts of 2020-21 add up to 267, not 264, and "
        "those of 2022-23 to 335, not 334: they are shown as they stand."
        if ("history", "spend", "2020-21") in told else "",
        "2024-25 is the forecast of November 2024; the council's projection has 393 for the same year."
        if ("history", "spend", "2024-25") in told else "",
        "The council's totals are after savings that it has still to find. No savings of that kind are in the model.",
        "Some assumptions were set so that 2024-25 comes near the published lines: that is a fit, not a test.",
        of.ranges,
    ]  # fmt: skip
    return [note for note in notes if note]


SAFETY_VALVE = (
    ("income", "high_needs_grant", "High Needs grant (the council's estimate)"),
    ("income", "transfer_from_schools_block", "Transfer from the schools block"),
    ("income", "variances_on_other_blocks", "Variances on other blocks"),
)
PAID = (("dfe", "DfE contributions"), ("council", "Council contributions"))
COUNCIL_ROWS = (
    ("spend", "Total spend", "total_spend_as_printed"),
    ("high_needs_grant", "High Needs grant (estimate)", "estimated_high_needs_grant"),
    ("transfer", "Transfer from the schools block", "transfer_from_schools_block"),
    ("variances", "Variances on other blocks", "variances_on_other_blocks"),
    ("in_year", "In-year deficit", "net_dsg_total_as_printed"),
    ("dfe", "DfE contributions", "dfe_contributions"),
    ("council", "Council contributions", "council_contributions"),
    ("closing", "Accumulated deficit on 31 March", "accumulated_position_at_31_march_as_printed"),
)


def safety_valve(of: Reading) -> Table:
    """The Safety Valve table: spend, income, the year's balance and the accumulated deficit, the council's and ours."""
    years = of.years
    rows = Rows(of)
    rows.heading("Published: the council's projection")
    for key, label, line in COUNCIL_ROWS:
        cells = [pence(_as_used(of, line, year)) for year in years]
        rows.add(label, cells, "published", key=f"published.{key}")
    for name, title in of.worlds.items():
        rows.heading(f"Model: {title}")
        _position(rows, name, years)
    last = years[-1]
    amounts = of.either(pounds(of.line(n, "position", "closing", last)) for n in of.worlds)
    told = pence(_as_used(of, COUNCIL_ROWS[-1][2], last))
    council = f", against £{told / 1e8:,.0f} million in the council's plan" if told is not None else ""
    return Table(
        "safety_valve", "Safety Valve: in-year and accumulated position",
        f"On 31 March 20{last[-2:]} the accumulated deficit is {amounts}{council}.", years, rows.done(), "pence",
        f"{PAPER} (published rows); {LEDGER} (model)", "Financial year",
        ("A cost or deficit is positive, income negative, as the council prints them.",
         "The council's contribution of 2027-28 is printed as +10; only -10 fits its own total, and is used.",
         "The model starts from the deficit of £67 million on 1 April 2024 that the printed figures imply.",
         "Grant and contributions are as the council estimates, and are taken to be paid.", of.ranges),
        group=GROUP,
    )  # fmt: skip


def _as_used(of: Reading, line: str, year: str) -> float | None:
    """A printed line of the projection in GBP million, corrected where the register says so."""
    found = published.printed(of.pack, year) if year in of.council_years else {}
    return found[line] / 1e8 if line in found else None


def _position(rows: Rows, name: str, years: tuple[str, ...]) -> None:
    """A world's account, year by year, each total the sum of the rows above it."""
    of = rows.of

    def add(block: str, line: str, label: str) -> int:
        return rows.means(label, _lines(of, name, block, line, years), key=f"{name}.{line}")

    opening = add("position", "opening", "Deficit on 1 April")
    spent = add("position", "spend", "Total spend")
    income = [add(*found) for found in SAFETY_VALVE]
    in_year = rows.total("In-year deficit", (spent, *income), f"{name}.in_year")
    rows.range(_lines(of, name, "position", "in_year", years), f"{name}.in_year")
    paid = [add("contributions", line, label) for line, label in PAID]
    rows.total("Accumulated deficit on 31 March", (opening, in_year, *paid), f"{name}.closing")
    rows.range(_lines(of, name, "position", "closing", years), f"{name}.closing")


def bridge(of: Reading) -> Table:
    """From one year's spend to the next, line by line: the council's 393, 395, 388 and 377 against the model's."""
    told, years = printed(of), [y for y in of.years if y in of.council_years]
    steps = list(pairwise(years))
    sides = {"council": "Council", **{f"model.{name}": title for name, title in of.worlds.items()}}
    columns = tuple(f"{after} {title}" for _, after in steps for title in sides.values())
    rows = Rows(of)

    def value(side: str, line: str, year: str) -> float | None:
        if side == "council":
            return pence(told.get(("projection", line, year), 0.0 if line == "savings_to_be_attributed" else None))
        block, name = "position" if line == "spend" else "lines", side.partition(".")[2]
        return 0.0 if line == "savings_to_be_attributed" else float(of.line(name, block, line, year).mean())

    def each(line: str, which: int) -> list[Cell]:
        return [value(side, line, step[which]) for step in steps for side in sides]

    start = rows.add("Spend of the year before", each("spend", 0), key="before")
    parts = []
    for line in (*LINES, "savings_to_be_attributed"):
        cells = [_less(a, b) for a, b in zip(each(line, 1), each(line, 0), strict=True)]
        parts.append(rows.add(f"Change: {LINE_NAMES[line]}", cells, key=f"change.{line}"))
    after = each("spend", 1)
    changes = [row.cells for row in (rows.rows[k] for k in (start, *parts))]
    gaps = [_less(a, _sum(cells)) for a, *cells in zip(after, *changes, strict=True)]
    rounding = rows.add("Rounding in the printed figures", gaps, key="rounding")
    rows.total("Spend of the year", (start, *parts, rounding), "after")
    return Table(
        "bridge", "What changes spend from year to year", _bridged(of, told, years), columns, rows.done(), "pence",
        f"{PAPER} (council); {LEDGER} (model)", "Year and whose",
        ("The council's savings still to be found count as a change of its own; the model holds none.",), group=GROUP,
        printed=tuple(f"{after} Council" for _, after in steps),
    )  # fmt: skip


def _less(one: Cell, two: Cell) -> float | None:
    return None if one is None or two is None else float(one) - float(two)


def _sum(cells: list[Cell]) -> float | None:
    return None if any(c is None for c in cells) else sum(float(c) for c in cells if c is not None)


def _bridged(of: Reading, told: Printed, years: list[str]) -> str:
    """Each side's spend from the first year to the last."""
    first, last = years[0], years[-1]
    council = (told.get(("projection", "spend", first)), told.get(("projection", "spend", last)))
    plan = f"the council plans to go from £{council[0]:,.0f} million to £{council[1]:,.0f} million; " * all(council)
    start = pounds(of.line(of.base, "position", "spend", first))
    ends = of.either(pounds(of.line(n, "position", "spend", last)) for n in of.worlds)
    return f"From {first} to {last} {plan}the model goes from {start} to {ends}."
