"""Every child of a run: one row a child each January, one row an event. Kept only on request, as they are large.

A run of Kent to March 2028 has about 850,000 rows of children and 270,000 of events. Children without additional
needs, to whom nothing can happen, are not in them. A world's Januaries are kept only if it was started to keep them
(``fork.run_together(..., roll=True)``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cohort import calendar, schemas
from cohort.calendar import NCY_LOWEST
from cohort.processes import REASONS
from cohort.states import AREAS, NEEDS, SEXES, STAGES, SUPPORTS, Presence, state_labels

if TYPE_CHECKING:
    from cohort.world import World


def children(world: World) -> pa.Table:
    """Month, child, who and where they are: one row a child with needs who is there in a January, in order of
    identity."""
    tape, first = world.setting.tape, world.setting.scenario.first
    rolls = world.record.rolls or {}
    order = np.argsort(tape.identity[: tape.with_needs], kind="stable")
    found = {m: order[roll["presence"][order] == Presence.HERE] for m, roll in sorted(rolls.items())}
    rows = _joined(list(found.values()), np.int64)
    month = np.repeat(np.array(list(found), np.int64), [len(r) for r in found.values()])

    def kept(name: str) -> NDArray[Any]:
        return _joined([rolls[m][name][at] for m, at in found.items()], np.int64)

    academic_year = (month - 1 - (calendar.SEPTEMBER - 1)) // 12
    return _table(
        "children",
        world,
        month=_months(month, first, world.month),
        child=tape.identity[rows],
        ncy=academic_year - tape.cohort[rows] + NCY_LOWEST,
        area=(tape.area[rows], AREAS),
        sex=(tape.sex[rows], SEXES),
        severity=tape.severity[rows],
        need=(kept("need"), NEEDS),
        support=(kept("support"), SUPPORTS),
        stage=(kept("stage"), STAGES),
        placement=(kept("placement"), world.setting.book.vocabulary.labels),
        placed=_months(kept("placed"), first, world.month),
        pence=kept("cost"),
    )


def events(world: World) -> pa.Table:
    """Month, child, what happened, from which state to which: one row an event, in the order it happened."""
    first, logs = world.setting.scenario.first, world.record.logs
    states = state_labels(world.setting.book.vocabulary)

    def logged(name: str) -> NDArray[Any]:
        return _joined([getattr(log, name) for log in logs], np.int64)

    month = np.repeat(first + np.arange(len(logs)), [len(log.row) for log in logs])
    return _table(
        "events",
        world,
        month=_months(month, first, world.month),
        child=world.setting.tape.identity[logged("row")],
        event=(logged("event"), world.setting.book.events),
        reason=(logged("reason"), REASONS),
        **{"from": (logged("frm"), states), "to": (logged("to"), states)},
    )


ROLLS: dict[str, Callable[[World], pa.Table]] = {"children": children, "events": events}
"""Tables by name, in the order in which a study writes them."""


def _table(name: str, world: World, **columns: Any) -> pa.Table:
    return schemas.table(name, world.setting.params.number, world.replicate, **columns)


def _joined(parts: list[NDArray[Any]], kind: type[np.generic]) -> NDArray[Any]:
    return np.concatenate([np.zeros(0, kind), *parts]).astype(kind)


def _months(month: NDArray[Any], first: int, last: int) -> tuple[NDArray[Any], list[str]]:
    """Months as (code, labels); one before the first (0: never) is null."""
    return np.where(month >= first, month - first, -1), [calendar.label(m) for m in range(first, last + 1)]
