"""Calibration: what is published to fit to, how far each figure can be trusted, and where the model stands."""

import marimo

app = marimo.App(app_title="Calibration")


@app.cell
def _():
    import marimo as mo
    import pandas as pd

    from calibration import targets
    from cohort import Scenario, World, tables
    from cohort.pack import Pack

    return Pack, Scenario, World, mo, pd, tables, targets


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # Calibration

    The model's rates are *first rates*, worked out from published flows with stated assumptions
    (`calibration/first_rates.py`), times parameters that are fitted to published figures (`cohort calibrate`). This
    page shows what there is to fit to, how near the fitted model's children come, and which parameters the figures tell
    of. Nothing later than 18 March 2025 is in the register.
    """)
    return


@app.cell
def _():
    authority = "kent"  # whose children are simulated
    replicates = 3
    return authority, replicates


@app.cell
def _(Pack, pd, targets):
    register = targets.load(Pack.load("kent"))
    rows = pd.DataFrame([vars(t) | {"kind": t.kind, "all": not t.part} for t in register])
    rows.groupby(["series", "use"]).size().unstack(fill_value=0)
    return register, rows


@app.cell(hide_code=True)
def _(mo, rows):
    mo.md(f"""
    There are {len(rows)} figures. *Fitted* ones may move the rates; *checked* ones are looked at afterwards, as they
    depend on others or on a definition that differs; *held out* ones are never fitted, so that a backtest means
    something. Each has a standard error set by a rule before any fit: rounding, definition, model error, chance.

    ## Where the model stands

    Those figures of the whole county that the headline table has too. *z* is the distance in standard errors of the
    figure. That fitted figures are near is what a fit does, not a test; the test is the backtest (`docs/backtest.md`).
    """)
    return


@app.cell
def _(Scenario, World, authority, pd, replicates, tables):
    scenario = Scenario.load("baseline").model_copy(update={"authority": authority, "until": "2025-04"})
    runs = [tables.headline(World.start(scenario, replicate=r).run()).to_pandas() for r in range(replicates)]
    model = pd.concat(runs).groupby(["series", "period"], observed=True).value.mean()
    return model, scenario


@app.cell
def _(model, pd, register):
    def in_headline(target):
        """The target's place in the headline table, if it is a figure of the whole county that is there."""
        series = f"spend.{target.part['line']}" if target.series == "spend" and "line" in target.part else target.series
        return series, target.period

    known = [
        (t, float(model[in_headline(t)]), 1e8 if t.series == "spend" else 1.0)
        for t in register
        if (not t.part or set(t.part) == {"line"}) and in_headline(t) in model.index
    ]
    standing = pd.DataFrame(
        [(t.id, t.use, t.value, m / unit, (m / unit - t.value) / t.sd) for t, m, unit in known],
        columns=["target", "use", "published", "model", "z"],
    )
    standing.round(2)
    return (standing,)


@app.cell(hide_code=True)
def _(mo, standing):
    _far = standing[standing.z.abs() > 2]
    mo.md(f"""
    {len(standing) - len(_far)} of {len(standing)} are within two standard errors. Farthest:
    {
        ", ".join(
            f"{r.target} ({r.z:+.1f})" for r in _far.sort_values("z", key=abs, ascending=False).head(5).itertuples()
        )
        or "none"
    }.
    """)
    return


@app.cell
def _(Pack, pd):
    pack = Pack.load("kent")
    parameters = pd.DataFrame(pack.table("posterior_parameters").rows())
    gates = {row["name"]: row["value"] for row in pack.table("posterior_gates").rows()}
    parameters.sort_values("shrinkage").head(12)[["name", "prior", "point", "low", "high", "shrinkage"]]
    return gates, parameters


@app.cell(hide_code=True)
def _(gates, mo, parameters):
    _told = parameters[parameters.shrinkage < 0.9]
    mo.md(f"""
    ## What is known

    *Shrinkage* is the width of a parameter's posterior over its prior's: near 0 the figures decide, near 1 they say
    nothing. Of {len(parameters)} parameters the figures narrow {len(_told)} by a tenth or more; the others are marked
    as assumptions, and their ranges are what was thought possible beforehand. The draws were shipped after their gates:
    R-hat {gates["r_hat"]}, effective sizes from {gates["ess_tail"]}, {gates["divergences"]} divergences.
    """)
    return


if __name__ == "__main__":
    app.run()
