"""What any test may ask for: a browser, an office program, and no deadline while numba compiles.

A test marked `browser` or `office` is skipped, saying why, where the program is not installed. With
COHORT_REQUIRE_BROWSER=1 or COHORT_REQUIRE_OFFICE=1, as on the build machine, it fails instead, however it was skipped.
"""

import os
import shutil
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from playwright.sync_api import Browser

settings.register_profile("cohort", deadline=None)
settings.load_profile("cohort")


@dataclass(frozen=True)
class Program:
    """A program outside Python that marked tests need."""

    marker: str
    title: str
    names: tuple[str, ...]
    variable: str

    @property
    def path(self) -> str | None:
        """Where it is, if it is installed."""
        return next(filter(None, map(shutil.which, self.names)), None)

    @property
    def required(self) -> bool:
        """Whether a test that cannot have it fails."""
        return os.environ.get(self.variable, "0") not in {"", "0"}

    def demand(self) -> str:
        """Its path, or the end of the test."""
        if self.path:
            return self.path
        reason = f"{self.title} is not installed (looked for {', '.join(self.names)})"
        if self.required:
            pytest.fail(f"{reason}, and {self.variable} is set", pytrace=False)
        pytest.skip(reason)


BROWSER = Program(
    "browser",
    "Chromium",
    ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge"),
    "COHORT_REQUIRE_BROWSER",
)
OFFICE = Program("office", "LibreOffice", ("soffice", "libreoffice", "localc"), "COHORT_REQUIRE_OFFICE")
PROGRAMS = (BROWSER, OFFICE)


def refuse(report: pytest.TestReport | pytest.CollectReport, program: Program) -> None:
    """Turn a skip into a failure that says why."""
    report.outcome = "failed"
    report.longrepr = f"skipped, though {program.variable} is set: {report.longrepr}"


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """A marked test starts only with its program."""
    for program in PROGRAMS:
        if item.get_closest_marker(program.marker):
            program.demand()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip of a marked test, for whatever reason, is a failure where the program is required."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        for program in PROGRAMS:
            if program.required and item.get_closest_marker(program.marker):
                refuse(report, program)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file that skips itself and holds marked tests."""
    report = yield
    if report.skipped and isinstance(collector, pytest.Module):
        for program in PROGRAMS:
            if program.required and f"mark.{program.marker}" in collector.path.read_text(encoding="utf-8"):
                refuse(report, program)
    return report


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium."""
    return BROWSER.demand()


@pytest.fixture(scope="session")
def soffice() -> str:
    """The path of LibreOffice. Give each run its own profile: -env:UserInstallation=file://<folder>."""
    return OFFICE.demand()


@pytest.fixture(scope="session")
def browser(chromium: str) -> Iterator["Browser"]:
    """Chromium, started without a window and driven by playwright."""
    from playwright.sync_api import sync_playwright

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if root else [])
        yield started
        started.close()
