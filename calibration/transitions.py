"""An authority's own year-to-year transitions in; rates with their doubt, a projection with ranges and a backtest out.

    t = read(Path("transitions.csv"), Path("population.csv"))
    rates = learn(t)                                   # partial pooling
    project(rates, t, years=3)                         # year -> state -> [draw] children

The files are those that witan.send reads: ``calendar-year, setting-1, need-1, academic-year-1, setting-2, need-2,
academic-year-2`` for each child from one January to the next, NONSEND where there is no plan, and ``calendar-year,
academic-year, population``. Settings and needs have any labels.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration.pooling import beta, binomials, dirichlet, gamma, poissons, strength
from calibration.sbc import normals

Floats = NDArray[np.float64]
NONE = "NONSEND"
COLUMNS = ("calendar-year", "setting-1", "need-1", "academic-year-1", "setting-2", "need-2", "academic-year-2")
PEOPLE = ("calendar-year", "academic-year", "population")
DRAWS = 400
ASSUMED_WALK = 0.05
"""Assumption: yearly change of the rate of joining, counting as two changes beside those seen."""


class TransitionsError(ValueError):
    """One line: the file, the row, what was given and what is allowed."""


@dataclass(frozen=True, eq=False)
class Transitions:
    """Counts by academic year; states are (setting, need) pairs."""

    years: tuple[int, ...]
    """calendar years of the first January of each transition"""
    first: int
    """the lowest academic year"""
    states: tuple[tuple[str, str], ...]
    moved: Floats
    """[year, academic year, state, state] children who held a plan in both Januaries"""
    left: Floats
    """[year, academic year, state] who held one in the first only"""
    joined: Floats
    """[year, academic year of the second January, state] who held one in the second only"""
    people: dict[int, Floats]
    """calendar year -> [academic year] population"""

    @property
    def settings(self) -> tuple[str, ...]:
        """Settings, in the order of their labels."""
        return tuple(sorted({s for s, _ in self.states}))

    def stock(self, january: int) -> Floats:
        """[academic year, state] plans in a January; the last from who was there in the end. Raises ValueError for
        another."""
        if january in self.years:
            k = self.years.index(january)
            return np.asarray(self.moved[k].sum(2) + self.left[k])
        if january != self.years[-1] + 1:
            raise ValueError(f"January {january} given; allowed: {self.years[0]} to {self.years[-1] + 1}")
        return self.joined[-1] + _older(self.moved[-1].sum(1))

    def until(self, origin: int) -> Transitions:
        """What was known in January of ``origin``: transitions that ended by then."""
        keep = [k for k, y in enumerate(self.years) if y < origin]
        return replace(self, years=tuple(self.years[k] for k in keep), moved=self.moved[keep], left=self.left[keep],
                       joined=self.joined[keep])  # fmt: skip


def _older(stock: Floats) -> Floats:
    """Everybody one academic year up; the oldest go."""
    return np.concatenate([np.zeros_like(stock[:1]), stock[:-1]])


def read(transitions: Path, population: Path) -> Transitions:
    """Both files. Raises TransitionsError naming file, row, what was given and what is allowed."""
    rows = _rows(transitions, COLUMNS)
    years, states, ages = set(), set(), set()
    for where, r in rows:
        years.add(_whole(where, r, "calendar-year"))
        one, two = (_state(where, r, k) for k in (1, 2))
        if one is None and two is None:
            raise TransitionsError(f"{where}: {NONE} in both Januaries; allowed: a setting in one of them")
        states |= {s for s in (one, two) if s}
        ages |= {_whole(where, r, f"academic-year-{k}") for k in (1, 2)}
    if not rows:
        raise TransitionsError(f"{transitions.name}: no rows; allowed: one or more")
    if (span := sorted(years)) != list(range(span[0], span[-1] + 1)):
        raise TransitionsError(f"{transitions.name}: calendar-year {span} given; allowed: years without a gap")
    first, n = min(ages), max(ages) - min(ages) + 1
    order = {s: k for k, s in enumerate(sorted(states))}
    moved = np.zeros((len(span), n, len(order), len(order)))
    left, joined = np.zeros((len(span), n, len(order))), np.zeros((len(span), n, len(order)))
    for where, r in rows:
        k, a, b = (
            int(r["calendar-year"]) - span[0],
            int(r["academic-year-1"]) - first,
            int(r["academic-year-2"]) - first,
        )
        if b != a + 1:
            raise TransitionsError(
                f"{where}: academic-year-2 {b + first} after {a + first} given; allowed: {a + first + 1}"
            )
        one, two = _state(where, r, 1), _state(where, r, 2)
        if one and two:
            moved[k, a, order[one], order[two]] += 1
        elif one:
            left[k, a, order[one]] += 1
        elif two:
            joined[k, b, order[two]] += 1
    return Transitions(tuple(span), first, tuple(order), moved, left, joined, _population(population, first, n))


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[str, dict[str, str]]]:
    """(where it is, row) of a CSV file with these columns, others being left alone."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [c for c in columns if c not in (reader.fieldnames or ())]
            if missing:
                raise TransitionsError(f"{path.name}: column {missing[0]!r} is missing; allowed: {', '.join(columns)}")
            return [
                (f"{path.name}: row {k}", {c: (r[c] or "").strip() for c in columns}) for k, r in enumerate(reader, 2)
            ]
    except UnicodeDecodeError:
        raise TransitionsError(f"{path.name}: cannot be read as UTF-8") from None


