"""Everything that can happen to a child, in one table: the kernel, its plain twin and the expectation all read it.

A row says from which statuses an event can happen, what its monthly rate depends on, what it does, and the bound that
no scenario's rate may pass (a constant: see ``data/kent/bounds.csv`` and design section 4). Two-way events first
happen, then fall one way or the other by a second rate. A new event is a new row here, a bound and a base rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from cohort import states
from cohort.states import Stage, Support

DIMS = ("since", "ncy", "area", "need", "severity", "placement")
"""What a rate can depend on. ``since`` is months since the child's request, refusal or appeal."""


class Effect(IntFlag):
    """What an outcome does besides changing support and stage."""

    NOTHING = 0
    START_CLOCK = 1
    """months since are counted from now"""
    NAME_NEED = 2
    """a primary need is recorded, if none is yet"""
    BEGIN_PLAN = 4
    """the plan's anniversary is this month; a first placement is sought"""
    END_PLAN = 8
    CHANGE_NEED = 16
    MOVE = 32
    """a placement is sought by the choice table that the outcome names"""
    GO = 64
    """the child goes to the placement that the outcome names, which is not scarce"""
    TIMED = 128
    """the reason recorded is "on_time" or "late" by the 20-week rule"""


@dataclass(frozen=True)
class Outcome:
    """What an event does: None leaves support or stage as it was."""

    support: Support | None = None
    stage: Stage | None = None
    effect: Effect = Effect.NOTHING
    reason: str = ""
    choice: str = ""
    placement: str = ""


@dataclass(frozen=True)
class Process:
    """One row: an event, where it can come from, what its rate depends on and what it does.

    ``share`` names the rate by which a two-way event falls to ``yes``; ``reasons`` the table of reasons drawn from.
    """

    name: str
    statuses: tuple[int, ...]
    by: tuple[str, ...]
    yes: Outcome
    no: Outcome | None = None
    share: str = ""
    share_by: tuple[str, ...] = ()
    reasons: str = ""
    rate: str = ""
    meaning: str = ""

    @property
    def rate_name(self) -> str:
        """The rate that this row reads: its own name unless it shares another's."""
        return self.rate or self.name


def _both(stage: Stage) -> tuple[int, int]:
    return states.status(Support.NONE, stage), states.status(Support.SEN_SUPPORT, stage)


NONE_, SEN, PLAN = (states.status(s, Stage.NONE) for s in Support)
CONTESTED = states.status(Support.PLAN, Stage.APPEALING)
ARRANGED = (states.ARRANGED_NONE, states.ARRANGED_SEN)
_ASK = Outcome(stage=Stage.REQUESTED, effect=Effect.START_CLOCK | Effect.NAME_NEED)
_PLAN = Outcome(Support.PLAN, Stage.NONE, Effect.BEGIN_PLAN | Effect.TIMED | Effect.MOVE, choice="first_place")
_NO_PLAN = Outcome(stage=Stage.REFUSED, effect=Effect.START_CLOCK, reason="no_plan")
_REFUSED = Outcome(stage=Stage.REFUSED, effect=Effect.START_CLOCK, reason="refuse")
_BACK = Outcome(stage=Stage.NONE)
_ENDED = Outcome(Support.NONE, Stage.NONE, Effect.END_PLAN)
_ENDED_SUPPORTED = Outcome(Support.SEN_SUPPORT, Stage.NONE, Effect.END_PLAN)

