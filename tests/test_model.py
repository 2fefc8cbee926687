"""The Mesa face of a world: the same results, series that Mesa collects, and children to look at but not to change."""

import hashlib
import inspect
import json
import os
import pickle
import subprocess
import sys
from functools import cache
from pathlib import Path

import mesa
import numpy as np
import pandas as pd
import pytest

from cohort import calendar, headline, spending, tables
from cohort.child import COLUMNS, Child
from cohort.children import ChildSet
from cohort.model import SendModel
from cohort.policy import where
from cohort.scenario import Scenario, ScenarioError
from cohort.states import PLACEMENTS, Presence
from cohort.world import World
from tests.small import small_setting

ROOT = Path(__file__).parents[1]


@cache
def finished():
    """A model run to the end of 2025, to be read only."""
    return SendModel(small_setting(), rng=3, replicate=2).run()


@cache
def world():
    """The same world without Mesa."""
    return World.start(small_setting(), replicate=2, seed=3).run()


def stepped(months, **given):
    """A small model some months on."""
    model = SendModel(small_setting(), **given)
    for _ in range(months):
        model.step()
    return model


def series(model):
    """What the collector holds, by series."""
    return model.datacollector.get_model_vars_dataframe()


def assert_same(one, other):
    """Two models with the same children, logs and collected rows."""
    assert (one.month, one.steps) == (other.month, other.steps)
    for name, column in one.world.columns._asdict().items():
        np.testing.assert_array_equal(column, getattr(other.world.columns, name), err_msg=name)
    for log, same in zip(one.world.record.logs, other.world.record.logs, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(log, same, strict=True))
    pd.testing.assert_frame_equal(series(one), series(other))
    flows = (m.datacollector.get_table_dataframe("flows") for m in (one, other))
    pd.testing.assert_frame_equal(*flows)


# the months


def test_a_model_has_the_results_of_its_world():
    model = finished()
    assert isinstance(model, mesa.Model)
    for name, column in world().columns._asdict().items():
        np.testing.assert_array_equal(column, getattr(model.world.columns, name), err_msg=name)
    assert tables.headline(model.world).equals(tables.headline(world()))
    assert tables.flow(model.world).equals(tables.flow(world()))


def test_a_step_is_a_month_and_the_model_stops_at_the_end_of_the_scenario():
    model = SendModel(small_setting(until="2024-03"))
    assert (model.month, model.steps, model.running) == ("2024-01", 0, True)
    model.step()
    assert (model.month, model.steps, model.running) == ("2024-02", 1, True)
    assert model.run() is model
    assert (model.month, model.steps, model.running) == ("2024-03", 2, False)
    for _ in range(2):
        with pytest.raises(ValueError, match="the scenario ends at 2024-03"):
            model.step()
    assert (model.steps, len(series(model))) == (2, 3)
    other = SendModel(small_setting(until="2024-03"))
    other.run_model()
    assert_same(other, model)


def test_a_model_may_be_put_on_a_world_in_its_midst():
    half = World.start(small_setting(), replicate=2, seed=3).run(calendar.month("2024-09"))
    model = SendModel(world=half)
    assert (model.world, model.month, model.steps) == (half, "2024-09", 0)
    model.run()
    assert tables.headline(model.world).equals(tables.headline(world()))
    with pytest.raises(ValueError, match="the world given has seed 3, not 4"):
        SendModel(world=half, rng=4)
    with pytest.raises(ValueError, match="the world given is of 'baseline'"):
        SendModel("programme", world=half)
    assert SendModel("baseline", rng=3, replicate=2, world=half).world is half


def test_luck_is_the_seeds_and_the_replicates_and_no_generators():
    assert_same(stepped(3, rng=7), stepped(3, rng=np.int64(7)))
    assert not np.array_equal(stepped(3, rng=7).world.columns.cost, stepped(3, rng=8).world.columns.cost)
    assert not np.array_equal(stepped(3).world.columns.cost, stepped(3, replicate=1).world.columns.cost)
    for wrong in (np.random.default_rng(1), 1.0, None, True):
        with pytest.raises(TypeError, match="rng is a seed, a whole number from 0"):
            SendModel(small_setting(), rng=wrong)
    with pytest.raises(ValueError, match="seed and replicate must be 0 or more"):
        SendModel(small_setting(), rng=-1)
    with pytest.raises(TypeError, match="seed"):
        SendModel(small_setting(), seed=1)


