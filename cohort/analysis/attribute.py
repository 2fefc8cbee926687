"""Whose saving it is: each policy of a scenario alone, last in, and its Shapley share of what all do together.

    found = attribute(Scenario.load("programme"))

Up to ten policies every subset is worked out on the lumped expectation, and the joint saving is confirmed on child
runs. What the expectation cannot tell (places, rates that differ by severity) is attributed on child runs with common
luck, and says so; there, and beyond ten policies, orders are sampled. Shares sum to the joint to the penny. See
``worth`` for what cashable, avoided, gross, reinvestment and full-year mean.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cohort import calendar, rulebook, setting
from cohort.analysis import futures, shapley
from cohort.analysis.ranges import Figure, figure
from cohort.analysis.shapley import Ints
from cohort.analysis.worth import PARTS, Worth, worth
from cohort.policy import NOTHING, Policy, combine
from cohort.scenario import Scenario, ScenarioError
from cohort.setting import Setting

EXACT_LUMPED, EXACT_RUNS = 10, 5
"""Policies up to which every subset is worked out: 2^10 expectations, 2^5 worlds a run."""
ORDERS, CONFIRMED = 20, 4
Say = Callable[[str], None]


@dataclass(frozen=True)
class Share:
    """One policy's part in one financial year."""

    policy: str
    alone: Worth
    last_in: Worth
    shapley: Worth
    interaction: int
    """net pence that its Shapley share is more than it saves alone: negative where policies reach the same children"""
    placed: dict[str, int]
    """pennies given to it so that shares sum to the joint"""
    error: float | None
    """pence: sampling error of the net share; None if every subset was worked out"""


@dataclass(frozen=True)
class Year:
    """A financial year: what all policies do together, and each one's part."""

    financial_year: str
    joint: Worth
    shares: tuple[Share, ...]
    interaction: int
    """joint net less the sum of what each saves alone"""
    confirmed: Figure | None
    """the joint net saving of child runs, pence"""


@dataclass(frozen=True)
class Attribution:
    """Of a scenario's policies against the same scenario without them."""

    scenario: str
    policies: tuple[str, ...]
    method: str
    worlds: int
    """subsets worked out"""
    today: str
    """the month whose spend says what is spent now"""
    years: tuple[Year, ...]
    overlaps: tuple[tuple[str, str, int], ...]
    """pairs of policies and what they save together beyond the sum of each alone, last year, net pence: the largest
    first"""
    inert: tuple[str, ...]
    """policies that change no penny, neither alone nor after all others"""


def policies_of(scenario: Scenario) -> list[Policy]:
    """The scenario's rules as policies with its overrides, each a player. Raises ScenarioError if it has none."""
    setting.ruled(scenario)
    found = [rulebook.overridden(rulebook.load(name), scenario.overrides) for name in scenario.rules]
    if not found:
        raise ScenarioError(f"{scenario.name}: has no rules; allowed: a scenario with one or more")
    return found


def attribute(scenario: Scenario, draw: int = 0, seed: int = 1, replicates: int = CONFIRMED, orders: int = ORDERS,
              children: bool = False, say: Say = lambda _: None) -> Attribution:  # fmt: skip
    """Share out a scenario's saving over its rules, in one parameter draw.

    ``replicates`` child runs confirm the expectation, or stand in for it; ``children`` asks for them at once.
    """
    policies = policies_of(scenario)
    base = futures.base_setting(scenario, draw)
    today = max(min(futures.first_month(base, p) for p in policies) - 1, base.scenario.first)
    why = "asked for" if children else futures.why_not_lumped(base, combine(policies))
    of_runs = _Children(base, tuple(policies), today, seed, replicates) if why or replicates else None
    game = _Game(policies, of_runs.worth if why and of_runs else _lumped(base, policies, today))
    if why and not replicates:
        raise ScenarioError(f"{scenario.name}: needs child runs ({why}); allowed: 1 replicate or more")
    n, every = len(policies), len(policies) <= (EXACT_RUNS if why else EXACT_LUMPED)
    say(f"attributing {n} policies: {2**n if every else min(2**n, n * orders)} worlds at the most")
    shares = shapley.exact(n, game.value) if every else shapley.sampled(game.names, game.value, orders)
    said = "every subset" if every else f"{orders} sampled orders"
    method = f"child runs with common luck ({replicates} replicates, {said}): {why}" if why else f"expectation, {said}"
    confirmed = of_runs.joint() if of_runs and not why else {}
    return game.told(scenario.name, method, calendar.label(today), shares, confirmed)


def _lumped(base: Setting, policies: Sequence[Policy], today: int) -> Callable[[Policy], dict[str, Worth]]:
    lumped, months = futures.Lumped(base), list(futures.months_of(base))
    plain = lumped.spend()
    return lambda policy: worth(plain, lumped.spend(policy), months, today)


