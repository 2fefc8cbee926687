"""``cohort rules``: list, show, check and new."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cohort import describe, rulebook, rulenew, trial
from cohort.policy import Policy, Scale, When, where
from tests.test_cli import Run, cohort, here, only_line

__all__ = ["cohort", "here"]  # fixtures


@pytest.fixture
def rule(tmp_path: Path) -> Path:
    """A rule as ``new`` writes it."""
    return rulenew.write("early_help", tmp_path / "rules")[0]


def test_new_writes_a_rule_with_which_nothing_is_wrong_and_its_test(cohort: Run, here: Path) -> None:
    answer = cohort("rules", "new", "early_help", "--out", "mine")
    assert answer.code == 0
    assert sorted(p.name for p in (here / "mine").iterdir()) == ["early_help.py", "test_early_help.py"]
    checked = cohort("rules", "check", "mine/early_help.py")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out == "ok: mine/early_help.py: early_help, 2 changes from 2025-09; lawful\n"


def test_the_test_that_new_writes_passes(rule: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"{rule.parent}/test_early_help.py"]
    ran = subprocess.run(command, cwd=rule.parent, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "3 passed" in ran.stdout


def test_new_writes_over_nothing_and_takes_slugs_only(cohort: Run, here: Path) -> None:
    (here / "test_mine.py").write_text("mine", encoding="utf-8")
    assert "test_mine.py is there already; allowed: another name" in only_line(cohort("rules", "new", "mine"))
    for name in ("Mine", "2mine", "my-rule", "../mine", ""):
        assert "is not a name for a rule; allowed: small letters" in only_line(cohort("rules", "new", name))
    assert [p.read_text(encoding="utf-8") for p in here.iterdir()] == ["mine"]


def test_check_says_file_and_line_and_is_exit_2(cohort: Run, rule: Path) -> None:
    rule.write_text(rule.read_text(encoding="utf-8").replace('"East"', '"Eastt"').replace("0.80, 0.90", "0.95, 0.90"))
    answer = cohort("rules", "check", rule)
    lines = answer.out.splitlines()
    assert answer.code == 2
    number = {text: n for n, text in enumerate(rule.read_text(encoding="utf-8").splitlines(), 1)}
    young = next(n for text, n in number.items() if text.startswith("YOUNG"))
    assert lines[0] == f"{rule}:{young}: 'Eastt' is not an area; did you mean 'East'?"
    assert len(lines) == 2
    told = json.loads(cohort("rules", "check", rule, "--json").out)
    assert not told["ok"]
    assert [p["line"] for p in told["files"][0]["problems"]] == [young, young + 4]


def test_check_without_a_file_or_with_one_that_is_not_there_is_misuse(cohort: Run) -> None:
    assert "no file given" in only_line(cohort("rules", "check"))
    assert "none.py: No such file" in only_line(cohort("rules", "check", "none.py"))


def test_show_tells_what_changes_why_what_is_left_out_and_the_law(cohort: Run, rule: Path) -> None:
    answer = cohort("rules", "show", rule)
    assert answer.code == 0
    policy = rulebook.load(str(rule))
    for words in (policy.title, policy.does_not_model, "2027-08", "request_supported", "The law",
                  *(c.because for c in policy.changes)):  # fmt: skip
        assert words in answer.out
    assert max(map(len, answer.out.splitlines())) <= 100
    told = json.loads(cohort("rules", "show", rule, "--json").out)
    assert [c["change"] for c in told["changes"]] == ["requests", "requests_supported"]
    assert told["lawful"] is True


def test_no_word_of_a_change_is_cut_off_however_long_the_table(cohort: Run, here: Path) -> None:
    change = (
        '    Redirect(choice="first_place", frm="independent_mainstream", into="alternative_provision", '
        "share=Uncertain(.1, .25, .5), appeal_share=Uncertain(0, .05, .15), "
        'when=When("2025-04", full="2027-08", delay=Uncertain(0, 6, 18)), where=where(ncy=(0, 6), areas=["East"]), '
        'name="a_rather_long_name_{}", because="x"),\n'
    )
    changes = "".join(change.format(k) for k in range(2))
    head = "from cohort.policy import Policy, Redirect, Uncertain, When, where\n"
    said = 'title="T", because="x", does_not_model="y")\n'
    (here / "mine.py").write_text(f'{head}mine = Policy("mine", (\n{changes}), {said}', encoding="utf-8")
    out = cohort("rules", "show", "mine.py", "-q").out
    assert max(map(len, out.splitlines())) <= 100
    for change in rulebook.load("mine.py").changes:
        cells = dict(zip(describe.HEADINGS, describe.row(change), strict=True))
        for heading in ("change", "what", "for whom", "from", "in full", "how much"):
            for word in cells[heading].split():
                assert word in out, (heading, word)


def test_show_names_the_section_that_an_unlawful_rule_would_break(cohort: Run, rule: Path) -> None:
    rule.write_text(rule.read_text(encoding="utf-8").replace('Scale("request",', 'Scale("assess",'), encoding="utf-8")
    assert "s.36(8), Children and Families Act 2014" in cohort("rules", "show", rule).out
    assert json.loads(cohort("rules", "show", rule, "--json").out)["lawful"] is False


def test_why_takes_one_rate_of_one_cell_apart(cohort: Run, rule: Path) -> None:
    asked = ("--why", "request", "--month", "2027-09", "--ncy", "0")
    answer = cohort("rules", "show", rule, *asked, "--area", "East")
    assert answer.out.strip() == rulebook.load(str(rule)).why("request", "2027-09", ncy=0, area="East")
    assert "x 0.9000    early_help: requests" in answer.out
    assert "x 1.0000" in cohort("rules", "show", rule, *asked, "--area", "West").out


BAD = {
    "an unknown rule": (["no_such"], "'no_such' is not a rule"),
    "why without a month": (["RULE", "--why", "request"], "--why: no month given"),
    "a cell without why": (["RULE", "--ncy", "0"], "--ncy: given without --why"),
    "an unknown rate": (["RULE", "--why", "requst", "--month", "2026-03"], "'requst' is not a rate"),
    "an unknown area": (["RULE", "--why", "request", "--month", "2026-03", "--area", "Eastt"], "did you mean 'East'"),
    "a bad month": (["RULE", "--why", "request", "--month", "2026-13"], "'2026-13' is not a month"),
    "a word for a year": (["RULE", "--why", "request", "--month", "2026-03", "--ncy", "R"], 'unable to convert "R"'),
}


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
def test_what_show_cannot_do_is_told_in_one_line(cohort: Run, rule: Path, arguments: list[str], words: str) -> None:
    assert words in only_line(cohort("rules", "show", *[str(rule) if a == "RULE" else a for a in arguments]))


def test_list_tells_each_rule_that_is_shipped(cohort: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = Policy("mine", (Scale("assess", 0.9, When("2025-09"), name="a", because="b"),), title="Mine", because="x",
                  does_not_model="y")  # fmt: skip
    monkeypatch.setattr(rulebook, "shipped", lambda: ["mine"])
    monkeypatch.setattr(rulebook, "load", lambda name: mine)
    told = json.loads(cohort("rules", "list", "--json").out)
    listed = {"name": "mine", "title": "Mine", "from": "2025-09", "changes": 1, "lawful": False}
    assert told == {"ok": True, "rules": [listed], "problems": []}
    assert cohort("rules", "list", "-q").out == "mine\n"
    assert cohort("rules", "list").out.splitlines()[2].split() == ["mine", "Mine", "2025-09", "1", "no"]


def test_a_list_names_the_rules_that_are_really_there(cohort: Run) -> None:
    answer = cohort("rules", "list", "-q")
    assert answer.code == 0, answer.out
    assert answer.out.split() == [*rulebook.shipped(), *rulebook.offered()]


def test_a_rule_that_cannot_be_loaded_is_told_with_the_others(cohort: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulebook, "shipped", lambda: ["gone"])
    monkeypatch.setattr(rulebook, "load", lambda name: (_ for _ in ()).throw(rulebook.RuleError(f"{name}: broken")))
    answer = cohort("rules", "list")
    assert answer.code == 2
    assert "gone: broken" in answer.out


def test_a_trial_differs_only_where_the_rule_acts() -> None:
    policy = Policy("east", (Scale("request", 0.0, When("2024-03"), where(areas=["East"])),))
    without, with_it = trial.pair(policy, until="2024-06")
    east = without.columns.area == 1
    assert trial.differ(without, with_it).any()
    assert not trial.differ(without, with_it)[~east].any()
    for area, same in (("East", False), ("West", True)):
        counts = [trial.happened(w, "request", area=area) for w in (without, with_it)]
        assert (counts[0] == counts[1]) is same
    with pytest.raises(ValueError, match="'requst' is neither an event nor an area; did you mean 'request'"):
        trial.happened(without, "requst")
