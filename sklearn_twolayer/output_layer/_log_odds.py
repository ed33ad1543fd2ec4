"""Transformation of least-squares outputs on indicators to log-odds."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ..links import Link
from ..losses import LogLoss
from ..rows import block_length, blocks

#: The search ends when a step lowers the cross-entropy by less than this fraction.
TOLERANCE = 1e-6


class LogOdds(NamedTuple):
    """z = t f + b with the smallest cross-entropy, for least-squares outputs f."""

    scale: float  # t, positive
    bias: np.ndarray  # b, (n_outputs,)
    loss: float  # the cross-entropy


def log_odds(f: np.ndarray, targets: np.ndarray, weights: np.ndarray, link: Link) -> LogOdds:
    """Return the scale and the biases that turn held-out outputs of least squares into log-odds.

    The sum of the weights is one.
    """

    share = weights @ targets
    # Steps of the biases in units of their curvature, which falls with the number of classes.
    unit = 1 / np.sqrt(np.maximum(share * (1 - share), 1 / len(f)))

    parts = blocks(len(f), block_length(4 * f.shape[1]))

    def cost_and_gradient(v):
        t, bias = np.exp(v[0]), unit * v[1:]
        cost, slope, slopes = 0.0, 0.0, np.zeros(len(bias))
        for part in parts:
            z = t * f[part]
            z += bias
            values, delta = LogLoss().value_and_gradient(z, targets[part], link)
            delta *= weights[part, None]
            cost += weights[part] @ values
            slope += t * np.einsum("im,im", delta, f[part])
            slopes += delta.sum(axis=0)
        return cost, np.append(slope, unit * slopes)

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
