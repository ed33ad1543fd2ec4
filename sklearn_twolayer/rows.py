"""Rows of a problem, and the one walk over them: block by block, mapped on the way.

Whatever is computed over all rows is a sum of what blocks give, or an array that blocks
fill. Blocks fit a core's cache; neighbouring blocks of a sum form chunks, threads take
chunks, and the chunks' sums are added in their order, so that no result depends on the
number of threads.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from operator import iadd
from typing import Protocol, TypeAlias

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse

from ._blas import single_threaded_blas
from ._interpolated import Bins
from ._linalg import Matrix, augmented, without_ones
from ._threads import map_in_threads
from .input_maps import InputMap, map_rows

#: Mapped inputs up to this size are kept rather than mapped again at each pass.
CACHE_BYTES = 2**26
#: Numbers that the arrays of one block should hold in all, to stay in a core's cache.
BLOCK_NUMBERS = 2**19
#: Bytes of an array that is larger than any of a block.
KEPT_BYTES = 2**24
#: Number of partial sums of a full pass; more than any sensible number of threads.
N_CHUNKS = 16
#: Rows from which on running sums of a matrix are worth their time.
MANY_ROWS = 256

#: Some rows: a slice, or an array of indices.
Index: TypeAlias = slice | np.ndarray


class Transformer(Protocol):
    """A fitted map of rows."""

    def transform(self, X: Matrix) -> Matrix:
        """Return the mapped rows."""
        ...


def block_length(numbers_per_row: int) -> int:
    """Return how many rows make a block, given what a row needs in all arrays together.

    It depends on nothing else, so that sums over blocks do not depend on the threads.

    Parameters
    ----------
    numbers_per_row : int
        Floating-point numbers that are alive for one row.

    Returns
    -------
    int
        A multiple of 64 between 64 and 2048.

    Examples
    --------
    >>> block_length(500)
    1024
    """
    return min(max(BLOCK_NUMBERS // max(numbers_per_row, 1) // 64 * 64, 64), 2048)


def blocks(n_rows: int, length: int) -> list[slice]:
    """Return the slices that cut `n_rows` rows into blocks."""
    return [slice(start, min(start + length, n_rows)) for start in range(0, n_rows, length)]


def keep_freed_memory() -> None:
    """Make the C library keep the memory of arrays that a block frees for those of the next.

    That of GNU gives it back to the system, and asks for the same pages again, where it has
    not yet seen a larger array freed: a block then takes up to three times as long.
    """
    np.empty(KEPT_BYTES, dtype=np.uint8)  # freed at once, and never written to


def random_part(n_rows: int, most: int, rng: np.random.RandomState) -> Index:
    """Return the sorted indices of `most` random rows, or the slice of all if they are no more."""
    if n_rows <= most:
        return slice(None)
    return np.sort(rng.choice(n_rows, most, replace=False))


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs, and for training targets and weights.

    Any object with `sum` and `fill` can take the place of this walk.

    Parameters
    ----------
    raw : {ndarray, CSR} of shape (n_rows, n_raw_features)
        Validated inputs.
    input_map : fitted transformer or None
        Applied to each block.
    dtype : dtype
        The floating type of the mapped rows.
    n_jobs : int or None
        Number of threads that walk the blocks, as joblib counts.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets d, in `dtype`; empty where there are none.
    sample_weight : ndarray of shape (..., n_rows)
        Weights, in `dtype`, with a leading axis where the networks of a stack have
        weights of their own.
    total_weight : float
        The sum of the weights of all rows that a mean is over. It is that of `sample_weight`,
        unless these rows are a part of more.
    bins : Bins or None
        Where piecewise-linear coordinates stand, if rows are mapped by bin and fraction.
    """

    raw: Matrix
    input_map: Transformer | None
    dtype: np.dtype
    n_jobs: int | None = None
    targets: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    sample_weight: np.ndarray = field(default_factory=lambda: np.empty(0))
    total_weight: float = 0.0
    _mapped: Matrix | None = None
    bins: Bins | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.raw.shape[0]

    @property
    def input_dtype(self) -> np.dtype:
        """The floating type of the rows as they were given."""
        return self.raw.dtype

    @property
    def n_features(self) -> int:
        """Number of mapped inputs."""
        return self.inputs(slice(0, 1)).shape[1]

    @property
    def n_threads(self) -> int:
        """Number of threads that walk the blocks."""
        return effective_n_jobs(self.n_jobs)

    def labelled(self, targets: np.ndarray, sample_weight: np.ndarray) -> "Rows":
        """Return the rows with targets, and with weights that are scaled to a mean of one."""
        targets = np.ascontiguousarray(targets, dtype=self.dtype)
        return replace(self, targets=targets).weighted(sample_weight)

    def weighted(self, sample_weight: np.ndarray) -> "Rows":
        """Return the rows with other weights, scaled to a mean of one."""
        scaled = sample_weight / np.mean(sample_weight, axis=-1, keepdims=True)
        scaled = scaled.astype(self.dtype)
        return replace(self, sample_weight=scaled, total_weight=float(self.n_rows))

    def take(self, index: Index) -> "Rows":
        """Return some of the rows, with weights of a mean of one."""
        some = replace(self, raw=_take(self.raw, index), _mapped=None)
        return some.labelled(*self.targets_and_weights(index))

    def keep(self) -> "Rows":
        """Return the rows with all of them mapped, if the result is small."""
        sample = self._map(slice(0, min(self.n_rows, 1000)))
        numbers = sample.nnz if sparse.issparse(sample) else sample.size
        if numbers * np.dtype(self.dtype).itemsize * self.n_rows > CACHE_BYTES * sample.shape[0]:
            return self
        return replace(self, _mapped=self._map(slice(None)))

    def interpolated(self) -> "Rows":
        """Return the rows by bin and fraction of each column, where products are faster so."""
        if not isinstance(self.input_map, InputMap):
            return self
        if self.n_rows < MANY_ROWS or sparse.issparse(self.raw):
            return self
        return replace(self, bins=self.input_map.bins())

    def augmented(self, index: Index) -> Matrix:
        """Return the mapped and augmented rows x_a."""
        return self._map(index) if self._mapped is None else _take(self._mapped, index)

    def inputs(self, index: Index) -> Matrix:
        """Return the mapped rows, dense or CSR."""
        X = self.augmented(index)
        return X[:, :-1] if sparse.issparse(X) else without_ones(X)

    def targets_and_weights(self, index: Index) -> tuple[np.ndarray, np.ndarray]:
        """Return targets and weights; rows of the latter are last."""
        return _take(self.targets, index), _take(self.sample_weight, index, axis=-1)

    def shares(self, index: Index) -> np.ndarray:
        """Return weights that sum to one over all rows."""
        return _take(self.sample_weight, index, axis=-1) / self.total_weight

    def sum(
        self,
        terms: Callable,
        numbers_per_row: int,
        n_threads: int | None = None,
        *,
        over: np.ndarray | None = None,
    ) -> tuple[np.ndarray, ...]:
        """Return the sums of what `terms` gives for each block.

        Parameters
        ----------
        terms : callable
            Returns a tuple of arrays for some rows.
        numbers_per_row : int
            Numbers that it holds for each row, about.
        n_threads : int, optional
            Number of threads, if not that of `n_jobs`.
        over : ndarray of int, optional
            The rows to sum over, if not all.

        Returns
        -------
        tuple of ndarray
            The sums.
        """
        n_rows = self.n_rows if over is None else len(over)
        parts = blocks(n_rows, block_length(numbers_per_row))
        n_chunks = min(len(parts), N_CHUNKS)
        ends = [len(parts) * k // n_chunks for k in range(n_chunks + 1)]
        chunks = [parts[start:end] for start, end in pairwise(ends)]

        def chunk_sums(chunk):
            # Here, because each thread has an error state of its own.
            with np.errstate(over="ignore", invalid="ignore"):
                total = terms(_of(over, chunk[0]))
                for part in chunk[1:]:
                    more = terms(_of(over, part))
                    total = tuple(iadd(*pair) for pair in zip(total, more, strict=True))
                return total

        sums = map_in_threads(chunk_sums, chunks, n_threads or self.n_threads)
        return tuple(sum(terms) for terms in zip(*sums, strict=True))

    def fill(
        self,
        values: Callable,
        n_columns: int,
        numbers_per_row: int,
        *,
        over: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return an array that blocks fill.

        Parameters
        ----------
        values : callable
            Returns the rows of the result for some rows.
        n_columns : int
            Number of columns of the result.
        numbers_per_row : int
            Numbers that it holds for each row, about.
        over : ndarray of int, optional
            The rows to fill the result from, if not all.

        Returns
        -------
        ndarray of shape (n_rows, n_columns)
            The result, in `dtype`; of as many rows as `over` has, where it is given.
        """
        n_rows = self.n_rows if over is None else len(over)
        result = np.empty((n_rows, n_columns), dtype=self.dtype)
        parts = blocks(n_rows, block_length(numbers_per_row))

        def fill(part):
            with np.errstate(over="ignore", invalid="ignore"):
                result[part] = values(_of(over, part))

        if len(parts) == 1:  # no limit and no threads, which a single row would wait for
            fill(parts[0])
            return result
        keep_freed_memory()
        with single_threaded_blas():
            map_in_threads(fill, parts, self.n_threads)
        return result

    def _map(self, index):
        if self.bins is not None:
            return self.input_map.interpolate(_take(self.raw, index), self.bins).augmented()
        return augmented(map_rows(self.input_map, _take(self.raw, index)), self.dtype)


def _of(rows: np.ndarray | None, part: slice) -> Index:
    """Return a part of some rows, or of all."""
    return part if rows is None else rows[part]


def _take(array, index, axis=0):
    """Return a part of an array along its first or last axis, or rows of a sparse one."""
    if isinstance(index, slice) or sparse.issparse(array) or not array.flags.c_contiguous:
        return array[index] if axis == 0 else array[..., index]
    # Three times as fast as an index, but of other orders it copies the whole array first.
    return array.take(index, axis=axis)
