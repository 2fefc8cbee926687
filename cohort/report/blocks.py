"""Tables by DfE's blocks, and High Needs spend as children times average cost."""

from __future__ import annotations

from collections.abc import Iterable

from cohort.analysis.ranges import Floats
from cohort.report.building import POUNDS, Rows
from cohort.report.money import GROUP, LEDGER, LINE_NAMES
from cohort.report.reading import YEAR, Reading
from cohort.report.table import Table

BLOCK_NAMES = {
    "high_needs": "High needs block",
    "schools": "Schools block",
    "early_years_schools_and_central": "Early years, schools and central blocks",
    "safety_valve": "Safety Valve agreement (not a block)",
}
DFE_NAMES = {
    "funding_high_needs_block": "Funding of the high needs block",
    "maintained_special_schools_or_academies": "Maintained special schools or academies",
    "nmss_or_independent": "Non-maintained special or independent schools",
    "mainstream_schools_or_academies": "Mainstream schools or academies",
    "resourced_provision_or_units": "Resourced provision or units",
    "post_16": "Post-16 provision",
    "other_or_direct_payments": "Other provision, services and direct payments",
    "hospital_schools_or_alternative_provision": "Hospital schools and alternative provision",
    "transfer_to_high_needs": "Transfer to the high needs block",
    "variance": "Under- and overspends, as the council prints them",
    "dfe_contributions": "DfE contributions",
    "council_contributions": "Council contributions",
}
"""Lines of DfE's plan as people read them, in the order in which they are shown."""
SIDES = ("unmitigated", "mitigated")
Dfe = dict[tuple[str, ...], Floats]


def sides(of: Reading) -> list[tuple[str, str]]:
    """(scenario, DfE's word for it): the base is unmitigated, the scenario mitigated."""
    return [(name, f"{title} ({side})") for (name, title), side in zip(of.worlds.items(), SIDES, strict=False)]


def dfe(of: Reading, scenario: str) -> Dfe:
    """(block, line, financial year) -> [run] pence of DfE's view."""
    return of.by_run("ledger", scenario, ["block", "line", YEAR], "view = 'dfe'")


def in_order(found: Dfe) -> list[tuple[str, str]]:
    """Block and line, as DfE's plan has them; what it has no name for goes last."""
    blocks, lines = list(BLOCK_NAMES), list(DFE_NAMES)
    pairs = dict.fromkeys((block, line) for block, line, _ in found)
    return sorted(pairs, key=lambda p: (_at(blocks, p[0]), _at(lines, p[1]), p))


def _at(listed: list[str], name: str) -> int:
    return listed.index(name) if name in listed else len(listed)


def words(name: str) -> str:
    """A label of the ledger as words."""
    return name.replace("_", " ").capitalize()


def by_block(of: Reading) -> Table | None:
    """The dedicated schools grant by block, unmitigated and mitigated; none without DfE's view."""
    rows, found = Rows(of), {name: dfe(of, name) for name, _ in sides(of)}
    if not any(found.values()):
        return None
    columns = tuple(f"{year} {side}" for year in of.years for side in SIDES[: len(found)])
    listed = in_order({k: v for each in found.values() for k, v in each.items()})
    parts = []
    for block in dict.fromkeys(block for block, _ in listed):
        rows.heading(BLOCK_NAMES.get(block, words(block)))
        own = []
        for line in (line for b, line in listed if b == block):
            runs = _each(of, found.values(), (block, line))
            own.append(rows.means(DFE_NAMES.get(line, words(line)), runs, key=f"{block}.{line}"))
        parts.append(rows.total(f"Net: {BLOCK_NAMES.get(block, words(block))}", own, f"net.{block}"))
    rows.total("Change of the accumulated deficit in the year", parts, "change")
    block = "high_needs"
    last = [sum(float(v.mean()) for (b, _, y), v in each.items() if b == block and y == of.years[-1]) / 1e8
            for each in found.values()]  # fmt: skip
    said = " and ".join(f"£{v:,.1f} million {side}" for v, side in zip(last, SIDES, strict=False))
    return Table(
        "dsg_by_block", "Dedicated schools grant by block, unmitigated and mitigated",
        f"In {of.years[-1]} the high needs block spends more than its own grant by {said}.", columns, rows.done(),
        "pence", f"{LEDGER}, DfE's view", "Line of DfE's plan",
        ("Unmitigated is the first scenario of the study, mitigated the one reported on.",
         "Only what moves the high needs deficit is here: the other blocks' own income and spend are not modelled."),
        group="dfe",
    )  # fmt: skip


