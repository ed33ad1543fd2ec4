"""Rows of piecewise-linear coordinates and indicators, represented by a few entries.

All coordinates of a column before its bin are one, and all after it are zero. So their product
with a matrix is an interpolation between two running sums of its rows. Two rows per column replace
all coordinates, and one row replaces all indicators of a category, so that with many rows, finer
bins and more levels take no more time; running sums are computed once per matrix. Squared
distances work the same way, apart from a correction for points between two edges.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse

#: Of at most this number of edges per column, a matrix product gives the running sums fastest.
FEW_EDGES = 64


class Tabulated(NamedTuple):
    """A matrix, or some side by side, with running sums at the edges of bins."""

    plain: np.ndarray  # (n_others, n_matrices * k), the rows of other inputs
    sums: np.ndarray  # (n_edges + n_indicators, n_matrices * k)
    shape: tuple[int, ...]  # (..., k)


class EdgeDistances(NamedTuple):
    """Squared distances of centres from the edges of bins, column by column."""

    origin: np.ndarray  # (n_others,), the mean of the centres in the other inputs
    plain: np.ndarray  # (n_others + 2, n_centers), a matrix for x, |x|² and 1 about the origin
    squares: np.ndarray  # (n_edges + n_indicators, n_centers)
    lengths: np.ndarray  # (n_edges,), the squared length of the bin behind each edge


class Bins(NamedTuple):
    """The positions of coordinates, column by column, and of indicators among the inputs."""

    n_before: int  # number of inputs before the coordinates
    counts: np.ndarray  # number of bins of each column with bins
    lengths: np.ndarray  # (n_columns, n_bins), the values at the end of the bins; zero for no bin
    n_categories: int
    indicators: np.ndarray  # the positions of all indicators, after the coordinates
    sizes: np.ndarray  # their values, if active

    @classmethod
    def of(cls, n_before: int, counts: np.ndarray, ends: np.ndarray) -> "Bins":
        """Return bins from the values at their ends, shape (n_coordinates,)."""
        lengths = np.zeros((len(counts), int(counts.max())))
        bins = cls(n_before, counts, lengths, 0, np.zeros(0, dtype=int), np.zeros(0))
        bins.lengths[bins._is_bin] = ends
        return bins

    def with_indicators(self, positions: list[np.ndarray], size: float) -> "Bins":
        """Return the bins with indicators of categories at some positions among the inputs."""
        indicators = np.concatenate([self.indicators, *positions])
        sizes = np.full(len(indicators), size)
        return self._replace(n_categories=len(positions), indicators=indicators, sizes=sizes)

    @property
    def n_edges(self) -> int:
        """Number of running sums per column, the same for all."""
        return self.lengths.shape[1] + 1

    @property
    def n_coordinates(self) -> int:
        """Number of bins of all columns."""
        return int(self.counts.sum())

    @property
    def n_replaced(self) -> int:
        """Number of coordinates and indicators."""
        return self.n_coordinates + len(self.indicators)

    @property
    def n_entries(self) -> int:
        """Number of entries of a row that replace them."""
        return 2 * len(self.counts) + self.n_categories

    @property
    def coordinates(self) -> slice:
        """Which of the inputs are coordinates."""
        return slice(self.n_before, self.n_before + self.n_coordinates)

    def scaled(self, factors: np.ndarray) -> "Bins":
        """Return the bins of the inputs multiplied by factors."""
        lengths = self.lengths * self._by_column(factors[self.coordinates])
        return self._replace(lengths=lengths, sizes=self.sizes * factors[self.indicators])

    def are_others(self, n_inputs: int) -> np.ndarray:
        """Return which of the inputs are neither coordinates nor indicators."""
        others = np.ones(n_inputs, dtype=bool)
        others[self.coordinates] = others[self.indicators] = False
        return others

    def others(self, values: np.ndarray) -> np.ndarray:
        """Return the values of all other inputs, which are along the first axis."""
        return values[self.are_others(len(values))]

    def tabulate(self, C: np.ndarray) -> Tabulated:
        """Return running sums for a matrix, or a stack of them, of shape (..., n_inputs, k)."""
        side_by_side = np.moveaxis(C, -2, 0).reshape(C.shape[-2], -1)
        sums = self._running_sums(self._by_column(side_by_side[self.coordinates]))
        if len(self.indicators):
            active = side_by_side[self.indicators] * self._column_of_sizes(C.dtype)
            sums = np.concatenate([sums, active])
        shape = (*C.shape[:-2], C.shape[-1])
        return Tabulated(self.others(side_by_side), sums, shape)

    def pull(self, sums: np.ndarray, out: np.ndarray) -> None:
        """Pull a gradient back from running sums to inputs, the first axis of `out`."""
        n_edges = len(self.counts) * self.n_edges
        out[self.coordinates] = self._pull(sums[:n_edges]).reshape(-1, *out.shape[1:])
        active = sums[n_edges:] * self._column_of_sizes(sums.dtype)
        out[self.indicators] = active.reshape(-1, *out.shape[1:])

    def _pull(self, sums):
        """Return the gradient for coordinates, shape (n_coordinates, k)."""
        by_column = sums.reshape(len(self.counts), self.n_edges, -1)
        if self.n_edges <= FEW_EDGES:
            return np.matmul(self._steps(sums.dtype).swapaxes(1, 2), by_column)[self._is_bin]
        behind = by_column[:, 1:].copy()
        for k in range(self.n_edges - 2, 0, -1):
            behind[:, k - 1] += behind[:, k]
        behind *= self.lengths.astype(sums.dtype)[..., None]
        return behind[self._is_bin]

    def distances(self, centers: np.ndarray) -> EdgeDistances:
        """Return the squared distances of centres, shape (n_centers, n_inputs), from edges."""
        inner = self._by_column(centers.T[self.coordinates])
        lengths = self.lengths.astype(centers.dtype)
        sums = self._running_sums(lengths[..., None] - 2 * inner)
        sums += np.repeat((inner * inner).sum(axis=1), self.n_edges, axis=0)
        levels, sizes = centers.T[self.indicators], self._column_of_sizes(centers.dtype)
        sums = np.concatenate([sums, sizes * (sizes - 2 * levels)])
        others = self.others(centers.T)
        origin = others.mean(axis=1)
        others -= origin[:, None]
        constant = (others**2).sum(axis=0) + (levels**2).sum(axis=0)
        plain = np.stack([*(-2 * others), np.ones_like(constant), constant])
        after_edges = np.pad(lengths**2, ((0, 0), (0, 1)))
        return EdgeDistances(origin, plain, sums, after_edges.reshape(-1))

    def _column_of_sizes(self, dtype) -> np.ndarray:
        return self.sizes.astype(dtype)[:, None]

    @property
    def _is_bin(self) -> np.ndarray:
        return np.arange(self.lengths.shape[1]) < self.counts[:, None]

    @property
    def _is_full(self) -> bool:
        """Whether all columns have the same number of bins."""
        return self.lengths.size == self.n_coordinates

    def _by_column(self, values: np.ndarray) -> np.ndarray:
        """Return values of coordinates as an array of shape (n_columns, n_bins, ...)."""
        shape = (*self.lengths.shape, *values.shape[1:])
        if self._is_full:
            return values.reshape(shape)
        result = np.zeros(shape, dtype=values.dtype)
        result[self._is_bin] = values
        return result

    def _steps(self, dtype) -> np.ndarray:
        """Return the length of each bin before each edge, shape (n_columns, n_edges, n_bins)."""
        is_before = np.tri(self.n_edges, self.n_edges - 1, -1, dtype=dtype)
        return is_before * self.lengths.astype(dtype)[:, None]

    def _running_sums(self, slopes):
        """Return sums of the bins before each edge, shape (n_columns * n_edges, k)."""
        if self.n_edges <= FEW_EDGES:
            sums = np.matmul(self._steps(slopes.dtype), slopes)
        else:
            sums = np.zeros((len(slopes), self.n_edges, slopes.shape[-1]), dtype=slopes.dtype)
            np.multiply(slopes, self.lengths.astype(slopes.dtype)[..., None], out=sums[:, 1:])
            for k in range(1, self.n_edges - 1):  # np.cumsum takes four times as long
                sums[:, k + 1] += sums[:, k]
        return sums.reshape(sums.shape[0] * sums.shape[1], sums.shape[2])


@dataclass(frozen=True, eq=False)
class Interpolated:
    """Mapped rows by bin and fraction, with products like those of the rows themselves.

    Parameters
    ----------
    plain : ndarray of shape (n_rows, n_others)
        All inputs but the coordinates and indicators.
    edges : ndarray of int, shape (n_rows, 2 * n_columns + n_categories)
        The two edges of the bin of each column, among the edges of all columns, and the indicator
        of each category, which come after all edges.
    shares : ndarray of shape (n_rows, 2 * n_columns + n_categories)
        Their weights.
    bins : Bins
        The inputs that they represent.
    """

    plain: np.ndarray
    edges: np.ndarray
    shares: np.ndarray
    bins: Bins

    @classmethod
    def of(
        cls, plain: np.ndarray, found: np.ndarray, fractions: np.ndarray, bins: Bins
    ) -> "Interpolated":
        """Return rows by bins and fractions, both of shape (n_columns, n_rows)."""
        n_columns, n_rows = found.shape
        edges = np.empty((n_rows, n_columns, 2), dtype=np.int32)
        edges[..., 0] = (found + bins.n_edges * np.arange(n_columns)[:, None]).T
        np.add(edges[..., 0], 1, out=edges[..., 1])
        shares = np.empty(edges.shape, dtype=plain.dtype)
        shares[..., 1] = fractions.T
        np.subtract(1, shares[..., 1], out=shares[..., 0])
        shape = (n_rows, 2 * n_columns)
        return cls(plain, edges.reshape(shape), shares.reshape(shape), bins)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and inputs."""
        return len(self.plain), self.plain.shape[1] + self.bins.n_replaced

    @property
    def size(self) -> int:
        """Number of values that represent the rows."""
        return self.plain.size + self.edges.size + self.shares.size

    def take(self, index: slice | np.ndarray) -> "Interpolated":
        """Return some of the rows."""

        def some(part):
            # For integers, `take` is faster than an index.
            return part[index] if isinstance(index, slice) else part.take(index, axis=0)

        return Interpolated(some(self.plain), some(self.edges), some(self.shares), self.bins)

    def astype(self, dtype, copy: bool = False) -> "Interpolated":
        """Return the rows in a floating type."""
        plain, shares = (part.astype(dtype, copy=copy) for part in (self.plain, self.shares))
        return replace(self, plain=plain, shares=shares)

    def beside(self, *others: np.ndarray) -> "Interpolated":
        """Return the rows with additional inputs after the others."""
        return replace(self, plain=np.concatenate([self.plain, *others], axis=1))

    def with_levels(self, active: np.ndarray) -> "Interpolated":
        """Return the rows with an indicator of each category, shape (n_rows, n_categories).

        Indicators are numbered through all categories; -1 if none is active.
        """
        n_edges = self.bins.n_edges * len(self.bins.counts)
        edges = np.concatenate([self.edges, np.maximum(active, 0) + n_edges], axis=1)
        shares = np.concatenate([self.shares, active >= 0], axis=1)
        return replace(self, edges=edges.astype(np.int32), shares=shares.astype(self.shares.dtype))

    def augmented(self) -> "Interpolated":
        """Return the rows with a trailing one."""
        return self.beside(np.ones((len(self.plain), 1), dtype=self.plain.dtype))

    def product(self, C: np.ndarray | Tabulated) -> np.ndarray:
        """Return the product with a matrix, or with a stack of them, (..., n_rows, k)."""
        table = self.bins.tabulate(C) if isinstance(C, np.ndarray) else C
        result = self._lines @ table.sums
        result += self.plain @ table.plain
        return np.moveaxis(result.reshape(len(result), *table.shape), 0, -2)

    def transposed_product(self, delta: np.ndarray, out: np.ndarray) -> None:
        """Write Xᵀ δ to `out`, of shape (..., n_inputs, k), for one matrix or a stack."""
        by_input = np.moveaxis(out, -2, 0)
        side_by_side = np.moveaxis(delta, -2, 0).reshape(len(self.plain), by_input[0].size)
        others = (self.plain.T @ side_by_side).reshape(-1, *by_input.shape[1:])
        by_input[self.bins.are_others(len(by_input))] = others
        self.bins.pull(self._lines.T @ side_by_side, by_input)

    def squared_distances(self, table: EdgeDistances) -> np.ndarray:
        """Return the squared distances of augmented rows from centres, (n_rows, n_centers)."""
        # (1 - f) |a - μ|² + f |b - μ|² - f (1 - f) |b - a|² at the part f of the way from a to b.
        before, after = (slice(k, 2 * len(self.bins.counts), 2) for k in (0, 1))
        lengths = table.lengths[self.edges[:, before]]
        nearer = self.shares[:, before] * self.shares[:, after] * lengths
        others = self.plain[:, :-1] - table.origin
        squares = (others * others).sum(axis=1) - nearer.sum(axis=1)
        result = self._lines @ table.squares
        result += np.column_stack([others, squares, self.plain[:, -1]]) @ table.plain
        return result.clip(0, np.inf, out=result)

    @cached_property
    def _lines(self) -> sparse.csr_array:
        """The weight of each edge and indicator for each row."""
        n_rows, n_entries = self.edges.shape
        ends = np.arange(0, n_rows * n_entries + 1, n_entries, dtype=np.int32)
        n_edges = self.bins.n_edges * len(self.bins.counts)
        shape = (n_rows, n_edges + len(self.bins.indicators))
        return sparse.csr_array(
            (self.shares.reshape(-1), self.edges.reshape(-1), ends), shape=shape
        )
