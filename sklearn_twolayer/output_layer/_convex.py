"""The output layer of a convex loss without a closed form, on fixed activations.

Layers are compared by least squares on working targets, which approximate the loss. The output
layer itself, its penalty and its honest outputs come from the loss.
"""

import numpy as np

from .._random_rows import random_part
from ..blending import Honest
from ..links import Link
from ..losses import Loss
from ..objective import Objective
from ._directions import (
    MAX_FOLDED,
    N_DIRECTIONS,
    TINY,
    Output,
    Problem,
    rows_left_out,
    rows_of_fit,
)
from ._judged import JudgedLayer

#: Bound of the working targets of a robust loss, in robust standard deviations.
FARTHEST = 3.0
#: Strengths of the penalty relative to least squares, from strong to weak.
STRENGTHS = (10.0, 1.0, 0.1)
#: Iterations while the strength is chosen, and in the final fit.
FIRST_ITER, LAST_ITER = 40, 300


def working_targets(
    targets: np.ndarray, weights: np.ndarray, loss: Loss, link: Link
) -> np.ndarray:
    """Return working targets for least squares that approximate another loss, for raw outputs z.

    They are those of the first step of iteratively reweighted least squares, which starts from the
    best constant (McCullagh & Nelder, 1989). Outliers are pulled in if the loss is robust.
    """
    z = loss.start(targets, weights, link)[None, :]
    y = link(z)
    working = z + (targets - y) / link.pullback(y, np.ones_like(y))
    return np.clip(working, -FARTHEST, FARTHEST) if loss.is_robust else working


def penalty(judged: JudgedLayer, objective: Objective) -> float:
    """Return the α of another loss that corresponds to the α of least squares.

    It is the given α, or that of least squares times the curvature of the other loss.
    """
    return _scale(judged, objective) * judged.alpha


def _scale(judged, objective):
    loss, link, targets = objective.loss, objective.link, objective.rows.targets
    if objective is judged.objective or judged.is_given or not loss.has_curvature:
        return 1.0
    constant = np.broadcast_to(objective.best_constant(), targets.shape)
    root = loss.curvature_root(constant, targets, link)
    return float(np.square(root).mean(axis=0).sum()) / targets.shape[1]


def fit_convex(judged: JudgedLayer, objective: Objective, rng: np.random.RandomState) -> Output:
    """Fit the output layer by a loss, that of the objective on the rows of the first layer.

    Its honest outputs come from layers fitted without the targets of the rows.
    """
    n_rows = objective.n_rows
    few = np.arange(n_rows)[random_part(n_rows, MAX_FOLDED, rng)]
    strength, honest = _strength(judged, objective, few, rng)
    alpha = strength * (penalty(judged, objective) or TINY)
    rows = rows_of_fit(objective, rng)
    problem = Problem.on(judged.layer, objective, rows, alpha, None)
    U = problem.solve(problem.start(objective.best_constant()), LAST_ITER)
    return Output(*problem.layer(U), alpha, honest)


def _strength(judged, objective, rows, rng):
    """Return the strength with the smallest cross-validated loss, and the held-out outputs."""
    strengths = (1.0,) if judged.is_given else STRENGTHS
    targets = objective.rows.targets[rows]
    z = np.full((len(strengths), *targets.shape), np.nan)
    factor = _scale(judged, objective)
    for judge, sets in rows_left_out(judged, rows, targets, rng):
        least = judged.alpha_of(judge) or TINY
        problem = Problem.on(judge, objective, rows, least, N_DIRECTIONS)
        problem, start = problem.at(factor), problem.start(objective.best_constant())
        for outside in sets:
            outputs = problem.left_out(outside, strengths, start, FIRST_ITER)
            z[:, outside] = np.stack(list(outputs))
    seen = np.flatnonzero(np.isfinite(z).all(axis=(0, 2)))
    if not len(seen):
        return 1.0, Honest.nothing(targets.shape[1])
    targets, weights = objective.rows.targets_and_weights(rows[seen])
    loss, link = objective.loss, objective.link
    losses = [weights @ loss.value_and_gradient(y, targets, link)[0] for y in z[:, seen]]
    best = int(np.argmin(losses))
    return strengths[best], Honest(rows[seen], z[best, seen])
