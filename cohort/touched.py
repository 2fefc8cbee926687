"""Why a change changes nothing, if it does not: a size that is none, children that there are not, a rate that is 0.

What can be told from the data alone; whether a policy in a run moves some child or penny, only the run can say.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from cohort import calendar, parameters
from cohort.book import choice_weights
from cohort.calendar import NCY_LOWEST, NCYS
from cohort.changes import Change, Fund, Price, Redirect, Scale, Set, Withhold
from cohort.pack import Pack
from cohort.policy import Policy
from cohort.prices import Prices
from cohort.processes import CHOICES, DIMS, PROCESSES, TRANSFER_NCYS
from cohort.rates import Rates
from cohort.states import AWAITING, NEEDS, STAGES, Support, Vocabulary, luck_status
from cohort.when import When, ends

NULL = {Scale: ("by", 1.0), Redirect: ("share", 0.0), Fund: ("pounds", 0.0), Withhold: ("share", 0.0)}
"""The size with which a change is none."""


def why(change: Change, pack: Pack, prices: Prices, months: range) -> str:
    """Why a change can touch nothing in these months of the pack's baseline, or ""."""
    if calendar.month(change.timing.start) >= months.stop:
        last = calendar.label(months.stop - 1)
        return f"it starts in {change.timing.start}; allowed: a start up to {last}, the baseline's last month"
    field, nothing = NULL.get(type(change), ("", 0.0))
    if field and ends(getattr(change, field)) == (nothing, nothing):
        return f"{field} is {nothing:g} for sure; allowed: another size"
    if isinstance(change, Scale | Set):
        return _rate(change, pack, months)
    if isinstance(change, Redirect):
        return _redirect(change, pack, months)
    return _price(change, prices) if isinstance(change, Price) else ""


def most(change: Scale | Set) -> float:
    """The largest size that a change of a rate can have."""
    return ends(change.by if isinstance(change, Scale) else change.to)[1]


def _rate(change: Scale | Set, pack: Pack, months: range) -> str:
    reached = _reached(change.rate)
    if change.where.placements and not reached & set(change.where.placements):
        at = ", ".join(change.where.placements)
        return f"nobody in {at} is open to {change.rate}; allowed: {_in_order(reached)}"
    params = parameters.draw(pack, 0)
    book, year = Rates(pack, params), [m for m in months if m >= calendar.month(change.timing.start)][:12]
    tried = [Rates(pack, params, Policy("it", (one,))) for one in _at_once(change)]
    if any(_differs(other, book, change.rate, m) for m in year for other in tried):
        return ""
    if isinstance(change, Set):
        return f"{change.rate} is already {ends(change.to)[0]:g} for {change.where}"
    years = np.flatnonzero(np.sum([book.rate(change.rate, m) for m in year], axis=0).max((0, 2, 3, 4, 5)))
    some = f"NCY {years[0] + NCY_LOWEST} to {years[-1] + NCY_LOWEST}" if book.shape[change.rate][1] > 1 else "no one"
    return f"{change.rate} is 0 for {change.where}; it is above 0 for {some}"


def _at_once(change: Scale | Set) -> list[Change]:
    """The change in full from its start, at sizes that would show: a half, or either end of what is set."""
    now = When(change.timing.start)
    if isinstance(change, Scale):
        return [replace(change, when=now, by=0.5)]
    return [replace(change, when=now, to=end) for end in ends(change.to)]


def _differs(one: Rates, other: Rates, rate: str, month: int) -> bool:
    try:
        return bool(np.any(one.rate(rate, month) != other.rate(rate, month)))
    except ValueError:
        return True  # it passes its bound, which is said elsewhere


def _reached(rate: str) -> set[str]:
    """The placements in which some child is open to a rate."""
    statuses = {s for p in PROCESSES if rate in (p.rate_name, p.share) for s in p.statuses}
    of_review = any(p.name.startswith("review_") for p in PROCESSES if rate in (p.rate_name, p.share))
    found = set()
    for code, p in enumerate(Vocabulary().placements):
        for support in Support:
            allowed = p.with_plan if support == Support.PLAN else p.without_plan
            open_to = {luck_status(support, stage, code) for stage in range(len(STAGES))} & statuses
            if allowed and (open_to or (of_review and support == Support.PLAN)):
                found.add(p.label)
    return found


def _redirect(change: Redirect, pack: Pack, months: range) -> str:
    words, where = Vocabulary(), change.where
    now = _now(change.choice, words)
    if where.placements and not now & set(where.placements):
        return f"no child with a {change.choice} is in {', '.join(where.placements)}; allowed: {_in_order(now)}"
    ncys = [n for n in NCYS if where.ncy[0] <= n <= where.ncy[1]]
    if change.choice == "transfer":
        ncys = [n for n in ncys if n in TRANSFER_NCYS]
        start, end = (calendar.month(m) if m else months.stop for m in (change.timing.start, change.timing.end))
        if not any(calendar.is_september(m) for m in range(start, min(end, months.stop))):
            return "no September, in which transfers happen, is among its months"
    weights = choice_weights(pack, words, change.choice, CHOICES[change.choice])[0]
    places = [words.code(p) for p in (where.placements or now) if p in now]
    keep = {"ncy": [n - NCY_LOWEST for n in ncys], "need": [NEEDS.index(n) for n in where.needs], "placement": places}
    for axis, dim in enumerate(DIMS[1:]):
        if weights.shape[axis] > 1 and (keep.get(dim) or dim == "ncy"):
            weights = np.take(weights, keep[dim], axis=axis)
    frm = words.code(change.frm)
    stays = frm in places and bool((weights.sum(-1) == 0).any())
    if weights[..., frm].any() or stays:
        return ""
    return (
        f"nobody's {change.choice} is {change.frm} for {where}; allowed: {_chosen(weights, words) or 'other children'}"
    )


def _now(choice: str, words: Vocabulary) -> set[str]:
    """Where children can be who have a choice to make."""
    if choice == "offer":
        return {words.labels[AWAITING]}
    return {p.label for p in words.placements if (p.without_plan if choice == "first_place" else p.with_plan)}


def _chosen(weights: NDArray[np.float64], words: Vocabulary) -> str:
    some = weights.reshape(-1, weights.shape[-1]).max(0) > 0
    return ", ".join(label for label, chosen in zip(words.labels, some, strict=True) if chosen)


def _in_order(labels: set[str]) -> str:
    return ", ".join(label for label in Vocabulary().labels if label in labels)


def _price(change: Price, prices: Prices) -> str:
    if ends(change.by) == (1, 1) and ends(change.growth) == (0, 0):
        return "by is 1 and growth 0 for sure; allowed: another size of either"
    items = [x for x in (*prices.charges, *prices.services) if x.name == change.charge]
    if not any(x.pounds for x in items):
        return f"the price {change.charge} is 0"
    low, high = change.severity
    charged = [np.logical_or.reduce(c.cells, (1, 2, 3, 4)) for c in prices.charges if c.name == change.charge]
    if charged and not any(bands[low : high + 1].any() for bands in charged):
        bands = ", ".join(str(b) for b in np.flatnonzero(np.logical_or.reduce(charged)))
        return f"{change.charge} is not paid at severity {low} to {high}; allowed: {bands}"
    return ""
