"""``SendModel``: the Mesa face of a world. Mesa's habits work; luck, speed and results are the world's own.

    model = SendModel("baseline", rng=1).run()
    model.datacollector.get_model_vars_dataframe()      # a row for the start and one for each month
    model.datacollector.get_table_dataframe("flows")
    model.agents.select(support="plan").groupby("placement").count()
    model.providers.select(lambda p: p.area == "East").agg("vacancies", sum)

Written for Mesa 3.3 (Python 3.11) and 3.5 (3.12 and later), where the same seed gives the same bytes. What not to use:

- ``seed=``: pass ``rng=``, a whole number. Mesa's own generators ``model.rng`` and ``model.random`` exist, unused.
- ``run_for`` and ``run_until``: months are stepped by ``step()`` or ``run()``. ``steps`` and Mesa's ``time`` count
  months stepped; the calendar is ``month``.
- ``mesa.batch_run``: it crosses every parameter with every other, holds all results in memory, iterates over the fields
  of a ``Scenario`` passed as one, and on Mesa 3.3 gives all iterations of a fixed ``rng`` the same luck and leaves out
  the last month. With scenarios by name, a list of replicates and, on 3.5, its own ``rng=[1]`` it works; ``cohort run``
  does the job.
- ``agent_reporters``: they work, one view a child, and take seconds a month; ``model.agents`` has the same in columns.
- ``AgentSet(view for ...)``: Mesa's sets hold their members weakly, so views that nobody else holds vanish.
"""

from __future__ import annotations

import io
import operator
import pickle
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import mesa
import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from cohort import calendar, spending
from cohort.calendar import NCY_LOWEST
from cohort.child import Child
from cohort.children import ChildSet
from cohort.headline import FLOWS
from cohort.processes import REASONS
from cohort.provider import ProviderView
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.start import SCHOOL_AGE
from cohort.states import Presence, Stage, Support
from cohort.world import World

FLOWS_TABLE = ("month", "event", "reason", "children")
_SCHOOL = slice(SCHOOL_AGE[0] - NCY_LOWEST, SCHOOL_AGE[1] - NCY_LOWEST + 1)


