"""The rows of a problem, and the loop over them: block by block, mapped on the way.

Everything that is computed over all rows is a sum over blocks, or an array that blocks fill.
Blocks fit the cache of a core. Neighbouring blocks of a sum form chunks, threads process chunks,
and the sums of the chunks are added in their order, so that results do not depend on the number of
threads.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import pairwise
from operator import iadd
from typing import Protocol, TypeAlias

import numpy as np
from joblib import effective_n_jobs
from scipy import sparse

from ._blas import single_threaded_blas
from ._interpolated import Bins, Interpolated
from ._linalg import Matrix, augmented
from ._sample import Sample
from ._threads import map_in_threads
from .input_maps import InputMap, map_rows, sources_of, with_folds

#: Mapped inputs up to this size are kept rather than computed again in each pass.
CACHE_BYTES = 2**26
#: Total number of floats in the arrays of one block, to stay in the cache of a core.
BLOCK_NUMBERS = 2**19
#: Bytes of an array that is larger than all arrays of a block.
KEPT_BYTES = 2**24
#: Number of partial sums of a full pass; more than any reasonable number of threads.
N_CHUNKS = 16
#: Number of rows from which running sums of a matrix pay off.
MANY_ROWS = 256
#: Number of inputs that an entry of a row replaces on average, and that all of them replace, from
#: which they do in each step of a training.
REPLACED_IN_TRAINING, ALL_REPLACED_IN_TRAINING = 10, 200

#: Some rows: a slice, or an array of indices.
Index: TypeAlias = slice | np.ndarray


class Transformer(Protocol):
    """A fitted map."""

    def transform(self, X: Matrix) -> Matrix:
        """Return the mapped rows."""
        ...


def block_length(numbers_per_row: int) -> int:
    """Return the number of rows in a block, given the memory of a row in all arrays.

    It is a multiple of 64 between 64 and 2048, and depends on nothing else, so sums over blocks do
    not depend on the number of threads.

    Examples
    --------
    >>> block_length(500)
    1024
    """
    return min(max(BLOCK_NUMBERS // max(numbers_per_row, 1) // 64 * 64, 64), 2048)


def blocks(n_rows: int, length: int) -> list[slice]:
    """Return the slices that split `n_rows` rows into blocks."""
    return [slice(start, min(start + length, n_rows)) for start in range(0, n_rows, length)]


def keep_freed_memory() -> None:
    """Make the C library reuse the memory of a block for the next one.

    The GNU library returns it to the system and requests the same pages again, unless a larger
    array was freed before. A block then takes up to three times as long.
    """
    np.empty(KEPT_BYTES, dtype=np.uint8)  # freed at once, and never written to


@dataclass(frozen=True, eq=False)
class Rows:
    """Inputs, and for training also targets and weights.

    Parameters
    ----------
    raw : {ndarray, CSR} of shape (n_rows, n_raw_features)
        Validated inputs.
    input_map : fitted transformer or None
        Applied to each block.
    dtype : dtype
        The floating type of the mapped rows.
    n_jobs : int or None
        Number of threads, as in joblib.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets d, in `dtype`; empty if there are none.
    sample_weight : ndarray of shape (..., n_rows)
        Weights, in `dtype`, with a leading axis if the networks of a stack have different weights.
    total_weight : float
        The total weight of the rows in a mean: the sum of `sample_weight`, unless these rows are
        part of a larger set.
    bins : Bins or None
        The bins of piecewise-linear inputs, if rows are mapped by bin and fraction.
    """

    raw: Matrix
    input_map: Transformer | None
    dtype: np.dtype
    n_jobs: int | None = None
    targets: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    sample_weight: np.ndarray = field(default_factory=lambda: np.empty(0))
    total_weight: float = 0.0
    _mapped: Matrix | Interpolated | None = None
    bins: Bins | None = None

    @classmethod
    def of_sample(
        cls, sample: Sample, input_map: Transformer | None, dtype: np.dtype, n_jobs: int | None
    ) -> "Rows":
        """Return training rows behind a fitted map, with their folds if it needs them."""
        X = with_folds(sample.X, input_map, sample.fold_numbers)
        return cls(X, input_map, dtype, n_jobs).labelled(sample.targets, sample.weights)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return self.raw.shape[0]

    @property
    def input_dtype(self) -> np.dtype:
        """The floating type of the original rows."""
        return self.raw.dtype

    @property
    def n_features(self) -> int:
        """Number of mapped inputs."""
        return self.augmented(slice(0, 1)).shape[1] - 1

    @property
    def n_threads(self) -> int:
        """Number of threads."""
        return effective_n_jobs(self.n_jobs)

    def sources(self) -> np.ndarray | None:
        """Return the source of each mapped input (`sources_of`), or None if it is not known."""
        return sources_of(self.input_map, self.raw.shape[1])

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
        """Return the rows with all inputs mapped, if the result is small."""
        sample = self._map(slice(0, min(self.n_rows, 1000)))
        numbers = sample.nnz if sparse.issparse(sample) else sample.size
        if numbers * np.dtype(self.dtype).itemsize * self.n_rows > CACHE_BYTES * sample.shape[0]:
            return self
        return replace(self, _mapped=self._map(slice(None)))

    def interpolated(self, in_training: bool = False) -> "Rows":
        """Return the rows by bin, fraction and level of each column, if products are faster.

        In training, running sums are computed in each step, so that it takes more. Such rows
        have products (`augmented`), but no inputs (`inputs`).
        """
        if not isinstance(self.input_map, InputMap):
            return self
        if self.n_rows < MANY_ROWS or sparse.issparse(self.raw):
            return self
        bins = self.input_map.bins()
        if bins is None or (in_training and not _pays_in_training(bins)):
            return self
        return replace(self, bins=bins, _mapped=None)

    def augmented(self, index: Index) -> Matrix | Interpolated:
        """Return the mapped and augmented rows x_a."""
        return self._map(index) if self._mapped is None else _take(self._mapped, index)

    def inputs(self, index: Index) -> Matrix:
        """Return the mapped rows, dense or CSR."""
        X = self.augmented(index)
        assert not isinstance(X, Interpolated)  # these have products only
        return X[:, :-1]

    def targets_and_weights(self, index: Index) -> tuple[np.ndarray, np.ndarray]:
        """Return targets and weights; the rows are the last axis of the latter."""
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
        """Return the sums over blocks of what `terms` returns for some rows, a tuple of arrays.

        It needs about `numbers_per_row` floats per row; `n_threads` replaces those of `n_jobs`.
        The sums are over all rows, or over those with the indices `over`.
        """
        n_rows = self.n_rows if over is None else len(over)
        parts = blocks(n_rows, block_length(numbers_per_row))
        n_chunks = min(len(parts), N_CHUNKS)
        ends = [len(parts) * k // n_chunks for k in range(n_chunks + 1)]
        chunks = [parts[start:end] for start, end in pairwise(ends)]

        def chunk_sums(chunk):
            # Set here, because each thread has its own error state.
            with np.errstate(over="ignore", invalid="ignore"):
                return reduce(_added, (terms(_of(over, part)) for part in chunk))

        n_threads = n_threads or self.n_threads
        if n_threads == 1:  # only two sums are in memory
            return reduce(_added, map(chunk_sums, chunks))
        return reduce(_added, map_in_threads(chunk_sums, chunks, n_threads))

    def fill(
        self,
        values: Callable,
        n_columns: int,
        numbers_per_row: int,
        *,
        over: np.ndarray | None = None,
        dtype: np.dtype | None = None,
    ) -> np.ndarray:
        """Return an array, shape (n_rows, n_columns), that is filled block by block.

        `values` returns the rows of the result for some rows, and needs about `numbers_per_row`
        floats per row. With the indices `over`, the result has one row for each of them. Its type
        is that of the rows by default.
        """
        n_rows = self.n_rows if over is None else len(over)
        result = np.empty((n_rows, n_columns), dtype=dtype or self.dtype)
        parts = blocks(n_rows, block_length(numbers_per_row))

        def fill(part):
            with np.errstate(over="ignore", invalid="ignore"):
                result[part] = values(_of(over, part))

        if len(parts) == 1:  # without limits and threads, which take time for a single row
            fill(parts[0])
            return result
        keep_freed_memory()
        with single_threaded_blas():
            map_in_threads(fill, parts, self.n_threads)
        return result

    def _map(self, index):
        if self.bins is not None:
            rows = self.input_map.interpolate(_take(self.raw, index), self.bins)
            with np.errstate(over="ignore"):  # as for other rows
                return rows.astype(self.dtype).augmented()
        return augmented(map_rows(self.input_map, _take(self.raw, index)), self.dtype)


def _pays_in_training(bins: Bins) -> bool:
    """Return whether there are enough bins and levels for running sums in each step."""
    least = max(REPLACED_IN_TRAINING * bins.n_entries, ALL_REPLACED_IN_TRAINING)
    return bins.n_replaced >= least


def _added(total: tuple, more: tuple) -> tuple:
    """Add arrays to those of `total`."""
    return tuple(map(iadd, total, more))


def _of(rows: np.ndarray | None, part: slice) -> Index:
    """Return a part of some rows, or of all."""
    return part if rows is None else rows[part]


def _take(array, index, axis=0):
    """Return a part of an array along its first or last axis, or rows of any other matrix."""
    if isinstance(array, Interpolated):
        return array.take(index)
    if isinstance(index, slice) or sparse.issparse(array) or not array.flags.c_contiguous:
        return array[index] if axis == 0 else array[..., index]
    # Three times as fast as an index, but copies arrays in other orders as a whole.
    return array.take(index, axis=axis)
