"""Nobody is lost, nobody is in two places, no event comes from nowhere, and every penny is some child's."""

from collections import Counter
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import calendar, paying
from cohort.processes import PROCESSES, REASONS, Effect
from cohort.states import PLACEMENTS, STAGES, SUPPORTS, Presence, Stage, Support, state_code, state_labels
from cohort.world import Broken, World
from tests.small import small_setting

UNTIL = "2028-04"
ISSUES = tuple(p.name for p in PROCESSES if (p.yes.effect | (p.no or p.yes).effect) & Effect.BEGIN_PLAN)
ASKS = tuple(p.name for p in PROCESSES if p.yes.stage == Stage.REQUESTED)
REOPENS = tuple(p.name for p in PROCESSES if p.yes.stage == Stage.ASSESSING and p.yes.effect & Effect.START_CLOCK)
MOVES = tuple(p.name for p in PROCESSES if (p.yes.effect | (p.no or p.yes).effect) & Effect.MOVE)
LABELS = state_labels(small_setting(every=200, until=UNTIL).book.vocabulary)
NONE, ELSEWHERE, LEFT = LABELS.index("none"), LABELS.index("elsewhere"), LABELS.index("left")
FIRST_PLACED = len(LABELS) - 2 - len(PLACEMENTS)
"""The first state code that is a plan's placement."""
CODES = np.array([[[state_code(support, stage, k, len(PLACEMENTS)) for k in range(len(PLACEMENTS))]
                   for stage in range(len(STAGES))] for support in range(len(SUPPORTS))])  # fmt: skip


class Life:
    """A run with the state of every child at the start of each month, and its log in the words of the events."""

    def __init__(self, world):
        self.world, self.setting = world, world.setting
        self.events = self.setting.book.events
        self.codes, self.money, self.here, self.ncy, self.months, self.needs = [], [], [], [], [], []
        self.look()
        while world.month < self.setting.scenario.last:
            self.months.append(world.month)
            world.step()
            self.look()

    def look(self):
        c, tape = self.world.columns, self.setting.tape
        state = CODES[c.support, c.stage, c.placement]
        state = np.where(c.presence == Presence.HERE, state, np.where(c.presence == Presence.NOT_YET, ELSEWHERE, LEFT))
        self.codes.append(state)
        self.money.append(c.cost.copy())
        self.needs.append(np.stack([c.need, self.where(c)]))
        self.here.append(c.presence == Presence.HERE)
        self.ncy.append(calendar.academic_year(self.world.month - 1) - tape.cohort[: tape.with_needs].astype(int))

    def where(self, c):
        """Where each child's place is: of independent special schools by its lodging against its bounds."""
        of, nmiss = self.setting.prices.lodging, self.setting.book.vocabulary.code("nmiss")
        ncy = calendar.academic_year(self.world.month - 1) - c.cohort.astype(int)
        group = np.searchsorted([6, 12, 17, 21], np.clip(ncy, 0, 26), side="right")
        bound = of.chance[0, group, c.need, c.severity] * 65_536
        boards = c.lodging % 65_536 < np.rint(bound[:, 0])
        outside = c.lodging // 65_536 < np.rint(np.where(boards, bound[:, 2], bound[:, 1]))
        return np.where(c.placement == nmiss, 2 * boards + outside, self.setting.places.outside[c.provider])

    def turns(self):
        """(log, codes before, codes after, month) of every month."""
        return zip(self.world.record.logs, self.codes, self.codes[1:], self.months, strict=False)

    def born(self, m):
        tape = self.setting.tape
        return (tape.born & (tape.arrival == m))[: tape.with_needs]

    def names(self, log):
        return np.array(self.events)[log.event]


@lru_cache(maxsize=60)
def life(every=200, part=0, seed=1, replicate=0):
    """A run of one in ``every`` children to the end."""
    return Life(World.start(small_setting(every=every, until=UNTIL, part=part), seed=seed, replicate=replicate))


LIVES = st.builds(life, st.sampled_from([200, 300]), st.integers(0, 3), st.integers(0, 2**40), st.integers(0, 99))
a_few = settings(max_examples=8)


