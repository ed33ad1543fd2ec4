"""Target statistics of the levels of a category."""

from copy import copy
from typing import NamedTuple

import numpy as np

from .._moments import dense_moments
from ._levels import Levels, NumberLevels, PairLevels

#: Maximum number of outputs with statistics: those that vary most.
MAX_OUTPUTS = 32
#: Number of rows from which a level is frequent: its rows share one statistic, in which the target
#: of a row counts for 2 % at most.
FREQUENT = 60
#: Bounds of the number of rows for which the overall mean counts.
FEWEST, MOST = 0.5, 1e6
#: Fraction of the rows that are outermost: enough for a mean.
OUTER = 0.05


class TrainingRows(NamedTuple):
    """The rows from which statistics of their targets are learned."""

    X: np.ndarray  # (n_rows, n_inputs)
    targets: np.ndarray  # encoded, (n_rows, n_outputs)
    weights: np.ndarray  # positive, of any scale, (n_rows,)
    folds: np.ndarray  # (n_rows,)

    def with_effective_weights(self) -> "TrainingRows":
        """Return the rows with weights whose sum is their effective number (Kish, 1965)."""
        weights = self.weights * (self.weights.sum() / (self.weights @ self.weights))
        return self._replace(weights=weights)


class TargetStatistics:
    """The mean target of each level, shrunk towards the overall mean for levels with few rows.

    The amount of shrinkage is an empirical Bayes estimate: the overall mean counts for a number of
    rows that is the variance within levels divided by the variance between them (Micci-Barreca,
    2001). Training rows of a rare level receive the mean of the other folds, so that no statistic
    contains the row's own target. Such means differ by fold, opposite to the targets of the fold,
    which a network could exploit if it knows the level. So rows of a frequent level share one
    statistic, on which a row's own target has little effect, and other levels with an indicator
    have none. All are in units of the spread of the targets: if levels differ only by noise, the
    inputs stay small.

    Numbers beyond the range of those in training, such as later years, have the mean target of the
    outermost rows.

    Parameters
    ----------
    levels : Levels or NumberLevels
        The levels. Those with an indicator of their own, if not frequent, have no statistic.
    rows : TrainingRows
        The rows, with their targets.
    """

    def __init__(self, levels: Levels | NumberLevels | PairLevels, rows: TrainingRows):
        rows = rows.with_effective_weights()
        X, targets, weights, folds = rows
        codes, n_levels, has_indicator = levels.codes(X), levels.n_codes, levels.has_own
        center, spread = dense_moments(targets, weights / weights.sum())
        self.outputs = np.sort(np.argsort(-spread, kind="stable")[:MAX_OUTPUTS])
        unit = np.where(spread > 0, spread, 1.0)[self.outputs]
        expected, without, of_rows = self._expected(levels, codes, rows)
        targets = (targets[:, self.outputs] - center[self.outputs]) / unit
        n_folds = int(folds.max()) + 1
        place, size = codes * n_folds + folds, n_levels * n_folds

        def sums(values):
            return np.bincount(place, values, size).reshape(n_levels, n_folds)

        masses = sums(weights)
        totals = np.stack([sums(weights * column) for column in targets.T], axis=-1)
        targets -= of_rows
        prior = prior_rows(codes, n_levels, targets, weights)
        mass, total = masses.sum(axis=1), totals.sum(axis=1)
        others = (mass[:, None] - masses).clip(0)
        self.of_level = (total + prior * expected) / (mass[:, None] + prior)
        totals = total[:, None] - totals + prior * without
        self.without_fold = totals / (others[..., None] + prior)
        is_frequent = np.bincount(codes, minlength=n_levels) >= FREQUENT
        self.of_level[has_indicator & ~is_frequent] = 0
        shared = is_frequent | has_indicator
        self.without_fold[shared] = self.of_level[shared, None]
        if levels.is_ordered:
            mass, total = mass[:-3], total[:-3]  # of numbers
            self.of_level[-3] = _mean_of_first(mass, total, prior)
            self.of_level[-2] = _mean_of_first(mass[::-1], total[::-1], prior)

    def _expected(self, levels, codes, rows):
        """Return what is expected of levels, of levels without each fold, and of rows."""
        return 0.0, 0.0, 0.0  # the overall mean

    def for_new_rows(self) -> "TargetStatistics":
        """Return the statistics without those of training rows, of which there is one per fold."""
        other = copy(self)
        vars(other).pop("without_fold", None)  # already removed if training continues
        return other

    def __call__(self, codes: np.ndarray, folds: np.ndarray | None) -> np.ndarray:
        """Return the statistics of rows, shape (n_rows, n_outputs); only training rows have folds.

        An unknown level, of code -1, has the overall mean.
        """
        known = np.maximum(codes, 0)
        found = self.of_level[known] if folds is None else self.without_fold[known, folds]
        return np.where(codes[:, None] < 0, 0.0, found)


