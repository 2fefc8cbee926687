"""What a child's month costs: whole pence by support, placement, severity, age, need and terms, by financial year.

A *charge* is one row of ``estimate_prices``: a sub-line of the ledger, whom it is for, and pounds a year in 2024-25
(low, mode, high: unpublished, so estimates with reasons). A child may bear several (a special school place and
exceptional pupil need). A plan in a placement that no charge mentions is an error, never nought; a price of nought
(EHE, NEET) is stated. Services that follow no child are yearly sums in ``estimate_services``. Policies change prices
from a month on (``Price``), and add services or pots (``Fund``).

Where places are funded (``place_funding``) a price is that of a filled place: place funding is a charge of its own and
the rest of the price is top-up. The place is funded while it is vacant too (``Vacancy``). A price that has a tariff is
what the mean child costs, and each band of need and severity costs more or less top-up than that (``tariff``).

*Terms* are what else a plan's price can go by: whether the place is in another authority and whether the child boards
there (``lodging.WHERE``), and which of the months from which only new placements pay another price (``Prices.since``)
the child came after.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, lodging, tariff
from cohort.changes import Change
from cohort.charges import Charge, Service, Vacancy, upratings
from cohort.lodging import Lodging
from cohort.pack import Pack
from cohort.parameters import Parameters
from cohort.policy import NOTHING, Fund, Policy, Price
from cohort.slots import Slots
from cohort.states import NEEDS, SEVERITIES, SUPPORTS, WHERE, Support, Vocabulary, closest
from cohort.when import When, known, strengths

Ints = NDArray[np.int64]
PHASES = ("under_16", "post_16")
FIRST_NCY_POST_16 = 12
LINES = ("special", "independent", "mainstream_srp", "post16", "other")
"""The council's five lines of High Needs spend; sub-lines follow after a full stop."""


