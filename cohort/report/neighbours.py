"""Kent's plans beside those of its statistical neighbours and of England: shares of placements and growth."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cohort.pack import Pack
from cohort.published import rows as published_rows
from cohort.report.building import Rows
from cohort.report.display import in_words
from cohort.report.plans import CENSUS, GROUP, HELD
from cohort.report.reading import Reading
from cohort.report.table import Cell, Table

SHARES = ("Mainstream", "State special", "Independent special", "Post-16", "Other or none")
COLUMNS = ("Plans", "Growth in five years", *SHARES)
OURS = {
    "Mainstream": ("mainstream", "srp", "early_years", "independent_mainstream"),
    "State special": ("state_special",),
    "Independent special": ("nmiss",),
    "Post-16": ("fe", "spi"),
}
"""The model's placements in SEN2's groups: its mainstream total holds independent mainstream schools too."""
TOGETHER = "The neighbours together"
Counts = Mapping[str, float]


def neighbours(of: Reading) -> Table | None:
    """Each authority's plans in the last January published, England's, and the model's Kent in its last; none without
    the table."""
    found = _published(of.pack)
    if not found:
        return None
    last, first = max(year for _, year in found), min(year for _, year in found)
    areas = [str(r["neighbour"]) for r in published_rows(of.pack, "statistical_neighbours")]
    areas = [area for area in areas if (area, last) in found and (area, first) in found]
    for year in (first, last):
        found[TOGETHER, year] = _added(found[area, year] for area in areas)
    rows = Rows(of)
    rows.heading(f"Published, January {last}")
    for area in ("Kent", *areas, TOGETHER, "England"):
        if (area, last) in found:
            now, before = found[area, last], found.get((area, first), {}).get("ehcplans")
            rows.add(area, _cells(now["ehcplans"], before, sen2(now)), "published", key=area)
    rows.heading(f"Model, Kent in {in_words(of.januaries[-1])}")
    told = {n: {p: float(v.mean()) for (p, m), v in of.by_run("census", n, ["placement", "month"], HELD).items()
                if m == of.januaries[-1]} for n in of.worlds}  # fmt: skip
    then = found.get(("Kent", int(of.januaries[-1][:4]) - 5), {}).get("ehcplans")
    for name, title in of.worlds.items():
        rows.add(title, _cells(sum(told[name].values()), then, grouped(told[name])), key=f"model.{name}")
    return Table(
        "neighbours", "Plans beside those of statistical neighbours and England", _finding(found, areas, first, last),
        COLUMNS, rows.done(), "share", f"{of.pack.describe('plans_neighbours')['source']}; {CENSUS}", "Authority",
        (f"Growth is over five years: {first} to {last}, and for the model the five years to its last January.",
         "Plans are counts; the other columns are shares. Mainstream holds units, nurseries and independent schools.",
         "Other or none: tuition, alternative provision, home education, no school, or not recorded.",
         "How many children live in a neighbour, and so its plans for each child, is not in the data."),
        group=GROUP,
    )  # fmt: skip


def _published(pack: Pack) -> dict[tuple[str, int], dict[str, float]]:
    """(area, January) -> SEN2's measures; empty without the table of neighbours."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    for r in published_rows(pack, "plans_neighbours"):
        found.setdefault((str(r["area"]), int(r["january"])), {})[str(r["measure"])] = float(r["plans"])
    for r in published_rows(pack, "plans_england") if found else ():
        found.setdefault(("England", int(r["january"])), {})[str(r["measure"])] = float(r["plans"])
    return found


def _added(each: Iterator[dict[str, float]]) -> dict[str, float]:
    """The measures of several areas, added up."""
    out: dict[str, float] = {}
    for counts in each:
        for measure, plans in counts.items():
            out[measure] = out.get(measure, 0.0) + plans
    return out


def _cells(plans: float, before: float | None, shares: Counts) -> list[Cell]:
    """Plans as words, since the column is of another unit than the rest; growth; shares."""
    return [f"{plans:,.0f}", plans / before - 1 if before else None, *(shares[name] / plans for name in SHARES)]


def sen2(counts: Counts) -> dict[str, float]:
    """SEN2's measures in five groups that add up to all plans. Its total of FE holds specialist institutions."""
    independent = counts["special_independent"] + counts["special_non_maintained"]
    out = {
        "Mainstream": counts["mainstream_total"] + counts["nm_early_years"],
        "State special": counts["special_total"] - independent,
        "Independent special": independent,
        "Post-16": counts["fe_total"],
    }
    return out | {"Other or none": counts["ehcplans"] - sum(out.values())}


def grouped(held: Counts) -> dict[str, float]:
    """The same of the model's placements."""
    out = {group: sum(held.get(p, 0.0) for p in places) for group, places in OURS.items()}
    return out | {"Other or none": sum(held.values()) - sum(out.values())}


def _finding(found: Mapping[tuple[str, int], Counts], areas: list[str], first: int, last: int) -> str:
    def growth(area: str) -> float:
        return found[area, last]["ehcplans"] / found[area, first]["ehcplans"] - 1

    shares = {a: sen2(found[a, last])["State special"] / found[a, last]["ehcplans"] for a in ("Kent", *areas)}
    less = sum(1 for a in areas if shares[a] < shares["Kent"])
    slower = sum(1 for a in areas if growth(a) < growth("Kent"))
    england = f" England's grew by {growth('England'):.0%}." if ("England", first) in found else ""
    return (
        f"Kent's plans grew by {growth('Kent'):.0%} from January {first} to January {last}, faster than in {slower} "
        f"of its {len(areas)} neighbours.{england} State special schools held {shares['Kent']:.0%} of Kent's "
        f"plans, a larger share than in {less} neighbours."
    )
