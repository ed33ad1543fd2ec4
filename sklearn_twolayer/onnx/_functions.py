"""Activations, kernels and links as nodes of a graph."""

from collections.abc import Callable
from copy import copy
from functools import singledispatch
from typing import Any

import numpy as np
from scipy.special import erf

from .. import activations, kernels, links
from ._graph import Tensor, unsupported

REMEDY = "register a function for it with `sklearn_twolayer.onnx.{}.register`."


@singledispatch
def activated(activation: Any, v: Tensor) -> Tensor:
    """Return φ(v).

    Parameters
    ----------
    activation : Activation
        The activation, by which the function is dispatched.
    v : Tensor of shape (..., n_rows, n_units)
        Pre-activations.

    Returns
    -------
    Tensor
        A tensor of the same shape.
    """
    raise unsupported(f"The activation {activation!r}", REMEDY.format("activated"))


@activated.register
def _(activation: activations.Identity, v):
    return v


@activated.register
def _(activation: activations.ReLU, v):
    return v.apply("Relu")


@activated.register
def _(activation: activations.LeakyReLU, v):
    return v.apply("Relu") + activation.negative_slope * np.minimum(v, 0)


@activated.register
def _(activation: activations.ELU, v):
    return v.apply("Relu") + activation.alpha * np.expm1(np.minimum(v, 0))


@activated.register
def _(activation: activations.SELU, v):
    return activation.scale * activated(activations.ELU(activation.alpha), v)


@activated.register
def _(activation: activations.GELU, v):
    return v * (0.5 + 0.5 * erf(0.5**0.5 * v))


@activated.register
def _(activation: activations.SiLU, v):
    return v * v.apply("Sigmoid")


@activated.register
def _(activation: activations.Softplus, v):
    return v.apply("Relu") + np.log1p(np.exp(-np.abs(v)))


@activated.register
def _(activation: activations.Mish, v):
    return v * np.tanh(activated(activations.Softplus(), v))


@activated.register
def _(activation: activations.Sigmoid, v):
    return v.apply("Sigmoid")


@activated.register
def _(activation: activations.Tanh, v):
    return np.tanh(v)


@activated.register
def _(activation: activations.Sin, v):
    return np.sin(v)


@activated.register
def _(activation: activations.Softmax, v):
    return v.apply("Softmax", axis=-1)


@activated.register
def _(activation: activations.Custom, v):
    what = f"The activation {activation.function!r}"
    return traced(what, activation.function, v, "use an activation by name.")


@singledispatch
def kernel_value(kernel: Any, s: Tensor) -> Tensor:
    """Return k(s).

    Parameters
    ----------
    kernel : Kernel
        The radial function, by which the function is dispatched.
    s : Tensor of shape (..., n_rows, n_units)
        Scaled squared distances r²/h².

    Returns
    -------
    Tensor
        A tensor of the same shape.
    """
    return traced(f"The kernel {kernel!r}", kernel.value, s, REMEDY.format("kernel_value"))


@kernel_value.register
def _(kernel: kernels.CustomKernel, s):
    return traced(f"The kernel {kernel.function!r}", kernel.function, s, "use a kernel by name.")


@singledispatch
def kernel_log(kernel: Any, s: Tensor) -> Tensor:
    """Return log k(s), for kernels that are positive everywhere."""
    return traced(f"The kernel {kernel!r}", kernel.log, s, REMEDY.format("kernel_log"))


@kernel_log.register
def _(kernel: kernels.Matern52, s):
    a = 5**0.5 * np.sqrt(s)
    return np.log1p(a) + np.log1p(a * (a / (3 + 3 * a))) - a  # fewer roundings than its method


@singledispatch
def linked(link: Any, z: Tensor) -> Tensor:
    """Return y = g(z).

    Parameters
    ----------
    link : Link
        The link, by which the function is dispatched.
    z : Tensor of shape (n_rows, n_outputs)
        Raw outputs.

    Returns
    -------
    Tensor
        Predictions, of the same shape.
    """
    return traced(f"The link {type(link).__name__}", link, z, REMEDY.format("linked"))


@linked.register
def _(link: links.SoftmaxLink, z):
    return z.apply("Softmax", axis=-1)


def traced(what: str, function: Callable, argument: Tensor, remedy: str) -> Tensor:
    """Apply a function of arrays to a tensor, if it only uses NumPy functions.

    Otherwise raise an error that says what cannot be exported and, besides rewriting the function,
    what to do.
    """
    remedy = (
        "only operators and element-wise NumPy functions are supported, such as np.exp(-v): "
        f"rewrite the function, or {remedy}"
    )
    try:
        result = function(copy(argument))  # which it may overwrite
    except Exception as error:
        raise unsupported(what, remedy) from error
    if not isinstance(result, Tensor):
        raise unsupported(what, remedy)
    return result
