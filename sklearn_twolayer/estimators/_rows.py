"""Rows as passed by users: arrays, sparse matrices and data frames."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils import check_array
from sklearn.utils.validation import check_is_fitted, validate_data

from .._moments import small_indices
from ..columns import Columns, is_frame, learn_columns, whole
from ._target_checks import KINDS
from ._validation import check_weights, is_checked, unmasked

FLOATS = [np.float64, np.float32]


class RowsMixin:
    """Rows as validated floats or CSR, and what a fit learned of their columns."""

    categorical_features: Any
    n_features_in_: int
    _columns: Columns | None = None
    _fill: np.ndarray | None = None  # if no value was missing in fit
    _exact: type = np.float32  # the type for categories and small integers

    @property
    def columns_(self) -> Columns:
        """How the columns of a data frame were interpreted: kinds, levels, parts."""
        if self._columns is None:
            raise AttributeError("columns_ exists only after a fit on a data frame.")
        return self._columns

    def _validate_rows(self, X):
        if self._needs_no_check(X):
            return X
        check_is_fitted(self)
        return small_indices(self._matrix(X, reset=False))

    def _needs_no_check(self, X) -> bool:
        """Whether validation would return the rows unchanged; it takes long for a single row."""
        is_fitted = "_model" in vars(self) and "feature_names_in_" not in vars(self)
        return is_fitted and not self._reads_columns and is_checked(X, self.n_features_in_)

    def _matrix(self, X, y="no_validation", sample_weight=None, *, reset, fill=True):
        """Return validated rows, as floats or CSR; store names and the kinds of columns."""
        if reset:
            self._columns = None
        X = whole(X)
        by_type = self.categorical_features is None or isinstance(self.categorical_features, str)
        is_table = is_frame(X) and (reset or self._columns is not None)
        with np.errstate(invalid="ignore", over="ignore"):
            if is_table:
                validate_data(self, X, y, reset=reset, skip_check_array=True)
            else:
                is_read = self._reads_columns or (reset and not by_type)
                X = self._array(X, is_read, reset=reset)
            if reset and (is_table or not by_type):
                rows = None
                if sample_weight is not None:  # rows of weight zero are as if left out
                    rows = np.flatnonzero(check_weights(sample_weight, X))
                self._columns = learn_columns(X, self.categorical_features, self._exact, rows)
            if is_table or self._reads_columns:
                X = self._columns.matrix(X)
                self._check_has_rows(X)
                X = check_array(X, estimator=self, input_name="X", **self._checks(X))
        return self._filled(X) if fill and not reset else X

    def _array(self, X, is_read, *, reset):
        """Return rows that are no table; of any type, if they are read by column afterwards."""
        first = X[0] if isinstance(X, list | tuple) and X else X
        if isinstance(first, dict) and not sparse.issparse(first):  # one format is a dictionary
            raise TypeError(
                "X holds dictionaries: pass a data frame, for example pandas.DataFrame(X)."
            )
        X = unmasked(X)
        if isinstance(X, np.ndarray) and X.dtype.kind in "mMV":
            raise ValueError(
                f"X holds {KINDS[X.dtype.kind]}: pass them as columns of a data frame, or "
                "convert them to numbers."
            )
        checks = self._checks(X) | ({"dtype": None} if is_read else {})
        with _hints(X):
            X = validate_data(self, X, reset=reset, **checks)
        # Booleans of a sparse frame are not converted.
        return X.astype(np.float64) if sparse.issparse(X) and X.dtype == bool else X

    def _check_has_rows(self, X):
        """Raise scikit-learn's error for no rows, with the number of columns of the table."""
        if not len(X):
            raise ValueError(
                f"Found array with 0 sample(s) (shape=(0, {self.n_features_in_})) while a minimum "
                f"of 1 is required by {type(self).__name__}."
            )

    def _filled(self, X):
        """Return rows with missing values replaced in columns that had none in fit."""
        if self._fill is None or sparse.issparse(X) or not np.isnan(np.min(X)):
            return X
        return np.where(np.isnan(X), self._fill.astype(X.dtype), X)

    def _checks(self, X):
        """Return scikit-learn's checks for rows: missing values are allowed in dense ones."""
        finite = True if sparse.issparse(X) else "allow-nan"
        return {"accept_sparse": "csr", "dtype": FLOATS, "ensure_all_finite": finite}

    @property
    def _reads_columns(self):
        """Whether rows are more than numbers, so that arrays are also read by column."""
        columns = self._columns
        return columns is not None and not all(each.kind == "number" for each in columns.columns)

    @property
    def _is_category(self) -> np.ndarray | None:
        columns = self._columns
        return columns.is_category if columns is not None and self._reads_columns else None


@contextmanager
def _hints(X: Any) -> Iterator[None]:
    """Replace errors of scikit-learn about rows by ones that say what to do here."""
    try:
        yield
    except ValueError as error:
        text = str(error)
        if text.startswith("could not convert string to float"):
            raise ValueError(
                "X is an array with text: pass a data frame, or name the columns that hold text "
                f"in categorical_features. ({text})"
            ) from error
        if sparse.issparse(X) and "contains NaN" in text:
            raise ValueError(
                "X is sparse and contains NaN: missing values are supported in dense arrays and "
                "data frames only."
            ) from error
        raise


def column_names(estimator: Any) -> list:
    """Return the names of the columns that an estimator was fitted on; x0, x1, ... without any."""
    known = getattr(estimator, "columns_", None)
    if known is not None and not known.of_array:
        return [each.name for each in known.columns]
    names = getattr(estimator, "feature_names_in_", None)
    return [f"x{j}" for j in range(estimator.n_features_in_)] if names is None else list(names)
