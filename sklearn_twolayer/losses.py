"""Losses L(y, d) composed with their links y = g(z).

A loss works on raw outputs ``z`` of shape (..., n_rows, n_outputs) and targets ``d`` of shape
(n_rows, n_outputs), always with an axis for the outputs. It gives one value per row, the sum over
the outputs, and the gradient ∂L/∂z. A link maps ``z`` to ``y`` and pulls ∂L/∂y back to ∂L/∂z, so
that any pointwise loss can be applied to probabilities too.
"""

from collections.abc import Sequence
from math import log

import numpy as np
from scipy.special import xlogy

from ._checks import as_array, as_mapped, check_number, shown
from ._documented import Documented
from ._moments import weighted_quantiles
from .activations import sigmoid
from .links import IdentityLink, Link, LogLink, SoftmaxLink

#: Up to this number of classes, a softmax is faster with one row per class.
FEW_CLASSES = 64
#: A loss or slope too large for a float is infinite, or NaN where infinities meet; solvers check
#: the cost and step back.
beyond_floats = np.errstate(over="ignore", invalid="ignore")


class Loss(Documented):
    """Base of the losses: a function of predictions y and targets d, and a link.

    A pointwise loss defines `pointwise`. A loss that has a more stable form in the raw outputs
    overrides `value_and_gradient`. `link` is the link for regression; a loss with a link other
    than the identity is for regression only, and a loss with None for classification only.
    `scales_targets` is True if a regression may standardise its targets, which must not change the
    minimum; `is_robust` if it uses the median and the interquartile range, so that outliers do not
    determine the scale; `has_curvature` if the loss defines `curvature_root`, which second-order
    solvers require. `outputs_per_target` is the number of outputs per target if a loss predicts
    several values of it, in ascending order.
    """

    link: Link | None = IdentityLink()
    scales_targets = True
    is_robust = False
    has_curvature = False
    outputs_per_target: int | None = None

    def pointwise(self, y: np.ndarray, d: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each output and ∂L/∂y, element by element."""
        raise NotImplementedError

    @beyond_floats
    def value_and_gradient(
        self, z: np.ndarray, d: np.ndarray, link: Link
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the loss of each row, shape (..., n_rows), and ∂L/∂z."""
        y = link(z)
        values, delta = (
            as_mapped("function pointwise of", self, each, y) for each in self.pointwise(y, d)
        )
        return values.sum(axis=-1), link.pullback(y, delta)

    def curvature_root(self, z: np.ndarray, d: np.ndarray, link: Link) -> np.ndarray:
        """Return R with RᵀR = ∂²L/∂z² of each row, or a positive approximation of it.

        Parameters
        ----------
        z, d : ndarray of shape (n_rows, n_outputs)
            Raw outputs and targets.
        link : Link
            y = g(z).

        Returns
        -------
        ndarray of shape (n_rows, n_outputs, n_outputs)
            A root of each row's matrix.
        """
        raise NotImplementedError

    def constant(self, d: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Return the best constant prediction, shape (n_outputs,), about."""
        return np.average(d, axis=0, weights=weights)

    def start(self, d: np.ndarray, weights: np.ndarray, link: Link) -> np.ndarray:
        """Return the raw outputs, shape (n_outputs,), to start from.

        Parameters
        ----------
        d : ndarray of shape (n_rows, n_outputs)
            Targets.
        weights : ndarray of shape (n_rows,)
            Positive weights.
        link : Link
            y = g(z).

        Returns
        -------
        ndarray of shape (n_outputs,)
            The raw outputs of the best constant. For probabilities, those of the mean, because the
            median is zero or one, where the link is flat.
        """
        if link.is_probability:
            return link.inverse(np.average(d, axis=0, weights=weights))
        return link.inverse(self.constant(d, weights))

    def check_parameters(self) -> None:
        """Raise TypeError or ValueError if a hyperparameter is out of range."""

    def check_targets(self, d: np.ndarray) -> None:
        """Raise ValueError if targets lie outside the range of the loss."""


class SquaredError(Loss):
    """½ (y - d)², summed over the outputs (page TWO.40, with a factor of one half)."""

    has_curvature = True

    def pointwise(self, y, d):
        error = y - d
        return 0.5 * error * error, error

    def curvature_root(self, z, d, link):
        # The link's Jacobian (Gauss-Newton).
        return np.stack(list(link.gradients(link(z))), axis=1)


class RobustLoss(Loss):
    """Base of the losses with a bounded slope; the best constant is near the median."""

    is_robust = True

    def constant(self, d, weights):
        return weighted_quantiles(d, [0.5], weights)[0]


class AbsoluteError(RobustLoss):
    """|y - d|: predicts the median."""

    def pointwise(self, y, d):
        error = y - d
        return np.abs(error), np.sign(error)


class Huber(RobustLoss):
    """½ (y - d)² where |y - d| ≤ `delta`, and linear beyond.

    Parameters
    ----------
    delta : float, default=1.35
        Where the loss becomes linear. Its unit is the interquartile range of the targets divided
        by 1.349, which is the standard deviation of normal targets.

    Examples
    --------
    >>> Huber(delta=1.0).pointwise(np.array([3.0]), np.array([0.0]))
    (array([2.5]), array([1.]))
    """

    def __init__(self, delta: float = 1.35):
        self.delta = delta

    def pointwise(self, y, d):
        error = y - d
        delta = error.dtype.type(self.delta)
        clipped = np.clip(error, -delta, delta)
        return clipped * (error - 0.5 * clipped), clipped

    def check_parameters(self):
        check_number("delta", self.delta, "(0, inf)")


class LogCosh(RobustLoss):
    """log cosh(y - d), a smooth version of the absolute error."""

    def pointwise(self, y, d):
        error = y - d
        size = np.abs(error)
        return size + np.log1p(np.exp(-2 * size)) - log(2), np.tanh(error)


class Quantile(RobustLoss):
    """Pinball loss: predicts a quantile of the target, or several.

    Each of several quantiles has its own output, and the loss is their sum, which is convex in the
    outputs. If predicted quantiles cross, they are sorted, which never increases the loss
    (rearrangement: Chernozhukov, Fernández-Val & Galichon, 2010).

    Parameters
    ----------
    quantile : float or sequence of float, default=0.5
        Between 0 and 1, exclusive. Several quantiles must be in ascending order.

    Examples
    --------
    >>> Quantile(0.9).pointwise(np.array([0.0]), np.array([1.0]))
    (array([0.9]), array([-0.9]))
    >>> Quantile([0.1, 0.9]).pointwise(np.array([[0.0, 0.0]]), np.array([[1.0, 1.0]]))
    (array([[0.1, 0.9]]), array([[-0.1, -0.9]]))
    """

    def __init__(self, quantile: float | Sequence[float] = 0.5):
        self.quantile = quantile

    @property
    def outputs_per_target(self) -> int | None:  # type: ignore[override]
        """The number of quantiles; None for a single number."""
        return None if np.ndim(self.quantile) == 0 else len(np.asarray(self.quantile))

    def pointwise(self, y, d):
        error, quantile = y - d, np.asarray(self.quantile)
        slope = np.where(error > 0, 1 - quantile, -quantile).astype(error.dtype)
        slope[error == 0] = 0
        return slope * error, slope

    def constant(self, d, weights):
        quantiles = np.broadcast_to(self.quantile, d.shape[1])
        columns = zip(quantiles, d.T, strict=True)
        return np.array([weighted_quantiles(y[:, None], [q], weights)[0, 0] for q, y in columns])

    def check_parameters(self):
        if isinstance(self.quantile, str) or np.ndim(self.quantile) == 0:
            return check_number("quantile", self.quantile, "(0, 1)")
        levels = as_array("quantile", self.quantile)
        inside = levels.ndim == 1 and levels.size and 0 < levels.min() and levels.max() < 1
        if not inside or (np.diff(levels) <= 0).any():
            raise ValueError(
                "quantile must be a number in (0, 1), or several such numbers in ascending "
                f"order, got {shown(self.quantile)}."
            )


class Poisson(Loss):
    """Half the Poisson deviance with a log link: y = exp(z) is the mean, d ≥ 0."""

    has_curvature = True
    link = LogLink()
    scales_targets = False

    @beyond_floats
    def value_and_gradient(self, z, d, link):
        y = np.exp(z)
        values = y - d * z + (xlogy(d, d) - d)
        return values.sum(axis=-1), y - d

    @beyond_floats
    def curvature_root(self, z, d, link):
        return _diagonal(np.exp(0.5 * z))

    def check_targets(self, d):
        if d.min() < 0:
            raise ValueError(
                "loss='poisson' needs non-negative targets; for targets of any sign use another "
                "loss, such as 'squared_error'."
            )


class Gamma(Loss):
    """Half the gamma deviance with a log link: y = exp(z) is the mean, d > 0."""

    has_curvature = True
    link = LogLink()
    scales_targets = False

    @beyond_floats
    def value_and_gradient(self, z, d, link):
        ratio = d * np.exp(-z)
        values = ratio - 1 + z - np.log(d)
        return values.sum(axis=-1), 1 - ratio

    @beyond_floats
    def curvature_root(self, z, d, link):
        return _diagonal(np.sqrt(d * np.exp(-z)))

    def check_targets(self, d):
        if d.min() <= 0:
            raise ValueError(
                "loss='gamma' needs positive targets; with zeros use loss='poisson', and for "
                "targets of any sign another loss, such as 'squared_error'."
            )


class LogLoss(Loss):
    """Cross-entropy, for a logistic or a softmax link: ∂L/∂z = y - d for both.

    The source's Σ d log(d / y) (page TWO.43) is the Kullback-Leibler divergence, equal
    up to the entropy of d, which no weight changes.
    """

    has_curvature = True
    link = None

    @beyond_floats
    def value_and_gradient(self, z, d, link):
        if isinstance(link, SoftmaxLink):
            return self._softmax_value_and_gradient(z, d)
        y = sigmoid(z)
        # log(1 + exp(z)) - d z, without overflow
        values = np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - d * z
        y -= d  # TWO.44
        return values.sum(axis=-1), y

    @staticmethod
    def _softmax_value_and_gradient(z, d):
        # With few classes, one row per class: NumPy is slow at sums over a few numbers.
        few = z.shape[-1] <= FEW_CLASSES
        axis = -2 if few else -1
        if few:
            z, d = np.swapaxes(z, -1, -2).copy(), d.T.copy()
        z = z - z.max(axis=axis, keepdims=True)
        linear = (d * z).sum(axis=axis)
        y = np.exp(z, out=z)
        total = y.sum(axis=axis, keepdims=True)
        values = np.log(total.squeeze(axis)) * d.sum(axis=axis) - linear
        y /= total
        y -= d  # TWO.44
        return values, np.swapaxes(y, -1, -2) if few else y

    def curvature_root(self, z, d, link):
        root = np.sqrt(link(z))
        if isinstance(link, SoftmaxLink):
            eye = np.eye(z.shape[1], dtype=z.dtype)
            # (I - s sᵀ) diag(s) with s = √y: its square is diag(y) - y yᵀ.
            return (eye - root[:, :, None] * root[:, None, :]) * root[:, None, :]
        return _diagonal(root * np.sqrt(link(-z)))


def _diagonal(values):
    """Return a diagonal matrix for each row."""
    matrices = np.zeros((*values.shape, values.shape[1]), dtype=values.dtype)
    np.einsum("nii->ni", matrices)[...] = values
    return matrices


def informative(targets: np.ndarray, mean: np.ndarray, loss: Loss, link: Link) -> np.ndarray:
    """Return targets of held-out rows to which a scale of raw outputs can be fitted.

    Those of a classifier move slightly towards their mean, as if one more row had not been fitted:
    if all rows are fitted without error, the scale would grow without bound (Platt, 1999). For the
    same reason, an output with the same target in all rows gets its mean.

    Parameters
    ----------
    targets : ndarray of shape (n_rows, n_outputs)
        Targets.
    mean : ndarray of shape (n_outputs,)
        The best constant prediction for all training rows.
    loss : Loss
        L(y, d).
    link : Link
        y = g(z).

    Returns
    -------
    ndarray of shape (n_rows, n_outputs)
        The targets; those of a classifier are each moved by one part in n_rows + 1.

    Examples
    --------
    >>> from sklearn_twolayer.links import LogisticLink
    >>> targets, mean = np.array([[0.0], [1.0], [1.0]]), np.array([2 / 3])
    >>> informative(targets, mean, LogLoss(), LogisticLink()).round(2).ravel()
    array([0.17, 0.92, 0.92])
    """
    alike = (targets == targets[:1]).all(axis=0)
    if isinstance(loss, LogLoss):
        targets = targets + (mean - targets) / (len(targets) + 1)
    targets = np.where(alike, mean, targets)
    if isinstance(link, SoftmaxLink):
        targets /= targets.sum(axis=1, keepdims=True)
    return targets


REGRESSION_LOSSES: dict[str, type[Loss]] = {
    "absolute_error": AbsoluteError,
    "gamma": Gamma,
    "huber": Huber,
    "log_cosh": LogCosh,
    "poisson": Poisson,
    "quantile": Quantile,
    "squared_error": SquaredError,
}
CLASSIFICATION_LOSSES: dict[str, type[Loss]] = {
    "log_loss": LogLoss,
    "squared_error": SquaredError,
}
