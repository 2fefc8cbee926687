"""A new authority: what another council's data pack holds, a synthetic one made by recipe, and both side by side."""

import marimo

app = marimo.App(app_title="A new authority")


@app.cell
def _():
    from pathlib import Path
    from tempfile import mkdtemp

    import marimo as mo
    import pandas as pd

    from cohort import Scenario, study
    from cohort.authorities import across
    from cohort.pack import Pack
    from cohort.synthetic import Recipe, make

    return Pack, Path, Recipe, Scenario, across, make, mkdtemp, mo, pd, study


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # A new authority

    Everything that is Kent's is in a *data pack*: a folder of CSV tables with a `datapackage.json` that says of each
    where it comes from, what its columns hold, and its hash. To run another council, write its pack. Here a synthetic
    one is made from a recipe, so that the whole path can be seen; nobody lives there.
    """)
    return


@app.cell
def _():
    like = "kent"  # the pack that the recipe starts from
    size, requests, prices = 0.3, 1.1, 0.95
    draws = 1
    replicates = 3
    return draws, like, prices, replicates, requests, size


@app.cell
def _(Pack, like, pd):
    pack = Pack.load(like)
    contents = pd.DataFrame([pack.describe(name) for name in pack.names()])[["name", "title", "reliability", "source"]]
    contents
    return contents, pack


@app.cell(hide_code=True)
def _(contents, mo):
    mo.md(f"""
    ## What a pack holds

    {len(contents)} tables: population and moves, plans by age, sex, need and placement, requests and decisions, prices,
    places, the council's own account. Those called `estimate_` are not published: each row has a low, a most likely
    and a high, and a reason. Another council replaces the published ones from the same releases (SEN2, ONS, its own
    papers) and goes through the estimates one by one. Those called `posterior` are the fit to Kent's figures: it leaves
    them out, until it has calibrated its own. `cohort check mine.toml`, of a scenario that names the pack
    (`authority = "FOLDER"`), then says what does not fit.

    ## A recipe

    Counts of people, plans, pupils and places are multiplied by a size; hazards of requests and prices by factors;
    shares and rates by age stay Kent's. The same from the command line: `python -m cohort.synthetic FOLDER`.
    """)
    return


@app.cell
def _(Path, Recipe, like, make, mkdtemp, prices, requests, size):
    second = make(Recipe("second", size, requests, prices), Path(mkdtemp()) / "second", like)
    return (second,)


@app.cell
def _(Scenario, across, draws, like, mkdtemp, replicates, second, study):
    both = across([Scenario.load("baseline"), Scenario.load("programme")], [like, str(second)])
    made = study.run(list(both), draws=draws, replicates=replicates, out=mkdtemp() + "/study", workers=1)
    return both, made


@app.cell
def _(made):
    headline = made.summary("headline", by=["series", "period"], only="series in ('plans', 'spend.total')")
    last = headline[headline.period.isin(["2024-01", "2028-01", "2027-28"])]
    shown = last.pivot_table(index=["series", "period"], columns="scenario", values="mean", observed=True)
    spend = [series.startswith("spend") for series in shown.index.get_level_values("series")]
    told = shown.copy()
    told[spend] /= 1e8  # pence to GBP million
    told.round(1)
    return headline, shown


@app.cell(hide_code=True)
def _(both, mo, shown):
    _kent, _new = both[0].name, both[2].name
    _ratio = shown.loc[("plans", "2028-01")]
    mo.md(f"""
    ## Side by side

    Above: plans in two Januaries, and High Needs spend of 2027-28 in GBP million; a column is a scenario of an
    authority, as in `{_kent}`. In January 2028 the second authority has {_ratio[_new] / _ratio[_kent]:.2f} times the
    plans of the first: its size, and what more requests have added since. Children of two authorities are never
    compared as policies; each scenario is paired with the first of its own authority, and a name without an
    authority's stands for the sum over all (`docs/authorities.md`).
    """)
    return


if __name__ == "__main__":
    app.run()
