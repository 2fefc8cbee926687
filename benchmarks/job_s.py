"""Job S with the project's own technique: what ``cohort.month`` does, on the benchmark's tables.

One keyed draw a child-month, the model's, in a bare loop against a bound (``find_candidates``), which compiles to
vector code; only the candidates look anything up. Each event owns a reserved stretch of the unit interval. Children
stay in order of birth, so a month's leavers and newborns are one stretch of rows, overwritten in place. Counts follow
those who move.
"""

from __future__ import annotations

from typing import NamedTuple

import numba as nb
import numpy as np
from numpy.typing import NDArray

from benchmarks import job
from benchmarks.job import Job, Result
from cohort import draws
from cohort.candidates import ask_ahead, make_room
from cohort.draws import draw, mix, quick

LIFE, SPECIAL, OVERFLOW = job.LIFE, job.SPECIAL, job.OVERFLOW
AGES, PLACEMENTS, NEEDS, A_STATUS, STATES = (
    np.uint64(n)
    for n in (
        job.AGES, job.PLACEMENTS, job.NEEDS, job.PLACEMENTS * job.NEEDS, job.STATUSES * job.PLACEMENTS * job.NEEDS
    )
)  # fmt: skip
ROOM = make_room()
HAPPEN, CHOOSE, PRIORITY, NEED = range(4)
"""What a draw is for."""


class Children(NamedTuple):
    """One entry a child, in order of birth around a ring of 312 months: 14 bytes a child."""

    key: NDArray[np.uint64]
    bound: NDArray[np.uint32]
    state: NDArray[np.uint16]
    """(status x 10 + placement) x 10 + need: one thing to look up"""


class Tables(NamedTuple):
    """The job's tables as integers."""

    becomes: NDArray[np.uint64]
    low: NDArray[np.uint32]
    """[status] where the second event's stretch begins"""
    reserved: NDArray[np.uint32]
    """[status] the end of both"""
    chance: NDArray[np.uint32]
    """[event, age, state], flat"""
    choices: NDArray[np.uint64]
    """[status, need, placement] cumulative"""


@nb.njit(cache=True, error_model="numpy")
def find_candidates(key, bound, salt, candidate):
    """Mark children whose draw of the month falls in any stretch; this job has no reviews."""
    for i in range(candidate.size):
        candidate[i] = quick(key[i], salt) < bound[i]


@nb.njit(cache=True, error_model="numpy")
def gather(eights, which, many, low, rows, c):
    """The rows that are marked, in order: eight at a time are passed over, since one in fifty is. Returns how many.

    ``which`` and ``many`` are those of ``cohort.candidates.Room``. As there, as many rows after these are asked for.
    """
    n, then = 0, low + 8 * eights.size
    for k in range(eights.size):
        ask_ahead(c.key, then + 8 * k)
        if k % 2 == 0:
            ask_ahead(c.bound, then + 8 * k)
        if k % 4 == 0:
            ask_ahead(c.state, then + 8 * k)
        if eights[k]:
            bits = (eights[k] * np.uint64(0x0102040810204080)) >> np.uint64(56)
            rows[n] = low + 8 * k + which[bits, 0]
            for place in range(1, many[bits]):
                rows[n + place] = low + 8 * k + which[bits, place]
            n += many[bits]
    return n