def test_mesas_generators_are_never_drawn_from():
    model = SendModel(small_setting(until="2024-11"))
    before = model.random.getstate(), model.rng.bit_generator.state
    model.run()
    assert (model.random.getstate(), model.rng.bit_generator.state) == before


def test_a_scenario_is_given_by_name_or_whole_and_kept():
    whole = Scenario(name="short", until="2024-02")
    model = SendModel(whole)
    assert model.scenario == whole
    assert SendModel("baseline").scenario == Scenario.load("baseline") == SendModel().scenario
    with pytest.raises(AttributeError, match="keeps the scenario"):
        model.scenario = whole
    with pytest.raises(ScenarioError, match="did you mean 'baseline'"):
        SendModel("baselin")
    with pytest.raises(ValueError, match="the setting given is of draw 0, not 5"):
        SendModel(small_setting(), draw=5)


# what is collected


def test_the_collector_has_a_row_for_the_start_and_one_for_each_month():
    rows = series(finished())
    months = [calendar.label(calendar.month("2024-01") + k) for k in range(25)]
    assert rows["month"].tolist() == months
    assert rows["lived"].tolist()[1:] == months[:-1]
    assert rows.loc[0, ["lived", "requests", "new_plans", "ceased", "spend"]].isna().all()


def test_the_series_collected_are_the_headline_series():
    told = {(name, period): value for name, period, value in headline.rows(world())}
    rows = series(finished())
    stocks = [c for c in rows if c.startswith(("plans", "sen_support", "pending"))]
    assert len(stocks) == 4 + sum(p.with_plan for p in PLACEMENTS)
    for name in stocks:
        assert rows[name].tolist() == [told[name, at] for at in rows["month"]], name
    for name in ("requests", "new_plans", "ceased"):
        assert rows[name].tolist()[1:] == [told[name, at] for at in rows["lived"][1:]], name
    bill = spending.bill(world())
    assert rows["spend"].tolist()[1:] == bill.by_line(world().setting.prices).sum(1).tolist()


def test_the_flows_collected_are_the_log_counted():
    flows = finished().datacollector.get_table_dataframe("flows")
    assert list(flows) == ["month", "event", "reason", "children"]
    assert flows["children"].min() > 0
    assert flows["children"].sum() == sum(len(log.row) for log in world().record.logs)
    issued = flows[flows["event"].str.startswith("conclude") & flows["reason"].isin(["on_time", "late"])]
    told = series(finished()).set_index("lived")["new_plans"]
    assert issued.groupby("month")["children"].sum().to_dict() == told[told > 0].to_dict()


def test_reporters_of_ones_own_can_be_collected():
    model = stepped(2)
    own = mesa.DataCollector({"late": "month"}, {"support": "support", "ncy": lambda child: child.ncy})
    own.collect(model)
    told = own.get_agent_vars_dataframe()
    assert len(told) == len(model.agents)
    assert told["support"].value_counts().to_dict() == model.agents.groupby("support").count()


def test_batch_run_works_with_a_list_of_replicates():
    short = small_setting(until="2024-03")
    seeds = {"rng": [1]} if "rng" in inspect.signature(mesa.batch_run).parameters else {}
    found = mesa.batch_run(SendModel, {"scenario": short, "replicate": [0, 1]}, display_progress=False, **seeds)
    told = {row["replicate"]: (row["month"], row["plans"]) for row in found}
    assert set(told) == {0, 1}
    for replicate, (month, plans) in told.items():
        rows = series(SendModel(short, replicate=replicate).run()).set_index("month")
        assert plans == rows.loc[month, "plans"]


# the children


def test_the_children_are_those_of_the_stock():
    model = stepped(9)
    stock = tables.stock(model.world).to_pandas()
    now = stock[stock["month"] == model.month]
    assert len(model.agents) == now["children"].sum()
    for column in ("support", "placement", "ncy"):
        told = now.groupby(column, observed=True)["children"].sum()
        assert model.agents.groupby(column).count() == told[told > 0].to_dict()
        assert sum(len(group) for _, group in model.agents.groupby(column)) == len(model.agents)


