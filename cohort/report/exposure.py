"""Tables of what might go otherwise: contributions not paid, the end of the override, the chance of a large deficit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cohort import published, reconcile
from cohort.analysis.ranges import Floats, chance
from cohort.report.building import MILLION, Rows, pence, pounds
from cohort.report.money import GROUP, LEDGER, PAPER
from cohort.report.reading import Reading
from cohort.report.table import Table

ONE_PERCENT = 0.01


def what_if(of: Reading) -> Table:
    """The accumulated deficit without DfE's money, without the transfer, and with a percent of grant more or less."""
    rows = Rows(of)
    for name, title in of.worlds.items():
        rows.heading(f"Model: {title}")
        closing = rows.means("Accumulated deficit as agreed", _each(of, name, "position", "closing"),
                             key=f"{name}.closing")  # fmt: skip
        for key, label, block, line, share in (
            ("dfe", "DfE contributions since April 2024", "contributions", "dfe", 1.0),
            ("transfer", "Transfers from the schools block since April 2024", "income",
             "transfer_from_schools_block", 1.0),
            ("grant", "1% of grant since April 2024", "income", "high_needs_grant", ONE_PERCENT),
        ):  # fmt: skip
            so_far = np.cumsum([r * share for r in _each(of, name, block, line)], axis=0)
            part = rows.means(f"  {label}", list(so_far), key=f"{name}.{key}_so_far")
            _without(rows, name, key, closing, part)
    last = of.years[-1]
    paid = {n: sum((of.line(n, "contributions", "dfe", y) for y in of.years), of.no_runs) for n in of.worlds}
    without = [pounds(of.line(n, "position", "closing", last) - paid[n]) for n in of.worlds]
    said = of.either(without)
    return Table(
        "what_if", "The accumulated deficit if money does not come",
        f"Had DfE paid nothing since April 2024, the deficit on 31 March 20{last[-2:]} would be {said}.",
        of.years, rows.done(), "pence", LEDGER, "31 March of",
        ("Contributions and transfers are income, so they are negative; taking them away raises the deficit.",
         "Nobody is taken to act otherwise because money does not come."), group=GROUP,
    )  # fmt: skip


def _without(rows: Rows, name: str, key: str, closing: int, part: int) -> None:
    """What the deficit would be without a part, and for the grant with that part more too."""
    if key == "grant":
        rows.total("Deficit with 1% less grant", (closing, part), f"{name}.grant_less", {part: -1})
        rows.total("Deficit with 1% more grant", (closing, part), f"{name}.grant_more")
    else:
        named = {"dfe": "DfE contributions", "transfer": "transfers"}[key]
        rows.total(f"Deficit without {named}", (closing, part), f"{name}.without_{key}", {part: -1})


def _each(of: Reading, name: str, block: str, line: str) -> list[Floats]:
    """[year][run] pence."""
    return [of.line(name, block, line, year) for year in of.years]


def override(of: Reading, reserves: float | None = None) -> Table | None:
    """What falls on the council's reserves when the statutory override ends; none if the study does not reach it.

    ``reserves`` is GBP million, given by the reader: the study knows of none.
    """
    year = published.override_ends(of.pack)
    if year not in of.years:
        return None
    day = f"1 April 20{year[-2:]}"
    columns = tuple(
        f"{title}, {kind}" for title in of.worlds.values() for kind in ("override goes on", "override ends")
    )
    rows = Rows(of)
    on, off = "exposure_with_override", "exposure_without_override"
    zero = np.zeros(len(of.runs))
    deficit = [of.line(n, "position", "closing", year) for n in of.worlds for _ in (on, off)]
    rows.means(f"Accumulated deficit on 31 March 20{year[-2:]}", deficit, key="deficit")
    falls = [of.line(n, "memo", line, year) for n in of.worlds for line in (on, off)]
    exposed = rows.means("Falls on reserves", falls, key="falls")
    rows.range(falls, "falls")
    held = [None if reserves is None else zero + reserves * MILLION] * len(columns)
    given = rows.means("Usable reserves (given by the reader)", held, key="reserves")
    rows.total("Reserves left", (given, exposed), "left", {exposed: -1})
    interest = [of.line(n, "memo", "interest", year) for n in of.worlds for _ in (on, off)]
    rows.means(f"Interest on the deficit in {year} (not in the account)", interest, key="interest")
    ends = of.either(pounds(of.line(n, "memo", off, year)) for n in of.worlds)
    notes = ["The override is the law as understood in March 2025: it keeps the deficit off the council's reserves."]
    notes += [] if reserves is not None else ["No reserves were given: cohort report STUDY --reserves MILLIONS."]
    return Table(
        "override", f"What falls on reserves on {day}",
        f"If the statutory override ends on 31 March 20{year[-2:]}, {ends} falls on reserves the next day.",
        columns, rows.done(), "pence", f"{LEDGER}, block memo", "World", tuple(notes), group=GROUP,
    )  # fmt: skip


