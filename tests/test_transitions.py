"""An authority's own transitions: rates that are pooled, a projection that goes on as they went, errors that say so."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from calibration import pooling, transitions
from calibration.transitions import NONE, TransitionsError
from cohort.cli import main

LEAVE, MOVE, JOIN = 0.08, 0.05, 0.004
HEAD = ",".join(transitions.COLUMNS)


def files(folder: Path, years: int = 5) -> tuple[Path, Path]:
    """An authority of 20,000 children whose rates are known; labels are its own."""
    u = iter(pooling.units((400_000,), 7).tolist())
    stock = {(a, s, n): 20 for a in range(15) for s in ("Ma!n", "Spéc") for n in ("x", "y")}
    rows = []
    for year in range(2018, 2018 + years):
        after: dict[tuple[int, str, str], int] = {}
        for (age, place, need), count in stock.items():
            for _ in range(count):
                if next(u) < LEAVE or age == 15:
                    rows.append((year, place, need, age, NONE, "", age + 1))
                    continue
                to = "Spéc" if place == "Ma!n" and next(u) < MOVE else place
                rows.append((year, place, need, age, to, need, age + 1))
                after[age + 1, to, need] = after.get((age + 1, to, need), 0) + 1
        for age in range(15):
            for need in ("x", "y"):
                joiners = sum(next(u) < JOIN for _ in range(1300))
                rows += [(year, NONE, "", age - 1, "Ma!n", need, age)] * joiners
                after[age, "Ma!n", need] = after.get((age, "Ma!n", need), 0) + joiners
        stock = after
    one, two = folder / "transitions.csv", folder / "population.csv"
    for path, head, made in ((one, transitions.COLUMNS, rows),
                             (two, transitions.PEOPLE, [(y, a, 1300) for y in range(2018, 2024 + years)
                                                        for a in range(-1, 17)])):  # fmt: skip
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([head, *made])
    return one, two


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return files(tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def read(given: tuple[Path, Path]) -> transitions.Transitions:
    return transitions.read(*given)


def test_every_row_is_counted_and_stocks_follow_one_another(read, given):
    total = read.moved.sum() + read.left.sum() + read.joined.sum()
    assert total == sum(1 for _ in given[0].open(encoding="utf-8")) - 1
    assert read.settings == ("Ma!n", "Spéc")
    for k, year in enumerate(read.years[1:], 1):
        grown = read.joined[k - 1].sum() + read.moved[k - 1].sum()
        assert read.stock(year).sum() == grown


def test_rates_are_found_and_doubt_is_where_it_should_be(read):
    rates = transitions.learn(read)
    inside = slice(2, 14)
    assert rates.leave[:, inside].mean() == pytest.approx(LEAVE, rel=0.1)
    main_x, special_x = (read.states.index((s, "x")) for s in ("Ma!n", "Spéc"))
    move = rates.to[:, main_x, special_x]
    assert np.quantile(move, 0.01) < MOVE < np.quantile(move, 0.99)
    join = rates.join[:, inside].mean(1)
    assert np.quantile(join, 0.01) < 2 * JOIN < np.quantile(join, 0.99)
    assert np.allclose(rates.to.sum(2), 1)


def test_alike_cells_are_pooled_and_different_ones_are_not():
    many, k = np.full(200, 40.0), np.arange(200)
    chance = pooling.units((200,), 3)
    alike = np.rint(many * 0.3 + (chance - 0.5) * 4)
    apart = np.where(k % 2 == 0, 4.0, 24.0)
    prior = np.full(200, 0.35)
    spread = {name: pooling.beta(yes, many - yes, prior, 50, 1).mean(0).std() for name, yes in
              (("alike", alike), ("apart", apart))}  # fmt: skip
    assert spread["alike"] < 0.02
    assert spread["apart"] > 0.2


def test_the_projection_goes_on_as_the_years_went_and_its_range_holds_the_truth(read):
    known = read.until(read.years[-1])
    ahead = transitions.project(transitions.learn(known), known, 1)
    (january,) = ahead
    truth = transitions.by_setting(read, read.stock(january)[None])
    for name, sample in transitions.by_setting(read, ahead[january]).items():
        assert np.quantile(sample, 0.005) <= truth[name][0] <= np.quantile(sample, 0.995)
    sample = transitions.by_setting(read, ahead[january])["all"]
    assert 0.002 < sample.std() / sample.mean() < 0.1


def test_a_forecast_sees_nothing_after_its_origin(read, given):
    cases = transitions.backtest(read)
    known = transitions.read(*given).until(2021)
    again = transitions.by_setting(known, transitions.project(transitions.learn(known), known, 1)[2022])
    found = {(o, h, g): s for o, h, g, s, *_ in cases}
    assert np.array_equal(found[2021, 1, "all"], again["all"])


def test_renaming_settings_renames_the_result(read, given, tmp_path):
    text = given[0].read_text("utf-8").replace("Ma!n", "A mainstream").replace("Spéc", "Special")
    (tmp_path / "t.csv").write_text(text, "utf-8")
    other = transitions.read(tmp_path / "t.csv", given[1])
    one, two = (transitions.project(transitions.learn(t), t, 2) for t in (read, other))
    last = max(one)
    assert np.array_equal(
        transitions.by_setting(read, one[last])["all"], transitions.by_setting(other, two[last])["all"]
    )


def test_the_command_prints_a_projection_and_a_backtest(given, capsys, tmp_path):
    out = tmp_path / "ahead.csv"
    assert main(["transitions", str(given[0]), str(given[1]), "--years", "2", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "Spéc" in said
    assert "Backtest on the years given" in said
    rows = list(csv.DictReader(out.open(encoding="utf-8")))
    assert {r["january"] for r in rows} == {"2024", "2025"}
    assert all(float(r["p05"]) <= float(r["p50"]) <= float(r["p95"]) for r in rows)
    assert main(["transitions", str(given[0]), str(given[1]), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {r["setting"] for r in told["projection"]} == {"Ma!n", "Spéc", "all"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("calendar-year,setting-1\n", "column 'need-1' is missing; allowed: calendar-year, setting-1"),
        (f"{HEAD}\n", "no rows; allowed: one or more"),
        (f"{HEAD}\n2020,A,x,3,A,x,5\n", "row 2: academic-year-2 5 after 3 given; allowed: 4"),
        (
            f"{HEAD}\n2020,NONSEND,,3,NONSEND,,4\n",
            "row 2: NONSEND in both Januaries; allowed: a setting in one of them",
        ),
        (f"{HEAD}\n2020,A,x,three,A,x,4\n", "row 2: academic-year-1 'three' given; allowed: a whole number"),
        (f"{HEAD}\n2020,,x,3,A,x,4\n", "row 2: setting-1 '' given; allowed: a label, or NONSEND"),
        (f"{HEAD}\n2020,A,x,3,A,x,4\n2022,A,x,3,A,x,4\n", r"\[2020, 2022\] given; allowed: years without a gap"),
    ],
)
def test_a_row_that_cannot_be_used_is_refused_by_file_and_row(tmp_path, given, text, said):
    path = tmp_path / "t.csv"
    path.write_text(text, "utf-8")
    with pytest.raises(TransitionsError, match=said):
        transitions.read(path, given[1])


def test_misuse_of_the_command_is_one_line(given, capsys):
    assert main(["transitions", str(given[0]), "nowhere.csv"]) == 2
    assert "nowhere.csv: No such file" in capsys.readouterr().err
    assert main(["transitions", str(given[0]), str(given[1]), "--years", "0"]) == 2
    assert "years: 0 given; allowed: 1 to 20" in capsys.readouterr().err
