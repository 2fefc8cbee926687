"""How strong, how many or how early a change must be to meet a goal at a stated probability.

    found = seek(Scenario.load("mine"), "early_years.requests", "by", Goal.parse("in_year 2027-28 <= 0"), 0.8)

By bisection on fixed draws: every trial is the same runs with the same luck, so that the answer is the change's and not
the dice's. The goal is met at probability p when the p-quantile of its figure over runs is within it. The answer is
then sought anew on a second set of draws (other draws or, of one draw, another seed), and said not to reproduce if the
two are more than 5% apart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil

from cohort import calendar, setting
from cohort.analysis import futures
from cohort.analysis.goal import Goal
from cohort.analysis.ranges import Chance, chance
from cohort.scenario import Scenario, ScenarioError
from cohort.setting import Setting

FIELDS = ("by", "share", "places", "start")
SAME = 0.05
"""Two answers reproduce each other if they are no further apart than this share of the first (a start: one month)."""
STEPS = 8
"""Halvings: the answer is within 1/256 of the range."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Trial:
    """A size tried: the goal's figure at the stated probability, and how likely the goal is met."""

    size: float
    pounds: float
    met: Chance


@dataclass(frozen=True)
class Answer:
    """What one set of draws says."""

    size: float | None
    """the weakest size that meets the goal; None if none within the range does"""
    nearest: Trial
    """the trial at the answer or, if there is none, the one that comes nearest"""
    trials: tuple[Trial, ...]


@dataclass(frozen=True)
class Found:
    """The answer, and whether a second set of draws gives it again."""

    change: str
    field: str
    goal: str
    probability: float
    runs: int
    low: float
    high: float
    first: Answer
    second: Answer

    @property
    def reproduces(self) -> bool:
        """Whether both sets say the same within 5%, or both that it cannot be met."""
        one, two = self.first.size, self.second.size
        if one is None or two is None:
            return one is two
        return abs(one - two) <= (1 if self.field == "start" else SAME * abs(one))

    def written(self, size: float) -> str:
        """A size as it is written in a scenario."""
        return calendar.label(round(size)) if self.field == "start" else f"{size:,.4g}"

    def said(self) -> str:
        """The answer in a line."""
        near = self.first.nearest
        what = f"{self.change}.{self.field}"
        if self.first.size is None:
            return (
                f"cannot be met between {self.written(self.low)} and {self.written(self.high)}: nearest is "
                f"{what} = {self.written(near.size)}, with GBP {near.pounds:,.0f} (goal {self.goal})"
            )
        if len(self.first.trials) == 2:
            return (
                f"{self.goal} is met throughout, even with {what} = {self.written(near.size)}: GBP {near.pounds:,.0f}"
            )
        again = "nothing" if self.second.size is None else self.written(self.second.size)
        tail = "" if self.reproduces else "; NOT reproduced within 5%: take more runs"
        return f"{what} = {self.written(self.first.size)} meets {self.goal}; other draws say {again}{tail}"


@dataclass(frozen=True, eq=False)
class _Runs:
    """One set of runs whose base worlds are kept at their fork."""

    scenario: Scenario
    change: str
    field: str
    goal: Goal
    probability: float
    kept: tuple[tuple[Setting, futures.Runs], ...]

    def trial(self, size: float) -> Trial:
        """The same runs with the change at a size."""
        given, values = sized(self.scenario, self.change, self.field, size), []
        policies = setting.ruled(given)
        for base, run in self.kept:
            world = run.under(futures.under(base, policies))
            spend = futures.by_council_line(futures.spend_of(world), futures.months_of(base))
            values.append(self.goal.value(base.pack, spend))
        met = sum(v <= self.goal.pounds for v in values)
        at = sorted(values)[max(0, ceil(self.probability * len(values) - 1e-9) - 1)]
        return Trial(size, at, chance(met, len(values)))


def sized(scenario: Scenario, change: str, field: str, size: float) -> Scenario:
    """The scenario with a change's field at a size, by an override."""
    value: float | str = calendar.label(round(size)) if field == "start" else float(size)
    over = {**scenario.overrides, change: {**scenario.overrides.get(change, {}), field: value}}
    return scenario.model_copy(update={"overrides": over})


