"""A local average: the targets of near training rows, weighted by a kernel of their distance.

It is a radial network with a centre at each training row (or at some of them), activations that
sum to one, and the targets as weights of its output layer (Nadaraya and Watson, 1964). The
distance is that of the inputs chosen for the radial-basis network. Nothing is trained but one
width for all centres, on rows that were held out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from .._linalg import dense
from .._random_rows import random_part
from ..activations import softmax_average
from ..blending import Honest
from ..embeddings import Radial
from ..input_maps import for_new_rows, has_statistics
from ..kernels import as_kernel
from ..losses import LogLoss
from ..model import Part
from ..network import Network
from ..radial import make_geometry
from ..rows import Rows, Transformer, block_length, blocks
from ._probe import Inputs
from ._spec import Table

#: A kernel with a peak at the centre: the nearest rows count most, even if no row is near.
KERNEL = "laplace"
#: Maximum number of coordinates of all centres.
MOST_NUMBERS = 2**22
#: Maximum number of held-out rows on which the width is chosen.
MOST_TRIED = 500
#: Widths to try, as fractions of the root mean square distance between rows; then near the best.
FRACTIONS = 2.0 ** -np.arange(1, 11)
FINER = 2.0 ** np.array([-0.5, 0.5])
#: Narrower widths are not tried once the error is larger than the least one by this fraction.
RISE = 0.05
#: The largest log-odds of a class for an average of one, and the tolerance of their search.
MOST_LOG_ODDS, ROUGHLY = 30.0, {"xatol": 0.1}


class Fold(NamedTuple):
    """Rows to predict, and the inputs that are learned without their targets."""

    rows: np.ndarray  # indices, ascending
    input_map: Transformer | None
    number: float | None  # the fold that target statistics leave out; None for those of all rows


class LocalAverage:
    """Averages of the targets of near rows.

    They use the inputs of the radial-basis network that was learned from the same table. `others`
    are rows from which nothing was learned, to evaluate the averages. Without them, rows of the
    table are evaluated, each by averages of the other rows.
    """

    def __init__(
        self,
        table: Table,
        inputs: Inputs,
        rng: np.random.RandomState,
        others: Table | None = None,
    ):
        self.table, self.inputs, self.rng = table, inputs, rng
        self.evaluated, self.leaves_out = others or table, others is None
        self.has_folds = has_statistics(inputs.input_map)
        n_mapped = self._mapped(table.X[:1], inputs.whole()).shape[1]
        most = max(MOST_NUMBERS // n_mapped, 1)
        self.memory = in_proportion(table.sample_weight, most, rng)
        targets = table.targets[self.memory]
        self.targets = targets - targets.mean(axis=0)

    def fit(self, name: str) -> tuple[Part, Honest]:
        """Choose the width; return the network, and its raw outputs on held-out rows."""
        folds = list(self._folds())
        rows = np.sort(np.concatenate([fold.rows for fold in folds]))
        width = self._best_width(folds, rows)
        averages = self._averages(self._squares(folds), rows, width)
        scale, _ = self._calibrated(averages, rows)
        return self._part(width, scale, name), Honest(rows, scale * averages)

    def _folds(self) -> Iterator[Fold]:
        """Yield the evaluated rows, by the inputs that are learned without their targets."""
        if not self.leaves_out:
            yield self._new_rows(np.arange(self.evaluated.n_rows))
            return
        for k in range(self.inputs.n_judged):
            rows, input_map = np.flatnonzero(self.inputs.folds == k), self.inputs.without(k)
            numbers = self.table.X[rows, -1] if self.has_folds else np.zeros(len(rows))
            for number in np.unique(numbers):
                some = rows[numbers == number]
                yield Fold(some, input_map, number if self.has_folds else None)

    def _new_rows(self, rows):
        return Fold(rows, for_new_rows(self.inputs.whole()), None)

    def _best_width(self, folds, rows):
        tried = rows[random_part(len(rows), MOST_TRIED, self.rng)]
        some = [fold._replace(rows=np.intersect1d(fold.rows, tried)) for fold in folds]
        squares = list(self._squares(some))

        def error(width):
            return self._calibrated(self._averages(squares, tried, width), tried)[1]

        errors: dict[float, float] = {}
        for width in self._typical_distance() * FRACTIONS:
            errors[width] = error(width)
            if errors[width] > (1 + RISE) * min(errors.values()):
                break
        best = min(errors, key=errors.__getitem__)
        errors |= {width: error(width) for width in best * FINER}
        return min(errors, key=errors.__getitem__)

    def _calibrated(self, averages, rows):
        """Return the scale of averages as raw outputs, and the loss."""
        targets, weights = self.evaluated.targets[rows], self.evaluated.sample_weight[rows]
        loss, link, shares = self.table.loss, self.table.link, weights / weights.sum()
        start = loss.start(targets, weights, link)

        def cost(scale):
            return shares @ loss.value_and_gradient(start + scale * averages, targets, link)[0]

        if not isinstance(loss, LogLoss):
            return 1.0, cost(1.0)
        found = minimize_scalar(cost, bounds=(0, MOST_LOG_ODDS), method="bounded", options=ROUGHLY)
        return found.x, found.fun

    def _squares(self, folds):
        """Yield blocks of rows, with their squared distances from the centres."""
        for fold in folds:
            distances = make_geometry("spherical", shared=True).distances(
                self._centers(fold), None
            )
            for part in blocks(len(fold.rows), block_length(len(self.memory))):
                some = fold.rows[part]
                r2 = distances(self._mapped(self.evaluated.X[some], fold.input_map))
                if self.leaves_out:
                    r2[self.memory == some[:, None]] = np.inf
                yield some, r2

    def _averages(self, squares, rows, width):
        """Return the averages for some rows, minus the mean of all targets."""
        result = np.empty((len(rows), self.targets.shape[1]))
        for some, r2 in squares:
            with np.errstate(over="ignore", invalid="ignore"):
                logs = as_kernel(KERNEL).log(r2 / float(width) ** 2)
                averages = softmax_average(logs, self.targets)
            # Without any other row, it is the mean.
            result[np.searchsorted(rows, some)] = np.nan_to_num(averages)
        return result

    def _centers(self, fold):
        X = self.table.X[self.memory]
        if fold.number is not None:
            X[:, -1] = fold.number
        elif self.has_folds:
            X = X[:, :-1]
        return self._mapped(X, fold.input_map)

    @np.errstate(over="ignore")  # infinitely far
    def _mapped(self, X, input_map):
        return dense(Rows(X, input_map, np.dtype(np.float32)).inputs(slice(None)))

    def _typical_distance(self):
        """Return the root mean square distance between two rows."""
        some = self.memory[random_part(len(self.memory), MOST_TRIED, self.rng)]
        X = self._mapped(self.table.X[some], self.inputs.whole()).astype(np.float64)
        with np.errstate(invalid="ignore"):
            distance = np.sqrt(2 * X.var(axis=0).sum())
        return distance if np.isfinite(distance) and distance else 1.0

    def _part(self, width, scale, name):
        centers = self._centers(self._new_rows(self.memory))
        radial = Radial(len(centers), KERNEL, centers="all", normalize=True)
        network = Network(radial, centers.shape[1], self.targets.shape[1])
        rows = Rows(self.table.X, self.inputs.whole(), np.dtype(np.float32))
        vector = np.zeros(network.n_parameters, dtype=rows.input_dtype)
        views = network.views(vector)
        views.own[0][...], views.own[1][...] = centers, np.log(width)
        views.weights[...] = scale * self.targets
        return Part.of(rows, network, vector[None], name)


def in_proportion(weights: np.ndarray, most: int, rng: np.random.RandomState) -> np.ndarray:
    """Return the indices of some rows, ascending, each as often as its share of the weight.

    Each row is among them once, if there are at most `most` and their weights are equal.

    Examples
    --------
    >>> in_proportion(np.array([1.0, 1.0, 2.0]), 4, np.random.RandomState(0))
    array([0, 2, 2])
    >>> in_proportion(np.array([1.0, 1.0, 1.0]), 4, np.random.RandomState(0))
    array([0, 1, 2])
    """
    n = min(len(weights), most)
    ends = np.cumsum(weights / weights.sum())
    places = (np.arange(n) + rng.uniform()) / n
    return np.minimum(np.searchsorted(ends, places, side="right"), len(weights) - 1)
