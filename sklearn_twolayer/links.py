"""Links y = g(z) between raw outputs and predictions.

Raw outputs ``z`` and predictions ``y`` have shape (..., n_rows, n_outputs), always with an
axis for the outputs.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import expit

from .activations import softmax

#: The smallest probability of an initial bias, and the smallest mean.
SMALLEST = 1e-6


class Link:
    """Base of the links y = g(z) between raw outputs and predictions.

    `is_probability` is True if y lies between 0 and 1.
    """

    is_probability = False

    def __call__(self, z: np.ndarray) -> np.ndarray:
        """Return y = g(z)."""
        raise NotImplementedError

    def pullback(self, y: np.ndarray, delta: np.ndarray) -> np.ndarray:
        """Return ∂L/∂z from y = g(z) and `delta` = ∂L/∂y."""
        raise NotImplementedError

    def gradients(self, y: np.ndarray) -> Iterator[np.ndarray]:
        """Yield ∂y_m/∂z, of the shape of y = g(z), one output m at a time."""
        for output in np.eye(y.shape[-1], dtype=y.dtype):
            yield self.pullback(y, np.broadcast_to(output, y.shape))

    def inverse(self, y: np.ndarray) -> np.ndarray:
        """Return a z with g(z) = y; a probability is kept away from 0 and 1."""
        raise NotImplementedError


class IdentityLink(Link):
    """y = z, for regression."""

    def __call__(self, z):
        return z

    def pullback(self, y, delta):
        return delta

    def inverse(self, y):
        return y


class LogLink(Link):
    """y = exp(z), for positive means; infinite if it overflows."""

    @np.errstate(over="ignore")
    def __call__(self, z):
        return np.exp(z)

    @np.errstate(over="ignore")
    def pullback(self, y, delta):
        return delta * y

    def inverse(self, y):
        return np.log(np.where(y > 0, y, SMALLEST))


class LogisticLink(Link):
    """y = 1 / (1 + exp(-z)) for each output, the multiple binary classifier."""

    is_probability = True

    def __call__(self, z):
        return expit(z)  # unlike `sigmoid`, exact far below zero

    def pullback(self, y, delta):
        return delta * y * (1 - y)

    def inverse(self, y):
        y = np.clip(y, SMALLEST, 1 - SMALLEST)
        return np.log(y) - np.log1p(-y)


class SoftmaxLink(Link):
    """y = softmax(z) over the outputs, the multi-class classifier."""

    is_probability = True

    def __call__(self, z):
        return softmax(z)

    def pullback(self, y, delta):
        # TWO.43: (diag(y) - y yᵀ) δ
        return y * (delta - (delta * y).sum(axis=-1, keepdims=True))

    def inverse(self, y):
        return np.log(np.maximum(y, SMALLEST))
