"""A line or a plane along columns of a table."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from .._linalg import dense, middles
from .._random_rows import random_part
from ..estimators._rows import column_names

#: Points of a grid along a line, and along each side of a plane.
POINTS = {1: 400, 2: 120}
#: Rows that are used, and drawn.
MOST_ROWS = 1000


class Slice(NamedTuple):
    """Rows in which one or two columns vary, and all others are fixed."""

    names: list[str]  # names of the columns that vary
    axes: list[np.ndarray]  # the values of each, ascending
    rows: np.ndarray  # (n_points, n_inputs), the last of the columns fastest
    points: np.ndarray  # (n_some, 1 or 2), rows of the table


class TableColumns(NamedTuple):
    """The columns of the user's table, and what they become."""

    names: list
    inputs: list[str]  # of the matrix: more than columns, if there are dates or text
    starts: list[int]  # the first input of each column
    places: dict[Any, int]  # the same by its number and by its name

    @classmethod
    def of(cls, estimator: Any) -> "TableColumns":
        """Return the columns of the table that an estimator was fitted on."""
        names, known = column_names(estimator), getattr(estimator, "columns_", None)
        if known is not None:
            return cls(names, known.names, known.starts.tolist(), known.places)
        starts = list(range(len(names)))
        return cls(names, names, starts, dict(enumerate(starts)))

    def chosen(self, features: Any) -> list[int]:
        """Return the positions of one or two inputs that a parameter `features` names.

        They are columns, or parts of them; a date stands for its first part.
        """
        names = self.names
        if features is None and len(names) <= 2:
            return self.starts
        if features is None:
            raise ValueError(
                f"There are {len(names)} columns: select one or two of them, for example "
                f"features={names[:2]}."
            )
        is_name = isinstance(features, tuple) and features in self.places  # of several levels
        is_one = is_name or isinstance(features, str) or not isinstance(features, Iterable)
        given = [features] if is_one else list(features)
        found = [self._place(each) for each in given]
        if None in found:
            unknown = [each for each, at in zip(given, found, strict=True) if at is None]
            raise ValueError(f"features contains {unknown}, but the columns are {names}.")
        if len(found) not in (1, 2) or len(set(found)) < len(found):
            raise ValueError(f"features must select one or two columns, got {features!r}.")
        return found

    def _place(self, column):
        """Return the place of a column, or of a part that is called so, or None."""
        if isinstance(column, str | int | np.integer | tuple) and column in self.places:
            return self.places[column]
        return self.inputs.index(column) if column in self.inputs else None


def slice_of(estimator: Any, X: Any, features: Any) -> Slice:
    """Return the slice along some columns of a table; all, if there are at most two.

    The rows X determine the range of these columns, and the fixed values of all others: medians,
    or for categories and codes the most frequent value.
    """
    matrix = estimator._validate_rows(X)
    some = random_part(matrix.shape[0], MOST_ROWS, np.random.RandomState(0))
    matrix = dense(matrix[some])
    table = TableColumns.of(estimator)
    names = table.inputs
    is_category = estimator._is_category
    if is_category is None:
        is_category = np.zeros(len(names), dtype=bool)
    codes = estimator._codes
    is_code = np.zeros_like(is_category) if codes is None else codes.is_used
    columns = table.chosen(features)
    axes = []
    for j in columns:
        axis = _axis(matrix[:, j], names[j], is_category[j], POINTS[len(columns)])
        axes.append(_nearest(matrix[:, j], axis) if is_code[j] else axis)
    middle = [_middle(*pair) for pair in zip(matrix.T, is_category | is_code, strict=True)]
    grid = np.stack([g.ravel() for g in np.meshgrid(*axes, indexing="ij")], axis=1)
    rows = np.tile(np.array(middle, dtype=matrix.dtype), (len(grid), 1))
    rows[:, columns] = grid
    return Slice([names[j] for j in columns], axes, rows, matrix[:, columns])


def _axis(values, name, is_category, n_points):
    if is_category:
        raise ValueError(f"Column {name!r} holds categories: features must be numeric columns.")
    known = values[~np.isnan(values)]
    if not len(known) or known.min() == known.max():
        raise ValueError(f"Column {name!r} has a single value in X, so it cannot be varied.")
    return np.linspace(known.min(), known.max(), n_points)


def _nearest(values, axis):
    """Return the values that are nearest to the points of an axis, each once."""
    known = np.unique(values[~np.isnan(values)])
    return np.unique(known[np.searchsorted(middles(known), axis)])


def _middle(values, has_levels):
    known = values[~np.isnan(values)]
    if not len(known):
        return np.nan
    if not has_levels:
        return np.median(known)
    levels, counts = np.unique(known, return_counts=True)
    return levels[counts.argmax()]
