"""A fitted map with factors."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.utils.metaestimators import available_if

from ._base import InputMap, for_new_rows
from ._rows import map_rows, pull_rows, sources_of


def _has_inverse(scaled) -> bool:
    return scaled.input_map is None or hasattr(scaled.input_map, "inverse_transform")


class ScaledMap(InputMap):
    """A fitted map, and a factor for each of its outputs: a diagonal metric.

    Parameters
    ----------
    input_map : fitted transformer or None
        The map.
    factors : ndarray of shape (n_outputs,)
        Positive factors.

    Examples
    --------
    >>> ScaledMap(None, np.array([1.0, 0.5])).transform(np.array([[2.0, 2.0]]))
    array([[2., 1.]])
    """

    def __init__(self, input_map: Any, factors: np.ndarray):
        self.input_map = input_map
        self.factors = factors

    def __sklearn_clone__(self):
        return self  # a clone of the map would have to be fitted again

    def fit(self, X, y=None):
        """Return self: both parts are given."""
        return self

    def transform(self, X):
        """Map rows, shape (n_rows, n_features), and scale what comes out."""
        mapped = map_rows(self.input_map, X)
        factors = self.factors.astype(X.dtype, copy=False)
        if sparse.issparse(mapped):
            return sparse.csr_array(mapped.multiply(factors))
        return np.asarray(mapped) * factors

    def for_new_rows(self):
        return ScaledMap(for_new_rows(self.input_map), self.factors)

    def bins(self):
        inner = self.input_map.bins() if isinstance(self.input_map, InputMap) else None
        return None if inner is None else inner.scaled(self.factors)

    def interpolate(self, X, bins):
        rows = self.input_map.interpolate(X, bins)
        return replace(rows, plain=rows.plain * bins.others(self.factors.astype(X.dtype)))

    def pullback(self, X, G):
        """Pull a gradient back from mapped rows, shape (n_rows, n_outputs), to the rows."""
        return pull_rows(self.input_map, X, G * self.factors.astype(G.dtype, copy=False))

    def known_sources(self, n_columns: int):
        """Return the source of each output (`sources_of`), or None if it is not known."""
        return sources_of(self.input_map, n_columns)

    @available_if(_has_inverse)
    def inverse_transform(self, Z):
        """Return the rows that are mapped to given ones, shape (n_rows, n_outputs)."""
        mapped = Z / self.factors
        return mapped if self.input_map is None else self.input_map.inverse_transform(mapped)