def test_sets_agree_with_a_data_frame_of_the_same_children():
    children = finished().agents
    frame = children.to_pandas()
    assert list(frame) == [name for name in COLUMNS if name != "number"]
    assert frame.index.tolist() == children.column("number").tolist()
    plans = children.select(support="plan", area=["East", "West"], ncy=range(7))
    chosen = frame[(frame["support"] == "plan") & frame["area"].isin(["East", "West"]) & frame["ncy"].between(0, 6)]
    assert len(plans) == len(chosen) > 0
    assert plans.agg("cost_pence", sum) == chosen["cost_pence"].sum()
    assert plans.agg("cost_pence", [np.mean, max]) == [chosen["cost_pence"].mean(), chosen["cost_pence"].max()]
    assert plans.groupby("placement").count() == chosen.groupby("placement", observed=True).size().to_dict()
    spent = chosen.groupby("need", observed=True)["cost_pence"].sum().to_dict()
    assert plans.groupby("need").agg("cost_pence", sum) == spent
    assert len(children.select(where(ncy=(0, 6), areas=["East", "West"]), support="plan")) == len(plans)
    asked = children.select(lambda child: (child.ncy >= 7) & (child.need == "asd") & (child.born < "2012-01"))
    same = frame[(frame["ncy"] >= 7) & (frame["need"] == "asd") & (frame["born"].astype(str) < "2012-01")]
    assert asked.column("number").tolist() == same.index.tolist()


def test_a_childs_traits_and_state_are_those_of_the_columns():
    model = finished()
    columns, tape = model.world.columns, model.world.setting.tape
    held = model.agents.select(lambda child: child.cost_pence > 0, support="plan", stage="appealing")
    row = int(held.column("number")[0])
    child = held[0]
    assert (child.row, child.number, child.unique_id, child.presence) == (row, row, row, "here")
    assert child.cost_pence == columns.cost[row] > 0
    assert child.anniversary == columns.anniversary[row] + 1
    assert child.since == calendar.label(int(columns.clock[row]))
    assert child.born == calendar.label(int(tape.birth[row]))
    assert child.ncy == calendar.stock_ncy(int(tape.birth[row]), model.world.month)
    assert child.district == tape.districts[tape.district[row]]
    assert child.identity == int(tape.identity[row])
    assert child.as_dict() == {name: getattr(child, name) for name in COLUMNS}
    assert all(isinstance(value, int | str | None) for value in child.as_dict().values())
    assert f"child {row}: born {child.born}" in repr(child)


def test_children_without_additional_needs_are_there_with_nothing_happening():
    plain = finished().agents.select(additional_needs=False)
    assert len(plain) > len(finished().agents) // 2
    assert plain.groupby("support").count() == {"none": len(plain)}
    assert plain.agg("cost_pence", max) == 0
    assert set(plain.groupby("placement").groups) == {"mainstream", "none"}
    assert plain[0].since is None


def test_whoever_is_gone_or_to_come_is_told_so_and_not_among_the_children():
    model = finished()
    everyone = ChildSet(model, np.arange(len(model.world.setting.tape)))
    presence = everyone.groupby("presence").count()
    assert set(presence) == {p.name.lower() for p in Presence}
    assert presence["here"] == len(model.agents)
    told = everyone.select(additional_needs=True).column("presence")
    assert told.tolist() == [Presence(code).name.lower() for code in model.world.columns.presence]


def test_a_view_is_one_object_while_held_and_follows_the_months():
    model = stepped(1)
    child = model.agents.select(support="plan", anniversary=2)[0]
    assert model.child(child.row) is child
    assert next(c for c in model.agents if c.row == child.row) is child
    before = child.cost_pence
    model.step()
    assert child.cost_pence > before
    assert list(mesa.agent.AgentSet([child], random=model.random)) == [child]
    with pytest.raises(IndexError, match="children are numbered from 0 to"):
        model.child(len(model.world.setting.tape))


def test_a_set_keeps_its_children_and_tells_what_they_have_become():
    model = stepped(1)
    asked = model.agents.select(stage="requested")
    for _ in range(4):
        model.step()
    assert len(asked) == asked.groupby("stage").count().get("requested", 0) + len(
        asked.select(lambda c: c.stage != "requested")
    )
    assert len(asked.select(stage="requested")) < len(asked)