@dataclass(frozen=True, eq=False)
class _Children:
    """Child runs of a base and what policies are worth in them, with common luck."""

    base: Setting
    policies: tuple[Policy, ...]
    today: int
    seed: int
    replicates: int

    def _each(self, policy: Policy) -> list[dict[str, Worth]]:
        """One a run."""
        made, months = futures.under(self.base, policy), list(futures.months_of(self.base))
        spends = [(futures.spend_of(r.base), futures.spend_of(r.under(made))) for r in self._runs()]
        return [worth(one, two, months, self.today) for one, two in spends]

    def _runs(self) -> list[futures.Runs]:
        if "kept" not in self.__dict__:
            starts = {futures.first_month(self.base, p) for p in self.policies}
            made = [futures.Runs.of(self.base, self.seed, r, starts) for r in range(self.replicates)]
            self.__dict__["kept"] = made
        return self.__dict__["kept"]

    def worth(self, policy: Policy) -> dict[str, Worth]:
        """Mean over runs, each part rounded to whole pence."""
        runs = self._each(policy)
        return {
            y: Worth(**{p: round(sum(getattr(run[y], p) for run in runs) / len(runs)) for p in PARTS}) for y in runs[0]
        }

    def joint(self) -> dict[str, Figure]:
        """Financial year -> the net saving of all policies over runs."""
        runs = self._each(combine(self.policies))
        return {y: figure([float(run[y].net) for run in runs]) for y in runs[0]}


class _Game:
    """Subsets of policies and what each is worth, worked out once."""

    def __init__(self, policies: Sequence[Policy], of: Callable[[Policy], dict[str, Worth]]) -> None:
        self.policies, self.names, self._of = policies, tuple(p.name for p in policies), of
        self.found: dict[int, dict[str, Worth]] = {}
        self.years = tuple(self.worth(0))

    def worth(self, subset: int) -> dict[str, Worth]:
        """Financial year -> worth of the policies whose bits are set."""
        if subset not in self.found:
            chosen = [p for k, p in enumerate(self.policies) if subset >> k & 1]
            self.found[subset] = self._of(combine(chosen) if chosen else NOTHING)
        return self.found[subset]

    def value(self, subset: int) -> Ints:
        """The same as whole numbers: year by year, part by part."""
        return np.array([getattr(w, p) for w in self.worth(subset).values() for p in PARTS], dtype=object)

    def told(self, scenario: str, method: str, today: str, shares: shapley.Shares,
             confirmed: dict[str, Figure]) -> Attribution:  # fmt: skip
        """The whole answer."""
        n = len(self.policies)
        everyone = 2**n - 1
        parts = [self._parts(k, shares, everyone) for k in range(n)]
        years = []
        for at, y in enumerate(self.years):
            joint = self.worth(everyone)[y]
            alone = sum(self.worth(1 << k)[y].net for k in range(n))
            years.append(Year(y, joint, tuple(p[at] for p in parts), joint.net - alone, confirmed.get(y)))
        idle = tuple(
            self.names[k]
            for k in range(n)
            if not any(self.value(1 << k)) and not any(self.value(everyone) - self.value(everyone ^ 1 << k))
        )
        return Attribution(scenario, self.names, method, len(self.found), today, tuple(years), self._overlaps(), idle)

    def _parts(self, k: int, shares: shapley.Shares, everyone: int) -> list[Share]:
        """One policy's parts, one a year."""
        out = []
        for at, y in enumerate(self.years):
            mine = slice(at * len(PARTS), (at + 1) * len(PARTS))
            share = Worth(*(int(x) for x in shares.shares[k, mine]))
            placed = {p: int(x) for p, x in zip(PARTS, shares.placed[k, mine], strict=True) if x}
            alone, last = self.worth(1 << k)[y], self.worth(everyone)[y] - self.worth(everyone ^ 1 << k)[y]
            # parts are correlated, so their sum is a bound on the error of the net
            error = None if shares.error is None else float(shares.error[k, mine][:3].sum())
            out.append(Share(self.names[k], alone, last, share, share.net - alone.net, placed, error))
        return out

    def _overlaps(self) -> tuple[tuple[str, str, int], ...]:
        """Of pairs that were worked out."""
        if not self.years:
            return ()
        n, y = len(self.names), self.years[-1]
        found = []
        for i in range(n):
            for j in range(i + 1, n):
                if (both := self.found.get(1 << i | 1 << j)) is not None:
                    beyond = both[y].net - self.worth(1 << i)[y].net - self.worth(1 << j)[y].net
                    found.append((self.names[i], self.names[j], beyond))
        return tuple(sorted(found, key=lambda pair: (-abs(pair[2]), pair)))
