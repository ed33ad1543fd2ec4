"""Matrix products of dense or sparse rows."""

from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from scipy import sparse
from scipy.linalg import get_blas_funcs

from ._interpolated import Interpolated, Tabulated

#: Of fewer numbers than this, one array of products is faster than a call per contiguous piece.
FEW = 2**15

#: Rows: a dense array, or sparse rows in CSR.
Matrix: TypeAlias = np.ndarray | sparse.csr_array


def dense(X: Any) -> np.ndarray:
    """Return rows as a dense array."""
    return X.toarray() if sparse.issparse(X) else X


def product(X, C: np.ndarray | Tabulated) -> np.ndarray:
    """Return X C, dense, for dense or CSR rows, or rows by bin and fraction.

    C is one matrix or a stack of them, shape (..., n, k); tabulated only for `Interpolated` rows.
    """
    if isinstance(X, Interpolated):
        return X.product(C)
    assert not isinstance(C, Tabulated)  # which is for interpolated rows alone
    if not sparse.issparse(X):
        return np.matmul(X, C)
    if C.ndim == 2:
        return X @ C
    return np.stack([X @ part for part in C])


def transposed_product(X, delta: np.ndarray, out: np.ndarray) -> None:
    """Write Xᵀ δ into `out`, for dense or CSR rows, or rows by bin and fraction.

    `delta` is one matrix or a stack of them, shape (..., n_rows, k).
    """
    if isinstance(X, Interpolated):
        X.transposed_product(delta, out)
    elif not sparse.issparse(X):
        np.matmul(X.T, delta, out=out)
    elif delta.ndim == 2:
        out[...] = X.T @ delta
    else:
        for part, result in zip(delta, out, strict=True):
            result[...] = X.T @ part


def summed_by(owners: np.ndarray, values: np.ndarray, n_owners: int) -> np.ndarray:
    """Return sums of columns, shape (n_rows, n_owners), from the owner of each column.

    Examples
    --------
    >>> summed_by(np.array([1, 0, 1]), np.array([[1.0, 2.0, 4.0]]), 2)
    array([[2., 5.]])
    """
    ones, columns = np.ones(len(owners), dtype=values.dtype), np.arange(len(owners))
    return values @ sparse.csr_array((ones, (columns, owners)), shape=(len(owners), n_owners))


@lru_cache
def _axpy(dtype):
    return get_blas_funcs("axpy", dtype=dtype)


def add_multiple(total: np.ndarray, part: np.ndarray, factor: float) -> None:
    """Add a multiple of an array to another in place, without an array of products.

    Examples
    --------
    >>> total = np.ones((2, 2))
    >>> add_multiple(total[:, 1:], np.array([[1.0], [2.0]]), 10.0)
    >>> total
    array([[ 1., 11.],
           [ 1., 21.]])
    """
    if not total.size:
        return
    known = total.dtype == part.dtype and total.dtype in (np.float32, np.float64)
    if known and total.flags.carray and part.flags.c_contiguous:
        # BLAS works in place if an array is contiguous.
        _axpy(total.dtype)(part.reshape(-1), total.reshape(-1), a=factor)
    elif total.ndim == 1 or total.size < FEW:
        total += factor * part
    else:
        for inner_total, inner_part in zip(total, part, strict=True):
            add_multiple(inner_total, inner_part, factor)


def augmented(X, dtype) -> np.ndarray:
    """Return dense or sparse rows with a trailing column of ones: x_a, page TWO.36.

    Examples
    --------
    >>> augmented(np.array([[5.0]]), np.float64)
    array([[5., 1.]])
    """
    if sparse.issparse(X):
        ones = np.ones((X.shape[0], 1), dtype=dtype)
        with np.errstate(over="ignore"):  # as below
            X = X.astype(dtype)
        return sparse.csr_array(sparse.hstack([X, ones]))
    result = np.empty((X.shape[0], X.shape[1] + 1), dtype=dtype)
    with np.errstate(over="ignore"):  # values that overflow have no finite cost
        result[:, :-1] = X
    result[:, -1] = 1
    return result


def without_ones(X) -> np.ndarray:
    """Return the rows of `augmented` without the column of ones, dense; a view, if X is.

    For a block of rows, never for a whole sparse input.
    """
    return dense(X[:, :-1])


def middles(values: np.ndarray) -> np.ndarray:
    """Return the numbers halfway between neighbours of ascending ones.

    Examples
    --------
    >>> middles(np.array([1.0, 2.0, 5.0]))
    array([1.5, 3.5])
    """
    return values[:-1] + np.diff(values) / 2


def in_range(values: np.ndarray, n_terms: float = 1.0) -> np.ndarray:
    """Return the nearest floats of which so many terms add up to a number; NaN stays."""
    largest = values.dtype.type(np.finfo(values.dtype).max / (4 * n_terms))
    return np.clip(values, -largest, largest)
