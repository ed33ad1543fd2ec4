"""Data that no estimator can learn from, and what a fit should then do."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse

from .components import Unusable
from .dice import Dice
from .tables import REGRESSION, Table


def _with(value, dtype=None):
    """Return a function that changes one entry of an array."""

    def change(array):
        array = np.array(array, dtype=dtype or float)
        array[(len(array) // 2,) + (0,) * (array.ndim - 1)] = value
        return array

    return change


def _ragged(X):
    rows = X.tolist()
    return [*rows[:-1], rows[-1][:-1]]


#: Rows, each made of good ones.
ROWS: dict[str, Callable] = {
    "infinity": _with(-np.inf),
    "NaN in CSR": lambda X: sparse.csr_array(_with(np.nan)(X)),
    "infinity in COO": lambda X: sparse.coo_array(_with(np.inf)(X)),
    "too large for a double": lambda X: X.astype(np.longdouble) * np.longdouble("1e4000"),
    "text": lambda X: np.full(X.shape, "red"),
    "text among objects": _with("red", object),
    "a list among objects": _with([1], object),
    "a dict among objects": _with({}, object),
    "ragged": _ragged,
    "one axis": lambda X: X[:, 0],
    "a list of one axis": lambda X: X[:, 0].tolist(),
    "three axes": lambda X: X[:, :, None],
    "no rows": lambda X: X[:0],
    "no columns": lambda X: X[:, :0],
    "no rows in CSR": lambda X: sparse.csr_array(X[:0]),
    "no columns in CSR": lambda X: sparse.csr_array((len(X), 0)),
    "an empty list": lambda X: [],
    "a number": lambda X: 3.0,
    "no value": lambda X: None,
    "a word": lambda X: "rows",
    "a dict": lambda X: {"a": X[:, 0]},
    "a set": lambda X: set(X[:, 0].tolist()),
    "a generator": lambda X: iter(X.tolist()),
    "an object": lambda X: Unusable(),
    "complex": lambda X: X + 1j,
    "dates": lambda X: np.full(X.shape, np.datetime64("2020-01-01")),
    "spans of time": lambda X: np.full(X.shape, np.timedelta64(1, "D")),
    "bytes": lambda X: np.full(X.shape, b"red"),
    "records": lambda X: np.zeros(len(X), dtype=[("a", float), ("b", int)]),
    "matrix": lambda X: X.view(np.matrix),
    "masked": lambda X: np.ma.masked_array(X, X > 0),
    "decimals": lambda X: np.array([[Decimal(str(v)) for v in row] for row in X.tolist()]),
    "pandas of dates": lambda X: pd.DataFrame(
        {"a": pd.Timestamp("2020-01-01")}, np.arange(len(X))
    ),
    "pandas with mixed names": lambda X: pd.DataFrame({"a": X[:, 0], 1: X[:, -1]}),
    "a series": lambda X: pd.Series(X[:, 0]),
    "a lazy frame": lambda X: pl.DataFrame({"a": X[:, 0]}).lazy(),
}
#: Those that a fit may take after all.
DEBATABLE_ROWS = {
    "matrix",
    "masked",
    "decimals",
    "spans of time",
    "dates",
    "pandas of dates",
    "text",
    "bytes",
}

#: Targets of any problem that must be refused.
TARGETS: dict[str, Callable] = {
    "NaN": _with(np.nan),
    "infinity": _with(np.inf),
    "None": _with(None, object),
    "NaN among objects": _with(np.nan, object),
    "infinity among objects": _with(-np.inf, object),
    "infinity among long doubles": _with(np.inf, np.longdouble),
    "NaN among long doubles": _with(np.nan, np.longdouble),
    "a list among objects": _with([1], object),
    "one row fewer": lambda y: y[:-1],
    "one row more": lambda y: np.concatenate([y, y[:1]]),
    "three axes": lambda y: y.reshape(len(y), -1)[:, :, None],
    "none": lambda y: None,
    "no rows": lambda y: y[:0],
    "an empty list": lambda y: [],
    "a number": lambda y: 3.0,
    "a word": lambda y: "red",
    "a dict": lambda y: {"a": 1},
    "an object": lambda y: Unusable(),
    "no columns": lambda y: np.ones((len(y), 0)),
    "complex": lambda y: y.astype(float) + 1j,
    "a series with NaN": lambda y: pd.Series(_with(np.nan)(y.reshape(len(y), -1)[:, 0])),
    "a series with NA": lambda y: pd.Series([pd.NA, *range(len(y) - 1)], dtype="Int64"),
    "a series with null": lambda y: pl.Series([None, *range(len(y) - 1)]),
    "ragged": lambda y: [[1.0], *[[1.0, 0.0]] * max(len(y) - 1, 1)],
    "frame with NaN": lambda y: pd.DataFrame(_with(np.nan)(y.reshape(len(y), -1))),
}
REAL_TARGETS: dict[str, Callable] = {
    "text": lambda y: np.full(len(y), "red"),
    "text of NaN": lambda y: np.array(["nan", *["1.5"] * (len(y) - 1)]),
    "objects of text": lambda y: np.array(["inf", *["1.5"] * (len(y) - 1)], dtype=object),
    "dates": lambda y: np.full(len(y), np.datetime64("2020-01-01")),
    "categories": lambda y: pd.Series(["a", "b"] * len(y), dtype="category")[: len(y)],
    "too large for a double": lambda y: np.full(len(y), np.longdouble("1e4000")),
}
CLASS_TARGETS: dict[str, Callable] = {
    "real numbers": lambda y: np.linspace(0.1, 3.3, len(y)),
    "text and numbers": lambda y: np.array(["red", *range(len(y) - 1)], dtype=object),
    "several columns of classes": lambda y: np.c_[
        2 - np.arange(len(y)) % 3, np.arange(len(y)) % 2
    ],
    "labels of two": lambda y: 2 * np.c_[np.arange(len(y)) % 2, np.arange(len(y)) // 2 % 2],
    "real columns": lambda y: np.c_[np.linspace(0, 1, len(y)), np.linspace(1, 3, len(y))],
    "sparse labels": lambda y: sparse.csr_array(np.c_[np.arange(len(y)) % 2, np.ones(len(y))]),
    "lists of labels": lambda y: [["a"], ["a", "b"]] * (len(y) // 2) + [["a"]] * (len(y) % 2),
    "dates": lambda y: np.datetime64("2020-01-01") + np.arange(len(y)) % 2,
    "tuples": lambda y: [(1, 2), (3, 4)] * (len(y) // 2) + [(1, 2)] * (len(y) % 2),
}
#: Those that a classifier may take after all.
DEBATABLE_TARGETS = {"sparse labels", "dates", "NaN among objects", "categories"}

WEIGHTS: dict[str, Callable] = {
    "negative": lambda n: np.r_[-1.0, np.ones(n - 1)],
    "NaN": lambda n: np.r_[np.nan, np.ones(n - 1)],
    "infinity": lambda n: np.r_[np.inf, np.ones(n - 1)],
    "zeros": np.zeros,
    "fewer": lambda n: np.ones(n - 1),
    "two axes": lambda n: np.ones((n, 1)),
    "text": lambda n: np.full(n, "heavy"),
    "a word": lambda n: "balanced",
    "None among them": lambda n: [None] + [1.0] * (n - 1),
    "none at all": lambda n: [],
    "an object": lambda n: Unusable(),
    "a dict": lambda n: {0: 1.0},
    "complex": lambda n: np.ones(n) + 1j,
    "sparse": lambda n: sparse.csr_array(np.ones((1, n))),
    "minus one for all": lambda n: -1.0,
}


def spoil(dice: Dice, table: Table, problem: str) -> Table:
    """Return the table with rows, targets or weights that cannot be used."""
    what = dice.weighted({"X": 0.45, "y": 0.4, "weights": 0.15})
    if what == "X":
        name, X = spoiled_rows(dice, table.plain)
        table, is_sure = table._replace(X=X), name not in DEBATABLE_ROWS
    elif what == "y":
        kinds = TARGETS | (REAL_TARGETS if problem in REGRESSION else CLASS_TARGETS)
        name = dice.one(kinds)
        y = np.arange(len(table.plain)) % 2 if problem not in REGRESSION else table.plain[:, 0]
        table, is_sure = table._replace(y=kinds[name](y)), name not in DEBATABLE_TARGETS
        is_sure = is_sure and not problem.startswith("soft")
    else:
        name = dice.one(WEIGHTS)
        table, is_sure = table._replace(sample_weight=WEIGHTS[name](len(table.plain))), True
    expected = "refused" if is_sure else "either"
    label = f"spoiled {what}: {name}"
    return table._replace(label=label, numbers=label, expected=expected, moderate=False)


def spoiled_rows(dice: Dice, X: np.ndarray) -> tuple[str, Any]:
    """Return a name and rows that cannot be used."""
    name = dice.one(ROWS)
    return name, ROWS[name](X)
