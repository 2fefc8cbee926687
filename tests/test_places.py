"""Providers and their places: what the scenario says of them, and what holds of every world whose places are scarce."""

import tomllib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import calendar, parameters, places, placing
from cohort.admission import NOBODY
from cohort.places import ALWAYS, KIND_ORDER, OUTSIDE
from cohort.scenario import Scenario, ScenarioError, find
from cohort.states import Presence, Support, Vocabulary
from cohort.world import Broken, World
from tests.small import KENT, elastic, full_setting, small_setting

VOCABULARY = Vocabulary()


def built(start="2024-01", **section):
    """Kent's places under a scenario's section."""
    scenario = Scenario.parse({"name": "x", "start": start, "places": section})
    return places.build(KENT, parameters.draw(KENT), VOCABULARY, scenario)


def of(p, name, month):
    return int(p.by_month[calendar.month(month) - p.first, p.names.index(name)])


# What is published, and what a scenario may say


def test_the_24_schools_have_the_published_children_few_vacancies_and_places_for_others():
    p = built()
    schools = [x for x in p.providers if x.kind == "state_special" and x.area != OUTSIDE and x.opens == ALWAYS]
    (count,) = KENT.table("capacity").where(measure="state_funded_special_schools").rows()
    assert len(schools) == count["value"] == 24
    now = p.by_month[0]
    for kind, most_vacant in (("state_special", 0.03), ("srp", 0.08)):
        children = (full_setting().start.placement[full_setting().start.support == 2] == VOCABULARY.code(kind)).sum()
        room = sum(int(n) for n, x in zip(now, p.providers, strict=True) if x.kind == kind)
        assert children <= room <= children * (1 + most_vacant)
    assert 200 <= sum(x.held_by_others for x in p.providers) <= 845


def test_the_planned_schools_have_their_published_places():
    table = {r["breakdown"]: r["value"] for r in KENT.table("capacity").where(unit="places").rows()}
    for name in ("Swanley", "Whitstable", "Sheppey"):
        (published,) = [v for k, v in table.items() if name in k]
        assert next(p.places for p in built().providers if p.name == name) == published


def test_the_shipped_scenarios_differ_only_in_when_schools_open():
    given_by = {
        name: tomllib.loads(find(name).read_text("utf-8")) for name in ("baseline", "early_schools", "late_schools")
    }
    openings = {name: toml.pop("places", {}).get("opening", {}) for name, toml in given_by.items()}
    for toml in given_by.values():
        toml.pop("title")
        toml.pop("description")
    assert given_by["baseline"] == given_by["early_schools"] == given_by["late_schools"]
    assert openings["baseline"] == {}, "nothing that was not there by March 2025"
    assert set(openings["early_schools"].values()) == {"2024-09"}
    assert set(openings["late_schools"].values()) == {"2027-09"}
    assert openings["early_schools"].keys() == openings["late_schools"].keys() == {"Swanley", "Whitstable"}


def test_a_school_has_no_place_before_it_opens_and_none_once_closed():
    p = built(opening={"Swanley": "2025-09", "Sheppey": "2026-09"}, closing={"Swanley": "2027-01"})
    assert [of(p, "Swanley", m) for m in ("2025-08", "2027-01")] == [0, 0]
    assert 0 < of(p, "Swanley", "2025-09") < of(p, "Swanley", "2026-09") <= 250
    assert of(p, "Sheppey", "2026-08") == 0 < of(p, "Sheppey", "2026-09")
    assert built().by_month[:, p.names.index("Sheppey")].max() == 0


def test_a_new_school_fills_up_over_its_years_to_its_number():
    p = built(opening={"Swanley": "2024-09"})
    column = p.by_month[:, p.names.index("Swanley")]
    assert (np.diff(column) >= 0).all()
    assert column.max() == 250
    assert of(p, "Swanley", "2024-09") == round(0.4 * 250)


def test_existing_schools_grow_each_september_by_the_parameters_in_all():
    p, params = built(), parameters.draw(KENT)
    for kind, name in (("state_special", "places.growth_special"), ("srp", "places.growth_srp")):
        old = [k for k, x in enumerate(p.providers) if x.kind == kind and x.opens == ALWAYS]
        total = p.by_month[:, old].sum(1)
        grown = np.flatnonzero(np.diff(total)) + 1 + p.first
        assert all(calendar.is_september(int(m)) for m in grown)
        assert total[9] - total[0] == pytest.approx(params[name], abs=1)


