"""Providers of scarce places, and how many places each has in each month. Who gets one is ``admission``'s.

    places = places.build(pack, params, vocabulary, scenario)
    places.by_month[month - places.first]      # [provider] places for Kent's children

A provider is a row of ``estimate_providers.csv``: only totals are published, so the split by school is an estimate. A
scenario says when a provider opens or closes (``[places.opening]``, ``[places.closing]``), or that no place is scarce
(``binding = false``): then everybody gets what they seek. Places of other kinds are elastic always.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.admission import CLOSURE, NOBODY, Pools
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.policy import NOTHING, Policy
from cohort.processes import CHOICES, TRANSFER_NCYS
from cohort.provision import ALWAYS, NEVER, Provider, expanded, phased, under
from cohort.scenario import Scenario, ScenarioError
from cohort.states import AREAS, NEEDS, STAGES, Vocabulary, closest

if TYPE_CHECKING:
    from cohort.world import World

OUTSIDE = "outside"
"""The area of a pool of places that other authorities' schools have for children of Kent."""
KIND_ORDER = ("state_special", "srp")
"""The order in which kinds are dealt out in a month: a refused child can go down to a later kind."""
NEIGHBOURS = {
    "North": ("West", "East", "South"),
    "East": ("South", "North", "West"),
    "South": ("East", "West", "North"),
    "West": ("North", "South", "East"),
}
"""Assumption: the order in which a child's other areas are tried, by common boundaries and roads; then outside Kent."""
UNSETTLED = ("mainstream", "early_years", "awaiting", "neet", "unknown")
"""A child refused a place does not simply stay in one of these: it goes down its list, which may say "mainstream"."""
JANUARY = 2024
"""The January of the table's places."""
FIRST_GROWTH = 2024
"""The September of ``places.growth_special`` and ``places.growth_srp``."""


Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Places:
    """All providers and their places by month, with the rules of admission laid out for the kernel."""

    binding: bool
    providers: tuple[Provider, ...]
    first: int
    by_month: NDArray[np.int32]
    """[month - first, provider] places for Kent's children; the end's month included"""
    opened: NDArray[np.bool_]
    """[month - first, provider]"""
    pools: Pools
    waiting: tuple[float, ...]
    """[kind, in ``KIND_ORDER``] children of school age who wait at the start"""
    share: float = 1.0
    """of the county's children for whom these places are"""

    @cached_property
    def outside(self) -> NDArray[np.uint8]:
        """[provider, nobody included] 1 if it is another authority's, else 0."""
        out = np.zeros(NOBODY + 1, np.uint8)
        out[: len(self.providers)] = [p.area == OUTSIDE for p in self.providers]
        return out

    @cached_property
    def kind(self) -> NDArray[np.uint8]:
        """[provider, nobody included] the placement that its places are of; nobody's are of none."""
        return np.append(self.pools.kind, np.full(NOBODY + 1 - len(self.providers), NOBODY, np.uint8))

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.providers)

    def scaled(self, share: float) -> Places:
        """The same providers for a share of the children: rounded so that no provider's places fall where they did not
        and totals are about right."""
        dither = (np.arange(len(self.providers)) * 0.6180339887) % 1.0
        by_month = np.floor(self.by_month * share + dither * (self.by_month > 0)).astype(np.int32)
        return replace(
            self, by_month=by_month, waiting=tuple(v * share for v in self.waiting), share=self.share * share
        )

    def first_difference(self, other: Places) -> int:
        """The first month in which the two have other places; after the last month if they never have."""
        if self is other:
            return self.first + len(self.by_month)
        rules = [(p.binding, p.waiting, *(x.tobytes() for x in p.pools)) for p in (self, other)]
        width = max(len(self.providers), len(other.providers))
        places, opened = (
            [np.pad(x, ((0, 0), (0, width - x.shape[1]))) for x in pair]
            for pair in ((self.by_month, other.by_month), (self.opened, other.opened))
        )
        length = min(len(self.by_month), len(other.by_month))
        if self.providers == other.providers and rules[0] != rules[1]:
            return self.first
        apart = (places[0][:length] != places[1][:length]) | (opened[0][:length] != opened[1][:length])
        return self.first + (int(np.flatnonzero(apart.any(1))[0]) if apart.any() else length)

    def with_places(self, by_month: NDArray[np.int32]) -> Places:
        """The same providers with other numbers of places, [month - first, provider]."""
        return replace(self, by_month=by_month.astype(np.int32))


