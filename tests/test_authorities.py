"""Several authorities in one study: children and luck of their own, paired with their own base, exact sums."""

from pathlib import Path

import numpy as np
import pytest

from cohort import authorities, study, synthetic
from cohort.analysis import perrun
from cohort.analysis.compare import compare
from cohort.cli import main
from cohort.pack import DataError, Pack
from cohort.results import Study, StudyError
from cohort.scenario import Scenario, ScenarioError
from cohort.setting import build
from cohort.synthetic import Recipe


@pytest.fixture(scope="module")
def packs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A small Kent, and an authority of half its size where requests and prices are higher."""
    folder = tmp_path_factory.mktemp("packs")
    recipes = [Recipe("one", 0.05), Recipe("two", 0.025, requests=1.3, prices=1.2)]
    made = [synthetic.make(recipe, folder / recipe.name) for recipe in recipes]
    return str(made[0]), str(made[1])


@pytest.fixture(scope="module")
def made(packs: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Study:
    given = [Scenario.load("baseline"), Scenario.load("programme")]
    chosen = authorities.across(given, packs)
    short = [s.model_copy(update={"until": "2026-04"}) for s in chosen]
    return study.run(short, replicates=2, out=tmp_path_factory.mktemp("region") / "study", workers=1)


def test_each_scenario_is_run_in_each_authority_under_a_name_of_its_own(made: Study) -> None:
    assert [s.name for s in made.scenarios] == [
        "baseline__one", "programme__one", "baseline__two", "programme__two"]  # fmt: skip
    assert [made.paired(s.name) for s in made.scenarios] == [False, True, False, True]


def test_one_authority_leaves_the_names_as_they_are(packs: tuple[str, str]) -> None:
    assert [s.name for s in authorities.across([Scenario.load("baseline")], packs[:1])] == ["baseline"]


def test_authorities_are_each_what_they_are_alone(made: Study, packs: tuple[str, str], tmp_path: Path) -> None:
    alone = Scenario.parse({**Scenario.load("baseline").model_dump(), "authority": packs[1], "until": "2026-04"})
    by_itself = study.run([alone], replicates=2, out=tmp_path / "alone", workers=1)
    for table in ("stock", "spend", "ledger"):
        mine = made.query(f"select * exclude (scenario) from {table} where scenario = 'baseline__two'").df()
        assert mine.equals(by_itself.query(f"select * exclude (scenario) from {table}").df())


def test_the_name_without_an_authority_is_the_sum_over_all(made: Study) -> None:
    keys = ["financial_year", "line"]
    whole = perrun.per_run(made, "spend", "baseline", keys)
    parts = [perrun.per_run(made, "spend", f"baseline__{n}", keys) for n in ("one", "two")]
    np.testing.assert_array_equal(whole.to_numpy(), parts[0].add(parts[1], fill_value=0).to_numpy())
    together = compare(made)
    assert (together.base, together.other) == ("baseline", "programme")
    apart = [compare(made, f"baseline__{n}", f"programme__{n}") for n in ("one", "two")]
    for k, saving in enumerate(together.savings):
        assert saving.part_year.mean == pytest.approx(sum(c.savings[k].part_year.mean for c in apart))
    last = [c.moves[-1].children.mean for c in (together, *apart) if c.moves]
    assert last[0] == sum(last[1:]) > 0


def test_worlds_of_two_authorities_are_not_compared(made: Study) -> None:
    with pytest.raises(StudyError, match="different authorities"):
        compare(made, "baseline__one", "baseline__two")


def test_children_of_two_authorities_share_no_luck(packs: tuple[str, str]) -> None:
    tapes = [build(Scenario(name="x", authority=p)).tape for p in packs]
    shared = np.intersect1d(tapes[0].identity, tapes[1].identity)
    assert len(shared) == 0


def test_a_synthetic_authority_is_kent_times_its_size(packs: tuple[str, str]) -> None:
    kent, two = Pack.load("kent"), Pack.load(packs[1], check=True)
    for table, columns in synthetic.COUNTS.items():
        for column in columns:
            assert abs(two.table(table)[column].sum() - 0.025 * kent.table(table)[column].sum()) <= 0.5 + 1e-6
    north = [p.table("rate_areas").where(rate="request", area="North")["factor"].item() for p in (kent, two)]
    assert north[1] == pytest.approx(1.3 * north[0], rel=1e-5)
    for name, factor in (("recently_refused", 0.025), ("price.nmiss", 1.2), ("service.support_services", 0.03)):
        drawn = [p.table("posterior")[name] for p in (kent, two)]
        np.testing.assert_allclose(drawn[1], factor * drawn[0], rtol=1e-5)
    prices = [p.table("estimate_prices")["mode"].sum() for p in (kent, two)]
    assert prices[1] == pytest.approx(1.2 * prices[0], rel=1e-5)


def test_a_recipe_of_any_size_passes_the_checks_of_its_own_pack(tmp_path: Path) -> None:
    for size in (synthetic.LEAST, 0.2293, 1.7, synthetic.MOST):
        made = synthetic.make(Recipe("any", size, 0.9, 1.03), tmp_path / f"{size}")
        assert Pack.load(made).problems() == []
    assert [p for p in tmp_path.iterdir() if p.name.startswith(".")] == []


@pytest.mark.parametrize(("wrong", "said"), [
    ({"name": "Big Town"}, "name: 'Big Town' given; allowed: lower case"),
    ({"size": 9.0}, "size: 9.0 given; allowed: 0.02 to 4.0"),
    ({"prices": 0.1}, "prices: 0.1 given; allowed: 0.5 to 2.0"),
])  # fmt: skip
def test_a_recipe_says_what_is_allowed(wrong: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        Recipe(**{"name": "second", "size": 0.3, **wrong})  # type: ignore[arg-type]


def test_the_commands_say_what_is_wrong_and_make_what_they_say(
    packs: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert synthetic.main([str(tmp_path), "--size", "0.03"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert main(["run", "baseline", "--authority", packs[0], "--authority", packs[0]]) == 2
    assert "each name once" in capsys.readouterr().err
    with pytest.raises(ScenarioError, match="each name once"):
        authorities.across([Scenario.load("baseline")], (packs[0], packs[0]))
    out = tmp_path / "both"
    given = [
        "run",
        "baseline",
        "--replicates",
        "1",
        "--until",
        "2024-12",
        "--out",
        str(out),
        "--workers",
        "1",
        "--quiet",
    ]
    assert main([*given, "--authority", packs[0], "--authority", packs[1]]) == 0
    assert [s.name for s in Study.open(out).scenarios] == ["baseline__one", "baseline__two"]
