"""The rates that the model runs on are those that the derivation gives, and areas ask as they are published to."""

import shutil

import numpy as np
import pytest

from calibration import first_rates
from calibration.source import Source
from cohort import setting
from cohort.pack import Pack
from cohort.scenario import Scenario

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


# requests by area


def test_areas_ask_as_the_published_requests_and_the_county_as_before():
    s = Source(Pack.load("kent"))
    asked = first_rates.asked_by_area(s)
    factor, rate = first_rates.area_factors(s, asked), first_rates.requests(s)
    without, supported = first_rates.at_risk_by_area(s)
    alike = (rate["request"][:, None] * without + rate["request_supported"][:, None] * supported).sum(0)
    assert (factor * alike).sum() == pytest.approx(alike.sum())
    assert factor * alike / alike.sum() == pytest.approx(asked / asked.sum())
    assert without.sum() + supported.sum() + s.plans.sum() == pytest.approx(s.with_needs.sum(), abs=1)


def test_children_at_risk_by_area_are_those_of_the_start():
    s, made = Source(Pack.load("kent")), setting.build(Scenario(name="a", until="2024-02"), 0, pack=Pack.load("kent"))
    tape, begun = made.tape, made.start
    n = tape.with_needs
    here = (tape.arrival[:n] < tape.start) & (tape.leaving[:n] >= tape.start)
    for support, expected in zip((0, 1), first_rates.at_risk_by_area(s), strict=True):
        counted = np.bincount(tape.area[:n][here & (begun.support == support)], minlength=4)
        assert counted == pytest.approx(expected.sum(0), rel=0.01)


def test_half_of_the_months_foretells_the_other_half_within_chance():
    """The areas' factors are fitted to all that is published; that they hold beyond it is seen on halves of it."""
    s = Source(Pack.load("kent"))
    first, second = (first_rates.asked_by_area(s, *m) for m in (("2024-03", "2024-08"), ("2024-09", "2025-02")))
    rate, (without, supported) = first_rates.requests(s), first_rates.at_risk_by_area(s)
    alike = (rate["request"][:, None] * without + rate["request_supported"][:, None] * supported).sum(0)
    foretold = first_rates.area_factors(s, first) * alike
    foretold *= second.sum() / foretold.sum()
    gone_by_children = second.sum() * s.children[:23].sum(0) / s.children[:23].sum()

    def chi(expected: np.ndarray) -> float:
        """Of shares of both halves' counts, three degrees of freedom."""
        return float(((second - expected) ** 2 / (expected * (1 + second.sum() / first.sum()))).sum())

    assert chi(foretold) < 7.8
    assert chi(gone_by_children) > 16