class PairStatistics(TargetStatistics):
    """The mean target of each pair of values, shrunk towards the sum of those of both values.

    Pairs that are not in the training rows have that sum. All are relative to the overall mean.
    """

    def _expected(self, levels, codes, rows):
        self.of_each = [TargetStatistics(each, rows) for each in levels.of_each]
        self.levels = levels
        pairs = list(zip(self.of_each, levels.split(levels.keys), strict=True))
        expected = sum(each.of_level[values] for each, values in pairs)
        without = sum(each.without_fold[values] for each, values in pairs)
        return expected, without, without[codes, rows.folds]

    def for_new_rows(self):
        other = super().for_new_rows()
        other.of_each = [each.for_new_rows() for each in self.of_each]
        return other

    def __call__(self, codes, folds):
        found = super().__call__(codes, folds)
        is_new = codes < 0
        if is_new.any():
            folds = None if folds is None else folds[is_new]
            of_each = zip(self.of_each, self.levels.split(-1 - codes[is_new]), strict=True)
            found[is_new] = sum(each(values, folds) for each, values in of_each)
        return found


def _mean_of_first(mass, total, prior):
    """Return the mean of the first levels, up to a part of all rows, shrunk."""
    first = slice(np.searchsorted(np.cumsum(mass) / mass.sum(), OUTER) + 1)
    return total[first].sum(axis=0) / (mass[first].sum() + prior)


def prior_rows(
    codes: np.ndarray, n_levels: int, targets: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """Return the number of rows for which the overall mean counts, for each output.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        The level of each row, below `n_levels`.
    n_levels : int
        Number of levels.
    targets : ndarray of shape (n_rows, n_outputs)
        Centred targets.
    weights : ndarray of shape (n_rows,)
        Positive weights, whose sum is the effective number of rows.

    Returns
    -------
    ndarray of shape (n_outputs,)
        The variance within levels divided by the variance between them, within bounds.

    Examples
    --------
    >>> codes, targets = np.array([0, 0, 1, 1]), np.array([[-1.0], [-3.0], [2.0], [2.0]])
    >>> prior_rows(codes, 2, targets, np.ones(4))
    array([0.5])
    """
    mass = np.bincount(codes, weights, n_levels)
    seen, n_rows = mass > 0, weights.sum()
    means = np.stack([np.bincount(codes, weights * d, n_levels) for d in targets.T], axis=-1)
    means[seen] /= mass[seen, None]
    residuals = weights @ (targets - means[codes]) ** 2
    within = residuals / max(n_rows - seen.sum(), 1.0)
    degrees = max(int(seen.sum()) - 1, 1)
    typical = (n_rows - (mass**2).sum() / n_rows) / degrees
    between = (mass @ means**2 / degrees - within) / max(typical, 1e-12)
    rows = np.full(targets.shape[1], MOST)
    return np.divide(within, between, out=rows, where=between > within / MOST).clip(FEWEST, MOST)
