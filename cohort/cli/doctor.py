"""``cohort doctor``: whether this installation can do its work; a line each, ok, warn or fail."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from cohort.cli import DONE, FAILED

Finding = tuple[str, str]
"""status (ok, warn, fail) and what was found"""
OLDEST, NEWEST = (3, 11), (3, 13)
SPACE_GB = 1


def doctor(
    *,
    json: Annotated[bool, Parameter(negative=())] = False,
    quiet: Annotated[bool, Parameter(["--quiet", "-q"], negative=())] = False,
) -> int:
    """Check this installation: versions, the compiled month, a self test, data, disk, cores, optional programs.

    Parameters
    ----------
    json
        Print JSON instead of lines.
    quiet
        Print only what is not ok.
    """
    found = []
    for name, examine in CHECKS.items():
        try:
            status, text = examine()
        except Exception as error:
            status, text = "fail", f"{type(error).__name__}: {error}"
        found.append({"check": name, "status": status, "found": " ".join(text.split())})
        if not json and not (quiet and status == "ok"):
            print(f"{status:4}  {name}: {found[-1]['found']}", flush=True)
    failed = any(f["status"] == "fail" for f in found)
    if json:
        import json as writer

        print(writer.dumps({"ok": not failed, "checks": found}, indent=2))
    return FAILED if failed else DONE


def _python() -> Finding:
    import platform
    import sys

    ok = OLDEST <= sys.version_info[:2] <= NEWEST
    wanted = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}.{NEWEST[1]}"
    return "ok" if ok else "fail", f"{platform.python_version()}; needs {wanted}"


def _libraries() -> Finding:
    from cohort.provenance import versions

    found = {name: version for name, version in versions().items() if name != "python"}
    missing = [name for name, version in found.items() if version == "not installed"]
    return "fail" if missing else "ok", ", ".join(f"{name} {version}" for name, version in found.items())


def _data() -> Finding:
    from cohort.pack import Pack

    problems = Pack.load("kent").problems()
    if problems:
        return "fail", f"{len(problems)} problems, the first: {problems[0]}; cohort check tells them all"
    return "ok", f"{len(Pack.load('kent').names())} tables of Kent as they were sealed"


def _month() -> Finding:
    """Load or compile the month, by stepping a world once."""
    import time

    from cohort.scenario import Scenario
    from cohort.task import setting_of
    from cohort.world import World

    setting = setting_of(Scenario.load("baseline"), 0)
    begins = time.perf_counter()
    World.start(setting).step()
    return "ok", f"{time.perf_counter() - begins:.1f} s to load or compile it (about 20 s the first time, then kept)"


def _self_test() -> Finding:
    """A year, whole and cut in two: the same bytes; children and pounds are checked by the world itself each month."""
    import time

    from cohort import tables
    from cohort.scenario import Scenario
    from cohort.task import setting_of
    from cohort.world import World

    setting = setting_of(Scenario.load("baseline"), 0)
    begins = time.perf_counter()
    half = World.start(setting).run(setting.scenario.first + 6)
    whole, resumed = (w.run(setting.scenario.first + 12) for w in (World.start(setting), half.copy()))
    for name in ("stock", "flow", "spend"):
        if not tables.TABLES[name](whole).equals(tables.TABLES[name](resumed)):
            return "fail", f"the table {name} of a year is another when the world is copied half way"
    took = time.perf_counter() - begins
    return "ok", f"a year of Kent: no child lost, pounds reconcile, same bytes when cut in two ({took:.1f} s)"


def _disk() -> Finding:
    import shutil

    free = shutil.disk_usage(Path.cwd()).free / 1e9
    return "ok" if free >= SPACE_GB else "warn", f"{free:.0f} GB free here; 1,000 runs take about {SPACE_GB} GB"


def _cores() -> Finding:
    from cohort.pool import cores

    return "ok", f"{cores()} that runs may use"


def _writing() -> Finding:
    import tempfile

    place = Path("studies") if Path("studies").is_dir() else Path.cwd()
    with tempfile.TemporaryFile(dir=place):
        return "ok", f"studies can be written to {'studies' if place.name == 'studies' else 'this folder'}"


def _program(names: tuple[str, ...], purpose: str) -> Callable[[], Finding]:
    def look() -> Finding:
        import shutil

        found = next((name for name in names if shutil.which(name)), "")
        return ("ok", f"{found} found") if found else ("warn", f"not found ({', '.join(names)}): only for {purpose}")

    return look


CHECKS: dict[str, Callable[[], Finding]] = {
    "python": _python,
    "libraries": _libraries,
    "data": _data,
    "compiled month": _month,
    "self test": _self_test,
    "disk": _disk,
    "cores": _cores,
    "writing": _writing,
    "Chromium": _program(("chromium", "chromium-browser", "google-chrome", "chrome"), "tests of pages"),
    "LibreOffice": _program(("soffice", "libreoffice"), "tests of workbooks"),
}
