"""The lab's page, driven in a browser: by keyboard, offline, on a telephone; what it saves gives the same figures."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cohort import study
from cohort.cli.figures import Results
from cohort.lab import dials
from cohort.lab.choice import Choice
from cohort.scenario import Scenario
from tests import small_pack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

openpyxl = pytest.importorskip("openpyxl", reason="openpyxl is in the extra dev")
pytest.importorskip("marimo", reason="marimo is in the extra app")
pytest.importorskip("playwright", reason="playwright is in the extra dev")
expect = pytest.importorskip("playwright.sync_api").expect
TooLate = pytest.importorskip("playwright.sync_api").TimeoutError
pytestmark = pytest.mark.browser

DRAWS = 20
SLOW = 60_000
"""Milliseconds that a busy machine may take for anything."""
KEYS = ".lab-keys"
SERIOUS = ("serious", "critical")


@dataclass(frozen=True)
class Served:
    """The lab on a small study."""

    url: str
    pid: int


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of the programme in a small Kent."""
    folder = tmp_path_factory.mktemp("lab") / "made"
    pack = str(small_pack.shared_pack())
    both = [Scenario.load(n).model_copy(update={"authority": pack}) for n in ("baseline", "programme")]
    study.run(both, replicates=1, out=folder, workers=1)
    return folder


@contextmanager
def serving(folder: Path, draws: int, ending: int = signal.SIGTERM) -> Iterator[Served]:
    """``cohort lab`` on a study, ended by a signal: in order, though a page be open."""
    command = [sys.executable, "-m", "cohort", "lab", str(folder), "--port", "0", "--draws", str(draws)]
    said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - a process writes to it
    with said, subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True,
                                cwd=Path(__file__).parents[1]) as started:  # fmt: skip
        try:
            assert started.stdout is not None
            url = started.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:")
            yield Served(url, started.pid)
        finally:
            started.send_signal(ending)
            try:
                code = started.wait(30)
            except subprocess.TimeoutExpired:
                started.kill()
                raise
        said.seek(0)
        assert "leaked" not in said.read(), "it ends in order, with nothing of its workers left behind"
        assert code == 128 + ending


@pytest.fixture(scope="module")
def served(small: Path) -> Iterator[Served]:
    """The lab that all tests visit but one."""
    with serving(small, DRAWS) as found:
        yield found


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """A page on which the first figures are shown."""
    with visit(browser, served.url) as opened:
        yield opened


@contextmanager
def visit(browser: Browser, url: str) -> Iterator[Page]:
    """A visitor's page, with every address that it asked for."""
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.set_default_timeout(SLOW)
    opened.asked = []
    opened.on("request", lambda r: opened.asked.append(r.url))
    opened.goto(url)
    opened.wait_for_selector(".lab-key")
    opened.wait_for_selector(".lab-charts figure svg, .lab-charts figure canvas")
    yield opened
    opened.close()


def figures(page: Page) -> str:
    """The key figures, as read."""
    return page.inner_text(KEYS)


def settled(page: Page) -> str:
    """The key figures once they are the last that was asked for: the same for three seconds."""
    shown, since = figures(page), time.monotonic()
    while time.monotonic() < since + 3:
        page.wait_for_timeout(200)
        if (now := figures(page)) != shown:
            shown, since = now, time.monotonic()
    return shown


def slider(page: Page, name: str) -> Locator:
    """The slider whose label has some words."""
    return page.locator("marimo-slider", has_text=re.compile(name)).get_by_role("slider").first


def move(page: Page, name: str, key: str, times: int) -> None:
    """Move a slider by keyboard, until the figures are others."""
    before = figures(page)
    slider(page, name).focus()
    for _ in range(times):
        page.keyboard.press(key)
    page.wait_for_function("t => document.querySelector('.lab-keys').innerText != t", arg=before)


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        if wanted.evaluate("e => e.getRootNode().activeElement === e"):
            return
    raise AssertionError("not reached by Tab")


