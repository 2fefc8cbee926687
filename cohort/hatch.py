"""The research hatch: what cannot be said as data, as a function over whole columns that says whom to move where.

    Columns(function="my_rule.py:nearer", may_touch=("nmiss", "srp"), when=When("2025-09"), name="nearer", because=...)

    def nearer(children, month):             # month: "2025-09"
        mild = (children["placement"] == "nmiss") & (children["severity"] <= 1) & children["may_move"]
        return mild & (children.draw("who") < 0.1), "srp"

The function must be pure: the same children and month give the same moves, and its only luck is ``children.draw``. It
is asked each month after what happens has happened and before places are found. It may move only children whose annual
review is this month or who transfer this September, between the placements that it declares. Whoever it moves is logged
as a ``review_move`` and seeks that placement as anybody would. Reports say that a hatch was used.
"""

from __future__ import annotations

import hashlib
import inspect
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.changes import Change
from cohort.lawful import SECTIONS
from cohort.policy import Policy
from cohort.states import Vocabulary
from cohort.when import When

Array = NDArray[Any]
Moves = tuple[Array, "str | Sequence[str]"]
"""Which children (their positions, or true and false for each), and the placement of all or of each."""


class HatchError(ValueError):
    """A hatch cannot be used, or asked for what the law or its own declaration does not allow: one line."""


class UnlawfulMoveWarning(UserWarning):
    """A hatch moved children between their reviews, which the scenario acknowledges as unlawful."""


@dataclass(frozen=True, kw_only=True)
class Columns(Change):
    """A function, by import path (``package.module:name`` or ``file.py:name``), that moves children with plans between
    the placements ``may_touch``. It acts whole from its start."""

    function: str
    may_touch: tuple[str, ...]
    when: When
    kind: ClassVar[str] = "hatch"

    def __post_init__(self) -> None:
        module, _, name = self.function.rpartition(":")
        if not module or not name.isidentifier():
            raise ValueError(f"{self.function!r} names no function; allowed: package.module:name, or file.py:name")
        object.__setattr__(self, "may_touch", tuple(self.may_touch))
        words = Vocabulary()
        for label in self.may_touch:
            if not words.placements[words.code(label)].with_plan:
                raise ValueError(f"{label!r} is a placement without a plan; a hatch moves children with plans")
        if len(set(self.may_touch)) < 2:
            raise ValueError(
                f"may_touch names {', '.join(self.may_touch) or 'nothing'}; allowed: two or more placements"
            )
        if self.when.full:
            raise ValueError(
                f"in full in {self.when.full}; a hatch acts whole from its start, allowed: start, end, delay"
            )

    @property
    def target(self) -> str:
        return self.function


class Children(Mapping[str, Array]):
    """The children with plans at a moment, as read-only columns, one entry a child, in the order of the tape.

    ``support placement need area`` are words; ``severity`` 0 to 4; ``ncy``; ``anniversary`` the month of the year (1 to
    12) of the annual review; ``months_placed`` since the last decision on placement, -1 if that was before the run;
    ``may_move`` whether the law lets the child move this month; ``free`` whether it seeks no other placement already.
    """

    def __init__(self, columns: Mapping[str, Array], keys: NDArray[np.uint64], month: int, name: str = "") -> None:
        self._columns, self._keys, self._month, self._name = dict(columns), keys, month, name
        for column in self._columns.values():
            column.flags.writeable = False

    def __getitem__(self, name: str) -> Array:
        return self._columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    def of(self, hatch: Columns) -> Children:
        """The same children with the luck of a hatch."""
        return Children(self._columns, self._keys, self._month, f"{hatch.owner}.{hatch.label}")

    def draw(self, purpose: str) -> NDArray[np.float64]:
        """A number in [0, 1) for each child, its own for this month, purpose and hatch, whatever else happens."""
        from cohort import draws

        named = hashlib.sha256(f"{self._name}.{purpose}".encode()).digest()
        salt = draws.mix_int(draws.salt(self._month, draws.Purpose.HATCH) ^ int.from_bytes(named[:8], "big"))
        return draws.draw_many(self._keys, salt) / draws.WHOLE


def within(policy: Policy) -> tuple[Columns, ...]:
    """The hatches of a policy."""
    return tuple(c for c in policy.changes if isinstance(c, Columns))


@lru_cache(maxsize=32)
def function_of(path: str) -> Callable[[Children, str], Moves | None]:
    """The function at an import path. Raises HatchError saying what is there instead."""
    module, _, name = path.rpartition(":")
    try:
        if module.endswith(".py"):
            from cohort.rulebook import module_of

            found = getattr(module_of(Path(module)), name)
        else:
            found = getattr(import_module(module), name)
    except (ImportError, AttributeError, OSError, ValueError) as error:
        raise HatchError(f"{path}: no such function: {error}") from error
    if not callable(found):
        raise HatchError(f"{path}: a {type(found).__name__} is there; allowed: a function of children and month")
    return found


