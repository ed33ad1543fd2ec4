"""Checks of hyperparameters."""

from numbers import Integral, Number, Real
from typing import Any

import numpy as np
from scipy import sparse

#: Maximum length of a value in a message.
LONGEST = 200
#: The largest integer that arrays and compiled code support.
LARGEST = 2**63 - 1


def check_number(name: str, value: Any, interval: str, *, integer: bool = False) -> None:
    """Raise TypeError or ValueError if a parameter is not a number in an interval.

    A round bracket excludes the end, as in ``"[0, 1)"`` or ``"(0, inf]"``.

    Examples
    --------
    >>> check_number("momentum", 1.0, "[0, 1)")
    Traceback (most recent call last):
        ...
    ValueError: momentum must be a number in [0, 1), got 1.0.
    """
    noun = "an integer" if integer else "a number"
    message = f"{name} must be {noun} in {interval}, got {shown(value)}."
    if not isinstance(value, Integral if integer else Real) or isinstance(value, bool):
        raise TypeError(message)
    try:
        number = int(value) if integer else float(value)  # type: ignore[call-overload]
    except OverflowError:  # a number of hundreds of digits
        number = None
    if number is None or (integer and abs(number) > LARGEST):
        raise ValueError(f"{name} is too large a number: got {shown(value)}.")
    low, high = map(float, interval[1:-1].split(","))
    above = number >= low if interval[0] == "[" else number > low
    below = number <= high if interval[-1] == "]" else number < high
    if not (above and below):
        raise ValueError(message)


def as_array(name: str, value: Any) -> np.ndarray:
    """Return a parameter, dense or sparse, as an array of float64, or raise ValueError.

    Examples
    --------
    >>> as_array("centers", [[1, 2], [3]])
    Traceback (most recent call last):
        ...
    ValueError: centers must be an array of finite real numbers, got [[1, 2], [3]].
    """
    try:
        value = value.toarray() if sparse.issparse(value) else value
        is_real = not (hasattr(value, "dtype") and np.iscomplexobj(value))
        array = np.asarray(value, dtype=np.float64) if is_real else np.empty(0)
    except (TypeError, ValueError, OverflowError):  # ragged, text, a number of hundreds of digits
        is_real, array = False, np.empty(0)
    if not (is_real and np.isfinite(array).all()):
        raise ValueError(f"{name} must be an array of finite real numbers, got {shown(value)}.")
    return array


def as_mapped(what: str, function: Any, value: Any, array: np.ndarray) -> np.ndarray:
    """Return what a user's element-wise function returned for an array, as floats of its shape.

    ValueError is raised for anything else; for example, a sum would be broadcast silently. `what`
    is the kind of function, for the message.

    Examples
    --------
    >>> as_mapped("activation", np.sum, np.sum(np.ones(3)), np.ones(3))
    Traceback (most recent call last):
        ...
    ValueError: The activation <function sum at ...> must return real numbers of the shape ...
    """
    try:
        mapped = np.asarray(value)
    except ValueError:  # ragged lists
        mapped = np.empty(0, dtype=object)
    is_real = mapped.dtype.kind in "biuf"
    if is_real and mapped.shape == array.shape:
        return mapped if mapped.dtype.kind == "f" else mapped.astype(array.dtype)
    found = f"an array of shape {mapped.shape}" if is_real else shown(value)
    raise ValueError(
        f"The {what} {shown(function)} must return real numbers of the shape of its input, "
        f"{array.shape}; it returned {found}."
    )


def shown(value: Any) -> str:
    """Return a value for a message: its repr, shortened if it is long.

    Examples
    --------
    >>> shown("tahn")
    "'tahn'"
    """
    try:
        text = repr(value)
    except ValueError:  # Python refuses to print integers with thousands of digits
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def check_choice(name: str, value: Any, choices: tuple) -> None:
    """Raise ValueError if a parameter is not one of the choices.

    Examples
    --------
    >>> check_choice("schedule", "cosine", ("cosine", "constant"))
    """
    # Comparisons of other types, such as arrays, may not give a single truth value.
    is_scalar = isinstance(value, str | Number | np.bool_)
    if not any(value is choice or (is_scalar and value == choice) for choice in choices):
        known = ", ".join(map(repr, choices))
        raise ValueError(f"{name} must be one of {known}, got {shown(value)}.")


def check_verbose(verbose: Any) -> None:
    """Raise an error if `verbose` is neither on or off nor a level."""
    if not isinstance(verbose, bool | np.bool_):
        check_number("verbose", verbose, "[0, inf)", integer=True)


def check_n_jobs(n_jobs: Any) -> None:
    """Raise TypeError or ValueError if `n_jobs` is neither None nor a non-zero integer.

    Examples
    --------
    >>> check_n_jobs(-1)
    """
    if n_jobs is None:
        return
    check_number("n_jobs", n_jobs, "(-inf, inf)", integer=True)
    if n_jobs == 0:
        raise ValueError(
            "n_jobs must not be 0: pass a number of threads, or -1 for all processors."
        )


def is_missing(value: Any) -> bool:
    """Return whether an object is None or, of any type, NaN.

    Examples
    --------
    >>> [is_missing(value) for value in (None, float("nan"), "", [None])]
    [True, True, False, False]
    """
    try:
        return value is None or bool(value != value)  # only NaN differs from itself
    except (TypeError, ArithmeticError):  # pandas' NA, a signalling NaN
        return True
    except ValueError:  # an array
        return False