def test_children_are_changed_by_the_month_only():
    model = stepped(1)
    child = model.agents[0]
    for name in (*COLUMNS, "pos", "wealth", "row"):
        with pytest.raises(AttributeError, match="changed by the month only"):
            setattr(child, name, 1)
    with pytest.raises(AttributeError, match="changed by the month only"):
        del child.row
    children = model.agents
    for call in (
        lambda: children.do("step"), lambda: children.shuffle_do("step"), lambda: children.add(child),
        lambda: children.remove(child), lambda: children.discard(child), lambda: children.set("support", "plan"),
        lambda: children.groupby("area").do("step"),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"call the model's step\(\), and write a rule"):
            call()
    with pytest.raises(AttributeError):
        model.agents = []


def test_a_set_is_indexed_sliced_and_asked_whom_it_holds():
    model = stepped(1)
    children = model.agents
    assert isinstance(children[5], Child)
    assert children[5] in children
    assert children[-1].row == children.rows[-1]
    assert [c.row for c in children[2:9:3]] == children.rows[2:9:3].tolist()
    assert model.child(0) not in children[1:4]
    assert children.get("ncy")[:5] == [c.ncy for c in children[:5]]
    assert repr(children) == f"<{len(children)} children at the start of 2024-02>"


def test_what_cannot_be_selected_is_refused_with_what_is_allowed():
    children = finished().agents
    for given, message in (
        ({"suport": "plan"}, "did you mean 'support'"),
        ({"support": "plans"}, "did you mean 'plan'"),
        ({"need": ["asd", "semhh"]}, "did you mean 'semh'"),
        ({"ncy": (0, 6)}, "write a range for all between"),
        ({"ncy": "7"}, "ncy is a whole number"),
        ({"born": "May 2012"}, "is not a month"),
    ):
        with pytest.raises(ValueError, match=message):
            children.select(**given)
    with pytest.raises(AttributeError, match="did you mean 'support'"):
        _ = children.suport
    with pytest.raises(TypeError, match="asked once about whole columns"):
        children.select(lambda child: 1)
    assert len(children.select(support="plan", ncy=-5)) == 0
    assert children.select(support="plan", ncy=-5).groupby("area").count() == {}


# copied and pickled


@pytest.mark.parametrize("again", [lambda model: pickle.loads(pickle.dumps(model)), SendModel.copy])
def test_a_model_pickled_or_copied_in_its_midst_goes_on_to_the_same_bytes(again):
    model = stepped(13, rng=3, replicate=2)
    other = again(model)
    held = other.child(5)
    assert other.child(5) is held
    assert held.model is other
    assert pickle.loads(pickle.dumps(held)).as_dict() == held.as_dict()
    assert_same(other, model)
    model.step()
    assert other.month != model.month
    assert_same(other.run(), finished())
    assert_same(model.run(), finished())


# elsewhere

DIGEST = """
import hashlib, json, sys
import mesa
from cohort.model import SendModel
from tests.small import small_setting
model = SendModel(small_setting(), rng=3, replicate=2).run()
digest = hashlib.sha256()
for name, column in model.world.columns._asdict().items():
    digest.update(name.encode() + column.tobytes())
rows = model.datacollector.get_model_vars_dataframe().to_dict("list")
told = json.dumps(rows | {"flows": model.datacollector.tables["flows"]}, sort_keys=True)
print(json.dumps([mesa.__version__, digest.hexdigest(), hashlib.sha256(told.encode()).hexdigest()]))
"""


def digest(python):
    """Mesa's version, the digest of the columns and the digest of what was collected, by some interpreter."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [python, "-c", DIGEST], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_a_newer_mesa_on_a_newer_python_gives_the_same_bytes():
    other = os.environ.get("COHORT_OTHER_PYTHON")
    if not other:
        pytest.skip("COHORT_OTHER_PYTHON names no python with the project's dependencies")
    version, *digests = digest(other)
    if tuple(map(int, version.split(".")[:2])) < (3, 5):
        pytest.skip(f"the Mesa of COHORT_OTHER_PYTHON is {version}; wanted: 3.5 or later")
    columns = hashlib.sha256()
    for name, column in finished().world.columns._asdict().items():
        columns.update(name.encode() + column.tobytes())
    assert digests[0] == columns.hexdigest()
    assert digests[1] == digest(sys.executable)[2]
