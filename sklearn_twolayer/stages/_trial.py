"""A radial network with fixed first layer, and how good its output layer can be."""

from functools import cached_property
from typing import Any

import numpy as np

from ..objective import Objective
from ._design import Design
from ._leave_one_out import LeaveOneOut, leave_one_out


class Trial:
    """Parameters of the first layer, with the best output layer by leave-one-out.

    Nothing is computed before it is asked for.

    Parameters
    ----------
    objective : Objective
        The network and the rows.
    vector : ndarray of shape (n_parameters,)
        Its parameters; those of the output layer do not matter.
    alpha : float or "loo"
        The penalty, or to choose it by leave-one-out.
    """

    def __init__(self, objective: Objective, vector: np.ndarray, alpha: Any):
        self.objective = objective
        self.vector = vector
        self.choice = alpha

    @cached_property
    def loo(self) -> LeaveOneOut:
        """The output layers of least squares for all penalties."""
        return leave_one_out(Design(self.objective, self.vector))

    @cached_property
    def _best(self) -> tuple[float, float]:
        if isinstance(self.choice, str):
            # What predicts in single precision needs outputs that do not cancel.
            floor = np.finfo(self.objective.rows.input_dtype).eps
            alphas = self.loo.grid(floor)
        else:
            alphas = np.array([float(self.choice)])
        errors = self.loo.errors(alphas)
        best = int(np.argmin(errors))
        return float(alphas[best]), float(errors[best])

    @property
    def alpha(self) -> float:
        """The penalty."""
        return self._best[0]

    @property
    def error(self) -> float:
        """The leave-one-out error, summed over targets."""
        return self._best[1]

    @property
    def own(self) -> tuple[np.ndarray, ...]:
        """Centres, log widths and perhaps shapes, as views."""
        return self.objective.network.views(self.vector).own

    def moved(self, **arrays: np.ndarray) -> np.ndarray:
        """Return the parameters with other `centers`, `log_widths` or `shapes`."""
        vector = self.vector.copy()
        own = self.objective.network.views(vector).own
        for name, array in arrays.items():
            own[("centers", "log_widths", "shapes").index(name)][...] = array
        return vector

    def at(self, vector: np.ndarray) -> "Trial":
        """Return the trial of other parameters."""
        return Trial(self.objective, vector, self.choice)

    @cached_property
    def output(self) -> tuple[np.ndarray, np.ndarray]:
        """W and b of least squares."""
        return self.loo.solve(self.alpha)

    @cached_property
    def left_out(self) -> np.ndarray:
        """Outputs of least squares for each row, fitted without it."""
        return self.loo.predictions(self.alpha)

    def solved(self) -> np.ndarray:
        """Return the parameters with the output layer of least squares."""
        vector = self.vector.copy()
        views = self.objective.network.views(vector)
        views.weights[...], views.bias[...] = self.output
        return vector
