"""Shares of a saving sum to the joint to the penny, and are what can be worked out by hand."""

import json
from fractions import Fraction
from itertools import permutations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort.analysis import shapley
from cohort.analysis.attribute import attribute
from cohort.analysis.worth import PARTS, Worth, worth
from cohort.calendar import month
from cohort.cli import main
from cohort.scenario import Scenario, ScenarioError
from tests import small_pack
from tests.rules_for_tests import CHEAPER, FEWER, LOCAL, MILDEST, NOTHING_MUCH, POT, rule

YEAR = list(range(month("2025-04"), month("2026-04")))


def game(values: list[int]) -> shapley.Value:
    """A subset is worth its number in a list."""
    return lambda subset: np.array([values[subset]], dtype=object)


@given(st.integers(1, 4).flatmap(lambda n: st.lists(st.integers(-(10**11), 10**11), min_size=2**n, max_size=2**n)))
def test_shares_sum_to_the_joint_and_are_the_mean_over_all_orders(values: list[int]) -> None:
    n = len(values).bit_length() - 1
    values[0] = 0
    shares = shapley.exact(n, game(values))
    assert shares.shares.sum() == values[-1]
    assert set(shares.placed.ravel()) <= {0, 1}
    orders = list(permutations(range(n)))
    for k in range(n):
        befores = [sum(1 << j for j in order[: order.index(k)]) for order in orders]
        mean = Fraction(sum(values[before | 1 << k] - values[before] for before in befores), len(orders))
        assert abs(mean - shares.shares[k, 0]) < 1


@given(st.lists(st.integers(-(10**9), 10**9), min_size=8, max_size=8), st.integers(2, 9))
def test_shares_of_sampled_orders_sum_to_the_joint_too(values: list[int], orders: int) -> None:
    values[0] = 0
    shares = shapley.sampled(("a", "b", "c"), game(values), orders)
    assert shares.shares.sum() == values[-1]
    assert shares.error is not None


def test_a_glove_game_is_shared_as_by_hand() -> None:
    """A left glove (0) and two right ones (1, 2): a pair is worth 600; by hand 4/6, 1/6, 1/6."""
    pair = [600 if s & 1 and s & 6 else 0 for s in range(8)]
    assert shapley.exact(3, game(pair)).shares.ravel().tolist() == [400, 100, 100]


def test_what_a_saving_is_made_of_by_hand() -> None:
    """Today 100 a month on a. Base grows to 150; the policy has it at 80, and pays 10 a month on b."""
    ones = np.ones(12)
    found = worth({"a": np.array([100.0, *([150.0] * 12)])}, {"a": np.array([100.0, *([80.0] * 12)]),
                  "b": np.array([0.0, *(10 * ones)])}, [YEAR[0] - 1, *YEAR], YEAR[0] - 1)["2025-26"]  # fmt: skip
    assert found == Worth(cashable=12 * 20, avoided=12 * 50, reinvestment=120, full_year=12 * 60)
    assert (found.gross, found.net) == (840, 720)


@given(st.lists(st.floats(0, 1e8), min_size=24, max_size=24), st.lists(st.floats(0, 1e8), min_size=24, max_size=24))
def test_net_is_the_difference_of_spend_whatever_the_lines_do(base: list[float], other: list[float]) -> None:
    one, two = ({"a": np.rint(x[:12]), "b": np.rint(x[12:])} for x in (np.array(base), np.array(other)))
    found = worth(one, two, YEAR, YEAR[0])["2025-26"]
    assert found.net == sum(one[k].sum() - two[k].sum() for k in one)
    assert found.cashable >= 0
    assert found.reinvestment >= 0


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Scenario:
    """Five rules: two reach the same children, one is a price, one a pot, one does nothing."""
    folder = tmp_path_factory.mktemp("attribute")
    changes = {"fewer": FEWER, "local": LOCAL, "cheaper": CHEAPER, "pot": POT, "same": NOTHING_MUCH}
    rules = tuple(rule(folder, name, change) for name, change in changes.items())
    return small_pack.scenario("bundle", rules=rules, until="2026-04")


