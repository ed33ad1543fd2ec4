"""Validation and a survey of partitions."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ..estimators._target_checks import check_given, exact
from ..estimators._validation import prefixed, unmasked
from ._collections import Form, kinds_of
from ._recipe import task


class Partition(NamedTuple):
    """Rows as passed by the user: a partition, or the sample of all of them."""

    X: Any
    y: np.ndarray
    weights: np.ndarray

    def take(self, index) -> "Partition":
        """Return some of the rows."""
        X = self.X.iloc[index] if hasattr(self.X, "iloc") else self.X[index]
        return Partition(X, self.y[index], self.weights[index])


class Survey(NamedTuple):
    """Statistics of the targets of a partition."""

    n_rows: int
    masses: dict  # weights of labels
    low: np.ndarray | None  # the smallest and the largest of real targets
    high: np.ndarray | None


def naming(number: int):
    """Return the context that adds the number of a partition to an error."""
    return prefixed(f"Partition {number} (the first is 0)")


def checked_partition(form: Form, validate_y: Callable, number: int, arrays: tuple) -> Partition:
    """Return the rows of a partition with a positive weight."""
    X, y, weights = arrays
    X = unmasked(X)
    with naming(number):
        _check_form(X, form)
        check_given(y)
        y = np.asarray(exact(y))
        y = validate_y(y) if len(y) else y
        weights = np.ones(len(y)) if weights is None else np.asarray(weights, dtype=np.float64)
        if not len(y) == X.shape[0] == len(weights) or weights.ndim != 1:
            raise ValueError(
                f"X has {X.shape[0]} rows, y {len(y)} and sample_weight the shape "
                f"{weights.shape}: all must have the same partitions."
            )
        if not np.isfinite(weights).all() or (weights < 0).any():
            raise ValueError("sample_weight must be finite and not negative.")
    partition = Partition(X, y, weights)
    return partition if weights.all() else partition.take(np.flatnonzero(weights))


def _check_form(X, form):
    if X.ndim != 2 or X.shape[1] != form.n_columns:
        raise ValueError(f"X has the shape {X.shape}; expected {form.n_columns} columns.")
    if form.columns is not None and tuple(X.columns) != form.columns:
        raise ValueError(
            f"X has the columns {list(X.columns)}, not {list(form.columns)} in this order."
        )
    if form.kinds is not None and kinds_of(X) != form.kinds:
        pairs = zip(form.columns or (), kinds_of(X), form.kinds, strict=True)
        name, found, expected = next(each for each in pairs if each[1] != each[2])
        raise ValueError(
            f"Column {name!r} of X holds {found}, not {expected} as the collection declares."
        )
    if form.dtype is not None and X.dtype != form.dtype:
        raise ValueError(f"X is of type {X.dtype}, not {form.dtype} as the collection declares.")


@task
def surveyed(partition: Partition, has_labels: bool) -> Survey:
    """Return the statistics of the targets of all rows."""
    y = partition.y
    if not len(y):
        return Survey(0, {}, None, None)
    if not has_labels:
        return Survey(len(y), {}, y.min(axis=0), y.max(axis=0))
    if y.ndim > 1:
        return Survey(len(y), {}, None, None)
    labels, codes = np.unique(y, return_inverse=True)
    masses = dict(zip(labels.tolist(), np.bincount(codes, partition.weights), strict=True))
    return Survey(len(y), masses, None, None)


@task
def sampled(partition: Partition, index: np.ndarray) -> Partition:
    """Return some of the rows of a partition."""
    return partition.take(index)


def stacked(parts):
    """Return the rows of some parts, one after the other."""
    if hasattr(parts[0], "iloc"):
        from dask.dataframe import methods

        return methods.concat(list(parts))  # keeps categories
    return sparse.vstack(parts) if sparse.issparse(parts[0]) else np.concatenate(parts)
