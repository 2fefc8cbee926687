"""What the lab shows of a study in memory: key figures, the tables that ``cohort run`` prints, charts, who changed.

The central study gives every figure; further draws, once there are some, give ranges to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

from cohort import calendar
from cohort.analysis.moved import moved
from cohort.analysis.ranges import Chance, chance
from cohort.cli import show
from cohort.cli.figures import Published, Results
from cohort.cli.sheets import FORECAST, LINE_NAMES, PLACES, Sheet
from cohort.lab.bench import Run
from cohort.lab.charts import BLUE, GREY, ORANGE, TEAL, Line, Spec, bars, lines
from cohort.lab.live import Live
from cohort.pack import Pack
from cohort.prices import LINES
from cohort.report.table import Chart

Drawn = tuple[str, str, Spec]
"""A chart's title, what it shows in words, and how it is drawn."""
ENOUGH = 20
"""Draws from which on a range is shown."""
CLOSING, COUNCIL = "closing", "accumulated_position_at_31_march_as_printed"
MOVES = 12
CENTRAL = ("both", "published", "year", "january", "_held")
"""What a view works out from the central run alone."""


@dataclass(frozen=True)
class Key:
    """A figure at the head of the page, in words."""

    label: str
    value: str
    against: str
    """the difference from the baseline"""
    beside: str = ""
    """what the council expects, if anything"""
    ranged: str = ""


