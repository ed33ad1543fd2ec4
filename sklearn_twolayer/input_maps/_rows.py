"""Rows under a map, whoever wrote it."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import config_context

from .._checks import shown
from .._moments import canonical


def map_rows(input_map: Any, X):
    """Return rows under a fitted input map, with a check of what it returns.

    Parameters
    ----------
    input_map : fitted transformer or None
        The map; None leaves the rows as they are.
    X : {ndarray, CSR} of shape (n_rows, n_features)
        Validated rows.

    Returns
    -------
    {ndarray, CSR} of shape (n_rows, n_outputs)
        Mapped rows, of a floating type; data frames have become arrays.

    Raises
    ------
    ValueError
        If the map returns anything but finite real numbers, one row for each row.

    Examples
    --------
    >>> map_rows(None, np.ones((1, 2)))
    array([[1., 1.]])
    """
    if input_map is None:
        return X
    with config_context(transform_output="default"):  # data frames would not hold sparse rows
        mapped = input_map.transform(X)
    Z = _as_matrix(mapped, X.dtype)
    if Z is None:
        found = f"an object of type {type(mapped).__name__} that is no array of real numbers"
    elif Z.ndim != 2 or Z.shape[0] != X.shape[0] or not Z.shape[1]:
        found = f"an array of shape {Z.shape}"
    elif np.isfinite(Z.data if sparse.issparse(Z) else Z).all():
        return Z
    else:
        found = "NaN or infinity"
    raise ValueError(
        f"input_map={shown(input_map)} must return finite real numbers in at least one column, "
        f"one row for each of the {X.shape[0]} rows it is given; it returned {found}."
    )


def _as_matrix(mapped, dtype):
    """Return what a transformer returned as an array of floats, or None if it is none."""
    is_sparse = sparse.issparse(mapped)
    try:
        kind = None if hasattr(mapped, "__array__") else dtype  # of a list, ragged perhaps
        Z = mapped if is_sparse else np.asarray(mapped, dtype=kind)
        if Z.dtype.kind not in "biufO" or (Z.dtype.kind == "O" and is_sparse):
            return None
        if Z.dtype not in (np.float32, np.float64):
            with np.errstate(over="ignore"):  # infinity is told to the user
                Z = Z.astype(dtype)
    except (TypeError, ValueError):  # ragged, text or missing values among objects
        return None
    return canonical(Z) if is_sparse and Z.ndim == 2 else Z
