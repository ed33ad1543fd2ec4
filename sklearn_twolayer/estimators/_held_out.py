"""Validation rows: the split, and the validation value."""

import inspect
from collections.abc import Callable
from copy import copy
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring, get_scorer_names
from sklearn.model_selection import train_test_split

from .._checks import shown
from .._sample import Sample
from ..blending import Ensemble
from ..model import Model
from ..rows import Rows
from ._label_targets import ClassTargets, PresentClasses, listed
from ._validation import takes_weights


def set_aside(estimator: Any, sample: Sample, rng: np.random.RandomState) -> tuple[Sample, Sample]:
    """Return the training rows, and the rows set aside for early stopping; neither is empty.

    The split is stratified if classes are large enough.
    """
    n, fraction = sample.n_rows, estimator.validation_fraction
    labels = sample.y if is_classifier(estimator) and sample.y.ndim == 1 else None
    if labels is not None:
        _, counts = np.unique(labels, return_counts=True)
        if counts.min() < 2 or min(fraction, 1 - fraction) * n < len(counts):
            labels = None
    if n * fraction < 1 or n - np.ceil(n * fraction) < 1:
        raise ValueError(
            f"early_stopping=True with validation_fraction={fraction} leaves no row to train or "
            f"to validate on, with n_samples={n}: use more rows or another fraction."
        )
    train, validation = train_test_split(
        np.arange(n), test_size=fraction, random_state=rng, stratify=labels
    )
    return sample.take(train), sample.take(validation)


def validation(
    estimator: Any, networks: Ensemble, held_out: Sample
) -> Callable[[np.ndarray], float]:
    """Return the function of the networks' parameters that computes their loss or score."""
    if estimator.scoring == "loss":
        objective = networks.objective
        rows = Rows(held_out.X, objective.rows.input_map, objective.dtype, estimator.n_jobs)
        on_held_out = objective.on(rows.labelled(held_out.targets, held_out.weights).keep())

        @np.errstate(over="ignore")  # an infinite loss is not the best one
        def mean_loss(params):
            return on_held_out.data_term(params).mean()

        return mean_loss
    score = _score_of(estimator, held_out)

    def validate(params):
        fitted = copy(estimator)
        fitted._model = Model.of(networks.at(params).part())
        # The rows it receives have no names, and are numbers already.
        vars(fitted).pop("feature_names_in_", None)
        fitted._columns, fitted.n_features_in_ = None, held_out.X.shape[1]
        return score(fitted)

    return validate


def _score_of(estimator: Any, held_out: Sample) -> Callable[[Any], float]:
    """Return the function that scores a fitted copy of an estimator on validation rows.

    If some classes have no validation rows, the scorer receives the probabilities of the others.
    """
    scoring, targets = estimator.scoring, estimator._targets
    scorer = check_scoring(estimator, scoring)
    weighted = np.ptp(held_out.weights) > 0 and takes_weights(scorer)
    scorer = _checked(scorer, scoring)
    weights = {"sample_weight": held_out.weights} if weighted else {}
    if not isinstance(targets, ClassTargets) or held_out.y.ndim > 1:
        return lambda fitted: scorer(fitted, held_out.X, held_out.y, **weights)
    present = np.unique(targets.codes(held_out.y))
    n_classes = len(targets.classes)
    known = PresentClasses(targets, present) if 1 < len(present) < n_classes else targets

    def score(fitted):
        fitted._targets, fitted.classes_ = known, known.classes
        try:
            return scorer(fitted, held_out.X, held_out.y, **weights)
        except ValueError as error:
            if len(present) == n_classes > 1:
                raise
            raise ValueError(
                f"scoring={scoring!r} has no value on validation rows with {len(present)} of "
                f"{n_classes} classes, {listed(targets.classes[present].tolist())}: use "
                "scoring='loss', or pass validation rows of all classes. "
                f"({error.__cause__ or error})"
            ) from error

    return score


def check_scorer(scoring: Any) -> None:
    """Raise TypeError if `scoring` cannot be a scorer, by its signature."""
    if scoring is None or isinstance(scoring, str):
        return
    try:
        inspect.signature(scoring).bind(None, None, None)
    except (TypeError, ValueError) as error:  # a list, a metric, or a built-in class
        raise TypeError(
            "scoring must be the name of a scorer or a function of an estimator, X and y, got "
            f"{shown(scoring)}."
        ) from error


def _checked(scorer, scoring):
    """Return a scorer that returns a number, or raises an error that names it."""

    def checked(fitted, *args, **kwargs):
        try:
            value = scorer(fitted, *args, **kwargs)
        except (AttributeError, TypeError, ValueError) as error:
            if not isinstance(scoring, str):
                raise
            raise ValueError(
                f"scoring={scoring!r} does not suit these targets: use "
                f"{_another(scoring, is_classifier(fitted))}. ({error})"
            ) from error
        number = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
        if not isinstance(number, Real):
            raise TypeError(f"scoring={shown(scoring)} must return a number, got {shown(value)}.")
        return number

    return checked


def _another(scoring: str, is_of_classes: bool) -> str:
    """Return which scorers to use instead."""
    others = [f"{scoring}_ovr", f"{scoring}_macro"] if is_of_classes else []
    known = [name for name in others if name in get_scorer_names()]
    return f"scoring={known[0]!r}" if known else "one for such targets, or scoring='loss'"
