"""The output layer of a classifier, by cross-entropy on fixed activations.

Least squares on class indicators is accurate with many classes, and has honest leave-one-out
outputs; cross-entropy is accurate near the boundary and gives probabilities. So the latter starts
from the former, scaled to log-odds, and its penalty pulls towards it: z = t f(x) + b + Uᵀ(y_E -
centre), with the cross-entropy of z plus (α/2)‖U‖² to be minimised. The strength α is chosen by
cross-validation, which also gives the factor and the shift that calibrate z.
"""

from math import ceil
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ..blending import Honest, blend_weights, deal_folds
from ..links import Link
from ..losses import LogLoss, Loss, smoothed
from ..rows import Index, blocks, random_of_two, random_part
from ._activations import BLOCK_LENGTH
from ._judged import FixedLayer, JudgedLayer
from ._leave_one_out import LeaveOneOut

#: Strengths of the penalty relative to least squares, from strong to weak. Weaker ones are not
#: tried once the cross-entropy exceeds the least by this fraction.
STRENGTHS = (1e6, 1e5, 1e4, 1e3, 100.0, 10.0, 1.0, 0.1, 0.01)
RISE = 0.05
#: Maximum number of directions of the activations for U.
N_DIRECTIONS = 400
#: Iterations for U: while the strength is chosen, and in the final fit.
FIRST_ITER, LAST_ITER = 10, 50
#: Rows times outputs above which directions and iterations decrease with the square root, so that
#: the time does not grow with the number of classes.
FULL_OUTPUTS = 2**18
#: The smallest penalty of least squares.
TINY = 1e-12
#: Maximum number of rows for the fit of U; of more, a random subset is used.
MAX_ROWS = 20_000
#: Maximum number of rows for the choice of the strength, and of those among them on which it is
#: evaluated, if there are others.
MAX_FOLDED, MAX_EVALUATED = 6_000, 2_000
#: Fewer rows are split into five folds rather than three.
FEW_ROWS, FOLDS_OF_FEW, FOLDS = 2000, 5, 3


class Problem(NamedTuple):
    """A regression by a convex loss, such as cross-entropy, with given offsets."""

    P: np.ndarray  # (n_rows, n_directions), in single precision: memory bounds the time
    values: np.ndarray  # variances of the directions, roughly
    offsets: np.ndarray  # (n_rows, n_outputs)
    targets: np.ndarray
    weights: np.ndarray  # their sum is one
    alpha: float
    link: Link
    loss: Loss = LogLoss()

    def take(self, rows: np.ndarray) -> "Problem":
        """Return the problem of some of the rows."""
        weights = self.weights[rows]
        return self._replace(
            P=self.P[rows],
            offsets=self.offsets[rows],
            targets=self.targets[rows],
            weights=weights / weights.sum(),
        )

    def start(self, constant: np.ndarray | float = 0.0) -> np.ndarray:
        """Return coefficients for a constant; the last row is the bias."""
        U = np.zeros((self.P.shape[1] + 1, self.offsets.shape[1]))
        U[-1] = constant
        return U

    def outputs(self, U: np.ndarray) -> np.ndarray:
        """Return z for coefficients."""
        return self.P @ U[:-1].astype(self.P.dtype) + (U[-1] + self.offsets)

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


