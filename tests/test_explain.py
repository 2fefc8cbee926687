"""A child's life explained: each event is worked out again from its draw, rate and queue, as the world's log has it."""

import json

import numpy as np
import pytest

from cohort import apart, calendar, draws, mini, rulebook, story, study
from cohort.cli import main
from cohort.draws import Purpose
from cohort.explain import explain, find
from cohort.hatch import Columns
from cohort.policy import Policy, When
from cohort.processes import PROCESSES
from cohort.queued import Turn
from cohort.results import Study, StudyError
from cohort.scenario import Scenario
from cohort.setting import Setting
from cohort.states import LUCK_STATUSES
from cohort.watched import Chosen, Compared, Disagreement, Watched, logged
from cohort.world import World
from tests import small_pack
from tests.rules_for_tests import LOCAL, rule
from tests.small import small_setting, under

ENOUGH = 10_000
OF_TABLE = {p.name: p for p in PROCESSES}


def programme() -> Setting:
    """A fortieth of Kent's children under the programme."""
    return under(small_setting(40, "2028-04"), rulebook.of_scenario(Scenario.load("programme").rules, {}))


@pytest.fixture(scope="module")
def told():
    """Every event of two small worlds with its reasons: (setting, month, event, reasons), and the world's own log."""
    found, logs = [], []
    for setting in (small_setting(40, "2028-04"), programme()):
        life = Watched.beside(World.start(setting), range(setting.tape.with_needs))
        rows = range(setting.tape.with_needs)
        while life.month < setting.scenario.last:
            month = life.month
            life.step()
            found += [(setting, month, event, life.why.get(event.row, [])) for event in life.happened]
            logs += logged(life.world, rows)
    return found, logs


@pytest.fixture(scope="module")
def picked(told):
    """Ten thousand of them, by a keyed draw."""
    found, _ = told
    luck = draws.draw_many(np.arange(len(found), dtype=np.uint64), draws.salt(0, Purpose.DAY))
    assert len(found) >= ENOUGH
    return [found[k] for k in np.argsort(luck, kind="stable")[:ENOUGH].tolist()]


def test_ten_thousand_random_events_are_worked_out_again_as_the_log_has_them(told, picked):
    found, logs = told
    assert sorted(event for _, _, event, _ in found) == sorted(logs)
    assert {event.event for _, _, event, _ in picked} >= {"conclude", "transfer", "admitted", "leave", "arrive"}


def test_an_event_of_the_table_happens_since_its_draw_lies_within_its_chance(picked):
    for setting, month, event, reasons in picked:
        if event.event not in OF_TABLE:
            continue
        drawn = [r for r in reasons if isinstance(r, Compared) and r.what == event.event and r.width < draws.WHOLE]
        if event.event == "contest" and not any(r.happens for r in drawn):
            sent = [r for r in reasons if isinstance(r, Compared) and r.rate.startswith("appeal.")]
            assert any(r.happens for r in sent), "contested where a policy sent it"
            continue
        (reason,) = [r for r in drawn if r.happens]
        key = draws.child_keys(setting.tape.identity[event.row : event.row + 1], draws.run_key(1, 0))
        draw = draws.quick_many if reason.purpose == "HAPPEN" else draws.draw_many
        assert draw(key, draws.salt(month, Purpose[reason.purpose]))[0] == reason.draw
        assert setting.book.rates.bounds[event.event] * draws.WHOLE == pytest.approx(reason.width, abs=2)


def test_the_parts_of_a_rate_come_to_the_chance_that_acted(picked):
    """Of every rate that a draw was held against, once a month and cell."""
    seen = set()
    for setting, month, _, reasons in picked:
        for r in (r for r in reasons if isinstance(r, Compared)):
            cell = (id(setting), month, r.rate, r.traits)
            if cell in seen or len(seen) >= 2_000:
                continue
            seen.add(cell)
            a = apart.apart(setting.book.rates, r.rate, month, lambda grid, at=r.traits: float(mini.at(grid, at)))
            assert draws.threshold(a.value) == r.chance
            if not r.rate.startswith(("redirect.", "appeal.")):
                value = a.level * a.season * a.dated
                for part in a.parts:
                    value = part.value if part.factor is None else value * part.factor
                assert value == pytest.approx(a.value, rel=1e-9)
    assert any(rate.startswith("redirect.") for _, _, rate, _ in seen)


def test_whoever_enters_a_scarce_place_has_had_a_turn_that_gave_it(told):
    found, _ = told
    entered = [
        (event, reasons) for setting, _, event, reasons in found
        if event.to in ("state_special", "srp") and event.frm != event.to and event.event != "arrive"
    ]  # fmt: skip
    assert len(entered) > 100
    for event, reasons in entered:
        (won,) = [r for r in reasons if isinstance(r, Turn) and r.answer in ("placed", "above_roll")]
        assert won.kind == event.to
        assert 1 <= won.rank <= won.of
        assert won.provider


def test_a_choice_is_the_share_in_which_its_draw_lies(told):
    found, _ = told
    chosen = [r for _, _, _, reasons in found for r in reasons if isinstance(r, Chosen)]
    assert len(chosen) > 500
    assert all(r.low <= r.draw < r.high for r in chosen)


def test_a_child_whom_a_research_hatch_moves_is_told_as_well():
    hatch = Columns(function="tests.hatches:nearer", may_touch=("nmiss", "srp"), when=When("2024-06"), name="it",
                    because="a test")  # fmt: skip
    setting = small_setting(20, "2024-10", Policy("hatched", (hatch,)))
    life = Watched.beside(World.start(setting), range(setting.tape.with_needs))
    while life.month < setting.scenario.last:
        life.step()
    assert life.month == setting.scenario.last


