"""The kernel and its plain twin live the same month, child by child, entry by entry."""

import csv
import json
import shutil

import numpy as np
import pytest

from cohort import pack as packs
from cohort import states
from cohort.mini import MiniWorld
from cohort.pack import Pack
from cohort.policy import Policy, Scale, Uncertain, When, where
from cohort.processes import PROCESSES, REASONS, Effect, Outcome, Process
from cohort.states import PLACEMENTS, Placement, Presence, Vocabulary
from cohort.world import World
from tests.small import KENT, small_setting, under

SIX_MONTHS = When("2024-04", full="2024-10")
POLICY = Policy("three changes", (
    Scale("request", by=1.6, when=SIX_MONTHS, where=where(ncy=(-2, 6), areas=["East", "West"])),
    Scale("review_move", by=0.3, when=When("2024-02", end="2025-11"), where=where(severity=(0, 2))),
    Scale("assess", by=Uncertain(0.7, 0.8, 0.9), when=When("2025-01"), where=where(needs=["slcn", "asd"])),
))  # fmt: skip


def columns_of(world):
    """Every column by name."""
    return world.columns._asdict()


def in_words(world):
    """The entries of the last month, in the words of the flow table."""
    book = world.setting.book
    labels = states.state_labels(book.vocabulary)
    log = world.record.logs[-1]
    rows = zip(
        *(column.tolist() for column in (log.row, log.event, log.reason, log.frm, log.to, log.clock)), strict=True
    )
    return [(r, book.events[e], REASONS[why], labels[frm], labels[to], clock) for r, e, why, frm, to, clock in rows]


def twin_columns(twin):
    """What the kernel should hold: the twin's columns, and those that it only keeps for speed, worked out anew."""
    held = twin.columns()
    arrays, placements = twin.setting.book.arrays, len(twin.setting.book.vocabulary.placements)
    here = held["presence"] == Presence.HERE
    status = np.vectorize(states.luck_status, otypes=[int])(held["support"], held["stage"], held["placement"])
    held["bound"] = np.where(here, arrays.reserved[status], 0)
    held["status"] = status
    cell = ((held["area"] * 3 + held["support"]) * placements + held["placement"]) * 5 + held["severity"]
    held["cell"] = np.where(here, cell, 4 * 3 * placements * 5)
    return held


def assert_twins(world, twin):
    """Both have the same children after the same events."""
    assert world.month == twin.month
    want, have = twin_columns(twin), columns_of(world)
    assert set(have) <= set(want)
    for name, column in have.items():
        np.testing.assert_array_equal(column, want[name], err_msg=f"{name} at {world.month}")
    assert in_words(world) == [tuple(entry) for entry in twin.log]


def live_together(setting, seed=1, replicate=0, months=None):
    """Both worlds to the end of the scenario, compared every month. Returns the kernel's."""
    world = World.start(setting, seed=seed, replicate=replicate)
    twin = MiniWorld.of(world)
    for _ in range(months or setting.scenario.last - setting.scenario.first):
        world.step()
        twin.step()
        assert_twins(world, twin)
    return world


def happened(world):
    """How often each event happened."""
    events = np.concatenate([log.event for log in world.record.logs])
    return dict(
        zip(world.setting.book.events, np.bincount(events, minlength=len(world.setting.book.events)), strict=True)
    )


@pytest.mark.parametrize(("seed", "replicate"), [(1, 0), (2, 7), (2**40, 3)])
def test_the_kernel_and_the_twin_agree_on_every_column_and_entry_for_thirty_three_months(seed, replicate):
    setting = small_setting(every=60, until="2026-10", part=seed % 60)
    assert setting.tape.with_needs >= 3000
    world = live_together(setting, seed, replicate)
    usual = {
        "identify",
        "request",
        "decide",
        "conclude",
        "cease",
        "contest",
        "review_move",
        "transfer",
        "arrive",
        "leave",
    }
    assert [name for name in usual if not happened(world)[name]] == []


def test_they_agree_under_a_policy_and_another_parameter_draw():
    setting = small_setting(every=60, until="2026-10", policy=POLICY, draw=6)
    changed = live_together(setting, seed=5)
    unchanged = World.start(small_setting(every=60, until="2026-10", draw=6), seed=5).run()
    assert happened(changed) != happened(unchanged)


def test_they_agree_from_any_month_on():
    world = World.start(small_setting(every=200, until="2025-10")).run(2024 * 12 + 6)
    twin = MiniWorld.of(world)
    for _ in range(5):
        world.step()
        twin.step()
        assert_twins(world, twin)


