"""Tables by DfE's blocks, and High Needs spend as children times average cost."""

from __future__ import annotations

from collections.abc import Iterable

from cohort.analysis.ranges import Floats
from cohort.report.building import Rows, pounds
from cohort.report.money import GROUP, LEDGER, LINE_NAMES
from cohort.report.reading import YEAR, Reading
from cohort.report.sublines import SubLines
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
    last = [sum(float(v.mean()) for (b, _, y), v in each.items() if b == block and y == of.years[-1])
            for each in found.values()]  # fmt: skip
    said = " or ".join(f"{pounds(v)} ({side})" for v, side in zip(last, SIDES, strict=False))
    return Table(
        "dsg_by_block", "Dedicated schools grant by block, unmitigated and mitigated",
        f"In {of.years[-1]} the high needs block spends {said} more than its own grant.", columns, rows.done(),
        "pence", f"{LEDGER}, DfE's view", "Line of DfE's plan",
        ("Unmitigated is the first scenario of the study, mitigated the one reported on.",
         "Only what moves the high needs deficit is here: the other blocks' own income and spend are not modelled."),
        group="dfe",
    )  # fmt: skip


def _each(of: Reading, found: Iterable[Dfe], line: tuple[str, str]) -> list[Floats]:
    """Each year and side."""
    sides_ = list(found)
    return [each.get((*line, year), of.no_runs) for year in of.years for each in sides_]


PLACED = {
    "special.top_up": "State special schools",
    "independent.nmiss": "Independent and non-maintained special",
    "independent.mainstream": "Independent mainstream",
    "mainstream_srp.top_up": "Mainstream schools, with a plan",
    "mainstream_srp.srp_top_up": "SRPs and SEN units",
    "mainstream_srp.sen_support_top_up": "Mainstream schools, top-up without a plan",
    "mainstream_srp.communities_pot": "Communities of Schools: the pot instead of top-up without a plan",
    "mainstream_srp.specialist_teaching": "Communities of Schools: specialist teaching that they take over",
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
"""Sub-lines that count children, and services, as people read them, in the council's order."""


def volumes(of: Reading) -> Table:
    """High Needs lines as full-year children, average cost and spend: the first year and the last, each world."""
    first, last = of.years[0], of.years[-1]
    columns = {f"{first} {of.worlds[of.base]}": (of.base, first)}
    columns |= {f"{last} {title}": (name, last) for name, title in of.worlds.items()}
    sub = SubLines.of(of.pack)
    pence = {n: of.by_run("spend", n, ["line", YEAR]) for n in of.worlds}
    months = {n: of.by_run("spend", n, ["line", YEAR], value="child_months") for n in of.worlds}
    lines = list(dict.fromkeys(line for found in pence.values() for line, _ in found))
    rows, parts = Rows(of), []
    at = list(columns.values())
    for home in sorted({sub.home.get(line, line) for line in lines}, key=_in_the_councils_order):
        rows.heading(PLACED.get(home, words(home.partition(".")[2] or home)))
        mine = [line for line in lines if sub.home.get(line, line) == home]
        held = [months[n].get((home, y), of.no_runs) / 12 for n, y in at]
        paid = {line: [pence[n].get((line, y), of.no_runs) for n, y in at] for line in mine}
        if any(h.any() for h in held):
            rows.means("Children (full-year)", held, unit="children", key=f"{home}.children")
            filled = [sum((paid[x][k] for x in mine if x not in sub.vacant), of.no_runs) for k in range(len(at))]
            cost = [float(p.mean() / h.mean()) if h.any() else None for p, h in zip(filled, held, strict=True)]
            if any(cost):  # where nobody costs anything an average would be a nought more
                rows.add("Average cost a year", cost, key=f"{home}.cost")
        own = [rows.means("Spend" if len(mine) == 1 else f"Spend: {_part(x)}", paid[x],
                          key=f"{x}.spend") for x in sorted(mine, key=lambda x: x != home)]  # fmt: skip
        parts.append(own[0] if len(own) == 1 else rows.total("Spend", own, f"{home}.all"))
    rows.total("Total spend", parts, "total")
    return Table(
        "volumes", "High Needs spend as children times average cost", _dearest(rows, last),
        tuple(columns), rows.done(), "pence", "the study's table spend", "Line",
        ("Children are full-year equivalents: child-months divided by twelve.",
         "Average cost is all that is spent on the children there, divided by them; vacant places are not in it.",
         "Prices are the model's estimates.", "Services follow no child and have a sum only."), group=GROUP,
    )  # fmt: skip


def _part(line: str) -> str:
    """What a sub-line pays for, in words: "top-up", "place funding"."""
    return line.partition(".")[2].removeprefix("srp_").replace("_", " ").replace("top up", "top-up")


def _in_the_councils_order(line: str) -> tuple[int, int, str]:
    return _at(list(LINE_NAMES), line.partition(".")[0]), _at(list(PLACED), line), line


def _dearest(rows: Rows, year: str) -> str:
    """What an independent special place costs beside a state one, in the last column."""
    found = {row.key: row.cells[-1] for row in rows.rows if row.key}
    nmiss, special = found.get("independent.nmiss.cost"), found.get("special.top_up.cost")
    if not isinstance(special, float) or not isinstance(nmiss, float) or not special:
        return "No child was in an independent or in a state special school."
    return (
        f"In {year} a year in an independent special school costs £{nmiss / 100:,.0f} on average, "
        f"{nmiss / special:.1f} times the £{special / 100:,.0f} of a state special school."
    )
