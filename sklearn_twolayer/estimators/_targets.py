"""Real targets: from y to d for the network, and from z back to predictions.

Inside, targets are always of shape (n_rows, n_outputs). A kind of target tells the link, encodes
y, and decodes raw outputs; it is fitted with the network and stored with it.
"""

from copy import copy

import numpy as np
from sklearn.metrics import d2_pinball_score, r2_score
from sklearn.utils import column_or_1d

from .._moments import dense_moments, weighted_quantiles
from .._registry import resolve
from ..losses import REGRESSION_LOSSES, Loss

#: The interquartile range of normal numbers, in standard deviations.
NORMAL_RANGE = 1.349
#: How far predictions may exceed the range of the targets, in interquartile ranges.
MARGIN = 0.5
#: The largest encoded target, with a finite square in single precision.
LARGEST = 1e15
#: Squares of numbers with a larger exponent may be out of range.
LARGE_EXPONENT = 400
#: The range of positive targets that are not encoded, for the same reason.
SMALLEST_UNIT, LARGEST_UNIT = 1e-30, 1e30


class RegressionTargets:
    """Real values, one or several per row, standardised if the loss allows it.

    Predictions are limited to the range of the targets seen in fit, extended at both ends by half
    the interquartile range. Without a limit, one unusual row (an outlier in the inputs) can ruin
    the score of a whole test set. The margin is not a fraction of the range, which a single
    outlier in the targets can stretch. Half the interquartile range is a quarter of the range of
    uniform targets, enough to extrapolate a linear trend a little, and small for heavy tails. A
    constant target is predicted exactly.

    Internally, each output is in units of the next power of two above its largest target. This
    does not round, and differences neither overflow nor underflow.

    For a loss that predicts several values of a target, the target is repeated, and predictions
    are sorted, so that quantiles do not cross.

    Parameters
    ----------
    loss : Loss
        The loss, with its link.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        The targets to learn the scale from.
    sample_weight : ndarray of shape (n_rows,)
        Weights; rows of weight zero are ignored.

    Attributes
    ----------
    bounds : ndarray of shape (2, n_outputs)
        The smallest and the largest prediction, in units of y.
    """

    def __init__(self, loss: Loss, y: np.ndarray, sample_weight: np.ndarray):
        assert loss.link is not None  # a loss for classification has been refused before
        self.link = loss.link
        self.loss = loss
        self.single = y.ndim == 1
        d, weights = as_columns(y)[sample_weight > 0], sample_weight[sample_weight > 0]
        self._check_range(d)
        self.n_targets = n_targets = d.shape[1]
        self.per_target = loss.outputs_per_target
        if self.per_target and n_targets > 1:
            raise ValueError(
                f"loss={loss!r} predicts several values of one target, but y has {n_targets} "
                "columns: fit an estimator for each column, or use a single quantile."
            )
        self.n_outputs = self.per_target or n_targets
        self.exponent = np.zeros(n_targets, dtype=int)
        self._center, self._scale = np.zeros(n_targets), np.ones(n_targets)
        if loss.scales_targets:
            self.exponent = np.frexp(np.abs(d).max(axis=0))[1]
            self._center, self._scale = self._moments(np.ldexp(d, -self.exponent), weights)
        self.bounds = _bounds(d, weights)

    def _moments(self, d, weights):
        """Return the location and the spread of the targets, in powers of two."""
        center, spread = dense_moments(d, weights / weights.sum())
        if self.loss.is_robust:
            low, median, high = weighted_quantiles(d, [0.25, 0.5, 0.75], weights)
            varies = high > low
            center = np.where(varies, median, center)
            spread = np.where(varies, (high - low) / NORMAL_RANGE, spread)
        varies = np.ptp(d, axis=0) > np.finfo(np.float64).eps * np.abs(center)
        return center, np.where(varies & (spread > 0), spread, 0.5)

    @property
    def scale(self) -> np.ndarray:
        """The standard deviation of each output, or its robust counterpart, in units of y."""
        with np.errstate(over="ignore"):
            return np.ldexp(self._scale, self.exponent)

    def extended(
        self, y: np.ndarray, sample_weight: np.ndarray, loss: Loss
    ) -> "RegressionTargets":
        """Return targets with bounds that include more rows, on the same scale."""
        self._check_form(y)
        same_link = type(loss.link) is type(self.loss.link)
        if not same_link or loss.outputs_per_target != self.per_target:
            raise ValueError(
                "Continuing from the last fit (warm_start or partial_fit) needs a loss with the "
                f"same link and number of outputs: the last one was {self.loss!r}, the new one "
                f"is {loss!r}."
            )
        more = _bounds(as_columns(y)[sample_weight > 0], sample_weight[sample_weight > 0])
        other = copy(self)
        other.loss = loss
        other.bounds = np.stack(
            [np.minimum(self.bounds[0], more[0]), np.maximum(self.bounds[1], more[1])]
        )
        return other

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return d, of shape (n_rows, n_outputs)."""
        self._check_form(y)
        d = as_columns(y)
        self._check_range(d)
        d = self._standardized(d)
        if self.per_target:
            d = np.repeat(d, self.per_target, axis=1)
        if self.loss.is_robust:  # far away, its slope is constant
            return np.clip(d, -LARGEST, LARGEST)
        if self.loss.scales_targets and np.abs(d).max() > LARGEST:
            raise ValueError(
                f"y holds values up to {np.abs(y).max():g}, too large compared with the targets "
                f"of the first fit, which have a spread of {self.scale.max():g}: fit again "
                "without warm_start."
            )
        return d

    def predict(self, z: np.ndarray) -> np.ndarray:
        """Return predictions in the units and the shape of y."""
        y = np.clip(self.decode(self.link(z)), *self.bounds)
        if self.per_target:
            y.sort(axis=1)
        if self._fits(np.finfo(z.dtype)):
            y = y.astype(z.dtype)
        return y[:, 0] if self.single and not self.per_target else y

    def score(self, y: np.ndarray, predicted: np.ndarray, sample_weight) -> float:
        """Return R²; for several quantiles, the mean of D² of the pinball losses."""
        if not self.per_target:
            y, predicted = _in_range_of_squares(y, predicted)
            with np.errstate(over="ignore", invalid="ignore"):  # squares of huge targets
                return r2_score(y, predicted, sample_weight=sample_weight)
        y = column_or_1d(y)
        scores = [
            d2_pinball_score(y, column, sample_weight=sample_weight, alpha=float(quantile))
            for column, quantile in zip(predicted.T, self.loss.quantile, strict=True)
        ]
        return float(np.mean(scores))

    def _standardized(self, d):
        with np.errstate(over="ignore"):
            return (np.ldexp(d, -self.exponent) - self._center) / self._scale

    def limited(self, z: np.ndarray) -> np.ndarray:
        """Return y = g(z) in the range of predictions, standardised, shape (n_rows, n_outputs)."""
        y = np.clip(self.link(z), *self._standardized(self.bounds))
        return np.sort(y, axis=1) if self.per_target else y

    def decode(self, y: np.ndarray) -> np.ndarray:
        """Return y = g(z) in the units of the targets, shape (n_rows, n_outputs), unbounded."""
        with np.errstate(over="ignore"):
            return np.ldexp(y * self._scale + self._center, self.exponent)

    def slopes(self, z: np.ndarray) -> np.ndarray:
        """Return the derivative of each prediction with respect to its z, zero at a bound."""
        y = self.link(z)
        decoded = self.decode(y)
        is_free = (decoded > self.bounds[0]) & (decoded < self.bounds[1])
        return np.where(is_free, self.link.pullback(y, np.ones_like(y)) * self.scale, 0.0)

    def in_order(self, values: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Return values, shape (n_rows, n_features, n_outputs), in the order of predictions."""
        if not self.per_target:
            return values
        return np.take_along_axis(values, np.argsort(z, axis=1)[:, None], axis=2)

    def _fits(self, info) -> bool:
        """Return whether a floating type can distinguish the targets."""
        size = np.abs(self._center) + self._scale
        largest = np.abs(self.bounds).max(axis=0)
        in_range = (largest < 2.0**-10 * info.max) & (largest > 2.0**10 * info.tiny)
        tells_apart = info.eps * size < 1e-3 * self._scale
        return bool((tells_apart & (in_range | (largest == 0))).all())

    def _check_range(self, d):
        self.loss.check_targets(d)
        if self.loss.scales_targets:
            return
        size = np.abs(d[d != 0])
        if size.size and (size.min() < SMALLEST_UNIT or size.max() > LARGEST_UNIT):
            raise ValueError(
                f"loss={self.loss!r} needs targets of sizes between {SMALLEST_UNIT:g} and "
                f"{LARGEST_UNIT:g}, got values from {size.min():g} to {size.max():g}: rescale "
                "them."
            )

    def _check_form(self, y):
        check_form(y, None if self.single else self.n_targets)


