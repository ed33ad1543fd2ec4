"""Activations, kernels and links as nodes of a graph."""

from functools import singledispatch
from typing import Any

import numpy as np
from scipy.special import erf, expit

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
    return traced("activation", activation.function, v)


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
    raise unsupported(f"The kernel {kernel!r}", REMEDY.format("kernel_value"))


@singledispatch
def kernel_log(kernel: Any, s: Tensor) -> Tensor:
    """Return log k(s), for kernels that are positive everywhere."""
    return np.log(kernel_value(kernel, s))


@kernel_value.register(kernels.Gaussian)
@kernel_value.register(kernels.Laplace)
def _(kernel, s):
    return np.exp(kernel_log(kernel, s))


@kernel_log.register
def _(kernel: kernels.Gaussian, s):
    return -0.5 * s


@kernel_log.register
def _(kernel: kernels.Laplace, s):
    return -np.sqrt(s)


@kernel_value.register
def _(kernel: kernels.Multiquadric, s):
    return np.sqrt(1 + s)


@kernel_value.register
def _(kernel: kernels.InverseMultiquadric, s):
    return 1 / np.sqrt(1 + s)


@kernel_value.register
def _(kernel: kernels.Matern32, s):
    a = np.minimum(3**0.5 * np.sqrt(s), kernels.FAR)
    return (1 + a) * np.exp(-a)


@kernel_log.register
def _(kernel: kernels.Matern32, s):
    a = 3**0.5 * np.sqrt(s)
    return np.log1p(a) - a


@kernel_value.register
def _(kernel: kernels.Matern52, s):
    a = np.minimum(5**0.5 * np.sqrt(s), kernels.FAR)
    return (1 + a + a * a / 3) * np.exp(-a)


@kernel_log.register
def _(kernel: kernels.Matern52, s):
    a = 5**0.5 * np.sqrt(s)
    return np.log1p(a) + np.log1p(a * (a / (3 + 3 * a))) - a  # a² may overflow


@kernel_value.register
def _(kernel: kernels.Cauchy, s):
    return 1 / (1 + s)


@kernel_value.register
def _(kernel: kernels.ThinPlate, s):
    return 0.5 * s * np.log(np.maximum(s, np.finfo(s.dtype).tiny))


@kernel_value.register
def _(kernel: kernels.Wendland, s):
    r = np.minimum(np.sqrt(s), 1)
    return (1 - r) ** 4 * (4 * r + 1)


@kernel_value.register
def _(kernel: kernels.CustomKernel, s):
    return traced("kernel", kernel.function, s)


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
    raise unsupported(f"The link {type(link).__name__}", REMEDY.format("linked"))


@linked.register
def _(link: links.IdentityLink, z):
    return z


@linked.register
def _(link: links.LogLink, z):
    return np.exp(z)


@linked.register
def _(link: links.LogisticLink, z):
    return expit(z)


@linked.register
def _(link: links.SoftmaxLink, z):
    return z.apply("Softmax", axis=-1)


def traced(what: str, function: Any, argument: Tensor) -> Tensor:
    """Apply a user's function to a tensor, if it only uses NumPy functions.

    Parameters
    ----------
    what : str
        The kind of function, for the message.
    function : callable
        Called with the tensor.
    argument : Tensor
        Its argument.

    Returns
    -------
    Tensor
        The result.

    Raises
    ------
    NotImplementedError
        If it calls anything that cannot be expressed in ONNX.
    """
    remedy = (
        "only operators and element-wise NumPy functions are supported, such as np.exp(-v): "
        "rewrite the function, or use an activation or a kernel by name."
    )
    try:
        result = function(argument)
    except Exception as error:
        raise unsupported(f"The {what} {function!r}", remedy) from error
    if not isinstance(result, Tensor):
        raise unsupported(f"The {what} {function!r}", remedy)
    return result
