"""The base of all input maps."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.base import TransformerMixin

from .._documented import Documented
from .._interpolated import Bins, Interpolated
from .._linalg import dense
from .._moments import canonical
from ._rows import pulled_by_differences


class InputMap(TransformerMixin, Documented):
    """Base of the input maps."""

    def fit(self, X, y=None, sample_weight=None):
        """Learn the map from the training rows.

        Parameters
        ----------
        X : {ndarray, CSR} of shape (n_rows, n_features)
            Training rows.
        y : ignored
            Not used, present for the interface.
        sample_weight : ndarray of shape (n_rows,), optional
            Positive weights; an integer weight counts as repeated rows.

        Returns
        -------
        self
            The fitted map.
        """
        X = as_floats(X)
        if sample_weight is None:
            sample_weight = np.ones(X.shape[0])
        self._check()
        self.sparse_ = sparse.issparse(X)
        self._fit(canonical(X) if self.sparse_ else X, sample_weight)
        return self

    def transform(self, X):
        """Map rows.

        Parameters
        ----------
        X : {ndarray, CSR} of shape (n_rows, n_features)
            Rows.

        Returns
        -------
        {ndarray, CSR} of shape (n_rows, n_outputs)
            The mapped rows: dense for a map fitted on dense rows; of the kind of `X` for a map
            fitted on sparse rows.
        """
        X = as_floats(X)
        # Values that overflow are outliers, which are clipped or cause an error later.
        with np.errstate(over="ignore"):
            if not self.sparse_:
                return self._transform_dense(dense(X))
            mapped = self._transform_sparse(canonical(X))
            return mapped if sparse.issparse(X) else mapped.toarray()

    def bins(self) -> Bins | None:
        """Return where coordinates are, if `interpolate` makes products faster, else None."""
        return None

    def interpolate(self, X: np.ndarray, bins: Bins) -> Interpolated:
        """Return dense rows by the bin and the fraction of each column.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Rows.
        bins : Bins
            What `bins` returns.

        Returns
        -------
        Interpolated
            The mapped rows.
        """
        raise NotImplementedError

    def for_new_rows(self) -> "InputMap":
        """Return the map without anything that only training rows need."""
        return self

    def pullback(self, X, G: np.ndarray) -> np.ndarray:
        """Pull a gradient back from mapped rows to the rows.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_features)
            Rows, dense.
        G : ndarray of shape (n_rows, n_outputs)
            The gradient with respect to the mapped rows.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            That with respect to the rows; NaN for categories and missing values.
        """
        return pulled_by_differences(self, X, G)

    def known_sources(self, n_columns: int) -> np.ndarray | None:
        """Return the source of each output (`sources_of`), or None if it is not known."""
        return None

    def _check(self):
        """Raise TypeError or ValueError if a hyperparameter is out of range."""


def for_new_rows(input_map: Any) -> Any:
    """Return a map, or a user's transformer, without what only training rows need."""
    return input_map.for_new_rows() if isinstance(input_map, InputMap) else input_map


def as_floats(X):
    """Return the output of another transformer as an array of floats."""
    X = X if sparse.issparse(X) else np.asarray(X)
    return X if X.dtype.kind == "f" else X.astype(np.float64)
