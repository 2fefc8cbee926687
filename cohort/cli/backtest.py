"""``cohort backtest``: the model at earlier Januaries, beside naive rivals, as a scorecard."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cohort.cli import DONE, MisuseError, asking, say

if TYPE_CHECKING:
    from calibration.backtest import Forecast, Line
    from calibration.history import History

COLUMNS = ("january", "group", "plans")


def backtest(
    *,
    authority: str = "kent",
    actuals: Path | None = None,
    page: Path | None = None,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Refit the model on what was known at each January from 2020, forecast one to three years, and score it.

    Beside it: no change, last year's growth, a straight line and a Markov chain in the manner of witan.send. Counts are
    as restated later, for vintages are not to be had.

    Parameters
    ----------
    authority
        Data pack: a name or a folder. Default: kent.
    actuals
        CSV of later counts (january, group, plans), group "all" or a group of placements: scored, never fitted.
    page
        Write the scorecard as a page of Markdown.
    json
        Print JSON instead of tables.
    quiet
        No progress.
    """
    with asking():
        from cohort.pack import Pack

        pack = Pack.load(authority)
        rows = _actuals(actuals) if actuals else []
        if page and page.suffix != ".md":
            raise MisuseError(f"--page {page}: allowed: a file whose name ends in .md")
        try:
            from calibration import backtest as back
            from calibration import history
        except ImportError as error:
            raise MisuseError(str(error)) from None
        past = history.of_pack(pack)
        actual = back.with_actuals(past, rows)
        if not quiet:
            say(f"refitting at {len(back.ORIGINS)} Januaries; a minute or two, most of it compiling")
        test = back.Backtest(pack, past)
    found = test.forecasts(lambda _: None if quiet else say(f"January {_.origin} done"))
    card = back.scorecard(found, actual, past)
    if page:
        draft = page.with_name(f".{page.name}.new")
        draft.write_text(markdown(found, card, actual), "utf-8", newline="\n")
        draft.replace(page)
    _machine(found, card) if json else _print(found, card, actual)
    return DONE