@dataclass(frozen=True)
class View:
    """The central run of two worlds, and the draws so far."""

    run: Run
    draws: Live | None = None

    @property
    def study(self) -> Live:
        """What key figures and charts are made of."""
        return self.run.figures

    def with_draws(self, draws: Live) -> View:
        """The same central run with other draws: what does not hang on them is not worked out again."""
        made = View(self.run, draws)
        made.__dict__.update({name: self.__dict__[name] for name in CENTRAL if name in self.__dict__})
        return made

    @cached_property
    def both(self) -> list[Results]:
        """The base's and the choice's figures."""
        return Results.of(self.study)

    @cached_property
    def spread(self) -> Results | None:
        """The choice's figures over draws, once there are enough."""
        return Results.of(self.draws)[1] if self.draws and self.draws.draws >= ENOUGH else None

    @cached_property
    def published(self) -> Published:
        """Published figures of the authority."""
        return Published.of(Pack.load(self.study.scenarios[0].authority))

    @property
    def name(self) -> str:
        return self.study.scenarios[1].name

    @cached_property
    def year(self) -> str:
        """The last whole financial year."""
        return self.both[0].periods("spend.total", 7)[-1]

    @cached_property
    def january(self) -> str:
        """The last January."""
        return self.both[0].januaries()[-1]

    # key figures

    def figures(self) -> list[Key]:
        """The figures that change as a control is moved."""
        return self._figures

    @cached_property
    def _figures(self) -> list[Key]:
        return [
            self._key(f"EHC plans, January {self.january[:4]}", "plans", self.january, 1, "children"),
            self._key(f"High Needs spend {self.year}", "spend.total", self.year, 1e8, "million"),
            self._deficit(),
            self._waiting(),
        ]

    def _key(self, label: str, series: str, period: str, scale: float, unit: str) -> Key:
        base, mine = (r.means(series, [period], scale)[0] or 0.0 for r in self.both)
        ranged = ""
        if self.spread:
            ranged = _range(self.spread.ranges(series, [period], scale)[0], unit)
        return Key(label, _said(mine, unit), _against(mine - base, unit), "", ranged)

    def _deficit(self) -> Key:
        base, mine = (r.account[CLOSING][self.year].mean / 1e8 for r in self.both)
        told = self.published.forecast.get((COUNCIL, self.year))
        ranged = ""
        if self.spread:
            s = self.spread.account[CLOSING][self.year]
            ranged = _range((s.low / 1e8, s.high / 1e8), "million")
        beside = f"the council plans {_said(told, 'million')}" if told is not None else ""
        label = f"Accumulated deficit, 31 March {calendar.year(calendar.month(f'{self.year[:4]}-04')) + 1}"
        return Key(label, _said(mine, "million"), _against(mine - base, "million"), beside, ranged)

    def _waiting(self) -> Key:
        base, mine = (sum(w for (m, _), (_, _, w) in self.places(k).items() if m == self.january) for k in (0, 1))
        return Key(f"Waiting for a special or SRP place, January {self.january[:4]}", _said(mine, "children"),
                   _against(mine - base, "children"))  # fmt: skip

    def saving(self) -> tuple[Chance, int] | None:
        """The chance that the year's spend is below the baseline's, and over how many draws; None until there are
        enough of both worlds."""
        if self.draws is None or self.draws.draws < ENOUGH:
            return None
        rows = self.draws.query(
            "select draw, sum(case when scenario = '" + self.study.scenarios[0].name + "' then value else -value end) "
            f"from headline where series = 'spend.total' and period = '{self.year}' group by draw "
            "having count(*) = 2"
        ).fetchall()
        if len(rows) < ENOUGH:
            return None
        return chance(sum(saved > 0 for _, saved in rows), len(rows)), len(rows)

    # tables

    def tables(self) -> list[Sheet]:
        """What ``cohort run`` prints of the choice."""
        return show.every(self.both[1], self.published)

    def places(self, world: int) -> dict[tuple[str, str], tuple[int, int, int]]:
        """(January, kind) -> places, children there, children who wait, in the base (0) or the choice (1)."""
        name = self.study.scenarios[world].name
        return {(month, kind): counts for (of, month, kind), counts in self._held.items() if of == name}

    @cached_property
    def _held(self) -> dict[tuple[str, str, str], tuple[int, int, int]]:
        rows = self.study.query(
            "select scenario, month, kind, sum(places), sum(filled), sum(waiting) from places "
            "where month like '%-01' group by all order by all"
        ).fetchall()
        return {(of, month, kind): (int(p), int(f), int(w)) for of, month, kind, p, f, w in rows}

    def places_html(self) -> str:
        """Places, children there and children who wait, each January, in both worlds."""
        base, mine = self.places(0), self.places(1)
        rows = []
        for month, kind in sorted(mine, key=lambda key: (key[1], key[0])):
            b, m = base.get((month, kind), (0, 0, 0)), mine[month, kind]
            pairs = [f"{x:,} ({x - y:+,})" for x, y in zip(m, b, strict=True)]
            rows.append((f"{PLACES[kind]}, January {month[:4]}", *pairs))
        heads = ("", "places", "children there", "waiting")
        return html_table("Places and waiting; the difference from the baseline in brackets", heads, rows)

    def moved_html(self) -> str:
        """Whose placement differs, from where to where, at the last January."""
        found = moved(self.run.whole, self.study.scenarios[0].name, self.name)
        at = [m for m in (found.tables if found else ()) if m.month == self.january]
        if not at or not at[0].pairs:
            return "<p>No child is placed otherwise than in the baseline by then.</p>"
        pairs = at[0].pairs
        rows = [(_where(p.frm), _where(p.to), f"{p.children.mean:,.0f}") for p in pairs[:MOVES]]
        rest = sum(p.children.mean for p in pairs[MOVES:])
        rows += [("other moves", "", f"{rest:,.0f}")] if rest else []
        caption = f"Children placed otherwise, January {self.january[:4]}: {at[0].children.mean:,.0f} in all"
        return html_table(caption, ("in the baseline", f"in {self.name}", "children"), rows)

    # charts

    def charts(self) -> tuple[Chart, ...]:
        """Plans, spend, placements, deficit: each with its finding as title, and in words."""
        made = {
            "plans": self._plans(),
            "deficit": self._deficits(),
            "placements": self._placements(),
            "spend": self._spend(),
        }
        source = "this study: headline and ledger; published: council paper, March 2025, and SEN2"
        return tuple(Chart(key, title, words, spec, key, source) for key, (title, words, spec) in made.items())

    def _series(self, label: str, world: int, series: str, colour: str, dash: tuple[int, ...] = (),
                scale: float = 1.0) -> Line:  # fmt: skip
        periods = self.both[world].periods(series, 7)
        means = self.both[world].means(series, periods, scale)
        points = {p: v for p, v in zip(periods, means, strict=True) if v is not None}
        low = high = None
        if self.spread and world:
            s = self.spread.series[series]
            low, high = ({p: getattr(s[p], end) / scale for p in points} for end in ("low", "high"))
        return Line(label, points, colour, dash, low, high)

    def _plans(self) -> Drawn:
        known = {f"{year}-01": v for (measure, year), v in self.published.counts.items() if measure == "ehcp_0_25"}
        first, last = self.both[0].periods("plans", 7)[0], self.both[0].periods("plans", 7)[-1]
        known = {p: v for p, v in sorted(known.items()) if first <= p <= last}
        of = [self._series("baseline", 0, "plans", GREY, (5, 4)), self._series(self.name, 1, "plans", BLUE),
              Line("published", known, ORANGE, marks=True)]  # fmt: skip
        k = self.figures()[0]
        title = f"{k.label}: {k.value}, {k.against}"
        words = f"Line chart of EHC plans by month. {title}. {k.ranged}"
        return title, words, lines(words, "children", of, monthly=True)

    def _placements(self) -> Drawn:
        found = {}
        for place, label in PLACES.items():
            base, mine = (r.means(f"plans.{place}", [self.january])[0] or 0.0 for r in self.both)
            if mine != base:
                found[label] = {self.name: mine - base}
        most = max(found, key=lambda k: abs(found[k][self.name]), default="")
        title = f"Placements in January {self.january[:4]} against the baseline"
        said = f": {most} {found[most][self.name]:+,.0f}" if most else ": none differs"
        words = "Bar chart. " + "; ".join(f"{k}: {v[self.name]:+,.0f} children" for k, v in found.items())
        return title + said, words, bars(words, "children more or fewer", found, (BLUE,))

    def _spend(self) -> Drawn:
        found = {LINE_NAMES[line]: {"baseline": self._million(0, line), self.name: self._million(1, line),
                                    **self._forecast(line)} for line in LINES}  # fmt: skip
        k = self.figures()[1]
        title = f"{k.label}: {k.value}, {k.against}"
        words = "Bar chart, GBP million. " + "; ".join(
            f"{label}: {', '.join(f'{who} {v:,.1f}' for who, v in of.items())}" for label, of in found.items()
        )
        return title, words, bars(words, "GBP million", found, (GREY, BLUE, TEAL))

    def _million(self, world: int, line: str) -> float:
        return self.both[world].series[f"spend.{line}"][self.year].mean / 1e8

    def _forecast(self, line: str) -> dict[str, float]:
        told = self.published.forecast.get((FORECAST[line], self.year))
        return {} if told is None else {"council's plan": told}

    def _deficits(self) -> Drawn:
        of = []
        for world, label, colour, dash in ((0, "baseline", GREY, (5, 4)), (1, self.name, BLUE, ())):
            points = {y: s.mean / 1e8 for y, s in self.both[world].account[CLOSING].items()}
            low = high = None
            if self.spread and world:
                closing = self.spread.account[CLOSING]
                low, high = ({y: getattr(closing[y], end) / 1e8 for y in points} for end in ("low", "high"))
            of.append(Line(label, points, colour, dash, low, high))
        years = list(self.both[0].account[CLOSING])
        told = {y: v for y in years if (v := self.published.forecast.get((COUNCIL, y))) is not None}
        of.append(Line("council's plan", told, TEAL, (2, 3)))
        k = self.figures()[2]
        title = f"{k.label}: {k.value}, {k.against}" + (f"; {k.beside}" if k.beside else "")
        words = f"Line chart of the accumulated deficit by financial year. {title}. {k.ranged}"
        return title, words, lines(words, "GBP million", of, monthly=False, zero=True)


