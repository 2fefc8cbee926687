"""The ready reckoner: what a small change of the world costs a year, each from paired worlds with the same luck.

    reckon(Scenario.load("baseline"))     # rows: 1% more requests, a term's delay, an NMISS place, 1% inflation

A cost is positive. Nothing here is a rate of thumb: each row is two worlds of each run that differ in that one thing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cohort import calendar, setting, spending
from cohort.analysis import futures, oneplace
from cohort.analysis.ranges import Figure, Floats, figure
from cohort.analysis.worth import years
from cohort.fork import first_difference
from cohort.policy import Change, Expand, Policy, Price, Redirect, Scale, When
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.world import World

TERM = 4
"""Months: September, January and April begin terms."""
MARGIN = 0.1
"""Share of those bound for NMISS who are sent to state special schools instead, to find the price of one at the
margin."""
ONE_IN = 250
"""State special places added, as one in so many of those there are, to find what one more is worth."""
FROM = "2025-04"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Row:
    """One change of the world, in GBP by financial year, or in what ``means`` says."""

    name: str
    means: str
    by_year: dict[str, Figure]


def reckon(scenario: Scenario, draws: int = 1, replicates: int = 5, seed: int = 1, start: str = FROM,
           say: Say = lambda _: None) -> list[Row]:  # fmt: skip
    """The reckoner of a scenario with its rules: changes begin in ``start``. A term's delay needs rules to delay."""
    if draws < 1 or replicates < 1:
        raise ValueError(f"{draws} draws of {replicates} replicates given; allowed: 1 or more of each")
    if not scenario.first <= calendar.month(start) < scenario.last:
        raise ValueError(f"start: {start} given; allowed: {scenario.start} to {calendar.label(scenario.last - 1)}")
    found: dict[str, list[dict[str, float]]] = {}
    first = like = None
    for draw in range(draws):
        like = setting.build(scenario, draw, like=first)
        first = first or like
        made = variants(like, start)
        built = {name: setting.build(scenario, draw, policy, like=like) for name, (_, policy) in made.items()}
        for replicate in range(replicates):
            say(f"run {draw * replicates + replicate + 1} of {draws * replicates}: {len(made) + 1} worlds")
            for name, by_year in _run(like, built, seed, replicate).items():
                found.setdefault(name, []).append(by_year)
    each = [d for d in range(draws) for _ in range(replicates)]
    return [Row(name, _means(name, start), _figures(runs, each)) for name, runs in found.items()]


MEANS = {
    "requests": "1% more requests for assessment, of every kind of first request, from {start}",
    "delay": "every rule one term (4 months) later",
    "nmiss_marginal": "one child-year in NMISS rather than a state special school, at the margin: of those newly bound "
    "for one from {start}, a tenth go to state special instead, with a place there for everybody",
    "nmiss_place": "the NMISS place alone of such a child-year, before what the other place costs",
    "nmiss_average": "one child-year in NMISS, on average over all there",
    "inflation": "1 point a year on every price, from {start}",
    "special_place": "one more state special place and year, whoever takes it and whoever takes what that child "
    "leaves: one in 250 more at the schools there are, from {start}",
    "special_place_instead_of_nmiss": "what a child of these costs more in a special school who would be in NMISS",
    "special_place_instead_of_mainstream": "the same of one who would be in mainstream",
    "special_place_from_nmiss": "percent of these children's years that would be in NMISS",
    "special_place_from_mainstream": "percent that would be in mainstream",
    "special_place_new": "percent that are of children whose plan began after {start}",
    "special_place_break_even": "percent from NMISS at which these children cost as much as without the places",
    "special_place_children": "children whose placement has been another since {start}, for each place: the chain that "
    "one place more changes",
}


def _means(name: str, start: str) -> str:
    return MEANS[name].format(start=start)


def _figures(runs: Sequence[dict[str, float]], draws: Sequence[int]) -> dict[str, Figure]:
    return {y: figure([run[y] for run in runs], draws) for y in runs[0] if all(np.isfinite(run[y]) for run in runs)}


def variants(base: Setting, start: str) -> dict[str, tuple[str, Policy]]:
    """Each world to pair with the base: what it is called -> (what it means, its policy)."""
    policy, when = base.policy, When(start)
    names = base.prices.names
    own = {c.name for c in base.prices.charges} | {s.name for s in base.prices.services if s.when is None}
    more = tuple(Scale(rate, 1.01, when, name=rate) for rate in ("request", "request_supported"))
    dearer = tuple(Price(charge=n, growth=0.01, when=when, name=n) for n in names if n in own)
    elsewhere = tuple(
        Redirect(choice=choice, frm="nmiss", into="state_special", share=MARGIN, appeal_share=0.0, when=when,
                 name=choice) for choice in ("first_place", "transfer", "move")
    )  # fmt: skip
    found = {"requests": policy | Policy("more_requests", more)}
    if policy.changes:
        found["delay"] = replace(policy, changes=tuple(later(c, TERM) for c in policy.changes))
    found["nmiss_marginal"] = policy | Policy("nmiss_margin", elsewhere)
    found["inflation"] = policy | Policy("dearer", dearer)
    if base.places.binding:
        found["special_place"] = policy | Policy("more_places", (_more_places(base, when),))
    return {name: (MEANS[name], p) for name, p in found.items()}


