"""What must not matter does not: the same bytes, child by child, whatever else is in the world.

Children who compete for a place touch each other's lives, so where a promise is about children whom a policy does not
touch, everybody here gets the place they seek (``roomy``); ``test_admission`` has the promises of scarce places.
"""

import csv
import shutil
from collections import defaultdict
from dataclasses import dataclass, replace

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cohort import calendar, demography, start
from cohort import pack as packs
from cohort.demography import Tape
from cohort.pack import Pack
from cohort.policy import Policy, Scale, When, where
from cohort.processes import PROCESSES, REASONS, Outcome, Process
from cohort.rates import Rates
from cohort.states import AREAS, LUCK_STATUSES, PLACEMENTS, Placement, Presence, Vocabulary, state_labels
from cohort.world import World
from tests import small_pack
from tests.small import KENT, ROWS, elastic, full_setting, keep, small_setting, under, until_month

UNTIL = "2026-01"
FIRST, LAST = calendar.month("2024-01"), calendar.month(UNTIL)
AT_ONCE = When("2024-02")
a_few = settings(max_examples=6)


def scale(rate, by, when=AT_ONCE, **of):
    """A policy of one change."""
    return Policy(f"{rate} x {by}", (Scale(rate, by=by, when=when, where=where(**of)),))


def roomy(*given, **named):
    """``small_setting`` with a place for everybody who seeks one."""
    return elastic(small_setting(*given, **named))


def ran(setting, until=None, seed=1, replicate=0):
    return World.start(setting, seed=seed, replicate=replicate).run(until)


def assert_same_bytes(a, b):
    """The same month, columns, counts and logs, to the byte. Bytes are compared apart from the assertion, for where a
    build machine is told in full what differs, pytest would take minutes to say it of megabytes.
    """
    assert a.month == b.month
    for name in a.columns._fields:
        one, other = getattr(a.columns, name), getattr(b.columns, name)
        assert one.dtype == other.dtype
        same = one.tobytes() == other.tobytes()
        assert same, name
    mine, others = a.record.arrays(), b.record.arrays()
    assert mine.keys() == others.keys()
    for name, values in mine.items():
        assert values.dtype == others[name].dtype
        same = values.tobytes() == others[name].tobytes()
        assert same, name


def histories(world):
    """Identity -> every entry of the child's life in words, with its month."""
    book = world.setting.book
    labels, identity = state_labels(book.vocabulary), world.setting.tape.identity.tolist()
    lives = defaultdict(list)
    for m, log in enumerate(world.record.logs, world.setting.scenario.first):
        told = (log.row, log.event, log.reason, log.frm, log.to, log.clock)
        for row, event, why, frm, to, clock in zip(*(column.tolist() for column in told), strict=True):
            lives[identity[row]].append((m, book.events[event], REASONS[why], labels[frm], labels[to], clock))
    return lives


def ends(world):
    """Identity -> all that the child has become."""
    n = world.setting.tape.with_needs
    names = [name for name in world.columns._fields if name not in {"bound", "cell", "key"}]
    columns = zip(*(getattr(world.columns, name).tolist() for name in names), strict=True)
    return dict(zip(world.setting.tape.identity[:n].tolist(), columns, strict=True))


def assert_same_lives(a, b, of=None):
    """The children of both worlds (or those whose identities are given) live the same lives."""
    of = ends(a).keys() & ends(b).keys() if of is None else of
    assert of
    one, other, lives, others = ends(a), ends(b), histories(a), histories(b)
    assert [child for child in of if one[child] != other[child] or lives[child] != others[child]] == []


# 12 and 13: policies that change nothing, or nothing yet


@a_few
@given(st.integers(0, 2**40), st.integers(0, 99))
def test_12_a_policy_that_changes_nothing_leaves_every_byte(seed, replicate):
    plain = ran(small_setting(200, UNTIL), seed=seed, replicate=replicate)
    for policy in (Policy("empty"), *(scale(rate, 1.0) for rate in ("request", "issue", "review_move"))):
        assert_same_bytes(plain, ran(small_setting(200, UNTIL, policy), seed=seed, replicate=replicate))


