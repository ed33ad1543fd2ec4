"""Columns of numbers that are codes: a value tells more than its place in an order."""

import numpy as np

from ._sample import Sample
from .input_maps import MixedMap, PiecewiseLinearMap, prior_rows
from .output_layer import ridge
from .rows import Rows

#: A code has at least this number of values, with at least this number of rows each on average.
FEWEST_VALUES, ROWS_PER_VALUE = 20, 1.5
#: Maximum number of rows that are tested, and of columns: if there are more, none is.
MOST_ROWS, MOST_COLUMNS = 20_000, 1000
#: Rows with the same inputs are copies if at most this fraction of them have other targets.
MOST_DIFFERENT = 0.1
#: Constants of the hash of rows (Fibonacci hashing; Knuth, 1973).
MULTIPLIER, SHIFT = np.uint64(0x9E3779B97F4A7C15), np.uint64(29)
#: The additive function: bins per column, coordinates of all numbers, rows of a frequent level,
#: indicators per category, and of all.
N_BINS, MOST_COORDINATES, MIN_ROWS, MOST_LEVELS, MOST_INDICATORS = 8, 500, 20, 60, 500
#: Folds of the mean targets of values.
N_FOLDS = 5
#: The least gain: as a part of the mean square of residuals, of that of targets, and in standard
#: errors; of many candidates some gain more by chance.
LEAST_GAIN, LEAST_SHARE, LEAST_ERRORS = 0.005, 0.002, 2.5


def find_codes(sample: Sample, is_number: np.ndarray, n_jobs: int | None = None) -> np.ndarray:
    """Return which columns of numbers are codes, such as those of a shop or a place.

    A column is one if the mean targets of its values explain residuals of an additive function of
    all columns, on held-out rows: at least 0.5 % of their mean square, 0.2 % of the variance of
    the targets, and two and a half standard errors (more if there are many columns). Copies of a
    row count as one row.

    Parameters
    ----------
    sample : Sample
        Dense rows with encoded targets.
    is_number : ndarray of bool, shape (n_inputs,)
        Which columns are tested.
    n_jobs : int or None, default=None
        Number of threads, as in joblib.

    Returns
    -------
    ndarray of bool, shape (n_inputs,)
        Which columns are codes.

    Examples
    --------
    >>> rng, shop, rows = np.random.default_rng(0), np.arange(1000) % 50, np.arange(1000)
    >>> X, weights = shop[:, None].astype(float), np.ones(1000)
    >>> targets = rng.normal(size=(50, 1))[shop] + rng.normal(size=(1000, 1))
    >>> find_codes(Sample(X, targets, weights, rows, targets=targets), np.array([True]))
    array([ True])
    >>> find_codes(Sample(X, X**2, weights, rows, targets=X**2), np.array([True]))
    array([False])
    """
    X, found = sample.X, np.zeros(sample.X.shape[1], dtype=bool)
    if not 0 < X.shape[1] <= MOST_COLUMNS:
        return found
    some = np.random.RandomState(0).permutation(len(X))[:MOST_ROWS]
    numbers = [j for j in np.flatnonzero(is_number) if _recurs(np.unique(X[some, j]), len(some))]
    if not numbers:
        return found
    targets, weights = (each[some].astype(np.float64) for each in (sample.targets, sample.weights))
    X, targets, weights = _without_copies(X[some], targets, weights)
    candidates = {}
    for j in numbers:
        values, places = np.unique(X[:, j], return_inverse=True)
        if _recurs(values, len(X)):
            candidates[j] = places
    if not candidates:
        return found
    least_errors = max(LEAST_ERRORS, np.sqrt(2 * np.log(len(candidates))))
    shares = weights / weights.sum()
    with np.errstate(over="ignore", invalid="ignore"):
        residuals = _additive_residuals(X, targets, weights, sample.category_flags, n_jobs)
        of_residuals = (shares @ residuals**2).sum()
        of_targets = (shares @ (targets - shares @ targets) ** 2).sum()
        least = max(LEAST_GAIN * of_residuals, LEAST_SHARE * of_targets)
        for j, places in candidates.items():
            gain, error = _gain(places, residuals, shares)
            found[j] = gain > max(least, least_errors * error)
    return found


def _without_copies(X, targets, weights):
    """Return rows in random order; copies count as one row, with the sum of their weights.

    The mean target of a value would contain that of a copy. Rows are copies if few rows with the
    same inputs have other targets; else they are repeated observations.
    """
    first, places = _first_and_places(X)
    differs = (targets != targets[first][places]).any(axis=1)
    if np.count_nonzero(differs) > MOST_DIFFERENT * (len(X) - len(first)):
        return X, targets, weights
    first, places = _first_and_places(X, targets)
    order = np.random.RandomState(0).permutation(len(first))
    return X[first[order]], targets[first[order]], np.bincount(places, weights)[order]


def _first_and_places(*tables):
    """Return the first of each set of equal rows, and the set of each row, by a hash of rows."""
    keys = np.zeros(len(tables[0]), dtype=np.uint64)
    for table in tables:
        for column in table.T:
            keys ^= (column.astype(np.float64) + 0.0).view(np.uint64)  # minus zero is zero
            keys *= MULTIPLIER
            keys ^= keys >> SHIFT
    return np.unique(keys, return_index=True, return_inverse=True)[1:]


def _recurs(values, n_rows):
    """Return whether there are enough distinct values, and enough rows of each on average."""
    return FEWEST_VALUES <= len(values) <= n_rows / ROWS_PER_VALUE


def _additive_residuals(X, targets, weights, is_category, n_jobs):
    """Return what an additive function of all columns leaves of each row without that row."""
    numbers = PiecewiseLinearMap(N_BINS, max_coordinates=MOST_COORDINATES)
    n_levels = min(MOST_LEVELS, MOST_INDICATORS // max(np.count_nonzero(is_category), 1))
    mixed = MixedMap(numbers, is_category, min_rows=MIN_ROWS, max_levels=n_levels)
    mixed.fit(X, None, weights)
    rows = Rows(X, mixed, np.dtype(np.float64), n_jobs).labelled(targets, weights)
    return targets - ridge(rows).left_out.outputs


def _gain(places, residuals, shares):
    """Return how much means of values lower the mean square, and the standard error of that.

    The means of a row are those of the rows with the same value in other folds.
    """
    n_values, folds = int(places.max()) + 1, np.arange(len(places)) % N_FOLDS
    cells, size = places * N_FOLDS + folds, n_values * N_FOLDS

    def in_other_folds(terms):
        sums = np.bincount(cells, terms, size).reshape(n_values, N_FOLDS)
        return (sums.sum(axis=1, keepdims=True) - sums)[places, folds, None]

    weights = shares / (shares @ shares)  # their sum is the effective number of rows
    totals = [in_other_folds(weights * column) for column in residuals.T]
    prior = prior_rows(places, n_values, residuals, weights)
    means = np.concatenate(totals, axis=1) / (in_other_folds(weights) + prior)
    gains = (residuals**2 - (residuals - means) ** 2).sum(axis=1)
    gain = shares @ gains
    return gain, np.sqrt(shares**2 @ (gains - gain) ** 2)
