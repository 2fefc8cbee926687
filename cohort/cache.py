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

KERNELS = ("draws.py", "month.py")
"""The modules that hold compiled code."""


def folder() -> Path:
    """The folder for the present sources; in the temporary folder where the user's cache cannot be written."""
    here = Path(__file__).resolve().parent
    digest = hashlib.sha256(b"".join((here / name).read_bytes() for name in KERNELS)).hexdigest()[:12]
    name = f"kernels-{digest}-py{sys.version_info[0]}{sys.version_info[1]}"
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
