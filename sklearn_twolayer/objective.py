"""The cost E and its gradient over blocks of rows.

    E(θ, W, b) = ( Σ_i w_i L(y_i, d_i) ) / ( Σ_i w_i )  +  (α/2) · ‖non-bias weights‖²

The data term is a sum over rows. It is cut into blocks that fit a core's cache, and
neighbouring blocks into chunks; threads take chunks, and the chunks' sums are added in
their order, so that the result does not depend on the number of threads.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from operator import iadd
from typing import Any

import numpy as np

from .losses import Link, Loss
from .network import Network
from .rows import Rows, block_length, blocks

#: Number of partial sums of a full pass; more than any sensible number of threads.
N_CHUNKS = 16


class Objective:
    """E as a function of the flat parameters of a network.

    Parameters
    ----------
    network : Network
        The two layers.
    loss : Loss
        L(y, d).
    link : Link
        y = g(z).
    rows : Rows
        Inputs, targets and weights.
    alpha : float
        Strength of the penalty.
    n_threads : int
        Number of threads that walk the blocks.

    Attributes
    ----------
    n_rows : int
        Number of training rows.
    dtype : dtype
        In which the rows are and gradients are computed.
    """

    def __init__(
        self,
        network: Network,
        loss: Loss,
        link: Link,
        rows: Rows,
        *,
        alpha: float = 0.0,
        n_threads: int = 1,
    ):
        self.network = network
        self.loss = loss
        self.link = link
        self.rows = rows
        self.alpha = alpha
        self.n_threads = n_threads
        self.n_rows = rows.n_rows
        self.dtype = rows.dtype

    def loss_and_gradient(
        self, params: np.ndarray, index: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the data term and the gradient of E.

        Parameters
        ----------
        params : ndarray of shape (..., n_parameters)
            Parameters of one network or a stack.
        index : ndarray of int, optional
            Rows of a minibatch, whose mean stands for that of all rows.

        Returns
        -------
        loss : ndarray of shape (...)
            The weighted mean of L.
        gradient : ndarray of shape (..., n_parameters)
            The gradient of E, penalty included.
        """
        params = params.astype(self.dtype, copy=False)
        if index is None:
            loss, gradient = self._sum(self._block_gradient, params)
            n_rows = self.n_rows
        else:
            loss, gradient = self._block_gradient(params, index)
            n_rows = len(index)
        gradient /= n_rows
        if self.alpha:
            for slope, weights in zip(
                self.network.penalized(gradient), self.network.penalized(params), strict=True
            ):
                slope += self.alpha * weights
        return loss / n_rows, gradient

    def best_constant(self) -> np.ndarray:
        """Return the raw outputs, shape (n_outputs,), of the best constant prediction."""
        rows = self.rows
        constant = self.loss.constant(rows.targets, rows.sample_weight)
        return self.link.inverse(constant)

    def data_term(self, params: np.ndarray) -> np.ndarray:
        """Return the data term alone, the weighted mean of L over all rows."""
        params = params.astype(self.dtype, copy=False)
        return self._sum(self._block_loss, params)[0] / self.n_rows

    def penalty(self, params: np.ndarray) -> np.ndarray:
        """Return (α/2) ‖non-bias weights‖², of shape (...)."""
        if not self.alpha:
            return np.zeros(params.shape[:-1])
        squares = [
            np.square(part, dtype=np.float64).sum(axis=tuple(range(params.ndim - 1, part.ndim)))
            for part in self.network.penalized(params)
        ]
        return 0.5 * self.alpha * sum(squares)

    def _block_loss(self, params: np.ndarray, index: Any) -> tuple[np.ndarray]:
        rows = self.rows
        z, _ = self.network.forward(self.network.views(params), rows.augmented(index))
        values, _ = self.loss.value_and_gradient(z, rows.targets[index], self.link)
        return (np.sum(values * rows.sample_weight[index], axis=-1, dtype=np.float64),)

    def _block_gradient(self, params: np.ndarray, index: Any) -> tuple[np.ndarray, np.ndarray]:
        """Return sums over a block: of w L, and of w times the gradient of L."""
        rows = self.rows
        X, weights = rows.augmented(index), rows.sample_weight[index]
        z, saved = self.network.forward(self.network.views(params), X)
        values, delta = self.loss.value_and_gradient(z, rows.targets[index], self.link)
        delta *= weights[:, None]
        gradient = self.network.pullback(params, X, saved, delta)
        return np.sum(values * weights, axis=-1, dtype=np.float64), gradient

    def _sum(self, block_sums: Callable, params: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the sums of what `block_sums` gives for each block of all rows."""
        parts = blocks(self.n_rows, block_length(self.network.numbers_per_row))
        size = -(-len(parts) // N_CHUNKS)
        chunks = [parts[start : start + size] for start in range(0, len(parts), size)]

        def chunk_sums(chunk):
            total = block_sums(params, chunk[0])
            for index in chunk[1:]:
                total = tuple(map(iadd, total, block_sums(params, index)))
            return total

        if self.n_threads == 1 or len(chunks) == 1:
            results = map(chunk_sums, chunks)
            return tuple(sum(terms) for terms in zip(*results, strict=True))
        with ThreadPoolExecutor(self.n_threads) as pool:
            results = pool.map(chunk_sums, chunks)
            return tuple(sum(terms) for terms in zip(*results, strict=True))
