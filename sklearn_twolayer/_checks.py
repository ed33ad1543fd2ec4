"""Checks of hyperparameters, for every room."""

from numbers import Integral, Real
from typing import Any


def check_number(name: str, value: Any, interval: str, *, integer: bool = False) -> None:
    """Raise where a parameter is not a number of the given kind and range.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    value : object
        What was given.
    interval : str
        The range, such as ``"[0, 1)"``: a round bracket leaves out the end.
    integer : bool
        Whether it has to be whole.

    Raises
    ------
    TypeError, ValueError
        If it is no such number.

    Examples
    --------
    >>> check_number("momentum", 1.0, "[0, 1)")
    Traceback (most recent call last):
        ...
    ValueError: momentum must be a number in [0, 1), got 1.0.
    """
    noun = "an integer" if integer else "a number"
    message = f"{name} must be {noun} in {interval}, got {value!r}."
    if not isinstance(value, Integral if integer else Real) or isinstance(value, bool):
        raise TypeError(message)
    low, high = map(float, interval[1:-1].split(","))
    above = value >= low if interval[0] == "[" else value > low
    below = value <= high if interval[-1] == "]" else value < high
    if not (above and below):
        raise ValueError(message)


def check_choice(name: str, value: Any, choices: tuple) -> None:
    """Raise where a parameter is none of its choices.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    value : object
        What was given.
    choices : tuple
        What it may be.

    Raises
    ------
    ValueError
        If it is something else.

    Examples
    --------
    >>> check_choice("schedule", "cosine", ("cosine", "constant"))
    """
    if not any(value is choice or value == choice for choice in choices):
        known = ", ".join(map(repr, choices))
        raise ValueError(f"{name} must be one of {known}, got {value!r}.")


def check_n_jobs(n_jobs: Any) -> None:
    """Raise where a number of threads is neither None nor an integer other than zero.

    Parameters
    ----------
    n_jobs : object
        What was given.

    Raises
    ------
    TypeError, ValueError
        If it is something else.

    Examples
    --------
    >>> check_n_jobs(-1)
    """
    if n_jobs is None:
        return
    check_number("n_jobs", n_jobs, "(-inf, inf)", integer=True)
    if n_jobs == 0:
        raise ValueError("n_jobs must not be 0: give a number of threads, or -1 for all.")
