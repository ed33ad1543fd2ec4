"""Calibration of the probabilities of a stack of networks, from rows that each leaves out.

The rows are dealt into as many folds as there are networks, and each network is trained
without its own fold. Its outputs there are honest: one factor for all raw outputs, fitted
on them by cross-entropy (temperature scaling, Guo et al., 2017), undoes the
over-confidence that training leaves. All rows are used, and no network is trained twice.
"""

import numpy as np
from scipy.optimize import minimize_scalar

from ..losses import LogLoss
from ..objective import Objective
from ..rows import Rows

#: The range in which the factor of the raw outputs is sought.
FACTORS = (0.05, 2.0)


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


def best_factor(z: np.ndarray, rows: Rows, weights: np.ndarray, link) -> float:
    """Return the factor of the raw outputs with the smallest cross-entropy.

    Parameters
    ----------
    z : ndarray of shape (n_rows, n_outputs)
        Raw outputs on rows that were left out.
    rows : Rows
        Holds the targets.
    weights : ndarray of shape (n_rows,)
        Weights of the rows.
    link : Link
        Logistic or softmax.

    Returns
    -------
    float
        Below one for networks that are over-confident.
    """
    z, loss = z.astype(np.float64), LogLoss()

    def cross_entropy(log_factor):
        values, _ = loss.value_and_gradient(np.exp(log_factor) * z, rows.targets, link)
        return np.average(values, weights=weights)

    bounds = np.log(FACTORS)
    return float(np.exp(minimize_scalar(cross_entropy, bounds=bounds, method="bounded").x))
