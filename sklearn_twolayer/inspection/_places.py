"""Positions of units: the kink, step or zero of a dense unit, the centre of a radial one."""

from functools import singledispatch
from typing import Any, NamedTuple

import numpy as np

from ..embeddings import Concatenation, Dense, Embedding, Operator, Radial

#: Squared distance from a centre, in widths, beyond which nothing changes.
FARTHEST = 4.0


class Place(NamedTuple):
    """The position of a unit: where its field is zero; for a radial unit also its minimum."""

    unit: int
    field: np.ndarray  # (n_rows,): a linear combination of the inputs, or r²/h² - 1
    has_center: bool


@singledispatch
def places(embedding: Embedding, own: tuple, V: np.ndarray, X: Any) -> list[Place]:
    """Return the positions of units among rows; none for embeddings from other packages.

    The arguments are those of `Embedding.forward`, for a single network. A unit that combines
    several others has their positions.
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
    """Return the embeddings combined by `|`, from left to right.

    Examples
    --------
    >>> branches((Dense(3) | Dense(3, "tanh")) | Dense(2) * Dense(2))
    [Dense(n_units=3), Dense(activation='tanh', n_units=3), Dense(n_units=2) * Dense(n_units=2)]
    """
    if not isinstance(embedding, Concatenation):
        return [embedding]
    return branches(embedding.left) + branches(embedding.right)
