"""The report's words: plain, from its numbers, and silent about what is hidden or not known."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from cohort.report import charts, scorecard, words
from cohort.report.readable import grade, syllables
from cohort.report.svg import drawn
from cohort.report.table import Report, Table
from tests.small_report import effects, made, reading, report, table

PLAIN = 9.0
"""The grade that a fourteen-year-old reads."""


def test_the_measure_of_reading_knows_easy_from_hard() -> None:
    assert [syllables(w) for w in ("plan", "children", "state", "support", "table", "agreed", "2027-28")] == [
        1, 2, 1, 2, 2, 2, 1,
    ]  # fmt: skip
    easy = "The council spends more than it gets. That is a deficit."
    hard = "Notwithstanding the aforementioned considerations, institutional expenditure necessitates rationalisation."
    assert grade(easy) < 5 < 20 < grade(hard)
    with pytest.raises(ValueError, match="without words"):
        grade("...")


@pytest.mark.parametrize("part", ["summary", "not_in"])
def test_the_summary_and_what_is_not_in_it_are_for_a_reader_of_fourteen(part: str) -> None:
    for paragraph in report().words[part]:
        assert grade(paragraph) <= PLAIN, paragraph
    assert grade(" ".join(report().words[part])) <= PLAIN - 2


def test_every_amount_in_the_summary_is_a_cell_of_a_table() -> None:
    amounts = [abs(float(c)) / 1e8 for t in report().tables for row in t.rows if t.unit_of(row) == "pence"
               for c in row.cells if isinstance(c, int | float)]  # fmt: skip
    spend, plan = table("spend").number("mine.spend", "2025-26"), table("spend").number("published.spend", "2025-26")
    amounts.append(abs(spend - plan) / 1e8)
    said = re.findall(r"£([\d,.]*\d) million", " ".join(report().words["summary"]))
    assert len(said) > 6
    for text in said:
        decimals = len(text.partition(".")[2])
        assert any(f"{amount:,.{decimals}f}" == text for amount in amounts), text
        assert decimals == (0 if float(text) >= 100 or float(text) % 1 == 0 else 1), "no more than the model knows"


def test_the_summary_says_what_is_left_out_and_what_the_model_cannot_say() -> None:
    said = " ".join(report().words["not_in"])
    for words_ in ("transport", "still to find", "chance alone", "cannot say how good its forecasts"):
        assert words_ in said


def test_without_effects_the_words_say_how_to_get_them() -> None:
    said = words.words(reading(), [t for t in report().tables if t.key != "policy_effects"], effects=False)
    assert "cohort report STUDY --effects" in " ".join(said["savings"])


def test_an_acknowledged_unlawful_rule_is_said_in_the_summary() -> None:
    of = reading()
    manifest = {**of.study.manifest, "scenarios": [{"name": "mine", "unlawful": ["mine: x: s.44"], "hatches": []}]}
    marked = type(of.study)(of.study.folder)
    marked.__dict__["manifest"] = manifest
    said = words.words(replace(of, study=marked), report().tables, effects=True)
    assert "Warning: mine holds something that the law forbids, and says so: mine: x: s.44" in said["summary"]


def hidden(t: Table) -> Table:
    """A table with every number of children hidden."""
    rows = tuple(
        replace(r, cells=tuple("[c]" if isinstance(c, int | float) else c for c in r.cells))
        if r.kind != "heading"
        else r
        for r in t.rows
    )
    return replace(t, rows=rows) if t.suppress else t


def test_what_is_hidden_in_a_table_is_in_no_chart_and_no_sentence() -> None:
    tables = tuple(map(hidden, report().tables))
    drawn = charts.charts(tables, reading().worlds, "2025-26")
    assert {c.key for c in drawn} == {"deficit_fan", "waterfall", "effects_ranges", "spend_curve"}
    assert {c.key for c in report().charts} - {c.key for c in drawn} == {
        "plans_fan", "plans_stacked", "places_lines", "moves_bars",
    }  # fmt: skip
    said = words.words(reading(), tables, effects=True)["summary"]
    assert not any("have a plan" in paragraph for paragraph in said)


def test_charts_say_the_finding_have_an_alternative_and_name_a_table_that_is_there() -> None:
    keys = {t.key for t in report().tables}
    for chart in report().charts:
        assert chart.table in keys
        assert re.search(r"\d", chart.title), f"{chart.key}: a title says the finding from the numbers"
        assert len(chart.alternative) > 40
        colours = set(re.findall(r"#[0-9A-F]{6}", str(chart.spec)))
        assert len(colours & {"#12436D", "#28A197", "#801650", "#F46A25"}) <= 4


def test_the_waterfall_leads_from_the_spend_without_to_the_spend_with_and_shows_the_interaction() -> None:
    spec = str(next(c for c in report().charts if c.key == "waterfall").spec)
    t = table("policy_effects")
    for key in ("without", "with"):
        assert f"{t.number(key, '2025-26') / 1e8:,.1f}" in spec
    assert "Interaction" in spec
    assert effects().years[-1] == "2025-26"


def test_a_published_report_is_made_of_what_disclosure_leaves() -> None:
    from cohort.report.build import build

    def disclose(given: Report) -> Report:
        return replace(given, tables=tuple(map(hidden, given.tables)), internal=False)

    found = build(made(), disclose=disclose)
    assert not found.internal
    assert "plans_fan" not in {c.key for c in found.charts}


CARD = [
    {"forecaster": who, "of": of, "horizon": 1, "score": {"cases": 4, "error": error, "bias": -0.01, "within_80": 0.75,
     "within_95": 1.0, "effective": 3.2, "crps": 321.5}}
    for of in ("all plans", "placements") for who, error in (("cohort", 0.021), ("flat", 0.08), ("<trend>", 0.034))
]  # fmt: skip


def test_a_scorecard_is_a_table_a_chart_and_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "scorecard.json"
    path.write_text(json.dumps({"scorecard": CARD}), "utf-8")
    t = scorecard.table(reading(), scorecard.read(path))
    assert t.number("all plans.1.cohort", "Error") == 0.021
    assert t.finding == (
        "Tried on earlier Januaries, the model's forecast of all plans 1 year ahead was off by 2.1%. The best of 2 "
        "simple ones was no better: 3.4%. The model was the closest in 2 of 2 tests."
    )
    tables = (*report().tables, t)
    (chart,) = [c for c in charts.charts(tables, reading().worlds) if c.key == "scorecard_bars"]
    assert "The model 2.1%" in chart.alternative
    assert "<trend>" not in drawn(chart)
    said = " ".join(words.words(reading(), tables, effects=True)["not_in"])
    assert t.finding in said
    assert "held it in 6 of 8. " in f"{said} "
    assert "too narrow" not in said
    narrow = [line | {"score": line["score"] | {"within_80": 0.6}} for line in CARD]
    path.write_text(json.dumps({"scorecard": narrow}), "utf-8")
    t = scorecard.table(reading(), scorecard.read(path))
    assert "too narrow" in " ".join(words.words(reading(), (*report().tables, t), effects=True)["not_in"])
    path.write_text('{"scorecard": [{"forecaster": "flat"}]}', "utf-8")
    with pytest.raises(
        ValueError, match=r"scorecard\.json: no scorecard is in it .* allowed: what cohort backtest --json"
    ):
        scorecard.read(path)
