"""Data frames and arrays as a list of columns."""

from typing import Any

import narwhals as nw
import numpy as np
from scipy import sparse


def is_frame(X: Any) -> bool:
    """Return whether X is a data frame with columns of different kinds."""
    return _frame(X) is not None


def whole(X: Any) -> Any:
    """Return a batch of Arrow records as a table, and anything else unchanged."""
    pyarrow = nw.dependencies.get_pyarrow()
    is_batch = pyarrow is not None and isinstance(X, pyarrow.RecordBatch)
    return pyarrow.Table.from_batches([X]) if is_batch else X


def _frame(X):
    """Return X as a narwhals frame, or None if it is no data frame or entirely sparse."""
    if X is None or isinstance(X, np.ndarray | list | tuple) or sparse.issparse(X):
        return None
    if nw.dependencies.is_polars_lazyframe(X):
        raise TypeError("X is a LazyFrame: call X.collect() first.")
    X = whole(X)
    try:
        frame = nw.from_native(X, eager_only=True, pass_through=True)
    except Exception as error:  # duplicate names, in the words of the library
        of_arrow = nw.dependencies.is_pyarrow_table(X)
        names = list(X.column_names if of_arrow else getattr(X, "columns", ()))
        if len(set(names)) < len(names):
            twice = sorted({str(name) for name in names if names.count(name) > 1})
            raise ValueError(f"Column names must be unique, but X has several {twice}.") from error
        raise
    if not isinstance(frame, nw.DataFrame):
        return None
    flags = _sparse_flags(X)
    if flags and all(flags) and not any(dtype.fill_value for dtype in X.dtypes):
        return None  # a sparse matrix leaves out zeros
    return frame


def _sparse_flags(X):
    """Return which columns of a pandas frame are sparse."""
    return [str(dtype).startswith("Sparse[") for dtype in getattr(X, "dtypes", ())]


def columns_of(X: Any) -> tuple[list, list, int]:
    """Return the names of the columns of a table, their values, and the number of rows.

    The columns of an array have numbers for names, and arrays for values, those of a data frame
    Series of narwhals. ValueError is raised if the table is sparse.
    """
    if sparse.issparse(X):
        raise ValueError(
            "Columns of sparse rows cannot be categories: pass a dense array or a data frame, "
            "or leave categorical_features at 'from_dtype'."
        )
    frame = _frame(X)
    if frame is None:
        return list(range(X.shape[1])), list(X.T), X.shape[0]
    if any(flags := _sparse_flags(X)):
        dense = {name: X.dtypes[name].subtype for name in X.columns[flags]}
        frame = nw.from_native(X.astype(dense), eager_only=True)
    return list(frame.columns), list(frame.iter_columns()), len(frame)


def array_of(X: Any) -> np.ndarray:
    """Return a data frame as an array: of objects, if its columns are of different kinds."""
    _, columns, n_rows = columns_of(X)
    if all(each.dtype.is_numeric() for each in columns):
        return np.column_stack([_numbers(each) for each in columns])
    data = np.empty((n_rows, len(columns)), dtype=object)
    for j, each in enumerate(columns):
        data[:, j] = each.to_list()
    return data


def _numbers(column) -> np.ndarray:
    """Return numbers as an array, which has no integers of 128 bits."""
    is_long = column.dtype in (nw.Int128, nw.UInt128)
    return (column.cast(nw.Float64) if is_long else column).to_numpy()