def test_a_life_that_is_not_the_world_s_is_refused():
    setting = small_setting(400, "2025-01")
    world = World.start(setting)
    here = [row for row in range(setting.tape.with_needs) if world.columns.support[row] == 2][:5]
    life = Watched.beside(world, here)
    life.step()
    life.children[2].need += 1
    with pytest.raises(Disagreement, match=f"2024-02: child {here[2]}: need is"):
        life.step()


def test_stretches_cover_every_status():
    life = Watched.beside(World.start(small_setting(400, "2025-01")), [0])
    assert len(life.stretches) == LUCK_STATUSES


# through a study


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """A small study of two scenarios that keeps every event."""
    folder = tmp_path_factory.mktemp("explained")
    local = small_pack.scenario("local", rules=(rule(folder, "local", LOCAL),))
    return study.run([small_pack.scenario(), local], replicates=2, out=folder / "made", workers=1, tables=["events"])


def test_children_are_found_by_where_they_are_in_both_worlds(made: Study):
    found = find(made, "state_special", "mainstream")
    assert found
    assert {f.places for f in found} == {("state_special", "mainstream")}
    pairs = made.pairs()
    there = pairs[(pairs.month == "2028-01") & (pairs["from"] == "state_special") & (pairs["to"] == "mainstream")]
    assert len(find(made, "state_special", "mainstream", number=10_000)) == there[there.replicate == 0].children.sum()


def test_a_life_told_is_that_of_the_study_s_events(made: Study):
    child = find(made, "state_special", "mainstream", replicate=1)[0].child
    told = explain(made, child, replicate=1)
    events = made.events()
    for life in told.lives:
        mine = events[(events.child == child) & (events.scenario == life.scenario) & (events.replicate == 1)]
        rows = [(m.month, e.event, e.reason, e.frm, e.to) for m in life.months for e in m.events]
        assert rows == list(zip(mine.month, mine.event, mine.reason, mine["from"], mine["to"], strict=True))
    assert told.lives[0].closing != told.lives[1].closing or told.lives[0].pence != told.lives[1].pence
    text = "\n".join(reason for line in story.timeline(told) for reason in line.because)
    assert "local:" in text, "the policy that made the difference is named"


@pytest.mark.parametrize(
    ("label", "said"),
    [("none", "no support"), ("none+requested", "no support, requested"), ("sen_support", "SEN Support"),
     ("none:ehe", "no support, in ehe"), ("sen_support:tuition", "SEN Support, in tuition"), ("nmiss", "NMISS"),
     ("state_special", "state special"), ("", "")],
)  # fmt: skip
def test_a_state_is_told_in_words(label: str, said: str):
    assert story._state(label) == said


def test_how_to_read_a_life_is_told_before_its_reasons_and_not_without_them(
    made: Study, capsys: pytest.CaptureFixture[str]
):
    child = str(find(made, "state_special", "mainstream", replicate=1)[0].child)
    for quiet in ((), ("-q",)):
        assert main(["explain", str(made.folder), child, "--replicate", "1", *quiet]) == 0
        told = " ".join(capsys.readouterr().out.split())
        assert (story.READ in told) is not bool(quiet)
        assert "need: " in told


def test_what_cannot_be_told_says_what_can(made: Study, capsys: pytest.CaptureFixture[str]):
    folder = str(made.folder)
    for arguments, said in (
        ([folder], "child: none given"),
        ([folder, "12"], "child: 12 given; there is no such child"),
        ([folder, "12", "--from", "srp"], "which find children; give one of both"),
        ([folder, "--from", "state_specal"], "did you mean 'state_special'?"),
        ([folder, "--from", "srp", "--at", "2033-01"], "allowed: 2024-01 to 2028-04"),
        ([folder, "--from", "srp", "--with", "locale"], "did you mean 'local'?"),
        ([folder, "12", "--replicate", "2"], "replicate: 2 given; allowed: 0 to 1"),
        ([folder, "--from", "srp", "--number", "0"], "number: 0 given"),
    ):
        assert main(["explain", *arguments]) == 2
        assert said in capsys.readouterr().err
    with pytest.raises(StudyError):
        explain(made, -1)


def test_the_command_lists_and_tells(made: Study, capsys: pytest.CaptureFixture[str]):
    folder = str(made.folder)
    assert main(["explain", folder, "--from", "state_special", "--to", "mainstream", "--json"]) == 0
    child = json.loads(capsys.readouterr().out)[0]["child"]
    assert main(["explain", folder, str(child)]) == 0
    said = capsys.readouterr().out
    assert f"Child {child}" in said
    assert "lies in its stretch" in said
    assert main(["explain", folder, str(child), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [life["scenario"] for life in told["lives"]] == ["small", "local"]
    months = [m["month"] for m in told["lives"][0]["months"]]
    assert months == sorted(months, key=calendar.month)


def test_a_draw_is_told_with_the_luck_that_the_study_gave_it(tmp_path):
    drawn = study.run([small_pack.scenario(until="2024-12")], draws=2, out=tmp_path / "drawn", workers=1,
                      tables=["events"])  # fmt: skip
    events = drawn.events()
    mine = events[events.draw == 1]
    child = int(mine.child.iloc[0])
    told = explain(drawn, child, draw=1)
    assert told.replicate == 1
    assert sum(len(m.events) for m in told.lives[0].months) == (mine.child == child).sum() > 0
    with pytest.raises(StudyError, match="replicate: 0 given; allowed: 1, as the study has"):
        explain(drawn, child, draw=1, replicate=0)
