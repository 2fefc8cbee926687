"""Model, published, difference and rounding; the paper's own lines; what does not add up; the command."""

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from cohort import ledger, published, reconcile, study
from cohort.cli import main
from cohort.ledger import MILLION
from cohort.published import Figure
from cohort.reconcile import Comparison, Spread
from cohort.results import Study
from tests import small_pack
from tests.small import KENT


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study of three runs to the end of March 2026."""
    out = tmp_path_factory.mktemp("reconcile") / "made"
    return study.run([small_pack.scenario(until="2026-04")], replicates=3, out=out, workers=1)


@cache
def paper() -> dict[tuple[str, str], Comparison]:
    """The paper's own lines through the ledger."""
    return {(c.figure.item, c.figure.period): c for c in reconcile.paper(KENT)}


def test_the_papers_lines_come_to_its_printed_positions_within_rounding() -> None:
    printed = [97, 95, 79, 30]
    for year, figure in zip(ledger.financial_years(KENT), printed, strict=True):
        found = paper()["closing", year]
        assert found.figure.value == figure
        assert found.explained
    assert [paper()["closing", y].ours.median for y in ledger.financial_years(KENT)] == [97, 96, 81, 32]
    assert all(c.explained for c in paper().values())


def test_a_line_moved_by_four_million_is_beyond_rounding() -> None:
    account = ledger.of_paper(KENT)
    moved = replace(account[0], lines={**account[0].lines, "special": account[0].lines["special"] + 4 * MILLION})
    found = {c.figure.item: c for c in reconcile.paper(KENT, [moved])}
    assert {name for name, c in found.items() if not c.explained} == {"special", "spend", "in_year", "closing"}


@pytest.mark.parametrize(("parts", "step", "allowed"), [(0, 1.0, 0.5), (6, 1.0, 3.5), (0, 0.1, 0.05)])
def test_rounding_allows_half_a_step_for_each_part_and_for_the_total(parts: int, step: float, allowed: float) -> None:
    figure = Figure("spend", "2024-25", 391, "GBP million", "history", "paper", step)
    assert figure.tolerance(parts) == pytest.approx(allowed)
    for ours, explained in ((391 + allowed, True), (391 - allowed, True), (391 + 1.02 * allowed, False)):
        assert Comparison(figure, Spread(ours, ours, ours), figure.tolerance(parts)).explained is explained


def test_the_published_tables_are_the_papers_with_their_kind() -> None:
    figures = published.tables(KENT)
    found = {(f.kind, f.item, f.period): f.value for f in figures}
    assert found["history", "special", "2020-21"] == 106
    assert found["history", "spend", "2020-21"] == 264, "as printed, though its parts make 267"
    assert found["projection", "independent", "2027-28"] == 42
    assert found["projection", "council_contributions", "2027-28"] == 10, "as printed, sign misprint and all"
    assert {f.kind for f in figures} == {"history", "projection"}
    assert all(f.source for f in figures)


def test_the_register_says_what_is_used_instead_or_that_nothing_is() -> None:
    used = {(r["item"], r["financial_year"]): r["used"] for r in reconcile.register(KENT)}
    assert used["council_contributions", "2027-28"] == -10
    assert used["total_as_printed", "2020-21"] is None


def test_a_study_is_laid_beside_each_published_figure_of_the_same(made: Study) -> None:
    found = {(c.figure.kind, c.figure.item, c.figure.period): c for c in reconcile.study(made, "small", KENT)}
    for item in reconcile.MODELLED:
        assert ("projection", item, "2025-26") in found
        assert ("projection", item, "2026-27") not in found, "the study ends before"
    table = made.ledger().query("view == 'council' and block == 'position' and line == 'closing'")
    closings = sorted(table[table.financial_year == "2025-26"].pence / 1e8)
    c = found["projection", "closing", "2025-26"]
    assert c.ours.median == pytest.approx(closings[1])
    assert closings[0] <= c.ours.low <= c.ours.high <= closings[2]
    assert c.difference == pytest.approx(closings[1] - 95)
    assert found["count", "ehcp_0_25", "2024-01"].figure.value == 19407


def test_exceptional_need_is_summed_over_the_lines_that_hold_it(made: Study) -> None:
    found = {(c.figure.item, c.figure.period): c for c in reconcile.study(made, "small", KENT)}
    table = made.ledger().query("view == 'council' and block == 'spend' and financial_year == '2024-25'")
    need = table[table.line.isin(["special.exceptional_pupil_need", "mainstream_srp.exceptional_pupil_need"])]
    by_run = need.groupby("replicate").pence.sum() / 1e8
    assert found["exceptional_pupil_need_spend", "2024-25"].ours.median == pytest.approx(by_run.median())


def test_the_command_prints_the_paper_the_model_the_register_and_the_gaps(
    made: Study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reconcile", str(made.folder)]) == 0
    out = capsys.readouterr().out
    for words in (
        "The paper's own lines through the ledger",
        "Accumulated deficit 2027-28        32       30          +2  within 2.5",
        "small: the model's median beside the council's revised Safety Valve projection",
        "Accumulated deficit 2025-26",
        "Exceptional pupil need 2024-25",
        "Published history",
        "sign misprint",
        "home_to_school_transport (outside the DSG)",
    ):
        assert words in out, words
    assert max(map(len, out.splitlines())) <= 100
    assert "…" not in out


def test_quiet_leaves_out_what_lies_behind(made: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile", str(made.folder), "-q"]) == 0
    assert "Published history" not in capsys.readouterr().out


def test_the_command_gives_a_machine_the_same(made: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["reconcile", str(made.folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    (scenario,) = told["scenarios"]
    closing = next(c for c in scenario["paper"] if (c["item"], c["period"]) == ("closing", "2027-28"))
    assert (closing["median"], closing["value"], closing["tolerance"]) == (32, 30, 2.5)
    assert closing["explained_by_rounding"] is True
    assert {"model", "published", "exceptions", "gaps"} <= scenario.keys()


def test_what_is_no_study_or_has_no_ledger_is_refused_in_one_line(
    made: Study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["reconcile", str(tmp_path)]) == 2
    assert "holds no study" in capsys.readouterr().err
    older = tmp_path / "older"
    (older / "scenarios").mkdir(parents=True)
    for name in ("manifest.json", "scenarios/small.toml"):
        (older / name).write_bytes((made.folder / name).read_bytes())
    assert main(["reconcile", str(older)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "has no table 'ledger'; it was made by an earlier version: run it again" in said.err


def test_a_study_without_a_whole_year_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    short = study.run([small_pack.scenario(until="2024-06")], replicates=1, out=tmp_path / "short", workers=1)
    assert main(["reconcile", str(short.folder)]) == 0
    assert "No whole financial year of it is in this study." in capsys.readouterr().out