def test_12_scaling_every_rate_by_one_for_a_part_of_the_children_leaves_every_byte():
    names = dict.fromkeys(name for p in PROCESSES for name in (p.rate_name, p.share) if name)
    part = where(ncy=(1, 9), areas=["East"], needs=["asd"], placements=["srp"], severity=(1, 3))
    policy = Policy("ones", tuple(Scale(name, by=1.0, when=AT_ONCE, where=part) for name in names))
    assert_same_bytes(ran(small_setting(100, UNTIL)), ran(small_setting(100, UNTIL, policy)))


@a_few
@given(st.integers(FIRST + 1, LAST - 2), st.sampled_from(["request_supported", "identify", "step_down"]))
def test_13_nothing_changes_before_a_policy_starts_and_something_does_after(starts, rate):
    policy = scale(rate, 0.2, When(calendar.label(starts)))
    plain, changed = World.start(small_setting(60, UNTIL)), World.start(small_setting(60, UNTIL, policy))
    assert_same_bytes(plain.run(starts), changed.run(starts))
    assert ends(plain.run()) != ends(changed.run())


# 14: the same bytes


def test_14_the_same_run_twice_is_the_same_bytes_and_another_seed_or_replicate_is_not():
    setting = small_setting(100, UNTIL)
    once = ran(setting)
    assert_same_bytes(once, ran(setting))
    for seed, replicate in ((2, 0), (1, 1)):
        with pytest.raises(AssertionError):
            assert_same_bytes(once, ran(setting, seed=seed, replicate=replicate))


def test_14_a_setting_built_anew_gives_the_same_bytes():
    full = full_setting()
    again = start.start(KENT, full.tape, full.book, full.params)
    for name in ("support", "stage", "placement", "need", "anniversary", "clock"):
        assert getattr(again, name).tobytes() == getattr(full.start, name).tobytes()
    anew = replace(under(full), start=again)
    assert_same_bytes(ran(until_month(full, "2024-04")), ran(until_month(anew, "2024-04")))


def test_14_a_tape_that_was_kept_is_the_tape_that_is_drawn():
    kept = full_setting(until="2024-04").tape
    drawn = demography.build(KENT, kept.start, kept.until)
    assert (kept.with_needs, kept.districts) == (drawn.with_needs, drawn.districts)
    for name in ROWS:
        assert getattr(kept, name).dtype == getattr(drawn, name).dtype
        assert getattr(kept, name).tobytes() == getattr(drawn, name).tobytes(), name


def test_14_the_number_of_threads_does_not_matter():
    most, setting = numba.get_num_threads(), small_setting(100, UNTIL)
    runs = []
    try:
        for threads in {1, most}:
            numba.set_num_threads(threads)
            runs.append(ran(setting))
    finally:
        numba.set_num_threads(most)
    assert_same_bytes(runs[0], runs[-1])


def test_14_worlds_that_share_a_setting_do_not_disturb_each_other():
    setting = small_setting(100, UNTIL, scale("request", 1.5, When("2024-05", full="2025-05")))
    alone = ran(setting)
    first, second = World.start(setting), World.start(setting, seed=9)
    while first.month < LAST:
        first.step()
        if second.month < LAST:
            second.run(min(second.month + 5, LAST))
    assert_same_bytes(alone, first)
    assert_same_bytes(ran(setting, seed=9), second)


@a_few
@given(st.integers(FIRST, LAST), st.integers(0, 2**40))
def test_14_a_copy_made_in_any_month_goes_on_to_the_same_bytes_and_leaves_the_first_alone(at, seed):
    setting = small_setting(200, UNTIL)
    whole = ran(setting, seed=seed)
    first = ran(setting, at, seed=seed)
    copied = first.copy()
    assert_same_bytes(first, copied)
    copied.run()
    assert_same_bytes(ran(setting, at, seed=seed), first)
    assert_same_bytes(whole, copied)
    assert_same_bytes(whole, first.run())


