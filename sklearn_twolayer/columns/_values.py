"""The values of a column one by one."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from .._checks import is_missing

#: Number of values that are converted to Python objects at a time.
BLOCK = 2**16


def pairs(values: Any) -> Iterator[tuple[Any, bool]]:
    """Yield each value, and whether it is missing."""
    for start in range(0, len(values), BLOCK):
        some = values[start : start + BLOCK]
        if isinstance(some, np.ndarray):
            listed = some.tolist()
            null = list(map(is_missing, listed)) if some.dtype == object else [False] * len(some)
        else:
            listed, null = some.to_list(), some.is_null().to_list()
        for value, is_null in zip(listed, null, strict=True):
            missing = is_null or value is None or (isinstance(value, float) and value != value)
            yield value, missing


def all_missing(values: Any) -> bool:
    """Return whether a column has no values, whatever its type."""
    return all(missing for _, missing in pairs(values))
