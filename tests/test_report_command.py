"""``cohort report``: what it writes, again and whole; what it refuses in one line."""

import json
from pathlib import Path

import pytest

from cohort import study
from cohort.cli import main
from cohort.report import effects, folder
from cohort.report.build import build
from cohort.report.page import page
from cohort.report.table import Report
from cohort.results import Study
from tests import small_pack, small_report


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Where reports go."""
    return tmp_path / "out"


def ask(*more: str) -> int:
    """Report on the small study."""
    return main(["report", str(small_report.made().folder), *more])


@pytest.fixture
def light(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only small files are made: for tests of how they are put in place."""
    monkeypatch.setattr(folder, "WRITERS", {"report.html": lambda r, path: path.write_text(r.title, "utf-8")})


def test_it_writes_the_pages_and_tells_where_and_the_same_again(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--out", str(out)) == 0
    assert (out / "report.html").as_posix() in capsys.readouterr().out
    assert {"report.html", "brief.html"} <= {p.name for p in out.iterdir()}
    built = build(Study.open(small_report.made().folder))
    assert (out / "report.html").read_text("utf-8") == page(built), "the same study gives the same bytes"
    assert [p.name for p in out.parent.iterdir()] == ["out"], "no draft is left"


@pytest.mark.usefixtures("light")
def test_a_report_that_fails_leaves_the_last_one_as_it_was(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.write(small_report.report(), out)
    before = (out / "report.html").read_bytes()
    (out / "note.txt").write_text("mine", "utf-8")

    def fails(_: Report, path: Path) -> None:
        raise OSError(f"{path.name}: the disk is full")

    monkeypatch.setattr(folder, "WRITERS", {**folder.WRITERS, "brief.html": fails})
    with pytest.raises(OSError, match="full"):
        folder.write(small_report.report(), out)
    assert (out / "report.html").read_bytes() == before
    assert (out / "note.txt").read_text("utf-8") == "mine"
    assert [p.name for p in out.parent.iterdir()] == ["out"]


@pytest.mark.usefixtures("light")
def test_a_table_that_is_no_longer_there_is_taken_away(out: Path) -> None:
    (out / "tables").mkdir(parents=True)
    (out / "tables" / "old.csv").write_text("a\n", "utf-8")
    folder.write(small_report.report(), out)
    assert not (out / "tables" / "old.csv").exists()


@pytest.mark.usefixtures("light")
def test_a_machine_is_told_the_tables(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--out", str(out), "--json") == 0
    told = json.loads(capsys.readouterr().out)
    spend = next(t for t in told["tables"] if t["key"] == "spend")
    row = next(r for r in spend["rows"] if r["label"] == "Total spend" and r["kind"] == "total")
    assert row["cells"][spend["columns"].index("2025-26")] == small_report.table("spend").number(
        "base.spend", "2025-26"
    )
    assert told["words"]["summary"]


@pytest.mark.usefixtures("light")
def test_a_published_report_holds_no_small_number_of_children(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert ask("--out", str(out), "--published", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    counts = [c for t in told["tables"] for r in t["rows"] if r["unit"] == "children" and r["kind"] in {"line", "total"}
              for c in r["cells"] if isinstance(c, int | float) and t["key"] != "fit"]  # fmt: skip
    assert any(counts)
    assert not [c for c in counts if 0 < c < 5]
    assert all(c == round(c) for c in counts)
    assert "[c]" in [c for t in told["tables"] for r in t["rows"] for c in r["cells"]]


def test_effects_are_kept_and_used_until_the_code_is_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    (copy / "manifest.json").write_bytes((small_report.made().folder / "manifest.json").read_bytes())
    kept = Study.open(copy)
    effects.keep(kept, small_report.effects())
    assert effects.kept(kept, "mine") == small_report.effects()
    assert effects.kept(kept, "base") is None
    monkeypatch.setattr("cohort.provenance.code", lambda: "sha256:other")
    assert effects.kept(kept, "mine") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rule,rag\n", "columns ['rule', 'rag'] given; allowed: rule, rag, owner, decision_date"),
        ("rule,rag,owner,decision_date\nlocl,red,,\n", "tracker.csv:2: rule 'locl' given; did you mean 'local'?"),
        ("rule,rag,owner,decision_date\nlocal,blue,,\n", "tracker.csv:2: rag 'blue' given; allowed: red, amber, green"),
    ],
)
def test_a_tracker_that_does_not_fit_is_refused_at_its_line(text: str, said: str, tmp_path: Path) -> None:
    from cohort.report.savings import tracker_of

    path = tmp_path / "tracker.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match="tracker") as error:
        tracker_of(path, ("local", "cheaper"))
    assert said in str(error.value)


def test_a_trackers_owner_and_rating_stand_beside_the_saving(tmp_path: Path) -> None:
    from cohort.report.savings import tracker, tracker_of

    path = tmp_path / "tracker.csv"
    path.write_text("rule,rag,owner,decision_date\nlocal,amber,=HYPERLINK(1),2025-07-01\n", "utf-8")
    found = tracker(small_report.reading(), small_report.effects(), tracker_of(path, ("local",)))
    row = found.row("local")
    assert row is not None
    assert row.cells[-3:] == ("amber", "=HYPERLINK(1)", "2025-07-01")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--scenario", "mne"], "scenario: 'mne' given; did you mean 'mine'?"),
        (["--tracker", "t.csv"], "tracker: goes with what policies do alone"),
        (["--scenario", "base", "--effects"], "effects: base is the study's first scenario; allowed: another"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_written(
    more: list[str], said: str, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ask("--out", str(out), *more) == 2
    told = capsys.readouterr()
    assert said in told.err
    assert told.out == ""
    assert not out.exists()


def test_a_study_without_a_whole_year_or_that_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert "holds no study" in capsys.readouterr().err
    short = study.run([small_pack.scenario(until="2024-06")], replicates=1, out=tmp_path / "short", workers=1)
    assert main(["report", str(short.folder)]) == 2
    assert "covers no whole financial year of the council's projection" in capsys.readouterr().err


def test_one_scenario_and_one_run_make_a_report_without_comparison(tmp_path: Path) -> None:
    alone = study.run([small_pack.scenario(until="2026-04")], replicates=1, out=tmp_path / "alone", workers=1)
    assert main(["report", str(alone.folder), "-q"]) == 0
    text = (alone.folder / "report" / "report.html").read_text("utf-8")
    assert "first scenario alone, so there is nothing to compare it with" in text
    assert "There is only one run, so the model cannot say how wide the range is." in text
    assert "end of range" not in text
