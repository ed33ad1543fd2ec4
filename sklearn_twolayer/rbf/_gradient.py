"""Centres, widths and shapes by the gradients of the source (pages TWO.52 to TWO.54)."""

from collections.abc import Callable

import numpy as np

from ..curvature import has_closed_form
from ..objective import Objective
from ..output_layer import FixedLayer, JudgedLayer
from ..solvers import Cost, Outcome, Run
from ._spec import RadialSpec


class OptimalOutput:
    """A cost with squared loss as a function of the first layer, with the optimal output layer.

    The gradient is that of the full cost, because its part for the output layer is zero (variable
    projection: Golub & Pereyra, 2003).
    """

    def __init__(self, objective: Objective):
        self.objective = objective
        self.n_rows, self.n_parameters = objective.n_rows, objective.n_parameters
        self.dtype, self.n_threads = objective.dtype, objective.n_threads
        self._last: tuple[bytes, np.ndarray] | None = None

    def lacks(self, capability: str) -> str | None:
        """Return why the cost lacks a capability: it only has gradients on all rows."""
        return f"the output layer is always kept optimal, so there are no {capability}"

    def solved(self, params: np.ndarray) -> np.ndarray:
        """Return parameters, shape (1, n_parameters), with the best output layer."""
        key = params.tobytes()
        if self._last is None or self._last[0] != key:
            self._last = key, self.objective.with_best_output(params[0])[None]
        return self._last[1]

    def loss_and_gradient(
        self,
        params: np.ndarray,
        index: np.ndarray | None = None,
        draw_mask: Callable | None = None,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the data term and the gradient, which is zero for the output layer."""
        loss, gradient = self.objective.loss_and_gradient(self.solved(params))
        views = self.objective.network.views(gradient)
        views.weights[...], views.bias[...] = 0, 0
        return loss, gradient

    def data_term(self, params: np.ndarray) -> np.ndarray:
        """Return the data term."""
        return self.objective.data_term(self.solved(params))

    def penalty(self, params: np.ndarray) -> np.ndarray:
        """Return the penalty."""
        return self.objective.penalty(self.solved(params))

    def networks(self, part: slice) -> "OptimalOutput":
        """Return itself: there is one network."""
        return self


def refine_gradient(
    judged: JudgedLayer, objective: Objective, spec: RadialSpec, run: Run
) -> tuple[JudgedLayer, Outcome]:
    """Learn the first layer with the output layer, from the network to continue from, if any.

    From then on, leave-one-out applies to the output layer only: the first layer was fitted to all
    targets, and errors are optimistic. The callback of the run receives all parameters.
    """
    solver = spec.solver
    # A solver that works on batches updates all parameters in the same way.
    is_linear = has_closed_form(objective.loss, objective.link) and not solver.incremental
    cost: Cost = OptimalOutput(objective) if is_linear else objective  # type: ignore[assignment]
    solver.check_cost(cost)
    start = judged.layer.solved(judged.alpha)
    if spec.start is not None:
        start = spec.start.params[0].astype(start.dtype)
    if isinstance(cost, OptimalOutput):
        solved, notify = cost.solved, run.on_iteration
        run = run._replace(on_iteration=lambda params, loss: notify(solved(params), loss))
    outcome = solver.minimize(cost, start[None], run)
    return with_vector(judged, outcome.params[0]), outcome


def with_vector(judged: JudgedLayer, vector: np.ndarray) -> JudgedLayer:
    """Return a layer with the parameters found by a solver.

    Widths with squares that overflow are reduced to the largest possible ones, since such a unit
    is constant.
    """
    objective, vector = judged.objective, vector.astype(judged.layer.vector.dtype)
    log_widths = objective.network.views(vector).own[1]
    largest = 0.45 * np.log(np.finfo(objective.rows.input_dtype).max)
    np.clip(log_widths, -largest, largest, out=log_widths)
    return JudgedLayer(FixedLayer(objective, vector), judged.choice)