@a_few
@given(at=st.integers(FIRST, LAST), seed=st.integers(0, 2**40))
def test_14_a_world_saved_in_any_month_and_loaded_goes_on_to_the_same_bytes(at, seed, tmp_path_factory):
    setting = small_setting(200, UNTIL)
    saved = ran(setting, at, seed=seed)
    loaded = World.load(saved.save(tmp_path_factory.mktemp("saved") / "world.npz"), within=setting)
    assert_same_bytes(saved, loaded)
    assert_same_bytes(ran(setting, seed=seed), loaded.run())


def test_14_a_world_loaded_without_its_setting_builds_it_again(tmp_path):
    whole = full_setting(until="2024-04")
    saved = ran(whole, calendar.month("2024-02"), seed=3)
    loaded = World.load(saved.save(tmp_path / "world.npz"))
    assert_same_bytes(ran(whole, seed=3), loaded.run())


def test_14_a_world_saved_under_a_policy_is_not_resumed_without_it(tmp_path):
    whole = under(full_setting(until="2024-04"), scale("request_supported", 0.1))
    saved = ran(whole, calendar.month("2024-03"))
    try:
        loaded = World.load(saved.save(tmp_path / "world.npz"))
    except ValueError:
        return  # refusing is as good
    assert_same_bytes(ran(whole), loaded.run())


@pytest.mark.parametrize("what", ["population", "vocabulary", "processes", "pack", "policy"])
def test_14_a_world_is_not_resumed_among_other_children_words_or_processes_than_its_own(what, tmp_path):
    own = small_setting(200, UNTIL)
    path = ran(own, calendar.month("2024-03")).save(tmp_path / "world.npz")
    words = Vocabulary((*PLACEMENTS, Placement("hub", 0, 15)))
    other = {
        "population": small_setting(200, UNTIL, part=1),
        "vocabulary": replace(own, book=replace(own.book, vocabulary=words)),
        "processes": replace(own, book=replace(own.book, processes=PROCESSES[:-1])),
        "pack": replace(own, pack=small_pack.whole_setting().pack),
        "policy": small_setting(200, UNTIL, policy=scale("request", 0.9)),
    }[what]
    with pytest.raises(ValueError, match=f"world.npz: {what}: saved .*; load it within its own setting"):
        World.load(path, within=other)


# 15: the order of children


@pytest.fixture(scope="module")
def shuffled():
    """All of Kent with its rows in another order, started anew."""
    full = full_setting()
    n, luck = full.tape.with_needs, np.random.default_rng(8)
    order = np.concatenate([luck.permutation(n), n + luck.permutation(len(full.tape) - n)])
    other = keep(full, order)
    return replace(other, start=start.start(KENT, other.tape, other.book, other.params))


def test_how_long_a_run_lasts_changes_nobody_in_the_months_that_both_have():
    long, short = ran(full_setting(), calendar.month("2024-04")), ran(full_setting(until="2024-04"))
    assert_same_lives(long, short, of=ends(short).keys())
    came = np.flatnonzero(long.columns.presence != Presence.NOT_YET)
    assert set(long.setting.tape.identity[came].tolist()) == ends(short).keys()


def test_15_shuffled_children_start_the_same(shuffled):
    full, n = full_setting(), full_setting().tape.with_needs
    one, other = np.argsort(full.tape.identity[:n]), np.argsort(shuffled.tape.identity[:n])
    for name in ("support", "stage", "placement", "need", "anniversary", "clock"):
        np.testing.assert_array_equal(getattr(full.start, name)[one], getattr(shuffled.start, name)[other])


def test_15_shuffled_children_live_the_same_lives_and_the_totals_are_the_same(shuffled):
    plain, other = (ran(until_month(s, "2024-11")) for s in (full_setting(), shuffled))
    for month, cells in plain.record.cells.items():
        np.testing.assert_array_equal(cells, other.record.cells[month])
        np.testing.assert_array_equal(plain.record.stages[month], other.record.stages[month])
    assert plain.columns.cost.sum() == other.columns.cost.sum()
    assert ends(plain) == ends(other)
    assert histories(plain) == histories(other)