def check(policy: Policy) -> None:
    """Raises HatchError if a policy's hatches name functions that are not there."""
    for hatch in within(policy):
        function_of(hatch.function)


def answers(
    hatches: Sequence[Columns], children: Children, month: int, words: Vocabulary, acknowledged: bool
) -> dict[int, int]:
    """Child (its position) -> the code of the placement that a hatch sends it to, in order. Raises HatchError for what
    is not allowed, or two hatches that move one child; a move to where a child is, is none."""
    sent: dict[int, tuple[int, Columns]] = {}
    for hatch in hatches:
        for at, label in _asked(hatch, children.of(hatch), month):
            if label == children["placement"][at]:
                continue
            if at in sent:
                raise HatchError(f"{_who(hatch)} and {_who(sent[at][1])} both move one child; allowed: one of them")
            _judge(hatch, children, at, label, month, words, acknowledged)
            sent[at] = (words.code(label), hatch)
    return {at: sent[at][0] for at in sorted(sent)}


def _asked(hatch: Columns, children: Children, month: int) -> list[tuple[int, str]]:
    """What a hatch's function answers: positions and placements."""
    answer: object = function_of(hatch.function)(children, calendar.label(month))
    if answer is None:
        return []
    gave = f"{_who(hatch)}: {hatch.function} gave"
    if not isinstance(answer, tuple) or len(answer) != 2:
        kind = type(answer).__name__
        raise HatchError(f"{gave} a {kind}; allowed: (which children, the placement of all or of each), or None")
    rows, labels, many = np.asarray(answer[0]), answer[1], len(children["ncy"])
    if rows.dtype == np.bool_ and rows.shape == (many,):
        rows = np.flatnonzero(rows)
    elif rows.ndim != 1 or (len(rows) and (rows.dtype.kind not in "iu" or rows.min() < 0 or rows.max() >= many)):
        allowed = f"true or false for each, or positions 0 to {many - 1}"
        raise HatchError(f"{gave} {rows.dtype} {rows.shape} for {many} children; allowed: {allowed}")
    given = [labels] * len(rows) if isinstance(labels, str) else [str(label) for label in labels]
    if len(given) != len(rows) or len(set(rows.tolist())) != len(rows):
        allowed = "each child once, with one placement for all or one for each"
        raise HatchError(f"{gave} {len(rows)} children and {len(given)} placements; allowed: {allowed}")
    return list(zip(rows.tolist(), given, strict=True))


def _judge(hatch: Columns, children: Children, at: int, into: str, month: int, words: Vocabulary, ack: bool) -> None:
    """Raises HatchError if this child may not make this move; between reviews it warns where that is acknowledged."""
    ncy, frm = int(children["ncy"][at]), str(children["placement"][at])
    given = f"{_who(hatch)}: a child of NCY {ncy} was to move from {frm} to {into} in {calendar.label(month)}"
    for label in (frm, into):
        if label not in hatch.may_touch:
            raise HatchError(f"{given}; {label} is not in may_touch; allowed: {', '.join(hatch.may_touch)}")
    try:
        words.check_lawful(into, ncy)
    except ValueError as error:
        raise HatchError(f"{given}: {error}") from None
    if not children["free"][at]:
        raise HatchError(f"{given}, and seeks another placement already; allowed: children with free and may_move")
    if not children["may_move"][at]:
        if not ack:
            raise HatchError(f"{given}, between reviews; allowed: children with may_move, whose annual review is this "
                             f"month or who transfer this September: {SECTIONS['between_reviews']}")  # fmt: skip
        warnings.warn(f"acknowledged as unlawful: {_between(hatch)}", UnlawfulMoveWarning, stacklevel=2)


def _who(hatch: Columns) -> str:
    return f"{hatch.owner}: {hatch.label}"


def _between(hatch: Columns) -> str:
    return f"{_who(hatch)}: children may be moved between their reviews: {SECTIONS['between_reviews']}"


def acknowledged(policy: Policy) -> list[str]:
    """What each hatch may break in a scenario that acknowledges it, one line each."""
    return [_between(hatch) for hatch in within(policy)]


def record(policy: Policy) -> list[dict[str, Any]]:
    """What a study's manifest says of each hatch: whose it is, which function, what it may touch, why, and the digest
    of the file that holds it."""
    return [
        {
            "rule": hatch.owner, "change": hatch.label, "function": Path(hatch.function).name,
            "may_touch": list(hatch.may_touch), "because": hatch.because, "source": _digest(hatch),
        }
        for hatch in within(policy)
    ]  # fmt: skip


def _digest(hatch: Columns) -> str:
    source = Path(inspect.getsourcefile(function_of(hatch.function)) or "").read_bytes().replace(b"\r\n", b"\n")
    return f"sha256:{hashlib.sha256(source).hexdigest()}"


__all__ = ["Children", "Columns", "HatchError", "UnlawfulMoveWarning", "acknowledged", "answers", "check",
           "function_of", "record", "within"]  # fmt: skip
