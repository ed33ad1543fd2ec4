"""A density of the inputs from the centres (the remark of page TWO.33).

p(x) = Σ_j α_j N(x; μ_j, h_j² (A Aᵀ)⁻¹), a mixture of Gaussians about the centres, α_j
being the part of the training rows that is nearest to μ_j.
"""

import numpy as np
from scipy.special import logsumexp

from ..radial import Geometry


def log_density(
    X, geometry: Geometry, own: tuple[np.ndarray, ...], log_mass: np.ndarray
) -> np.ndarray:
    """Return log p of rows.

    Parameters
    ----------
    X : {ndarray, CSR} of shape (n_rows, n_features)
        Mapped rows.
    geometry : Geometry
        The distances.
    own : tuple of ndarray
        Centres, log widths and perhaps shapes.
    log_mass : ndarray of shape (n_centers,)
        log α_j.

    Returns
    -------
    ndarray of shape (n_rows,)
        In nats, per volume of the mapped inputs.
    """
    centers, log_widths, *shapes = own
    A = shapes[0] if shapes else None
    r2, _ = geometry.squared(X, centers, A)
    d = centers.shape[1]
    normalizer = geometry.log_determinant(A) - d * (log_widths + 0.5 * np.log(2 * np.pi))
    return logsumexp(log_mass + normalizer - 0.5 * r2 / np.exp(2 * log_widths), axis=1)
