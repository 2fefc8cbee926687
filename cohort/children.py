"""Children to look at, many at a time: a model's ``agents``, as columns. Nothing here changes a child.

    plans = model.agents.select(support="plan", ncy=range(0, 7))
    plans.agg("cost_pence", sum)
    plans.groupby("placement").count()
    model.agents.select(lambda child: (child.ncy >= 7) & (child.need == "asd")).to_pandas()

What can be asked is what a ``Child`` has; the answers are those of the month that the model has reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NoReturn, overload

import numpy as np
from numpy.typing import NDArray

from cohort.calendar import NCY_HIGHEST, NCY_LOWEST
from cohort.child import CHANGED_BY_THE_MONTH, COLUMNS, Array, Child, Rows, column
from cohort.policy import Where
from cohort.states import closest

if TYPE_CHECKING:
    import pandas as pd

    from cohort.model import SendModel


class ChildSet:
    """Children of a model, as columns: who they are is fixed, what is told of them is the model's present month."""

    def __init__(self, model: SendModel, rows: Rows) -> None:
        self.model, self.rows = model, rows
        rows.flags.writeable = False

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[Child]:
        return map(self.model.child, self.rows.tolist())

    def __contains__(self, child: object) -> bool:
        return isinstance(child, Child) and child.model is self.model and bool((self.rows == child.row).any())

    @overload
    def __getitem__(self, at: int) -> Child: ...
    @overload
    def __getitem__(self, at: slice) -> ChildSet: ...
    def __getitem__(self, at: int | slice) -> Child | ChildSet:
        """The n-th child of the set, or a part of it."""
        if isinstance(at, slice):
            return ChildSet(self.model, self.rows[at].copy())
        return self.model.child(int(self.rows[at]))

    def __getattr__(self, name: str) -> Array:
        """A whole column by name: ``children.ncy``."""
        if name not in COLUMNS:
            raise AttributeError(f"children have no {name!r}; {closest(name, COLUMNS)}")
        return self.column(name)

    def __repr__(self) -> str:
        return f"<{len(self)} children at the start of {self.model.month}>"

    def column(self, name: str) -> Array:
        """One value a child, in the order of the set. Raises ValueError with the closest match."""
        return column(name).values(self.model.world, self.rows)

    def get(self, name: str) -> list[Any]:
        """The same as a list: Mesa's name for it."""
        found: list[Any] = self.column(name).tolist()
        return found

    def select(self, which: Where | Callable[[ChildSet], Array] | None = None, /, **where: Any) -> ChildSet:
        """The children of given values (one, or any of several), of a policy's ``Where``, or for whom a function of
        whole columns is true: ``select(lambda child: (child.ncy > 6) & (child.support == "plan"))``.

        Raises ValueError for an unknown column or value, TypeError for a function that gives no column of true and
        false.
        """
        if isinstance(which, Where):
            where = {**_as_values(which), **where}
        keep = np.ones(len(self), np.bool_)
        for name, wanted in where.items():
            keep &= column(name).match(self.model.world, self.rows, wanted)
        if which is not None and not isinstance(which, Where):
            keep &= self._ask(which)
        return ChildSet(self.model, self.rows[keep])

    def _ask(self, which: Callable[[ChildSet], Array]) -> NDArray[np.bool_]:
        found = np.asarray(which(self))
        if found.dtype != np.bool_ or found.shape != self.rows.shape:
            raise TypeError(
                "the function is asked once about whole columns and gives true or false for each child; "
                'write for example lambda child: (child.ncy > 6) & (child.need == "asd")'
            )
        return found

    @overload
    def agg(self, name: str, func: Callable[[Array], Any]) -> Any: ...
    @overload
    def agg(self, name: str, func: Iterable[Callable[[Array], Any]]) -> list[Any]: ...
    def agg(self, name: str, func: Callable[[Array], Any] | Iterable[Callable[[Array], Any]]) -> Any:
        """What a function (or each of several) of a whole column gives: ``agg("cost_pence", sum)``."""
        values = self.column(name)
        return _plain(func(values)) if callable(func) else [_plain(f(values)) for f in func]

    def groupby(self, name: str) -> Groups:
        """The children by the values of a column, in the order of the vocabulary."""
        found, index = column(name).groups(self.model.world, self.rows)
        order = np.argsort(index, kind="stable")
        parts = np.split(self.rows[order], np.cumsum(np.bincount(index, minlength=len(found)))[:-1]) if found else []
        return Groups({value: ChildSet(self.model, part) for value, part in zip(found, parts, strict=True)})

    def to_pandas(self, names: Sequence[str] = ()) -> pd.DataFrame:
        """A data frame of the columns named, or of all, one row a child by its number."""
        import pandas as pd

        world = self.model.world
        columns = {name: column(name).pandas(world, self.rows) for name in names or COLUMNS if name != "number"}
        return pd.DataFrame(columns, index=pd.Index(self.rows, name="number"))

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        """Children are changed by the month only."""
        raise TypeError(CHANGED_BY_THE_MONTH)

    do = shuffle_do = add = remove = discard = set = clear = pop = _refuse


class Groups:
    """Children by the values of a column; ``groups`` holds the set of each value."""

    def __init__(self, groups: dict[Any, ChildSet]) -> None:
        self.groups = groups

    def __len__(self) -> int:
        return len(self.groups)

    def __iter__(self) -> Iterator[tuple[Any, ChildSet]]:
        return iter(self.groups.items())

    def __getitem__(self, value: Any) -> ChildSet:
        return self.groups[value]

    def count(self) -> dict[Any, int]:
        """Value -> children."""
        return {value: len(children) for value, children in self}

    def agg(self, name: str, func: Callable[[Array], Any]) -> dict[Any, Any]:
        """Value -> what a function of the column of its children gives."""
        return {value: children.agg(name, func) for value, children in self}

    def do(self, *_: object, **__: object) -> NoReturn:
        """Children are changed by the month only."""
        raise TypeError(CHANGED_BY_THE_MONTH)


def _as_values(where: Where) -> dict[str, Any]:
    """A policy's ``Where`` as values of columns; what it does not restrict is left out."""
    found: dict[str, Any] = {"area": where.areas, "need": where.needs, "placement": where.placements}
    found |= {"ncy": range(max(where.ncy[0], NCY_LOWEST), min(where.ncy[1], NCY_HIGHEST) + 1)}
    found |= {"severity": range(where.severity[0], where.severity[1] + 1)}
    restricted = where.dims()
    return {name: values for name, values in found.items() if name in restricted}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
