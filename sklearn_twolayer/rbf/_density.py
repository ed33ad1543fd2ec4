"""A density of the inputs around the centres (the remark of page TWO.33).

    p(x) = Σ_j α_j N(x; m_j, h² diag(σ²))

with m_j the mean and α_j the fraction of the training rows that are nearest to centre j, σ the
columns' standard deviations, and one width h: the spread within the clusters. If more than half of
the rows are clusters of their own, h is at least Scott's n^(-1/(d+4)) of the classical Parzen
density. It integrates to one in the units of the input, whatever the input map.
"""

import numpy as np
from scipy import sparse
from scipy.special import logsumexp

from .._linalg import dense
from ..radial import make_geometry
from ..rows import block_length, blocks

#: Smaller variances are treated as zero.
SMALLEST = 1e-200


class Density:
    """A mixture of Gaussians, one for each cluster of rows.

    `X` are rows as passed by the user, dense or CSR, and `labels` their clusters. The columns in
    `is_category`, shape (n_features,), are ignored. Missing numbers are replaced by the mean.
    """

    def __init__(
        self, X, labels: np.ndarray, weights: np.ndarray, is_category: np.ndarray | None = None
    ):
        self.numbers = None if is_category is None else np.flatnonzero(~is_category)
        self.fill: np.ndarray | None = None
        X, dtype = self._numbers(X), X.dtype
        n, d = X.shape
        # Powers of two do not round, and keep squares and sums in range.
        is_sparse = sparse.issparse(X)
        largest = abs(X).max(axis=0).toarray().ravel() if is_sparse else _largest(X)
        self.exponents = np.clip(np.frexp(largest.astype(np.float64))[1], -1000, 1000)
        X = self._scaled(X)
        if not is_sparse and (self.numbers is not None or np.isnan(X).any()):
            present = ~np.isnan(X)
            self.fill = np.where(present, X, 0).sum(axis=0) / np.maximum(present.sum(axis=0), 1)
            X = self._filled(X)
        used, labels = np.unique(labels, return_inverse=True)
        one_hot = sparse.csr_array((weights, (labels, np.arange(n))), shape=(len(used), n))
        mass = np.bincount(labels, weights)
        means = one_hot @ X / mass[:, None]
        means = means.astype(dtype)
        self.means = np.asarray(dense(means))
        self.log_mass = np.log(mass / mass.sum())
        center = mass @ self.means / mass.sum()
        within = self._variances(X, labels, weights / weights.sum())
        total = within + self._between(mass, center)
        floor = (10 * np.finfo(X.dtype).eps * np.abs(center)) ** 2
        total = np.where(total > np.maximum(floor, SMALLEST), total, 1.0)
        scott = (weights.sum() ** 2 / np.square(weights).sum()) ** (-1 / (d + 4))
        self.width = max(np.sqrt((within / total).mean()), scott if len(used) > n / 2 else 0, 1e-6)
        self.precision = 1 / (self.width * np.sqrt(total))

    def _numbers(self, X):
        """Return the columns that are no categories; one of zeros if there are none."""
        if self.numbers is None:
            return X
        return X[:, self.numbers] if len(self.numbers) else np.zeros((len(X), 1), X.dtype)

    def _scaled(self, X):
        """Return rows in units of powers of two."""
        unit = np.ldexp(1.0, -self.exponents)
        return sparse.csr_array(X.multiply(unit)) if sparse.issparse(X) else X * unit

    def _filled(self, X):
        """Return scaled rows with missing numbers replaced."""
        return X if self.fill is None else np.where(np.isnan(X), self.fill, X)

    @property
    def numbers_per_row(self) -> int:
        """Approximate number of floats per row that `log` needs."""
        return 2 * len(self.means) + 2 * self.means.shape[1]

    def _variances(self, X, labels, weights):
        """Return the variances of the columns within the clusters."""
        total = 0
        for part in blocks(X.shape[0], block_length(2 * X.shape[1])):
            block = dense(X[part])
            total = total + weights[part] @ (block - self.means[labels[part]]) ** 2
        return total

    def _between(self, mass, center):
        """Return the variances of the means of the clusters."""
        parts = blocks(len(mass), block_length(2 * len(center)))
        return sum(mass[part] @ (self.means[part] - center) ** 2 for part in parts) / mass.sum()

    @np.errstate(over="ignore", invalid="ignore")  # rows that are infinitely far
    def log(self, X) -> np.ndarray:
        """Return log p of rows, shape (n_rows,), in nats; a finite number for any row."""
        geometry = make_geometry("diagonal", shared=True)
        X, dtype = self._numbers(X), X.dtype
        rows = self._filled(self._scaled(X))
        r2, _ = geometry.squared(rows, self.means, self.precision)
        normalizer = np.log(self.precision).sum() - 0.5 * X.shape[1] * np.log(2 * np.pi)
        normalizer -= np.log(2) * self.exponents.sum()
        log_density = normalizer + logsumexp(self.log_mass - 0.5 * r2, axis=1)
        lowest = np.finfo(dtype).min / 2
        return np.maximum(np.nan_to_num(log_density, nan=lowest), lowest)


def _largest(X):
    """Return the largest size in each column of dense rows; zero where no number is known."""
    return np.nan_to_num(np.fmax.reduce(np.abs(X), axis=0))
