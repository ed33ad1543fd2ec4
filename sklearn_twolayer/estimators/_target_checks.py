"""Checks of targets, with messages that say what to do."""

from typing import Any

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
    if isinstance(y, np.ma.MaskedArray) and np.any(y.mask):
        row = np.argwhere(np.ma.getmaskarray(y))[0][0]
        raise ValueError(f"Input y contains NaN: a masked value in row {row}. {REMEDY}")
    try:
        y = np.asarray(y)
    except ValueError as error:
        raise ValueError(f"y must have the same number of values in each row: {error}") from error
    _check_kind(y, "y")
    _check_missing(y, "y")
    if y.dtype.kind == "f":
        _check_finite(y, y, "y")


def exact(y: Any) -> Any:
    """Return targets, as an array if scikit-learn would convert them to floats or not score them.

    Those are nullable integers and booleans, categories of booleans, and NumPy's text of any
    length. Floats would merge large integers.

    Parameters
    ----------
    y : array-like
        Targets without missing values.

    Returns
    -------
    array-like
        The same values.

    Examples
    --------
    >>> exact(np.array(["a"], dtype=np.dtypes.StringDType()))
    array(['a'], dtype=object)
    """
    if isinstance(y, np.ndarray):
        return y.astype(object) if y.dtype.kind == "T" else y
    dtypes = [y.dtype] if hasattr(y, "dtype") else list(getattr(y, "dtypes", ()))
    if [getattr(getattr(each, "categories", None), "dtype", None) for each in dtypes] == [bool]:
        return np.asarray(y)
    if not any(hasattr(each, "numpy_dtype") for each in dtypes):
        return y
    plain = [getattr(each, "numpy_dtype", each) for each in dtypes]
    are_integers = all(getattr(each, "kind", None) in ("b", "i", "u") for each in plain)
    return y.to_numpy(dtype=np.result_type(*plain)) if are_integers else y


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
    if y.dtype.kind not in ("O", "T"):
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