def resolve_regression_loss(value) -> Loss:
    """Return the regression loss given by name or instance."""
    loss = resolve(value, REGRESSION_LOSSES, Loss, "loss")
    if loss.link is None:
        raise ValueError(f"loss={loss!r} is for classification only.")
    return loss


def _bounds(d: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return the smallest and the largest prediction of each output, shape (2, n_outputs)."""
    low, high = weighted_quantiles(d, np.array([0.25, 0.75]), weights)
    margin = MARGIN * high - MARGIN * low
    largest = np.finfo(np.float64).max
    with np.errstate(over="ignore"):
        bounds = np.stack([d.min(axis=0) - margin, d.max(axis=0) + margin])
    return np.clip(bounds, -largest, largest)


def as_columns(y: np.ndarray) -> np.ndarray:
    """Return y with an axis for the outputs."""
    return y[:, None] if y.ndim == 1 else y


def check_form(y: np.ndarray, n_outputs: int | None) -> None:
    """Raise ValueError if y has another number of columns; None means one axis."""
    expected = () if n_outputs is None else (n_outputs,)
    if y.shape[1:] != expected:
        shape = "(n_samples,)" if n_outputs is None else f"(n_samples, {n_outputs})"
        raise ValueError(
            f"y must have shape {shape}, like the targets of the first fit, got {y.shape}."
        )


def _in_range_of_squares(y, predicted):
    """Return targets and predictions, divided by a power of two where they are huge or tiny."""
    given = np.asarray(y)
    if given.dtype.kind not in "iuf" or given.shape != predicted.shape or not given.size:
        return y, predicted
    sizes = [np.abs(each.astype(float)).max(axis=0) for each in (given, predicted)]
    exponent = np.frexp(np.maximum(*sizes))[1]
    if not np.isfinite(sizes).all() or np.abs(exponent).max() < LARGE_EXPONENT:
        return y, predicted
    return np.ldexp(given.astype(float), -exponent), np.ldexp(predicted.astype(float), -exponent)