class SendModel(mesa.Model):
    """A world of ``scenario`` (a name, file, Scenario or Setting) in draw ``draw`` and replicate ``replicate`` of seed
    ``rng``; or the face of a ``world`` that is there already, whose own these then are.

    ``datacollector`` holds the headline series and a table of flows; ``agents`` the children living in Kent.
    Pickled, or copied by ``copy()``, it goes on to the same bytes.
    """

    world: World
    datacollector: mesa.DataCollector

    def __init__(self, scenario: str | Path | Scenario | Setting | None = None, rng: int = 1, draw: int = 0,
                 replicate: int = 0, world: World | None = None) -> None:  # fmt: skip
        seed = _seed(rng)
        if world is None:
            world = _start("baseline" if scenario is None else scenario, seed, draw, replicate)
        else:
            _agree(world, scenario, seed=seed, draw=draw, replicate=replicate)
        super().__init__(rng=world.seed)
        self.world = world
        self._views: WeakValueDictionary[int, Child] = WeakValueDictionary()
        self._providers: list[ProviderView] | None = None
        self.datacollector = mesa.DataCollector(reporters(world.setting), tables={"flows": list(FLOWS_TABLE)})
        self._collect()

    # the months

    @property
    def month(self) -> str:
        """The month at whose start the model stands: "2024-01"."""
        return calendar.label(self.world.month)

    @property
    def scenario(self) -> Scenario:
        """The scenario that is run."""
        return self.world.setting.scenario

    @scenario.setter
    def scenario(self, value: object) -> None:
        if hasattr(self, "world"):
            raise AttributeError("a model keeps the scenario that it was started with; start another SendModel")
        # Mesa 3.5 sets a scenario of its own in the midst of __init__: not used.

    def step(self) -> None:
        """One month, from its start to the start of the next; then the series are collected."""
        self.world.step()
        self._collect()

    def run(self) -> SendModel:
        """Step to the scenario's end. Returns itself."""
        while self.running:
            self.step()
        return self

    def _wrapped_step(self) -> None:
        """Mesa's ``step`` around ours; refused before Mesa counts it. Raises ValueError at the scenario's end."""
        if self.world.month >= self.world.setting.scenario.last:
            raise ValueError(f"the scenario ends at {self.scenario.until}; give it a later 'until' to go on")
        super()._wrapped_step()

    def _collect(self) -> None:
        self.datacollector.collect(self)
        if self.world.record.logs:
            lived, counts, events = calendar.label(self.world.month - 1), happened(self), self.world.setting.book.events
            for e, r in zip(*np.nonzero(counts), strict=True):
                row = (lived, events[e], REASONS[r], int(counts[e, r]))
                self.datacollector.add_table_row("flows", dict(zip(FLOWS_TABLE, row, strict=True)))
        self.running = self.world.month < self.world.setting.scenario.last

    # the children

    @property
    def agents(self) -> ChildSet:
        """Every child living in Kent now, read only."""
        tape, at = self.world.setting.tape, self.world.month
        here = (tape.arrival < at) & (tape.leaving >= at)
        here[: tape.with_needs] = self.world.columns.presence == Presence.HERE
        return ChildSet(self, np.flatnonzero(here))

    def child(self, number: int) -> Child:
        """The child of a number, whether born yet, living in Kent or gone: the same object while it is held."""
        row = operator.index(number)
        if not 0 <= row < len(self.world.setting.tape):
            raise IndexError(f"children are numbered from 0 to {len(self.world.setting.tape) - 1}, not {row}")
        found = self._views.get(row)
        if found is None:
            found = self._views[row] = Child(self, row)
        return found

    @property
    def providers(self) -> AgentSet[ProviderView]:
        """The schools and resourced provision whose places are scarce, as agents to look at: places, filled, vacancies.

        If places do not bind, nobody is at any.
        """
        if self._providers is None:
            self._providers = [ProviderView(self, n) for n in range(len(self.world.setting.places.providers))]
        return AgentSet(self._providers, random=self.random)

    # copied and pickled

    def copy(self) -> SendModel:
        """A model that goes on alone from here with the same luck; what never changes is shared."""
        shared, into = self.world.setting, io.BytesIO()
        _Copier(into, shared).dump(self)
        into.seek(0)
        found: SendModel = _Recaller(into, shared).load()
        return found

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "world": self.world.copy(), "_views": None, "_providers": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._views = WeakValueDictionary()


class _Copier(pickle.Pickler):
    """Pickles all but the setting, which is known to both sides."""

    def __init__(self, into: io.BytesIO, shared: Setting) -> None:
        super().__init__(into, pickle.HIGHEST_PROTOCOL)
        self.shared = shared

    def persistent_id(self, obj: object) -> str | None:
        """A name for the setting, nothing for the rest."""
        return "setting" if obj is self.shared else None


class _Recaller(pickle.Unpickler):
    """Reads what ``_Copier`` wrote."""

    def __init__(self, out_of: io.BytesIO, shared: Setting) -> None:
        super().__init__(out_of)
        self.shared = shared

    def persistent_load(self, pid: str) -> Setting:
        """The setting."""
        return self.shared


def _seed(rng: object) -> int:
    """A whole number from 0, as the model's luck needs."""
    if isinstance(rng, bool) or not hasattr(rng, "__index__"):
        raise TypeError(
            f"rng is a seed, a whole number from 0, not a {type(rng).__name__}: luck is a function of it, "
            "and a generator would not give the same luck to two worlds"
        )
    return operator.index(rng)


