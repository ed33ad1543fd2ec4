"""The estimators: scikit-learn's contract around the networks."""

from ._classifier import TwoLayerClassifier
from ._rbf_network import RBFNetwork
from ._regressor import TwoLayerRegressor

__all__ = ["RBFNetwork", "TwoLayerClassifier", "TwoLayerRegressor"]
