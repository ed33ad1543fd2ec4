"""Conversion of a fitted estimator to an ONNX model."""

# NumPy's stubs do not support `__array_ufunc__`.
# mypy: disable-error-code="call-overload"

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._checks import check_choice, check_number, shown
from ..estimators._network import BaseNetwork
from ..model import Model, Part
from ._columns import inputs_of, matrix
from ._graph import Graph, Port, Tensor
from ._layers import embedded
from ._maps import mapped
from ._outputs import decoded

#: Supported versions of ONNX's operators.
OLDEST, DEFAULT = 13, 18
ZIPMAPS = (True, False, "columns")


def to_onnx(
    estimator: BaseNetwork,
    *,
    dtype: Any = np.float32,
    zipmap: bool | str = False,
    target_opset: int | None = None,
) -> Any:
    """Convert a fitted estimator to an ONNX model, which predicts without Python.

    Parameters
    ----------
    estimator : TwoLayerClassifier, TwoLayerRegressor or RBFNetwork
        The fitted estimator. For a pipeline, see `register`.
    dtype : {float32, float64}, default=float32
        The type of numbers in the inputs, the networks and the outputs.
    zipmap : {False, True, "columns"}, default=False
        The form of probabilities: an array with one column per class; a dictionary from classes to
        probabilities for each row; or one output per class.
    target_opset : int, optional
        The version of ONNX's operators, 13 or later; 18 if None.

    Returns
    -------
    onnx.ModelProto
        The model. Its input is `X`, of shape (n_rows, n_features), or, if fit was given a
        data frame, one input of shape (n_rows, 1) for each column, by its name: numbers and
        booleans as floats, categories as strings (or integers, where the levels are integers),
        dates and durations as microseconds in integers. Missing values are NaN, an empty string,
        and the smallest integer of 64 bits, as NaT is stored. The outputs are `label` and
        `probabilities` for classes, and `variable`, of shape (n_rows, n_outputs), for numbers.
        Labels are strings or integers; booleans and floats become integers.

    Raises
    ------
    NotImplementedError
        If some part cannot be expressed in ONNX; the message names it.
    TypeError, ValueError
        If an argument is invalid, or the estimator is not fitted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn_twolayer import TwoLayerClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = TwoLayerClassifier(max_iter=5, random_state=0).fit(X, y)
    >>> model = to_onnx(classifier)  # doctest: +SKIP
    >>> _ = open("iris.onnx", "wb").write(model.SerializeToString())  # doctest: +SKIP
    """
    opset = DEFAULT if target_opset is None else target_opset
    _check(estimator, dtype, zipmap, opset)
    graph = Graph(dtype, opset)
    inputs = inputs_of(estimator, graph)
    outputs = predicted(estimator, [each.tensor for each in inputs], zipmap)
    return _model(graph, inputs, [graph.named(each) for each in outputs])


def _model(graph: Graph, inputs: list[Port], outputs: list[Port]) -> Any:
    """Return a graph as a model, for the oldest runtimes that support its operators."""
    from onnx import helper

    body = helper.make_graph(
        graph.nodes,
        "sklearn_twolayer",
        [each.value_info() for each in inputs],
        [each.value_info() for each in outputs],
        graph.initializers,
    )
    opsets = [helper.make_opsetid(*each) for each in graph.versions.items()]
    return helper.make_model(
        body,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="sklearn_twolayer",
    )


def _check(estimator, dtype, zipmap, opset):
    if not isinstance(estimator, BaseNetwork):
        raise TypeError(
            f"to_onnx is for the estimators of this package, not for {shown(estimator)}. For a "
            "pipeline that contains one, call sklearn_twolayer.onnx.register() and then "
            "skl2onnx.to_onnx."
        )
    check_is_fitted(estimator)
    if np.dtype(dtype) not in (np.float32, np.float64):
        raise ValueError(f"dtype must be float32 or float64, got {shown(dtype)}.")
    check_choice("zipmap", zipmap, ZIPMAPS)
    check_number("target_opset", opset, f"[{OLDEST}, inf)", integer=True)


def predicted(estimator: BaseNetwork, inputs: list[Tensor], zipmap: bool | str) -> list[Port]:
    """Return the predictions of an estimator as outputs of the graph."""
    z = raw_outputs(estimator._model, matrix(estimator, inputs))
    return decoded(estimator._targets, z, zipmap)


def raw_outputs(model: Model, X: Tensor) -> Tensor:
    """Return z of a fitted function: the sum of its parts; X is in double precision."""
    constant = np.asarray(model.constant, dtype=np.float64)
    z: Any = 0.0
    for part, factor in zip(model.parts, model.factors, strict=True):
        if factor:
            outputs, bias = part_outputs(part, factor, X)
            z, constant = outputs + z if isinstance(z, Tensor) else outputs, constant + bias
    return z + constant


def part_outputs(part: Part, factor: float, X: Tensor) -> tuple[Tensor, np.ndarray]:
    """Return the mean of the networks of a part times a factor, and apart from it its bias.

    Weights that were fitted in double precision may be so large that single precision would lose
    what their products add up to.
    """
    dtype = X.graph.dtype
    Z = mapped(part.input_map, X).cast(np.result_type(dtype, part.precision))
    params = part.params.astype(np.float64)
    n_networks = len(params)
    views = part.network.views(params if n_networks > 1 else params[0])
    y = embedded(part.network.embedding, views.own, views.projections, Z)
    z = np.matmul(y, views.weights * (factor / n_networks))
    if n_networks == 1:
        return z.cast(dtype), factor * views.bias
    return z.sum(0).cast(dtype), factor * views.bias.mean(axis=0)
