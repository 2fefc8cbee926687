"""``cohort calibrate``: fit the parameters to the published figures, say how well, and keep the posterior."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from cohort.cli import DONE, FAILED, MisuseError, asking, say

if TYPE_CHECKING:
    from calibration.calibrate import Calibration


def calibrate(
    *,
    authority: str = "kent",
    rounds: int = 2,
    replicates: int = 16,
    sampler: Literal["hmc", "nuts"] = "hmc",
    fit_only: Annotated[bool, Parameter(negative=())] = False,
    write: Path | None = None,
    every: Annotated[bool, Parameter(["--all"], negative=())] = False,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Fit the model to the register of published figures (targets.csv) and show how well it does.

    Add a row to targets.csv, seal the pack (python -m cohort.pack seal FOLDER) and run it again.

    Parameters
    ----------
    authority
        Data pack: a name or a folder. Default: kent.
    rounds
        How often the expectation's offset from children is measured and the fit made anew.
    replicates
        Runs of children a round.
    sampler
        hmc: exact, a few minutes. nuts: the same posterior by numpyro, ten times as long.
    fit_only
        The fit alone: a minute or two, most of it compiling; no intervals.
    write
        A pack's folder that is to hold the point and the draws, as posterior.csv and its companions. Nothing is written
        unless all gates are passed.
    every
        Show every target; without it, those that are fitted.
    json
        Print JSON instead of tables.
    quiet
        No progress.
    """
    _check(rounds, replicates, fit_only, write)
    with asking():
        from cohort.pack import Pack

        pack = Pack.load(authority)
        try:
            from calibration import calibrate as whole
        except ImportError as error:
            raise MisuseError(str(error)) from None
        found = whole.calibrate(
            pack, rounds, replicates, "" if fit_only else sampler, say=(lambda _: None) if quiet else say
        )
    passed = found.posterior is None or found.posterior.passed
    if write and passed:
        from calibration.ship import ship

        ship(write, found)
    _machine(found) if json else _print(found, every)
    if not passed and found.posterior:
        say("the posterior failed its gates, so no intervals are given: " + "; ".join(found.posterior.gates.failed()))
    return DONE if passed else FAILED


def _check(rounds: int, replicates: int, fit_only: bool, write: Path | None) -> None:
    """Raises MisuseError for what cannot be asked together, or is too little."""
    if rounds < 0 or replicates < 2:
        raise MisuseError(f"rounds {rounds}, replicates {replicates} given; allowed: 0 or more, 2 or more")
    if write and fit_only:
        raise MisuseError("--write with --fit-only given; allowed: one of them, for draws need the posterior")
    if write and not (write / "datapackage.json").exists():
        raise MisuseError(f"--write {write}: no data pack; allowed: a folder with a datapackage.json")


def _machine(found: Calibration) -> None:
    import json as writer
    from dataclasses import asdict

    from calibration.spread import intervals

    told: dict[str, Any] = {
        "targets": [asdict(r) for r in found.rows], "chi_squared": found.chi_squared, "fitted": found.fitted,
        "beyond_2": [r.id for r in found.beyond], "values": found.values, "seconds": found.seconds,
        "gates": None, "parameters": [asdict(r) for r in intervals(found)],
    }  # fmt: skip
    if found.posterior:
        told["gates"] = {**asdict(found.posterior.gates), "passed": found.posterior.passed}
    print(writer.dumps(told, indent=2).replace("NaN", "null"))


def _print(found: Calibration, every: bool) -> None:
    from rich.console import Console

    from calibration.spread import effects, intervals
    from cohort.cli.tables import table

    console = Console(width=100, highlight=False)
    shown = [r for r in found.rows if every or r.use == "fitted"]
    console.print("Published figures, and what the model says of them\n")
    heads = ("target", "published", "fitted", "children", "error", "z", "")
    use = {"fitted": "", "checked": "not fitted", "held_out": "held out"}
    console.print(table(heads, [(r.id, _n(r.published), _n(r.fitted), _n(r.children), _n(r.error), f"{r.z:+.1f}",
                                 use[r.use]) for r in shown]))  # fmt: skip
    console.print(f"\nChi-squared {found.chi_squared:.1f} of {found.fitted} targets; {len(found.beyond)} beyond 2.")
    if found.beyond:
        console.print("Beyond 2, with what 2027-28's spend would change by if the figure were met, GBP million:")
        worth = effects(found)
        console.print(
            table(("misfit", "z", "GBP m"), [(r.id, f"{r.z:+.1f}", f"{worth[r.id]:+.1f}") for r in found.beyond])
        )
    if found.posterior:
        g = found.posterior.gates
        verdict = "passed" if g.passed else "FAILED"
        console.print(f"Gates {verdict}: R-hat {g.r_hat:.4f} (below 1.01), effective sizes {g.ess_bulk:.0f} bulk and "
                      f"{g.ess_tail:.0f} tail (above 400), {g.divergences} divergences")  # fmt: skip
        rows = [(r.name, _n(r.prior), _n(r.point), f"{_n(r.low)} to {_n(r.high)}" if g.passed else "-",
                 f"{r.shrinkage:.2f}", f"ridge: {r.ridge}" if r.ridge else "assumption" if r.label else "")
                for r in intervals(found)]  # fmt: skip
        console.print(table(("parameter", "prior", "fit", "5% to 95%", "sd/prior", ""), rows))
        console.print("assumption: the data tell next to nothing of it; ridge: they tell of both together only.")
    times = ", ".join(f"{name} {value:.0f} s" for name, value in found.seconds.items())
    console.print(f"Time: {times}.")


def _n(value: float) -> str:
    """A number in as many digits as tell."""
    return "-" if not isfinite(value) else f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"
