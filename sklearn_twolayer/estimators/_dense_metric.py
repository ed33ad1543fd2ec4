"""A metric for radial units: how much each mapped input matters to dense networks."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.pipeline import make_pipeline

from ..embeddings import as_embedding
from ..input_maps import StandardMap
from ..network import Network
from ..objective import Objective
from ..rows import Rows
from ..solvers import Adam, Run
from ..stages import metric_root, squared_gradient
from ._network import Sample

#: Networks, units of each of their two branches, and the penalty on the weights.
N_NETWORKS, N_UNITS, ALPHA = 4, 24, 1e-3
#: Divides their raw outputs: on the rows that they learn, networks are too certain of a class.
TEMPERATURE = 3.0
#: Larger steps than by default: the directions matter, not the last digit.
SOLVER = Adam(learning_rate=0.03, batch_size=256)
#: Rows to train on, and rows to standardise by; of more, a random part of that size.
MAX_ROWS, N_SCALED = 10_000, 1000


def dense_metric(sample: Sample, input_map: Any, targets: Any, loss: Any) -> np.ndarray:
    """Return by how much each mapped input moves the outputs of dense networks.

    A radial unit sees all inputs alike; a dense one learns which of them matter. A few
    networks, each trained for half the usual time, tell it better than one. Of classes,
    what is moved are probabilities: raw outputs go on to grow where there is no doubt.

    Parameters
    ----------
    sample : Sample
        The training rows.
    input_map : fitted transformer or None
        Maps them.
    targets : Targets
        Encodes y.
    loss : Loss
        L(y, d).

    Returns
    -------
    ndarray of shape (n_mapped_features,)
        Root mean squares of the gradient; the largest is about one.
    """
    rng = np.random.RandomState(0)
    sample = sample.random_part(MAX_ROWS, rng)
    common = _common_scale(sample.random_part(N_SCALED, rng), input_map)
    encoded = targets.encode(sample.y)
    chain = common if input_map is None else make_pipeline(input_map, common)
    rows = Rows(sample.X, chain, np.float32, encoded, sample.weights).keep()
    network = Network(as_embedding("parallel", N_UNITS), rows.n_features, encoded.shape[1])
    objective = Objective(network, loss, targets.link, rows, alpha=ALPHA)
    start = np.stack([network.initialize(rows, rng) for _ in range(N_NETWORKS)])
    network.views(start).bias[...] = objective.best_constant()
    max_iter = -(-SOLVER.default_max_iter(rows.n_rows) // 2)
    run = Run(max_iter, 0.0, max_iter, rng, lambda params, loss: False)
    stack = SOLVER.minimize(objective, start, run).params
    return metric_root(sum(squared_gradient(objective, params, TEMPERATURE) for params in stack))


def _common_scale(sample, input_map):
    """Return a map that centres columns, and scales them all by the same."""
    X = sample.X if input_map is None else input_map.transform(sample.X)
    X = X if sparse.issparse(X) else np.asarray(X)
    common = StandardMap().fit(X.astype(np.float64), sample_weight=sample.weights)
    common.scale_[:] = np.sqrt(np.mean(common.scale_**2))
    return common
