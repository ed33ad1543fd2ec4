"""The stages of learning a radial-basis network, one after the other."""

from typing import NamedTuple

import numpy as np

from ..blending import Honest, blend_weights
from ..embeddings import Radial
from ..losses import LogLoss
from ..model import Part
from ..output_layer import FixedLayer, fit_cross_entropy
from ..radial import nearest
from ..rows import Transformer
from ..solvers import Outcome, Run
from ._density import Density
from ._gradient import refine_gradient
from ._metric import refine_metric
from ._probe import Inputs, MetricProbe, judged_layer
from ._spec import RadialSpec, Table
from ._unsupervised import FirstLayer
from ._width import refine_width


class RadialFit(NamedTuple):
    """A learned radial-basis network: a part of a model, and what is known of it."""

    part: Part
    honest: Honest  # raw outputs for rows left out
    layer: FixedLayer  # with its centres, widths and shapes
    radial: Radial
    start_widths: np.ndarray  # of the unsupervised stage
    alpha: float
    condition: float  # of the linear system of the output layer
    residuals: Honest  # of least squares for rows left out
    density: Density
    loss_curve: list[float]
    outcome: Outcome | None  # of the solver, where there was one


def fit_radial(
    spec: RadialSpec,
    table: Table,
    input_maps: list[Transformer | None],
    rng: np.random.RandomState,
) -> RadialFit:
    """Learn a radial-basis network.

    Parameters
    ----------
    spec : RadialSpec
        What is asked for.
    table : Table
        The training rows.
    input_maps : list of fitted transformer or None
        Maps to choose from; the first is preferred.
    rng : RandomState
        The source of random choices.

    Returns
    -------
    RadialFit
        The network, and outputs for rows that it has not seen.
    """
    inputs = _inputs(spec, table, input_maps, rng)
    judged, first = judged_layer(spec, table, inputs, rng)
    start_widths = np.exp(judged.layer.own[1])
    if "width" in spec.steps:
        judged = refine_width(judged, first.radial, rng, inputs.relative_width)
    if "metric" in spec.steps:
        judged = refine_metric(judged, first.radial, rng)
    curve: list[float] = []
    outcome = None
    if "gradient" in spec.steps:

        def record(params, loss):
            curve.append(loss)
            return False

        run = Run(spec.max_iter, spec.tol, 10, rng, record)
        judged, outcome = refine_gradient(judged, spec.solver, run)
    weights, bias, alpha, honest = _output(spec, judged, rng)
    return RadialFit(
        _part(judged, weights, bias),
        honest,
        judged.layer,
        first.radial,
        start_widths,
        alpha,
        judged.layer.loo.condition(judged.alpha),
        _residuals(judged, honest),
        _density(table, first),
        curve,
        outcome,
    )


def _inputs(spec, table, input_maps, rng):
    """Choose the input map, and what goes with it, where that is left to this function."""
    if len(input_maps) == 1 and not spec.learns_metric:
        return Inputs(input_maps[0], np.zeros(table.n_rows, dtype=int))
    return MetricProbe(spec, table, rng).find(input_maps)


def _output(spec, judged, rng):
    """Return W, b, α and honest outputs."""
    if isinstance(judged.objective.loss, LogLoss):
        return fit_cross_entropy(judged, rng)
    (weights, bias), objective = judged.output, judged.objective
    if not spec.steps:
        return weights, bias, judged.alpha, judged.left_out
    # Where widths and a metric are chosen, the best may be so by chance.
    rows, outputs = judged.left_out
    targets, row_weights = objective.rows.targets_and_weights(rows)
    (factor,), constant = blend_weights(
        [outputs], targets, row_weights, objective.loss, objective.link
    )
    honest = Honest(rows, factor * outputs + constant)
    return factor * weights, factor * bias + constant, judged.alpha, honest


def _residuals(judged, honest):
    """Return residuals for rows left out; of least squares on indicators, for classes."""
    if isinstance(judged.objective.loss, LogLoss):
        honest = judged.left_out
    return Honest(honest.rows, judged.objective.rows.targets[honest.rows] - honest.outputs)


def _part(judged, weights, bias):
    network, rows = judged.objective.network, judged.objective.rows
    vector = judged.layer.vector.copy()
    views = network.views(vector)
    views.weights[...], views.bias[...] = weights, bias
    return Part(rows.input_map, network, vector[None].astype(rows.input_dtype))


def _density(table: Table, first: FirstLayer):
    labels, _ = nearest(first.clusters.X, first.clusters.centers)
    return Density(table.X[first.among], labels, first.clusters.weights, table.is_category)
