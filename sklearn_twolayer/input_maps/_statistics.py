"""Target statistics of the levels of a category."""

from copy import copy

import numpy as np

from .._moments import dense_moments
from ._piecewise import PiecewiseLinearMap

#: Maximum number of outputs with statistics: those that vary most.
MAX_OUTPUTS = 32
#: Size of the statistics, per standard deviation of the targets.
SIZE = 1.0
#: Number of rows from which a level is frequent: its rows share one statistic, in which the target
#: of a row counts for 2 % at most.
FREQUENT = 60
#: Bounds of the number of rows for which the overall mean counts.
FEWEST, MOST = 0.5, 1e6
#: Penalty on the function of levels that are numbers.
RIDGE = 1e-6


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

    Levels that are numbers are shrunk towards a piecewise-linear function of them instead, which
    is also the statistic of values that training rows do not have, such as later years.

    Parameters
    ----------
    codes : ndarray of int, shape (n_rows,)
        The level of each row, below `n_levels`.
    n_levels : int
        Number of levels.
    targets : ndarray of shape (n_rows, n_outputs)
        Encoded targets.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights, of any scale.
    folds : ndarray of int, shape (n_rows,)
        The fold of each row.
    has_indicator : ndarray of bool, shape (n_levels,)
        Which levels have an indicator of their own.
    values : ndarray of shape (n_levels,), optional
        The levels, if they are numbers; NaN for missing values.
    """

    def __init__(
        self, codes, n_levels: int, targets, sample_weight, folds, has_indicator, values=None
    ):
        # Their sum is the effective number of rows (Kish, 1965).
        sample_weight = sample_weight * (sample_weight.sum() / (sample_weight @ sample_weight))
        center, spread = dense_moments(targets, sample_weight / sample_weight.sum())
        self.outputs = np.sort(np.argsort(-spread, kind="stable")[:MAX_OUTPUTS])
        unit = np.where(spread > 0, spread, 1.0)[self.outputs] / SIZE
        targets = (targets[:, self.outputs] - center[self.outputs]) / unit
        n_folds = int(folds.max()) + 1
        place, size = codes * n_folds + folds, n_levels * n_folds

        def sums(values):
            return np.bincount(place, values, size).reshape(n_levels, n_folds)

        masses = sums(sample_weight)
        totals = np.stack([sums(sample_weight * column) for column in targets.T], axis=-1)
        mass, total = masses.sum(axis=1)[:, None], totals.sum(axis=1)
        others = (mass - masses).clip(0)[..., None]
        of_others = total[:, None] - totals
        self.center, base, of_fold = None, np.zeros_like(total), 0.0
        if values is not None:
            self.center = smooth = SmoothMean(values, mass[:, 0], total)
            base = smooth.of_levels
            of_fold = np.stack(
                [smooth.fitted(others[:, k, 0], of_others[:, k]) for k in range(n_folds)], axis=1
            )
        prior = prior_rows(codes, n_levels, targets - base[codes], sample_weight)
        self.of_level = base + (total - mass * base) / (mass + prior)
        self.without_fold = of_fold + (of_others - others * of_fold) / (others + prior)
        is_frequent = np.bincount(codes, minlength=n_levels) >= FREQUENT
        self.of_level[has_indicator & ~is_frequent] = 0
        shared = is_frequent | has_indicator
        self.without_fold[shared] = self.of_level[shared, None]

    def for_new_rows(self) -> "TargetStatistics":
        """Return the statistics without those of training rows, of which there is one per fold."""
        other = copy(self)
        vars(other).pop("without_fold", None)  # already removed if training continues
        return other

    def __call__(
        self, codes: np.ndarray, folds: np.ndarray | None, values: np.ndarray | None = None
    ) -> np.ndarray:
        """Return the statistics of rows, shape (n_rows, n_outputs).

        Parameters
        ----------
        codes : ndarray of int, shape (n_rows,)
            Levels; -1 for an unknown level, which has the overall mean, or that near its value.
        folds : ndarray of int or None
            The folds of training rows.
        values : ndarray of shape (n_rows,), optional
            The numbers, for levels that are numbers.
        """
        known = np.maximum(codes, 0)
        found = self.of_level[known] if folds is None else self.without_fold[known, folds]
        is_unknown = codes < 0
        if not is_unknown.any():
            return found
        found = np.where(is_unknown[:, None], 0.0, found)
        if self.center is not None and values is not None:
            found[is_unknown] = self.center(values[is_unknown])
        return found


class SmoothMean:
    """A piecewise-linear function of numbers, by weighted least squares.

    Parameters
    ----------
    values : ndarray of shape (n_levels,)
        Numbers; NaN for missing values, where the function is zero.
    masses : ndarray of shape (n_levels,)
        The weight of the rows of each.
    totals : ndarray of shape (n_levels, n_outputs)
        The weighted sum of their targets.
    """

    def __init__(self, values: np.ndarray, masses: np.ndarray, totals: np.ndarray):
        self.is_known = ~np.isnan(values)
        known = values[self.is_known][:, None]
        self.input_map = PiecewiseLinearMap().fit(known, sample_weight=masses[self.is_known])
        self._design = self._mapped(known)
        self.coefficients = self._solved(masses, totals)
        self.of_levels = self.fitted(masses, totals)

    def _mapped(self, column):
        mapped = self.input_map.transform(column)
        return np.column_stack([np.ones(len(column)), mapped]).astype(np.float64)

    def _solved(self, masses, totals):
        D = self._design
        gram = (masses[self.is_known, None] * D).T @ D
        ridge = RIDGE * gram.trace() * np.eye(len(gram))
        return np.linalg.solve(gram + ridge, D.T @ totals[self.is_known])

    def fitted(self, masses: np.ndarray, totals: np.ndarray) -> np.ndarray:
        """Return the function of the levels for other masses and totals, or zeros for none."""
        found = np.zeros_like(totals)
        if masses[self.is_known].any():
            found[self.is_known] = self._design @ self._solved(masses, totals)
        return found

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Return the function of other values, shape (n_values, n_outputs)."""
        return self._mapped(values[:, None]) @ self.coefficients


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
