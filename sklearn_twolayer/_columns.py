"""Moments and quantiles of columns, dense or sparse, under weights."""

import numpy as np
from scipy import sparse


def weighted_quantiles(
    X: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Quantiles of each column, where an integer weight counts as repeated rows.

    The definition is that of ``method="averaged_inverted_cdf"`` in `numpy.quantile`.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        The data.
    probabilities : array-like of shape (n_probabilities,)
        Values in [0, 1].
    weights : ndarray of shape (n_rows,)
        Positive weights.

    Returns
    -------
    ndarray of shape (n_probabilities, n_columns)
        The quantiles, in the dtype of `X`.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [5.0]])
    >>> weighted_quantiles(X, [0.5], np.array([1.0, 1.0, 1.0]))
    array([[2.]])
    >>> weighted_quantiles(X, [0.5], np.array([1.0, 1.0, 2.0]))
    array([[3.5]])
    """
    result = np.empty((len(probabilities), X.shape[1]), dtype=X.dtype)
    for j in range(X.shape[1]):
        order = np.argsort(X[:, j], kind="stable")
        mass = np.cumsum(weights[order], dtype=np.float64)
        position = np.asarray(probabilities) * mass[-1]
        last = len(order) - 1
        slack = len(order) * np.finfo(np.float64).eps * mass[-1]  # the rounding of the sums
        low = np.minimum(np.searchsorted(mass, position - slack, side="left"), last)
        high = np.minimum(np.searchsorted(mass, position + slack, side="right"), last)
        column = X[order, j]
        result[:, j] = 0.5 * column[low] + 0.5 * column[high]
    return result


def canonical(X) -> sparse.csr_array:
    """Return rows as a CSR array in which no entry occurs twice."""
    X = sparse.csr_array(X)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def dense_moments(X: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column; the weights sum to one."""
    mean, spread = np.zeros((2, X.shape[1]))
    for j in range(X.shape[1]):  # one column at a time: no second copy of the input
        column = X[:, j].astype(np.float64)
        mean[j] = weights @ column
        column -= mean[j]
        size = np.abs(column).max() or 1.0  # its square may overflow
        spread[j] = size * np.sqrt(weights @ (column / size) ** 2)
    return mean, spread


def sparse_moments(X, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for the columns of a CSR array."""
    mean = weights @ X
    size = abs(X).max(axis=0).toarray().ravel().astype(np.float64)
    size[size == 0] = 1.0
    stored = np.repeat(weights, np.diff(X.indptr))
    error = (X.data - mean[X.indices]) / size[X.indices]

    def sums(values):
        # Of no values at all, they would be integers.
        return np.bincount(X.indices, values, minlength=len(mean)).astype(np.float64, copy=False)

    variance, zeros = sums(stored * error**2), 1 - sums(stored)
    variance += np.maximum(zeros, 0) * (mean / size) ** 2
    return mean, size * np.sqrt(variance)


def column_quantiles(X, probabilities, sample_weight) -> np.ndarray:
    """Weighted quantiles of the columns of a dense or sparse array.

    Parameters
    ----------
    X : {ndarray, CSR} of shape (n_rows, n_columns)
        The data; sparse columns are made dense one at a time.
    probabilities : ndarray of shape (n_probabilities,)
        Values in [0, 1].
    sample_weight : ndarray of shape (n_rows,)
        Positive weights.

    Returns
    -------
    ndarray of shape (n_probabilities, n_columns)
        The quantiles.

    Examples
    --------
    >>> column_quantiles(np.arange(5.0)[:, None], np.array([0.5]), np.ones(5))
    array([[2.]])
    """
    if not sparse.issparse(X):
        return weighted_quantiles(X, probabilities, sample_weight)
    X = sparse.csc_array(X)
    columns = [
        weighted_quantiles(X[:, [j]].toarray(), probabilities, sample_weight)
        for j in range(X.shape[1])
    ]
    return np.hstack(columns)