class LeastSquaresWithout:
    """Least-squares layers that each leave out some of the rows.

    Parameters
    ----------
    loo : LeaveOneOut
        Centred activations of all rows.
    rows : ndarray of int
        The rows to use.
    targets : ndarray of shape (n_rows, n_outputs)
        Their targets.
    weights : ndarray of shape (n_rows,)
        Their weights.
    """

    def __init__(
        self, loo: LeaveOneOut, rows: np.ndarray, targets: np.ndarray, weights: np.ndarray
    ):
        self.loo, self.rows = loo, rows
        self.targets = targets
        self.weights = weights
        self._all = self._sums(np.arange(len(rows)))

    def outputs(self, outside: np.ndarray, alpha: float) -> np.ndarray:
        """Return the outputs for all rows of the layer fitted without some."""
        parts = zip(self._all, self._sums(outside), strict=True)
        gram, moments = (total - part for total, part in parts)
        total = gram[-1, -1]
        # The lower bound keeps folds with few rows solvable.
        floor = 1e-12 * np.trace(gram) / len(gram)
        gram[np.diag_indices(len(gram) - 1)] += alpha * total + floor
        solution = np.linalg.solve(gram, moments)
        result = np.empty(self.targets.shape)
        for part in blocks(len(result), BLOCK_LENGTH):
            result[part] = self.loo.centered(self.rows[part]) @ solution[:-1] + solution[-1]
        return result

    def _sums(self, index):
        width, n_outputs = len(self.loo.values) + 1, self.targets.shape[1]
        gram, moments = np.zeros((width, width)), np.zeros((width, n_outputs))
        for part in blocks(len(index), BLOCK_LENGTH):
            some = index[part]
            A = np.column_stack([self.loo.centered(self.rows[some]), np.ones(len(some))])
            weighted = A * self.weights[some, None]
            gram += weighted.T @ A
            moments += weighted.T @ self.targets[some]
        return gram, moments


class Output(NamedTuple):
    """An output layer and its held-out outputs."""

    weights: np.ndarray  # W, (n_columns, n_outputs)
    bias: np.ndarray  # b, (n_outputs,)
    alpha: float
    honest: Honest


