"""The changes that policies are made of: data only, each checked when it is written.

``Set`` and ``Scale`` change a rate, ``Redirect`` a choice of placement, ``Price`` and ``Fund`` what is paid,
``Withhold`` what is received, ``Open``, ``Close``, ``Delay`` and ``Expand`` the places there are. They act in fixed
stages whatever the order they are written in: Set before Scale; redirects on the choice as first drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import ClassVar, TypeVar

from cohort.calendar import NCY_HIGHEST, NCY_LOWEST
from cohort.processes import CHOICES, PROCESSES
from cohort.states import AREAS, COUNTIES, NEEDS, SEVERITIES, STAYS, WHERE, Vocabulary, closest
from cohort.when import Size, Uncertain, When, ends
from cohort.where import EVERYWHERE, Where

SCALABLE = tuple(dict.fromkeys([p.rate_name for p in PROCESSES] + [p.share for p in PROCESSES if p.share]))
"""Every rate that a policy may set or scale."""
BY_MONTHS_SINCE = tuple(p.rate_name for p in PROCESSES if "since" in p.by)
"""The rates that go by months since a request, refusal or appeal."""
REDIRECTABLE = tuple(c for c in CHOICES if c != "arrive_place")
"""Every choice of placement that a policy may redirect; where those who move in are placed is not the council's."""
SCARCE = ("state_special", "srp")
"""The kinds of provider whose places are counted."""
INCOMES = ("schools_block_transfer", "dfe_contribution", "council_contribution")
"""What a gate may withhold."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """What every change may say besides: why, its name within the policy, and the legal grounds it rests on.

    ``owner`` is filled in by the policy that holds the change.
    """

    because: str = ""
    name: str = ""
    grounds: str = ""
    owner: str = ""
    kind: ClassVar[str] = ""

    @property
    def label(self) -> str:
        """The change's name within its policy, or what it is."""
        return self.name or f"{self.kind} {self.target}"

    @property
    def target(self) -> str:
        """What it changes, in the model's words."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Names its luck: a named change keeps the size it was drawn with whatever dates a scenario gives it."""
        return f"{self.owner}.{self.name}" if self.name else f"{self.owner}.{self!r}"

    @property
    def timing(self) -> When:
        """When it acts."""
        when: When = getattr(self, "when")  # noqa: B009 - every kind has its own field
        return when


C = TypeVar("C", bound=Change)


def settled(change: C, size: Callable[[Size, str], float]) -> C:
    """The change with every uncertain size and delay replaced by its value in a parameter draw."""
    drawn: dict[str, object] = {
        f.name: size(value, f"{change.key}.{f.name}")
        for f in fields(change)
        if isinstance(value := getattr(change, f.name), Uncertain)
    }
    delay = change.timing.delay
    if delay:
        drawn["when"] = change.timing.shifted(size(delay, f"{change.key}.delay"))
    return replace(change, **drawn) if drawn else change  # type: ignore[arg-type]


def _within(what: str, size: Size, low: float, high: float = float("inf")) -> None:
    """Refuse a size that could be outside what is allowed."""
    for end in ends(size):
        if not low <= end <= high:
            allowed = f"{low:g} or more" if high == float("inf") else f"{low:g} to {high:g}"
            raise ValueError(f"{what} cannot be {end:g}; allowed: {allowed}")


def _rate(name: str, verb: str, where: Where) -> None:
    if name in CHOICES and name not in SCALABLE:
        raise ValueError(f"{name!r} is not a rate that can be {verb} but a choice of placement; use Redirect")
    if name not in SCALABLE:
        raise ValueError(f"{name!r} is not a rate that can be {verb}; {closest(name, SCALABLE)}")
    if "since" in where.dims() and name not in BY_MONTHS_SINCE:
        raise ValueError(f"{name!r} does not go by months since; allowed: {', '.join(BY_MONTHS_SINCE)}")


@dataclass(frozen=True)
class Scale(Change):
    """Multiply a rate by a factor: ``Scale("request", by=0.9, where=where(ncy=(-1, 1)), when=When("2025-09"))``."""

    rate: str
    by: Size
    when: When
    where: Where = EVERYWHERE
    kind: ClassVar[str] = "scale"

    def __post_init__(self) -> None:
        _rate(self.rate, "scaled", self.where)
        if ends(self.by)[0] < 0:
            raise ValueError(f"a rate cannot be scaled by {ends(self.by)[0]}; the factor is 0 or more")

    @property
    def target(self) -> str:
        return self.rate


