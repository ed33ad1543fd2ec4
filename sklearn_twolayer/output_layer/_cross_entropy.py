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
from ..rows import blocks, random_of_two, random_part
from ._activations import BLOCK_LENGTH
from ._judged import FixedLayer, JudgedLayer

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

    Z: np.ndarray  # (n_rows, n_directions), whitened
    offsets: np.ndarray  # (n_rows, n_outputs)
    targets: np.ndarray
    weights: np.ndarray  # their sum is one
    penalties: np.ndarray  # (n_directions,)
    link: Link
    loss: Loss = LogLoss()

    def take(self, rows: np.ndarray) -> "Problem":
        """Return the problem of some of the rows."""
        weights = self.weights[rows]
        return self._replace(
            Z=self.Z[rows],
            offsets=self.offsets[rows],
            targets=self.targets[rows],
            weights=weights / weights.sum(),
        )

    def outputs(self, U: np.ndarray) -> np.ndarray:
        """Return z for coefficients whose last row is a bias."""
        z = self.Z @ U[:-1]
        z += U[-1]
        z += self.offsets
        return z

    def solve(self, start: np.ndarray, max_iter: int) -> np.ndarray:
        """Return the best coefficients."""

        def cost_and_gradient(flat):
            U = flat.reshape(start.shape)
            values, delta = self.loss.value_and_gradient(self.outputs(U), self.targets, self.link)
            delta *= self.weights[:, None]
            pull = self.penalties[:, None] * U[:-1]
            gradient = np.vstack([self.Z.T @ delta + pull, delta.sum(axis=0)])
            return self.weights @ values + 0.5 * (pull * U[:-1]).sum(), gradient.ravel()

        options = {"maxiter": max_iter, "gtol": 1e-5, "ftol": 1e-8}
        found = minimize(
            cost_and_gradient, start.ravel(), jac=True, method="L-BFGS-B", options=options
        )
        return found.x.reshape(start.shape)


class LeastSquaresWithout:
    """Least-squares layers that each leave out some of the rows.

    Parameters
    ----------
    P : ndarray of shape (n_rows, n_directions)
        Activations along the eigenvectors.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets.
    weights : ndarray of shape (n_rows,)
        Weights of the rows.
    """

    def __init__(self, P: np.ndarray, targets: np.ndarray, weights: np.ndarray):
        self.P = P
        self.targets = targets
        self.weights = weights
        self._all = self._sums(np.arange(len(P)))

    def outputs(self, rows: np.ndarray, alpha: float) -> np.ndarray:
        """Return the outputs for all rows of the layer fitted without some."""
        parts = zip(self._all, self._sums(rows), strict=True)
        gram, moments = (total - part for total, part in parts)
        total = gram[-1, -1]
        # The lower bound keeps folds with few rows solvable.
        floor = 1e-12 * np.trace(gram) / len(gram)
        gram[np.diag_indices(len(gram) - 1)] += alpha * total + floor
        solution = np.linalg.solve(gram, moments)
        return in_double(self.P, solution[:-1]) + solution[-1]

    def _sums(self, rows):
        width, n_outputs = self.P.shape[1] + 1, self.targets.shape[1]
        gram, moments = np.zeros((width, width)), np.zeros((width, n_outputs))
        for part in blocks(len(rows), BLOCK_LENGTH):
            index = rows[part]
            A = np.column_stack([self.P[index], np.ones(len(index))])
            weighted = A * self.weights[index, None]
            gram += weighted.T @ A
            moments += weighted.T @ self.targets[index]
        return gram, moments


def in_double(P: np.ndarray, C: np.ndarray) -> np.ndarray:
    """Return P C in double precision, without a copy of all of P."""
    result = np.empty((len(P), C.shape[1]))
    for part in blocks(len(P), BLOCK_LENGTH):
        np.matmul(P[part], C, out=result[part])
    return result


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
    rows = np.arange(n_rows)[random_part(n_rows, limit, rng)]
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
    rows : ndarray of int
        Indices of rows.
    most : int or None
        Maximum number of directions for U, those of the largest eigenvalues; None for all above
        the rounding errors.
    """

    def __init__(self, layer: FixedLayer, alpha: float, rows: np.ndarray, most: int | None):
        objective, values = layer.objective, layer.loo.values
        self.layer, self.alpha, self.link = layer, alpha, objective.link
        self.targets, weights = objective.rows.targets_and_weights(rows)
        self.weights = weights / weights.sum()
        self.P = layer.loo.rotated(rows)
        if most is None:
            self.keep = values > len(values) * np.finfo(float).eps * values[-1]
        else:
            self.keep = values > max(0.1 * alpha, 1e-12 * values[-1])
            self.keep[: -min(most, len(rows) - 1)] = False

    def problem(self, alpha: float) -> tuple[Problem, np.ndarray]:
        """Return a problem without offsets, and the scales that whiten its directions."""
        scale = 1 / np.sqrt(0.25 * self.layer.loo.values[self.keep] + alpha)
        Z = self.P[:, self.keep] * scale
        problem = Problem(
            Z,
            np.zeros(self.targets.shape),
            self.targets,
            self.weights,
            alpha * scale**2,
            self.link,
        )
        return problem, scale

    def in_columns(self, U: np.ndarray, scale: np.ndarray) -> np.ndarray:
        """Return coefficients of the activations for those of a problem, without the bias."""
        return self.layer.loo.vectors[:, self.keep] @ (U[:-1] * scale[:, None])


def _plain(judged, rows):
    """Cross-entropy with the penalty on W itself."""
    objective, alpha = judged.objective, judged.alpha
    directions = Directions(judged.layer, alpha, rows, None)
    problem, scale = directions.problem(alpha)
    constant = objective.best_constant()
    start = np.vstack([np.zeros((len(scale), len(constant))), constant])
    U = problem.solve(start, max_iter=500)
    weights = directions.in_columns(U, scale)
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
    problem, scale = directions.problem(strength * (alpha or TINY))
    W, bias = judged.output
    center = loo.center @ W + bias
    fitted = in_double(directions.P, loo.vectors.T @ W) + center
    problem = problem._replace(offsets=t * fitted + b)
    U = problem.solve(np.zeros((len(scale) + 1, len(b))), ceil(share * LAST_ITER))
    weights = t * W + directions.in_columns(U, scale)
    constant = t * center + b + U[-1]
    bias = factor * (constant - loo.center @ weights) + shift
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
        squares = LeastSquaresWithout(directions.P, directions.targets, directions.weights)
        for part in range(n_parts):
            outside = np.flatnonzero(own & (parts == part))
            inside = np.setdiff1d(np.arange(len(rows)), outside)
            if len(outside) and len(inside):
                offsets = t * squares.outputs(outside, directions.alpha) + b
                yield outside, _outputs(directions, offsets, outside, inside, max_iter)


def _outputs(directions, offsets, outside, inside, max_iter):
    """Yield the outputs for rows outside of a fit, for each strength."""
    U = np.zeros((directions.keep.sum() + 1, offsets.shape[1]))  # in the scale of the directions
    for strength in STRENGTHS:
        problem, scale = directions.problem(strength * (directions.alpha or TINY))
        scales = np.append(scale, 1.0)[:, None]
        problem = problem._replace(offsets=offsets)
        solution = problem.take(inside).solve(U / scales, max_iter)
        yield problem.take(outside).outputs(solution)
        U = solution * scales
