"""The tables of the comparison."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits, load_wine

CLASSIFICATION = "classification"
REGRESSION = "regression"
TASKS = (CLASSIFICATION, REGRESSION)


class TableError(Exception):
    """What is wrong with the table that a user gave, in one line."""


@dataclass(frozen=True)
class Table:
    """Rows with their targets, ready to be split into folds.

    Parameters
    ----------
    name : str
        What to call it.
    X : array-like of shape (n_samples, n_features)
        Columns; a DataFrame where they have to be prepared.
    y : ndarray of shape (n_samples,)
        Labels, or real numbers.
    task : {"classification", "regression"}
        What the models are to do.
    preparation : transformer, optional
        The step that turns the columns into numbers, ahead of every model.
    notes : tuple of str
        What was decided about the table, for the reader.
    """

    name: str
    X: Any
    y: np.ndarray
    task: str
    preparation: Any = None
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Name, size and task, in one line."""
        n_rows, n_columns = self.X.shape
        target = self.task
        if self.task == CLASSIFICATION:
            target = f"{len(np.unique(self.y))} classes"
        columns = "column" if n_columns == 1 else "columns"
        return f"{self.name}: {n_rows:,} rows, {n_columns} {columns}, {target}"


def shipped_tables() -> Iterator[Table]:
    """Load the tables that come with scikit-learn.

    Yields
    ------
    Table
        One after the other.
    """
    shipped = {
        "breast_cancer": (load_breast_cancer, CLASSIFICATION),
        "wine": (load_wine, CLASSIFICATION),
        "digits": (load_digits, CLASSIFICATION),
        "diabetes": (load_diabetes, REGRESSION),
    }
    for name, (load, task) in shipped.items():
        X, y = load(return_X_y=True)
        yield Table(name, X, y, task)
