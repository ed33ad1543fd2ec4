"""From the y of a classifier to the kind of its targets."""

from typing import Any

import numpy as np
from sklearn.utils import column_or_1d
from sklearn.utils.multiclass import type_of_target

from .._checks import check_choice
from .._sample import Sample
from .._warnings import warn_user
from ._label_targets import (
    ClassTargets,
    DistributionTargets,
    MultilabelTargets,
    check_binary,
    listed,
)
from ._target_checks import check_labels, finite_floats
from ._validation import without_faint

SOFT = ("multiclass", "multilabel")
#: With fewer distinct numbers than this, or more rows for each, targets do not look like real
#: numbers.
MANY_CLASSES, FEW_ROWS_EACH = 20, 5


def validate_labels(y: np.ndarray, soft_targets: str | None, regression: str) -> np.ndarray:
    """Return y as labels of one or two axes, or as probabilities if `soft_targets` says so.

    `regression` is the estimator for real targets, which the message names.
    """
    if soft_targets is not None:
        return finite_floats(y)
    check_labels(y)
    kind = _kind(y)
    if kind.startswith("continuous"):
        raise ValueError(
            f"Unknown label type: {kind}. y holds real numbers, not labels: use {regression} for "
            "them, or set soft_targets if they are probabilities."
        )
    return column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y


def validate_classes(classes: Any) -> np.ndarray:
    """Return the sorted labels of a `classes` argument; none may occur twice."""
    try:
        given = np.asarray(classes)
    except ValueError:
        given = np.empty((0, 0))  # ragged
    if given.ndim != 1 or not len(given):
        raise ValueError(
            f"classes must be a one-dimensional array of all labels, got {classes!r}."
        )
    if len({isinstance(label, str) for label in classes}) > 1:
        raise ValueError(f"classes must be all text or all numbers, got {classes!r}.")
    check_labels(given, "classes")
    if _kind(given).startswith("continuous"):
        raise ValueError(f"classes must be labels, not real numbers, got {classes!r}.")
    labels, counts = np.unique(given, return_counts=True)
    if counts.max() > 1:
        twice = listed(labels[counts > 1].tolist())
        raise ValueError(f"classes must contain each label once; {twice} occur more than once.")
    return labels


def class_targets(
    y: np.ndarray,
    soft_targets: str | None,
    classes: np.ndarray | None,
    regression: str,
) -> ClassTargets | MultilabelTargets:
    """Return the object that encodes validated targets and decodes outputs.

    `classes` are all labels that may occur, sorted; if None, those of y. `regression` is the
    estimator for real targets, for a warning if y looks like them.
    """
    if soft_targets is not None:
        targets = _soft_targets(y, soft_targets)
    elif y.ndim == 2:
        targets = _multilabel_targets(y)
    else:
        labels = np.unique(y)
        _warn_of_real_targets(labels, len(y), regression)
        return ClassTargets(labels if classes is None else classes)
    if classes is not None and not np.array_equal(classes, targets.classes):
        raise ValueError(
            f"classes={listed(classes.tolist())} cannot be used if y has {y.shape[1]} columns: "
            "the column indices are the classes. Set it to None."
        )
    return targets


def class_factors(targets: Any, class_weight: Any, sample: Sample) -> np.ndarray:
    """Return the factors of the rows' weights for a `class_weight`, not all of them zero."""
    factors = targets.class_weights(class_weight, sample.y, sample.weights)
    proper = np.isfinite(factors).all() and factors.min() >= 0
    if proper and factors.any():
        # A power of two does not round, and keeps the sums of extreme weights in range.
        factors = np.ldexp(factors, -np.frexp(factors.max())[1])
        factors = np.where(without_faint(factors * sample.weights) > 0, factors, 0)
    if not proper or not factors.any():
        raise ValueError(
            f"class_weight={class_weight!r} gives negative or non-finite weights, or weight zero "
            "to all rows."
        )
    return factors


def _kind(y):
    with np.errstate(invalid="ignore"):  # numbers too large for integers
        return type_of_target(y, input_name="y")


def _warn_of_real_targets(labels, n_rows, regression):
    numeric = labels.dtype.kind in "iuf"
    if numeric and len(labels) > max(MANY_CLASSES, n_rows / FEW_ROWS_EACH):
        warn_user(
            f"y holds {len(labels)} different numbers in {n_rows} rows, and each of them becomes "
            f"a class. If they are real targets, use {regression}."
        )


def _soft_targets(y, kind):
    check_choice("soft_targets", kind, (None, *SOFT))
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
    kind = _kind(y)
    if kind != "multilabel-indicator":
        raise ValueError(
            f"y of kind {kind!r} is not supported: pass labels of shape (n_samples,), zeros and "
            "ones of shape (n_samples, n_labels), or set soft_targets."
        )
    return MultilabelTargets(check_binary(y).shape[1])
