"""A first run: every child in Kent, month by month, and what comes of it beside what was published."""

import marimo

app = marimo.App(app_title="A first run")


@app.cell
def _():
    import marimo as mo

    from cohort import Scenario, World, calendar, tables
    from cohort.cli.figures import Published
    from cohort.lab.charts import BLUE, ORANGE, Line, Vega, lines
    from cohort.pack import Pack

    return (
        BLUE,
        Line,
        ORANGE,
        Pack,
        Published,
        Scenario,
        Vega,
        World,
        calendar,
        lines,
        mo,
        tables,
    )


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # A first run

    This model follows every child in Kent with special educational needs from January 2024: who is supported, who asks
    for a plan, where each child is placed and what that costs. Nobody in it is real; each child is drawn so that the
    whole agrees with published totals. This page runs the *baseline*, in which what was seen by March 2025 goes on and
    nothing new comes, and looks at what comes out.
    """)
    return


@app.cell
def _():
    authority = "kent"  # a data pack: its name, or a folder
    seed = 1
    return authority, seed


@app.cell
def _(Scenario, World, authority, seed):
    scenario = Scenario.load("baseline").model_copy(update={"authority": authority})
    world = World.start(scenario, draw=0, replicate=0, seed=seed).run()
    return scenario, world


@app.cell(hide_code=True)
def _(mo, world):
    mo.md(f"""
    The run took {len(world.record.logs)} steps of a month. {world.setting.tape.with_needs:,} children with needs lived
    in the county at some time in it, and {sum(len(log.row) for log in world.record.logs):,} things happened to them.

    ## Plans

    The line is the model, the points are the council's published counts. January 2024 is where the model starts, so
    that it agrees there says nothing, and January 2025 is among the figures that its rates are fitted to
    (`03_calibration.py`): neither is a test. The test is to forecast years that were not fitted (`docs/backtest.md`).
    """)
    return


@app.cell(hide_code=True)
def _(BLUE, Line, ORANGE, Pack, Published, Vega, authority, lines, tables, world):
    headline = tables.headline(world).to_pandas()
    plans = headline[headline.series == "plans"].sort_values("period").set_index("period").value.astype(float)
    published = Published.of(Pack.load(authority)).counts
    known = {f"{year}-01": n for (what, year), n in sorted(published.items()) if what == "ehcp_0_25" and year >= 2024}
    Vega(
        lines(
            f"EHC plans by month: {plans.iloc[0]:,.0f} at the start, {plans.iloc[-1]:,.0f} at the end.",
            "EHC plans",
            [Line("model", plans.to_dict(), BLUE), Line("published", known, ORANGE, marks=True)],
            monthly=True,
        )
    )
    return headline, plans


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What happened

    Everything that can happen to a child is one row of a table in `cohort/processes.py`; here is how often each did.
    """)
    return


@app.cell
def _(tables, world):
    flow = tables.flow(world).to_pandas()
    happened = flow[flow.event != "birth"].groupby("event", observed=True).children.sum().sort_values(ascending=False)
    happened.rename("children").reset_index()
    return flow, happened


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What it costs

    High Needs spend by financial year and line, in GBP million. Prices are estimates with a range: `docs/account.md`.
    """)
    return


@app.cell
def _(headline):
    spend = headline[headline.series.str.fullmatch(r"spend\.\w+")].assign(value=lambda d: d.value / 1e8)
    spend.pivot_table(index="series", columns="period", values="value", observed=True).round(1)
    return (spend,)


@app.cell(hide_code=True)
def _(calendar, mo, scenario, world):
    mo.md(f"""
    ## The same again

    A run is a function of scenario, draw, replicate and seed: run this page anywhere and it says the same, to the byte.
    `World.start` with another `replicate` is another draw of luck; with another `draw`, of what is not known. This
    world of {scenario.name!r} now stands at {calendar.label(world.month)}. Next: `02_write_a_rule.py`.
    """)
    return


if __name__ == "__main__":
    app.run()
