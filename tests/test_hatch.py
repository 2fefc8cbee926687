"""A research hatch moves whom the law lets it move, where it declared, with luck of its own, and says that it did."""

import json
import warnings
from dataclasses import replace

import numpy as np
import pytest

from cohort import calendar, describe, hatch, rulecheck, setting, study
from cohort.changes import Redirect
from cohort.expected import Expectation
from cohort.hatch import Columns, HatchError, UnlawfulMoveWarning
from cohort.policy import NOTHING, Policy, When
from cohort.scenario import Scenario, ScenarioError
from cohort.states import Vocabulary
from cohort.world import World
from tests import small_pack
from tests.small import elastic, small_setting
from tests.test_cli import Run, cohort, here, only_line, scenario_file
from tests.test_mini import live_together

__all__ = ["cohort", "here"]  # fixtures
SOON = When("2024-06")


def columns(function="nearer", may_touch=("nmiss", "srp"), when=SOON, name="it", **over):
    path = function if ":" in function else f"tests.hatches:{function}"
    return Columns(function=path, may_touch=may_touch, when=when, name=name, because="a test", **over)


def policy(*changes, name="hatched"):
    return Policy(name, changes, title="Hatched", because="a test", does_not_model="anything")


def run(of, until="2024-10", every=8, acknowledged=False):
    s = elastic(small_setting(every=every, policy=of, until=until))
    if acknowledged:
        s = replace(s, scenario=s.scenario.model_copy(update={"acknowledge_unlawful": True}))
    return World.start(s).run()


@pytest.mark.parametrize(("write", "says"), [
    (lambda: columns("x:"), "'x:' names no function; allowed: package.module:name, or file.py:name"),
    (lambda: columns(may_touch=("nmis", "srp")), "'nmis' is not a placement; did you mean 'nmiss'"),
    (lambda: columns(may_touch=("tuition", "srp")), "'tuition' is a placement without a plan"),
    (lambda: columns(may_touch=("srp",)), "may_touch names srp; allowed: two or more placements"),
    (lambda: columns(when=When("2024-06", full="2024-09")), "a hatch acts whole from its start"),
    (lambda: hatch.function_of("tests.hatches:none"), "tests.hatches:none: no such function"),
    (lambda: hatch.function_of("no.such:one"), "no.such:one: no such function: No module named 'no'"),
    (lambda: hatch.function_of("none.py:one"), "none.py:one: no such function"),
    (lambda: hatch.function_of("tests.hatches:not_a_function"), "a int is there; allowed: a function of children"),
])  # fmt: skip
def test_a_hatch_that_cannot_be_is_refused_in_one_line(write, says):
    with pytest.raises(ValueError) as refused:
        write()
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


SEVERAL = policy(
    columns(),
    columns("apart", ("state_special", "mainstream", "nmiss"), When("2024-08", end="2025-02"), "other"),
    Redirect(choice="move", frm="nmiss", into="mainstream", share=0.5, appeal_share=0.5, when=SOON),
)


def test_the_kernel_and_its_twin_obey_hatches_alike():
    world = live_together(small_setting(every=20, policy=SEVERAL, until="2025-03"))
    events = world.setting.book.events
    moved = sum((log.event == events.index("review_move")).sum() for log in world.record.logs)
    plain = World.start(small_setting(every=20, until="2025-03")).run()
    assert moved > sum((log.event == events.index("review_move")).sum() for log in plain.record.logs)


def test_nothing_happens_before_the_start_or_if_the_function_moves_nobody():
    base = run(NOTHING)
    for null in (policy(columns(when=When("2024-10"))), policy(columns("nobody")), policy(columns("no_one")),
                 policy(columns("stay"))):  # fmt: skip
        other = run(null)
        for name, column in base.columns._asdict().items():
            np.testing.assert_array_equal(column, getattr(other.columns, name))
        for one, two in zip(base.record.logs, other.record.logs, strict=True):
            np.testing.assert_array_equal(one, two)


def test_whoever_is_moved_is_under_review_or_transfers_and_has_one_entry_for_it():
    base, other = run(NOTHING, until="2024-07"), run(policy(columns()), until="2024-07")
    words, june = Vocabulary(), base.record.logs[-1]
    moved = np.flatnonzero(base.columns.placement != other.columns.placement)
    assert len(moved) > 3
    assert set(base.columns.placement[moved]) == {words.code("nmiss")}
    assert set(other.columns.placement[moved]) == {words.code("srp")}
    assert set(base.columns.anniversary[moved]) == {5}, "their reviews are in June"
    log, event = other.record.logs[-1], base.setting.book.events.index("review_move")
    assert (log.event[np.isin(log.row, moved)] == event).all()
    assert np.isin(log.row, moved).sum() == len(moved)
    np.testing.assert_array_equal(log.row, june.row)
    for name in ("support", "stage", "need", "severity", "anniversary", "clock"):
        np.testing.assert_array_equal(getattr(base.columns, name), getattr(other.columns, name))


