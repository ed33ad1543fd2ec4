"""A fixed first layer, and the error of its output layer on held-out rows.

Leave-one-out is honest if the first layer depends only on the inputs. If part of it was learned
from the targets (a metric), leave-one-out is optimistic. So it is learned again from the rows
outside of some folds, and each of these first layers is evaluated on its fold, by output layers
that leave out one row at a time. Their decisions (the penalty, the widths, whether to keep the
metric) are used for the first layer that was learned from all rows.
"""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from .._random_rows import random_part
from ..blending import Honest
from ..embeddings import Passthrough
from ..input_maps import has_statistics
from ..links import IdentityLink
from ..losses import LogLoss, SquaredError
from ..network import Network
from ..objective import Objective
from ..rows import Rows
from ._activations import Activations
from ._few_rows import FewRows
from ._leave_one_out import GRID, LeaveOneOut
from ._log_odds import LogOdds, log_odds
from ._many_rows import ManyRows

#: Number of values of α on each side of the approximate best for which the exact error is
#: computed.
NEAR = 1


class FixedLayer:
    """A first layer, with all least-squares output layers on it.

    The parameters of the output layer in `vector` are not used. `judged` are the indices of the
    rows whose targets were not used to learn it; all, if None.
    """

    def __init__(self, objective: Objective, vector: np.ndarray, judged: np.ndarray | None = None):
        self.objective = objective
        self.vector = vector
        self.judged = np.arange(objective.n_rows) if judged is None else judged

    @cached_property
    def loo(self) -> LeaveOneOut:
        """The output layers for all penalties, computed on first use."""
        activations = Activations(self.objective, self.vector)
        # The smaller of the two matrices.
        few = 1 < self.objective.n_rows <= activations.width and activations.kept
        return (FewRows if few else ManyRows)(activations, self.judged)

    @property
    def own(self) -> tuple[np.ndarray, ...]:
        """Centres, log widths and possibly shapes, as views."""
        return self.objective.network.views(self.vector).own

    def moved(self, **arrays: np.ndarray) -> "FixedLayer":
        """Return the layer with other `centers`, `log_widths` or `shapes`."""
        vector = self.vector.copy()
        own = self.objective.network.views(vector).own
        for name, array in arrays.items():
            own[("centers", "log_widths", "shapes").index(name)][...] = array
        return FixedLayer(self.objective, vector, self.judged)

    def judged_on(self, rows: np.ndarray) -> "FixedLayer":
        """Return the same layer, evaluated on some of its rows."""
        if len(rows) == len(self.judged):
            return self  # with its output layers
        return FixedLayer(self.objective, self.vector, rows)

    def on_some_rows(self, index: np.ndarray) -> "FixedLayer":
        """Return the same layer on some of the rows."""
        judged = np.flatnonzero(np.isin(index, self.judged))
        return FixedLayer(on_some_rows(self.objective, index), self.vector, judged)

    def with_output(self, weights: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """Return the parameters with an output layer."""
        vector = self.vector.copy()
        views = self.objective.network.views(vector)
        views.weights[...], views.bias[...] = weights, bias
        return vector

    def solved(self, alpha: float) -> np.ndarray:
        """Return the parameters with the least-squares output layer."""
        return self.with_output(*self.loo.solve(alpha))


class JudgedLayer:
    """A first layer, and its error on held-out rows.

    Everything is computed on first use. The layer was learned from all rows, and each judge in the
    same way, but without the targets of the rows on which it is evaluated; a layer that does not
    depend on targets judges itself. If `alpha` is "loo", leave-one-out chooses the penalty.
    """

    def __init__(self, layer: FixedLayer, alpha: float | str, judges: tuple[FixedLayer, ...] = ()):
        self.layer = layer
        self.choice = alpha
        self.judges = judges or (layer,)
        self.place: int | None = None  # of the penalty among the candidates, or where to search

    @property
    def objective(self) -> Objective:
        """The network and the rows."""
        return self.layer.objective

    @property
    def is_given(self) -> bool:
        """Whether the penalty is given, so that it need not be chosen."""
        return not isinstance(self.choice, str)

    def mapped(self, change: Callable[[FixedLayer], FixedLayer]) -> "JudgedLayer":
        """Return the result of applying the same change to the layer and its judges."""
        layer = change(self.layer)
        if self.judges == (self.layer,):
            return JudgedLayer(layer, self.choice)
        return JudgedLayer(layer, self.choice, tuple(map(change, self.judges)))

    def searching_from(self, place: int | None) -> "JudgedLayer":
        """Return a copy whose penalty is searched from the `place` of that of a similar layer."""
        result = JudgedLayer(self.layer, self.choice, self.judges)
        result.place = place
        return result

    def by(self, n_rows: int) -> "JudgedLayer":
        """Return a copy with as few judges as needed for a number of rows, or all."""
        counts = np.cumsum([len(judge.judged) for judge in self.judges])
        n_judges = int(np.searchsorted(counts, n_rows)) + 1
        if n_judges >= len(self.judges):
            return self
        return JudgedLayer(self.layer, self.choice, self.judges[:n_judges])

    def thinned(self, n_rows: int, rng: np.random.RandomState) -> "JudgedLayer":
        """Return a copy on a number of random rows, or on all if there are fewer."""
        index = random_part(self.objective.n_rows, n_rows, rng)
        if isinstance(index, slice):
            return self
        return self.mapped(lambda layer: layer.on_some_rows(index))

    def alpha_of(self, layer: FixedLayer) -> float:
        """Return the penalty for one of the layers."""
        strength = self._strength_and_error[0]
        return strength if self.is_given else strength * layer.loo.scale

    @property
    def alpha(self) -> float:
        """The penalty."""
        return self.alpha_of(self.layer)

    @property
    def error(self) -> float:
        """The error on held-out rows: the cross-entropy or the mean square."""
        if isinstance(self.objective.loss, LogLoss):
            return self.log_odds.loss
        return self._strength_and_error[1]

    @property
    def output(self) -> tuple[np.ndarray, np.ndarray]:
        """W and b by least squares."""
        return self.layer.loo.solve(self.alpha)

    @cached_property
    def left_out(self) -> Honest:
        """Least-squares outputs, from layers fitted without the targets of the rows."""
        rows = np.concatenate([judge.judged for judge in self.judges])
        outputs = [judge.loo.predictions(self.alpha_of(judge)) for judge in self.judges]
        order = np.argsort(rows)
        return Honest(rows[order], np.concatenate(outputs)[order])

    @cached_property
    def log_odds(self) -> LogOdds:
        """The transformation of held-out outputs to log-odds, for classifiers."""
        rows, outputs = self.left_out
        targets, weights = self.objective.rows.targets_and_weights(rows)
        return log_odds(outputs, targets, weights / weights.sum(), self.objective.link)

    @cached_property
    def _strength_and_error(self):
        """α, as a fraction of the largest eigenvalue unless it is given, and its error."""
        return self._given() if self.is_given else self._least()

    def _given(self):
        return float(self.choice), float(self._errors(np.array([self.choice], dtype=float))[0])

    def _errors(self, strengths):
        total, weight = np.zeros(len(strengths)), 0.0
        for judge in self.judges:
            scale = 1.0 if self.is_given else judge.loo.scale
            total += judge.loo.errors(strengths * scale)
            weight += judge.objective.rows.shares(judge.loo.evaluated).sum()
        return total / weight

    def _smallest(self):
        """Return the smallest candidate for α."""
        rows = self.objective.rows
        # Predictions in single precision need outputs that do not cancel. Target statistics of
        # other folds contain a row's own target, which could be recovered to the last digits.
        is_single = rows.input_dtype == np.float32 or has_statistics(rows.input_map)
        return np.finfo(np.float32 if is_single else np.float64).eps

    def _least(self):
        lowest = int(np.searchsorted(GRID, self._smallest()))
        # Eigenvalues tell roughly where; for large matrices, they take longer than the search.
        if self.place is None or not all(judge.loo.can_be_factored for judge in self.judges):
            for judge in self.judges:
                judge.loo.decompose()
            grid = GRID[lowest:]
            rough = sum(judge.loo.rough_errors(grid * judge.loo.scale) for judge in self.judges)
            self.place = lowest + int(np.argmin(rough))
        place = max(self.place, lowest)
        first, last = max(place - NEAR, lowest), place + NEAR + 1
        errors = self._errors(GRID[first:last])
        while True:
            best = int(np.argmin(errors))
            if best == 0 and first > lowest:
                further = GRID[max(first - NEAR, lowest) : first]
                errors = np.append(self._errors(further), errors)
                first -= len(further)
            elif best == len(errors) - 1 and last < len(GRID):
                errors = np.append(errors, self._errors(GRID[last : last + NEAR]))
                last += NEAR
            else:
                self.place = first + best
                return float(GRID[self.place]), float(errors[best])


def ridge(rows: Rows) -> JudgedLayer:
    """Return ridge regression on mapped rows; leave-one-out chooses the penalty."""
    network = Network(Passthrough(), rows.n_features, rows.targets.shape[1])
    objective = Objective(network, SquaredError(), IdentityLink(), rows)
    return JudgedLayer(FixedLayer(objective, np.zeros(network.n_parameters)), "loo")


def on_some_rows(objective: Objective, index: np.ndarray) -> Objective:
    """Return an objective on some of its rows."""
    return objective.on(objective.rows.take(index).keep())
