"""Who gets a scarce place, in plain loops: read this before ``admission.py``, which must agree to the bit.

Kind by kind, all who seek a place or wait for one are ranked, and each in turn takes the first vacancy that fits.
Whoever is refused is admitted above the roll by chance, or stays where it is, or goes down its list; and waits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, NamedTuple

from cohort import calendar, draws, lodging
from cohort.admission import NOBODY
from cohort.calendar import NCY_LOWEST
from cohort.draws import Purpose
from cohort.places import KIND_ORDER
from cohort.processes import CHOICES
from cohort.provision import Provider
from cohort.record import AGE_GROUP_OF_NCY
from cohort.setting import Setting
from cohort.states import AWAITING, MAINSTREAM, NEEDS, Presence, Support

if TYPE_CHECKING:
    from cohort.mini import Child, Seeker

SCHOOL_YEARS = range(12)
"""NCYs in which a child waits, and may have sought more than it has: Years R to 11."""


class Want(Enum):
    """How a kind of place is wanted."""

    BESIDES = auto()  # besides the choice, or by one who waits
    CHOICE = auto()
    MOVES_ON = auto()  # the choice of one whose own place of the kind ends
    INSTEAD = auto()  # only because a kind before it was refused


class Other(NamedTuple):
    """A child who seeks a place though no choice of this month makes it."""

    child: Child
    choice: str
    event: str


@dataclass
class Case:
    """A seeker on the way to its placement."""

    seeker: Seeker
    sought: int
    placement: int
    """where it goes as things stand"""
    wants: dict[int, Want]


class MiniRolls:
    """How many children each provider has now, and of these how many above its places."""

    def __init__(self, setting: Setting, children: list[Child]) -> None:
        self.setting, self.children, self.pools = setting, children, setting.places.pools
        self.over = [0] * len(setting.places.providers)
        self.kinds = [setting.book.vocabulary.code(kind) for kind in KIND_ORDER]
        nmiss = setting.book.vocabulary.code("nmiss")
        self.nmiss, self.filled = nmiss, [0] * len(setting.places.providers)
        for child in children:
            if child.provider != NOBODY:
                self.filled[child.provider] += 1

    # who seeks

    def is_scarce(self, placement: int) -> bool:
        return placement in self.kinds

    def release_leavers(self) -> None:
        """Who is not in Kent or has no plan has no place and waits for none."""
        for child in self.children:
            if child.presence != Presence.HERE or child.support != Support.PLAN:
                self.leave(child)
                self.strike(child)

    def others_who_seek(self, seeking: set[int], month: int) -> list[Other]:
        """Children whose provider has closed, then those who wait and about whom nothing was decided this month."""
        closing, waiting = [], []
        for child in self.children:
            decided = child.row in seeking or child.placed == month
            if child.provider != NOBODY and not self.is_open(child.provider, month) and not decided:
                closing.append(Other(child, "closure", "closure"))
                decided = True
            if child.waiting_for != NOBODY:
                settles = self.luck(child, Purpose.LAPSE, month) < self.pools.lapse[0] and child.placement != AWAITING
                if settles or self.ncy(child, month) > SCHOOL_YEARS[-1]:
                    self.strike(child)
                elif not decided:
                    waiting.append(Other(child, "", "admitted"))
        return closing + waiting

    def withdraw(self, month: int) -> None:
        """Where a provider has fewer places than the month before, the children who are there stay, above its roll."""
        for n, filled in enumerate(self.filled):
            before = max(month - 1, self.setting.places.first)
            if self.is_open(n, month) and self.places(n, month) < self.places(n, before):
                self.over[n] = max(self.over[n], filled - self.places(n, month))

    # who gets a place

    def deal_out(self, seekers: Sequence[Seeker], sought: Sequence[int], month: int) -> list[int]:
        """Where each seeker is placed; providers and the waiting list are changed as it is decided."""
        for n, filled in enumerate(self.filled):
            self.over[n] = min(self.over[n], max(filled - self.places(n, month), 0))
        cases = [Case(s, placement, placement, {}) for s, placement in zip(seekers, sought, strict=True)]
        for case in cases:
            self.ask(case, month)
        for kind in self.kinds:
            wanting = [case for case in cases if kind in case.wants]
            for case in sorted(wanting, key=lambda c: self.rank(c.seeker.child, kind, c.wants[kind], month)):
                self.decide(case, kind, case.wants[kind], month)
        return [case.placement for case in cases]

    def ask(self, case: Case, month: int) -> None:
        """What the child wants of each kind. Who goes to an elastic placement, or whose own place ends, leaves it."""
        child, sought = case.seeker.child, case.sought
        if case.seeker.choice:
            had = child.provider != NOBODY and child.placement == sought
            kept = had and self.still_serves(child.provider, child, month)
            if self.is_scarce(sought) and not kept:
                case.wants[sought] = Want.MOVES_ON if had else Want.CHOICE
            if not self.is_scarce(sought) or (had and not kept):
                self.leave(child)
        if child.waiting_for != NOBODY:
            case.wants.setdefault(child.waiting_for, Want.BESIDES)
            return
        new = (sought != child.placement or sought == MAINSTREAM) and not case.seeker.diverted
        if case.seeker.choice and new and self.ncy(child, month) in SCHOOL_YEARS:
            luck = self.luck(child, Purpose.LATENT, month)
            for k, kind in enumerate(self.kinds):
                low, high = self.pools.latent[sought, k].tolist()
                if low <= luck < high and child.placement != kind:
                    case.wants[kind] = Want.BESIDES

    def rank(self, child: Child, kind: int, how: Want, month: int) -> tuple[int, int, int]:
        """Most points first, then luck; ties by number."""
        choice, moves_on, out_of_school, severity, a_month = self.pools.points.tolist()
        waits = child.waiting_for == kind
        points = int(self.pools.need_points[child.need]) + severity * child.severity
        if how in {Want.CHOICE, Want.MOVES_ON} or (waits and child.named):
            points += choice
        if how == Want.MOVES_ON:
            points += moves_on
        if child.placement == AWAITING and child.support == Support.PLAN:
            points += out_of_school
        if waits:
            points += a_month * min(month - child.waiting_since, 24)
        return -points, draws.mix_int(child.key + draws.salt(month, Purpose.ADMIT)) >> 8, child.row

    def decide(self, case: Case, kind: int, how: Want, month: int) -> None:
        """A place, or a refusal with all that follows from it."""
        child, choice = case.seeker.child, case.seeker.choice
        provider = self.vacancy(child, kind, month)
        settled = how == Want.BESIDES and child.placement == case.sought == self.nmiss
        if provider is not None and settled and not self.would_accept(child):
            self.strike(child)
            return
        if provider is None and how in {Want.CHOICE, Want.MOVES_ON}:
            chance = self.pools.over_roll[[*CHOICES, "closure"].index(choice)]
            if self.luck(child, Purpose.OVER_ROLL, month) < chance:
                provider = self.squeeze(child, kind, month)
                if provider is not None:
                    self.over[provider] += 1
        if provider is not None:
            self.leave(child)
            child.provider = provider
            self.filled[provider] += 1
            case.placement, case.wants = kind, {}
            if child.waiting_for != NOBODY and self.kinds.index(child.waiting_for) >= self.kinds.index(kind):
                self.strike(child)
            return
        if how != Want.INSTEAD and self.ncy(child, month) in SCHOOL_YEARS:
            self.let_wait(child, kind, how, month)
        if how != Want.BESIDES:
            self.go_down(case, kind, how, month)

    def vacancy(self, child: Child, kind: int, month: int) -> int | None:
        """The first provider in the child's order that has a place free for it."""
        for _, n in self.in_order(child, kind):
            if self.fits(n, child, month) and self.filled[n] < self.places(n, month):
                return n
        return None

    def squeeze(self, child: Child, kind: int, month: int) -> int | None:
        """Of the nearest providers that fit, the one with fewest children for its places."""
        fit = [(r, n) for r, n in self.in_order(child, kind) if self.fits(n, child, month) and self.places(n, month)]
        near = [n for r, n in fit if r == fit[0][0]]
        best = None
        for n in near:
            if best is None or self.filled[n] * self.places(best, month) < self.filled[best] * self.places(n, month):
                best = n
        return best

    def let_wait(self, child: Child, kind: int, how: Want, month: int) -> None:
        """On the list of the kind, unless the child waits for an earlier kind already."""
        if child.waiting_for == NOBODY or self.kinds.index(child.waiting_for) > self.kinds.index(kind):
            child.waiting_for, child.waiting_since, child.named = kind, month, 0
        if how != Want.BESIDES and child.waiting_for == kind:
            child.named = 1

    def go_down(self, case: Case, kind: int, how: Want, month: int) -> None:
        """Whose choice is refused stays where it is if it can, else goes where its list says: perhaps to a later
        kind."""
        child, year = case.seeker.child, self.ncy(case.seeker.child, month) - NCY_LOWEST
        placed = case.seeker.choice not in {"first_place", "arrive_place"} and how != Want.INSTEAD
        keeps = child.provider == NOBODY or self.still_serves(child.provider, child, month)
        if placed and child.placement != kind and self.pools.stays[child.placement, year] and keeps:
            case.placement = child.placement
            return
        purpose = Purpose.CROWDED_AGAIN if how == Want.INSTEAD else Purpose.CROWDED
        thresholds = self.pools.crowded[self.kinds.index(kind), year].tolist()
        luck = self.luck(child, purpose, month)
        case.placement = next(to for to, threshold in enumerate(thresholds) if luck < threshold)
        if self.is_scarce(case.placement):
            case.wants[case.placement] = Want.INSTEAD
        else:
            self.leave(child)

    # how it is looked up

    def in_order(self, child: Child, kind: int) -> list[tuple[int, int]]:
        """(ring of areas, provider) in the order in which a child takes them: see ``places``."""
        k = self.kinds.index(kind)
        both = zip(self.pools.ring[k, child.area].tolist(), self.pools.prefer[k, child.area].tolist(), strict=True)
        return [(ring, n) for ring, n in both if n >= 0]

    def provider(self, n: int) -> Provider:
        return self.setting.places.providers[n]

    def places(self, n: int, month: int) -> int:
        return int(self.setting.places.by_month[month - self.setting.places.first, n])

    def is_open(self, n: int, month: int) -> bool:
        return self.provider(n).opens <= month < self.provider(n).closes

    def fits(self, n: int, child: Child, month: int) -> bool:
        """Whether the provider is open and admits the child's age and need."""
        p = self.provider(n)
        in_years = p.from_ncy <= self.ncy(child, month) <= p.to_ncy
        return self.is_open(n, month) and in_years and (not p.needs or NEEDS[child.need] in p.needs)

    def still_serves(self, n: int, child: Child, month: int) -> bool:
        return self.is_open(n, month) and self.ncy(child, month) <= self.provider(n).to_ncy

    def would_accept(self, child: Child) -> bool:
        """A trait: whether a child settled in an independent school would take a state place."""
        return draws.draw_int(child.key, draws.salt(0, Purpose.TRAIT_ACCEPTS)) < self.pools.accepts[0]

    def leave(self, child: Child) -> None:
        if child.provider != NOBODY:
            self.filled[child.provider] -= 1
            child.provider = NOBODY

    def strike(self, child: Child) -> None:
        """Off the waiting list."""
        child.waiting_for, child.waiting_since, child.named = NOBODY, 0, 0

    def luck(self, child: Child, purpose: Purpose, month: int) -> int:
        return draws.draw_int(child.key, draws.salt(month, purpose))

    def ncy(self, child: Child, month: int) -> int:
        return calendar.ncy_in(child.cohort, calendar.academic_year(month))


def where_is(setting: Setting, child: Child, year: int) -> int:
    """Whether the child's place is in another authority; of independent schools also whether it boards: a code of
    ``states.WHERE``. ``year`` is its school year, counted from the lowest."""
    of = setting.prices.lodging
    if child.placement not in of.placements:
        return int(setting.places.outside[child.provider])
    told = of.placements.index(child.placement)
    chances = of.chance[told, AGE_GROUP_OF_NCY[year], child.need, child.severity]
    boards, by_day, boarding = (round(chance * lodging.WHOLE) for chance in chances.tolist())
    abroad, stay = divmod(child.lodging, lodging.WHOLE)
    return 2 + (abroad < boarding) if stay < boards else int(abroad < by_day)
