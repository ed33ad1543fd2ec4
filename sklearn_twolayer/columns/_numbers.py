"""Columns of numbers."""

from typing import Any

import narwhals as nw
import numpy as np

from ._dates import is_date
from ._values import all_missing, pairs

#: Types whose values are exact in single precision.
EXACT = (nw.Boolean, nw.Int8, nw.Int16, nw.UInt8, nw.UInt16)
#: Types that may have more digits than a float.
INTEGERS = (nw.Int64, nw.UInt64)


def numbers_of(values: Any, name: Any) -> np.ndarray:
    """Return numbers in the precision of the column, single or double; NaN for missing values.

    ValueError is raised if some are not numbers, or infinite.
    """
    try:
        numbers = _floats(values)
    except OverflowError as error:  # an integer of hundreds of digits
        raise ValueError(
            f"Column {name!r} of X contains a value too large for float64: drop these rows, or "
            "replace the values by NaN."
        ) from error
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"Column {name!r} contains values that are not numbers ({error}). It was numeric in "
            "fit, or categorical_features does not include it."
        ) from error
    if np.isinf(numbers).any():
        raise ValueError(
            f"Column {name!r} of X contains infinity or a value too large for {numbers.dtype}: "
            "drop these rows, or replace the values by NaN."
        )
    return numbers


def float_type(values: Any, exact: type = np.float32) -> type:
    """Return the floating type for the numbers of a column, given that for small integers."""
    if isinstance(values, np.ndarray):
        return np.float32 if values.dtype == np.float32 else np.float64
    if values.dtype in EXACT:
        return exact
    return np.float32 if values.dtype == nw.Float32 else np.float64


def _floats(values):
    is_array = isinstance(values, np.ndarray)
    if is_array and values.dtype != object:
        return values.astype(float_type(values), copy=False)
    if is_array or values.dtype in (nw.Object, nw.Unknown, nw.Decimal):
        return np.array([np.nan if missing else float(value) for value, missing in pairs(values)])
    if values.dtype in (nw.String, nw.Categorical, nw.Enum) or is_date(values):
        if all_missing(values):  # None alone has the type of text
            return np.full(len(values), np.nan, dtype=np.float32)
        raise ValueError("dates" if is_date(values) else "text")
    kind = float_type(values)
    if values.dtype in INTEGERS:  # a cast of Arrow refuses those of more than 53 bits
        missing = values.is_null().to_numpy()
        return np.where(missing, kind(np.nan), values.fill_null(0).to_numpy().astype(kind))
    numbers = values.cast(nw.Float32 if kind is np.float32 else nw.Float64)
    return np.asarray(numbers.to_numpy(), dtype=kind)
