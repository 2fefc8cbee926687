"""Comparing policies: the programme against the baseline, its range, and which rule does what."""

import marimo

app = marimo.App(app_title="Comparing policies")


@app.cell
def _():
    from tempfile import mkdtemp

    import marimo as mo
    import pandas as pd

    from cohort import Scenario, study
    from cohort.analysis.compare import compare
    from cohort.cli.sheets import PLACES
    from cohort.lab.charts import BLUE, Vega, bars

    return BLUE, PLACES, Scenario, Vega, bars, compare, mkdtemp, mo, pd, study


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # Comparing policies

    A saving is spend in the baseline less spend with the policies, for the same children with the same luck. It is
    worked out within each run, then summarised across runs, so that its range is that of the difference and not of two
    worlds that have nothing to do with each other.
    """)
    return


@app.cell
def _():
    authority = "kent"
    draws = 20  # rates and prices from the posterior, sizes of policies from what is assumed
    rules = ("early_years", "srp_review", "new_special_schools", "independent_review", "post16_offer")
    workers = 1  # processes; more need a script that guards its own start
    return authority, draws, rules, workers


@app.cell
def _(Scenario, authority, draws, mkdtemp, rules, study, workers):
    names = ("baseline", "programme", *(f"only_{r}" for r in rules))
    scenarios = [Scenario.load(n).model_copy(update={"authority": authority}) for n in names]
    made = study.run(scenarios, draws=draws, out=mkdtemp() + "/study", workers=workers)
    return made, names


@app.cell
def _(compare, made):
    whole = compare(made, "baseline", "programme")
    return (whole,)


@app.cell(hide_code=True)
def _(mo, whole):
    _rows = "\n    ".join(
        f"| {s.financial_year} | {s.part_year.mean / 1e8:,.1f} | {s.part_year.p5 / 1e8:,.1f} to "
        f"{s.part_year.p95 / 1e8:,.1f} | {s.saves.p:.0%} |"
        for s in whole.savings
        if s.cell == "total"
    )
    mo.md(f"""
    ## The whole programme

    | financial year | saving, GBP million | 5% to 95% of draws | chance that it saves |
    |---|---|---|---|
    {_rows}

    The ranges are of outcomes over {whole.runs} draws of what is thought possible. They do not say how well the model
    fits, which is another question (`03_calibration.py`).
    """)
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## Each rule alone

    Rules are not simply added up: two that move the same children share what they save. `cohort attribute programme`
    gives each rule's share of the whole, alone, last in, and by Shapley's rule, which sums to the joint saving.
    """)
    return


@app.cell
def _(compare, made, pd, rules, whole):
    year = [s.financial_year for s in whole.savings if s.full_year is not None][-1]  # the last; after it come all years

    def saving(name):
        """The last year's saving of a scenario, GBP million: mean, 5% and 95%."""
        (of,) = [s for s in compare(made, "baseline", name).savings if s.financial_year == year and s.cell == "total"]
        return of.part_year.mean / 1e8, of.part_year.p5 / 1e8, of.part_year.p95 / 1e8

    alone = pd.DataFrame({r: saving(f"only_{r}") for r in rules}, index=["mean", "5%", "95%"]).T
    alone.round(2)
    return alone, year


@app.cell(hide_code=True)
def _(BLUE, Vega, alone, bars, year):
    _words = f"Saving of each rule alone in {year}: " + "; ".join(f"{r} {v:,.1f}" for r, v in alone["mean"].items())
    Vega(bars(_words, f"GBP million saved in {year}", {r: {"saved": v} for r, v in alone["mean"].items()}, [BLUE]))
    return


@app.cell(hide_code=True)
def _(PLACES, mo, whole):
    _said = PLACES | {"none": "no support", "sen_support": "SEN Support", "asking": "asking for a plan"}
    _at = [m for m in whole.moves or () if m.month.endswith("-01")][-1]
    _rows = "\n    ".join(
        f"| {_said.get(p.frm, p.frm)} | {_said.get(p.to, p.to)} | {p.children.mean:,.0f} |" for p in _at.pairs[:10]
    )
    mo.md(f"""
    ## To whom

    In {_at.month} {_at.children.mean:,.0f} children are elsewhere than in the baseline (a mean over draws):

    | in the baseline | under the programme | children |
    |---|---|---|
    {_rows}

    `cohort explain` tells the life of any of them in both worlds.
    """)
    return


if __name__ == "__main__":
    app.run()