def test_they_agree_that_later_months_behave_as_the_24th(folder):
    rows = (folder / "rates.csv").read_text("utf-8").splitlines()
    by_month = {f"settle,{since}": ("0" if since >= 24 else "0.4") for since in range(25)}
    others = [row for row in rows if not row.startswith("settle,")]
    changed = [f"{key},any,any,{value}" for key, value in by_month.items()]
    (folder / "rates.csv").write_text("\n".join(others + changed) + "\n", "utf-8", newline="\n")
    setting = under(small_setting(every=40, until="2024-04"), pack=sealed(folder))
    world = World.start(setting)
    refused = np.flatnonzero(world.columns.stage == states.Stage.REFUSED)
    since = 21 + np.arange(len(refused)) % 9
    world.columns.clock[refused] = world.month - since
    twin = MiniWorld.of(world)
    for _ in range(3):
        world.step()
        twin.step()
        assert_twins(world, twin)
    settled = np.concatenate([log.row[log.event == setting.book.events.index("settle")] for log in world.record.logs])
    assert np.isin(settled, refused[since < 24]).any()
    assert not np.isin(settled, refused[since >= 24]).any()


def test_the_twin_leaves_the_world_it_was_made_of_alone():
    world = World.start(small_setting(every=400, until="2024-04"))
    before = {name: column.copy() for name, column in columns_of(world).items()}
    MiniWorld.of(world).step()
    for name, column in columns_of(world).items():
        np.testing.assert_array_equal(column, before[name])


def test_a_difference_in_one_child_is_seen():
    world = World.start(small_setting(every=400, until="2024-04"))
    twin = MiniWorld.of(world)
    world.step()
    twin.step()
    assert_twins(world, twin)
    twin.children[17].cost += 1
    with pytest.raises(AssertionError, match="cost"):
        assert_twins(world, twin)


# A new event is a row, a bound and a base rate; a new placement a row and a price


def add_rows(folder, file, *rows):
    """Append rows to a table, by name of column; others stay blank or "any"."""
    with (folder / file).open(encoding="utf-8", newline="") as out:
        header = next(csv.reader(out))
    with (folder / file).open("a", encoding="utf-8", newline="") as out:
        csv.writer(out, lineterminator="\n").writerows([[row.get(name, "any") for name in header] for row in rows])


@pytest.fixture
def folder(tmp_path):
    """A copy of Kent's pack to add rows to."""
    return shutil.copytree(KENT.folder, tmp_path / "pack")


def allow(folder, table, column, label):
    """Let a column hold one label more, where its schema lists all that it may hold."""
    path = folder / packs.PACKAGE
    package = json.loads(path.read_text("utf-8"))
    (resource,) = [r for r in package["resources"] if r["name"] == table]
    (field,) = [f for f in resource["schema"]["fields"] if f["name"] == column]
    if "enum" in field["constraints"]:
        field["constraints"]["enum"].append(label)
    path.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8", newline="\n")


def sealed(folder):
    """The pack of the folder, sealed as ``python -m cohort.pack seal`` does."""
    assert packs.seal(folder) == []
    return Pack.load(folder)


MENTORED = Process("mentor", (states.status(1, 0), states.status(2, 0)), ("ncy", "severity"),
                   Outcome(reason="needs_met"), Outcome(effect=Effect.CHANGE_NEED, reason="other"),
                   "mentor_helps", ("area",), meaning="a mentor comes")  # fmt: skip


def test_an_event_added_as_a_row_a_bound_and_a_rate_happens_in_both(folder):
    add_rows(folder, "bounds.csv", {"process": "mentor", "bound": "0.08", "reason": "test"})
    add_rows(folder, "rates.csv", {"rate": "mentor", "since": "any", "ncy": "any", "placement": "any", "value": "0.06"},
             {"rate": "mentor_helps", "since": "any", "ncy": "any", "placement": "any", "value": "0.5"})  # fmt: skip
    setting = small_setting(every=100, until="2024-11")
    times = happened(live_together(under(setting, pack=sealed(folder), processes=(*PROCESSES, MENTORED))))
    assert times["mentor"] > 100
    assert times["identify"] == happened(World.start(setting).run())["identify"]


def test_a_placement_added_as_a_row_and_a_price_is_sought_and_paid_for_in_both(folder):
    hub = Placement("hub", 0, 15, meaning="a shared hub")
    vocabulary = Vocabulary((*PLACEMENTS, hub))
    add_rows(folder, "estimate_prices.csv",
             {"charge": "hub", "line": "special.hub", "support": "plan", "placement": "hub", "low": "11999",
              "mode": "12000", "high": "12001", "unit": "GBP", "growth": "special", "reason": "test"})  # fmt: skip
    text = (folder / "choices.csv").read_text("utf-8")
    (folder / "choices.csv").write_text(text.replace(",state_special,0.", ",hub,0."), "utf-8", newline="\n")
    for table, column in (("choices", "to"), ("estimate_prices", "placement")):
        allow(folder, table, column, "hub")
    small = small_setting(every=100, until="2024-11")
    setting = under(small, pack=sealed(folder), vocabulary=vocabulary)
    world = live_together(setting)
    code = vocabulary.code("hub")
    there = (world.columns.placement == code) & (world.columns.support == 2)
    assert there.sum() > 5
    price = setting.price(world.month - 1)[2, code]
    assert (price == price.flat[0]).all()
    assert 11_000_00 < 12 * price.flat[0] < 13_000_00
    assert world.record.stocks[world.month][:, :, 2, code].sum() == (there & (world.columns.presence == 1)).sum()
