"""The cost E and its gradient over blocks of rows.

    E(θ, W, b) = ( Σ_i w_i L(y_i, d_i) ) / ( Σ_i w_i )  +  (α/2) · ‖non-bias weights‖²

The data term is a sum over rows. It is cut into blocks that fit a core's cache, and
neighbouring blocks into chunks; threads take chunks, and the chunks' sums are added in
their order, so that the result does not depend on the number of threads.
"""

from collections.abc import Callable
from copy import copy
from itertools import pairwise
from operator import iadd
from typing import Any

import numpy as np

from ._linalg import add_multiple
from ._threads import map_in_threads
from .curvature import block_design, block_normal_equations, has_closed_form, solve_output
from .links import Link
from .losses import Loss
from .network import Network, Views
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
        self,
        params: np.ndarray,
        index: np.ndarray | None = None,
        draw_mask: Callable | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the data term and the gradient of E.

        Parameters
        ----------
        params : ndarray of shape (..., n_parameters)
            Parameters of one network or a stack.
        index : ndarray of int, optional
            Rows of a minibatch, whose mean stands for that of all rows.
        draw_mask : callable, optional
            Returns factors of the embedding's outputs for a shape and a dtype: dropout.

        Returns
        -------
        loss : ndarray of shape (...)
            The weighted mean of L.
        gradient : ndarray of shape (..., n_parameters)
            The gradient of E, penalty included.
        """
        params = params.astype(self.dtype, copy=False)
        views = self.network.views(params)
        if index is not None:
            gradient = np.empty_like(params)
            out = self.network.views(gradient)
            loss = self._block_gradient(views, index, len(index), out, draw_mask)
        else:
            # Masks come from one stream, in the order of the blocks.
            n_threads = None if draw_mask is None else 1
            loss, gradient = self.sum_blocks(
                lambda part: self._new_block_gradient(views, part, params, draw_mask),
                n_threads=n_threads,
            )
            out = self.network.views(gradient)
        if self.alpha:
            parts = zip(self.network.penalized(out), self.network.penalized(views), strict=True)
            for slope, weights in parts:
                add_multiple(slope, weights, self.alpha)
        return loss, gradient

    def leave_out(self, rows: np.ndarray) -> None:
        """Give weight zero to some rows for each network of a stack.

        Parameters
        ----------
        rows : ndarray of bool, shape (n_networks, n_rows)
            True where a network leaves out a row; none may leave out all.
        """
        weights = np.where(rows, 0, self.rows.sample_weight)
        self.rows.sample_weight = weights / weights.mean(axis=-1, keepdims=True)

    def networks(self, part: slice) -> "Objective":
        """Return the objective of some networks of a stack: weights may differ between them."""
        if self.rows.sample_weight.ndim == 1:
            return self
        objective = copy(self)
        objective.rows = copy(self.rows)
        objective.rows.sample_weight = self.rows.sample_weight[part]
        return objective

    def best_constant(self) -> np.ndarray:
        """Return the raw outputs, shape (n_outputs,), to start from: a constant prediction."""
        return self.loss.start(self.rows.targets, self.rows.sample_weight, self.link)

    def data_term(self, params: np.ndarray) -> np.ndarray:
        """Return the data term alone, the weighted mean of L over all rows."""
        views = self.network.views(params.astype(self.dtype, copy=False))
        return self.sum_blocks(lambda part: (self._block_loss(views, part),))[0]

    def penalty(self, params: np.ndarray) -> np.ndarray:
        """Return (α/2) ‖non-bias weights‖², of shape (...)."""
        if not self.alpha:
            return np.zeros(params.shape[:-1])
        squares = [
            np.square(part, dtype=np.float64).sum(axis=tuple(range(params.ndim - 1, part.ndim)))
            for part in self.network.penalized(self.network.views(params))
        ]
        return 0.5 * self.alpha * sum(squares)

    def normal_equations(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Gauss-Newton matrix of E and its gradient, for one network.

        Parameters
        ----------
        vector : ndarray of shape (n_parameters,)
            Its parameters.

        Returns
        -------
        matrix : ndarray of shape (n_parameters, n_parameters)
            Σ w Jᵀ (∂²L/∂z²) J / Σ w, plus α for each non-bias weight.
        gradient : ndarray of shape (n_parameters,)
            The gradient of E.
        """
        if self.network.embedding.n_parameters:
            raise ValueError(
                f"Normal equations need an embedding of dense branches, got "
                f"{self.network.embedding!r}: use another solver."
            )
        views = self.network.views(vector.astype(self.dtype, copy=False))
        matrix, gradient = self.sum_blocks(
            lambda part: block_normal_equations(self, views, part),
            numbers_per_row=2 * len(vector) * self.network.n_outputs,
        )
        penalized = np.zeros(len(vector))
        for part in self.network.penalized(self.network.views(penalized)):
            part[...] = self.alpha
        np.einsum("ii->i", matrix)[...] += penalized
        return matrix, gradient + penalized * vector

    def with_best_output(self, vector: np.ndarray) -> np.ndarray:
        """Return parameters with the best output layer for the first, if it is linear."""
        vector = vector.copy()
        if has_closed_form(self.loss, self.link):
            views = self.network.views(vector)
            gram, moments = self.sum_blocks(lambda part: block_design(self, views, part))
            solution = solve_output(gram, moments, self.alpha)
            views.weights[...], views.bias[...] = solution[:-1], solution[-1]
        return vector

    def damped(self) -> np.ndarray:
        """Return ones for the parameters that are not solved for in closed form."""
        ones = np.ones(self.network.n_parameters)
        if has_closed_form(self.loss, self.link):
            views = self.network.views(ones)
            views.weights[...], views.bias[...] = 0, 0
        return ones

    def _block_loss(self, views: Views, part: Any) -> np.ndarray:
        rows = self.rows
        z, _ = self.network.forward(views, rows.augmented(part))
        targets, weights = rows.targets_and_weights(part)
        values, _ = self.loss.value_and_gradient(z, targets, self.link)
        values *= weights / self.n_rows
        return values.sum(axis=-1, dtype=np.float64)

    def _new_block_gradient(self, views, part, params, draw_mask):
        gradient = np.empty_like(params)
        out = self.network.views(gradient)
        return self._block_gradient(views, part, self.n_rows, out, draw_mask), gradient

    def _block_gradient(
        self, views: Views, part: Any, n_rows: int, out: Views, draw_mask: Callable | None
    ) -> np.ndarray:
        """Write a block's part of the gradient of the mean loss, and return that of the loss."""
        rows = self.rows
        X, (targets, weights) = rows.augmented(part), rows.targets_and_weights(part)
        weights = weights / n_rows
        z, saved = self.network.forward(views, X, draw_mask)
        values, delta = self.loss.value_and_gradient(z, targets, self.link)
        delta *= weights[..., None]
        self.network.pullback(views, X, saved, delta, out)
        values *= weights
        return values.sum(axis=-1, dtype=np.float64)

    def sum_blocks(
        self,
        block_terms: Callable,
        *,
        n_threads: int | None = None,
        numbers_per_row: int | None = None,
    ) -> tuple[np.ndarray, ...]:
        """Return the sums of what `block_terms` gives for each block of all rows."""
        parts = blocks(self.n_rows, block_length(numbers_per_row or self.network.numbers_per_row))
        n_chunks = min(len(parts), N_CHUNKS)
        ends = [len(parts) * k // n_chunks for k in range(n_chunks + 1)]
        chunks = [parts[start:end] for start, end in pairwise(ends)]

        def chunk_sums(chunk):
            # Here, because each thread has an error state of its own.
            with np.errstate(over="ignore", invalid="ignore"):
                total = block_terms(chunk[0])
                for part in chunk[1:]:
                    total = tuple(map(iadd, total, block_terms(part)))
                return total

        sums = map_in_threads(chunk_sums, chunks, n_threads or self.n_threads)
        return tuple(map(sum, zip(*sums, strict=True)))
