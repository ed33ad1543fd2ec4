"""Predictions as outputs of a graph."""

# NumPy's stubs do not support `__array_ufunc__`.
# mypy: disable-error-code="call-overload"

from functools import singledispatch
from typing import Any

import numpy as np
from scipy.special import expit

from ..estimators._label_targets import ClassTargets, MultilabelTargets
from ..estimators._targets import RegressionTargets
from ._functions import linked
from ._graph import Port, Tensor, unsupported


@singledispatch
def decoded(targets: Any, z: Tensor, zipmap: bool | str) -> list[Port]:
    """Return the outputs of a graph, from raw outputs.

    For `zipmap` see `to_onnx`; with "scores", raw outputs take the place of probabilities.
    """
    raise unsupported(
        f"Targets of type {type(targets).__name__}", "it is not part of this package."
    )


@decoded.register
def _(targets: RegressionTargets, z, zipmap):
    y = linked(targets.link, z).cast(np.float64)
    # In double precision, to distinguish large targets with small differences.
    unit = np.ldexp(1.0, targets.exponent)
    y = y * (targets._scale * unit) + targets._center * unit
    low, high = targets.bounds
    y = np.minimum(np.maximum(y, low), high)
    if targets.per_target:
        y = z.graph.concat(in_order([y.take([j]) for j in range(targets.n_outputs)]))
    y = y.cast(z.dtype) if targets._fits(np.finfo(z.dtype)) else y
    return [Port("variable", y, targets.n_outputs)]


@decoded.register
def _(targets: ClassTargets, z, zipmap):
    graph, tiny = z.graph, np.finfo(z.dtype).tiny
    labels = graph.constant(label_array(targets.classes))
    if targets.binary:
        codes = (z > 0).cast(np.int64).reshape(-1)
        z = graph.concat([-z, z])
        y = expit(z)
    else:
        codes = graph.node("ArgMax", z, dtype=np.int64, axis=1, keepdims=0)
        y = linked(targets.link, z)
    label = graph.node("Gather", labels, codes, axis=0)
    if zipmap == "scores":
        return [Port("label", label), Port("probabilities", z, len(targets.classes))]
    return [Port("label", label), *zipped(targets, np.maximum(y, tiny), zipmap)]


@decoded.register
def _(targets: MultilabelTargets, z, zipmap):
    if zipmap:
        raise unsupported(
            f"zipmap={zipmap!r} with several labels per row",
            "there is no single class: set zipmap=False.",
        )
    info = np.finfo(z.dtype)
    y = np.minimum(np.maximum(linked(targets.link, z), info.tiny), 1 - info.epsneg)
    label = (z > 0).cast(np.int64)
    return [Port("label", label, targets.n_outputs), Port("probabilities", y, targets.n_outputs)]


def in_order(columns: list[Tensor]) -> list[Tensor]:
    """Return columns with the values of each row in ascending order."""
    for end in range(len(columns) - 1, 0, -1):
        for j in range(end):
            pair = columns[j : j + 2]
            columns[j : j + 2] = np.minimum(*pair), np.maximum(*pair)
    return columns


def label_array(classes: np.ndarray) -> np.ndarray:
    """Return labels as text or as integers of 64 bits, the types that ONNX supports."""
    if classes.dtype.kind in "OU":
        return classes.astype(str).astype(object)
    return classes.astype(np.int64)


def zipped(targets: ClassTargets, y: Tensor, zipmap: bool | str) -> list[Port]:
    """Return probabilities as one array, as dictionaries by class, or as one output per class."""
    labels = label_array(targets.classes)
    if isinstance(zipmap, str):
        return [Port(f"probability_{each}", y.take(j)) for j, each in enumerate(labels)]
    if not zipmap:
        return [Port("probabilities", y, len(labels))]
    name = "classlabels_strings" if labels.dtype.kind == "O" else "classlabels_int64s"
    # Runtimes support dictionaries in single precision only.
    pairs = y.cast(np.float32).apply("ZipMap", domain="ai.onnx.ml", **{name: labels.tolist()})
    return [Port("probabilities", pairs, keys=labels.dtype)]