def test_shares_of_a_bundle_sum_to_its_joint_saving_in_every_part(bundle: Scenario) -> None:
    found = attribute(bundle, replicates=2)
    assert found.method == "expectation, every subset"
    assert found.worlds == 32
    assert found.inert == ("same",)
    assert found.today == "2024-05"
    for year in found.years:
        total = Worth()
        for share in year.shares:
            total += share.shapley
        assert total == year.joint
        assert year.interaction == year.joint.net - sum(s.alone.net for s in year.shares)
        assert year.confirmed is not None
        assert year.confirmed.runs == 2
        pot = next(s for s in year.shares if s.policy == "pot")
        assert pot.alone == pot.last_in == pot.shapley, "a pot interacts with nothing"
        assert pot.shapley.net < 0
        assert all(getattr(year.joint, part) == sum(getattr(s.shapley, part) for s in year.shares) for part in PARTS)
    fewer, local = found.years[-1].shares[0], found.years[-1].shares[1]
    assert fewer.last_in.net < fewer.alone.net, "a plan that is not issued cannot also be placed elsewhere"
    assert local.interaction < 0


def test_the_expectation_of_a_subset_is_that_of_a_world_begun_afresh(bundle: Scenario) -> None:
    from cohort.analysis import futures
    from cohort.analysis.attribute import policies_of
    from cohort.expected import LUMPED, Expectation
    from cohort.policy import combine

    base = futures.base_setting(bundle)
    policy = combine(policies_of(bundle))
    shared = futures.Lumped(base).spend(policy)
    afresh = Expectation(futures.under(base, policy), LUMPED)
    states, _ = afresh.run()
    for k, m in enumerate(futures.months_of(base)):
        for line, pence in afresh.spend(states[k + 1], m).items():
            assert shared[line][k] == pytest.approx(pence, rel=1e-12)


def test_beyond_so_many_policies_orders_are_sampled_and_shares_still_sum_to_the_joint(
    bundle: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cohort.analysis.attribute.EXACT_LUMPED", 2)
    three = bundle.model_copy(update={"rules": bundle.rules[:3], "until": "2025-05"})
    found = attribute(three, replicates=0, orders=4)
    assert found.method == "expectation, 4 sampled orders"
    (year,) = found.years
    assert sum(s.shapley.net for s in year.shares) == year.joint.net
    assert all(s.error is not None and s.error >= 0 for s in year.shares)


def test_what_the_expectation_cannot_tell_is_attributed_on_child_runs_and_says_so(tmp_path: Path) -> None:
    rules = (rule(tmp_path, "mild", MILDEST), rule(tmp_path, "cheaper", CHEAPER))
    found = attribute(small_pack.scenario("severe", rules=rules, until="2025-05"), replicates=2)
    assert found.method.startswith("child runs with common luck (2 replicates, every subset): the expectation has no")
    (year,) = found.years
    assert sum(s.shapley.net for s in year.shares) == year.joint.net
    assert year.joint.net != 0


def test_a_scenario_without_rules_is_refused_in_a_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="has no rules"):
        attribute(small_pack.scenario())
    path = tmp_path / "none.toml"
    path.write_text(small_pack.scenario("none").to_toml(), "utf-8")
    assert main(["attribute", str(path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_the_command_prints_each_year_or_json(
    bundle: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bundle.toml"
    short = bundle.model_copy(update={"rules": bundle.rules[1:3], "until": "2025-05"})
    path.write_text(short.to_toml(), "utf-8")
    assert main(["attribute", str(path), "-q"]) == 0
    out = capsys.readouterr().out
    for words in ("2024-25, GBP m", "Shapley", "Together", "child runs (4)", "local and cheaper together"):
        assert words in out
    assert main(["attribute", str(path), "-q", "--json", "--replicates", "0"]) == 0
    (year,) = json.loads(capsys.readouterr().out)["years"]
    assert year["joint"]["net"] == sum(s["shapley"]["net"] for s in year["shares"])
