"""Where a report comes from: the study's digests, seeds and runs, and the commands that make both again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from cohort import provenance
from cohort.report.reading import Reading
from cohort.scenario import Scenario, shipped


def made(of: Reading, options: Sequence[str] = ()) -> dict[str, str]:
    """Provenance by name, in the order in which it is shown. No folder of a machine is in it.

    ``options`` are those with which the report was asked for, as they are typed.
    """
    m = of.study.manifest
    out = {
        "Scenarios": ", ".join(f"{s['name']} ({s['title']})" if s["title"] else s["name"] for s in m["scenarios"]),
        "Reported on": f"{of.other}, beside {of.base}" if of.compared else of.other,
        "Runs": f"{_of(len(of.runs), 'run')} ({_of(m['draws'], 'draw')} x {_of(m['replicates'], 'replicate')}, "
        f"seed {m['seed']})",
        "Ranges": of.ranges,
        "Simulated": f"{m['started'][:10]}, {m['started'][11:16]} to {m['ended'][11:16]} UTC",
        "Study": m["digest"],
        "Code": m["code"],
        "Data": ", ".join(dict.fromkeys(s["data"] for s in m["scenarios"])),
        "Versions": ", ".join(f"{name} {version}" for name, version in m["versions"].items()),
        "Commands": "\n".join(commands(of, options)),
    }
    for s in m["scenarios"]:
        said = [*s.get("unlawful", ()), *(f"research hatch {h['rule']}: {h['function']}" for h in s.get("hatches", ()))]
        if said:
            out[f"Acknowledged as unlawful or research: {s['name']}"] = "; ".join(said)
    return out


def _of(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def commands(of: Reading, options: Sequence[str]) -> list[str]:
    """What to type to get the study and the report again."""
    m, folder = of.study.manifest, of.study.folder.name or "study"
    names = [s["name"] if _is_shipped(s) else f"{folder}/scenarios/{s['name']}.toml" for s in m["scenarios"]]
    run = ["cohort", "run", *names, "--draws", str(m["draws"]), "--replicates", str(m["replicates"]), "--seed",
           str(m["seed"]), "--out", folder]  # fmt: skip
    report = ["cohort", "report", folder, "--scenario", of.other, *options]
    return [shlex.join(run), shlex.join(report)]


def _is_shipped(entry: dict[str, str]) -> bool:
    """Whether the scenario of that name that comes with the model is the one that was run."""
    name = entry["name"]
    return name in shipped() and provenance.scenario(Scenario.load(name)) == entry["digest"]


def stamp(made: dict[str, str]) -> str:
    """One line for the foot of a page, a table or a chart."""
    study, code = (made[name].removeprefix("sha256:")[:12] for name in ("Study", "Code"))
    return f"cohort; study {study}, code {code}; {made['Reported on']}; {made['Runs']}"
