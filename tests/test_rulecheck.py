"""Everything wrong with a rule file is said at its own line, at once; a file with nothing wrong means what it says."""

from pathlib import Path

import pytest

from cohort import rulebook, rulecheck, rulefile

HEAD = """from cohort.policy import *
SOON = When("2025-09")
"""
WHOLE = 'title="Mine", because="x", does_not_model="y"'


def file(folder: Path, *changes: str, head: str = HEAD, whole: str = WHOLE) -> Path:
    """A rule file whose changes begin at line 4, one a line."""
    path = folder / "mine.py"
    listed = "".join(f"    {change},\n" for change in changes)
    path.write_text(f'{head}mine = Policy("mine", (\n{listed}), {whole})\n', encoding="utf-8")
    return path


def named(change: str, name: str = "it") -> str:
    """A change with the name and reason that each needs."""
    return f'{change[:-1]}, name="{name}", because="assumption: a test")'


def redirect(choice: str, frm: str, into: str, ncy: str, share: float = 0.1, more: str = "") -> str:
    """A redirect as written."""
    return (
        f"Redirect(choice='{choice}', frm='{frm}', into='{into}', share={share}, appeal_share=0.1, "
        f"where=where(ncy={ncy}{more}), when=SOON)"
    )


def said(path: Path) -> list[tuple[int, str]]:
    """What is wrong, by line."""
    return [(p.line, p.said) for p in rulecheck.check(path).problems]


