"""Learned scales of columns: networks that ignore columns of noise.

The weights from column j to the first layer are s_j C_j, and both factors are learned: s_j, one
number per column, at its own, higher rate. A column that lowers the cost grows, and then learns
faster; columns of noise fall behind.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy import sparse

from ._base import Cost


@dataclass(frozen=True, eq=False)
class ScaledInputs:
    """A cost as a function of weights and scales.

    A vector of parameters is that of a network, followed by the scales divided by `rate`, so that
    a step of the solver changes a scale by `rate` times as much as a weight.

    Parameters
    ----------
    cost : Cost
        The cost of the networks, over all rows or for a block of them.
    rate : float
        How much faster scales are learned than weights.
    columns : ndarray of int, shape (n_inputs,)
        The number of the scale of each mapped input, from zero without gaps.
    """

    cost: Any
    rate: float
    columns: np.ndarray

    @classmethod
    def of(cls, cost: Cost, rate: float) -> "ScaledInputs":
        """Return the cost with a scale for each column of the data."""
        return cls(cost, rate, np.unique(cost.input_columns(), return_inverse=True)[1])

    @property
    def n_rows(self) -> int:
        """Number of training rows."""
        return self.cost.n_rows

    @property
    def n_parameters(self) -> int:
        """Length of a vector of parameters."""
        return self.cost.n_parameters + self._n_scales

    @property
    def dtype(self) -> np.dtype:
        """The floating type of gradients."""
        return self.cost.dtype

    @property
    def n_threads(self) -> int:
        """Number of threads that process blocks of rows."""
        return self.cost.n_threads

    @property
    def in_partitions(self) -> bool:
        """Whether the rows are in remote partitions."""
        return self.cost.in_partitions

    @property
    def _n_scales(self) -> int:
        return int(self.columns.max()) + 1

    @cached_property
    def _sums(self) -> sparse.csr_array:
        """The matrix that adds up the inputs of each column, times the rate."""
        n = len(self.columns)
        rates = np.full(n, self.rate, dtype=self.dtype)
        return sparse.csr_array((rates, (np.arange(n), self.columns)), shape=(n, self._n_scales))

    def networks(self, part: slice) -> "ScaledInputs":
        """Return the cost of some networks of the stack."""
        return replace(self, cost=self.cost.networks(part))

    def travel(self, *given) -> list:
        """Let networks visit all partitions."""
        return self.cost.travel(*given)

    @property
    def of_block(self) -> "ScaledInputs":
        """What a worker needs."""
        return replace(self, cost=self.cost.of_block)

    def on(self, *given) -> "ScaledInputs":
        """Return the contribution of a block of rows."""
        return replace(self, cost=self.cost.on(*given))

    def start(self, params: np.ndarray) -> np.ndarray:
        """Return parameters of networks with scales of one."""
        scales = np.full((len(params), self._n_scales), 1 / self.rate, dtype=params.dtype)
        return np.concatenate([params, scales], axis=1)

    @np.errstate(over="ignore", invalid="ignore")  # solvers check the cost
    def scaled(self, params: np.ndarray) -> np.ndarray:
        """Return the parameters of the networks, whose weights contain the scales."""
        result = params[:, : self.cost.n_parameters].copy()
        weights = self.cost.input_weights(result)
        weights *= self._factors(params)
        return result

    def leads_to(self, params: np.ndarray | None, scaled: np.ndarray) -> bool:
        """Return whether parameters with scales are those of these networks."""
        if params is None or params.shape != (len(scaled), self.n_parameters):
            return False
        known = self.scaled(params).astype(scaled.dtype)  # in which they are stored
        return bool(np.array_equal(known, scaled))

    def _factors(self, params):
        """Return the scale of each mapped input, shape (n_networks, n_inputs, 1)."""
        scales = params.dtype.type(self.rate) * params[:, self.cost.n_parameters :]
        return scales[:, self.columns, None]

    def loss_and_gradient(
        self,
        params: np.ndarray,
        index: np.ndarray | None = None,
        draw_mask: Callable | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the data terms, and the gradients for weights and scales."""
        loss, slopes = self.cost.loss_and_gradient(self.scaled(params), index, draw_mask)
        n, of_inputs = self.cost.n_parameters, self.cost.input_weights(slopes)
        products = np.einsum("kiu,kiu->ki", of_inputs, self.cost.input_weights(params[:, :n]))
        of_inputs *= self._factors(params)
        return loss, np.concatenate([slopes, products @ self._sums], axis=1)

    def data_term(self, params: np.ndarray) -> np.ndarray:
        """Return the data terms alone."""
        return self.cost.data_term(self.scaled(params))

    def penalty(self, params: np.ndarray) -> np.ndarray:
        """Return the penalties on the scaled weights."""
        return self.cost.penalty(self.scaled(params))
