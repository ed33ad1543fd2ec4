"""Targets of each kind: from y to d for the network, and from z back to predictions.

Inside, targets are always of shape (n_rows, n_outputs). A kind of target tells the link,
encodes y, and decodes raw outputs; it is fitted with the network and kept beside it.
"""

import numpy as np
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from .._columns import dense_moments, weighted_quantiles
from ..links import Link, LogisticLink, SoftmaxLink
from ..losses import Loss

#: The interquartile range of normal numbers, in standard deviations.
NORMAL_RANGE = 1.349


class RegressionTargets:
    """Real values, one or several a row, standardised where the loss allows it.

    Parameters
    ----------
    loss : Loss
        The loss, with its link.
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        The targets to learn the scale from.
    sample_weight : ndarray of shape (n_rows,)
        Positive weights.
    """

    def __init__(self, loss: Loss, y: np.ndarray, sample_weight: np.ndarray):
        self.link = loss.link
        self.loss = loss
        self.single = y.ndim == 1
        d = as_columns(y)
        loss.check_targets(d)
        self.n_outputs = d.shape[1]
        self.center = np.zeros(self.n_outputs)
        self.scale = np.ones(self.n_outputs)
        if loss.scales_targets:
            self.center, spread = dense_moments(d, sample_weight / sample_weight.sum())
            if loss.is_robust:
                low, median, high = weighted_quantiles(d, [0.25, 0.5, 0.75], sample_weight)
                varies = high > low
                self.center = np.where(varies, median, self.center)
                spread = np.where(varies, (high - low) / NORMAL_RANGE, spread)
            floor = 10 * np.finfo(np.float64).eps * np.abs(self.center)
            self.scale = np.where(spread > floor, spread, 1.0)

    def encode(self, y: np.ndarray) -> np.ndarray:
        """Return d, of shape (n_rows, n_outputs)."""
        d = as_columns(y)
        if d.shape[1] != self.n_outputs:
            raise ValueError(f"y has {d.shape[1]} outputs, expected {self.n_outputs}.")
        self.loss.check_targets(d)
        return (d - self.center) / self.scale

    def predict(self, z: np.ndarray) -> np.ndarray:
        """Return predictions in the units and the shape of y."""
        y = self.link(z) * self.scale.astype(np.float64) + self.center
        info, size = np.finfo(z.dtype), np.abs(self.center) + self.scale
        # Back to single precision, unless it cannot tell the targets apart.
        if (info.eps * size < 1e-3 * self.scale).all() and size.max() < 1e-3 * info.max:
            y = y.astype(z.dtype)
        return y[:, 0] if self.single else y


class ClassTargets:
    """One class a row: two classes by one logistic output, more by a softmax.

    Parameters
    ----------
    classes : ndarray of shape (n_classes,)
        The sorted labels.
    """

    def __init__(self, classes: np.ndarray):
        self.classes = classes
        self.binary = len(classes) == 2
        self.n_outputs = 1 if self.binary else len(classes)
        self.link: Link = LogisticLink() if self.binary else SoftmaxLink()

    def codes(self, y: np.ndarray) -> np.ndarray:
        """Return the index of each label in `classes`."""
        unknown = np.setdiff1d(y, self.classes)
        if len(unknown):
            raise ValueError(
                f"y contains the labels {unknown.tolist()}, which are not among the classes "
                f"{self.classes.tolist()} of the first fit."
            )
        return np.searchsorted(self.classes, y)

    def encode(self, y):
        """Return d, of shape (n_rows, n_outputs): zeros and ones."""
        codes = self.codes(y)
        if self.binary:
            return codes[:, None].astype(np.float64)
        return (codes[:, None] == np.arange(self.n_outputs)).astype(np.float64)

    def class_weights(self, class_weight, y, sample_weight: np.ndarray) -> np.ndarray:
        """Return the factors of the rows' weights for a `class_weight` parameter."""
        if class_weight is None:
            return np.ones(len(y))
        codes = self.codes(y)
        if isinstance(class_weight, str) and class_weight == "balanced":
            return balanced_factors(codes, sample_weight)
        # A part of the rows need not hold all classes.
        return compute_class_weight(class_weight, classes=self.classes, y=self.classes)[codes]

    def probabilities(self, z):
        """Return class probabilities, of shape (n_rows, n_classes); none is zero."""
        y = self.link(np.hstack([-z, z])) if self.binary else self.link(z)
        return np.maximum(y, np.finfo(y.dtype).tiny)

    def decision(self, z):
        """Return z, of shape (n_rows,) for two classes."""
        return z[:, 0] if self.binary else z

    def predict(self, z):
        """Return the most probable class of each row."""
        codes = (z[:, 0] > 0).astype(int) if self.binary else z.argmax(axis=1)
        return self.classes[codes]

    def harden(self, y):
        """Return labels, of the form that `predict` gives."""
        return y


