"""Squared distances between rows and centres, and gradients for centres and shapes.

A shape is the A of r² = (x - μ)ᵀ A Aᵀ (x - μ): none (spherical), a diagonal or a full matrix,
shared by all centres or one for each. Distances are computed by matrix products of blocks of rows,
dense or CSR; no array has axes for rows, centres and inputs at once. Arrays may have leading axes,
with one entry per network of a stack.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import sparse

from .._linalg import dense, product, transposed_product

SHAPES = ("spherical", "diagonal", "full")


class Geometry:
    """Base of the distances."""

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
            origin = _middle(centers)
            X = X - origin
        centers = centers - origin
        r2, saved = self._squared(X, centers, A)
        return _checked(r2, X, _has_square(centers)), (X, centers, A, saved)

    def distances(self, centers: np.ndarray, A: np.ndarray | None) -> Callable[[Any], np.ndarray]:
        """Return r² as a function of rows, for predictions of many blocks."""
        return lambda X: self.squared(X, centers, A)[0]

    def pullback(self, saved: Any, G: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """Return ∂L/∂centers and ∂L/∂A from `G` = ∂L/∂r²."""
        raise NotImplementedError

    def input_pullback(self, saved: Any, G: np.ndarray) -> np.ndarray:
        """Return ∂L/∂x, shape (..., n_rows, n_features), from `G` = ∂L/∂r²."""
        raise NotImplementedError

    def _squared(self, X, centers, A):
        raise NotImplementedError


class DiagonalGeometry(Geometry):
    """r² = Σ_d a_d² (x_d - μ_d)², with a_d = 1 if it is spherical."""

    def __init__(self, shared: bool = True, spherical: bool = False):
        self.shared = shared or spherical
        self.spherical = spherical

    def shape_parameters(self, n_centers, n_features):
        if self.spherical:
            return None
        return (n_features,) if self.shared else (n_centers, n_features)

    def distances(self, centers, A):
        if not self.shared:
            return super().distances(centers, A)
        with np.errstate(over="ignore", invalid="ignore"):
            origin = _middle(centers)
            moved = centers - origin
            B, weighted, levels = self._of_centers(moved, A)
            columns, is_finite = _as_columns(weighted, levels), _has_square(moved)

        @np.errstate(over="ignore", invalid="ignore")
        def r2(X):
            if sparse.issparse(X):
                return self.squared(X, centers, A)[0]
            X = X - origin
            return _checked(np.matmul(_as_rows(X, _lengths(X * X, B)), columns), X, is_finite)

        return r2

    def _of_centers(self, centers, A):
        """Return B = A², and what distances need of the centres."""
        B = np.ones_like(centers[..., :1, :]) if A is None else A * A
        if B.ndim < centers.ndim:
            B = B[..., None, :]
        weighted = centers if A is None else B * centers
        return B, weighted, np.einsum("...ij,...ij->...i", weighted, centers)[..., None, :]

    def _squared(self, X, centers, A):
        B, weighted, levels = self._of_centers(centers, A)
        squares = X.multiply(X).tocsr() if sparse.issparse(X) else X * X
        lengths = _lengths(squares, B)
        if self.shared and not sparse.issparse(X):
            r2 = np.matmul(_as_rows(X, lengths), _as_columns(weighted, levels))
            return r2, (B, squares)
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
    """Return the distances for one of `SHAPES`; centres share one A, or each has its own."""
    if shape == "full":
        return FullGeometry() if shared else EllipticGeometry()
    return DiagonalGeometry(shared, spherical=shape == "spherical")


def _has_square(X) -> bool:
    """Return whether the sum of the squares of all numbers is one."""
    values = (X.data if sparse.issparse(X) else X).reshape(-1)
    return bool(np.isfinite(values @ values))


def _middle(centers):
    """Return the mean of all centres, near which less cancels."""
    return centers.mean(axis=tuple(range(centers.ndim - 1)))


def _checked(r2, X, is_finite):
    """Return distances that are not negative, and infinite if they overflow."""
    r2.clip(0, np.inf, out=r2)
    if not (is_finite and _has_square(X)):
        np.nan_to_num(r2, copy=False, nan=np.inf, posinf=np.inf)
    return r2


def _lengths(squares, B):
    """Return Σ_d B_d x_d², from the squares."""
    return product(squares, np.ascontiguousarray(np.swapaxes(B, -1, -2)))


# The product of these two is -2 X Cᵀ + lengths + levels, without further passes over the result.


def _as_rows(X, lengths):
    """Return rows [x, length, 1]."""
    n_rows, n_features = X.shape[-2:]
    rows = np.empty((*lengths.shape[:-2], n_rows, n_features + 2), dtype=X.dtype)
    rows[..., :-2], rows[..., -2:-1], rows[..., -1] = X, lengths, 1
    return rows


def _as_columns(centers, levels):
    """Return columns [-2 μ, 1, level]."""
    n_centers, n_features = centers.shape[-2:]
    columns = np.empty((*centers.shape[:-2], n_features + 2, n_centers), dtype=centers.dtype)
    np.multiply(np.swapaxes(centers, -1, -2), -2, out=columns[..., :-2, :])
    columns[..., -2, :], columns[..., -1:, :] = 1, levels
    return columns


def _moments(X, G):
    """Return Gᵀ X for dense or CSR rows."""
    out = np.empty((*G.shape[:-2], X.shape[1], G.shape[-1]), dtype=G.dtype)
    transposed_product(X, G, out)
    return np.swapaxes(out, -1, -2)