def _more_places(base: Setting, when: When) -> Expand:
    """One state special place in 250 more, but at least one."""
    p = base.places
    now = p.by_month[calendar.month(when.start) - p.first]
    there = sum(int(n) for n, q in zip(now, p.providers, strict=True) if q.kind == oneplace.KIND)
    return Expand(provider_kind=oneplace.KIND, places=max(round(there / ONE_IN), 1), when=when, name="places")


def later(change: Change, months: int) -> Change:
    """The same change so many months later; what delay it may have besides, it keeps."""
    when = change.timing
    return replace(change, when=replace(when.shifted(months), delay=when.delay))  # type: ignore[call-arg]


def _run(base: Setting, built: dict[str, Setting], seed: int, replicate: int) -> dict[str, dict[str, float]]:
    """Name -> financial year -> GBP, of one run."""
    starts = {futures.first_month(base, s.policy) for s in built.values()}
    runs = futures.Runs.of(base, seed, replicate, starts)
    one = Paid.of(runs.base)
    out: dict[str, dict[str, float]] = {}
    for name, made in built.items():
        if name == "nmiss_marginal":
            out |= _at_the_margin(base, made, seed, replicate)
        elif name == "special_place":
            found = _one_more(base, made, runs.copies)
            out |= {row: {y: by_year.get(y, float("nan")) for y in one.years} for row, by_year in found.items()}
        else:
            two = Paid.of(runs.under(made))
            out[name] = {y: two.pounds(at) - one.pounds(at) for y, at in one.years.items()}
    return out


def _at_the_margin(base: Setting, made: Setting, seed: int, replicate: int) -> dict[str, dict[str, float]]:
    """A child-year in NMISS against one in state special, where a place taken there is nobody else's: in a full school
    the saving would be set against what becomes of the child who is turned away."""
    free, apart = (replace(s, places=replace(s.places, binding=False)) for s in (base, made))
    runs = futures.Runs.of(free, seed, replicate, {futures.first_month(free, apart.policy)})
    one, two = Paid.of(runs.base), Paid.of(runs.under(apart))
    fewer = {y: one.child_years(at) - two.child_years(at) for y, at in one.years.items()}
    return {
        "nmiss_marginal": {y: _each(one.pounds(at) - two.pounds(at), fewer[y]) for y, at in one.years.items()},
        "nmiss_place": {y: _each(one.on_nmiss(at) - two.on_nmiss(at), fewer[y]) for y, at in one.years.items()},
        "nmiss_average": {y: _each(one.on_nmiss(at), one.child_years(at)) for y, at in one.years.items()},
    }


def _one_more(base: Setting, made: Setting, copies: Mapping[int, World]) -> dict[str, dict[str, float]]:
    """The rows of one more state special place: name -> financial year -> value."""
    fork = min(first_difference(base, made), base.scenario.last)
    filled = oneplace.one_more(copies[max(m for m in copies if m <= fork)], made)
    places = max((f.place_months for f in filled.values()), default=0) / 12
    rows: dict[str, Callable[[oneplace.Filled], float]] = {
        "special_place": lambda f: f.pounds,
        "special_place_instead_of_nmiss": lambda f: f.each("nmiss"),
        "special_place_instead_of_mainstream": lambda f: f.each("mainstream"),
        "special_place_from_nmiss": lambda f: 100 * f.share("nmiss"),
        "special_place_from_mainstream": lambda f: 100 * f.share("mainstream"),
        "special_place_new": lambda f: 100 * f.share_new,
        "special_place_break_even": lambda f: 100 * f.break_even,
        "special_place_children": lambda f: _each(f.children, places if f.place_months else 0),
    }
    return {name: {year: value(f) for year, f in filled.items()} for name, value in rows.items()}


def _each(pounds: float, child_years: float) -> float:
    return pounds / child_years if child_years > 0 else float("nan")


@dataclass(frozen=True)
class Paid:
    """What a finished world paid in each month, and the child-months in NMISS."""

    years: dict[str, list[int]]
    pence: Floats
    nmiss_pence: Floats
    """on children in NMISS, whatever the line"""
    nmiss_months: Floats

    @classmethod
    def of(cls, world: World) -> Paid:
        """From its bill."""
        bill, prices = spending.bill(world), world.setting.prices
        nmiss = world.setting.book.vocabulary.code("nmiss")
        total, there, months = (np.zeros(len(bill.months)) for _ in range(3))
        for of in bill.spent(prices):
            total += of.pence.sum((1, 2, 3))
            if of.placement == nmiss:
                there += of.pence.sum((1, 2, 3))
                months += of.children.sum((1, 2, 3)) * (of.charge.name.split("@")[0] == "nmiss")
        for _, unattached in bill.unattached(prices):
            total += unattached
        return cls(years(bill.months), total, there, months)

    def pounds(self, at: list[int]) -> float:
        """GBP of some months."""
        return float(self.pence[at].sum()) / 100

    def on_nmiss(self, at: list[int]) -> float:
        """GBP on children in NMISS."""
        return float(self.nmiss_pence[at].sum()) / 100

    def child_years(self, at: list[int]) -> float:
        """Child-years in NMISS."""
        return float(self.nmiss_months[at].sum()) / 12
