"""Small reports for tests: tables of every kind of row and unit, with the names that somebody might inject."""

from cohort.report.table import Report, Row, Table

YEARS = ("2024-25", "2025-26", "2026-27")
NASTY = ("=cmd|' /C calc'!A0", "<script>alert(1)</script>", "+1", "-1+1", "@SUM(A1)", "\t=1", "  =1+1", 'a "b", c')
SPEND = ((13_012_345_678, 14_098_765_432, 15_500_000_001), (7_533_000_009, 7_612_340_000, 7_700_000_000))
MADE = {
    "study": "st20",
    "scenarios": "baseline, programme",
    "seed": "1",
    "runs": "20",
    "code": "sha256:0",
    "date": "2026-11-26",
}


def spend() -> Table:
    """Two lines, their sum, a percentile, the published and what is between."""
    total = tuple(a + b for a, b in zip(*SPEND, strict=True))
    told = (20_000_000_000, None, 23_000_000_000)
    rows = (
        Row("High Needs lines", (), "heading"),
        Row("Special schools", SPEND[0]),
        Row("Independent schools", SPEND[1]),
        Row("All spend", total, "total", sums=((1, 1), (2, 1))),
        Row("  5% of runs", tuple(t - 100_000_000 for t in total), "range"),
        Row("  the council", told, "published"),
        Row(
            "  model less the council",
            tuple(None if p is None else t - p for t, p in zip(total, told, strict=True)),
            "difference",
        ),
        Row("Average cost of a place", (6_123_456, 6_200_001, 6_300_099)),
    )
    return Table(
        "spend",
        "High Needs spend by financial year",
        "Spend rises by GBP 27 million.",
        YEARS,
        rows,
        "pence",
        "the study's table spend",
        "Line",
        ("Cash, not real terms.",),
        group="money",
    )


def plans() -> Table:
    """Children by placement, averages over runs, with shares."""
    held = ((8_001.5, 8_100.25, 8_200.0), (1_600.0, 1_700.75, 3.5), (4.25, 0.0, 2.0))
    total = tuple(sum(column) for column in zip(*held, strict=True))
    rows = (
        Row("Mainstream", held[0]),
        Row("Independent", held[1]),
        Row("Tuition", held[2]),
        Row("All plans", total, "total", sums=((0, 1), (1, 1), (2, 1))),
        Row("Tuition, share", tuple(a / b for a, b in zip(held[2], total, strict=True)), unit="share", counts=2),
        Row("Tuition, spend", tuple(int(a * 1_000_000) for a in held[2]), unit="pence", counts=2),
    )
    return Table(
        "plans_by_group",
        "EHC plans by placement",
        "Plans rise.",
        ("Jan 2025", "Jan 2026", "Jan 2027"),
        rows,
        "children",
        "the study's table stock",
        "Placement",
        suppress=True,
        group="plans",
    )


def deficit() -> Table:
    """The account: a difference, a chain over years, and the total that stands in another table too."""
    spent = spend().rows[3].cells
    grant = (19_000_000_000, 20_000_000_000, 21_000_000_000)
    opening, rows = 10_000_000_000, []
    for s, g in zip(spent, grant, strict=True):
        assert isinstance(s, int)
        rows.append((opening, s, g, opening + s - g))
        opening = rows[-1][3]
    cells = tuple(zip(*rows, strict=True))
    names = ("Deficit at the start", "High Needs spend", "Grant")
    made = [Row(name, tuple(c)) for name, c in zip(names, cells, strict=False)]
    made.append(
        Row("Deficit at the end", tuple(cells[3]), "total", sums=((0, 1), (1, 1), (2, -1)), key="model.closing")
    )
    return Table(
        "safety_valve",
        "Accumulated deficit",
        "The deficit rises.",
        YEARS,
        tuple(made),
        "pence",
        "the study's table ledger",
        "Account",
        group="money",
    )


def words() -> Table:
    """Names that somebody injected, as labels, headings and cells; dates and text."""
    rows = (
        *(Row(name, (name, "2026-04-01"), unit="text") for name in NASTY),
        Row("Decided", ("2026-04-01", "2026-09"), unit="date"),
        Row("Chance", (0.125, 1 / 3), unit="share"),
        Row("Ratio", (1.5, 2), unit="number"),
    )
    return Table(
        "assumptions", f"Assumptions {NASTY[1]}", NASTY[0], ("=2+5", "paper"), rows, "text", NASTY[0], notes=NASTY
    )


def report(*tables: Table) -> Report:
    """A report of these tables, or of all of them."""
    told = {"summary": ("Spend rises.", NASTY[0])}
    return Report(f"Kent's SEND system {NASTY[1]}", MADE, told, tables or (spend(), plans(), deficit(), words()))
