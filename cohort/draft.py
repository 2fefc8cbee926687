"""A file is written whole or not at all: under a temporary name beside its own, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def draft(path: Path) -> Iterator[Path]:
    """Where to write a file, which becomes ``path`` if nothing goes wrong and else is removed; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield made
        made.replace(path)
    finally:
        made.unlink(missing_ok=True)


def write_text(path: Path, text: str, encoding: str = "utf-8") -> None:
    """A file of text, whole or not at all; line ends are as they are in the text."""
    with draft(path) as made:
        made.write_text(text, encoding=encoding, newline="")
