"""The primitives without geometry: dense units, and the input itself."""

from typing import Any

import numpy as np

from .._checks import check_number
from .._linalg import product, without_ones
from .._sizes import UNITS
from ..activations import as_activation
from ._base import Embedding


class Dense(Embedding):
    """Linear combinations of the input, followed by an activation (pages TWO.45 to TWO.47).

    Parameters
    ----------
    n_units : int, default=100
        Number of units.
    activation : str, Activation or pair of callables, default="relu"
        The function φ of y_E = φ(Cᵀx + c).

    Examples
    --------
    >>> Dense(3, "tanh") | Dense(2, "identity")
    Dense(activation='tanh', n_units=3) | Dense(activation='identity', n_units=2)
    """

    def __init__(self, n_units: int = UNITS, activation: Any = "relu"):
        self.n_units = n_units
        self.activation = activation

    @property
    def n_projections(self):
        return self.n_units

    @property
    def needs_inputs(self):
        return False

    def width(self, n_features):
        check_number("n_units", self.n_units, "[1, inf)", integer=True)
        as_activation(self.activation).check_parameters()
        return self.n_units

    def initialize(self, rows, rng):
        n = rows.n_features
        scale = as_activation(self.activation).gain / np.sqrt(n)
        C = np.zeros((n + 1, self.n_units), dtype=rows.dtype)
        C[:-1] = rng.normal(scale=scale, size=(n, self.n_units))
        return C, ()

    def forward(self, own, V, X):
        activation = as_activation(self.activation)
        y, saved = activation.forward(V)
        return y, (activation, saved)

    def pullback(self, own, saved, delta, X):
        activation, saved = saved
        return activation.pullback(saved, delta), ()

    def input_pullback(self, own, saved, delta, X):
        return self.pullback(own, saved, delta, X)[0], 0.0


class Passthrough(Embedding):
    """The input itself, without parameters: y_E = x.

    With squared loss the network is ridge regression, with cross-entropy logistic regression. As a
    branch of an expression it is a linear tail.

    Examples
    --------
    >>> (Passthrough() | Dense(10)).width(n_features=4)
    14
    """

    def width(self, n_features):
        return n_features

    def initialize(self, rows, rng):
        return np.empty((rows.n_features + 1, 0), dtype=rows.dtype), ()

    @property
    def needs_coordinates(self):
        return False

    def predictor(self, own, weights, n_features, bins):
        W = np.concatenate([weights, np.zeros_like(weights[..., :1, :])], axis=-2)
        C = W if bins is None else bins.tabulate(W)
        return lambda V, X: product(X, C)

    def forward(self, own, V, X):
        y = without_ones(X)
        return np.broadcast_to(y, V.shape[:-2] + y.shape), None

    def pullback(self, own, saved, delta, X):
        return delta[..., :0], ()

    def input_pullback(self, own, saved, delta, X):
        return delta[..., :0], delta
