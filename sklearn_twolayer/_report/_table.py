"""The tables of the comparison."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import datasets

CLASSIFICATION = "classification"
REGRESSION = "regression"
TASKS = (CLASSIFICATION, REGRESSION)


class TableError(Exception):
    """An invalid table or option, with a message of one line."""


@dataclass(frozen=True)
class Table:
    """Rows with their targets, ready to be split into folds."""

    name: str
    X: Any  # a data frame if columns may be of any kind, else an array of numbers
    y: np.ndarray  # labels, or real numbers
    task: str
    groups: np.ndarray | None = None  # rows of one group are kept in one fold
    notes: tuple[str, ...] = ()  # decisions about the table, for the user
    code: tuple[str, ...] = ()  # lines of Python code that create X and y

    @property
    def title(self) -> str:
        """Name, size and task, in one line."""
        n_rows, n_columns = self.X.shape
        target = f"{len(self.classes)} classes" if self.task == CLASSIFICATION else self.task
        columns = "column" if n_columns == 1 else "columns"
        return f"{self.name}: {n_rows:,} rows, {n_columns:,} {columns}, {target}"

    @cached_property
    def classes(self) -> np.ndarray:
        """The sorted labels; of two, the rarer one is second, which scorers treat as positive."""
        labels, counts = np.unique(self.y, return_counts=True)
        return labels[::-1] if len(labels) == 2 and counts[0] < counts[1] else labels

    @cached_property
    def targets(self) -> np.ndarray:
        """The targets of the models: numbers, or indices of labels in `classes`."""
        if self.task != CLASSIFICATION:
            return self.y
        codes = np.unique(self.y, return_inverse=True)[1]
        return codes if self.classes[0] < self.classes[-1] else 1 - codes


def shipped_tables() -> Iterator[Table]:
    """Load the tables that come with scikit-learn."""
    for name in ("breast_cancer", "wine", "digits", "diabetes"):
        load = f"load_{name}"
        X, y = getattr(datasets, load)(return_X_y=True)
        task = REGRESSION if name == "diabetes" else CLASSIFICATION
        code = (f"from sklearn.datasets import {load}", f"X, y = {load}(return_X_y=True)")
        yield Table(name, X, y, task, code=code)