def seek(scenario: Scenario, change: str, field: str, goal: Goal, probability: float = 0.5, draws: int = 1,
         replicates: int = 5, seed: int = 1, between: tuple[float, float] | None = None, steps: int = STEPS,
         say: Say = lambda _: None) -> Found:  # fmt: skip
    """Seek the weakest size of ``change`` ("rule.change") that meets the goal. Raises ValueError for what is not
    allowed.

    ``between`` is the range searched (a month as a whole number, see ``calendar.month``). The weakest end is the one
    whose figure is worse.
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability: {probability} given; allowed: between 0 and 1")
    if field not in FIELDS:
        raise ValueError(f"field: {field!r} given; allowed: {', '.join(FIELDS)}")
    low, high = between or default_range(scenario, change, field)
    if low >= high:
        raise ValueError(f"between: {low:g} and {high:g} given; allowed: the lower first")
    answers = []
    for number, runs in enumerate(_sets(draws, replicates, seed)):
        say(f"draws {number + 1} of 2: {len(runs)} runs, about {steps + 2} trials")
        fixed = _fixed(scenario, change, field, goal, probability, runs, (low, high))
        answers.append(bisect(fixed.trial, goal.pounds, low, high, steps, field in {"start", "places"}))
    return Found(change, field, str(goal), probability, draws * replicates, low, high, answers[0], answers[1])


def _sets(draws: int, replicates: int, seed: int) -> list[list[tuple[int, int, int]]]:
    """Two sets of (draw, replicate, seed): of one draw the point estimate under two seeds, of several other draws."""
    if draws < 1 or replicates < 1:
        raise ValueError(f"{draws} draws of {replicates} replicates given; allowed: 1 or more of each")
    first, second = (range(1), range(1)) if draws == 1 else (range(1, draws + 1), range(draws + 1, 2 * draws + 1))
    return [[(d, r, s) for d in ds for r in range(replicates)] for ds, s in ((first, seed), (second, seed + 1))]


def _fixed(scenario: Scenario, change: str, field: str, goal: Goal, probability: float,
           runs: Sequence[tuple[int, int, int]], ends: tuple[float, float]) -> _Runs:  # fmt: skip
    """Base worlds run once, with copies wherever a trial may begin to differ from them."""
    tried = [setting.ruled(sized(scenario, change, field, end)) for end in ends]
    first = like = futures.base_setting(scenario)
    kept = []
    for draw, replicate, seed in runs:
        if like.params.number != draw:
            like = futures.base_setting(scenario, draw, first)
        starts = {futures.first_month(like, p) for p in tried}
        kept.append((like, futures.Runs.of(like, seed, replicate, {min(starts)})))
    return _Runs(scenario, change, field, goal, probability, tuple(kept))


def default_range(scenario: Scenario, change: str, field: str) -> tuple[float, float]:
    """The range searched unless another is given: shares 0 to 1, factors 0 to 1, places 0 to ten times those
    planned, starts from a year and a quarter into the scenario (April after the first census) to its last month."""
    policy = {f"{c.owner}.{c.label}": c for c in setting.ruled(scenario).changes}
    if change not in policy:
        from cohort.states import closest

        raise ScenarioError(f"{scenario.name}: {change!r} is not a change of its rules; {closest(change, policy)}")
    if field == "start":
        return float(scenario.first + 15), float(scenario.last - 1)
    if not hasattr(policy[change], field):
        allowed = [f for f in FIELDS if hasattr(policy[change], f)] + ["start"]
        raise ScenarioError(f"{change} has no {field}; allowed: {', '.join(allowed)}")
    if field == "places":
        planned = policy[change].places  # type: ignore[attr-defined]
        return 0.0, 10 * float(getattr(planned, "mode", planned))
    return 0.0, 1.0


def bisect(trial: Callable[[float], Trial], pounds: float, low: float, high: float, steps: int,
           whole: bool) -> Answer:  # fmt: skip
    """The weakest size whose figure is within ``pounds``, by halving between the end that meets it and the one that
    does not."""
    ends = [trial(low), trial(high)]
    tried = list(ends)
    good, bad = sorted(ends, key=lambda t: t.pounds)
    if good.pounds > pounds:
        return Answer(None, good, tuple(tried))
    if bad.pounds <= pounds:  # even the weaker end does
        return Answer(bad.size, bad, tuple(tried))
    for _ in range(steps):
        middle = (good.size + bad.size) / 2
        middle = float(round(middle)) if whole else middle
        if middle in {good.size, bad.size}:
            break
        tried.append(trial(middle))
        if tried[-1].pounds <= pounds:
            good = tried[-1]
        else:
            bad = tried[-1]
    return Answer(good.size, good, tuple(tried))
