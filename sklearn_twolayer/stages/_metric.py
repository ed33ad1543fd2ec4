"""A learned metric, shared by all centres, from the average gradient of the network.

The mean over rows of the outer products of ∇f says along which directions the output
changes; as the A Aᵀ of the distances it makes irrelevant inputs disappear (recursive
feature machines: Radhakrishnan et al., 2024).
"""

import numpy as np
from scipy import sparse

from ..kernels import as_kernel
from ..radial import make_geometry
from ._trial import Trial
from ._width import STEP, refine_width, relative_width

#: The least eigenvalue of the metric, as a part of the largest.
FLOOR = 1e-8


def refine_metric(trial: Trial, radial, n_rounds: int = 2) -> Trial:
    """Return the best of some trials, each in the metric that the last one suggests.

    Parameters
    ----------
    trial : Trial
        Where to start, with a shared shape.
    radial : Radial
        Its radial units.
    n_rounds : int, default=2
        How often the metric is learned anew, at most.

    Returns
    -------
    Trial
        That of the least leave-one-out error.
    """
    best = trial
    for _ in range(n_rounds):
        outer = gradient_outer_product(trial, radial)
        if not outer.any():
            break
        relative = relative_width(trial, radial)
        scaled = trial.at(trial.moved(shapes=metric_root(outer)))
        trial = refine_width(scaled, radial, relative * STEP)
        if trial.error >= best.error:
            break
        best = trial
    return best


def metric_root(outer: np.ndarray) -> np.ndarray:
    """Return A with A Aᵀ proportional to a matrix, or to a diagonal given as a vector.

    Parameters
    ----------
    outer : ndarray of shape (n_features,) or (n_features, n_features)
        Average outer product of gradients; a vector may be zero.

    Returns
    -------
    ndarray
        Of the same shape; its largest eigenvalue is about one. Ones for zeros.
    """
    if outer.ndim == 1:
        return np.sqrt(outer / outer.max() + FLOOR) if outer.any() else np.ones(len(outer))
    values, vectors = np.linalg.eigh(outer)
    values = np.sqrt(np.maximum(values, 0) / values[-1] + FLOOR)
    return (vectors * values) @ vectors.T


def gradient_outer_product(trial: Trial, radial) -> np.ndarray:
    """Return the mean outer product of the gradient of the radial part, or its diagonal.

    Parameters
    ----------
    trial : Trial
        A network with its output layer.
    radial : Radial
        Its radial units.

    Returns
    -------
    ndarray of shape (n_features,) or (n_features, n_features)
        Summed over the outputs, in the units of the mapped inputs.
    """
    kernel = as_kernel(radial.kernel)
    centers, log_widths, A = trial.own
    widths = np.exp(log_widths)
    output = trial.output[0][: len(centers)] * (widths ** (kernel.power - 2))[:, None]
    geometry, rows = make_geometry(radial.shape, True), trial.objective.rows
    origin = centers.mean(axis=0)

    def block(part):
        X = rows.inputs(part)
        r2, _ = geometry.squared(X, centers, A)
        s = r2 / widths**2
        slope = kernel.slope(s, kernel.value(s))
        X = (X.toarray() if sparse.issparse(X) else X) - origin
        root_weights = np.sqrt(trial.loo.design.weights(part))[:, None]
        total = 0
        for column in output.T:
            T = slope * column
            # Σ_j T_ij (x_i - μ_j), TWO.53 with the sign of x
            g = root_weights * (T.sum(axis=1)[:, None] * X - T @ (centers - origin))
            total = total + ((g * g).sum(axis=0) if A.ndim == 1 else g.T @ g)
        return (total,)

    outer = trial.loo.design.sum(block)[0]
    if A.ndim == 1:
        return A**4 * outer
    return A @ A.T @ outer @ A @ A.T
