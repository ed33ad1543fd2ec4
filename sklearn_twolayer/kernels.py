"""Radial functions K(‖x - μ‖, h) and their slopes (pages TWO.32 and TWO.33).

A kernel is a profile of the scaled squared distance s = ‖x - μ‖² / h², times a power of
the width: K = h^p k(s). One slope, k'(s), then gives all gradients of the source:

    ∂K/∂‖x - μ‖² = h^(p-2) k'(s),    ∂K/∂log h = h^p (p k(s) - 2 s k'(s)).

Arrays have any shape, and are not modified; s may be infinite.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from ._checks import as_mapped
from ._documented import Documented
from ._registry import resolve

#: A kink has no slope; a scaled distance up to this may be due to rounding.
AT_CENTER = 1e-3
#: Beyond this, exp(-a) is zero in all floats.
FAR = 1000


class Kernel(Documented):
    """Base of the radial functions.

    `power` is the p of K = h^p k(s). `positive` is True if k > 0 everywhere, so that activations
    can be normalised to sum to one; `decays` is True if k falls from k(0) = 1 to zero, so that a
    unit can be zero on distant rows; `has_kink` is True if the slope jumps at the centre. `log`
    and `log_slope` are overridden where k underflows far from the centre.
    """

    power = 0
    positive = True
    decays = True
    has_kink = False

    def value(self, s: np.ndarray) -> np.ndarray:
        """Return k(s)."""
        raise NotImplementedError

    def slope(self, s: np.ndarray, value: np.ndarray) -> np.ndarray:
        """Return k'(s), given `value` = k(s); zero where a slope is infinite (s = 0)."""
        raise NotImplementedError

    def log(self, s: np.ndarray) -> np.ndarray:
        """Return log k(s), finite far from the centre."""
        return np.log(self.value(s))

    def log_slope(self, s: np.ndarray) -> np.ndarray:
        """Return the derivative of `log`."""
        value = self.value(s)
        return self.slope(s, value) / value


class Gaussian(Kernel):
    """K = exp(-r² / 2h²) (page TWO.32)."""

    def value(self, s):
        value = -0.5 * s
        return np.exp(value, out=value)

    def slope(self, s, value):
        return -0.5 * value  # TWO.53

    def log(self, s):
        return -0.5 * s

    def log_slope(self, s):
        return np.full_like(s, -0.5)


class Multiquadric(Kernel):
    """K = √(r² + β²) (page TWO.33); the width is β. It grows far from the centre."""

    power = 1
    decays = False

    def value(self, s):
        return np.sqrt(1 + s)

    def slope(self, s, value):
        return 0.5 / value  # TWO.54, divided by K where the source multiplies


class InverseMultiquadric(Kernel):
    """K = 1 / √(r² + β²) (page TWO.33); the width is β."""

    power = -1

    def value(self, s):
        return 1 / np.sqrt(1 + s)

    def slope(self, s, value):
        return -0.5 * value**3  # TWO.54


class Laplace(Kernel):
    """K = exp(-r / h), with a kink at the centre."""

    has_kink = True

    def value(self, s):
        value = np.sqrt(s)
        np.negative(value, out=value)
        return np.exp(value, out=value)

    def slope(self, s, value):
        return value * self.log_slope(s)

    def log(self, s):
        r = np.sqrt(s)
        return np.negative(r, out=r)

    def log_slope(self, s):
        r = np.sqrt(s)
        return np.divide(-0.5, r, out=np.zeros_like(r), where=r > AT_CENTER)


class Matern32(Kernel):
    """K = (1 + a) exp(-a), a = √3 r / h: once differentiable."""

    def value(self, s):
        a = np.minimum(_scaled_root(s, 3), FAR)
        return (1 + a) * np.exp(-a)

    def slope(self, s, value):
        return -1.5 * np.exp(-_scaled_root(s, 3))

    def log(self, s):
        a = _scaled_root(s, 3)
        return np.log1p(a) - a

    def log_slope(self, s):
        return -1.5 / (1 + _scaled_root(s, 3))


