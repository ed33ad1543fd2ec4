"""Labels and probabilities as targets: from y to d, and from z back to predictions."""

from typing import Any

import numpy as np
from scipy import sparse
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_class_weight, compute_sample_weight

from ..links import Link, LogisticLink, SoftmaxLink
from ._target_checks import check_given, exact, finite_floats
from ._targets import check_form


class ClassTargets:
    """One class per row, of sorted labels: two by one logistic output, more by a softmax.

    The softmax of a single class is one, whatever the raw output.
    """

    def __init__(self, classes: np.ndarray):
        self.classes = classes
        self.binary = len(classes) == 2
        self.n_outputs = 1 if self.binary else len(classes)
        self.link: Link = LogisticLink() if self.binary else SoftmaxLink()

    def codes(self, y: np.ndarray) -> np.ndarray:
        """Return the index of each label in `classes`."""
        check_form(y, None)
        known = set(self.classes.tolist())
        unknown = [label for label in np.unique(y).tolist() if label not in known]
        if unknown:
            raise ValueError(
                f"y contains the labels {listed(unknown)}, which are not among the classes "
                f"{listed(self.classes.tolist())}."
            )
        return np.searchsorted(self.classes, y)

    def encode(self, y):
        """Return d, of shape (n_rows, n_outputs): zeros and ones."""
        codes = self.codes(y)
        if self.binary:
            return codes[:, None].astype(np.float64)
        return (codes[:, None] == np.arange(self.n_outputs)).astype(np.float64)

    def shares(self, y) -> np.ndarray:
        """Return the part of each row that is of each class, shape (n_rows, n_classes)."""
        d = self.encode(y)
        return np.hstack([1 - d, d]) if self.binary else d

    def class_weights(self, class_weight, y, sample_weight: np.ndarray) -> np.ndarray:
        """Return the factors of the rows' weights for a `class_weight` parameter."""
        codes = self.codes(y)
        if isinstance(class_weight, str) and class_weight == "balanced":
            return balanced_factors(codes, sample_weight)
        # A subset of the rows may lack some classes.
        return compute_class_weight(class_weight, classes=self.classes, y=self.classes)[codes]

    def probabilities(self, z):
        """Return class probabilities, of shape (n_rows, n_classes); none is zero."""
        y = self.link(np.hstack([-z, z])) if self.binary else self.link(z)
        return np.maximum(y, np.finfo(y.dtype).tiny)

    def decision(self, z):
        """Return z, of shape (n_rows,) for two classes, else (n_rows, n_classes)."""
        return z[:, 0] if self.binary else z

    def predict(self, z):
        """Return the most probable class of each row."""
        codes = (z[:, 0] > 0).astype(int) if self.binary else z.argmax(axis=1)
        return self.classes[codes]

    def harden(self, y):
        """Return labels, in the form of `predict`."""
        check_given(y)
        return exact(y)

    def score(self, y, predicted, sample_weight) -> float:
        """Return the accuracy."""
        return accuracy_score(self.harden(y), predicted, sample_weight=sample_weight)


class PresentClasses(ClassTargets):
    """The classes that occur in some rows, for scorers.

    Metrics of probabilities, such as the area under a curve, are not defined for classes without
    rows. Leaving out the raw output of a class gives the conditional probabilities of the others.
    Predicted labels do not change.

    Parameters
    ----------
    targets : ClassTargets
        All classes, at least three.
    present : ndarray of int, shape (n_present,)
        The sorted indices of the classes to keep, at least two.
    """

    def __init__(self, targets: ClassTargets, present: np.ndarray):
        super().__init__(targets.classes[present])
        self.targets = targets
        self.present = present

    def probabilities(self, z):
        """Return the probabilities of these classes, conditional on one of them."""
        return super().probabilities(self._part(z))

    def decision(self, z):
        """Return raw outputs of these classes."""
        return super().decision(self._part(z))

    def predict(self, z):
        """Return the most probable of all classes."""
        return self.targets.predict(z)

    def _part(self, z):
        z = z[:, self.present]
        return z[:, 1:] - z[:, :1] if self.binary else z


