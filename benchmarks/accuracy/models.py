"""The models of the comparison, all with their default parameters."""

from importlib import import_module
from typing import Any

from sklearn.compose import TransformedTargetRegressor
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, SVR

from sklearn_twolayer._report._models import models_for
from sklearn_twolayer._report._table import CLASSIFICATION

from .tables import PreparedTable

#: Short names, the same for both tasks.
NAMES = {
    "DummyClassifier": "Dummy",
    "DummyRegressor": "Dummy",
    "LogisticRegression": "Linear",
    "RidgeCV": "Linear",
    "MLPClassifier": "MLP",
    "MLPRegressor": "MLP",
    "TwoLayerClassifier": "TwoLayer",
    "TwoLayerRegressor": "TwoLayer",
}
OURS = ("TwoLayer", "RBFNetwork")
#: The model that is the unit of times.
CLOCK = "MLP"
ON_ONE_CORE = {"device": "cpu", "n_threads": 1, "verbosity": 0}
#: Module, name of its classes without the kind, name, and parameters: one thread, no output.
PEERS = (
    ("lightgbm", "LGBM", "LightGBM", {"verbose": -1, "n_jobs": 1}),
    (
        "catboost",
        "CatBoost",
        "CatBoost",
        {"verbose": 0, "thread_count": 1, "allow_writing_files": False},
    ),
    ("xgboost", "XGB", "XGBoost", {"n_jobs": 1}),
    ("interpret.glassbox", "ExplainableBoosting", "Explainable boosting", {"n_jobs": 1}),
    ("pytabkit", "RealMLP_TD_", "RealMLP", ON_ONE_CORE),
    ("pytabkit", "TabM_D_", "TabM", ON_ONE_CORE),
)


def all_models(table: PreparedTable, seed: int) -> dict[str, Any]:
    """Return the models for a table, each with its preprocessing.

    Those of the command, more of scikit-learn, and other installed libraries.
    """
    models = models_for(table.task, seed)
    models = {NAMES.get(name, name): model for name, model in models.items()}
    models |= _more(table.task == CLASSIFICATION, seed) | _installed(table.task, seed)
    if table.preparation is None:
        return models
    return {name: make_pipeline(table.preparation, model) for name, model in models.items()}


def _more(classes, seed):
    kernel = Nystroem(n_components=200, random_state=seed)
    linear = LogisticRegression(max_iter=1000) if classes else RidgeCV()
    return {
        "SVM": make_pipeline(StandardScaler(), SVC() if classes else _with_scaled_target(SVR())),
        "Nystroem + linear": make_pipeline(StandardScaler(), kernel, linear),
    }


def _with_scaled_target(model):
    return TransformedTargetRegressor(model, transformer=StandardScaler())


def _installed(task, seed):
    """Return the models of other libraries that are installed."""
    kind = "Classifier" if task == CLASSIFICATION else "Regressor"
    models = {}
    for module, prefix, name, options in PEERS:
        try:
            model = getattr(import_module(module), prefix + kind)
        except ImportError:
            continue
        models[name] = model(random_state=seed, **options)
    return models
