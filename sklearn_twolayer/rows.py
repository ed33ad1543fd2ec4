"""Rows of a problem, handed out in blocks that are mapped on the way."""

from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from ._linalg import augmented, without_ones

#: Mapped inputs up to this size are kept rather than mapped again at each pass.
CACHE_BYTES = 2**26
#: Numbers that the arrays of one block should hold in all, to stay in a core's cache.
BLOCK_NUMBERS = 2**19


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


def random_part(n_rows: int, most: int, rng: np.random.RandomState) -> Any:
    """Return the sorted indices of `most` random rows, or the slice of all if they are no more."""
    if n_rows <= most:
        return slice(None)
    return np.sort(rng.choice(n_rows, most, replace=False))


class Rows:
    """Inputs, and for training targets and weights, by blocks.

    Parameters
    ----------
    X : {ndarray, CSR} of shape (n_rows, n_raw_features)
        Validated inputs.
    input_map : fitted transformer or None
        Applied to each block.
    dtype : dtype
        The floating type of the mapped rows, the targets and the weights.
    targets : ndarray of shape (n_rows, n_outputs), optional
        Targets d.
    sample_weight : ndarray of shape (n_rows,), optional
        Positive weights; scaled here to a mean of one.

    Attributes
    ----------
    n_rows : int
        Number of rows.
    dtype, input_dtype : dtype
        The floating types of the mapped and of the given rows.
    targets, sample_weight : ndarray
        As given, in `dtype`.
    """

    def __init__(self, X, input_map, dtype, targets=None, sample_weight=None):
        self.n_rows = X.shape[0]
        self.dtype = np.dtype(dtype)
        self.input_dtype = X.dtype
        self._raw = X
        self._input_map = input_map
        self._kept = None
        if targets is not None:
            self.targets = np.ascontiguousarray(targets, dtype=dtype)
        if sample_weight is not None:
            self.sample_weight = (
                sample_weight / np.mean(sample_weight, axis=-1, keepdims=True)
            ).astype(dtype)

    def mapped_by(self, input_map) -> "Rows":
        """Return the same inputs under another fitted map, without targets."""
        return Rows(self._raw, input_map, self.dtype)

    def take(self, index: Any) -> "Rows":
        """Return some of the rows, by a slice or an index array."""
        raw, targets_and_weights = _take(self._raw, index), self.targets_and_weights(index)
        return Rows(raw, self._input_map, self.dtype, *targets_and_weights)

    @cached_property
    def n_features(self) -> int:
        """Number of mapped inputs."""
        return self.inputs(slice(0, 1)).shape[1]

    def keep(self) -> "Rows":
        """Map all rows once and keep the result, if it is small; return self."""
        sample = self._map(slice(0, min(self.n_rows, 1000)))
        numbers = sample.nnz if sparse.issparse(sample) else sample.size
        if numbers * self.dtype.itemsize * self.n_rows <= CACHE_BYTES * sample.shape[0]:
            self._kept = self._map(slice(None))
        return self

    def augmented(self, index: Any):
        """Return the mapped and augmented rows x_a of a slice or an index array."""
        return self._map(index) if self._kept is None else _take(self._kept, index)

    def targets_and_weights(self, index: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return targets and weights of a slice or an index array; rows of the latter are last."""
        return _take(self.targets, index), _take(self.sample_weight, index, axis=-1)

    def inputs(self, index: Any) -> np.ndarray:
        """Return the mapped rows of a slice or an index array, dense or CSR."""
        X = self.augmented(index)
        return X[:, :-1] if sparse.issparse(X) else without_ones(X)

    def raw(self, index: Any):
        """Return rows of a slice or an index array as they were given."""
        return self._raw[index]

    def _map(self, index):
        X = _take(self._raw, index)
        if self._input_map is not None:
            X = self._input_map.transform(X)
        return augmented(X, self.dtype)


def _take(array, index, axis=0):
    """Return a part of an array along its first or last axis, or rows of a sparse one."""
    if isinstance(index, slice) or sparse.issparse(array) or not array.flags.c_contiguous:
        return array[index] if axis == 0 else array[..., index]
    # Thrice as fast as an index, but of other orders it copies the whole array first.
    return array.take(index, axis=axis)