# 16: a policy for one area


@pytest.mark.parametrize("area", AREAS)
def test_16_a_policy_for_one_area_leaves_every_child_elsewhere_as_it_was(area):
    rates = ("identify", "request_supported", "issue", "review_move")
    policy = Policy("one area", tuple(Scale(rate, by=0.3, when=AT_ONCE, where=where(areas=[area])) for rate in rates))
    plain, changed = ran(roomy(60, UNTIL)), ran(roomy(60, UNTIL, policy))
    elsewhere = plain.columns.area != AREAS.index(area)
    for name in plain.columns._fields:
        np.testing.assert_array_equal(
            getattr(plain.columns, name)[elsewhere], getattr(changed.columns, name)[elsewhere]
        )
    for log, other in zip(plain.record.logs, changed.record.logs, strict=True):
        for column, others in zip(log, other, strict=True):
            np.testing.assert_array_equal(column[elsewhere[log.row]], others[elsewhere[other.row]])
    assert ends(plain) != ends(changed)


# 17: what is added shifts nobody's luck


@dataclass(frozen=True)
class WiderTape(Tape):
    """A tape with one field more."""

    eye_colour: np.ndarray | None = None


def test_17_a_field_that_nothing_reads_changes_nothing():
    setting = small_setting(100, UNTIL)
    fields = {name: getattr(setting.tape, name) for name in Tape.__dataclass_fields__}
    wider = WiderTape(**fields, eye_colour=np.zeros(len(setting.tape)))
    assert_same_bytes(ran(setting), ran(replace(setting, tape=wider)))


@a_few
@given(st.integers(0, 2), st.integers(0, 2**40))
def test_17_children_live_the_same_lives_however_many_others_there_are(part, seed):
    few = ran(roomy(300, UNTIL, part=part), seed=seed)
    more = ran(roomy(100, UNTIL, part=part), seed=seed)
    assert few.setting.tape.with_needs < more.setting.tape.with_needs / 2
    assert_same_lives(few, more, of=ends(few).keys())


def test_17_a_sample_lives_as_it_does_in_the_whole_county():
    county, sample = ran(until_month(elastic(full_setting()), "2024-11")), ran(roomy(150, "2024-11"))
    assert_same_lives(county, sample, of=ends(sample).keys())


NEVER = Process("never", tuple(range(LUCK_STATUSES)), (), Outcome(), meaning="an event that does not happen")


def test_17_an_event_that_never_happens_changes_nobodys_life(tmp_path):
    folder = shutil.copytree(KENT.folder, tmp_path / "pack")
    for file, row in (("bounds.csv", ["never", "0.00001", "test"]), ("rates.csv", ["never", "any", "any", "any", "0"])):
        with (folder / file).open("a", encoding="utf-8", newline="") as out:
            csv.writer(out, lineterminator="\n").writerow(row)
    shrink(folder / "bounds.csv")
    assert packs.seal(folder) == []
    pack, setting = Pack.load(folder), small_setting(100, UNTIL)
    without = under(setting, pack=pack)
    with_it = under(setting, pack=pack, processes=(*PROCESSES, NEVER))
    assert len(with_it.book.arrays.event) > len(without.book.arrays.event)
    plain, other = ran(without), ran(with_it)
    assert ends(plain) == ends(other)
    assert histories(plain) == histories(other)


def shrink(bounds):
    """Make room for a stretch of 0.00001 in a status that the bounds fill: its last event gives it up."""
    lines = bounds.read_text("utf-8").splitlines()
    for i, line in enumerate(lines):
        name, bound, reason = line.split(",", 2)
        if name in {"offer", "review_amend"}:
            lines[i] = f"{name},{float(bound) - 0.00002:.5f},{reason}"
    bounds.write_text("\n".join(lines) + "\n", "utf-8", newline="\n")