@pytest.mark.parametrize("start", ["2019-01", "2022-01", "2024-01"])
@pytest.mark.parametrize("number", [0, 3, 8])
def test_no_open_provider_ever_loses_a_place(start, number):
    scenario = Scenario.parse({"name": "x", "start": start, "places": {"opening": {"Sheppey": "2026-09"}}})
    p = places.build(KENT, parameters.draw(KENT, number), VOCABULARY, scenario)
    for some in (p, p.scaled(0.025), p.scaled(0.3)):
        assert (np.diff(some.by_month, axis=0) >= 0).all()
        assert (some.by_month[~some.opened] == 0).all()


def test_before_2024_places_are_as_many_as_there_were_children():
    p = built(start="2021-01")
    first, last = (p.by_month[calendar.january(y) - p.first].sum() for y in (2021, 2024))
    assert first < last == built().by_month[0].sum()


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ({"opening": {"Swanly": "2027-09"}}, "places.opening: 'Swanly' is not a provider; did you mean 'Swanley'?"),
        ({"closing": {"East special": "2027-09"}}, "places.closing: 'East special' is not a provider"),
        ({"number": {"Whitstabel": 3}}, "places.number: 'Whitstabel' is not a provider; did you mean 'Whitstable'?"),
        ({"opening": {"Swanley": "2027-9"}}, "places.opening: .*Swanley: '2027-9' is not a month"),
        ({"closing": {"Swanley": "start"}}, "places.closing: .*Swanley: 'start' is not a month.* or 'never'"),
        ({"number": {"Swanley": -1}}, "places.number.Swanley: -1 given"),
        ({"bindng": False}, "places.bindng: unknown key; did you mean 'binding'?"),
    ],
)
def test_a_wrong_section_is_refused_with_the_key_and_what_is_allowed(section, said):
    with pytest.raises(ScenarioError, match=said.replace("?", r"\?")):
        built(**section)


def test_a_scenarios_places_are_read_back_from_its_toml(tmp_path):
    section = {"binding": False, "opening": {"Swanley": "2026-09"}, "closing": {"East special 3": "2027-09"},
               "number": {"Sheppey": 60}}  # fmt: skip
    scenario = Scenario.parse({"name": "mine", "places": section, "parameters": {"waiting.srp": 4}})
    path = tmp_path / "mine.toml"
    path.write_text(scenario.to_toml(), "utf-8")
    assert Scenario.load(path) == scenario


# The start


def at_start(whole):
    """(setting, who is at which provider, who waits)."""
    return whole, placing.settle(whole.places, whole.start, whole.tape)


def test_every_child_in_a_scarce_place_has_a_provider_of_its_kind_at_the_start_and_nobody_else():
    s, settled = at_start(full_setting())
    here = s.tape.arrival[: s.tape.with_needs] < s.scenario.first
    for k, kind in enumerate(s.places.pools.kinds):
        there = here & (s.start.support == Support.PLAN) & (s.start.placement == kind)
        assert np.isin(settled.provider[there], np.flatnonzero(s.places.pools.kind == kind)).all()
        assert (settled.waiting_for[there] != kind).all(), k
    scarce = np.isin(s.start.placement, s.places.pools.kinds) & (s.start.support == Support.PLAN) & here
    assert (settled.provider[~scarce] == NOBODY).all()


def test_at_the_start_no_provider_is_above_its_places_and_needs_and_ages_fit():
    s, settled = at_start(full_setting())
    held = settled.provider != NOBODY
    filled = np.bincount(settled.provider[held], minlength=len(s.places.providers))
    assert (filled <= s.places.by_month[0]).all()
    p, at = s.places.pools, settled.provider[held].astype(int)
    ncy = calendar.academic_year(s.scenario.first - 1) - s.tape.cohort[: s.tape.with_needs][held].astype(int)
    assert ((p.needs[at] >> s.start.need[held]) & 1).mean() > 0.97, "nearly all have a school for their need"
    assert ((p.from_ncy[at] <= ncy) & (ncy <= p.to_ncy[at])).mean() > 0.995, "all but plans published at unusual ages"