def test_every_mistake_of_a_file_is_said_at_its_own_line_in_one_go(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(
        """from cohort.policy import Policy, Scale, Redirect, Uncertian, When, where
import numpyy
LATE = When("2025-13")
mine = Policy(
    "mine",
    (
        Scale(
            "requst",
            by=-0.5,
            when=When("2025-04", full="2025-03"),
            where=where(areas=["Eastt"], needs=["asdd"],
                        ncy=(3, 1)),
            name="one",
        ),
        Scal("request", by=0.5),
        Scale("request", by="0.9", when="2025-09", because="x", name="two", bye=3),
        Redirect(choice="first_plac", frm="special", into="fe", share=1.4, when=LATE, where=where(ncy=(0, 5)),
                 name="three", because="x"),
        7,
    ),
    title="Mine", because="x",
)
""",
        encoding="utf-8",
    )
    found = said(path)
    for line, words in (
        (1, "cohort.policy has no 'Uncertian'; did you mean 'Uncertain'?"),
        (2, "there is no module 'numpyy'"),
        (3, "'2025-13' is not a month; write it like '2024-01'"),
        (4, "Policy has no does_not_model; say what it leaves out"),
        (6, "changes: a int is among them; allowed: Scale, Set, Redirect"),
        (7, "Scale has no because; say on what evidence it rests"),
        (8, "'requst' is not a rate that can be scaled; did you mean 'request'?"),
        (9, "a rate cannot be scaled by -0.5; the factor is 0 or more"),
        (10, "in full in 2025-03, before the start in 2025-04"),
        (11, "'Eastt' is not an area; did you mean 'East'?"),
        (11, "'asdd' is not a need; did you mean 'asd'?"),
        (12, "ncy (3, 1) is not a range within -5 to 21, lowest first"),
        (15, "'Scal' is not defined; did you mean 'Scale'?"),
        (16, "by: '0.9' given; allowed: a number, or Uncertain(low, mode, high)"),
        (16, "when: '2025-09' given; allowed: a date, as in When(\"2025-09\")"),
        (16, "Scale takes no 'bye'; did you mean 'by'?"),
        (17, "'first_plac' is not a choice to redirect; did you mean 'first_place'?"),
        (17, "'special' is not a placement; did you mean 'state_special'?"),
        (17, "a redirect into 'fe' at NCY 0 to 5 is not lawful; allowed: NCY 12 to 21"),
        (17, "a redirected share cannot be 1.4; allowed: 0 to 1"),
        (17, "Redirect needs 'appeal_share', which is not given"),
    ):
        assert [at for at, text in found if words in text] == [line], (words, found)
    assert len(found) == 21
    assert found == sorted(found)


ALONE = {
    "not Python": ("mine = Policy(\n", 1, "not Python: '(' was never closed"),
    "a byte that is no text": (b"mine = '\xff'\n", 1, "not Python:"),
    "no policy": ("x = 3\n", 1, "no policy is in the file; allowed: mine = Policy('mine', (...))"),
    "an error of the file's own": (f"{HEAD}def f():\n    return 1 / 0\nx = f()\n", 4, "ZeroDivisionError"),
    "an exit": (f"{HEAD}exit(3)\n", 3, "SystemExit: 3"),
    "a name of the vocabulary not imported": (
        'from cohort.policy import Policy\nx = When("2025-01")\n', 2, "'When' is not defined; import it from cohort"),
    "a name that is no slug": (f'{HEAD}mine = Policy("My rule", (), {WHOLE})\n', 3, "'My rule' is not a name for"),
    "two names": (f'{HEAD}mine = Policy("yours", (), {WHOLE})\n', 3, "'yours' is held by 'mine'; allowed: one name"),
    "a change without brackets": (
        f'{HEAD}mine = Policy("mine", Scale("request", 0.9, SOON, name="a", because="b"), {WHOLE})\n', 3,
        "allowed: changes in brackets"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), ALONE.values(), ids=ALONE)
def test_a_file_that_cannot_be_used_is_told_why(tmp_path, text, line, words):
    path = tmp_path / "mine.py"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    found = said(path)
    assert [at for at, told in found if words in told] == [line], found


CHANGES = {
    "a rate above its bound in draw 0": ("Scale('request', 20, SOON)", " in 2025-09, more than"),
    "a rate above its bound in another draw only": (
        "Scale('cease', Uncertain(1, 1.05, 3), SOON, where(placements=['fe']))", "in draw "),
    "a price that is not there": ("Price(charge='nmis', by=0.9, when=SOON)", "it: 'nmis' is not a price; did you mean"),
    "a line that is not there": ("Fund(line='lunch.soup', pounds=-3, when=SOON)", "it: 'lunch.soup' is not a line of"),
    "assessments refused": ("Scale('assess', 0.9, SOON)", "unlawful: mine: it: s.36(8)"),
    "a preference overridden": (redirect("first_place", "nmiss", "srp", "(0, 6)"), "s.39(4)"),
    "a factor of 1": ("Scale('request', 1, SOON)", "it: changes nothing: by is 1 for sure"),
    "a share of 0": (redirect("move", "nmiss", "srp", "(0, 6)", share=0), "share is 0 for sure"),
    "a start after the end": ("Scale('request', 0.9, When('2030-01'))", "allowed: a start up to 2028-03"),
    "a rate that is 0 there": (
        "Scale('request', 0.9, SOON, where(ncy=(-5, -3)))",
        "request is 0 for NCY -5 to -3; it is above 0 for NCY -2 to 16"),
    "a rate set to what it is": ("Set('request', 0.0, SOON, where(ncy=(-5, -3)))", "request is already 0 for NCY -5"),
    "children who are elsewhere": (
        "Scale('request', 0.9, SOON, where(placements=['nmiss']))",
        "nobody in nmiss is open to request; allowed: mainstream, alternative_provision, ehe, tuition"),
    "a choice that nobody makes": (
        redirect("first_place", "fe", "srp", "(0, 4)"),
        "nobody's first_place is fe for NCY 0 to 4; allowed: mainstream"),
    "a choice from where nobody is": (
        redirect("offer", "nmiss", "srp", "(0, 4)", more=", placements=['nmiss']"),
        "no child with a offer is in nmiss; allowed: awaiting"),
    "transfers without a September": (
        redirect("transfer", "nmiss", "srp", "(0, 6)").replace("SOON", "When('2025-10', end='2026-08')"),
        "no September, in which transfers happen"),
    "a price times 1": ("Price(charge='nmiss', when=SOON)", "by is 1 and growth 0 for sure"),
    "a price of 0": ("Price(charge='ehe', by=0.9, when=SOON)", "the price ehe is 0"),
    "a price not paid at a severity": (
        "Price(charge='special_exceptional', by=0.9, severity=(0, 2), when=SOON)",
        "not paid at severity 0 to 2; allowed: 4"),
}  # fmt: skip


@pytest.mark.parametrize(("change", "words"), CHANGES.values(), ids=CHANGES)
def test_a_change_that_does_not_fit_the_data_or_the_law_is_told_at_its_line(tmp_path, change, words):
    found = said(file(tmp_path, named(change)))
    assert [at for at, told in found if words in told] == [4], found


GOOD = (
    "Scale('request', Uncertain(.8, .9, 1), SOON)",
    "Set('request', 0.001, SOON, where(ncy=(-5, -3)))",
    "Scale('review_move', 0.9, SOON, where(placements=['nmiss']))",
    redirect("transfer", "nmiss", "state_special", "(7, 7)").replace("when=", "grounds='s.39(4)', when="),
    redirect("move", "nmiss", "srp", "(0, 6)"),
    redirect("first_place", "awaiting", "early_years", "(-4, -1)"),
    "Price(charge='special_exceptional', by=0.9, severity=(3, 4), when=SOON)",
    "Price(charge='specialist_teaching', by=0.5, when=SOON)",
    "Fund(line='other.pot', pounds=1e6, when=SOON)",
    "Withhold(income='dfe_contribution', when=SOON)",
    "Expand(provider_kind='srp', places=10, when=SOON)",
)


@pytest.mark.parametrize("change", GOOD)
def test_a_change_that_fits_is_left_in_peace(tmp_path, change):
    assert said(file(tmp_path, named(change))) == []


def test_a_change_whose_grounds_are_stated_is_not_flagged_and_one_the_rule_admits_is_only_noted(tmp_path):
    grounds = named("Scale('assess', 0.9, SOON, grounds='as a test')")
    assert said(file(tmp_path, grounds)) == []
    admitted = rulecheck.check(file(tmp_path, named("Scale('assess', 0.9, SOON)"), whole=f'{WHOLE}, unlawful="s.36"'))
    assert admitted.problems == ()
    assert [n.line for n in admitted.notes] == [3, 4]


def test_two_changes_that_cannot_stand_together_are_told_apart(tmp_path):
    path = file(
        tmp_path,
        named("Set('assess', 0.9, SOON, grounds='a')"),
        named("Set('assess', 0.8, SOON, grounds='a')"),
        named("Scale('request', 0.8, SOON)", "other"),
    )
    assert said(path) == [
        (5, "change 'it' is there twice; give each its own name"),
        (5, "it and it both set assess for the same children"),
    ]


def test_one_mistake_does_not_make_others(tmp_path):
    head = f"{HEAD}EAST = where(areas=['Eastt'])\n"
    changes = [named(f"Scale('{rate}', 0.9, SOON, EAST)", rate) for rate in ("request", "request_supported")]
    assert [line for line, _ in said(file(tmp_path, *changes, head=head))] == [3]


LIVELY = """from cohort import policy
from cohort.policy import Policy, Scale, Uncertain, When, where
import math

class Sizes:
    low, high = 0.8, 1.0

def fewer(rate, **more):
    because = "assumption"
    return Scale(rate, by=Uncertain(Sizes.low, (lambda x: x * 0.9)(1.0), Sizes.high), because=because, **more)

RATES = ["request", "request_supported"]
WHEN = {year: When(f"{year}-09", full=f"{year + 1}-08") for year in range(2025, 2027)}
if (n := len(RATES)) > 1:
    places = tuple(f"{a}" for a in ("East", "West"))
changes = [fewer(r, when=WHEN[2025], where=where(ncy=(0, math.floor(6.5)), areas=places), name=r) for r in RATES]
changes += [policy.Scale("rerequest", 0.9, policy.When("2025-09"), name="again", because="x")]
for k in range(2):
    changes.append(Scale("appeal", by=0.9 + k / 100, when=WHEN[2026], name=f"appeal{k}", because="x"))
mine = Policy("mine", (*changes,), title="Mine", because="x", does_not_model="y")
"""


def test_a_file_read_apart_means_what_it_means_when_it_is_run(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(LIVELY, encoding="utf-8")
    assert said(path) == []
    (written,) = rulefile.read(path).policies().values()
    assert written.policy == rulebook.load(f"{path}:mine")
    assert len(written.policy.changes) == 5


def test_mistakes_in_a_function_are_told_at_the_line_that_was_run(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(LIVELY.replace("return Scale(rate,", "return Scale(rate + 's',"), encoding="utf-8")
    assert [(line, text.split("'")[1]) for line, text in said(path)] == [(10, "request_supporteds"), (10, "requests")]