class MultilabelTargets:
    """Several binary labels a row, each by a logistic output (page TWO.41).

    Parameters
    ----------
    n_outputs : int
        Number of labels.
    soft : bool
        Whether targets may lie between zero and one.
    """

    link = LogisticLink()

    def __init__(self, n_outputs: int, soft: bool = False):
        self.n_outputs = n_outputs
        self.soft = soft
        self.classes = np.arange(n_outputs)

    def encode(self, y):
        """Return d, of shape (n_rows, n_outputs)."""
        if y.ndim != 2 or y.shape[1] != self.n_outputs:
            raise ValueError(f"y must have shape (n_samples, {self.n_outputs}), got {y.shape}.")
        return check_unit_interval(y) if self.soft else y.astype(np.float64)

    def class_weights(self, class_weight, y, sample_weight):
        """Return the factors of the rows' weights for a `class_weight` parameter."""
        if self.soft and class_weight is not None:
            raise ValueError("class_weight needs labels: leave it at None for soft targets.")
        if not class_weight:
            return np.ones(len(y))
        labels, both = y.T.astype(int), np.array([0, 1])
        if isinstance(class_weight, str) and class_weight == "balanced":
            return np.prod([balanced_factors(label, sample_weight) for label in labels], axis=0)
        if not isinstance(class_weight, list) or len(class_weight) != self.n_outputs:
            return compute_sample_weight(class_weight, y)  # says what is wrong
        factors = [compute_class_weight(each, classes=both, y=both) for each in class_weight]
        return np.prod([f[label] for f, label in zip(factors, labels, strict=True)], axis=0)

    def probabilities(self, z):
        """Return the probability of each label, of shape (n_rows, n_outputs)."""
        # Rounding makes no certainty of what the logistic function only tends to.
        info = np.finfo(z.dtype)
        return np.clip(self.link(z), info.tiny, 1 - info.epsneg)

    def decision(self, z):
        """Return z, of shape (n_rows, n_outputs)."""
        return z

    def predict(self, z):
        """Return zeros and ones, of shape (n_rows, n_outputs)."""
        return (z > 0).astype(int)

    def harden(self, y):
        """Return labels, of the form that `predict` gives."""
        return (np.asarray(y) > 0.5).astype(int)


class DistributionTargets(ClassTargets):
    """Rows that are distributions over the classes (page TWO.43).

    Parameters
    ----------
    n_classes : int
        Number of columns of the targets.
    """

    def __init__(self, n_classes: int):
        self.classes = np.arange(n_classes)
        self.binary = False
        self.n_outputs = n_classes
        self.link = SoftmaxLink()

    def encode(self, y):
        """Return d, of shape (n_rows, n_classes)."""
        if y.ndim != 2 or y.shape[1] != self.n_outputs:
            raise ValueError(f"y must have shape (n_samples, {self.n_outputs}), got {y.shape}.")
        y = check_unit_interval(y)
        if not np.allclose(y.sum(axis=1), 1, atol=1e-4):
            raise ValueError(
                "soft_targets='multiclass' needs rows that sum to 1; normalise them, or use "
                "soft_targets='multilabel' for independent labels."
            )
        return y

    def class_weights(self, class_weight, y, sample_weight):
        """Return ones; a `class_weight` is refused."""
        if class_weight is not None:
            raise ValueError("class_weight needs labels: leave it at None for soft targets.")
        return np.ones(len(y))

    def harden(self, y):
        """Return labels, of the form that `predict` gives."""
        y = np.asarray(y)
        return y if y.ndim == 1 else y.argmax(axis=1)


def balanced_factors(codes: np.ndarray, sample_weight: np.ndarray) -> np.ndarray:
    """Return factors of the rows' weights, shape (n_rows,), by which classes weigh the same."""
    mass = np.bincount(codes, sample_weight)
    present = mass > 0
    factors = np.zeros(len(mass))
    factors[present] = sample_weight.sum() / (present.sum() * mass[present])
    return factors[codes]


def as_columns(y: np.ndarray) -> np.ndarray:
    """Return y with an axis for the outputs."""
    return y[:, None] if y.ndim == 1 else y


def check_unit_interval(y: np.ndarray) -> np.ndarray:
    """Return y as floats, or raise ValueError where it leaves [0, 1]."""
    y = np.asarray(y, dtype=np.float64)
    if y.min() < 0 or y.max() > 1:
        raise ValueError(
            f"Soft targets must lie in [0, 1], got values from {y.min():g} to {y.max():g}."
        )
    return y
