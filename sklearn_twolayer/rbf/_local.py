"""A local average: the targets of near training rows, weighted by a kernel of their distance.

It is a radial network with a centre at each training row (or at some of them), activations that
sum to one, and the targets as weights of its output layer (Nadaraya and Watson, 1964). The
distance is that of the inputs chosen for the radial-basis network. Nothing is trained but one
width for all centres, on rows that were held out.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from scipy import sparse
from scipy.optimize import minimize_scalar

from ..activations import softmax
from ..blending import Honest
from ..embeddings import Radial
from ..kernels import as_kernel
from ..losses import LogLoss
from ..model import Part
from ..network import Network
from ..radial import make_geometry
from ..rows import Rows, Transformer, blocks, random_part
from ._probe import Inputs
from ._spec import Table

#: A kernel with a peak at the centre: the nearest rows count most, even if no row is near.
KERNEL = "laplace"
#: Maximum number of centres, and of numbers in all of them.
MOST_CENTERS, MOST_NUMBERS = 10_000, 2**22
#: Maximum number of held-out rows on which the width is chosen.
MOST_TRIED = 1000
#: Widths to try, as fractions of the root mean square distance between rows; then near the best.
FRACTIONS = 2.0 ** -np.arange(1, 11)
FINER = 2.0 ** np.array([-0.5, 0.5])
#: Narrower widths are not tried once the error is larger than the least one by this fraction.
RISE = 0.05
#: The largest log-odds of a class for an average of one, and the tolerance of their search.
MOST_LOG_ODDS, ROUGHLY = 30.0, {"xatol": 0.1}
#: Rows per block.
BLOCK_LENGTH = 256


class Fold(NamedTuple):
    """Rows to predict, and the inputs that are learned without their targets."""

    index: np.ndarray  # of rows of the evaluated table
    input_map: Transformer | None
    number: float | None  # the fold that target statistics leave out, if there are any


class LocalAverage:
    """Averages of the targets of near rows.

    Parameters
    ----------
    table : Table
        The training rows.
    inputs : Inputs
        The inputs of the radial-basis network that was learned from them.
    rng : RandomState
        Draws rows.
    others : Table, optional
        Rows from which nothing was learned, to evaluate the averages. By default, rows of the
        table are evaluated, by the averages of the others.
    """

    def __init__(
        self,
        table: Table,
        inputs: Inputs,
        rng: np.random.RandomState,
        others: Table | None = None,
    ):
        self.table, self.inputs, self.rng, self.others = table, inputs, rng, others
        is_whole = others is not None or inputs.n_judged != 1
        self.input_map = inputs.whole() if is_whole else inputs.without(0)
        self.has_folds = bool(getattr(inputs.input_map, "statistics_", None))
        n_mapped = self._mapped(table.X[:1], self.input_map).shape[1]
        most = min(MOST_CENTERS, max(MOST_NUMBERS // n_mapped, 1))
        self.memory = in_proportion(table.sample_weight, most, rng)
        self.mean = table.targets[self.memory].mean(axis=0)
        self.targets = table.targets[self.memory] - self.mean
        self.evaluated = others or table

    def fit(self, name: str) -> tuple[Part, Honest]:
        """Choose the width.

        Parameters
        ----------
        name : str
            The name of the part.

        Returns
        -------
        part : Part
            The network.
        honest : Honest
            Its raw outputs on held-out rows.
        """
        folds = list(self._folds())
        rows = np.sort(np.concatenate([fold.index for fold in folds]))
        width = self._best_width(folds, rows)
        averages = self._averages(folds, rows, width)
        scale, _ = self._calibrated(averages, rows)
        return self._part(width, scale, name), Honest(rows, scale * averages)

    def _folds(self) -> Iterator[Fold]:
        """Yield the evaluated rows, by the inputs that are learned without them."""
        if self.others is not None:
            yield Fold(np.arange(self.others.n_rows), _for_new_rows(self.input_map), None)
            return
        for k in range(self.inputs.n_judged):
            own, input_map = np.flatnonzero(self.inputs.folds == k), self.inputs.without(k)
            if not self.has_folds:
                yield Fold(own, input_map, None)
                continue
            numbers = self.table.X[own, -1]
            for number in np.unique(numbers):
                yield Fold(own[numbers == number], input_map, number)

    def _best_width(self, folds, rows):
        tried = rows[random_part(len(rows), MOST_TRIED, self.rng)]
        folds = [fold._replace(index=np.intersect1d(fold.index, tried)) for fold in folds]
        folds = [fold for fold in folds if len(fold.index)]

        def error(width):
            return self._calibrated(self._averages(folds, tried, width), tried)[1]

        errors: dict[float, float] = {}
        for width in self._typical_distance() * FRACTIONS:
            errors[width] = error(width)
            if errors[width] > (1 + RISE) * min(errors.values()):
                break
        best = min(errors, key=errors.__getitem__)
        errors |= {width: error(width) for width in best * FINER}
        return min(errors, key=errors.__getitem__)

    def _calibrated(self, outputs, rows):
        """Return the scale of averages as raw outputs, and the loss."""
        targets, weights = self.evaluated.targets[rows], self.evaluated.sample_weight[rows]
        loss, link, shares = self.table.loss, self.table.link, weights / weights.sum()
        start = loss.start(targets, weights, link)

        def cost(scale):
            return shares @ loss.value_and_gradient(start + scale * outputs, targets, link)[0]

        if not isinstance(loss, LogLoss):
            return 1.0, cost(1.0)
        found = minimize_scalar(cost, bounds=(0, MOST_LOG_ODDS), method="bounded", options=ROUGHLY)
        return found.x, found.fun

    def _averages(self, folds, rows, width):
        """Return the averages for some rows, each without its own target."""
        result = np.empty((len(rows), self.targets.shape[1]))
        for fold in folds:
            centers = self._centers(fold)
            place = np.searchsorted(rows, fold.index)
            for part in blocks(len(place), BLOCK_LENGTH):
                result[place[part]] = self._of_block(fold, fold.index[part], centers, width)
        return result

    def _of_block(self, fold, index, centers, width):
        X = self._mapped(self._numbered(self.evaluated.X[index], fold.number), fold.input_map)
        r2, _ = make_geometry("spherical", True).squared(X, centers, None)
        if self.others is None:
            r2[self.memory == index[:, None]] = np.inf
        with np.errstate(over="ignore", invalid="ignore"):
            y = softmax(as_kernel(KERNEL).log(r2 / width**2))
        return np.nan_to_num(y) @ self.targets

    def _centers(self, fold):
        memory = self.table.X[self.memory]
        if self.others is not None:
            return self._mapped(self._without_number(memory), fold.input_map)
        return self._mapped(self._numbered(memory, fold.number), fold.input_map)

    def _numbered(self, X, number):
        """Return rows with the fold that their target statistics leave out."""
        if number is None:
            return X
        return np.column_stack([X[:, :-1], np.full(len(X), number, dtype=X.dtype)])

    def _without_number(self, X):
        return X[:, :-1] if self.has_folds else X

    def _mapped(self, X, input_map):
        rows = Rows(X, input_map, np.dtype(np.float32)).inputs(slice(None))
        return rows.toarray() if sparse.issparse(rows) else rows

    def _typical_distance(self):
        """Return the root mean square distance between two rows."""
        some = self.memory[random_part(len(self.memory), MOST_TRIED, self.rng)]
        X = self._mapped(self.table.X[some], self.input_map).astype(np.float64)
        return np.sqrt(2 * X.var(axis=0).sum()) or 1.0

    def _part(self, width, scale, name):
        new_rows = self._without_number(self.table.X[self.memory])
        centers = self._mapped(new_rows, _for_new_rows(self.input_map))
        network = Network(
            Radial(len(centers), KERNEL, centers="all", normalize=True),
            centers.shape[1],
            self.targets.shape[1],
        )
        vector = np.empty(network.n_parameters)
        views = network.views(vector)
        own_centers, log_widths = views.own
        own_centers[...], log_widths[...] = centers, np.log(width)
        views.weights[...], views.bias[...] = scale * self.targets, 0
        rows = Rows(self.table.X, self.input_map, np.dtype(np.float32))
        return Part.of(rows, network, vector[None], name)


def in_proportion(weights: np.ndarray, most: int, rng: np.random.RandomState) -> np.ndarray:
    """Return the indices of some rows, each as often as its share of the weight.

    Parameters
    ----------
    weights : ndarray of shape (n_rows,)
        Positive weights.
    most : int
        Maximum number of rows.
    rng : RandomState
        Draws rows.

    Returns
    -------
    ndarray of int
        Ascending; each row once, if there are few and their weights are equal.

    Examples
    --------
    >>> in_proportion(np.array([1.0, 1.0, 2.0]), 4, np.random.RandomState(0))
    array([0, 1, 2])
    >>> in_proportion(np.array([1.0, 1.0, 1.0]), 4, np.random.RandomState(0))
    array([0, 1, 2])
    """
    n = min(len(weights), most)
    ends = np.cumsum(weights / weights.sum())
    places = (np.arange(n) + rng.uniform()) / n
    return np.minimum(np.searchsorted(ends, places, side="right"), len(weights) - 1)


def _for_new_rows(input_map):
    return input_map.for_new_rows() if hasattr(input_map, "for_new_rows") else input_map
