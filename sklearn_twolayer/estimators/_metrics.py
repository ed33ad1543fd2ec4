"""Metrics for radial units: how much each mapped input matters."""

from typing import Any

import numpy as np

from ..embeddings import as_embedding
from ..network import Network
from ..objective import Objective
from ..rows import Rows
from ..solvers import Adam, Run
from ..stages import root
from ._network import Sample

#: Units of each of the two branches, and the penalty on the weights.
N_UNITS, ALPHA = 24, 3e-4
#: Larger steps than by default: the directions matter, not the last digit.
SOLVER = Adam(learning_rate=0.03, batch_size=256)
#: Rows to train on; of more, a random part of that size.
MAX_ROWS = 10_000


def dense_metric(model: Any, sample: Sample, input_map: Any, loss: Any) -> np.ndarray:
    """Return by how much each mapped input moves the outputs of a dense network.

    A radial unit sees all inputs alike; a dense one learns which of them matter.

    Parameters
    ----------
    model : RBFNetwork
        Its targets.
    sample : Sample
        The training rows.
    input_map : fitted transformer or None
        Maps them.
    loss : Loss
        L(y, d).

    Returns
    -------
    ndarray of shape (n_mapped_features,)
        Root mean squares of the gradient; the largest is about one.
    """
    rng = np.random.RandomState(0)
    if sample.X.shape[0] > MAX_ROWS:
        sample = sample.take(np.sort(rng.choice(sample.X.shape[0], MAX_ROWS, replace=False)))
    targets = model._targets.encode(sample.y)
    rows = Rows(sample.X, input_map, np.float32, targets, sample.weights).keep()
    network = Network(as_embedding("parallel", N_UNITS), rows.n_features, targets.shape[1])
    objective = Objective(network, loss, model._targets.link, rows, alpha=ALPHA)
    start = network.initialize(rows, rng)
    network.views(start).bias[...] = objective.best_constant()
    max_iter = SOLVER.default_max_iter(rows.n_rows)
    run = Run(max_iter, 0.0, max_iter, rng, lambda params, loss: False)
    params = SOLVER.minimize(objective, start[None], run).params[0]
    return _factors(squared_gradient(objective, params))


def marginal_metric(objective: Objective) -> np.ndarray:
    """Return how closely each mapped input alone goes with the targets.

    Parameters
    ----------
    objective : Objective
        Rows and targets.

    Returns
    -------
    ndarray of shape (n_mapped_features,)
        Correlations, beyond those of noise; the largest is about one.
    """
    rows = objective.rows

    def block(part):
        X, (targets, weights) = rows.inputs(part), rows.targets_and_weights(part)
        weighted = weights[:, None] * targets
        moments = X.T @ weights, (X * X).T @ weights, X.T @ weighted
        return *moments, weighted.sum(axis=0), (weighted * targets).sum(axis=0)

    sums = objective.sum_blocks(block)
    x, xx, xd, d, dd = (total.astype(np.float64) / rows.n_rows for total in sums)
    products = np.outer(xx - x**2, dd - d**2)
    noise = 1e-6 * np.outer(xx, dd)  # of rounding
    squares = (xd - np.outer(x, d)) ** 2 / np.maximum(products, noise + np.finfo(float).tiny)
    return _factors(np.maximum(squares.mean(axis=1) - 1 / rows.n_rows, 0))


def _factors(squares):
    return root(squares) if squares.any() else np.ones(len(squares))


def squared_gradient(objective: Objective, params: np.ndarray) -> np.ndarray:
    """Return the mean square of ∂z/∂x over the rows, summed over the outputs.

    Parameters
    ----------
    objective : Objective
        A network of dense branches, and rows.
    params : ndarray of shape (n_parameters,)
        Its parameters.

    Returns
    -------
    ndarray of shape (n_mapped_features,)
        The diagonal of the average gradient outer product.
    """
    network = objective.network
    views = network.views(params.astype(objective.dtype, copy=False))

    def block(part):
        X, (_, weights) = objective.rows.augmented(part), objective.rows.targets_and_weights(part)
        total = 0.0
        for column in views.weights.T:
            _, saved = network.embed(views, X)
            delta = np.repeat(column[None], X.shape[0], axis=0)
            delta, _ = network.embedding.pullback(views.own, saved, delta, X)
            total = total + (delta * weights[:, None]).T @ delta
        return (total,)

    outer = objective.sum_blocks(block)[0] / objective.n_rows
    projections = views.projections[:-1].astype(np.float64)
    return np.maximum((projections @ outer * projections).sum(axis=1), 0)