PROCESSES: tuple[Process, ...] = (
    Process(
        "identify",
        (NONE_,),
        ("ncy", "area"),
        Outcome(Support.SEN_SUPPORT, effect=Effect.NAME_NEED),
        meaning="a school begins SEN Support",
    ),
    Process("step_down", (SEN,), ("ncy",), Outcome(Support.NONE), meaning="SEN Support is no longer needed"),
    Process(
        "request",
        (NONE_, states.ARRANGED_NONE),
        ("ncy", "area"),
        _ASK,
        meaning="an EHC needs assessment is requested for a child without SEN Support",
    ),
    Process(
        "request_supported",
        (SEN, states.ARRANGED_SEN),
        ("ncy", "area"),
        _ASK,
        meaning="an EHC needs assessment is requested for a child on SEN Support",
    ),
    Process(
        "to_ap",
        (NONE_, SEN),
        ("ncy",),
        Outcome(effect=Effect.GO, placement="alternative_provision"),
        meaning="a child without a plan enters alternative provision",
    ),
    Process(
        "to_tuition",
        (NONE_, SEN),
        ("ncy",),
        Outcome(effect=Effect.GO, placement="tuition"),
        meaning="a child without a plan enters section 19 tuition",
    ),
    Process(
        "return_to_school",
        ARRANGED,
        ("ncy",),
        Outcome(effect=Effect.GO, placement="mainstream"),
        meaning="a child without a plan leaves alternative provision or tuition",
    ),
    Process(
        "decide",
        _both(Stage.REQUESTED),
        ("since",),
        Outcome(stage=Stage.ASSESSING, reason="assess"),
        _REFUSED,
        "assess",
        ("ncy", "area", "need"),
        meaning="the council decides whether to assess (6 weeks)",
    ),
    Process("withdraw", _both(Stage.REQUESTED), (), _BACK, meaning="a request is withdrawn"),
    Process(
        "conclude",
        _both(Stage.ASSESSING),
        ("since",),
        _PLAN,
        _NO_PLAN,
        "issue",
        ("ncy", "area", "need"),
        meaning="an assessment ends in a plan or in none (20 weeks)",
    ),
    Process("withdraw_assessment", _both(Stage.ASSESSING), (), _BACK, meaning="an assessment is withdrawn"),
    Process(
        "appeal",
        _both(Stage.REFUSED),
        ("since",),
        Outcome(stage=Stage.APPEALING, effect=Effect.START_CLOCK),
        meaning="a refusal goes to mediation or tribunal",
    ),
    Process("rerequest", _both(Stage.REFUSED), ("since",), _ASK, meaning="a refused family asks again"),
    Process("settle", _both(Stage.REFUSED), ("since",), _BACK, meaning="a refusal is accepted"),
    Process(
        "resolve",
        _both(Stage.APPEALING),
        ("since",),
        Outcome(stage=Stage.ASSESSING, effect=Effect.START_CLOCK, reason="upheld"),
        Outcome(stage=Stage.NONE, reason="not_upheld"),
        "uphold",
        (),
        meaning="an appeal against a refusal is decided or conceded",
    ),
    Process(
        "cease",
        (PLAN, states.WAITING),
        ("ncy",),
        _ENDED_SUPPORTED,
        _ENDED,
        "stay_supported",
        ("ncy",),
        reasons="cease",
        meaning="a plan ceases (leaving Kent, death and the age limit are on the tape instead)",
    ),
    Process(
        "breakdown",
        (PLAN,),
        ("ncy", "placement"),
        Outcome(effect=Effect.MOVE, choice="move"),
        meaning="a placement breaks down",
    ),
    Process(
        "need_change",
        (PLAN, states.WAITING),
        (),
        Outcome(effect=Effect.CHANGE_NEED),
        meaning="another primary need is recorded",
    ),
    Process(
        "contest",
        (PLAN, states.WAITING),
        ("ncy",),
        Outcome(stage=Stage.APPEALING, effect=Effect.START_CLOCK),
        meaning="the content or placement of a plan is appealed",
    ),
    Process(
        "resolve_contest",
        (CONTESTED,),
        (),
        Outcome(stage=Stage.NONE, effect=Effect.MOVE, reason="upheld", choice="tribunal"),
        Outcome(stage=Stage.NONE, reason="not_upheld"),
        "uphold_contest",
        (),
        meaning="an appeal over a plan is decided or conceded",
    ),
    Process(
        "offer",
        (states.WAITING,),
        ("ncy",),
        Outcome(effect=Effect.MOVE, choice="offer"),
        meaning="a child who waits is offered a place",
    ),
    Process(
        "review_cease",
        (states.REVIEWED,),
        ("ncy",),
        _ENDED_SUPPORTED,
        _ENDED,
        "stay_supported",
        ("ncy",),
        reasons="review_cease",
        meaning="the annual review ends a plan: outcomes met",
    ),
    Process(
        "review_move",
        (states.REVIEWED,),
        ("ncy", "placement"),
        Outcome(effect=Effect.MOVE, choice="move"),
        meaning="the annual review moves the placement",
    ),
    Process("review_amend", (states.REVIEWED,), ("ncy",), Outcome(), meaning="the annual review amends the plan"),
)

OTHER_EVENTS = ("review_maintain", "transfer", "arrive", "leave", "admitted", "closure")
"""Events with no rate of their own in the table: an uneventful review, September's transfers, the tape's, a place taken
from a waiting list, and the closing of a child's provider. New ones go at the end."""

TRANSFER_NCYS = (0, 3, 7, 12, 13, 14, 15, 16, 17, 18, 19, 20)
"""The school years entered in a September with a choice of placement: phase transfers, then each post-16 year."""

CHOICES: dict[str, tuple[str, ...]] = {
    "first_place": ("ncy", "need"),
    "transfer": ("ncy", "placement"),
    "move": ("ncy", "placement"),
    "tribunal": ("ncy", "placement"),
    "offer": ("ncy",),
    "arrive_place": ("ncy",),
}
"""Choices of placement: drawn with weights of data and parameter draw before any policy; what each depends on."""

REASONS = (
    "",
    "assess",
    "refuse",
    "on_time",
    "late",
    "no_plan",
    "upheld",
    "not_upheld",
    "needs_met",
    "he",
    "employ",
    "no_engage",
    "max_age",
    "other",
    "moved",
    "died",
    "aged_out",
    "plan",
    "sen_support",
    "none",
)
"""Every reason that a row of the flow table can give."""


def event_names(processes: tuple[Process, ...] = PROCESSES) -> tuple[str, ...]:
    """The names of all events by number: the table's rows, then the others."""
    return (*(p.name for p in processes), *OTHER_EVENTS)
