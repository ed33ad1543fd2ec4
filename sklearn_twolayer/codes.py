"""Columns of numbers that are codes: a value tells more than its place in an order."""

import numpy as np

from .embeddings import Passthrough
from .input_maps import MixedMap, PiecewiseLinearMap, prior_rows
from .links import IdentityLink
from .losses import SquaredError
from .network import Network
from .objective import Objective
from .output_layer import FixedLayer, JudgedLayer
from .rows import Rows

#: A code has at least this number of values, with at least this number of rows each on average.
FEWEST_VALUES, ROWS_PER_VALUE = 20, 1.5
#: Maximum number of rows that are tested, and of columns: if there are more, none is.
MOST_ROWS, MOST_COLUMNS = 20_000, 1000
#: The additive function: bins per column, coordinates of all columns, rows of a frequent level,
#: and indicators per category.
N_BINS, MOST_COORDINATES, MIN_ROWS, MOST_INDICATORS = 8, 1000, 20, 60
#: Folds of the mean targets of values.
N_FOLDS = 5
#: The least gain: as a part of the mean square of residuals, of that of targets, and in standard
#: errors.
LEAST_GAIN, LEAST_SHARE, LEAST_ERRORS = 0.005, 0.002, 2.5


def find_codes(
    X: np.ndarray,
    targets: np.ndarray,
    sample_weight: np.ndarray,
    is_number: np.ndarray,
    is_category: np.ndarray,
    n_jobs: int | None = None,
) -> np.ndarray:
    """Return which columns of numbers are codes, such as those of a shop or a place.

    A column is one if the mean targets of its values explain residuals of an additive function of
    all columns, on held-out rows: at least 0.5 % of their mean square, 0.2 % of the variance of
    the targets, and two and a half standard errors.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_inputs)
        Numbers and codes of categories; NaN where a value is missing.
    targets : ndarray of shape (n_rows, n_outputs)
        Encoded targets.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights.
    is_number : ndarray of bool, shape (n_inputs,)
        Which columns are tested.
    is_category : ndarray of bool, shape (n_inputs,)
        Which columns contain codes of levels.
    n_jobs : int or None, default=None
        Number of threads, as in joblib.

    Returns
    -------
    ndarray of bool, shape (n_inputs,)
        Which columns are codes.

    Examples
    --------
    >>> shop, effects = np.arange(1000) % 50, np.random.default_rng(0).normal(size=50)
    >>> X, weights = shop[:, None].astype(float), np.ones(1000)
    >>> find_codes(X, effects[shop, None], weights, np.array([True]), np.array([False]))
    array([ True])
    >>> find_codes(X, X**2, weights, np.array([True]), np.array([False]))
    array([False])
    """
    found = np.zeros(X.shape[1], dtype=bool)
    if X.shape[1] > MOST_COLUMNS:
        return found
    some = np.random.RandomState(0).permutation(len(X))[:MOST_ROWS]
    X, targets, weights = X[some], targets[some].astype(np.float64), sample_weight[some]
    candidates = {}
    for j in np.flatnonzero(is_number):
        values, places = np.unique(X[:, j], return_inverse=True)
        if FEWEST_VALUES <= len(values) <= len(X) / ROWS_PER_VALUE:
            candidates[j] = places
    if not candidates:
        return found
    shares = weights.astype(np.float64) / weights.sum()
    with np.errstate(over="ignore", invalid="ignore"):
        residuals = _additive_residuals(X, targets, weights, is_category, n_jobs)
        squares = [(shares @ each**2).sum() for each in (residuals, targets - shares @ targets)]
        least = max(LEAST_GAIN * squares[0], LEAST_SHARE * squares[1])
        for j, places in candidates.items():
            gain, error = _gain(places, residuals, shares)
            found[j] = gain > max(least, LEAST_ERRORS * error)
    return found


def _additive_residuals(X, targets, weights, is_category, n_jobs):
    """Return what an additive function of all columns leaves of each row without that row."""
    numbers = PiecewiseLinearMap(N_BINS, max_coordinates=MOST_COORDINATES)
    mixed = MixedMap(numbers, is_category, min_rows=MIN_ROWS, max_levels=MOST_INDICATORS)
    mixed.fit(X, None, weights)
    rows = Rows(X, mixed, np.dtype(np.float64), n_jobs).labelled(targets, weights)
    network = Network(Passthrough(), rows.n_features, targets.shape[1])
    objective = Objective(network, SquaredError(), IdentityLink(), rows)
    layer = FixedLayer(objective, np.zeros(network.n_parameters))
    return targets - JudgedLayer(layer, "loo").left_out.outputs


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
