"""A rule to begin with, and its test: what ``cohort rules new`` writes."""

from __future__ import annotations

import re
from pathlib import Path

from cohort.rulecheck import SLUG

RULE = '''"""{title}: fewer requests for an assessment of young children in the East, from September 2025.

What it does: schools and nurseries in the East support children from Reception to Year 6 earlier, so that fewer
assessments are requested for them, in full after two years. Evidence: none yet; the size is an assumption. Baseline:
requests as they were up to March 2025. What it omits: what the support itself costs.
"""

from cohort.policy import Policy, Scale, Uncertain, When, where

# Try it: cohort rules check {name}.py, then name it in a scenario: rules = ["{name}.py"]

# The children it is for. `where` also takes needs, placements and severity (0 mildest to 4).
YOUNG = where(ncy=(0, 6), areas=["East"])
# From which month it acts and by when in full. Changes of culture take two to three years (the paper, 7.1).
GRADUALLY = When("2025-09", full="2027-08", delay=Uncertain(0, 0, 6))
# Low, most likely, high: drawn once a run. Below 1 is fewer; 1 changes nothing.
FEWER = Uncertain(0.80, 0.90, 1.0)

{name} = Policy(
    "{name}",
    (
        # Requests for children without and with SEN Support are two rates: a rule on requests scales both.
        Scale("request", by=FEWER, when=GRADUALLY, where=YOUNG, name="requests",
              because="assumption: earlier support meets needs that would have led to a request"),
        Scale("request_supported", by=FEWER, when=GRADUALLY, where=YOUNG, name="requests_supported",
              because="assumption: as for children without SEN Support"),
    ),
    title="{title}",
    because="assumption: no evidence yet",
    does_not_model="what earlier support costs",
)
'''

TEST = '''"""What {name} must do, and must not touch: tried on one run of Kent, with and without it."""

from pathlib import Path

import pytest

from cohort import rulebook, rulecheck, trial

RULE = Path(__file__).parent / "{name}.py"


@pytest.fixture(scope="module")
def worlds():
    """The same children without and with the rule, to January 2028."""
    return trial.pair(rulebook.load(f"{{RULE}}:{name}"), until="2028-01")


def test_nothing_is_wrong_with_the_rule():
    assert rulecheck.check(RULE).problems == ()


def test_fewer_assessments_are_requested_in_the_east(worlds):
    without, with_rule = (trial.happened(w, "request", "request_supported", area="East") for w in worlds)
    assert with_rule < without


def test_nobody_elsewhere_is_touched(worlds):
    without, with_rule = worlds
    east = without.columns.area == 1  # North, East, South, West
    assert not (trial.differ(without, with_rule) & ~east).any()
'''


def write(name: str, folder: Path) -> tuple[Path, Path]:
    """Write a rule and its test to a folder, which is made if need be. Returns both paths.

    Raises ValueError for what is no name, FileExistsError if either file is there: nothing is written over.
    """
    if not re.fullmatch(SLUG, name):
        raise ValueError(f"{name!r} is not a name for a rule; allowed: small letters, digits and _, a letter first")
    title = name.replace("_", " ").capitalize()
    files = {folder / f"{name}.py": RULE, folder / f"test_{name}.py": TEST}
    for path in files:
        if path.exists():
            raise ValueError(f"{path} is there already; allowed: another name, or another folder (--out)")
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        path.write_text(text.format(name=name, title=title), encoding="utf-8", newline="\n")
    rule, test = files
    return rule, test
