"""What is made of several networks: factors that suit rows which each has not seen.

The rows are dealt into as many folds as there are networks, and each network is trained
without its own fold. Its outputs there are honest, and so are the leave-one-out outputs of
a radial-basis network. The sum of both, each times a factor that is not negative, is a
two-layer network again; the factors with the least loss on the honest outputs (stacking:
Wolpert, 1992; Breiman, 1996) take from each part what it is worth on this table, and undo
the over-confidence that training leaves in probabilities. All rows are used, and no
network is trained twice.
"""

from typing import Any

import numpy as np
from scipy.optimize import minimize

from .losses import Loss, smoothed
from .objective import Objective

#: The largest factor.
MAX_WEIGHT = 2.0
#: The factor of all parts where none is worth anything.
FAINT = 0.01


def deal_folds(n_rows: int, n_folds: int, rng: np.random.RandomState) -> np.ndarray:
    """Return the fold of each row; folds differ in size by one row at most.

    Parameters
    ----------
    n_rows, n_folds : int
        Numbers of rows and of folds.
    rng : RandomState
        The source of the permutation.

    Returns
    -------
    ndarray of shape (n_rows,)
        Integers below `n_folds`.
    """
    return rng.permutation(np.arange(n_rows) % n_folds)


def left_out_outputs(objective: Objective, params: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return each row's raw outputs from the network that left it out.

    Parameters
    ----------
    objective : Objective
        Holds the network and the rows.
    params : ndarray of shape (n_networks, n_parameters)
        The stack.
    folds : ndarray of shape (n_rows,)
        The network that left out each row.

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
        Raw outputs.
    """
    network, rows = objective.network, objective.rows
    outputs = np.empty(rows.targets.shape, dtype=rows.dtype)
    for k, vector in enumerate(params.astype(rows.dtype, copy=False)):
        views = network.views(vector)
        own = np.flatnonzero(folds == k)
        for part in np.array_split(own, len(own) // 1024 + 1):
            outputs[part] = network.forward(views, rows.augmented(part))[0]
    return outputs


def blend_weights(
    parts: list[np.ndarray], targets: np.ndarray, weights: np.ndarray, loss: Loss, link: Any
) -> tuple[np.ndarray, np.ndarray]:
    """Return the factors of some raw outputs whose sum has the least loss.

    The best constant is one more part, so that classes keep their shares where nothing
    else is worth anything.

    Parameters
    ----------
    parts : list of ndarray of shape (n_rows, n_outputs)
        Raw outputs on rows that were left out.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets.
    weights : ndarray of shape (n_rows,)
        Weights of the rows.
    loss : Loss
        L(y, d).
    link : Link
        y = g(z).

    Returns
    -------
    factors : ndarray of shape (n_parts,)
        From zero to `MAX_WEIGHT`; not all of them zero.
    constant : ndarray of shape (n_outputs,)
        Raw outputs of the best constant, times its factor.
    """
    constant = link.inverse(loss.constant(targets, weights)).astype(np.float64)
    Z = np.stack([*parts, np.broadcast_to(constant, targets.shape)])
    targets = smoothed(targets, weights)
    weights = weights / weights.sum()

    def cost_and_gradient(factors):
        z = np.tensordot(factors, Z, axes=1)
        values, delta = loss.value_and_gradient(z, targets, link)
        delta = delta * weights[:, None]
        return weights @ values, np.tensordot(Z, delta, axes=2)

    start = np.append(np.full(len(parts), 1 / len(parts)), 0)
    bounds = [(0, MAX_WEIGHT)] * len(Z)
    size = cost_and_gradient(start)[0] or 1.0  # the solver's tolerances are for costs of about one
    factors = minimize(
        lambda factors: tuple(part / size for part in cost_and_gradient(factors)),
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
    ).x
    if not factors[:-1].any():
        # A constant would forget which rows are likelier than others.
        factors[:-1], factors[-1] = FAINT, max(factors[-1] - FAINT * len(parts), 0)
    return factors[:-1], factors[-1] * constant
