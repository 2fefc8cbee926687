"""Scenarios of one run share their world until they differ, and are then compared child by child."""

from dataclasses import replace

import numpy as np
import pytest

from cohort import fork, study
from cohort.calendar import label, month
from cohort.fork import first_difference, run_together
from cohort.policy import NOTHING, Fund, Policy, Price, Redirect, Scale, Uncertain, When, where
from cohort.scenario import Scenario
from cohort.world import World
from tests import small_pack
from tests.small import elastic, small_setting

UNTIL = "2025-06"
LATER = When("2024-09")
FEWER = Policy("fewer", (Scale("request_supported", 0.5, LATER),))
CHEAPER = Policy("cheaper", (Price(charge="nmiss", by=0.5, when=When("2025-01")),))


def setting(policy=NOTHING):
    """Under a policy, among the very same children."""
    base = small_setting(40, UNTIL)
    return replace(small_setting(40, UNTIL, policy), tape=base.tape)


@pytest.mark.parametrize(("policy", "first"), [
    (FEWER, "2024-09"),
    (CHEAPER, "2025-01"),
    (Policy("pot", (Fund(line="other.pot", pounds=1e6, when=When("2025-04")),)), "2025-04"),
    (FEWER | CHEAPER, "2024-09"),
    (NOTHING, UNTIL),
    (Policy("late", (Scale("cease", 0.5, When("2024-03", delay=Uncertain(4, 5, 6))),)), "2024-08"),
])  # fmt: skip
def test_worlds_differ_from_the_first_month_in_which_their_policies_do(policy, first):
    assert label(first_difference(setting(), setting(policy))) == first


def test_scenarios_with_other_parameters_or_children_share_nothing():
    base = small_setting(40, UNTIL)
    assert first_difference(base, small_setting(40, UNTIL, draw=3)) == month("2024-01")
    assert first_difference(base, small_setting(40, UNTIL, part=3)) == month("2024-01")


@pytest.mark.parametrize("policies", [(NOTHING, FEWER, CHEAPER), (FEWER, NOTHING, FEWER | CHEAPER), (NOTHING, NOTHING)])
def test_a_world_forked_is_to_the_byte_the_world_run_alone(policies):
    settings = [setting(p) for p in policies]
    for s, (world, _) in zip(settings, run_together(settings, 1, 2), strict=True):
        alone = World.start(s, seed=1, replicate=2).run()
        for name, column in alone.columns._asdict().items():
            np.testing.assert_array_equal(column, getattr(world.columns, name), err_msg=name)
        assert alone.record.cells.keys() == world.record.cells.keys()
        for one, other in zip(alone.record.logs, world.record.logs, strict=True):
            for a, b in zip(one, other, strict=True):
                np.testing.assert_array_equal(a, b)


def test_pairs_hold_every_child_and_nobody_off_the_diagonal_before_the_fork():
    to_mainstream = Policy("m", (Redirect(choice="first_place", frm="state_special", into="mainstream", share=1.0,
                                          appeal_share=0.0, when=LATER, where=where(ncy=(0, 6))),))  # fmt: skip
    settings = [elastic(setting()), elastic(setting(to_mainstream))]
    (base, same), (_, pairs) = run_together(settings, 1, 0)
    words = fork.labels(base.setting)
    assert [label(m) for m in pairs.months] == ["2024-01", "2024-04", "2025-01", "2025-04"]
    for k, m in enumerate(pairs.months):
        at = m - base.setting.scenario.first
        assert pairs.children[k].sum() == same.children[k].sum() == base.setting.events.here[at].sum()
        differ = pairs.children[k] - np.diag(np.diag(pairs.children[k]))
        assert same.children[k].sum() == np.trace(same.children[k])
        if m < month("2024-09"):
            assert not differ.any()
        else:
            assert differ.any()
            assert {(words[a], words[b]) for a, b in zip(*np.nonzero(differ), strict=True)} == {
                ("state_special", "mainstream")
            }


def test_a_study_of_two_scenarios_writes_their_pairs_and_the_same_bytes_as_each_alone(tmp_path):
    until = "2025-02"
    rule = tmp_path / "less.py"
    rule.write_text(
        "from cohort.policy import Policy, Scale, When\n"
        "less = Policy('less', (Scale('request', 0.5, When('2024-06'), name='requests', because='a test'),),\n"
        "              title='Less', because='a test', does_not_model='anything')\n"
    )
    base = Scenario(name="base", until=until)
    policy = Scenario(name="policy", until=until, rules=(f"{rule}:less",))
    both = study.run([base, policy], replicates=2, out=tmp_path / "both", workers=1)
    alone = study.run([policy], replicates=2, out=tmp_path / "alone", workers=1)
    for table in ("headline", "stock", "spend", "flow", "census"):
        (a,) = [p for p in both.files(table) if "policy" in p.parts[-2]]
        (b,) = alone.files(table)
        assert a.read_bytes() == b.read_bytes()
    found = both.table("pairs")
    assert set(found.scenario) == {"policy"}
    assert set(found.base) == {"base"}
    assert not alone.files("pairs")
    stock = both.query(
        "select sum(children) from stock where scenario = 'policy' and draw = 0 and replicate = 1 "
        "and month = '2025-01' and support = 'plan'"
    ).fetchall()[0][0]
    words = [x.label for x in small_setting(40, UNTIL).book.vocabulary.placements]
    to = found[(found.replicate == 1) & (found.month == "2025-01") & found.to.isin(words)]
    assert to.children.sum() == stock


@pytest.mark.parametrize("ends", [("2024-08", "2024-11"), ("2024-11", "2024-08")])
def test_scenarios_of_other_months_are_run_apart_and_are_each_what_they_are_alone(tmp_path, ends):
    given = [small_pack.scenario(name, until=end) for name, end in zip(("one", "two"), ends, strict=True)]
    both = study.run(given, replicates=1, out=tmp_path / "both", workers=1)
    alone = study.run(given[1:], replicates=1, out=tmp_path / "alone", workers=1)
    (mine,) = [p for p in both.files("stock") if "two" in p.parts[-2]]
    assert mine.read_bytes() == alone.files("stock")[0].read_bytes()
    assert not len(both.pairs()), "other months have other children, who are not compared"
