"""The activations of all rows: the design matrix of a linear output layer."""

from collections.abc import Callable

import numpy as np

from ..objective import Objective
from ..rows import Index

#: Activations up to this size are kept rather than computed in each pass.
KEPT_NUMBERS = 2**25
#: Nominal memory per row: a small number gives long blocks, for products of large matrices.
NUMBERS_PER_ROW = 64
#: Rows per block, for products that would otherwise need copies of all activations.
BLOCK_LENGTH = 512


class Activations:
    """y_E of all rows of an objective, for the parameters of its network.

    They are in the type of the inputs, in which predictions are made; the sums of their products
    are in double precision.
    """

    def __init__(self, objective: Objective, vector: np.ndarray):
        self.rows = objective.rows
        self.width = objective.network.width
        self._network = objective.network
        self.dtype = self.rows.input_dtype
        with np.errstate(over="ignore"):  # large parameters for rows in single precision
            params = vector.astype(self.dtype, copy=False)
        self._views = objective.network.views(params)
        self._kept: np.ndarray | None = None
        if objective.n_rows * self.width <= KEPT_NUMBERS:
            self._kept = self.rows.fill(self.block, self.width, NUMBERS_PER_ROW, dtype=self.dtype)

    @property
    def kept(self) -> bool:
        """Whether the activations are kept."""
        return self._kept is not None

    def release(self) -> np.ndarray | None:
        """Return the kept activations, if any, and forget them; later ones are computed."""
        kept, self._kept = self._kept, None
        return kept

    def block(self, part: Index) -> np.ndarray:
        """Return the activations of some rows."""
        if self._kept is not None:
            return self._kept[part]
        X = self.rows.augmented(part).astype(self.dtype, copy=False)
        return self._network.embed(self._views, X)[0]

    def product(self, index: Index, weights: np.ndarray) -> np.ndarray:
        """Return the product of the activations of some rows with a matrix."""
        over = np.arange(self.rows.n_rows)[index]
        return self.rows.fill(
            lambda part: self.block(part) @ weights,
            weights.shape[1],
            NUMBERS_PER_ROW,
            over=over,
            dtype=np.dtype(np.float64),
        )

    def sum(self, terms: Callable) -> tuple[np.ndarray, ...]:
        """Return the sums of the output of `terms` over blocks of all rows."""
        return self.rows.sum(terms, NUMBERS_PER_ROW)
