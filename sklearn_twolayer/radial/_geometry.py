"""Squared distances between rows and centres, and gradients for centres and shapes.

A shape is the A of r² = (x - μ)ᵀ A Aᵀ (x - μ): none (spherical), a diagonal or a full matrix,
shared by all centres or one for each. Distances are computed by matrix products of blocks of rows,
dense or CSR; no array has axes for rows, centres and inputs at once. Arrays may have leading axes,
with one entry per network of a stack.
"""

from typing import Any

import numpy as np
from scipy import sparse

from .._linalg import dense, product, transposed_product

SHAPES = ("spherical", "diagonal", "full")


class Geometry:
    """Base of the distances.

    Parameters
    ----------
    shared : bool
        Whether all centres share one shape.
    """

    def __init__(self, shared: bool = True):
        self.shared = shared

    def shape_parameters(self, n_centers: int, n_features: int) -> tuple[int, ...] | None:
        """Return the shape of the array A, or None if there is none."""
        raise NotImplementedError

    # A row with distances that overflow is infinitely far from all centres.
    @np.errstate(over="ignore", invalid="ignore")
    def squared(self, X, centers: np.ndarray, A: np.ndarray | None) -> tuple[np.ndarray, Any]:
        """Return r², shape (..., n_rows, n_centers), and what `pullback` needs."""
        if sparse.issparse(X):
            origin = np.zeros(())  # zeros stay zeros
        else:
            # Near the centres, less cancels.
            origin = centers.mean(axis=tuple(range(centers.ndim - 1)))
            X = X - origin
        centers = centers - origin
        r2, saved = self._squared(X, centers, A)
        r2.clip(0, np.inf, out=r2)
        if not (_has_square(X) and _has_square(centers)):
            np.nan_to_num(r2, copy=False, nan=np.inf, posinf=np.inf)
        return r2, (X, centers, A, saved)

    def pullback(self, saved: Any, G: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return ∂L/∂centers and ∂L/∂A from `G` = ∂L/∂r²."""
        raise NotImplementedError

    def input_pullback(self, saved: Any, G: np.ndarray) -> np.ndarray:
        """Return ∂L/∂x, shape (..., n_rows, n_features), from `G` = ∂L/∂r²."""
        raise NotImplementedError

    def _squared(self, X, centers, A):
        raise NotImplementedError


class DiagonalGeometry(Geometry):
    """r² = Σ_d a_d² (x_d - μ_d)², without shapes a_d = 1.

    Parameters
    ----------
    shared : bool
        Whether all centres share one shape.
    spherical : bool
        Whether there are no shapes.
    """

    def __init__(self, shared: bool = True, spherical: bool = False):
        super().__init__(shared or spherical)
        self.spherical = spherical

    def shape_parameters(self, n_centers, n_features):
        if self.spherical:
            return None
        return (n_features,) if self.shared else (n_centers, n_features)

    def _squared(self, X, centers, A):
        B = np.ones_like(centers[..., :1, :]) if A is None else A * A
        if B.ndim < centers.ndim:
            B = B[..., None, :]
        squares = X.multiply(X).tocsr() if sparse.issparse(X) else X * X
        weighted = centers if A is None else B * centers
        levels = np.einsum("...ij,...ij->...i", weighted, centers)[..., None, :]
        lengths = product(squares, np.ascontiguousarray(np.swapaxes(B, -1, -2)))
        if self.shared and not sparse.issparse(X):
            return _sum_in_one_product(X, weighted, lengths, levels), (B, squares)
        # Not X (-2 C): with many inputs, there are more centres than rows in a block.
        r2 = product(X, np.swapaxes(weighted, -1, -2))
        r2 *= -2
        r2 += levels
        r2 += lengths
        return r2, (B, squares)

    def pullback(self, saved, G):
        X, centers, A, (B, squares) = saved
        total = G.sum(axis=-2)[..., None]
        moments = _moments(X, G)
        slopes = 2 * B * (centers * total - moments)
        if A is None:
            return slopes, None
        # Σ_i G_ij (x_i - μ_j)², input by input
        spread = centers * (centers * total - 2 * moments)
        if self.shared:
            rows = _moments(squares, G.sum(axis=-1, keepdims=True))[..., 0, :]
            return slopes, 2 * A * (spread.sum(axis=-2) + rows)
        return slopes, 2 * A * (spread + _moments(squares, G))

    def input_pullback(self, saved, G):
        X, centers, _, (B, _) = saved
        X = dense(X)
        if B.shape[-2] == 1:
            return 2 * B * (X * G.sum(axis=-1, keepdims=True) - G @ centers)
        return 2 * (X * (G @ B) - G @ (B * centers))


class FullGeometry(Geometry):
    """r² = ‖Aᵀ(x - μ)‖² with one matrix A for all centres."""

    def shape_parameters(self, n_centers, n_features):
        return (n_features, n_features)

    def _squared(self, X, centers, A):
        Z, M = product(X, A), centers @ A
        r2 = np.matmul(Z, -2 * np.swapaxes(M, -1, -2))
        r2 += (M * M).sum(axis=-1)[..., None, :]
        r2 += (Z * Z).sum(axis=-1)[..., None]
        return r2, (Z, M)

    def pullback(self, saved, G):
        X, centers, A, (Z, M) = saved
        # Σ_i G_ij (z_i - m_j)
        of_centers = np.swapaxes(G, -1, -2) @ Z - G.sum(axis=-2)[..., None] * M
        of_rows = self._of_rows(saved, G)
        slopes = -2 * of_centers @ np.swapaxes(A, -1, -2)
        from_rows = np.swapaxes(_moments(X, of_rows), -1, -2)
        return slopes, 2 * (from_rows - np.swapaxes(centers, -1, -2) @ of_centers)

    def input_pullback(self, saved, G):
        return 2 * self._of_rows(saved, G) @ np.swapaxes(saved[2], -1, -2)

    @staticmethod
    def _of_rows(saved, G):
        """Return Σ_j G_ij (z_i - m_j)."""
        Z, M = saved[3]
        return G.sum(axis=-1)[..., None] * Z - G @ M


class EllipticGeometry(Geometry):
    """r² = ‖A_jᵀ(x - μ_j)‖² with a full matrix for each centre."""

    def shape_parameters(self, n_centers, n_features):
        return (n_centers, n_features, n_features)

    def _squared(self, X, centers, A):
        r2 = np.empty((*centers.shape[:-2], X.shape[0], centers.shape[-2]), dtype=X.dtype)
        for j in range(centers.shape[-2]):
            Z = self._projected(X, centers, A, j)
            r2[..., j] = (Z * Z).sum(axis=-1)
        return r2, None

    def pullback(self, saved, G):
        X, centers, A, _ = saved
        slopes, shapes = np.empty_like(centers), np.empty_like(A)
        for j in range(centers.shape[-2]):
            Z = self._projected(X, centers, A, j) * G[..., j, None]
            total = Z.sum(axis=-2)
            slopes[..., j, :] = -2 * np.matmul(A[..., j, :, :], total[..., None])[..., 0]
            from_rows = np.swapaxes(_moments(X, Z), -1, -2)
            shapes[..., j, :, :] = 2 * (from_rows - centers[..., j, :, None] * total[..., None, :])
        return slopes, shapes

    def input_pullback(self, saved, G):
        X, centers, A, _ = saved
        total = np.zeros((), dtype=G.dtype)
        for j in range(centers.shape[-2]):
            Z = self._projected(X, centers, A, j) * G[..., j, None]
            total = total + 2 * Z @ np.swapaxes(A[..., j, :, :], -1, -2)
        return total

    @staticmethod
    def _projected(X, centers, A, j):
        own = A[..., j, :, :]
        return product(X, own) - np.matmul(centers[..., j, None, :], own)


def make_geometry(shape: str, shared: bool) -> Geometry:
    """Return the distances for a shape.

    Parameters
    ----------
    shape : {"spherical", "diagonal", "full"}
        Kind of A.
    shared : bool
        Whether all centres share one.

    Returns
    -------
    Geometry
        The distances.
    """
    if shape == "full":
        return FullGeometry() if shared else EllipticGeometry(shared=False)
    return DiagonalGeometry(shared, spherical=shape == "spherical")


def _has_square(X) -> bool:
    """Return whether the sum of the squares of all numbers is one."""
    values = (X.data if sparse.issparse(X) else X).reshape(-1)
    return bool(np.isfinite(values @ values))


def _sum_in_one_product(X, centers, lengths, levels):
    """Return -2 X Cᵀ + lengths + levels, without further passes over the result."""
    n_rows, n_features = X.shape[-2:]
    lead, n_centers = lengths.shape[:-2], centers.shape[-2]
    of_rows = np.empty((*lead, n_rows, n_features + 2), dtype=X.dtype)
    of_rows[..., :-2], of_rows[..., -2:-1], of_rows[..., -1] = X, lengths, 1
    of_centers = np.empty((*lead, n_features + 2, n_centers), dtype=X.dtype)
    np.multiply(np.swapaxes(centers, -1, -2), -2, out=of_centers[..., :-2, :])
    of_centers[..., -2, :], of_centers[..., -1:, :] = 1, levels
    return np.matmul(of_rows, of_centers)


def _moments(X, G):
    """Return Gᵀ X for dense or CSR rows."""
    out = np.empty((*G.shape[:-2], X.shape[1], G.shape[-1]), dtype=G.dtype)
    transposed_product(X, G, out)
    return np.swapaxes(out, -1, -2)