def test_three_sliders_moved_by_keyboard_give_figures_that_the_saved_scenario_gives_again(page, served, tmp_path):
    tab_to(page, page.get_by_role("button", name="sizes and dates").first)
    page.keyboard.press("Enter")
    slider(page, "Months later").wait_for()
    tab_to(page, slider(page, "requests: scale request "))
    move(page, "requests: scale request ", "ArrowLeft", 6)
    move(page, "first place: redirect .* of them", "ArrowRight", 8)
    move(page, "Growth of prices: state special", "ArrowRight", 3)
    shown = settled(page)
    with page.expect_download() as waited:
        save = [page.get_by_role(role, name="Scenario mine.toml") for role in ("link", "button")]
        save[0].or_(save[1]).first.press("Enter")
    waited.value.save_as(tmp_path / "mine.toml")
    with page.expect_download() as waited:
        book = [page.get_by_role(role, name="Workbook (Excel)") for role in ("link", "button")]
        book[0].or_(book[1]).first.press("Enter")
    waited.value.save_as(tmp_path / "mine.xlsx")
    assert len(openpyxl.load_workbook(tmp_path / "mine.xlsx", read_only=True).sheetnames) > 10
    mine = Scenario.load(tmp_path / "mine.toml")
    assert mine.parameters
    assert {"early_years.requests", "early_years.first_place"} <= set(mine.overrides)
    made = study.run([Choice(mine, name="again").base(), mine], replicates=1, out=tmp_path / "made", workers=1)
    base, again = Results.of(made)
    spend = [r.means("spend.total", ["2027-28"], 1e8)[0] for r in (again, base)]
    assert f"\n{again.means('plans', ['2028-01'])[0]:,.0f}\n" in shown
    assert f"\nGBP {spend[0]:,.2f} million\n{abs(spend[0] - spend[1]):,.2f} " in shown
    assert f"\nGBP {again.account['closing']['2027-28'].mean / 1e8:,.2f} million\n" in shown
    page.wait_for_function("document.querySelector('.lab-progress').innerText.includes('20 of 20 draws')")
    assert "5% to 95% of draws" in page.inner_text(".lab-ranges")
    ours = (served.url, served.url.replace("http", "ws"), "data:", "blob:")
    assert [u for u in page.asked if not u.startswith(ours)] == [], "nothing is asked of another machine"


def test_what_cannot_be_run_says_why_and_what_is_unlawful_or_beyond_the_evidence_is_said(page, tmp_path):
    name = page.get_by_label("Name of your scenario").first
    name.fill("No such name")
    name.press("Enter")
    page.wait_for_selector(".lab-strong")
    assert "allowed: lower case letters" in page.inner_text(".lab-strong")
    name.fill("again")
    name.press("Enter")
    page.wait_for_selector(KEYS)
    page.get_by_role("switch", name="Ruled out: moving children out of special schools").first.press("Space")
    page.wait_for_selector("text=Unlawful as it stands")
    page.get_by_role("switch", name="Run what is unlawful all the same").first.press("Space")
    page.wait_for_selector(KEYS)
    slider(page, "Growth of prices: services").press("End")
    page.wait_for_selector("text=Outside the evidence")
    assert "growth.services" in page.inner_text(".lab-banner:not(.lab-strong)")
    mark = tmp_path / "was_here"
    (tmp_path / "evil.py").write_text(f"open({str(mark)!r}, 'w').close()\n")
    (tmp_path / "evil.toml").write_text(f'rules = ["{tmp_path.as_posix()}/evil.py:evil"]\n')
    page.locator("marimo-file input[type=file]").first.set_input_files(tmp_path / "evil.toml")
    page.wait_for_selector("text=the lab runs shipped rules only")
    assert not mark.exists()