def log_of(run, *names):
    """(row, reason, from, to, clock, month) of all entries of these events."""
    for log, _, _, m in run.turns():
        for i in np.flatnonzero(np.isin(run.names(log), names)):
            yield int(log.row[i]), int(log.reason[i]), int(log.frm[i]), int(log.to[i]), int(log.clock[i]), m


# People


@a_few
@given(LIVES)
def test_1_people_are_conserved_in_every_month_and_district_september_included(run):
    tape = run.setting.tape
    district = tape.district[: tape.with_needs]

    def by_district(rows):
        return np.bincount(district[rows], minlength=len(tape.districts))

    for at, (log, _, _, m) in enumerate(run.turns()):
        arrived, left = (log.row[run.names(log) == event] for event in ("arrive", "leave"))
        births = np.flatnonzero(run.born(m))
        change = by_district(births) + by_district(arrived) - by_district(left)
        np.testing.assert_array_equal(by_district(run.here[at]) + change, by_district(run.here[at + 1]))
        there = (tape.arrival <= m) & (tape.leaving > m)
        np.testing.assert_array_equal(run.here[at + 1], there[: tape.with_needs])
        assert run.world.record.stocks[m + 1].sum() == run.here[at + 1].sum()


def test_1_all_ways_of_coming_and_going_are_there_to_be_tested():
    run = life(every=40)
    leaving = {int(why) for log in run.world.record.logs for why in log.reason[run.names(log) == "leave"]}
    assert len(leaving) == 3
    assert any(run.born(m).any() for m in run.months)
    assert list(log_of(run, "arrive"))


@a_few
@given(LIVES)
def test_2_every_child_is_in_one_lawful_state_and_counted_once(run):
    record, c = run.world.record, run.world.columns
    for at, m in enumerate([*run.months, run.world.month]):
        counted = record.stocks[m].sum((0, 1))
        state = run.codes[at][run.here[at]]
        for code, placement in enumerate(PLACEMENTS):
            assert placement.with_plan or not counted[Support.PLAN, code]
            assert placement.without_plan or not counted[: Support.PLAN, code].any()
            assert counted[Support.PLAN, code] == (state == FIRST_PLACED + code).sum()
        assert counted.sum() == len(state)
    here = c.presence == Presence.HERE
    with_plan = c.support == Support.PLAN
    assert set(np.unique(c.stage[here & with_plan])) <= {Stage.NONE, Stage.APPEALING}
    assert c.support[here].max() < len(SUPPORTS)
    assert c.stage[here].max() < len(STAGES)
    np.testing.assert_array_equal(c.anniversary[here] < 12, with_plan[here])
    assert (c.anniversary[~here] == 255).all()
    assert (c.clock[here & (c.stage > 0)] < run.world.month).all()
    assert (c.need[here & with_plan] < 13).all()


@a_few
@given(LIVES)
def test_3_for_every_state_stock_changes_by_what_came_in_less_what_went_out(run):
    size = len(LABELS)
    for log, before, after, m in run.turns():
        born = run.born(m).sum()
        into, out = np.bincount(log.to, minlength=size), np.bincount(log.frm, minlength=size)
        into[NONE] += born
        out[ELSEWHERE] += born
        change = np.bincount(after, minlength=size) - np.bincount(before, minlength=size)
        np.testing.assert_array_equal(change, into - out)


@a_few
@given(LIVES)
def test_3_every_childs_life_is_a_chain_of_entries_without_a_gap(run):
    for log, before, after, m in run.turns():
        state = np.where(run.born(m), NONE, before)
        for row, frm, to in zip(log.row, log.frm, log.to, strict=True):
            assert state[row] == frm
            state[row] = to
        np.testing.assert_array_equal(state, after)
        assert Counter(log.row.tolist()).most_common(1)[0][1] <= 2


def test_3_events_of_nobody_who_is_away():
    run = life(every=40)
    for at, (log, _, _, m) in enumerate(run.turns()):
        came = run.here[at] | run.here[at + 1]
        assert came[log.row].all(), calendar.label(m)


# Plans


