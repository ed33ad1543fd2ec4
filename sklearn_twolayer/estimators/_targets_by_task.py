"""How an estimator checks, encodes and weights its targets, by its task."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import is_regressor

from .._sample import Sample
from ._class_targets import class_factors, class_targets, validate_labels
from ._target_checks import finite_floats
from ._targets import RegressionTargets


class TargetsMixin:
    """Targets of both tasks: real numbers for a regressor, else labels or probabilities."""

    soft_targets: str | None
    class_weight: Any
    _targets: Any
    _resolve_loss: Callable
    _all_classes: np.ndarray | None = None  # those that later rows may have, too
    _regression = "TwoLayerRegressor"  # what messages recommend for real targets

    def _validate_y(self, y: np.ndarray) -> np.ndarray:
        if is_regressor(self):
            return finite_floats(y)
        return validate_labels(y, self.soft_targets, self._regression)

    def _learn_targets(self, sample: Sample, goes_on: bool) -> None:
        """Learn the form of the targets, or extend that of the last fit."""
        if not goes_on:
            self._targets = self._make_targets(sample)
        elif is_regressor(self) == hasattr(self, "classes_"):
            raise ValueError("Continuing from the last fit (warm_start) needs the same task.")
        elif is_regressor(self):
            self._targets = self._targets.extended(sample.y, sample.weights, self._resolve_loss())

    def _make_targets(self, sample: Sample) -> Any:
        if is_regressor(self):
            self.__dict__.pop("classes_", None)
            return RegressionTargets(self._resolve_loss(), sample.y, sample.weights)
        targets = class_targets(sample.y, self.soft_targets, self._all_classes, self._regression)
        self.classes_ = targets.classes
        return targets

    def _weighted(self, sample: Sample) -> Sample:
        """Return the rows with weights multiplied by those of their classes."""
        if is_regressor(self) or self.class_weight is None:
            return sample
        factors = class_factors(self._targets, self.class_weight, sample)
        return replace(sample, weights=sample.weights * factors)
