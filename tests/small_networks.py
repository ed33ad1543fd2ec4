"""Small networks, data for them, and all kinds of both."""

import pickle

import numpy as np
import pytest

from sklearn_twolayer import RBFNetwork, TwoLayerClassifier, TwoLayerRegressor
from sklearn_twolayer.solvers import LBFGS, Adam, GradientDescent, LeastSquares

N = 90
RNG = np.random.RandomState(0)
X = RNG.normal(size=(N, 4))
Y = np.exp(0.5 * X[:, 0]) + X[:, 1] * X[:, 2] + 4 + 0.1 * RNG.normal(size=N)
LABELS = np.array(["blue", "green", "red"])[np.digitize(Y, [4.5, 5.5])]
MANY = np.column_stack([Y > 5, Y < 5.5, X[:, 3] > 0]).astype(int)
SOFT = RNG.dirichlet(np.ones(3), N)
WEIGHTS = RNG.randint(0, 4, N)
TARGETS = {"regression": Y, "classes": LABELS, "two classes": LABELS == "red", "labels": MANY}

SOLVER_OBJECTS = {
    "adam": Adam(0.05, batch_size=32, dropout=0.25),
    "gradient_descent": GradientDescent(0.1, batch_size=32, momentum=0.5),
    "lbfgs": LBFGS(),
    "least_squares": LeastSquares(),
}
EPOCHS = {
    "adam": Adam(0.05, batch_size=32, dropout=0.25, weight_decay=0.01),
    "adam on all rows": Adam(0.05, batch_size=None, dropout=0.0, schedule="constant"),
    "gradient descent": GradientDescent(0.1, momentum=0.9),
    "gradient descent on batches": GradientDescent(0.1, batch_size=32),
}


def small(kind, **kwargs):
    settings = {
        "embedding": "dense",
        "n_units": 5,
        "activation": "tanh",
        "input_map": "standard",
        "alpha": 0.01,
        "solver": "lbfgs",
        "max_iter": 8,
        "tol": 0.0,
        "n_iter_no_change": 100,
        "n_estimators": 1,
        "random_state": 0,
    }
    return kind(**(settings | kwargs))


def regressor(**kwargs):
    return small(TwoLayerRegressor, **kwargs)


def classifier(**kwargs):
    return small(TwoLayerClassifier, **kwargs)


def model_that_codes_help(make, rows, new_rows, names, gain):
    """Return a model whose predictions codes improve by R², after checks; names are of a frame."""
    (X, y), (X_new, y_new) = rows, new_rows
    if names:
        pd = pytest.importorskip("pandas")
        X, X_new = (pd.DataFrame(values, columns=names) for values in (X, X_new))
    is_radial = make is RBFNetwork
    settings = {"task": "regression"} if is_radial else {"n_estimators": 3, "max_iter": 10}
    model = make(**settings, random_state=0).fit(X, y)
    without = make(**settings, random_state=0, categorical_features=None).fit(X, y)
    true = model.score(X_new, y_new)
    assert true > 0.7 > without.score(X_new, y_new) + gain
    assert abs(model.oof_score_ - true) < 0.05
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X_new), model.predict(X_new))
    return model


def outputs(model, rows=X):
    """Return what the model says of some rows: probabilities or predictions."""
    return getattr(model, "predict_proba", model.predict)(rows)


def each(cases, name):
    return pytest.mark.parametrize(name, cases.values(), ids=cases.keys())


each_solver = each(SOLVER_OBJECTS, "solver")
each_kind = pytest.mark.parametrize(
    ("make", "y"), [(regressor, Y), (classifier, LABELS)], ids=["regressor", "classifier"]
)
each_target = pytest.mark.parametrize(
    ("make", "y"),
    [(regressor if name == "regression" else classifier, y) for name, y in TARGETS.items()],
    ids=TARGETS,
)
