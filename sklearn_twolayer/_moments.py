"""Weighted moments and quantiles of columns, dense or sparse."""

import numpy as np
from scipy import sparse


def weighted_quantiles(
    X: np.ndarray, probabilities: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return quantiles of each column, shape (n_probabilities, n_columns), in the dtype of X.

    The definition is that of ``method="averaged_inverted_cdf"`` in `numpy.quantile`. Weights are
    positive; an integer weight counts as repeated rows.

    Examples
    --------
    >>> X = np.array([[1.0], [2.0], [5.0]])
    >>> weighted_quantiles(X, [0.5], np.array([1.0, 1.0, 1.0]))
    array([[2.]])
    >>> weighted_quantiles(X, [0.5], np.array([1.0, 1.0, 2.0]))
    array([[3.5]])
    """
    result = np.empty((len(probabilities), X.shape[1]), dtype=X.dtype)
    last = len(X) - 1
    is_equal = (weights == weights[0]).all()
    mass = np.cumsum(weights, dtype=np.float64)  # of equal weights, in any order
    for j in range(X.shape[1]):
        if is_equal:
            column = np.sort(X[:, j])  # several times as fast as argsort
        else:
            order = np.argsort(X[:, j], kind="stable")
            column = X[order, j]
            mass = np.cumsum(weights[order], dtype=np.float64)
        position = np.asarray(probabilities) * mass[-1]
        slack = len(X) * np.finfo(np.float64).eps * mass[-1]  # rounding errors of the sums
        low = np.minimum(np.searchsorted(mass, position - slack, side="left"), last)
        high = np.minimum(np.searchsorted(mass, position + slack, side="right"), last)
        middle = 0.5 * column[low] + 0.5 * column[high]
        # Half of the smallest number is zero.
        result[:, j] = np.where(column[low] == column[high], column[low], middle)
    return result


def canonical(X) -> sparse.csr_array:
    """Return rows as a CSR array without duplicate entries."""
    X = sparse.csr_array(X)
    if not X.has_canonical_format:
        X = X.copy()
        X.sum_duplicates()
    return X


def small_indices(X):
    """Return rows with 32-bit indices if they are sparse and small, as KMeans requires."""
    if not sparse.issparse(X):
        return X
    largest = max(X.nnz, *X.shape)
    if X.indices.dtype == np.int32 == X.indptr.dtype or largest > np.iinfo(np.int32).max:
        return X
    indices, indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return sparse.csr_array((X.data, indices, indptr), shape=X.shape)


def column_ranges(X) -> tuple[np.ndarray, np.ndarray]:
    """Return the smallest and the largest value of each column, dense or sparse."""
    low, high = X.min(axis=0), X.max(axis=0)
    if sparse.issparse(X):
        low, high = low.toarray().ravel(), high.toarray().ravel()
    return low, high


def dense_moments(X: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return mean and standard deviation of each column; the weights sum to one."""
    means, spreads = np.zeros((2, X.shape[1]))
    for j in range(X.shape[1]):  # one column at a time, to avoid a second copy of the input
        column = X[:, j].astype(np.float64)
        low, high = column.min(), column.max()
        # A power of two does not round, and keeps squares in range.
        exponent = np.frexp(max(-low, high))[1]
        column = np.ldexp(column, -exponent)
        mean = weights @ column
        column -= mean
        correction = weights @ column  # for the rounding of the mean
        column -= correction
        means[j] = np.ldexp(mean + correction, exponent).clip(low, high)
        spreads[j] = np.ldexp(np.sqrt(weights @ column**2), exponent)
    return means, spreads


def sparse_moments(X, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the same for the columns of a CSR array."""
    low, high = (bound.astype(np.float64) for bound in column_ranges(X))
    exponents = np.frexp(np.maximum(-low, high))[1]
    data = np.ldexp(X.data.astype(np.float64), -exponents[X.indices])
    stored = np.repeat(weights, np.diff(X.indptr))

    def sums(values):
        # Without values, they would be integers.
        return np.bincount(X.indices, values, minlength=len(low)).astype(np.float64, copy=False)

    is_full = np.bincount(X.indices, minlength=len(low)) == X.shape[0]
    zeros = np.where(is_full, 0, np.maximum(1 - sums(stored), 0))  # their weight
    mean = sums(stored * data)
    mean += sums(stored * (data - mean[X.indices])) - zeros * mean
    variance = sums(stored * (data - mean[X.indices]) ** 2) + zeros * mean**2
    return np.ldexp(mean, exponents).clip(low, high), np.ldexp(np.sqrt(variance), exponents)


def shares_of_nonzeros(X, weights: np.ndarray) -> np.ndarray:
    """Return the weight of the values of each column that are not zero, dense or sparse.

    Examples
    --------
    >>> shares_of_nonzeros(np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([0.25, 0.75]))
    array([0.75, 1.  ])
    """
    if not sparse.issparse(X):
        return np.array([weights @ (column != 0) for column in X.T])
    masses = np.repeat(weights, np.diff(X.indptr)) * (X.data != 0)
    return np.bincount(X.indices, masses, minlength=X.shape[1])


def column_quantiles(X, probabilities, sample_weight) -> np.ndarray:
    """Return weighted quantiles of dense or sparse columns, of which one at a time becomes dense.

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
