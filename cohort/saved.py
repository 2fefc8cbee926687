"""A world as a file: everything it needs to go on to the same bytes, and what it was set in, by digest.

A file holds the state, not the setting: that is built again when it is read, from the scenario and draw. What the
scenario does not name (data, policy, population, vocabulary, processes) must be what it was; where it is another, the
file is refused, and can be read within the setting that it was saved in.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from cohort import calendar, setting
from cohort.record import Record
from cohort.rolls import Rolls
from cohort.scenario import Scenario
from cohort.setting import TAPE_ARRAYS, Setting
from cohort.world import SAVED, World

SET_IN = {
    "pack": "saved with other data than the pack's",
    "policy": "saved under another policy",
    "population": "saved with another population",
    "vocabulary": "saved with another vocabulary of placements",
    "processes": "saved with another table of processes",
}
"""What a world is set in, by digest, and what is said where it is another."""


def digests(of: Setting) -> dict[str, str]:
    """What a world is set in, besides its scenario and draw."""
    people = hashlib.sha256()
    for name in TAPE_ARRAYS:
        people.update(np.ascontiguousarray(getattr(of.tape, name)).tobytes())
    return {
        "pack": of.pack.digest(),
        "policy": _digest(of.policy.changes),
        "population": "sha256:" + people.hexdigest(),
        "vocabulary": _digest(of.book.vocabulary.placements),
        "processes": _digest(of.book.processes),
    }


def _digest(what: object) -> str:
    return "sha256:" + hashlib.sha256(repr(what).encode()).hexdigest()


def write(world: World, path: Path) -> Path:
    """Write a world to a file, whole or not at all."""
    about = {
        "scenario": world.setting.scenario.model_dump(mode="json"),
        "draw": world.setting.params.number,
        "seed": world.seed,
        "replicate": world.replicate,
        "month": calendar.label(world.month),
        "charged": world.charged,
        **digests(world.setting),
    }
    arrays: dict[str, Any] = {k: getattr(world.columns, k) for k in SAVED} | world.record.arrays()
    arrays |= {"filled": world.rolls.filled, "over": world.rolls.over}
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez_compressed(out, about=np.array(json.dumps(about)), **arrays)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return path


def read(path: Path, within: Setting | None = None) -> World:
    """The world of a file, in a setting built anew or the one given. Raises ValueError naming what is another than when
    it was saved, and ``world.Broken`` if its children and counts do not agree."""
    with np.load(path, allow_pickle=False) as saved:
        about = json.loads(str(saved["about"]))
        s = within or setting.build(Scenario.parse(about["scenario"]), about["draw"])
        for name, now in digests(s).items():
            if about.get(name) != now:
                was = str(about.get(name, "none noted"))
                raise ValueError(
                    f"{path.name}: {name}: {SET_IN[name]}: {was[:18]}, not {now[:18]}; load it within its own setting "
                    "(within=...)"
                )
        world = World.start(s, replicate=about["replicate"], seed=about["seed"])
        columns = world.columns._replace(**{k: saved[k] for k in SAVED})
        record, at = Record.of_arrays(saved), calendar.month(about["month"])
        held = record.stages[at].copy(), Rolls(s.places, saved["filled"], saved["over"])
        resumed = World(s, about["seed"], about["replicate"], at, columns, record, *held, about["charged"])
    resumed.check()
    return resumed
