"""What is told of a child's life, in words: a line an event, and beneath it the reasons.

The command and the lab print these lines; nothing is worked out here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cohort.apart import Apart
from cohort.draws import WHOLE
from cohort.explain import Explained, Life, Month, Why
from cohort.queued import Turn
from cohort.report.placements import NEED_NAMES
from cohort.watched import Chosen, Compared

READ = (
    "How to read the reasons: Each month a child has one draw, a number between 0 and 1, for what may happen to it, "
    "the same in every world. Each event has a stretch of its own between 0 and 1; the month's rate fills the stretch "
    "from its lower end, and the event happens if the draw lies in what is filled. So a policy that moves a rate "
    "changes the lives of those alone whose draws lie between the old end and the new. Choices of placement, shares "
    "and reviews have draws of their own. In a queue points come first, and luck only among equals."
)
WANTS = {
    "choice": "as its choice", "moves_on": "as its choice, since its own place of the kind ends",
    "besides": "besides what it has", "instead": "since it was refused before",
}  # fmt: skip
ANSWERS = {
    "placed": "it is placed at {0}", "above_roll": "it is admitted above the roll at {0}", "refused": "it is refused",
    "waits": "it waits", "declined": "it declines, being settled in an independent school",
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A month of the timeline: in which worlds, what happened, and why."""

    month: str
    world: str
    """the scenario, or "both" where the same happened for the same draws in both"""
    happened: tuple[str, ...]
    because: tuple[str, ...]


def opening(found: Explained) -> str:
    """Who the child is, in a line."""
    return (
        f"Child {found.child}: {found.sex}, born {found.born}, {found.district} ({found.area}), "
        f"severity {found.severity} of 0 to 4, need: {NEED_NAMES[found.need].lower()}; draw {found.draw}, replicate "
        f"{found.replicate}, seed {found.seed}"
    )


def ends(found: Explained) -> list[str]:
    """How each life begins and ends and what it cost, a line a world."""
    return [
        f"{life.scenario}: {_state(life.opening) or 'not there yet'} at the start, "
        f"{_state(life.closing) or 'gone'} at the end; GBP {sum(life.pence.values()) / 100:,.0f} in all"
        for life in found.lives
    ]


def timeline(found: Explained) -> list[Line]:
    """Every month that is told, in order; worlds that agree are told together."""
    months: dict[str, list[tuple[Life, Month]]] = {}
    for life in found.lives:
        for month in life.months:
            months.setdefault(month.month, []).append((life, month))
    return [line for label in sorted(months) for line in _lines(label, months[label])]


def _lines(label: str, told: list[tuple[Life, Month]]) -> Iterator[Line]:
    same = len(told) > 1 and all(m.events == told[0][1].events for _, m in told)
    for life, month in told[:1] if same else told:
        world = "both" if same else life.scenario
        happened = tuple(f"{e.said} ({_state(e.frm)} to {_state(e.to)})" for e in month.events)
        reasons = tuple(line for why in month.why for line in because(why))
        if same:
            reasons += tuple(_elsewhere(told))
        yield Line(label, world, happened or ("nothing",), reasons)


def _elsewhere(told: list[tuple[Life, Month]]) -> Iterator[str]:
    """Where both worlds come to the same though their rates or queues differ, how the other came to it."""
    for life, month in told[1:]:
        if month.why != told[0][1].why:
            for why, first in zip(month.why, told[0][1].why, strict=False):
                if why != first:
                    yield from (f"in {life.scenario}: {line}" for line in because(why))


def because(why: Why) -> list[str]:
    """One reason in one or two lines."""
    reason = why.reason
    if isinstance(reason, Compared):
        return [_compared(reason, why.rate), *_parts(why.rate)]
    if isinstance(reason, Chosen):
        share = (reason.high - reason.low) / WHOLE
        where = f"the draw {_unit(reason.draw)} lies in {_unit(reason.low)} to {_unit(reason.high)}"
        return [f"choice ({_plain(reason.choice)}): {where}, the {share:.1%} who choose {_plain(reason.placement)}"]
    return [_turn(reason)]


def _compared(reason: Compared, rate: Apart | None) -> str:
    end, chance = reason.low + reason.chance, reason.chance / WHOLE
    verdict = "yes" if reason.happens else "no"
    if reason.width == WHOLE:
        return f"{_plain(reason.what)}: the draw {_unit(reason.draw)} against a share of {chance:.1%}: {verdict}"
    return (
        f"{_plain(reason.what)}: the draw {_unit(reason.draw)} lies in its stretch {_unit(reason.low)} to "
        f"{_unit(reason.low + reason.width)}, which the month's rate of {chance:.4%} fills to {_unit(end)}: {verdict}"
    )


def _parts(rate: Apart | None) -> list[str]:
    """A rate's base and each policy's part, if there is anything to tell apart."""
    if rate is None:
        return []
    said, of_parts = [], []
    if rate.level and (rate.parts or rate.value != rate.level):
        factors = [f" x {_factor(value)} ({what})" for value, what in ((rate.season, "the month of the year"),
                   (rate.dated, "what was seen by then")) if abs(value - 1) > 5e-6]  # fmt: skip
        held = " (held at what is reserved for it)" if rate.held else ""
        said = [f"rate {rate.value:.4%}{held} = {rate.level:.4%}{''.join(factors)}"]
    for p in rate.parts:
        size = f"x {_factor(p.factor)}" if p.factor is not None else f"{p.value:.1%}"
        of_parts.append(f"{size} by {p.policy}: {_plain(p.change)} ({p.because})")
    if of_parts and not said:
        said = ["made of"]
    return [" ".join([*said, "; ".join(of_parts)]).strip()] if said else []


def _turn(turn: Turn) -> str:
    answer = ANSWERS[turn.answer].format(turn.provider)
    return (
        f"queue for {_plain(turn.kind)}, {WANTS[turn.want]}: number {turn.rank:,} of {turn.of:,} with {turn.points} "
        f"points; {turn.taken:,} of {turn.places:,} places that fit are taken: {answer}"
    )


def _unit(draw: int) -> str:
    return f"{draw / WHOLE:.6f}"


def _factor(value: float) -> str:
    """Three decimals, or five of one that these would call 1."""
    return f"{value:.3f}" if abs(value - 1) > 5e-4 else f"{value:.5f}"


SHORT = {word.lower(): word for word in ("SEN", "SRP", "NMISS", "FE", "SPI", "EOTAS")}


def _plain(word: str) -> str:
    """A label in words, what is short for something in capitals."""
    return " ".join(SHORT.get(part, part) for part in word.split("_")).replace("SEN support", "SEN Support")


def _state(label: str) -> str:
    """A state's label (``states.state_labels``) in words."""
    support, _, place = label.partition(":")
    words = ["no support" if part == "none" else _plain(part) for part in support.split("+")]
    return ", ".join([*words, *([f"in {_plain(place)}"] if place else [])])


__all__ = ["READ", "Line", "because", "ends", "opening", "timeline"]
