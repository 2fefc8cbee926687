"""The schema that editors read is that of the scenarios which the model reads."""

import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from cohort.cli import main
from cohort.scenario import Scenario, ScenarioError, folder, schema

FILE = Path(__file__).parents[1] / "docs/scenario.schema.json"
BAD = {
    "an unknown key": {"untill": "2025-01"},
    "no month": {"start": "2024-13"},
    "a number for a rule": {"rules": [3]},
    "two numbers for a size": {"overrides": {"a.b": {"by": [0.1, 0.2]}}},
}


def test_the_schema_in_docs_is_the_one_that_check_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema"]) == 0
    printed = capsys.readouterr().out
    assert printed == FILE.read_text(encoding="utf-8"), "run: cohort check --schema > docs/scenario.schema.json"


def test_every_shipped_scenario_fits_the_schema() -> None:
    for path in folder().glob("*.toml"):
        jsonschema.validate(tomllib.loads(path.read_text(encoding="utf-8")), json.loads(schema()))


@pytest.mark.parametrize("keys", BAD.values(), ids=BAD)
def test_what_the_schema_refuses_the_model_refuses_too(keys: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(keys, json.loads(schema()))
    with pytest.raises(ScenarioError):
        Scenario.parse({"name": "mine", **keys})


def test_the_schema_is_asked_for_alone(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--schema", "baseline"]) == 2
    assert "--schema: given with baseline; allowed: alone" in capsys.readouterr().err