def test_a_size_is_given_a_range_by_keyboard_and_saved_as_a_file_says_it(page, tmp_path):
    page.get_by_role("button", name="sizes and dates").first.press("Enter")
    page.get_by_role("button", name="range of requests: factor").first.press("Enter")
    high, uncertain = page.get_by_label("High").first, page.get_by_role("switch", name="Uncertain, between these").first
    uncertain.wait_for()
    tab_to(page, uncertain)
    page.keyboard.press("Space")
    high.fill("9")
    high.press("Enter")
    page.wait_for_selector(".lab-strong")
    assert "high 9 given; allowed: within" in page.inner_text(".lab-strong")
    high.fill("1.1")
    high.press("Enter")
    page.wait_for_selector("text=Outside the evidence")
    with page.expect_download() as waited:
        save = [page.get_by_role(role, name="Scenario mine.toml") for role in ("link", "button")]
        save[0].or_(save[1]).first.press("Enter")
    waited.value.save_as(tmp_path / "mine.toml")
    low, mode, _ = dials.of_rules(Scenario.load("programme"))["early_years.requests.by"].own
    assert Scenario.load(tmp_path / "mine.toml").overrides["early_years.requests"] == {"by": (low, mode, 1.1)}


ALL = """() => {
  const found = [];
  const within = node => {
    for (const e of node.children) {
      if (e.matches('input, select, textarea, button, a[href], summary, [tabindex]') && e.tabIndex >= 0
          && !e.disabled && e.checkVisibility()) found.push(e);
      within(e.shadowRoot || e);
    }
  };
  within(document.body);
  window.controls = found;
  return found.length;
}"""
"""Everything that can be focused, in the order of the page, through the roots that marimo's controls live in."""
FOCUSED = """() => {
  let e = document.activeElement;
  while (e.shadowRoot && e.shadowRoot.activeElement) e = e.shadowRoot.activeElement;
  return window.controls.indexOf(e);
}"""
NAMES = """() => window.controls.map(e => {
  const by = e.getAttribute('aria-labelledby');
  const label = (by && e.getRootNode().getElementById(by)) || (e.labels && e.labels[0]) || e;
  return (e.ariaLabel || label.innerText || '').replace(/\\s+/g, ' ');
})"""


def test_every_control_is_reached_by_tab_in_the_order_of_the_page(page):
    page.wait_for_function("document.querySelector('.lab-progress').innerText.includes('draws; spend')")
    many, reached = page.evaluate(ALL), []
    for _ in range(many):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(FOCUSED))
    names = page.evaluate(NAMES)
    assert reached == list(range(many)), [names[k] for k in set(range(many)) - set(reached)]
    assert all(names), "each has a name"
    begin, switch, size, school, price, name, save, find = (
        next(k for k, said in enumerate(names) if of in said)
        for of in ("Begin with", "Early years", "sizes and dates of Early years", "Swanley", "Growth of prices",
                   "Name of your scenario", "Scenario mine.toml", "Find children")
    )  # fmt: skip
    assert begin < switch < size < school < price < name < save < find == many - 1
    page.keyboard.press("Shift+Tab")
    assert page.evaluate(FOCUSED) == many - 2


def test_one_control_of_each_kind_is_changed_by_keyboard_alone(page):
    def changed(key: str, times: int = 1) -> None:
        before = figures(page)
        for _ in range(times):
            page.keyboard.press(key)
        page.wait_for_function("t => document.querySelector('.lab-keys').innerText != t", arg=before)

    page.wait_for_selector(".lab-charts figure svg, .lab-charts figure canvas")  # until then the page is still moving
    load = page.get_by_label("Load a scenario (TOML)").or_(page.get_by_role("button", name="Load a scenario")).first
    for last in (False, False, True):  # a page that redraws as the key is pressed takes it from whoever presses
        tab_to(page, load)
        try:
            with page.expect_file_chooser(timeout=60_000 if last else 10_000):
                page.keyboard.press("Enter")
            break
        except TooLate:
            if last:
                raise
    tab_to(page, page.get_by_role("switch", name="Early years").first)
    changed("Space")
    changed("Space")
    tab_to(page, page.get_by_label("Swanley opens").first)
    changed("ArrowDown")
    tab_to(page, slider(page, "Growth of prices: state special"))
    changed("ArrowRight", 2)
    tab_to(page, page.get_by_label("Name of your scenario").first)
    page.keyboard.press("Control+A")
    page.keyboard.type("by_hand")
    page.keyboard.press("Tab")
    page.wait_for_selector("text=Scenario by_hand.toml")
    tab_to(page, page.get_by_role("button", name="Places and waiting").first)
    page.keyboard.press("Enter")
    page.wait_for_selector("caption:has-text('Places and waiting')")
    tab_to(page, page.locator("summary", has_text="The changes, exactly"))
    page.keyboard.press("Enter")
    page.wait_for_selector("[aria-label='The changes']")
    tab_to(page, page.get_by_label("in by_hand in").first)
    page.keyboard.type("State")
    tab_to(page, page.get_by_role("button", name="Find children").first)
    page.keyboard.press("Enter")
    page.wait_for_selector(".lab-life")


