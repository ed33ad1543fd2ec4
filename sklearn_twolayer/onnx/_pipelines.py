"""Converters for skl2onnx, so that pipelines with estimators of this package convert."""

from typing import Any

import numpy as np

from ..estimators import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from ..estimators._label_targets import ClassTargets, MultilabelTargets
from ._export import OLDEST, ZIPMAPS, predicted
from ._graph import Graph, Tensor, unsupported
from ._outputs import label_array

#: skl2onnx does not support later versions of the operators `ai.onnx.ml`.
NEWEST_ML = 3


def register() -> None:
    """Register the estimators of this package with skl2onnx.

    Afterwards, `skl2onnx.to_onnx` and `skl2onnx.convert_sklearn` accept pipelines that end in one
    of them. The options `zipmap` (True, False or "columns") and `raw_scores` (True or False: raw
    outputs rather than probabilities) have the same meaning as in skl2onnx, and are ignored for
    several labels per row. Converters such as that of `CalibratedClassifierCV` set `raw_scores`.
    """
    from skl2onnx import update_registered_converter

    for kind in (TwoLayerClassifier, TwoLayerRegressor, RBFNetwork):
        update_registered_converter(
            kind,
            f"SklearnTwolayer{kind.__name__}",
            _shape,
            _convert,
            parser=_parse,
            options={"zipmap": list(ZIPMAPS), "raw_scores": [True, False]},
        )


def _parse(scope: Any, model: Any, inputs: Any, custom_parsers: Any = None) -> Any:
    """Declare the outputs of an estimator."""
    operator = scope.declare_local_operator(f"SklearnTwolayer{type(model).__name__}", model)
    operator.inputs = inputs
    # Another estimator declares the outputs of its steps itself, as arrays.
    zipmap = scope.get_options(model, {"zipmap": True})["zipmap"]
    for name, kind in _output_types(model, zipmap, np.dtype(np.float32)):
        operator.outputs.append(scope.declare_local_variable(name, kind))
    return operator.outputs


def _shape(operator: Any) -> None:
    """Set the types of the outputs, after those of the inputs are known."""
    types = _output_types(operator.raw_operator, _declared_zipmap(operator), _precision(operator))
    for variable, (_, kind) in zip(operator.outputs, types, strict=True):
        if not _is_dictionary(variable):  # these have one type
            variable.set_type(kind)


def _declared_zipmap(operator) -> bool | str:
    """Return the form of probabilities that fits the outputs."""
    return "columns" if len(operator.outputs) > 2 else _is_dictionary(operator.outputs[-1])


def _is_dictionary(variable) -> bool:
    return hasattr(variable.type, "element_type")


def _output_types(model, zipmap, dtype) -> list[tuple[str, Any]]:
    """Return the names and skl2onnx types of the outputs of an estimator."""
    from skl2onnx.common import data_types as types

    number = types.FloatTensorType if dtype == np.float32 else types.DoubleTensorType
    targets = model._targets
    width = targets.n_outputs
    if isinstance(targets, MultilabelTargets):
        label = types.Int64TensorType([None, width])
        return [("label", label), ("probabilities", number([None, width]))]
    if not isinstance(targets, ClassTargets):
        wide = types.DoubleTensorType
        kind = number if targets._fits(np.finfo(dtype)) else wide
        return [("variable", kind([None, width]))]
    labels = label_array(targets.classes)
    key = types.StringTensorType if labels.dtype.kind == "O" else types.Int64TensorType
    if isinstance(zipmap, str):
        columns = [(f"probability_{each}", number([None])) for each in labels]
        return [("label", key([None])), *columns]
    y = number([None, len(labels)])
    if zipmap:
        y = types.SequenceType(types.DictionaryType(key([None]), types.FloatTensorType([])))
    return [("label", key([None])), ("probabilities", y)]


def _precision(operator) -> np.dtype:
    kinds = {type(variable.type).__name__ for variable in operator.inputs}
    return np.dtype(np.float64 if "DoubleTensorType" in kinds else np.float32)


def _convert(scope: Any, operator: Any, container: Any) -> None:
    """Add the nodes of an estimator."""
    from onnx import defs, helper

    model, opset = operator.raw_operator, container.target_opset_onnx
    if opset < OLDEST:
        raise unsupported(
            f"{type(model).__name__} in opset {opset}",
            f"set target_opset to {OLDEST} or more.",
        )
    names = {variable.onnx_name for variable in operator.outputs}
    others = operator.scope_inst.operators.values()
    if any(names & {variable.onnx_name for variable in each.inputs} for each in others):
        raise unsupported(
            f"{type(model).__name__} in front of another step", "convert both steps separately."
        )
    prefix = scope.get_unique_operator_name(type(model).__name__) + "_"
    graph = Graph(_precision(operator), opset, prefix)
    inputs = [_given(graph, variable) for variable in operator.inputs]
    raw = container.get_options(model, {"raw_scores": False})["raw_scores"]
    is_of_classes = isinstance(model._targets, ClassTargets)
    form = "scores" if raw and is_of_classes else _declared_zipmap(operator)
    outputs = predicted(model, inputs, form)
    for variable, port in zip(operator.outputs, outputs, strict=True):
        graph.named(port._replace(name=variable.onnx_name))
    for tensor in graph.initializers:
        container.initializers.append(tensor)
    for node in graph.nodes:
        newest = NEWEST_ML if node.domain == "ai.onnx.ml" else opset
        version = defs.get_schema(node.op_type, newest, node.domain).since_version
        attributes = {each.name: helper.get_attribute_value(each) for each in node.attribute}
        container.add_node(
            node.op_type,
            list(node.input),
            list(node.output),
            op_domain=node.domain,
            op_version=version,
            name=node.name,
            **attributes,
        )


def _given(graph: Graph, variable: Any) -> Tensor:
    from onnx import helper

    kind = variable.type.to_onnx_type().tensor_type.elem_type
    return Tensor(graph, variable.onnx_name, helper.tensor_dtype_to_np_dtype(kind))