def build(pack: Pack, params: Parameters, vocabulary: Vocabulary, scenario: Scenario,
          policy: Policy = NOTHING) -> Places:  # fmt: skip
    """The places of a scenario and parameter draw under a policy.

    Raises ScenarioError for a provider that the pack does not have, and ValueError for a table that contradicts
    itself.
    """
    policy = policy.settled(params.size)
    listed = under(dated(providers(pack, vocabulary), scenario), policy)
    months = np.arange(scenario.first, scenario.last + 1)
    earlier = {kind: _earlier(pack, kind, scenario.first, scenario.last) for kind in KIND_ORDER}
    growth: dict[str, Ints] = {}
    for kind in KIND_ORDER:
        growth |= _growth(listed, kind, months, params)
    columns = [_by_month(p, months, params, earlier, growth) for p in listed]
    opens, closes = np.array([p.opens for p in listed]), np.array([p.closes for p in listed])
    opened = (months[:, None] >= opens) & (months[:, None] < closes)
    waiting = (params["waiting.special"], params["waiting.srp"])
    pools = _pools(pack, params, vocabulary, listed)
    by_month = np.where(opened, np.stack(columns, 1), 0).astype(np.int32)
    by_month = expanded(by_month, opened, listed, months, policy)
    return Places(scenario.places.binding, listed, scenario.first, by_month, opened, pools, waiting)


@lru_cache(maxsize=8)
def providers(pack: Pack, vocabulary: Vocabulary) -> tuple[Provider, ...]:
    """The providers of a pack, in its order. Raises ValueError naming the provider and what is wrong with it."""
    return tuple(_providers(pack, vocabulary))


def _providers(pack: Pack, vocabulary: Vocabulary) -> Iterable[Provider]:
    for r in pack.table("estimate_providers").rows():
        name, others = str(r["provider"]), int(r["held_by_others"])
        needs = tuple(str(r["needs"] or "").split())
        vocabulary.code(str(r["kind"]))
        for need in needs:
            if need not in NEEDS:
                raise ValueError(f"estimate_providers.csv: {name}: {need!r} is not a need; {closest(need, NEEDS)}")
        if others > int(r["places"]):
            raise ValueError(f"estimate_providers.csv: {name}: {others} of {r['places']} places held by others")
        if int(r["to_ncy"]) + 1 not in TRANSFER_NCYS:
            raise ValueError(
                f"estimate_providers.csv: {name}: to_ncy {r['to_ncy']} is not the year before a transfer; "
                f"allowed: {', '.join(str(n - 1) for n in TRANSFER_NCYS)}"
            )
        yield Provider(
            name, str(r["kind"]), str(r["area"]), int(r["from_ncy"]), int(r["to_ncy"]), needs,
            month_of(str(r["opens"])), month_of(str(r["closes"])), int(r["places"]) - others, others, bool(r["grows"]),
        )  # fmt: skip


class Entry(NamedTuple):
    """Children who entered a kind of scarce place in a financial year."""

    financial_year: str
    kind: str
    event: str
    """what brought them: "admitted" is an offer taken from the waiting list"""
    origin: str
    """the placement they came from, or "new": a first plan, or one that moved in"""
    children: int


def entries(world: World) -> list[Entry]:
    """Where the children who entered each kind of scarce place came from, by financial year and event, in order.

    Counts moves between placements: a child who goes from one school of a kind to another is not among them.
    """
    book, found = world.setting.book, Counter[tuple[str, str, str, str]]()
    labels, width = book.vocabulary.labels, 2 * len(STAGES) + 2 * len(book.vocabulary.placements)
    for month, log in enumerate(world.record.logs, world.setting.scenario.first):
        for kind in KIND_ORDER:
            into = (log.to == width + labels.index(kind)) & (log.frm != log.to)
            for event, frm in zip(log.event[into].tolist(), log.frm[into].tolist(), strict=True):
                origin = labels[frm - width] if 0 <= frm - width < len(labels) else "new"
                found[calendar.financial_year(month), kind, book.events[event], origin] += 1
    return [Entry(*key, children) for key, children in sorted(found.items())]


def month_of(label: str) -> int:
    """The month of an opening or closing: "start", "never" or a month such as "2027-09"."""
    if label == "start":
        return ALWAYS
    return NEVER if label == "never" else calendar.month(label)


