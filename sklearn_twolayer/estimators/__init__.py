"""The estimators: scikit-learn's contract around the networks."""

from ._classifier import TwoLayerClassifier
from ._regressor import TwoLayerRegressor

__all__ = ["TwoLayerClassifier", "TwoLayerRegressor"]