class Matern52(Kernel):
    """K = (1 + a + a²/3) exp(-a), a = √5 r / h: twice differentiable."""

    def value(self, s):
        a = np.minimum(_scaled_root(s, 5), FAR)
        return (1 + a + a * a / 3) * np.exp(-a)

    def slope(self, s, value):
        a = np.minimum(_scaled_root(s, 5), FAR)
        return -5 / 6 * (1 + a) * np.exp(-a)

    def log(self, s):
        a = _scaled_root(s, 5)
        return 2 * np.log1p(a) + np.log(self._over_square(a)) - a

    def log_slope(self, s):
        a = _scaled_root(s, 5)
        return -5 / 6 / (1 + a) / self._over_square(a)

    @staticmethod
    def _over_square(a):
        """Return (1 + a + a²/3) / (1 + a)² without overflow of its parts."""
        part = 1 / (1 + a)
        return part + (1 - part) ** 2 / 3


class Cauchy(Kernel):
    """K = 1 / (1 + r² / h²), also called rational quadratic: heavy tails."""

    def value(self, s):
        return 1 / (1 + s)

    def slope(self, s, value):
        return -(value**2)


class ThinPlate(Kernel):
    """K = (r/h)² log(r/h), of any sign. It grows far from the centre."""

    positive = False
    decays = False

    @np.errstate(over="ignore")  # at the end of the range it is infinite
    def value(self, s):
        return 0.5 * s * np.log(np.maximum(s, np.finfo(s.dtype).tiny))

    def slope(self, s, value):
        return 0.5 + 0.5 * np.log(s, out=np.full_like(s, -1), where=s > 0)


def _scaled_root(s, factor):
    """Return √(factor · s) without overflow of the product."""
    return s.dtype.type(factor**0.5) * np.sqrt(s)


class Wendland(Kernel):
    """K = (1 - r/h)⁴ (4r/h + 1) for r < h and zero beyond: compact, twice differentiable."""

    positive = False

    def value(self, s):
        r = np.minimum(np.sqrt(s), 1)
        return (1 - r) ** 4 * (4 * r + 1)

    def slope(self, s, value):
        return -10 * np.maximum(1 - np.sqrt(s), 0) ** 3


class CustomKernel(Kernel):
    """A radial function given as a pair of callables.

    A tuple ``(function, derivative)`` is accepted wherever a kernel is, and stands for
    this class.

    Parameters
    ----------
    function : callable
        Maps an array of s = r² / h² to k(s), element by element.
    derivative : callable
        The derivative of `function`, called with the same array.

    Examples
    --------
    >>> quartic = CustomKernel(lambda s: 1 / (1 + s) ** 2, lambda s: -2 / (1 + s) ** 3)
    >>> quartic.value(np.array([1.0]))
    array([0.25])
    """

    positive = False
    decays = False

    def __init__(self, function: Callable, derivative: Callable):
        self.function = function
        self.derivative = derivative

    def value(self, s):
        return as_mapped("kernel", self.function, self.function(s), s)

    def slope(self, s, value):
        return as_mapped("derivative of a kernel", self.derivative, self.derivative(s), s)


KERNELS: dict[str, type[Kernel]] = {
    "cauchy": Cauchy,
    "gaussian": Gaussian,
    "inverse_multiquadric": InverseMultiquadric,
    "laplace": Laplace,
    "matern32": Matern32,
    "matern52": Matern52,
    "multiquadric": Multiquadric,
    "thin_plate": ThinPlate,
    "wendland": Wendland,
}


def as_kernel(value: Any) -> Kernel:
    """Return the kernel given by name, pair of callables or instance.

    Parameters
    ----------
    value : str, tuple of two callables, or Kernel
        The value of the parameter.

    Returns
    -------
    Kernel
        The radial function.

    Examples
    --------
    >>> as_kernel("gaussian")
    Gaussian()
    """
    return resolve(value, KERNELS, Kernel, "kernel", pair=CustomKernel)
