"""Columns of integers that are codes: their order says little about the target."""

import numpy as np

#: A code has at least this number of levels, with at least this number of rows each on average.
FEWEST_LEVELS, ROWS_PER_LEVEL = 20, 4
#: Maximum number of rows that are tested.
MOST_ROWS = 10_000
#: The test: bins of the continuous function, folds, and rows that shrink the mean of a level.
N_BINS, N_FOLDS, SHRINKAGE = 16, 5, 10
#: The least gain, as a part of the variance of the targets and in standard errors.
LEAST_GAIN, LEAST_ERRORS = 0.01, 4.0


def find_codes(
    X: np.ndarray, targets: np.ndarray, sample_weight: np.ndarray, is_number: np.ndarray
) -> np.ndarray:
    """Return which columns of numbers are codes, such as those of a shop or an occupation.

    A column of integers is one if its levels explain more of the targets than a continuous
    function of its values: on held-out rows, by at least 1 % of the variance of the targets, and
    by at least four standard errors.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_inputs)
        Numbers and codes of categories; NaN where a value is missing.
    targets : ndarray of shape (n_rows, n_outputs)
        Encoded targets.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights.
    is_number : ndarray of bool, shape (n_inputs,)
        Which columns are numbers; others are not tested.

    Returns
    -------
    ndarray of bool, shape (n_inputs,)
        Which columns are codes.

    Examples
    --------
    >>> shop, effects = np.arange(1000) % 50, np.random.default_rng(0).normal(size=50)
    >>> X = shop[:, None].astype(float)
    >>> find_codes(X, effects[shop, None], np.ones(1000), np.array([True]))
    array([ True])
    >>> find_codes(X, X**2, np.ones(1000), np.array([True]))
    array([False])
    """
    rows = np.random.RandomState(0).permutation(len(X))[:MOST_ROWS]
    targets, weights = targets[rows].astype(np.float64), sample_weight[rows]
    found = np.zeros(X.shape[1], dtype=bool)
    for j in np.flatnonzero(is_number):
        values = X[rows, j].astype(np.float64)
        known = np.flatnonzero(~np.isnan(values))
        with np.errstate(over="ignore", invalid="ignore"):
            found[j] = _is_code(values[known], targets[known], weights[known])
    return found


def _is_code(values, targets, weights):
    if (values != np.rint(values)).any():
        return False
    levels, codes = np.unique(values, return_inverse=True)
    if not FEWEST_LEVELS <= len(levels) <= len(values) / ROWS_PER_LEVEL:
        return False
    center = np.average(targets, axis=0, weights=weights)
    variance = np.average(((targets - center) ** 2).sum(axis=1), weights=weights)
    gains = _gains(values, codes, targets, weights)
    gain = np.average(gains, weights=weights)
    shares = weights / weights.sum()
    error = np.sqrt(shares**2 @ (gains - gain) ** 2)
    return bool(gain > max(LEAST_GAIN * variance, LEAST_ERRORS * error))


def _gains(values, codes, targets, weights):
    """Return how much levels lower the squared error of each row beyond a continuous function.

    The function is fitted to all rows, the means of levels without the fold of the row.
    """
    edges = np.unique(np.quantile(values, np.linspace(0, 1, N_BINS + 1)))
    steps = np.clip((values[:, None] - edges[:-1]) / np.diff(edges), 0, 1)
    design = np.column_stack([np.ones(len(values)), steps])
    weighted = weights[:, None] * design
    gram = weighted.T @ design + 1e-6 * weights.sum() * np.eye(design.shape[1])
    residuals = targets - design @ np.linalg.solve(gram, weighted.T @ targets)
    folds = np.arange(len(values)) % N_FOLDS
    shape = (int(codes.max()) + 1, N_FOLDS)
    place = np.ravel_multi_index((codes, folds), shape)

    def in_other_folds(terms):
        sums = np.bincount(place, terms, np.prod(shape)).reshape(shape)
        return sums.sum(axis=1, keepdims=True) - sums

    mass = in_other_folds(weights) + SHRINKAGE
    means = [in_other_folds(weights * column) / mass for column in residuals.T]
    after = residuals - np.stack(means, axis=-1)[codes, folds]
    return (residuals**2 - after**2).sum(axis=1)
