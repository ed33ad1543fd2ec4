"""Rows under any map."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn import config_context

from .._checks import shown
from .._linalg import dense
from .._moments import canonical

#: Half the relative step of finite differences.
STEP = 1e-6


def map_rows(input_map: Any, X):
    """Return rows under a fitted input map, and validate its output.

    Parameters
    ----------
    input_map : fitted transformer or None
        The map; None leaves the rows unchanged.
    X : {ndarray, CSR} of shape (n_rows, n_features)
        Validated rows.

    Returns
    -------
    {ndarray, CSR} of shape (n_rows, n_outputs)
        Mapped rows, of a floating type; data frames are converted to arrays.

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
    with config_context(transform_output="default"):  # data frames cannot hold sparse rows
        mapped = input_map.transform(X)
    Z = _as_matrix(mapped, X.dtype)
    if Z is None:
        found = f"an object of type {type(mapped).__name__} that is not an array of real numbers"
    elif Z.ndim != 2 or Z.shape[0] != X.shape[0] or not Z.shape[1]:
        found = f"an array of shape {Z.shape}"
    elif np.isfinite(Z.data if sparse.issparse(Z) else Z).all():
        return Z
    else:
        found = "NaN or infinity"
    raise ValueError(
        f"input_map={shown(input_map)} must return finite real numbers in at least one column, "
        f"one row for each of the {X.shape[0]} input rows; it returned {found}."
    )


def pull_rows(input_map: Any, X: np.ndarray, G: np.ndarray) -> np.ndarray:
    """Pull a gradient back through a fitted input map, by differences for other packages.

    Parameters
    ----------
    input_map : fitted transformer or None
        The map; None leaves the gradient unchanged.
    X : ndarray of shape (n_rows, n_features)
        Rows, dense.
    G : ndarray of shape (n_rows, n_outputs)
        The gradient with respect to the mapped rows.

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        The gradient with respect to the rows.
    """
    if input_map is None:
        return G
    if hasattr(input_map, "pullback"):
        return input_map.pullback(X, G)
    return pulled_by_differences(input_map, X, G)


def pulled_by_differences(input_map: Any, X: np.ndarray, G: np.ndarray) -> np.ndarray:
    """Return what `pull_rows` does, for any map, from small changes of each column."""
    X = X.astype(np.float64)
    result = np.empty(X.shape, dtype=G.dtype)
    for j, column in enumerate(X.T):
        size = np.abs(column)
        steps = STEP * np.where(size > 0, size, size.mean() or 1.0)
        ends = [X.copy(), X.copy()]
        ends[0][:, j] -= steps
        ends[1][:, j] += steps
        low, high = (dense(map_rows(input_map, rows)) for rows in ends)
        result[:, j] = ((high - low) * G).sum(axis=1) / (ends[1] - ends[0])[:, j]
    return result


def sources_of(
    input_map: Any, n_columns: int, rows: np.ndarray | None = None
) -> np.ndarray | None:
    """Return the column that each output of an input map depends on.

    Parameters
    ----------
    input_map : fitted transformer or None
        The map; it may know the answer, by a method `known_sources`.
    n_columns : int
        Number of columns of the rows.
    rows : ndarray of shape (n_rows, n_columns), optional
        Rows to try other maps on, dense: they exchange their values of each column in turn.

    Returns
    -------
    ndarray of int, shape (n_outputs,), or None
        Numbers of columns, after which those of pairs of codes follow (`pairs_of`); None if it is
        not known, or if an output depends on other sets of columns. Outputs that are the same for
        all rows are of column 0.

    Examples
    --------
    >>> sources_of(None, 3)
    array([0, 1, 2])
    """
    if input_map is None:
        return np.arange(n_columns)
    knows = getattr(type(input_map), "known_sources", None)
    known = None if knows is None else knows(input_map, n_columns)
    return _sources_by_trial(input_map, rows) if known is None and rows is not None else known


def _sources_by_trial(input_map, rows):
    before = dense(map_rows(input_map, rows))
    sources = np.full(before.shape[1], -1)
    for j, column in enumerate(rows.T):
        other = rows.copy()
        other[:, j] = np.roll(column, 1)
        try:
            depends = (dense(map_rows(input_map, other)) != before).any(axis=0)
        except ValueError:  # there are no such rows
            return None
        if (sources[depends] >= 0).any():
            return None
        sources[depends] = j
    return np.maximum(sources, 0)


def _as_matrix(mapped, dtype):
    """Return the output of a transformer as an array of floats, or None if it is not one."""
    is_sparse = sparse.issparse(mapped)
    try:
        kind = None if hasattr(mapped, "__array__") else dtype  # a list, possibly ragged
        Z = mapped if is_sparse else np.asarray(mapped, dtype=kind)
        if Z.dtype.kind not in "biufO" or (Z.dtype.kind == "O" and is_sparse):
            return None
        if Z.dtype not in (np.float32, np.float64):
            with np.errstate(over="ignore"):  # infinity is reported to the user
                Z = Z.astype(dtype)
    except (TypeError, ValueError):  # ragged, text or missing values among objects
        return None
    return canonical(Z) if is_sparse and Z.ndim == 2 else Z
