"""The inputs of a graph, and their conversion to a matrix of floats.

A model fitted on an array has one input; a model fitted on a data frame has one per column.
Columns that are only numbered, from zero on, are those of an array, unless some are text.
"""

from typing import Any

import numpy as np

from ..columns import Column
from ..columns._dates import DAY
from ._graph import Graph, Port, Tensor, unsupported
from ._lookup import places_of

#: Represents a missing value among integers, as NaT is stored.
MISSING = np.iinfo(np.int64).min
TEXT = np.dtype(object)
MICROSECONDS = 1_000_000


def inputs_of(estimator: Any, graph: Graph) -> list[Port]:
    """Return the inputs of a fitted estimator: one for an array, or one for each column."""

    def port(name, dtype, width):
        if not name:
            raise unsupported("The column ''", "an input needs a name: rename it before fit.")
        name = graph.unique(name)
        return Port(name, Tensor(graph, name, dtype), width)

    columns = () if estimator._columns is None else estimator._columns.columns
    is_array = [each.name for each in columns] == list(range(len(columns)))
    if is_array and not any(_type(each, graph.dtype) == TEXT for each in columns):
        return [port("X", graph.dtype, estimator.n_features_in_)]
    return [port(str(each.name), _type(each, graph.dtype), 1) for each in columns]


def matrix(estimator: Any, inputs: list[Tensor]) -> Tensor:
    """Return rows as floats, with NaN for missing values, as `Columns.matrix` does.

    The inputs are one per column, or one for several columns side by side.
    """
    graph = inputs[0].graph
    if estimator._reads_columns:
        columns = estimator._columns.columns
        if len(inputs) < len(columns):
            X = _side_by_side(graph, inputs)
            inputs = [X.take([j]) for j in range(len(columns))]
        parts = [_floats(*pair) for pair in zip(columns, inputs, strict=True)]
        X = graph.concat([part for some in parts for part in some])
    else:
        X = _side_by_side(graph, inputs)
    if estimator._fill is None:
        return X
    return graph.where(np.isnan(X), estimator._fill, X)


def _side_by_side(graph: Graph, inputs: list[Tensor]) -> Tensor:
    for each in inputs:
        if each.dtype == TEXT:
            remedy = "it is text, but numbers are expected: text needs one input per column."
            raise unsupported(f"The input {each.name!r}", remedy)
    return graph.concat([each.cast(np.float64) for each in inputs])


def _floats(column: Column, values: Tensor) -> list[Tensor]:
    """Return the columns of the matrix for a column."""
    is_text = column.kind == "category" and _type(column, np.float32) == TEXT
    if is_text != (values.dtype == TEXT):
        kinds = ("text", "numbers") if is_text else ("numbers", "text")
        raise unsupported(
            f"The column {column.name!r}",
            f"it contained {kinds[0]} in fit, but its input has {kinds[1]}.",
        )
    if column.text is not None:
        raise unsupported(
            f"The column {column.name!r}",
            "ONNX has no form of the numbers for parts of its text. Fit on integers in place of "
            "its levels, and name it in categorical_features; or leave it out.",
        )
    if column.zone not in (None, "UTC") and (column.is_code or column.partners):
        raise unsupported(
            f"The column {column.name!r}",
            "its days, which depend on the time zone, are codes. Convert them to UTC before fit.",
        )
    if column.kind == "number":
        return [values.cast(np.float64)]
    return [_codes(column, values)] if column.kind == "category" else _dates(column, values)


def _type(column: Column, dtype: Any) -> np.dtype:
    """Return the type of the input of a column."""
    if column.kind == "date":
        return np.dtype(np.int64)
    if column.kind == "number":
        return np.dtype(dtype)
    kinds = {type(level) for level in column.levels}
    if kinds <= {str}:
        return TEXT
    if kinds <= {bool, int}:
        return np.dtype(np.int64)
    if kinds <= {bool, int, float}:
        return np.dtype(dtype)
    names = ", ".join(sorted(kind.__name__ for kind in kinds))
    raise unsupported(
        f"The category {column.name!r}",
        f"its levels are of type {names}, but must be all text or all numbers: convert them.",
    )


def _codes(column: Column, values: Tensor) -> Tensor:
    """Return the positions of levels, -1 for others, NaN for missing values."""
    if values.dtype.kind in "Oi":
        missing = "" if values.dtype == TEXT else MISSING
        if missing in column.index:
            raise unsupported(
                f"The category {column.name!r}",
                f"its level {missing!r} stands for a missing value there. Replace it before fit, "
                "by another level, or by None if it means that the value is missing.",
            )
        levels = column.levels if values.dtype == TEXT else map(int, column.levels)
        return places_of(values, levels, [missing])
    keys = np.asarray(column.levels, dtype=np.float32).tolist()
    if len(set(keys)) < len(keys):
        raise unsupported(
            f"The category {column.name!r}",
            "some levels are equal in single precision: convert them to text.",
        )
    return places_of(values, keys)


def _dates(column: Column, moments: Tensor) -> list[Tensor]:
    """Return days since 1970 and parts of the calendar, from microseconds since 1970."""
    moments = moments.cast(np.int64)
    day = int(DAY) * MICROSECONDS

    def days():
        return moments.cast(np.float64) / float(day)

    parts = {
        "day": days,
        "days": days,
        "month": lambda: _month(moments // day),
        "weekday": lambda: (moments // day + 3) % 7 + 1,  # the first day was a Thursday
        "hour": lambda: (moments % day // (60 * MICROSECONDS)).cast(np.float64) / 60.0,
    }
    is_missing = moments <= MISSING
    return [
        moments.graph.where(is_missing, np.nan, parts[name]().cast(np.float64))
        for name in column.parts
    ]


def _month(day: Tensor) -> Tensor:
    """Return the month in the Gregorian calendar, from days since 1970.

    Years begin in March, so that the leap day is the last day of the year, and each month ends on
    the same day in all years.
    """
    of_cycle = (day + 719_468) % 146_097  # cycles of 400 years, from 1 March of the year 0
    year = (of_cycle - of_cycle // 1_460 + of_cycle // 36_524 - of_cycle // 146_096) // 365
    of_year = of_cycle - (365 * year + year // 4 - year // 100)
    return ((5 * of_year + 2) // 153 + 2) % 12 + 1
