"""Luck is uniform, unrelated wherever it should be, the same everywhere, and never a sum of seeds."""

import numba as nb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from cohort import draws
from cohort.draws import WHOLE, Purpose
from tests.small import full_setting

SEEDS = st.integers(0, 2**63)
CHILDREN = 100_000
IDENTITIES = draws.identity(*(np.full(CHILDREN, v) for v in (24287, 24100, 5)), np.arange(CHILDREN))
"""Neighbours: the same month, the same district, ordinals one apart."""
ALPHA = 1e-6
"""How unlikely a statistic may be. The seeds are fixed, so these tests never flicker; this says how odd they may be."""


BOTH = pytest.mark.parametrize("many", [draws.draw_many, draws.quick_many])
"""The draw of all purposes but one, and that of what happens."""


def uniforms(
    seed=1,
    replicate=0,
    month=24288,
    purpose=Purpose.HAPPEN,
    run_key=draws.run_key,
    identities=IDENTITIES,
    many=draws.quick_many,
):
    """A draw for each child, in [0, 1)."""
    return many(draws.child_keys(identities, run_key(seed, replicate)), draws.salt(month, purpose)) / WHOLE


def probability_uniform(u):
    """The smaller of two tests' p: Kolmogorov-Smirnov's, and chi-squared's in 1,000 cells."""
    cells = np.bincount((u * 1000).astype(int), minlength=1000)
    return min(stats.kstest(u, "uniform").pvalue, stats.chisquare(cells).pvalue)


def probability_unrelated(u, v):
    """The smaller of two tests' p: the correlation's, and chi-squared's in 32 x 32 cells."""
    cells = np.bincount((u * 32).astype(int) * 32 + (v * 32).astype(int), minlength=1024)
    return min(stats.pearsonr(u, v).pvalue, stats.chisquare(cells).pvalue)


def assert_unrelated(samples):
    """No two of the samples of draws have anything to do with each other."""
    pairs = [(i, j) for i in range(len(samples)) for j in range(i)]
    worst = min(probability_unrelated(samples[i], samples[j]) for i, j in pairs)
    assert worst > ALPHA


# Uniform and unrelated


@pytest.mark.parametrize("seed", [0, 1, 2, 2**63])
@pytest.mark.parametrize("purpose", [Purpose.HAPPEN, Purpose.DAY, Purpose.PARAMETER])
@BOTH
def test_draws_are_uniform_across_children(seed, purpose, many):
    assert probability_uniform(uniforms(seed, purpose=purpose, many=many)) > ALPHA


@BOTH
def test_draws_are_uniform_across_months_replicates_and_seeds_for_one_child(many):
    one = IDENTITIES[:1]
    months = np.concatenate([uniforms(many=many, month=m, identities=one) for m in range(20_000, 30_000)])
    replicates = np.concatenate([uniforms(many=many, replicate=r, identities=one) for r in range(10_000)])
    seeds = np.concatenate([uniforms(many=many, seed=s, identities=one) for s in range(10_000)])
    for u in (months, replicates, seeds):
        assert probability_uniform(u) > ALPHA
        assert probability_unrelated(u[:-1], u[1:]) > ALPHA
    assert_unrelated([months, replicates, seeds])


@BOTH
def test_neighbouring_children_have_nothing_to_do_with_each_other(many):
    u = uniforms(many=many)
    assert_unrelated([u[: CHILDREN - 12], u[1 : CHILDREN - 11], u[2 : CHILDREN - 10], u[12:]])


@BOTH
def test_children_who_differ_in_one_part_of_their_identity_are_unrelated(many):
    base = (24287, 24100, 5)
    others = [base, (24288, 24100, 5), (24287, 24101, 5), (24287, 24100, 6)]
    ordinals = np.arange(CHILDREN)
    assert_unrelated(
        [uniforms(many=many, identities=draws.identity(*(np.full(CHILDREN, v) for v in o), ordinals)) for o in others]
    )


@BOTH
def test_months_purposes_replicates_and_seeds_are_unrelated(many):
    assert_unrelated([uniforms(many=many, month=m) for m in (24288, 24289, 24290, 24300, 0)])
    assert_unrelated(
        [uniforms(many=many, purpose=p) for p in (Purpose.HAPPEN, Purpose.OUTCOME, Purpose.REASON, Purpose.REVIEW)]
    )
    assert_unrelated([uniforms(many=many, replicate=r) for r in (0, 1, 2, 255, 256)])
    assert_unrelated([uniforms(many=many, seed=s) for s in (0, 1, 2, 255, 2**32, 2**63)])


