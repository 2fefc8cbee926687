"""Whatever ends a study, nothing is lost or doubled: resumed, it has the bytes of one that was never stopped."""

import errno
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cohort import study, task
from cohort.results import Study, StudyError
from cohort.study import Failed, Progress
from tests import small_pack

UNTIL = "2024-07"
linux = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for worker processes in /proc")


def parts(folder: Path) -> dict[str, bytes]:
    """Every Parquet file of a study, drafts too: name within it -> bytes."""
    found = (*folder.glob("*/scenario=*/*"), *folder.glob("*/scenario=*/.*"))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(found)}


class Heard(Progress):
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Forty runs, never stopped."""
    small = small_pack.scenario(until=UNTIL)
    return study.run(small, replicates=40, out=tmp_path_factory.mktemp("recovery") / "whole", workers=1)


def test_a_part_that_cannot_be_read_whole_is_named_and_made_again(whole: Study, tmp_path: Path) -> None:
    out = tmp_path / "spoiled"
    made = study.run(whole.scenarios, replicates=40, out=out, workers=1)
    cut, flipped = (out / f"{t}/scenario=small/part-00001.parquet" for t in ("flow", "stock"))
    cut.write_bytes(cut.read_bytes()[:-40])
    data = bytearray(flipped.read_bytes())
    data[len(data) // 3] ^= 0xFF
    flipped.write_bytes(bytes(data))
    (out / "flow/scenario=small/.part-00002.parquet.999").write_bytes(b"half")
    heard = Heard()
    study.run(made.scenarios, replicates=40, out=out, workers=1, resume=True, progress=heard)
    assert any("making again 2 files" in line and "flow/scenario=small/part-00001" in line for line in heard.said)
    assert parts(out) == parts(whole.folder)


def test_a_full_disk_is_named_and_the_study_goes_on_from_there(
    whole: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = task.write, []

    def fills_up(table: object, path: Path) -> None:
        if len(written) > 7:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        write(table, path)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(task, "write", fills_up)
        with pytest.raises(Failed, match="the disk is full; make room, what is finished is kept; go on with: cohort"):
            study.run(whole.scenarios, replicates=40, out=tmp_path / "full", workers=1)
    assert Study.open(tmp_path / "full").manifest["status"] == "failed"
    study.run(whole.scenarios, replicates=40, out=tmp_path / "full", workers=1, resume=True)
    assert parts(tmp_path / "full") == parts(whole.folder)


def workers_of(pid: int) -> list[int]:
    """Processes started by a process."""
    return [int(c) for t in Path(f"/proc/{pid}/task").glob("*/children") for c in t.read_text().split()]


def started(whole: Study, out: Path, folder: Path) -> subprocess.Popen[str]:
    """The study, begun or gone on with by a process of its own with two workers."""
    path = folder / "small.toml"
    path.write_text(whole.scenarios[0].to_toml(), "utf-8")
    resume = ["--resume"] if (out / "manifest.json").exists() else []
    command = [sys.executable, "-m", "cohort", "run", path, "--out", out, "--replicates", "40", "-q", "--workers", "2"]
    return subprocess.Popen([*map(str, command), *resume], stderr=subprocess.PIPE, text=True, start_new_session=True)


def begun(process: subprocess.Popen[str], out: Path, since: float) -> None:
    """Wait until it says that it is running."""
    for _ in range(1200):
        manifest = out / "manifest.json"
        if (manifest.exists() and manifest.stat().st_mtime > since) or process.poll() is not None:
            return
        time.sleep(0.05)


@linux
@pytest.mark.slow
@pytest.mark.parametrize("moments", [20])
def test_killed_at_random_moments_nothing_is_lost_and_nothing_doubled(
    whole: Study, tmp_path: Path, moments: int
) -> None:
    """Now all processes, now one worker only; then the study is finished by this process."""
    out, luck, killed = tmp_path / "killed", random.Random(moments), 0
    for moment in range(moments):
        since = time.time()
        process = started(whole, out, tmp_path)
        begun(process, out, since)
        with suppress(subprocess.TimeoutExpired):
            process.wait(luck.uniform(0, 4))
        if process.poll() is None:
            killed += 1
            children = workers_of(process.pid)
            if moment % 2 and children:
                os.kill(luck.choice(children), signal.SIGKILL)
            else:
                os.killpg(process.pid, signal.SIGKILL)
        _, said = process.communicate(timeout=120)
        assert process.returncode in {0, 1, 2, -signal.SIGKILL}, said
        if process.returncode == 1:
            assert "a worker process died" in said
            assert "Traceback" not in said
    assert killed
    study.run(whole.scenarios, replicates=40, out=out, workers=1, resume=True)
    assert parts(out) == parts(whole.folder)
    assert Study.open(out).manifest["status"] == "done"


@pytest.mark.slow
def test_dask_writes_the_same_bytes_as_one_process(whole: Study, tmp_path: Path) -> None:
    pytest.importorskip("distributed")
    told: list[int] = []

    class Count(Progress):
        def done(self, runs: int) -> None:
            told.append(runs)

    study.run(whole.scenarios, replicates=40, out=tmp_path / "dask", workers=2, engine="dask", progress=Count())
    assert parts(tmp_path / "dask") == parts(whole.folder)
    assert told == [10, 20, 30, 40]


def test_an_engine_or_table_that_there_is_not_is_named(whole: Study, tmp_path: Path) -> None:
    for keys, said in (
        ({"engine": "spark"}, "engine: 'spark' given; allowed: local, dask"),
        ({"scheduler": "tcp://x:1"}, "allowed: with engine dask only"),
        ({"tables": ["child"]}, "tables: 'child' given; did you mean 'children'"),
    ):
        with pytest.raises(StudyError, match=said):
            study.run(whole.scenarios, out=tmp_path / "no", **keys)  # type: ignore[arg-type]
    assert not (tmp_path / "no").exists()


def test_a_long_study_says_what_it_needs_first() -> None:
    heard = Heard()
    study.prepare([small_pack.scenario(until=UNTIL)], replicates=100, progress=heard)
    assert any("100 runs need about" in line and "MB of memory a worker" in line for line in heard.said)
