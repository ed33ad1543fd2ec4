"""What data and estimators hold, in a form that can be compared."""

from typing import Any

import joblib
import numpy as np
from scipy import sparse
from sklearn.base import BaseEstimator

#: Where the formats of scipy.sparse keep their numbers.
PARTS = ("data", "indices", "indptr", "coords", "offsets", "rows")


def content(value: Any) -> Any:
    """Return a copy of what a table, targets or weights hold, to compare with ``==``."""
    if isinstance(value, np.ndarray):
        held = value.tolist() if value.dtype.hasobject else value.tobytes()
        return type(value).__name__, value.shape, str(value.dtype), repr(held)
    if sparse.issparse(value):
        parts = [content(getattr(value, name)) for name in PARTS if hasattr(value, name)]
        return type(value).__name__, value.shape, parts
    if hasattr(value, "iloc"):
        names = str(getattr(value, "columns", "")), str(getattr(value, "dtypes", ""))
        return type(value).__name__, str(value.index), *names, content(value.to_numpy())
    if hasattr(value, "to_arrow"):
        return type(value).__name__, repr(
            value.to_dict() if hasattr(value, "columns") else list(value)
        )
    if isinstance(value, tuple) and all(isinstance(part, np.ndarray) for part in value):
        return [content(part) for part in value]
    return type(value).__name__, repr(value)


def same(one: Any, other: Any) -> bool:
    """Return whether two arrays are the same, bit for bit."""
    return content(one) == content(other)


def state(values: dict[str, Any]) -> dict[str, str]:
    """Return a fingerprint of each attribute or parameter, whatever it holds."""
    return {name: _hash(value) for name, value in values.items()}


def _hash(value):
    try:
        return joblib.hash(value)
    except RecursionError:  # an embedding of hundreds of branches
        return str(id(value))


def parameters(estimator: BaseEstimator) -> dict[str, str]:
    """Return a fingerprint of each parameter, a shared source of random numbers aside."""
    values = estimator.get_params(deep=False)
    if isinstance(values.get("random_state"), np.random.RandomState):
        del values["random_state"]
    return state(values)


def attributes(estimator: BaseEstimator) -> dict[str, str]:
    """Return a fingerprint of all that an estimator holds."""
    values = dict(vars(estimator))
    if isinstance(values.get("random_state"), np.random.RandomState):
        del values["random_state"]
    return state(values)


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the names whose fingerprints differ."""
    names = sorted(before.keys() | after.keys())
    return [name for name in names if before.get(name) != after.get(name)]
