"""The output layer of a classifier, by cross-entropy on fixed activations.

Least squares on class indicators is accurate with many classes, and has honest leave-one-out
outputs; cross-entropy is accurate near the boundary and gives probabilities. So the latter starts
from the former, scaled to log-odds, and its penalty pulls towards it: z = t f(x) + b + Uᵀ(y_E -
centre), with the cross-entropy of z plus (α/2)‖U‖² to be minimised. The strength α is chosen by
cross-validation, which also gives the factor and the shift that calibrate z.
"""

from math import ceil

import numpy as np
from scipy.linalg import block_diag

from .._random_rows import random_of_two
from ..blending import Honest, blend_weights
from ..losses import LogLoss, informative
from ..rows import blocks
from ._activations import BLOCK_LENGTH
from ._directions import (
    MAX_FOLDED,
    N_DIRECTIONS,
    Output,
    Problem,
    rows_left_out,
    rows_of_fit,
)
from ._judged import JudgedLayer
from ._leave_one_out import LeaveOneOut

#: Strengths of the penalty relative to least squares, from strong to weak. Weaker ones are not
#: tried once the cross-entropy exceeds the least by this fraction.
STRENGTHS = (1e6, 1e5, 1e4, 1e3, 100.0, 10.0, 1.0, 0.1, 0.01)
RISE = 0.05
#: The smallest penalty of strength one, as a fraction of the largest eigenvalue. That of least
#: squares is smaller if targets have no noise, and the number of iterations would decide.
LEAST = 1e-8
#: The strength of the final fit, as a part of the chosen one, if that was chosen on a sample: the
#: penalty of a mean over more rows is smaller.
OF_MORE_ROWS = 0.1
#: Iterations for U: while the strength is chosen, and in the final fit.
FIRST_ITER, LAST_ITER = 10, 50
#: Rows times outputs above which directions and iterations decrease with the square root, so that
#: the time does not grow with the number of classes.
FULL_OUTPUTS = 2**18
#: Maximum number of rows on which the strength is evaluated, if there are others for its choice.
MAX_EVALUATED = 2_000


class LeastSquaresWithout:
    """Least-squares layers on all rows but some of a sample, given by its indices."""

    def __init__(self, loo: LeaveOneOut, rows: np.ndarray):
        self.loo, self.rows = loo, rows
        covariance, moments = loo.covariances()
        self._all = block_diag(covariance, 1.0), np.vstack([moments, loo.offset])

    def outputs(self, outside: np.ndarray, alpha: float) -> np.ndarray:
        """Return the outputs for the sample of the layer fitted without some of it."""
        parts = zip(self._all, self._sums(outside), strict=True)
        gram, moments = (total - part for total, part in parts)
        total = gram[-1, -1]
        # The lower bound keeps folds with few rows solvable.
        floor = 1e-12 * np.trace(gram) / len(gram)
        gram[np.diag_indices(len(gram) - 1)] += alpha * total + floor
        solution = np.linalg.solve(gram, moments)
        result = np.empty((len(self.rows), solution.shape[1]))
        for part in blocks(len(result), BLOCK_LENGTH):
            result[part] = self.loo.centered(self.rows[part]) @ solution[:-1] + solution[-1]
        return result

    def _sums(self, index):
        gram, moments = map(np.zeros_like, self._all)
        for part in blocks(len(index), BLOCK_LENGTH):
            rows = self.rows[index[part]]
            A = np.column_stack([self.loo.centered(rows), np.ones(len(rows))])
            weighted = A * self.loo.rows.shares(rows)[:, None]
            gram += weighted.T @ A
            moments += weighted.T @ self.loo.rows.targets[rows]
        return gram, moments


def fit_cross_entropy(judged: JudgedLayer, rng: np.random.RandomState) -> Output:
    """Fit the output layer of a classifier.

    Its `alpha` is the strength of the penalty on what is added to least squares, or on W if α is
    given. Only the former has honest outputs.
    """
    rows = rows_of_fit(judged.objective, rng)
    if judged.is_given or judged.objective.n_rows == 1:
        return _plain(judged, rows)
    return _anchored(judged, rows, rng)


def _plain(judged, rows):
    """Cross-entropy with the penalty on W itself."""
    objective, alpha = judged.objective, judged.alpha
    problem = Problem.on(judged.layer, objective, rows, alpha, None)
    U = problem.solve(problem.start(objective.best_constant()), max_iter=500)
    W, b = problem.layer(U)
    return Output(W, b, alpha, Honest.nothing(len(b)))


def _anchored(judged, rows, rng):
    some = judged.left_out.rows
    others = np.setdiff1d(np.arange(judged.objective.n_rows), some)
    few = random_of_two(some, others, MAX_FOLDED, MAX_FOLDED - MAX_EVALUATED, rng)
    share = _affordable(judged, few)
    strength, (factor, shift), honest = _strength(judged, few, rng)
    if len(few) < judged.objective.n_rows:
        strength *= OF_MORE_ROWS
    loo, (t, b, _), (W, bias) = judged.layer.loo, judged.log_odds, judged.output
    most = ceil(share * N_DIRECTIONS)
    least = _penalty(judged, judged.layer)
    problem = Problem.on(judged.layer, judged.objective, rows, least, most).at(strength)
    problem = problem._replace(offsets=t * (loo.activations.product(rows, W) + bias) + b)
    added, constant = problem.layer(problem.solve(problem.start(), ceil(share * LAST_ITER)))
    weights = factor * (t * W + added)
    bias = factor * (t * bias + b + constant) + shift
    return Output(weights, bias, problem.alpha, honest, float(factor))


def _penalty(judged, layer):
    """Return the penalty of strength one."""
    return max(judged.alpha_of(layer), LEAST * layer.loo.scale)


def _affordable(judged, rows):
    """Return the fraction of directions and iterations for a number of outputs."""
    n_outputs = len(rows) * judged.objective.rows.targets.shape[1]
    return min((FULL_OUTPUTS / n_outputs) ** 0.5, 1.0)


def _strength(judged, rows, rng):
    """Return the best strength by cross-validated cross-entropy, the calibration of z, and z."""
    honest = np.flatnonzero(np.isin(rows, judged.left_out.rows))
    targets, weights = judged.objective.rows.targets_and_weights(rows[honest])
    link, loss, shares = judged.objective.link, LogLoss(), weights / weights.sum()
    even = informative(targets, link(judged.objective.best_constant()), loss, link)
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
    (factor,), shift = blend_weights([z], judged.objective, rows[honest])
    return strength, (factor, shift), Honest(rows[honest], factor * z + shift)


def _fits_without(judged, rows, rng):
    """Yield sets of rows, each with an iterator over their outputs for each strength."""
    objective, share = judged.objective, _affordable(judged, rows)
    most, max_iter = ceil(share * N_DIRECTIONS), ceil(share * FIRST_ITER)
    t, b, _ = judged.log_odds
    for judge, sets in rows_left_out(judged, rows, objective.rows.targets[rows], rng):
        alpha = judged.alpha_of(judge)
        problem = Problem.on(judge, objective, rows, _penalty(judged, judge), most)
        squares = LeastSquaresWithout(judge.loo, rows)
        for outside in sets:
            problem = problem._replace(offsets=t * squares.outputs(outside, alpha) + b)
            yield outside, problem.left_out(outside, STRENGTHS, problem.start(), max_iter)