def _start(scenario: str | Path | Scenario | Setting, seed: int, draw: int, replicate: int) -> World:
    """The world of a scenario by whatever name. Raises ValueError if a setting is of another draw."""
    if isinstance(scenario, Setting):
        if draw not in {0, scenario.params.number}:
            raise ValueError(f"the setting given is of draw {scenario.params.number}, not {draw}")
        return World.start(scenario, replicate=replicate, seed=seed)
    given = scenario if isinstance(scenario, Scenario) else Scenario.load(scenario)
    return World.start(given, draw, replicate, seed)


def _agree(world: World, scenario: object, **given: int) -> None:
    """Raises ValueError if something said beside a world is neither left out nor the world's own."""
    own = {"seed": world.seed, "draw": world.setting.params.number, "replicate": world.replicate}
    left_out = {"seed": 1, "draw": 0, "replicate": 0}
    for name, value in given.items():
        if value not in {own[name], left_out[name]}:
            raise ValueError(f"the world given has {name} {own[name]}, not {value}; leave it out")
    names = (None, world.setting.scenario.name, world.setting.scenario, world.setting)
    if not any(scenario is n or scenario == n for n in names):
        raise ValueError(f"the world given is of {world.setting.scenario.name!r}; leave the scenario out")


# What is collected: functions with names, since a model with lambdas could not be pickled.


def happened(model: SendModel) -> NDArray[np.int64]:
    """[event, reason] how often each happened in the month last lived."""
    log, events = model.world.record.logs[-1], len(model.world.setting.book.events)
    key = log.event.astype(np.int64) * len(REASONS) + log.reason
    return np.bincount(key, minlength=events * len(REASONS)).reshape(events, len(REASONS))


def _lived(model: SendModel) -> str | None:
    return calendar.label(model.world.month - 1) if model.world.record.logs else None


def _month(model: SendModel) -> str:
    return model.month


def _held(support: Support, placement: int | None, ages: slice, model: SendModel) -> int:
    cells = model.world.record.cells[model.world.month][ages, :, support]
    return int((cells if placement is None else cells[:, :, placement]).sum())


def _at_stage(stage: Stage, model: SendModel) -> int:
    return int(model.world.stages[:, stage].sum())


def _flow(name: str, model: SendModel) -> int | None:
    if not model.world.record.logs:
        return None
    counts, events = happened(model), model.world.setting.book.events
    pairs = [(events.index(e), slice(None) if r == "*" else REASONS.index(r)) for e, r in FLOWS[name][1] if e in events]
    return sum(int(counts[e, r].sum()) for e, r in pairs)


def _spend(model: SendModel) -> int | None:
    if not model.world.record.logs:
        return None
    world, lived = model.world, model.world.month - 1
    children = world.setting.cost(world.record.cells[world.month], world.record.held[world.month], lived)
    return children + spending.month_of(world)


def reporters(setting: Setting) -> dict[str, Callable[[SendModel], Any]]:
    """Series -> what it is in a model now. Stocks are those of ``month``; flows and spend those of ``lived``, the month
    just gone by (none before the first). Names are those of ``cohort.headline``; ``spend`` is all of a month's, in
    pence.
    """
    everyone = slice(None)
    found: dict[str, Callable[[SendModel], Any]] = {"month": _month, "lived": _lived}
    found["plans"] = partial(_held, Support.PLAN, None, everyone)
    for code, placement in enumerate(setting.book.vocabulary.placements):
        if placement.with_plan:
            found[f"plans.{placement.label}"] = partial(_held, Support.PLAN, code, everyone)
    found["sen_support_school_age"] = partial(_held, Support.SEN_SUPPORT, None, _SCHOOL)
    found["pending_requests"] = partial(_at_stage, Stage.REQUESTED)
    found["pending_assessments"] = partial(_at_stage, Stage.ASSESSING)
    found |= {name: partial(_flow, name) for name in ("requests", "new_plans", "ceased")}
    return {**found, "spend": _spend}
