"""Fitted estimators as ONNX models, which predict without Python.

`to_onnx` takes an estimator of this package, and `register` makes skl2onnx take pipelines
that end in one. What a graph is made of follows the fitted function piece by piece: each kind of
activation, kernel, embedding and input map has a function of its own, by
:func:`functools.singledispatch`, so that a new kind is registered in one line, as in
``activated.register(MyActivation)``. In these functions a :class:`Tensor` stands for an array:
NumPy's functions and operators on it add nodes to the graph.
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
