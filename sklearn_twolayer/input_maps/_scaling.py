"""Maps that centre and scale each column independently."""

import numpy as np
from scipy import sparse

from .._checks import check_number
from .._linalg import in_range
from .._moments import column_quantiles, column_ranges, dense_moments, sparse_moments
from ._base import InputMap
from ._rounding import difference, ratio, rounding_of


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
        # The bound represents all values beyond it.
        # Rows that overflow cannot be represented.
        with np.errstate(over="ignore"):
            inside = np.clip(Z / self.bound(Z.dtype), -0.999, 0.999)
            return Z / np.sqrt(1 - inside**2) * self.scale_ + self.center_

    def pullback(self, X, G):
        values = ratio(X, self.center_, self.scale_)
        with np.errstate(over="ignore"):
            return in_range(
                G * (1 + (values / self.bound(values.dtype)) ** 2) ** -1.5 / self.scale_
            )

    def known_sources(self, n_columns):
        return np.arange(n_columns)

    def _check(self):
        check_number("clip", self.clip, "(0, inf]")

    def _keep(self, X, center, scale):
        """Store centre and scale; for constant columns, their value and its size, at least one."""
        low, high = column_ranges(X)
        with np.errstate(over="ignore"):  # an infinite spread is not due to rounding
            self.constant_ = high - low <= rounding_of(low)
        center = np.where(self.constant_, low, center).astype(X.dtype)
        scale = np.where(self.constant_, np.maximum(np.abs(low), 1), scale).astype(X.dtype)
        self.center_ = np.zeros_like(center) if sparse.issparse(X) else center
        self.scale_ = np.maximum(scale, np.finfo(X.dtype).smallest_subnormal)  # it may underflow

    def bound(self, dtype) -> float:
        """Return the bound, not too small for a floating type."""
        return max(float(self.clip), float(np.finfo(dtype).tiny))

    def _squash(self, values):
        info, bound = np.finfo(values.dtype), self.bound(values.dtype)
        if bound > info.max:
            return values
        # Far out the bound is reached up to rounding, and squares would overflow.
        far = values.dtype.type(min(1e9 * bound, info.max))
        values = values.clip(-far, far)
        return values / np.sqrt(1 + (values / bound) ** 2)

    def _transform_dense(self, X):
        values = ratio(X, self.center_, self.scale_)
        if self.constant_.any():
            rounding = rounding_of(self.center_, X.dtype)[self.constant_]
            constant = values[:, self.constant_]
            is_rounding = np.abs(constant) <= rounding / self.scale_[self.constant_]
            values[:, self.constant_] = np.where(is_rounding, 0, constant)
        return self._squash(values)

    def _transform_sparse(self, X):
        data = self._squash(X.data / self.scale_[X.indices])
        return sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)


class StandardMap(ScalingMap):
    """Zero mean and unit variance in each column.

    Parameters
    ----------
    clip : float, default=inf
        The bound c of a smooth clip, z / √(1 + (z / c)²); infinity for none.

    Attributes
    ----------
    center_, scale_ : ndarray of shape (n_features,)
        Mean (zero for sparse input) and standard deviation; for a constant column, its value and
        the size of the value, at least one.
    constant_ : ndarray of bool, shape (n_features,)
        Which columns are constant up to rounding.

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
        self._keep(X, *moments(X, weights))


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
        What is subtracted (zero for sparse input) and divided by; for a constant column, its value
        and the size of the value, at least one.
    constant_ : ndarray of bool, shape (n_features,)
        Which columns are constant up to rounding.

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
        scale = difference(three_quarters, quarter)
        scale = np.where(scale > rounding_of(middle), scale, high / 2 - low / 2)
        self._keep(X, middle, scale)
