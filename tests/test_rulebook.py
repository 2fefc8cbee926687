"""Rules are found by name or file, say what they rest on, and take a scenario's sizes and dates."""

from pathlib import Path

import pytest

from cohort import lawful, parameters, rulebook, setting
from cohort.policy import Policy, Redirect, Scale, Set, Uncertain, When, where
from cohort.rulebook import RuleError
from cohort.scenario import Scenario, ScenarioError
from tests.small import KENT

RULE = """
from cohort.policy import Policy, Scale, Uncertain, When

mine = Policy(
    "mine",
    (Scale("request", by=Uncertain(0.8, 0.9, 1.0), when=When("2025-04"), name="requests", because="an assumption"),),
    title="Mine", because="nothing yet", does_not_model="anything else",
)
"""


@pytest.fixture
def rule(tmp_path: Path) -> str:
    (tmp_path / "my_rules.py").write_text(RULE)
    return f"{tmp_path / 'my_rules.py'}:mine"


def scenario(rule: str, **over):
    return Scenario(name="mine", rules=(rule,), **over)


def test_a_rule_is_found_in_a_file_by_name(rule):
    assert rulebook.load(rule).changes[0].label == "requests"


@pytest.mark.parametrize(("text", "says"), [
    (RULE.replace("mine =", "other ="), "no policy is named 'mine'; there: other"),
    (RULE.replace('because="nothing yet", ', ""), "because is empty"),
    (RULE.replace('does_not_model="anything else",', ""), "does_not_model is empty"),
    (RULE.replace('name="requests", ', ""), "change 'scale request' has no name"),
    (RULE.replace(', because="an assumption"', ""), "change 'requests' has no because"),
    (RULE.replace('"request"', '"requst"'), "my_rules.py:6: ValueError: 'requst' is not a rate"),
    ("mine = 3\n", "a int is there; allowed: a Policy"),
    ("def (:\n", "my_rules.py:1: SyntaxError"),
])  # fmt: skip
def test_a_rule_that_is_not_whole_is_refused_with_its_file_and_line(tmp_path, text, says):
    (tmp_path / "my_rules.py").write_text(text)
    with pytest.raises(RuleError) as refused:
        rulebook.load(f"{tmp_path / 'my_rules.py'}:mine")
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_an_unknown_rule_is_told_what_there_is():
    with pytest.raises(RuleError, match=r"'no_such_rule' is not a rule; .*or write file\.py:name"):
        rulebook.load("no_such_rule")


def test_a_scenario_changes_sizes_and_dates_and_nothing_else(rule):
    changed = scenario(rule, overrides={"mine.requests": {"by": (0.5, 0.6, 0.7), "start": "2026-01", "delay": 3}})
    (change,) = setting.ruled(changed).changes
    assert (change.by, change.when) == (Uncertain(0.5, 0.6, 0.7), When("2026-01", delay=3))


@pytest.mark.parametrize(("key", "given", "says"), [
    ("mine.requets", {"by": 0.5}, "has no such change; did you mean 'requests'"),
    ("their.requests", {"by": 0.5}, "the scenario has no such rule; did you mean 'mine'|allowed: mine"),
    ("mine", {"by": 0.5}, "say which change"),
    ("mine.requests", {"bye": 0.5}, "overrides.mine.requests.bye: unknown key; did you mean 'by'"),
    ("mine.requests", {"by": -0.5}, "cannot be scaled by -0.5"),
    ("mine.requests", {"start": "2025-13"}, "'2025-13' is not a month"),
    ("mine.requests", {"owner": "me"}, "unknown key"),
])  # fmt: skip
def test_an_override_that_does_not_fit_names_its_key(rule, key, given, says):
    with pytest.raises(ScenarioError, match=says):
        setting.ruled(scenario(rule, overrides={key: given}))


def test_a_size_keeps_its_luck_when_its_date_is_moved(rule):
    """So that scenarios that share a policy share its size, whatever else they say of it."""
    sizes = [
        setting.ruled(scenario(rule, overrides=o)).settled(parameters.draw(KENT, 7).size).changes[0].by
        for o in ({}, {"mine.requests": {"start": "2027-01"}})
    ]
    assert sizes[0] == sizes[1] != 0.9


def test_a_scenario_with_overrides_is_the_same_when_read_back(rule, tmp_path):
    s = scenario(rule, overrides={"mine.requests": {"by": (0.5, 0.6, 0.7), "start": "2026-01"}})
    (tmp_path / "mine.toml").write_text(s.to_toml())
    assert Scenario.load(tmp_path / "mine.toml") == s


SOON = When("2025-04")


@pytest.mark.parametrize(("change", "section"), [
    (Scale("assess", 0.9, SOON), "s.36"),
    (Set("issue", 0.5, SOON), "s.37"),
    (Scale("cease", 1.5, SOON, where(ncy=(15, 21))), "s.45"),
    (Redirect(choice="first_place", frm="nmiss", into="mainstream", share=0.5, appeal_share=0.2, when=SOON), "s.39"),
])  # fmt: skip
def test_what_the_law_forbids_is_flagged_by_its_section_unless_it_has_grounds(change, section):
    (said,) = lawful.problems(Policy("p", (change,)))
    assert section in said
    from dataclasses import replace

    assert lawful.problems(Policy("p", (replace(change, grounds="as the criteria published say"),))) == []


@pytest.mark.parametrize("change", [
    Scale("assess", 1.1, SOON),
    Scale("cease", 0.8, SOON),
    Scale("cease", 1.2, SOON, where(placements=["fe"])),
    Scale("request", 0.5, SOON),
    Redirect(choice="move", frm="nmiss", into="srp", share=0.5, appeal_share=0.2, when=SOON),
])  # fmt: skip
def test_what_the_law_allows_is_not_flagged(change):
    assert lawful.problems(Policy("p", (change,))) == []


def test_an_unlawful_rule_runs_only_when_acknowledged(tmp_path):
    (tmp_path / "my_rules.py").write_text(RULE.replace('"request"', '"assess"'))
    rule = f"{tmp_path / 'my_rules.py'}:mine"
    with pytest.raises(ScenarioError, match=r"s\.36.*acknowledge_unlawful = true"):
        setting.ruled(scenario(rule))
    assert setting.ruled(scenario(rule, acknowledge_unlawful=True)).name == "mine"