def test_every_purpose_and_month_has_a_salt_of_its_own():
    salts = {draws.salt(month, purpose) for month in range(28_000) for purpose in Purpose}
    assert len(salts) == 28_000 * len(Purpose)


@BOTH
def test_the_means_of_replicates_vary_as_independent_means_do(many):
    means = np.array([uniforms(many=many, replicate=r, identities=IDENTITIES[:2000]).mean() for r in range(400)])
    variance = means.var(ddof=1) / (1 / 12 / 2000)
    assert stats.chi2.sf(399 * variance, 399) > ALPHA
    assert stats.chi2.cdf(399 * variance, 399) > ALPHA
    assert abs(stats.pearsonr(np.arange(400), means).statistic) < 0.2


# A summed seed would be caught


def summed_key(seed, replicate):
    """What everybody writes: seed + replicate."""
    return draws.mix_int(seed + replicate)


def xor_key(seed, replicate):
    """Hardly better: (1, 2) is (2, 1)."""
    return draws.mix_int(seed ^ replicate)


def grid_of_runs(run_key, many):
    """Draws of one month in sixteen runs."""
    few = IDENTITIES[:5000]
    runs = [{"seed": s, "replicate": r, "run_key": run_key} for s in range(4) for r in range(4)]
    return [uniforms(**run, identities=few, many=many) for run in runs]


@BOTH
def test_sixteen_runs_of_four_seeds_and_four_replicates_are_unrelated(many):
    assert_unrelated(grid_of_runs(draws.run_key, many))


@BOTH
@pytest.mark.parametrize("faulty", [summed_key, xor_key])
def test_the_test_above_would_catch_seeds_that_are_summed(faulty, many):
    with pytest.raises(AssertionError):
        assert_unrelated(grid_of_runs(faulty, many))


def test_a_key_added_to_the_identity_instead_of_mixed_would_be_caught():
    def shifted(replicate):
        keys = IDENTITIES + np.uint64(replicate)  # replicate 1 of a child would be replicate 0 of the next
        return draws.draw_many(draws.mix_many(keys), draws.salt(24288, Purpose.HAPPEN))[:-1] / WHOLE

    assert probability_unrelated(shifted(1)[:-1], shifted(0)[1:]) < ALPHA
    assert probability_unrelated(uniforms(replicate=1)[:-1], uniforms(replicate=0)[1:]) > ALPHA


@given(SEEDS, SEEDS, SEEDS, SEEDS)
def test_no_two_runs_share_a_key(seed, replicate, other_seed, other_replicate):
    if (seed, replicate) != (other_seed, other_replicate):
        assert draws.run_key(seed, replicate) != draws.run_key(other_seed, other_replicate)


def test_a_hundred_thousand_runs_have_as_many_keys():
    assert len({draws.run_key(s, r) for s in range(100) for r in range(1000)}) == 100_000


@pytest.mark.parametrize(("seed", "replicate"), [(-1, 0), (0, -1), (-1, -1)])
def test_negative_seeds_and_replicates_are_refused(seed, replicate):
    with pytest.raises(ValueError, match=f"0 or more, not {seed} and {replicate}"):
        draws.run_key(seed, replicate)


# What happens is drawn by two products: enough, and one would not be


def one_product(keys, salt):
    """``quick`` with its second round left out."""
    z = keys ^ np.uint64(salt)
    z = (z & np.uint64(WHOLE - 1)) * (z >> np.uint64(32))
    return ((z ^ (z >> np.uint64(32))) & np.uint64(WHOLE - 1)).astype(np.uint32)


def share_of_flips(many):
    """[flipped bit of the key, bit of the draw] how often it changes, over the first children in a month; then the same
    for flips of the salt."""
    keys, salt = draws.child_keys(IDENTITIES[:20_000], draws.run_key(1, 0)), draws.salt(24288, Purpose.HAPPEN)
    before, bits = many(keys, salt), np.arange(32, dtype=np.uint32)
    other = [many(keys ^ np.uint64(1 << b), salt) for b in range(64)] + [many(keys, salt ^ 1 << b) for b in range(64)]
    return np.array([[((before ^ after) >> bit & np.uint32(1)).mean() for bit in bits] for after in other])


