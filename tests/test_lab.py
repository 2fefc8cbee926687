"""The lab without its page: what is chosen is a scenario that a study reproduces, and nobody disturbs anybody."""

import asyncio
import io
import re
import threading
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pandas as pd
import pytest

from cohort import fork, pool, rulebook, study
from cohort.analysis.compare import compare
from cohort.cli import main
from cohort.cli.figures import Results
from cohort.lab import bench, dials, outputs, serve, workers
from cohort.lab.choice import Choice, uploaded
from cohort.lab.front import Front
from cohort.lab.live import Live
from cohort.lab.repriced import same_children
from cohort.lab.shown import Kept, Rows
from cohort.lab.trunk import Trunk, leaves
from cohort.lab.view import View, html_table
from cohort.lab.workers import Workers
from cohort.scenario import Scenario, ScenarioError
from cohort.task import setting_of
from tests import small_pack

PLACES = "srp_review.places.places"


def programme() -> Scenario:
    """The programme in a small Kent."""
    return Scenario.load("programme").model_copy(update={"authority": str(small_pack.shared_pack())})


@pytest.fixture(scope="module")
def moved() -> Choice:
    """A choice with a size, dates, a phase-in, a school, an estimate and a rule of its own."""
    rules = (*programme().rules[:6], "historic_trend")
    return Choice(
        programme(), rules=rules, sizes={PLACES: 160.0}, later={"early_years": 6},
        phases={"srp_review": "over two years"},
        opening={"Sheppey": "2026-09", "Swanley": "2026-09"}, estimates={"growth.special": 0.045}, acknowledge=True,
    )  # fmt: skip


@pytest.fixture(scope="module")
def tried(moved: Choice):
    """Its central run."""
    return bench.central(moved.base(), moved.scenario())


# what is chosen


def test_what_is_chosen_is_the_scenario_that_is_saved(moved: Choice, tmp_path):
    mine = moved.scenario()
    (tmp_path / "mine.toml").write_text(mine.to_toml(), "utf-8")
    assert Scenario.load(tmp_path / "mine.toml") == mine
    assert mine.overrides["srp_review.places"] == {"places": 160.0, "full": "2027-08"}
    assert mine.overrides["early_years.requests"]["start"] == "2025-10"
    assert mine.overrides["new_special_schools.swanley"] == {"start": "2026-09"}
    assert mine.places.opening == {"Sheppey": "2026-09"}
    assert mine.parameters == moved.base().parameters == {"growth.special": 0.045}


def test_a_saved_scenario_loaded_again_stands_where_it_stood(moved: Choice):
    mine = moved.scenario()
    assert dials.of_rules(mine)[PLACES].value == 160.0
    assert dials.of_estimates(mine)["growth.special"].value == 0.045
    assert dials.schools(mine)["Swanley"] == dials.schools(mine)["Sheppey"] == "2026-09"
    assert Choice(mine, acknowledge=True).scenario() == mine


def test_nothing_moved_changes_nothing():
    assert Choice(programme()).scenario().model_dump() == programme().model_dump() | {"name": "mine"}
    back = Choice(programme(), sizes={PLACES: dials.of_rules(programme())[PLACES].mode}).scenario()
    assert back.overrides == {}


def test_a_size_put_back_is_as_uncertain_as_its_rule_says():
    fixed = Choice(programme(), sizes={PLACES: 160.0}).scenario()
    assert Choice(fixed, sizes={PLACES: 100.0}).scenario().overrides == {}


def test_a_range_of_its_own_is_what_a_scenario_file_would_say(tmp_path):
    mine = Choice(programme(), sizes={PLACES: (60.0, 120.0, 180.0)}).scenario()
    assert mine.overrides == {"srp_review.places": {"places": (60.0, 120.0, 180.0)}}
    (tmp_path / "mine.toml").write_text(mine.to_toml(), "utf-8")
    assert Scenario.load(tmp_path / "mine.toml") == mine
    dial = dials.of_rules(mine)[PLACES]
    assert dial.stands == dial.spread == (60.0, 120.0, 180.0)
    assert dial.value == 120.0
    assert Choice(mine).scenario() == mine
    assert Choice(mine, sizes={PLACES: 120.0}).scenario().overrides["srp_review.places"] == {"places": 120.0}
    for taken in (programme(), mine, Choice(programme(), sizes={PLACES: 160.0}).scenario()):
        assert Choice(taken, sizes={PLACES: dial.own}).scenario().overrides == {}