def dated(known: Iterable[Provider], scenario: Scenario) -> Iterable[Provider]:
    """The providers with the scenario's dates and places. Raises ScenarioError for a name that is not among them."""
    known = list(known)
    names = [p.name for p in known]
    said = scenario.places
    for key in ("opening", "closing", "number"):
        for name in getattr(said, key):
            if name not in names:
                raise ScenarioError(
                    f"{scenario.name}: places.{key}: {name!r} is not a provider; {closest(name, names)}"
                )
    for p in known:
        if p.name in said.opening:
            p = replace(p, opens=month_of(said.opening[p.name]))
        if p.name in said.closing:
            p = replace(p, closes=month_of(said.closing[p.name]))
        yield replace(p, places=said.number[p.name]) if p.name in said.number else p


def _by_month(p: Provider, months: Ints, params: Parameters, earlier: dict[str, NDArray[np.float64]],
              growth: dict[str, Ints]) -> Ints:  # fmt: skip
    """[month] places of a provider while it is open: what it has at the start and its share of growth each September;
    a new school's share of places in its first year, then evenly more each year until it is full."""
    if p.opens == ALWAYS:
        now = np.floor(p.places * earlier[p.kind] + 0.5).astype(np.int64)
        return now + growth.get(p.name, 0)
    if (added := phased(p, months)) is not None:
        return added
    years = np.maximum((months - p.opens) // 12, 0)
    steps = max(round(params["places.years_to_full"]), 1)
    first = params["places.first_year"]
    share = np.minimum(first + (1 - first) * years / max(steps - 1, 1), 1.0)
    return np.floor(p.places * share + 0.5).astype(np.int64)


@lru_cache(maxsize=16)
def _earlier(pack: Pack, kind: str, first: int, last: int) -> NDArray[np.float64]:
    """[month] 1 from January 2024; before, children in places of the kind in the academic year's January as a share of
    January 2024's (SEN2): places are taken to have grown as they did, and never to have fallen."""
    columns = [str(r["sen2_column"]) for r in pack.table("placement_map").where(placement=kind).rows()]
    children: dict[int, int] = {}
    for r in pack.table("plans_by_january").rows():
        if str(r["sen2_column"]) in columns:
            children[int(r["january"])] = children.get(int(r["january"]), 0) + int(r["plans"])
    years = [calendar.academic_year(m) + 1 for m in range(first, last + 1)]
    januaries = np.clip(years, min(children), JANUARY)
    share = np.array([children[int(y)] / max(children[JANUARY], 1) for y in januaries])
    return np.minimum.accumulate(share[::-1])[::-1]


def _growth(listed: tuple[Provider, ...], kind: str, months: Ints, params: Parameters) -> dict[str, Ints]:
    """Name -> [month] places added so far, of the providers of a kind that grow: in proportion to their places."""
    alike = [q for q in listed if q.kind == kind and q.grows and q.opens == ALWAYS]
    edges = np.cumsum([0, *(q.places for q in alike)])
    first = params["places.growth_special" if kind == "state_special" else "places.growth_srp"]
    septembers = np.array([max(calendar.academic_year(int(m)) - FIRST_GROWTH + 1, 0) for m in months])
    so_far = [round(sum(first * params["places.slowing"] ** k for k in range(n))) for n in range(septembers.max() + 1)]
    upto = np.floor(np.diff([0, *so_far])[:, None] * edges / max(edges[-1], 1) + 0.5)
    added = np.cumsum(np.diff(upto, axis=1), axis=0).astype(np.int64)[septembers]
    return {q.name: added[:, k] for k, q in enumerate(alike)}


def _pools(pack: Pack, params: Parameters, vocabulary: Vocabulary, listed: tuple[Provider, ...]) -> Pools:
    kinds = np.array([vocabulary.code(k) for k in KIND_ORDER])
    order = np.full(len(vocabulary.placements), -1)
    order[kinds] = np.arange(len(kinds))
    everything = range(len(NEEDS))
    prefer, ring = _preferences(listed)
    stays = vocabulary.lawful.copy()
    stays[[vocabulary.code(label) for label in UNSETTLED]] = False
    over_roll = np.full(len(CHOICES) + 1, params["over_roll.choice"])
    over_roll[list(CHOICES).index("tribunal")] = params["over_roll.tribunal"]
    assert len(CHOICES) == CLOSURE, "a closure is numbered after the choices"
    points, need_points = _points(pack)
    return Pools(
        kind=np.array([vocabulary.code(p.kind) for p in listed], np.uint8),
        from_ncy=np.array([p.from_ncy - NCY_LOWEST for p in listed]),
        to_ncy=np.array([p.to_ncy - NCY_LOWEST for p in listed]),
        needs=np.array([sum(1 << k for k in everything if not p.needs or NEEDS[k] in p.needs) for p in listed]),
        prefer=prefer, ring=ring, kinds=kinds, order=order, stays=stays,
        latent=_latent(params, vocabulary), crowded=_crowded(pack, vocabulary),
        points=points, need_points=need_points, over_roll=_chance(over_roll),
        lapse=_chance(params["waiting.lapse"]), accepts=_chance(params["waiting.nmiss_accepts"]),
    )  # fmt: skip


def _chance(p: float | NDArray[np.float64]) -> NDArray[np.uint64]:
    """Thresholds of which 2**32 is certain."""
    return np.rint(np.clip(np.atleast_1d(np.asarray(p, np.float64)), 0, 1) * 2.0**32).astype(np.uint64)


def _preferences(listed: tuple[Provider, ...]) -> tuple[Ints, Ints]:
    """[k, area, n] providers in order, and in which ring of areas each is: in each ring those for the fewest needs
    first, then the fewest school years, so that places for all are kept for those who fit nowhere else."""
    size = (len(KIND_ORDER), len(AREAS), len(listed) + 1)
    prefer, ring = np.full(size, -1), np.full(size, -1)
    for k, kind in enumerate(KIND_ORDER):
        for a, area in enumerate(AREAS):
            rings = (area, *NEIGHBOURS[area], OUTSIDE)
            found = sorted(
                (rings.index(p.area), len(p.needs) or len(NEEDS), p.to_ncy - p.from_ncy, n)
                for n, p in enumerate(listed)
                if p.kind == kind
            )
            prefer[k, a, : len(found)] = [n for *_, n in found]
            ring[k, a, : len(found)] = [r for r, *_ in found]
    return prefer, ring


def _latent(params: Parameters, vocabulary: Vocabulary) -> NDArray[np.uint64]:
    """[placement chosen, k, 2] the stretches of the draw: special from the bottom, SRP from the top."""
    out = np.zeros((len(vocabulary.placements), len(KIND_ORDER), 2), np.uint64)
    for chosen in ("mainstream", "srp", "nmiss"):
        out[vocabulary.code(chosen), 0, 1] = _chance(params[f"latent.{chosen}"])[0]
    top = np.uint64(2**32)
    out[vocabulary.code("mainstream"), 1] = top - _chance(params["latent_srp.mainstream"])[0], top
    return out


@lru_cache(maxsize=8)
def _crowded(pack: Pack, vocabulary: Vocabulary) -> NDArray[np.uint64]:
    """[k, ncy, placement] cumulative; where nothing in the table is lawful, out of school (awaiting)."""
    shares = np.zeros((len(KIND_ORDER), len(NCYS), len(vocabulary.placements)))
    for r in pack.table("estimate_crowded").rows():
        sought, to = str(r["sought"]), str(r["to"])
        if to in KIND_ORDER[: KIND_ORDER.index(sought) + 1]:
            raise ValueError(f"estimate_crowded.csv: {sought} refused cannot fall to {to}, which is dealt out before")
        years = slice(int(r["from_ncy"]) - NCY_LOWEST, int(r["to_ncy"]) - NCY_LOWEST + 1)
        code = vocabulary.code(to)
        shares[KIND_ORDER.index(sought), years, code] += r["share"] * vocabulary.lawful[code, years]
    shares[shares.sum(-1) == 0, vocabulary.code("awaiting")] = 1.0
    edges = np.rint(np.cumsum(shares, -1) / shares.sum(-1, keepdims=True) * 2.0**32).astype(np.uint64)
    last = edges.shape[-1] - 1 - np.argmax(shares[..., ::-1] > 0, -1)
    return np.where(np.arange(edges.shape[-1]) >= last[..., None], np.uint64(2**32), edges)


@lru_cache(maxsize=8)
def _points(pack: Pack) -> tuple[Ints, Ints]:
    """Points for being the choice, moving on, being out of school, each band of severity, each month; and by need."""
    found = {str(r["factor"]): int(r["points"]) for r in pack.table("estimate_priority").rows()}
    names = ("choice", "moves_on", "out_of_school", "severity", "month")
    allowed = (*names, *(f"need.{n}" for n in NEEDS))
    for factor in found:
        if factor not in allowed:
            raise ValueError(f"estimate_priority.csv: {factor!r} gives no points; {closest(factor, allowed)}")
    points = np.array([found.get(n, 0) for n in names])
    needs = np.array([found.get(f"need.{n}", 0) for n in NEEDS])
    most = points @ [1, 1, 1, 4, 24] + needs.max()
    if most > 255:
        raise ValueError(f"estimate_priority.csv: a child can have {most} points; at most 255")
    return points, needs
