"""Kent's plans beside those of its statistical neighbours and of England: shares of placements and growth."""

from __future__ import annotations

from collections.abc import Mapping

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
Counts = Mapping[str, float]


def neighbours(of: Reading) -> Table | None:
    """Each authority's plans in the last January published, the model's Kent in its last; none without the table."""
    found: dict[tuple[str, int], dict[str, float]] = {}
    for r in published_rows(of.pack, "plans_neighbours"):
        found.setdefault((str(r["area"]), int(r["january"])), {})[str(r["measure"])] = float(r["plans"])
    if not found:
        return None
    last, first = max(year for _, year in found), min(year for _, year in found)
    areas = [str(r["neighbour"]) for r in published_rows(of.pack, "statistical_neighbours")]
    rows = Rows(of)
    rows.heading(f"Published, January {last}")
    for area in ("Kent", *areas):
        if (area, last) in found:
            now, before = found[area, last], found.get((area, first), {}).get("ehcplans")
            rows.add(area, _cells(now["ehcplans"], before, _sen2(now)), "published", key=area)
    england = _england(of)
    if england:
        rows.heading("Published, January 2025, after the cut-off of this model's data")
        rows.add("England", _cells(sum(england.values()), None, _grouped(england)), "published", key="England")
    rows.heading(f"Model, Kent in {in_words(of.januaries[-1])}")
    told = {n: {p: float(v.mean()) for (p, m), v in of.by_run("census", n, ["placement", "month"], HELD).items()
                if m == of.januaries[-1]} for n in of.worlds}  # fmt: skip
    then = found.get(("Kent", int(of.januaries[-1][:4]) - 5), {}).get("ehcplans")
    for name, title in of.worlds.items():
        rows.add(title, _cells(sum(told[name].values()), then, _grouped(told[name])), key=f"model.{name}")
    return Table(
        "neighbours", "Plans beside those of statistical neighbours", _finding(found, areas, last), COLUMNS,
        rows.done(), "share", f"{of.pack.describe('plans_neighbours')['source']}; {CENSUS}", "Authority",
        (f"Growth is over five years: {first} to {last}, and for the model the five years to its last January.",
         "Plans are counts; the other columns are shares.",
         "The model cannot say how many plans a neighbour has for each child, nor how fast England's grew."),
        group=GROUP,
    )  # fmt: skip


def _cells(plans: float, before: float | None, shares: Counts) -> list[Cell]:
    """Plans as words, since the column is of another unit than the rest; growth; shares."""
    return [f"{plans:,.0f}", plans / before - 1 if before else None, *(shares[name] / plans for name in SHARES)]


def _sen2(counts: Counts) -> dict[str, float]:
    """SEN2's measures in five groups that add up to all plans."""
    independent = counts["special_independent"] + counts["special_non_maintained"]
    out = {
        "Mainstream": counts["mainstream_total"] + counts["nm_early_years"],
        "State special": counts["special_total"] - independent,
        "Independent special": independent,
        "Post-16": counts["fe_total"] + counts["specialist_post_16_institutions"],
    }
    return out | {"Other or none": counts["ehcplans"] - sum(out.values())}


def _grouped(held: Counts) -> dict[str, float]:
    """The same of the model's placements."""
    out = {group: sum(held.get(p, 0.0) for p in places) for group, places in OURS.items()}
    return out | {"Other or none": sum(held.values()) - sum(out.values())}


def _england(of: Reading) -> dict[str, float]:
    found: dict[str, float] = {}
    for r in published_rows(of.pack, "needs_by_placement_england"):
        found[str(r["placement"])] = found.get(str(r["placement"]), 0.0) + float(r["plans"])
    return found


def _finding(found: Mapping[tuple[str, int], Counts], areas: list[str], last: int) -> str:
    shares = {a: _sen2(found[a, last])["State special"] / found[a, last]["ehcplans"]
              for a in ("Kent", *areas) if (a, last) in found}  # fmt: skip
    above = sum(1 for a, share in shares.items() if a != "Kent" and share < shares["Kent"])
    return (
        f"In January {last} state special schools held {shares['Kent']:.0%} of Kent's plans, a larger share than in "
        f"{above} of its {len(shares) - 1} neighbours."
    )
