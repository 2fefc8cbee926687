"""The tables of a run: they add up to the record, to the tape and to each other."""

from collections import defaultdict
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from cohort import calendar, headline, schemas, spending, states, tables
from cohort.calendar import NCY_LOWEST
from cohort.prices import LINES
from cohort.states import AREAS, Presence
from cohort.world import World
from tests import small_pack

Rows = list[dict[str, Any]]


@cache
def rows(name: str) -> Rows:
    """A table of the small world, row by row."""
    return tables.TABLES[name](small_pack.finished()).to_pylist()


def added(found: Rows, *by: str, value: str = "children") -> dict[Any, int]:
    """The sum of a column by one or more others."""
    sums: defaultdict[Any, int] = defaultdict(int)
    for row in found:
        sums[tuple(row[k] for k in by) if len(by) > 1 else row[by[0]]] += row[value]
    return dict(sums)


def series(name: str) -> dict[str, float]:
    """One series of the headline table: period -> value."""
    return {row["period"]: row["value"] for row in rows("headline") if row["series"] == name}


def months() -> range:
    """Every month at whose start the small world has a stock."""
    s = small_pack.whole_setting().scenario
    return range(s.first, s.last + 1)


def test_the_stock_of_every_month_is_the_population_of_the_tape_by_school_year() -> None:
    tape = small_pack.whole_setting().tape
    stock = added(rows("stock"), "month", "ncy")
    for month in months():
        by_ncy = tape.population(month).sum(1)
        for k, people in enumerate(by_ncy.tolist()):
            assert stock.get((calendar.label(month), k + NCY_LOWEST), 0) == people


def test_the_census_is_the_stock_of_january_by_area() -> None:
    tape = small_pack.whole_setting().tape
    census, stock = rows("census"), [r for r in rows("stock") if r["month"].endswith("-01")]
    keys = ("month", "ncy", "support", "placement")
    assert added(census, *keys) == added(stock, *keys)
    by_area = added(census, "month", "area")
    assert {m for m, _ in by_area} == {calendar.label(m) for m in months() if calendar.is_january(m)}
    for (month, area), children in by_area.items():
        assert children == tape.population(calendar.month(month))[:, AREAS.index(area)].sum()


def test_a_child_without_a_plan_is_in_mainstream_in_its_school_years_and_nowhere_otherwise() -> None:
    for row in rows("stock"):
        if row["support"] == "plan":
            assert row["placement"] != "none"
        elif row["placement"] in {"none", "mainstream"}:
            assert (row["placement"] == "mainstream") == (0 <= row["ncy"] <= 13)


def state_counts(world: World) -> np.ndarray:
    """[state] children in the world now, without needs included, straight from its columns."""
    c, s = world.columns, world.setting
    labels = states.state_labels(s.book.vocabulary)
    placements = len(s.book.vocabulary.placements)
    out = np.zeros(len(labels), np.int64)
    for k in np.flatnonzero(c.presence == Presence.HERE):
        out[states.state_code(int(c.support[k]), int(c.stage[k]), int(c.placement[k]), placements)] += 1
    tape, month = s.tape, world.month
    others = (tape.arrival < month) & (tape.leaving >= month) & (np.arange(len(tape)) >= tape.with_needs)
    out[labels.index("none")] += others.sum()
    return out


def test_the_flow_of_every_state_and_month_is_the_change_of_its_stock() -> None:
    world = World.start(small_pack.whole_setting())
    labels = states.state_labels(world.setting.book.vocabulary)
    into, out = added(rows("flow"), "month", "to"), added(rows("flow"), "month", "from")
    before = state_counts(world)
    while world.month < world.setting.scenario.last:
        month = calendar.label(world.month)
        world.step()
        after = state_counts(world)
        for label, was, now in zip(labels, before, after, strict=True):
            if label not in {"elsewhere", "left"}:
                assert now == was + into.get((month, label), 0) - out.get((month, label), 0), (month, label)
        before = after


def test_stock_and_flow_agree_on_every_placement_with_a_plan() -> None:
    vocabulary = small_pack.whole_setting().book.vocabulary
    stock = added([r for r in rows("stock") if r["support"] == "plan"], "month", "placement")
    into, out = added(rows("flow"), "month", "to"), added(rows("flow"), "month", "from")
    for month in months()[:-1]:
        now, then = calendar.label(month), calendar.label(month + 1)
        for label in vocabulary.labels:
            net = into.get((now, label), 0) - out.get((now, label), 0)
            assert stock.get((then, label), 0) == stock.get((now, label), 0) + net


