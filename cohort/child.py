"""One child to look at, as words: every attribute is a ``Column``, read from a world for one child or for many.

A new thing to know about children is a new line of ``Child``. Nothing here changes a child.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from cohort import calendar
from cohort.admission import NOBODY
from cohort.states import AREAS, MAINSTREAM, NEEDS, NONE_YET, SEXES, STAGES, SUPPORTS, Presence, Support, closest

if TYPE_CHECKING:
    from cohort.model import SendModel
    from cohort.world import World

T = TypeVar("T")
Array = NDArray[Any]
Rows = NDArray[np.intp]
Labels = Callable[["World"], tuple[str, ...]]

CHANGED_BY_THE_MONTH = (
    "children are changed by the month only: call the model's step(), and write a rule (a policy, see rules/) for "
    "what should go otherwise"
)
SCHOOL_YEARS = (0, 13)
"""NCY at which a child without a plan and in no arranged placement is said to be in mainstream; at others in none."""


class Column(Generic[T]):
    """One thing to know about a child: whole numbers by row. Read from a ``Child`` it gives that child's value."""

    def __init__(self, codes: Callable[[World, Rows], Array], meaning: str) -> None:
        self.codes, self.__doc__ = codes, meaning

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, child: None, owner: type) -> Column[T]: ...
    @overload
    def __get__(self, child: Child, owner: type) -> T: ...
    def __get__(self, child: Child | None, owner: type) -> Column[T] | T:
        if child is None:
            return self
        value: T = self.values(child.model.world, np.array([child.row]))[0]
        return value.item() if isinstance(value, np.generic) else value

    def __set__(self, child: Child, value: object) -> NoReturn:
        raise AttributeError(CHANGED_BY_THE_MONTH)

    def words(self, world: World, codes: Array) -> Array:
        """What the codes say: numbers as they are."""
        return codes

    def check(self, world: World, value: Any) -> None:
        """Raises ValueError if no child can have this value."""
        if not isinstance(value, int | np.integer):
            raise ValueError(f"{self.name}={value!r}: {self.name} is a whole number")

    def values(self, world: World, rows: Rows) -> Array:
        """The value of each row, in words."""
        return self.words(world, self.codes(world, rows))

    def pandas(self, world: World, rows: Rows) -> Any:
        """What a data frame keeps: numbers as they are, words as categories."""
        return self.values(world, rows)

    def groups(self, world: World, rows: Rows) -> tuple[list[T], Rows]:
        """The values that occur, in order, and which of them each row has."""
        found, index = np.unique(self.codes(world, rows), return_inverse=True)
        return self.words(world, found).tolist(), index

    def match(self, world: World, rows: Rows, wanted: Any) -> NDArray[np.bool_]:
        """Whether each row has the value wanted, or one of several."""
        if isinstance(wanted, tuple) and not isinstance(self, Label):
            raise ValueError(f"{self.name}={wanted}: write a range for all between, or a list for these values only")
        several = isinstance(wanted, Iterable) and not isinstance(wanted, str)
        values = list(wanted) if several else [wanted]
        for value in values:
            self.check(world, value)
        found, index = self.groups(world, rows)
        return np.array([value in values for value in found], np.bool_)[index]


class Label(Column[str]):
    """A column of words of the vocabulary."""

    def __init__(self, codes: Callable[[World, Rows], Array], labels: Labels, meaning: str) -> None:
        super().__init__(codes, meaning)
        self.labels = labels

    def words(self, world: World, codes: Array) -> Array:
        return np.array(self.labels(world), object)[codes]

    def check(self, world: World, value: Any) -> None:
        if value not in self.labels(world):
            raise ValueError(f"{value!r} is not a child's {self.name}; {closest(str(value), self.labels(world))}")

    def pandas(self, world: World, rows: Rows) -> Any:
        import pandas as pd

        labels = pd.Index(list(self.labels(world)))
        return pd.Categorical.from_codes(self.codes(world, rows).astype(np.int16), labels)


class Month(Column[T]):
    """A column of months as labels such as "2014-05"; None where there is none."""

    def words(self, world: World, codes: Array) -> Array:
        found, index = np.unique(codes, return_inverse=True)
        labels = np.empty(len(found), object)
        labels[:] = [calendar.label(int(m)) if m > 0 else None for m in found]
        return labels[index]

    def check(self, world: World, value: Any) -> None:
        if value is not None:
            calendar.month(str(value))

    def pandas(self, world: World, rows: Rows) -> Any:
        import pandas as pd

        return pd.Categorical(self.values(world, rows), ordered=True)


def _tape(name: str) -> Callable[[World, Rows], Array]:
    """A trait that never changes."""
    return lambda world, rows: getattr(world.setting.tape, name)[rows]


def _state(name: str, otherwise: int = 0, dtype: type = np.int64) -> Callable[[World, Rows], Array]:
    """A column of the world; children without additional needs, who have none, get ``otherwise``."""

    def codes(world: World, rows: Rows) -> Array:
        out: Array = np.full(len(rows), otherwise, dtype)
        has = rows < world.setting.tape.with_needs
        out[has] = getattr(world.columns, name)[rows[has]]
        return out

    return codes


def _has_needs(world: World, rows: Rows) -> Array:
    return rows < world.setting.tape.with_needs


def _presence(world: World, rows: Rows) -> Array:
    """Of everybody by the tape, which the columns follow."""
    tape = world.setting.tape
    here = np.where(tape.arrival[rows] < world.month, Presence.HERE, Presence.NOT_YET)
    return np.where(tape.leaving[rows] < world.month, tape.leaving_as[rows], here)


