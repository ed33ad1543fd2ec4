"""The values of a column as codes of levels."""

import numpy as np

from .._linalg import middles
from ._piecewise import MANY_BINS

#: Numbers are equal if they differ by at most this part of the largest one.
TOLERANCE = 1e-6


def counts_of(values: np.ndarray) -> np.ndarray:
    """Return the number of rows of each code of a category.

    Examples
    --------
    >>> counts_of(np.array([0.0, 2.0, 2.0, np.nan, -1.0]))
    array([1, 0, 2])
    """
    known = values[~np.isnan(values)].astype(int)
    return np.bincount(known[known >= 0])


class BareLevels:
    """Levels without indicators."""

    width, is_wide, is_ordered, is_tested = 0, False, False, True
    n_codes: int

    @property
    def has_own(self) -> np.ndarray:
        """Whether each code has an indicator of its own."""
        return np.zeros(self.n_codes, dtype=bool)

    def indicators(self, codes: np.ndarray, size: float, dtype: np.dtype) -> np.ndarray:
        """Return no indicators."""
        return np.zeros((len(codes), 0), dtype=dtype)


class CategoryLevels(BareLevels):
    """The levels of a category, from their numbers of rows.

    Codes are those of the column, then one for missing values; -1 for levels that are not in the
    training rows.
    """

    def __init__(self, column: int, counts: np.ndarray):
        self.column = self.source = int(column)
        self.n_found = int(np.count_nonzero(counts))
        self.n_codes = len(counts) + 1

    def codes(self, X: np.ndarray) -> np.ndarray:
        """Return codes as integers, the last one for missing values."""
        values = X[:, self.column]
        codes = np.where(np.isnan(values), self.n_codes - 1, values).astype(int)
        is_unknown = (codes >= self.n_codes - 1) & ~np.isnan(values)
        return np.where(is_unknown, -1, codes)


class Levels(CategoryLevels):
    """The levels of a category, and which of them have an indicator."""

    is_tested = False

    def __init__(self, column: int, values: np.ndarray, min_rows: int, max_levels: int):
        counts, has_missing = counts_of(values), np.isnan(values).any()
        super().__init__(column, counts)
        frequent = np.flatnonzero(counts >= min_rows)
        order = np.argsort(-counts[frequent], kind="stable")
        n_ample = np.count_nonzero(counts >= 3 * min_rows)
        frequent = np.sort(frequent[order[: np.clip(n_ample, max_levels // 2, max_levels)]])
        self.pair: np.ndarray | None = None
        if self.n_found == 2 and len(frequent) == 2 and not has_missing:
            self.pair, frequent = frequent, frequent[:1]  # the other is its complement
            rest = -1
        else:
            rest = len(frequent) if len(frequent) < self.n_found else -1
        self.width = len(frequent) + (rest >= 0) + bool(has_missing)
        # Whether a look-up is faster than a product with all indicators.
        self.is_wide = self.width > MANY_BINS
        # The indicator of each code; -1 for none. Unknown levels are treated like rare ones.
        self.slots = np.full(self.n_codes + 1, rest)
        self.slots[frequent] = np.arange(len(frequent))
        self.slots[self.n_codes - 1] = self.width - 1 if has_missing else -1

    @property
    def has_own(self) -> np.ndarray:
        """Whether each code has an indicator of its own."""
        return (self.slots[:-1] >= 0) & (self.slots[:-1] != self.slots[-1])

    def indicators(self, codes: np.ndarray, size: float, dtype: np.dtype) -> np.ndarray:
        """Return the indicators of codes, shape (n_rows, width)."""
        found = np.zeros((len(codes), self.width), dtype=dtype)
        slots = self.slots[codes]
        rows = np.flatnonzero(slots >= 0)
        found[rows, slots[rows]] = size
        if self.pair is not None:  # other levels and missing values are halfway between them
            found[~np.isin(codes, self.pair)] = size / 2
        return found


class NumberLevels(BareLevels):
    """The distinct values of a column of numbers that are codes, as levels without indicators.

    Their codes are followed by one each for smaller, larger and missing numbers.
    """

    is_ordered = True

    def __init__(self, column: int, values: np.ndarray):
        self.column = self.source = int(column)
        self.values = np.unique(values[~np.isnan(values)]).astype(np.float64)
        self.n_found = len(self.values)
        self.n_codes = self.n_found + 3
        self.tolerance = TOLERANCE * np.abs(self.values).max(initial=0)
        if (self.values == np.rint(self.values)).all():
            self.tolerance = min(self.tolerance, 0.49)

    @property
    def ends(self) -> np.ndarray:
        """The ends of what is nearest to each value, without the outer ones."""
        return middles(self.values)

    def codes(self, X: np.ndarray) -> np.ndarray:
        """Return codes of values, -1 between those in the training rows.

        Values that differ by rounding are equal: in single precision, or after another scaling.
        """
        values = X[:, self.column].astype(np.float64)
        if not len(self.values):
            return np.where(np.isnan(values), self.n_codes - 1, -1)
        places = np.searchsorted(self.ends, values)
        is_known = np.abs(self.values[places] - values) <= self.tolerance
        kinds = is_known, values < self.values[0], values > self.values[-1], np.isnan(values)
        return np.select(kinds, [places, self.n_codes - 3, self.n_codes - 2, self.n_codes - 1], -1)


class PairLevels(BareLevels):
    """The distinct pairs of the values of two columns, as levels without indicators.

    `source` is the number that stands for both columns, see `pairs_of`.
    """

    def __init__(self, pair: tuple[int, int], X: np.ndarray, is_category: np.ndarray, source: int):
        self.column, self.source = pair, source
        self.of_each = [
            CategoryLevels(j, counts_of(X[:, j])) if is_category[j] else NumberLevels(j, X[:, j])
            for j in pair
        ]
        self.keys = np.unique(self._keys(X))
        self.n_found = self.n_codes = len(self.keys)

    def codes(self, X: np.ndarray) -> np.ndarray:
        """Return codes of pairs; -1 minus the key of those that are not in the training rows."""
        keys = self._keys(X)
        places = np.searchsorted(self.keys[:-1], keys)
        return np.where(self.keys[places] == keys, places, -1 - keys)

    def _keys(self, X):
        one, other = (levels.codes(X) + 1 for levels in self.of_each)
        return one * (self.of_each[1].n_codes + 1) + other

    def split(self, keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the codes of both values of pairs with given keys."""
        one, other = np.divmod(keys, self.of_each[1].n_codes + 1)
        return one - 1, other - 1
