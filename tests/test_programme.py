"""The register maps every item of the paper to a rule or a reason; scenarios hold the programme whole and in parts."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from calibration import historic
from cohort import alone, inert, parameters, rulebook, setting, study
from cohort.policy import When
from cohort.rates import Rates
from cohort.scenario import Scenario, ScenarioError, files, shipped
from tests import small_pack
from tests.small import KENT

ROWS = list(KENT.table("programme").rows())
PROGRAMME = Scenario.load("programme").rules
HOW_MANY = {"appendix 2": 22, "5.2": 5, "appendix 1": 9, "5.4": 18, "6.1": 3}


# The register


def test_the_register_has_every_item_of_the_paper():
    for source, items in HOW_MANY.items():
        assert [r["number"] for r in ROWS if r["source"] == source] == list(range(1, items + 1)), source
    assert {r["condition"] for r in ROWS if r["source"] == "appendix 2"} == set(range(1, 10))


def test_every_item_has_a_rule_or_a_reason_and_not_both():
    for row in ROWS:
        assert bool(row["rules"]) != bool(row["no_money_effect"]), row["item"]
        assert bool(row["rules"]) == bool(row["dated"]), row["item"]
        for name in row["rules"].split():
            assert name in rulebook.shipped(), row["item"]


def test_every_rule_stands_for_an_item():
    assert {name for row in ROWS for name in row["rules"].split()} == set(rulebook.shipped())


def test_what_is_ruled_out_is_in_no_programme_and_all_else_of_appendix_2_is():
    rules = {source: {n for r in ROWS if r["source"] == source for n in r["rules"].split()} for source in HOW_MANY}
    assert not rules["6.1"] & set(PROGRAMME)
    assert set().union(*(rules[s] for s in ("appendix 2", "5.2", "appendix 1", "5.4"))) == set(PROGRAMME)


def test_dates_of_the_five_projects_are_the_paper_s():
    timeline = {str(r["project"]): r for r in KENT.table("programme_timeline").rows()}
    for row in ROWS:
        if row["source"] == "5.2":
            (name,) = row["rules"].split()
            first = min(c.timing.start for c in rulebook.load(name).changes)
            assert first == timeline[row["item"]]["phased_from"], name


# Scenarios


@pytest.mark.parametrize("name", files())
def test_every_scenario_file_holds_rules_that_there_are(name):
    scenario = Scenario.load(name)
    policy = setting.ruled(scenario)
    assert set(policy.parts or ((policy.name,) if scenario.rules else ())) == set(scenario.rules)
    assert scenario.title
    assert scenario.description


def test_each_rule_alone_and_the_programme_without_each_are_shipped():
    assert {f"only_{r}" for r in rulebook.shipped()} | {f"without_{r}" for r in PROGRAMME} <= set(shipped())
    for rule in PROGRAMME:
        only, rest = Scenario.load(f"only_{rule}"), Scenario.load(f"without_{rule}")
        assert only.rules == (rule,)
        assert {*only.rules, *rest.rules} == set(PROGRAMME)
        assert rule not in rest.rules
        assert only.model_copy(update={"rules": ()}).until == Scenario.load("baseline").until
        assert Scenario.parse(only.model_dump()) == only


def test_a_scenario_made_of_others_keeps_their_overrides(monkeypatch):
    over = {"new_special_schools.swanley": {"start": "2028-09", "full": "2031-09"}}
    late = Scenario.load("programme").model_copy(update={"overrides": over})
    monkeypatch.setattr(Scenario, "load", lambda name: late if name == "programme" else Scenario(name="baseline"))
    assert alone.alone("new_special_schools").overrides == late.overrides
    assert alone.alone("early_years").overrides == {}
    assert alone.without("new_special_schools").overrides == {}
    assert alone.without("early_years").overrides == late.overrides


@pytest.mark.parametrize(("name", "says"), [
    ("only_early_yeers", "only_early_yeers: 'early_yeers' is not a rule; did you mean 'early_years'"),
    ("without_move_to_mainstream", "the programme has no rule 'move_to_mainstream'"),
    ("programm", "'programm' is not a scenario; did you mean 'programme'"),
])  # fmt: skip
def test_an_unknown_scenario_is_told_what_there_is(name, says):
    with pytest.raises(ScenarioError) as refused:
        Scenario.load(name)
    assert says in str(refused.value)


def test_what_is_ruled_out_and_unlawful_runs_only_from_a_file_that_acknowledges_it():
    for rule in ("move_to_mainstream", "cease_sen_services"):
        assert setting.ruled(Scenario.load(f"only_{rule}")).unlawful
        with pytest.raises(ScenarioError, match="acknowledge_unlawful = true"):
            setting.ruled(alone.alone(rule))


def test_early_and_late_schools_are_the_baseline_but_for_the_months_in_which_two_schools_open():
    base, early, late = (Scenario.load(n) for n in ("baseline", "early_schools", "late_schools"))
    assert early.places.opening == {"Swanley": "2024-09", "Whitstable": "2024-09"}
    assert late.places.opening == {"Swanley": "2027-09", "Whitstable": "2027-09"}
    words = {"name", "title", "description", "places"}
    assert base.model_dump(exclude=words) == early.model_dump(exclude=words) == late.model_dump(exclude=words)
    assert base.places.model_dump(exclude={"opening"}) == late.places.model_dump(exclude={"opening"})


# The historic trend


def test_the_historic_trend_is_what_the_published_tables_give():
    assert historic.plans_growth(KENT) == pytest.approx(0.105, abs=5e-4)
    assert historic.decisions(KENT) == pytest.approx(1.255, abs=5e-3)
    assert historic.required_growth(KENT) == pytest.approx(0.107, abs=5e-4)
    (assess,) = [c for c in rulebook.load("historic_trend").changes if c.name == "decisions"]
    assert assess.by == round(historic.decisions(KENT), 2)


@pytest.mark.slow
def test_the_historic_trend_s_growth_is_as_its_rule_says():
    rule = rulebook.load("historic_trend")
    assert historic.modelled_plans_growth(rule) == pytest.approx(0.105, abs=5e-4)
    assert historic.spend_growth(rule) / historic.required_growth(KENT) == pytest.approx(1.0, abs=0.01)
    (requests,) = [c for c in rule.changes if c.name == "requests"]
    assert requests.by == pytest.approx(historic.requests_factor(KENT), abs=0.01)


# A study says which scenario did nothing


def test_a_study_names_a_scenario_that_moved_nothing(tmp_path):
    short = {"until": "2024-06"}
    rule = tmp_path / "later.py"
    rule.write_text(RULE)
    given = [
        small_pack.scenario("baseline", **short),
        small_pack.scenario("late", rules=(f"{rule}:later",), **short),
        small_pack.scenario("soon", rules=(f"{rule}:soon",), **short),
    ]
    made = study.run(given, replicates=2, workers=1, out=tmp_path / "made")
    assert inert.of_study(made) == ["late"]
    *_, last = [path for path in made.files("spend") if path.parent.name == "scenario=late"]
    found = pq.read_table(last)
    pence = found["pence"].to_numpy().copy()
    pence[-1] += 1
    pq.write_table(found.set_column(found.schema.get_field_index("pence"), "pence", pa.array(pence)), last)
    assert inert.of_study(made) == [], "a penny in the last file of one table"
    assert When("2025-04").strength(given[0].last) == 0


RULE = """
from cohort.policy import Fund, Policy, When

words = dict(title="A pot", because="assumption", does_not_model="all else")
later = Policy("later", (Fund(line="other.pot", pounds=12, when=When("2025-04"), name="pot", because="x"),), **words)
soon = Policy("soon", (Fund(line="other.pot", pounds=12, when=When("2024-04"), name="pot", because="x"),), **words)
"""


@pytest.mark.parametrize("name", ["programme", "no_improvement", "historic_trend"])
def test_no_draw_takes_a_rate_beyond_the_stretch_reserved_for_it(name: str) -> None:
    scenario = Scenario.load(name)
    policy = setting.ruled(scenario)
    for draw in range(100):
        rates = Rates(KENT, parameters.draw(KENT, draw), policy)
        for rate in rates.base:
            if rates.acting[rate]:
                rates.rate(rate, scenario.last - 1)
