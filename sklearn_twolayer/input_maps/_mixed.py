"""Numbers, categories and missing values, side by side."""

from copy import copy
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.utils.metaestimators import available_if

from .._given import fit_weighted
from .._linalg import dense
from .._moments import weighted_quantiles
from .._sample import Codes
from ._base import InputMap
from ._levels import Levels, NumberLevels, PairLevels
from ._rows import map_rows, pull_rows, sources_of
from ._scaled import ScaledMap
from ._statistics import PairStatistics, TargetStatistics, TrainingRows


def _has_inverse(mixed) -> bool:
    return not np.any(mixed.is_category) and hasattr(mixed.numbers, "inverse_transform")


class MixedMap(InputMap):
    """A map of the numbers, and indicators of levels and of missing values.

    Missing numbers are replaced by the median, with an indicator if there are any in the training
    rows. A category has an indicator for each frequent level, one for all other levels and one for
    missing values. Categories with many levels also have target statistics, if targets and folds
    are passed to `fit`, and so have columns of numbers that are codes, and pairs of columns.

    Parameters
    ----------
    numbers : transformer or None
        The map of the columns of numbers.
    is_category : array-like of bool, shape (n_inputs,)
        Which columns contain codes of levels: integers from zero, -1 for an unknown level.
    min_rows : int, default=5
        Number of rows from which a level is frequent.
    max_levels : int, default=200
        Maximum number of indicators of levels per category; half of it if these include levels
        with less than three times `min_rows`.
    many_levels : int, default=20
        Number of levels from which there are target statistics.
    indicator_size : float, default=1.0
        The value of an active indicator.
    codes : Codes, optional
        Which columns of numbers are codes, and which pairs of columns.

    Attributes
    ----------
    numbers_ : fitted transformer or None
        The map of the numbers.
    fill_ : ndarray of shape (n_numbers,)
        Their medians.

    Examples
    --------
    >>> X = np.array([[1.0, 0.0], [np.nan, 1.0], [3.0, np.nan]])
    >>> MixedMap(None, [False, True], min_rows=1).fit(X).transform(X)
    array([[1., 0., 1., 0., 0.],
           [2., 1., 0., 1., 0.],
           [3., 0., 0., 0., 1.]])
    """

    def __init__(
        self,
        numbers: Any,
        is_category: Any,
        *,
        min_rows: int = 5,
        max_levels: int = 200,
        many_levels: int = 20,
        indicator_size: float = 1.0,
        codes: Codes | None = None,
    ):
        self.numbers = numbers
        self.is_category = is_category
        self.min_rows = min_rows
        self.max_levels = max_levels
        self.many_levels = many_levels
        self.indicator_size = indicator_size
        self.codes = codes

    def fit(self, X, y=None, sample_weight=None, targets=None, folds=None):
        """Learn the map from the training rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_inputs)
            Numbers and codes; NaN where a value is missing.
        y : ndarray, optional
            Targets, for the map of the numbers.
        sample_weight : ndarray of shape (n_rows,), optional
            Positive weights.
        targets : ndarray of shape (n_rows, n_outputs), optional
            Encoded targets, for target statistics.
        folds : ndarray of int, shape (n_rows,), optional
            Folds; the statistics of a training row come from the others.

        Returns
        -------
        self
            The fitted map. Training rows are passed to `transform` with their fold as an
            additional last column.
        """
        weights = np.ones(len(X)) if sample_weight is None else sample_weight
        is_category = np.asarray(self.is_category, dtype=bool)
        self.sparse_ = False
        self.columns_ = np.flatnonzero(~is_category)
        self._fit_numbers(X[:, self.columns_], y, weights)
        self.levels_: list[Levels | NumberLevels | PairLevels] = [
            Levels(j, X[:, j], self.min_rows, self.max_levels) for j in np.flatnonzero(is_category)
        ]
        if folds is not None and self.codes is not None:
            is_code, pairs = self.codes
            self.levels_ += [NumberLevels(j, X[:, j]) for j in np.flatnonzero(is_code)]
            self.levels_ += [
                PairLevels(pair, X, is_category, X.shape[1] + k) for k, pair in enumerate(pairs)
            ]
        self.statistics_: dict[int, TargetStatistics] = {}  # by their sources
        for levels in self.levels_ if folds is not None else ():
            if levels.n_found >= self.many_levels or levels.is_tested:
                kind = PairStatistics if isinstance(levels, PairLevels) else TargetStatistics
                rows = TrainingRows(X, targets, weights, folds)
                self.statistics_[levels.source] = kind(levels, rows)
        return self

    def _fit_numbers(self, X, y, weights):
        missing = np.isnan(X)
        self.flagged_ = np.flatnonzero(missing.any(axis=0))
        self.fill_ = np.zeros(X.shape[1], dtype=X.dtype)
        for j in range(X.shape[1]):  # one at a time, to avoid a copy of the input
            here = ~missing[:, j]
            if here.any():
                column = np.ascontiguousarray(X[here, j])[:, None]
                self.fill_[j] = weighted_quantiles(column, [0.5], weights[here])[0, 0]
        self.numbers_ = None
        if self.numbers is not None and len(self.columns_):
            self.numbers_ = clone(self.numbers)
            fit_weighted(self.numbers_, self._filled(X), y, sample_weight=weights)

    def _filled(self, X):
        return np.where(np.isnan(X), self.fill_, X)

    def with_numbers(self, numbers: Any) -> "MixedMap":
        """Return a copy with another fitted map of the numbers."""
        other = copy(self)
        other.numbers_ = numbers
        return other

    def for_new_rows(self):
        other = copy(self)
        other.statistics_ = {j: each.for_new_rows() for j, each in self.statistics_.items()}
        return other

    def _transform_dense(self, X):
        numbers, parts = X[:, self.columns_], [self._flags(X)]
        if len(self.columns_):
            parts = [np.asarray(dense(map_rows(self.numbers_, self._filled(numbers)))), *parts]
        for levels, codes, statistics in self._coded(X):
            parts += [levels.indicators(codes, self.indicator_size, X.dtype), *statistics]
        mapped = np.concatenate(parts, axis=1)
        return mapped if mapped.shape[1] else np.zeros((len(X), 1), dtype=X.dtype)

    def bins(self):
        bins = self.numbers_.bins() if isinstance(self.numbers_, InputMap) else None
        if bins is None:
            return None
        start, positions = bins.coordinates.stop + len(self.flagged_), []
        for levels in self.levels_:
            if levels.is_wide:
                positions.append(start + np.arange(levels.width))
            start += levels.width + self._n_statistics(levels)
        return bins.with_indicators(positions, self.indicator_size)

    def interpolate(self, X, bins):
        rows = self.numbers_.interpolate(self._filled(X[:, self.columns_]), bins)
        parts, active, start = [self._flags(X)], [], 0
        for levels, codes, statistics in self._coded(X):
            if levels.is_wide:
                slots = levels.slots[codes]
                active.append(np.where(slots >= 0, slots + start, -1))
                start += levels.width
            else:
                parts.append(levels.indicators(codes, self.indicator_size, X.dtype))
            parts += statistics
        rows = rows.beside(*parts)
        return rows.with_levels(np.stack(active, axis=1)) if active else rows

    def _flags(self, X):
        """Return the indicators of missing numbers."""
        return np.isnan(X[:, self.columns_[self.flagged_]]).astype(X.dtype)

    def _coded(self, X):
        """Yield categories with codes and statistics of rows; training rows have a fold."""
        n_inputs, folds = len(self.is_category), None
        if X.shape[1] > n_inputs:
            X, folds = X[:, :n_inputs], X[:, n_inputs].astype(int)
        for levels in self.levels_:
            codes, statistics = levels.codes(X), []
            if levels.source in self.statistics_:
                statistics = [self.statistics_[levels.source](codes, folds).astype(X.dtype)]
            yield levels, codes, statistics

    def _n_statistics(self, levels):
        statistics = self.statistics_.get(levels.source)
        return 0 if statistics is None else len(statistics.outputs)

    def pullback(self, X, G):
        numbers = X[:, self.columns_]
        n_numbers = G.shape[1] - len(self._other_sources())
        slopes = pull_rows(self.numbers_, self._filled(numbers), G[:, :n_numbers])
        result = np.full(X.shape, np.nan, dtype=G.dtype)
        result[:, self.columns_] = np.where(np.isnan(numbers), np.nan, slopes)
        return result

    def known_sources(self, n_columns):
        inner = sources_of(self.numbers_, len(self.columns_))
        if inner is None:
            return None
        sources = np.concatenate([self.columns_[inner], self._other_sources()])
        return sources if len(sources) else np.zeros(1, dtype=int)

    def _other_sources(self):
        """Return the sources of what comes after the numbers."""
        sources = list(self.columns_[self.flagged_])
        for levels in self.levels_:
            sources += [levels.source] * (levels.width + self._n_statistics(levels))
        return np.array(sources, dtype=int)

    @available_if(_has_inverse)
    def inverse_transform(self, Z):
        """Return the rows, shape (n_rows, n_inputs), of mapped ones, missing values filled."""
        n_numbers = Z.shape[1] - len(self._other_sources())
        return self.numbers_.inverse_transform(Z[:, :n_numbers])


