"""Conformal prediction intervals and sets, from outputs on held-out rows.

The score of a row measures how far its target is from the prediction made without it. If new rows
are like the training rows, the score of a new row is below the quantile of these scores at a given
coverage with that probability, for any model (split and cross-conformal prediction: Vovk,
Gammerman & Shafer, 2005; Barber et al., 2021, "Predictive inference with the jackknife+").
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ._linalg import Matrix, dense
from .input_maps import StandardMap, map_rows
from .model import Model, Part
from .output_layer import ridge
from .rows import Rows, Transformer

#: Approximate number of scores that are kept; if there are more, their quantiles.
MOST_SCORES = 1000
#: Maximum number of rows from which the size of errors is learned.
MOST_ROWS = 5000
#: With more mapped inputs than this, the size of errors depends on the prediction alone.
MOST_INPUTS = 256
#: Quantiles of the predictions, at which the size of errors has kinks.
BENDS = np.linspace(0, 1, 9)[1:-1]
#: Coverages at which the powers of a size are compared by the width of the intervals.
COMPARED = (0.8, 0.9, 0.95)
#: Powers of the predicted size: 0 for intervals of one width, 1 for what was learned.
POWERS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)
#: Larger outputs and errors count as this large when sizes are learned: sums stay in range.
LARGEST = 1e300
#: Bound of the logarithm of a size, of which the exponential is a number.
LARGEST_LOGARITHM = 700.0
#: A larger power must make intervals narrower by this fraction.
WORTH = 0.005


class Scores(NamedTuple):
    """Scores of held-out rows, ascending, and the fraction of rows with at most this score."""

    values: np.ndarray  # (n_scores,)
    shares: np.ndarray  # of all rows and one more with an unknown score

    @classmethod
    def of(cls, scores: np.ndarray, weights: np.ndarray, n_rows: int | None = None) -> "Scores":
        """Return the scores of some rows under positive weights, both of shape (n_scores,).

        There is one score for each row, unless the number of rows is given.

        Examples
        --------
        >>> Scores.of(np.array([3.0, 1.0, 2.0]), np.ones(3)).quantile(0.5)
        2.0
        """
        order = np.argsort(scores, kind="stable")
        mass = np.cumsum(weights[order])
        shares = mass / (mass[-1] * (1 + 1 / (n_rows or len(scores))))
        if len(order) > MOST_SCORES:
            kept = np.searchsorted(shares, np.linspace(0, shares[-1], MOST_SCORES))
            kept = np.unique(np.minimum(kept, len(order) - 1))
            order, shares = order[kept], shares[kept]
        return cls(scores[order], shares)

    def quantile(self, coverage: float) -> float:
        """Return the upper bound of the score of a new row, at a given probability.

        ValueError is raised if there are too few rows for so high a coverage.
        """
        place = int(np.searchsorted(self.shares, coverage - 1e-12))
        if place == len(self.shares):
            raise ValueError(
                f"coverage={coverage:g} is more than the number of held-out rows allows: at most "
                f"{self.shares[-1]:.4g}. Request less, or fit on more rows."
            )
        return float(self.values[place])


@dataclass(frozen=True, eq=False)
class ErrorSize:
    """The size of errors, as a two-layer network of the inputs and the prediction.

    Parameters
    ----------
    input_map : fitted transformer or None
        Gives the inputs; not used if there are many.
    bends : ndarray of shape (n_bends, n_outputs)
        The kinks of the size as a function of the prediction.
    model : Model or None
        Gives logarithms of sizes; None before it is fitted.
    powers : ndarray of shape (n_outputs,)
        Powers of the sizes.
    """

    input_map: Transformer | None
    bends: np.ndarray
    model: Model | None
    powers: np.ndarray

    def features(self, X: Matrix, z: np.ndarray) -> np.ndarray:
        """Return what the size depends on, shape (n_rows, n_features)."""
        z = _bounded(z)
        above = np.maximum(z[:, None, :] - self.bends, 0).reshape(len(z), -1)
        parts = [z, above]
        mapped = map_rows(self.input_map, X[:1])
        if mapped.shape[1] <= MOST_INPUTS:
            mapped = map_rows(self.input_map, X)
            parts.append(dense(mapped))
        return np.hstack(parts).astype(np.float64)

    def __call__(self, X: Matrix, z: np.ndarray) -> np.ndarray:
        """Return sizes of errors, shape (n_rows, n_outputs), for validated rows with outputs z."""
        if self.model is None or not self.powers.any():
            return np.ones(z.shape)
        return _sizes(self.powers, self.model.raw_outputs(self.features(X, z)))


class LeftOutErrors(NamedTuple):
    """Held-out rows, and the errors of the outputs for them."""

    X: Matrix
    z: np.ndarray  # raw outputs, (n_rows, n_outputs)
    errors: np.ndarray  # target minus prediction, in units of the targets' spread
    weights: np.ndarray  # (n_rows,)


@dataclass(frozen=True, eq=False)
class Intervals:
    """Half the width of the intervals around predictions.

    Parameters
    ----------
    scores : tuple of Scores
        For each output: scores of errors in units of their size.
    size : ErrorSize
        The size of errors.
    """

    scores: tuple[Scores, ...]
    size: ErrorSize

    @classmethod
    def learn(cls, left_out: LeftOutErrors, input_map: Transformer | None) -> "Intervals":
        """Return intervals of constant width, unless variable ones are narrower on average.

        The map gives the inputs of the size of errors.
        """
        left_out = _thinned(left_out)
        size, logs = _learn_size(left_out, input_map)
        with np.errstate(over="ignore"):  # then the interval is as wide as numbers allow
            scaled = np.abs(left_out.errors) / _sizes(size.powers, logs)
        return cls(tuple(Scores.of(column, left_out.weights) for column in scaled.T), size)

    def half_widths(self, X: Matrix, z: np.ndarray, coverage: float) -> np.ndarray:
        """Return half widths for outputs z, in units of the targets' spread, (n_rows, n_outputs).

        `coverage` is the probability that the target lies in the interval.
        """
        return self.size(X, z) * [each.quantile(coverage) for each in self.scores]


def _thinned(left_out: LeftOutErrors) -> LeftOutErrors:
    if len(left_out.z) <= MOST_ROWS:
        return left_out
    kept = np.linspace(0, len(left_out.z) - 1, MOST_ROWS).astype(int)
    return LeftOutErrors(*(each[kept] for each in left_out))


def _bounded(values: np.ndarray) -> np.ndarray:
    return np.clip(values.astype(np.float64), -LARGEST, LARGEST)


def _sizes(powers, logs: np.ndarray) -> np.ndarray:
    return np.exp(np.clip(powers * logs, -LARGEST_LOGARITHM, LARGEST_LOGARITHM))


def _learn_size(left_out: LeftOutErrors, input_map: Transformer | None):
    """Return the size of errors, and its leave-one-out logarithms for the rows."""
    X, z, errors, weights = left_out
    errors, n_outputs = _bounded(errors), z.shape[1]
    bends = np.quantile(_bounded(z), BENDS, axis=0)
    size = ErrorSize(input_map, bends, None, np.zeros(n_outputs))
    # Errors of zero have no logarithm, and small ones should not dominate.
    floor = np.median(np.abs(errors), axis=0) + 1e-3 * np.abs(errors).mean(axis=0)
    if not floor.all():
        return size, np.zeros(z.shape)
    targets = np.log(np.abs(errors) / floor + 1)
    features = size.features(X, z)
    scaling = StandardMap(clip=5.0).fit(features, sample_weight=weights)
    rows = Rows(features, scaling, np.dtype(float)).labelled(targets, weights).keep()
    judged = ridge(rows)
    vector = judged.layer.solved(judged.alpha)
    logs = judged.left_out.outputs
    pairs = zip(np.abs(errors).T, logs.T, strict=True)
    powers = np.array([_best_power(error, log, weights) for error, log in pairs])
    model = Model.of(Part(scaling, judged.objective.network, vector[None]))
    return ErrorSize(input_map, bends, model, powers), logs


def _best_power(errors: np.ndarray, logs: np.ndarray, weights: np.ndarray) -> float:
    """Return the power of the size that makes intervals narrowest."""
    best, narrowest = 0.0, np.inf
    for power in POWERS:
        sizes = _sizes(power, logs)
        scores = Scores.of(errors / sizes, weights)
        levels = [level for level in COMPARED if level <= scores.shares[-1]]
        quantiles = np.array([scores.quantile(level) for level in levels])
        if not levels or not quantiles.all():
            return 0.0
        width = np.log(quantiles).mean() + np.log(np.average(sizes, weights=weights))
        if width < narrowest - WORTH:
            best, narrowest = power, width
    return best
