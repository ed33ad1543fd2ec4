"""The unsupervised stage: centres from the inputs alone (page TWO.33)."""

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from .._blas import single_threaded
from .._checks import as_array, check_number, shown
from .._given import fit_weighted, with_random_state
from .._linalg import dense
from .._moments import small_indices
from .._random_rows import random_part
from ..rows import Index, Rows, blocks
from ._geometry import DiagonalGeometry

RULES = ("kmeans", "random", "all")
#: Rows × centres above which KMeans uses batches.
MINIBATCH_SIZE = 2_000_000
#: Maximum number of rows for clustering, or `ROWS_PER_CENTER` per centre; of more, a random subset
#: is used.
MAX_ROWS = 20_000
ROWS_PER_CENTER = 50
#: From this number of centres on, KMeans on all rows starts from single draws.
MANY_CENTERS = 128


class Clusters(NamedTuple):
    """Centres, and mapped rows with their weights."""

    centers: np.ndarray
    X: Any  # dense or CSR
    weights: np.ndarray

    def spread(self) -> float:
        """Return the root mean squared distance of the rows to their nearest centre."""
        _, r2 = nearest(self.X, self.centers)
        return float(np.sqrt(np.average(r2, weights=self.weights)))


def check_centers(centers: Any) -> None:
    """Raise ValueError if `centers` is not a rule, a clusterer or an array."""
    if isinstance(centers, str):
        if centers not in RULES:
            raise ValueError(
                f"centers must be one of {RULES}, a clusterer or an array, got {centers!r}."
            )
    elif not hasattr(centers, "fit"):
        _given(centers)
    elif isinstance(centers, type):
        raise ValueError(f"centers must be an instance of a clusterer, got {centers!r}.")


def find_centers(
    rows: Rows, n_centers: int, rule: Any, rng: np.random.RandomState
) -> tuple[Clusters, Index]:
    """Return distinct centres, with the rows among which they were found, and their indices.

    The rule is one of `RULES`, a clusterer with ``cluster_centers_``, or an array. Unless it
    determines their number, there are at most `n_centers`.
    """
    check_number("n_centers", n_centers, "[1, inf)", integer=True)
    check_centers(rule)
    limit = max(MAX_ROWS, ROWS_PER_CENTER * n_centers)
    is_all = isinstance(rule, str) and rule == "all"
    index = slice(None) if is_all else random_part(rows.n_rows, limit, rng)
    X, weights = rows.inputs(index), rows.sample_weight[index]
    if not np.isfinite(X.data if sparse.issparse(X) else X).all():
        raise ValueError(
            f"The inputs overflow in {np.dtype(rows.dtype)}: scale them, for example with "
            "input_map='robust'."
        )
    centers = distinct(_centers(X, weights, n_centers, rule, rng))
    with np.errstate(over="ignore"):  # reported below
        centers = np.ascontiguousarray(centers, dtype=rows.dtype)
    if not np.isfinite(centers).all():
        raise ValueError(
            f"The centers exceed the range of {np.dtype(rows.dtype)}: scale the inputs."
        )
    return Clusters(centers, X, weights), index


def _centers(X, weights, n_centers, rule, rng):
    if isinstance(rule, str) and rule == "all":
        return np.unique(dense(X), axis=0)  # in an order different from that of the rows
    if isinstance(rule, str) and rule == "random":
        n = X.shape[0]
        chance = weights / weights.sum()
        size = min(n_centers, np.count_nonzero(chance))
        return dense(X[np.sort(rng.choice(n, size, replace=False, p=chance))])
    if isinstance(rule, str):
        if n_centers >= X.shape[0]:
            return dense(X)
        return _cluster(_kmeans(X, weights, n_centers, rng), X, weights)
    if hasattr(rule, "fit"):
        return _cluster(with_random_state(clone(rule), rng), X, weights)
    return _given(rule, X.shape[1])


def _given(centers, n_features=None):
    """Return given centres as an array, or raise ValueError."""
    points = as_array("centers", centers)
    if points.ndim != 2 or not points.size:
        raise ValueError(
            "centers given as an array must have shape (n_centers, n_features), at least one of "
            f"each, got shape {points.shape}."
        )
    if n_features not in (None, points.shape[1]):
        raise ValueError(
            f"centers given as an array have {points.shape[1]} columns, but the mapped rows have "
            f"{n_features}."
        )
    return points


def _kmeans(X, weights, n_centers, rng):
    # Imported here, because this takes longer than all of this package.
    from sklearn.cluster import KMeans, MiniBatchKMeans, kmeans_plusplus

    if X.shape[0] * n_centers > MINIBATCH_SIZE:
        batch = max(1024, 4 * n_centers)
        return MiniBatchKMeans(
            n_centers, n_init=1, batch_size=batch, max_iter=10, random_state=rng
        )
    start = "k-means++"
    if n_centers >= MANY_CENTERS:
        with single_threaded():  # the best of several draws for each centre would take long
            start, _ = kmeans_plusplus(
                X, n_centers, sample_weight=weights, random_state=rng, n_local_trials=1
            )
    return KMeans(n_centers, n_init=1, init=start, random_state=rng)


def _cluster(clusterer, X, weights):
    from sklearn.cluster import KMeans  # as above

    # One thread, because the order of sums over several threads, and so the centres, would vary.
    # Nothing is recorded: a record that ends while one of another thread is open takes all later
    # warnings of the process with it.
    with single_threaded(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Number of distinct clusters", ConvergenceWarning)
        with np.errstate(over="ignore", invalid="ignore"):  # reported by the widths
            fit_weighted(clusterer, small_indices(X), sample_weight=weights)
    centers = getattr(clusterer, "cluster_centers_", None)
    if centers is None or getattr(centers, "shape", ())[:1] == (0,):
        what = "has no cluster_centers_" if centers is None else "found no cluster"
        raise ValueError(
            f"centers={shown(clusterer)} {what} after it was fitted: use another clusterer, such "
            "as KMeans, or other parameters."
        )
    is_float = isinstance(centers, np.ndarray) and centers.dtype.kind == "f"
    if is_float and not np.isfinite(centers).all():
        raise ValueError(
            f"centers={shown(clusterer)} found centres that are not finite: scale the inputs, "
            "for example with input_map='robust'."
        )
    points = _given(centers, X.shape[1])
    if isinstance(clusterer, KMeans) and len(np.unique(clusterer.labels_)) < len(points):
        # Fewer distinct rows than centres: use these rows, without rounding errors of their means.
        rows = distinct(dense(X))
        if len(rows) <= len(points):
            return rows
    return points


def distinct(centers: np.ndarray) -> np.ndarray:
    """Return the distinct centres, the first of each, in their order.

    Examples
    --------
    >>> distinct(np.array([[2.0], [1.0], [2.0]]))
    array([[2.],
           [1.]])
    """
    _, first = np.unique(centers, axis=0, return_index=True)
    return centers[np.sort(first)]


def nearest(X, centers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest centre of each row, dense or CSR, and the squared distance to it."""
    labels, distances = np.empty(X.shape[0], dtype=int), np.empty(X.shape[0])
    for part, r2 in squared_distances(X, centers):
        labels[part] = r2.argmin(axis=1)
        distances[part] = r2[np.arange(len(r2)), labels[part]]
    return labels, distances


def squared_distances(X, centers: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of rows, dense or CSR, with their squared distances to all centres."""
    geometry = DiagonalGeometry(spherical=True)
    for part in blocks(X.shape[0], max(64, 2**20 // len(centers))):
        yield part, geometry.squared(X[part], centers, None)[0]
