"""Small worlds for tests: some of Kent's children, who live the same lives as in the whole county."""

from dataclasses import replace
from functools import cache

import numpy as np
from numpy.typing import NDArray

from cohort import book, parameters, places, prices, setting
from cohort.draws import mix_many
from cohort.pack import Pack
from cohort.policy import NOTHING, Policy
from cohort.processes import PROCESSES, Process
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.states import Vocabulary

KENT = Pack.load("kent")
ROWS = ("birth", "arrival", "leaving", "leaving_as", "district", "area", "sex", "severity", "identity")
STATE = ("support", "stage", "placement", "need", "anniversary", "clock", "lodging")


@cache
def full_setting(start: str = "2024-01", until: str = "2028-04", draw: int = 0) -> Setting:
    """All of Kent."""
    return setting.build(Scenario(name="baseline", start=start, until=until), draw)


@cache
def small_setting(every: int = 40, until: str = "2026-01", policy: Policy = NOTHING, start: str = "2024-01",
                  part: int = 0, draw: int = 0) -> Setting:  # fmt: skip
    """About one in ``every`` of Kent's children, by identity (``part`` 0 to every - 1 are others), under a policy."""
    full = full_setting(start, max(until, "2028-04"), draw)
    whole = full if every == 1 else keep(full, mix_many(full.tape.identity) % np.uint64(every) == part)
    return until_month(under(whole, policy), until)


def keep(whole: Setting, rows: NDArray[np.bool_] | NDArray[np.int64]) -> Setting:
    """The setting of some rows of the tape only (a mask, or rows in a new order): children with needs first; as large a
    share of the places."""
    rows = np.flatnonzero(rows) if rows.dtype == bool else rows
    has = rows < whole.tape.with_needs
    n = int(has.sum())
    assert has[:n].all(), "children with needs come first"
    columns = {name: getattr(whole.tape, name)[rows] for name in ROWS}
    tape = replace(whole.tape, **columns, with_needs=n)
    start = replace(whole.start, **{name: getattr(whole.start, name)[rows[:n]] for name in STATE})
    return replace(whole, tape=tape, start=start, places=whole.places.scaled(n / whole.tape.with_needs))


def under(whole: Setting, policy: Policy = NOTHING, pack: Pack | None = None, vocabulary: Vocabulary | None = None,
          processes: tuple[Process, ...] = PROCESSES) -> Setting:  # fmt: skip
    """The same children from the same start under another policy, or by another book."""
    pack = pack or whole.pack
    params = parameters.draw(pack, whole.params.number, whole.scenario.parameters)
    compiled = book.build(pack, params, policy, vocabulary, processes)
    compiled.rates.check(range(whole.scenario.first, whole.scenario.last))
    priced = prices.prices(pack, params, compiled.vocabulary, policy)
    built = places.build(pack, params, compiled.vocabulary, whole.scenario, policy)
    scarce = replace(built.scaled(whole.places.share), binding=whole.places.binding)
    return replace(whole, pack=pack, params=params, policy=policy, book=compiled, prices=priced, places=scarce)


def elastic(whole: Setting) -> Setting:
    """The same setting with a place for everybody who seeks one."""
    return replace(whole, places=replace(whole.places, binding=False))


def flat(whole: Setting) -> Setting:
    """The same setting with prices that do not go by need or severity: every child costs what the mean child does."""
    charges = tuple(replace(c, relative=None) for c in whole.prices.charges)
    return replace(whole, prices=replace(whole.prices, charges=charges))


def until_month(whole: Setting, until: str) -> Setting:
    """The same setting for a run that ends earlier."""
    return replace(whole, scenario=whole.scenario.model_copy(update={"until": until}))
