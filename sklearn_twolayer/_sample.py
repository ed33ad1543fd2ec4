"""The rows of a fit, with their targets, weights and folds."""

from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse

from ._linalg import Matrix


class Folds(NamedTuple):
    """The fold of each row; each of the first folds is left out by one network."""

    numbers: np.ndarray  # (n_rows,)
    n_left_out: int

    @property
    def n_folds(self) -> int:
        """Number of folds, including those that no network leaves out."""
        return int(self.numbers.max()) + 1

    @property
    def left_out(self) -> np.ndarray:
        """Whether some network leaves out each row."""
        return self.numbers < self.n_left_out

    @property
    def by_network(self) -> np.ndarray:
        """Which rows each network leaves out, shape (n_left_out, n_rows)."""
        return self.numbers == np.arange(self.n_left_out)[:, None]


class Codes(NamedTuple):
    """Columns whose values are codes, alone or in pairs, so that they have target statistics."""

    is_code: np.ndarray  # (n_features,), which columns of numbers
    pairs: tuple[tuple[int, int], ...] = ()  # of any columns

    @property
    def is_used(self) -> np.ndarray:
        """Which columns are codes, or one of a pair, shape (n_features,)."""
        is_used = self.is_code.copy()
        is_used[[j for pair in self.pairs for j in pair]] = True
        return is_used


@dataclass(frozen=True, eq=False)
class Sample:
    """Validated rows with their targets and weights.

    Parameters
    ----------
    X : {ndarray, CSR} of shape (n_rows, n_features)
        Floats, with NaN for missing values and codes for categories.
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)
        Targets, as passed by the user.
    weights : ndarray of shape (n_rows,)
        Their weights.
    origin : ndarray of int, shape (n_rows,)
        The index of each row among the rows passed to fit.
    is_category : ndarray of bool, shape (n_features,), or None
        Which columns are categories; None if there are none.
    codes : Codes or None
        Which columns are codes, alone or in pairs; None if there are none.
    targets : ndarray of shape (n_rows, n_outputs)
        Encoded targets; empty before their form is known.
    folds : Folds or None
        The folds, after they have been assigned; for target statistics alone, no network leaves
        one out.
    has_missing : bool
        Whether values are missing, here or in the rows that these were taken from, so that a part
        of the rows is treated like all of them. By default, `X` is searched.
    table : data frame or array-like, optional
        The rows as they were passed to fit, for callbacks; None if they are `X`.
    """

    X: Matrix
    y: np.ndarray
    weights: np.ndarray
    origin: np.ndarray
    is_category: np.ndarray | None = None
    codes: Codes | None = None
    targets: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))
    folds: Folds | None = None
    has_missing: bool | None = None
    table: Any = None

    def __post_init__(self):
        if self.has_missing is None:
            found = not sparse.issparse(self.X) and bool(np.isnan(np.min(self.X)))
            object.__setattr__(self, "has_missing", found)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.y)

    @property
    def category_flags(self) -> np.ndarray:
        """Which columns are categories, shape (n_features,), also if there are none."""
        if self.is_category is None:
            return np.zeros(self.X.shape[1], dtype=bool)
        return self.is_category

    @property
    def fold_numbers(self) -> np.ndarray | None:
        """The fold of each row; None before folds have been assigned."""
        return None if self.folds is None else self.folds.numbers

    @property
    def left_out_folds(self) -> Folds | None:
        """The folds, if networks leave some out."""
        return self.folds if self.folds is not None and self.folds.n_left_out else None

    @property
    def is_mixed(self) -> bool:
        """Whether there are categories or missing values."""
        if sparse.issparse(self.X):
            return False
        has_category = self.is_category is not None and self.is_category.any()
        return bool(has_category or self.has_missing)

    def take(self, index: np.ndarray | slice) -> "Sample":
        """Return some of the rows, without folds."""
        targets = self.targets[index] if len(self.targets) else self.targets
        rows = self.X[index], self.y[index], self.weights[index], self.origin[index]
        known = {"has_missing": self.has_missing, "table": self.table}
        return Sample(*rows, self.is_category, self.codes, targets, **known)

    def dealt(self, folds: Folds | None) -> "Sample":
        """Return the rows with folds."""
        return replace(self, folds=folds)
