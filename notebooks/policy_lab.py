"""The policy lab: try policies, see at once what they change, save the scenario. ``cohort lab`` serves this page."""

import marimo

app = marimo.App(width="full", app_title="Policy lab: Kent's SEND system", css_file="policy_lab.css")


@app.cell
def _():
    import marimo as mo

    from cohort.lab import filling, page

    return filling, mo, page


@app.cell
def _(page):
    authority = ""  # the data pack, if another than the scenario's
    draws = page.draws()  # of rates, prices and sizes, for the ranges
    return authority, draws


@app.cell(hide_code=True)
def _(mo):
    mo.md(
        """
        # Policy lab

        Two worlds with the same children and the same luck: the *baseline*, in which what was seen by March 2025
        goes on, and yours. Switch policies on, move their sizes and dates, and see what differs. Rates are
        calibrated to what is published; most sizes of policies are assumptions, so read the ranges.
        """
    )
    return


@app.cell(hide_code=True)
def _(page):
    start, file = page.begin()
    return file, start


@app.cell(hide_code=True)
def _(authority, file, mo, page, start):
    loaded, wrong = page.begun(start.value, file.value, authority)
    moves, move = mo.state({})  # sizes and dates of rules: their controls are made when a rule is opened
    panel = page.Panel.of(loaded, move)
    rules, opening, estimates = panel.rules, panel.opening, panel.estimates
    return estimates, loaded, moves, opening, panel, rules, wrong


@app.cell(hide_code=True)
def _(mo):
    name = mo.ui.text("mine", label="Name of your scenario")
    acknowledge = mo.ui.switch(label="Run what is unlawful all the same, to see what it would do")
    return acknowledge, name


@app.cell(hide_code=True)
def _(acknowledge, file, mo, name, page, panel, start, wrong):
    page.beside([start, file, mo.md(f"**{wrong}**") if wrong else "", panel.shown(), name, acknowledge])
    return


@app.cell(hide_code=True)
def _(acknowledge, estimates, loaded, moves, name, opening, page, panel, rules):
    # every control is named here, so that moving any of them runs this cell again
    _ = (rules.value, opening.value, estimates.value)
    found = page.tried(loaded, panel, moves(), name.value, acknowledge.value)
    page.head(found)
    return (found,)


@app.cell(hide_code=True)
def _(draws, filling, found):
    filling.follow(found, draws)
    return


@app.cell(hide_code=True)
def _(found, mo, page):
    mo.stop(found.view is None)
    mo.vstack([mo.md("## Tables"), page.detail(found.view), page.changes(found)])
    return


@app.cell(hide_code=True)
def _(found, mo, page):
    mo.stop(found.view is None)
    mo.vstack([mo.md("## Keep it"), page.saves(found)])
    return


@app.cell(hide_code=True)
def _(found, mo, page):
    mo.stop(found.view is None)
    frm, to, find = page.seeking(found)
    mo.vstack(
        [
            mo.md(
                "## One child\n\nWhat a policy does, it does to children. Pick one by where it is in the last January."
            ),
            mo.hstack([frm, to, find], wrap=True, justify="start"),
        ]
    )
    return find, frm, to


@app.cell(hide_code=True)
def _(find, found, frm, mo, page, to):
    mo.stop(not find.value or found.view is None)
    child = page.picked(found, frm.value, to.value)
    child if child is not None else mo.md("No child is there.")
    return (child,)


@app.cell(hide_code=True)
def _(child, found, mo, page):
    mo.stop(child is None or child.value is None)
    page.life(found, child.value)
    return


if __name__ == "__main__":
    app.run()
