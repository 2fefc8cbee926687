"""Shapley effects of a known line are what theory says, with parameters apart or tied together."""

from pathlib import Path

import numpy as np
import pytest

from cohort import study
from cohort.analysis.sensitivity import blocks, effects, shares, table
from cohort.cli import main
from cohort.results import StudyError
from tests import small_pack
from tests.rules_for_tests import rule

LUCK = np.random.default_rng(3)


def test_shares_of_a_line_in_parameters_that_are_apart_are_squared_slopes() -> None:
    x = LUCK.normal(size=(4000, 4))
    found, rest = shares(("a", "b", "c", "d"), x, 3 * x[:, 0] - 2 * x[:, 1] + x[:, 2] + LUCK.normal(size=4000))
    by = {e.parameter: e for e in found}
    assert [e.parameter for e in found] == ["a", "b", "c", "d"]
    for name, slope in zip("abcd", (3, -2, 1, 0), strict=True):
        assert by[name].share == pytest.approx(slope**2 / 15, abs=0.02)
        assert by[name].narrower == pytest.approx(1 - (1 - slope**2 / 15) ** 0.5, abs=0.02)
    assert [by[n].direction for n in "ab"] == [1, -1]
    assert rest == pytest.approx(1 / 15, abs=0.02)
    assert sum(e.share for e in found) + rest == pytest.approx(1)


def test_two_tied_parameters_share_what_both_tell() -> None:
    """Theory (Gaussian, y = x1 with corr(x1, x2) = r): x1 has 1 - r^2/2, x2 r^2/2."""
    r = 0.8
    one = LUCK.normal(size=6000)
    two = r * one + (1 - r * r) ** 0.5 * LUCK.normal(size=6000)
    found, _ = shares(("one", "two"), np.stack([one, two], 1), one)
    by = {e.parameter: e for e in found}
    assert by["one"].share == pytest.approx(1 - r * r / 2, abs=0.02)
    assert by["two"].share == pytest.approx(r * r / 2, abs=0.02)
    assert by["two"].known_alone == pytest.approx(r * r, abs=0.03), "knowing it tells of the other"


def test_ranks_see_through_a_bent_result() -> None:
    x = LUCK.normal(size=(2000, 2))
    found, rest = shares(("a", "b"), x, np.exp(3 * x[:, 0]))
    assert found[0].parameter == "a"
    assert found[0].share > 0.98
    assert rest < 0.02


def test_blocks_are_of_correlations_beyond_chance() -> None:
    c = np.eye(4)
    c[0, 2] = c[2, 0] = 0.5
    c[1, 3] = c[3, 1] = 0.05
    assert blocks(c, 1000) == [[0, 2], [1], [3]]


def test_a_study_of_draws_is_taken_apart_and_too_few_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uncertain = "Scale('request', Uncertain(0.5, 0.7, 0.9), When('2024-02'), name='requests', because='a test')"
    fixed = {n: v for n, v in _modes().items() if n not in {"scale.request", "scale.cease", "growth.special"}}
    small = small_pack.scenario("s", rules=(rule(tmp_path, "fewer", uncertain),), parameters=fixed, until="2024-05")
    names, values = table(small, [0, 1, 2])
    assert sorted(names) == ["fewer.requests.by", "growth.special", "scale.cease", "scale.request"]
    assert values.shape == (3, 4)
    made = study.run(small, draws=12, out=tmp_path / "made", workers=1)
    found = effects(made, "plans", "2024-05")
    assert {e.parameter for e in found.effects} == set(names)
    assert found.draws == 12
    assert main(["sensitivity", str(made.folder), "--series", "plans", "--period", "2024-05"]) == 0
    assert "narrower if known" in capsys.readouterr().out
    few = study.run(small, draws=3, out=tmp_path / "few", workers=1)
    with pytest.raises(StudyError, match="3 draws for 4 uncertain parameters; allowed: 10 draws or more"):
        effects(few, "plans", "2024-05")
    with pytest.raises(StudyError, match="headline has no plans for 2030-01"):
        effects(made, "plans", "2030-01")


def _modes() -> dict[str, float]:
    from cohort import parameters

    return {n: of.mode for n, of in parameters.estimates(small_pack.whole_setting().pack).items()}
