"""Columns that are codes, alone or in pairs: a value tells more than its place in an order."""

from itertools import combinations
from typing import NamedTuple

import numpy as np

from ._sample import Codes, Sample
from .input_maps import MixedMap, PiecewiseLinearMap, prior_rows
from .output_layer import ridge
from .rows import Rows

#: A code has at least this number of values, with at least this number of rows each on average.
FEWEST_VALUES, ROWS_PER_VALUE = 20, 1.5
#: Maximum number of rows that are tested, and of columns: if there are more, none is.
MOST_ROWS, MOST_COLUMNS = 20_000, 1000
#: Maximum number of outputs that are tested: those that vary most.
MOST_OUTPUTS = 8
#: Maximum number of columns whose pairs are tested, of pairs that are examined closely, and of
#: pairs that are found.
MOST_PAIRED, MOST_EXAMINED, MOST_PAIRS = 32, 10, 3
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


def find_codes(sample: Sample, is_number: np.ndarray, n_jobs: int | None = None) -> Codes:
    """Return which columns of numbers are codes, such as those of a shop or a place, and pairs.

    A column is one if the mean targets of its values explain residuals of an additive function of
    all columns, on held-out rows: at least 0.5 % of their mean square, 0.2 % of the variance of
    the targets, and two and a half standard errors (more if there are many columns). Copies of a
    row count as one row.

    Two columns, such as month and day, are a pair of codes if the mean targets of pairs of values
    explain as much of what is left by the means of single values and of pairs of intervals: a
    smooth function of two columns does not need them.

    Parameters
    ----------
    sample : Sample
        Dense rows with encoded targets.
    is_number : ndarray of bool, shape (n_inputs,)
        Which columns are tested; pairs are tested of these and of categories.
    n_jobs : int or None, default=None
        Number of threads, as in joblib.

    Returns
    -------
    Codes
        Which columns are codes, and at most three pairs.

    Examples
    --------
    >>> rng, shop, rows = np.random.default_rng(0), np.arange(1000) % 50, np.arange(1000)
    >>> X, weights = shop[:, None].astype(float), np.ones(1000)
    >>> targets = rng.normal(size=(50, 1))[shop] + rng.normal(size=(1000, 1))
    >>> find_codes(Sample(X, targets, weights, rows, targets=targets), np.array([True])).is_code
    array([ True])
    >>> find_codes(Sample(X, X**2, weights, rows, targets=X**2), np.array([True])).is_code
    array([False])
    """
    X, flags = sample.X, sample.category_flags
    found = np.zeros(X.shape[1], dtype=bool)
    if not 0 < X.shape[1] <= MOST_COLUMNS:
        return Codes(found)
    some = np.random.RandomState(0).permutation(len(X))[:MOST_ROWS]
    is_tested = is_number | flags
    tested = [j for j in np.flatnonzero(is_tested) if _recurs(np.unique(X[some, j]), len(some))]
    if not tested:
        return Codes(found)
    targets, weights = (each[some].astype(np.float64) for each in (sample.targets, sample.weights))
    X, targets, weights = _without_copies(X[some], targets, weights)
    columns = {}
    for j in tested:
        values, places = np.unique(X[:, j], return_inverse=True)
        if _recurs(values, len(X)):
            columns[j] = places
    numbers = [j for j in columns if is_number[j] and _n_values(columns[j]) >= FEWEST_VALUES]
    sizes = sorted(map(_n_values, columns.values()))[-2:]
    has_pairs = 2 <= len(columns) <= MOST_PAIRED and np.prod(sizes) >= FEWEST_VALUES
    if not numbers and not has_pairs:
        return Codes(found)
    targets = targets[:, np.argsort(-targets.var(axis=0), kind="stable")[:MOST_OUTPUTS]]
    with np.errstate(over="ignore", invalid="ignore"):
        residuals = _additive_residuals(X, targets, weights, flags, n_jobs)
        test = GainTest.of(residuals, targets, weights)
        for j in numbers:
            found[j] = test.errors(columns[j], residuals) > test.required(len(numbers))
        pairs = _best_pairs(columns, flags, targets[:, 0], residuals, test) if has_pairs else []
    return Codes(found, tuple(pairs))


def mean_and_error(values: np.ndarray, shares: np.ndarray) -> tuple[float, float]:
    """Return the weighted mean of values, and its standard error; the sum of weights is one.

    Examples
    --------
    >>> mean, error = mean_and_error(np.array([1.0, 3.0]), np.array([0.5, 0.5]))
    >>> print(mean, round(error, 3))
    2.0 0.707
    """
    mean = shares @ values
    return mean, np.sqrt(shares**2 @ (values - mean) ** 2)


