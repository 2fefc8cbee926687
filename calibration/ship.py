"""A calibration as data: the draws that ``parameters.draw`` uses, with the fit and the gates that they passed.

Four tables of the pack are written and sealed: ``posterior`` (draw 0 the point, then the draws), ``posterior_fit``
(every target beside the fit), ``posterior_parameters`` (prior, posterior, shrinkage, R-hat and effective size of each)
and ``posterior_gates`` (what the chains showed, how they were run, on which targets and tables). Bytes differ by
machine, so what is shipped is data, made by ``cohort calibrate --write``.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from calibration.calibrate import Calibration
from calibration.posterior import SEED, SHIPPED
from calibration.priors import rounded
from calibration.spread import intervals, predictive
from cohort import provenance
from cohort.pack import PACKAGE, Pack, seal

SBC = ("posterior_sbc", "posterior_sbc_points")
WORDS = {
    "posterior": (
        "Draws of the calibrated parameters",
        "Draw 0 is the point (the posterior's maximum); the others are samples of it, jointly: never mix rows.",
    ),
    "posterior_fit": ("Every target beside the fit", "The expectation with its offset, and the mean of children."),
    "posterior_parameters": (
        "What the targets tell of each parameter",
        "Shrinkage is the posterior's standard deviation over the prior's; above 0.9 the parameter is an assumption.",
    ),
    "posterior_gates": (
        "How the posterior was made, and its gates",
        "No draws are shipped unless all gates are passed.",
    ),
}
WORDS |= {
    "posterior_sbc": (
        "Ranks of known truths among the sampler's draws",
        "20 truths of the prior, data made from each, 99 draws of the sampler (python -m calibration.sbc_sampler).",
    ),
    "posterior_sbc_points": (
        "What the chains of each truth showed",
        "Passed: R-hat below 1.05, effective sizes above 100; the chains are shorter than those that are shipped.",
    ),
}
OURS = {"title": "This project's calibration", "publisher": "the authors of this model", "date": "2025-03"}
COLUMNS = {
    "draw": "number of the draw; 0 is the point", "id": "target", "period": "months it is of",
    "published": "published value", "fitted": "expectation x offset at the point", "children": "mean of children",
    "error": "standard error by the register's rule", "z": "(fitted - published) / error", "unit": "unit of the values",
    "use": "fitted, checked or held_out", "offset": "children over expectation", "name": "what it is",
    "prior": "median of the prior", "point": "the point", "low": "5% point; of a target, with its error",
    "high": "95% point likewise", "shrinkage": "posterior over prior standard deviation, in logits",
    "r_hat": "R-hat", "ess": "smaller of bulk and tail effective sizes", "label": "what may not be called calibrated",
    "value": "its value", "rank": "how many of 99 draws are below the truth",
    "ess_bulk": "smallest bulk effective size",
    "ess_tail": "smallest tail effective size", "passed": "yes if the chains had run long enough",
}  # fmt: skip


def ship(folder: Path, found: Calibration) -> None:
    """Write the four tables into a pack and seal it. Raises RuntimeError if the gates were not passed, DataError with
    the pack's faults."""
    if found.posterior is None:
        raise RuntimeError("there is no posterior to ship; allowed: a calibration with one")
    made = {
        "posterior": draws_table(found),
        "posterior_fit": _fit(found),
        "posterior_parameters": _parameters(found),
        "posterior_gates": _gates(found),
    }
    keep(folder, made)


Rows = tuple[Sequence[str], list[Sequence[object]]]


def keep(folder: Path, made: Mapping[str, Rows]) -> None:
    """Write tables of ours into a pack and seal it. Raises ValueError with the pack's faults."""
    for name, (head, rows) in made.items():
        draft = folder / f".{name}.{os.getpid()}"
        with draft.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out, lineterminator="\n").writerows([head, *rows])
        draft.replace(folder / f"{name}.csv")
    register(folder, tuple(made))
    if faults := seal(folder):
        raise ValueError("; ".join(faults))


def draws_table(found: Calibration) -> Rows:
    """The point and the draws, of the parameters on which a run from January 2024 rests."""
    assert found.posterior is not None
    p = found.problem.priors
    kept = [k for k, name in enumerate(p.names) if ":" not in name]
    values = p.values(np.vstack([found.z, found.posterior.chosen(SHIPPED)]))[:, kept]
    rows: list[Sequence[object]] = [(n, *map(rounded, row)) for n, row in enumerate(values.tolist())]
    return ("draw", *(p.names[k] for k in kept)), rows


