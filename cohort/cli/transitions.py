"""``cohort transitions``: an authority's own transitions in; a projection by setting with ranges, and a backtest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cohort.cli import DONE, MisuseError, asking

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    from calibration.scores import Score

POINTS = (0.05, 0.25, 0.5, 0.75, 0.95)


def transitions(
    transitions: Path,
    population: Path,
    *,
    years: int = 3,
    out: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Project an authority's plans from its own year-to-year transitions, with ranges, and score earlier years.

    Parameters
    ----------
    transitions
        CSV: calendar-year, setting-1, need-1, academic-year-1, setting-2, need-2, academic-year-2; NONSEND for no plan.
    population
        CSV: calendar-year, academic-year, population.
    years
        How many Januaries ahead.
    out
        Write the projection as a CSV file (january, setting, p05, p25, p50, p75, p95).
    json
        Print JSON instead of tables.
    quiet
        Print the projection only, and no backtest.
    """
    if not 1 <= years <= 20:
        raise MisuseError(f"years: {years} given; allowed: 1 to 20")
    with asking():
        from calibration import transitions as own

        t = own.read(transitions, population)
        rates = own.learn(t)
    ahead = {january: own.by_setting(t, sample) for january, sample in own.project(rates, t, years).items()}
    now = own.by_setting(t, t.stock(t.years[-1] + 1)[None])
    rows = [(january, name, *_points(s)) for january, by in ahead.items() for name, s in by.items()]
    scores = [] if quiet else _scores(own.backtest(t))
    if out:
        _write(out, rows)
    if json:
        import json as writer
        from dataclasses import asdict

        told = {"january": t.years[-1] + 1, "now": {k: float(v[0]) for k, v in now.items()},
                "projection": [dict(zip(HEADS, r, strict=True)) for r in rows],
                "backtest": [{"of": of, "forecaster": who, "horizon": h, **asdict(s)}
                             for of, who, h, s in scores]}  # fmt: skip
        print(writer.dumps(told, indent=2))
        return DONE
    _print(rows, {k: float(v[0]) for k, v in now.items()}, t.years[-1] + 1, scores)
    if not scores and not quiet:
        print("\nNo backtest: it needs three transitions or more.")
    return DONE


HEADS = ("january", "setting", "p05", "p25", "p50", "p75", "p95")


def _points(sample: NDArray[float64]) -> list[float]:
    import numpy as np

    return [round(float(q), 1) for q in np.quantile(sample, POINTS)]


def _scores(cases: list[tuple[int, int, str, NDArray[float64], float, float]]) -> list[tuple[str, str, int, Score]]:
    """(total or settings, forecaster, horizon, score) of the rates and of no change."""
    import numpy as np

    from calibration.scores import Case, score

    out = []
    for h in sorted({c[1] for c in cases}):
        for of in ("all", "settings"):
            mine = [c for c in cases if c[1] == h and (c[2] == "all") == (of == "all") and c[4] > 0]
            if mine:
                out.append((of, "transitions", h, score([Case(str(c[0]), c[3], c[4]) for c in mine])))
                flat = [Case(str(c[0]), np.array([c[5]]), c[4]) for c in mine]
                out.append((of, "no change", h, score(flat)))
    return out


def _write(out: Path, rows: list[tuple[object, ...]]) -> None:
    """The projection as CSV, whole or not at all."""
    import csv

    draft = out.with_name(f".{out.name}.new")
    with draft.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([HEADS, *rows])
    draft.replace(out)


def _print(rows: list[tuple[object, ...]], now: dict[str, float], january: int,
           scores: list[tuple[str, str, int, Score]]) -> None:  # fmt: skip
    from rich.console import Console

    from cohort.cli.tables import count, table

    console = Console(width=100, highlight=False)
    januaries = sorted({int(str(r[0])) for r in rows})
    by = {(int(str(r[0])), str(r[1])): [float(str(x)) for x in r[2:]] for r in rows}
    console.print("Plans by setting each January: median, and 5% to 95%\n")
    heads = ("setting", str(january), *(str(y) for y in januaries))
    lines = []
    for name, held in now.items():
        points = [by[y, name] for y in januaries]
        lines.append((name, count(held), *(f"{count(p[2])} ({count(p[0])}-{count(p[4])})" for p in points)))
    console.print(table(heads, lines))
    if not scores:
        return
    console.print("\nBacktest on the years given; CRPS in plans, less is better\n")
    heads = ("of", "forecaster", "years", "cases", "error", "80% held", "of about", "CRPS")
    console.print(table(heads, [(of, who, str(h), str(s.cases), f"{s.error:.1%}",
                                 f"{s.within_80:.0%}" if who == "transitions" else "-", f"{s.effective:.0f}",
                                 f"{s.crps:,.1f}") for of, who, h, s in scores]))  # fmt: skip
