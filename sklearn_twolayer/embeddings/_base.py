"""The base of all first layers, and the operators that combine two of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from .._documented import Documented
from .._interpolated import Bins
from ..rows import Rows

#: How deep operators may be nested: scikit-learn copies, prints and compares level by level.
MAX_DEPTH = 50


class Parameter(NamedTuple):
    """A learned array of an embedding, in addition to its columns of the shared matrix."""

    name: str
    shape: tuple[int, ...]
    penalized: bool


class Embedding(Documented):
    """Base of the embeddings y_E(x; θ), the first layer of a network.

    An embedding contains only hyperparameters. There are two kinds of fitted parameters: columns
    of one matrix C_a, shared by all branches so that a block of rows needs the single product V =
    X_a C_a, where the last row of C_a contains the biases; and the embedding's own arrays
    (`parameters`). Arrays may have leading axes, with one entry per network of a stack.

    Two embeddings are combined by ``|`` (concatenation), ``+`` and ``*``.
    """

    @property
    def n_projections(self) -> int:
        """Number of columns of V = X_a C_a that this embedding uses."""
        return 0

    @property
    def n_parameters(self) -> int:
        """Number of its own arrays."""
        return 0

    @property
    def needs_inputs(self) -> bool:
        """Whether it uses the rows themselves, in addition to their product with C_a."""
        return True

    @property
    def needs_coordinates(self) -> bool:
        """Whether `predictor` is for rows with all their inputs, and not by bin and fraction."""
        return self.needs_inputs

    def width(self, n_features: int) -> int:
        """Return N_E, the number of outputs.

        Parameters
        ----------
        n_features : int
            Number of mapped inputs.

        Returns
        -------
        int
            The number of columns of y_E.
        """
        raise NotImplementedError

    def parameters(self, n_features: int) -> tuple[Parameter, ...]:
        """Return the names and shapes of its own arrays."""
        return ()

    def initialize(
        self, rows: Rows, rng: np.random.RandomState
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Return starting values: C_a, shape (n_features + 1, n_projections), and arrays."""
        raise NotImplementedError

    def forward(
        self, own: tuple[np.ndarray, ...], V: np.ndarray, X: np.ndarray
    ) -> tuple[np.ndarray, Any]:
        """Map a block of rows to y_E.

        Parameters
        ----------
        own : tuple of ndarray
            The arrays of `parameters`.
        V : ndarray of shape (..., n_rows, n_projections)
            Its columns of X_a C_a; may be overwritten.
        X : {ndarray, CSR} of shape (n_rows, n_features + 1)
            The augmented rows x_a.

        Returns
        -------
        y : ndarray of shape (..., n_rows, width)
            The embedding.
        saved : object
            What `pullback` needs.
        """
        raise NotImplementedError

    def predictor(
        self, own: tuple[np.ndarray, ...], weights: np.ndarray, n_features: int, bins: Bins | None
    ) -> Callable:
        """Return a function of V and X that computes y_E W, for predictions alone.

        Parameters
        ----------
        own : tuple of ndarray
            The arrays of `parameters`.
        weights : ndarray of shape (..., width, n_outputs)
            The weights of the output layer.
        n_features : int
            Number of mapped inputs.
        bins : Bins or None
            The positions of piecewise-linear coordinates among them, if rows are represented by
            bin and fraction.

        Returns
        -------
        callable
            Takes V and X as `forward` does, or `Interpolated` rows instead of X, and
            returns an array of shape (..., n_rows, n_outputs).
        """
        return lambda V, X: np.matmul(self.forward(own, V, X)[0], weights)

    def pullback(
        self, own: tuple[np.ndarray, ...], saved: Any, delta: np.ndarray, X: np.ndarray
    ) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Pull the gradient back from y_E to the parameters.

        Parameters
        ----------
        own : tuple of ndarray
            The arrays of `parameters`.
        saved : object
            What `forward` saved.
        delta : ndarray of shape (..., n_rows, width)
            ∂L/∂y_E; may be overwritten.
        X : {ndarray, CSR} of shape (n_rows, n_features + 1)
            The augmented rows x_a.

        Returns
        -------
        delta_V : ndarray of shape (..., n_rows, n_projections)
            ∂L/∂V.
        gradients : tuple of ndarray
            The gradients of the arrays of `parameters`, summed over the rows.
        """
        raise NotImplementedError

    def input_pullback(
        self, own: tuple[np.ndarray, ...], saved: Any, delta: np.ndarray, X: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | float]:
        """Pull the gradient back from y_E to the input; parameters are as in `pullback`.

        Returns
        -------
        delta_V : ndarray of shape (..., n_rows, n_projections)
            ∂L/∂V.
        delta_X : ndarray of shape (..., n_rows, n_features) or zero
            ∂L/∂x, without the part that goes through V.
        """
        raise NotImplementedError(
            f"{type(self).__name__} has no input_pullback, the derivative with respect to the "
            "input, which gradients and explanations need: define it."
        )

    def __or__(self, other: "Embedding") -> "Concatenation":
        return check_depth(Concatenation(self, as_operand(other)))

    def __add__(self, other: "Embedding") -> "Sum":
        return check_depth(Sum(self, as_operand(other)))

    def __mul__(self, other: "Embedding") -> "Product":
        return check_depth(Product(self, as_operand(other)))


def as_operand(other: Any) -> Embedding:
    """Return `other`, or raise TypeError if it is not an embedding."""
    if not isinstance(other, Embedding):
        raise TypeError(
            f"An embedding can be combined with another embedding, not with {other!r}."
        )
    return other


def check_depth(expression: Embedding) -> Embedding:
    """Return an expression, or raise ValueError if its operators are nested too deeply."""
    level, depth = [expression], 0
    while level := [
        side for node in level if isinstance(node, Operator) for side in (node.left, node.right)
    ]:
        depth += 1
        if depth > MAX_DEPTH:
            raise ValueError(
                f"The operators |, + and * of an embedding are nested more than {MAX_DEPTH} "
                "deep. Use more units per branch (Dense(100) for a hundred Dense(1)), or "
                "combine branches in pairs, (a | b) | (c | d), rather than one after the other."
            )
    return expression


class Operator(Embedding):
    """Base of the operators: a binary node with `left` and `right`.

    `sign` is its symbol, and `binds` its precedence in Python.
    """

    sign = ""
    binds = 0

    def __init__(self, left: Embedding, right: Embedding):
        self.left = left
        self.right = right

    @property
    def n_projections(self):
        return self.left.n_projections + self.right.n_projections

    @property
    def n_parameters(self):
        return self.left.n_parameters + self.right.n_parameters

    @property
    def needs_inputs(self):
        return self.left.needs_inputs or self.right.needs_inputs

    def __repr__(self, N_CHAR_MAX=700):
        # scikit-learn's takes twice as long for each level of nesting.
        sides = [repr(self.left), repr(self.right)]
        for k, (side, least) in enumerate([(self.left, self.binds), (self.right, self.binds + 1)]):
            if isinstance(side, Operator) and side.binds < least:
                sides[k] = f"({sides[k]})"
        return f" {self.sign} ".join(sides)

    def width(self, n_features):
        left, right = self.left.width(n_features), self.right.width(n_features)
        if left != right:
            raise ValueError(
                f"{type(self).__name__} combines branches of the same width, but the left one "
                f"has {left} outputs and the right one {right}: {self!r}. Use | for branches of "
                "different widths."
            )
        return left

    def parameters(self, n_features):
        return tuple(
            parameter._replace(name=f"{side}.{parameter.name}")
            for side in ("left", "right")
            for parameter in getattr(self, side).parameters(n_features)
        )

    def initialize(self, rows, rng):
        left, own_left = self.left.initialize(rows, rng)
        right, own_right = self.right.initialize(rows, rng)
        return np.hstack([left, right]), own_left + own_right

    def forward(self, own, V, X):
        k, m = self.left.n_projections, self.left.n_parameters
        left, saved_left = self.left.forward(own[:m], V[..., :k], X)
        right, saved_right = self.right.forward(own[m:], V[..., k:], X)
        return self._join(left, right), (saved_left, saved_right, left, right)

    def pullback(self, own, saved, delta, X):
        saved_left, saved_right, left, right = saved
        m = self.left.n_parameters
        delta_left, delta_right = self._split(delta, left, right)
        delta_left, own_left = self.left.pullback(own[:m], saved_left, delta_left, X)
        delta_right, own_right = self.right.pullback(own[m:], saved_right, delta_right, X)
        return np.concatenate([delta_left, delta_right], axis=-1), own_left + own_right

    def input_pullback(self, own, saved, delta, X):
        saved_left, saved_right, left, right = saved
        m = self.left.n_parameters
        delta_left, delta_right = self._split(delta, left, right)
        delta_left, X_left = self.left.input_pullback(own[:m], saved_left, delta_left, X)
        delta_right, X_right = self.right.input_pullback(own[m:], saved_right, delta_right, X)
        return np.concatenate([delta_left, delta_right], axis=-1), X_left + X_right

    def _join(self, left, right):
        raise NotImplementedError

    def _split(self, delta, left, right):
        raise NotImplementedError


class Concatenation(Operator):
    """``left | right``: parallel branches (page TWO.27).

    Parameters
    ----------
    left, right : Embedding
        The branches; their widths may differ.

    Examples
    --------
    >>> from sklearn_twolayer.embeddings import Dense
    >>> (Dense(2, "identity") | Dense(3, "relu")).width(n_features=4)
    5
    """

    sign, binds = "|", 1

    def width(self, n_features):
        return self.left.width(n_features) + self.right.width(n_features)

    @property
    def needs_coordinates(self):
        return self.left.needs_coordinates or self.right.needs_coordinates

    def predictor(self, own, weights, n_features, bins):
        # Each side has rows of W of its own: no array holds both.
        k, m, n = self.left.n_projections, self.left.n_parameters, self.left.width(n_features)
        left = self.left.predictor(own[:m], weights[..., :n, :], n_features, bins)
        right = self.right.predictor(own[m:], weights[..., n:, :], n_features, bins)

        def outputs(V, X):
            total = left(V[..., :k], X)
            total += right(V[..., k:], X)
            return total

        return outputs

    def _join(self, left, right):
        return np.concatenate([left, right], axis=-1)

    def _split(self, delta, left, right):
        k = left.shape[-1]
        return delta[..., :k], delta[..., k:]


class Sum(Operator):
    """``left + right``: the residual architecture (page TWO.26).

    Parameters
    ----------
    left, right : Embedding
        The branches, of the same width.

    Examples
    --------
    >>> from sklearn_twolayer.embeddings import Dense
    >>> (Dense(3, "identity") + Dense(3, "tanh")).width(n_features=4)
    3
    """

    sign, binds = "+", 2

    def _join(self, left, right):
        return left + right

    def _split(self, delta, left, right):
        # Each branch may overwrite its input.
        return delta.copy(), delta


class Product(Operator):
    """``left * right``: product units and gates (pages TWO.28 to TWO.30).

    Parameters
    ----------
    left, right : Embedding
        The branches, of the same width.

    Examples
    --------
    >>> from sklearn_twolayer.embeddings import Dense
    >>> (Dense(3, "sigmoid") * Dense(3, "identity")).width(n_features=4)
    3
    """

    sign, binds = "*", 3

    def _join(self, left, right):
        return left * right

    def _split(self, delta, left, right):
        # TWO.50: the gradient of each factor is the other one.
        return delta * right, delta * left