def _actuals(path: Path) -> list[tuple[int, str, float]]:
    """Rows of a file of later counts. Raises ValueError naming the row."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        if missing := [c for c in COLUMNS if c not in (reader.fieldnames or ())]:
            raise ValueError(f"{path.name}: column {missing[0]!r} is missing; allowed: {', '.join(COLUMNS)}")
        out = []
        for k, r in enumerate(reader, 2):
            try:
                out.append((int(r["january"]), str(r["group"]), float(r["plans"])))
            except ValueError:
                given = f"{r['january']!r}, {r['plans']!r}"
                raise ValueError(f"{path.name}: row {k}: {given} given; allowed: a year and a number") from None
        return out


def _machine(found: list[Forecast], card: list[Line]) -> None:
    import json as writer
    from dataclasses import asdict

    import numpy as np

    forecasts: list[dict[str, Any]] = [
        {"origin": f.origin, "group": g, "horizon": h + 1,
         "quantiles": dict(zip(map(str, QUANTILES), np.quantile(s[:, h], QUANTILES).tolist(), strict=True))}
        for f in found for g, s in f.samples.items() for h in range(s.shape[1])
    ]  # fmt: skip
    print(writer.dumps({"scorecard": [asdict(line) for line in card], "forecasts": forecasts}, indent=2))


QUANTILES = (0.025, 0.1, 0.5, 0.9, 0.975)
HEADS = ("horizon, forecaster", "cases", "error", "bias", "80% held", "95% held", "of about", "CRPS")


def cells(line: Line) -> tuple[str, ...]:
    """A row of the scorecard in words."""
    s = line.score
    years = f"{line.horizon} year{'s' if line.horizon > 1 else ''}, {line.forecaster}"
    return (years, str(s.cases), f"{s.error:.1%}", f"{s.bias:+.1%}", f"{s.within_80:.0%}", f"{s.within_95:.0%}",
            f"{s.effective:.0f}", f"{s.crps:,.0f}")  # fmt: skip


def _totals(found: list[Forecast], actual: History) -> list[tuple[str, ...]]:
    """Every forecast of all plans beside what came."""
    import numpy as np

    rows: list[tuple[str, ...]] = []
    for f in found:
        for h in range(f.samples["all"].shape[1]):
            q = np.quantile(f.samples["all"][:, h], QUANTILES)
            truth = actual.plans.get((f.origin + h + 1, "all"), float("nan"))
            came = f"{truth:,.0f}" if truth == truth else "-"  # noqa: PLR0124
            rows.append((f"{f.origin}, {f.origin + h + 1}", f"{q[2]:,.0f}", f"{q[1]:,.0f} to {q[3]:,.0f}",
                         f"{q[0]:,.0f} to {q[4]:,.0f}", came))  # fmt: skip
    return rows


TOTALS = ("known in January, for January", "median", "80%", "95%", "came")


def _print(found: list[Forecast], card: list[Line], actual: History) -> None:
    from rich.console import Console

    from cohort.cli.tables import table

    console = Console(width=100, highlight=False)
    console.print("All plans, as the model would have said\n")
    console.print(table(TOTALS, _totals(found, actual)))
    for of in dict.fromkeys(line.of for line in card):
        console.print(f"\n{of[0].upper()}{of[1:]}: CRPS in plans, less is better\n")
        console.print(table(HEADS, [cells(line) for line in card if line.of == of]))
    console.print(f"\n{verdict(card)}")


def verdict(card: list[Line]) -> str:
    """Where the model has the lowest CRPS, and where it has not."""
    out = []
    for of, h in dict.fromkeys((line.of, line.horizon) for line in card):
        lines = [x for x in card if (x.of, x.horizon) == (of, h) and x.forecaster != FORESEEN]
        here = {line.forecaster: line.score.crps for line in lines}
        best = min(here, key=lambda name: here[name])
        said = "the model is best" if best == "cohort" else f"{best} is better than the model"
        out.append(f"{of}, {h} year{'s' if h > 1 else ''}: {said}")
    return "; ".join(out) + "."


def markdown(found: list[Forecast], card: list[Line], actual: History) -> str:
    """The scorecard as a page."""

    def grid(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
        lines = ["| " + " | ".join(r) + " |" for r in (heads, ("---",) * len(heads), *rows)]
        return "\n".join(lines)

    parts = ["# Backtest: the model at earlier Januaries", INTRODUCTION, "## All plans, as the model would have said",
             grid(TOTALS, _totals(found, actual))]  # fmt: skip
    for of in dict.fromkeys(line.of for line in card):
        parts += [f"## Scores: {of}", grid(HEADS, [cells(line) for line in card if line.of == of])]
    return "\n\n".join([*parts, "## Who was best", verdict(card)]) + "\n"


FORESEEN = "cohort, regimes alone"
"""The model without its allowance for what no regime foresees: no rival of it."""
INTRODUCTION = """\
Written by `cohort backtest --page`. At each January the model is refitted on what was known and run ahead; `cohort
backtest --help` says how to add later counts. Error is the median's mean absolute error as a share of the truth. "Of
about" says how many independent cases the coverage rests on, for placements of one origin err together. CRPS is in
plans. "cohort" has the range of the method that is shipped: the posterior, the regimes of `calibration/regimes.py`, as
wide as was known by then, and what no regime foresees (`calibration/unforeseen.py`), as wide as earlier forecasts had
missed by then, like the ranges of the naive rivals. "cohort, regimes alone" is without the last.

What is not as it was: counts are those of the latest releases (January 2024 and 2023 restated by DfE), for vintages are
not to be had; the shapes of rates by age and month, the age profile of plans, the level of SEN Support and the
population projection are later than the origins, and populations before mid-2022 (origins up to 2022) are aged back.
Levels are refitted with priors so wide that those sources say little of them."""
