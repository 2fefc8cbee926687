"""The roll of independent special schools: every child who comes or goes is counted once, by route."""

from collections import Counter
from functools import cache

import numpy as np
import pytest

from cohort import account, calendar, lives, nmiss, tables
from cohort.nmiss import Movement
from cohort.states import Support
from cohort.world import World
from tests import small, small_pack


@cache
def one_in_eight() -> World:
    """An eighth of Kent's children, to the end."""
    return World.start(small.small_setting(every=8, until="2028-04")).run()


@cache
def moves() -> list[Movement]:
    """Their movements."""
    return nmiss.movements(one_in_eight())


def test_opening_and_entries_less_exits_is_closing_and_the_next_years_opening() -> None:
    found = moves()
    assert [m.year for m in found] == ["2024-25", "2025-26", "2026-27", "2027-28"]
    for m in found:
        assert m.closing == m.opening + sum(m.entries.values()) - sum(m.exits.values())
    assert [m.opening for m in found[1:]] == [m.closing for m in found[:-1]]
    assert sum(sum(m.entries.values()) for m in found) > 100, "there is something to count"


@pytest.mark.parametrize("placement", ["state_special", "mainstream", "fe", "awaiting"])
def test_any_placements_roll_balances_by_academic_year(placement: str) -> None:
    found = nmiss.movements(one_in_eight(), placement, nmiss.academic_year)
    assert [m.year for m in found] == ["2024/25", "2025/26", "2026/27"]
    for m in found:
        assert m.closing == m.opening + sum(m.entries.values()) - sum(m.exits.values())


def test_routes_are_those_of_the_flow_table() -> None:
    flow = [r for r in tables.flow(one_in_eight()).to_pylist() if "2025-04" <= r["month"] <= "2026-03"]
    entries: Counter[str] = Counter()
    exits: Counter[str] = Counter()
    for r in flow:
        if r["to"] == "nmiss" and r["from"] != "nmiss":
            entries[r["event"]] += r["children"]
        elif r["from"] == "nmiss" and r["to"] != "nmiss":
            exits[r["to"]] += r["children"]
    (m,) = [m for m in moves() if m.year == "2025-26"]
    by_route: Counter[str] = Counter()
    for event, n in entries.items():
        by_route[nmiss.ENTRIES[event]] += n
    assert sum(m.entries.values()) == sum(by_route.values())
    assert all(n <= by_route[route] for route, n in m.entries.items() if route != "no_place")
    assert m.entries["no_place"] - by_route["no_place"] == sum(
        n - m.entries[route] for route, n in by_route.items() if route != "no_place"
    )
    assert m.entries["other"] == 0
    assert m.exits["state_special"] == exits["state_special"]
    assert m.exits["mainstream"] == exits["mainstream"] + exits["srp"]
    assert m.exits["moved"] + m.exits["died"] + m.exits["aged_out"] == exits["left"]
    assert m.exits["ceased"] == exits["none"] + exits["sen_support"]


def test_the_flow_table_tells_entries_for_want_of_a_place_as_the_roll_does() -> None:
    """By event and ``for_want_of`` the routes are worked out from the table alone."""
    for m in moves():
        year = int(m.year[:4])
        flow = [r for r in tables.flow(one_in_eight()).to_pylist() if f"{year}-04" <= r["month"] <= f"{year + 1}-03"]
        entries, sent = Counter[str](), 0
        for r in flow:
            if r["to"] == "nmiss" != r["from"]:
                unmet = r["for_want_of"].startswith("state_special:")
                entries["no_place" if unmet else nmiss.ENTRIES[r["event"]]] += r["children"]
                sent += r["children"] * (r["for_want_of"] == "state_special:choice")
        assert entries == {route: n for route, n in m.entries.items() if n}
        assert sent == m.sent > 0


def test_only_entries_to_a_placement_are_for_want_of_another() -> None:
    flow = tables.flow(one_in_eight()).to_pylist()
    held = set(one_in_eight().setting.book.vocabulary.labels)
    for r in (r for r in flow if r["for_want_of"]):
        assert r["to"] in held
        assert r["to"] not in {r["from"], r["for_want_of"].split(":")[0]}
    elastic = World.start(small.elastic(small.small_setting(every=40, until="2025-01"))).run()
    refused = [r for r in tables.flow(elastic).to_pylist() if r["for_want_of"].endswith(":choice")]
    assert not refused, "nobody is refused where there is a place for everybody"