def test_a_dial_stands_where_its_scenario_does_though_beyond_its_evidence_or_between_its_positions():
    for value in (0.3, 0.913, 0.9130001):
        taken = programme().model_copy(update={"overrides": {"early_years.requests": {"by": value}}})
        dial = dials.of_rules(taken)["early_years.requests.by"]
        assert dial.value == value
        assert dial.nearest(value) == value
        assert value in dial.steps
    assert dial.step == 0, "no round number fits"


def test_every_uncertain_size_has_a_dial_on_which_it_stands():
    found = dials.of_rules(Scenario.load("programme"))
    assert len(found) > 60
    for dial in found.values():
        assert {dial.low, dial.mode, dial.high} <= set(dial.steps)
        assert list(dial.steps) == sorted(dial.steps)
        assert dial.step, f"{dial.key}: positions that a screen reader can say"
        assert dial.nearest(dial.steps[3] + dial.step / 3) == dial.steps[3]
        assert 20 < len(dial.steps) <= dials.MOST_STEPS + 1
        assert all(len(f"{x:g}") <= 6 or x % 100_000 == 0 for x in dial.steps), "round numbers"
        assert not dial.outside(dial.value)


@pytest.mark.parametrize(("key", "said"), [
    ({"sizes": {PLACES: 5000.0}}, "srp_review.places.places: 5000 given; allowed: 0 to 360"),
    ({"sizes": {PLACES: (200.0, 100.0, 150.0)}}, "given; allowed: low no more than most likely"),
    ({"sizes": {PLACES: (40.0, 100.0, 5000.0)}}, "high 5000 given; allowed: within 0 to 360"),
    ({"sizes": {"srp_review.place.places": 50.0}}, "did you mean 'srp_review.places.places'?"),
    ({"later": {"early_years": 99}}, "early_years: 99 months later given; allowed: -12 to 24"),
    ({"phases": {"early_years": "slowly"}}, "phase-in 'slowly' given; allowed: as it is"),
    ({"opening": {"Swanly": "2026-09"}}, "did you mean 'Swanley'?"),
    ({"opening": {"Sheppey": "soon"}}, "places.opening"),
    ({"estimates": {"growth.special": 2.0}}, "growth.special: 2 given; allowed:"),
    ({"estimates": {"growth.specials": 0.1}}, "did you mean 'growth.special'?"),
    ({"rules": ("mine.py:mine",)}, "the lab runs shipped rules only"),
    ({"name": "baseline"}, "name: 'baseline' given"),
    ({"name": "No such"}, "name"),
])  # fmt: skip
def test_a_bad_value_says_what_is_allowed(key, said):
    with pytest.raises((ScenarioError, rulebook.RuleError)) as refused:
        Choice(programme(), **key).scenario()
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_beyond_the_evidence_is_warned_of():
    assert Choice(programme()).warnings() == []
    said = Choice(programme(), sizes={PLACES: 300.0}, later={"early_years": -6}, estimates={"growth.services": 0.1})
    text = "\n".join(said.warnings())
    assert f"{PLACES}: 300; the evidence bears 40 to 200" in text
    wide = Choice(programme(), sizes={PLACES: (40.0, 100.0, 300.0)}).warnings()
    assert wide == [f"{PLACES}: 40 to 300, most likely 100; the evidence bears 40 to 200"]
    assert "growth.services: 0.1; the evidence bears 0 to 0.05" in text
    assert "early_years: begins in 2024-10, before what was planned (2025-04)" in text


def test_what_is_unlawful_is_said_and_run_only_when_acknowledged():
    choice = Choice(programme(), rules=("move_to_mainstream",))
    assert "s.44" in "\n".join(choice.unlawful())
    with pytest.raises(ScenarioError, match="acknowledge_unlawful"):
        bench.central(choice.base(), choice.scenario())
    told = Choice(programme(), rules=("move_to_mainstream",), acknowledge=True)
    assert bench.central(told.base(), told.scenario()).whole.manifest["scenarios"][1]["unlawful"]


@pytest.mark.parametrize(("text", "said"), [
    ('rules = ["../evil.py:rule"]', "the lab runs shipped rules only"),
    ('rules = ["early_year"]', "did you mean 'early_years'?"),
    ('authority = "/etc"', "authority: '/etc' given; allowed: kent"),
    ('authority = "../kent"', "authority: '../kent' given"),
    ("rules = [", "not valid TOML"),
    ("colour = 3", "colour: unknown key"),
    ('start = "2024-13"', "start"),
    ("#" * 100_001, "bytes given; allowed: up to 100,000"),
])  # fmt: skip
def test_an_uploaded_file_is_data_and_names_what_is_shipped(text, said):
    with pytest.raises(ScenarioError) as refused:
        uploaded("mine.toml", text.encode())
    assert said in str(refused.value)