class MultilabelTargets:
    """Several binary labels per row, each with a logistic output (page TWO.41).

    Soft targets may lie between zero and one.
    """

    link = LogisticLink()

    def __init__(self, n_outputs: int, soft: bool = False):
        self.n_outputs = n_outputs
        self.soft = soft
        self.classes = np.arange(n_outputs)

    def encode(self, y):
        """Return d, of shape (n_rows, n_outputs)."""
        check_form(y, self.n_outputs)
        return check_unit_interval(y) if self.soft else check_binary(y).astype(np.float64)

    def class_weights(self, class_weight, y, sample_weight):
        """Return the factors of the rows' weights for a `class_weight` parameter."""
        if self.soft:
            raise ValueError("class_weight needs labels: set it to None for soft targets.")
        check_form(y, self.n_outputs)
        if isinstance(class_weight, dict | list) and not class_weight:
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
        # Rounding must not turn probabilities into zero or one.
        info = np.finfo(z.dtype)
        return np.clip(self.link(z), info.tiny, 1 - info.epsneg)

    def decision(self, z):
        """Return z, of shape (n_rows, n_outputs)."""
        return z

    def predict(self, z):
        """Return zeros and ones, of shape (n_rows, n_outputs)."""
        return (z > 0).astype(int)

    def harden(self, y):
        """Return labels, in the form of `predict`."""
        if not self.soft:
            return ClassTargets.harden(self, y)
        return (self.encode(given_floats(y)) > 0.5).astype(int)

    score = ClassTargets.score


class DistributionTargets(ClassTargets):
    """Rows that are distributions over the classes, one column for each (page TWO.43)."""

    def __init__(self, n_classes: int):
        self.classes = np.arange(n_classes)
        self.binary = False
        self.n_outputs = n_classes
        self.link = SoftmaxLink()

    def encode(self, y):
        """Return d, of shape (n_rows, n_classes)."""
        check_form(y, self.n_outputs)
        y = check_unit_interval(y)
        if not np.allclose(y.sum(axis=1), 1, atol=1e-4):
            raise ValueError(
                "soft_targets='multiclass' needs rows that sum to 1; normalise them, or use "
                "soft_targets='multilabel' for independent labels."
            )
        return y

    def class_weights(self, class_weight, y, sample_weight):
        """Raise an error, because there are no labels."""
        raise ValueError("class_weight needs labels: set it to None for soft targets.")

    def harden(self, y):
        """Return labels, in the form of `predict`."""
        y = given_floats(y)
        return y if y.ndim == 1 else self.encode(y).argmax(axis=1)


def given_floats(y: Any) -> np.ndarray:
    """Return probabilities, or numeric labels, as floats with at least one axis."""
    check_given(y)
    return finite_floats(np.atleast_1d(y.toarray() if sparse.issparse(y) else np.asarray(y)))


def balanced_factors(codes: np.ndarray, sample_weight: np.ndarray) -> np.ndarray:
    """Return factors of the rows' weights, shape (n_rows,), by which classes weigh the same."""
    mass = np.bincount(codes, sample_weight)
    present = mass > 0
    factors = np.zeros(len(mass))
    factors[present] = sample_weight.sum() / (present.sum() * mass[present])
    return factors[codes]


def listed(values: list) -> str:
    """Return values for a message; only the first ten if there are more."""
    shown = ", ".join(map(repr, values[:10]))
    return f"[{shown}, ...]" if len(values) > 10 else f"[{shown}]"


def check_binary(y: np.ndarray) -> np.ndarray:
    """Return y, or raise ValueError if it contains anything but zeros and ones."""
    if not np.isin(y, (0, 1)).all():
        raise ValueError(
            "y for several labels per row must contain zeros and ones only, got "
            f"{listed(np.unique(y).tolist())}."
        )
    return y


def check_unit_interval(y: np.ndarray) -> np.ndarray:
    """Return y as floats, or raise ValueError if it is outside [0, 1]."""
    y = np.asarray(y, dtype=np.float64)
    if y.min() < 0 or y.max() > 1:
        raise ValueError(
            f"Soft targets must lie in [0, 1], got values from {y.min():g} to {y.max():g}."
        )
    return y
