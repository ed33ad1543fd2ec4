"""How much each mapped input matters: to a dense network, or by itself."""

import numpy as np
from scipy import sparse

from ..objective import Objective
from ._metric import metric_root


def squared_gradient(objective: Objective, params: np.ndarray, temperature: float) -> np.ndarray:
    """Return the mean square of ∂y/∂x over the rows, summed over the outputs y = g(z / t).

    Parameters
    ----------
    objective : Objective
        A network of dense branches, and rows.
    params : ndarray of shape (n_parameters,)
        Its parameters.
    temperature : float
        The t by which raw outputs are divided; above one, probabilities are less certain.

    Returns
    -------
    ndarray of shape (n_mapped_features,)
        The diagonal of the average gradient outer product.
    """
    network, link = objective.network, objective.link
    views = network.views(params.astype(objective.dtype, copy=False))

    def block(part):
        X, (_, weights) = objective.rows.augmented(part), objective.rows.targets_and_weights(part)
        z, (_, _, saved) = network.forward(views, X)
        total = 0.0
        for delta in link.gradients(link(z / temperature)):
            delta = delta / temperature @ views.weights.T
            delta, _ = network.embedding.pullback(views.own, saved, delta, X)
            total = total + (delta * weights[:, None]).T @ delta
        return (total,)

    outer = objective.sum_blocks(block)[0] / objective.n_rows
    projections = views.projections[:-1].astype(np.float64)
    return np.maximum((projections @ outer * projections).sum(axis=1), 0)


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
    first = rows.inputs(slice(0, 1))
    origin = 0.0 if sparse.issparse(first) else first  # against the rounding of large means

    def block(part):
        X, (targets, weights) = rows.inputs(part), rows.targets_and_weights(part)
        X = X if sparse.issparse(X) else X - origin
        weighted = weights[:, None] * targets
        of_inputs = X.T @ weights, (X * X).T @ weights, X.T @ weighted
        return *of_inputs, weighted.sum(axis=0), (weighted * targets).sum(axis=0)

    x, xx, xd, d, dd = (total / rows.n_rows for total in objective.sum_blocks(block))
    products = np.outer(xx - x**2, dd - d**2)
    rounding = 1e-12 * np.outer(xx, dd) + np.finfo(float).tiny
    squares = np.where(products > rounding, (xd - np.outer(x, d)) ** 2, 0) / np.maximum(
        products, rounding
    )
    noise = np.mean(rows.sample_weight**2) / rows.n_rows  # what is expected without any relation
    return metric_root(np.maximum(squares.mean(axis=1) - noise, 0))
