"""Checks of targets, with messages that say what to do."""

import numpy as np
from scipy import sparse

from .._checks import is_missing

#: Types of arrays that cannot be targets.
KINDS = {
    "c": "complex numbers (Complex data not supported)",
    "m": "spans of time",
    "M": "dates",
    "S": "bytes",
    "V": "records",
}
REMEDY = "Drop the row, or fill in the value."


def check_given(y) -> None:
    """Raise ValueError if targets are not an array of values, or some are missing.

    This is checked before they are converted to an array of one type.
    """
    if y is None or sparse.issparse(y):
        return
    try:
        y = np.asarray(y)
    except ValueError as error:
        raise ValueError(f"y must have the same number of values in each row: {error}") from error
    _check_kind(y, "y")
    _check_missing(y, "y")


def finite_floats(y: np.ndarray) -> np.ndarray:
    """Return numbers of any type, including objects and text, as float64; all must be finite."""
    y = np.asarray(y)
    _check_kind(y, "y")
    try:
        with np.errstate(over="ignore"):
            floats = y.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f"y must contain numbers: {error}. For labels, use a classifier."
        ) from error
    _check_finite(y, floats, "y")
    return floats


def check_labels(y: np.ndarray, name: str = "y") -> None:
    """Raise ValueError if labels are missing, not finite, or of types without an order."""
    _check_kind(y, name)
    if y.dtype.kind == "f":
        _check_finite(y, y, name)
    if y.dtype.kind != "O":
        return
    _check_missing(y, name)
    labels = y.ravel().tolist()
    if not all(isinstance(label, str) for label in labels):
        kinds = {type(label).__name__ for label in labels}
        raise ValueError(
            f"Unknown label type: {name} holds objects of type {', '.join(sorted(kinds))}. Labels "
            "must be all text, or all numbers in an array of numbers: convert them, as "
            f"{name}.astype(str) or {name}.astype(int) does."
        )


def _check_kind(y, name):
    if y.dtype.kind not in KINDS:
        return
    raise ValueError(
        f"{name} holds {KINDS[y.dtype.kind]}: convert it to numbers, or labels to text."
    )


def _check_missing(y, name):
    if y.dtype.kind != "O":
        return
    for index, value in np.ndenumerate(y):
        if is_missing(value):
            raise ValueError(f"Input {name} contains NaN: {value!r} in row {index[0]}. {REMEDY}")


def _check_finite(y, floats, name):
    bad = ~np.isfinite(floats)
    if bad.any():
        what = "NaN" if np.isnan(floats[bad][0]) else "infinity"
        row = np.argwhere(bad)[0][0]
        raise ValueError(
            f"Input {name} contains {what}: {y[bad].tolist()[0]!r} in row {row}. {REMEDY}"
        )