class GainTest(NamedTuple):
    """A test of how much of some residuals the means of values explain on held-out rows."""

    shares: np.ndarray  # (n_rows,), the weights of rows, whose sum is one
    weights: np.ndarray  # the same, with the effective number of rows as their sum
    least: float  # gain

    @classmethod
    def of(cls, residuals: np.ndarray, targets: np.ndarray, weights: np.ndarray) -> "GainTest":
        """Return the test for residuals of some targets."""
        shares = weights / weights.sum()
        of_residuals = (shares @ residuals**2).sum()
        of_targets = (shares @ (targets - shares @ targets) ** 2).sum()
        least = max(LEAST_GAIN * of_residuals, LEAST_SHARE * of_targets)
        return cls(shares, shares / (shares @ shares), least)

    @staticmethod
    def required(n_candidates: int) -> float:
        """Return the required gain, in standard errors: the best of many gains more by chance."""
        return max(LEAST_ERRORS, np.sqrt(2 * np.log(max(n_candidates, 1))))

    def errors(self, places: np.ndarray, residuals: np.ndarray) -> float:
        """Return the gain in standard errors, if it is not too small; else zero."""
        left = residuals - self.means(places, residuals)
        gain, error = mean_and_error((residuals**2 - left**2).sum(axis=1), self.shares)
        return gain / error if gain > self.least and error else 0.0

    def means(self, places: np.ndarray, residuals: np.ndarray) -> np.ndarray:
        """Return the mean of the rows with the same value in other folds, for each row, shrunk."""
        n_values, folds = _n_values(places), np.arange(len(places)) % N_FOLDS
        cells, size = places * N_FOLDS + folds, n_values * N_FOLDS

        def in_other_folds(terms):
            sums = np.bincount(cells, terms, size).reshape(n_values, N_FOLDS)
            return (sums.sum(axis=1, keepdims=True) - sums)[places, folds, None]

        totals = [in_other_folds(self.weights * column) for column in residuals.T]
        prior = prior_rows(places, n_values, residuals, self.weights)
        return np.concatenate(totals, axis=1) / (in_other_folds(self.weights) + prior)

    def excess(self, places: np.ndarray, residuals: np.ndarray) -> float:
        """Return how much means of values vary beyond chance, in standard errors (an F test)."""
        weights, mass = self.weights, np.bincount(places, self.weights)
        total = weights @ residuals**2
        sums = np.stack([np.bincount(places, weights * column) for column in residuals.T], axis=1)
        between = (sums**2 / mass[:, None]).sum(axis=0)
        degrees = len(mass) - 1, weights.sum() - len(mass)
        within = (total - between).sum()
        if min(degrees) <= 0 or within <= 0:
            return 0.0
        ratio = between.sum() / degrees[0] / (within / degrees[1])
        return (ratio - 1) / np.sqrt(2 / degrees[0] + 2 / degrees[1])


def _best_pairs(columns, is_category, target, residuals, test):
    """Return the pairs of columns whose values explain most, each beyond those before it."""
    n_rows, excess = len(residuals), {}
    for pair in combinations(columns, 2):
        if np.prod([_n_values(columns[j]) for j in pair]) >= FEWEST_VALUES:
            joint = _joint(pair, columns)
            if FEWEST_VALUES <= _n_values(joint) <= n_rows / ROWS_PER_VALUE:
                excess[pair] = test.excess(joint, residuals)
    required, found = test.required(len(excess)), []
    likely = sorted(excess, key=excess.get, reverse=True)[:MOST_EXAMINED]
    bins = {j: _bins(columns[j], is_category[j], target) for pair in likely for j in pair}
    while likely and len(found) < MOST_PAIRS:
        errors = {}
        for pair in likely:
            left = residuals
            for places in (columns[pair[0]], columns[pair[1]], _joint(pair, bins)):
                left = left - test.means(places, left)
            errors[pair] = test.errors(_joint(pair, columns), left)
        likely = [pair for pair in likely if errors[pair] > required]
        if likely:
            found.append(max(likely, key=errors.get))
            likely.remove(found[-1])
            residuals = residuals - test.means(_joint(found[-1], columns), residuals)
    return [(int(one), int(other)) for one, other in found]


def _joint(pair, columns):
    """Return the place of each row among the pairs of places that occur."""
    one, other = (columns[j] for j in pair)
    cells, size = one * _n_values(other) + other, _n_values(one) * _n_values(other)
    if size > 4 * len(cells):
        return np.unique(cells, return_inverse=True)[1]
    occurs = np.bincount(cells, minlength=size) > 0
    return (np.cumsum(occurs) - 1)[cells]


def _n_values(places):
    return int(places.max()) + 1


def _bins(places, is_category, target):
    """Return places in a few bins of neighbours, those of categories by their mean target."""
    if _n_values(places) <= N_BINS:
        return places
    if is_category:
        means = np.bincount(places, target) / np.bincount(places)
        places = np.argsort(np.argsort(means, kind="stable"))[places]
    edges = np.quantile(places, np.arange(1, N_BINS) / N_BINS)
    return np.searchsorted(edges, places)


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
    """Return whether there are several values, with enough rows of each on average."""
    return 2 <= len(values) <= n_rows / ROWS_PER_VALUE


def _additive_residuals(X, targets, weights, is_category, n_jobs):
    """Return what an additive function of all columns leaves of each row without that row."""
    numbers = PiecewiseLinearMap(N_BINS, max_coordinates=MOST_COORDINATES)
    n_levels = min(MOST_LEVELS, MOST_INDICATORS // max(np.count_nonzero(is_category), 1))
    mixed = MixedMap(numbers, is_category, min_rows=MIN_ROWS, max_levels=n_levels)
    mixed.fit(X, None, weights)
    rows = Rows(X, mixed, np.dtype(np.float64), n_jobs).labelled(targets, weights)
    return targets - ridge(rows).left_out.outputs
