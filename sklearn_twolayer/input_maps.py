"""What happens to a row before the first layer.

An input map is fitted once on the training rows and then applied block by block, so
that no copy of the whole input, wider than the input itself, is ever needed. A map has
``fit(X, y=None, sample_weight=None)`` and ``transform(X)``, as a scikit-learn
transformer has, and any such transformer can stand in for it. The maps of this module
take arrays that an estimator has validated: finite floats, dense or CSR. Sparse rows
are never centred, so that zeros stay zeros.
"""

from math import isinf
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.metaestimators import available_if

from ._checks import check_number
from ._columns import canonical, column_quantiles, dense_moments, sparse_moments
from ._registry import resolve


class InputMap(TransformerMixin, BaseEstimator):
    """Base of the input maps."""

    def fit(self, X, y=None, sample_weight=None):
        """Learn the map from the training rows.

        Parameters
        ----------
        X : {ndarray, CSR} of shape (n_rows, n_features)
            Training rows.
        y : ignored
            Not used, present for the interface.
        sample_weight : ndarray of shape (n_rows,), optional
            Positive weights; an integer weight counts as repeated rows.

        Returns
        -------
        self
            The fitted map.
        """
        if sample_weight is None:
            sample_weight = np.ones(X.shape[0])
        self.sparse_ = sparse.issparse(X)
        self._fit(canonical(X) if self.sparse_ else X, sample_weight)
        return self

    def transform(self, X):
        """Map rows.

        Parameters
        ----------
        X : {ndarray, CSR} of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        {ndarray, CSR} of shape (n_rows, n_outputs)
            The mapped rows: those of a map fitted on dense rows are dense, those of one
            fitted on sparse rows are of the kind of `X`.
        """
        # What overflows is an outlier, and clipped, or for the network to refuse.
        with np.errstate(over="ignore"):
            if not self.sparse_:
                return self._transform_dense(X.toarray() if sparse.issparse(X) else X)
            mapped = self._transform_sparse(canonical(X))
            return mapped if sparse.issparse(X) else mapped.toarray()


class ScalingMap(InputMap):
    """Base of the maps that centre and scale each column, and clip it smoothly.

    The clip is z / √(1 + (z / c)²), which keeps outliers within ±c (Holzmüller et al.,
    2024, "Better by default").

    Parameters
    ----------
    clip : float
        The bound c; infinity for none.
    """

    def __init__(self, clip: float):
        self.clip = clip

    def inverse_transform(self, Z):
        """Return the rows that are mapped to given ones.

        Parameters
        ----------
        Z : ndarray of shape (n_rows, n_outputs)
            Mapped rows, dense.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            Rows in the units of the input.
        """
        # The bound stands for all that lies beyond.
        inside = np.clip(Z / float(self.clip), -0.999, 0.999)
        return Z / np.sqrt(1 - inside**2) * self.scale_ + self.center_

    def _squash(self, values):
        if isinf(self.clip):
            return values
        # Far out the bound is reached up to rounding, and squares would overflow.
        far = 1e9 * float(self.clip)
        values = np.clip(values, -far, far)
        return values / np.sqrt(1 + (values / float(self.clip)) ** 2)

    def _transform_dense(self, X):
        return self._squash((X - self.center_) / self.scale_)

    def _transform_sparse(self, X):
        X = sparse.csr_array(X.multiply(1 / self.scale_))
        X.data = self._squash(X.data)
        return X


class StandardMap(ScalingMap):
    """Zero mean and unit variance in each column.

    Parameters
    ----------
    clip : float, default=inf
        The bound c of a smooth clip, z / √(1 + (z / c)²); infinity for none.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features,)
        Mean (zero for sparse input) and standard deviation (one for a constant column).

    Examples
    --------
    >>> StandardMap().fit_transform(np.array([[1.0], [3.0]]))
    array([[-1.],
           [ 1.]])
    """

    def __init__(self, clip: float = np.inf):
        super().__init__(clip)

    def _fit(self, X, sample_weight):
        weights = sample_weight / sample_weight.sum()
        moments = sparse_moments if sparse.issparse(X) else dense_moments
        mean, scale = moments(X, weights)
        # A spread that is nothing but rounding is that of a constant column.
        scale[scale <= 10 * np.finfo(X.dtype).eps * np.abs(mean)] = 1
        center = np.zeros_like(mean) if sparse.issparse(X) else mean
        self.center_, self.scale_ = center.astype(X.dtype), scale.astype(X.dtype)


class RobustMap(ScalingMap):
    """Median and interquartile range, then a smooth clip.

    A column is centred by its median and divided by its interquartile range; where that
    is zero, by half its range.

    Parameters
    ----------
    clip : float, default=3.0
        The bound c of z / √(1 + (z / c)²); infinity for none.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features,)
        What is subtracted (zero for sparse input) and divided by.

    Examples
    --------
    >>> X = np.array([[0.0], [1.0], [2.0], [3.0], [1e6]])
    >>> bool(abs(RobustMap().fit_transform(X)).max() <= 3)
    True
    """

    def __init__(self, clip: float = 3.0):
        super().__init__(clip)

    def _fit(self, X, sample_weight):
        low, quarter, middle, three_quarters, high = column_quantiles(
            X, np.array([0, 0.25, 0.5, 0.75, 1]), sample_weight
        )
        scale = three_quarters - quarter
        scale = np.where(scale > 0, scale, high / 2 - low / 2)
        self.scale_ = np.where(scale > 0, scale, 1).astype(X.dtype)
        self.center_ = np.zeros_like(middle) if sparse.issparse(X) else middle