def test_visitors_do_not_disturb_each_other_and_a_child_s_life_is_told_with_why(browser, page, served: Served):
    before = figures(page)
    with visit(browser, served.url) as other:
        move(other, "Growth of prices: state special", "ArrowRight", 5)
        assert figures(page) == before
    page.get_by_label("In the baseline in").first.select_option("Independent special")
    page.get_by_label(re.compile("^in mine in")).first.select_option("Independent special")
    page.get_by_role("button", name="Find children").first.press("Enter")
    page.wait_for_selector(".lab-life")
    page.locator(".lab-life summary").first.press("Enter")
    assert "draw" in page.locator(".lab-life details[open]").first.inner_text()


def test_nothing_is_a_serious_barrier_and_a_telephone_shows_it_whole(page, tmp_path):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is in the extra dev").Axe()
    begin = page.get_by_label("Begin with")
    for width in (1280, 390):
        page.set_viewport_size({"width": width, "height": 844})
        page.wait_for_timeout(500)
        if width == 390:
            expect(begin).to_be_hidden()
            page.get_by_label("Show the controls").press("Space")
        expect(begin).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        found = axe.run(page).response["violations"]
        serious = [(v["id"], n["html"], str(n["target"])) for v in found for n in v["nodes"] if v["impact"] in SERIOUS]
        assert serious == []
        page.screenshot(path=tmp_path / f"lab-{width}.png", full_page=True)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads what processes have worked from /proc")
def test_closing_the_page_stops_the_work_and_ending_the_server_ends_its_workers(browser, small):
    with serving(small, 2_000) as server:
        with visit(browser, server.url) as opened:
            opened.wait_for_selector("text=/[1-9][0-9]* of 2000 draws/")
            busy = children(server.pid)
            assert busy
        until(lambda: idle(busy), "the workers go on though the page is closed")
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in busy), "workers outlive the server")


def test_ctrl_c_ends_the_lab_though_a_page_is_open(browser, small):
    with serving(small, 200, signal.SIGINT) as server, visit(browser, server.url):
        busy = children(server.pid)
        os.kill(server.pid, signal.SIGINT)
        until(lambda: not any(alive(pid) for pid in (server.pid, *busy)), "it goes on", 20)


def alive(pid: int) -> bool:
    """Whether a process goes on: one that has ended may still be listed until its parent asks."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        return stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    stats = [(int(p.parent.name), p.read_text().rpartition(")")[2].split()) for p in Path("/proc").glob("[0-9]*/stat")]
    return [pid for pid, stat in stats if int(stat[1]) == parent]


def idle(pids: list[int]) -> bool:
    """Whether none of them has worked for a second."""

    def worked() -> list[int]:
        stats = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
        return [int(stat[11]) + int(stat[12]) for stat in stats]

    before = worked()
    time.sleep(1)
    return sum(worked()) - sum(before) <= os.sysconf("SC_CLK_TCK") // 50


def until(met, wrong: str, seconds: float = 60) -> None:
    """Wait for something, or fail saying what is wrong."""
    end = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < end, wrong
        time.sleep(0.3)
