"""The lab's page: controls made from dials, and what is shown of a choice. Lays out; works nothing out.

``notebooks/policy_lab.py`` calls these in its cells. Needs the extra ``app`` (marimo).
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from html import escape
from math import floor, log10
from typing import Any

import marimo as mo

from cohort import explain, rulebook, story
from cohort.cli.sheets import PLACES, Sheet
from cohort.describe import as_html
from cohort.fork import labels
from cohort.lab import bench, dials, outputs
from cohort.lab.choice import AS_IT_IS, LATER, NEVER, PHASES, Choice, known_rule, uploaded
from cohort.lab.dials import Dial, Spread
from cohort.lab.view import View, banner_html, folded_html, keys_html, sheet_html, story_html
from cohort.results import Study, StudyError
from cohort.scenario import Scenario, ScenarioError, files
from cohort.task import setting_of

STUDY = "COHORT_LAB_STUDY"
"""The environment variable by which ``cohort lab STUDY`` says which study's scenarios are offered."""
DRAWS = "COHORT_LAB_DRAWS"
"""The same for how many draws the ranges are of."""
MARK = " (of the study)"
SCHOOL_MONTHS = ("2025-09", "2026-09", "2027-09", "2028-09")


# where to begin


def offered() -> dict[str, Scenario]:
    """Scenarios to begin from: those shipped, and those of the study that the lab was opened with, if their rules are
    shipped."""
    found = {name: Scenario.load(name) for name in files()}
    if folder := os.environ.get(STUDY):
        found |= {f"{s.name}{MARK}": s for s in Study.open(folder).scenarios}
    return {label: s for label, s in found.items() if _only_shipped(s)}


def draws() -> int:
    """How many draws the ranges are of."""
    return int(os.environ.get(DRAWS, "200"))


def _only_shipped(scenario: Scenario) -> bool:
    try:
        for rule in scenario.rules:
            known_rule(rule)
    except ScenarioError:
        return False
    return True


def _of_study(names: Sequence[str]) -> str:
    """The second scenario of the study, or its only one; "" if there is none."""
    return next(iter([name for name in names if name.endswith(MARK)][:2][::-1]), "")


def first() -> str:
    """The one that is begun with."""
    names = list(offered())
    return _of_study(names) or ("programme" if "programme" in names else names[0])


def begin() -> tuple[Any, Any]:
    """The controls that choose where to begin: a scenario, or a file."""
    start = mo.ui.dropdown(list(offered()), value=first(), label="Begin with", full_width=True)
    return start, mo.ui.file([".toml"], label="Load a scenario (TOML)", max_size=100_000)


def begun(start: str, files_: Sequence[Any], authority: str) -> tuple[Scenario, str]:
    """The scenario to begin from, and what is wrong with the file that was given, if anything."""
    wrong = ""
    scenario = offered()[start]
    if files_:
        try:
            scenario = uploaded(files_[0].name, files_[0].contents)
        except (ScenarioError, ValueError) as error:
            wrong = str(error)
    return (scenario.model_copy(update={"authority": authority}) if authority else scenario), wrong


def beside(controls: Sequence[Any]) -> mo.Html:
    """The controls, beside what they change; where there is no room they are folded away above it."""
    toggle = '<label class="lab-toggle"><input type="checkbox"> Show the controls</label>'
    inner = mo.vstack(controls).text
    return mo.Html(
        f'<div class="lab-beside">{toggle}<section class="lab-side" aria-label="Controls">{inner}</section></div>'
    )


# controls

Moves = Mapping[tuple[str, str], Any]
"""What was moved of the rules: (control, rule or size) -> value. Controls are made when a rule is opened, so that the
page need not wait for a hundred of them."""
ENDS = ("low", "most likely", "high")
SAID = {"by": "factor", "to": "chance a month"}
"""Sizes whose name in a scenario file is no word for a reader."""