def thresholds(highest: float, council: float | None) -> list[float]:
    """GBP million to ask about: nothing, the council's own figure, and round steps up to the highest outcome."""
    step = next((s for s in (10, 25, 50, 100, 200, 500) if highest / s <= 6), 1000)
    round_ones = [float(k * step) for k in range(int(max(highest, 0) // step) + 2)]
    return sorted({0.0, *round_ones, *([council] if council is not None else [])})


def chances(of: Reading) -> Table:
    """The chance that the deficit on the last 31 March is above each of some amounts."""
    last = of.years[-1]
    closing = {n: of.line(n, "position", "closing", last) / MILLION for n in of.worlds}
    told = {f.period: f.value for f in published.tables(of.pack) if (f.kind, f.item) == ("projection", "closing")}
    asked = thresholds(max(float(c.max()) for c in closing.values()), told.get(last))
    columns = tuple(x for title in of.worlds.values() for x in (title, f"{title}: give or take"))
    rows = Rows(of)
    for amount in asked:
        found = [chance(int((c > amount).sum()), len(c)) for c in closing.values()]
        mark = " (the council's plan)" if amount == told.get(last) else ""
        rows.add(f"above £{amount:,.0f} million{mark}", [x for f in found for x in (f.p, f.error)], key=f"{amount:g}")
    council = told.get(last)
    said = _chance_said(of, closing, council, last)
    return Table(
        "chances", f"Chance that the deficit on 31 March 20{last[-2:]} is above an amount", said, columns, rows.done(),
        "chance", LEDGER, "Accumulated deficit",
        (f"Give or take is what comes of having {_runs(len(of.runs))} and no more.", of.ranges), group="confidence",
    )  # fmt: skip


def _chance_said(of: Reading, closing: dict[str, Floats], council: float | None, last: str) -> str:
    if council is None:
        return "The council's projection has no figure to compare with."
    found = [_how_often(int((c > council).sum()), len(c)) for c in closing.values()]
    return (
        f"The deficit on 31 March 20{last[-2:]} is above the council's £{council:,.0f} million in {of.either(found)}."
    )


def _runs(number: int) -> str:
    return "one run" if number == 1 else f"{number} runs"


def _how_often(met: int, runs: int) -> str:
    if met in {0, runs}:
        return "every run" if met else "no run"
    return f"{met} of {runs} runs"


def curve(of: Reading) -> Table:
    """The chance that the last year's spend is at or below an amount: percentiles of outcomes."""
    last = of.years[-1]
    levels = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
    columns = tuple(of.worlds.values())
    runs = [np.sort(of.line(n, "position", "spend", last)) for n in of.worlds]
    rows = Rows(of)
    for level in levels:
        cells: Sequence[float] = [float(np.quantile(r, level)) for r in runs]
        rows.add(f"{level:.0%} of runs are at or below", cells, key=f"{level:g}")
    told = pence(next((f.value for f in published.tables(of.pack)
                       if (f.kind, f.item, f.period) == ("projection", "spend", last)), None))  # fmt: skip
    if told is not None:
        rows.add("The council's plan", [told] * len(columns), "published", key="published")
    middle = of.either(pounds(float(np.quantile(r, 0.5))) for r in runs)
    within = of.either(_how_often(int((r <= told).sum()), len(r)) for r in runs) if told is not None else ""
    plan = f" It is within the council's plan, {pounds(told)}, in {within}." if told is not None else ""
    return Table(
        "spend_chance", f"Spend of {last}: how likely it is to be at or below an amount",
        f"Half of all runs spend at most {middle} in {last}.{plan}", columns, rows.done(), "pence",
        f"{LEDGER}; {PAPER}", "Share of runs", (of.ranges,), group="confidence",
    )  # fmt: skip


NAMES = {"kent": "Kent", "sen": "SEN", "authorities": "authorities'", "dsg": "DSG"}


def named(label: str) -> str:
    """A label of the ledger as words, with capitals where English has them."""
    said = " ".join(NAMES.get(word, word) for word in label.split("_"))
    return f"{said[:1].upper()}{said[1:]}"


def memo(of: Reading) -> Table:
    """What is outside the account or not in it, and why; interest, which is outside too, is reckoned."""
    rows = Rows(of)
    for gap in reconcile.gaps(of.pack):
        rows.add(named(str(gap["line"])), [str(gap["belongs_to"]).replace("_", " "),
                                                                  str(gap["reason"])])  # fmt: skip
    for name, title in of.worlds.items():
        interest = sum(float(of.line(name, "memo", "interest", year).mean()) for year in of.years) / MILLION
        rows.add(f"Interest on the deficit, {title}",
                 ["outside the DSG", f"{pounds(interest * MILLION)} over {of.years[0]} to {of.years[-1]}"])  # fmt: skip
    return Table(
        "memo", "Not in these tables", "What the account leaves out: the model cannot say how large it is.",
        ("Where it belongs", "Why it is left out, or how much it is"), rows.done(), "text",
        of.pack.describe("ledger_gaps")["source"] if "ledger_gaps" in of.pack.names() else LEDGER, "Item", group=GROUP,
    )  # fmt: skip
