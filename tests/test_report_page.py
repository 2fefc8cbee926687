"""The page and the brief in a browser: nothing asked of the net, nothing inaccessible, nothing cut off, nothing run."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cohort.report.build import Given, build
from cohort.report.display import agreed, shown
from cohort.report.page import brief, page
from cohort.report.table import Report
from tests.small_report import NASTY, effects, made, report, table

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PAGES = {"report": page, "brief": brief}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
A4 = 688
"""CSS pixels between the margins of an A4 page (210 mm less twice 14)."""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The pages, written, and the report with short tables."""
    folder = tmp_path_factory.mktemp("pages")
    for name, text in {**{name: written(name) for name in PAGES}, "short": page(shortened(report()))}.items():
        (folder / f"{name}.html").write_text(text, "utf-8")
    return {name: folder / f"{name}.html" for name in (*PAGES, "short")}


@cache
def written(name: str) -> str:
    """A page's HTML."""
    return PAGES[name](report())


def shortened(given: Report) -> Report:
    """The first rows of every table: all that there is on a page, but little of each."""
    cut = tuple(replace(t, rows=tuple(replace(r, sums=()) for r in t.rows[:9])) for t in given.tables)
    return replace(given, tables=cut)


@pytest.fixture
def opened(browser: "Browser", files: dict[str, Path], request: pytest.FixtureRequest) -> Iterator["Page"]:
    """A page in the browser, with what it asked for and ran kept."""
    tab = browser.new_page(viewport={"width": 1280, "height": 900})
    tab.asked, tab.ran = [], []  # type: ignore[attr-defined]
    tab.on("request", lambda r: tab.asked.append(r.url))  # type: ignore[attr-defined]
    tab.on("dialog", lambda d: (tab.ran.append(d.message), d.dismiss()))  # type: ignore[attr-defined]
    tab.goto(files[request.param].as_uri())
    yield tab
    tab.close()


both = pytest.mark.parametrize("opened", PAGES, indirect=True)


@pytest.mark.browser
@both
def test_nothing_is_asked_of_the_net_and_nothing_runs(opened: "Page") -> None:
    assert [url for url in opened.asked if not url.startswith("file:")] == []  # type: ignore[attr-defined]
    assert len(opened.asked) == 1  # type: ignore[attr-defined]
    assert opened.ran == []  # type: ignore[attr-defined]
    assert opened.evaluate("document.querySelectorAll('script, img, iframe, link').length") == 0


@pytest.mark.browser
@pytest.mark.parametrize("opened", ["short", "brief"], indirect=True)
def test_axe_finds_no_violation(opened: "Page") -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    opened.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    found = axe.Axe().run(opened, options={"runOnly": RULES})
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.browser
@both
@pytest.mark.parametrize("width", [320, 390, 640])
def test_the_page_does_not_scroll_sideways_on_a_phone_or_at_200_percent(opened: "Page", width: int) -> None:
    opened.set_viewport_size({"width": width, "height": 800})
    assert opened.evaluate("document.documentElement.scrollWidth") <= width
    small = opened.evaluate(
        "[...document.querySelectorAll('svg')].filter(s => s.getBoundingClientRect().width > 0)"
        ".map(s => s.getBoundingClientRect().width / s.viewBox.baseVal.width)"
    )
    assert all(scale > 0.75 for scale in small), "text of charts stays readable"


@pytest.mark.browser
@both
def test_nothing_is_cut_off_on_paper(opened: "Page") -> None:
    opened.emulate_media(media="print")
    opened.set_viewport_size({"width": A4, "height": 1000})
    over = opened.evaluate(
        "w => [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > w + 1)"
        ".map(e => e.tagName + ' ' + e.textContent.slice(0, 60))",
        A4,
    )
    assert over == []
    hidden = opened.evaluate(
        "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert hidden == 0


@pytest.mark.browser
def test_the_brief_is_one_page(browser: "Browser", files: dict[str, Path], tmp_path: Path) -> None:
    tab = browser.new_page()
    tab.goto(files["brief"].as_uri())
    pdf = tab.pdf(prefer_css_page_size=True)
    tab.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


def test_the_brief_is_one_page_with_a_scorecard_and_reserves_in_it(browser: "Browser", tmp_path: Path) -> None:
    from tests.test_report_words import CARD

    card = tmp_path / "scorecard.json"
    card.write_text(json.dumps({"scorecard": CARD}), "utf-8")
    (tmp_path / "brief.html").write_text(
        brief(build(made(), given=Given(90, scorecard=card), effects=effects())), "utf-8"
    )
    tab = browser.new_page()
    tab.goto((tmp_path / "brief.html").as_uri())
    assert "simple ones" in tab.content()
    assert "--reserves 90 --scorecard scorecard.json" in tab.content()
    pdf = tab.pdf(prefer_css_page_size=True)
    tab.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


@pytest.mark.parametrize("name", PAGES)
def test_names_that_would_be_code_are_text(name: str) -> None:
    text = written(name)
    assert "<script" not in text
    assert "<img" not in text
    if name == "report":
        assert "&lt;script&gt;alert" in text
        assert NASTY not in text


def test_the_page_is_whole_by_itself_and_ids_are_its_own() -> None:
    text = written("report")
    assert not re.search(r"(?:src|href)=\"(?!#)", text)
    assert "http" not in re.sub(r"xmlns(?::xlink)?=\"[^\"]*\"", "", text).replace("http-equiv", "")
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))
    for anchor in re.findall(r'href="#([^"]+)"', text):
        assert anchor in ids


def test_every_table_and_chart_carries_where_it_comes_from() -> None:
    made = report().made
    mark = f"study {made['Study'].removeprefix('sha256:')[:12]}, code {made['Code'].removeprefix('sha256:')[:12]}"
    text = written("report")
    assert text.count(mark) >= len(report().tables) + len(report().charts) + 2
    assert "cohort run made/scenarios/base.toml made/scenarios/mine.toml --draws 1 --replicates 3 --seed 1" in text
    assert mark in written("brief")
    assert str(Path.home()) not in text


def test_every_number_of_a_table_is_shown_as_display_shows_it() -> None:
    text, steps = written("report"), agreed(report().tables)
    for key in ("spend", "safety_valve", "bridge"):
        section = text[text.index(f'<h3 id="{key}">') :]
        for row, cells in zip(table(key).rows, shown(table(key), steps[key]), strict=True):
            if row.kind != "heading":
                assert "".join(f"<td>{cell}</td>" for cell in cells) in section, row.label


def test_what_a_chart_or_a_table_says_is_not_said_twice_in_its_part() -> None:
    text = re.sub("<svg.*?</svg>", "", written("report"), flags=re.DOTALL)
    text = unescape(re.sub('aria-label="[^"]*"', "", text))
    main = text[text.index('id="part_money"') :]
    assert main.count(table_finding := table("safety_valve").finding) == 1, table_finding
    for key in ("places", "plans_by_placement", "savings", "chances"):
        assert main.count(table(key).finding.rstrip(".")) == 1, key