@a_few
@given(LIVES)
def test_5_no_plan_comes_before_its_request(run):
    start = run.setting.start
    pending = np.isin(start.stage, (Stage.REQUESTED, Stage.ASSESSING))
    since = dict(zip(np.flatnonzero(pending).tolist(), start.clock[pending].tolist(), strict=True))
    plans = 0
    for row, why, frm, to, clock, m in log_of(run, *ASKS, *REOPENS, *ISSUES):
        if to >= FIRST_PLACED:
            assert LABELS[frm].endswith("+assessing")
            assert clock == since[row] < m, "its clock runs from its request, or from the appeal that reopened it"
            plans += 1
        elif LABELS[to].endswith("+requested") or REASONS[why] == "upheld":
            since[row] = m
    assert plans
    for log, _, _, _ in run.turns():
        began = (log.frm < FIRST_PLACED) & (log.to >= FIRST_PLACED) & (log.to < ELSEWHERE)
        assert set(run.names(log)[began]) <= set(ISSUES)
        from_elsewhere = (log.frm == ELSEWHERE) & (log.to >= FIRST_PLACED)
        assert set(run.names(log)[from_elsewhere]) <= {"arrive"}


@a_few
@given(LIVES)
def test_5_on_time_and_late_plans_are_all_plans_issued(run):
    reasons = Counter(REASONS[why] for _, why, _, to, _, _ in log_of(run, *ISSUES) if to >= FIRST_PLACED)
    issued = sum(int(((log.frm < FIRST_PLACED) & (log.to >= FIRST_PLACED) & (log.to < ELSEWHERE)).sum())
                 for log, *_ in run.turns())  # fmt: skip
    assert set(reasons) <= {"on_time", "late"}
    assert reasons.total() == issued > 0
    others = {REASONS[why] for _, why, _, to, _, _ in log_of(run, *ISSUES) if to < FIRST_PLACED}
    assert others <= {"no_plan"}


def test_5_twenty_weeks_are_between_four_and_six_months_by_the_calendar():
    for _, why, _, to, clock, m in log_of(life(every=40), *ISSUES):
        if to >= FIRST_PLACED:
            assert m - clock <= 5 or REASONS[why] == "late"
            assert m - clock >= 4 or REASONS[why] == "on_time"


# Age rules


@a_few
@given(LIVES)
def test_8_whoever_is_moved_is_moved_to_where_the_law_lets_a_child_of_that_age_be(run):
    lawful = run.setting.book.vocabulary.lawful
    for at, (log, _, _, _) in enumerate(run.turns()):
        ncy = run.ncy[at + 1]  # September has turned the year by the time anybody moves
        moved = (log.to >= FIRST_PLACED) & (log.to < ELSEWHERE) & (log.to != log.frm)
        assert lawful[log.to[moved].astype(int) - FIRST_PLACED, ncy[log.row[moved]]].all()


@a_few
@given(LIVES)
def test_8_a_placed_child_moves_only_by_transfer_review_breakdown_tribunal_or_offer(run):
    for log, _, _, _ in run.turns():
        moved = (log.frm >= FIRST_PLACED) & (log.to >= FIRST_PLACED) & (log.to < ELSEWHERE) & (log.frm != log.to)
        assert set(run.names(log)[moved & (log.frm < ELSEWHERE)]) <= {*MOVES, "transfer", "admitted", "closure"} - set(
            ISSUES
        )


def test_8_the_plans_published_at_unusual_ages_are_about_62_and_stay_until_their_next_move():
    setting = small_setting(every=1, until="2024-09")
    lawful, tape, start = setting.book.vocabulary.lawful, setting.tape, setting.start
    ncy = calendar.academic_year(setting.scenario.first - 1) - tape.cohort[: tape.with_needs].astype(int)
    held = np.flatnonzero(start.support == Support.PLAN)
    unusual = held[~lawful[start.placement[held], ncy[held]]]
    assert 50 <= len(unusual) <= 70
    world = World.start(setting).run()
    moved = np.concatenate([log.row[log.frm != log.to] for log in world.record.logs])
    kept = unusual[~np.isin(unusual, moved)]
    assert len(kept) > 30
    assert (world.columns.placement[kept] == start.placement[kept]).all()


def test_8_nobody_stays_in_an_early_years_setting_beyond_reception_but_who_was_there_at_the_start():
    world = World.start(small_setting(every=4, until="2027-01")).run()
    c, nursery = world.columns, world.setting.book.vocabulary.code("early_years")
    there = (c.presence == Presence.HERE) & (c.support == Support.PLAN) & (c.placement == nursery)
    beyond = there & (calendar.academic_year(world.month - 1) - c.cohort.astype(int) - 5 > 0)
    assert there.any()
    assert (c.entered[beyond] == 0).all()


