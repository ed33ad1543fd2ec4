"""The two layers as a function of one flat vector of parameters."""

from collections.abc import Callable
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ._interpolated import Bins
from ._linalg import product, transposed_product
from .embeddings import Embedding, Parameter
from .rows import Rows


class Views(NamedTuple):
    """The arrays in a flat vector of parameters, as views."""

    projections: np.ndarray  # C_a, (..., n_features + 1, n_projections)
    own: tuple[np.ndarray, ...]  # the embedding's own arrays
    weights: np.ndarray  # W, (..., width, n_outputs)
    bias: np.ndarray  # b, (..., n_outputs)


class Network:
    """z = Wᵀ y_E(x; θ) + b, and the gradient from ∂L/∂z to all parameters.

    The parameters are one vector of shape (n_parameters,), or a stack of them of shape
    (..., n_parameters): every method then works on all networks of the stack at once.

    Parameters
    ----------
    embedding : Embedding
        The first layer.
    n_features : int
        Number of mapped inputs.
    n_outputs : int
        Number of raw outputs z.

    Attributes
    ----------
    parameters : tuple of Parameter
        Names and shapes in the order of the vector.
    n_parameters : int
        Length of the vector.
    width : int
        N_E, the number of embedding units.
    numbers_per_row : int
        Approximate number of floats per row that a pass needs.

    Examples
    --------
    >>> from sklearn_twolayer.embeddings import Dense
    >>> network = Network(Dense(5), n_features=3, n_outputs=2)
    >>> network.n_parameters == (3 + 1) * 5 + (5 + 1) * 2
    True
    """

    def __init__(self, embedding: Embedding, n_features: int, n_outputs: int):
        self.embedding = embedding
        self.n_features = n_features
        self.n_outputs = n_outputs
        self.width = embedding.width(n_features)
        self.parameters = (
            Parameter("projections", (n_features + 1, embedding.n_projections), True),
            *embedding.parameters(n_features),
            Parameter("weights", (self.width, n_outputs), True),
            Parameter("bias", (n_outputs,), False),
        )
        ends = np.cumsum([prod(parameter.shape) for parameter in self.parameters])
        self._slices = [
            slice(int(end) - prod(parameter.shape), int(end))  # skops cannot save NumPy integers
            for end, parameter in zip(ends, self.parameters, strict=True)
        ]
        self.n_parameters = int(ends[-1])
        # Memory of a pass per row, for the size of a block.
        self.numbers_per_row = n_features + embedding.n_projections + 2 * self.width + n_outputs

    def __getstate__(self):
        """Return what the rest follows from: a saved network is small."""
        names = ("embedding", "n_features", "n_outputs")
        return {name: getattr(self, name) for name in names}

    def __setstate__(self, state):
        self.__init__(**state)

    def views(self, params: np.ndarray) -> Views:
        """Return the parts of `params`, without copying."""
        lead = params.shape[:-1]
        parts = [
            params[..., part].reshape(lead + parameter.shape)
            for part, parameter in zip(self._slices, self.parameters, strict=True)
        ]
        return Views(parts[0], tuple(parts[1:-2]), parts[-2], parts[-1])

    def penalized(self, views: Views) -> list[np.ndarray]:
        """Return the non-bias weights, to which the penalty applies."""
        own = [
            part
            for part, parameter in zip(views.own, self.parameters[1:-2], strict=True)
            if parameter.penalized
        ]
        return [views.projections[..., :-1, :], *own, views.weights]

    def initialize(self, rows: Rows, rng: np.random.RandomState) -> np.ndarray:
        """Return an initial vector for training rows, in their dtype; output biases are zero."""
        params = np.zeros(self.n_parameters, dtype=rows.dtype)
        views = self.views(params)
        projections, own = self.embedding.initialize(rows, rng)
        views.projections[...] = projections
        for view, value in zip(views.own, own, strict=True):
            view[...] = value
        views.weights[...] = rng.normal(scale=self.width**-0.5, size=views.weights.shape)
        return params

    def embed(self, views: Views, X) -> tuple[np.ndarray, Any]:
        """Return y_E of augmented rows, and what the backward pass needs."""
        V = product(X, views.projections)
        return self.embedding.forward(views.own, V, X)

    def predictor(self, views: Views, bins: Bins | None) -> Callable:
        """Return the function of augmented rows that gives z, where there is no way back.

        With `bins`, it is for rows by bin and fraction.
        """
        C = views.projections if bins is None else bins.tabulate(views.projections)
        weighted = self.embedding.predictor(views.own, views.weights, self.n_features, bins)

        def outputs(X):
            z = weighted(product(X, C), X)
            z += views.bias[..., None, :]
            return z

        return outputs

    def forward(
        self, views: Views, X, draw_mask: Callable | None = None
    ) -> tuple[np.ndarray, tuple]:
        """Return raw outputs z, shape (..., n_rows, n_outputs), of augmented rows.

        `draw_mask` returns factors of y_E (dropout), which the networks of a stack share: this
        saves time, and they differ enough by their folds and initial weights.
        """
        y, saved = self.embed(views, X)
        mask = None
        if draw_mask is not None:
            mask = draw_mask(y.shape[-2:], y.dtype)
            y = y * mask
        z = np.matmul(y, views.weights)
        z += views.bias[..., None, :]
        return z, (y, mask, saved)

    def input_pullback(self, views: Views, X, saved: tuple, delta: np.ndarray) -> np.ndarray:
        """Return ∂L/∂x of a stack, shape (n_rows, n_features), from `delta` = ∂L/∂z.

        `delta` may have a single row, for all rows.
        """
        delta = np.matmul(delta, np.swapaxes(views.weights, -1, -2))
        n_rows = saved[0].shape[-2]
        if delta.shape[-2] < n_rows:
            delta = np.repeat(delta, n_rows, axis=-2)
        delta, direct = self.embedding.input_pullback(views.own, saved[2], delta, X)
        # One product of all networks side by side sums them.
        side_by_side = np.concatenate(list(delta), axis=-1)
        C = np.concatenate(list(views.projections[:, :-1]), axis=-1)
        direct = direct if isinstance(direct, float) else np.add.reduce(direct, axis=0)
        return side_by_side @ C.T + direct

    def pullback(self, views: Views, X, saved: tuple, delta: np.ndarray, out: Views) -> None:
        """Write the gradients of all parameters to `out`, from `delta` = ∂L/∂z."""
        y, mask, saved = saved
        np.matmul(np.swapaxes(y, -1, -2), delta, out=out.weights)  # TWO.36
        np.add.reduce(delta, axis=-2, out=out.bias)
        weights = np.swapaxes(views.weights, -1, -2)
        # TWO.38; BLAS is slow at the outer product of one output.
        delta = delta * weights if self.n_outputs == 1 else np.matmul(delta, weights)
        if mask is not None:
            delta *= mask
        delta, own = self.embedding.pullback(views.own, saved, delta, X)
        transposed_product(X, delta, out.projections)  # TWO.47
        for view, value in zip(out.own, own, strict=True):
            view[...] = value
