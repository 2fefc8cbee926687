"""``python -m benchmarks.gaps``: how far the expectation is from the children, as docs/expected.md prints it.

Kent's baseline at the point estimate, with a place for everybody (children, exact, lumped) and with places that are
scarce (children, crowded).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import _table
from cohort import calendar, setting
from cohort.crowded import Crowded
from cohort.expected import EXACT, LUMPED, Expectation
from cohort.scenario import PlacesSection, Scenario
from cohort.setting import Setting
from cohort.world import World

ELASTIC, SCARCE = 40, 6
"""Replicates of children."""
KINDS = {"plans": (), "state special": ("state_special",), "SRP": ("srp",), "NMISS": ("nmiss",),
         "mainstream": ("mainstream",)}  # fmt: skip
Floats = NDArray[np.float64]


def built(*, binding: bool) -> Setting:
    """Kent's baseline to the last January."""
    return setting.build(Scenario.load("baseline").model_copy(update={"places": PlacesSection(binding=binding)}))


def of_children(s: Setting, months: list[int], replicates: int) -> Floats:
    """[month, placement] plans at the start of months: the mean of replicates."""
    runs = []
    for replicate in range(replicates):
        cells = World.start(s, replicate=replicate).run().record.cells
        runs.append([cells[m].sum((0, 1, 4))[2] for m in months])
    return np.asarray(np.mean(runs, 0))


def of_masses(e: Expectation, months: list[int]) -> Floats:
    """[month, placement] the same of an expectation."""
    states, _ = e.run(months[-1])
    return np.array([e.stock(states[m - e.setting.scenario.first])[:, :, 2].sum((0, 1)) for m in months])


def tables() -> str:
    """Both tables, as Markdown."""
    months, found = [calendar.month(f"{year}-01") for year in (2025, 2026, 2028)], []
    for binding in (False, True):
        s = built(binding=binding)
        children = of_children(s, months, SCARCE if binding else ELASTIC)
        others = [of_masses(Crowded(s, LUMPED), months)] if binding else [
            of_masses(Expectation(s, c), months) for c in (EXACT, LUMPED)]  # fmt: skip
        rows = []
        for k, month in enumerate(months):
            for name, labels in KINDS.items():
                at = [s.book.vocabulary.code(x) for x in labels] or slice(None)
                said = [float(x[k, at].sum()) for x in (children, *others)]
                against = [(said[0], said[1])] if binding else [(said[1], said[0]), (said[1], said[2])]
                gaps = [f"{100 * (b / a - 1):+.2f}%" for a, b in against]
                rows.append([calendar.label(month), name, *(f"{x:,.0f}" for x in said), *gaps])
        head = ["January", "", "children", *(["crowded", "gap"] if binding else
                                              ["exact", "lumped", "children / exact", "lumped / exact"])]  # fmt: skip
        found.append(_table(head, rows))
    return "\n\n".join(found)


if __name__ == "__main__":
    print(tables())
