"""Quantiles under weights."""

import numpy as np


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
