"""Every child and every event, on request: they add up to the tables that every study has."""

import pandas as pd
import pytest

from cohort import schemas, study
from cohort.results import Study, StudyError
from tests import small_pack
from tests.rules_for_tests import LOCAL, rule


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Two scenarios, two runs, with both tables."""
    folder = tmp_path_factory.mktemp("rolls")
    local = small_pack.scenario("local", rules=(rule(folder, "local", LOCAL),), until="2025-02")
    both = [small_pack.scenario(until="2025-02"), local]
    return study.run(both, replicates=2, out=folder / "made", workers=1, tables=["events", "children"])


def test_children_add_up_to_the_census(made: Study) -> None:
    keys = ["scenario", "replicate", "month", "ncy", "area", "need", "support"]
    census, children = made.census(), made.children()
    assert set(children.month) == {"2024-01", "2025-01"}
    census = census[census.support != "none"]  # of whom some have no need, and are in no roll
    expected = census.groupby(keys).children.sum()
    found = children[children.support != "none"].groupby(keys).size()
    pd.testing.assert_series_equal(found, expected[expected > 0], check_names=False, check_dtype=False)


def test_a_child_is_there_once_a_january_and_has_one_identity_in_all_worlds(made: Study) -> None:
    children = made.children()
    assert not children.duplicated(["scenario", "draw", "replicate", "month", "child"]).any()
    first = children[children.month == "2024-01"]
    assert first.groupby("child").size().eq(4).all()
    for name in ("area", "sex", "severity"):
        assert children.groupby("child")[name].nunique().eq(1).all()


def test_events_add_up_to_the_flow(made: Study) -> None:
    keys = ["scenario", "replicate", "month", "event", "reason", "from", "to"]
    events, flow = made.events().groupby(keys).size(), made.flow().groupby(keys).children.sum()
    events, flow = (found[[key[3] not in TAPE for key in found.index]] for found in (events, flow))
    assert len(events)
    pd.testing.assert_series_equal(events, flow, check_names=False, check_dtype=False)


TAPE = ("arrive", "leave", "birth")
"""Events that the flow also counts for children without needs."""


def test_pence_of_a_child_are_what_the_months_cost(made: Study) -> None:
    spent = made.query(
        "select sum(pence) from spend where scenario = 'small' and replicate = 0 and month < '2025-01' "
        "and placement != 'services'"
    ).fetchall()[0][0]
    here = made.query(
        "select sum(pence) from children where scenario = 'small' and replicate = 0 and month = '2025-01'"
    ).fetchall()[0][0]
    assert 0.9 * spent < here <= spent, "those who left have taken theirs along"


def test_columns_are_as_described_and_absent_unless_asked_for(made: Study, tmp_path) -> None:
    for name, schema in schemas.OPTIONAL.items():
        assert [*schema.names, "scenario"] == list(made.table(name).columns)
    assert made.manifest["tables"] == ["children", "events"]
    plain = study.run(made.scenarios[0], replicates=1, out=tmp_path / "plain", workers=1)
    with pytest.raises(StudyError, match="has no table 'children'"):
        plain.children()
    again = study.run(made.scenarios, replicates=2, out=tmp_path / "again", workers=1)
    for path in again.files("spend"):
        assert path.read_bytes() == (made.folder / path.relative_to(again.folder)).read_bytes()