def _whole(where: str, r: dict[str, str], column: str) -> int:
    try:
        return int(r[column])
    except ValueError:
        raise TransitionsError(f"{where}: {column} {r[column]!r} given; allowed: a whole number") from None


def _state(where: str, r: dict[str, str], k: int) -> tuple[str, str] | None:
    setting, need = r[f"setting-{k}"], r[f"need-{k}"]
    if not setting:
        raise TransitionsError(f"{where}: setting-{k} '' given; allowed: a label, or {NONE}")
    return None if setting == NONE else (setting, need)


def _population(path: Path, first: int, n: int) -> dict[int, Floats]:
    people: dict[int, Floats] = {}
    for where, r in _rows(path, PEOPLE):
        year, age, count = (_whole(where, r, c) for c in PEOPLE)
        if count < 0:
            raise TransitionsError(f"{where}: population {count} given; allowed: 0 or more")
        if 0 <= age - first < n:
            people.setdefault(year, np.zeros(n))[age - first] += count
    return people


@dataclass(frozen=True, eq=False)
class Rates:
    """A sample of rates, drawn once a run."""

    leave: Floats
    """[draw, academic year, setting]"""
    to: Floats
    """[draw, state, state] where who stays in the system is a year later"""
    join: Floats
    """[draw, academic year of the second January] joiners a head of population without regard to plans"""
    into: Floats
    """[draw, phase, state] of a joiner"""
    phase: NDArray[np.int64]
    """[academic year] which phase it is in"""
    walk: float
    """standard deviation of the yearly change of the rate of joining"""


PHASES = (0, 7, 12)
"""Academic years at which a phase begins: before school, primary, secondary, after 16."""


def learn(t: Transitions, draws: int = DRAWS) -> Rates:
    """Rates by partial pooling: cells lean on their neighbours as far as the cells are seen to be alike.

    Leaving by academic year and setting leans on the product of the two margins; moves by state on moves by setting;
    joining by academic year on its phase; joiners' states by phase on those of all.
    """
    phase = np.searchsorted(np.array(PHASES), np.arange(t.moved.shape[1]) + t.first, side="right")
    of = np.array([t.settings.index(s) for s, _ in t.states])
    one = np.eye(len(t.settings))[of]  # [state, setting]
    stayed = t.moved.sum((0, 3)) @ one
    gone = t.left.sum(0) @ one
    leave = beta(gone, stayed, _margins(gone, gone + stayed), draws, 101)
    to = dirichlet(t.moved.sum((0, 1)), _like(t.moved.sum((0, 1)), of), draws, 102)
    exposed = sum((_people(t, y + 1) for y in t.years), np.zeros(len(phase)))
    joined = t.joined.sum((0, 2))
    by_phase = np.array([_share(joined[phase == p].sum(), exposed[phase == p].sum()) for p in range(len(PHASES) + 1)])
    join = gamma(joined, exposed, by_phase[phase], draws, 103)
    counts = np.array([t.joined.sum(0)[phase == p].sum(0) for p in range(len(PHASES) + 1)])
    whole = np.broadcast_to(counts.sum(0) / max(counts.sum(), 1), counts.shape)
    return Rates(leave, to, join, dirichlet(counts, whole, draws, 104), phase, _walk(t))


