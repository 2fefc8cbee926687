"""The vocabulary: what a child can be, and what the law allows at which age.

A child's *support* (none, SEN Support, plan) and *request stage* are apart, so that a supported child who requests is
still supported, and a refused one goes back to what they had. For luck a child's *status* is the pair. *Placement* says
where a child learns. Rules of law bind moves, not the start: about 62 plans published at unusual ages stay where they
are until their next move.

A new placement is a row in ``PLACEMENTS`` (or passed to ``Vocabulary``), a price and a ledger line; nothing else.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cohort.calendar import NCY_HIGHEST, NCY_LOWEST, NCYS


class Support(IntEnum):
    """The level of support a child has."""

    NONE = 0
    SEN_SUPPORT = 1
    PLAN = 2


class Stage(IntEnum):
    """Where a request, refusal or appeal stands."""

    NONE = 0
    REQUESTED = 1
    ASSESSING = 2
    REFUSED = 3
    """refused assessment or a plan not long ago: may appeal or ask again"""
    APPEALING = 4


class Presence(IntEnum):
    """Whether the child lives in Kent. Leaving is a state: nobody is deleted."""

    NOT_YET = 0
    HERE = 1
    MOVED = 2
    DIED = 3
    AGED_OUT = 4


SUPPORTS = ("none", "sen_support", "plan")
STAGES = ("none", "requested", "assessing", "refused", "appealing")
STATUSES = len(SUPPORTS) * len(STAGES)
SEXES = ("female", "male")
AREAS = ("North", "East", "South", "West")
NEEDS = ("asd", "hi", "mld", "msi", "oth", "pd", "pmld", "semh", "slcn", "sld", "spld", "vi", "unknown", "none_yet")
"""SEN2's primary needs, "unknown" as recorded, and "none_yet" for a child whose need nobody has named."""
NONE_YET = NEEDS.index("none_yet")
SEVERITIES = 5
"""Fixed bands of equal size, 0 the mildest: how a child compares with others who have the same support."""
COUNTIES, STAYS = ("inside", "outside"), ("day", "residential")
"""Whether a place is in this authority or in another, and whether the child boards there."""
WHERE = tuple(county if stay == "day" else f"{county}_{stay}" for stay in STAYS for county in COUNTIES)
"""Both together, by code: 2 x boards + outside. Of places that are scarce the first two can be, of others one, unless
the data tell more apart (see ``lodging``)."""
SINCE_MOST = 24
"""Months since a stage began are counted to 24; later months behave as the 24th."""


def status(support: int, stage: int) -> int:
    """The number of a (support, stage) pair."""
    return int(support) * len(STAGES) + int(stage)


@dataclass(frozen=True)
class Placement:
    """A row of the vocabulary: where a child can learn, at which NCY the law lets one move in, with or without a
    plan."""

    label: str
    from_ncy: int
    to_ncy: int
    with_plan: bool = True
    without_plan: bool = False
    meaning: str = ""


PLACEMENTS = (
    Placement("mainstream", -1, 14, without_plan=True, meaning="state mainstream, school sixth forms among them"),
    Placement("early_years", -5, 0, meaning="nursery or childminder, private or voluntary"),
    Placement("srp", -1, 14, meaning="specialist resource provision and SEN units in mainstream schools"),
    Placement("state_special", 0, 15, meaning="maintained special schools and special academies"),
    Placement("nmiss", 0, 15, meaning="non-maintained and independent special schools"),
    Placement("independent_mainstream", -1, 14, meaning="independent mainstream schools"),
    Placement("alternative_provision", 0, 12, without_plan=True, meaning="pupil referral units and AP academies"),
    Placement("fe", 12, 21, meaning="general further education and tertiary colleges"),
    Placement("spi", 12, 21, meaning="specialist post-16 institutions"),
    Placement("eotas", -1, 21, meaning="education otherwise than at school, arranged by the council; tuition"),
    Placement("parental", -1, 21, meaning="arrangements made by parents"),
    Placement("ehe", 0, 14, without_plan=True, meaning="elective home education"),
    Placement("other_setting", -1, 21, meaning="SEN2's 'other placement settings': nearly all post-16"),
    Placement("awaiting", -5, 12, meaning="of school age and waiting for a place"),
    Placement("neet", 11, 21, meaning="not in education, employment or training"),
    Placement("unknown", -5, 21, meaning="placement not recorded"),
    Placement("tuition", 0, 12, with_plan=False, without_plan=True, meaning="section 19 tuition without a plan"),
)
"""The order is part of the vocabulary: codes are positions, so new placements go at the end."""

