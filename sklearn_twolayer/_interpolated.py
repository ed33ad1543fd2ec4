"""Rows of piecewise-linear coordinates, represented by one bin and one fraction per column.

All coordinates of a column before its bin are one, and all after it are zero. So their product
with a matrix is an interpolation between two running sums of its rows. Two rows per column replace
all coordinates, so that finer bins take no more time. Squared distances work the same way, apart
from a correction for points between two edges.
"""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from scipy import sparse


class Tabulated(NamedTuple):
    """A matrix, or some side by side, with running sums at the edges of bins."""

    plain: np.ndarray  # (n_others, n_matrices * k), the rows that are no coordinates
    sums: np.ndarray  # (n_edges, n_matrices * k)
    shape: tuple[int, ...]  # (..., k)


class EdgeDistances(NamedTuple):
    """Squared distances of centres from the edges of bins, column by column."""

    origin: np.ndarray  # (n_others,), the mean of the centres where there are no coordinates
    plain: np.ndarray  # (n_others + 2, n_centers), a matrix for x, |x|² and 1 about the origin
    squares: np.ndarray  # (n_edges, n_centers)
    lengths: np.ndarray  # (n_edges,), the squared length of the bin behind each edge


class Bins(NamedTuple):
    """The positions of the coordinates among the inputs: column by column, after the others."""

    n_before: int
    counts: np.ndarray  # number of bins of each column with bins
    sizes: np.ndarray  # (n_coordinates,), the values at the end of the bins

    @property
    def n_edges(self) -> int:
        """Number of running sums per column, the same for all."""
        return int(self.counts.max()) + 1

    def scaled(self, factors: np.ndarray) -> "Bins":
        """Return those of inputs that are multiplied by factors."""
        return self._replace(sizes=self.sizes * factors[self._coordinates])

    def others(self, values: np.ndarray) -> np.ndarray:
        """Return what belongs to inputs that are no coordinates; inputs are first."""
        return np.delete(values, self._coordinates, axis=0)

    def tabulate(self, C: np.ndarray) -> Tabulated:
        """Return running sums for a matrix, or a stack of them, of shape (..., n_inputs, k)."""
        side_by_side = np.moveaxis(C, -2, 0).reshape(C.shape[-2], -1)
        steps = self.sizes.astype(C.dtype)[:, None] * side_by_side[self._coordinates]
        sums = self._running_sums(steps)
        shape = (*C.shape[:-2], C.shape[-1])
        return Tabulated(self.others(side_by_side), sums, shape)

    def distances(self, centers: np.ndarray) -> EdgeDistances:
        """Return the squared distances of centres, shape (n_centers, n_inputs), from edges."""
        inner = np.ascontiguousarray(centers.T[self._coordinates])
        sizes = self.sizes.astype(centers.dtype)[:, None]
        sums = self._running_sums(sizes * (sizes - 2 * inner))
        of_column = np.repeat(np.eye(len(self.counts), dtype=centers.dtype), self.counts, axis=1)
        sums += np.repeat(of_column @ (inner * inner), self.n_edges, axis=0)
        lengths = np.zeros((len(self.counts), self.n_edges), dtype=centers.dtype)
        lengths[:, :-1][self._is_bin] = self.sizes**2
        others = self.others(centers.T)
        origin = others.mean(axis=1)
        others -= origin[:, None]
        plain = np.stack([*(-2 * others), np.ones_like(others[0]), (others**2).sum(axis=0)])
        return EdgeDistances(origin, plain, sums, lengths.reshape(-1))

    @property
    def _coordinates(self) -> slice:
        return slice(self.n_before, self.n_before + len(self.sizes))

    @property
    def _is_bin(self) -> np.ndarray:
        return np.arange(1, self.n_edges) <= self.counts[:, None]

    def _running_sums(self, steps):
        """Return sums of the steps before each edge, shape (n_columns * n_edges, k)."""
        sums = np.zeros((len(self.counts), self.n_edges, steps.shape[-1]), dtype=steps.dtype)
        sums[:, 1:][self._is_bin] = steps
        for k in range(1, self.n_edges - 1):  # np.cumsum takes four times as long
            sums[:, k + 1] += sums[:, k]
        return sums.reshape(len(self.counts) * self.n_edges, steps.shape[-1])


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
        """Return rows by bins and fractions, both of shape (n_columns, n_rows)."""
        n_columns, n_rows = found.shape
        places = np.empty((n_rows, n_columns, 2), dtype=np.int32)
        places[..., 0] = (found + bins.n_edges * np.arange(n_columns)[:, None]).T
        np.add(places[..., 0], 1, out=places[..., 1])
        parts = np.empty(places.shape, dtype=plain.dtype)
        parts[..., 1] = fractions.T
        np.subtract(1, parts[..., 1], out=parts[..., 0])
        ends = np.arange(0, places.size + 1, 2 * n_columns, dtype=np.int32)
        lines = sparse.csr_array(
            (parts.reshape(-1), places.reshape(-1), ends),
            shape=(n_rows, n_columns * bins.n_edges),
        )
        return cls(plain, lines, len(bins.sizes))

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
        result = self.lines @ table.sums
        result += self.plain @ table.plain
        return np.moveaxis(result.reshape(len(result), *table.shape), 0, -2)

    def squared_distances(self, table: EdgeDistances) -> np.ndarray:
        """Return those of augmented rows from centres, shape (n_rows, n_centers)."""
        # (1 - f) |a - μ|² + f |b - μ|² - f (1 - f) |b - a|² at the part f of the way from a to b.
        parts, places = self.lines.data, self.lines.indices[::2]
        nearer = parts[::2] * parts[1::2] * table.lengths[places]
        others = self.plain[:, :-1] - table.origin
        squares = (others * others).sum(axis=1) - nearer.reshape(len(others), -1).sum(axis=1)
        result = self.lines @ table.squares
        result += np.column_stack([others, squares, self.plain[:, -1]]) @ table.plain
        return result.clip(0, np.inf, out=result)
