"""The importance of each mapped input for a dense network."""

import numpy as np

from ..objective import Objective

#: Smallest eigenvalue of a metric, as a fraction of the largest.
FLOOR = 1e-8


def metric_root(outer: np.ndarray) -> np.ndarray:
    """Return A with A Aᵀ proportional to a matrix, or to a diagonal given as a vector.

    The largest eigenvalue of A is about one; it is all ones for a vector of zeros.
    """
    if outer.ndim == 1:
        return np.sqrt(outer / outer.max() + FLOOR) if outer.any() else np.ones(len(outer))
    values, vectors = np.linalg.eigh(outer)
    values = np.sqrt(np.maximum(values, 0) / values[-1] + FLOOR)
    return (vectors * values) @ vectors.T


#: With more outputs, this number of random sums is used instead.
N_SUMS = 32


def squared_gradient(
    objective: Objective, params: np.ndarray, temperature: float, rng: np.random.RandomState
) -> np.ndarray:
    """Return the mean square of ∂y/∂x over the rows, summed over the outputs y = g(z / t).

    It has one number for each mapped input: the diagonal of the average gradient outer product of
    a network of dense branches. Above one, the temperature t makes probabilities less certain.
    With many outputs, the sum is estimated, from random signs.
    """
    network, link = objective.network, objective.link
    views = network.views(params.astype(objective.dtype, copy=False))
    seed = rng.randint(2**31)

    def block(part):
        X, (_, weights) = objective.rows.augmented(part), objective.rows.targets_and_weights(part)
        z, (_, _, saved) = network.forward(views, X)
        total = 0.0
        # One random stream per block, independent of the thread.
        signs = np.random.RandomState((seed + part.start) % 2**32)
        for delta in _gradients(link, link(z / temperature), signs):
            delta = delta / temperature @ views.weights.T
            delta, _ = network.embedding.pullback(views.own, saved, delta, X)
            total = total + (delta * weights[:, None]).T @ delta
        return (total,)

    outer = objective.sum_blocks(block)[0] / objective.rows.total_weight
    projections = views.projections[:-1].astype(np.float64)
    return np.maximum((projections @ outer * projections).sum(axis=1), 0)


def _gradients(link, y, rng):
    """Yield ∂y_m/∂z for each output m, or for random sums of many with the same expected squares.

    The mixed terms of a sum with random signs are zero on average (Hutchinson, 1990).
    """
    if y.shape[-1] <= N_SUMS:
        yield from link.gradients(y)
        return
    n_rows, n_outputs = y.shape
    signs = rng.choice(np.array([-1, 1], dtype=y.dtype), (n_rows, n_outputs + N_SUMS))
    signs *= y.dtype.type(N_SUMS**-0.5)
    for start in range(N_SUMS):  # no pair of outputs has the same signs twice
        yield link.pullback(y, signs[:, start : start + n_outputs])