def test_an_uploaded_scenario_is_the_one_that_was_saved(moved: Choice):
    mine = moved.scenario().model_copy(update={"authority": "kent"})
    assert uploaded("anything (1).toml", mine.to_toml().encode()) == mine


# what is worked out


def hold_alike(one: Live, other: study.Study, part: bool = False) -> None:
    """Every table that is held in memory is the study's, row by row and to the last digit; ``part`` of its rows will
    do."""
    assert one.held
    for name in one.held:
        both = [s.table(name) for s in (one, other)]
        if part:
            told = [c for c in ("series", "block", "line") if c in both[0].columns]
            assert len(both[0])
            wanted = set(both[0][told].itertuples(index=False, name=None))
            both[1] = both[1][[of in wanted for of in both[1][told].itertuples(index=False, name=None)]]
            both = [f[f["view"] == "council"] if "view" in f else f[f["period"].str.len() == 7] for f in both]
        keys = [c for c in both[0].columns if c not in ("value", "pence", "children")]
        frames = [f[sorted(f)].astype(dict.fromkeys(keys, str)).sort_values(sorted(f)) for f in both]
        pd.testing.assert_frame_equal(*(f.reset_index(drop=True) for f in frames), check_dtype=False)


def test_the_central_run_is_that_of_a_study(moved: Choice, tried, tmp_path):
    made = study.run([moved.base(), moved.scenario()], replicates=1, out=tmp_path / "made", workers=1)
    hold_alike(tried.whole, made)
    hold_alike(tried.figures, made)
    assert [r.series for r in Results.of(tried.figures)] == [r.series for r in Results.of(made)]
    assert [s.part_year.mean for s in compare(tried.whole).savings] == [s.part_year.mean for s in compare(made).savings]


def test_a_world_that_branches_off_is_the_one_run_together():
    base = setting_of(small_pack.scenario(), 0)
    trunk = Trunk.grown(base, seed=1)
    for rules in (("early_years",), ("historic_trend",), ("new_special_schools",), ("early_years",)):
        mine = setting_of(small_pack.scenario("mine", rules=rules), 0, small_pack.scenario())
        world, pairs = trunk.branch(mine)
        (_, _), (other, others) = fork.run_together([base, mine], 1, 0)
        assert (pairs.children == others.children).all()
        for one, two in zip(world.columns, other.columns, strict=True):
            assert (one == two).all()


MOVED = {"growth.special": 0.07, "price.nmiss": 61_000.0, "income.interest": 0.06}


def test_a_world_at_other_prices_is_the_one_run_anew():
    first = Choice(programme(), rules=programme().rules[:6])
    bench.central(first.base(), first.scenario())
    base, mine = (s.model_copy(update={"parameters": MOVED}) for s in (first.base(), first.scenario()))
    assert same_children(setting_of(first.base(), 0), setting_of(base, 0))
    priced = bench.central(base, mine).whole
    bench._runs.clear()
    bench._trunks.clear()
    anew = bench.central(base, mine).whole
    for name in anew.held:
        assert priced.held[name].equals(anew.held[name]), name


@pytest.mark.parametrize("name", ["scale.request", "places.growth_srp", "waiting.special", "over_roll.choice"])
def test_what_bears_on_children_is_never_only_priced_anew(name):
    base = Choice(programme()).base()
    now = setting_of(base, 0).params[name]
    other = base.model_copy(update={"parameters": {name: now * 1.1 + 0.01}})
    assert not same_children(setting_of(base, 0), setting_of(other, 0))


def test_visitors_at_the_same_time_get_what_each_would_get_alone():
    choices = [
        Choice(programme(), sizes={PLACES: size}, name=f"visitor_{k}") for k, size in enumerate((40.0, 200.0, 100.0))
    ]
    alone = [bench.central(c.base(), c.scenario()).whole.table("headline") for c in choices]
    found: dict[int, pd.DataFrame] = {}

    def visit(k: int) -> None:
        for _ in range(3):
            found[k] = bench.central(choices[k].base(), choices[k].scenario()).figures.table("headline")

    threads = [threading.Thread(target=visit, args=(k,)) for k in range(len(choices))]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for k, expected in enumerate(alone):
        pd.testing.assert_frame_equal(found[k], expected)
    assert not alone[0].equals(alone[1])