def _each(of: Reading, found: Iterable[Dfe], line: tuple[str, str]) -> list[Floats]:
    """Each year and side."""
    sides_ = list(found)
    return [each.get((*line, year), of.no_runs) for year in of.years for each in sides_]


ADDED = "exceptional_pupil_need"
"""A sub-line that is paid on top of another, for the same children."""
PLACED = {
    "special.place_and_top_up": "State special schools",
    "independent.nmiss": "Independent and non-maintained special",
    "independent.mainstream": "Independent mainstream",
    "mainstream_srp.top_up": "Mainstream schools, with a plan",
    "mainstream_srp.srp": "SRPs and SEN units",
    "mainstream_srp.sen_support_top_up": "Mainstream schools, top-up without a plan",
    "mainstream_srp.exceptional_pupil_need": "Exceptional pupil need, mainstream",
    "special.exceptional_pupil_need": "Exceptional pupil need, special schools",
    "post16.fe": "FE colleges",
    "post16.spi": "Specialist post-16 institutions",
    "other.early_years": "Early years settings",
    "other.tuition_eotas": "EOTAS and tuition with a plan",
    "other.tuition_section_19": "Section 19 tuition without a plan",
    "other.alternative_provision": "Alternative provision",
    "other.none": "No cost to the block (home education, NEET and others)",
    "other.specialist_teaching": "Specialist teaching service",
    "other.support_services": "Support services",
    "other.hospital_and_other": "Hospital schools and therapies",
}
"""Sub-lines as people read them, in the council's order."""


def volumes(of: Reading) -> Table:
    """High Needs lines as full-year children, average cost and spend: the first year and the last, each world."""
    first, last = of.years[0], of.years[-1]
    columns = {f"{first} {of.worlds[of.base]}": (of.base, first)}
    columns |= {f"{last} {title}": (name, last) for name, title in of.worlds.items()}
    pence = {n: of.by_run("spend", n, ["line", YEAR]) for n in of.worlds}
    months = {n: of.by_run("spend", n, ["line", YEAR], value="child_months") for n in of.worlds}
    lines = list(dict.fromkeys(line for found in pence.values() for line, _ in found))
    rows, parts = Rows(of), []
    for line in sorted(lines, key=lambda x: (_at(list(LINE_NAMES), x.partition(".")[0]), _at(list(PLACED), x), x)):
        rows.heading(PLACED.get(line, words(line.partition(".")[2] or line)))
        held = [months[n].get((line, y), of.no_runs) / 12 for n, y in columns.values()]
        paid = [pence[n].get((line, y), of.no_runs) for n, y in columns.values()]
        if any(h.any() for h in held):
            rows.means("Children (full-year)", held, unit="children", key=f"{line}.children")
            cost = [float(p.mean() / h.mean()) if h.any() else None for p, h in zip(paid, held, strict=True)]
            rows.add("Average cost a year", cost, key=f"{line}.cost")
        parts.append(rows.means("Spend", paid, key=f"{line}.spend"))
    rows.total("Total spend", parts, "total")
    return Table(
        "volumes", "High Needs spend as children times average cost", _dearest(of, pence, months, last), tuple(columns),
        rows.done(), "pence", "the study's table spend", "Line",
        ("Children are full-year equivalents: child-months divided by twelve.",
         "Average cost is spend divided by children, both averaged over runs. Prices are the model's estimates.",
         "Who has exceptional pupil need is counted there besides the place, so children must not be added up.",
         "Services follow no child and have a sum only."), group=GROUP,
    )  # fmt: skip


def _dearest(of: Reading, pence: dict[str, Dfe], months: dict[str, Dfe], year: str) -> str:
    def cost(line: str) -> float:
        found = months[of.other].get((line, year), of.no_runs)
        paid = pence[of.other].get((line, year), of.no_runs)
        return float(paid.mean() / found.mean() * 12 / POUNDS) if found.any() else 0.0

    nmiss, special = cost("independent.nmiss"), cost("special.place_and_top_up")
    if not special or not nmiss:
        return "No child was in an independent or in a state special school."
    return (
        f"In {year} a year in an independent special school costs £{nmiss:,.0f} on average, {nmiss / special:.1f} "
        f"times the £{special:,.0f} of a state special school."
    )
