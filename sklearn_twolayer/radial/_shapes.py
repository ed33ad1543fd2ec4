"""Shapes of clusters: the A of r² = (x - μ)ᵀ A Aᵀ (x - μ) from shrunk covariances."""

import numpy as np

from .._linalg import dense
from ._centers import Clusters, nearest


def cluster_shapes(clusters: Clusters, shape: str, shared: bool) -> np.ndarray:
    """Return the shapes of elliptical clusters (page TWO.34), pooled if they are shared.

    A covariance is shrunk towards a sphere, more strongly with few rows, and scaled to a
    determinant of one, so that the width keeps its meaning.

    The result is Σ^(-1/2), of shape (n_features,) or (n_features, n_features), with a leading axis
    for the centres where it is not shared.
    """
    labels, _ = nearest(clusters.X, clusters.centers)
    if shared:
        return _root(_covariance(clusters, labels, slice(None)), shape)
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels, minlength=len(clusters.centers))
    members = np.split(order, np.cumsum(counts)[:-1])
    return np.stack([_root(_covariance(clusters, labels, rows), shape) for rows in members])


def _covariance(clusters, labels, rows):
    """Return the covariance of rows around their centres, and their effective number."""
    X, weights = clusters.X[rows], clusters.weights[rows]
    X = dense(X)
    if not len(X):
        return np.eye(X.shape[1]), 0.0
    # Shapes have no size: half of the difference cannot overflow, and its square may underflow.
    X = X / 2 - clusters.centers[labels[rows]] / 2
    X = X / (np.abs(X).max() or 1)
    total = weights.sum()
    return (X.T * (weights / total)) @ X, total**2 / np.square(weights).sum()


def _root(covariance_of_rows, shape):
    covariance, n_rows = covariance_of_rows
    d = len(covariance)
    sphere = np.trace(covariance) / d or 1.0
    shrinkage = (d + 1) / (n_rows + d + 1)
    if shape == "diagonal":
        variances = (1 - shrinkage) * np.diag(covariance) + shrinkage * sphere
        return _unit_volume(variances)
    values, vectors = np.linalg.eigh(covariance)
    values = (1 - shrinkage) * np.maximum(values, 0) + shrinkage * sphere
    return (vectors * _unit_volume(values)) @ vectors.T


def _unit_volume(variances):
    return np.exp(0.5 * (np.log(variances).mean() - np.log(variances)))
