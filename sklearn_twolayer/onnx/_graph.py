"""ONNX graphs written in the style of NumPy.

A `Tensor` represents an array that is known when the graph runs. NumPy functions and operators
applied to it add nodes; other arrays and numbers become initializers of its type.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin
from scipy.special import erf, expit

#: ONNX operators of NumPy functions.
OPERATORS: dict[Any, str] = {
    np.absolute: "Abs",
    np.add: "Add",
    np.cos: "Cos",
    np.divide: "Div",
    np.equal: "Equal",
    np.exp: "Exp",
    np.floor: "Floor",
    np.greater: "Greater",
    np.greater_equal: "GreaterOrEqual",
    np.isnan: "IsNaN",
    np.less: "Less",
    np.less_equal: "LessOrEqual",
    np.log: "Log",
    np.matmul: "MatMul",
    np.maximum: "Max",
    np.minimum: "Min",
    np.multiply: "Mul",
    np.negative: "Neg",
    np.power: "Pow",
    np.remainder: "Mod",
    np.sign: "Sign",
    np.sin: "Sin",
    np.sqrt: "Sqrt",
    np.subtract: "Sub",
    np.tanh: "Tanh",
}
#: Functions that are composed of others.
COMPOSED: dict[Any, Callable] = {
    # Runtimes support the error function in single precision only.
    erf: lambda x: x.cast(np.float32).apply("Erf").cast(x.dtype),
    expit: lambda x: 1 / (1 + np.exp(-x)),  # unlike `Sigmoid`, exact far below zero
    np.expm1: lambda x: np.exp(x) - 1,
    np.floor_divide: lambda x, y: (x - x % y) / y,
    np.log1p: lambda x: np.log(1 + x),
    np.square: lambda x: x * x,
}
#: Operators whose result is a boolean.
TESTS = {"Equal", "Greater", "GreaterOrEqual", "IsNaN", "Less", "LessOrEqual"}


def unsupported(what: Any, remedy: str) -> NotImplementedError:
    """Return the error that says what cannot be expressed in ONNX, and what to do."""
    return NotImplementedError(f"{what} cannot be exported to ONNX: {remedy}")


class Tensor(NDArrayOperatorsMixin):
    """A value of a graph, of a known type.

    Parameters
    ----------
    graph : Graph
        The graph to which its functions add nodes.
    name : str
        Its name there.
    dtype : dtype
        Its type; object for text.

    Attributes
    ----------
    source : Tensor or None
        The value of lower precision of which it is a copy.
    """

    def __init__(self, graph: "Graph", name: str, dtype: Any):
        self.graph = graph
        self.name = name
        self.dtype = np.dtype(dtype)
        self.source: Tensor | None = None

    def __array_ufunc__(self, ufunc, method, *inputs, out=None, **kwargs):
        if method != "__call__" or kwargs:
            raise unsupported(
                f"The method {method} of {ufunc.__name__}", "call the function directly."
            )
        result = self._result(ufunc, inputs)
        if out is None:
            return result
        vars(out[0]).update(vars(result))  # which it stands for from here on
        return out[0]

    def _result(self, ufunc, inputs):
        if ufunc in COMPOSED:
            return COMPOSED[ufunc](*inputs)
        if ufunc not in OPERATORS:
            raise unsupported(f"The function {ufunc.__name__}", "use other functions.")
        operator = OPERATORS[ufunc]
        return self.graph.node(operator, *inputs, dtype=bool if operator in TESTS else None)

    def __array_function__(self, function, types, args, kwargs):
        raise unsupported(f"The function {function.__name__}", "use other functions.")

    def __bool__(self):
        raise unsupported(
            "A branch that depends on values", "use np.maximum or similar functions."
        )

    def apply(self, operator: str, **attributes: Any) -> "Tensor":
        """Apply a unary ONNX operator."""
        return self.graph.node(operator, self, **attributes)

    def cast(self, dtype: Any) -> "Tensor":
        """Convert it to another type."""
        from onnx import helper

        dtype = np.dtype(dtype)
        if dtype == self.dtype:
            return self
        if self.source is not None and self.source.dtype == dtype:
            return self.source
        key = self.name, dtype
        if key not in self.graph.casts:
            to = helper.np_dtype_to_tensor_dtype(dtype)
            cast = self.graph.node("Cast", self, dtype=dtype, to=to)
            is_wider = self.dtype.kind == dtype.kind and self.dtype.itemsize < dtype.itemsize
            cast.source = self if is_wider else None
            self.graph.casts[key] = cast
        return self.graph.casts[key]

    def take(self, indices: Any) -> "Tensor":
        """Return some columns."""
        index = self.graph.constant(np.asarray(indices, dtype=np.int64))
        return self.graph.node("Gather", self, index, axis=1)

    def sum(self, axis: int) -> "Tensor":
        """Return the sum over an axis, without that axis."""
        axes = self.graph.constant(np.array([axis], dtype=np.int64))
        return self.graph.node("ReduceSum", self, axes, keepdims=0)

    def reshape(self, *shape: int) -> "Tensor":
        """Reshape it; one entry may be -1."""
        return self.graph.node("Reshape", self, self.graph.constant(np.array(shape)))


class Port(NamedTuple):
    """An input or an output of a graph.

    `width` is the number of columns, or None for one axis; `keys` is the type of the classes, if
    each row is a dictionary of probabilities.
    """

    name: str
    tensor: Tensor
    width: int | None = None
    keys: np.dtype | None = None

    def value_info(self) -> Any:
        """Return its description in ONNX."""
        from onnx import helper

        kind = helper.np_dtype_to_tensor_dtype(self.tensor.dtype)
        if self.keys is None:
            shape: list[str | int | None] = ["n_rows"]
            shape += [] if self.width is None else [self.width]
            return helper.make_tensor_value_info(self.name, kind, shape)
        value = helper.make_tensor_type_proto(kind, [])
        key = helper.np_dtype_to_tensor_dtype(self.keys)
        pairs = helper.make_sequence_type_proto(helper.make_map_type_proto(key, value))
        return helper.make_value_info(self.name, pairs)


class Graph:
    """Nodes and initializers, as they are added.

    Parameters
    ----------
    dtype : dtype
        The type of the computations.
    opset : int
        The version of ONNX's operators.
    prefix : str
        The start of all names.
    """

    def __init__(self, dtype: Any, opset: int, prefix: str = ""):
        self.dtype = np.dtype(dtype)
        self.versions = {"": opset, "ai.onnx.ml": 2}
        self.prefix = prefix
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.casts: dict[tuple, Tensor] = {}
        self._constants: dict[tuple, Tensor] = {}
        self._names: set[str] = set()

    def unique(self, name: str) -> str:
        """Return a new, unused name."""
        count, found = 0, name
        while found in self._names:
            count += 1
            found = f"{name}_{count}"
        self._names.add(found)
        return found

    def node(
        self, operator: str, *inputs: Any, dtype: Any = None, domain: str = "", **attributes: Any
    ) -> Tensor:
        """Add a node of an operator of ONNX, and return its output.

        Arrays among the inputs become constants of the type of the first tensor, which is also
        that of the output, unless `dtype` is given.
        """
        from onnx import helper

        tensors = self._tensors(*inputs)
        names = [each.name for each in tensors]
        output = self.unique(f"{self.prefix}{operator.lower()}")
        self.nodes.append(
            helper.make_node(operator, names, [output], output, domain=domain, **attributes)
        )
        return Tensor(self, output, tensors[0].dtype if dtype is None else dtype)

    def _tensors(self, *values: Any) -> list[Tensor]:
        """Return values as tensors: arrays as constants of the type of the first tensor."""
        kind = next(each.dtype for each in values if isinstance(each, Tensor))
        return [
            each if isinstance(each, Tensor) else self.constant(np.asarray(each, kind))
            for each in values
        ]

    def constant(self, array: np.ndarray) -> Tensor:
        """Return an array as an initializer, shared by equal arrays."""
        from onnx import numpy_helper

        array = np.ascontiguousarray(array).reshape(array.shape)  # a number has no axis
        content = tuple(array.tolist()) if array.dtype.kind == "O" else array.tobytes()
        key = array.dtype, array.shape, content
        if key not in self._constants:
            name = self.unique(f"{self.prefix}constant")
            self.initializers.append(numpy_helper.from_array(array, name))
            self._constants[key] = Tensor(self, name, array.dtype)
        return self._constants[key]

    def where(self, condition: Tensor, yes: Any, no: Any) -> Tensor:
        """Return `yes` where a condition is true, else `no`; one of the two is a tensor."""
        yes, no = self._tensors(yes, no)
        return self.node("Where", condition, yes, no, dtype=yes.dtype)

    def concat(self, parts: Sequence[Tensor]) -> Tensor:
        """Return tensors side by side."""
        return parts[0] if len(parts) == 1 else self.node("Concat", *parts, axis=-1)

    def named(self, port: Port) -> Port:
        """Return an output under its own name, or a similar one if that is in use."""
        name = self.unique(port.name)
        for node in self.nodes:
            for names in (node.input, node.output):
                names[:] = [name if each == port.tensor.name else each for each in names]
        return port._replace(name=name, tensor=Tensor(self, name, port.tensor.dtype))

    def inline(self, model: Any, X: Tensor) -> Tensor:
        """Add the nodes of another model of one input, and return its first output."""
        from onnx import compose

        for each in model.opset_import:
            self.versions[each.domain] = max(each.version, self.versions.get(each.domain, 1))
        graph = compose.add_prefix(model, self.unique(f"{self.prefix}inner") + "_").graph
        (given,) = graph.input
        output = graph.output[0].name
        for node in graph.node:
            node.input[:] = [X.name if name == given.name else name for name in node.input]
        self.nodes.extend(graph.node)
        self.initializers.extend(graph.initializer)
        self._names.update(name for node in graph.node for name in node.output)
        return Tensor(self, output, X.dtype)
