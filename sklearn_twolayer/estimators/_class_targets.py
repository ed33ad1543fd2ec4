"""From the y of a classifier to the kind of its targets."""

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from ._network import Sample
from ._targets import ClassTargets, DistributionTargets, MultilabelTargets

SOFT = ("multiclass", "multilabel")


def validate_labels(y: np.ndarray, soft_targets: str | None) -> np.ndarray:
    """Return y as labels of one or two axes, or as probabilities.

    Parameters
    ----------
    y : ndarray
        What the user gave.
    soft_targets : {None, "multiclass", "multilabel"}
        What kind of probabilities it holds, if any.

    Returns
    -------
    ndarray of shape (n_rows,) or (n_rows, n_outputs)
        The targets.
    """
    if soft_targets is not None:
        return np.asarray(y, dtype=np.float64)
    check_classification_targets(y)
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def class_targets(y: np.ndarray, soft_targets: str | None, classes: Any = None):
    """Return the object that encodes the targets and decodes outputs.

    Parameters
    ----------
    y : ndarray
        Validated targets.
    soft_targets : {None, "multiclass", "multilabel"}
        What kind of probabilities they are, if any.
    classes : array-like, optional
        All labels that may come; those of `y`, if None.

    Returns
    -------
    ClassTargets, MultilabelTargets or DistributionTargets
        With the attribute `classes`.
    """
    if soft_targets is not None:
        return _soft_targets(y, soft_targets)
    if y.ndim == 2:
        return _multilabel_targets(y)
    classes = np.unique(y if classes is None else classes)
    if len(classes) < 2:
        raise ValueError(
            "A classifier needs at least 2 classes, but the data have only one class: "
            f"{classes.tolist()[0]!r}."
        )
    return ClassTargets(classes)


def class_factors(targets: Any, class_weight: Any, sample: Sample) -> np.ndarray:
    """Return the factors of the rows' weights for a `class_weight` parameter.

    Parameters
    ----------
    targets : ClassTargets, MultilabelTargets or DistributionTargets
        The kind of targets.
    class_weight : dict, "balanced" or None
        What the user gave.
    sample : Sample
        The rows.

    Returns
    -------
    ndarray of shape (n_rows,)
        Factors, not all of them zero.
    """
    factors = targets.class_weights(class_weight, sample.y, sample.weights)
    proper = np.isfinite(factors).all() and factors.min() >= 0
    if not proper or not (factors * sample.weights).any():
        raise ValueError(
            f"class_weight={class_weight!r} gives weights that are negative or not finite, or "
            "zero to all rows."
        )
    return factors


def _soft_targets(y, kind):
    if kind not in SOFT:
        raise ValueError(f"soft_targets must be None or one of {SOFT}, got {kind!r}.")
    if y.ndim != 2:
        raise ValueError(
            f"soft_targets={kind!r} needs y of shape (n_samples, n_outputs), got {y.shape}."
        )
    if kind == "multiclass":
        if y.shape[1] < 2:
            raise ValueError("soft_targets='multiclass' needs at least 2 classes, got one column.")
        return DistributionTargets(y.shape[1])
    return MultilabelTargets(y.shape[1], soft=True)


def _multilabel_targets(y):
    kind = type_of_target(y)
    if kind != "multilabel-indicator":
        raise ValueError(
            f"y of kind {kind!r} is not supported: give labels of shape (n_samples,), zeros "
            "and ones of shape (n_samples, n_labels), or set soft_targets."
        )
    if not np.isin(y, (0, 1)).all():
        raise ValueError(
            f"y of several labels a row must hold zeros and ones, got {np.unique(y).tolist()}."
        )
    return MultilabelTargets(y.shape[1])
