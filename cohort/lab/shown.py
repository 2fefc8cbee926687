"""The figures of a further draw that the lab shows a range of, and no others: plans, spend, the deficit.

``lived`` gives them as plain rows, the same as a study's to the last digit; ``tables`` makes of many draws' rows the
tables that everything else reads. A draw's rows are some 3 KB, so those of many scenarios can be kept on disk
(``Kept``): whoever opens the lab again, or moves a size back, has its ranges at once.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from cohort import cache, provenance
from cohort.lab.live import Tables
from cohort.pack import Pack, listing
from cohort.scenario import Scenario

Row = tuple[str, str, float]
"""series, period, value: ``plans``, ``spend.total`` as in the table ``headline``; ``closing`` as in ``ledger``"""
Rows = tuple[Row, ...]
PLANS, SPEND, CLOSING = "plans", "spend.total", "closing"
KEEP = 60
"""Scenarios of which draws are kept on disk: the latest used."""


def tables(draws: Sequence[Rows]) -> Tables:
    """The rows of draws 0, 1, 2 and so on as the tables ``headline`` and ``ledger``, each draw with luck of its own."""
    rows = [(draw, *row) for draw, of in enumerate(draws) for row in of]
    series = [row for row in rows if row[1] != CLOSING]
    closing = [row for row in rows if row[1] == CLOSING]
    made = {"headline": _run(series) | {"series": _words(r[1] for r in series), "period": _words(r[2] for r in series),
                                        "value": pa.array([r[3] for r in series], pa.float64())}}  # fmt: skip
    words = {"view": "council", "block": "position", "line": CLOSING}
    made["ledger"] = _run(closing) | {name: _words([word] * len(closing)) for name, word in words.items()}
    made["ledger"] |= {"financial_year": _words(r[2] for r in closing)}
    made["ledger"] |= {"pence": pa.array([int(r[3]) for r in closing], pa.int64())}
    return {name: pa.table(columns) for name, columns in made.items()}


def _words(of: Iterable[str]) -> pa.Array:
    """Words, as such even where there are none."""
    return pa.array(of, pa.string())


def _run(rows: Sequence[tuple[int, str, str, float]]) -> dict[str, pa.Array]:
    draws = pa.array([row[0] for row in rows], pa.int16())
    return {"draw": draws, "replicate": draws}


# kept


class Kept:
    """Rows of draws by scenario and seed, in memory and in a folder of the user's cache: a file a scenario, named after
    everything that bears on it (code, data, scenario, seed, versions), a line a draw."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._known: dict[str, dict[int, Rows]] = {}
        self._lock = threading.Lock()

    def of(self, scenario: Scenario, seed: int) -> Mapping[int, Rows]:
        """Draw -> its rows, as far as they are known."""
        with self._lock:
            return self._of(_name(scenario, seed))

    def add(self, scenario: Scenario, seed: int, draw: int, rows: Rows) -> None:
        """Keep a draw. Where the folder cannot be written it is kept in memory only."""
        name = _name(scenario, seed)
        with self._lock:
            known = self._of(name)
            if draw in known:
                return
            known[draw] = rows
            if self.folder is not None:
                try:
                    _append(self.folder / name, json.dumps([draw, rows]) + "\n")
                except OSError:
                    self.folder = None

    def _of(self, name: str) -> dict[int, Rows]:
        if name not in self._known:
            self._known[name] = _read(self.folder / name) if self.folder is not None else {}
        return self._known[name]


def folder() -> Path:
    """Where draws are kept; the oldest beyond ``KEEP`` scenarios are forgotten."""
    place = cache.within("lab")
    files = sorted(place.glob("*.jsonl"), key=lambda p: p.stat().st_mtime if p.exists() else 0.0)
    for old in files[:-KEEP]:
        old.unlink(missing_ok=True)
    return place


def _name(scenario: Scenario, seed: int) -> str:
    """The file of a scenario's draws: its own name does not matter, what made them does."""
    sealed = listing(scenario.authority).stat().st_mtime_ns
    return _named(scenario.model_copy(update={"name": "unnamed"}).model_dump_json(), seed, sealed)


@lru_cache(maxsize=64)
def _named(scenario: str, seed: int, sealed: int) -> str:
    """``sealed`` is when the list of the data was last written."""
    given = Scenario.model_validate_json(scenario)
    data, does = Pack.load(given.authority).digest(), provenance.scenario(given)
    return provenance.digest(provenance.code(), data, does, seed, provenance.versions())[7:39] + ".jsonl"


def _append(path: Path, line: str) -> None:
    """One write at the end of the file, so that two servers do not mix their lines."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def _read(path: Path) -> dict[int, Rows]:
    """The draws of a file; a line that is not whole is left out."""
    found: dict[int, Rows] = {}
    for line in path.read_text("utf-8", errors="replace").splitlines() if path.exists() else ():
        try:
            draw, rows = json.loads(line)
            found[int(draw)] = tuple((str(s), str(p), float(v)) for s, p, v in rows)
        except (ValueError, TypeError):
            continue
    return found


__all__ = ["Kept", "Row", "Rows", "folder", "tables"]
