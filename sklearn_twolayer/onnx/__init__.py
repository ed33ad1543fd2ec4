"""Fitted estimators as ONNX models, which predict without Python.

`to_onnx` converts an estimator of this package, and `register` lets skl2onnx convert pipelines
that end in one. Graphs follow the fitted function piece by piece: each kind of activation,
embedding and input map has its own function, by :func:`functools.singledispatch`, so that a new
kind is registered in one line, as in ``activated.register(MyActivation)``. In these functions a
:class:`Tensor` represents an array: NumPy functions and operators applied to it add nodes to the
graph. Kernels and links are called with a tensor themselves.
"""

from ._export import to_onnx
from ._functions import activated, kernel_log, kernel_value, linked
from ._graph import Tensor
from ._layers import embedded, joined
from ._maps import mapped
from ._pipelines import register

__all__ = [
    "Tensor",
    "activated",
    "embedded",
    "joined",
    "kernel_log",
    "kernel_value",
    "linked",
    "mapped",
    "register",
    "to_onnx",
]
