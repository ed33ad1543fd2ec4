"""A metric for radial units: the importance of each mapped input for dense networks."""

from typing import NamedTuple

import numpy as np
from scipy import sparse

from .._linalg import Matrix
from .._moments import canonical, dense_moments, sparse_moments
from .._random_rows import random_part
from ..blending import Ensemble
from ..embeddings import as_embedding
from ..input_maps import map_rows, sources_of
from ..network import Network
from ..objective import Objective
from ..rows import Transformer
from ..solvers import Adam, Run
from ._relevance import metric_root, squared_gradient
from ._spec import Table

#: Number of networks, units of each of their two branches, and the penalty on the weights.
N_NETWORKS, N_UNITS, ALPHA = 4, 24, 1e-3
#: Divides their raw outputs, because networks are overconfident on their training rows.
TEMPERATURE = 3.0
#: Larger steps than by default: the directions matter, not the last digit.
SOLVER = Adam(learning_rate=0.03, batch_size=256, dropout=0.1, scale_rate=6.0)
#: The part of the importance that all mapped inputs share: those that are of little importance to
#: small networks may be needed by larger ones.
SHARED = 0.03
#: Maximum number of rows for training and for standardising; of more, a random subset.
MAX_ROWS, N_SCALED = 10_000, 1000
#: Maximum number of columns of raw sparse rows that are made dense and centred.
MAX_DENSE = 1000


class Metric(NamedTuple):
    """Factors of the mapped inputs; the largest is about one."""

    factors: np.ndarray  # learned from all rows
    without: tuple[np.ndarray, ...]  # learned without the targets of each fold


def dense_metric(
    table: Table,
    maps: list[Transformer | None],
    folds: np.ndarray,
    rng: np.random.RandomState,
) -> Metric:
    """Return the importance of each mapped input for dense networks.

    Radial units give all inputs the same weight; dense units learn which inputs are relevant.
    Networks are trained on the rows outside of a fold, for half the usual time; all of them
    together give the metric for all rows. For classes, gradients of probabilities are used,
    because raw outputs keep growing where the class is certain.

    There is one map for each fold to be evaluated; `folds` has the fold of each row.
    """
    index = random_part(table.n_rows, MAX_ROWS, rng)
    table, folds = table.take(index), folds[index]
    n_each = -(-N_NETWORKS // len(maps))
    if all(each is maps[0] for each in maps):  # all networks side by side
        left_out = np.repeat(np.arange(len(maps)), n_each)
        squares = _mean_squares(table, maps[0], folds == left_out[:, None], rng)
    else:
        squares = [
            square
            for k, each in enumerate(maps)
            for square in _mean_squares(table, each, np.tile(folds == k, (n_each, 1)), rng)
        ]
    without = [sum(squares[k * n_each : (k + 1) * n_each]) for k in range(len(maps))]
    return Metric(metric_root(sum(without)), tuple(map(metric_root, without)))


def _mean_squares(table, input_map, left_out, rng):
    """Return the mean squares of the gradient of networks that each leave out some rows."""
    some = table.take(random_part(table.n_rows, N_SCALED, rng))
    rows = table.rows(CommonScale.of(some, input_map), np.float32)
    network = Network(as_embedding("parallel", N_UNITS), rows.n_features, table.targets.shape[1])
    objective = Objective(network, table.loss, table.link, rows, ALPHA)
    start = Ensemble.random(objective, len(left_out), None, rng).params
    max_iter = -(-SOLVER.default_max_iter(rows.n_rows) // 2)
    run = Run(max_iter, 0.0, max_iter, rng, lambda params, loss: False)
    stack = SOLVER.minimize(objective.without(left_out), start, run).params
    squares = [squared_gradient(objective, params, TEMPERATURE, rng) for params in stack]
    return [square + SHARED * square.mean() for square in squares]


class CommonScale(NamedTuple):
    """A map, and one scale for all its output columns."""

    input_map: Transformer | None
    center: np.ndarray | float
    scale: float

    @classmethod
    def of(cls, table: Table, input_map: Transformer | None) -> "CommonScale":
        """Return the scale of some rows; columns are centred if a map has mapped them."""
        X, weights = map_rows(input_map, table.X), table.sample_weight / table.sample_weight.sum()
        if sparse.issparse(X):
            center, spread = sparse_moments(canonical(X), weights)
        else:
            center, spread = dense_moments(X, weights)
        varies = spread > 10 * np.finfo(X.dtype).eps * np.abs(center)
        largest = spread[varies].max(initial=0) or 1.0  # its square may overflow
        relative = spread[varies] / largest if varies.any() else np.ones(1)
        scale = largest * np.sqrt(np.mean(relative**2))
        # Raw rows are centred even if sparse, so that dense and sparse rows give the same result.
        is_narrow = input_map is None and X.shape[1] <= MAX_DENSE
        is_centered = is_narrow or (input_map is not None and not sparse.issparse(X))
        return cls(input_map, center if is_centered else 0.0, float(scale) or 1.0)

    def known_sources(self, n_columns: int) -> np.ndarray | None:
        """Return the source of each mapped input (`sources_of`), or None if it is not known."""
        return sources_of(self.input_map, n_columns)

    def transform(self, X: Matrix) -> Matrix:
        """Return the mapped rows."""
        mapped = map_rows(self.input_map, X)
        if sparse.issparse(mapped):
            if np.ndim(self.center) == 0:
                return sparse.csr_array(mapped / self.scale)
            mapped = mapped.toarray()
        return (mapped - self.center) / self.scale
