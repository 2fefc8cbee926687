"""Gates, tables and the page: what was measured, in words and against what was aimed for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import timing
from benchmarks.engines import DRAWS, MESA, MOST_OVER_FLOOR, NUMPY, OURS, SHUFFLED, STARSIM

Found = dict[str, Any]
FEWEST_SEEDS = 30
"""A ratio of variances from fewer says nothing."""


def gates(found: Found) -> list[Found]:
    """Each gate: what is measured, what is required, what was found, and whether it passes (None: not measured)."""
    engines, ours = found["job_s"], found["job_s"][OURS]["seconds"]
    per_child = found["scaling"]["children"]
    few, many = ("500000", "5000000") if "5000000" in per_child else (min(per_child, key=int), max(per_child, key=int))
    numpy_over_floor = engines[NUMPY]["seconds"] / engines[DRAWS]["seconds"]
    fair = numpy_over_floor <= MOST_OVER_FLOOR
    starsim = engines[STARSIM].get("seconds")
    enough = found["luck"]["seeds"] >= FEWEST_SEEDS
    lumped = found["expectation"]
    variance = min(c["ratio"] for c in found["luck"]["censuses"].values()) if enough else None
    rows = (
        ("faster than Mesa objects (do)", ">=", 300, engines[MESA]["seconds"] / ours),
        ("faster than starsim with common random numbers", ">=", 8, starsim and starsim / ours),
        ("faster than numpy", ">=", 4, engines[NUMPY]["seconds"] / ours if fair else None),
        ("the numpy twin over the draw floor", "<=", MOST_OVER_FLOOR, numpy_over_floor),
        ("over the draw floor", "<=", 4, ours / engines[DRAWS]["seconds"]),
        (f"ns a child-month, {int(many):,} over {int(few):,} children", "<=", 1.5, per_child[many] / per_child[few]),
        ("variance ratio of common random numbers", ">=", 20, variance),
        ("children unaffected by the policy who differ", "<=", 0, found["luck"]["unaffected"]),
        ("compiling twenty policies, of a run", "<=", 0.1, found["policies"]["share"]),
        ("lumped expectation with its gradient, ms", "<=", 5, lumped and 1e3 * lumped["gradient"]),
    )  # fmt: skip
    return [
        {"gate": gate, "required": f"{sign} {limit}", "measured": value, "passes": _passes(sign, limit, value)}
        for gate, sign, limit, value in rows
    ]


def _passes(sign: str, limit: float, value: float | None) -> bool | None:
    if value is None:
        return None
    return bool(value >= limit if sign == ">=" else value <= limit)


def tables(found: Found) -> str:
    """Everything measured, as Markdown."""
    parts = [
        ("Gates", _gates(found)),
        (_job(found), _engines(found)),
        ("How Job S scales", _scaling(found)),
        ("Kent", _kent(found)),
        ("Where a month's time goes", _shares(found)),
        ("Common random numbers", _luck(found)),
        ("Peak memory of a fresh process", _table(["process", "MB"], found["peak_mb"].items())),
        ("Machine", _table(["", ""], found["machine"].items())),
    ]
    return "\n\n".join(f"## {title}\n\n{text}" for title, text in parts) + "\n"


def page(found: Found) -> str:
    """The page of the documentation."""
    return f"{_OPENING}\n{tables(found)}"


def write(found: Found, folder: Path) -> str:
    """Write JSON and Markdown, named after the processor. Returns their name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = timing.slug(found["machine"]) + ("" if found["size"]["name"] != "quick" else "-quick")
    (folder / f"{name}.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(f"# Benchmarks\n\n{tables(found)}", encoding="utf-8")
    return name


_OPENING = """# How fast it is

Made by `python -m benchmarks` from one run on one machine: one thread, rounds of all engines interleaved
(the draw floor, this one and numpy three times a round), medians; the expectation in a row, as a fit calls it.
Seconds differ from machine to machine and ratios differ less, so read the ratios. Job S is one and the same work for
all engines: 500,000 children, 60 months, one draw a child-month against rates by age, status, placement and need,
choices in September with a limited number of special school places, leavers replaced by newborns, monthly counts and
costs (`benchmarks/job.py`). The draw floor is the model's hot draw (`cohort.draws.quick`: two products of 32-bit
halves, which every vector unit has), made once a child-month and kept nowhere.
"""


def _gates(found: Found) -> str:
    word = {True: "pass", False: "**fail**", None: "not measured"}
    rows = [(g["gate"], g["required"], _short(g["measured"]), word[g["passes"]]) for g in found["gates"]]
    return _table(["gate", "required", "measured", ""], rows)


def _job(found: Found) -> str:
    return f"Job S: {found['size']['children']:,} children, {found['size']['months']} months"


def _engines(found: Found) -> str:
    engines, rows = found["job_s"], []
    for name in (DRAWS, OURS, NUMPY, STARSIM, MESA, SHUFFLED):
        one = engines[name]
        if "skipped" in one:
            rows.append((name, f"skipped: {one['skipped']}", "", "", ""))
            continue
        scaled = "" if one["children"] == found["size"]["children"] else f"{one['children']:,}, scaled up"
        ratio = one["seconds"] / engines[OURS]["seconds"]
        rows.append((name, _short(one["seconds"]), _short(one["ns"]), _short(ratio), scaled))
    return _table(["engine", "seconds", "ns a child-month", "x cohort", "children timed"], rows)


def _scaling(found: Found) -> str:
    rows = [
        (f"{int(n):,} {kind}", _short(ns))
        for kind in ("children", "months")
        for n, ns in found["scaling"][kind].items()
    ]
    rows.append(("plain pass over 14 bytes a child, from memory", _short(found["memory_floor"] * 1e9)))
    return _table(["", "ns a child-month"], rows)


def _kent(found: Found) -> str:
    kent, many = found["kent"], found["scaling"]["replicates"]
    rows = [
        ("rows (children who ever live in Kent)", f"{kent['children']:,}"),
        ("of them with additional needs", f"{kent['with_needs']:,}"),
        ("months", str(kent["months"])),
        ("build the setting, once for all replicates (s)", _short(kent["build"])),
        ("first nine months, once a process, which compiles what no earlier one did (s)", _short(kent["first"])),
        ("start a world (s)", _short(kent["start"])),
        ("run it, warm (s)", _short(kent["run"])),
        ("write its tables (s)", _short(kent["write"])),
        ("one keyed draw a child-month with needs (s)", _short(kent["draws"])),
        ("run over that floor", _short(kent["over_floor"])),
    ]
    if policies := found.get("policies"):
        rows.append((f"compile {policies['rules']} policies, every month (s)", _short(policies["twenty"])))
        rows.append(("the same with none (s)", _short(policies["none"])))
        rows.append(("setting, start, run and tables of a draw, for that (s)", _short(policies["run"])))
    if lumped := found["expectation"]:
        rows.append(("lumped expectation, compiled (s)", _short(lumped["run"])))
        rows.append(("the same with its gradient in every rate; median (s)", _short(lumped["gradient"])))
        rows.append(("fastest (s)", _short(lumped["fastest"])))
    rows += [(f"{n} replicates, start and run, each (s)", _short(each)) for n, each in many.items()]
    return _table(["", ""], rows)


def _shares(found: Found) -> str:
    share = found["kent"]["share"]
    rows = [(f"`{name}`", f"{100 * part:.0f}%") for name, part in share["verb"].items()]
    kernels = [(f"`{name}`" if name[0] != "(" else "Python and numpy between them", f"{100 * part:.1f}%")
               for name, part in share["kernel"].items()]  # fmt: skip
    return _table(["verb of the month", "of a run"], rows) + "\n\n" + _table(["compiled function", "of a run"], kernels)


def _luck(found: Found) -> str:
    luck = found["luck"]
    rows = [
        (at, *(_short(c[k]) for k in ("effect", "sd_common", "sd_apart", "ratio")))
        for at, c in luck["censuses"].items()
    ]
    names = ["plans in", "effect", "sd, common seeds", "sd, independent seeds", "variance ratio"]
    told = (
        f"Policy: {luck['policy']}; {luck['seeds']} seeds. In {luck['pairs']} pairs of runs {luck['differ']:,.0f} "
        f"children a pair lived another life, {luck['unaffected']} of them without the policy having touched them."
    )
    return f"{told}\n\n{_table(names, rows)}"


def _short(value: float | None) -> str:
    """Three significant figures."""
    if value is None:
        return ""
    return f"{value:,.0f}" if abs(value) >= 1000 or value == 0 else f"{value:.3g}"


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A Markdown table; numbers as they are."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(_cell(c) for c in line) + " |" for line in lines)


def _cell(value: Any) -> str:
    return _short(value) if isinstance(value, float) else str(value)
