"""Who gets a scarce place: rank, offers and chains; and what more, fewer, later or merged places do."""

from dataclasses import replace
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import calendar
from cohort.admission import NOBODY
from cohort.mini import MiniWorld
from cohort.places import Places
from cohort.policy import Policy, Scale, When, where
from cohort.states import Presence, Support, Vocabulary
from cohort.world import World
from tests.small import keep, small_setting, under
from tests.test_mini import assert_twins, live_together

SPECIAL, SRP, NMISS = (Vocabulary().code(x) for x in ("state_special", "srp", "nmiss"))


def with_places(s, change):
    """The setting with [month, provider] places changed by a function of them and the providers."""
    return replace(s, places=s.places.with_places(change(s.places.by_month.copy(), s.places)))


def add(n, name, first="2024-01"):
    """n places more at a provider from a month on."""

    def change(by_month, of: Places):
        by_month[calendar.month(first) - of.first :, of.names.index(name)] += n
        return by_month

    return change


def certain(s, **chances):
    """The setting with some chances of admission set, each to one value."""
    found = {k: np.full_like(getattr(s.places.pools, k), round(v * 2**32)) for k, v in chances.items()}
    return replace(s, places=replace(s.places, pools=s.places.pools._replace(**found)))


def happened(world, event):
    """[month] the rows to which an event happened."""
    number = world.setting.book.events.index(event)
    return [log.row[log.event == number] for log in world.record.logs]


def stock(world, month, placement):
    return int(world.record.stocks[month][:, :, 2, placement].sum())


def final(world, placement):
    return stock(world, world.month, placement)


# The twin


def test_the_kernel_and_the_twin_agree_where_schools_open_and_close_and_children_are_squeezed_in():
    s = small_setting(every=60, until="2026-02", part=7)
    opened = s.places.opened.copy()
    opened[calendar.month("2025-04") - s.places.first :, 5] = False
    shut = [replace(p, closes=calendar.month("2025-04")) if n == 5 else p for n, p in enumerate(s.places.providers)]
    s = replace(s, places=replace(s.places, opened=opened, providers=tuple(shut)))
    s = with_places(s, lambda by_month, of: np.where(opened, np.maximum(by_month - (by_month > 3), 0), 0))
    world = live_together(certain(s, over_roll=0.4), seed=3)
    for event in ("admitted", "closure"):
        assert sum(len(rows) for rows in happened(world, event)), event
    assert max(held[:, 2].sum() for held in world.record.places.values()) > 0
    assert any(lists[..., 1].sum() for lists in world.record.lists.values())


def test_a_twin_made_in_any_month_knows_who_is_above_the_roll():
    world = World.start(certain(small_setting(every=100, until="2025-02"), over_roll=0.5)).run(
        calendar.month("2024-08")
    )
    twin = MiniWorld.of(world)
    for _ in range(3):
        world.step()
        twin.step()
        assert_twins(world, twin)
        assert twin.rolls.filled == world.rolls.filled.tolist()


# Rank


def test_the_order_of_rows_does_not_matter():
    s = small_setting(every=60, until="2025-12")
    n = s.tape.with_needs
    order = np.concatenate([np.random.default_rng(1).permutation(n), np.arange(n, len(s.tape))])
    turned = keep(s, order)
    turned = replace(turned, places=s.places)
    a, b = World.start(s).run(), World.start(turned).run()
    for name in ("placement", "provider", "waiting_for", "waiting_since", "named", "cost"):
        np.testing.assert_array_equal(getattr(a.columns, name)[order[:n]], getattr(b.columns, name), err_msg=name)


def test_who_is_admitted_from_the_list_left_it_and_had_waited():
    world = World.start(small_setting(every=20, until="2026-02"))
    admitted = 0
    while world.month < world.setting.scenario.last:
        waited = world.columns.waiting_for.copy()
        world.step()
        rows = happened(world, "admitted")[-1]
        admitted += len(rows)
        assert (waited[rows] != NOBODY).all()
        assert (world.columns.placement[rows] == waited[rows]).all()
        assert (world.columns.waiting_for[rows] == NOBODY).all()
    assert admitted > 20


def test_nobody_settled_in_an_independent_school_is_admitted_from_the_list_if_none_would_accept():
    def from_nmiss(s):
        world = World.start(s).run()
        number, width = s.book.events.index("admitted"), 10 + 2 * len(Vocabulary().placements)
        return sum(int(((log.event == number) & (log.frm == width + NMISS)).sum()) for log in world.record.logs)

    s = small_setting(every=40, until="2025-12")
    assert from_nmiss(certain(s, accepts=0.0)) == 0 < from_nmiss(certain(s, accepts=1.0))


def test_above_the_roll_are_none_if_no_school_admits_so_and_some_if_all_do():
    s = small_setting(every=60, until="2025-12")
    none, all_ = (World.start(certain(s, over_roll=chance)).run() for chance in (0.0, 1.0))
    above = [[int(held[:, 2].sum()) for _, held in sorted(w.record.places.items())] for w in (none, all_)]
    assert (np.diff(above[0]) <= 0).all(), "those of the start grow fewer"
    assert (np.diff(above[1]) > 0).any()
    unmet = [max(int(lists[..., 1].sum()) for lists in w.record.lists.values()) for w in (none, all_)]
    assert unmet[0] > unmet[1], "choices that no school refuses do not wait"


# More, fewer, later, merged


@cache
def base(every=20, part=0, until="2026-02"):
    return small_setting(every=every, until=until, part=part)


