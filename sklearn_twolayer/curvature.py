"""Second order: the Jacobian of the raw outputs, and the optimal output layer.

The Jacobian of the raw outputs with respect to a column of C_a is, row by row, the product of x_a
with what the embedding pulls back from W. So it needs no further code for embeddings with all
parameters in the shared matrix.
"""

import numpy as np
from scipy.linalg import lstsq

from ._linalg import without_ones
from .links import IdentityLink, Link
from .losses import Loss, SquaredError
from .network import Network, Views


def has_closed_form(loss: Loss, link: Link) -> bool:
    """Return whether the optimal output layer is the solution of a linear system."""
    return isinstance(loss, SquaredError) and isinstance(link, IdentityLink)


def block_jacobian(network: Network, views: Views, X) -> tuple[np.ndarray, np.ndarray]:
    """Return raw outputs of a block of rows and their Jacobian.

    Parameters
    ----------
    network : Network
        The two layers; the embedding must not have its own arrays.
    views : Views
        The arrays of one vector of parameters.
    X : {ndarray, CSR} of shape (n_rows, n_features + 1)
        Augmented rows.

    Returns
    -------
    z : ndarray of shape (n_rows, n_outputs)
        Raw outputs.
    J : ndarray of shape (n_rows, n_outputs, n_parameters)
        ∂z/∂(C_a, W, b), in the order of the flat vector.
    """
    z, (y, _, saved) = network.forward(views, X)
    inputs = np.hstack([without_ones(X), np.ones((len(z), 1), dtype=z.dtype)])
    J = np.zeros((*z.shape, network.n_parameters), dtype=z.dtype)
    for m in range(network.n_outputs):
        delta = np.broadcast_to(views.weights[:, m], y.shape).copy()  # TWO.38, row by row
        delta_V, _ = network.embedding.pullback(views.own, saved, delta, X)
        out = network.views(J[:, m])
        np.multiply(inputs[:, :, None], delta_V[:, None, :], out=out.projections)
        out.weights[..., m] = y
        out.bias[..., m] = 1
    return z, J


def solve_output(gram: np.ndarray, moments: np.ndarray, alpha: float) -> np.ndarray:
    """Return the rows of W and, last, b that solve the regularised normal equations.

    They are NaN if the sums have overflowed.
    """
    if not (np.isfinite(gram).all() and np.isfinite(moments).all()):
        return np.full_like(moments, np.nan)
    regularised = gram.copy()
    np.einsum("ii->i", regularised)[:-1] += alpha
    return lstsq(regularised, moments, lapack_driver="gelsy")[0]
