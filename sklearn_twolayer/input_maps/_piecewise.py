"""Piecewise-linear coordinates of each column."""

import numpy as np
from scipy import sparse

from .._checks import check_number
from .._interpolated import Bins, Interpolated
from .._linalg import dense, in_range, summed_by
from .._moments import column_quantiles
from ._base import InputMap
from ._rounding import difference, ratio
from ._rows import map_rows
from ._scaling import RobustMap

#: Average number of bins per column, or number of indicators of a category, from which rows are
#: represented by bins and fractions, or by the active indicator.
MANY_BINS = 8


class PiecewiseLinearMap(InputMap):
    """The robust map, and piecewise-linear coordinates of each column.

    The coordinates of x over bins with edges e_k are clip((x - e_k) / (e_{k+1} - e_k), 0, 1), one
    per bin: a linear function of them is a piecewise-linear function of the column (Gorishniy et
    al., 2022, "On embeddings for numerical features"). Edges are quantiles; if several are equal,
    quantiles of the distinct values are used instead, which is necessary for columns that are
    mostly zero. A column with a single bin has no coordinates, since they would equal the robust
    value. For sparse rows the coordinates of zero are subtracted.

    Values of a column with coordinates that are beyond its range in training are replaced by the
    end of the range. There the coordinates do not change, and no row tells how the target depends
    on the robust value alone.

    Parameters
    ----------
    n_bins : int, default=16
        Maximum number of bins per column.
    clip : float, default=3.0
        The bound of the robust value.
    max_coordinates : int, default=2048
        Approximate maximum number of coordinates of all columns. With many columns, each has fewer
        bins; if there are more than half as many columns, there are none.

    Attributes
    ----------
    columns_ : ndarray of shape (n_coordinates,)
        The column that a coordinate belongs to.
    starts_, widths_ : ndarray of shape (n_coordinates,)
        Left edge and width of the coordinate's bin.
    low_, high_ : ndarray of shape (n_features,)
        The ends of the columns' ranges; infinite for columns without coordinates.

    Examples
    --------
    >>> X = np.arange(5.0)[:, None]
    >>> PiecewiseLinearMap(n_bins=2).fit(X).transform(np.array([[3.0]]))[0, 1:]
    array([1. , 0.5])
    """

    def __init__(self, n_bins: int = 16, clip: float = 3.0, *, max_coordinates: int = 2048):
        self.n_bins = n_bins
        self.clip = clip
        self.max_coordinates = max_coordinates

    def _check(self):
        check_number("n_bins", self.n_bins, "[1, inf)", integer=True)
        check_number("max_coordinates", self.max_coordinates, "[0, inf)", integer=True)

    def _fit(self, X, sample_weight):
        self.robust_ = RobustMap(self.clip).fit(X, sample_weight=sample_weight)
        n_bins = min(self.n_bins, max(self.max_coordinates // X.shape[1], 1))
        edges = column_quantiles(X, np.linspace(0, 1, n_bins + 1), sample_weight)
        kept = [with_distinct(X[:, [j]], column) for j, column in enumerate(edges.T)]
        kept = [
            column if len(column) > 2 and not is_constant else column[:1]
            for column, is_constant in zip(kept, self.robust_.constant_, strict=True)
        ]
        counts = [len(column) - 1 for column in kept]
        ends = [
            (column[0], column[-1]) if n else (-np.inf, np.inf)
            for column, n in zip(kept, counts, strict=True)
        ]
        self.low_, self.high_ = np.array(ends, dtype=X.dtype).T
        if sparse.issparse(X):  # zeros stay zeros
            self.low_, self.high_ = np.minimum(self.low_, 0), np.maximum(self.high_, 0)
        self.columns_ = np.repeat(np.arange(len(kept)), counts)
        self.starts_ = np.concatenate([column[:-1] for column in kept])
        self.widths_ = np.concatenate([difference(column[1:], column[:-1]) for column in kept])
        self.offsets_ = np.concatenate([[0], np.cumsum(counts)])

    def inverse_transform(self, Z):
        """Return the rows, shape (n_rows, n_features), of mapped ones, by their robust values."""
        return self.robust_.inverse_transform(Z[:, : len(self.robust_.scale_)])

    def pullback(self, X, G):
        n_features = X.shape[1]
        place = ratio(X[:, self.columns_], self.starts_, self.widths_)
        inside = (place >= 0) & (place < 1)
        with np.errstate(over="ignore"):
            slopes = np.where(inside, in_range(G[:, n_features:] / self.widths_), 0)
        robust = self.robust_.pullback(X, G[:, :n_features])
        robust = np.where((X >= self.low_) & (X <= self.high_), robust, 0)
        return robust + summed_by(self.columns_, slopes, n_features)

    def known_sources(self, n_columns):
        return np.append(np.arange(n_columns), self.columns_)

    def _coordinates(self, values, bins):
        return np.clip(ratio(values, self.starts_[bins], self.widths_[bins]), 0, 1)

    def _in_range(self, X):
        return X.clip(self.low_.astype(X.dtype), self.high_.astype(X.dtype))

    def _transform_dense(self, X):
        n_features = X.shape[1]
        mapped = np.empty((X.shape[0], n_features + len(self.columns_)), dtype=X.dtype)
        mapped[:, :n_features] = self.robust_._transform_dense(self._in_range(X))
        values = ratio(X[:, self.columns_], self.starts_, self.widths_)
        values.clip(0, 1, out=mapped[:, n_features:], casting="same_kind")
        return mapped

    def bins(self):
        counts = np.diff(self.offsets_)
        has_some = counts > 0
        if self.sparse_ or counts.sum() <= MANY_BINS * has_some.sum():
            return None
        return Bins.of(len(counts), counts[has_some], np.ones(len(self.columns_)))

    def interpolate(self, X, bins):
        columns = np.flatnonzero(np.diff(self.offsets_))
        values = X.T[columns]
        starts = np.full((bins.n_edges - 1, len(columns)), np.inf, dtype=self.starts_.dtype)
        starts.T[np.arange(bins.n_edges - 1) < bins.counts[:, None]] = self.starts_
        # Several times as fast as a search in each column.
        found = np.add.reduce(values > starts[1:, :, None], axis=0, dtype=np.int32)
        fractions = self._coordinates(values, found + self.offsets_[columns, None])
        return Interpolated.of(map_rows(self.robust_, self._in_range(X)), found, fractions, bins)

    def _transform_sparse(self, X):
        counts = np.diff(self.offsets_)[X.indices]
        entries = np.repeat(np.arange(X.nnz), counts)
        # The bins of an entry's column are consecutive.
        first = np.cumsum(counts) - counts
        bins = np.arange(len(entries)) - np.repeat(first - self.offsets_[X.indices], counts)
        data = self._coordinates(X.data[entries], bins)
        data -= self._coordinates(X.dtype.type(0), bins)
        indptr = np.concatenate([[0], np.cumsum(counts)])[X.indptr]
        # Indices of 64 bits would stay that wide, and not everything accepts them.
        bins, indptr = bins.astype(X.indices.dtype), indptr.astype(X.indptr.dtype)
        shape = (X.shape[0], len(self.columns_))
        coordinates = sparse.csr_array((data.astype(X.dtype), bins, indptr), shape=shape)
        data = X.data.clip(self.low_[X.indices], self.high_[X.indices])
        inside = sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)
        return sparse.hstack([self.robust_.transform(inside), coordinates], format="csr")


def with_distinct(column, edges: np.ndarray) -> np.ndarray:
    """Return sorted edges of bins, with quantiles of the distinct values for edges that are equal.

    `column` has shape (n_rows, 1), dense or sparse, and `edges` are quantiles of its rows.

    Examples
    --------
    >>> column = np.array([[0.0], [0.0], [0.0], [0.0], [1.0], [2.0], [3.0]])
    >>> with_distinct(column, np.array([0.0, 0.0, 0.0, 0.5, 3.0]))
    array([0. , 0.5, 1. , 2. , 3. ])
    """
    kept = np.unique(edges)
    n_more = len(edges) - len(kept)
    if not n_more or len(kept) < 2:
        return kept
    values = np.unique(dense(column))
    inner = np.linspace(0, len(values) - 1, n_more + 2)[1:-1]
    return np.union1d(kept, values[np.round(inner).astype(int)])
