"""Columns of categories: their levels, and the codes of these."""

from typing import Any

import narwhals as nw
import numpy as np

from ._values import pairs


def type_of(values: Any, levels: tuple) -> str | None:
    """Return "numbers" or "text" if all levels are, and the type of their column says so."""
    if values.dtype in (np.dtype(object), nw.Object) or not levels:
        return None
    if all(isinstance(level, str) for level in levels):
        return "text"
    return "numbers" if all(hasattr(level, "__float__") for level in levels) else None


def levels_of(values: Any, name: Any) -> tuple:
    """Return the levels of a category, in an order that does not depend on the order of rows."""
    levels: dict[Any, None] = {}
    try:
        for value, missing in pairs(_unique(values)):
            if not missing:
                levels.setdefault(value)
    except TypeError as error:
        raise TypeError(
            f"Column {name!r} contains values that cannot be levels: {error}"
        ) from error
    try:
        return tuple(sorted(levels))
    except TypeError:  # text and numbers
        return tuple(sorted(levels, key=lambda level: (type(level).__name__, str(level))))


def _unique(values):
    if isinstance(values, np.ndarray) or values.dtype in (nw.Object, nw.Unknown):
        return values
    try:
        return values.unique()
    except UnicodeEncodeError:  # a lone surrogate, which pandas cannot convert to Arrow
        return values


def codes_of(values: Any, index: dict, name: Any) -> np.ndarray:
    """Return the position of each value among the levels; -1 for others, NaN for missing."""
    values, index = _in_one_precision(values, index)
    codes = (np.nan if missing else index.get(value, -1) for value, missing in pairs(values))
    try:
        return np.fromiter(codes, dtype=np.float64, count=len(values))
    except TypeError as error:
        raise TypeError(
            f"Column {name!r} contains values that cannot be levels: {error}"
        ) from error


def _in_one_precision(values, index):
    """Round levels, or values, to single precision if the other ones are."""
    dtype = values.dtype
    if dtype in (np.float32, nw.Float32):
        rounded = {_single(level): i for level, i in index.items() if isinstance(level, float)}
        return values, rounded | index
    if dtype in (np.float64, nw.Float64):
        floats = [level for level in index if isinstance(level, float)]
        is_single = all(_single(level) == level for level in floats)
        if is_single and not all(level.is_integer() for level in floats):
            is_array = isinstance(values, np.ndarray)
            with np.errstate(over="ignore"):
                single = values.astype(np.float32) if is_array else values.cast(nw.Float32)
            return single, index
    return values, index


def _single(value):
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def distinct_texts(values: Any) -> tuple[list[str], np.ndarray]:
    """Return the distinct values as text, and the place of each among them.

    A missing value is the empty text.
    """
    index: dict[str, int] = {}
    texts = ("" if missing else str(value) for value, missing in pairs(values))
    places = (index.setdefault(text, len(index)) for text in texts)
    array = np.fromiter(places, dtype=np.intp, count=len(values))
    return list(index), array
