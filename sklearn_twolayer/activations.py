"""Activation functions and their pull-backs.

An activation is two methods. ``forward`` maps a block of pre-activations ``v`` to ``y`` and saves
what the backward pass needs; ``pullback`` takes that and ``delta``, the gradient with respect to
``y``, to the gradient with respect to ``v``. Both may overwrite the array they are given (``v``,
respectively ``delta``): the caller must not use them afterwards. Arrays have shape (..., n_rows,
n_units).
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.special import erf

from ._checks import as_mapped, check_number
from ._documented import Documented
from ._registry import resolve


def sigmoid(v: np.ndarray) -> np.ndarray:
    """Logistic function, computed with tanh, which is many times faster than expit.

    Parameters
    ----------
    v : ndarray
        Pre-activations; not modified.

    Returns
    -------
    ndarray
        1 / (1 + exp(-v)), of the same shape and dtype.

    Examples
    --------
    >>> sigmoid(np.array([0.0]))
    array([0.5])
    """
    y = np.tanh(0.5 * v)
    y += 1
    y *= 0.5
    return y


def softmax(v: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Softmax over the last axis.

    Parameters
    ----------
    v : ndarray of shape (..., n_units)
        Pre-activations; not modified, unless they are `out`.
    out : ndarray of shape (..., n_units), optional
        Where to write the result.

    Returns
    -------
    ndarray of shape (..., n_units)
        Positive values that sum to one over the last axis.

    Examples
    --------
    >>> softmax(np.zeros((1, 2)))
    array([[0.5, 0.5]])
    """
    y = _proportional(v, out)
    y /= y.sum(axis=-1, keepdims=True)
    return y


