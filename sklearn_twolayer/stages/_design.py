"""The activations of all rows, as the fixed design of a linear output layer."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..objective import Objective

#: Activations of up to so many numbers are kept rather than computed at each pass.
KEPT_NUMBERS = 2**25
#: What a row counts for the length of a block: long ones, for products of large matrices.
NUMBERS_PER_ROW = 64


class Design:
    """y_E of all rows of an objective, for one network.

    Parameters
    ----------
    objective : Objective
        Holds the network, the rows and the threads.
    vector : ndarray of shape (n_parameters,)
        The parameters of the network.
    """

    def __init__(self, objective: Objective, vector: np.ndarray):
        self.objective = objective
        self.width = objective.network.width
        self._views = objective.network.views(vector)
        self._kept = None
        if objective.n_rows * self.width <= KEPT_NUMBERS:
            kept = np.empty((objective.n_rows, self.width), dtype=objective.dtype)

            def fill(part):
                kept[part] = self.block(part)
                return (0,)

            self.sum(fill)
            self._kept = kept

    @property
    def kept(self) -> bool:
        """Whether the activations are kept."""
        return self._kept is not None

    def release(self) -> np.ndarray | None:
        """Give away the activations that are kept, if they are; later ones are computed."""
        kept, self._kept = self._kept, None
        return kept

    def block(self, part: Any) -> np.ndarray:
        """Return the activations of a slice or an index array of rows."""
        if self._kept is not None:
            return self._kept[part]
        X = self.objective.rows.augmented(part)
        return self.objective.network.embed(self._views, X)[0]

    def weights(self, part: Any) -> np.ndarray:
        """Return weights of rows, which sum to one over all rows."""
        return self.objective.rows.sample_weight[part] / self.objective.n_rows

    def targets(self, part: Any) -> np.ndarray:
        """Return the targets of rows."""
        return self.objective.rows.targets[part]

    def sum(self, terms: Callable) -> tuple[np.ndarray, ...]:
        """Return the sums of what `terms` gives for each block of all rows."""
        return self.objective.sum_blocks(terms, numbers_per_row=NUMBERS_PER_ROW)