def test_a_longer_waiting_list_at_the_start_contains_a_shorter_one():
    s, longer = at_start(full_setting())
    shorter = placing.settle(replace(s.places, waiting=(100, 10)), s.start, s.tape)
    for kind, size in zip(s.places.pools.kinds, (100, 10), strict=True):
        few, many = (set(np.flatnonzero(x.waiting_for == kind).tolist()) for x in (shorter, longer))
        assert len(few) == size
        assert kind != VOCABULARY.code("state_special") or few < many


# Every month


def assert_whole(world, before):
    """All that must hold of places and lists after any month."""
    s, c, p = world.setting, world.columns, world.setting.places
    at = min(world.month - 1, s.scenario.last) - p.first
    here = (c.presence == Presence.HERE) & (c.support == Support.PLAN)
    for kind in p.pools.kinds:
        np.testing.assert_array_equal(
            here & (c.placement == kind), np.isin(c.provider, np.flatnonzero(p.pools.kind == kind))
        )
    filled = np.bincount(c.provider, minlength=NOBODY + 1)[: len(p.providers)]
    places_now, noted, over = world.record.places[world.month].T
    np.testing.assert_array_equal(filled, noted)
    np.testing.assert_array_equal(places_now, p.by_month[at])
    assert (filled <= places_now + over).all()
    assert (filled[~p.opened[at]] == 0).all()
    waits = c.waiting_for != NOBODY
    assert here[waits].all()
    assert (c.waiting_for[waits] != c.placement[waits]).all()
    assert np.isin(c.waiting_for[waits], p.pools.kinds).all()
    assert ((c.waiting_since > 0) == waits).all()
    assert (c.named[~waits] == 0).all()
    ncy = calendar.academic_year(world.month - 1) - 5 - c.cohort[waits].astype(int)
    assert ((ncy >= 0) & (ncy <= 11)).all()
    lists = world.record.lists[world.month]
    assert lists[..., 0].sum() == waits.sum()
    assert lists[..., 1].sum() == c.named.sum()
    assert before == here.shape


def with_dates(every, part, closing, opening, number):
    """A small setting with its own dates and places."""
    base = small_setting(every=every, until="2026-02", part=part)
    section = {"opening": opening, "closing": closing}
    scenario = base.scenario.model_copy(update={"places": Scenario.parse({"name": "x", "places": section}).places})
    made = places.build(base.pack, base.params, base.book.vocabulary, scenario)
    return replace(base, scenario=scenario, places=made.scaled(number / every))


OLD = [p.name for p in built().providers if p.opens == ALWAYS]
MONTHS = st.integers(calendar.month("2024-02"), calendar.month("2025-12")).map(calendar.label)


@settings(max_examples=8)
@given(st.integers(0, 99), st.dictionaries(st.sampled_from(OLD), MONTHS, max_size=4),
       st.dictionaries(st.sampled_from(["Swanley", "Whitstable", "Sheppey"]), MONTHS, max_size=3),
       st.sampled_from([0.2, 0.8, 1.0, 1.5]))  # fmt: skip
def test_6_and_7_whatever_opens_and_closes_no_child_is_lost_and_no_place_has_two(part, closing, opening, number):
    s = with_dates(100, part, closing, opening, number)
    world = World.start(s)
    while world.month < s.scenario.last:
        world.step()
        assert_whole(world, world.columns.support.shape)


def test_the_children_of_a_school_that_closes_are_placed_that_month_with_an_event_of_their_own():
    s = with_dates(20, 0, {"East special 1": "2024-11", "North SRP secondary": "2024-11"}, {}, 1.0)
    world = World.start(s).run(calendar.month("2024-11"))
    there = np.flatnonzero(np.isin(world.columns.provider, [s.places.names.index(n) for n in
                                                            ("East special 1", "North SRP secondary")]))  # fmt: skip
    assert len(there) > 15
    world.step()
    c, log, events = world.columns, world.record.logs[-1], s.book.events
    still = there[(c.presence[there] == Presence.HERE) & (c.support[there] == Support.PLAN)]
    moved = np.isin(still, log.row[log.event == events.index("closure")])
    seeking = np.isin(
        still, log.row[np.isin(log.event, [events.index(e) for e in ("review_move", "breakdown", "resolve_contest")])]
    )
    assert (moved | seeking).all()
    assert moved.sum() > 15
    scarce = np.isin(c.placement[still], s.places.pools.kinds)
    assert scarce.any()
    np.testing.assert_array_equal(scarce, c.provider[still] != NOBODY)