def _ncy(world: World, rows: Rows) -> Array:
    """As in the stock of the month: September's own is not yet turned."""
    return calendar.academic_year(world.month - 1) - 5 - world.setting.tape.cohort[rows].astype(np.int64)


def _placement(world: World, rows: Rows) -> Array:
    """As the stock table prints it."""
    placement, ncy = _state("placement")(world, rows), _ncy(world, rows)
    nowhere = (placement == MAINSTREAM) & (_state("support")(world, rows) != Support.PLAN)
    nowhere &= (ncy < SCHOOL_YEARS[0]) | (ncy > SCHOOL_YEARS[1])
    return np.where(nowhere, len(world.setting.book.vocabulary.labels), placement)


def _since(world: World, rows: Rows) -> Array:
    return np.where(_state("stage")(world, rows) > 0, _state("clock")(world, rows), 0)


def _anniversary(world: World, rows: Rows) -> Array:
    return np.where(_state("support")(world, rows) == Support.PLAN, _state("anniversary")(world, rows) + 1, 0)


def _words(labels: Sequence[str]) -> Labels:
    return lambda world: tuple(labels)


def _number_or_none(name: str, how_many: Callable[[World], int]) -> Callable[[World, Rows], Array]:
    """A column of the world of which ``NOBODY`` means none: one past the last."""
    return lambda world, rows: np.minimum(_state(name, NOBODY)(world, rows), how_many(world))


_provider = _number_or_none("provider", lambda w: len(w.setting.places.providers))
_list = _number_or_none("waiting_for", lambda w: len(w.setting.book.vocabulary.labels))


def _names(world: World) -> tuple[str, ...]:
    return (*world.setting.places.names, "none")


def _placements(world: World) -> tuple[str, ...]:
    return (*world.setting.book.vocabulary.labels, "none")


_PRESENCES = tuple(p.name.lower() for p in Presence)


class Child:
    """One child, as the model's present month has it. Read only, and the same object for as long as it is held.

    ``unique_id``, ``model`` and the names below serve Mesa's data collectors as an agent's would.
    """

    __slots__ = ("__weakref__", "model", "row")
    model: SendModel
    row: int

    number = Column[int](lambda world, rows: rows, "the child's number: its row, the same in every world of a setting")
    identity = Column[int](_tape("identity"), "64 bits: arrival, birth month, district and ordinal")
    born = Month[str](_tape("birth"), "month of birth")
    sex = Label(_tape("sex"), _words(SEXES), "female or male")
    district = Label(_tape("district"), lambda world: world.setting.tape.districts, "district of Kent")
    area = Label(_tape("area"), _words(AREAS), "area of Kent: North, East, South or West")
    severity = Column[int](_tape("severity"), "fixed band, 0 the mildest to 4")
    additional_needs = Column[bool](_has_needs, "whether anything can happen to the child")
    presence = Label(_presence, _words(_PRESENCES), "whether the child lives in Kent, or how it left")
    ncy = Column[int](_ncy, "national curriculum year: age at 31 August less 4")
    support = Label(_state("support"), _words(SUPPORTS), "none, sen_support or plan")
    stage = Label(_state("stage"), _words(STAGES), "where a request, refusal or appeal stands")
    since = Month["str | None"](_since, "month in which the present stage began")
    need = Label(_state("need", NONE_YET), _words(NEEDS), "primary need recorded")
    placement = Label(_placement, _placements, "where the child learns")
    provider = Label(
        _provider,
        lambda w: (*w.setting.places.names, "none"),
        "who provides its scarce place; none in other placements",
    )
    waiting_for = Label(
        _list,
        lambda w: (*w.setting.book.vocabulary.labels, "none"),
        "the placement on whose waiting list it is, or none",
    )
    waiting_since = Month["str | None"](_state("waiting_since"), "month since which it waits")
    placed = Month["str | None"](_state("placed"), "month of the last decision on placement in the run")
    anniversary = Column[int](_anniversary, "month of the year (1 to 12) in which the plan is reviewed; 0 without one")
    cost_pence = Column[int](_state("cost"), "pence spent on the child since the start")

    def __init__(self, model: SendModel, row: int) -> None:
        object.__setattr__(self, "model", model)
        object.__setattr__(self, "row", row)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(CHANGED_BY_THE_MONTH)

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(CHANGED_BY_THE_MONTH)

    def __reduce__(self) -> tuple[Callable[[SendModel, int], Child], tuple[SendModel, int]]:
        return _of_model, (self.model, self.row)

    @property
    def unique_id(self) -> int:
        """The number again: Mesa's name for it."""
        return self.row

    def as_dict(self) -> dict[str, object]:
        """Everything there is to know, by name."""
        return {name: getattr(self, name) for name in COLUMNS}

    def __repr__(self) -> str:
        what = f"{self.support} in {self.placement}" if self.placement != "none" else self.support
        return f"<child {self.row}: born {self.born}, {self.district}, NCY {self.ncy}, {what}>"


COLUMNS: Mapping[str, Column[Any]] = {name: c for name, c in vars(Child).items() if isinstance(c, Column)}


def _of_model(model: SendModel, row: int) -> Child:
    return model.child(row)


def column(name: str) -> Column[Any]:
    """The column of that name. Raises ValueError with the closest match."""
    if name not in COLUMNS:
        raise ValueError(f"{name!r} is not a column of children; {closest(name, COLUMNS)}")
    return COLUMNS[name]
