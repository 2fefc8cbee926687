"""The rows of the flow table are the events of the log and of the tape, counted one by one."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from cohort import calendar, flow, fork
from cohort.calendar import NCYS
from cohort.fork import Pairs, run_together
from cohort.policy import NOTHING, Policy, Redirect, Scale, When
from cohort.processes import REASONS, Effect
from cohort.states import KIND_OF_LEAVING, Presence, Stage, Support, state_labels
from cohort.world import World
from tests import small_pack
from tests.small import small_setting

UNTIL = "2025-03"
COLUMNS = ("month", "ncy", "area", "event", "reason", "asked", "frm", "to", "want")
FEWER = Policy("fewer", (Scale("request_supported", 0.5, When("2024-09")),))
SOONER = Policy("sooner", (Scale("request_supported", 0.5, When("2024-04")),))
SENT = Policy("sent", (Redirect(choice="first_place", frm="state_special", into="mainstream", share=1.0,
                                appeal_share=0.5, when=When("2024-11")),))  # fmt: skip


def counted(world: World) -> list[tuple[int, ...]]:
    """The rows in order, each with its children."""
    found = flow.count(world)
    return list(zip(*(found[name].tolist() for name in (*COLUMNS, "children")), strict=True))


def one_by_one(world: World) -> list[tuple[int, ...]]:
    """The same, event by event."""
    book, first, tape = world.setting.book, world.setting.scenario.first, world.setting.tape
    states, words = state_labels(book.vocabulary), book.vocabulary
    found: Counter[tuple[int, ...]] = Counter()

    def add(month: int, row: int, event: int, reason: str, asked: int, frm: int, to: int, want: int = 0) -> None:
        ncy = min(calendar.academic_year(month) - int(tape.cohort[row]), len(NCYS) - 1)
        found[month - first, ncy, int(tape.area[row]), event, REASONS.index(reason), asked, frm, to, want] += 1

    def begins(event: int, reason: str) -> bool:
        process = book.processes[event] if event < len(book.processes) else None
        ways = (process.yes, process.no) if process else ()
        return any(
            way and way.stage in {Stage.REQUESTED, Stage.ASSESSING} and way.effect & Effect.START_CLOCK
            and way.reason == reason for way in ways
        )  # fmt: skip

    for month, log in enumerate(world.record.logs, first):
        for row, event, code, frm, to, clock, _, waits in zip(*(x.tolist() for x in log), strict=True):
            reason, asked, want = REASONS[code], 0, 0
            if states[frm].endswith(("+requested", "+assessing")):
                asked = clock - (first - flow.ASKED_BEFORE) + 1
            elif begins(event, reason):
                asked = month - (first - flow.ASKED_BEFORE) + 1
            kind = words.placements[waits // 2].label if waits // 2 < len(words.placements) else ""
            how = f"{kind}:{('besides', 'choice')[waits % 2]}"
            if frm != to and states[to] in words.labels and how in flow.WANTS:
                want = flow.WANTS.index(how)
            add(month, row, event, reason, asked, frm, to, want)
    arrive, leave = book.events.index("arrive"), book.events.index("leave")
    none, left, elsewhere = (states.index(label) for label in ("none", "left", "elsewhere"))
    for row in range(len(tape)):
        came, gone = int(tape.arrival[row]), int(tape.leaving[row])
        if first <= came < world.month and tape.born[row]:
            add(came, row, len(book.events), "", 0, elsewhere, none)
        elif first <= came < world.month and row >= tape.with_needs:
            add(came, row, arrive, "none", 0, elsewhere, none)
        if first <= gone < world.month and row >= tape.with_needs:
            how = KIND_OF_LEAVING.get(Presence(tape.leaving_as[row]), "")
            add(gone, row, leave, how, 0, none, left)
    return [(*key, children) for key, children in sorted(found.items())]


def setting(policy: Policy = NOTHING):
    """Under a policy, among the very same children, with what follows from these alone."""
    base = small_setting(40, UNTIL)
    made = replace(small_setting(40, UNTIL, policy), tape=base.tape)
    made.__dict__["kept"] = base.kept
    return made


def test_the_rows_are_the_events_of_the_log_and_of_the_tape_counted_one_by_one() -> None:
    rows = one_by_one(small_pack.finished())
    assert counted(small_pack.finished()) == rows
    wanted = {row[COLUMNS.index("want")] for row in rows}
    assert len(wanted) > 1, "nobody came to a placement for want of another"


@pytest.mark.parametrize("month", ["2024-01", "2024-02", "2024-10"])
def test_a_world_that_has_not_ended_has_the_rows_of_the_months_so_far(month: str) -> None:
    world = World.start(setting()).run(calendar.month(month))
    assert counted(world) == one_by_one(world)
    assert counted(world.run()) == one_by_one(world)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 1, 0), (1, 0, 3, 1, 2)])
def test_worlds_that_share_months_have_the_rows_that_each_has_alone(order: tuple[int, ...]) -> None:
    settings = [setting(policy) for policy in (NOTHING, FEWER, SOONER, SENT)]
    worlds = [world for world, _ in run_together(settings, 1, 2)]
    assert worlds[1].record.logs[3] is worlds[0].record.logs[3], "nothing is shared"
    others = [world for world, _ in run_together(settings, 1, 3)]
    for k in order:
        assert counted(worlds[k]) == one_by_one(worlds[k])
        assert counted(others[k]) == one_by_one(others[k])


def test_where_each_child_is_says_its_support_stage_and_placement() -> None:
    world = World.start(setting()).run(calendar.month("2024-10"))
    c, words, found = world.columns, fork.labels(world.setting), set()
    for row, code in enumerate(fork.where_each_is(world).tolist()):
        if c.presence[row] != Presence.HERE:
            assert code == fork.ABSENT
        elif c.support[row] == Support.PLAN:
            assert words[code] == world.setting.book.vocabulary.labels[c.placement[row]]
        elif c.stage[row] != Stage.NONE:
            assert words[code] == "asking"
        else:
            assert words[code] == ("none", "sen_support")[c.support[row]]
        found.add(code)
    assert {0, 1, 2, 3, fork.ABSENT} <= found


@given(
    some.lists(some.tuples(*[some.sampled_from([0, 1, 2, 3, 7, fork.ABSENT])] * 2), max_size=40),
    some.integers(0, 2**16),
)
def test_pairs_count_children_who_are_there_in_both_worlds(where: list[tuple[int, int]], month: int) -> None:
    one, other = np.array(where, np.uint8).reshape(-1, 2).T.copy()
    found = Pairs((month,), 8, ({month: one}, {month: other})).children
    counts = Counter(pair for pair in where if fork.ABSENT not in pair)
    assert {(a, b): n for a, b, n in zip(*np.nonzero(found[0]), found[found > 0].tolist(), strict=True)} == counts
