"""The kind of a column, by its type or by its values."""

from typing import Any

import narwhals as nw
import numpy as np

from ._dates import as_dates, is_date
from ._values import pairs

SUPPORTED = (
    "only numbers, booleans, text, categories and dates are supported. Drop it, or convert it to "
    "several columns."
)


def kind_of(values: Any, name: Any) -> str:
    """Return "number", "category" or "date"; raise TypeError for anything else."""
    if isinstance(values, np.ndarray):
        return _kind_of_objects(values, name) if values.dtype.kind in "OUS" else "number"
    dtype = values.dtype
    if dtype.is_numeric() or dtype == nw.Boolean:
        return "number"
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        return "category"
    if is_date(values) or dtype == nw.Time:
        return "date"
    if dtype in (nw.Object, nw.Unknown):
        return "date" if is_date(as_dates(values)) else _kind_of_objects(values, name)
    raise TypeError(f"Column {name!r} is of type {dtype}: {SUPPORTED}")


def _kind_of_objects(values, name):
    is_number = True
    for value, missing in pairs(values):
        if missing or isinstance(value, bool | np.bool_):
            continue
        if isinstance(value, str):
            is_number = False
        elif not hasattr(value, "__float__"):
            if hasattr(value, "__len__") or isinstance(value, complex | np.complexfloating):
                raise TypeError(
                    f"Column {name!r} holds an object of type {type(value).__name__}: {SUPPORTED}"
                )
            is_number = False
    return "number" if is_number else "category"
