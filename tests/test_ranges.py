"""Ranges are of outcomes, summed within each run first, and say how far they would move if made anew."""

from math import isnan, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cohort import study
from cohort.analysis import ranges
from cohort.analysis.ranges import chance, figure, quantile_error, runs_needed
from cohort.results import Study, StudyError
from tests import small_pack

VALUES = st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=60)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Study:
    """Three draws of two runs each, to April 2025."""
    small = small_pack.scenario(until="2025-05")
    return study.run(small, draws=3, replicates=2, out=tmp_path_factory.mktemp("ranges") / "made", workers=1)


@given(VALUES)
def test_percentiles_are_numpys_and_the_error_of_a_mean_is_the_sd_over_root_n(values: list[float]) -> None:
    found = figure(values)
    named = [found.p5, found.p25, found.p50, found.p75, found.p95]
    np.testing.assert_allclose(named, np.quantile(values, ranges.QUANTILES), rtol=1e-9, atol=1e-3)
    assert found.mean == pytest.approx(np.mean(values), abs=1e-3)
    assert found.mean_error == pytest.approx(np.std(values, ddof=1) / sqrt(len(values)), abs=1e-3)


def test_a_range_does_not_shrink_with_more_runs_and_its_error_does() -> None:
    few, many = (figure(np.linspace(0, 1, n)) for n in (101, 10001))
    assert many.p95 - many.p5 == pytest.approx(few.p95 - few.p5)
    assert few.mean_error / many.mean_error == pytest.approx(10, rel=0.05)
    assert few.p50_error / many.p50_error == pytest.approx(10, rel=0.05)


def test_the_error_of_a_percentile_is_by_ranks_and_unknown_beyond_the_runs() -> None:
    hundred = np.arange(1.0, 101.0)[None]
    # of 100 runs 50 are below the median, give or take 5: the values 5 ranks (of 99 steps: 4.95) either side
    assert quantile_error(hundred, 0.5, 100)[0] == pytest.approx(4.95)
    assert isnan(figure(range(10)).p95_error)
    assert not isnan(figure(range(100)).p95_error)
    assert isnan(figure([1.0]).mean_error)


def test_the_error_of_a_median_is_what_new_samples_show() -> None:
    normal = np.random.default_rng(1).normal(size=(400, 200))
    said = quantile_error(np.sort(normal, 1), 0.5, 200).mean()
    assert np.median(normal, axis=1).std() == pytest.approx(said, rel=0.15)


def test_replicates_of_a_draw_are_not_counted_as_runs_of_their_own() -> None:
    values, draws = [1.0, 1.0, 2.0, 2.0, 6.0, 6.0], [0, 0, 1, 1, 2, 2]
    assert figure(values, draws).mean_error == pytest.approx(figure([1.0, 2.0, 6.0]).mean_error)
    assert figure(values, [0] * 6).mean_error == figure(values).mean_error


def test_a_probability_of_one_still_has_an_error() -> None:
    assert chance(50, 100).error == pytest.approx(0.05, rel=0.02)
    assert chance(20, 20).p == 1
    assert 0 < chance(20, 20).error < 0.05


def test_runs_needed_quarter_the_square() -> None:
    assert runs_needed(8.0, 1.0) == 64
    assert runs_needed(0.0, 1.0) == 1
    with pytest.raises(ValueError, match=r"precision: 0 given; allowed: more than 0"):
        runs_needed(1.0, 0)


def test_summaries_equal_a_calculation_from_scratch(made: Study) -> None:
    spend = pd.concat(pd.read_parquet(p) for p in made.files("spend"))
    year = spend[spend.month.isin([f"2024-{m:02d}" for m in range(4, 13)] + ["2025-01", "2025-02", "2025-03"])]
    year = year.assign(line=year.line.astype(str).str.split(".").str[0])
    expected = year.groupby(["line", "draw", "replicate"], observed=True).pence.sum().unstack(["draw", "replicate"])
    found = made.summary("spend", ["financial_year", "line"]).set_index("line")
    assert set(found.financial_year) == {"2024-25"}, "part years are left out"
    assert list(found.index) == list(expected.index)
    assert (found.runs == 6).all()
    np.testing.assert_allclose(found["mean"], expected.mean(axis=1))
    np.testing.assert_allclose(found.p95, expected.quantile(0.95, axis=1))
    np.testing.assert_allclose(found.sd, expected.std(axis=1))
    by_draw = expected.T.groupby(level="draw").mean().T
    np.testing.assert_allclose(found.mean_error, by_draw.std(axis=1) / sqrt(3))


def test_a_cell_that_some_runs_lack_counts_as_nought_in_them(made: Study) -> None:
    stock = pd.concat(pd.read_parquet(p) for p in made.files("stock"))
    plans = stock[(stock.support == "plan") & (stock.month == "2025-01")].astype({"placement": str})
    wide = plans.groupby(["ncy", "placement", "draw", "replicate"], observed=True).children.sum()
    wide = wide.unstack(["draw", "replicate"]).reindex(columns=[(d, r) for d in range(3) for r in range(2)])
    assert wide.isna().any(axis=None), "in a small Kent some cells are empty in some runs"
    found = made.summary("stock", ["month", "ncy", "placement"], "support = 'plan' and month = '2025-01'")
    np.testing.assert_allclose(
        found.sort_values(["ncy", "placement"])["mean"], wide.fillna(0).sort_index().mean(axis=1)
    )


def test_headline_is_summarised_by_series_and_period(made: Study) -> None:
    found = made.summary("headline").set_index(["series", "period"])
    values = made.headline().query("series == 'plans' and period == '2025-01'").value
    assert found.loc[("plans", "2025-01"), "mean"] == pytest.approx(values.mean())


def test_a_breakdown_that_there_is_not_is_named(made: Study) -> None:
    with pytest.raises(StudyError, match="'lines' is not a breakdown of spend; did you mean 'line'"):
        made.summary("spend", ["lines"])
    with pytest.raises(StudyError, match="stocks are not summed"):
        made.summary("stock", ["placement"])
