"""The fitted function: a weighted sum of two-layer networks.

An average of two-layer networks is a two-layer network with all their embeddings side by side, and
so is a weighted sum of them plus a constant. Predictions, embeddings and everything else that a
fitted estimator computes come from this object.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from ._checks import shown
from ._linalg import Matrix, dense, in_range
from .input_maps import for_new_rows, pull_rows
from .network import Network, Views
from .rows import Index, Rows, Transformer

#: Largest entry of a row with finite squared distances.
FARTHEST = 1e150


@dataclass(frozen=True, eq=False)
class Part:
    """Networks of the same form behind one input map; their raw outputs are averaged.

    Parameters
    ----------
    input_map : fitted transformer or None
        Transformation of a row before the first layer.
    network : Network
        The two layers as functions of parameters.
    params : ndarray of shape (n_networks, n_parameters)
        The fitted parameters.
    name : str
        The name shown to users.
    """

    input_map: Transformer | None
    network: Network
    params: np.ndarray
    name: str = "networks"

    @classmethod
    def of(
        cls, rows: Rows, network: Network, params: np.ndarray, name: str = "networks"
    ) -> "Part":
        """Return networks that were trained on some rows, in the dtype of their input."""
        with np.errstate(over="ignore"):  # large parameters for rows in single precision
            params = params.astype(rows.input_dtype)
        return cls(for_new_rows(rows.input_map), network, params, name)

    def __getstate__(self):
        """Return what is saved: parameters in single precision, where they were trained in it."""
        params = self.params.astype(self.precision)
        return vars(self) | {"params": params, "dtype": self.params.dtype.name}

    def __setstate__(self, state):
        vars(self).update(state)
        vars(self)["params"] = self.params.astype(vars(self).pop("dtype"), copy=False)

    @property
    def precision(self) -> np.dtype:
        """Single precision if all parameters were trained in it."""
        with np.errstate(over="ignore"):
            single = self.params.astype(np.float32)
        return single.dtype if np.array_equal(single, self.params) else self.params.dtype

    @property
    def width(self) -> int:
        """Number of embedding units of all networks together."""
        return len(self.params) * self.network.width

    @property
    def _numbers_per_row(self) -> int:
        """Approximate number of floats per row that a pass of all networks needs."""
        network = self.network
        of_network = max(network.embedding.n_projections, network.width) + network.n_outputs
        return network.n_features + len(self.params) * of_network

    @np.errstate(over="ignore")  # large parameters for rows in single precision
    def _views(self, dtype: np.dtype) -> Views:
        return self.network.views(self.params.astype(dtype, copy=False))

    def raw_outputs(self, rows: Rows) -> np.ndarray:
        """Return z, shape (n_rows, n_outputs), in the dtype of the rows."""
        views = self._views(rows.dtype)
        if not self.network.embedding.needs_coordinates:
            rows = rows.interpolated()
        outputs = self.network.predictor(views, rows.bins)

        def block_outputs(part):
            z = outputs(self._augmented(rows, part))
            return np.add.reduce(z, axis=0) / len(z)  # for a single row, np.mean is slow

        return rows.fill(block_outputs, self.network.n_outputs, self._numbers_per_row)

    def embeddings(self, rows: Rows) -> np.ndarray:
        """Return y_E of all networks side by side, shape (n_rows, width)."""
        views = self._views(rows.dtype)

        def block_embeddings(part):
            y, _ = self.network.embed(views, self._augmented(rows, part))
            return np.concatenate(y, axis=-1)

        return rows.fill(block_embeddings, self.width, self._numbers_per_row)

    def _augmented(self, rows: Rows, part: Index):
        """Return a block of augmented rows; a transformer of the user may change their width."""
        X = rows.augmented(part)
        if rows.bins is None and X.shape[1] != self.network.n_features + 1:
            raise ValueError(
                f"input_map={shown(rows.input_map)} returned {X.shape[1] - 1} columns for these "
                f"rows, but {self.network.n_features} in fit."
            )
        return X

    def input_gradients(self, rows: Rows) -> np.ndarray:
        """Return ∂z/∂x, shape (n_rows, n_features, n_outputs), x being a row before its map."""
        n_features, n_outputs = rows.raw.shape[1], self.network.n_outputs
        far = np.sqrt(np.finfo(rows.dtype).max)  # for what overflows

        def block_gradients(part):
            raw = dense(rows.raw[part])
            each_output = np.eye(n_outputs, dtype=rows.dtype)[:, None]
            _, pull = self.forward(self._augmented(rows, part), rows.dtype)
            slopes = [np.nan_to_num(pull(z), posinf=far, neginf=-far) for z in each_output]
            pulled = [pull_rows(rows.input_map, raw, each) for each in slopes]
            return np.stack(pulled, axis=-1).reshape(len(raw), -1)

        numbers = self.network.numbers_per_row + len(self.params) * self.network.n_features
        gradients = rows.fill(block_gradients, n_features * n_outputs, numbers)
        return gradients.reshape(-1, n_features, n_outputs)

    def forward(self, augmented_rows: Matrix, dtype: np.dtype) -> tuple[np.ndarray, Callable]:
        """Return raw outputs, and the function that pulls a gradient back to mapped rows.

        Parameters
        ----------
        augmented_rows : {ndarray, CSR} of shape (n_rows, n_mapped + 1)
            A block of mapped and augmented rows.
        dtype : dtype
            Their type.

        Returns
        -------
        z : ndarray of shape (n_rows, n_outputs)
            Raw outputs.
        pull : callable
            Of ∂L/∂z, shape (n_rows or 1, n_outputs); returns ∂L/∂x, shape (n_rows, n_mapped).
        """
        views = self._views(dtype)
        z, saved = self.network.forward(views, augmented_rows)

        def pull(slopes):
            delta = np.broadcast_to(slopes / len(z), (len(z), *slopes.shape))
            return self.network.input_pullback(views, augmented_rows, saved, delta)

        return z.mean(axis=0), pull


@dataclass(frozen=True, eq=False)
class Model:
    """A weighted sum of parts, and a constant.

    Parameters
    ----------
    parts : tuple of Part
        The networks.
    factors : ndarray of shape (n_parts,)
        One for each part.
    constant : ndarray of shape (n_outputs,)
        Added to the raw outputs.
    """

    parts: tuple[Part, ...]
    factors: np.ndarray
    constant: np.ndarray

    @classmethod
    def of(cls, part: Part) -> "Model":
        """Return the model of a single part with factor one."""
        return cls((part,), np.ones(1), np.zeros(part.network.n_outputs))

    @property
    def width(self) -> int:
        """N_E, the number of embedding units of all parts."""
        return sum(part.width for part in self.parts)

    @property
    def is_plain(self) -> bool:
        """Whether it is a single part with factor one."""
        return len(self.parts) == 1 and self.factors[0] == 1 and not self.constant.any()

    def raw_outputs(self, X: Matrix, n_jobs: int | None = None) -> np.ndarray:
        """Return z, shape (n_rows, n_outputs), in the dtype of X: validated rows, dense or CSR."""

        def outputs(X):
            total = np.empty((X.shape[0], len(self.constant)), dtype=X.dtype)
            total[...] = self.constant
            parts = zip(self.parts, self._rows(X, n_jobs), self.factors, strict=True)
            for part, rows, factor in parts:
                if factor:  # zero for parts that do not help
                    total += X.dtype.type(factor) * part.raw_outputs(rows)
            return total

        return finite_in_precision(outputs, X)

    def embeddings(self, X: Matrix, n_jobs: int | None = None) -> np.ndarray:
        """Return y_E of all parts side by side, shape (n_rows, width), in the dtype of X."""

        def units(X):
            parts = zip(self.parts, self._rows(X, n_jobs), strict=True)
            return np.hstack([part.embeddings(rows) for part, rows in parts])

        return finite_in_precision(units, X)

    def input_gradients(self, X: Matrix, n_jobs: int | None = None) -> np.ndarray:
        """Return ∂z/∂x, through the input maps, shape (n_rows, n_features, n_outputs).

        Gradients are dense, in the dtype of the rows; NaN at categories and missing values.
        """
        parts = zip(self.parts, self._rows(X, n_jobs), self.factors, strict=True)
        total = np.zeros((), dtype=X.dtype)
        for part, rows, factor in parts:
            share = len(self.parts) * max(abs(float(factor)), 1.0)
            gradients = in_range(part.input_gradients(rows), share)
            total = total + X.dtype.type(factor) * gradients
        return total

    def _rows(self, X: Matrix, n_jobs: int | None) -> Iterable[Rows]:
        return (Rows(X, part.input_map, X.dtype, n_jobs) for part in self.parts)


def finite_in_precision(function: Callable[[Matrix], np.ndarray], X: Matrix) -> np.ndarray:
    """Return the result of a function of rows, in double precision where it overflows.

    Squared distances overflow long before the rows do; very distant rows are moved to where
    squares are finite. The result has the dtype of the rows.
    """
    result = function(X)
    if np.isfinite(result).all():
        return result
    with np.errstate(over="ignore"):
        X = X.astype(np.float64)
        double = np.nan_to_num(function(_within_squares(X)))
    largest = np.finfo(result.dtype).max / 4
    return np.clip(double, -largest, largest).astype(result.dtype)


def _within_squares(X):
    """Return rows with entries that have finite squares."""
    if not sparse.issparse(X):
        return np.clip(X, -FARTHEST, FARTHEST)
    data = np.clip(X.data, -FARTHEST, FARTHEST)
    return sparse.csr_array((data, X.indices, X.indptr), shape=X.shape)