def fit_cross_entropy(judged: JudgedLayer, rng: np.random.RandomState) -> Output:
    """Fit the output layer of a classifier.

    Parameters
    ----------
    judged : JudgedLayer
        The first layer, with least-squares output layers.
    rng : RandomState
        Deals the folds.

    Returns
    -------
    Output
        Its `alpha` is the strength of the penalty on what is added to least squares, or on W if
        `alpha` is given. Only the former has honest outputs.
    """
    n_rows = judged.objective.n_rows
    limit = min(MAX_ROWS, max(1000, 2**25 // judged.objective.network.width))
    rows = random_part(n_rows, limit, rng)
    if not isinstance(judged.choice, str) or n_rows == 1:
        return _plain(judged, rows)
    return _anchored(judged, rows, rng)


class Directions:
    """Some rows of a first layer along the eigenvectors of its activations.

    Parameters
    ----------
    layer : FixedLayer
        The first layer.
    alpha : float
        The penalty of least squares.
    rows : slice or ndarray of int
        Some rows.
    most : int or None
        Maximum number of directions for U, those of the largest eigenvalues; None for all above
        the rounding errors.
    """

    def __init__(self, layer: FixedLayer, alpha: float, rows: Index, most: int | None):
        objective, values = layer.objective, layer.loo.values
        self.layer, self.alpha, self.link = layer, alpha, objective.link
        self.targets, weights = objective.rows.targets_and_weights(rows)
        self.weights = weights / weights.sum()
        if most is None:
            self.keep = values > len(values) * np.finfo(float).eps * values[-1]
        else:
            self.keep = values > max(0.1 * alpha, 1e-12 * values[-1])
            self.keep[: -min(most, len(weights) - 1)] = False
        self.P = layer.loo.rotated(rows, self.keep).astype(np.float32, copy=False)

    def problem(self, alpha: float) -> Problem:
        """Return a problem without offsets."""
        return Problem(
            self.P,
            self.layer.loo.values[self.keep],
            np.zeros(self.targets.shape),
            self.targets,
            self.weights,
            alpha,
            self.link,
        )

    def in_columns(self, U: np.ndarray) -> np.ndarray:
        """Return coefficients of the activations for those of a problem, without the bias."""
        return self.layer.loo.vectors[:, self.keep] @ U[:-1]


def _plain(judged, rows):
    """Cross-entropy with the penalty on W itself."""
    objective, alpha = judged.objective, judged.alpha
    directions = Directions(judged.layer, alpha, rows, None)
    problem = directions.problem(alpha)
    U = problem.solve(problem.start(objective.best_constant()), max_iter=500)
    weights = directions.in_columns(U)
    bias = U[-1] - judged.layer.loo.center @ weights
    return Output(weights, bias, alpha, Honest.nothing(len(bias)))


def _anchored(judged, rows, rng):
    some = judged.left_out.rows
    others = np.setdiff1d(np.arange(judged.objective.n_rows), some)
    few = random_of_two(some, others, MAX_FOLDED, MAX_FOLDED - MAX_EVALUATED, rng)
    share = _affordable(judged, few)
    strength, (factor, shift), honest = _strength(judged, few, rng)
    loo, (t, b, _), alpha = judged.layer.loo, judged.log_odds, judged.alpha
    directions = Directions(judged.layer, alpha, rows, ceil(share * N_DIRECTIONS))
    W, bias = judged.output
    offsets = t * (loo.activations.product(rows, W) + bias) + b
    problem = directions.problem(strength * (alpha or TINY))._replace(offsets=offsets)
    U = problem.solve(problem.start(), ceil(share * LAST_ITER))
    added = directions.in_columns(U)
    weights = t * W + added
    constant = t * bias + b + U[-1] - loo.center @ added
    bias = factor * constant + shift
    return Output(factor * weights, bias, strength * (alpha or TINY), honest)


def _affordable(judged, rows):
    """Return the fraction of directions and iterations for a number of outputs."""
    n_outputs = len(rows) * judged.objective.rows.targets.shape[1]
    return min((FULL_OUTPUTS / n_outputs) ** 0.5, 1.0)


def _strength(judged, rows, rng):
    """Return the best strength by cross-validated cross-entropy, the calibration of z, and z."""
    honest = np.flatnonzero(np.isin(rows, judged.left_out.rows))
    targets, weights = judged.objective.rows.targets_and_weights(rows[honest])
    link, loss = judged.objective.link, LogLoss()
    even, shares = smoothed(targets, weights), weights / weights.sum()
    fits = list(_fits_without(judged, rows, rng))
    z, least, best = np.empty((len(rows), targets.shape[1])), np.inf, None
    for strength in STRENGTHS:
        for outside, outputs in fits:
            z[outside] = next(outputs)
        error = shares @ loss.value_and_gradient(z[honest], even, link)[0]
        if best is None or error < least:
            least, best = error, (strength, z[honest])
        elif error > (1 + RISE) * least:
            break
    strength, z = best
    (factor,), shift = blend_weights([z], targets, weights, loss, link)
    return strength, (factor, shift), Honest(rows[honest], factor * z + shift)


def _fits_without(judged, rows, rng):
    """Yield sets of rows, each with an iterator over their outputs for each strength."""
    targets, share = judged.objective.rows.targets[rows], _affordable(judged, rows)
    n_folds = min(FOLDS_OF_FEW if len(rows) < FEW_ROWS else FOLDS, len(rows))
    n_parts = -(-n_folds * len(judged.judges[0].judged) // judged.objective.n_rows)
    parts = deal_folds(targets, n_parts, rng)
    t, b, _ = judged.log_odds
    for judge in judged.judges:
        own = np.isin(rows, judge.judged)
        most, max_iter = ceil(share * N_DIRECTIONS), ceil(share * FIRST_ITER)
        directions = Directions(judge, judged.alpha_of(judge), rows, most)
        problem = directions.problem(directions.alpha or TINY)
        squares = LeastSquaresWithout(judge.loo, rows, problem.targets, problem.weights)
        for part in range(n_parts):
            outside = np.flatnonzero(own & (parts == part))
            if 0 < len(outside) < len(rows):
                offsets = t * squares.outputs(outside, directions.alpha) + b
                yield outside, _outputs(problem._replace(offsets=offsets), outside, max_iter)


def _outputs(problem, outside, max_iter):
    """Yield the outputs for some rows of a fit without them, for each strength."""
    inside = np.setdiff1d(np.arange(len(problem.P)), outside)
    some, others, U = problem.take(inside), problem.take(outside), problem.start()
    for strength in STRENGTHS:
        U = some._replace(alpha=strength * problem.alpha).solve(U, max_iter)
        yield others.outputs(U)
