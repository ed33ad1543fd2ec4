"""The output layer of a classifier, by cross-entropy on fixed activations.

The layer of least squares on indicators is accurate where there are many classes, and
comes with honest outputs of rows left out; cross-entropy is accurate near the boundary
and gives probabilities. So the former, scaled to log-odds, is where the latter starts
from and what its penalty pulls to: z = t f(x) + b + Uᵀ(y_E - centre), with the cross-entropy
of z plus (α/2)‖U‖² to be minimised. The strength α is chosen by cross-validation, which
also gives the factor and the shift that calibrate z.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize

from ..blending import blend_weights
from ..losses import LogLoss, smoothed
from ..rows import random_part
from ._trial import Trial

#: Strengths of the pull, in penalties of least squares, from strong to weak.
STRENGTHS = (100.0, 10.0, 1.0)
#: Directions of the activations that U may use.
N_DIRECTIONS = 400
#: Rows that U is fitted on; of more, a random part of that size.
MAX_ROWS = 20_000
#: Rows that the strength of the pull is chosen on, likewise.
MAX_FOLDED = 6_000
#: Fewer rows are dealt into five folds rather than three.
FEW_ROWS = 2000


class Problem(NamedTuple):
    """A multinomial or binary regression with given offsets."""

    Z: np.ndarray  # (n_rows, n_directions), whitened
    offsets: np.ndarray  # (n_rows, n_outputs)
    targets: np.ndarray
    weights: np.ndarray  # their sum is one
    penalties: np.ndarray  # (n_directions,)
    link: object

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
        return self.Z @ U[:-1] + U[-1] + self.offsets

    def loss(self, z: np.ndarray) -> float:
        """Return the cross-entropy."""
        return float(self.weights @ LogLoss().value_and_gradient(z, self.targets, self.link)[0])

    def solve(self, start: np.ndarray, max_iter: int) -> np.ndarray:
        """Return the best coefficients."""

        def cost_and_gradient(flat):
            U = flat.reshape(start.shape)
            values, delta = LogLoss().value_and_gradient(self.outputs(U), self.targets, self.link)
            delta *= self.weights[:, None]
            pull = self.penalties[:, None] * U[:-1]
            gradient = np.vstack([self.Z.T @ delta + pull, delta.sum(axis=0)])
            return self.weights @ values + 0.5 * (pull * U[:-1]).sum(), gradient.ravel()

        options = {"maxiter": max_iter, "gtol": 1e-5, "ftol": 1e-8}
        found = minimize(
            cost_and_gradient, start.ravel(), jac=True, method="L-BFGS-B", options=options
        )
        return found.x.reshape(start.shape)


class LeastSquaresFolds:
    """Layers of least squares that each leave out one fold of the rows.

    Parameters
    ----------
    P : ndarray of shape (n_rows, n_directions)
        Activations along the eigenvectors.
    targets : ndarray of shape (n_rows, n_outputs)
        Targets.
    weights : ndarray of shape (n_rows,)
        Weights of the rows.
    folds : ndarray of int, shape (n_rows,)
        The fold of each row.
    """

    def __init__(self, P, targets, weights, folds):
        self.P = P
        A = np.hstack([P, np.ones((len(P), 1))])
        members = [np.flatnonzero(folds == k) for k in range(folds.max() + 1)]
        weighted = [A[rows] * weights[rows, None] for rows in members]
        self.grams = [w.T @ A[rows] for w, rows in zip(weighted, members, strict=True)]
        self.moments = [w.T @ targets[rows] for w, rows in zip(weighted, members, strict=True)]

    def outputs(self, fold: int, alpha: float) -> np.ndarray:
        """Return the outputs for all rows of the layer fitted without a fold."""
        gram = sum(self.grams) - self.grams[fold]
        moments = sum(self.moments) - self.moments[fold]
        total = gram[-1, -1]
        # The floor keeps a fold of few rows solvable.
        floor = 1e-12 * np.trace(gram) / len(gram)
        gram[np.diag_indices(len(gram) - 1)] += alpha * total + floor
        solution = np.linalg.solve(gram, moments)
        return self.P @ solution[:-1] + solution[-1]


class Output(NamedTuple):
    """An output layer, and what it does to rows left out."""

    weights: np.ndarray  # W, (n_columns, n_outputs)
    bias: np.ndarray  # b, (n_outputs,)
    alpha: float
    rows: np.ndarray  # indices of rows,
    left_out: np.ndarray  # and their raw outputs by layers fitted without them


def fit_cross_entropy(trial: Trial, rng: np.random.RandomState) -> Output:
    """Fit the output layer of a classifier.

    Parameters
    ----------
    trial : Trial
        The first layer, and the output layers of least squares.
    rng : RandomState
        Deals the folds.

    Returns
    -------
    Output
        Its `alpha` is the strength of the penalty on what is added to least squares, or on W
        where the user gave it; rows are left out in the former case.
    """
    n_rows = trial.objective.n_rows
    if not isinstance(trial.choice, str) or n_rows == 1:
        return _plain(trial)
    limit = min(MAX_ROWS, max(1000, 2**25 // trial.objective.network.width))
    rows = np.arange(n_rows)[random_part(n_rows, limit, rng)]
    return _anchored(trial, rows, rng)


def _plain(trial):
    """Cross-entropy with the penalty on W itself."""
    loo, alpha = trial.loo, trial.alpha
    keep = loo.values > len(loo.values) * np.finfo(float).eps * loo.values[-1]
    everything = np.arange(trial.objective.n_rows)
    problem, scale = _problem(trial, everything, loo.rotated(everything), keep, alpha)
    start = np.zeros((keep.sum() + 1, len(loo.offset)))
    start[-1] = trial.objective.best_constant()
    U = problem.solve(start, max_iter=500)
    weights = loo.vectors[:, keep] @ (U[:-1] * scale[:, None])
    nothing = np.empty(0, dtype=int)
    return Output(weights, U[-1] - loo.center @ weights, alpha, nothing, nothing)


def _problem(trial, rows, P, keep, alpha):
    """Return a problem without offsets, and the scales that whiten its directions."""
    loo, objective = trial.loo, trial.objective
    scale = 1 / np.sqrt(0.25 * loo.values[keep] + alpha)
    weights = loo.design.weights(rows)
    targets = loo.design.targets(rows)
    problem = Problem(
        P[:, keep] * scale,
        np.zeros(targets.shape),
        targets,
        weights / weights.sum(),
        alpha * scale**2,
        objective.link,
    )
    return problem, scale


def _anchored(trial, rows, rng):
    loo = trial.loo
    P = loo.rotated(rows)
    t, b = trial.log_odds[:2]
    keep = loo.values > max(0.1 * trial.alpha, 1e-12 * loo.values[-1])
    keep[: -min(N_DIRECTIONS, len(rows) - 1)] = False
    few = random_part(len(rows), MAX_FOLDED, rng)
    alpha, (factor, shift), left_out = _strength(trial, rows[few], P[few], keep, (t, b), rng)
    problem, scale = _problem(trial, rows, P, keep, alpha)
    W, bias = trial.output
    center = loo.center @ W + bias
    fitted = P @ (loo.vectors.T @ W) + center
    problem = problem._replace(offsets=t * fitted + b)
    U = problem.solve(np.zeros((keep.sum() + 1, len(b))), max_iter=50)
    weights = t * W + loo.vectors[:, keep] @ (U[:-1] * scale[:, None])
    constant = t * center + b + U[-1]
    bias = factor * (constant - loo.center @ weights) + shift
    return Output(factor * weights, bias, alpha, rows[few], left_out)


def _strength(trial, rows, P, keep, scaling, rng):
    """Return the α of least cross-validated cross-entropy, what calibrates z, and z left out."""
    t, b = scaling
    n_folds = min(5 if len(rows) < FEW_ROWS else 3, len(rows))
    folds = rng.permutation(np.arange(len(rows)) % n_folds)
    alphas = [strength * (trial.alpha or 1e-12) for strength in STRENGTHS]
    problems = [_problem(trial, rows, P, keep, alpha) for alpha in alphas]
    whole = problems[0][0]
    squares = LeastSquaresFolds(P, whole.targets, whole.weights, folds)
    z = np.empty((len(alphas), *whole.targets.shape))
    for fold in range(n_folds):
        offsets = t * squares.outputs(fold, trial.alpha) + b
        inside, outside = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
        U = np.zeros((keep.sum() + 1, len(b)))  # in the scale of the directions themselves
        for k, (problem, scale) in enumerate(problems):
            scales = np.append(scale, 1.0)[:, None]
            problem = problem._replace(offsets=offsets)
            solution = problem.take(inside).solve(U / scales, max_iter=10)
            z[k, outside] = problem.take(outside).outputs(solution)
            U = solution * scales
    even = whole._replace(targets=smoothed(whole.targets, whole.weights))
    best = int(np.argmin([even.loss(outputs) for outputs in z]))
    (factor,), shift = blend_weights(
        [z[best]], whole.targets, whole.weights, LogLoss(), whole.link
    )
    return alphas[best], (factor, shift), factor * z[best] + shift
