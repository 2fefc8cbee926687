"""A study: the same files whoever makes them, resumable, and it says what it is."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cohort import pool, provenance, schemas, study
from cohort.results import Study, StudyError
from cohort.scenario import Scenario
from cohort.study import Progress, Stopped
from cohort.task import Task, run_task
from tests import small_pack

SHORT = {"until": "2024-10"}


def parts(folder: Path) -> dict[str, bytes]:
    """Every Parquet file of a study: name within it -> bytes."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.glob("*/scenario=*/*"))}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A study of two scenarios, twenty runs each, made by one process."""
    out = tmp_path_factory.mktemp("study") / "made"
    fixed = small_pack.scenario("dear", parameters={"price.nmiss": 60000.0}, **SHORT)
    return study.run([small_pack.scenario(**SHORT), fixed], out=out, workers=1)


class Interrupt(Progress):
    """Presses Ctrl-C after so many runs."""

    def __init__(self, after: int) -> None:
        self.after = after

    def done(self, runs: int) -> None:
        """A run is finished."""
        if runs >= self.after:
            raise KeyboardInterrupt


def again(made: Study, out: Path, **keys: object) -> Study:
    """The same study in another folder."""
    return study.run(made.scenarios, out=out, **keys)  # type: ignore[arg-type]


def test_a_study_has_a_file_for_each_table_scenario_and_ten_runs(made: Study) -> None:
    expected = {
        f"{t}/scenario={s}/part-{k:05d}.parquet"
        for t in schemas.SCHEMAS
        for s in ("small", "dear")
        for k in (0, 1)
        if (t, s) != ("pairs", "small")  # the first scenario is what the others are paired with
    }
    assert set(parts(made.folder)) == expected
    assert not list(made.folder.rglob(".*")), "no draft is left behind"


@pytest.mark.slow
def test_two_processes_write_the_same_bytes_as_one(made: Study, tmp_path: Path) -> None:
    assert parts(again(made, tmp_path / "two", workers=2).folder) == parts(made.folder)


def test_a_study_resumed_after_parts_were_lost_has_the_same_bytes(made: Study, tmp_path: Path) -> None:
    out = tmp_path / "lost"
    whole = parts(again(made, out, workers=1).folder)
    (out / "flow/scenario=small/part-00001.parquet").unlink()
    (out / "spend/scenario=dear/part-00000.parquet").unlink()
    kept = out / "flow/scenario=small/part-00000.parquet"
    before = kept.stat().st_mtime_ns
    assert parts(again(made, out, workers=1, resume=True).folder) == whole == parts(made.folder)
    assert kept.stat().st_mtime_ns == before, "what was whole is left"


@pytest.mark.parametrize("workers", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_study_stopped_by_ctrl_c_says_so_and_goes_on_to_the_same_bytes(
    made: Study, tmp_path: Path, workers: int
) -> None:
    out = tmp_path / "stopped"
    with pytest.raises(Stopped, match="what is finished is kept"):
        again(made, out, workers=workers, progress=Interrupt(13))
    manifest = Study.open(out).manifest
    assert manifest["status"] == "stopped"
    assert len(parts(out)) < len(parts(made.folder))
    resumed = again(made, out, workers=1, resume=True)
    assert parts(resumed.folder) == parts(made.folder)
    assert Study.open(out).manifest["status"] == "done"
    assert Study.open(out).manifest["started"] == manifest["started"]


def test_a_study_that_fails_says_so(made: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(pool, "work", broken)
    with pytest.raises(OSError, match="no space left"):
        again(made, tmp_path / "failed", workers=1)
    assert Study.open(tmp_path / "failed").manifest["status"] == "failed"


def test_a_task_done_twice_changes_nothing(made: Study, tmp_path: Path) -> None:
    task = Task(0, ((0, 0), (0, 1)), made.scenarios, 1, tmp_path)
    first = run_task(task)
    bytes_first = [p.read_bytes() for p in first]
    assert run_task(task) == first
    assert [p.read_bytes() for p in first] == bytes_first


def test_files_are_one_sorted_row_group_of_the_fixed_columns(made: Study) -> None:
    for name, schema in schemas.SCHEMAS.items():
        for path in made.files(name):
            file = pq.ParquetFile(path)
            assert file.metadata.num_row_groups == 1
            assert file.metadata.row_group(0).column(0).compression == "ZSTD"
            assert file.schema_arrow.names == schema.names
            rows = file.read(columns=["draw", "replicate"]).to_pylist()
            runs = [(r["draw"], r["replicate"]) for r in rows]
            assert runs == sorted(runs)


def test_the_manifest_says_what_made_the_study(made: Study) -> None:
    manifest = json.loads((made.folder / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["status"] == "done"
    assert manifest["started"] <= manifest["ended"]
    assert (manifest["seed"], manifest["draws"], manifest["replicates"]) == (1, 1, 20)
    assert manifest["ranges"] == "one point estimate: chance only"
    assert [s["name"] for s in manifest["scenarios"]] == ["small", "dear"]
    assert manifest["scenarios"][0]["last_month"] == "2024-09"
    assert manifest["code"].startswith("sha256:")
    assert manifest["scenarios"][0]["digest"] != manifest["scenarios"][1]["digest"]
    assert {"python", "numpy", "numba", "pyarrow"} <= manifest["versions"].keys()
    assert str(made.folder) not in json.dumps(manifest), "no path"


def test_the_effective_scenarios_are_kept_and_read_back_equal(made: Study) -> None:
    assert made.scenarios[1].parameters == {"price.nmiss": 60000.0}
    assert made.scenarios[0] == small_pack.scenario(**SHORT)


def test_replicates_differ_from_each_other_and_a_dearer_price_only_in_pounds(made: Study) -> None:
    headline = made.headline()
    plans = headline.query("series == 'plans' and period == '2024-10' and scenario == 'small'").value
    assert len(plans) == 20
    assert plans.nunique() > 1
    wide = headline.pivot_table(index=["series", "period", "replicate"], columns="scenario", values="value")
    differ = {name for name, *_ in wide[wide.small != wide.dear].index}
    assert differ
    assert all(name.startswith("spend") for name in differ)


def test_every_table_is_read_as_a_data_frame_of_both_scenarios(made: Study) -> None:
    for name in schemas.SCHEMAS:
        frame = getattr(made, name)()
        assert {*schemas.SCHEMAS[name].names, "scenario"} == set(frame.columns)
        found = {"pairs": {"dear"}, "ledger": set()}  # nothing is paired with itself; no financial year is whole
        assert set(frame.scenario) == found.get(name, {"small", "dear"})
    with pytest.raises(StudyError, match="has no table 'stocks'"):
        made.table("stocks")
    assert made.query("select count(*) from stock where ncy > 21").fetchall() == [(0,)]


def test_several_draws_are_one_run_each_and_say_what_they_are_drawn_from(tmp_path: Path) -> None:
    small = small_pack.scenario(until="2024-03", parameters={"scale.review_move": 1.0})
    several = study.run(small, draws=3, out=tmp_path / "draws", workers=1)
    assert several.manifest["ranges"] == "draws from the posterior; what it does not hold, from priors"
    pence = several.headline().query("series == 'spend_part.total'")
    assert sorted(set(zip(pence.draw, pence.replicate, strict=True))) == [(0, 0), (1, 1), (2, 2)]
    assert pence.value.nunique() == 3


def test_a_folder_that_holds_something_else_is_refused(made: Study, tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"holds another study \(other seed\)"):
        again(made, made.folder, seed=2, resume=True)
    with pytest.raises(StudyError, match=r"holds another study \(other scenarios\)"):
        study.run(small_pack.scenario(**SHORT), out=made.folder, resume=True)
    with pytest.raises(StudyError, match=r"holds this study \(done\); add --resume"):
        again(made, made.folder)
    (tmp_path / "note.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(StudyError, match="is not empty and holds no study"):
        again(made, tmp_path)
    with pytest.raises(StudyError, match="a file is there"):
        again(made, tmp_path / "note.txt")
    with pytest.raises(StudyError, match="there is no study to resume"):
        again(made, tmp_path / "nothing", resume=True)
    with pytest.raises(StudyError, match="no folder given"):
        study.run(made.scenarios, resume=True)
    assert [p.name for p in tmp_path.iterdir()] == ["note.txt"]


def test_what_cannot_be_run_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    small = small_pack.scenario(**SHORT)
    for keys in ({"draws": 0}, {"replicates": 0}, {"seed": -1}, {"draws": 2**15}):
        with pytest.raises(StudyError, match="allowed"):
            study.run(small, out=tmp_path / "out", **keys)
    with pytest.raises(StudyError, match="each name once"):
        study.run([small, small], out=tmp_path / "out")
    with pytest.raises(StudyError, match=r"small: 'price\.nmis' is not a parameter; did you mean 'price\.nmiss'"):
        study.run(small_pack.scenario(parameters={"price.nmis": 1.0}), out=tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_the_same_code_data_and_scenario_have_the_same_digests() -> None:
    small = small_pack.scenario()
    assert provenance.code() == provenance.code()
    assert provenance.scenario(small) == provenance.scenario(small.model_copy(update={"title": "Other words"}))
    assert provenance.scenario(small) != provenance.scenario(small_pack.scenario(until="2025-01"))
    stamp = provenance.stamp(small, small_pack.whole_setting().pack, 1)
    assert stamp["data"] == small_pack.whole_setting().pack.digest()
    assert str(small_pack.shared_pack()) not in json.dumps(stamp)


def test_the_default_folder_is_named_by_scenarios_and_time() -> None:
    outline = study.Outline((Scenario(name="one"), Scenario(name="two")), ("x", "y"), 1, 1, 1)
    assert study.check_folder(outline).parts[0] == "studies"
    assert study.check_folder(outline).name.startswith("one-two-2")


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends signals to a group of processes")
def test_ctrl_c_pressed_twice_ends_every_process_and_keeps_the_study(tmp_path: Path) -> None:
    """Both signals reach all processes at once, as from a terminal."""
    scenario = tmp_path / "mine.toml"
    scenario.write_text(small_pack.scenario().to_toml(), encoding="utf-8")
    command = [sys.executable, "-m", "cohort", "run", scenario, "--out", tmp_path / "out", "--replicates", "400", "-q"]
    process = subprocess.Popen([*command, "--workers", "2"], stderr=subprocess.PIPE, text=True, start_new_session=True)
    for _ in range(600):
        if list(tmp_path.glob("out/flow/*/*")) or process.poll() is not None:
            break
        time.sleep(0.1)
    os.killpg(process.pid, signal.SIGINT)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "go on with: cohort run --resume --out" in said
    assert Study.open(tmp_path / "out").manifest["status"] == "stopped"
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    pytest.fail("a worker is still there")