def test_8_nobody_is_older_than_ncy_20_but_the_one_plan_listed_at_25():
    world = World.start(small_setting(every=1, until="2026-01")).run()
    oldest = {calendar.label(m): int(stock[26].sum()) for m, stock in world.record.stocks.items()}
    assert {m for m, children in oldest.items() if children} == {f"2024-0{k}" for k in range(1, 10)}
    assert set(oldest.values()) == {0, 1}
    assert world.record.stocks[calendar.month("2024-01")][26, :, Support.PLAN].sum() == 1


# Money


@a_few
@given(LIVES)
def test_9_each_childs_month_costs_the_price_of_where_it_ends_the_month(run):
    tape, c = run.setting.tape, run.world.columns
    severity = tape.severity[: tape.with_needs]
    for at, m in enumerate(run.months):
        price, code, here = run.setting.price(m), run.codes[at + 1], run.here[at + 1]
        paid, post_16 = run.money[at + 1] - run.money[at], (run.ncy[at + 1] - 5 >= 12).astype(int)
        assert (paid[~here] == 0).all()
        assert (paid[code == NONE] == 0).all()
        placed = (code >= FIRST_PLACED) & here
        need, where = run.needs[at + 1]
        owed = price[Support.PLAN, code[placed] - FIRST_PLACED, severity[placed], post_16[placed], need[placed],
                     where[placed], 0]  # fmt: skip
        np.testing.assert_array_equal(paid[placed], owed)
        supported = code == LABELS.index("sen_support")
        owed = price[Support.SEN_SUPPORT, 0, severity[supported], post_16[supported], 0, 0, 0]
        np.testing.assert_array_equal(paid[supported], owed)
    assert (c.cost >= 0).all()


@a_few
@given(LIVES)
def test_9_the_children_together_cost_their_numbers_times_the_price_to_the_penny(run):
    record = run.world.record
    total = 0
    for at, m in enumerate(run.months):
        month_pence = run.setting.cost(record.cells[m + 1], record.held[m + 1], m)
        assert month_pence == int(run.money[at + 1].sum() - run.money[at].sum())
        total += month_pence
    assert total == int(run.world.columns.cost.sum()) > 0


@a_few
@given(LIVES)
def test_11_areas_needs_ages_and_stages_add_up(run):
    record, tape = run.world.record, run.setting.tape
    for m, census in record.censuses.items():
        np.testing.assert_array_equal(census.sum(2), record.stocks[m])
    for at, m in enumerate(run.months):
        stock = record.stocks[m + 1]
        by_area = np.bincount(tape.area[: tape.with_needs][run.here[at + 1]], minlength=4)
        np.testing.assert_array_equal(stock.sum((0, 2, 3)), by_area)
        by_group = np.add.reduceat(stock, [0, 6, 12, 17, 21], axis=0)
        np.testing.assert_array_equal(record.paid[m].sum((4, 5)), by_group)
        held = np.add.reduceat(record.held[m + 1], run.setting.prices.slots.first[:-1], axis=2)
        np.testing.assert_array_equal(held.sum((3, 4, 5)), by_group[:, :, Support.PLAN])
        code = run.codes[at + 1]
        for support in (Support.NONE, Support.SEN_SUPPORT):
            for stage in range(1, len(STAGES)):
                assert record.stages[m + 1][support, stage] == (code == CODES[support, stage, 0]).sum()


def test_11_every_january_is_counted_and_no_other_month():
    run = life()
    assert [calendar.label(m) for m in run.world.record.censuses] == [f"20{y}-01" for y in range(24, 29)]
    assert sorted(run.world.record.stocks) == [*run.months, run.world.month]


def test_11_a_census_may_be_taken_in_any_month_and_agrees_with_the_count_september_included():
    world = World.start(small_setting(every=100, until="2024-12"))
    while world.month < world.setting.scenario.last:
        np.testing.assert_array_equal(world.count_census().sum(2), world.count().sum(4))
        np.testing.assert_array_equal(world.count(), world.record.cells[world.month])
        world.step()


