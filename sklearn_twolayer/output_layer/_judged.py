"""A first layer as it is, and how good its output layer can be on rows that it has not seen.

Leave-one-out is honest where the first layer comes from the inputs alone. Where something
in it was learned from the targets (a metric), all targets have a part in what is then
judged by them. So it is learned again from the rows outside of each of some folds, and
each of these first layers is judged on its fold, by output layers that leave out one row
at a time. What they decide (the penalty, the widths, whether to keep the metric) holds
for the first layer that was learned from all rows.
"""

from collections.abc import Callable

import numpy as np

from ..losses import LogLoss
from ..objective import Objective
from ..rows import random_part
from ._activations import Activations
from ._leave_one_out import GRID, LeaveOneOut, leave_one_out
from ._log_odds import LogOdds, log_odds

#: Values of α on each side of the one that is roughly the best, of which the exact error is taken.
NEAR = 2


class FixedLayer:
    """A first layer, with all output layers of least squares on it.

    Parameters
    ----------
    objective : Objective
        The network and the rows.
    vector : ndarray of shape (n_parameters,)
        Its parameters; those of the output layer do not matter.
    """

    def __init__(self, objective: Objective, vector: np.ndarray):
        self.objective = objective
        self.vector = vector
        self._loo: LeaveOneOut | None = None

    @property
    def loo(self) -> LeaveOneOut:
        """The output layers for all penalties, computed where they are first asked for."""
        if self._loo is None:
            self._loo = leave_one_out(Activations(self.objective, self.vector))
        return self._loo

    @property
    def own(self) -> tuple[np.ndarray, ...]:
        """Centres, log widths and perhaps shapes, as views."""
        return self.objective.network.views(self.vector).own

    def moved(self, **arrays: np.ndarray) -> "FixedLayer":
        """Return the layer with other `centers`, `log_widths` or `shapes`."""
        vector = self.vector.copy()
        own = self.objective.network.views(vector).own
        for name, array in arrays.items():
            own[("centers", "log_widths", "shapes").index(name)][...] = array
        return FixedLayer(self.objective, vector)

    def on(self, objective: Objective) -> "FixedLayer":
        """Return the same layer on the rows of another objective."""
        return FixedLayer(objective, self.vector)

    def solved(self, alpha: float) -> np.ndarray:
        """Return the parameters with the output layer of least squares."""
        vector = self.vector.copy()
        views = self.objective.network.views(vector)
        views.weights[...], views.bias[...] = self.loo.solve(alpha)
        return vector


class JudgedLayer:
    """A first layer, and how good it is on rows whose targets it has not seen.

    Nothing is computed before it is asked for.

    Parameters
    ----------
    layer : FixedLayer
        Learned from all rows.
    alpha : float or "loo"
        The penalty of the output layer, or to choose it by leave-one-out.
    judges : tuple of FixedLayer, optional
        The same, each learned without the targets of a fold; the layer itself, if nothing
        in it was learned from targets.
    folds : ndarray of int, shape (n_rows,), optional
        The fold of each row, as an index of `judges`.
    """

    def __init__(
        self,
        layer: FixedLayer,
        alpha: float | str,
        judges: tuple[FixedLayer, ...] = (),
        folds: np.ndarray | None = None,
    ):
        self.layer = layer
        self.choice = alpha
        self.judges = judges or (layer,)
        self.folds = np.zeros(layer.objective.n_rows, dtype=int) if folds is None else folds
        self._best: tuple[float, float] | None = None
        self._left_out: np.ndarray | None = None
        self._log_odds: LogOdds | None = None

    @property
    def objective(self) -> Objective:
        """The network and the rows."""
        return self.layer.objective

    def mapped(self, change: Callable[[FixedLayer], FixedLayer]) -> "JudgedLayer":
        """Return the result of the same change to the layer and to its judges."""
        layer = change(self.layer)
        if self.judges == (self.layer,):
            return JudgedLayer(layer, self.choice)
        return JudgedLayer(layer, self.choice, tuple(map(change, self.judges)), self.folds)

    def thinned(self, n_rows: int, rng: np.random.RandomState) -> "JudgedLayer":
        """Return the same on so many random rows, or on all if they are few."""
        index = random_part(self.objective.n_rows, n_rows, rng)
        if isinstance(index, slice):
            return self
        thin = self.mapped(lambda layer: layer.on(on_some_rows(layer.objective, index)))
        thin.folds = self.folds[index]
        return thin

    def judged_by(self, k: int) -> np.ndarray:
        """Return which rows a judge has not seen, as booleans."""
        return self.folds == k

    def alpha_of(self, layer: FixedLayer) -> float:
        """Return the penalty for one of the layers."""
        strength = self._strength_and_error()[0]
        return strength if self._is_given else strength * layer.loo.scale

    @property
    def alpha(self) -> float:
        """The penalty."""
        return self.alpha_of(self.layer)

    @property
    def error(self) -> float:
        """How wrong the outputs for rows left out are: their cross-entropy, or mean square."""
        if isinstance(self.objective.loss, LogLoss):
            return self.log_odds.loss
        return self._strength_and_error()[1]

    @property
    def output(self) -> tuple[np.ndarray, np.ndarray]:
        """W and b of least squares."""
        return self.layer.loo.solve(self.alpha)

    @property
    def left_out(self) -> np.ndarray:
        """Outputs of least squares for each row, from layers that have not seen its target."""
        if self._left_out is None:
            outputs = [judge.loo.predictions(self.alpha_of(judge)) for judge in self.judges]
            self._left_out = np.stack(outputs)[self.folds, np.arange(len(self.folds))]
        return self._left_out

    @property
    def log_odds(self) -> LogOdds:
        """What brings the outputs for rows left out, of a classifier, to log-odds."""
        if self._log_odds is None:
            rows, link = self.objective.rows, self.objective.link
            shares = rows.shares(slice(None))
            self._log_odds = log_odds(self.left_out, rows.targets, shares, link)
        return self._log_odds

    @property
    def _is_given(self):
        return not isinstance(self.choice, str)

    def _strength_and_error(self):
        """Return α, as a part of the largest eigenvalue unless it is given, and its error."""
        if self._best is None:
            self._best = self._given() if self._is_given else self._least()
        return self._best

    def _given(self):
        return float(self.choice), float(self._errors(np.array([self.choice], dtype=float))[0])

    def _errors(self, strengths):
        total = np.zeros(len(strengths))
        for k, judge in enumerate(self.judges):
            scale = 1.0 if self._is_given else judge.loo.scale
            total += judge.loo.errors(strengths * scale, self.judged_by(k))
        return total

    def _least(self):
        # What predicts in single precision needs outputs that do not cancel.
        grid = GRID[GRID >= np.finfo(self.objective.rows.input_dtype).eps]
        rough = sum(judge.loo.rough_errors(grid * judge.loo.scale) for judge in self.judges)
        least = int(np.argmin(rough))
        first, last = max(least - NEAR, 0), least + NEAR + 1
        errors = self._errors(grid[first:last])
        while True:
            best = int(np.argmin(errors))
            if best == 0 and first > 0:
                further = grid[max(first - NEAR, 0) : first]
                errors = np.append(self._errors(further), errors)
                first -= len(further)
            elif best == len(errors) - 1 and last < len(grid):
                errors = np.append(errors, self._errors(grid[last : last + NEAR]))
                last += NEAR
            else:
                return float(grid[first + best]), float(errors[best])


def on_some_rows(objective: Objective, index: np.ndarray) -> Objective:
    """Return an objective on some of its rows."""
    return objective.on(objective.rows.take(index).keep())
