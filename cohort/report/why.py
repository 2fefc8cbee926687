"""Why spend differs: volume, mix and price, between two years of the base and between the two worlds.

An item is what the study's table of spend tells apart: children of one placement, age group and sub-line. What is paid
on top of a place (place funding, exceptional pupil need) is part of that child's price. ``variance.variance`` does the
splitting, run by run, on exact pence; what follows no child, vacant places with it, is price.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from cohort.prices import LINES
from cohort.report.building import Rows, more_or_less, pounds
from cohort.report.money import LINE_NAMES
from cohort.report.reading import YEAR, Reading
from cohort.report.sublines import SubLines
from cohort.report.table import Table
from cohort.variance import Variance, variance

EFFECTS = (("volume", "More or fewer children"), ("mix", "Where they are and how old"), ("price", "Price"))
Item = tuple[str, str, str]
"""placement, age group, and the sub-line that pays for the place"""
Side = dict[Item, list[int]]
"""item -> child-months and pence"""


def why(of: Reading) -> list[Table]:
    """The change between the first and last year of the base, and between the worlds in the last year."""
    first, last = of.years[0], of.years[-1]
    base, out = of.worlds[of.base], []
    if first != last:
        out.append(_table(of, "why_years", (of.base, first), (of.base, last),
                          f"Why spend changes from {first} to {last} ({base})"))  # fmt: skip
    if of.compared:
        other = of.worlds[of.other]
        out.append(_table(of, "why_worlds", (of.base, last), (of.other, last),
                          f"Why spend differs in {last}: {base} to {other}"))  # fmt: skip
    return out


def _table(of: Reading, key: str, before: tuple[str, str], after: tuple[str, str], title: str) -> Table:
    found = mean(of, before, after)
    rows = Rows(of)
    start = rows.add("Before", [found[line]["before"] for line in LINES], key="before")
    parts = [rows.add(label, [found[line][name] for line in LINES], key=name) for name, label in EFFECTS]
    rows.total("After", (start, *parts), "after")
    wholes = {name: sum(found[line][name] for line in LINES) for name in ("before", "volume", "mix", "price", "after")}
    made = [replace(r, cells=(*r.cells, sum(float(c) for c in r.cells if isinstance(c, float)))) for r in rows.rows]
    change = wholes["after"] - wholes["before"]
    said = ", ".join(f"{more_or_less(wholes[n])} through {w}"
                     for n, w in (("volume", "the number of children"), ("mix", "where they are and how old"),
                                  ("price", "price")))  # fmt: skip
    return Table(
        key, title, f"Spend {'rises' if change > 0 else 'falls'} by {pounds(abs(change))}: {said}.",
        (*(LINE_NAMES[line] for line in LINES), "All lines"), tuple(made), "pence", "the study's table spend", "Effect",
        ("Each effect is the mean of its two readings: old prices then new, and new then old.",
         "A shift towards more severe needs within a placement counts as price here; so do services and pots."),
        group="savings" if key == "why_worlds" else "money", whole="All lines",
    )  # fmt: skip


def mean(of: Reading, before: tuple[str, str], after: tuple[str, str]) -> dict[str, dict[str, float]]:
    """Line -> before, volume, mix, price and after in pence, averaged over runs."""
    sides = [_sides(of, *side) for side in (before, after)]
    out = {}
    for line in LINES:
        each = [_of_run(sides[0][k].get(line, {}), sides[1][k].get(line, {})) for k in range(len(of.runs))]
        names = ("before", "volume", "mix", "price", "after")
        out[line] = {name: sum(float(getattr(v, name)) for v in each) / len(each) for name in names}
    return out


def _sides(of: Reading, scenario: str, year: str) -> list[dict[str, Side]]:
    """[run] line -> item -> child-months and pence of a financial year."""
    by, where = ["line", "placement", "age_group"], f"{of.in_year('spend', YEAR)} = '{year}'"
    out: list[dict[str, Side]] = [{} for _ in of.runs]
    sub = SubLines.of(of.pack)
    for column, value in enumerate(("child_months", "pence")):
        for (line, placement, age), runs in of.by_run("spend", scenario, by, where, value).items():
            item = (placement, age, sub.of_child(line))
            for k, amount in enumerate(runs if column or sub.counts(line) else ()):
                found = out[k].setdefault(line.partition(".")[0], {})
                found.setdefault(item, [0, 0])[column] += round(amount)
    return out


def _of_run(before: Side, after: Side) -> Variance:
    """One line of one run."""
    items = sorted({*before, *after})
    q = [[side.get(i, [0, 0])[0] for i in items] for side in (before, after)]
    p = [[side.get(i, [0, 0])[1] for i in items] for side in (before, after)]
    price = [
        [Fraction(cost, n) if n else None for cost, n in zip(c, m, strict=True)] for c, m in zip(p, q, strict=True)
    ]
    filled = [[own if own is not None else other or Fraction(0) for own, other in zip(one, two, strict=True)]
              for one, two in ((price[0], price[1]), (price[1], price[0]))]  # fmt: skip
    found = variance((q[0], q[1]), (filled[0], filled[1]))
    loose = [sum(c for c, n in zip(cost, months, strict=True) if not n) for cost, months in zip(p, q, strict=True)]
    return Variance(
        found.before + loose[0], found.after + loose[1], found.volume, found.mix, found.price + loose[1] - loose[0]
    )
