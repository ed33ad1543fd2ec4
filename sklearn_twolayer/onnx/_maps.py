"""Input maps as nodes of a graph.

They compute in double precision, because dates and years are large numbers with small differences.
"""

from functools import singledispatch
from typing import Any

import numpy as np

from .. import input_maps
from ..input_maps._levels import PairLevels
from ..input_maps._rounding import rounding_of
from ._functions import REMEDY
from ._graph import Tensor, unsupported
from ._lookup import nearest_places

#: Minimum fraction of the values of codes that differ in single precision.
LEAST_APART = 0.99
#: Single precision holds whole numbers and quarters between them up to this.
LARGEST_EXACT = 2**21


@singledispatch
def mapped(input_map: Any, X: Tensor) -> Tensor:
    """Return rows under a fitted input map.

    Parameters
    ----------
    input_map : fitted transformer or None
        The map, by which the function is dispatched. Other transformers are converted by skl2onnx.
    X : Tensor of float64, shape (n_rows, n_inputs)
        Rows.

    Returns
    -------
    Tensor of float64, shape (n_rows, n_outputs)
        Mapped rows.

    Raises
    ------
    NotImplementedError
        If skl2onnx is not installed, or has no converter for the transformer.
    """
    if isinstance(input_map, input_maps.InputMap):
        raise unsupported(f"The input map {input_map!r}", REMEDY.format("mapped"))
    what = f"The input map {input_map!r}"
    try:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import DoubleTensorType, FloatTensorType
    except ImportError as error:
        raise unsupported(what, "it needs skl2onnx: pip install skl2onnx.") from error
    graph = X.graph
    kind = FloatTensorType if graph.dtype == np.float32 else DoubleTensorType
    types = [("X", kind([None, input_map.n_features_in_]))]
    try:
        model = convert_sklearn(input_map, initial_types=types, target_opset=graph.versions[""])
    except Exception as error:
        reason = f"skl2onnx has no converter for it ({error})."
        raise unsupported(what, reason) from error
    return graph.inline(model, X.cast(graph.dtype)).cast(np.float64)


@mapped.register
def _(input_map: None, X):
    return X


@mapped.register
def _(input_map: input_maps.ScaledMap, X):
    return mapped(input_map.input_map, X) * input_map.factors


@mapped.register
def _(input_map: input_maps.ScalingMap, X):
    values = (X - input_map.center_) / input_map.scale_
    if input_map.constant_.any() and not input_map.sparse_:
        rounding = rounding_of(input_map.center_, X.graph.dtype) / input_map.scale_
        largest = np.where(input_map.constant_, rounding, -1)
        values = X.graph.where(np.abs(values) <= largest, 0, values)
    bound = input_map.bound(np.float32)
    if bound > np.finfo(np.float32).max:
        return values
    values = np.minimum(np.maximum(values, -1e9 * bound), 1e9 * bound)
    return values / np.sqrt(1 + np.square(values * (1 / bound)))


@mapped.register
def _(input_map: input_maps.PrincipalMap, X):
    columns, components = input_map.columns_, input_map.components_.astype(np.float64)
    offset = input_map.offset_ + columns.of_zero_ @ components
    return mapped(columns, X) @ components - offset


@mapped.register
def _(input_map: input_maps.PiecewiseLinearMap, X):
    inside = np.minimum(np.maximum(X, input_map.low_), input_map.high_)
    robust = mapped(input_map.robust_, inside)
    if not len(input_map.columns_):
        return robust
    starts, widths = input_map.starts_, input_map.widths_
    steps = (X.take(input_map.columns_) - starts) / widths
    steps = np.minimum(np.maximum(steps, 0), 1)
    if input_map.sparse_:  # zero stays zero
        steps = steps - np.clip(-starts / widths, 0, 1)
    return X.graph.concat([robust, steps])


