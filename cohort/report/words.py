"""The report in words: the finding, its range, why, and what is not in it. Every number is a cell of a table.

Plain English: short sentences and everyday words, for a reading age of about fourteen, which a test measures
(``readable.grade``). Where the model cannot say something, the words say that.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from cohort.report.building import adds, pounds
from cohort.report.reading import Reading
from cohort.report.scorecard import CASES, MODEL, WITHIN
from cohort.report.table import Row, Table

Paragraphs = tuple[str, ...]
SHOULD = 0.75
"""Of what came, the share that an 80% range should have held, a little less than 80% for luck."""


@dataclass(frozen=True)
class Told:
    """The tables of a report, for sentences: a number that is not there gives none."""

    tables: Mapping[str, Table]
    of: Reading

    @property
    def base(self) -> str:
        """What the base is called."""
        return self.of.worlds[self.of.base]

    @property
    def other(self) -> str:
        """What the scenario is called."""
        return self.of.worlds[self.of.other]

    def number(self, table: str, row: str, column: str) -> float | None:
        """A cell, None if there is none."""
        found = self.tables.get(table)
        return None if found is None else found.number(row, column)

    def million(self, table: str, row: str, column: str) -> str:
        """A cell in £ million, "" if there is none."""
        value = self.number(table, row, column)
        return "" if value is None else pounds(value)

    def between(self, table: str, row: str, column: str, what: str = "it", sign: int = 1) -> str:
        """The range of a cell in £ million as a sentence, "" if there is none."""
        low, high = (self.number(table, f"{row}.{end}", column) for end in ("low", "high"))
        if low is None or high is None:
            return ""
        low, high = sorted((sign * low, sign * high))
        return f" In nine runs out of ten {what} is between {pounds(low)} and {pounds(high)}."


def words(of: Reading, tables: Iterable[Table], effects: bool) -> dict[str, Paragraphs]:
    """Part of the report -> its paragraphs; ``summary`` is the whole in short, ``not_in`` what is left out."""
    told = Told({table.key: table for table in tables}, of)
    return {
        "summary": tuple(_summary(told)),
        "not_in": tuple(_not_in(told)),
        "money": tuple(_money(told)),
        "children": tuple(_children(told)),
        "places": tuple(_places(told)),
        "savings": tuple(_savings(told, effects)),
        "confidence": tuple(_confidence(told)),
        "dfe": ("These rows follow DfE's guidance, so that they can be copied into its template.",),
    }


def _summary(t: Told) -> Iterator[str]:
    """Warnings, then what is compared, spend, saving, deficit, the override, children: each with its range."""
    yield from _unlawful(t)
    of, year = t.of, t.of.years[-1]
    if of.compared:
        yield " ".join((f"Two futures are compared, {t.base} and {t.other}.", *_futures(t)))
    spend = t.million("spend", f"{of.other}.spend", year)
    plan = t.number("spend", "published.spend", year)
    under = f" under {t.other}" if of.compared else ""
    yield f"In {year} the High Needs spend is {spend}{under}.{t.between('spend', f'{of.other}.spend', year)}" + (
        f" The council plans to spend {pounds(plan)}." if plan is not None else ""
    )
    if of.compared:
        yield from _saved(t, year, plan)
    yield from _deficit(t, year)
    yield from _override(t)
    yield from _held(t)


def _futures(t: Told) -> Iterator[str]:
    """What each scenario is, in a sentence: its title, after its name if that is not in it."""
    titles = {s["name"]: str(s.get("title") or "") for s in t.of.study.manifest["scenarios"]}
    for name, called in t.of.worlds.items():
        if title := titles.get(name, "").strip():
            said = title if called.casefold() in title.casefold() else f"{called}: {title}"
            yield said if said.endswith(".") else f"{said}."


def _held(t: Told) -> Iterator[str]:
    """How many hold a plan in the last January, with the range, beside the last count that was known."""
    of, columns = t.of, t.tables["plans"].columns
    last = columns[-1]
    now, low, high = (t.number("plans", f"{of.other}{end}", last) for end in ("", ".low", ".high"))
    told = [(c, v) for c in columns if (v := t.number("plans", "published", c)) is not None]
    if now is None or not told:
        return
    between = (
        f" In nine runs out of ten there are between {of.about(low)} and {of.about(high)}."
        if low is not None and high is not None
        else ""
    )
    month, count = told[-1]
    yield (
        f"In {_long(last)} about {of.about(now)} children and young people have a plan.{between} "
        f"There were {count:,.0f} in {_long(month)}, the last count that was known."
    )


def _long(column: str) -> str:
    """ "January 2028" of the heading "Jan 2028"."""
    return column.replace("Jan ", "January ")


def _saved(t: Told, year: str, plan: float | None) -> Iterator[str]:
    saved, base = t.number("savings", "part_year", year), t.million("spend", f"{t.of.base}.spend", year)
    spend = t.number("spend", f"{t.of.other}.spend", year)
    if saved is None or spend is None:
        return
    less = "less" if saved >= 0 else "more"
    said = f"That is {pounds(abs(saved))} {less} than under {t.base}, where the spend is {base}."
    what, sign = ("the saving", 1) if saved >= 0 else ("what it costs more", -1)
    said += t.between("savings", "part_year", year, what, sign)
    if plan is not None:
        gap = spend - plan
        said += f" The spend is still {pounds(abs(gap))} above the council's plan." if gap > 0 else (
            f" That puts the spend {pounds(abs(gap))} below the council's plan.")  # fmt: skip
    yield said


def _deficit(t: Told, year: str) -> Iterator[str]:
    row = f"{t.of.other}.closing"
    plan = t.number("safety_valve", "published.closing", year)
    yield (
        f"The deficit that has built up by 31 March 20{year[-2:]} is {t.million('safety_valve', row, year)}."
        f"{t.between('safety_valve', row, year)}"
        + (f" The council's plan is {pounds(plan)}." if plan is not None else "")
    )


def _override(t: Told) -> Iterator[str]:
    if (table := t.tables.get("override")) is None:
        return
    column = table.columns[-1]
    falls, left = t.number("override", "falls", column), t.number("override", "left", column)
    if falls is None or falls <= 0:
        return
    day = table.title.rpartition(" on ")[2]
    reserves = t.number("override", "reserves", column)
    enough = "" if left is None or reserves is None else (
        f" Its usable reserves are {pounds(reserves)}, as given for this report: "
        + (f"{pounds(-left)} too little." if left < 0 else f"{pounds(left)} would be left.")
    )  # fmt: skip
    yield (
        f"A special rule, the override, keeps the deficit off the council's own reserves. As the law stood in March "
        f"2025, it ends just before {day}. If so, the council must find {pounds(falls)} on that day.{enough}"
    )


def _unlawful(t: Told) -> Iterator[str]:
    for s in t.of.study.manifest["scenarios"]:
        for line in s.get("unlawful", ()):
            yield f"Warning: {s['name']} holds something that the law forbids, and says so: {line}"
        for h in s.get("hatches", ()):
            yield f"Warning: {s['name']} moves children by research code ({h['rule']}), not by a rule of the model."


def _not_in(t: Told) -> Iterator[str]:
    """What is left out, and what the model cannot say."""
    yield (
        "School transport and the pay of SEN staff are not in these figures. The council pays for them from its own "
        "budget."
    )
    yield "The savings that the council has still to find are not in the model. They are shown beside it as a target."
    yield t.of.ranges
    if t.of.calibrated:
        yield "The rates are fitted to published figures. That the model comes near them is a fit, not a test."
    else:
        yield "The rates come from published figures, by assumptions that are stated. They are not fitted yet."
    if "scorecard" in t.tables:
        yield f"{t.tables['scorecard'].finding} What came then is no promise for years to come."
        yield from _held_by_ranges(t.tables["scorecard"])
    else:
        yield (
            "No test on years that the model had not seen is in this report. So it cannot say how good its forecasts "
            "are. Such a test can be added (cohort backtest)."
        )
    if t.of.compared:
        yield (
            "For most policies nobody has published how large the effect is. Their sizes are assumptions with a range. "
            "The model cannot say whether a policy will be carried out as planned."
        )


def _held_by_ranges(card: Table) -> Iterator[str]:
    """How often the model's ranges held what came, in all tests together."""
    at = [card.columns.index(name) for name in (CASES, WITHIN)]
    told = [(int(str(row.cells[at[0]])), float(row.cells[at[1]] or 0)) for row in card.rows if _ours(row)]
    cases, met = sum(n for n, _ in told), round(sum(n * share for n, share in told))
    if cases:
        narrow = " So take the ranges here as too narrow." if met / cases < SHOULD else ""
        yield f"Ranges that should hold what comes in 8 cases of 10 held it in {met} of {cases}.{narrow}"


