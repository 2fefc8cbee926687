"""Every notebook runs, reads as a script, and keeps no outputs."""

import ast
import importlib.util
import re
from pathlib import Path

import pytest

from tests import small_pack

marimo = pytest.importorskip("marimo", reason="marimo is in the extra app")

HERE = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = (
    "01_first_run",
    "02_write_a_rule",
    "03_calibration",
    "04_compare_policies",
    "05_new_authority",
    "policy_lab",
)


def run(name: str, **defs: object) -> dict[str, object]:
    """A notebook run with some of its values replaced; what it defines."""
    spec = importlib.util.spec_from_file_location(f"notebook_{name}", HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    _, defined = module.app.run(defs=defs)
    return dict(defined)


@pytest.fixture
def small() -> str:
    """A small Kent."""
    return str(small_pack.shared_pack())


def test_these_are_all_notebooks():
    assert {p.stem for p in HERE.glob("*.py")} == set(NOTEBOOKS)


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_a_notebook_reads_like_a_paper_and_keeps_no_output(name):
    text = (HERE / f"{name}.py").read_text("utf-8")
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "says in a line what it is"
    titled = re.findall(r"^\s+# .+$", text, re.MULTILINE)
    assert titled, "has a title"
    assert "__generated_with" not in text, "holds no version of the tool that edited it"
    assert len(text.splitlines()) < 300
    assert not (HERE / "__marimo__").exists()


def test_the_first_run(small):
    found = run("01_first_run", authority=small, seed=1)
    plans = found["plans"]
    assert 400 < plans["2024-01"] < 600
    assert plans["2028-01"] > plans["2024-01"]
    assert found["happened"]["request_supported"] > 10
    assert "spend.total" in set(found["spend"].series)


def test_writing_a_rule(small):
    found = run("02_write_a_rule", authority=small, replicates=2)
    assert found["early_help"].changes[0].rate == "request"
    assert found["fewer_plans"].runs == 2
    assert found["fewer_plans"].mean <= 0


def test_calibration(small):
    found = run("03_calibration", authority=small, replicates=1)
    assert len(found["register"]) > 100
    assert {"plans_2025", "requests_2024"} <= set(found["standing"].target)
    assert found["standing"].z.notna().all()


def test_comparing_policies(small):
    found = run("04_compare_policies", authority=small, draws=2, rules=("early_years", "post16_offer"), workers=1)
    assert found["whole"].runs == 2
    assert list(found["alone"].index) == ["early_years", "post16_offer"]
    assert found["year"] == "2027-28"


def test_a_new_authority():
    found = run("05_new_authority", like="kent", size=0.02, requests=1.1, prices=0.95, draws=1, replicates=1)
    shown = found["shown"].loc[("plans", "2024-01")]
    assert shown["baseline__second"] == pytest.approx(0.02 * shown["baseline__kent"], rel=0.02)


def test_the_policy_lab(small):
    found = run("policy_lab", authority=small, draws=0)
    assert found["found"].problems == ()
    assert found["found"].view.study.scenarios[1].rules == found["loaded"].rules
    assert len(found["panel"].known) > 60