def has_statistics(input_map: Any) -> bool:
    """Return whether a map computes target statistics, for which training rows have a fold."""
    if isinstance(input_map, ScaledMap):
        return has_statistics(input_map.input_map)
    return isinstance(input_map, MixedMap) and bool(input_map.statistics_)


def has_codes(input_map: Any) -> bool:
    """Return whether numbers or pairs of columns that are codes have target statistics."""
    if isinstance(input_map, ScaledMap):
        return has_codes(input_map.input_map)
    levels = input_map.levels_ if isinstance(input_map, MixedMap) else []
    return any(each.is_tested for each in levels)


def pairs_of(input_map: Any) -> tuple[tuple[int, int], ...]:
    """Return the pairs of columns with target statistics, whose sources follow the columns."""
    if isinstance(input_map, ScaledMap):
        return pairs_of(input_map.input_map)
    codes = input_map.codes if isinstance(input_map, MixedMap) else None
    return () if codes is None else codes.pairs


def without_codes(input_map: Any) -> Any:
    """Return a map without the target statistics of codes, or itself if it has none."""
    if not (isinstance(input_map, MixedMap) and has_codes(input_map)):
        return input_map
    other = copy(input_map)
    other.codes = None
    other.levels_ = [each for each in input_map.levels_ if not each.is_tested]
    own = {each.source for each in other.levels_}
    other.statistics_ = {j: each for j, each in input_map.statistics_.items() if j in own}
    return other


def with_folds(X: np.ndarray, input_map: Any, folds: np.ndarray | None) -> np.ndarray:
    """Return training rows with their folds as a last column, if the map needs them."""
    if folds is None or not has_statistics(input_map):
        return X
    return np.column_stack([X, folds.astype(X.dtype)])
