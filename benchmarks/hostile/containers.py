"""The same numbers in all that a user may hand over."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

from .dice import Dice


def read_only(X):
    """Return a copy that cannot be written to."""
    X = X.copy()
    X.flags.writeable = False
    return X


def strided(X):
    """Return a view of every other row and column of a larger array."""
    wide = np.full((2 * X.shape[0], 2 * X.shape[1]), np.nan)
    wide[::2, ::2] = X
    return wide[::2, ::2]


def memmap(X):
    """Return the numbers in a file that is open for reading; its name is gone already."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.npy"
        np.save(path, X)
        return np.load(path, mmap_mode="r")


def wide_indices(X, kind=sparse.csr_array):
    """Return a sparse array with indices of 64 bits."""
    X = kind(X)
    X.indices, X.indptr = X.indices.astype(np.int64), X.indptr.astype(np.int64)
    return X


def coo_wide(X):
    """Return a COO array with indices of 64 bits."""
    rows, columns = np.nonzero(X)
    index = rows.astype(np.int64), columns.astype(np.int64)
    return sparse.coo_array((X[rows, columns], index), shape=X.shape)


def unsorted(X):
    """Return a CSR array whose rows name their columns from last to first."""
    X = sparse.csr_array(X)
    for start, end in zip(X.indptr[:-1], X.indptr[1:], strict=True):
        X.indices[start:end] = X.indices[start:end][::-1].copy()
        X.data[start:end] = X.data[start:end][::-1].copy()
    X.has_sorted_indices = False
    return X


def doubled(X):
    """Return a CSR array that holds each number in two halves, as duplicate entries."""
    rows, columns = np.nonzero(X)
    values = X[rows, columns]
    order = np.argsort(np.r_[rows, rows], kind="stable")
    counts = 2 * np.bincount(rows, minlength=X.shape[0])
    indptr = np.r_[0, np.cumsum(counts)]
    data, indices = np.r_[values / 2, values / 2][order], np.r_[columns, columns][order]
    return sparse.csr_array((data, indices, indptr), shape=X.shape)


def frame(X):
    """Return a data frame with names."""
    return pd.DataFrame(X, columns=[f"column {i}" for i in range(X.shape[1])])


def sparse_frame(X):
    """Return a data frame of sparse columns."""
    return pd.DataFrame.sparse.from_spmatrix(sparse.csr_matrix(X), columns=frame(X).columns)


#: Containers of any numbers, which then give the same results.
DENSE: dict[str, Callable] = {
    "array": np.array,
    "Fortran order": np.asfortranarray,
    "strided": strided,
    "rows backwards": lambda X: X[::-1].copy()[::-1],
    "columns backwards": lambda X: X[:, ::-1].copy()[:, ::-1],
    "read-only": read_only,
    "memmap": memmap,
    "big-endian": lambda X: X.astype(">f8"),
    "objects": lambda X: X.astype(object),
    "long double": lambda X: X.astype(np.longdouble),
    "list": lambda X: X.tolist(),
    "tuples": lambda X: [tuple(row) for row in X.tolist()],
    "pandas": frame,
    "pandas without names": pd.DataFrame,
    "pandas, nullable": lambda X: frame(X).astype("Float64"),
    "pandas, odd index": lambda X: frame(X).set_index(np.arange(len(X))[::-1] * 7),
    "polars": lambda X: pl.DataFrame(frame(X)),
}
#: Sparse ones.
SPARSE: dict[str, Callable] = {
    "csr_matrix": sparse.csr_matrix,
    "csr_array": sparse.csr_array,
    "csc_array": sparse.csc_array,
    "coo_array": sparse.coo_array,
    "lil_array": sparse.lil_array,
    "dok_array": sparse.dok_array,
    "bsr_array": sparse.bsr_array,
    "csr, int64": wide_indices,
    "csc, int64": lambda X: wide_indices(X, sparse.csc_array),
    "coo, int64": coo_wide,
    "csr, unsorted": unsorted,
    "csr, duplicates": doubled,
    "pandas, sparse": sparse_frame,
}
#: Containers that round, for numbers of moderate size.
ROUNDED: dict[str, Callable] = {
    "float32": lambda X: X.astype(np.float32),
    "float16": lambda X: X.astype(np.float16),
    "int64": lambda X: (4 * X).astype(np.int64),
    "int8": lambda X: (4 * X).astype(np.int8),
    "uint8": lambda X: (4 * abs(X)).astype(np.uint8),
    "bool": lambda X: X > 0,
    "csr of float32": lambda X: sparse.csr_array(X.astype(np.float32)),
    "csr of int": lambda X: sparse.csr_array((4 * X).astype(np.int64)),
    "csr of bool": lambda X: sparse.csr_array(X > 0),
    "pandas of float32": lambda X: frame(X.astype(np.float32)),
    "pandas, mixed types": lambda X: frame(X).assign(column_0=X[:, 0] > 0, more=np.arange(len(X))),
    "polars of float32": lambda X: pl.DataFrame(frame(X.astype(np.float32))),
}


def contain(dice: Dice, X: np.ndarray, *, rounded: bool) -> tuple[str, Any]:
    """Return rows in a random container, and its name."""
    kinds = {"array": 0.25, "dense": 0.3, "sparse": 0.25, "rounded": 0.2 * rounded}
    kind = dice.weighted(kinds)
    table = {"array": {"array": np.array}, "dense": DENSE, "sparse": SPARSE, "rounded": ROUNDED}
    name = dice.one(table[kind])
    return name, table[kind][name](X)


def vector(dice: Dice, y: np.ndarray) -> Any:
    """Return targets or weights in a random container."""
    if y.ndim == 2:
        forms = [np.array, np.asfortranarray, pd.DataFrame, lambda y: y.tolist(), read_only]
    else:
        forms = [
            np.array,
            read_only,
            lambda y: y.tolist(),
            lambda y: np.repeat(y, 2)[::2],
            lambda y: pd.Series(y, index=np.arange(len(y))[::-1]),
            lambda y: pl.Series(y.tolist()),
        ]
    return np.array(y) if dice.chance(0.5) else dice.one(forms)(y)