@dataclass(frozen=True)
class Panel:
    """The controls of one scenario begun from."""

    rules: Any
    """rule -> whether it is chosen"""
    opening: Any
    estimates: Any
    known: Mapping[str, Dial]
    move: Callable[[Callable[[Moves], Moves]], None]
    """changes what was moved"""
    made: list[Any] = field(default_factory=list)
    """the controls of rules that were opened, which marimo forgets if nobody holds them"""

    @classmethod
    def of(cls, loaded: Scenario, move: Callable[[Callable[[Moves], Moves]], None]) -> Panel:
        """Every control, standing where the scenario has it."""
        all_rules = [*loaded.rules, *(r for r in rulebook.shipped() if r not in loaded.rules)]
        wide = loaded.model_copy(update={"rules": tuple(all_rules)})
        known = dials.of_rules(wide) | dials.of_estimates(loaded)
        titles = {r: rulebook.load(r).title for r in all_rules}
        return cls(
            rules=mo.ui.dictionary({r: mo.ui.switch(r in loaded.rules, label=titles[r]) for r in all_rules}),
            opening=mo.ui.dictionary({s: _opening(s, now) for s, now in dials.schools(loaded).items()}),
            estimates=mo.ui.dictionary({k: _slider(d) for k, d in known.items() if k in dials.ESTIMATES}),
            known=known,
            move=move,
        )

    def shown(self) -> mo.Html:
        """The controls in groups that open and close."""
        return mo.vstack([
            mo.Html("<h2>Policies</h2><p>Switch on, then open to move sizes and dates</p>"),
            mo.vstack([self._row(r) for r in self.rules.elements], gap=0.25),
            mo.Html("<h2>Schools</h2><p>First month with places</p>"),
            mo.vstack(list(self.opening.elements.values()), gap=0.25),
            mo.Html("<h2>Inflation and growth</h2><p>In both worlds alike</p>"),
            mo.vstack(list(self.estimates.elements.values()), gap=0.5),
        ])  # fmt: skip

    def _row(self, rule: str) -> mo.Html:
        of = f'sizes and dates<span class="lab-heard"> of {escape(rulebook.load(rule).title)}</span>'
        return mo.vstack([self.rules.elements[rule], mo.accordion({of: lambda: self._rule(rule)}, lazy=True)], gap=0)

    def _rule(self, rule: str) -> mo.Html:
        later = self._kept(
            mo.ui.slider(*LATER, 1, 0, show_value=True, label="Months later", full_width=True,
                         on_change=self._moves("later", rule))
        )  # fmt: skip
        phase = self._kept(
            mo.ui.dropdown(list(PHASES), value=AS_IT_IS, label="Phase-in", on_change=self._moves("phase", rule))
        )
        sizes = [self._size(d) for d in self.known.values() if d.key.startswith(f"{rule}.")]
        return mo.vstack([later, phase, *sizes], gap=0.75)

    def _size(self, d: Dial) -> mo.Html:
        slider = self._kept(_slider(d, self._moves("size", d.key)))
        change, what = d.key.split(".", 1)[1].replace("_", " ").rsplit(".", 1)
        title = f"range of {change}: {SAID.get(what, what)}"
        return mo.vstack([slider, mo.accordion({title: lambda: self._range(d)}, lazy=True)], gap=0)

    def _range(self, d: Dial) -> mo.Html:
        """Whether a size is uncertain, and between what."""
        said = f"Uncertain, between these (the rule: {d.low:g}, {d.mode:g}, {d.high:g} {d.unit})"
        on = self._kept(mo.ui.switch(d.spread is not None, label=said, on_change=self._moves("uncertain", d.key)))
        ends = [
            self._kept(mo.ui.number(value=value, step=_fine(d), label=end.capitalize(), debounce=True,
                                    on_change=self._moves(end, d.key)))
            for end, value in zip(ENDS, d.spread or d.own, strict=True)
        ]  # fmt: skip
        return mo.vstack([on, *ends], gap=0.25)

    def _kept(self, control: Any) -> Any:
        self.made.append(control)
        return control

    def _moves(self, control: str, of: str) -> Callable[[Any], None]:
        return lambda value: self.move(lambda moves: {**moves, (control, of): value})


def _fine(d: Dial) -> float:
    """The step of a number: a hundredth of its range, as a power of ten."""
    wide = (d.high - d.low) or abs(d.mode) or 1.0
    return float(10.0 ** floor(log10(wide / 100)))


def _slider(d: Dial, on_change: Callable[[Any], None] | None = None) -> Any:
    said = f"{d.label}; {d.low:g} to {d.high:g} {d.unit}"
    positions: dict[str, Any] = {"steps": list(d.steps)}  # of these a screen reader hears the number, not the value
    if d.step:
        positions = {"start": d.steps[0], "stop": d.steps[-1], "step": d.step}
    return mo.ui.slider(**positions, value=d.value, show_value=True, label=said, full_width=True, on_change=on_change)


