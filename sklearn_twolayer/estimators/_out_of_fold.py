"""Out-of-fold predictions, intervals and sets of a fitted estimator."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import is_classifier, is_regressor
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from .._checks import check_number
from .._sample import Sample
from ..blending import Honest
from ..conformal import Intervals, LeftOutErrors, Scores
from ..links import LogLink
from ._label_targets import ClassTargets
from ._rows import RowsMixin
from ._targets import as_columns


class OutOfFold(NamedTuple):
    """Predictions for training rows by networks that were trained without them."""

    n_rows: int
    known: np.ndarray  # packed bits, of rows that some network has not seen
    outputs: np.ndarray  # (n_known, n_outputs), raw ones for these rows in their order
    score: float
    loss: float
    conformal: Intervals | Scores | None


def _predicts_numbers(estimator) -> bool:
    if not is_regressor(estimator):
        raise AttributeError(
            "predict_interval is for regression; use predict_set for classification."
        )
    return True


def _predicts_classes(estimator) -> bool:
    if not is_classifier(estimator):
        raise AttributeError(
            "predict_set is for classification; use predict_interval for regression."
        )
    return True


class OutOfFoldMixin(RowsMixin):
    """Out-of-fold results, and the intervals and sets based on them."""

    n_jobs: int | None
    _model: Any
    _targets: Any
    _resolve_loss: Callable
    _out_of_fold: OutOfFold | None = None
    _has_one_row = False  # for training

    def _keep_out_of_fold(self, given: Sample, sample: Sample, honest: Honest | None) -> None:
        """Store the results on held-out rows, if there are any.

        `given` are the rows passed to fit, `sample` those to which `honest` refers.
        """
        self._has_one_row = sample.n_rows == 1
        if honest is None or not len(honest.rows):
            return
        left_out = given.take(sample.origin[honest.rows])
        outputs = honest.outputs.astype(sample.X.dtype)
        predicted = self._targets.predict(outputs)
        known = np.zeros(len(given.y), dtype=bool)
        known[left_out.origin] = True
        self._out_of_fold = OutOfFold(
            n_rows=len(known),
            known=np.packbits(known),
            outputs=outputs[np.argsort(left_out.origin)],
            score=_score(self, left_out.y, predicted, left_out.weights),
            loss=self._mean_loss(honest.outputs, sample.take(honest.rows)),
            conformal=self._conformal(left_out, outputs, predicted),
        )

    def _mean_loss(self, outputs: np.ndarray, sample: Sample) -> float:
        """Return the data term of the cost for raw outputs of some rows."""
        loss, link = self._resolve_loss(), self._targets.link
        with np.errstate(over="ignore", invalid="ignore"):
            losses, _ = loss.value_and_gradient(outputs, sample.targets, link)
            return float(np.average(losses, weights=sample.weights))

    def _conformal(self, left_out, outputs, predicted) -> Intervals | Scores | None:
        if is_regressor(self):
            if self._targets.per_target:
                return None
            with np.errstate(over="ignore"):
                predictions = as_columns(predicted)
                errors = np.nan_to_num((as_columns(left_out.y) - predictions) / self._unit)
                # Leave-one-out outputs near a constant vary opposite to the targets of the rows.
                is_flat = _vary_by_chance(predictions, errors * self._unit)
                outputs = np.where(is_flat, outputs.mean(axis=0), outputs)
            X = self._filled(left_out.X)
            return Intervals.learn(
                LeftOutErrors(X, outputs, errors, left_out.weights), self._model.parts[0].input_map
            )
        if not isinstance(self._targets, ClassTargets):
            return None
        return self._scores_of_classes(left_out, outputs)

    def _scores_of_classes(self, left_out, outputs) -> Scores:
        probabilities = self._targets.probabilities(outputs).astype(np.float64)
        shares = self._targets.shares(left_out.y)
        varies_by_chance = _vary_by_chance(probabilities, shares - probabilities)
        if varies_by_chance[shares.any(axis=0)].all():
            # Between held-out outputs near a constant, the networks differ more than the rows do,
            # and new rows would all be on one side of a quantile. Those of the fitted function
            # are on the scale of new rows, and say nothing of the class if each counts with all.
            outputs = self._model.raw_outputs(self._filled(left_out.X), self.n_jobs)
            probabilities = self._targets.probabilities(outputs).astype(np.float64)
            shares = np.broadcast_to(
                np.average(shares, axis=0, weights=left_out.weights), shares.shape
            )
        weights = shares * left_out.weights[:, None]
        is_some = weights > 0
        return Scores.of(1 - probabilities[is_some], weights[is_some], len(weights))

    @property
    def _unit(self) -> np.ndarray:
        """The unit of errors, if they are floats."""
        return np.minimum(self._targets.scale, np.finfo(np.float64).max)

    def _why_not_out_of_fold(self) -> str:
        """Return the reason for which there are none, and the remedy."""
        return (
            "all networks were trained on all rows. Fit with n_estimators=None or at least 2, "
            "blend other than 'mean', and without partial_fit or a warm start on other rows."
        )

    def _results(self) -> OutOfFold:
        check_is_fitted(self)
        if self._out_of_fold is None:
            why = self._why_not_out_of_fold()
            if self._has_one_row:
                why = "there was only one row to train on. Fit on more rows."
            raise AttributeError(f"There are no out-of-fold predictions: {why}")
        return self._out_of_fold

    @property
    def oof_prediction_(self) -> np.ndarray:
        """Predictions for training rows by networks that were trained without them.

        Probabilities of the classes, or values in the units of y, of the shape that
        `predict_proba` or `predict` gives; NaN for rows that some part was trained on. With many
        rows, a local average is evaluated on 5,000 of them, and others are NaN.
        """
        results, targets = self._results(), self._targets
        decode = targets.predict if is_regressor(self) else targets.probabilities
        values = decode(results.outputs)
        prediction = np.full((results.n_rows, *values.shape[1:]), np.nan, dtype=values.dtype)
        prediction[np.unpackbits(results.known, count=results.n_rows).astype(bool)] = values
        return prediction

    @property
    def oof_score_(self) -> float:
        """The score of `oof_prediction_`: accuracy or R², over rows with a prediction."""
        return self._results().score

    @property
    def oof_loss_(self) -> float:
        """The mean loss over rows with an out-of-fold prediction, in units of `loss_curve_`."""
        return self._results().loss

    @available_if(_predicts_numbers)
    def predict_interval(self, X, coverage=0.9):
        """Predict intervals with a given coverage.

        Conformal prediction from held-out rows, scaled by a linear model of the logarithm of the
        absolute error.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        coverage : float, default=0.9
            The fraction of new rows with the target inside the interval, on average over rows that
            are like the training rows.

        Returns
        -------
        ndarray of shape (n_samples, 2) or (n_samples, 2, n_outputs)
            The ends of the intervals, in the units of y; each output has its own.

        Raises
        ------
        AttributeError
            If no network left out rows, or the loss predicts several quantiles.
        ValueError
            If the coverage is not in (0, 1), or too high for the number of rows.
        """
        check_number("coverage", coverage, "(0, 1)")
        intervals = self._results().conformal
        if intervals is None:
            raise AttributeError(
                "predict_interval does not support several quantiles: use predict, or fit with "
                "another loss."
            )
        X = self._validate_rows(X)
        z = self._model.raw_outputs(X, self.n_jobs)
        center = as_columns(self._targets.predict(z))
        with np.errstate(over="ignore"):
            half = intervals.half_widths(X, z, coverage) * self._unit
            ends = np.stack([center - half, center + half], axis=1)
        largest = np.finfo(center.dtype).max
        smallest = 0 if isinstance(self._targets.link, LogLink) else -largest
        ends = np.clip(ends, smallest, largest).astype(center.dtype)
        return ends[:, :, 0] if self._targets.single else ends

    @available_if(_predicts_classes)
    def predict_set(self, X, coverage=0.9):
        """Predict sets of classes with a given coverage.

        Conformal prediction from held-out rows: a set contains the most probable class and all
        classes with a probability above a threshold, which makes the sets as small as possible on
        average (Sadinle, Lei & Wasserman, 2019).

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.
        coverage : float, default=0.9
            The fraction of new rows with the class inside the set, on average over rows that are
            like the training rows.

        Returns
        -------
        ndarray of bool, shape (n_samples, n_classes)
            Which classes are in the set, in the order of `classes_`.

        Raises
        ------
        AttributeError
            If no network left out rows, or there are several labels per row.
        ValueError
            If the coverage is not in (0, 1), or too high for the number of rows.
        """
        check_number("coverage", coverage, "(0, 1)")
        scores = self._results().conformal
        if scores is None:
            raise AttributeError(
                "predict_set is for one class per row, not for several labels: fit a classifier "
                "for each label."
            )
        probabilities = self.predict_proba(X)
        rounding = 4 * np.finfo(probabilities.dtype).eps  # rows of the same inputs are ties
        with np.errstate(under="ignore"):
            least = 1 - (1 + rounding) * probabilities.astype(np.float64)
        in_set = least <= scores.quantile(coverage)
        in_set[np.arange(len(in_set)), probabilities.argmax(axis=1)] = True
        return in_set


def _vary_by_chance(values: np.ndarray, errors: np.ndarray) -> np.ndarray:
    """Return which outputs vary less than the mean of the targets does, between samples."""
    return values.std(axis=0) <= errors.std(axis=0) / np.sqrt(len(errors))


def _score(estimator, y, predicted, weights) -> float:
    """Return the result of `score` for these predictions."""
    if is_regressor(estimator) and len(y) == 1:
        return np.nan
    return estimator._targets.score(y, predicted, weights)