def test_in_september_those_who_transfer_may_be_moved_and_are_not_placed_twice():
    of = policy(columns(when=When("2024-09", end="2024-10")))
    base, other = run(NOTHING, until="2024-10"), run(of, until="2024-10")
    moved = np.flatnonzero(base.columns.placement != other.columns.placement)
    ncy = calendar.academic_year(base.month - 1) - base.columns.cohort[moved]
    transfers = base.setting.enters[ncy, base.columns.placement[moved]]
    assert transfers.any()
    assert (transfers | (base.columns.anniversary[moved] == 8)).all()
    log = other.record.logs[-1]
    events = other.setting.book.events
    of_move = np.isin(log.row, moved) & np.isin(log.event, [events.index(e) for e in ("review_move", "transfer")])
    assert np.bincount(log.row[of_move]).max() == 1


REFUSED = {
    "between reviews": (
        "between",
        "between reviews; allowed: children with may_move, whose annual review is this month",
    ),
    "an unlawful age": ("too_young", "a move to 'fe' at NCY"),
    "a placement not declared": ("undeclared", "mainstream is not in may_touch; allowed: nmiss, srp"),
    "a child who seeks another": (
        "seeking",
        "seeks another placement already; allowed: children with free and may_move",
    ),
    "no pair": ("a_list", "gave a list; allowed: (which children, the placement of all or of each), or None"),
    "a child twice": ("twice", "gave 2 children and 2 placements; allowed: each child once"),
    "too few placements": ("one_place_too_few", "gave 2 children and 1 placements; allowed: each child once"),
    "a position that is not there": ("too_many", "allowed: true or false for each, or positions 0 to"),
    "a fraction of a child": ("fractions", "gave float64 (1,)"),
}


@pytest.mark.parametrize(("function", "says"), REFUSED.values(), ids=REFUSED)
def test_what_a_hatch_may_not_do_names_the_rule_and_what_is_allowed(function, says):
    touch = ("nmiss", "srp") if function != "too_young" else ("mainstream", "fe")
    with pytest.raises(HatchError) as refused:
        run(policy(columns(function, touch)))
    assert str(refused.value).startswith("hatched: it: ")
    assert says in str(refused.value)
    if function == "between":
        for words in ("a child of NCY ", "was to move from nmiss to srp in 2024-06", "s.44, Children and Families Act"):
            assert words in str(refused.value)


def test_two_hatches_that_move_one_child_are_refused_by_name():
    with pytest.raises(HatchError, match=r"hatched: (it|other) and hatched: (other|it) both move one child"):
        run(policy(columns(), columns("nearer", name="other", when=When("2024-06", end="2025-01"))), every=2)


def test_a_move_between_reviews_runs_if_it_is_acknowledged_and_is_said():
    with pytest.warns(UnlawfulMoveWarning, match=r"hatched: it: children may be moved between their reviews: s\.44"):
        world = run(policy(columns("between", when=When("2024-09"))), acknowledged=True)
    words = Vocabulary()
    young = world.columns.cohort >= calendar.academic_year(world.month - 1) - 19
    left = (world.columns.placement == words.code("nmiss")) & (world.columns.presence == 1) & young
    assert left.sum() < 0.5 * ((run(NOTHING).columns.placement == words.code("nmiss")) & young).sum()


@pytest.mark.parametrize("function", ["too_young", "undeclared", "seeking"])
def test_what_is_impossible_or_not_declared_is_refused_even_then(function):
    touch = ("nmiss", "srp") if function != "too_young" else ("mainstream", "fe")
    with pytest.raises(HatchError), warnings.catch_warnings(record=True):
        run(policy(columns(function, touch)), acknowledged=True)


def test_a_hatch_cannot_write_what_it_is_shown():
    with pytest.raises(ValueError, match="read-only"):
        run(policy(columns("writes")))


JUNE = calendar.month("2024-06")


def shown(keys, month=JUNE, name="a.b"):
    return hatch.Children({"ncy": np.zeros(len(keys), int)}, np.array(keys, np.uint64), month, name)