@dataclass(frozen=True, eq=False)
class Prices:
    """All charges and services of a parameter draw."""

    charges: tuple[Charge, ...]
    services: tuple[Service, ...]
    placements: int
    lodging: Lodging
    """which independent places are outside the county or residential"""
    slots: Slots
    vacancies: tuple[Vacancy, ...] = ()
    since: tuple[int, ...] = ()
    """the months, in order, from which some price is paid by those only who come to their placement later"""
    before: Prices | None = field(default=None, repr=False)
    """the draw's before any policy; None if these are"""
    under: tuple[Change, ...] = ()
    """what policies change of them"""

    @property
    def names(self) -> tuple[str, ...]:
        """The prices that a policy can change: all but place funding, which is set for the whole country."""
        funded = [c.place.name for c in self.charges if c.place]
        return tuple(dict.fromkeys(x.name for x in (*self.charges, *self.services) if x.name not in funded))

    @property
    def shape(self) -> tuple[int, ...]:
        """[support, placement, severity, phase, need, where, terms]."""
        return (len(SUPPORTS), self.placements, SEVERITIES, len(PHASES), len(NEEDS), len(WHERE), len(self.since) + 1)

    def monthly(self, month: int, line: str = "") -> Ints:
        """[support, placement, severity, phase, need, where, terms] whole pence a child-month in a month: all, or of
        one of the five lines."""
        year = calendar.financial_year_start(month)
        if (line, year) not in self._steady:
            steady = [c for c in self.charges if not c.policies]
            self._steady[line, year] = self._add(np.zeros(self.shape, np.int64), steady, month, line)
        return self._add(self._steady[line, year].copy(), [c for c in self.charges if c.policies], month, line)

    def _add(self, out: Ints, charges: Iterable[Charge], month: int, line: str) -> Ints:
        """Add the pence of charges on a line (or on any) to those of other charges."""
        for charge in charges:
            if line in ("", charge.line.split(".")[0]):
                pence = charge.cells * charge.by_cell(month)
                for placement in charge.placements:
                    out[charge.support, placement] += pence
        return out

    @cached_property
    def _steady(self) -> dict[tuple[str, int], Ints]:
        """(line, financial year) -> pence of the charges that no policy changes, kept for all months of the year."""
        return {}

    def priced(self, line: str) -> NDArray[np.bool_]:
        """[support, placement, severity, phase, need, where, terms] whether a charge of the line is for such
        children."""
        out = np.zeros(self.shape, np.bool_)
        for charge in (c for c in self.charges if c.line.split(".")[0] == line):
            out[charge.support, list(charge.placements)] |= charge.cells
        return out

    def check(self, months: range) -> None:
        """Raises ValueError naming a policy that takes the price of a funded place below its place funding."""
        for charge in self.charges:
            for month in months if charge.place and _may_fall(charge, len(months) // 12 + 1) else ():
                if charge.place and charge.pence_in(month) < 0:
                    said = f"{', '.join(p.owner for p in charge.policies)}: Price on {charge.name!r}"
                    place = charge.place.pence_in(month)
                    raise ValueError(
                        f"{said}: {(place + charge.pence_in(month)) / 100:,.2f} pounds a month in "
                        f"{calendar.label(month)}; allowed: the place funding of {place / 100:,.2f} or more"
                    )

    def key(self, month: int) -> tuple[object, ...]:
        """Equal for months whose prices are equal: the financial year, and how far each policy acts."""
        return self.keys((month,))[0]

    def keys(self, months: tuple[int, ...]) -> list[tuple[object, ...]]:
        """The same of several months."""
        whens = dict.fromkeys(p.when for c in self.charges for p in c.policies)
        by = [part for when in whens for part in (strengths(when, months), _uprated(when, months))]
        return list(zip(map(calendar.financial_year_start, months), *by, strict=True))


@lru_cache(maxsize=4096)
def _uprated(when: When, months: tuple[int, ...]) -> tuple[int, ...]:
    """``_upratings`` by each of some months: kept, for draws often delay a change alike."""
    return tuple([upratings(when, m) for m in months])


def _may_fall(charge: Charge, years: int) -> bool:
    """Whether policies could take a price below its place funding, all in full and growth cut for years."""
    lowest = charge.pounds
    for p in charge.policies:
        lowest *= min(known(p.by), 1.0) * min((1 + charge.growth + known(p.growth)) / (1 + charge.growth), 1.0) ** years
    return charge.place is not None and bool(charge.policies) and lowest < charge.place.pounds


def prices(pack: Pack, params: Parameters, vocabulary: Vocabulary, policy: Policy = NOTHING,
           like: Prices | None = None) -> Prices:  # fmt: skip
    """The prices of a parameter draw under a policy; ``like`` are the same draw's under another. Raises ValueError for
    a line, label or placement that does not fit, a plan unpriced, or a policy on a price that there is not."""
    paid = tuple(c for c in policy.settled(params.size).changes if isinstance(c, Price | Fund))
    if like and like.before and like.under == paid:
        return like
    since = tuple(sorted({calendar.month(c.when.start) for c in paid if isinstance(c, Price) and c.new_placements}))
    before = (like.before or like) if like else _before_any_policy(pack, params, vocabulary)
    charges = before.charges
    if since:
        charges = tuple(replace(c, cells=np.repeat(c.cells, len(since) + 1, axis=-1)) for c in charges)
    return repriced(replace(before, charges=charges, since=since, before=before, under=paid), paid)


def _before_any_policy(pack: Pack, params: Parameters, vocabulary: Vocabulary) -> Prices:
    charges: list[Charge] = []
    lodged = lodging.build(pack, params, vocabulary)
    funded = {str(r["charge"]): r for r in _place_funding(pack)}
    for r in pack.table("estimate_prices").rows():
        name = str(r["charge"])
        try:
            found = _charge(r, pack, params, vocabulary, lodged)
            charges += _with_place(found, funded[name]) if name in funded else [found]
        except ValueError as error:
            raise ValueError(f"estimate_prices.csv: {name}: {error}") from None
    services = tuple(
        Service(
            str(r["service"]), _line(str(r["line"])), params[f"service.{r['service']}"], params[f"growth.{r['growth']}"]
        )
        for r in pack.table("estimate_services").rows()
    )
    kinds = {str(r["charge"]): str(r["placement"]) for r in pack.table("estimate_prices").rows()}
    vacancies = tuple(
        Vacancy(f"{name}.vacant", _line(str(r["vacant_line"])), float(r["vacant"]), 0.0, kinds[name])
        for name, r in funded.items()
    )
    slots = Slots.of(vocabulary, lodged)
    made = Prices(tuple(charges), services, len(vocabulary.placements), lodged, slots, vacancies)
    _check_priced(made, vocabulary)
    return made


def _charge(r: dict[str, Any], pack: Pack, params: Parameters, vocabulary: Vocabulary, lodged: Lodging) -> Charge:
    """A row of the price table; "any" is all."""
    name, cells = str(r["charge"]), np.zeros((SEVERITIES, len(PHASES), len(NEEDS), len(WHERE), 1), np.bool_)
    placement = str(r["placement"])
    severity = slice(None) if r["severity"] == "any" else int(str(r["severity"]))
    phase = slice(None) if r["phase"] == "any" else PHASES.index(str(r["phase"]))
    cells[severity, phase] = True
    at = range(len(vocabulary.placements)) if placement == "any" else [vocabulary.code(placement)]
    return Charge(
        name, _line(str(r["line"])), params[f"price.{name}"], params[f"growth.{r['growth']}"],
        SUPPORTS.index(str(r["support"])), tuple(at), cells,
        relative=tariff.relative(pack, params, vocabulary, name, placement, lodged) if r["support"] == "plan" else None,
    )  # fmt: skip


def _check_priced(made: Prices, vocabulary: Vocabulary) -> None:
    """Raises ValueError for a plan that no charge mentions."""
    priced = np.logical_or.reduce([made.priced(line) for line in LINES])[Support.PLAN]
    for code, p in enumerate(vocabulary.placements):
        if p.with_plan and not priced[code].all():
            raise ValueError(
                f"estimate_prices.csv prices no plan in {p.label!r} at every severity and age; state a price, if only 0"
            )


def _place_funding(pack: Pack) -> Iterator[dict[str, Any]]:
    """What a place is funded with, by charge: none in a pack without the table. Raises ValueError for a charge that
    there is not."""
    if "place_funding" not in pack.names():
        return
    known_charges = [str(r["charge"]) for r in pack.table("estimate_prices").rows()]
    for r in pack.table("place_funding").rows():
        if r["charge"] not in known_charges:
            near = closest(str(r["charge"]), known_charges)
            raise ValueError(f"place_funding.csv: {r['charge']!r} is not a price; {near}")
        yield r


def _with_place(charge: Charge, funding: dict[str, Any]) -> list[Charge]:
    """A price as place funding, the same in every year and for every child, and the top-up that is left of it. Raises
    ValueError if none is."""
    place = replace(charge, name=f"{charge.name}.place", line=_line(str(funding["line"])),
                    pounds=float(funding["filled"]), growth=0.0, relative=None)  # fmt: skip
    if charge.pounds < place.pounds:
        raise ValueError(
            f"{charge.pounds:g} pounds a year given; allowed: {place.pounds:g}, its place funding, or more"
        )
    return [place, replace(charge, place=place)]


def repriced(prices: Prices, changes: Iterable[Change]) -> Prices:
    """Prices under settled changes: Prices on the charges and services that they name, Funds as services."""
    charges, services = list(prices.charges), list(prices.services)
    for change in changes:
        if isinstance(change, Price):
            names = dict.fromkeys((*prices.names, *(s.name for s in services)))
            if change.charge not in names:
                raise ValueError(f"{change.owner}: {change.charge!r} is not a price; {closest(change.charge, names)}")
            charges = [x for c in charges for x in (_split(c, change, prices) if c.name == change.charge else [c])]
            services = [_of_service(s, change) if s.name == change.charge else s for s in services]
        elif isinstance(change, Fund):
            line = _line(change.line)
            services.append(
                Service(f"{change.owner}.{change.label}", line, known(change.pounds), known(change.growth), change.when)
            )
    return replace(prices, charges=tuple(charges), services=tuple(services))


def _of_service(service: Service, change: Price) -> Service:
    """A service under a price policy. Raises ValueError for one that tells children apart."""
    if change.needs or change.new_placements or change.county or change.stay:
        raise ValueError(f"{change.owner}: {change.charge!r} is a service, which no child has; allowed: by and growth")
    return replace(service, policies=(*service.policies, change))


def _split(charge: Charge, change: Price, prices: Prices) -> list[Charge]:
    """A charge under a policy on it: in two, if the policy is for some children only. Raises ValueError where such
    children are not told apart."""
    if charge.support != Support.PLAN and (change.needs or change.new_placements):
        raise ValueError(
            f"{change.owner}: {change.charge!r} is paid without a plan, where neither need nor entry is priced; "
            "allowed: severity"
        )
    if unknown := prices.slots.untold(charge.placements, change.county, change.stay):
        raise ValueError(f"{change.owner}: {change.charge!r} is paid for places that do not tell {unknown}")
    low, high = change.severity
    needs = [NEEDS.index(n) for n in change.needs] or list(range(len(NEEDS)))
    where = [k for k, label in enumerate(WHERE) if change.is_for(label)]
    first = prices.since.index(calendar.month(change.when.start)) + 1 if change.new_placements else 0
    within = np.zeros_like(charge.cells)
    for w in where:
        within[low : high + 1, :, needs, w, first:] = charge.cells[low : high + 1, :, needs, w, first:]
    rest = charge.cells & ~within
    changed = replace(charge, cells=within, policies=(*charge.policies, change))
    return [x for x in (changed, replace(charge, cells=rest)) if x.cells.any()]


def _line(line: str) -> str:
    if line.split(".", maxsplit=1)[0] not in LINES:
        raise ValueError(f"{line!r} is not a line of the ledger; {closest(line.split('.', maxsplit=1)[0], LINES)}")
    return line
