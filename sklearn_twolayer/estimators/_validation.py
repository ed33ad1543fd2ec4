"""Validation of arguments, with messages that say what to do."""

import functools
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Real
from typing import Any

import numpy as np
from sklearn.utils import check_array
from sklearn.utils.metaestimators import available_if

from .._blas import single_threaded_blas
from ..solvers import as_solver

#: Weights below this fraction of the largest one are treated as zero, because single precision
#: cannot represent products with them.
FAINT = 1e-30


def is_checked(X, n_features: int) -> bool:
    """Return whether rows are an array of finite floats with a given number of columns.

    It is also False if the sum of the rows overflows.

    Examples
    --------
    >>> is_checked(np.ones((1, 2)), 2), is_checked([[1.0, 2.0]], 2)
    (True, False)
    """
    if type(X) is not np.ndarray or X.dtype not in (np.float64, np.float32):
        return False
    if X.ndim != 2 or X.shape[1] != n_features or not X.size:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(np.add.reduce(X, axis=None)))


def unmasked(X: Any) -> Any:
    """Return rows with NaN for masked values, which are data for everything else.

    Parameters
    ----------
    X : object
        The value of the argument.

    Returns
    -------
    object
        An ordinary array in the place of a masked one; anything else unchanged.

    Examples
    --------
    >>> unmasked(np.ma.array([1, 2], mask=[False, True]))
    array([ 1., nan])
    """
    if not isinstance(X, np.ma.MaskedArray):
        return X
    if not np.any(X.mask):
        return X.data
    own = {"b": np.float64, "i": np.float64, "u": np.float64, "f": X.dtype}
    return np.ma.filled(X.astype(own.get(X.dtype.kind, object)), np.nan)


def check_weights(sample_weight, X) -> np.ndarray:
    """Return the weights of the rows as float64, shape (n_rows,), times a power of two.

    None and a number mean equal weights. ValueError is raised if one is negative or not finite, if
    all are zero, or for a wrong shape.
    """
    n_rows = X.shape[0]
    if sample_weight is None or isinstance(sample_weight, Real):
        sample_weight = np.full(n_rows, 1.0 if sample_weight is None else float(sample_weight))
    sample_weight = check_array(
        sample_weight, ensure_2d=False, dtype=np.float64, input_name="sample_weight"
    )
    if sample_weight.ndim != 1:
        raise ValueError(f"Sample weights must be 1D, got shape {sample_weight.shape}.")
    if len(sample_weight) != n_rows:
        raise ValueError(
            f"sample_weight.shape == {sample_weight.shape}, expected {(n_rows,)}: one weight "
            "for each row of X."
        )
    if sample_weight.min() < 0:
        raise ValueError("Negative values in data passed to `sample_weight`.")
    if not sample_weight.any():
        raise ValueError("Sample weights must contain at least one non-zero number.")
    # A power of two does not round, and keeps the sums of extreme weights in range.
    return without_faint(np.ldexp(sample_weight, -np.frexp(sample_weight.max())[1]))


def without_faint(weights: np.ndarray) -> np.ndarray:
    """Return weights, with zeros for those below `FAINT` times the largest one."""
    return np.where(weights < FAINT * weights.max(), 0, weights)


@contextmanager
def prefixed(where: str) -> Iterator[None]:
    """Begin the message of an error with the rows that it is about."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"{where}: {error}") from error


def takes_weights(scorer) -> bool:
    """Return whether a scorer, or its metric, accepts `sample_weight`."""
    parameters = inspect.signature(getattr(scorer, "_score_func", scorer)).parameters
    kinds = {parameter.kind for parameter in parameters.values()}
    return "sample_weight" in parameters or inspect.Parameter.VAR_KEYWORD in kinds


class FitInterrupted(KeyboardInterrupt):
    """A fit that was interrupted; the estimator keeps the weights so far."""

    def __init__(self, n_iter: int):
        super().__init__(n_iter)
        self.n_iter = n_iter

    def __str__(self):
        return (
            f"the fit was interrupted after {self.n_iter} iterations; the estimator keeps the "
            "weights so far and can predict."
        )


#: Bytes of the largest array that the C library of Linux counts in `_keep_freed_memory`: 32 MB.
LARGEST_KEPT = 2**25 - 2**16


def _keep_freed_memory() -> None:
    """Let the C library keep freed memory for the next arrays of a size up to 32 MB.

    On Linux it returns freed memory to the system if it is larger than any array that was freed
    before. In the first fit of a process, each step of a training would wait for new pages, which
    can take a quarter of the time. So one large array, whose pages are never used, is freed first.
    """
    np.empty(LARGEST_KEPT, dtype=np.uint8)


def guarded_fit(method):
    """Decorate a fit: if it fails, the estimator is unchanged; `n_jobs` controls all threads.

    BLAS threads would compete with those of the fit, and keep cores busy for a while after each
    product.
    """

    @functools.wraps(method)
    def wrapped(self, *args, **kwargs):
        before = dict(vars(self))
        _keep_freed_memory()
        try:
            with single_threaded_blas():
                return method(self, *args, **kwargs)
        except FitInterrupted:
            raise
        except BaseException:
            vars(self).clear()
            vars(self).update(before)
            raise

    return wrapped


def _works_by_epochs(estimator) -> bool:
    if not as_solver(estimator.solver).incremental:
        raise AttributeError(
            "partial_fit needs a solver that trains by epochs, such as 'adam'; "
            f"solver={estimator.solver!r} does not."
        )
    if estimator.early_stopping:
        raise AttributeError("partial_fit cannot set rows aside: set early_stopping=False.")
    return True


#: Decorator of partial_fit.
partial_fit_available = available_if(_works_by_epochs)