def _ours(row: Row) -> bool:
    """Whether a row of the scorecard is the model's."""
    return row.key.endswith(f".{MODEL}")


def _money(t: Told) -> Iterator[str]:
    years, year = t.of.years, t.of.years[-1]
    if len(years) > 1 and "why_years" in t.tables:
        parts = [t.number("why_years", name, "All lines") for name in ("volume", "price", "mix")]
        more, dearer, mix = (0.0 if p is None else p for p in parts)
        yield (
            f"Why does spend change from {years[0]} to {year} under {t.base}? The number of children {adds(more)}. "
            f"The price of each place {adds(dearer)}. Where the children are, and how old, {adds(mix)}."
        )
    less = t.number("what_if", f"{t.of.other}.grant_less", year)
    closing = t.number("safety_valve", f"{t.of.other}.closing", year)
    if less is not None and closing is not None:
        more_ = pounds(less - closing)
        yield f"If the grant were 1% lower each year, the deficit in March 20{year[-2:]} would be {more_} higher."


def _children(t: Told) -> Iterator[str]:
    for key in ("plans_by_group", "plans_by_placement", "independent"):
        if key in t.tables:
            yield t.tables[key].finding


def _places(t: Told) -> Iterator[str]:
    if "places" not in t.tables:
        yield "Places do not bind in this study, so the model cannot say who waits for one."
        return
    yield t.tables["places"].finding
    if "place_sources" in t.tables:
        yield (
            "A new special school place saves money if it is filled from an independent school. It costs more if it "
            "is filled from mainstream. " + t.tables["place_sources"].finding
        )


def _savings(t: Told, effects: bool) -> Iterator[str]:
    if not t.of.compared:
        yield "This report is of the study's first scenario alone, so there is nothing to compare it with."
        return
    yield t.tables["savings"].finding
    if effects:
        yield t.tables["policy_effects"].finding
        yield "Policies that reach the same children cannot both save on them. That is the interaction."
    else:
        yield (
            "What each policy saves alone, and the ready reckoner, are not in this report. "
            "To add them: cohort report STUDY --effects."
        )


def _confidence(t: Told) -> Iterator[str]:
    yield t.of.ranges
    yield t.tables["chances"].finding
    yield t.tables["fit"].finding + " The table of the fit shows by how much the others are off."