@dataclass(frozen=True)
class Set(Change):
    """Put a monthly rate, or a two-way share, at a value: ``Set("assess", to=0.6, when=When("2025-09"))``.

    Phased in, it goes from what the rate was to the value; two Sets that could meet on one child are refused.
    """

    rate: str
    to: Size
    when: When
    where: Where = EVERYWHERE
    kind: ClassVar[str] = "set"

    def __post_init__(self) -> None:
        _rate(self.rate, "set", self.where)
        _within(f"{self.rate} set to a chance", self.to, 0, 1)

    @property
    def target(self) -> str:
        return self.rate


@dataclass(frozen=True, kw_only=True)
class Redirect(Change):
    """Send a share of those whose choice is one placement to another: ``Redirect(choice="first_place",
    frm="state_special", into="mainstream", share=0.2, appeal_share=0.1, when=...)``.

    It acts on the choice as first drawn, so redirects commute. ``where``'s placements are those that the children are
    in now. ``appeal_share`` of the redirected contest the plan: to override a preference has a price, which must be
    stated, if only 0.
    """

    choice: str
    frm: str
    into: str
    share: Size
    appeal_share: Size
    when: When
    where: Where = EVERYWHERE
    kind: ClassVar[str] = "redirect"

    def __post_init__(self) -> None:
        if self.choice not in REDIRECTABLE:
            raise ValueError(f"{self.choice!r} is not a choice to redirect; {closest(self.choice, REDIRECTABLE)}")
        words = Vocabulary()
        for given in (self.frm, self.into):
            words.code(given)
        if self.frm == self.into:
            raise ValueError(f"a redirect from {self.frm!r} to itself changes nothing")
        _within("a redirected share", self.share, 0, 1)
        _within("an appeal share", self.appeal_share, 0, 1)
        if "since" in self.where.dims():
            raise ValueError("a choice of placement does not go by months since; leave since out of the redirect")
        p = words.placements[words.code(self.into)]
        low, high = self.where.ncy
        if not p.with_plan or max(low, p.from_ncy) > min(high, p.to_ncy):
            raise ValueError(
                f"a redirect into {self.into!r} at NCY {low} to {high} is not lawful; "
                f"allowed: {f'NCY {p.from_ncy} to {p.to_ncy}' if p.with_plan else 'placements for plans'}"
            )

    @property
    def target(self) -> str:
        return f"{self.choice}: {self.frm} to {self.into}"