def test_entries_for_want_of_a_place_are_told_apart_from_those_that_were_chosen() -> None:
    full, free = one_in_eight(), World.start(small.elastic(small.small_setting(every=8, until="2026-04"))).run()
    crowded, elastic = (nmiss.movements(world)[0] for world in (full, free))
    assert crowded.entries["no_place"] > elastic.entries["no_place"] >= 0
    assert 0 < crowded.sent < crowded.entries["no_place"] < sum(crowded.entries.values())
    assert elastic.sent == 0, "nobody is refused where there is a place for everybody"
    code, special = (full.setting.book.vocabulary.code(p) for p in ("nmiss", "state_special"))
    months = range(calendar.month("2024-04"), calendar.month("2025-04"))
    logs = [full.record.logs[m - full.setting.scenario.first] for m in months]
    here = 44 + code
    came = [log.waits[(log.to == here) & (log.frm != here)] for log in logs]
    assert crowded.sent == sum(int((w == 2 * special + 1).sum()) for w in came)


def test_its_pounds_are_the_ledgers_and_the_councils_are_beside_them() -> None:
    years = {y.financial_year: y for y in account.of_world(one_in_eight())}
    for m in moves():
        assert m.pence == years[m.year].lines["independent.nmiss"]
        assert m.line_pence == years[m.year].line("independent")
        assert m.fte * 12 == m.child_months
    assert [m.council for m in moves()] == [82, 78, 64, 42]


def test_the_played_back_log_has_every_plan_of_every_month() -> None:
    world = small_pack.finished()
    for month, state in lives.plans(world):
        cells = world.record.cells[month + 1][:, :, Support.PLAN].sum((0, 1, 3))
        found = np.bincount(state[state != lives.NO_PLAN], minlength=len(cells))
        assert (found == cells).all(), calendar.label(month)


def test_the_floor_is_the_children_there_who_have_not_left_and_what_they_cost() -> None:
    world = one_in_eight()
    code = world.setting.book.vocabulary.code("nmiss")
    there: dict[int, int] = {}
    begins = calendar.month("2025-04")
    for month, state in lives.plans(world):
        if month >= begins - 1:
            inside = set(np.flatnonzero(state == code).tolist())
            there = dict.fromkeys(inside, 0) if month == begins - 1 else {k: n for k, n in there.items() if k in inside}
            there = {k: n + (month >= begins) for k, n in there.items()}
    found = nmiss.floor(world)
    assert [f.year for f in found] == ["2025-26", "2026-27", "2027-28"]
    assert found[-1].closing == len(there)
    assert set(there.values()) == {36}, "who is left was there all along"
    assert found[0].closing > found[1].closing > found[2].closing > 0
    by_year = {m.year: m for m in moves()}
    assert found[0].child_months < by_year["2025-26"].child_months
    assert all(f.pence < by_year[f.year].pence for f in found)


def test_the_floor_of_a_child_who_stays_is_twelve_months_at_its_price() -> None:
    world = World.start(small.flat(small.small_setting(every=40, until="2027-04"))).run()
    pounds = world.setting.params["price.nmiss"]
    for f in nmiss.floor(world, "2024-04"):
        price = round(pounds * 100 / 12 * 1.04 ** (int(f.year[:4]) - 2024))
        assert f.pence == f.child_months * price


def test_a_month_outside_the_run_is_refused() -> None:
    with pytest.raises(ValueError, match="since: 2028-04 given; allowed: 2024-01 to 2028-03"):
        nmiss.floor(one_in_eight(), "2028-04")


def test_a_world_that_stops_early_has_the_years_that_are_whole() -> None:
    short = World.start(small_pack.whole_setting()).run(calendar.month("2025-06"))
    assert [m.year for m in nmiss.movements(short)] == ["2024-25"]


def test_the_floor_that_is_printed_is_of_both_kinds_of_independent_school_and_below_the_line():
    from cohort import headline

    world = World.start(small.small_setting(every=20, until="2027-04")).run()
    told = {(series, period): value for series, period, value in headline.rows(world)}
    years = [period for series, period in told if series == headline.FLOOR]
    assert years == ["2025-26", "2026-27"]
    both = {f.year: f.pence for f in nmiss.floor(world, "2025-04", "nmiss", "independent_mainstream")}
    apart = [nmiss.floor(world, "2025-04", p) for p in ("nmiss", "independent_mainstream")]
    for k, year in enumerate(years):
        assert told[headline.FLOOR, year] == both[year] >= sum(one[k].pence for one in apart)
        assert both[year] < told["spend.independent", year]
    assert both["2026-27"] < both["2025-26"]
