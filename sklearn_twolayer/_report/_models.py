"""The models that stand side by side."""

from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_twolayer

from ._table import CLASSIFICATION, Table


def models_for(table: Table, seed: int) -> dict[str, Any]:
    """Return the models to compare on a table, each ready to be fitted on its columns.

    Parameters
    ----------
    table : Table
        Its task chooses the models, and its preparation goes ahead of each.
    seed : int
        The `random_state` of all models that have one.

    Returns
    -------
    dict of str to estimator
        The simplest first, those of this package last.
    """
    choose = _classifiers if table.task == CLASSIFICATION else _regressors
    models = choose(seed)
    models["RBFNetwork"] = sklearn_twolayer.RBFNetwork(task=table.task, random_state=seed)
    if table.preparation is None:
        return models
    return {name: make_pipeline(table.preparation, model) for name, model in models.items()}


def _classifiers(seed):
    return {
        "DummyClassifier": DummyClassifier(strategy="prior"),
        "LogisticRegression": make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
        "HistGradientBoosting": HistGradientBoostingClassifier(random_state=seed),
        "MLPClassifier": make_pipeline(StandardScaler(), MLPClassifier(random_state=seed)),
        "TwoLayerClassifier": sklearn_twolayer.TwoLayerClassifier(random_state=seed),
    }


def _regressors(seed):
    # Unlike the others, scikit-learn's MLP takes the target as it comes: scaled, for a fair start.
    mlp = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
    return {
        "DummyRegressor": DummyRegressor(),
        "RidgeCV": make_pipeline(StandardScaler(), RidgeCV(alphas=[0.01, 0.1, 1, 10, 100, 1000])),
        "HistGradientBoosting": HistGradientBoostingRegressor(random_state=seed),
        "MLPRegressor": make_pipeline(StandardScaler(), mlp),
        "TwoLayerRegressor": sklearn_twolayer.TwoLayerRegressor(random_state=seed),
    }
