"""Luck as a pure function of (seed, replicate, child, month, purpose); the only source of randomness in the model.

Each child has a 64-bit key for a run; each (month, purpose) a salt; a draw is SplitMix64's finaliser of key + salt,
its upper 32 bits. The one draw that every child makes every month, HAPPEN, is ``quick`` instead: cheaper, and good
enough because keys and salts are themselves mixed. Nothing is stored and nothing is consumed, so no draw depends on any
other having been made: not on the order of children, months or threads, nor on what a policy did to anybody else.
Probabilities are compared as integers (``threshold``), so the same answer is given on every machine.

Seeds and replicates are mixed in, never added: (seed 1, replicate 2) has nothing to do with (seed 2, replicate 1).
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from cohort import cache

cache.use()
import numba as nb  # noqa: E402 - numba reads where its cache is when it is imported

WHOLE = 2**32
"""Draws are integers in [0, WHOLE); a probability p is the threshold p * WHOLE."""

_MASK = 2**64 - 1
_A, _B = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_GOLDEN = 0x9E3779B97F4A7C15

U64 = NDArray[np.uint64]
U32 = NDArray[np.uint32]


class Purpose(IntEnum):
    """What a draw is for. Append only: a number, once used, keeps its meaning for ever."""

    HAPPEN = 0
    """which of a status's events happens this month, if any; drawn by ``quick``, all others by ``draw``"""
    OUTCOME = 1
    """which way a two-way outcome goes (assess or refuse, plan or none, upheld or not)"""
    REASON = 2
    """which of several reasons"""
    REVIEW = 3
    """what the annual review does"""
    REVIEW_OUTCOME = 4
    FIRST_PLACE = 5
    TRANSFER = 6
    MOVE = 7
    """where a move at review, breakdown, tribunal or offer goes"""
    NEED = 8
    """the primary need first recorded"""
    NEED_CHANGE = 9
    ARRIVE = 10
    """the support with which a child moves in"""
    ARRIVE_PLACE = 11
    DAY = 12
    """the day of its month on which a request, decision or plan falls"""
    REVIEW_REASON = 13
    REDIRECT_APPEAL = 14
    """whether a child whose choice is redirected contests it"""
    ADMIT = 20
    """luck among those who seek a scarce place and have equal claims"""
    LATENT = 21
    """whether a child had sought a scarcer place than it chose"""
    CROWDED = 22
    """where a child goes for whom there is no place; ``CROWDED_AGAIN`` where not even there"""
    CROWDED_AGAIN = 23
    OVER_ROLL = 24
    """whether a refused child is admitted above the number of places"""
    LAPSE = 25
    """whether a child on a waiting list seeks no longer"""
    TRAIT_SEX = 32
    TRAIT_NEEDS = 33
    TRAIT_SEVERITY = 34
    TRAIT_ACCEPTS = 35
    """whether a child settled in an independent school would take a state place"""
    TRAIT_LODGING = 36
    """whether a child's independent place, if it has one, is outside Kent, and whether it boards"""
    TAPE_COUNT = 40
    """how many move in or out: the rounding of expected counts"""
    TAPE_MONTH = 41
    TAPE_WHO = 42
    TAPE_DIED = 43
    START_PLAN = 48
    """who holds a plan at the start, in order"""
    START_PLACE = 49
    START_SUPPORT = 50
    START_PENDING = 51
    START_CLOCK = 52
    START_NEED = 53
    START_ANNIVERSARY = 54
    START_REFUSED = 55
    START_APPEAL = 56
    START_PROVIDER = 57
    """who is at which provider at the start, in order"""
    START_WAITING = 58
    START_WAITING_SINCE = 59
    START_LODGING = 60
    """the same of who has an independent place at the start, in order"""
    PARAMETER = 64
    HATCH = 96
    """what a research hatch draws, salted with its name and its own word for the purpose; 97 to 127 are kept free"""
    REDIRECT = 128
    """whether a choice is redirected: 128 + the code of the placement entered, which leaves room for 128 placements"""


@nb.njit(cache=True, inline="always")
def mix(z):  # type: ignore[no-untyped-def]
    """SplitMix64's finaliser: uint64 -> uint64, a bijection in which every input bit reaches every output bit."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@nb.njit(cache=True, inline="always")
def draw(key, salt):  # type: ignore[no-untyped-def]
    """The child's draw for one (month, purpose), in [0, 2**32)."""
    return np.uint32(mix(key + salt) >> np.uint64(32))