# Cutting one rate touches only those who had taken its event


CUTS = ("identify", "step_down", "request", "request_supported", "decide", "conclude", "appeal", "cease", "contest",
        "need_change", "breakdown", "review_move", "review_amend", "review_cease")  # fmt: skip


@pytest.mark.parametrize("rate", CUTS)
def test_cutting_a_rate_by_a_fifth_changes_no_child_who_had_not_taken_its_event(rate):
    plain, cut = ran(roomy(10, UNTIL)), ran(roomy(10, UNTIL, scale(rate, 0.8)))
    events = {p.name for p in PROCESSES if p.rate_name == rate}
    had, has = histories(plain), histories(cut)
    took = {child for child, life in had.items() if any(event in events for _, event, *_ in life)}
    differ = {child for child in had.keys() | has.keys() if had[child] != has[child]}
    assert differ <= took
    assert took
    assert differ, "a fifth fewer events must be seen in some life"


@pytest.mark.parametrize(("share", "reason"), [("assess", "assess"), ("issue", None), ("stay_supported", None)])
def test_cutting_a_share_by_a_fifth_changes_no_child_to_whom_it_had_not_fallen(share, reason):
    by = 0.2 if share == "stay_supported" else 0.8  # so few plans end at school age that a fifth may fall on nobody
    plain, cut = ran(roomy(10, UNTIL)), ran(roomy(10, UNTIL, scale(share, by)))
    events = {p.name for p in PROCESSES if p.share == share}
    had, has = histories(plain), histories(cut)
    took = {
        child for child, life in had.items() if any(e in events and reason in {None, why} for _, e, why, *_ in life)
    }
    differ = {child for child in had.keys() | has.keys() if had[child] != has[child]}
    assert differ <= took
    assert differ


def test_raising_a_rate_only_adds_its_own_events():
    plain, more = ran(roomy(10, UNTIL)), ran(roomy(10, UNTIL, scale("request_supported", 1.5)))
    had, has = histories(plain), histories(more)
    for child in had.keys() | has.keys():
        if had[child] != has[child]:
            first = next(i for i in range(len(has[child])) if had[child][i : i + 1] != has[child][i : i + 1])
            assert has[child][first][1] == "request_supported"


def test_the_stretches_do_not_move_with_a_policy_nor_with_a_draw():
    plain, other = small_setting(100, UNTIL), small_setting(100, UNTIL, scale("request", 0.5))
    for name in ("first", "event", "low", "reserved"):
        np.testing.assert_array_equal(getattr(plain.book.arrays, name), getattr(other.book.arrays, name))
    assert (plain.book.arrays.choices == other.book.arrays.choices).all()
    assert Rates(KENT, plain.params).bounds == other.book.rates.bounds


def test_departures_are_those_of_the_tape_whatever_became_of_the_child():
    plain, changed = ran(small_setting(40, UNTIL)), ran(small_setting(40, UNTIL, scale("request_supported", 1.8)))
    np.testing.assert_array_equal(plain.columns.presence, changed.columns.presence)
    assert (plain.columns.presence >= Presence.MOVED).any()


def test_a_brief_record_is_of_the_same_lives_and_money_and_keeps_no_event():
    setting = small_setting(100, UNTIL)
    whole, brief = World.start(setting), World.start(setting)
    brief.record.brief = True
    brief = brief.run(FIRST + 3).copy().run()
    whole.run()
    for name in whole.columns._fields:
        assert getattr(whole.columns, name).tobytes() == getattr(brief.columns, name).tobytes(), name
    for name in ("cells", "stages", "held", "places"):
        mine, others = getattr(whole.record, name), getattr(brief.record, name)
        assert mine.keys() == others.keys(), name
        assert all(np.array_equal(mine[month], others[month]) for month in mine), name
    assert whole.record.logs
    assert brief.record.logs == brief.record.outside == []
    for name in ("lists", "censuses"):
        assert set(getattr(brief.record, name)) <= {FIRST}, name
        assert len(getattr(whole.record, name)) > 1, name
