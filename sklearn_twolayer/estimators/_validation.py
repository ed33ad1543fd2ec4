"""Checks of what the user gives, with messages that say what to do."""

import functools
from numbers import Integral, Real

import numpy as np
from sklearn.utils import check_array


def check_number(name: str, value, *, low, high=np.inf, integer=False, open_low=False):
    """Raise where a parameter is not a number of the given kind and range.

    Parameters
    ----------
    name : str
        The parameter, for the message.
    value : object
        What was given.
    low, high : float
        The range, `high` included.
    integer : bool
        Whether it has to be whole.
    open_low : bool
        Whether `low` itself is refused.

    Raises
    ------
    TypeError, ValueError
        If it is no such number.
    """
    kind = Integral if integer else Real
    if not isinstance(value, kind) or isinstance(value, bool):
        noun = "an integer" if integer else "a number"
        raise TypeError(f"{name} must be {noun}, got {value!r}.")
    if not low <= value <= high or (open_low and value == low):
        bound = f"greater than {low}" if open_low else f"at least {low}"
        bound += f" and at most {high}" if high < np.inf else ""
        raise ValueError(f"{name} must be {bound}, got {value!r}.")


def check_weights(sample_weight, X) -> np.ndarray:
    """Return the weights of the rows as a float64 array of shape (n_rows,).

    Parameters
    ----------
    sample_weight : array-like, number or None
        What was given; None and a number stand for equal weights.
    X : array of shape (n_rows, n_features)
        The rows.

    Returns
    -------
    ndarray of shape (n_rows,)
        Weights, some of them zero perhaps.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, if all are zero, or the shape is wrong.
    """
    n_rows = X.shape[0]
    if sample_weight is None or isinstance(sample_weight, Real):
        sample_weight = np.full(n_rows, 1.0 if sample_weight is None else float(sample_weight))
    sample_weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if sample_weight.ndim != 1:
        raise ValueError(f"Sample weights must be 1D, got an array of shape {sample_weight.shape}.")
    if len(sample_weight) != n_rows:
        raise ValueError(
            f"sample_weight.shape == {sample_weight.shape}, expected {(n_rows,)}: one weight "
            "for each row of X."
        )
    if sample_weight.min() < 0:
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not sample_weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    return sample_weight


def unchanged_on_error(method):
    """Decorate a fit so that an estimator is as it was when the fit fails."""

    @functools.wraps(method)
    def wrapped(self, *args, **kwargs):
        before = dict(vars(self))
        try:
            return method(self, *args, **kwargs)
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return wrapped