def test_a_hatchs_luck_is_a_childs_own_by_month_name_and_purpose():
    keys = np.random.default_rng(1).integers(0, 2**63, 4000).tolist()
    all_, some = shown(keys).draw("who"), shown(keys[::-2]).draw("who")
    np.testing.assert_array_equal(all_[::-2], some)
    assert all_.min() >= 0
    assert all_.max() < 1
    assert abs(all_.mean() - 0.5) < 0.02
    for other in (shown(keys).draw("where"), shown(keys, name="a.c").draw("who"),
                  shown(keys, JUNE + 1).draw("who")):  # fmt: skip
        assert abs(np.corrcoef(all_, other)[0, 1]) < 0.06


def test_a_table_says_that_a_change_is_a_hatch_and_what_it_may_touch():
    row = dict(zip(describe.HEADINGS, describe.row(policy(columns()).changes[0]), strict=True))
    assert row["what"] == "hatch tests.hatches:nearer"
    assert row["for whom"] == "nmiss, srp"
    assert row["how much"] == "as its function says: code, not data"


def test_the_expectation_refuses_a_hatch():
    with pytest.raises(ValueError, match="the expectation cannot follow a hatch, as hatched has"):
        Expectation(small_setting(every=40, policy=policy(columns())))


RULE = """from cohort.hatch import Columns
from cohort.policy import Policy, When

def nearer(children, month):
    mild = (children["placement"] == "nmiss") & (children["ncy"] <= 14)
    return mild & children["CHOSEN"], "srp"

mine = Policy("mine", (
    Columns(function="mine.py:nearer", may_touch=("nmiss", "srp"), when=When("2024-06"), name="it", because="a test"),
), title="Mine", because="a test", does_not_model="anything")
"""


def rule_file(here, chosen="may_move"):
    path = here / "mine.py"
    path.write_text(RULE.replace("CHOSEN", chosen), encoding="utf-8")
    hatch.function_of.cache_clear()
    return path


def test_a_study_says_that_a_hatch_was_used_and_its_code_is_part_of_what_the_study_is(cohort: Run, here, tmp_path):
    rule_file(here)
    answer = cohort("run", scenario_file(tmp_path, 'rules = ["mine.py"]'), "--replicates", "1", "--out", "out", "-q")
    assert answer.code == 0, answer.err
    assert "Research hatch: mine: mine: mine.py:nearer moves children between nmiss, srp" in answer.out
    (entry,) = json.loads((here / "out/manifest.json").read_text(encoding="utf-8"))["scenarios"]
    assert entry["hatches"][0]["may_touch"] == ["nmiss", "srp"]
    assert entry["unlawful"] == []
    assert cohort("run", "--resume", "--out", "out", "-q").code == 0
    rule_file(here, 'may_move"] & children["free')
    assert "holds another study" in only_line(cohort("run", "--resume", "--out", "out", "-q"))


def test_a_hatch_that_breaks_the_law_in_a_run_is_told_in_one_line(cohort: Run, here, tmp_path):
    rule_file(here, "free")
    path = scenario_file(tmp_path, 'rules = ["mine.py"]')
    line = only_line(cohort("run", path, "--replicates", "1", "--workers", "1", "-q"))
    assert "mine: it: a child of NCY" in line
    path = scenario_file(tmp_path, 'rules = ["mine.py"]\nacknowledge_unlawful = true')
    with pytest.warns(UnlawfulMoveWarning):
        answer = cohort("run", path, "--replicates", "1", "--workers", "1", "-q")
    assert "Unlawful, and acknowledged: mine: mine: it: children may be moved between their reviews: s.44" in answer.out


def test_a_rule_file_with_a_hatch_is_checked_with_its_function(here):
    path = rule_file(here)
    assert rulecheck.check(path).problems == ()
    path.write_text(RULE.replace("mine.py:nearer", "mine.py:nearest"), encoding="utf-8")
    (problem,) = rulecheck.check(path).problems
    assert (problem.line, problem.said.split(";")[0].split(": ")[:3]) == (
        9, ["it", "mine.py:nearest", "no such function"])  # fmt: skip
    with pytest.raises(ScenarioError, match=r"mine\.py:nearest: no such function"):
        setting.ruled(Scenario(name="mine", rules=("mine.py",)))


def test_a_study_without_hatches_is_what_it_was_and_says_nothing_of_them():
    outline = study.Outline((small_pack.scenario(),), ("data",), 1, 1, 1)
    assert "hatches" not in outline.identity()["scenarios"][0]
