"""A world's record as the tables that a study keeps: pyarrow, fixed columns and order of rows, the same bytes.

    tables.stock(world)                # month, ncy, support, placement, children
    tables.TABLES["spend"](world)      # by name

Every row says which draw and replicate it is of. All children of Kent are in ``stock`` and ``census``: those without
additional needs, to whom nothing can happen, come from the tape. So do births, and their moves, in ``flow``; thus for
every state the stock of the next month is this month's and what flowed in less what flowed out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cohort import account, calendar, schemas, spending
from cohort import flow as flows
from cohort import headline as series
from cohort import places as provision
from cohort.calendar import AGE_GROUPS, NCY_LOWEST, NCYS
from cohort.fork import Pairs, labels
from cohort.processes import REASONS
from cohort.states import AREAS, MAINSTREAM, NEEDS, NONE_YET, SUPPORTS, Support, state_labels

if TYPE_CHECKING:
    from cohort.world import World

Ints = NDArray[np.int64]
NOWHERE = "none"
"""The placement printed for a child without a plan who is of no school age and in no arranged placement."""
PHASES = ("primary", "secondary", "all")
PLACE_COUNTS = ("places", "filled", "over_roll", "waiting", "unmet")
SERVICES = "services"
"""The placement, age group and area printed for spend that follows no child."""
SCHOOL_YEARS = slice(0 - NCY_LOWEST, 13 - NCY_LOWEST + 1)
"""NCY 0 to 13: a child of these years without a plan and in no arranged placement is printed as "mainstream"."""


def headline(world: World) -> pa.Table:
    """Series, period, value: what is printed. See ``cohort.headline.SERIES``."""
    names, periods = list(series.series(world.setting.book.vocabulary)), _periods(world)
    name_at, period_at = ({label: k for k, label in enumerate(labels)} for labels in (names, periods))
    found = sorted((name_at[s], period_at[p], value) for s, p, value in series.rows(world))
    name, period, value = (np.array(c) for c in zip(*found, strict=True))
    return _table("headline", world, series=(name, names), period=(period, periods), value=value)


def stock(world: World) -> pa.Table:
    """Children at the start of each month by school year, support and placement."""
    months, cells = series.held(world)
    others = _others(world).sum(2)
    cells[:, :, Support.NONE, MAINSTREAM] += others[: len(months)]
    month, ncy, support, placement, children = _filled(_placed(cells))
    return _table(
        "stock",
        world,
        month=(month, _labels(months)),
        ncy=ncy + NCY_LOWEST,
        support=(support, SUPPORTS),
        placement=(placement, _placements(world)),
        children=children,
    )


def census(world: World) -> pa.Table:
    """Children each January by school year, area, need, support and placement."""
    months, others = sorted(world.record.censuses), _others(world)
    cells = np.stack([world.record.censuses[m] for m in months])
    for k, january in enumerate(months):
        cells[k, :, :, NONE_YET, Support.NONE, MAINSTREAM] += others[january - world.setting.scenario.first]
    month, ncy, area, need, support, placement, children = _filled(_placed(cells))
    return _table(
        "census",
        world,
        month=(month, _labels(months)),
        ncy=ncy + NCY_LOWEST,
        area=(area, AREAS),
        need=(need, NEEDS),
        support=(support, SUPPORTS),
        placement=(placement, _placements(world)),
        children=children,
    )


def flow(world: World) -> pa.Table:
    """Children by what happened to them: month, school year, area, event, reason, month of request, from, to, for
    want of which place."""
    rows, first = flows.count(world), world.setting.scenario.first
    states = state_labels(world.setting.book.vocabulary)
    columns = {
        "month": (rows["month"], _labels(range(first, world.month))),
        "ncy": rows["ncy"] + NCY_LOWEST,
        "area": (rows["area"], AREAS),
        "event": (rows["event"], (*world.setting.book.events, flows.BIRTH)),
        "reason": (rows["reason"], REASONS),
        "request_month": (rows["asked"] - 1, _labels(range(first - flows.ASKED_BEFORE, world.month))),
        "from": (rows["frm"], states),
        "to": (rows["to"], states),
        "for_want_of": (rows["want"], flows.WANTS),
        "children": rows["children"],
    }
    return _table("flow", world, **columns)


def spend(world: World) -> pa.Table:
    """Pence by month, placement, age group, area and line: the children's parts sum to what was charged to children."""
    bill, prices = spending.bill(world), world.setting.prices
    spent: dict[tuple[str, int], tuple[Ints, Ints]] = {}
    for of in bill.spent(prices):
        had = spent.get((of.charge.line, of.placement), (0, 0))
        spent[of.charge.line, of.placement] = had[0] + of.children.sum(3), had[1] + of.pence.sum(3)
    served: dict[str, Ints] = {}
    for line, pence in bill.unattached(prices):
        served[line] = served.get(line, np.zeros_like(pence)) + pence
    lines = tuple(dict.fromkeys([*(line for line, _ in spent), *served]))
    size = (len(bill.months), prices.placements + 1, len(AGE_GROUPS) + 1, len(AREAS) + 1, len(lines))
    found = [_of_children({(p, lines.index(line)): of for (line, p), of in spent.items()}, size)]
    found += [_of_none(pence, lines.index(line), size) for line, pence in served.items()]
    cell, child_months, pence = (np.concatenate(part) for part in zip(*found, strict=True))
    order = np.argsort(cell)  # every cell is there once
    at = np.unravel_index(cell[order], size)
    return _table(
        "spend",
        world,
        month=(at[0], _labels(bill.months)),
        placement=(at[1], (*world.setting.book.vocabulary.labels, SERVICES)),
        age_group=(at[2], (*AGE_GROUPS, SERVICES)),
        area=(at[3], (*AREAS, SERVICES)),
        line=(at[4], lines),
        child_months=child_months[order],
        pence=pence[order],
    )