MAINSTREAM = 0
"""Also stands for every child without a plan who is in none of the arranged placements (school, nursery, home,
work)."""

KIND_OF_LEAVING = {Presence.MOVED: "moved", Presence.DIED: "died", Presence.AGED_OUT: "aged_out"}


def closest(given: str, allowed: Iterable[str]) -> str:
    """ "; did you mean 'x'?" or the whole list, for the end of an error message."""
    options = list(allowed)
    near = difflib.get_close_matches(str(given), options, 1)
    return f"did you mean {near[0]!r}?" if near else f"allowed: {', '.join(options)}"


@dataclass(frozen=True)
class Vocabulary:
    """The placements of a run, by code. Everything that is sized by placement asks here."""

    placements: tuple[Placement, ...] = PLACEMENTS

    def __post_init__(self) -> None:
        labels = [p.label for p in self.placements]
        if len(set(labels)) != len(labels):
            raise ValueError(f"a placement is listed twice: {sorted({x for x in labels if labels.count(x) > 1})}")
        if self.placements[: len(PLACEMENTS)] != PLACEMENTS:
            raise ValueError("new placements go after the standard ones, which must all be there unchanged")

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Placement labels by code."""
        return tuple(p.label for p in self.placements)

    def code(self, label: str) -> int:
        """The code of a placement label. Raises ValueError with the closest match."""
        if label not in self.labels:
            raise ValueError(f"{label!r} is not a placement; {closest(label, self.labels)}")
        return self.labels.index(label)

    @cached_property
    def lawful(self) -> NDArray[np.bool_]:
        """[placement, ncy] whether a child with a plan may move in."""
        ok = np.zeros((len(self.placements), len(NCYS)), np.bool_)
        for code, p in enumerate(self.placements):
            if p.with_plan:
                ok[code, max(p.from_ncy - NCY_LOWEST, 0) : p.to_ncy - NCY_LOWEST + 1] = True
        return ok

    def check_lawful(self, label: str, ncy: int) -> None:
        """Raises ValueError if no child of that NCY may be placed there with a plan."""
        p = self.placements[self.code(label)]
        if not p.with_plan:
            raise ValueError(f"{label!r} is a placement without a plan")
        if not NCY_LOWEST <= ncy <= NCY_HIGHEST or not p.from_ncy <= ncy <= p.to_ncy:
            raise ValueError(f"a move to {label!r} at NCY {ncy} is not lawful; allowed: NCY {p.from_ncy} to {p.to_ncy}")


def need_code(label: str) -> int:
    """The code of a primary need. Raises ValueError with the closest match."""
    if label not in NEEDS:
        raise ValueError(f"{label!r} is not a primary need; {closest(label, NEEDS)}")
    return NEEDS.index(label)


def state_labels(vocabulary: Vocabulary) -> tuple[str, ...]:
    """Every label that ``from`` and ``to`` take in the flow table, by state code (see ``state_code``)."""
    before = [f"{s}" if t == "none" else f"{s}+{t}" for s in SUPPORTS[:2] for t in STAGES]
    arranged = [f"{s}:{p.label}" for s in SUPPORTS[:2] for p in vocabulary.placements]
    return (*before, *arranged, *vocabulary.labels, "elsewhere", "left")


def state_code(support: int, stage: int, placement: int, placements: int) -> int:
    """One number for a child's state in the flow table.

    A plan is its placement, whether or not under appeal; without one, an arranged placement (AP, tuition, EHE) is told
    when no request is open, else support and stage are.
    """
    if support == Support.PLAN:
        return 2 * len(STAGES) + 2 * placements + placement
    if placement != MAINSTREAM and stage == Stage.NONE:
        return 2 * len(STAGES) + support * placements + placement
    return support * len(STAGES) + stage


AWAITING = 13
ARRANGED_NONE, ARRANGED_SEN, WAITING, REVIEWED = STATUSES, STATUSES + 1, STATUSES + 2, STATUSES + 3
"""Statuses told apart for luck only: in AP, tuition or EHE without a plan; a plan whose holder awaits a place; a
review."""
LUCK_STATUSES = STATUSES + 4


def luck_status(support: int, stage: int, placement: int) -> int:
    """The status whose events a child is open to: that of (support, stage), but three placements have their own."""
    if stage == Stage.NONE:
        if support == Support.PLAN:
            return WAITING if placement == AWAITING else status(support, stage)
        if placement != MAINSTREAM:
            return ARRANGED_NONE + support
    return status(support, stage)