def test_everybody_comes_from_elsewhere_by_birth_or_move_and_goes_by_move_death_or_age() -> None:
    tape = small_pack.whole_setting().tape
    came = [r for r in rows("flow") if r["from"] == "elsewhere"]
    gone = [r for r in rows("flow") if r["to"] == "left"]
    assert {r["event"] for r in came} == {"birth", "arrive"}
    assert {(r["ncy"], r["to"]) for r in came if r["event"] == "birth"} == {(NCY_LOWEST, "none")}
    assert {r["reason"] for r in gone} == {"moved", "died", "aged_out"}
    inside = (tape.arrival >= months()[0]) & (tape.arrival < months()[-1])
    assert sum(r["children"] for r in came) == inside.sum()
    assert sum(r["children"] for r in came if r["event"] == "birth") == (inside & tape.born).sum()
    assert sum(r["children"] for r in gone) == ((tape.leaving >= months()[0]) & (tape.leaving < months()[-1])).sum()


def test_requests_are_those_decided_withdrawn_gone_and_pending_by_month_of_request() -> None:
    world = small_pack.finished()
    start, c = world.setting.start, world.columns
    left_over: defaultdict[str, int] = defaultdict(int)
    for stage, clock in zip(start.stage.tolist(), start.clock.tolist(), strict=True):
        if stage in {states.Stage.REQUESTED, states.Stage.ASSESSING}:
            left_over[calendar.label(clock)] += 1
    pending: defaultdict[str, int] = defaultdict(int)
    waiting = (c.presence == Presence.HERE) & (
        (c.stage == states.Stage.REQUESTED) | (c.stage == states.Stage.ASSESSING)
    )
    for clock in c.clock[waiting].tolist():
        pending[calendar.label(clock)] += 1

    begun, ended = defaultdict(int, left_over), defaultdict(int, pending)
    for row in rows("flow"):
        event, reason, asked = row["event"], row["reason"], row["request_month"]
        begins = event in {"request", "request_supported", "rerequest"} or (event, reason) == ("resolve", "upheld")
        ends = (
            event in {"conclude", "withdraw", "withdraw_assessment"}
            or (event, reason) == ("decide", "refuse")
            or (event == "leave" and row["from"].endswith(("+requested", "+assessing")))
        )
        if begins:
            assert asked == row["month"]
            begun[asked] += row["children"]
        elif ends:
            assert asked <= row["month"]
            ended[asked] += row["children"]
        else:
            assert asked is None or (event, reason) == ("decide", "assess")
    assert begun == ended


def test_spend_sums_to_the_pence_charged_to_children_and_the_services() -> None:
    world = small_pack.finished()
    found = rows("spend")
    children = [r for r in found if r["placement"] != tables.SERVICES]
    assert sum(r["pence"] for r in children) == world.columns.cost.sum()
    services = added([r for r in found if r["placement"] == tables.SERVICES], "month", value="pence")
    prices, held = world.setting.prices, world.record.places
    kinds = np.array([p.kind if p.area != "outside" else "" for p in world.setting.places.providers])
    for month in months()[:-1]:
        year = calendar.financial_year_start(month)
        vacant = sum(
            int(np.maximum(held[month + 1][:, 0] - held[month + 1][:, 1], 0)[kinds == v.kind].sum()) * 83_333
            for v in prices.vacancies
        )
        follow_none = sum(s.pence_a_month(year) for s in prices.services)
        assert services[calendar.label(month)] == follow_none + vacant
    assert all(r["child_months"] == 0 for r in found if r["placement"] == tables.SERVICES)
    assert {r["line"].split(".")[0] for r in found} == set(LINES)


def test_the_headline_says_what_the_tables_say() -> None:
    plans = added([r for r in rows("stock") if r["support"] == "plan"], "month")
    assert series("plans") == plans
    school = [r for r in rows("stock") if 0 <= r["ncy"] <= 11]
    assert series("plans_school_age") == added([r for r in school if r["support"] == "plan"], "month")
    assert series("sen_support_school_age") == added([r for r in school if r["support"] == "sen_support"], "month")
    flow = rows("flow")
    asked = added([r for r in flow if r["event"] in {"request", "request_supported", "rerequest"}], "month")
    assert {k: v for k, v in series("requests").items() if len(k) == 7 and v} == asked
    assert series("requests")["2025"] == sum(v for m, v in asked.items() if m.startswith("2025"))
    issued = added([r for r in flow if r["event"].startswith("conclude") and r["to"] != "left"], "reason")
    assert sum(v for k, v in series("new_plans").items() if len(k) == 7) == issued["on_time"] + issued["late"]
    for year, percent in series("within_20_weeks").items():
        assert percent == pytest.approx(100 * series("new_plans_on_time")[year] / series("new_plans")[year])


def test_plans_of_the_headline_balance_from_month_to_month() -> None:
    gains = [series(n) for n in ("new_plans", "plans_moved_in")]
    losses = [series(n) for n in ("ceased", "plans_moved_out", "plans_died", "plans_aged_out")]
    for month in months()[:-1]:
        now = calendar.label(month)
        net = sum(s[now] for s in gains) - sum(s[now] for s in losses)
        assert series("plans")[calendar.label(month + 1)] == series("plans")[now] + net