def test_every_bit_of_key_and_salt_changes_every_bit_of_a_draw_half_the_time():
    for many in (draws.draw_many, draws.quick_many):
        assert np.abs(share_of_flips(many) - 0.5).max() < 6 * 0.5 / np.sqrt(20_000)
    assert np.abs(share_of_flips(one_product) - 0.5).max() > 0.05, "the test above would catch a single product"


def worst_pair(many, salts, children=2_000_000):
    """The smallest p that draws of the same children under the first salt and under another are independent: their
    upper six bits, their lower six, and the lower of one with the upper of the other."""
    keys = draws.child_keys(np.arange(children, dtype=np.uint64), draws.run_key(1, 0))
    first, *others = (many(keys, salt) for salt in salts)
    low, high = np.uint32(63), np.uint32(26)
    found = []
    for other in others:
        for u, v in ((first >> high, other >> high), (first & low, other & low), (first & low, other >> high)):
            found.append(stats.chisquare(np.bincount(u * np.uint32(64) + v, minlength=4096)).pvalue)
    return min(found)


def test_adjacent_months_of_a_child_are_independent_bit_by_bit_even_if_their_salts_differed_in_one():
    months = [draws.salt(24288 + m, Purpose.HAPPEN) for m in (0, 1, 2, 12)]
    alike = [months[0] ^ 1, months[0] ^ 1 << 31, months[0] ^ 1 << 63]
    assert worst_pair(draws.quick_many, [*months, *alike]) > ALPHA
    assert worst_pair(one_product, [months[0], *alike]) < ALPHA, "the test above would catch a single product"


def test_neighbours_by_identity_are_independent_bit_by_bit():
    keys = draws.child_keys(np.arange(2_000_000, dtype=np.uint64), draws.run_key(1, 0))
    u = draws.quick_many(keys, draws.salt(24288, Purpose.HAPPEN))
    for shift in (np.uint32(26), np.uint32(0)):
        pair = (u[:-1] >> shift & np.uint32(63)) * np.uint32(64) + (u[1:] >> shift & np.uint32(63))
        assert stats.chisquare(np.bincount(pair[::2], minlength=4096)).pvalue > ALPHA


def test_children_have_as_many_events_in_fifty_one_months_as_independent_draws_give():
    keys = draws.child_keys(np.arange(500_000, dtype=np.uint64), draws.run_key(1, 0))
    t = int(draws.threshold(0.06))
    below = sum((draws.quick_many(keys, draws.salt(24288 + m, Purpose.HAPPEN)) < t).astype(int) for m in range(51))
    want = stats.binom.pmf(np.arange(11), 51, t / WHOLE)
    want[-1] = stats.binom.sf(9, 51, t / WHOLE)
    have = np.bincount(np.minimum(below, 10), minlength=11)
    assert stats.chisquare(have, want * len(keys)).pvalue > ALPHA


# The same everywhere


@nb.njit
def draw_compiled(key, salt):
    return draws.draw(key, salt), draws.quick(key, salt)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_a_draw_is_the_same_number_in_python_in_numpy_and_compiled(key, salt):
    plain = draws.draw_int(key, salt), draws.quick_int(key, salt)
    assert all(0 <= u < WHOLE for u in plain)
    assert (
        tuple(int(many(np.array([key], np.uint64), salt)[0]) for many in (draws.draw_many, draws.quick_many)) == plain
    )
    assert draw_compiled(np.uint64(key), np.uint64(salt)) == plain