def running(months=4):
    s = small_setting(every=100, until="2026-02")
    return World.start(s).run(s.scenario.first + months)


def settled_child(world):
    """A child at a provider to whom nothing will happen this month."""
    c = world.columns
    stays = np.flatnonzero((c.provider != NOBODY) & (world.setting.tape.leaving[: len(c.provider)] > world.month))[0]
    c.bound[stays], c.anniversary[stays] = 0, 255
    return stays


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda w, i: w.columns.provider.__setitem__(i, NOBODY), "have a provider"),
        (lambda w, i: w.columns.provider.__setitem__(np.flatnonzero(w.columns.support == 0)[0], 3), "not placed there"),
        (lambda w, i: w.rolls.filled.__iadd__(1), "noted"),
        # from the month before on: places that are fewer only from this month are withdrawn, and its children stay
        (lambda w, i: w.rolls.places.by_month.__setitem__((slice(3, None), w.columns.provider[i]), 0), "0 places"),
    ],
)
def test_a_world_whose_places_do_not_add_up_stops_naming_the_month_and_the_provider(spoil, said):
    world = running()
    world.setting = replace(
        world.setting, places=replace(world.setting.places, by_month=world.setting.places.by_month.copy())
    )
    world.rolls.places = world.setting.places
    spoil(world, settled_child(world))
    with pytest.raises(Broken, match=rf"2024-05: .*{said}"):
        world.step()


# Slack, binding or not


def unlimited(s):
    """Places for everybody, nobody who seeks besides and nobody who waits."""
    p = s.places.pools
    every = {"needs": np.full_like(p.needs, -1), "to_ncy": np.full_like(p.to_ncy, 30), "from_ncy": p.from_ncy - 30}
    pools = p._replace(latent=np.zeros_like(p.latent), **every)
    wide = np.where(s.places.opened, 10_000, 0).astype(np.int32)
    return replace(s, places=replace(s.places, pools=pools, by_month=wide, waiting=(0, 0)))


def lives(world):
    """All that happened, and where everybody is."""
    return [np.concatenate([getattr(log, f) for log in world.record.logs]) for f in world.record.logs[0]._fields] + [
        world.columns.placement, world.columns.cost, world.columns.placed]  # fmt: skip


def test_places_for_all_and_no_hidden_demand_are_the_elastic_model_bit_for_bit():
    s = small_setting(every=60, until="2026-02")
    loose, none = World.start(unlimited(s)).run(), World.start(elastic(s)).run()
    for a, b in zip(lives(loose), lives(none), strict=True):
        np.testing.assert_array_equal(a, b)
    assert (none.columns.provider == NOBODY).all()
    assert none.record.places == {}
    scarce = World.start(s).run()
    assert not np.array_equal(scarce.columns.placement, none.columns.placement)


def test_a_world_saved_copied_or_resumed_goes_on_to_the_same_places(tmp_path):
    s = small_setting(every=100, until="2025-12")
    world = World.start(s, replicate=2).run(calendar.month("2024-08"))
    path = world.save(tmp_path / "w.npz")
    copy, loaded = world.copy(), World.load(path, within=s)
    for other in (copy, loaded, world):
        other.run()
        for name in ("provider", "waiting_for", "waiting_since", "named"):
            np.testing.assert_array_equal(getattr(other.columns, name), getattr(copy.columns, name))
        np.testing.assert_array_equal(other.rolls.filled, copy.rolls.filled)
        np.testing.assert_array_equal(other.rolls.over, copy.rolls.over)
    months = sorted(copy.record.places)
    for m in months:
        np.testing.assert_array_equal(loaded.record.places[m], copy.record.places[m])
        np.testing.assert_array_equal(loaded.record.lists[m], copy.record.lists[m])
    assert len(months) == s.scenario.last - s.scenario.first + 1


def test_where_children_came_from_adds_up_to_the_log():
    world = World.start(small_setting(every=40, until="2026-02")).run()
    found = places.entries(world)
    width = 10 + 2 * len(VOCABULARY.placements)
    for kind in KIND_ORDER:
        into = sum(
            int(((log.to == width + VOCABULARY.code(kind)) & (log.frm != log.to)).sum()) for log in world.record.logs
        )
        assert sum(e.children for e in found if e.kind == kind) == into > 0
    assert {"new", "mainstream", "nmiss"} <= {e.origin for e in found}
    assert any(e.event == "admitted" for e in found)