def test_spend_of_the_headline_is_of_complete_financial_years_and_exact_in_pence() -> None:
    by_year: defaultdict[tuple[str, str], int] = defaultdict(int)
    for row in rows("spend"):
        by_year[row["line"].split(".")[0], calendar.financial_year(calendar.month(row["month"]))] += row["pence"]
    for line in LINES:
        assert series(f"spend.{line}") == {y: by_year[line, y] for y in ("2024-25", "2025-26", "2026-27", "2027-28")}
        assert series(f"spend_part.{line}") == {"2023-24": by_year[line, "2023-24"]}
        for year, pence in series(f"spend.{line}").items():
            assert series(f"spend_low.{line}")[year] <= pence <= series(f"spend_high.{line}")[year]
    assert series("spend.total")["2025-26"] == sum(v for (_, y), v in by_year.items() if y == "2025-26")


def test_a_price_that_the_scenario_fixes_has_no_range() -> None:
    fixed = small_pack.scenario(parameters={"price.nmiss": 40000.0})
    setting = small_pack.setting.build(fixed)
    low, high = spending.at(setting, "low"), spending.at(setting, "high")
    pounds = [{c.name: c.pounds for c in p.charges} for p in (low, high)]
    assert pounds[0]["nmiss"] == pounds[1]["nmiss"] == 40000.0
    assert pounds[0]["state_special"] < pounds[1]["state_special"]


COUNTED = ("children", "pence", "child_months", "places", "filled", "waiting")


@pytest.mark.parametrize("name", tables.TABLES)
def test_a_table_has_the_columns_of_its_schema_with_a_unit_each(name: str) -> None:
    table = tables.TABLES[name](small_pack.finished())
    assert table.schema.equals(schemas.SCHEMAS[name], check_metadata=True)
    table.validate(full=True)
    assert all(field.metadata[b"unit"] and field.metadata[b"meaning"] for field in table.schema)
    keys = [f.name for f in table.schema if f.name not in {"children", "value", "pence", "child_months"}]
    there = [tuple(row[k] for k in keys) for row in rows(name)]
    assert len(set(there)) == len(there), "one row a key"
    stating = {"headline", "ledger"}  # a line of an account that is nought is stated
    assert all(any(row.get(k) for k in COUNTED) for row in rows(name) if name not in stating)


@pytest.mark.parametrize("name", tables.TABLES)
def test_the_same_run_gives_the_same_bytes(name: str) -> None:
    again = World.start(small_pack.whole_setting()).run()

    def written(world: World) -> bytes:
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, schemas.SCHEMAS[name]) as stream:
            stream.write_table(tables.TABLES[name](world))
        return bytes(sink.getvalue())

    assert written(again) == written(small_pack.finished())


def test_a_world_that_has_not_ended_has_tables_of_the_months_so_far() -> None:
    world = World.start(small_pack.whole_setting())
    assert tables.flow(world).num_rows == tables.spend(world).num_rows == 0
    assert {r["month"] for r in tables.stock(world).to_pylist()} == {"2024-01"}
    world.run(calendar.month("2024-03"))
    assert {r["month"] for r in tables.flow(world).to_pylist()} == {"2024-01", "2024-02"}
    assert {r["period"] for r in tables.headline(world).to_pylist() if r["series"].startswith("spend")} == {"2023-24"}


def test_every_series_is_documented_with_a_unit() -> None:
    assert {row["series"] for row in rows("headline")} <= set(headline.SERIES)
    assert {unit for _, unit in headline.SERIES.values()} == {"children", "percent", "pence"}


def test_places_tells_every_providers_places_and_everyone_who_waits():
    world = small_pack.finished()
    rows = tables.places(world).to_pylist()
    providers, waiting = [r for r in rows if r["provider"]], [r for r in rows if not r["provider"]]
    for month in ("2024-01", "2025-09", "2028-04"):
        held, lists = world.record.places[calendar.month(month)], world.record.lists[calendar.month(month)]
        now = [r for r in providers if r["month"] == month]
        assert [sum(r[k] for r in now) for k in ("places", "filled", "over_roll")] == held.sum(0).tolist()
        assert [sum(r[k] for r in waiting if r["month"] == month) for k in ("waiting", "unmet")] == lists.sum(
            (0, 1, 2, 3)
        ).tolist()
        for kind in ("state_special", "srp"):
            code = world.setting.book.vocabulary.code(kind)
            filled = sum(r["filled"] for r in now if r["kind"] == kind)
            assert filled == world.record.stocks[calendar.month(month)][:, :, 2, code].sum()
    assert {r["need"] for r in providers} == {"any"}
    assert all(r["waiting"] == r["unmet"] == 0 for r in providers)
    assert all(r["unmet"] <= r["waiting"] > 0 == r["places"] for r in waiting)
