"""What is spent under many policies that are compared with one world, sharing all that none of them touches.

Two ways: the lumped expectation (``Lumped``: a fifth of a second a policy, no chance in it), and child runs with
common luck (``Runs``: the world stepped once to where the policies begin, then copied).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, diverted, setting, spending
from cohort.expected import LUMPED, Expectation, Month, State
from cohort.fork import first_difference
from cohort.policy import NOTHING, Close, Delay, Expand, Open, Policy
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

Spend = dict[str, NDArray[np.float64]]
PLACES = (Open, Close, Delay, Expand)


def without_rules(scenario: Scenario) -> Scenario:
    """The world that a scenario's rules are compared with: the same but for them."""
    return scenario.model_copy(update={"rules": (), "overrides": {}})


def base_setting(scenario: Scenario, draw: int = 0, like: Setting | None = None) -> Setting:
    """A scenario's setting with none of its rules."""
    return setting.build(without_rules(scenario), draw, NOTHING, like=like)


def under(base: Setting, policy: Policy) -> Setting:
    """The same world under a policy, checked."""
    return setting.build(base.scenario, base.params.number, policy, like=base)


def months_of(base: Setting) -> range:
    """Every month simulated."""
    return range(base.scenario.first, base.scenario.last)


def first_month(base: Setting, policy: Policy) -> int:
    """The first month in which a policy acts in the base's draw: the end if never."""
    starts = [calendar.month(c.timing.start) for c in policy.settled(base.params.size).changes]
    return max(min([*starts, base.scenario.last]), base.scenario.first)


def why_not_lumped(base: Setting, policy: Policy) -> str:
    """Why the lumped expectation cannot tell what a policy does, or ""."""
    kinds = sorted({c.kind for c in policy.changes if isinstance(c, PLACES)})
    if kinds:
        return f"places ({', '.join(kinds)}) are children's to compete for, and the expectation has none"
    try:
        Expectation(under(base, policy), LUMPED)
    except ValueError as error:
        return str(error)
    return ""


@dataclass(frozen=True, eq=False)
class Lumped:
    """Expected spend under policies, from one base: its months are laid out once, and its states begun from."""

    base: Setting

    @cached_property
    def _of_base(self) -> Expectation:
        return Expectation(self.base, LUMPED)

    @cached_property
    def _months(self) -> list[Month]:
        return [self._of_base.month(m) for m in months_of(self.base)]

    @cached_property
    def _states(self) -> list[State]:
        """At the start of every month, the end's included."""
        states = [self._of_base.start()]
        for month in self._months:
            states.append(self._of_base.step(states[-1], month)[0])
        return states

    def spend(self, policy: Policy = NOTHING) -> Spend:
        """Sub-line -> [month] expected pence."""
        made = under(self.base, policy)
        expectation = Expectation(made, LUMPED)
        # No change can tell months since a request apart, so what the base tells apart is enough.
        expectation.__dict__["depths"] = self._of_base.depths
        months, fork = months_of(self.base), first_month(self.base, policy)
        states = self._states[: fork - months.start + 1]
        for month in months[fork - months.start :]:
            states.append(expectation.step(states[-1], self._month(expectation, month))[0])
        by_month = [expectation.spend(states[k + 1], m) for k, m in enumerate(months)]
        lines = dict.fromkeys(line for found in by_month for line in found)
        return {line: np.array([found.get(line, 0.0) for found in by_month]) for line in lines}

    def _month(self, e: Expectation, month: int) -> Month:
        """The base's month with the rates and choices that the policy acts on."""
        plain, book = self._months[month - self.base.scenario.first], e.setting.book
        acted = {n: e._coarsen(book.rates.rate(n, month)) for n in book.rates.base if book.rates.acting[n]}
        moves = {c: diverted.weights(book, c, month) for c in diverted.redirected(book)}
        return plain._replace(
            rates=plain.rates | acted,
            moves={c: e._coarsen_choice(c, w) for c, (w, _) in moves.items()},
            contests={c: e._coarsen_choice(c, w) for c, (_, w) in moves.items()},
        )


@dataclass(frozen=True, eq=False)
class Runs:
    """One run's base world with copies of it at some months, from which policies go on with the same luck.

    Events are not kept, as only spend is asked for: the whole county takes about 25 MB a run.
    """

    base: World
    """at its end"""
    copies: dict[int, World]

    @classmethod
    def of(cls, base: Setting, seed: int, replicate: int, months: Iterable[int]) -> Runs:
        """Run the base, keeping a copy at its start and at each of the months."""
        world = World.start(base, replicate=replicate, seed=seed)
        copies = {}
        for month in range(base.scenario.first, base.scenario.last):
            if month == base.scenario.first or month in set(months):
                copies[month] = world.copy()
            world.step()
            world.record.forget()
        return cls(world, copies)

    def under(self, other: Setting) -> World:
        """The same run's world at its end under another policy: only what follows its first month is stepped."""
        fork = first_difference(self.base.setting, other)
        if fork >= self.base.setting.scenario.last:
            return self.base
        return self.copies[max(m for m in self.copies if m <= fork)].under(other).run()


def spend_of(world: World) -> Spend:
    """Sub-line -> [month] pence that a finished world paid."""
    found = spending.bill(world).by_sub_line(world.setting.prices)
    return {line: pence.astype(np.float64) for line, pence in found.items()}


def by_council_line(spend: Spend, months: Sequence[int]) -> dict[str, dict[str, int]]:
    """Financial year -> council's line -> whole pence, of the years covered whole: what the ledger takes."""
    from cohort.analysis.worth import years
    from cohort.prices import LINES

    out = {}
    for year, at in years(months).items():
        pence = dict.fromkeys(LINES, 0)
        for line, by_month in spend.items():
            pence[line.split(".")[0]] += round(float(by_month[at].sum()))
        out[year] = pence
    return out


__all__ = ["Lumped", "Runs", "base_setting", "by_council_line", "first_month", "months_of", "spend_of",
           "under", "why_not_lumped", "without_rules"]  # fmt: skip
