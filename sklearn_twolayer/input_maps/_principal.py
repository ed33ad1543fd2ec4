"""Principal components of wide tables."""

import numpy as np
from scipy import sparse
from scipy.linalg import eigh

from .._checks import check_number
from .._linalg import dense
from .._moments import dense_moments, shares_of_nonzeros, sparse_moments
from .._sample import Sample
from .._sizes import default_n_components
from ._base import InputMap, as_floats
from ._scaling import ScalingMap

#: Maximum fraction of nonzero values of the wide tables that have components by default. In denser
#: ones, a few columns may matter, which components mix with all others.
MOST_OF_WIDE = 0.1
#: Columns with a smaller fraction of nonzero values share one unit.
MOST_NONZERO = 0.95
#: Bound of the sizes of such columns, relative to their median.
MAX_RATIO = 4.0
#: Root mean square of the lengths of mapped rows. Adam takes steps of the same size for all
#: weights, and those of many inputs add up.
LENGTH = 0.25
#: Rows from which components are computed, since the time grows with the cube of their number.
MAX_ROWS = 2000
#: Smaller variances, relative to the largest, are due to rounding.
SMALLEST = 1e-10
#: The variance if all rows are equal.
TINY = np.finfo(np.float64).tiny


class PrincipalMap(InputMap):
    """The principal components of the scaled columns, for wide tables of mostly zeros.

    A linear layer and distances depend on nothing but inner products of rows, which a rotation
    keeps: with as many components as rows nothing is lost, and with fewer mostly noise (for texts:
    latent semantic analysis, Deerwester et al., 1990). The components are not scaled separately,
    which would give those of noise the same weight. Mapped rows have a typical length of a
    quarter.

    Columns are centred and divided by their standard deviation. Those with zeros in at least a
    twentieth of the rows (words, counts, indicators) are divided by one unit, the median size of
    their nonzero values, since the standard deviation of a rare word is small. Those whose sizes
    differ from the median by more than a factor of four are scaled to this limit. All are then
    clipped smoothly. Dense and sparse rows of a table are mapped to the same numbers.

    Parameters
    ----------
    n_components : int, default=256
        Maximum number of components; there are fewer if there are fewer rows.
    clip : float, default=10.0
        The bound of the scaled columns.

    Attributes
    ----------
    columns_ : ScalingMap
        The fitted map of the columns.
    components_ : ndarray of shape (n_features, n_components)
        The directions, in the units of the scaled columns.
    mean_ : ndarray of shape (n_features,)
        The mean of the scaled columns.
    offset_ : ndarray of shape (n_components,)
        Its components.

    Examples
    --------
    >>> X = np.random.RandomState(0).normal(size=(20, 100))
    >>> PrincipalMap(8).fit_transform(X).shape
    (20, 8)
    """

    def __init__(self, n_components: int = 256, clip: float = 10.0):
        self.n_components = n_components
        self.clip = clip

    def _check(self):
        check_number("n_components", self.n_components, "[1, inf)", integer=True)

    def _fit(self, X, sample_weight):
        self.columns_ = ColumnUnits(self.clip).fit(X, sample_weight=sample_weight)
        some = np.linspace(0, X.shape[0] - 1, min(X.shape[0], MAX_ROWS)).astype(int)
        weights = sample_weight[some] / sample_weight[some].sum()
        S = self.columns_.transform(X[some]).astype(np.float64)
        mean, roots = weights @ S, np.sqrt(weights)
        shift = S @ mean
        products = dense(S @ S.T) - shift[:, None] - shift + mean @ mean
        n_found = min(self.n_components, *S.shape)
        variances, vectors = largest_eigenvectors(products * roots * roots[:, None], n_found)
        by_row = roots[:, None] * vectors / np.sqrt(variances)
        directions = S.T @ by_row
        directions -= mean[:, None] * by_row.sum(axis=0)
        directions *= LENGTH / np.sqrt(variances.sum())
        self.mean_ = mean
        self.components_ = directions.astype(X.dtype)
        self.offset_ = (self.mean_ @ directions).astype(X.dtype)

    def transform(self, X):
        """Map rows.

        Parameters
        ----------
        X : {ndarray, CSR} of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_rows, n_components)
            Their components, dense.
        """
        X = as_floats(X)
        components = self.components_.astype(X.dtype, copy=False)
        return self.columns_.transform(X) @ components - self.offset_.astype(X.dtype, copy=False)

    def pullback(self, X, G):
        return self.columns_.pullback(X, G @ self.components_.T.astype(G.dtype, copy=False))

    def inverse_transform(self, Z):
        """Return the rows closest to the mean, shape (n_rows, n_features), of mapped ones."""
        C = self.components_.astype(np.float64)
        scaled = self.mean_ + Z @ np.linalg.pinv(C.T @ C, hermitian=True) @ C.T
        return self.columns_.inverse_transform(scaled.astype(Z.dtype))


