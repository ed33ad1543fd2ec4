"""Dask arrays and data frames as partitions of rows, for `fit` and `predict`."""

from collections.abc import Callable
from typing import Any, NamedTuple

import dask.array
import dask.dataframe
import numpy as np
from dask.delayed import Delayed, delayed

#: Kinds of columns that are neither numbers nor text or categories.
OTHERS = {"M": "date", "m": "span of time"}


class Form(NamedTuple):
    """The form that all partitions of a collection must have."""

    columns: tuple | None  # for a data frame
    kinds: tuple | None  # of its columns
    n_columns: int
    dtype: np.dtype | None  # of an array


def is_dask_frame(X: Any) -> bool:
    """Return whether rows are a Dask data frame."""
    return isinstance(X, dask.dataframe.DataFrame)


def check_collection(X: Any, local: str) -> None:
    """Raise TypeError or ValueError if X is not a Dask collection of rows."""
    if not isinstance(X, dask.array.Array) and not is_dask_frame(X):
        raise TypeError(
            f"X must be a Dask array or data frame, got {type(X).__name__}: {local} is for data "
            "in memory. To convert them, use dask.array.from_array or "
            "dask.dataframe.from_pandas."
        )
    if isinstance(X, dask.array.Array) and X.ndim != 2:
        raise ValueError(f"X must have two axes, got shape {X.shape}.")


def form_of(X: Any) -> Form:
    """Return the form that all partitions of X must have."""
    if is_dask_frame(X):
        return Form(tuple(X.columns), kinds_of(X), len(X.columns), None)
    return Form(None, None, X.shape[1], X.dtype)


def kinds_of(X: Any) -> tuple:
    """Return the kinds of the columns of a data frame."""
    kinds = [dtype.kind for dtype in X.dtypes]
    return tuple("number" if kind in "biuf" else OTHERS.get(kind, "text") for kind in kinds)


def partitions(X: Any, y: Any, sample_weight: Any) -> list[tuple[Any, Any, Any]]:
    """Return the delayed parts of X, y and weights that belong together; None for no weights.

    TypeError or ValueError is raised if they are not collections, or have different partitions.
    """
    rows = _rows_of(X)
    columns: list[list] = [rows, _like("y", y, X, rows)]
    if sample_weight is None:
        columns.append([None] * len(rows))
    else:
        columns.append(_like("sample_weight", sample_weight, X, rows))
    return list(zip(*columns, strict=True))


def _rows_of(collection: Any) -> list[Delayed]:
    if isinstance(collection, dask.array.Array):
        if collection.ndim == 2:
            collection = collection.rechunk({1: -1})
        return list(collection.to_delayed().ravel())
    # With optimisation, a single column may be read in fewer partitions than the others.
    return list(collection.to_delayed(optimize_graph=False))


def _like(name: str, collection: Any, X: Any, rows: list) -> list[Delayed]:
    """Return the parts of a collection with the partitions of X."""
    if not hasattr(collection, "to_delayed"):
        raise TypeError(
            f"{name} must be a Dask array or series with the same partitions as X, got "
            f"{type(collection).__name__}."
        )
    parts = _rows_of(collection)
    known = [getattr(each, "chunks", ((np.nan,),))[0] for each in (X, collection)]
    differ = known[0] != known[1] and not np.isnan([*known[0], *known[1]]).any()
    if len(parts) != len(rows) or differ:
        sizes = "" if len(parts) != len(rows) else " of other sizes"
        raise ValueError(
            f"{name} must have the same partitions as X, which has {len(rows)} partitions; "
            f"{name} has {len(parts)}{sizes}. {_how_to_align(name, collection, X)}"
        )
    return parts


def _how_to_align(name: str, collection: Any, X: Any) -> str:
    """Return what gives a collection the partitions of X."""
    if isinstance(X, dask.array.Array):
        is_array = isinstance(collection, dask.array.Array)
        array = name if is_array else f"{name}.to_dask_array(lengths=True)"
        return f"Use {array}.rechunk(X.chunks[0])."
    return (
        "Take both from one data frame; or, for a series or a data frame, use "
        f"{name}.repartition(divisions=X.divisions)."
    )


def each_partition(X: Any, method: Callable, empty: np.ndarray) -> dask.array.Array:
    """Return the lazy array of the results of a method of a model for the rows of each partition.

    The method is sent to each worker once, with the model. `empty` is its result for no rows,
    shape (0, ...). Lengths of blocks are unknown if those of X are.
    """
    shared = delayed(method, traverse=False)
    if isinstance(X, dask.array.Array):
        lengths = X.chunks[0]
    else:
        lengths = (np.nan,) * X.npartitions
    parts = [
        dask.array.from_delayed(
            delayed(_or_empty)(shared, part, empty),
            (length, *empty.shape[1:]),
            meta=empty,
        )
        for part, length in zip(_rows_of(X), lengths, strict=True)
    ]
    return dask.array.concatenate(parts, allow_unknown_chunksizes=True)


def _or_empty(method, part, empty):
    return np.asarray(method(part)) if part.shape[0] else empty
