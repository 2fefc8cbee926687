"""Writing a rule: a small dated change to a rate, and the difference it makes to the same children."""

import marimo

app = marimo.App(app_title="Writing a rule")


@app.cell
def _():
    import marimo as mo
    import numpy as np

    from cohort import Scenario, account, fork, lawful, setting
    from cohort.analysis.ranges import figure
    from cohort.cli.sheets import PLACES
    from cohort.policy import Fund, Policy, Scale, Uncertain, When, where
    from cohort.states import Support

    return (
        Fund,
        PLACES,
        Policy,
        Scale,
        Scenario,
        Support,
        Uncertain,
        When,
        account,
        figure,
        fork,
        lawful,
        mo,
        np,
        setting,
        where,
    )


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    # Writing a rule

    The idea: nurseries and schools in the east of Kent are helped to support young children earlier, so that fewer
    assessments are requested. What would that do, to whom, from when, at what cost? A rule is data: what changes, for
    whom, from when, by how much, because of what. Sizes that nobody knows are `Uncertain(low, most likely, high)`.
    """)
    return


@app.cell
def _(Fund, Policy, Scale, Uncertain, When, where):
    gradually = When("2025-09", full="2027-08")
    young = where(ncy=(0, 6), areas=["East"])
    early_help = Policy(
        "early_help",
        (
            Scale("request", by=Uncertain(0.6, 0.75, 0.95), when=gradually, where=young, name="requests",
                  because="assumption: earlier support meets needs that would have led to a request"),
            Scale("request_supported", by=Uncertain(0.6, 0.75, 0.95), when=gradually, where=young,
                  name="requests_supported", because="assumption: as for children without SEN Support"),
            Fund(line="other.early_help", pounds=Uncertain(200_000, 300_000, 500_000), when=When("2025-09"),
                 name="help", because="assumption: six to eight specialist teachers"),
        ),
        title="Early help in the East",
        because="assumption: no evidence yet",
        does_not_model="savings for children helped early that do not come from fewer requests",
    )  # fmt: skip
    return (early_help,)


@app.cell(hide_code=True)
def _(early_help, lawful, mo):
    mo.md(f"""
    ## What it says, exactly

    The table is made from the rule. The law: {"; ".join(lawful.problems(early_help)) or "nothing to acknowledge"}.
    """)
    return


@app.cell
def _(early_help):
    early_help.changes()
    return


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    One rate taken apart: the monthly chance that an assessment is requested for a child on SEN Support in Year 1 in the
    east, in March 2027.
    """)
    return


@app.cell
def _(early_help):
    print(early_help.why("request_supported", month="2027-03", ncy=1, area="East"))
    return


@app.cell
def _():
    authority = "kent"
    replicates = 5
    return authority, replicates


@app.cell(hide_code=True)
def _(mo):
    mo.md("""
    ## What it changes

    Two worlds share their luck child by child: whoever the rule does not touch lives the same life in both, so a few
    replicates, each with luck of its own, are enough for the difference. Here every size is the most likely one: these
    ranges are of chance alone. A study with `--draws` draws the sizes too.
    """)
    return


@app.cell
def _(Scenario, Support, account, authority, early_help, figure, fork, replicates, setting):
    baseline = Scenario.load("baseline").model_copy(update={"authority": authority})
    one = setting.build(baseline)
    two = setting.build(baseline, policy=early_help, like=one)
    runs = [list(fork.run_together([one, two], seed=1, replicate=r)) for r in range(replicates)]

    def plans(world):
        """Plans at the end."""
        return int(world.record.cells[world.month][:, :, Support.PLAN].sum())

    def spend(world):
        """High Needs spend of the last financial year, GBP million."""
        return sum(account.sub_lines(world)["2027-28"].values()) / 1e8

    fewer_plans, costs_more = (
        figure([float(of(other) - of(base)) for (base, _), (other, _) in runs]) for of in (plans, spend)
    )
    return costs_more, fewer_plans, runs


@app.cell(hide_code=True)
def _(PLACES, costs_more, fewer_plans, fork, mo, np, runs):
    _words = fork.labels(runs[0][0][0].setting)
    _pairs = runs[0][1][1].children[-1]
    _cells = [(int(n), _words[a], _words[b]) for (a, b), n in np.ndenumerate(_pairs) if a != b and n]
    _moved = sorted(_cells, reverse=True)
    _said = PLACES | {"none": "no support", "sen_support": "SEN Support", "asking": "asking for a plan"}
    _lines = "\n    ".join(f"| {_said.get(a, a)} | {_said.get(b, b)} | {n} |" for n, a, b in _moved[:8])
    mo.md(f"""
    At the end there are {fewer_plans.mean:,.0f} more (negative: fewer) plans than in the baseline, over
    {fewer_plans.runs} replicates {fewer_plans.p5:,.0f} to {fewer_plans.p95:,.0f}. High Needs spend in 2027-28 is
    GBP {costs_more.mean:+,.2f} million ({costs_more.p5:+,.2f} to {costs_more.p95:+,.2f}) against the baseline's, the
    help itself included. In the first replicate these children are elsewhere:

    | in the baseline | with the rule | children |
    |---|---|---|
    {_lines}

    ## Keep it

    Put the policy into a file, `early_help.py`, and `cohort rules check early_help.py` says everything that is wrong
    with it; then a scenario names it: `rules = ["early_help.py:early_help"]`. See `docs/writing-a-rule.md`.
    """)
    return


if __name__ == "__main__":
    app.run()