def _of_children(spent: dict[tuple[int, int], tuple[Ints, Ints]], size: tuple[int, ...]) -> tuple[Ints, Ints, Ints]:
    """Of each placement and line: the cells of ``size`` in which anybody is counted or charged, child-months and pence,
    of both by [month, age group, area]."""
    children, pence = (np.stack(part) for part in zip(*spent.values(), strict=True))
    of, month, age, area = at = np.nonzero((children != 0) | (pence != 0))
    placement, line = np.array(list(spent)).T
    return np.ravel_multi_index((month, placement[of], age, area, line[of]), size), children[at], pence[at]


def _of_none(pence: Ints, line: int, size: tuple[int, ...]) -> tuple[Ints, Ints, Ints]:
    """The same of what follows no child, [month] pence."""
    months = np.flatnonzero(pence)
    last = [np.full_like(months, n - 1) for n in size[1:4]]
    cells = np.ravel_multi_index((months, *last, np.full_like(months, line)), size)
    return cells, np.zeros_like(months), pence[months]


def pairs(world: World, together: Pairs, base: str) -> pa.Table:
    """Where the same child is in two worlds of one run, at the start of Januaries and Aprils."""
    month, frm, to, children = _filled(together.children)
    words = labels(world.setting)
    return _table(
        PAIRS,
        world,
        base=(np.zeros_like(month), (base,)),
        policy=(np.zeros_like(month), (world.setting.scenario.name,)),
        month=(month, _labels(together.months)),
        **{"from": (frm, words), "to": (to, words)},
        children=children,
    )


PAIRS = "pairs"


def ledger(world: World) -> pa.Table:
    """Pence by view, financial year, block and line: the account of each whole financial year, as agreed."""
    columns = list(zip(*account.rows(world), strict=True)) or [()] * 5
    coded = {
        name: _coded(labels)
        for name, labels in zip(("view", "financial_year", "block", "line"), columns[:4], strict=True)
    }
    return _table("ledger", world, **coded, pence=np.array(columns[4], np.int64))


def _coded(labels: Sequence[str]) -> tuple[Ints, list[str]]:
    """Labels as codes, and the labels in the order in which they first come."""
    order = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    return np.array([order[label] for label in labels], np.int64), list(order)


