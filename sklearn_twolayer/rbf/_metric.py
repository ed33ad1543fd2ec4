"""A learned metric, shared by all centres, from the average gradient of the network.

The mean over rows of the outer products of ∇f shows along which directions the output changes.
Used as A Aᵀ in the distances, it makes irrelevant inputs disappear (recursive feature machines:
Radhakrishnan et al., 2024).
"""

import numpy as np

from .._linalg import dense
from ..blending import deal_folds
from ..embeddings import Radial
from ..kernels import as_kernel
from ..output_layer import NUMBERS_PER_ROW, FixedLayer, JudgedLayer, on_some_rows
from ..radial import make_geometry
from ._relevance import metric_root
from ._width import STEP, refine_width, relative_width

#: Number of folds, each evaluated in a metric that was learned without its targets.
N_FOLDS = 4
#: Maximum number of times that the metric is learned.
N_ROUNDS = 2


def refine_metric(judged: JudgedLayer, radial: Radial, rng: np.random.RandomState) -> JudgedLayer:
    """Return the best of several layers, each in the metric derived from the previous one.

    The starting point has a shared shape, and nothing that was learned from targets. The smallest
    leave-one-out error decides.
    """
    layer, alpha, everything = judged.layer, judged.choice, np.arange(judged.objective.n_rows)
    if len(layer.judged) < 2 * N_FOLDS:
        return judged
    folds = deal_folds(judged.objective.rows.targets[layer.judged], N_FOLDS, rng)
    rows = [layer.judged[folds == k] for k in range(N_FOLDS)]
    judges = tuple(layer.judged_on(own) for own in rows)
    best, last = judged, JudgedLayer(layer, alpha, judges)
    for _ in range(N_ROUNDS):
        relative = relative_width(last.layer, radial)
        judges = tuple(
            with_gradient_metric(judge, np.setdiff1d(everything, judge.judged), radial, alpha)
            for judge in last.judges
        )
        layer = with_gradient_metric(last.layer, everything, radial, alpha)
        other = JudgedLayer(layer, alpha, judges)
        last = refine_width(other, radial, rng, relative * STEP)
        if last.error >= best.error:
            break
        best = last
    return best


def with_gradient_metric(
    layer: FixedLayer, rows: np.ndarray, radial: Radial, alpha: float | str
) -> FixedLayer:
    """Return the same centres and widths in the metric derived from the gradient on some rows.

    The metric may be learned from the targets of these rows. The shape is shared.
    """
    some = layer
    if len(rows) < layer.objective.n_rows:
        some = FixedLayer(on_some_rows(layer.objective, rows), layer.vector)
    judged = JudgedLayer(some, alpha)
    outer = gradient_outer_product(some, judged.output[0], radial)
    return layer.moved(shapes=metric_root(outer)) if outer.any() else layer


def gradient_outer_product(layer: FixedLayer, weights: np.ndarray, radial: Radial) -> np.ndarray:
    """Return the mean outer product of the gradient of the radial part, or its diagonal.

    It is summed over the outputs, in the units of the mapped inputs; `weights` is the W of the
    output layer, shape (n_columns, n_outputs).
    """
    kernel = as_kernel(radial.kernel)
    centers, log_widths, A = layer.own
    widths = np.exp(log_widths)
    output = weights[: len(centers)] * (widths ** (kernel.power - 2))[:, None]
    geometry, rows = make_geometry(radial.shape, True), layer.objective.rows
    with np.errstate(over="ignore"):  # reported by the output layer
        origin = centers.mean(axis=0)

    def block(part):
        X = rows.inputs(part)
        r2, _ = geometry.squared(X, centers, A)
        s = r2 / widths**2
        slope = kernel.slope(s, kernel.value(s))
        X = dense(X) - origin
        root_weights = np.sqrt(rows.shares(part))[:, None]
        total = 0
        for column in output.T:
            T = slope * column
            # Σ_j T_ij (x_i - μ_j), TWO.53 with the sign of x
            g = root_weights * (T.sum(axis=1)[:, None] * X - T @ (centers - origin))
            total = total + ((g * g).sum(axis=0) if A.ndim == 1 else g.T @ g)
        return (total,)

    outer = rows.sum(block, NUMBERS_PER_ROW)[0]
    if A.ndim == 1:
        return A**4 * outer
    return A @ A.T @ outer @ A @ A.T
