"""Tables of places: how many, filled and waited for each January; and where the children of more places come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cohort.analysis.ranges import Floats
from cohort.report.building import POUNDS, Rows
from cohort.report.display import in_words
from cohort.report.placements import NAMES, at_place, state
from cohort.report.plans import january
from cohort.report.reading import YEAR, Reading
from cohort.report.sublines import SubLines
from cohort.report.table import Table

GROUP = "places"
SOURCE = "the study's table places"
COUNTS = (
    ("places", "Places for Kent's children"),
    ("filled", "Children of Kent there"),
    ("over_roll", "  of these above the number of places"),
    ("waiting", "Children on the waiting list, wherever they are"),
    ("unmet", "  of these, who have it as their first choice"),
)
Runs = Mapping[tuple[str, ...], Floats]


def places(of: Reading) -> Table | None:
    """Places, children, children above the roll and who waits, by kind of provider each January."""
    if not of.study.files("places"):
        return None
    rows = Rows(of)
    found = {(n, c): of.by_run("places", n, ["kind", "month"], value=c) for n in of.worlds for c, _ in COUNTS}
    kinds = sorted({kind for each in found.values() for kind, _ in each}, key=at_place)
    for name, title in of.worlds.items():
        for kind in kinds:
            rows.heading(f"Model: {title}. {NAMES.get(kind, kind)}")
            for count, label in COUNTS:
                runs = [found[name, count].get((kind, m), of.no_runs) for m in of.januaries]
                rows.means(label, runs, key=f"{name}.{kind}.{count}", unit="places" if count == "places" else None)
    return Table(
        "places", "Places, children and who waits, each January", _finding(of, found),
        tuple(january(m) for m in of.januaries), rows.done(), "children", SOURCE, "January",
        ("Places are for Kent's children: those that children of other authorities hold are taken off.",
         "A child may wait for a special school and for an SRP, so the waiting lists must not be added up.",
         "Totals are published; the split by school, the waiting list and who seeks a place are estimates.", of.ranges),
        suppress=True, group=GROUP,
    )  # fmt: skip


def _finding(of: Reading, found: Mapping[tuple[str, str], Runs]) -> str:
    last = of.januaries[-1]
    said = []
    for name in of.worlds:
        held, room, waits = (
            of.count(float(found[name, count].get(("state_special", last), of.no_runs).mean()))
            for count in ("filled", "places", "waiting")
        )
        said.append(f"{held} children for {room} special school places, with {waits} waiting")
    return f"In {in_words(last)} there are {of.either(said)}."


SPECIAL = "state_special"
SOURCES = {"nmiss": "Independent special", "mainstream": "Mainstream", "srp": "SRPs and SEN units"}
REST, NO_PLAN = "Other placements", "No plan"


@dataclass(frozen=True)
class YearsCost:
    """Average pence a year of a plan holder's place."""

    special: float
    nmiss: float
    mainstream: float

    @property
    def saves(self) -> float:
        """What a special place saves that is filled from an independent school."""
        return self.nmiss - self.special

    @property
    def costs(self) -> float:
        """What one costs more that is filled from mainstream."""
        return self.special - self.mainstream

    @property
    def break_even(self) -> float:
        """The share that must come from independent schools for more places to cost nothing."""
        return self.costs / (self.saves + self.costs)


def sources(of: Reading) -> Table | None:
    """Children in a state special school in the scenario's world and elsewhere in the base's, by where they are there,
    with the share from independent schools at which more places pay for themselves."""
    if not of.compared or not of.study.files("pairs"):
        return None
    found = of.by_run("pairs", of.other, ["from", "to", "month"])
    months = tuple(m for m in of.januaries if m > "2025")
    rows = Rows(of)
    rows.heading(f"In a special school under {of.worlds[of.other]}, and under {of.worlds[of.base]} in:")
    came = _side(rows, found, months, "in")
    rows.heading(f"In a special school under {of.worlds[of.base]}, and under {of.worlds[of.other]} in:")
    left = _side(rows, found, months, "out")
    rows.total("More children in special schools", (came, left), "net", {left: -1})
    nmiss, all_in = rows.rows[came - len(SOURCES) - 2], rows.rows[came]
    rows.heading("Does it pay?")
    shares = [_ratio(a, b) for a, b in zip(nmiss.cells, all_in.cells, strict=True)]
    rows.add("Share that comes from independent schools", shares, unit="share", key="share")
    cost = {m: _year_cost(of, m) for m in months}
    for key, label in (("saves", "A place filled from an independent school saves, a year"),
                       ("costs", "A place filled from mainstream costs more, a year")):  # fmt: skip
        rows.add(label, [getattr(c, key) if (c := cost[m]) else None for m in months], unit="pence", key=key)
    rows.add("Break-even share from independent schools", [c.break_even if (c := cost[m]) else None for m in months],
             unit="share", key="break_even")  # fmt: skip
    even = cost[months[-1]] if months else None
    said = (
        f"In {in_words(months[-1])}, {shares[-1]:.0%} of the children whom {of.worlds[of.other]} brings into special "
        f"schools would have been in independent ones; at average prices places pay for themselves from "
        f"{even.break_even:.0%}."
        if even and isinstance(shares[-1], float)
        else f"{of.worlds[of.other]} brings no child into a special school."
    )
    return Table(
        "place_sources", "Where the children in more special school places come from", said,
        tuple(january(m) for m in months), rows.done(), "children", "the study's tables pairs and spend", "January",
        ("The same child is looked up in both worlds, which share their luck.",
         "Prices are averages of the financial year under the scenario; who moves may cost less or more than average."),
        suppress=True, group=GROUP,
    )  # fmt: skip