@nb.njit(cache=True, error_model="numpy")
def happen(c, t, rows, count, month, edges, block, salt):
    """Every candidate's month; ``edges`` are the first rows of each month of birth, ``block`` one not after the first
    candidate's. Returns the last one's. Those to whom something happens, one in five, are first sorted out without a
    branch, into the same ``rows``."""
    key, states, bound, low, chance, becomes, reserved = c.key, c.state, c.bound, t.low, t.chance, t.becomes, t.reserved
    age, kept = np.uint64((month - block) % LIFE // 12), 0
    for j in range(rows.size):
        i = np.uint64(rows[j])
        if edges[block + 1] <= rows[j]:
            while edges[block + 1] <= rows[j]:
                block += 1
            age = np.uint64((month - block) % LIFE // 12)
        state, u = np.uint64(states[i]), quick(key[i], salt)
        begins = low[state // A_STATUS]
        second = np.uint64(u >= begins)
        rows[kept] = rows[j]
        kept += u - np.uint32(second) * begins < chance[(second * AGES + age) * STATES + state]
    for j in range(kept):
        i = np.uint64(rows[j])
        state = np.uint64(states[i])
        status = state // A_STATUS
        new = becomes[status, np.uint64(quick(key[i], salt) >= low[status])]
        bound[i] = reserved[new]
        count[state // NEEDS] -= 1
        state += (new - status) * A_STATUS
        states[i] = state
        count[state // NEEDS] += 1
    return block


@nb.njit(cache=True, error_model="numpy")
def live(c, t, room, count, month, edges, salt):
    """A month of every child, some thousands at a time, so that what is looked up is still in the cache."""
    block, marked, eights = 0, room.marked, room.marked.view(np.uint64)
    for low in range(0, c.key.size, marked.size):
        high = min(low + marked.size, c.key.size)
        marked[high - low :] = False
        find_candidates(c.key[low:high], c.bound[low:high], salt, marked[: high - low])
        found = gather(eights, room.which, room.many, low, room.rows, c)
        block = happen(c, t, room.rows[:found], count, month, edges, block, salt)


@nb.njit(cache=True, error_model="numpy")
def renew(c, t, count, low, high, first, run, salt):
    """The leavers of a month of birth give their rows to newborns, whose identities count from ``first``."""
    for i in range(low, high):
        count[np.uint64(c.state[i]) // NEEDS] -= 1
        c.key[i] = mix(mix(first + np.uint64(i - low)) ^ run)
        c.bound[i] = t.reserved[0]
        c.state[i] = (np.uint64(draw(c.key[i], salt)) * NEEDS) >> np.uint64(32)
    count[0] += high - low


@nb.njit(cache=True, error_model="numpy")
def choose(c, t, low, high, salt, sought):
    """The placements that the children of some rows would have. Returns how many of them are in a special school."""
    special = 0
    for i in range(low, high):
        u, state = np.uint64(draw(c.key[i], salt)), np.uint64(c.state[i])
        status, need = state // A_STATUS, state % NEEDS
        k = 0
        while u >= t.choices[status, need, k]:
            k += 1
        sought[i - low] = k
        special += state // NEEDS - status * PLACEMENTS == SPECIAL
    return special


@nb.njit(cache=True, error_model="numpy")
def settle(c, count, low, high, sought):
    """Put the children of some rows where they have been granted a place."""
    for i in range(low, high):
        state, placed = np.uint64(c.state[i]), np.uint64(sought[i - low]) * NEEDS
        new = state // A_STATUS * A_STATUS + placed + state % NEEDS
        if new != state:
            c.state[i] = new
            count[state // NEEDS] -= 1
            count[new // NEEDS] += 1


class Engine:
    """A run of the job: ``Engine(job).run()``."""

    def __init__(self, of: Job) -> None:
        self.job, begin = of, job.start(of)
        self.run_key = np.uint64(draws.run_key(of.seed, 0))
        self.tables = tables()
        n, placed = of.children, begin.status.astype(np.uint16) * job.PLACEMENTS + begin.placement
        self.children = Children(
            draws.child_keys(begin.identity, int(self.run_key)), self.tables.reserved[begin.status],
            placed * job.NEEDS + begin.need,
        )  # fmt: skip
        self.count = np.bincount(placed, minlength=job.STATUSES * job.PLACEMENTS)
        self.edges = np.searchsorted(begin.born + LIFE, np.arange(LIFE + 1))
        self.born = n

    def run(self) -> Result:
        """All months."""
        stock = []
        for month in range(self.job.months):
            self.step(month)
            stock.append(self.count.reshape(job.STATUSES, job.PLACEMENTS).copy())
        kept = np.array(stock)
        return Result(kept, (kept * job.prices()).sum((1, 2)))

    def step(self, month: int) -> None:
        """One month: leavers and newborns, what happens, and in September the choices."""
        c, salts = self.children, [np.uint64(draws.mix_int(month * 256 + k)) for k in range(4)]
        low, high = self.edges[month % LIFE], self.edges[month % LIFE + 1]
        renew(c, self.tables, self.count, low, high, np.uint64(self.born), self.run_key, salts[NEED])
        self.born += int(high - low)
        live(c, self.tables, ROOM, self.count, month, self.edges, salts[HAPPEN])
        if month % 12 == job.SEPTEMBER:
            self.september(month, salts)

    def september(self, month: int, salts: list[np.uint64]) -> None:
        """Children of 4, 11 and 16 choose; special places go by priority, and who gets none overflows."""
        c, stretches = self.children, self.choosing(month)
        parts = np.cumsum([0, *(high - low for low, high in stretches)])
        sought, leaving = np.empty(parts[-1], np.uint8), 0
        for (low, high), at in zip(stretches, parts, strict=False):
            leaving += choose(c, self.tables, low, high, salts[CHOOSE], sought[at:])
        seekers = np.flatnonzero(sought == SPECIAL)
        rows = (
            seekers
            + np.array([low - at for (low, _), at in zip(stretches, parts, strict=False)])[
                np.searchsorted(parts, seekers, "right") - 1
            ]
        )
        free = max(self.job.places - int(self.count[SPECIAL :: job.PLACEMENTS].sum() - leaving), 0)
        priority = draws.draw_many(c.key[rows], int(salts[PRIORITY]))
        sought[seekers[np.argsort(priority, kind="stable")[free:]]] = OVERFLOW
        for (low, high), at in zip(stretches, parts, strict=False):
            settle(c, self.count, low, high, sought[at:])

    def choosing(self, month: int) -> list[tuple[int, int]]:
        """The stretches of rows of the ages that choose."""
        found = []
        for age in job.CHOOSING_AGES:
            first = (month - age * 12 - 11) % LIFE
            for low, high in ((first, first + 12), (first - LIFE, first + 12 - LIFE)):
                low, high = max(low, 0), min(high, LIFE)
                if low < high:
                    found.append((int(self.edges[low]), int(self.edges[high])))
        return found


def tables() -> Tables:
    """The tables of the job as the kernels need them."""
    bound = job.bounds()
    choices = np.rint(np.cumsum(job.weights(), axis=2) * draws.WHOLE).astype(np.uint64)
    choices[:, :, -1] = draws.WHOLE
    chance = draws.threshold(job.rates().transpose(1, 2, 0, 3, 4)).ravel()
    return Tables(
        job.BECOMES.astype(np.uint64), draws.threshold(bound[:, 0]), draws.threshold(bound.sum(1)), chance, choices
    )


def start(of: Job) -> Engine:
    """The children before the first month."""
    return Engine(of)


def finish(engine: Engine) -> Result:
    """All months."""
    return engine.run()


def run(of: Job) -> Result:
    """The job from start to end."""
    return Engine(of).run()