@given(st.integers(0, 2**64 - 1))
def test_mixing_loses_nothing(z):
    def unshift(x, by):
        y = x
        for _ in range(64 // by):
            y = x ^ (y >> by)
        return y

    back = unshift(draws.mix_int(z), 31)
    back = unshift((back * pow(0x94D049BB133111EB, -1, 2**64)) % 2**64, 27)
    back = unshift((back * pow(0xBF58476D1CE4E5B9, -1, 2**64)) % 2**64, 30)
    assert back == z


def test_the_numbers_of_a_few_draws_never_change():
    assert draws.mix_int(0x9E3779B97F4A7C15) == 0xE220A8397B1DCDAF  # SplitMix64's first number from 0
    assert draws.mix_int(2 * 0x9E3779B97F4A7C15) == 0x6E789E6AA1B965F4  # and its second
    assert draws.salt(24288, Purpose.HAPPEN) == 0x6F57C949E520D253
    assert draws.run_key(1, 0) == 0x68EA2A2FECF84F81
    drawn = [draws.draw_int(draws.run_key(1, replicate), draws.salt(24288, Purpose.DAY)) for replicate in range(3)]
    assert drawn == [3971711455, 1068327989, 1520595950]


# Thresholds


@given(st.integers(0, WHOLE - 1))
def test_a_threshold_lets_exactly_its_share_of_the_draws_below(k):
    assert int(draws.threshold(k / WHOLE)) == k


@given(st.floats(0, 1), st.floats(0, 1))
def test_thresholds_are_within_one_of_exact_and_keep_order(p, q):
    assert abs(int(draws.threshold(p)) - p * WHOLE) <= 1
    if p <= q:
        assert draws.threshold(p) <= draws.threshold(q)


def test_nothing_is_below_0_and_all_but_one_below_1():
    assert int(draws.threshold(0.0)) == 0
    assert int(draws.threshold(1.0)) == WHOLE - 1
    assert draws.threshold(np.array([0.0, 0.25, 1.0])).dtype == np.uint32


@pytest.mark.parametrize("p", [0.0005, 0.02, 0.5, 0.93])
def test_as_many_draws_are_below_as_the_probability_says(p):
    below = int((uniforms() * WHOLE < int(draws.threshold(p))).sum())
    assert stats.binomtest(below, CHILDREN, p).pvalue > ALPHA


# Identities and purposes


@given(st.tuples(st.integers(0, 2**16 - 1), st.integers(0, 2**16 - 1), st.integers(0, 255), st.integers(0, 2**24 - 1)))
def test_an_identity_holds_its_parts(parts):
    n = int(draws.identity(*(np.array([p]) for p in parts))[0])
    assert (n >> 48, n >> 32 & 0xFFFF, n >> 24 & 0xFF, n & 0xFFFFFF) == parts


def test_no_two_children_of_the_tape_share_an_identity_or_a_key():
    identity = full_setting().tape.identity
    assert len(np.unique(identity)) == len(identity)
    assert len(np.unique(draws.child_keys(identity, draws.run_key(1, 0)))) == len(identity)


def test_the_identities_of_the_tape_are_what_its_columns_say():
    tape = full_setting().tape
    n = tape.identity
    assert (n >> np.uint64(48) == tape.arrival).all()
    assert (n >> np.uint64(32) & np.uint64(0xFFFF) == tape.birth).all()
    assert (n >> np.uint64(24) & np.uint64(0xFF) == tape.district).all()


EVER_USED = {
    "HAPPEN": 0, "OUTCOME": 1, "REASON": 2, "REVIEW": 3, "REVIEW_OUTCOME": 4, "FIRST_PLACE": 5, "TRANSFER": 6,
    "MOVE": 7, "NEED": 8, "NEED_CHANGE": 9, "ARRIVE": 10, "ARRIVE_PLACE": 11, "DAY": 12, "REVIEW_REASON": 13,
    "ADMIT": 20, "LATENT": 21, "CROWDED": 22, "CROWDED_AGAIN": 23, "OVER_ROLL": 24, "LAPSE": 25,
    "TRAIT_SEX": 32, "TRAIT_NEEDS": 33, "TRAIT_SEVERITY": 34, "TRAIT_ACCEPTS": 35,
    "TRAIT_LODGING": 36, "START_LODGING": 60,
    "TAPE_COUNT": 40, "TAPE_MONTH": 41, "TAPE_WHO": 42,
    "TAPE_DIED": 43, "START_PLAN": 48, "START_PLACE": 49, "START_SUPPORT": 50, "START_PENDING": 51, "START_CLOCK": 52,
    "START_NEED": 53, "START_ANNIVERSARY": 54, "START_REFUSED": 55, "START_APPEAL": 56, "START_PROVIDER": 57,
    "START_WAITING": 58, "START_WAITING_SINCE": 59, "PARAMETER": 64, "REDIRECT_APPEAL": 14, "HATCH": 96,
    "REDIRECT": 128,
}  # fmt: skip
"""Add new purposes here; a line that changes or goes gives every run in the world other luck."""


def test_purposes_are_only_ever_added_to():
    assert {p.name: p.value for p in Purpose} == EVER_USED
    assert len(set(EVER_USED.values())) == len(EVER_USED)
    assert max(EVER_USED.values()) < 256, "a salt has room for 256 purposes a month"
