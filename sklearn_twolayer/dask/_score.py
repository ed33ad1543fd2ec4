"""Scores on all rows, from sums over partitions."""

from typing import Any, NamedTuple

import numpy as np
from dask.delayed import delayed
from sklearn.base import is_classifier

from ..estimators._target_checks import finite_floats
from ..estimators._targets import as_columns
from ._collections import Form
from ._engine import Engine
from ._partition import Partition, checked_partition, naming
from ._recipe import task


class Sums(NamedTuple):
    """What the score of a partition contributes to that of all rows."""

    mass: float  # the sum of the weights
    mean: np.ndarray  # of the targets; for classes, of the correct predictions
    squares: np.ndarray  # weighted, of the differences to this mean
    errors: np.ndarray  # the same, of the differences to the predictions


def score_of_partitions(engine: Engine, model: Any, given: list, form: Form) -> float:
    """Return the score of a fitted local estimator on all rows: the accuracy, or R².

    `given` are the Delayed objects of each partition (X, y and weights), and `form` is that of X.
    """
    if getattr(model._targets, "per_target", None):
        raise ValueError(
            "score is not a sum over partitions for several quantiles: use to_local().score on "
            "rows in memory."
        )
    shared = delayed(model, traverse=False)
    found = engine.run([delayed(sums_of)(shared, form, *each) for each in enumerate(given)])
    found = [each for each in found if each is not None]
    if not found:
        raise ValueError("X has no rows with a weight, in any of its partitions.")
    mass, mean, squares, errors = map(np.array, zip(*found, strict=True))
    center = np.average(mean, axis=0, weights=mass)
    if is_classifier(model):
        return float(center[0])
    total = squares.sum(axis=0) + mass @ np.square(mean - center)
    missed = errors.sum(axis=0)
    ratio = np.divide(missed, total, out=(missed > 0).astype(float), where=total > 0)
    return float(np.mean(1 - ratio))


@task
def sums_of(model: Any, form: Form, number: int, arrays: tuple) -> Sums | None:
    """Return the sums of a partition; None if it has no rows with a weight."""
    validate_y = np.asarray if is_classifier(model) else finite_floats
    rows = checked_partition(form, validate_y, number, arrays)
    if not len(rows.weights):
        return None
    with naming(number):
        return _accuracy(model, rows) if is_classifier(model) else _errors(model, rows)


def _accuracy(model, rows: Partition) -> Sums:
    mean = np.array([model.score(rows.X, rows.y, rows.weights)])
    return Sums(rows.weights.sum(), mean, np.zeros(1), np.zeros(1))


def _errors(model, rows: Partition) -> Sums:
    predicted = model.predict(rows.X)
    if rows.y.shape != predicted.shape:
        raise ValueError(f"y must have the shape {predicted.shape}, got {rows.y.shape}.")
    origin = model._targets.bounds[0]  # differences to a near number are exact
    y, predicted = ((as_columns(each) - origin) / model._unit for each in (rows.y, predicted))
    mean = np.average(y, axis=0, weights=rows.weights)
    squares, errors = (rows.weights @ np.square(y - each) for each in (mean, predicted))
    return Sums(rows.weights.sum(), mean, squares, errors)
