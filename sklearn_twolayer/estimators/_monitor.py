"""What happens after each iteration of a solver: curves, early stopping, callbacks."""

import inspect
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np
from sklearn.metrics import check_scoring

from .._checks import shown
from .._progress import Progress
from ..solvers import Outcome
from ._label_targets import ClassTargets, PresentClasses, listed
from ._network import Sample
from ._validation import takes_weights


class Monitor:
    """Collects the curves and says when to stop; solvers call it with their parameters.

    Parameters
    ----------
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
    notify : callable, optional
        Told the parameters after each iteration; returns True to stop.
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
        validate: Callable | None = None,
        *,
        patience: int | None = None,
        tol: float = 0.0,
        sign: int = 1,
        progress: Progress | None = None,
        notify: Callable | None = None,
        loss_curve: list[float] | None = None,
    ):
        self.validate = validate
        self.patience = patience
        self.tol = tol
        self.sign = sign
        self.progress = progress or Progress()
        self.notify = notify
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
        if self.notify is not None:
            stop = bool(self.notify(params)) or stop
        return stop

    def best(self, outcome: Outcome) -> Outcome:
        """Return the outcome with `best_params` in the place of the last, if there are any."""
        if self.best_params is None:
            return outcome
        return outcome._replace(params=self.best_params)

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


def validation_score(model: Any, targets: Any, held_out: Sample) -> Callable[[Any], float]:
    """Return what `scoring` makes of a fitted copy of an estimator on validation rows.

    Parameters
    ----------
    model : TwoLayerRegressor or TwoLayerClassifier
        Its parameter `scoring`.
    targets : RegressionTargets, ClassTargets or MultilabelTargets
        The kind of targets.
    held_out : Sample
        The validation rows.

    Returns
    -------
    callable
        Takes a fitted copy, and returns its score. Where some classes have no validation
        row, the copy shows the probabilities of the others.
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