def test_one_place_more_changes_one_chain_of_children_in_its_first_month():
    s = base()
    one = World.start(s).run(calendar.month("2025-02"))
    other = one.copy()
    other.setting = with_places(s, add(1, "South special 1", "2025-02"))
    other.rolls.places = other.setting.places
    one.step()
    other.step()
    differ = np.flatnonzero(one.columns.placement != other.columns.placement)
    before, after = one.columns.placement[differ], other.columns.placement[differ]
    entered = ((before != SPECIAL) & (after == SPECIAL)).sum()
    assert 1 <= len(differ) <= 3, "who takes it, and who takes what that child leaves"
    assert entered == 1
    assert not ((before == SPECIAL) & (after != SPECIAL)).any()
    assert int(other.rolls.filled.sum() - one.rolls.filled.sum()) in {0, 1, 2}


@settings(max_examples=6)
@given(
    st.integers(0, 19), st.sampled_from(["North special 1", "East special 4", "West special 2", "South SRP primary"])
)
def test_one_place_more_changes_few_children_in_two_years(part, name):
    s = base(every=40, part=part)
    one, other = World.start(s).run(), World.start(with_places(s, add(1, name, "2024-09"))).run()
    differ = (one.columns.placement != other.columns.placement) | (one.columns.cost != other.columns.cost)
    assert differ.sum() <= 60
    assert differ.sum() < 0.15 * ((one.columns.support == 2) & (one.columns.presence == 1)).sum()


def test_23_more_places_never_mean_more_independent_placements_on_average():
    gaps = []
    for part in range(6):
        s = base(every=20, part=part)
        more = with_places(s, lambda by_month, of: by_month + (by_month > 0) * 2 * (of.pools.kind == SPECIAL))
        few, many = World.start(s).run(), World.start(more).run()
        gaps.append([final(many, NMISS) - final(few, NMISS), final(many, SPECIAL) - final(few, SPECIAL)])
    nmiss, special = np.array(gaps).mean(0)
    assert special > 0
    assert nmiss <= 0


def test_23_once_there_are_places_for_all_more_have_no_effect_at_all():
    s = base(every=60)
    plenty, more = (with_places(s, lambda b, of, k=k: b + k * of.opened) for k in (500, 900))
    a, b = World.start(plenty).run(), World.start(more).run()
    for name in ("placement", "cost", "waiting_for", "provider"):
        np.testing.assert_array_equal(getattr(a.columns, name), getattr(b.columns, name))


def late(s, months):
    """All places of one big school opening so many months after September 2024."""
    by_month = s.places.by_month.copy()
    at, opens = s.places.names.index("Swanley"), calendar.month("2024-09") + months - s.places.first
    by_month[:, at], opened = 0, s.places.opened.copy()
    by_month[opens:, at] = 12
    opened[:, at] = np.arange(len(opened)) >= opens
    return replace(s, places=replace(s.places, by_month=by_month, opened=opened))


def test_24_a_school_that_opens_later_never_has_more_children_placed_and_no_delay_costs_nothing():
    special = np.zeros(4)
    for part in range(4):
        s = base(part=part)
        worlds = [World.start(late(s, months)).run() for months in (0, 0, 4, 12)]
        np.testing.assert_array_equal(worlds[0].columns.cost, worlds[1].columns.cost)
        assert sum(map(int, worlds[0].columns.cost)) == sum(map(int, worlds[1].columns.cost))
        special += [sum(stock(w, m, SPECIAL) for m in w.record.stocks) for w in worlds]
    assert special[0] == special[1] > special[2] > special[3]


def test_25_one_school_of_two_n_places_is_two_of_n():
    s = certain(base(), over_roll=0.0)
    names = s.places.names
    both = [names.index(x) for x in ("East special 2", "East special 3")]
    merged = s.places.by_month.copy()
    merged[:, both[0]] += merged[:, both[1]]
    merged[:, both[1]] = 0
    one = World.start(replace(s, places=s.places.with_places(merged))).run()
    two = World.start(s).run()
    for name in ("placement", "cost", "waiting_for", "waiting_since"):
        np.testing.assert_array_equal(getattr(one.columns, name), getattr(two.columns, name), err_msg=name)


def test_16_a_policy_for_one_area_leaves_the_others_alone_while_no_shared_place_binds():
    s = with_places(base(every=40), lambda b, of: b + 400 * of.opened)
    policy = Policy("east", (Scale("request_supported", 0.3, When("2024-03"), where(areas=["East"])),))
    changed = replace(under(s, policy), places=s.places)
    a, b = World.start(s).run(), World.start(changed).run()
    east = s.tape.area[: s.tape.with_needs] == 1
    for name in ("placement", "cost", "provider", "waiting_for"):
        np.testing.assert_array_equal(getattr(a.columns, name)[~east], getattr(b.columns, name)[~east], err_msg=name)
    assert (a.columns.cost[east] != b.columns.cost[east]).any()


def test_28_without_any_place_free_nobody_new_is_placed_there_and_nobody_is_lost():
    s = certain(base(every=60), over_roll=0.0)
    s = with_places(s, lambda b, of: b * 0)
    start = World.start(s)
    there = start.columns.provider != NOBODY
    world = start.run()
    c = world.columns
    moved = np.concatenate([log.row[log.event == s.book.events.index("closure")] for log in world.record.logs])
    assert len(moved) == 0
    assert not ((c.provider != NOBODY) & ~there).any()
    assert (c.presence == Presence.HERE).sum() == world.record.stocks[world.month].sum()
    assert ((c.support == Support.PLAN) & (c.waiting_for != NOBODY)).sum() > 10


def test_a_list_that_everybody_leaves_at_once_holds_only_those_just_refused_or_out_of_school():
    world = World.start(certain(base(every=60), lapse=1.0)).run()
    c = world.columns
    waits = c.waiting_for != NOBODY
    out = c.placement == Vocabulary().code("awaiting")
    assert (c.waiting_since[waits & ~out] == world.month - 1).all()
