"""Regression by a convex loss, such as cross-entropy, on some directions of fixed activations.

The directions are eigenvectors of the covariance of the activations, those of the largest
eigenvalues. The strength of the penalty is chosen on rows that are left out.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from .._random_rows import random_part
from ..blending import Honest, deal_folds
from ..links import Link
from ..losses import Loss
from ..objective import Objective
from ..rows import Index
from ._activations import KEPT_NUMBERS
from ._judged import FixedLayer, JudgedLayer

#: Maximum number of directions, where it is limited.
N_DIRECTIONS = 400
#: The smallest penalty of least squares.
TINY = 1e-12
#: Maximum number of rows for the final fit; of more, a random subset is used.
MAX_ROWS = 20_000
#: Maximum number of rows for the choice of the strength.
MAX_FOLDED = 6_000
#: Fewer rows are split into five folds rather than three.
FEW_ROWS, FOLDS_OF_FEW, FOLDS = 2000, 5, 3


class Output(NamedTuple):
    """An output layer and its held-out outputs."""

    weights: np.ndarray  # W, (n_columns, n_outputs)
    bias: np.ndarray  # b, (n_outputs,)
    alpha: float
    honest: Honest
    factor: float = 1.0  # of the blend with the best constant; one if there is none


class Problem(NamedTuple):
    """A regression by a convex loss with given offsets; the last coefficient is a bias."""

    P: np.ndarray  # (n_rows, n_directions), in single precision, which is faster, if possible
    vectors: np.ndarray  # (n_columns, n_directions)
    values: np.ndarray  # (n_directions,), the variances of P, roughly
    center: np.ndarray  # (n_columns,), which is subtracted from the activations
    offsets: np.ndarray  # (n_rows, n_outputs)
    targets: np.ndarray
    weights: np.ndarray  # their sum is one
    alpha: float
    link: Link
    loss: Loss

    @classmethod
    def on(
        cls, layer: FixedLayer, objective: Objective, rows: Index, alpha: float, most: int | None
    ) -> "Problem":
        """Return a problem without offsets on some rows of an objective.

        There are at most `most` directions, without those that have much less variance than the
        penalty and thus little effect. If it is None, all above rounding errors are used.
        """
        loo = layer.loo
        targets, weights = objective.rows.targets_and_weights(rows)
        if most is None:
            keep = loo.values > len(loo.values) * np.finfo(float).eps * loo.values[-1]
        else:
            keep = loo.values > max(0.1 * alpha, 1e-12 * loo.values[-1])
            keep[: -min(most, len(weights) - 1)] = False
        P = loo.rotated(rows, keep)
        with np.errstate(over="ignore"):
            single = P.astype(np.float32, copy=False)
        return cls(
            P=single if np.isfinite(single).all() else P,
            vectors=loo.vectors[:, keep],
            values=loo.values[keep],
            center=loo.center,
            offsets=np.zeros(targets.shape),
            targets=targets,
            weights=weights / weights.sum(),
            alpha=alpha,
            link=objective.link,
            loss=objective.loss,
        )

    def take(self, rows: np.ndarray) -> "Problem":
        """Return the problem of some of the rows."""
        weights = self.weights[rows]
        return self._replace(
            P=self.P[rows],
            offsets=self.offsets[rows],
            targets=self.targets[rows],
            weights=weights / weights.sum(),
        )

    def at(self, strength: float) -> "Problem":
        """Return the problem with a multiple of the penalty."""
        return self._replace(alpha=strength * self.alpha)

    def start(self, constant: np.ndarray | float = 0.0) -> np.ndarray:
        """Return coefficients for a constant."""
        U = np.zeros((self.P.shape[1] + 1, self.offsets.shape[1]))
        U[-1] = constant
        return U

    def outputs(self, U: np.ndarray) -> np.ndarray:
        """Return z for coefficients."""
        return self.P @ U[:-1].astype(self.P.dtype) + (U[-1] + self.offsets)

    def layer(self, U: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return W and b for coefficients, without the offsets."""
        W = self.vectors @ U[:-1]
        return W, U[-1] - self.center @ W

    def solve(self, start: np.ndarray, max_iter: int) -> np.ndarray:
        """Return the best coefficients, by steps in a scale in which directions are alike."""
        scale = np.append(1 / np.sqrt(0.25 * self.values + self.alpha), 1.0)[:, None]

        def cost_and_gradient(flat):
            U = scale * flat.reshape(start.shape)
            values, delta = self.loss.value_and_gradient(self.outputs(U), self.targets, self.link)
            delta *= self.weights[:, None]
            pull = self.alpha * U[:-1]
            slopes = self.P.T @ delta.astype(self.P.dtype) + pull
            gradient = scale * np.vstack([slopes, delta.sum(axis=0)])
            return self.weights @ values + 0.5 * (pull * U[:-1]).sum(), gradient.ravel()

        options = {"maxiter": max_iter, "gtol": 1e-5, "ftol": 1e-8}
        first = (start / scale).ravel()
        found = minimize(cost_and_gradient, first, jac=True, method="L-BFGS-B", options=options)
        return scale * found.x.reshape(start.shape)

    def left_out(
        self, outside: np.ndarray, strengths: Sequence[float], U: np.ndarray, max_iter: int
    ) -> Iterator[np.ndarray]:
        """Yield the outputs for some rows of a fit without them, for each strength."""
        inside = np.setdiff1d(np.arange(len(self.P)), outside)
        some, others = self.take(inside), self.take(outside)
        for strength in strengths:
            U = some.at(strength).solve(U, max_iter)
            yield others.outputs(U)


def rows_of_fit(objective: Objective, rng: np.random.RandomState) -> Index:
    """Return the rows of the final fit: all, or some if there are many."""
    limit = min(MAX_ROWS, max(1000, KEPT_NUMBERS // objective.network.width))
    return random_part(objective.n_rows, limit, rng)


def rows_left_out(
    judged: JudgedLayer, rows: np.ndarray, targets: np.ndarray, rng: np.random.RandomState
) -> Iterator[tuple[FixedLayer, list[np.ndarray]]]:
    """Yield layers, and which of some rows to leave out of fits on each, one set at a time.

    Folds have the targets of the rows, shape (n_rows, n_outputs), in the same proportions.
    """
    n_folds = min(FOLDS_OF_FEW if len(rows) < FEW_ROWS else FOLDS, len(rows))
    n_parts = -(-n_folds * len(judged.judges[0].judged) // judged.objective.n_rows)
    parts = deal_folds(targets, n_parts, rng)
    for judge in judged.judges:
        own = np.isin(rows, judge.judged)
        sets = [np.flatnonzero(own & (parts == part)) for part in range(n_parts)]
        yield judge, [outside for outside in sets if 0 < len(outside) < len(rows)]