@pytest.fixture
def by():
    """Workers in a thread of their own, while nothing else runs."""
    with ThreadPoolExecutor(1) as pool:
        yield Workers([pool])


def test_draws_arrive_in_order_the_choice_s_first_and_are_those_of_a_study(by: Workers, tmp_path):
    choice = Choice(programme(), sizes={PLACES: 160.0})
    base, mine = choice.base(), choice.scenario()
    counts = [(len(done.mine), len(done.base)) for done in workers.ranges(base, mine, 3, lambda: False, by)]
    assert counts == [(1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3)]
    (*_, runs) = workers.ranges(base, mine, 3, lambda: False, by)  # both are known now
    live = workers.study_of(base, mine, runs)
    made = study.run([base, mine], draws=3, out=tmp_path / "made", workers=1)
    hold_alike(live, made, part=True)
    few = workers.study_of(base, mine, workers.Drawn(runs.mine, runs.base[:2]))
    assert set(few.table("headline")["scenario"]) == {"mine"}


def drawn(base: Scenario, mine: Scenario, draw: int = 1) -> tuple[Rows, Rows]:
    """What a draw shows of both."""
    return workers.drawn(base, base, draw, 1), workers.drawn(base, mine, draw, 1)


@pytest.fixture
def forgetful():
    """A worker that has kept nothing yet and can keep a few base worlds; call it to make it forget."""

    def forget() -> None:
        workers._stem_of.clear()
        workers._lived.clear()

    workers._most.append(4)
    forget()
    yield forget
    workers._most.pop()
    forget()


def test_a_draw_is_the_same_whichever_month_its_base_world_was_kept_at(forgetful):
    base = Choice(programme()).base()
    later, sooner = (Choice(base, rules=(rule,)).scenario() for rule in ("new_special_schools", "historic_trend"))
    alone = []
    for mine in (sooner, later):
        forgetful()
        alone.append(drawn(base, mine))
    forgetful()
    kept = []
    for mine in (later, sooner, later):
        workers._lived.clear()
        kept.append(drawn(base, mine))
    assert kept == [alone[1], alone[0], alone[1]]
    assert alone[0][1] != alone[1][1]


def test_a_draw_at_other_prices_is_the_one_lived_anew_and_lives_nothing_again(forgetful, monkeypatch):
    first = Choice(programme())
    drawn(first.base(), first.scenario())
    known = dials.of_rules(first.scenario())
    priced = {key: d.steps[1] for key, d in known.items() if key.endswith((".growth", ".pounds"))}
    assert priced
    moved = Choice(programme(), sizes=priced).scenario()
    base, mine = (s.model_copy(update={"parameters": MOVED}) for s in (first.base(), moved))
    with monkeypatch.context() as nobody:
        nobody.setattr(workers, "_run", None)
        again = drawn(base, mine)
    forgetful()
    assert again == drawn(base, mine)
    assert again != drawn(first.base(), first.scenario())


def test_a_base_world_at_other_prices_is_branched_off_from(forgetful):
    first = Choice(programme())
    drawn(first.base(), first.scenario())
    kept = dict(workers._stem_of)
    other = Choice(programme(), sizes={PLACES: 160.0}).scenario()
    base, mine = (s.model_copy(update={"parameters": MOVED}) for s in (first.base(), other))
    made = drawn(base, mine)
    assert workers._stem_of == kept
    forgetful()
    assert made == drawn(base, mine)


def test_base_worlds_are_begun_before_anybody_asks_and_as_many_as_there_is_room_for(forgetful, by: Workers):
    choice = Choice(programme())
    base, mine = choice.base(), choice.scenario()
    month = leaves(setting_of(base, 0), setting_of(mine, 0, base))
    by.begin(base, month, 6)
    deadline = time.monotonic() + 120
    while len(by.kept.of(base, 1)) < 6:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert [(key[1], stem.world.month) for key, stem in workers._stem_of.items()] == [(d, month) for d in range(4)]
    (*_, done) = workers.ranges(base, mine, 6, lambda: False, by)
    assert len(workers._stem_of) == 4
    other = base.model_copy(update={"parameters": {"scale.request": 1.1}})
    for draw in (0, 1):
        workers.drawn(other, mine.model_copy(update={"parameters": {"scale.request": 1.1}}), draw, 1)
    told = [other.model_dump_json() == stem.of for stem in workers._stem_of.values()]
    assert told == [False, False, True, True], "those of another base make room"
    forgetful()
    assert [workers.drawn(base, mine, d, 1) for d in range(6)] == done.mine


