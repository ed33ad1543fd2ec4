"""Transformers, clusterers and functions of users, valid and invalid."""

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin, TransformerMixin
from sklearn.cluster import DBSCAN, AffinityPropagation, KMeans, MeanShift
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import PCA
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    KBinsDiscretizer,
    MaxAbsScaler,
    MinMaxScaler,
    OneHotEncoder,
    PolynomialFeatures,
    StandardScaler,
)

from sklearn_twolayer.input_maps import PiecewiseLinearMap, RobustMap, StandardMap

from .dice import Dice


def bounded(v):
    """Return a bounded function of v, as a user's activation or kernel."""
    return 1 / (1 + np.abs(v))


def slope_of_bounded(v):
    """Return its derivative."""
    return -np.sign(v) / (1 + np.abs(v)) ** 2


#: A function and its derivative.
PAIR = (bounded, slope_of_bounded)

OWN_MAPS = {
    "StandardMap": StandardMap,
    "StandardMap, clipped": lambda: StandardMap(2.0),
    "RobustMap": RobustMap,
    "RobustMap, open": lambda: RobustMap(np.inf),
    "PiecewiseLinearMap": lambda: PiecewiseLinearMap(4),
    "PiecewiseLinearMap, few": lambda: PiecewiseLinearMap(3, max_coordinates=5),
}
#: scikit-learn transformers that accept any dense rows of moderate numbers.
TRANSFORMERS = {
    "StandardScaler": StandardScaler,
    "MinMaxScaler": MinMaxScaler,
    "PCA": lambda: PCA(1),
    "random PCA": lambda: PCA(1, svd_solver="randomized"),
    "pipeline": lambda: make_pipeline(StandardScaler(), PCA(1)),
    "one-hot": lambda: OneHotEncoder(handle_unknown="ignore"),
    "bins": lambda: KBinsDiscretizer(3, strategy="uniform"),
    "identity": FunctionTransformer,
    "tanh": lambda: FunctionTransformer(np.tanh),
    "polynomials": lambda: PolynomialFeatures(2, include_bias=False),
    "two columns": lambda: ColumnTransformer([("a", "passthrough", [0])]),
}
#: And sparse ones.
SPARSE_TRANSFORMERS = {
    "MaxAbsScaler": MaxAbsScaler,
    "StandardScaler": lambda: StandardScaler(with_mean=False),
}


class Bad(TransformerMixin, BaseEstimator):
    """A transformer with invalid output: one of `FAULTS`."""

    def __init__(self, how: str):
        self.how = how

    def fit(self, X, y=None):
        """Return self."""
        return self

    def transform(self, X):
        """Return something wrong."""
        return FAULTS[self.how](X)


FAULTS = {
    "NaN": lambda X: np.full(X.shape, np.nan),
    "infinity": lambda X: np.full(X.shape, np.inf),
    "one axis": lambda X: np.ones(X.shape[0]),
    "three axes": lambda X: np.ones((X.shape[0], 2, 2)),
    "fewer rows": lambda X: np.ones((X.shape[0] // 2, 2)),
    "a list": lambda X: [[1.0, float(i)] for i in range(X.shape[0])],
    "no columns": lambda X: np.ones((X.shape[0], 0)),
    "complex": lambda X: np.full((X.shape[0], 2), 1j),
    "text": lambda X: np.full((X.shape[0], 2), "red"),
    "None": lambda X: None,
    "a number": lambda X: 3.0,
    "as many columns as rows": lambda X: np.eye(X.shape[0]),
    "objects": lambda X: np.full((X.shape[0], 2), 1.0, dtype=object),
    "integers": lambda X: np.arange(2 * X.shape[0]).reshape(-1, 2),
}


class BadClusterer(ClusterMixin, BaseEstimator):
    """A clusterer with invalid centres: `BAD_CENTERS`, or "no centres" for no such attribute."""

    def __init__(self, how: str):
        self.how = how

    def fit(self, X, y=None, sample_weight=None):
        """Set the attribute."""
        if self.how != "no centres":
            self.cluster_centers_ = BAD_CENTERS[self.how](X)
        return self


BAD_CENTERS = {
    "NaN": lambda X: np.full((2, X.shape[1]), np.nan),
    "one axis": lambda X: np.ones(2),
    "other columns": lambda X: np.ones((2, X.shape[1] + 1)),
    "none": lambda X: np.ones((0, X.shape[1])),
    "None": lambda X: None,
    "a list": lambda X: [[1.0] * X.shape[1]],
}
KMEANS = {"KMeans": lambda: KMeans(2, n_init=1, random_state=0)}
CLUSTERERS = KMEANS | {
    "MeanShift": lambda: MeanShift(bandwidth=1.0),
    "AffinityPropagation": lambda: AffinityPropagation(random_state=0),
}


class Unusable:
    """An object without meaning."""

    def __repr__(self):
        return "Unusable()"


def bad_transformer(dice: Dice):
    """Return an invalid or unsuitable transformer."""
    if dice.chance(0.8):
        return Bad(dice.one(FAULTS))
    by_name = ColumnTransformer([("a", "passthrough", ["column 0"])])
    return dice.one([by_name, KMeans(2), OneHotEncoder(), PCA(50), StandardScaler])


def bad_clusterer(dice: Dice):
    """Return an invalid or unsuitable clusterer."""
    if dice.chance(0.8):
        return BadClusterer(dice.one([*BAD_CENTERS, "no centres"]))
    return dice.one([DBSCAN(), KMeans(500), StandardScaler(), KMeans])
