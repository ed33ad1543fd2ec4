"""The least-squares output layer, from sums over partitions."""

import numpy as np

from ..output_layer import decomposed, inverses
from ._objective import PartitionedObjective


def output_of_all_rows(
    cost: PartitionedObjective, vector: np.ndarray, alpha: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the best output layer, W and b, for the first layer of a vector of parameters.

    Activations and targets are centred before their products are summed in a second pass, to avoid
    cancellation.
    """
    center, offset = cost.total(means, vector)
    gram, moments = cost.total(covariances, (vector, center, offset))
    values, vectors = decomposed(gram)
    weights = vectors @ (inverses(values, np.array([alpha])) * (vectors.T @ moments))
    return weights, offset - center @ weights


def means(objective, vector):
    """Return the contribution of a block to the weighted means of activations and targets."""
    rows, network, views = _parts(objective, vector)

    def terms(part):
        w = rows.shares(part)
        return w @ network.embed(views, rows.augmented(part))[0], w @ rows.targets[part]

    return objective.sum_blocks(terms)


def covariances(objective, argument):
    """Return the contribution of a block to their weighted covariances."""
    vector, center, offset = argument
    rows, network, views = _parts(objective, vector)

    def terms(part):
        root = np.sqrt(rows.shares(part))[:, None]
        y = (network.embed(views, rows.augmented(part))[0] - center) * root
        return y.T @ y, y.T @ ((rows.targets[part] - offset) * root)

    return objective.sum_blocks(terms)


def _parts(objective, vector):
    return objective.rows, objective.network, objective.network.views(vector)
