"""Where units are: the bend, step or node of a dense unit, the centre of a radial one."""

from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from ..embeddings import Concatenation, Dense, Embedding, Operator, Radial

#: Squared widths from a centre beyond which all is alike.
FARTHEST = 4.0


class Place(NamedTuple):
    """Where a unit is: where its field is zero, and a radial one also where that is least."""

    unit: int
    field: np.ndarray  # (n_rows,): a linear combination of the inputs, or r²/h² - 1
    has_center: bool


@singledispatch
def places(embedding: Embedding, own: tuple, V: np.ndarray, X: Any) -> list[Place]:
    """Return where units are among rows; none for other embeddings than those of the package.

    Parameters
    ----------
    embedding : Embedding
        The first layer.
    own : tuple of ndarray
        The arrays of `embedding.parameters`.
    V : ndarray of shape (n_rows, n_projections)
        Its columns of X_a C_a.
    X : {ndarray, CSR} of shape (n_rows, n_features + 1)
        The augmented rows x_a.

    Returns
    -------
    list of Place
        One for each unit, or more where a unit joins several.
    """
    return []


@places.register
def _(embedding: Dense, own, V, X):
    return [Place(j, field, False) for j, field in enumerate(V.T)]


@places.register
def _(embedding: Radial, own, V, X):
    _, (s, *_) = embedding.forward(own, V, X)
    return [Place(j, field, True) for j, field in enumerate(np.minimum(s, FARTHEST).T - 1)]


@places.register
def _(embedding: Operator, own, V, X):
    k, m = embedding.left.n_projections, embedding.left.n_parameters
    left = places(embedding.left, own[:m], V[..., :k], X)
    right = places(embedding.right, own[m:], V[..., k:], X)
    if isinstance(embedding, Concatenation):
        width = embedding.left.width(X.shape[1] - 1)
        right = [place._replace(unit=width + place.unit) for place in right]
    return left + right


def branches(embedding: Embedding) -> list[Embedding]:
    """Return what is joined by `|`, from left to right.

    Parameters
    ----------
    embedding : Embedding
        The first layer.

    Returns
    -------
    list of Embedding
        The embedding itself, where nothing is joined.

    Examples
    --------
    >>> branches((Dense(3) | Dense(3, "tanh")) | Dense(2) * Dense(2))
    [Dense(n_units=3), Dense(activation='tanh', n_units=3), Dense(n_units=2) * Dense(n_units=2)]
    """
    if not isinstance(embedding, Concatenation):
        return [embedding]
    return branches(embedding.left) + branches(embedding.right)
