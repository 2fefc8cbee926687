"""The lab's charts, shown at once and filled with ranges as draws arrive, as long as the page that asked is there."""

from __future__ import annotations

import threading
import time
from html import escape
from typing import TYPE_CHECKING

import marimo as mo

from cohort.lab import workers
from cohort.lab.charts import Vega
from cohort.lab.view import ENOUGH, View
from cohort.report.table import Chart

if TYPE_CHECKING:
    from cohort.lab.page import Tried

EVERY, SOON = 5.0, 0.3
"""Seconds between two words on how far the ranges are, each of which draws the charts anew in the browser, on the same
cores; and for which draws that are known are awaited."""
REDRAWN = (25, 100, 200, 500, 1000)
"""Numbers of draws at which the bands are drawn anew."""


def charted(view: View, told: str) -> mo.Html:
    """The charts, with the ranges there are so far, and a line that says how many."""
    drawn = "".join(_chart(c) for c in view.charts())
    ranges = "".join(f"<li>{_escaped(k.label)}: {_escaped(k.ranged)}</li>" for k in view.figures() if k.ranged)
    told_ = f'<p class="lab-progress" role="status">{_escaped(told)}</p><ul class="lab-ranges">{ranges}</ul>'
    return mo.Html(f'{told_}<div class="lab-charts">{drawn}</div>')


def _chart(chart: Chart) -> str:
    drawn = mo.as_html(Vega(chart.spec))
    label, title = _escaped(chart.alternative), _escaped(chart.title)
    return f'<figure aria-label="{label}"><figcaption>{title}</figcaption>{drawn.text}</figure>'


def _escaped(text: str) -> str:
    """Text within an attribute or an element."""
    return escape(text, quote=True)


def told(draws: int, of: int, view: View, arrived: int = 0) -> str:
    """How far the ranges are: of how many draws the bands are, and how many have arrived since."""
    if of == 0:
        return "The best estimate of both worlds, with the same luck."
    if draws < ENOUGH:
        return f"Best estimate; {max(draws, arrived)} of {of} draws, ranges from {min(REDRAWN[0], of)}."
    saves = view.saving()
    sure = f"; spend in {view.year} is below the baseline's in {saves[0].p:.0%} of them" if saves else ""
    what = "Bands: 5% to 95% of draws: rates and prices calibrated, sizes of policies assumed"
    few = f" (a first look; {max(draws, arrived)} are there)" if draws < of else ""
    if draws == of and not saves:
        sure = "; how often spend is below the baseline's is worked out next"
    return f"{what}; {draws} of {of} draws{few}{sure}."


def follow(found: Tried, draws: int) -> mo.Html | None:
    """Show the charts at once; then, on a page, ranges as draws arrive until this cell runs again or the page is
    closed. In a script or a test the draws are made before it returns."""
    if found.view is None or found.base is None or found.mine is None:
        return None
    if mo.app_meta().mode in {"run", "edit"} and draws:
        mo.Thread(target=_fill, args=(found, draws, threading.current_thread()), daemon=True).start()
        return charted(found.view, told(0, draws, found.view))
    view = found.view
    if draws:
        (*_, done) = workers.ranges(found.base, found.mine, draws, lambda: False)
        view = view.with_draws(workers.study_of(found.base, found.mine, done))
    return charted(view, told(draws, draws, view))


def _fill(found: Tried, draws: int, owner: threading.Thread) -> None:
    """In a thread of the page: draw the bands anew at some numbers of draws, say in between how far they are, as long
    as who asked is there."""
    me = mo.current_thread()

    def gone() -> bool:
        return bool(me.should_exit) or not owner.is_alive()

    assert found.view is not None
    assert found.base is not None
    assert found.mine is not None
    view, last, at_once = found.view, time.monotonic(), True
    for done in workers.ranges(found.base, found.mine, draws, gone):
        n, now = len(done.mine), time.monotonic()
        if n < draws and at_once and now - last < SOON:
            continue  # known draws come faster than anybody can see
        if done.base and len(done.base) < draws:
            continue  # the ranges are there; how sure a saving is follows once all of the base's are
        at_once = at_once and now - last < SOON
        if n == draws or n >= _next(view.draws.draws if view.draws else 0):
            view = found.view.with_draws(workers.study_of(found.base, found.mine, done))
        elif now - last < EVERY:
            continue
        if not gone():
            mo.output.replace(charted(view, told(view.draws.draws if view.draws else 0, draws, view, n)))
            last = now


def _next(drawn: int) -> int:
    """The number of draws at which the bands are drawn anew, after so many."""
    return next((n for n in REDRAWN if n > drawn), drawn * 2)
