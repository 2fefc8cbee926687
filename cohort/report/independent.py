"""How the independent special roll moves, year by year, and the floor below which no rule on entry can bring its cost.

From the study's own table of events: opening + entries - exits = closing, exactly, in every run.
"""

from __future__ import annotations

from cohort import nmiss, published
from cohort.analysis.ranges import Floats
from cohort.headline import FLOOR
from cohort.report.blocks import words
from cohort.report.building import Rows, pence, pounds
from cohort.report.money import PAPER
from cohort.report.reading import YEAR, Reading
from cohort.report.table import Table

PLACE = "nmiss"
WAITS = "for_want_of"
"""The column of flow that says for want of which scarce place a child entered another; studies of before have none."""
IN_WORDS = {
    "first_placement": "First placement",
    "phase_transfer": "Phase transfer",
    "tribunal": "Ordered by a tribunal",
    "breakdown": "After a breakdown",
    "review": "At a review",
    "no_place": "For want of a place",
    "moved_to_kent": "Moved to Kent with a plan",
    "other": "Otherwise",
}
WANT = {
    True: "For want of a place: while waiting for a state special school that was full, or having no school at all.",
    False: "For want of a place: having no school at all. Who came while a state special school was full is counted by "
    "how it came, as the study does not hold more.",
}
"""Note on that row, where the study says who waited and where it does not."""
OUT_WORDS = {
    "state_special": "To a state special school",
    "mainstream": "To mainstream or an SRP",
    "post16_institution": "To a college",
    "other_placement": "To another placement",
    "ceased": "Plan ceased",
    "moved": "Moved away",
    "died": "Died",
    "aged_out": "Reached the age limit",
}
Runs = dict[tuple[str, ...], Floats]


def movements(of: Reading) -> Table:
    """Entries by route and exits by route of independent special schools, by financial year and world."""
    columns = {f"{year} {title}": (name, year) for year in of.years for name, title in of.worlds.items()}
    rows = Rows(of)
    at = list(columns.values())
    rolls = {n: of.by_run("stock", n, ["month"], f"support = 'plan' and placement = '{PLACE}'") for n in of.worlds}
    opening = rows.means("Children on 1 April", [rolls[n][f"{y[:4]}-04",] for n, y in at], key="opening")
    came, left = ({n: _routes(of, n, entries) for n in of.worlds} for entries in (True, False))
    rows.heading("Entries")
    entries = [rows.means(IN_WORDS.get(r, words(r)), [came[n].get((r, y), of.no_runs) for n, y in at], key=f"in.{r}")
               for r in dict.fromkeys(nmiss.ROUTES_IN)]  # fmt: skip
    all_in = rows.total("All entries", entries, "in")
    rows.heading("Exits")
    exits = [rows.means(OUT_WORDS.get(r, words(r)), [left[n].get((r, y), of.no_runs) for n, y in at], key=f"out.{r}")
             for r in nmiss.ROUTES_OUT]  # fmt: skip
    all_out = rows.total("All exits", exits, "out")
    rows.total("Children on 31 March", (opening, all_in, all_out), "closing", {all_out: -1})
    rows.heading("All independent schools, £")
    spent = [of.line(n, "lines", "independent", y) for n, y in at]
    rows.means("Model: spend", spent, key="spend", unit="pence")
    floor = {n: of.by_run("headline", n, ["period"], f"series = '{FLOOR}'") for n in of.worlds}
    rows.means("Model: spend if nobody had entered since April 2025", [floor[n].get((y,)) for n, y in at],
               key="floor", unit="pence")  # fmt: skip
    told = {f.period: f.value for f in published.tables(of.pack) if (f.kind, f.item) == ("projection", "independent")}
    rows.add("Published: the council's projection", [pence(told.get(y)) for _, y in at], "published", "pence",
             key="published")  # fmt: skip
    return Table(
        "independent", "How the independent special roll moves", _finding(of, floor, told), tuple(columns),
        rows.done(), "children", f"the study's tables flow, stock and headline; {PAPER}", "Financial year and world",
        ("The roll is of independent and non-maintained special schools; the pounds hold independent mainstream too.",
         WANT[waits(of)],
         "No rule about entry alone can bring the line below what it costs if nobody enters."),
        suppress=True, group="children",
    )  # fmt: skip


def waits(of: Reading) -> bool:
    """Whether the study's flow says for want of which place a child came."""
    if not of.study.files("flow"):
        return False
    return WAITS in {str(row[0]) for row in of.study.query("describe from flow").fetchall()}


def _routes(of: Reading, name: str, entries: bool) -> Runs:
    """(route, financial year) -> [run] children who crossed; who waited for a special school came for want of one."""
    here, there = ("to", "from") if entries else ("from", "to")
    crossed = f"\"{here}\" = '{PLACE}' and \"{there}\" <> '{PLACE}'"
    out: Runs = {}

    def add(where: str, unmet: bool) -> None:
        found = of.by_run("flow", name, ["event", "reason", there, YEAR], f"{crossed} and {where}")
        for (event, reason, other, year), runs in found.items():
            route = nmiss.ENTRIES.get(event, "other") if entries else _exit(of, other, reason)
            route = "no_place" if unmet else route
            out[route, year] = out.get((route, year), of.no_runs) + runs

    if entries and waits(of):
        add(f"{WAITS} like '{nmiss.WANTED}:%'", True)
        add(f"{WAITS} not like '{nmiss.WANTED}:%'", False)
    else:
        add("true", False)
    return out


def _exit(of: Reading, to: str, reason: str) -> str:
    """The route out of a child: to a placement, or with the plan's end."""
    if to in nmiss.EXITS:
        return nmiss.EXITS[to]
    if of.holds_plan(to):
        return "other_placement"
    return reason if reason in {"moved", "died", "aged_out"} else "ceased"


def _finding(of: Reading, floor: dict[str, Runs], told: dict[str, float]) -> str:
    year = of.years[-1]
    left = floor[of.other].get((year,))
    if left is None or year not in told:
        return f"{of.worlds[of.other]}: entries and exits of independent special schools by route."
    ours, council = float(left.mean()), told[year]
    side = "still above" if ours > council * 1e8 else "below"
    return (
        f"Even if nobody entered an independent school from April 2025 on, independent schools would cost "
        f"{pounds(ours)} in {year}: {side} the council's £{council:,.0f} million."
    )