class PiecewiseLinearMap(InputMap):
    """The robust map beside each column's piecewise-linear coordinates.

    The coordinates of x over bins with edges e_k are clip((x - e_k) / (e_{k+1} - e_k),
    0, 1), one a bin: a linear function of them is a piecewise-linear function of the
    column (Gorishniy et al., 2022, "On embeddings for numerical features"). Edges are
    quantiles; equal ones are merged, and a column that is left with one bin has no
    coordinates, since the robust value says as much. For sparse rows the coordinates of
    zero are subtracted.

    Parameters
    ----------
    n_bins : int, default=16
        The largest number of bins of a column.
    clip : float, default=3.0
        The bound of the robust value.
    max_coordinates : int, default=2048
        The largest number of coordinates of all columns, about: with many columns, each
        has fewer bins, and beyond half as many columns as this there are none.

    Attributes
    ----------
    columns_ : ndarray of shape (n_coordinates,)
        The column that a coordinate belongs to.
    starts_, widths_ : ndarray of shape (n_coordinates,)
        Left edge and width of the coordinate's bin.

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

    def _fit(self, X, sample_weight):
        check_number("n_bins", self.n_bins, "[1, inf)", integer=True)
        check_number("max_coordinates", self.max_coordinates, "[0, inf)", integer=True)
        self.robust_ = RobustMap(self.clip).fit(X, sample_weight=sample_weight)
        n_bins = min(self.n_bins, max(self.max_coordinates // X.shape[1], 1))
        edges = column_quantiles(X, np.linspace(0, 1, n_bins + 1), sample_weight)
        kept = [np.unique(column) for column in edges.T]
        kept = [column if len(column) > 2 else column[:1] for column in kept]
        counts = [len(column) - 1 for column in kept]
        self.columns_ = np.repeat(np.arange(len(kept)), counts)
        self.starts_ = np.concatenate([column[:-1] for column in kept])
        self.widths_ = np.concatenate([np.diff(column) for column in kept])
        self.offsets_ = np.concatenate([[0], np.cumsum(counts)])

    def inverse_transform(self, Z):
        """Return the rows, shape (n_rows, n_features), of mapped ones, by their robust values."""
        return self.robust_.inverse_transform(Z[:, : len(self.robust_.scale_)])

    def _coordinates(self, values, bins):
        return np.clip((values - self.starts_[bins]) / self.widths_[bins], 0, 1)

    def _transform_dense(self, X):
        n_features = X.shape[1]
        mapped = np.empty((X.shape[0], n_features + len(self.columns_)), dtype=X.dtype)
        mapped[:, :n_features] = self.robust_.transform(X)
        mapped[:, n_features:] = self._coordinates(X[:, self.columns_], slice(None))
        return mapped

    def _transform_sparse(self, X):
        counts = np.diff(self.offsets_)[X.indices]
        entries = np.repeat(np.arange(X.nnz), counts)
        # The bins of an entry's column are consecutive.
        first = np.cumsum(counts) - counts
        bins = np.arange(len(entries)) - np.repeat(first - self.offsets_[X.indices], counts)
        data = self._coordinates(X.data[entries], bins)
        data -= self._coordinates(X.dtype.type(0), bins)
        indptr = np.concatenate([[0], np.cumsum(counts)])[X.indptr]
        # Indices of 64 bits would stay that wide, and not everything takes them.
        bins, indptr = bins.astype(X.indices.dtype), indptr.astype(X.indptr.dtype)
        shape = (X.shape[0], len(self.columns_))
        coordinates = sparse.csr_array((data.astype(X.dtype), bins, indptr), shape=shape)
        return sparse.hstack([self.robust_.transform(X), coordinates], format="csr")


def _has_inverse(scaled) -> bool:
    return scaled.input_map is None or hasattr(scaled.input_map, "inverse_transform")


class ScaledMap(TransformerMixin, BaseEstimator):
    """A fitted map, and a factor for each of its outputs: a diagonal metric.

    Parameters
    ----------
    input_map : fitted transformer or None
        The map.
    factors : ndarray of shape (n_outputs,)
        Positive factors.

    Examples
    --------
    >>> ScaledMap(None, np.array([1.0, 0.5])).transform(np.array([[2.0, 2.0]]))
    array([[2., 1.]])
    """

    def __init__(self, input_map: Any, factors: np.ndarray):
        self.input_map = input_map
        self.factors = factors

    def __sklearn_clone__(self):
        return self  # a copy of its map would have to be fitted anew

    def fit(self, X, y=None):
        """Return self: both parts are given."""
        return self

    def transform(self, X):
        """Map rows, shape (n_rows, n_features), and scale what comes out."""
        mapped = X if self.input_map is None else self.input_map.transform(X)
        factors = self.factors.astype(X.dtype, copy=False)
        if sparse.issparse(mapped):
            return sparse.csr_array(mapped.multiply(factors))
        return np.asarray(mapped) * factors

    @available_if(_has_inverse)
    def inverse_transform(self, Z):
        """Return the rows that are mapped to given ones, shape (n_rows, n_outputs)."""
        mapped = Z / self.factors
        return mapped if self.input_map is None else self.input_map.inverse_transform(mapped)


INPUT_MAPS: dict[str, type[InputMap]] = {
    "piecewise_linear": PiecewiseLinearMap,
    "robust": RobustMap,
    "standard": StandardMap,
}


def as_input_map(value: Any) -> Any:
    """Return the transformer that a name or an instance stands for, or None.

    Parameters
    ----------
    value : str, transformer or None
        What the user gave.

    Returns
    -------
    transformer or None
        An unfitted transformer, never a copy.

    Examples
    --------
    >>> as_input_map("robust")
    RobustMap()
    """
    if value is None or (
        hasattr(value, "fit") and hasattr(value, "transform") and not isinstance(value, type)
    ):
        return value
    return resolve(value, INPUT_MAPS, InputMap, "input_map")
