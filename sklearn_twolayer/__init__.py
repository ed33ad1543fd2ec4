"""Two-layer networks for scikit-learn: an embedding of the input, then a linear layer."""

from .embeddings import Dense, Passthrough, Radial
from .estimators import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from .solvers import LBFGS, Adam, GradientDescent, LeastSquares

__version__ = "0.1.0"

__all__ = [
    "LBFGS",
    "Adam",
    "Dense",
    "GradientDescent",
    "LeastSquares",
    "Passthrough",
    "RBFNetwork",
    "Radial",
    "TwoLayerClassifier",
    "TwoLayerRegressor",
]