@mapped.register
def _(input_map: input_maps.MixedMap, X):
    parts = []
    if len(input_map.columns_):
        numbers = X.take(input_map.columns_)
        filled = X.graph.where(np.isnan(numbers), input_map.fill_, numbers)
        parts.append(mapped(input_map.numbers_, filled))
    if len(input_map.flagged_):
        parts.append(np.isnan(numbers.take(input_map.flagged_)).cast(np.float64))
    if input_map.levels_:
        parts += _levels(input_map, X)
    if not parts:  # nothing varies
        parts = [np.isnan(X.take([0])).cast(np.float64) * 0]
    return X.graph.concat(parts)


def _levels(mixed, X):
    """Return indicators and statistics, looked up in a table for each column with levels."""
    pairs = [each for each in mixed.levels_ if isinstance(each, PairLevels)]
    used = [each for each in mixed.levels_ if each.width or each.source in mixed.statistics_]
    levels, parts = [each for each in used if each not in pairs], []
    if levels:
        places, dtype = _places(levels, X), X.graph.dtype
        tables = [_table(mixed, each, dtype) for each in levels]
        rows = [_looked_up(table, places.take(j)) for j, table in enumerate(tables)]
        parts.append(X.graph.concat(rows).cast(np.float64))
    return [*parts, *(_of_pairs(each, mixed.statistics_[each.source], X) for each in pairs)]


def _places(levels, X):
    """Return the place of each row in tables of several levels, -1 for unknown ones."""
    codes = X.graph.concat([_codes(each, X.take([each.column])) for each in levels])
    of_missing = np.array([each.n_codes - 1 for each in levels])
    codes = X.graph.where(codes >= of_missing, -1, codes)  # the last row, for unknown levels
    return X.graph.where(np.isnan(codes), of_missing, codes).cast(np.int64)


def _codes(levels, values):
    """Return codes of levels, which are looked up for columns of numbers."""
    if not levels.is_ordered:
        return values
    n_apart = len(np.unique(levels.values.astype(np.float32)))
    if n_apart < LEAST_APART * levels.n_found:
        raise unsupported(
            f"Column {levels.column}",
            "its values are codes that single precision cannot tell apart. Convert them to text.",
        )
    return nearest_places(values, levels.values, levels.tolerance)


def _table(mixed, levels, dtype):
    """Return the encoding of each code of a category, with unknown levels in the last row."""
    codes = np.append(np.arange(levels.n_codes), -1)
    table = levels.indicators(codes, mixed.indicator_size, np.float64)
    if levels.source in mixed.statistics_:
        table = np.hstack([table, mixed.statistics_[levels.source](codes, None)])
    return table.astype(dtype)


def _looked_up(table, places):
    return places.graph.node("Gather", places.graph.constant(table), places)


def _of_pairs(levels, statistics, X):
    """Return statistics of pairs, those of both values for pairs that are not in the table."""
    if levels.keys[-1] > LARGEST_EXACT:
        raise unsupported(
            f"The pair of columns {levels.column}", "it has too many values for single precision."
        )
    places, graph = _places(levels.of_each, X), X.graph
    one, other = (places.take([j]).cast(np.float64) + 1 for j in range(2))
    keys = one * (levels.of_each[1].n_codes + 1) + other
    found = nearest_places(keys, levels.keys.astype(np.float64), 0.25)
    found = graph.where(found >= levels.n_codes, -1, found)
    of_pair = statistics.of_level.astype(graph.dtype)
    of_pair = _looked_up(of_pair, np.maximum(found, 0).cast(np.int64).take(0))
    of_values = 0
    for j, (each, values) in enumerate(zip(statistics.of_each, levels.of_each, strict=True)):
        codes = np.append(np.arange(values.n_codes), -1)
        of_values = of_values + _looked_up(each(codes, None).astype(graph.dtype), places.take(j))
    return graph.where(found >= 0, of_pair, of_values).cast(np.float64)