def _side(rows: Rows, found: Runs, months: tuple[str, ...], which: str) -> int:
    """The rows of children who come to special schools, or of those who are no longer there; returns the total."""
    of = rows.of
    by: dict[tuple[str, str], Floats] = {}
    for (frm, to, month), runs in found.items():
        here, there = (to, frm) if which == "in" else (frm, to)
        if here == SPECIAL and there != SPECIAL:
            where = SOURCES.get(there, REST if of.holds_plan(there) else NO_PLAN)
            by[where, month] = by.get((where, month), of.no_runs) + runs
    parts = [rows.means(where, [by.get((where, m), of.no_runs) for m in months], key=f"{which}.{where}")
             for where in (*SOURCES.values(), REST, NO_PLAN)]  # fmt: skip
    return rows.total("All", parts, which)


def _ratio(part: object, whole: object) -> float | None:
    return part / whole if isinstance(part, float) and isinstance(whole, float) and whole else None


def _year_cost(of: Reading, month: str) -> YearsCost | None:
    """Average pence a year by placement in the financial year of a January, of plan holders."""
    year = f"{int(month[:4]) - 1}-{month[2:4]}"
    sub = SubLines.of(of.pack)
    pence, months = (
        of.by_run("spend", of.other, ["placement", YEAR], f"line not in ({left_out})", value)
        for value, left_out in (
            ("pence", "'mainstream_srp.sen_support_top_up'"),
            ("child_months", ", ".join(f"'{x}'" for x in ("mainstream_srp.sen_support_top_up", *sub.home))),
        )
    )
    found = {}
    for place in (SPECIAL, "nmiss", "mainstream"):
        held = months.get((place, year))
        if held is None or not held.any():
            return None
        found[place] = float(pence[place, year].mean() / held.mean() * 12)
    return YearsCost(found[SPECIAL], found["nmiss"], found["mainstream"])


def elsewhere(of: Reading) -> Table | None:
    """Children whose place differs between the two worlds, each January: from where to where, the most first."""
    if not of.compared or not of.study.files("pairs"):
        return None
    found = of.by_run("pairs", of.other, ["from", "to", "month"], '"from" <> "to"')
    months = tuple(m for m in of.januaries if m > "2025")
    last = months[-1] if months else ""
    pairs = sorted({(a, b) for a, b, _ in found},
                   key=lambda p: (-float(found.get((*p, last), of.no_runs).mean()), p))  # fmt: skip
    rows = Rows(of)
    parts = [rows.means(f"{_capital(state(a))} → {state(b)}", [found.get((a, b, m), of.no_runs) for m in months],
                        key=f"{a}>{b}") for a, b in pairs]  # fmt: skip
    rows.total("All children elsewhere", parts, "all")
    total = sum(float(v.mean()) for (_, _, m), v in found.items() if m == last)
    most = float(found.get((*pairs[0], last), of.no_runs).mean()) if pairs else 0.0
    top = (
        f"; the largest group, {of.count(most)}, goes from {state(pairs[0][0])} to {state(pairs[0][1])}" if most else ""
    )
    return Table(
        "elsewhere", f"Children who are elsewhere under {of.worlds[of.other]}",
        f"In {in_words(last)}, {of.count(total)} children are elsewhere than under {of.worlds[of.base]}{top}.",
        tuple(january(m) for m in months), rows.done(), "children", "the study's table pairs", "From → to",
        ("From is where a child is in the base's world, to where the same child is in the scenario's.",),
        suppress=True, group=GROUP, long=True,
    )  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


__all__ = ["POUNDS", "YearsCost", "elsewhere", "places", "sources"]