def largest_eigenvectors(matrix: np.ndarray, n_most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the largest eigenvalues of a matrix without those of rounding, and their vectors.

    The matrix is symmetric without negative eigenvalues. Values descend and are positive: one tiny
    number, if there are none. The entry of the largest size of each vector is positive.

    Examples
    --------
    >>> largest_eigenvectors(np.diag([1.0, 4.0, 0.0]), 3)[0]
    array([4., 1.])
    """
    n = len(matrix)
    values, vectors = eigh(matrix, subset_by_index=[n - n_most, n - 1])
    is_found = values > max(SMALLEST * values[-1], TINY)
    is_found[-1] = True
    values, vectors = np.maximum(values[is_found][::-1], TINY), vectors[:, is_found][:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    return values, vectors * np.sign(vectors[largest, np.arange(len(values))])


class ColumnUnits(ScalingMap):
    """The scaled columns of `PrincipalMap`, less the values of zero, so that zeros stay zeros."""

    def _fit(self, X, sample_weight):
        weights = sample_weight / sample_weight.sum()
        moments = sparse_moments if sparse.issparse(X) else dense_moments
        center, spread = moments(X, weights)
        share = shares_of_nonzeros(X, weights)
        is_rare = (share < MOST_NONZERO) & (spread > 0)
        size = spread[is_rare] / np.sqrt(share[is_rare])
        unit = np.median(size) if len(size) else 1.0
        spread[is_rare] = size / np.clip(size / unit, 1 / MAX_RATIO, MAX_RATIO)
        self._keep(X, center, spread)
        self.center_ = np.where(self.constant_, 0, center).astype(X.dtype)
        self.of_zero_ = super()._transform_dense(np.zeros((1, X.shape[1]), X.dtype))[0]

    def inverse_transform(self, Z):
        return super().inverse_transform(Z + self.of_zero_)

    def _transform_dense(self, X):
        return super()._transform_dense(X) - self.of_zero_.astype(X.dtype, copy=False)

    def _transform_sparse(self, X):
        columns = X.indices
        values = self._squash((X.data - self.center_[columns]) / self.scale_[columns])
        data = (values - self.of_zero_[columns]).astype(X.dtype, copy=False)
        return sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)


def principal_map(sample: Sample, n_rows: int) -> PrincipalMap | None:
    """Return the map for wide tables of mostly zeros, such as words, or None for others.

    Parameters
    ----------
    sample : Sample
        The training rows.
    n_rows : int
        Their number, of which these may be a part.

    Returns
    -------
    PrincipalMap or None
        An unfitted map; None also if there are categories or missing values.
    """
    X = sample.X
    n_components = default_n_components(n_rows, X.shape[1])
    if not n_components or sample.is_mixed:
        return None
    n_nonzeros = np.count_nonzero(X.data if sparse.issparse(X) else X)
    return (
        PrincipalMap(n_components) if n_nonzeros < MOST_OF_WIDE * X.shape[0] * X.shape[1] else None
    )
