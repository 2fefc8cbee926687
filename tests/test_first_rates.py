"""The rates that the model runs on are those that the derivation gives."""

import shutil

import pytest

from calibration import first_rates
from cohort.pack import Pack

TABLES = ("rates", "rate_areas", "rate_seasons", "rate_dates", "choices", "reasons", "arrival_support")


@pytest.fixture(scope="module")
def derived(tmp_path_factory):
    folder = tmp_path_factory.mktemp("derived") / "kent"
    shutil.copytree(Pack.load("kent").folder, folder)
    for name in TABLES:
        path = folder / f"{name}.csv"
        path.write_text(path.read_text("utf-8").splitlines()[0] + "\n", "utf-8")  # the derivation may read none of them
    first_rates.write(folder)
    return folder


@pytest.mark.parametrize("name", TABLES)
def test_a_committed_table_is_what_the_published_flows_give(derived, name):
    committed = (Pack.load("kent").folder / f"{name}.csv").read_text("utf-8").splitlines()
    again = (derived / f"{name}.csv").read_text("utf-8").splitlines()
    assert committed[0] == again[0]
    assert len(committed) == len(again) > 1
    for one, other in zip(committed[1:], again[1:], strict=True):
        *key, value = one.split(",")
        *same, near = other.split(",")
        assert key == same
        assert float(near) == pytest.approx(float(value), rel=1e-4, abs=1e-5)