@dataclass(frozen=True, kw_only=True)
class Price(Change):
    """Multiply a charge by ``by``, and add ``growth`` (points, -0.01 is a point less a year) to its growth from the
    start on: ``Price(charge="nmiss", by=0.97, when=When("2026-09"))``.

    ``severity`` restricts it to bands, ``needs`` to primary needs. With ``new_placements`` only children who come to
    their placement from the start on pay it; who was there before keeps the old price until it moves or its plan ends.
    ``county`` ("inside", "outside") restricts it to places of this authority or of another, ``stay`` ("day",
    "residential") to children who board or do not: ``Price(charge="nmiss", county="outside", stay="day", ...)``.
    """

    charge: str
    when: When
    by: Size = 1.0
    growth: Size = 0.0
    severity: tuple[int, int] = (0, SEVERITIES - 1)
    needs: tuple[str, ...] = ()
    new_placements: bool = False
    county: str = ""
    stay: str = ""
    kind: ClassVar[str] = "price"

    def __post_init__(self) -> None:
        _within("a price factor", self.by, 0)
        _within("a change of growth", self.growth, -0.5, 0.5)
        Where(severity=self.severity, needs=self.needs)
        for name, given, allowed in (("county", self.county, COUNTIES), ("stay", self.stay, STAYS)):
            if given and given not in allowed:
                raise ValueError(f"{given!r} is not a {name}; {closest(given, allowed)}")

    def __repr__(self) -> str:
        """Without a county and a stay where none is given: an unnamed change is known, and has its luck, by this."""
        told = [f.name for f in fields(self) if f.name not in {"county", "stay"} or getattr(self, f.name)]
        return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in told)})"

    def is_for(self, where: str) -> bool:
        """Whether it is for a kind of place, a label of ``states.WHERE``."""
        at = WHERE.index(where)
        return self.county in {"", COUNTIES[at % 2]} and self.stay in {"", STAYS[at // 2]}

    @property
    def target(self) -> str:
        return self.charge


@dataclass(frozen=True, kw_only=True)
class Fund(Change):
    """Pay so many pounds a year (of 2024-25's money; negative: save) on a line, following no child:
    ``Fund(line="other.stls", pounds=-2_000_000, when=When("2025-09"))``. A pot that is cash-limited has ``growth`` 0.
    """

    line: str
    pounds: Size
    when: When
    growth: Size = 0.0
    kind: ClassVar[str] = "fund"

    def __post_init__(self) -> None:
        _within("a pot's growth", self.growth, -0.5, 0.5)

    @property
    def target(self) -> str:
        return self.line


@dataclass(frozen=True, kw_only=True)
class Withhold(Change):
    """A share of an income is not received from a month on: ``Withhold(income="schools_block_transfer", when=...)``."""

    income: str
    when: When
    share: Size = 1.0
    kind: ClassVar[str] = "withhold"

    def __post_init__(self) -> None:
        if self.income not in INCOMES:
            raise ValueError(f"{self.income!r} is not an income; {closest(self.income, INCOMES)}")
        _within("a withheld share", self.share, 0, 1)

    @property
    def target(self) -> str:
        return self.income


@dataclass(frozen=True, kw_only=True)
class Open(Change):
    """A new provider: ``Open(provider="New SRPs, East", provider_kind="srp", area="East", places=40, ncy=(-1, 6),
    when=When("2026-09"))``. Its places are there as ``when`` phases them in.

    A school that the data plan (Swanley, Whitstable, Sheppey) serves and fills as it is planned to.
    """

    provider: str
    provider_kind: str
    area: str
    places: Size
    when: When
    ncy: tuple[int, int] = (NCY_LOWEST, NCY_HIGHEST)
    needs: tuple[str, ...] = ()
    kind: ClassVar[str] = "open"

    def __post_init__(self) -> None:
        _scarce(self.provider_kind)
        _within("places", self.places, 0)
        Where(ncy=self.ncy, areas=(self.area,), needs=self.needs)

    @property
    def target(self) -> str:
        return self.provider


@dataclass(frozen=True, kw_only=True)
class Expand(Change):
    """More places (or fewer, if negative) at the providers of a kind, shared among them by size:
    ``Expand(provider_kind="srp", places=80, areas=("East",), when=When("2025-09", full="2026-09"))``."""

    provider_kind: str
    places: Size
    when: When
    areas: tuple[str, ...] = AREAS
    kind: ClassVar[str] = "expand"

    def __post_init__(self) -> None:
        _scarce(self.provider_kind)
        Where(areas=self.areas)

    @property
    def target(self) -> str:
        return f"{self.provider_kind} places"


@dataclass(frozen=True, kw_only=True)
class Close(Change):
    """A provider closes: its children seek a place that month, and none is lost."""

    provider: str
    when: When
    kind: ClassVar[str] = "close"

    @property
    def target(self) -> str:
        return self.provider


@dataclass(frozen=True, kw_only=True)
class Delay(Change):
    """A provider opens so many months later than the scenario says; ``when`` says from when this is known, for the
    record."""

    provider: str
    months: Size
    when: When
    kind: ClassVar[str] = "delay"

    def __post_init__(self) -> None:
        _within("a delay in months", self.months, 0)

    @property
    def target(self) -> str:
        return self.provider


def _scarce(kind: str) -> None:
    if kind not in SCARCE:
        raise ValueError(f"{kind!r} is not a kind of provider with counted places; {closest(kind, SCARCE)}")


def clash(one: Change, other: Change) -> str:
    """Why two changes cannot both be, or "": two Sets on one cell at one time."""
    if not isinstance(one, Set) or not isinstance(other, Set) or one == other or one.rate != other.rate:
        return ""
    if not one.where.meets(other.where) or not one.when.overlaps(other.when):
        return ""
    return f"{one.owner}: {one.label} and {other.owner}: {other.label} both set {one.rate} for the same children"


__all__ = ["INCOMES", "NEEDS", "REDIRECTABLE", "SCALABLE", "SCARCE", "Change", "Close", "Delay", "Expand", "Fund",
           "Open", "Price", "Redirect", "Scale", "Set", "Withhold", "clash", "settled"]  # fmt: skip
