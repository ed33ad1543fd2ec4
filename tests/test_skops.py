"""skops saves and loads whatever can be fitted."""

import decimal
import pickle

import numpy as np
import pandas as pd
import pytest
from small_networks import (
    LABELS,
    MANY,
    SOLVER_OBJECTS,
    WEIGHTS,
    X,
    Y,
    classifier,
    outputs,
    regressor,
)

from sklearn_twolayer import Radial, RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.activations import ACTIVATIONS
from sklearn_twolayer.embeddings import PRESETS, Dense
from sklearn_twolayer.input_maps import INPUT_MAPS, ScaledMap, StandardMap
from sklearn_twolayer.kernels import KERNELS
from sklearn_twolayer.losses import REGRESSION_LOSSES

skops = pytest.importorskip("skops.io")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

OWN = {"n_units": None, "activation": None}
MODELS = {
    "classes by default": (TwoLayerClassifier(max_iter=2, random_state=0), LABELS),
    "two classes": (classifier(), LABELS == "red"),
    "several labels": (classifier(), MANY),
    "numbers by default": (TwoLayerRegressor(max_iter=2, random_state=0), Y),
    "several numbers": (regressor(), np.column_stack([Y, -Y])),
    "radial classes": (RBFNetwork(10, random_state=0), LABELS),
    "radial numbers": (RBFNetwork(10, task="regression", random_state=0), Y),
    "given centres": (RBFNetwork(centers=X[:9], task="regression", random_state=0), Y),
    "early stopping": (regressor(early_stopping=True), Y),
    "on and on": (regressor(warm_start=True), Y),
}
for name in PRESETS:
    activation = "tanh" if name in ("dense", "skip", "residual", "parallel") else None
    MODELS[f"preset {name}"] = (regressor(embedding=name, activation=activation), Y)
for name, solver in SOLVER_OBJECTS.items():
    MODELS[f"solver {name}"] = (regressor(solver=solver), Y)
for name, kind in REGRESSION_LOSSES.items():
    MODELS[f"loss {name}"] = (regressor(loss=kind()), Y + 1 - Y.min())
for name, kind in INPUT_MAPS.items():
    MODELS[f"map {name}"] = (regressor(input_map=kind()), Y)
for name, kind in ACTIVATIONS.items():
    MODELS[f"activation {name}"] = (regressor(embedding=Dense(3, kind()), **OWN), Y)
for name, kind in KERNELS.items():
    MODELS[f"kernel {name}"] = (regressor(embedding=Radial(3, kind()), **OWN), Y)


def saved_and_loaded(thing):
    data = skops.dumps(thing)
    unknown = skops.get_untrusted_types(data=data)
    assert all(name.startswith("sklearn_twolayer.") for name in unknown)
    return skops.loads(data, trusted=unknown)


@pytest.mark.parametrize(("model", "y"), MODELS.values(), ids=MODELS)
def test_a_fitted_model(model, y):
    model.fit(X, y, sample_weight=WEIGHTS)
    loaded = saved_and_loaded(model)
    assert repr(loaded) == repr(model)
    np.testing.assert_array_equal(outputs(loaded), outputs(model))


@pytest.mark.parametrize("solver", ["adam", "gradient_descent"])
def test_training_goes_on_where_it_was_saved(solver):
    model = regressor(solver=SOLVER_OBJECTS[solver]).partial_fit(X, Y)
    loaded = saved_and_loaded(model)
    np.testing.assert_array_equal(
        outputs(loaded.partial_fit(X, Y)), outputs(model.partial_fit(X, Y))
    )


@pytest.mark.parametrize("input_map", [*INPUT_MAPS, "scaled"])
def test_a_fitted_map(input_map):
    if input_map == "scaled":
        fitted = ScaledMap(StandardMap().fit(X), np.array([1.0, 2.0, 3.0, 4.0]))
    else:
        fitted = INPUT_MAPS[input_map]().fit(X)
    np.testing.assert_array_equal(saved_and_loaded(fitted).transform(X), fitted.transform(X))


def test_a_model_of_a_frame():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X.copy(), columns=list("abcd"))
    frame["town"] = [f"t{i % 25}" for i in range(len(X))]
    frame["day"] = pd.date_range("2020-01-01", periods=len(X), freq="37h")
    frame.loc[::9, ["a", "town", "day"]] = None
    model = TwoLayerClassifier(max_iter=2, random_state=0).fit(frame, LABELS)
    loaded = saved_and_loaded(model)
    np.testing.assert_array_equal(outputs(loaded, frame), outputs(model, frame))
    assert loaded.columns_ == model.columns_


@pytest.mark.parametrize(
    "levels",
    [
        [True, False],
        [True, False, "unknown"],
        [1, "1"],
        pd.interval_range(0, 3).tolist(),
        pd.period_range("2020", periods=3).tolist(),
        [decimal.Decimal("0.5"), decimal.Decimal("1.5")],
    ],
    ids=repr,
)
def test_levels_of_any_type(levels):
    places = np.arange(90) % len(levels)
    frame = pd.DataFrame({"a": [levels[place] for place in places]}, dtype=object)
    model = RBFNetwork(5, task="regression", categorical_features=["a"], random_state=0)
    model.fit(frame, places)
    data = skops.dumps(model)
    loaded = skops.loads(data, trusted=skops.get_untrusted_types(data=data))
    np.testing.assert_array_equal(loaded.predict(frame), model.predict(frame))
    assert model.score(frame, places) > 0.9


@pytest.mark.parametrize("blend", ["mean", "mixed"])
def test_a_saved_model_is_little_more_than_its_parameters(blend):
    model = regressor(n_estimators=8, n_units=1000, max_iter=1, blend=blend).fit(X, Y)
    most = 1.1 * sum(part.params.nbytes for part in model._model.parts) + 20_000
    assert len(pickle.dumps(model)) < most
    assert blend == "mixed" or len(skops.dumps(model)) < most  # whose description is long