def test_there_is_room_for_as_many_base_worlds_as_memory_is_available(tmp_path, monkeypatch):
    told = tmp_path / "meminfo"
    monkeypatch.setattr(pool, "MEMORY", told)
    told.write_text("MemTotal:  9000000 kB\nMemFree:  1000 kB\nMemAvailable:  8000000 kB\n")
    assert pool.free_memory() == 8_192_000_000
    assert workers._stems(2) == int(workers.SHARE * 8_192_000_000 / workers.ONE_STEM / 2)
    for nothing in ("", "MemAvailable: much kB"):
        told.write_text(nothing)
        assert pool.free_memory() > 0, "asked of the system otherwise"
    told.unlink()
    assert pool.free_memory() > 0


def test_base_worlds_are_begun_while_nobody_asks(forgetful, monkeypatch):
    choice = Choice(programme())
    base, mine = choice.base(), choice.scenario()
    month = leaves(setting_of(base, 0), setting_of(mine, 0, base))
    with ThreadPoolExecutor(1) as pool:
        by = Workers([pool], Kept())
        monkeypatch.setattr(workers, "QUIET", 60.0)
        by.visit()
        by.begin(base, month, 3)
        time.sleep(3 * workers.LOOK)
        assert not workers._stem_of, "while a page opens"
        with by.asked(lambda: True):
            monkeypatch.setattr(workers, "QUIET", 0.0)
            time.sleep(3 * workers.LOOK)
            assert not workers._stem_of, "while somebody asks"
        time.sleep(3 * workers.LOOK)
        assert not workers._stem_of, "after who asked has left"
        with by.asked(lambda: False):
            pass
        deadline = time.monotonic() + 120
        while len(by.kept.of(base, 1)) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        by.ended.set()
    assert len(workers._stem_of) == 3


def test_draws_that_were_kept_are_not_made_again(tmp_path):
    choice = Choice(programme())
    base, mine = choice.base(), choice.scenario()
    with ThreadPoolExecutor(1) as pool:
        (*_, made) = workers.ranges(base, mine, 2, lambda: False, Workers([pool], Kept(tmp_path)))
    path = next(iter(tmp_path.glob("*.jsonl")))
    path.write_text(path.read_text("utf-8") + '[2, [["plans", "2024', "utf-8")  # a server was ended as it wrote
    nobody = Workers([], Kept(tmp_path))
    for scenario, rows in ((base, made.base), (mine, made.mine)):
        assert [nobody.kept.of(scenario, 1)[k] for k in (0, 1)] == rows
    renamed, other = mine.model_copy(update={"name": "renamed"}), Choice(programme(), sizes={PLACES: 160.0}).scenario()
    assert nobody.kept.of(renamed, 1) == nobody.kept.of(mine, 1)
    assert not nobody.kept.of(other, 1)
    assert not nobody.kept.of(mine, 2)


def test_whoever_leaves_stops_the_work(by: Workers, monkeypatch):
    choice, make = Choice(programme()), workers.drawn
    seen, gone, made = [], threading.Event(), []
    monkeypatch.setattr(workers, "drawn", lambda *of: made.append(of) or make(*of))
    for done in workers.ranges(choice.base(), choice.scenario(), 200, gone.is_set, by):
        seen.append(len(done.mine))
        if len(done.mine) == 2:
            gone.set()
    assert seen == [1, 2]
    by.pools[0].submit(int).result()
    assert len(made) <= 4, "what was given ahead is taken back"
    assert not by._askers


# what is shown


def test_figures_are_those_of_the_run_and_say_what_they_are_compared_with(tried):
    view = View(tried)
    plans = view.figures()[0]
    mine = Results.of(tried.figures)[1].means("plans", ["2028-01"])[0]
    assert plans.value == f"{mine:,.0f}"
    assert plans.against.endswith("than in the baseline")
    assert {c.key for c in view.charts()} == {"plans", "deficit", "placements", "spend"}
    for chart in view.charts():
        assert chart.title
        assert chart.alternative == chart.spec["description"]
    assert "Children placed otherwise" in view.moved_html()
    assert "waiting" in view.places_html()


