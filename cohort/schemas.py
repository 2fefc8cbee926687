"""The columns of every table of a study, with the unit and meaning of each, and how numpy's arrays become them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

LABEL = pa.dictionary(pa.int16(), pa.string())


def _column(name: str, kind: pa.DataType, unit: str, meaning: str, nullable: bool = False) -> pa.Field:
    return pa.field(name, kind, nullable, {"unit": unit, "meaning": meaning})


_RUN = (
    _column("draw", pa.int16(), "number", "parameter draw; 0 is the point estimate"),
    _column("replicate", pa.int16(), "number", "replicate of the luck"),
)
_MONTH = _column("month", LABEL, "month", "the month at whose start the stock holds")
_MONTH_OF = _column("month", LABEL, "month", "the month in which it happened")
_NCY = _column("ncy", pa.int8(), "school year", "national curriculum year: age at 31 August less 4; Year R is 0")
_AREA = _column("area", LABEL, "area", "the council's area of Kent")
_NEED = _column("need", LABEL, "SEN2 primary need", "none_yet: nobody has named one")
_SUPPORT = _column("support", LABEL, "support", "none, sen_support or plan")
_PLACEMENT = _column("placement", LABEL, "placement", "where the child learns")
_CHILDREN = _column("children", pa.int32(), "children", "how many")

SCHEMAS: dict[str, pa.Schema] = {
    "headline": pa.schema(
        [
            *_RUN,
            _column("series", LABEL, "series", "see cohort.headline.SERIES"),
            _column("period", LABEL, "month or year", "month 2025-01, calendar year 2025 or financial year 2025-26"),
            _column("value", pa.float64(), "see the series", "children, percent or pence"),
        ]
    ),
    "stock": pa.schema([*_RUN, _MONTH, _NCY, _SUPPORT, _PLACEMENT, _CHILDREN]),
    "census": pa.schema([*_RUN, _MONTH, _NCY, _AREA, _NEED, _SUPPORT, _PLACEMENT, _CHILDREN]),
    "flow": pa.schema(
        [
            *_RUN,
            _MONTH_OF,
            _NCY,
            _AREA,
            _column("event", LABEL, "event", "what happened"),
            _column("reason", LABEL, "reason", "how it fell out; blank where there is one way only"),
            _column("request_month", LABEL, "month", "from which a request or assessment counts; else null", True),
            _column("from", LABEL, "state", "the child's state before"),
            _column("to", LABEL, "state", "the child's state after"),
            _column(
                "for_want_of",
                LABEL,
                "kind of place and how it was sought",
                "of entries to a placement by a child who then waits for a scarce place: state_special:choice if "
                "that was its choice, state_special:besides if it had sought it besides; srp likewise; else blank",
            ),
            _CHILDREN,
        ]
    ),
    "spend": pa.schema(
        [
            *_RUN,
            _MONTH_OF,
            _column("placement", LABEL, "placement", "of the children paid for; services: what follows no child"),
            _column("age_group", LABEL, "age group", "age at 31 August"),
            _AREA,
            _column("line", LABEL, "ledger line", "the council's line, a full stop and the sub-line"),
            _column("child_months", pa.int64(), "child-months", "paid for; 0 for services"),
            _column("pence", pa.int64(), "pence", "cash, prices of the month's financial year"),
        ]
    ),
    "pairs": pa.schema(
        [
            *_RUN,
            _column("base", LABEL, "scenario", "the world compared with: the study's first scenario"),
            _column("policy", LABEL, "scenario", "the world of this scenario"),
            _MONTH,
            _column("from", LABEL, "state", "where the child is in the base world"),
            _column("to", LABEL, "state", "where the same child is in the policy's world"),
            _CHILDREN,
        ]
    ),
    "ledger": pa.schema(
        [
            *_RUN,
            _column("view", LABEL, "view", "council: its own account; dfe: the same by DfE's DSG management plan"),
            _column("financial_year", LABEL, "financial year", "April to March, such as 2025-26; whole years only"),
            _column("block", LABEL, "block", "sum one block only: lines are sums of spend, position of the others"),
            _column("line", LABEL, "ledger line", "the formula's name in cohort.ledger, or the sub-line of spend"),
            _column("pence", pa.int64(), "pence", "cash; a cost or a deficit is positive, income negative"),
        ]
    ),
    "places": pa.schema(
        [
            *_RUN,
            _MONTH,
            _column("provider", LABEL, "provider", "blank in rows that count who waits"),
            _column("kind", LABEL, "placement", "the kind of place had or waited for"),
            _column("area", LABEL, "area", "of the provider, or of the child who waits; outside: not in Kent"),
            _column("phase", LABEL, "phase", "primary (to Year 6), secondary (from Year 7) or all"),
            _column("need", LABEL, "SEN2 primary need", "of the children who wait; any in rows of providers"),
            _column("places", pa.int32(), "places", "for Kent's children, in the month before"),
            _column("filled", pa.int32(), "children", "of Kent there"),
            _column("over_roll", pa.int32(), "children", "of these, above the number of places"),
            _column("waiting", pa.int32(), "children", "on the waiting list, wherever they are"),
            _column("unmet", pa.int32(), "children", "of these, whose choice it is; the others sought it besides"),
        ]
    ),
}
"""The columns of each table, in order, with what each means and its unit."""

_CHILD = _column("child", pa.uint64(), "identity", "the same child in every scenario and run")
OPTIONAL: dict[str, pa.Schema] = {
    "children": pa.schema(
        [
            *_RUN,
            _MONTH,
            _CHILD,
            _NCY,
            _AREA,
            _column("sex", LABEL, "sex", "female or male"),
            _column("severity", pa.int8(), "band", "0 (mildest) to 4; relative, see decision 2"),
            _NEED,
            _SUPPORT,
            _column("stage", LABEL, "stage", "of a request: none, requested, assessing, refused or appealing"),
            _PLACEMENT,
            _column("placed", LABEL, "month", "of the last decision on placement; null before any", True),
            _column("pence", pa.int64(), "pence", "spent on the child since the first month"),
        ]
    ),
    "events": pa.schema(
        [
            *_RUN,
            _MONTH_OF,
            _CHILD,
            _column("event", LABEL, "event", "what happened"),
            _column("reason", LABEL, "reason", "how it fell out; blank where there is one way only"),
            _column("from", LABEL, "state", "the child's state before"),
            _column("to", LABEL, "state", "the child's state after"),
        ]
    ),
}
"""Tables of every child with needs, which a study keeps only if asked to."""


def table(name: str, draw: int, replicate: int, **columns: Any) -> pa.Table:
    """A table of a run: each column is numbers or (codes, labels), where the code -1 is a null."""
    schema = (SCHEMAS | OPTIONAL)[name]
    last = columns[schema.names[-1]]
    rows = len(last[0] if isinstance(last, tuple) else last)
    columns |= {"draw": np.full(rows, draw, np.int16), "replicate": np.full(rows, replicate, np.int16)}
    return pa.Table.from_arrays([_array(columns[field.name], field.type) for field in schema], schema=schema)


def _array(given: Any, kind: pa.DataType) -> pa.Array:
    """A pyarrow array over numpy's memory. Not by ``pa.array``: it imports pandas, which takes longer than a run."""
    if isinstance(given, tuple):
        codes, labels = given
        return pa.DictionaryArray.from_arrays(_numbers(codes, kind.index_type, codes >= 0), _strings(labels))
    return _numbers(given, kind)


def _numbers(given: NDArray[Any], kind: pa.DataType, there: NDArray[np.bool_] | None = None) -> pa.Array:
    valid = None if there is None or there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
    values = np.ascontiguousarray(given, np.dtype(str(kind)))
    return pa.Array.from_buffers(kind, len(given), [valid, pa.py_buffer(values)])


def _strings(labels: Sequence[str]) -> pa.Array:
    edges = np.cumsum([0, *(len(label.encode()) for label in labels)], dtype=np.int32)
    text = pa.py_buffer("".join(labels).encode())
    return pa.Array.from_buffers(pa.string(), len(labels), [None, pa.py_buffer(edges), text])