def _opening(school: str, now: str) -> Any:
    options = list(dict.fromkeys([now, *SCHOOL_MONTHS, NEVER]))
    return mo.ui.dropdown(options, value=now, label=f"{school} opens")


def chosen(loaded: Scenario, panel: Panel, moves: Moves, name: str, acknowledge: bool) -> Choice:
    """The choice that the controls make. Raises ScenarioError for a name that cannot be one, or a range with a number
    missing."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9_]{0,62}", name):
        raise ScenarioError(
            f"name: {name!r} given; allowed: lower case letters, digits and _, beginning with one of these"
        )
    opened = dials.schools(loaded)
    on = panel.rules.value
    sized = {d.key: _sized(d, moves) for k, d in panel.known.items() if on.get(k.split(".", 1)[0])}
    level = {k: panel.known[k].nearest(float(v)) for k, v in panel.estimates.value.items()}
    return Choice(
        loaded,
        rules=tuple(r for r in panel.rules.elements if on[r]),
        sizes={k: v for k, v in sized.items() if v != panel.known[k].stands},
        later={r: m for (control, r), m in moves.items() if control == "later" and m and on[r]},
        phases={r: p for (control, r), p in moves.items() if control == "phase" and p != AS_IT_IS and on[r]},
        opening={s: m for s, m in panel.opening.value.items() if m != opened[s]},
        estimates={k: v for k, v in level.items() if v != panel.known[k].value},
        name=name,
        acknowledge=acknowledge,
    )


def _sized(d: Dial, moves: Moves) -> float | Spread:
    """Where a size stands: a range if it was called uncertain, else its slider."""
    if not moves.get(("uncertain", d.key), d.spread is not None):
        return d.nearest(float(moves.get(("size", d.key), d.value)))
    ends = [moves.get((end, d.key), given) for end, given in zip(ENDS, d.spread or d.own, strict=True)]
    for end, given in zip(ENDS, ends, strict=True):
        if given is None:
            raise ScenarioError(f"{d.key}: {end}: nothing given; allowed: {d.steps[0]:g} to {d.steps[-1]:g}")
    low, mode, high = (float(given) for given in ends)
    return low, mode, high


# results


@dataclass(frozen=True)
class Tried:
    """What became of a choice: the worlds, or why they cannot be run."""

    choice: Choice | None
    view: View | None
    problems: tuple[str, ...] = ()
    base: Scenario | None = None
    mine: Scenario | None = None


def tried(loaded: Scenario, panel: Panel, moves: Moves, name: str, acknowledge: bool) -> Tried:
    """The central run of what the controls say."""
    choice = None
    try:
        choice = chosen(loaded, panel, moves, name, acknowledge)
        base, mine = choice.base(), choice.scenario()
        return Tried(choice, _viewed(bench.central(base, mine)), base=base, mine=mine)
    except ScenarioError as error:
        return Tried(choice, None, error.problems)
    except ValueError as error:
        return Tried(choice, None, (str(error),))


@lru_cache(maxsize=bench.RUNS)
def _viewed(run: bench.Run) -> View:
    """The view of a central run, kept with what it has worked out."""
    return View(run)


def head(found: Tried) -> mo.Html:
    """Banners, and the key figures of the central run; or what is wrong."""
    parts = []
    if found.choice is not None:
        try:
            if broken := found.choice.unlawful():
                parts.append(banner_html("Unlawful as it stands", broken, strong=True))
            if beyond := found.choice.warnings():
                parts.append(banner_html("Outside the evidence", beyond))
        except ValueError:
            pass  # what is wrong is said below
    if found.problems:
        parts.append(banner_html("This cannot be run", found.problems, strong=True))
    if found.view is not None:
        parts.append(keys_html(found.view.figures()))
    return mo.Html("".join(parts))


def detail(view: View) -> mo.Html:
    """Every table: places, who is placed otherwise, what ``cohort run`` prints of the choice; made when opened."""
    tables: dict[str, Callable[[], mo.Html]] = {
        "Places and waiting": lambda: mo.Html(view.places_html()),
        "Who is placed otherwise": lambda: mo.Html(view.moved_html()),
    }
    tables |= {sheet.title: partial(_sheet, sheet) for sheet in view.tables()}
    return mo.accordion(tables, multiple=True, lazy=True)


def _sheet(sheet: Sheet) -> mo.Html:
    return mo.Html(sheet_html(sheet))


def changes(found: Tried) -> mo.Html:
    """The exact changes of the choice: what, for whom, from when, how much, because."""
    if found.choice is None or found.mine is None:
        return mo.md("")
    made = found.choice.policy.changes
    inner = as_html(made) if made else "<p>No rule is chosen.</p>"
    scroll = f'<div class="lab-scroll" role="region" aria-label="The changes" tabindex="0">{inner}</div>'
    return mo.Html(folded_html({f"The changes, exactly ({len(made)})": scroll}))


def saves(found: Tried) -> mo.Html:
    """Downloads: the scenario, its baseline where the estimates are others, the tables, the workbook once there is
    one."""
    if found.mine is None or found.base is None or found.view is None:
        return mo.md("")
    mine, base, run = found.mine, found.base, found.view.run
    made = [
        mo.download(
            mine.to_toml().encode(), f"{mine.name}.toml", "application/toml", label=f"Scenario {mine.name}.toml"
        )
    ]
    if base.parameters:
        other = base.model_copy(update={"name": f"{mine.name}_base"})
        made.append(mo.download(other.to_toml().encode(), f"{other.name}.toml", "application/toml",
                                label=f"Its baseline {other.name}.toml"))  # fmt: skip
    made.append(
        mo.download(lambda: outputs.csvs(run.whole), f"{mine.name}.zip", "application/zip", label="Tables (CSV)")
    )
    if outputs.has_workbook():
        made.append(mo.download(lambda: outputs.workbook(run.whole), f"{mine.name}.xlsx", label="Workbook (Excel)"))
    both = f"{mine.name}_base.toml {mine.name}.toml" if base.parameters else f"baseline {mine.name}.toml"
    says = f"`cohort run {both} --replicates 1` gives these figures exactly."
    return mo.vstack([mo.hstack(made, wrap=True, justify="start"), mo.md(says)])


# one child


def seeking(found: Tried) -> tuple[Any, Any, Any]:
    """The controls that pick children: where they are in either world, and the button."""
    words = list(labels(setting_of(Scenario.load("baseline"), 0))) if found.mine is None else _words(found.mine)
    names = {PLACES.get(w, w.replace("_", " ")): w for w in words}
    special, srp = "State special schools", "SRPs and SEN units"
    frm = mo.ui.dropdown(names, value=special, label="In the baseline in")
    to = mo.ui.dropdown(names, value=srp, label=f"in {found.mine.name if found.mine else 'the choice'} in")
    return frm, to, mo.ui.run_button(label="Find children")


def _words(scenario: Scenario) -> list[str]:
    with bench.alone():
        return list(labels(setting_of(scenario, 0)))


def picked(found: Tried, frm: str, to: str) -> Any:
    """A choice among the children who are there; None if nobody is, or nothing can be run."""
    if found.mine is None or found.base is None:
        return None
    with bench.alone():
        there = explain.among([found.base, found.mine], frm, to, "", 0, 0, bench.SEED, 10)
    options = {f"NCY {c.ncy}, {c.area}, need {c.need}, severity {c.severity} (child {c.child})": c.child for c in there}
    return mo.ui.dropdown(options, value=next(iter(options)), label="Child", full_width=True) if options else None


def life(found: Tried, child: int) -> mo.Html:
    """A child's life in both worlds, with why."""
    assert found.base is not None
    assert found.mine is not None
    try:
        with bench.alone():
            one = explain.of_scenarios([found.base, found.mine], child, 0, 0, bench.SEED)
    except StudyError as error:
        return mo.md(str(error))
    lines = [(line.month, line.world, line.happened, line.because) for line in story.timeline(one)]
    note = "<p>A synthetic child, drawn from published totals: nobody's life.</p>"
    title, _, words = story.READ.partition(": ")
    how = folded_html({title: f"<p>{escape(words)}</p>"})
    return mo.Html(story_html(story.opening(one), story.ends(one), lines) + how + note)


__all__ = ["Moves", "Panel", "Tried", "begin", "begun", "beside", "changes", "chosen", "detail", "first",
           "head", "life", "offered", "picked", "saves", "seeking", "tried"]  # fmt: skip
