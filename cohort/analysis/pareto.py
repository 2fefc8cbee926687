"""What can be had at once: sizes of several changes that no others beat on every aim together.

    programme = Scenario.load("programme")
    levers = [Lever.parse("srp_review.places.places=0..400", programme), ...]
    front(programme, levers, [Aim.parse("min in_year 2027-28"), Aim.parse("max plans.mainstream 2028-01")])

Designs are the corners of the levers' ranges and points of an unscrambled Sobol sequence, so that the same question
gives the same designs; each is run with the same luck (``futures.Runs``). An aim is the
mean over runs. A design is on the front if no other is at least as good on every aim and better on one. A front is of
the designs tried: between them there may be better ones.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, headline, setting
from cohort.analysis import futures
from cohort.analysis.goal import FIGURES, Goal
from cohort.analysis.ranges import Figure, Floats, figure
from cohort.analysis.seek import Say, default_range, sized
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.states import closest
from cohort.task import runs
from cohort.world import World

_LEVER = re.compile(r"([\w.]+)\.(\w+)(?:=(\S+?)\.\.(\S+))?")
_AIM = re.compile(r"\s*(min|max)\s+([\w.]+)\s+(\d{4}-\d{2})\s*")
MOST_LEVERS = 4


@dataclass(frozen=True)
class Lever:
    """A field of a change ("rule.change"), and the range within which it is moved."""

    change: str
    field: str
    low: float
    high: float

    @classmethod
    def parse(cls, text: str, scenario: Scenario) -> Lever:
        """From "rule.change.field=low..high", or without a range for the usual one. Raises ValueError."""
        found = _LEVER.fullmatch(text)
        if not found:
            raise ValueError(f'lever: {text!r} given; write it like "srp_review.places.places=0..400"')
        change, field, low, high = found.groups()
        usual = default_range(scenario, change, field)
        if low is None:
            return cls(change, field, *usual)
        ends = [float(calendar.month(v)) if field == "start" else float(v) for v in (low, high)]
        if ends[0] >= ends[1]:
            raise ValueError(f"lever: {text!r} given; allowed: the lower end first")
        return cls(change, field, ends[0], ends[1])

    @property
    def name(self) -> str:
        """As it is written."""
        return f"{self.change}.{self.field}"

    def at(self, share: float) -> float:
        """The size a share of the way from low to high; places and months are whole."""
        size = self.low + share * (self.high - self.low)
        return float(round(size)) if self.field in {"places", "start"} else size

    def written(self, size: float) -> str:
        """A size as it is written in a scenario."""
        return calendar.label(round(size)) if self.field == "start" else f"{size:,.4g}"


@dataclass(frozen=True)
class Aim:
    """A figure to be made small or large: of the account in GBP, or children with a plan at a month's start."""

    figure: str
    period: str
    sign: int
    """1 to make it small, -1 to make it large"""

    @classmethod
    def parse(cls, text: str) -> Aim:
        """From "min in_year 2027-28" or "max plans.mainstream 2028-01". Raises ValueError saying what is allowed."""
        found = _AIM.fullmatch(text)
        if not found:
            raise ValueError(f'aim: {text!r} given; write it like "min in_year 2027-28" or "max plans.srp 2028-01"')
        way, name, period = found.groups()
        known = [*FIGURES, *(n for n in headline.SERIES if n.startswith(("plans", "sen_support")))]
        if name not in known:
            raise ValueError(f"aim: {name!r} is not a figure; {closest(name, known)}")
        return cls(name, period, 1 if way == "min" else -1)

    @property
    def name(self) -> str:
        """As it is written, without which way."""
        return f"{self.figure} {self.period}"

    @property
    def pounds(self) -> bool:
        """Whether it is GBP."""
        return self.figure in FIGURES

    def value(self, base: Setting, world: World) -> float:
        """GBP or children of a finished world. Raises ValueError for a period that the run does not cover."""
        if self.pounds:
            spend = futures.by_council_line(futures.spend_of(world), futures.months_of(base))
            return Goal(self.figure, self.period, 0).value(base.pack, spend)
        stocks = {(name, at): value for name, at, value in headline.stocks(world)}
        if (self.figure, self.period) not in stocks:
            first, last = calendar.label(base.scenario.first), calendar.label(base.scenario.last)
            raise ValueError(f"aim: {self.period} given; allowed: a month from {first} to {last}")
        return stocks[self.figure, self.period]


