"""Where compiled months are kept: a folder of the user's cache named after the sources of the kernels.

Numba's own cache notices an edit in the module of a compiled function, but not in the modules that it imports; a folder
per content of all kernel sources cannot be stale. ``NUMBA_CACHE_DIR``, if set, is left alone.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path

KERNELS = ("columns.py", "draws.py", "candidates.py", "admission.py", "rollcall.py", "paying.py", "month.py",
           "flowrows.py", "tally.py")  # fmt: skip
"""The modules that hold compiled code."""


TAPES = ("draws.py", "demography.py", "calendar.py", "states.py")
"""The modules that a demographic tape depends on, besides the pack."""
KEEP = 6
"""How many tapes are kept: the latest used."""


def digest(names: tuple[str, ...]) -> str:
    """Twelve characters for the content of some of the package's modules."""
    here = Path(__file__).resolve().parent
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in names)).hexdigest()[:12]


def folder() -> Path:
    """The folder for the present sources; in the temporary folder where the user's cache cannot be written."""
    return within(f"kernels-{digest(KERNELS)}-py{sys.version_info[0]}{sys.version_info[1]}")


def within(name: str) -> Path:
    """A folder of the user's cache, or of the temporary folder where that cannot be written."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for place in (
        base / "kent-cohort",
        Path(tempfile.gettempdir()) / f"kent-cohort-{os.getuid() if hasattr(os, 'getuid') else 0}",
    ):
        try:
            (place / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place / name, os.W_OK):
            return place / name
    return Path(tempfile.mkdtemp(prefix="kent-cohort-"))


def use() -> None:
    """Point numba at the folder. To be called before numba is imported."""
    if "NUMBA_CACHE_DIR" not in os.environ:
        os.environ["NUMBA_CACHE_DIR"] = str(folder())


def is_warm() -> bool:
    """Whether the month has been compiled here before: whether a first run needs some twenty seconds more."""
    place = Path(os.environ.get("NUMBA_CACHE_DIR", str(folder())))
    return any(place.rglob("month.happen-*.nbc"))


def tape_file(*of: object) -> Path:
    """Where the tape of a pack's digest, months and population is kept by the present code; its folder exists."""
    name = hashlib.sha256(repr((digest(TAPES), *of)).encode()).hexdigest()[:24]
    place = folder().parent / "tapes"
    place.mkdir(parents=True, exist_ok=True)
    return place / f"{name}.npz"


def forget_old_tapes(place: Path) -> None:
    """Leave the latest ``KEEP`` tapes of a folder; a file that somebody else removes first is no matter."""
    tapes = sorted(place.glob("*.npz"), key=lambda path: path.stat().st_mtime if path.exists() else 0.0)
    for path in tapes[:-KEEP]:
        path.unlink(missing_ok=True)
