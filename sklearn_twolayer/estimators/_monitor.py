"""What happens after each iteration of a solver: curves, early stopping, callbacks."""

import inspect
from collections.abc import Callable
from copy import copy
from numbers import Real
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.metrics import check_scoring
from sklearn.model_selection import train_test_split

from .._checks import shown
from .._progress import Progress
from .._sample import Sample
from ..blending import Ensemble
from ..model import Model
from ..rows import Rows
from ._callbacks import FitTasks
from ._label_targets import ClassTargets, PresentClasses, listed
from ._validation import takes_weights


class Monitor:
    """Collects the curves and says when to stop; solvers call it with their parameters.

    Parameters
    ----------
    networks : Ensemble
        The networks that are trained.
    validate : callable, optional
        Returns the value of the validation curve at some parameters.
    patience : int, optional
        Stop after so many iterations without a better value; None not to stop.
    tol : float
        What counts as better.
    sign : {1, -1}
        1 where a smaller value is better (a loss), -1 for scores.
    progress : Progress, optional
        Says that an iteration is done.
    tasks : FitTasks, optional
        Tells callbacks of each iteration.
    loss_curve : list of float, optional
        A curve to go on with.

    Attributes
    ----------
    loss_curve, validation_curve : list of float
        The data term and the validation value after each iteration.
    best_params : ndarray or None
        The parameters with the best validation value, where early stopping is on.
    last_params : ndarray or None
        Those after the last iteration.
    """

    def __init__(
        self,
        networks: Ensemble,
        validate: Callable | None = None,
        *,
        patience: int | None = None,
        tol: float = 0.0,
        sign: int = 1,
        progress: Progress | None = None,
        tasks: FitTasks | None = None,
        loss_curve: list[float] | None = None,
    ):
        self.networks = networks
        self.validate = validate
        self.patience = patience
        self.tol = tol
        self.sign = sign
        self.progress = progress or Progress()
        self.tasks = tasks
        self.loss_curve = list(loss_curve or [])
        self.validation_curve: list[float] = []
        self.best_params: np.ndarray | None = None
        self.last_params: np.ndarray | None = None
        self._best = self._reference = np.inf
        self._waited = 0

    def __call__(self, params: np.ndarray, loss: float) -> bool:
        """Record an iteration; return True to stop."""
        self.loss_curve.append(float(loss))
        self.last_params = params.copy()  # which the solver may change in place
        stop = False
        if self.validate is not None:
            self.validation_curve.append(float(self.validate(params)))
            stop = self.patience is not None and self._impatient(params)
        self.progress.step(self._values())
        if self.tasks is not None:
            networks = self.networks.at(params)
            stop = self.tasks.iteration(lambda: Model.of(networks.part())) or stop
        return stop

    def close(self) -> None:
        """Say to the callbacks that the estimator is fitted."""
        if self.tasks is not None:
            self.tasks.close()

    def best(self, last: np.ndarray | None) -> Ensemble | None:
        """Return the networks with `best_params` if there are any, else the last; or None."""
        params = last if self.best_params is None else self.best_params
        return None if params is None else self.networks.at(params)

    def _impatient(self, params):
        value = self.sign * self.validation_curve[-1]  # NaN is never a gain
        if value < self._best:
            self._best = value
            self.best_params = params.copy()
        if value < self._reference - self.tol:
            self._reference, self._waited = value, 0
        else:
            self._waited += 1
        return self._waited >= self.patience

    def _values(self):
        loss = f"loss = {self.loss_curve[-1]:.8f}"
        if not self.validation_curve:
            return loss
        return f"{loss}, validation = {self.validation_curve[-1]:.8f}"


def set_aside(estimator: Any, sample: Sample, rng: np.random.RandomState) -> tuple[Sample, Sample]:
    """Return the rows to train on, and those that are set aside for early stopping.

    Parameters
    ----------
    estimator : TwoLayerRegressor or TwoLayerClassifier
        Its parameter `validation_fraction`; classes keep their parts, where they are large
        enough.
    sample : Sample
        All rows.
    rng : RandomState
        The source of the split.

    Returns
    -------
    train, validation : Sample
        Neither is empty.
    """
    n, fraction = sample.n_rows, estimator.validation_fraction
    labels = sample.y if is_classifier(estimator) and sample.y.ndim == 1 else None
    if labels is not None:
        _, counts = np.unique(labels, return_counts=True)
        if counts.min() < 2 or min(fraction, 1 - fraction) * n < len(counts):
            labels = None
    if n * fraction < 1 or n - np.ceil(n * fraction) < 1:
        raise ValueError(
            f"early_stopping=True with validation_fraction={fraction} leaves no row to train "
            f"or to validate on, with n_samples={n}; give more data or another fraction."
        )
    train, validation = train_test_split(
        np.arange(n), test_size=fraction, random_state=rng, stratify=labels
    )
    return sample.take(train), sample.take(validation)


def validation(
    estimator: Any, networks: Ensemble, held_out: Sample
) -> Callable[[np.ndarray], float]:
    """Return what gives the value of the validation curve.

    Parameters
    ----------
    estimator : TwoLayerRegressor or TwoLayerClassifier
        Its parameter `scoring`.
    networks : Ensemble
        The networks that are trained.
    held_out : Sample
        The validation rows.

    Returns
    -------
    callable
        Takes parameters of the networks, and returns their loss or their score.
    """
    if estimator.scoring == "loss":
        objective = networks.objective
        rows = Rows(held_out.X, objective.rows.input_map, objective.dtype, estimator.n_jobs)
        on_held_out = objective.on(rows.labelled(held_out.targets, held_out.weights).keep())
        return lambda params: on_held_out.data_term(params).mean()
    score = _score_of(estimator, estimator._targets, held_out)

    def validate(params):
        fitted = copy(estimator)
        fitted._model = Model.of(networks.at(params).part())
        vars(fitted).pop("feature_names_in_", None)  # the rows it will see have lost theirs
        return score(fitted)

    return validate


def _score_of(model: Any, targets: Any, held_out: Sample) -> Callable[[Any], float]:
    """Return what gives the score of a fitted copy of an estimator on validation rows.

    Where some classes have no validation row, the copy shows the probabilities of the others.
    """
    scorer = check_scoring(model, model.scoring)
    weighted = np.ptp(held_out.weights) > 0 and takes_weights(scorer)
    scorer = _checked(scorer, model.scoring)
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
                f"scoring={model.scoring!r} has no value on validation rows with "
                f"{len(present)} of {n_classes} classes, "
                f"{listed(targets.classes[present].tolist())}: use scoring='loss', or give "
                f"validation rows of all classes. ({error})"
            ) from error

    return score


def check_scorer(scoring: Any) -> None:
    """Raise TypeError where `scoring` can be no scorer, by what it takes."""
    if scoring is None or isinstance(scoring, str):
        return
    try:
        inspect.signature(scoring).bind(None, None, None)
    except (TypeError, ValueError) as error:  # a list, a metric, or a class of Python's own
        raise TypeError(
            f"scoring must be a name or a function of an estimator, X and y, got {shown(scoring)}."
        ) from error


def _checked(scorer, scoring):
    """Return a scorer that gives a number, or raises TypeError."""

    def checked(*args, **kwargs):
        value = scorer(*args, **kwargs)
        number = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
        if not isinstance(number, Real):
            raise TypeError(f"scoring={shown(scoring)} must give a number, got {shown(value)}.")
        return number

    return checked
