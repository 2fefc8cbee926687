"""The project as a thing to install: its wheel, its locks, its imports, and what no file may say."""

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from importlib import import_module, metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import cohort

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
PACKAGES = ("cohort", "rules", "calibration")
PYTHONS = [f"3.{minor}" for minor in range(30) if f"3.{minor}" in SpecifierSet(PROJECT["requires-python"])]


def run(*command: str, cwd: Path = ROOT, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """A command run in the project's folder, its output kept."""
    return subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)


def tracked() -> Iterator[tuple[str, str]]:
    """The name and text of each file that git holds or would take."""
    listed = run("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed.returncode:
        pytest.skip("not a git working tree")
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_text(encoding="utf-8", errors="ignore")


def pins(name: str) -> list[Requirement]:
    """What a lock pins, one for each package and marker."""
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")
    return [Requirement(line.rstrip(" \\")) for line in text.splitlines() if re.match(r"\w", line)]


def pinned(name: str, python: str) -> dict[str, str]:
    """Package -> version that a lock gives that Python on Linux; one version each."""
    here = {"python_version": python, "python_full_version": f"{python}.1", "sys_platform": "linux"}
    chosen = [pin for pin in pins(name) if pin.marker is None or pin.marker.evaluate(here)]
    assert len({pin.name for pin in chosen}) == len(chosen)
    return {pin.name: str(pin.specifier) for pin in chosen}


def test_the_wheel_holds_the_packages_the_data_the_scenarios_and_the_notebooks(tmp_path: Path) -> None:
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path))
    assert built.returncode == 0, built.stdout + built.stderr
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {f"{package}/__init__.py" for package in PACKAGES} <= names
    assert "cohort/py.typed" in names
    assert "cohort/_notebooks/policy_lab.py" in names
    assert {f"cohort/report/templates/{p.name}" for p in (ROOT / "cohort/report/templates").iterdir()} <= names
    assert "cohort/_data/kent/datapackage.json" in names
    assert any(re.fullmatch(r"cohort/_scenarios/[\w-]+\.toml", name) for name in names)
    top = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert top == set(PACKAGES), "nothing else may be put at the top of site-packages"


def test_no_other_distribution_brings_a_package_of_our_names() -> None:
    owners = metadata.packages_distributions()
    for package in PACKAGES:
        assert set(owners.get(package, ())) <= {PROJECT["name"]}


def test_importing_cohort_imports_nothing_heavy() -> None:
    code = "import sys, cohort; print(*({'numpy', 'pandas', 'mesa', 'numba', 'scipy', 'pydantic'} & set(sys.modules)))"
    imported = run(sys.executable, "-c", code)
    assert imported.returncode == 0, imported.stderr
    assert imported.stdout.split() == []


@pytest.mark.parametrize("name", sorted(cohort._HOME))
def test_every_public_name_leads_to_its_module(name: str) -> None:
    assert name in dir(cohort)
    home = cohort._HOME[name]
    parent = home.rpartition(".")[0]
    if find_spec(parent) is None or find_spec(home) is None:
        pytest.skip(f"{home} is not written yet")
    assert getattr(cohort, name) is getattr(import_module(home), name)


def test_an_unknown_name_is_refused_with_those_there_are() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'Wrold'.*World"):
        _ = cohort.Wrold


def test_requirements_name_no_host_and_no_folder() -> None:
    for path in (ROOT / "requirements").iterdir():
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert not re.search(r"[a-z]+://|^--|@ |(?:^|\s)/\w", line), f"{path.name}:{number}: {line}"


def test_every_extra_has_a_lock() -> None:
    locks = {path.stem for path in (ROOT / "requirements").glob("*.lock")}
    assert locks == {"run", "build", *PROJECT["optional-dependencies"]}


@pytest.mark.parametrize("python", PYTHONS)
def test_the_locks_answer_pyproject_and_agree_with_each_other(python: str) -> None:
    everything = pinned("dev.lock", python)
    for extra, wanted in {"run": [], **PROJECT["optional-dependencies"]}.items():
        lock = pinned(f"{extra}.lock", python)
        for text in PROJECT["dependencies"] + wanted:
            need = Requirement(text)
            version = lock[need.name.lower()].removeprefix("==")
            assert need.specifier.contains(version), f"{extra}.lock has {need.name} {version}: run `make locks`"
        differing = {name for name in lock.keys() & everything.keys() if lock[name] != everything[name]}
        assert not differing, f"{extra}.lock and dev.lock differ on {differing}: run `make locks`"
    assert pinned("run.lock", python).items() <= everything.items()


def test_the_versions_of_python_agree_everywhere() -> None:
    listed = {entry.rpartition(" ")[2] for entry in PROJECT["classifiers"] if "Python :: 3." in entry}
    assert listed == set(PYTHONS)
    readme = set(re.findall(r"\b3\.\d\d\b", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert PYTHONS[0] in readme
    assert readme <= set(PYTHONS), f"README names {readme - set(PYTHONS)}"
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert " ".join(f"python{python}" for python in reversed(PYTHONS)) in makefile
    assert f"--python-version {PYTHONS[0]} " in makefile


def test_the_version_is_the_same_everywhere() -> None:
    assert cohort.__version__ == PROJECT["version"]
    assert f"\nversion: {PROJECT['version']}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    folders = re.compile(r"(?<![\w.~$}-])/(?:root|work|opt/pypi|home/\w+|Users/\w+)(?![\w.-])|\b[A-Z]:\\Users\\\w")
    found = [f"{name}: {match[0]}" for name, text in tracked() for match in folders.finditer(text)]
    found += [f"{name}: {ROOT}" for name, text in tracked() if str(ROOT) in text]
    assert not found


SKIPPING = {
    "test_marked.py": "import pytest\n\n@pytest.mark.browser\ndef test_a_page(): pass\n",
    "test_skipped.py": "import pytest\n\n@pytest.mark.office\ndef test_a_sheet(): pytest.skip('no')\n",
    "test_file.py": "import pytest\n\npytest.importorskip('nosuch')\n\n@pytest.mark.office\ndef test_it(): pass\n",
    "test_other.py": "import pytest\n\ndef test_free(): pytest.skip('may be skipped')\n",
}


@pytest.mark.parametrize(
    ("required", "expected"), [("0", {"skipped": 4}), ("1", {"skipped": 1, "failed": 1, "errors": 2})]
)
def test_a_missing_program_skips_its_tests_unless_it_is_required(
    tmp_path: Path, required: str, expected: dict[str, int]
) -> None:
    conftest = (ROOT / "tests/conftest.py").read_text(encoding="utf-8")
    ini = "[pytest]\nmarkers =\n    browser\n    office\n"
    for name, text in {"conftest.py": conftest, "pytest.ini": ini, **SKIPPING}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    variables = os.environ | dict.fromkeys(("COHORT_REQUIRE_BROWSER", "COHORT_REQUIRE_OFFICE"), required)
    variables |= {"PATH": str(tmp_path / "bin"), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "soffice").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "bin" / "soffice").chmod(0o755)
    ran = run(sys.executable, "-m", "pytest", "--continue-on-collection-errors", cwd=tmp_path, env=variables)
    counts = re.findall(r"(\d+) (skipped|failed|errors|passed)", ran.stdout.splitlines()[-1])
    assert {word: int(number) for number, word in counts} == expected, ran.stdout
    assert ran.returncode == int(required)