def places(world: World) -> pa.Table:
    """Each provider's places and children at the start of each month, and who waits, by kind, area, phase and need.

    Providers with neither places nor children are left out; there are no rows if places do not bind.
    """
    p, months = world.setting.places.providers, sorted(world.record.places)
    if not months:
        words: list[str] = []
        nothing = np.zeros(0, np.int64)
        labels = dict.fromkeys(("month", "provider", "kind", "area", "phase", "need"), (nothing, words))
        return _table("places", world, **labels, **dict.fromkeys(PLACE_COUNTS, nothing))
    held = np.stack([world.record.places[m] for m in months])
    lists = np.stack([world.record.lists[m] for m in months])
    at, n = np.nonzero(held.any(2))
    when, kind, area, phase, need = np.nonzero(lists[..., 0])
    areas, kinds = (*AREAS, provision.OUTSIDE), provision.KIND_ORDER
    order = np.argsort(np.concatenate([at, when]), kind="stable")

    def both(of_providers: Any, of_lists: Any) -> Ints:
        """A column of the rows of providers, then of lists, sorted by month."""
        parts = [np.broadcast_to(of_providers, len(at)), np.broadcast_to(of_lists, len(when))]
        return np.concatenate(parts).astype(np.int64)[order]

    def word(name: str, among: Sequence[str]) -> Ints:
        """[row of providers] the number of a word of its provider."""
        return np.array([among.index(getattr(x, name)) for x in p])[n]

    counts = [both(held[at, n, k], 0) for k in range(3)]
    counts += [both(0, lists[when, kind, area, phase, need, k]) for k in range(2)]
    return _table(
        "places",
        world,
        month=(both(at, when), _labels(months)),
        provider=(both(n + 1, 0), ["", *(x.name for x in p)]),
        kind=(both(word("kind", kinds), kind), kinds),
        area=(both(word("area", areas), area), areas),
        phase=(both(word("phase", PHASES), phase), PHASES),
        need=(both(len(NEEDS), need), (*NEEDS, "any")),
        **dict(zip(PLACE_COUNTS, counts, strict=True)),
    )


TABLES: dict[str, Callable[[World], pa.Table]] = {
    "headline": headline,
    "stock": stock,
    "census": census,
    "flow": flow,
    "spend": spend,
    "ledger": ledger,
    "places": places,
}
"""Every table by name, in the order in which a study writes them."""


def _table(name: str, world: World, **columns: Any) -> pa.Table:
    return schemas.table(name, world.setting.params.number, world.replicate, **columns)


def _others(world: World) -> Ints:
    """[month, ncy, area] children without additional needs at the start of each month, the end's included."""
    events, first, kept = world.setting.events, world.setting.scenario.first, world.setting.kept
    if ("others",) not in kept:
        years = [calendar.academic_year(first + at - 1) for at in range(len(events.others))]
        kept["others",] = np.stack([events.by_ncy(events.others, at, year) for at, year in enumerate(years)])
    found: Ints = kept["others",]
    return found


def _filled(cells: NDArray[Any]) -> tuple[NDArray[Any], ...]:
    """Where cells are not 0, in order, and what they hold."""
    at = np.flatnonzero(cells != 0)
    rest, places = at.astype(np.int32), []
    for size in reversed(cells.shape):  # as np.unravel_index, which divides one by one
        rest, whole = rest // size, rest
        places.append(whole - rest * size)
    return (*reversed(places), cells.ravel()[at])


def _placed(cells: NDArray[Any]) -> NDArray[Any]:
    """[month, ncy, ..., support, placement + 1]: who has neither plan nor placement, beyond school years, goes last."""
    out = np.concatenate([cells, np.zeros_like(cells[..., :1])], axis=-1)
    beyond = np.ones(len(NCYS), np.bool_)
    beyond[SCHOOL_YEARS] = False
    unplanned = out[:, beyond, ..., : Support.PLAN, :]
    unplanned[..., -1] = unplanned[..., MAINSTREAM]
    unplanned[..., MAINSTREAM] = 0
    out[:, beyond, ..., : Support.PLAN, :] = unplanned
    return out


def _placements(world: World) -> tuple[str, ...]:
    return (*world.setting.book.vocabulary.labels, NOWHERE)


def _labels(months: Iterable[int]) -> list[str]:
    return [calendar.label(int(m)) for m in months]


def _periods(world: World) -> list[str]:
    """Every period that a headline can have, months first, then calendar and financial years."""
    months = range(world.setting.scenario.first, world.setting.scenario.last + 1)
    years = dict.fromkeys(str(calendar.year(m)) for m in months)
    return [*_labels(months), *years, *dict.fromkeys(calendar.financial_year(m) for m in months)]
