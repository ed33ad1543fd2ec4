"""A radial network with fixed first layer, and how good its output layer can be."""

import copy
from functools import cached_property
from typing import Any

import numpy as np

from ..losses import LogLoss
from ..objective import Objective
from ..rows import random_part
from ._design import Design
from ._leave_one_out import LeaveOneOut, leave_one_out
from ._log_odds import LogOdds, log_odds

#: Values of α on each side of the one that is roughly the best, of which the exact error is taken.
NEAR = 2


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
        if not isinstance(self.choice, str):
            alpha = float(self.choice)
            return alpha, float(self.loo.errors(np.array([alpha]))[0])
        # What predicts in single precision needs outputs that do not cancel.
        grid = self.loo.grid(np.finfo(self.objective.rows.input_dtype).eps)
        least = int(np.argmin(self.loo.rough_errors(grid)))
        first, last = max(least - NEAR, 0), least + NEAR + 1
        errors = self.loo.errors(grid[first:last])
        while True:
            best = int(np.argmin(errors))
            if best == 0 and first > 0:
                further = grid[max(first - NEAR, 0) : first]
                errors = np.append(self.loo.errors(further), errors)
                first -= len(further)
            elif best == len(errors) - 1 and last < len(grid):
                errors = np.append(errors, self.loo.errors(grid[last : last + NEAR]))
                last += NEAR
            else:
                return float(grid[first + best]), float(errors[best])

    @property
    def alpha(self) -> float:
        """The penalty."""
        return self._best[0]

    @property
    def error(self) -> float:
        """How wrong the outputs for rows left out are: their cross-entropy, or mean square."""
        if isinstance(self.objective.loss, LogLoss):
            return self.log_odds.loss
        return self._best[1]

    @cached_property
    def log_odds(self) -> LogOdds:
        """What brings the outputs for rows left out, of a classifier, to log-odds."""
        design, everything = self.loo.design, slice(None)
        targets, weights = design.targets(everything), design.weights(everything)
        return log_odds(self.left_out, targets, weights, self.objective.link)

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

    def thinned(self, n_rows: int) -> "Trial":
        """Return the trial on so many random rows, or on all if they are few."""
        if self.objective.n_rows <= n_rows:
            return self
        objective = copy.copy(self.objective)
        few = random_part(objective.n_rows, n_rows, np.random.RandomState(0))
        objective.rows = objective.rows.take(few).keep()
        objective.n_rows = objective.rows.n_rows
        return Trial(objective, self.vector, self.choice)

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
