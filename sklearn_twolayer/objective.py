"""The cost E and its gradient over blocks of rows.

    E(θ, W, b) = ( Σ_i w_i L(y_i, d_i) ) / ( Σ_i w_i )  +  (α/2) · ‖non-bias weights‖²

The data term is a sum over rows, computed by `Rows.sum`.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ._linalg import add_multiple
from .curvature import block_jacobian, has_closed_form, solve_output
from .embeddings import Embedding
from .links import Link
from .losses import Loss
from .network import Network, Views
from .rows import Index, Rows


@dataclass(frozen=True, eq=False)
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
    alpha : float, default=0
        Strength of the penalty.
    """

    network: Network
    loss: Loss
    link: Link
    rows: Rows
    alpha: float = 0.0

    #: Whether the rows are in remote partitions, which networks visit in turn.
    in_partitions = False

    @property
    def n_rows(self) -> int:
        """Number of training rows."""
        return self.rows.n_rows

    @property
    def n_parameters(self) -> int:
        """Length of a vector of parameters."""
        return self.network.n_parameters

    @property
    def dtype(self) -> np.dtype:
        """The floating type of the rows and the gradients."""
        return self.rows.dtype

    @property
    def n_threads(self) -> int:
        """Number of threads that process blocks of rows."""
        return self.rows.n_threads

    def with_embedding(self, embedding: Embedding, alpha: float) -> "Objective":
        """Return the objective of a network with another first layer and penalty."""
        network = Network(embedding, self.network.n_features, self.network.n_outputs)
        return replace(self, network=network, alpha=alpha)

    def on(self, rows: Rows) -> "Objective":
        """Return the objective on other rows."""
        return replace(self, rows=rows)

    def without(self, rows: np.ndarray) -> "Objective":
        """Return the objective with weight zero where a mask is True.

        The mask is for all networks, shape (n_rows,), or each has one, shape (n_networks, n_rows);
        none may leave out all rows.
        """
        return self.on(self.rows.weighted(np.where(rows, 0, self.rows.sample_weight)))

    def networks(self, part: slice) -> "Objective":
        """Return the objective of some networks of a stack, whose weights may differ."""
        weights = self.rows.sample_weight
        if weights.ndim == 1:
            return self
        return self.on(replace(self.rows, sample_weight=weights[part]))

    def lacks(self, capability: str) -> str | None:
        """Return why the cost lacks what a solver may require (`Solver.requires`), or None."""
        if capability != "normal equations":
            return None
        if not self.loss.has_curvature:
            return f"the loss {self.loss!r} has no second derivative"
        if self.network.embedding.n_parameters:
            return f"the embedding {self.network.embedding!r} does not consist of dense branches"
        return None

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
            Rows of a minibatch, used to estimate the mean over all rows.
        draw_mask : callable, optional
            Returns factors of the embedding's outputs for a shape and a dtype (dropout).

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
            loss = self._block_gradient(views, index, out, len(index), draw_mask)
        else:
            # Masks are drawn from one stream, in the order of the blocks.
            n_threads = None if draw_mask is None else 1
            loss, gradient = self.sum_blocks(
                lambda part: self._new_block_gradient(views, part, params, draw_mask),
                n_threads=n_threads,
            )
            out = self.network.views(gradient)
        self.add_slopes_of_penalty(out, views)
        return loss, gradient

    def add_slopes_of_penalty(self, out: Views, views: Views) -> None:
        """Add the gradient of the penalty, α times the non-bias weights, in place."""
        if self.alpha:
            pairs = zip(self.network.penalized(out), self.network.penalized(views), strict=True)
            for slope, weights in pairs:
                add_multiple(slope, weights, self.alpha)

    def best_constant(self) -> np.ndarray:
        """Return the raw outputs, shape (n_outputs,), to start from: a constant prediction."""
        return self.loss.start(self.rows.targets, self.rows.sample_weight, self.link)

    def data_term(self, params: np.ndarray) -> np.ndarray:
        """Return the data term alone, the weighted mean of L over all rows."""
        views = self._views(params)
        return self.sum_blocks(lambda part: (self._block_loss(views, part),))[0]

    def term_of_constant(self) -> float:
        """Return the data term of the best constant."""
        constant = self.best_constant()
        return float(self.sum_blocks(lambda part: (self._block_of_constant(constant, part),))[0])

    def penalty(self, params: np.ndarray) -> np.ndarray:
        """Return (α/2) ‖non-bias weights‖², of shape (...)."""
        if not self.alpha:
            return np.zeros(params.shape[:-1])
        squares = [
            np.square(part, dtype=np.float64).sum(axis=tuple(range(params.ndim - 1, part.ndim)))
            for part in self.network.penalized(self.network.views(params))
        ]
        return 0.5 * self.alpha * np.sum(squares, axis=0)

    def input_weights(self, params: np.ndarray) -> np.ndarray:
        """Return the weights of the mapped inputs, a view of shape (..., n_inputs, k)."""
        return self.network.views(params).projections[..., :-1, :]

    def input_columns(self) -> np.ndarray:
        """Return the source of each mapped input, a column or a pair of columns.

        If it is not known, each input has a number of its own.
        """
        columns = self.rows.sources()
        return np.arange(self.network.n_features) if columns is None else columns

    def normal_equations(self, vector: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the Gauss-Newton matrix and the gradient of E, for one network.

        The matrix is Σ w Jᵀ (∂²L/∂z²) J / Σ w, plus α for each non-bias weight.
        """
        matrix, gradient = self.gauss_newton(vector)
        added = np.zeros(self.n_parameters)
        for part in self.network.penalized(self.network.views(added)):
            part[...] = self.alpha
        np.einsum("ii->i", matrix)[...] += added
        return matrix, gradient + added * vector

    def gauss_newton(self, vector: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return the Gauss-Newton matrix and the gradient of the data term."""
        views = self._views(vector)
        return self.rows.sum(
            lambda part: self._block_normal_equations(views, part),
            2 * len(vector) * self.network.n_outputs,
        )

    def with_best_output(self, vector: np.ndarray) -> np.ndarray:
        """Return parameters with the best output layer for the first layer, if it is linear."""
        vector = vector.copy()
        if has_closed_form(self.loss, self.link):
            gram, moments = self.design(vector)
            solution = solve_output(gram, moments, self.alpha)
            views = self.network.views(vector)
            views.weights[...], views.bias[...] = solution[:-1], solution[-1]
        return vector

    def design(self, vector: np.ndarray) -> tuple[np.ndarray, ...]:
        """Return Σ w y_a y_aᵀ and Σ w y_a dᵀ over shares w: what the best output layer solves."""
        views = self._views(vector)
        return self.sum_blocks(lambda part: self._block_design(views, part))

    def damped(self) -> np.ndarray:
        """Return ones for parameters that are not solved for in closed form."""
        ones = np.ones(self.network.n_parameters)
        if has_closed_form(self.loss, self.link):
            views = self.network.views(ones)
            views.weights[...], views.bias[...] = 0, 0
        return ones

    def sum_blocks(self, terms: Callable, n_threads: int | None = None) -> tuple[np.ndarray, ...]:
        """Return the sums of the output of `terms` over blocks of all rows."""
        return self.rows.sum(terms, self.network.numbers_per_row, n_threads)

    def _views(self, params: np.ndarray) -> Views:
        return self.network.views(params.astype(self.dtype, copy=False))

    def _block_loss(self, views: Views, part: Index) -> np.ndarray:
        z, _ = self.network.forward(views, self.rows.augmented(part))
        return self._loss_of_outputs(z, part)

    def _block_of_constant(self, constant: np.ndarray, part: Index) -> np.ndarray:
        n_rows = len(self.rows.targets[part])
        z = np.repeat(constant.astype(self.dtype)[None], n_rows, axis=0)
        return self._loss_of_outputs(z, part)

    def _loss_of_outputs(self, z: np.ndarray, part: Index) -> np.ndarray:
        values, _ = self.loss.value_and_gradient(z, self.rows.targets[part], self.link)
        values *= self.rows.shares(part)
        return values.sum(axis=-1, dtype=np.float64)

    def _new_block_gradient(self, views, part, params, draw_mask):
        gradient = np.empty_like(params)
        out = self.network.views(gradient)
        return self._block_gradient(views, part, out, self.rows.total_weight, draw_mask), gradient

    def _block_gradient(
        self, views: Views, part: Index, out: Views, total: float, draw_mask: Callable | None
    ) -> np.ndarray:
        """Write the contribution of a block to the gradient, and return that to the mean loss."""
        rows = self.rows
        X, (targets, weights) = rows.augmented(part), rows.targets_and_weights(part)
        weights = weights / total
        z, saved = self.network.forward(views, X, draw_mask)
        values, delta = self.loss.value_and_gradient(z, targets, self.link)
        delta *= weights[..., None]
        self.network.pullback(views, X, saved, delta, out)
        values *= weights
        return values.sum(axis=-1, dtype=np.float64)

    def _block_normal_equations(self, views: Views, part: Index) -> tuple[np.ndarray, np.ndarray]:
        """Return the terms of a block in the Gauss-Newton matrix and in the gradient."""
        d, weights = self.rows.targets[part], self._shares_of_one(part)
        z, J = block_jacobian(self.network, views, self.rows.augmented(part))
        _, slope = self.loss.value_and_gradient(z, d, self.link)
        gradient = J.reshape(-1, J.shape[-1]).T @ (slope * weights[:, None]).ravel()
        root = self.loss.curvature_root(z, d, self.link)
        root = root * np.sqrt(weights)[:, None, None]
        J = np.multiply(J, root, out=J) if z.shape[1] == 1 else np.matmul(root, J)
        J = J.reshape(-1, J.shape[-1])
        return J.T @ J, gradient

    def _block_design(self, views: Views, part: Index) -> tuple[np.ndarray, np.ndarray]:
        """Return the terms of a block in the linear system for the output layer."""
        y, _ = self.network.embed(views, self.rows.augmented(part))
        y = np.hstack([y, np.ones((len(y), 1), dtype=y.dtype)])
        weighted = y * self._shares_of_one(part)[:, None]
        return weighted.T @ y, weighted.T @ self.rows.targets[part]

    def _shares_of_one(self, part: Index) -> np.ndarray:
        """Return the shares of rows, without the axis of a stack of one network."""
        return self.rows.shares(part).reshape(-1)
