"""Outputs of least squares on indicators, brought to log-odds."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ..links import Link
from ..losses import LogLoss

#: The search ends where a step lowers the cross-entropy by a smaller part.
TOLERANCE = 1e-6


class LogOdds(NamedTuple):
    """z = t f + b of least cross-entropy, for outputs f of least squares."""

    scale: float  # t, positive
    bias: np.ndarray  # b, (n_outputs,)
    loss: float  # that cross-entropy


def log_odds(f: np.ndarray, targets: np.ndarray, weights: np.ndarray, link: Link) -> LogOdds:
    """Return the scale and the biases that bring outputs to log-odds.

    Parameters
    ----------
    f : ndarray of shape (n_rows, n_outputs)
        Outputs of least squares for rows left out.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets.
    weights : ndarray of shape (n_rows,)
        Weights of the rows; their sum is one.
    link : Link
        Logistic or softmax.

    Returns
    -------
    LogOdds
        Scale, biases and the cross-entropy.
    """

    share = weights @ targets
    # Steps of the biases in units of their curvature, which falls with the number of classes.
    unit = 1 / np.sqrt(np.maximum(share * (1 - share), 1 / len(f)))

    def cost_and_gradient(v):
        t = np.exp(v[0])
        values, delta = LogLoss().value_and_gradient(t * f + unit * v[1:], targets, link)
        delta *= weights[:, None]
        slope = t * np.einsum("im,im", delta, f)
        return weights @ values, np.append(slope, unit * delta.sum(axis=0))

    start = np.append(np.log(4.0), np.zeros(f.shape[1]))
    bounds = [(-3, 5), *((-50 / size, 50 / size) for size in unit)]
    found = minimize(
        cost_and_gradient,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"ftol": TOLERANCE},
    )
    return LogOdds(float(np.exp(found.x[0])), unit * found.x[1:], float(found.fun))
