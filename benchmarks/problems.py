"""Data for the benchmarks, and the networks that are compared."""

import os
from typing import NamedTuple

import numpy as np

from sklearn_twolayer import Adam, TwoLayerClassifier

CORES = os.cpu_count() or 1
#: Number of rows in a batch, the same for all libraries.
BATCH = 256


class Size(NamedTuple):
    """Rows, inputs, units and classes of a problem."""

    n_rows: int
    n_features: int
    n_units: int
    n_classes: int

    def quick(self) -> "Size":
        """Return a small size, for quick runs."""
        return Size(
            min(self.n_rows, 600), min(self.n_features, 10), min(self.n_units, 8), self.n_classes
        )

    def __str__(self):
        return (
            f"{self.n_rows:,} × {self.n_features}, {self.n_units} units, {self.n_classes} classes"
        )


def classes(size: Size, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows in float32 and labels by a random linear map."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((size.n_rows, size.n_features), dtype=np.float32)
    scores = X @ rng.standard_normal((size.n_features, size.n_classes), dtype=np.float32)
    scores += rng.gumbel(size=scores.shape).astype(np.float32)
    return X, scores.argmax(axis=1)


def amounts(n_rows: int, n_features: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return rows in float32 and a smooth function of them with noise."""
    rng = np.random.default_rng(seed)
    X = rng.standard_normal((n_rows, n_features), dtype=np.float32)
    y = np.sin(X[:, 0]) + X[:, 1] * X[:, 2] + 0.5 * X[:, 3]
    return X, y + 0.1 * rng.standard_normal(n_rows, dtype=np.float32)


def one_network(n_units: int, **parameters) -> TwoLayerClassifier:
    """Return a single network without dropout on scaled inputs, for comparison with others."""
    options = {
        "embedding": "dense",
        "n_units": n_units,
        "n_estimators": 1,
        "input_map": "standard",
        "solver": Adam(batch_size=BATCH, dropout=0.0),
        "random_state": 0,
    }
    return TwoLayerClassifier(**options | parameters)
