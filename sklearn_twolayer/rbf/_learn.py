"""The stages of learning a radial-basis network, one after the other."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ..blending import Honest, blend_weights
from ..embeddings import Radial
from ..losses import LogLoss
from ..model import Part
from ..objective import Objective
from ..output_layer import FixedLayer, JudgedLayer, Output, fit_convex, fit_cross_entropy, penalty
from ..radial import nearest
from ..rows import Transformer
from ..solvers import Outcome, Run
from ._density import Density
from ._gradient import refine_gradient, with_vector
from ._metric import refine_metric
from ._probe import Inputs, MetricProbe, judged_layer
from ._spec import RadialSpec, Table
from ._unsupervised import FirstLayer, continued_layer
from ._width import refine_width


class RadialFit(NamedTuple):
    """A learned radial-basis network: a part of a model, and its statistics."""

    part: Part
    honest: Honest  # raw outputs on held-out rows
    layer: FixedLayer  # with its centres, widths and shapes
    radial: Radial
    start_widths: np.ndarray  # of the unsupervised stage
    alpha: float
    condition: float  # of the linear system of the output layer
    residuals: Honest  # on held-out rows; for classes, by least squares
    density: Density | None  # None if the first layer continues from another
    table: Table
    inputs: Inputs | None  # None if the first layer continues from another
    loss_curve: list[float]
    outcome: Outcome | None  # of the solver, if there was one and it ended
    factor: float = 1.0  # of the blend with the best constant
    interrupted: bool = False  # after some iterations of the solver


def fit_radial(
    spec: RadialSpec,
    table: Table,
    input_maps: list[Transformer | None],
    rng: np.random.RandomState,
) -> RadialFit:
    """Learn a radial-basis network; the first of the input maps is preferred."""
    return _Learning(spec, table, input_maps, rng).fit()


class _Learning:
    """The steps, each of which improves the first layer."""

    def __init__(self, spec: RadialSpec, table: Table, input_maps, rng):
        self.spec, self.table, self.input_maps, self.rng = spec, table, input_maps, rng
        self.squares = table.for_squares()
        self.chooses_inputs = len(input_maps) > 1 or spec.learns_metric
        self.inputs: Inputs | None = None
        self.density: Density | None = None
        self.curve: list[float] = []
        self.last: np.ndarray | None = None  # all parameters after the last iteration
        self.outcome: Outcome | None = None
        self.stopped = False

    def fit(self) -> RadialFit:
        """Take all steps."""
        self.spec.watch.plan(self._plan())
        if self.spec.start is None:
            self._first_layer()
        else:
            self._continued()
        try:
            self._refine("gradient", self._gradient)
            self.spec.watch.begin("output layer")
            output = self._output()
        except KeyboardInterrupt:
            if self.last is None:
                raise
            return self._interrupted()
        part = _part(self.judged, output.weights, output.bias)
        self.spec.watch.end(lambda: part)
        nothing = Honest.nothing(len(output.bias))
        is_single = self.table.n_rows == 1  # without it there is nothing to learn from
        is_seen = self.outcome is not None  # the targets of all rows, by the solver
        return self._result(
            part=part,
            honest=nothing if is_seen or is_single else output.honest,
            alpha=output.alpha,
            condition=self.judged.layer.loo.condition(self.judged.alpha),
            residuals=nothing if is_single else _residuals(self.judged, self.cost, output.honest),
            factor=output.factor,
        )

    def _plan(self):
        if self.spec.start is not None:
            return ["gradient", "output layer"]
        first = ["inputs"] if self.chooses_inputs else []
        return [*first, "centers", *self.spec.steps, "output layer"]

    def _refine(self, name, step):
        """Take a step and report it, if it is one of those to take."""
        if name in self.spec.steps and not self.stopped:
            self.spec.watch.begin(name)
            step()
            self._report()

    def _report(self):
        """Report the end of a step, with the layer so far."""
        judged = self.judged
        stop = self.spec.watch.end(lambda: _preliminary(judged))
        self.stopped = self.stopped or stop

    def _first_layer(self):
        self.inputs = self._best_inputs()
        self._centers()
        self._refine("width", self._width)
        self._refine("metric", self._metric)

    def _best_inputs(self):
        """Return the inputs, and report the step if there is a choice."""
        if not self.chooses_inputs:
            return Inputs(self.input_maps[0], np.zeros(self.squares.n_rows, dtype=int))
        probe = MetricProbe(self.spec, self.squares, self.rng)
        self.spec.watch.begin("inputs")
        inputs = probe.find(self.input_maps)
        self.stopped = self.spec.watch.end(None)
        return inputs

    def _centers(self):
        self.spec.watch.begin("centers")
        judged, first = judged_layer(self.spec, self.squares, self.inputs, self.rng)
        self._start_from(judged, first.radial)
        self._report()
        self.density = _density(self.table, first)

    def _continued(self):
        layer, radial = continued_layer(self.spec, self.squares)
        self._start_from(JudgedLayer(layer, self.spec.alpha), radial)

    def _start_from(self, judged: JudgedLayer, radial: Radial) -> None:
        """Set the layer, and what the result tells of the start."""
        self.judged, self.radial = judged, radial
        self.start_widths = np.exp(judged.layer.own[1])

    def _width(self):
        start, place = self.inputs.relative_width, self.inputs.place
        self.judged = refine_width(self.judged, self.radial, self.rng, start, place)

    def _metric(self):
        self.judged = refine_metric(self.judged, self.radial, self.rng)

    @property
    def cost(self) -> Objective:
        """The cost on the current first layer."""
        return self.table.cost(self.judged.objective)

    def _gradient(self):
        run = Run(self.spec.max_iter, self.spec.tol, 10, self.rng, self._record)
        objective = replace(self.cost, alpha=penalty(self.judged, self.cost))
        self.judged, self.outcome = refine_gradient(self.judged, objective, self.spec, run)

    def _record(self, params, loss):
        self.curve.append(float(loss))
        self.last, judged = params[0].copy(), self.judged
        return self.spec.watch.epoch(lambda: _vector_part(judged, params[0]), loss)

    def _interrupted(self):
        nothing = Honest.nothing(self.table.targets.shape[1])
        self.judged = with_vector(self.judged, self.last)
        return self._result(
            part=_vector_part(self.judged, self.judged.layer.vector),
            honest=nothing,
            alpha=np.nan,
            condition=np.nan,
            residuals=nothing,
            interrupted=True,
        )

    def _output(self):
        """Return the output layer."""
        judged, cost, rng = self.judged, self.cost, self.rng
        if isinstance(cost.loss, LogLoss):
            return fit_cross_entropy(judged, rng)
        if cost is judged.objective:
            output = Output(*judged.output, judged.alpha, judged.left_out)
        else:
            output = fit_convex(judged, cost, rng)
        if not self.spec.steps or self.outcome is not None or not len(output.honest.rows):
            return output
        # If widths and a metric are chosen, the best ones may be best by chance.
        rows, outputs = output.honest
        (factor,), constant = blend_weights([outputs], cost, rows)
        honest = Honest(rows, factor * outputs + constant)
        weights, bias = factor * output.weights, factor * output.bias + constant
        return Output(weights, bias, output.alpha, honest, float(factor))

    def _result(self, **known):
        return RadialFit(
            layer=self.judged.layer,
            radial=self.radial,
            start_widths=self.start_widths,
            density=self.density,
            table=self.table,
            inputs=self.inputs,
            loss_curve=self.curve,
            outcome=self.outcome,
            **known,
        )


def _residuals(judged, cost, honest):
    """Return held-out residuals; for classes, of least squares on indicators."""
    if isinstance(cost.loss, LogLoss) or not len(honest.rows):
        rows, outputs = judged.left_out
        return Honest(rows, judged.objective.rows.targets[rows] - outputs)
    return Honest(honest.rows, cost.rows.targets[honest.rows] - cost.link(honest.outputs))


def _preliminary(judged):
    """Return a part with a least-squares output layer, as log-odds for classes."""
    weights, bias = judged.output
    if isinstance(judged.objective.loss, LogLoss):
        scale, shift, _ = judged.log_odds
        weights, bias = scale * weights, scale * bias + shift
    return _part(judged, weights, bias)


def _part(judged, weights, bias):
    return _vector_part(judged, judged.layer.with_output(weights, bias))


def _vector_part(judged, vector):
    return Part.of(judged.objective.rows, judged.objective.network, vector[None])


def _density(table: Table, first: FirstLayer):
    labels, _ = nearest(first.clusters.X, first.clusters.centers)
    X = table.X if table.is_category is None else table.X[:, : len(table.is_category)]
    return Density(X[first.among], labels, first.clusters.weights, table.is_category)
