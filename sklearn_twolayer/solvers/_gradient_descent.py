"""Gradient descent, as in the source."""

import numpy as np

from .._checks import check_number
from ._stochastic import Stochastic


class GradientDescent(Stochastic):
    """Steps of fixed length μ against the gradient (page TWO.35).

    Parameters
    ----------
    learning_rate : float, default=0.1
        The step μ.
    batch_size : int or None, default=None
        Number of rows in a batch; None for all rows.
    momentum : float, default=0.0
        Fraction of the last step that is added to the next.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_twolayer import TwoLayerClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> solver = GradientDescent(learning_rate=0.2, momentum=0.9)
    >>> model = TwoLayerClassifier(solver=solver, max_iter=300, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.95)
    True
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        *,
        batch_size: int | None = None,
        momentum: float = 0.0,
    ):
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.momentum = momentum

    def check_parameters(self):
        super().check_parameters()
        check_number("momentum", self.momentum, "[0, 1)")

    def start(self, params):
        return np.zeros_like(params)

    def step(self, params, gradient, velocity, progress):
        gradient *= self.learning_rate
        velocity *= self.momentum
        velocity += gradient
        params -= velocity
        return velocity
