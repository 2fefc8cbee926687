"""The backtest's scorecard as a table: how far the model and naive rivals were off at earlier Januaries.

card = scorecard.read(Path("scorecard.json"))     # what cohort backtest --json prints
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cohort.report.building import Rows
from cohort.report.reading import Reading
from cohort.report.table import Table

MODEL = "cohort"
"""The model among the forecasters."""
SCORES = ("cases", "error", "bias", "within_80", "within_95", "effective", "crps")
CASES, ERROR, WITHIN = "Cases", "Error", "In its 80% range"
Line = Mapping[str, Any]


def read(path: Path) -> tuple[Line, ...]:
    """The lines of a scorecard. Raises ValueError naming the file and what is allowed."""
    allowed = "allowed: what cohort backtest --json prints"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        lines: Sequence[Line] = found["scorecard"]
        for line in lines:
            float(line["horizon"]), str(line["forecaster"]), str(line["of"])
            [float(line["score"][name]) for name in SCORES]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path.name}: no scorecard is in it ({type(error).__name__}: {error}); {allowed}") from None
    if not any(line["forecaster"] == MODEL for line in lines):
        raise ValueError(f"{path.name}: has no line of the model; {allowed}")
    return tuple(lines)


def table(of: Reading, lines: Sequence[Line]) -> Table:
    """Error, bias, coverage and CRPS by what was forecast, how many years ahead and by whom."""
    rows = Rows(of)
    for what, ahead in dict.fromkeys((str(line["of"]), int(line["horizon"])) for line in lines):
        rows.heading(f"{what[:1].upper()}{what[1:]}, {years(ahead)} ahead")
        for line in (x for x in lines if (x["of"], x["horizon"]) == (what, ahead)):
            s = {name: float(line["score"][name]) for name in SCORES}
            name = called(str(line["forecaster"]))
            rows.add(name, [f"{s['cases']:.0f}", s["error"], s["bias"], s["within_80"], s["within_95"],
                            f"{s['effective']:.0f}", f"{s['crps']:,.0f}"],
                     key=f"{what}.{ahead}.{line['forecaster']}")  # fmt: skip
    return Table(
        "scorecard", "How good earlier forecasts would have been", _finding(lines),
        (CASES, ERROR, "Bias", WITHIN, "In its 95% range", "Independent cases", "CRPS, plans"),
        rows.done(), "share",
        "cohort backtest, on SEN2's counts of January 2021 on", "Who forecast",
        ("At each January the model is refitted on what was known then and run ahead; the others have the same counts.",
         "Error is the median's mean distance from what came, as a share of it. Bias has a sign: positive is too many.",
         "Years in a row err alike: independent cases are how many they are worth. CRPS is in plans: less is better."),
        group="confidence",
    )  # fmt: skip


CALLED = {
    MODEL: "The model",
    "flat": "No change",
    "last growth": "Last year's growth goes on",
    "linear trend": "A straight line",
    "markov": "A Markov chain of moves",
}
"""Forecasters as people read them; any other by its own name."""


def called(forecaster: str) -> str:
    """A forecaster's name for a reader."""
    return CALLED.get(forecaster, forecaster)


def years(ahead: int) -> str:
    """ "1 year", "3 years" """
    return f"{ahead} year{'s' if ahead > 1 else ''}"


def _finding(lines: Sequence[Line]) -> str:
    """The model beside its best rival, one forecast and the shortest horizon."""
    first = next(line for line in lines if line["forecaster"] == MODEL)
    rivals = [x for x in lines if (x["of"], x["horizon"]) == (first["of"], first["horizon"]) and x is not first]
    what = f"{first['of']} {years(int(first['horizon']))} ahead"
    said = f"Tried on earlier Januaries, the model's forecast of {what} was off by {_off(first)}"
    if not rivals:
        return f"{said}."
    best = min(rivals, key=lambda x: float(x["score"]["error"]))
    beaten = float(first["score"]["error"]) <= float(best["score"]["error"])
    closest, every = _closest(lines)
    return (
        f"{said}. The best of {len(rivals)} simple ones was {'no better' if beaten else 'better'}: {_off(best)}. The "
        f"model was the closest in {closest} of {every} tests."
    )


def _closest(lines: Sequence[Line]) -> tuple[int, int]:
    """In how many of the tests (what, how far ahead) the model has the least error, and how many there are."""
    tests: dict[tuple[str, int], list[tuple[float, bool]]] = {}
    for line in lines:
        ours = line["forecaster"] == MODEL
        tests.setdefault((str(line["of"]), int(line["horizon"])), []).append((float(line["score"]["error"]), not ours))
    return sum(1 for found in tests.values() if not min(found)[1]), len(tests)


def _off(line: Line) -> str:
    return f"{float(line['score']['error']):.1%}"
