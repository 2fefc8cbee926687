"""A comparison is of paired runs: savings by year, who moved, how sure it is, and whether anything happened at all."""

import json
from math import isinf
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cohort import study
from cohort.analysis.compare import TOTAL, compare
from cohort.cli import main
from cohort.results import Study, StudyError
from cohort.scenario import Scenario
from tests import small_pack
from tests.rules_for_tests import CHEAPER, LOCAL, NOTHING_MUCH, TO_SPECIAL, rule


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A base, a policy that moves children, one that moves prices only, one that does nothing; six runs to 2025."""
    folder = tmp_path_factory.mktemp("compare")
    until = {"until": "2025-05"}
    scenarios = [small_pack.scenario("base", **until)] + [
        small_pack.scenario(name, rules=(rule(folder, name, change),), **until)
        for name, change in (("local", LOCAL), ("cheaper", CHEAPER), ("same", NOTHING_MUCH))
    ]
    return study.run(scenarios, replicates=6, out=folder / "made", workers=1)


def year_pence(study: Study, scenario: str) -> pd.Series:
    """From scratch: [replicate] pence of April 2024 to March 2025."""
    spend = pd.concat(pd.read_parquet(p) for p in study.files("spend") if f"scenario={scenario}" in p.as_posix())
    months = [f"2024-{m:02d}" for m in range(4, 13)] + ["2025-01", "2025-02", "2025-03"]
    return spend[spend.month.isin(months)].groupby("replicate").pence.sum()


def test_a_saving_is_the_difference_of_each_pair_of_runs(made: Study) -> None:
    found = compare(made, "base", "local")
    saved = year_pence(made, "base") - year_pence(made, "local")
    (year,) = [s for s in found.savings if s.financial_year == "2024-25"]
    assert year.part_year.mean == pytest.approx(saved.mean())
    assert year.part_year.p95 == pytest.approx(saved.quantile(0.95))
    assert year.saves.p == (saved > 0).mean()
    apart = year_pence(made, "base").var() + year_pence(made, "local").var()
    assert year.variance_ratio == pytest.approx(apart / saved.var())
    assert year.runs_needed == np.ceil(saved.var() / 1e7**2) or year.runs_needed == 1
    (total,) = [s for s in found.savings if s.financial_year == TOTAL]
    assert total.part_year.p95 == year.part_year.p95, "the only whole year"


def test_a_breakdown_adds_up_to_the_total(made: Study) -> None:
    for by in ("line", "placement", "area", "age_group"):
        found = compare(made, other="local", by=by)
        cells = [s.part_year.mean for s in found.savings if s.cell != "total"]
        assert len(cells) > 1
        (total,) = [s.part_year.mean for s in found.savings if s.financial_year == TOTAL]
        assert sum(cells) == pytest.approx(total)


def test_the_full_year_effect_is_twelve_marches(made: Study) -> None:
    found = compare(made, "base", "cheaper")
    saved = (
        "select sum(case scenario when 'base' then pence when 'cheaper' then -pence else 0 end) / 6 from spend where "
    )
    spend = made.query(saved + "month = '2025-03'").fetchall()
    within = made.query(saved + "month between '2024-09' and '2025-03'").fetchall()
    (year,) = [s for s in found.savings if s.financial_year == "2024-25"]
    assert year.full_year is not None
    assert year.full_year.mean == pytest.approx(12 * float(spend[0][0]))
    assert year.part_year.mean == pytest.approx(float(within[0][0]))
    assert year.saves.p == 1


def test_children_who_are_elsewhere_are_counted_from_where_to_where_in_either_direction(made: Study) -> None:
    there, back = compare(made, "base", "local"), compare(made, "local", "base")
    assert there.moves is not None
    assert back.moves is not None
    first, last = there.moves[0], there.moves[-1]
    assert (first.month, first.children.mean) == ("2024-01", 0)
    assert last.month == "2025-04"
    assert last.children.mean > 0
    assert last.children.mean == pytest.approx(sum(p.children.mean for p in last.pairs))
    pairs = {(p.frm, p.to): p.children.mean for p in last.pairs}
    into, out_of = (sum(n for pair, n in pairs.items() if pair[k] == "mainstream") for k in (1, 0))
    assert into > out_of, "a place that is not taken goes to another child, who may leave mainstream for it"
    assert pairs["state_special", "mainstream"] > 0
    assert {(p.to, p.frm): p.children.mean for p in back.moves[-1].pairs} == pairs
    many = [p.children.mean for p in last.pairs]
    assert many == sorted(many, reverse=True)
    assert compare(made, "local", "cheaper").moves is None, "a study pairs with its first scenario only"


def test_a_policy_that_moves_neither_child_nor_penny_is_named(made: Study) -> None:
    found = compare(made, "base", "same")
    assert found.inert
    assert found.said() == "same: moved neither child nor penny in any of 6 runs"
    cheaper = compare(made, "base", "cheaper")
    assert not cheaper.inert, "a penny moved"
    assert cheaper.idle == 0
    assert cheaper.moves is not None
    assert all(m.children.mean == 0 for m in cheaper.moves)


def test_the_chance_of_more_than_a_target_falls_as_the_target_rises(made: Study) -> None:
    chances = [compare(made, "base", "local", target=t).savings[0].reaches for t in (-1e9, 0.0, 1e9)]
    assert [c.p for c in chances if c] == sorted((c.p for c in chances if c), reverse=True)
    assert chances[0].p == 1
    assert chances[-1].p == 0


def test_what_cannot_be_compared_is_named(made: Study) -> None:
    with pytest.raises(StudyError, match="'locla' is not a scenario of this study; did you mean 'local'"):
        compare(made, "base", "locla")
    with pytest.raises(StudyError, match="given twice"):
        compare(made, "base", "base")
    with pytest.raises(StudyError, match="by: 'lines' given"):
        compare(made, by="lines")


def test_the_command_prints_savings_and_moves_or_json(made: Study, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["compare", str(made.folder), "--with", "local", "--target", "1e6", "--by", "line"]) == 0
    out = capsys.readouterr().out
    for words in (
        "local against base: 6 paired runs",
        "P(target): the chance",
        "state_special -> mainstream",
        "full year: 12",
    ):
        assert words in out
    assert main(["compare", str(made.folder), "--base", "base", "--with", "same"]) == 0
    assert "Inert: same: moved neither child nor penny" in capsys.readouterr().out
    assert main(["compare", str(made.folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["other"] == "local"
    assert main(["compare", str(made.folder / "nothing")]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.slow
def test_pairs_take_out_most_of_the_variance_of_a_targeted_policy_in_the_whole_county(tmp_path: Path) -> None:
    scenarios = [Scenario(name="base", until="2026-04"),
                 Scenario(name="policy", until="2026-04", rules=(rule(tmp_path, "policy", TO_SPECIAL),))]  # fmt: skip
    made = study.run(scenarios, replicates=16, out=tmp_path / "made", workers=1)
    ratios = [s.variance_ratio for s in compare(made).savings if s.financial_year == "2025-26"]
    assert all(isinf(r) or r >= 20 for r in ratios), ratios