# A world that breaks this stops


def running(months=5):
    """A small world some months after its start."""
    setting = small_setting(every=200, until=UNTIL)
    return World.start(setting).run(setting.scenario.first + months)


def away(world):
    return world.columns.cell.max() if (world.columns.presence != Presence.HERE).any() else None


@given(st.integers(0, 10**6), st.integers(0, 40))
@settings(max_examples=15)
def test_a_lost_child_stops_the_world(which, months):
    world = running(months)
    rows = np.flatnonzero(world.columns.presence == Presence.HERE)
    stays = rows[world.setting.tape.leaving[rows] > world.month]
    world.columns.bound[stays[which % len(stays)]] = 0  # nothing happens to it either
    world.columns.anniversary[stays[which % len(stays)]] = 255
    world.columns.placed[stays[which % len(stays)]] = world.month
    world.columns.presence[stays[which % len(stays)]] = Presence.MOVED
    world.columns.cell[stays[which % len(stays)]] = away(world)
    with pytest.raises(Broken, match="children by school year and area"):
        world.step()


def test_a_child_who_comes_from_nowhere_stops_the_world():
    world = running()
    c, j = world.columns, np.flatnonzero(world.columns.presence == Presence.MOVED)[0]
    c.presence[j] = Presence.HERE
    c.cell[j] = ((int(c.area[j]) * 3 + c.support[j]) * len(PLACEMENTS) + c.placement[j]) * 5 + c.severity[j]
    with pytest.raises(Broken, match="children by school year and area"):
        world.step()


def test_a_child_counted_in_another_area_stops_the_world(monkeypatch):
    world = running()
    monkeypatch.setattr(World, "_find_astray", lambda _: None)  # which would say so first
    first = np.flatnonzero((world.columns.presence == Presence.HERE) & (world.columns.area == 0))
    stays = first[(world.setting.tape.leaving[first] > world.month) & (world.columns.support[first] == 0)][0]
    world.columns.bound[stays] = 0
    world.columns.cell[stays] += 3 * len(PLACEMENTS) * 5
    with pytest.raises(Broken, match="children by school year and area"):
        world.step()


@pytest.mark.parametrize(("column", "value"), [
    ("placement", 4), ("presence", Presence.MOVED), ("support", Support.PLAN), ("cell", 7), ("severity", 3),
])  # fmt: skip
def test_a_child_who_is_not_where_it_is_counted_stops_the_world(column, value):
    world = running()
    c = world.columns
    if column == "severity":  # of the tape, which is shared
        world.columns = c = c._replace(severity=c.severity.copy())
    plain = np.flatnonzero((c.presence == Presence.HERE) & (c.support == 0) & (c.placement == 0) & (c.severity == 0))
    getattr(c, column)[plain[5]] = value
    with pytest.raises(Broken, match=f"2024-06: child {plain[5]} not in the cell where counted"):
        world.step()


def test_a_penny_put_on_a_childs_cost_between_two_months_stops_the_world():
    world = running()
    world.columns.cost[11] += 1
    with pytest.raises(Broken, match=f"2024-06: {world.charged + 1} pence spent on children, {world.charged} charged"):
        world.step()


def test_a_child_changed_between_two_months_stops_the_world_though_something_happens_to_it_then():
    world = running()
    ahead = world.copy()
    ahead.step()
    row = int(ahead.record.logs[-1].row[-1])
    world.columns.severity[row] = (world.columns.severity[row] + 1) % 5
    with pytest.raises(Broken, match="not in the cell where counted"):
        world.step()
    assert world.month == ahead.month - 1


def test_a_penny_too_much_stops_the_world(monkeypatch):
    world = running()
    charge = paying.pay_and_count

    def a_penny_more(*given):
        charged, *others = charge(*given)
        given[0].cost[7] += 1
        return charged + 1, *others

    monkeypatch.setattr(paying, "pay_and_count", a_penny_more)
    with pytest.raises(Broken, match="pence charged to children"):
        world.step()


def test_a_penny_taken_from_a_child_is_missed():
    run = Life(running())
    run.money[-1][3] -= 1
    with pytest.raises(AssertionError):
        test_9_the_children_together_cost_their_numbers_times_the_price_to_the_penny.hypothesis.inner_test(run)