@dataclass(frozen=True)
class Design:
    """One set of sizes, what it reaches of each aim over the runs, and whether no other beats it."""

    sizes: tuple[float, ...]
    reached: tuple[Figure, ...]
    best: bool


@dataclass(frozen=True)
class Front:
    """Every design tried, those that none beats first, in the order of the first aim."""

    scenario: str
    levers: tuple[Lever, ...]
    aims: tuple[Aim, ...]
    runs: int
    designs: tuple[Design, ...]


def front(scenario: Scenario, levers: Sequence[Lever], aims: Sequence[Aim], designs: int = 32, draws: int = 1,
          replicates: int = 2, seed: int = 1, say: Say = lambda _: None) -> Front:  # fmt: skip
    """Try designs and say which no other beats. Raises ValueError for what is not allowed."""
    _check(levers, aims, designs, draws, replicates)
    points = sobol(len(levers), designs)
    sizes = list(dict.fromkeys(tuple(lv.at(x) for lv, x in zip(levers, point, strict=True)) for point in points))
    policies = [setting.ruled(_sized(scenario, levers, s)) for s in sizes]
    reached = np.zeros((len(sizes), len(aims), draws * replicates))
    first = like = futures.base_setting(scenario)
    each = runs(draws, replicates)
    for k, (draw, replicate) in enumerate(each):
        say(f"run {k + 1} of {draws * replicates}: {len(sizes)} designs")
        if like.params.number != draw:
            like = futures.base_setting(scenario, draw, first)
        run = futures.Runs.of(like, seed, replicate, {min(futures.first_month(like, p) for p in policies)})
        for d, policy in enumerate(policies):
            world = run.under(futures.under(like, policy))
            reached[d, :, k] = [aim.value(like, world) for aim in aims]
    of_draws = [draw for draw, _ in each]
    best = unbeaten(reached.mean(2) * np.array([aim.sign for aim in aims]))
    made = [
        Design(s, tuple(figure(reached[d, a], of_draws) for a in range(len(aims))), bool(best[d]))
        for d, s in enumerate(sizes)
    ]
    made.sort(key=lambda design: (not design.best, aims[0].sign * design.reached[0].mean))
    return Front(scenario.name, tuple(levers), tuple(aims), draws * replicates, tuple(made))


def _check(levers: Sequence[Lever], aims: Sequence[Aim], designs: int, draws: int, replicates: int) -> None:
    if not 1 <= len(levers) <= MOST_LEVERS or len({lv.name for lv in levers}) < len(levers):
        names = ", ".join(lv.name for lv in levers) or "none"
        raise ValueError(f"levers: {names} given; allowed: 1 to {MOST_LEVERS}, each once")
    if len(aims) < 2:
        raise ValueError(f"aims: {len(aims)} given; allowed: 2 or more, otherwise use cohort seek")
    for name, value in (("designs", designs), ("draws", draws), ("replicates", replicates)):
        if value < 1:
            raise ValueError(f"{name}: {value} given; allowed: 1 or more")


def _sized(scenario: Scenario, levers: Sequence[Lever], sizes: Sequence[float]) -> Scenario:
    for lever, size in zip(levers, sizes, strict=True):
        scenario = sized(scenario, lever.change, lever.field, size)
    return scenario


def sobol(levers: int, designs: int) -> Floats:
    """[design, lever] shares of the way from low to high: every corner, then a Sobol sequence without its corner."""
    from scipy.stats import qmc

    corners = list(product((0.0, 1.0), repeat=levers))
    rest = qmc.Sobol(levers, scramble=False).random_base2(max(designs - 1, 1).bit_length())[1:]
    return np.array([*corners, *rest])[: max(designs, len(corners))]


def unbeaten(costs: Floats) -> NDArray[np.bool_]:
    """[design] whether no other is at least as low on every one of [design, aim] costs and lower on one."""
    no_worse = (costs[:, None] <= costs[None]).all(2)
    better = (costs[:, None] < costs[None]).any(2)
    return np.asarray(~(no_worse & better).any(0))


__all__ = ["Aim", "Design", "Front", "Lever", "front", "sobol", "unbeaten"]