def softmax_average(v: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Averages weighted by a softmax, without an array of the weights.

    Parameters
    ----------
    v : ndarray of shape (..., n_rows, n_units)
        Pre-activations; overwritten.
    values : ndarray of shape (..., n_units, n_outputs)
        What is averaged.

    Returns
    -------
    ndarray of shape (..., n_rows, n_outputs)
        The softmax of each row times the values.

    Examples
    --------
    >>> softmax_average(np.zeros((1, 2)), np.array([[1.0], [3.0]]))
    array([[2.]])
    """
    y = _proportional(v, out=v)
    averages = np.matmul(y, values)
    averages /= np.matmul(y, np.ones((v.shape[-1], 1), dtype=v.dtype))  # faster than a sum
    return averages


def _proportional(v, out):
    """Return a softmax times a positive number for each row."""
    with np.errstate(over="ignore", invalid="ignore"):  # solvers check the cost, and step back
        y = np.subtract(v, v.max(axis=-1, keepdims=True), out=out)
    return np.exp(y, out=y)


class Activation(Documented):
    """Base of the activations: y = φ(v), element by element unless said otherwise.

    `gain` is the standard deviation of an initial weight times the root of the number of inputs,
    chosen so that initial activations have a scale of one.
    """

    gain = 1.0

    def forward(self, v: np.ndarray) -> tuple[np.ndarray, Any]:
        """Return φ(v) and what `pullback` needs."""
        raise NotImplementedError

    def pullback(self, saved: Any, delta: np.ndarray) -> np.ndarray:
        """Return ∂L/∂v from `delta` = ∂L/∂y."""
        raise NotImplementedError

    def check_parameters(self) -> None:
        """Raise TypeError or ValueError if a hyperparameter is out of range."""


class SavesSlope(Activation):
    """Base of the activations whose `forward` saves φ'(v)."""

    def pullback(self, slope, delta):
        delta *= slope
        return delta


class Identity(Activation):
    """φ(v) = v (page TWO.45)."""

    def forward(self, v):
        return v, None

    def pullback(self, saved, delta):
        return delta


class ReLU(Activation):
    """φ(v) = max(v, 0) (page TWO.46)."""

    gain = 2.0**0.5

    def forward(self, v):
        # np.clip with two bounds takes a quarter of the time of np.maximum.
        y = v.clip(0, np.inf, out=v)
        return y, y

    def pullback(self, y, delta):
        delta *= y > 0
        return delta


class LeakyReLU(SavesSlope):
    """φ(v) = v where v > 0, else `negative_slope` times v.

    Parameters
    ----------
    negative_slope : float, default=0.01
        The slope for negative inputs; not negative.

    Examples
    --------
    >>> LeakyReLU(0.5).forward(np.array([-1.0, 2.0]))[0]
    array([-0.5,  2. ])
    """

    gain = 2.0**0.5

    def __init__(self, negative_slope: float = 0.01):
        self.negative_slope = negative_slope

    def check_parameters(self):
        check_number("negative_slope", self.negative_slope, "[0, inf)")

    def forward(self, v):
        slope = np.where(v > 0, v.dtype.type(1), v.dtype.type(self.negative_slope))
        v *= slope
        return v, slope


class ELU(SavesSlope):
    """φ(v) = v where v > 0, else `alpha` (exp(v) - 1).

    Parameters
    ----------
    alpha : float, default=1.0
        Minus the limit of φ on the left; not negative.

    Examples
    --------
    >>> ELU().forward(np.array([0.0, 2.0]))[0]
    array([0., 2.])
    """

    gain = 1.25

    def __init__(self, alpha: float = 1.0):
        self.alpha = alpha

    def check_parameters(self):
        check_number("alpha of ELU", self.alpha, "[0, inf)")

    def forward(self, v):
        alpha = v.dtype.type(self.alpha)
        tail = alpha * np.expm1(np.minimum(v, 0))
        y = np.where(v > 0, v, tail)
        slope = np.where(v > 0, v.dtype.type(1), tail + alpha)
        return y, slope


class SELU(SavesSlope):
    """Self-normalising exponential linear unit (Klambauer et al., 2017)."""

    scale = 1.0507009873554805
    alpha = 1.6732632423543772

    @np.errstate(over="ignore")  # at the end of the range y is infinite
    def forward(self, v):
        y, slope = ELU(self.alpha).forward(v)
        y *= self.scale
        slope *= self.scale
        return y, slope


class GELU(Activation):
    """φ(v) = v Φ(v), Φ the normal distribution function (Hendrycks & Gimpel, 2016)."""

    gain = 1.5

    def forward(self, v):
        cdf = 0.5 * (1 + erf(v * v.dtype.type(0.5**0.5)))
        return v * cdf, (v, cdf)

    def pullback(self, saved, delta):
        v, cdf = saved
        with np.errstate(over="ignore", invalid="ignore"):  # solvers check the cost, and step back
            density = np.exp(-0.5 * v * v)
        density *= v.dtype.type((2 * np.pi) ** -0.5)
        delta *= cdf + v * density
        return delta


class SiLU(Activation):
    """φ(v) = v σ(v), also called swish."""

    gain = 1.7

    def forward(self, v):
        gate = sigmoid(v)
        return v * gate, (v, gate)

    def pullback(self, saved, delta):
        v, gate = saved
        delta *= gate * (1 + v * (1 - gate))
        return delta


class Softplus(Activation):
    """φ(v) = log(1 + exp(v))."""

    def forward(self, v):
        y = np.maximum(v, 0) + np.log1p(np.exp(-np.abs(v)))
        return y, v

    def pullback(self, v, delta):
        delta *= sigmoid(v)
        return delta


class Mish(Activation):
    """φ(v) = v tanh(softplus(v)) (Misra, 2019)."""

    gain = 1.6

    def forward(self, v):
        squashed = np.tanh(Softplus().forward(v)[0])
        return v * squashed, (v, squashed)

    def pullback(self, saved, delta):
        v, squashed = saved
        delta *= squashed + v * (1 - squashed**2) * sigmoid(v)
        return delta


class Sigmoid(Activation):
    """φ(v) = 1 / (1 + exp(-v)), φ' = φ (1 - φ) (page TWO.47)."""

    def forward(self, v):
        y = sigmoid(v)
        return y, y

    def pullback(self, y, delta):
        delta *= y * (1 - y)
        return delta


class Tanh(Activation):
    """φ(v) = tanh(v)."""

    def forward(self, v):
        y = np.tanh(v, out=v)
        return y, y

    def pullback(self, y, delta):
        delta *= 1 - y * y
        return delta


class Sin(Activation):
    """φ(v) = sin(v), for periodic features of the input."""

    def forward(self, v):
        return np.sin(v), v

    def pullback(self, v, delta):
        delta *= np.cos(v)
        return delta


class Softmax(Activation):
    """Softmax over the units of the layer, the gate of page TWO.30."""

    def forward(self, v):
        y = softmax(v)
        return y, y

    def pullback(self, y, delta):
        # TWO.51: (diag(y) - y yᵀ) δ
        delta -= (delta * y).sum(axis=-1, keepdims=True)
        delta *= y
        return delta


class Custom(Activation):
    """An activation given as a pair of callables.

    A tuple ``(function, derivative)`` is accepted wherever an activation is, and
    stands for this class.

    Parameters
    ----------
    function : callable
        Maps an array to an array of the same shape, element by element.
    derivative : callable
        The derivative of `function`, called with the same array.

    Examples
    --------
    >>> square = Custom(lambda v: v**2, lambda v: 2 * v)
    >>> square.forward(np.array([3.0]))[0]
    array([9.])
    """

    def __init__(self, function: Callable, derivative: Callable):
        self.function = function
        self.derivative = derivative

    def forward(self, v):
        return as_mapped("activation", self.function, self.function(v.copy()), v), v

    def pullback(self, v, delta):
        slope = self.derivative(v.copy())
        return delta * as_mapped("derivative of an activation", self.derivative, slope, v)


ACTIVATIONS: dict[str, type[Activation]] = {
    "elu": ELU,
    "gelu": GELU,
    "identity": Identity,
    "leaky_relu": LeakyReLU,
    "mish": Mish,
    "relu": ReLU,
    "selu": SELU,
    "sigmoid": Sigmoid,
    "silu": SiLU,
    "sin": Sin,
    "softmax": Softmax,
    "softplus": Softplus,
    "tanh": Tanh,
}


def as_activation(value: Any) -> Activation:
    """Return the activation given by name, pair of callables or instance.

    Parameters
    ----------
    value : str, tuple of two callables, or Activation
        The value of the parameter.

    Returns
    -------
    Activation
        The activation.

    Examples
    --------
    >>> as_activation("relu")
    ReLU()
    """
    return resolve(value, ACTIVATIONS, Activation, "activation", pair=Custom)
