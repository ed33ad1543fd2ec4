"""The models in the comparison."""

from typing import Any

from sklearn import dummy, ensemble, linear_model, neural_network
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_twolayer

from ._table import CLASSIFICATION, TableError


def models_for(task: str, seed: int, takes_frames: bool = False) -> dict[str, Any]:
    """Return the models to compare, each with its preprocessing: the simplest first, ours last.

    They take data frames with columns of any kind, or numbers only.
    """
    seeded: dict[str, Any] = {"random_state": seed}
    kind = "Classifier" if task == CLASSIFICATION else "Regressor"
    mlp = getattr(neural_network, f"MLP{kind}")(**seeded)
    if task == CLASSIFICATION:
        linear = linear_model.LogisticRegression(max_iter=1000)
    else:
        linear = linear_model.RidgeCV(alphas=[0.01, 0.1, 1, 10, 100, 1000])
        # Unlike others, this model does not scale the target, so it is scaled for a fair
        # comparison.
        mlp = TransformedTargetRegressor(mlp, transformer=StandardScaler())
    models = {
        f"Dummy{kind}": getattr(dummy, f"Dummy{kind}")(),
        type(linear).__name__: linear,
        "RandomForest": getattr(ensemble, f"RandomForest{kind}")(**seeded),
        "HistGradientBoosting": getattr(ensemble, f"HistGradientBoosting{kind}")(**seeded),
        f"MLP{kind}": mlp,
        f"TwoLayer{kind}": getattr(sklearn_twolayer, f"TwoLayer{kind}")(**seeded),
        "RBFNetwork": sklearn_twolayer.RBFNetwork(task=task, **seeded),
    }
    if takes_frames:
        return {name: _on_frames(name, model, seed) for name, model in models.items()}
    return {name: _on_numbers(name, model) for name, model in models.items()}


def choose(models: dict[str, Any], wanted: str | None) -> dict[str, Any]:
    """Return the models with names that begin with one of the given prefixes.

    Examples
    --------
    >>> list(choose({"RidgeCV": 1, "RBFNetwork": 2, "MLPRegressor": 3}, "mlp,ridge"))
    ['RidgeCV', 'MLPRegressor']
    """
    starts = [start.strip().lower() for start in wanted.split(",")] if wanted else [""]
    for start in starts:
        if not any(name.lower().startswith(start) for name in models):
            raise TableError(
                f"no model begins with {start!r} (--models); available: {', '.join(models)}"
            )
    return {name: models[name] for name in models if name.lower().startswith(tuple(starts))}


def _on_numbers(name, model):
    is_scaled = name.startswith(("Logistic", "Ridge", "MLP"))
    return make_pipeline(StandardScaler(), model) if is_scaled else model


def _on_frames(name, model, seed):
    if name.startswith("Dummy"):
        return model
    from skrub import Cleaner, tabular_pipeline

    if type(model).__module__.startswith("sklearn_twolayer"):
        # The networks handle categories, text, missing values and dates themselves.
        return make_pipeline(Cleaner(drop_if_constant=True), model)
    encoder = "tablevectorizer__high_cardinality__random_state"  # of text with many levels
    return tabular_pipeline(model).set_params(**{encoder: seed})