def _where(word: str) -> str:
    return PLACES.get(
        word, {"none": "No support", "sen_support": "SEN Support", "asking": "Asking for a plan"}.get(word, word)
    )


def _said(value: float, unit: str) -> str:
    return f"{value:,.0f}" if unit == "children" else f"GBP {value:,.2f} million"


def _against(difference: float, unit: str) -> str:
    if unit == "children":
        n = round(difference)
        return "as in the baseline" if n == 0 else f"{abs(n):,} {'more' if n > 0 else 'fewer'} than in the baseline"
    amount = f"{abs(difference):,.2f}"
    return (
        "as in the baseline"
        if amount == "0.00"
        else f"{amount} {'more' if difference > 0 else 'less'} than the baseline"
    )


def _range(of: object, unit: str) -> str:
    if not isinstance(of, tuple):
        return ""
    low, high = of
    if unit == "children":
        return f"5% to 95% of draws: {low:,.0f} to {high:,.0f}"
    return f"5% to 95% of draws: GBP {low:,.1f} to {high:,.1f} million"


# tables as HTML


def html_table(caption: str, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table, escaped: the first column are heads of their rows."""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    scrolls = f'role="region" aria-label="{escape(caption, quote=True)}" tabindex="0"'
    return (
        f'<div class="lab-scroll" {scrolls}><table class="lab-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def sheet_html(sheet: Sheet) -> str:
    """A table that ``cohort run`` prints, with its notes."""
    rows = [(row.label, *(show.cell(v, row.unit) for v in row.values)) for row in sheet.rows]
    notes = "".join(f"<p>{escape(note)}</p>" for note in sheet.notes)
    return html_table(sheet.title, sheet.columns, rows) + notes


def folded_html(of: Mapping[str, str]) -> str:
    """Parts of a page, each of which opens and closes under its title."""
    parts = (f"<details><summary>{escape(title)}</summary>{inner}</details>" for title, inner in of.items())
    return f'<div class="lab-folded">{"".join(parts)}</div>'


def keys_html(keys: Sequence[Key]) -> str:
    """The key figures as a list of terms."""
    items = "".join(
        f'<div class="lab-key"><dt>{escape(k.label)}</dt><dd><strong>{escape(k.value)}</strong>'
        + "".join(f"<span>{escape(t)}</span>" for t in (k.against, k.beside, k.ranged) if t)
        + "</dd></div>"
        for k in keys
    )
    return f'<dl class="lab-keys">{items}</dl>'


def banner_html(title: str, said: Sequence[str], strong: bool = False) -> str:
    """A warning that cannot be overlooked."""
    items = "".join(f"<li>{escape(line)}</li>" for line in said)
    kind = "lab-banner lab-strong" if strong else "lab-banner"
    return f'<div class="{kind}" role="status"><strong>{escape(title)}</strong><ul>{items}</ul></div>'


def story_html(opening: str, ends: Sequence[str], told: Sequence[tuple[str, str, Sequence[str], Sequence[str]]]) -> str:
    """A child's life: (month, world, what happened, why) in order."""

    def items(lines: Sequence[str]) -> str:
        return "".join(f"<li>{escape(line)}</li>" for line in lines)

    def one(month: str, world: str, happened: Sequence[str], why: Sequence[str]) -> str:
        said = f'<strong>{escape(month)}</strong> <span class="lab-world">{escape(world)}</span> '
        more = f"<details><summary>why</summary><ul>{items(why)}</ul></details>" if why else ""
        return f"<li>{said}{escape('; '.join(happened))}{more}</li>"

    rows = "".join(one(*line) for line in told)
    return f"<p><strong>{escape(opening)}</strong></p><ul>{items(ends)}</ul><ol class='lab-life'>{rows}</ol>"


__all__ = ["ENOUGH", "Key", "View", "banner_html", "folded_html", "html_table", "keys_html", "sheet_html", "story_html"]
