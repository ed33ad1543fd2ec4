"""Embeddings, and the squared distances of radial units, as nodes of a graph.

A stack of networks has a leading axis in all arrays, as in training; a single network has none.
"""

# NumPy's stubs do not support `__array_ufunc__`.
# mypy: disable-error-code="call-overload"

from functools import singledispatch
from typing import Any

import numpy as np

from .. import embeddings
from ..activations import as_activation
from ..kernels import as_kernel
from ..radial import make_geometry
from ..radial._geometry import DiagonalGeometry, EllipticGeometry, FullGeometry
from ._functions import REMEDY, activated, kernel_log, kernel_value
from ._graph import Tensor, unsupported


@singledispatch
def embedded(embedding: Any, own: tuple[np.ndarray, ...], C: np.ndarray, X: Tensor) -> Tensor:
    """Return y_E.

    Parameters
    ----------
    embedding : Embedding
        The first layer, by which the function is dispatched.
    own : tuple of ndarray
        Its fitted arrays.
    C : ndarray of shape (..., n_features + 1, n_projections)
        Its columns of C_a.
    X : Tensor of shape (n_rows, n_features)
        Mapped rows.

    Returns
    -------
    Tensor of shape (..., n_rows, width)
        The embedding.
    """
    raise unsupported(f"The embedding {embedding!r}", REMEDY.format("embedded"))


@embedded.register
def _(embedding: embeddings.Dense, own, C, X):
    v = np.matmul(X, C[..., :-1, :]) + C[..., -1:, :]
    return activated(as_activation(embedding.activation), v)


@embedded.register
def _(embedding: embeddings.Passthrough, own, C, X):
    return X if C.ndim == 2 else X + np.zeros((len(C), 1, 1))  # one copy per network


@embedded.register
def _(embedding: embeddings.Operator, own, C, X):
    k, m = embedding.left.n_projections, embedding.left.n_parameters
    left = embedded(embedding.left, own[:m], C[..., :k], X)
    right = embedded(embedding.right, own[m:], C[..., k:], X)
    return joined(embedding, left, right)


@embedded.register
def _(embedding: embeddings.Radial, own, C, X):
    kernel = as_kernel(embedding.kernel)
    h = np.exp(own[1].astype(np.float64))[..., None, :]
    geometry = make_geometry(embedding.shape, embedding.shared)
    centers, *shapes = (np.asarray(part, dtype=np.float64) for part in (own[0], *own[2:]))
    A = shapes[0] if shapes else None
    origin = centers.mean(axis=tuple(range(centers.ndim - 1)))
    # At a kink, the root of a rounding error counts.
    rows = X.cast(np.float64) if kernel.has_kink else X
    r2 = squared(geometry, rows - origin, centers - origin, A).cast(X.dtype)
    s = np.maximum(r2, 0) * (1 / (h * h))
    if embedding.normalize:
        s = np.minimum(s, np.finfo(X.dtype).max)
        logs = kernel_log(kernel, s)
        logs = logs if kernel.power == 0 else logs + kernel.power * np.log(h)
        return logs.apply("Softmax", axis=-1)
    k = kernel_value(kernel, s)
    return k if kernel.power == 0 else k * h**kernel.power


@singledispatch
def joined(operator: Any, left: Tensor, right: Tensor) -> Tensor:
    """Return the combination of two embeddings.

    Parameters
    ----------
    operator : Operator
        The operator, by which the function is dispatched.
    left, right : Tensor of shape (..., n_rows, width)
        The branches.

    Returns
    -------
    Tensor
        The embedding.
    """
    raise unsupported(f"The operator {type(operator).__name__}", REMEDY.format("joined"))


@joined.register
def _(operator: embeddings.Concatenation, left, right):
    return left.graph.concat([left, right])


@joined.register
def _(operator: embeddings.Sum, left, right):
    return left + right


@joined.register
def _(operator: embeddings.Product, left, right):
    return left * right


@singledispatch
def squared(geometry: Any, X: Tensor, centers: np.ndarray, A: np.ndarray | None) -> Tensor:
    """Return r² of mapped rows from centres, which may be slightly negative by rounding."""
    raise unsupported(f"The geometry {type(geometry).__name__}", "it is not part of this package.")


@squared.register
def _(geometry: DiagonalGeometry, X, centers, A):
    B = np.ones_like(centers[..., :1, :]) if A is None else A * A
    B = B if B.ndim == centers.ndim else B[..., None, :]
    weighted = B * centers
    offset = (weighted * centers).sum(axis=-1)[..., None, :]
    products = np.matmul(X, -2 * np.swapaxes(weighted, -1, -2))
    return products + offset + np.matmul(X * X, np.swapaxes(B, -1, -2))


@squared.register
def _(geometry: FullGeometry, X, centers, A):
    Z, M = np.matmul(X, A), centers @ A
    offset = (M * M).sum(axis=-1)[..., None, :]
    products = np.matmul(Z, -2 * np.swapaxes(M, -1, -2))
    return products + offset + np.matmul(Z * Z, np.ones((M.shape[-1], 1)))


@squared.register
def _(geometry: EllipticGeometry, X, centers, A):
    *lead, n_centers, d = centers.shape
    side_by_side = np.swapaxes(A, -3, -2).reshape(*lead, d, n_centers * d)
    offset = np.matmul(centers[..., None, :], A).reshape(*lead, 1, n_centers * d)
    Z = (np.matmul(X, side_by_side) - offset).reshape(*lead, -1, n_centers, d)
    return (Z * Z).sum(-1)
