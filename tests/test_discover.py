"""Circumstances in which a goal is met are found where they are, and nothing is found where there is nothing."""

import json
from pathlib import Path

import numpy as np
import pytest

from cohort import study
from cohort.analysis import discover
from cohort.analysis.goal import Goal
from cohort.cli import main
from cohort.draws import WHOLE, draw_many, mix_many
from cohort.parameters import estimates
from cohort.results import Study, StudyError
from tests import small_pack
from tests.small import KENT

pytest.importorskip("ema_workbench", reason="the EMA workbench is not installed; it is the optional extra explore")
KNOWN = ("price.nmiss", "growth.special", "scale.cease")


def table(rows: int, columns: int) -> np.ndarray:
    """Uniform numbers, keyed."""
    keys = mix_many(np.arange(rows * columns, dtype=np.uint64))
    return (draw_many(keys, np.uint64(7)) / WHOLE).reshape(rows, columns)


def test_a_box_is_found_where_it_is_and_names_no_other_parameter() -> None:
    x = table(600, 6)
    met = (x[:, 1] < 0.4) & (x[:, 4] > 0.5)
    boxes = discover._boxes(tuple("abcdef"), x, list(met))
    for box in boxes:
        assert {limit.parameter for limit in box.limits} == {"b", "e"}
    by = {limit.parameter: limit for limit in boxes[-1].limits}
    assert by["b"].high == pytest.approx(0.4, abs=0.03)
    assert by["e"].low == pytest.approx(0.5, abs=0.03)
    assert min(boxes[-1].coverage, boxes[-1].density) > 0.9
    assert boxes[-1].mass == pytest.approx(0.2, abs=0.05)


def test_luck_alone_gives_no_limits() -> None:
    x = table(400, 8)
    for box in discover._boxes(tuple("abcdefg"), x[:, :7], list(x[:, 7] < 0.3)):
        assert box.limits == ()


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Forty draws in which three parameters vary."""
    fixed = {name: known.mode for name, known in estimates(KENT).items() if name not in KNOWN}
    few = small_pack.scenario("few", parameters=_small(fixed), until="2025-04")
    return study.run(few, draws=40, out=tmp_path_factory.mktemp("few") / "study", workers=1)


def _small(fixed: dict[str, float]) -> dict[str, float]:
    """Without those that are numbers of children, which the small pack has as small."""
    from cohort.synthetic import PIPELINE

    return {name: value for name, value in fixed.items() if name not in PIPELINE and not name.startswith("service.")}


def test_a_study_says_what_the_goal_depends_on(made: Study, capsys: pytest.CaptureFixture[str]) -> None:
    spend = made.query("select draw, sum(pence) from spend where month between '2024-04' and '2025-03' group by draw")
    middle = sorted(pence / 100 for _, pence in spend.fetchall())[19]
    goal = Goal("spend", "2024-25", middle)
    found = discover.discover(made, goal)
    assert (found.draws, found.met) == (40, 20)
    assert 0 < found.boxes[0].coverage <= 1
    assert main(["discover", str(made.folder), "--goal", f"spend 2024-25 <= {middle:.2f}", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["met"] in {19, 20}
    assert main(["discover", str(made.folder), "--goal", f"spend 2024-25 <= {middle:.2f}"]) == 0
    assert "of the draws that meet it" in capsys.readouterr().out


def test_a_goal_that_everything_or_nothing_meets_and_too_few_draws_are_refused(made: Study, tmp_path: Path) -> None:
    for pounds, met in ((1.0, 0), (1e12, 40)):
        with pytest.raises(StudyError, match=f"{met} of 40 draws meet it; allowed: between a tenth and nine tenths"):
            discover.discover(made, Goal("spend", "2024-25", pounds))
    one = study.run(small_pack.scenario("one", until="2024-02"), replicates=1, out=tmp_path / "one", workers=1)
    with pytest.raises(ValueError, match="allowed: no year"):
        discover.discover(one, Goal("spend", "2024-25", 1.0))
    with pytest.raises(StudyError, match="'onee' is not a scenario"):
        discover.discover(one, Goal("spend", "2024-25", 1.0), "onee")