def _fit(found: Calibration) -> Rows:
    head = ("id", "period", "published", "fitted", "children", "error", "z", "unit", "use", "offset")
    low, high = predictive(found)
    rows: list[Sequence[object]] = [
        [*(_told(getattr(r, c)) for c in head), _told(a), _told(b)]
        for r, a, b in zip(found.rows, low.tolist(), high.tolist(), strict=True)
    ]
    return (*head, "low", "high"), rows


def _parameters(found: Calibration) -> Rows:
    assert found.posterior is not None
    head = ("name", "prior", "point", "low", "high", "shrinkage", "r_hat", "ess", "label")
    each = zip(intervals(found), found.posterior.r_hat, found.posterior.ess, strict=True)
    return head, [
        [i.name, *map(rounded, (i.prior, i.point, i.low, i.high, i.shrinkage, float(r), float(e))), i.label]
        for i, r, e in each
    ]


def _gates(found: Calibration) -> Rows:
    assert found.posterior is not None
    g = found.posterior.gates
    pack = found.problem.forward.segments[0].of.pack
    told: dict[str, object] = {
        "r_hat": rounded(g.r_hat), "ess_bulk": round(g.ess_bulk), "ess_tail": round(g.ess_tail),
        "divergences": g.divergences, "sampler": g.sampler, "chains": g.chains, "warm_up": g.warm_up,
        "samples": g.samples, "seed": SEED,
        "draws": SHIPPED, "chi_squared": rounded(found.chi_squared), "targets_fitted": found.fitted,
        "beyond_2": len(found.beyond), "targets": _hash(pack, "targets"), "errors": _hash(pack, "target_errors"),
        "priors": _hash(pack, "estimate_parameters"), "multipliers": _hash(pack, "multipliers"),
        "made_with": f"cohort calibrate --write, code {provenance.code()}",
    }  # fmt: skip
    return ("name", "value"), [(k, str(v)) for k, v in told.items()]


def _hash(pack: Pack, table: str) -> str:
    """The hash with which a table is sealed: what the draws were fitted to."""
    return str(next(r["hash"] for r in pack.package["resources"] if r["name"] == table))


def _told(value: object) -> object:
    return rounded(value) if isinstance(value, float) else value


def register(folder: Path, tables: Sequence[str]) -> None:
    """List tables of ours in the package, with their columns as they are now."""
    path = folder / PACKAGE
    package = json.loads(path.read_text("utf-8"))
    package["resources"] = [r for r in package["resources"] if r["name"] not in tables]
    package["resources"] += [_resource(folder, name) for name in tables]
    draft = path.with_name(f"{PACKAGE}.new")
    draft.write_text(json.dumps(package, indent=2, ensure_ascii=False) + "\n", "utf-8", newline="\n")
    draft.replace(path)


def _resource(folder: Path, name: str) -> dict[str, Any]:
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        head = next(csv.reader(file))
    title, description = WORDS[name]
    return {
        "name": name, "path": f"{name}.csv", "profile": "tabular-data-resource", "title": title,
        "description": description,
        "sources": [OURS],
        "licenses": [{"name": "Apache-2.0", "title": "Apache License 2.0"}],
        "reliability": "derived",
        "schema": {"fields": list(_fields(name, head)), "primaryKey": KEYS.get(name, [head[0]])},
    }  # fmt: skip


TEXT = ("id", "period", "unit", "use", "name", "label", "value", "passed")
WHOLE = ("draw", "point", "rank")
KEYS = {"posterior_sbc": ["point", "name"]}


def _fields(table: str, head: Sequence[str]) -> Iterable[dict[str, Any]]:
    for column in head:
        whole = column in WHOLE and (column != "point" or table in SBC)
        kind = "integer" if whole else "string" if column in TEXT else "number"
        words = COLUMNS.get(column) if table != "posterior" or column == "draw" else "the parameter's value"
        words = "number of the truth" if column == "point" and table in SBC else words
        yield {"name": column, "type": kind, "description": words or column,
               "constraints": {"required": column != "label"}}  # fmt: skip