def test_ranges_are_shown_from_twenty_draws(tried, moved: Choice, by: Workers):
    (*_, three) = workers.ranges(moved.base(), moved.scenario(), 3, lambda: False, by)
    few = View(tried, workers.study_of(moved.base(), moved.scenario(), three))
    many = workers.Drawn(three.mine * 7, three.base * 7)
    assert few.spread is None
    assert few.saving() is None
    ranged = View(tried, workers.study_of(moved.base(), moved.scenario(), workers.Drawn(many.mine, many.base[:-1])))
    assert ranged.figures()[0].ranged
    assert ranged.saving() is None, "not all of the base's draws are there"
    many = View(tried, workers.study_of(moved.base(), moved.scenario(), many))
    plans, spend = (many.figures()[k].ranged for k in range(2))
    assert re.fullmatch(r"5% to 95% of draws: [\d,]+ to [\d,]+", plans)
    assert re.fullmatch(r"5% to 95% of draws: GBP [\d,.]+ to [\d,.]+ million", spend)
    band = [layer for layer in many.charts()[0].spec["layer"] if layer["mark"]["type"] == "area"]
    assert band
    assert many.saving()[1] == 21


def test_words_of_a_file_are_escaped():
    assert "<script>" not in html_table("<script>", ("<b>", "x"), [("<i>", '"')])


def test_tables_are_downloaded_with_the_scenarios(tried):
    with zipfile.ZipFile(io.BytesIO(outputs.csvs(tried.whole))) as found:
        names = found.namelist()
        assert {"baseline.toml", "mine.toml", "headline.csv", "ledger.csv"} <= set(names)
        csv = pd.read_csv(found.open("headline.csv"))
    assert len(csv) == len(tried.whole.table("headline"))


def test_the_workbook_is_the_report_s_and_names_what_made_it(tried):
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.load_workbook(io.BytesIO(outputs.workbook(tried.whole)), read_only=True)
    words = {str(c) for name in book.sheetnames for row in book[name].iter_rows(values_only=True) for c in row if c}
    assert any(said.endswith("mine: High Needs spend, places and plans") for said in words)
    assert any(tried.whole.manifest["digest"] in said for said in words)


# how it is served


def test_what_cannot_be_served_says_what_can(capsys, tmp_path):
    taken = serve.bound("127.0.0.1", 0)
    taken.listen()
    port = taken.getsockname()[1]
    for arguments, said in (
        (["--port", str(port)], "allowed: another port, or 0 for any"),
        (["--port", "70000"], "port: 70000 given; allowed: 0"),
        ([str(tmp_path)], "holds no study"),
        (["--host", "no such host"], "host no such host"),
    ):
        assert main(["lab", *arguments]) == 2
        assert said in capsys.readouterr().err
    taken.close()


def test_files_of_the_page_come_from_memory_and_nothing_else_of_the_disk_does(tmp_path):
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets" / "a-hash.js").write_text("let a = 1")
    (tmp_path / "secret").write_text("secret")
    asked, opened, sent = [], [], []

    async def behind(scope, receive, send):
        asked.append(scope["path"])

    async def send(message):
        sent.append(message)

    def answer(scope):
        """In a thread of its own, for a browser of another test may keep this one's event loop running."""
        with ThreadPoolExecutor(1) as apart:
            apart.submit(lambda: asyncio.run(front(scope, None, send))).result()

    front = Front(behind, tmp_path / "assets", lambda: opened.append(True))
    for method, path in (("GET", "/assets/a-hash.js"), ("GET", "/assets/../secret"), ("GET", "/assets/none.js"),
                         ("POST", "/assets/a-hash.js"), ("GET", "/a-hash.js"), ("GET", "/assets/")):  # fmt: skip
        answer({"type": "http", "method": method, "path": path})
    answer({"type": "websocket", "path": "/ws"})
    assert asked == ["/assets/../secret", "/assets/none.js", "/assets/a-hash.js", "/a-hash.js", "/assets/", "/ws"]
    assert len(opened) == 6
    assert [m["type"] for m in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b"let a = 1"
    headers = dict(sent[0]["headers"])
    assert headers[b"content-length"] == b"9"
    assert b"javascript" in headers[b"content-type"]


def test_only_this_machine_is_served_unless_told_otherwise():
    assert serve.is_local("127.0.0.1")
    assert serve.is_local("localhost")
    assert not serve.is_local("0.0.0.0")
    assert (serve.notebooks() / serve.PAGE).is_file()
