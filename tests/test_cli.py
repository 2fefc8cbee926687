"""The command line: what it prints, and one line and exit 2 for whatever cannot be done, with nothing written."""

import json
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from cohort import pack
from cohort.cli import EXAMPLES, main
from cohort.cli.show import cell
from tests import small_pack

ROOT = Path(__file__).parents[1]
Run = Callable[..., "Answer"]


class Answer:
    """An exit code and what was printed."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder in which the command runs."""
    place = tmp_path / "here"
    place.mkdir()
    monkeypatch.chdir(place)
    return place


@pytest.fixture
def cohort(here: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command."""

    def run(*arguments: str | Path) -> Answer:
        code = main([str(a) for a in arguments])
        return Answer(code, *capsys.readouterr())

    return run


def scenario_file(folder: Path, text: str = "", authority: Path | None = None) -> Path:
    """A scenario of a few months in a small Kent, with a text instead of or beside its keys."""
    path = folder / "mine.toml"
    shared = (authority or small_pack.shared_pack()).as_posix()
    ended = "" if "until" in text else 'until = "2025-02"\n'
    path.write_text(f'authority = "{shared}"\n{ended}{text}', encoding="utf-8")
    return path


def only_line(answer: Answer) -> str:
    """The one line that a refusal prints."""
    assert answer.code == 2, answer.err
    assert answer.out == ""
    (line,) = answer.err.splitlines()
    assert line.startswith("cohort: ")
    return line


# what is printed


def test_a_run_prints_the_tables_beside_what_is_published_and_says_where_the_study_is(
    cohort: Run, tmp_path: Path, here: Path
) -> None:
    answer = cohort("run", scenario_file(tmp_path, 'until = "2025-05"'), "--replicates", "2", "--workers", "1")
    assert answer.code == 0, answer.err
    for words in (
        "January 2024 to April 2025; mean of 2 runs",
        "EHC plans by placement, each January",
        "State special schools",
        "All EHC plans",
        "5% to 95% of runs",
        "published",
        "difference",
        "SEN Support",
        "Requests for assessment",
        "within 20 weeks (%)",
        "High Needs spend by financial year, GBP million",
        "Deficit by financial year, GBP million",
        "Accumulated, 31 March",
        "This scenario holds no policy",
        "Lines of 2024-25 whose price range is wider than 15%",
        "Ranges: 2 runs of the best estimate that differ by chance only",
        "Next:   cohort check SCENARIO.toml",
    ):
        assert words in answer.out
    (folder,) = (here / "studies").iterdir()
    assert f"Study:  studies/{folder.name}" in answer.out
    assert json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["status"] == "done"
    tables = answer.out.partition("\nStudy:")[0]
    assert max(map(len, tables.splitlines())) <= 100
    assert "…" not in tables
    assert "\x1b" not in answer.out, "no colours where there is no terminal"
    assert "cohort: 2 of 2 runs" in answer.err


def test_a_run_prints_json_that_adds_up_and_agrees_with_its_parts(cohort: Run, tmp_path: Path) -> None:
    answer = cohort("run", scenario_file(tmp_path, 'until = "2025-05"'), "--replicates", "2", "--json", "-q")
    assert (answer.code, answer.err) == (0, "")
    told = json.loads(answer.out)
    assert told["status"] == "done"
    assert Path(told["study"]).is_dir()
    (scenario,) = told["scenarios"]
    tables = {t["name"]: {r["label"]: r["values"] for r in t["rows"]} for t in scenario["tables"]}
    *placements, total = [
        v for k, v in tables["plans"].items() if k not in {"published", "difference", "5% to 95% of runs"}
    ]
    assert [sum(c) for c in zip(*placements, strict=True)] == total
    spend = [row[0] for row in list(tables["spend"].values())[:6]]
    assert sum(spend[:5]) == pytest.approx(spend[5])
    assert tables["account"]["In-year deficit"][1] == 54
    assert tables["account"]["Accumulated, 31 March"][1] == 97
    for line in scenario["wide_price_ranges"]:
        assert max(-line["low"], line["high"]) > 0.15
        assert line["reasons"]


def test_until_is_the_last_month_simulated(cohort: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cohort("run", scenario_file(tmp_path), "--replicates", "1", "--until", "2024-03", "--out", out, "-q")
    assert json.loads((out / "manifest.json").read_text(encoding="utf-8"))["scenarios"][0]["last_month"] == "2024-03"
    assert tomllib.loads((out / "scenarios/mine.toml").read_text(encoding="utf-8"))["until"] == "2024-04"


def test_a_study_is_resumed_with_its_own_settings(cohort: Run, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cohort("run", scenario_file(tmp_path), "--replicates", "2", "--seed", "7", "--until", "2024-03", "--out", out, "-q")
    part = out / "stock/scenario=mine/part-00000.parquet"
    before = part.read_bytes()
    part.unlink()
    assert cohort("run", "--resume", "--out", out, "-q").code == 0
    assert part.read_bytes() == before


def test_ctrl_c_says_how_to_go_on(cohort: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("cohort.pool.work", stopped)
    answer = cohort("run", scenario_file(tmp_path), "--out", tmp_path / "out", "-q")
    assert answer.code == 130
    assert answer.err.splitlines()[-1].endswith(f"go on with: cohort run --resume --out {tmp_path / 'out'}")


def test_a_failure_is_exit_1_and_blames_the_program(
    cohort: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("a child was lost")

    monkeypatch.setattr("cohort.pool.work", broken)
    answer = cohort("run", scenario_file(tmp_path), "--out", tmp_path / "out", "-q")
    assert answer.code == 1
    assert "failed: RuntimeError: a child was lost; this is a fault of the program" in answer.err


def test_check_says_ok_and_what_would_run(cohort: Run, tmp_path: Path) -> None:
    answer = cohort("check", scenario_file(tmp_path))
    assert answer.code == 0, answer.out
    assert answer.out.startswith("ok: mine runs from 2024-01 to 2025-01; rules: none; parameters fixed: none; data: ")


def test_check_says_every_problem_of_every_scenario_and_of_the_data_on_a_line_each(
    cohort: Run, tmp_path: Path, here: Path
) -> None:
    folder = small_pack.small_pack(tmp_path / "pack")
    (folder / "bounds.csv").unlink()
    bad = scenario_file(tmp_path, 'untill = "2025-01"\nstart = "2024-02"\n')
    other = scenario_file(tmp_path, "[parameters]\n'price.nmis' = 1\nwages = 2\n", authority=folder).rename(
        tmp_path / "other.toml"
    )
    bad.write_text('untill = "2025-01"\nstart = "2024-13"\n', encoding="utf-8")
    answer = cohort("check", bad, other)
    assert answer.code == 2
    lines = answer.out.splitlines()
    for words in (
        "mine.toml: untill: unknown key; did you mean 'until'?",
        "mine.toml: start: '2024-13' given;",
        "other: parameters: 'price.nmis' is not a parameter; did you mean 'price.nmiss'?",
        "other: parameters: 'wages' is not a parameter",
        "bounds.csv: the file is missing",
    ):
        assert sum(words in line for line in lines) == 1, (words, lines)
    assert not list(here.iterdir())
    told = json.loads(cohort("check", bad, other, "--json").out)
    assert not told["ok"]
    assert [len(s["problems"]) for s in told["scenarios"]] == [2, 2]


def test_doctor_finds_this_installation_able_to_run(cohort: Run, here: Path) -> None:
    told = json.loads(cohort("doctor", "--json").out)
    found = {c["check"]: c["status"] for c in told["checks"]}
    able = ("python", "libraries", "compiled month", "self test", "cores", "writing")
    assert {found[name] for name in able} == {"ok"}
    assert {"data", "disk", "Chromium", "LibreOffice"} <= found.keys()
    assert not list(here.iterdir())


def test_doctor_goes_on_after_a_check_fails(cohort: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from cohort.cli import doctor

    def broken() -> doctor.Finding:
        raise OSError("no room")

    monkeypatch.setattr(doctor, "CHECKS", {"writing": broken, "python": doctor._python})
    answer = cohort("doctor")
    assert answer.code == 1
    assert answer.out.splitlines()[0] == "fail  writing: OSError: no room"
    assert answer.out.splitlines()[1].startswith("ok    python")


# help
@pytest.mark.parametrize("command", EXAMPLES)
def test_every_command_has_help_with_an_example(cohort: Run, command: str) -> None:
    answer = cohort(*command.split(), "--help")
    assert answer.code == 0
    assert f"Example: cohort {command}" in answer.out
    assert "--json" in answer.out or command == "lab", "a page gives a machine nothing to read"
    assert "-q" in answer.out


@pytest.mark.parametrize("arguments", [["--help"], ["run", "--help"], ["--version"], ["rnu"]])
def test_help_and_misuse_import_nothing_heavy(arguments: list[str]) -> None:
    heavy = "{'duckdb', 'mesa', 'numba', 'numpy', 'pandas', 'pyarrow', 'pydantic', 'scipy'}"
    code = f"import sys; from cohort.cli import main; main({arguments!r}); print(*({heavy} & set(sys.modules)), 'seen')"
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines()[-1] == "seen"


def test_the_module_is_the_command() -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "cohort", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert ran.stdout.strip() == "0.1.0"


# bad input
OPTIONS = {
    "an unknown command": (["rnu"], '"rnu". Did you mean "run"?'),
    "an unknown option": (["run", "--drwas", "3"], "--drwas"),
    "a word for a number": (["run", "--draws", "many"], '--draws: unable to convert "many"'),
    "no draws": (["run", "--draws", "0"], "draws: 0 given; allowed: 1 to 32767"),
    "too many draws": (["run", "--draws", "40000"], "draws: 40000 given; allowed: 1 to 32767"),
    "a negative seed": (["run", "--seed=-1"], "seed: -1 given; allowed: 0 or more"),
    "no workers": (["run", "--workers", "0"], "workers: 0 given; allowed: 1 or more"),
    "a month that does not exist": (["run", "--until", "2028-13"], "--until: '2028-13' is not a month; write it like"),
    "an end before the start": (["run", "--until", "2023-11"], "until '2023-12' is not after start '2024-01'"),
    "an unknown scenario": (["run", "basline"], "'basline' is not a scenario; did you mean 'baseline'?"),
    "a missing scenario file": (
        ["run", "none.toml"],
        "none.toml: no such scenario file; shipped scenarios: baseline, early_schools, historic_trend, late_schools,",
    ),
    "one scenario twice": (["run", "baseline", "baseline"], "allowed: one or more, each name once"),
    "nothing to resume": (["run", "--resume"], "say which study goes on, with --out DIR"),
    "a study that is not there": (
        ["run", "--resume", "--out", "gone", "--until", "2024-01"],
        "gone: there is no study",
    ),
}


@pytest.mark.parametrize(("arguments", "words"), OPTIONS.values(), ids=OPTIONS)
def test_bad_options_are_refused_in_one_line(cohort: Run, here: Path, arguments: list[str], words: str) -> None:
    quiet = ["-q"] if arguments[0] == "run" else []
    assert words in only_line(cohort(*arguments, *quiet))
    assert not list(here.iterdir())


TEXTS = {
    "bad TOML": ("title = Baseline", "mine.toml: not valid TOML:"),
    "an unknown key": ('titel = "x"', "mine.toml: titel: unknown key; did you mean 'title'?"),
    "a bad date": ('start = "January"', "mine.toml: start: 'January' given; 'January' is not a month; write it like"),
    "a start that is no census": ('start = "2024-03"', "start '2024-03' is not a January census; allowed:"),
    "a start without data": ('start = "2034-01"\nuntil = "2035-01"', "2034"),
    "an end too far": ('until = "2050-01"', "until '2050-01' is beyond what the projection can bear; allowed: up to"),
    "an unknown parameter": (
        "[parameters]\n'price.nmis' = 1.0",
        "'price.nmis' is not a parameter; did you mean 'price.nmiss'?",
    ),
    "a negative price": ("[parameters]\n'price.nmiss' = -1.0", "parameter price.nmiss: -1.0 given; allowed: 0 or more"),
    "a number without end": ("[parameters]\n'price.nmiss' = inf", "price.nmiss: inf given;"),
    "a word for a price": ("[parameters]\n'price.nmiss' = 'dear'", "price.nmiss: 'dear' given;"),
    "a rate above its bound": ("[parameters]\n'scale.cease' = 1000.0", "reserved for it (bounds.csv)"),
    "an unknown rule": ('rules = ["no_such_rule"]', "no_such_rule"),
    "an authority that is not there": ('authority = "none"', "'none' is neither a pack (kent) nor a folder"),
}


@pytest.mark.parametrize(("text", "words"), TEXTS.values(), ids=TEXTS)
def test_bad_scenarios_are_refused_in_one_line(cohort: Run, here: Path, tmp_path: Path, text: str, words: str) -> None:
    path = scenario_file(tmp_path, text)
    if text.startswith("authority"):
        path.write_text(text, encoding="utf-8")
    line = only_line(cohort("run", path, "-q"))
    assert words in line
    assert "mine" in line or "authority" in text
    assert not list(here.iterdir())


def change(table: str, column: str, value: str, seal: bool = False) -> Callable[[Path], None]:
    """Put a value in the last row of a table."""

    def edit(folder: Path) -> None:
        path = folder / f"{table}.csv"
        last = path.read_text(encoding="utf-8").splitlines()[-1]

        def row(r: small_pack.Row) -> small_pack.Row:
            return r | {column: value} if ",".join(r.values()) == last else r

        small_pack.edit(folder, table, row)
        if seal:
            assert pack.seal(folder) == []

    return edit


def drop_price(folder: Path) -> None:
    """Leave out what a special school place costs."""
    small_pack.uncalibrated(folder)
    for table in ("estimate_prices", "place_funding"):
        small_pack.edit(folder, table, lambda r: None if r["charge"] == "state_special" else r)
    assert pack.seal(folder) == []


def wrong_column(folder: Path) -> None:
    """Call a column by another name."""
    path = folder / "plans_by_age.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("plans", "holders", 1), encoding="utf-8")


def impossible_move(folder: Path) -> None:
    """Let four-year-olds go to college."""
    small_pack.edit(folder, "choices", lambda r: r | {"to": "fe"} if (r["ncy"], r["to"]) == ("0", "mainstream") else r)
    assert pack.seal(folder) == []


PACKS: dict[str, tuple[Callable[[Path], object], tuple[str, ...]]] = {
    "a missing file": (lambda folder: (folder / "rates.csv").unlink(), ("rates.csv: the file is missing",)),
    "a wrong column": (wrong_column, ("plans_by_age.csv", "column 'holders' is not in the package")),
    "a negative count": (
        change("plans_by_january", "plans", "-3"),
        ("plans_by_january.csv", "'-3'", "allowed: 0 or more"),
    ),
    "a word for a count": (
        change("plans_by_january", "plans", "few"),
        ("plans_by_january.csv", "'few'", "whole number"),
    ),
    "an unknown label": (change("plans_by_january", "sen2_column", "moon"), ("plans_by_january.csv", "'moon'")),
    "a bad month": (change("requests_by_area_month", "month", "2024-13"), ("requests_by_area_month.csv", "'2024-13'")),
    "a file changed unawares": (change("estimate_services", "reason", "guessed"), ("estimate_services.csv", "hash")),
    "an unknown placement": (change("choices", "to", "moon"), ("choices.csv: column to", "given 'moon'", "allowed: ")),
    "an impossible move": (
        impossible_move,
        ("choices.csv: first_place: a move to 'fe' at NCY 0 is not lawful; allowed: NCY 12 to 21",),
    ),
    "a plan without a price": (drop_price, ("estimate_prices.csv prices no plan in 'state_special'",)),
    "an unknown line": (change("estimate_prices", "line", "lunch.soup", seal=True), ("'lunch.soup' is not a line",)),
}


@pytest.mark.parametrize(("spoil", "words"), PACKS.values(), ids=PACKS)
def test_bad_data_are_refused_in_one_line(
    cohort: Run, here: Path, tmp_path: Path, spoil: Callable[[Path], object], words: tuple[str, ...]
) -> None:
    folder = small_pack.small_pack(tmp_path / "pack")
    spoil(folder)
    line = only_line(cohort("run", scenario_file(tmp_path, authority=folder), "-q"))
    for word in words:
        assert word in line
    assert not list(here.iterdir())


# how values are printed


@pytest.mark.parametrize(
    ("value", "unit", "printed"),
    [
        (19407.4, "count", "19,407"),
        (None, "count", ""),
        ((19300.2, 19500.6), "count", "19,300-19,501"),
        (-89.0, "change", "-89"),
        (124, "change", "+124"),
        (33.44, "percent", "33.4"),
        ((33.44, 35.0), "percent", "33.4-35.0"),
        (163, "million", "163"),
        (163.24, "million", "163.2"),
        ((351.6, 438.2), "million", "352-438"),
    ],
)
def test_values_are_printed_as_accountants_write_them(value: object, unit: str, printed: str) -> None:
    assert cell(value, unit) == printed  # type: ignore[arg-type]