@nb.njit(cache=True, inline="always")
def quick(key, salt):  # type: ignore[no-untyped-def]
    """The child's draw for one (month, HAPPEN), in [0, 2**32): twice the 64-bit product of the halves.

    32 x 32 -> 64 bits is a product that every vector unit has (SplitMix64's 64 x 64 is not, before AVX-512), and one
    round of it spreads either half over both. The key comes in again between the rounds, since a product loses
    something: a half of 0 would leave 0. Two rounds are no hash of small numbers. They need not be: the key is mixed
    from the identity and the run, the salt from the month, so that both have 64 random bits already and all that is
    left to do is to make the draws of one key under several salts unrelated. Over 2**28 keys they are uniform, and
    over 2**26 unrelated in pairs and triples of months; one round is not (``tests/test_draws.py``, which catches it).
    """
    z = key ^ salt
    z = (z & np.uint64(0xFFFFFFFF)) * (z >> np.uint64(32)) + key
    z = (z & np.uint64(0xFFFFFFFF)) * (z >> np.uint64(32))
    return np.uint32(z ^ (z >> np.uint64(32)))


def mix_int(z: int) -> int:
    """``mix`` on a Python integer: the plain twin's, and the one that seeds are mixed with."""
    z &= _MASK
    z = ((z ^ (z >> 30)) * _A) & _MASK
    z = ((z ^ (z >> 27)) * _B) & _MASK
    return z ^ (z >> 31)


def draw_int(key: int, salt: int) -> int:
    """``draw`` on Python integers."""
    return mix_int(key + salt) >> 32


def quick_int(key: int, salt: int) -> int:
    """``quick`` on Python integers."""
    z = key ^ salt
    z = ((z % WHOLE) * (z >> 32) + key) & _MASK
    z = (z % WHOLE) * (z >> 32)
    return (z ^ (z >> 32)) % WHOLE


@nb.njit(cache=True)
def _mix_each(z, salt, out):  # type: ignore[no-untyped-def]
    for k in range(len(z)):
        out[k] = mix(z[k] + salt)


def mix_many(z: U64) -> U64:
    """``mix`` on an array: one pass, where numpy would make seven."""
    out = np.empty(np.size(z), np.uint64)
    _mix_each(np.ravel(z).astype(np.uint64, copy=False), np.uint64(0), out)
    return out.reshape(np.shape(z))


def draw_many(keys: U64, salt: int) -> U32:
    """``draw`` for an array of keys."""
    out = np.empty(np.size(keys), np.uint64)
    _mix_each(np.ravel(keys).astype(np.uint64, copy=False), np.uint64(salt), out)
    return (out.reshape(np.shape(keys)) >> np.uint64(32)).astype(np.uint32)


def quick_many(keys: U64, salt: int) -> U32:
    """``quick`` for an array of keys."""
    low, half = np.uint64(WHOLE - 1), np.uint64(32)
    z = keys ^ np.uint64(salt)
    z = (z & low) * (z >> half) + keys
    z = (z & low) * (z >> half)
    return ((z ^ (z >> half)) & low).astype(np.uint32)


def salt(month: int, purpose: int) -> int:
    """The 64-bit salt of a (month, purpose)."""
    return mix_int(_GOLDEN ^ (month * 256 + int(purpose)))


def run_key(seed: int, replicate: int) -> int:
    """The 64-bit key of a run. Raises ValueError below zero, since -1 and 2**64 - 1 would be one seed."""
    if seed < 0 or replicate < 0:
        raise ValueError(f"seed and replicate must be 0 or more, not {seed} and {replicate}")
    return mix_int(mix_int(mix_int(seed + 1) ^ _GOLDEN) + mix_int(~replicate))


def child_keys(identities: U64, run: int) -> U64:
    """Each child's key for a run, from the identity that it has in every run."""
    return mix_many(mix_many(identities) ^ np.uint64(run))


def identity(
    arrival: NDArray[np.int64], birth: NDArray[np.int64], district: NDArray[np.int64], ordinal: NDArray[np.int64]
) -> U64:
    """A child's lasting identity: 16 bits each of arrival and birth month, 8 of district, 24 of ordinal."""
    parts = [np.asarray(part).astype(np.uint64) for part in (arrival, birth, district, ordinal)]
    return (parts[0] << np.uint64(48)) | (parts[1] << np.uint64(32)) | (parts[2] << np.uint64(24)) | parts[3]


def threshold(probability: float | NDArray[np.float64]) -> U32:
    """Probability -> uint32 such that a draw is below it with that probability, within 2**-32; 1 becomes 2**32 - 1.

    The top threshold misses one draw in four thousand million: certain outcomes are coded as certain, not drawn.
    """
    scaled = np.array(probability, np.float64)
    scaled *= WHOLE
    np.rint(scaled, out=scaled)
    np.minimum(scaled, WHOLE - 1, out=scaled)
    found: U32 = scaled.astype(np.uint32)[()]
    return found
