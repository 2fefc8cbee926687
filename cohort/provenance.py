"""Where a result comes from: digests of code, data and scenario, and the versions that made it. No path, no host.

Two results with one digest came from the same code, data, scenario and seeds. The digest of code is of what the files
say, so it is the same in a working copy and in an installed wheel.
"""

from __future__ import annotations

import hashlib
import json
import platform
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import TYPE_CHECKING

import cohort

if TYPE_CHECKING:
    from cohort.pack import Pack
    from cohort.scenario import Scenario

PACKAGES = ("calibration", "cohort", "rules")
NOTEBOOKS = "_notebooks"
"""Where an installed package has the notebooks, which no result comes from."""
LIBRARIES = ("duckdb", "mesa", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scipy")
"""Those whose version can show in a result."""


def digest(*parts: object) -> str:
    """ "sha256:..." of anything that JSON can write; the order of keys does not matter."""
    text = json.dumps(parts, sort_keys=True, ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


@cache
def code() -> str:
    """One digest for the content of every .py file of the three packages, by name within its package."""
    files = {f"{package}/{name}": text for package in PACKAGES for name, text in _sources(package).items()}
    return digest(files)


def _sources(package: str) -> dict[str, str]:
    """File -> sha256 of each module of a package; nothing if it is not installed."""
    spec = util.find_spec(package)
    found: dict[str, str] = {}
    for root in (spec.submodule_search_locations or ()) if spec else ():
        for path in sorted(p for p in Path(root).rglob("*.py") if NOTEBOOKS not in p.parts):
            source = path.read_bytes().replace(b"\r\n", b"\n")
            found[path.relative_to(root).as_posix()] = hashlib.sha256(source).hexdigest()
    return found


def scenario(given: Scenario) -> str:
    """The digest of what a scenario does: not of its words, nor of where its data lie (see ``data``)."""
    return digest(given.model_dump(mode="json", exclude={"title", "description", "authority"}))


def rules(given: Scenario) -> str:
    """The digest of the rule files that a scenario names by path; rules of the project are in ``code``."""
    return digest([hashlib.sha256(p.read_bytes().replace(b"\r\n", b"\n")).hexdigest() for p in rule_files(given)])


def rule_files(given: Scenario) -> list[Path]:
    """The rule files that a scenario names by path."""
    return sorted({Path(name.rpartition(":")[0] or name) for name in given.rules if ".py" in name})


def data(pack: Pack) -> str:
    """The digest of a data pack's tables."""
    return pack.digest()


def versions() -> dict[str, str]:
    """Python, this package and the libraries whose version can show in a result."""
    return {
        "cohort": cohort.__version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in LIBRARIES},
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "not installed"


def stamp(given: Scenario, pack: Pack, seed: int) -> dict[str, object]:
    """What to print on a result: scenario, digests, seed, versions."""
    return {
        "scenario": given.name,
        "code": code(),
        "data": data(pack),
        "scenario_digest": scenario(given),
        "seed": seed,
        "versions": versions(),
    }