def _people(t: Transitions, year: int) -> Floats:
    """[academic year] population of a year; of the nearest if it is not given. Raises TransitionsError without any."""
    if not t.people:
        raise TransitionsError("population: no rows for these academic years; allowed: one or more years")
    return t.people[min(t.people, key=lambda y: (abs(y - year), y))]


def _share(part: float, whole: float) -> float:
    return (part + 0.5) / (whole + 1.0)


def _margins(part: Floats, whole: Floats) -> Floats:
    """Product of the margins' rates over the whole's, at most 1."""
    rows, columns = ((part.sum(k) + 0.5) / (whole.sum(k) + 1) for k in (1, 0))
    return np.minimum(np.outer(rows, columns) / _share(part.sum(), whole.sum()), 0.995)


def _like(counts: Floats, of: NDArray[np.int64]) -> Floats:
    """[state, state] where states of the same setting go; staying as it is counts once more, that none be empty."""
    alike = np.array([counts[of == k].sum(0) for k in of]) + np.eye(len(of)) * 1.0
    own = np.diag(np.array([np.diag(counts)[of == k].sum() for k in of]))
    spread = alike * (1 - np.eye(len(of))) + own + np.eye(len(of))
    return np.asarray(spread / spread.sum(1, keepdims=True))


def _walk(t: Transitions) -> float:
    """Root mean square of the yearly changes of joiners a head, with the assumed one counting twice."""
    rate = np.array([t.joined[k].sum() / _people(t, y + 1).sum() for k, y in enumerate(t.years)])
    steps = np.diff(np.log(np.maximum(rate, 1e-12)))
    return float(np.sqrt((np.square(steps).sum() + 2 * ASSUMED_WALK**2) / (len(steps) + 2)))


def project(rates: Rates, t: Transitions, years: int) -> dict[int, Floats]:
    """January -> [draw, academic year, state] children, for so many Januaries after the last that is known.

    Rates are drawn once a run and only the rate of joining walks from year to year; children leave and join by chance.
    """
    origin = t.years[-1] + 1
    draws = len(rates.leave)
    of = np.array([t.settings.index(s) for s, _ in t.states])
    now = np.broadcast_to(t.stock(origin), (draws, *t.stock(origin).shape)).copy()
    steps = np.concatenate([normals(draws, 1, 300 + k) for k in range(years)], 1)
    factor = np.exp(rates.walk * steps.cumsum(1))
    out: dict[int, Floats] = {}
    for k in range(years):
        gone = binomials(now, rates.leave[:, :, of], 200 + 2 * k)
        stays = np.einsum("dan,dnm->dam", now - gone, rates.to)
        expected = rates.join * _people(t, origin + k + 1) * factor[:, k : k + 1]
        fresh = poissons(expected, 201 + 2 * k)[:, :, None] * rates.into[:, rates.phase]
        now = np.concatenate([np.zeros_like(stays[:, :1]), stays[:, :-1]], 1) + fresh
        out[origin + k + 1] = now
    return out


def by_setting(t: Transitions, of: Floats) -> dict[str, Floats]:
    """Setting -> [draw], and "all", of [draw, academic year, state]."""
    states = np.array([s for s, _ in t.states])
    return {s: of[:, :, states == s].sum((1, 2)) for s in t.settings} | {"all": of.sum((1, 2))}


def backtest(t: Transitions, horizons: Iterable[int] = (1, 2, 3)) -> list[tuple[int, int, str, Floats, float, float]]:
    """(origin, horizon, setting or "all", [draw] forecast, what came, what no change says), from two transitions on."""
    out = []
    last, ahead = t.years[-1] + 1, tuple(horizons)
    for origin in range(t.years[0] + 2, last):
        known = t.until(origin)
        for january, sample in project(learn(known), known, min(max(ahead), last - origin)).items():
            if january - origin in ahead:
                came, before = (by_setting(t, t.stock(y)[None]) for y in (january, origin))
                for name, draws in by_setting(t, sample).items():
                    out.append((origin, january - origin, name, draws, float(came[name][0]), float(before[name][0])))
    return out


__all__ = ["Rates", "Transitions", "TransitionsError", "backtest", "by_setting", "learn", "project", "read", "strength"]
