"""Rows of piecewise-linear coordinates, represented by one bin and one fraction per column.

All coordinates of a column before its bin are one, and all after it are zero. So their product
with a matrix is an interpolation between two running sums of its rows. Two rows per column replace
all coordinates, so that finer bins take no more time.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import sparse


class Tabulated(NamedTuple):
    """A matrix, with running sums at the edges of bins in place of the rows of coordinates."""

    plain: np.ndarray  # (..., n_others, k), the other rows
    sums: np.ndarray  # (..., n_edges, k)


class Bins(NamedTuple):
    """The positions of the coordinates among the inputs: column by column, after the others."""

    n_before: int
    counts: np.ndarray  # number of bins of each column with bins

    @property
    def n_edges(self) -> int:
        """Number of running sums per column, the same for all."""
        return int(self.counts.max()) + 1

    def tabulate(self, C: np.ndarray) -> Tabulated:
        """Return running sums for a matrix, or a stack of them, of shape (..., n_inputs, k)."""
        n_columns, end = len(self.counts), self.n_before + int(self.counts.sum())
        is_bin = np.arange(1, self.n_edges) <= self.counts[:, None]
        sums = np.zeros((*C.shape[:-2], n_columns, self.n_edges, C.shape[-1]), dtype=C.dtype)
        sums[..., 1:, :][..., is_bin, :] = C[..., self.n_before : end, :]
        for k in range(1, self.n_edges - 1):  # np.cumsum takes four times as long
            sums[..., k + 1, :] += sums[..., k, :]
        plain = np.concatenate([C[..., : self.n_before, :], C[..., end:, :]], axis=-2)
        return Tabulated(plain, sums.reshape(*C.shape[:-2], -1, C.shape[-1]))


@dataclass(frozen=True, eq=False)
class Interpolated:
    """Mapped rows that can be multiplied with a `Tabulated` matrix.

    Parameters
    ----------
    plain : ndarray of shape (n_rows, n_others)
        All inputs but the coordinates.
    lines : CSR of shape (n_rows, n_columns * n_edges)
        For each column, the weights of the two edges of its bin.
    n_coordinates : int
        Number of inputs that `lines` represents.
    """

    plain: np.ndarray
    lines: sparse.csr_array
    n_coordinates: int

    @classmethod
    def of(
        cls, plain: np.ndarray, found: np.ndarray, fractions: np.ndarray, bins: Bins
    ) -> "Interpolated":
        """Return rows by bins and fractions, both of shape (n_rows, n_columns)."""
        n_rows, n_columns = found.shape
        places = np.empty((n_rows, n_columns, 2), dtype=np.int32)
        places[..., 0] = found + bins.n_edges * np.arange(n_columns)
        places[..., 1] = places[..., 0] + 1
        parts = np.stack([1 - fractions, fractions], axis=-1)
        ends = np.arange(0, places.size + 1, 2 * n_columns, dtype=np.int32)
        lines = sparse.csr_array(
            (parts.reshape(-1), places.reshape(-1), ends),
            shape=(n_rows, n_columns * bins.n_edges),
        )
        return cls(plain, lines, int(bins.counts.sum()))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and inputs."""
        return len(self.plain), self.plain.shape[1] + self.n_coordinates

    def beside(self, *others: np.ndarray) -> "Interpolated":
        """Return the rows with additional inputs after the others."""
        return replace(self, plain=np.concatenate([self.plain, *others], axis=1))

    def augmented(self) -> "Interpolated":
        """Return the rows with a trailing one."""
        return self.beside(np.ones((len(self.plain), 1), dtype=self.plain.dtype))

    def product(self, table: Tabulated) -> np.ndarray:
        """Return the product with a matrix, or with a stack of them, (..., n_rows, k)."""
        result = np.matmul(self.plain, table.plain)
        for place in np.ndindex(result.shape[:-2]):
            result[place] += self.lines @ table.sums[place]
        return result
